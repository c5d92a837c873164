"""Transactions with their intent, their attempts and where they stand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAMES = (("prepared", "signed"), ("confirmed", "final"))


def _live_nonces(given_up: str) -> None:
    live = sa.text(f"state NOT IN ({given_up})") if "," in given_up else sa.text(f"state <> {given_up}")
    op.create_index(
        "uq_transactions_live_nonce",
        "transactions",
        ["account", "nonce"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )


def _rename(pairs: tuple[tuple[str, str], ...]) -> None:
    for before, after in pairs:
        statement = sa.text("UPDATE transactions SET state = :after WHERE state = :before")
        op.execute(statement.bindparams(before=before, after=after))


def upgrade() -> None:
    """Give transactions what they do and where they stand; their bytes become the first attempt."""
    op.create_table(
        "attempts",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("transaction_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("highest_wei", sa.BigInteger(), nullable=True),
        sa.Column("tip_wei", sa.BigInteger(), nullable=True),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("mined_at", sa.BigInteger(), nullable=True),
        sa.Column("gas_used", sa.BigInteger(), nullable=True),
        sa.Column("price_wei", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["transaction_id"], ["transactions.id"], name=op.f("fk_attempts_transaction_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("hash", name=op.f("uq_attempts_hash")),
        sa.UniqueConstraint("transaction_id", "number", name=op.f("uq_attempts_transaction_id_number")),
    )
    op.create_index(op.f("ix_attempts_transaction_id"), "attempts", ["transaction_id"], unique=False)
    op.execute(
        "INSERT INTO attempts (transaction_id, number, raw, hash, signed_at, sent_at) "
        "SELECT id, 1, raw, hash, created_at, CASE WHEN state = 'prepared' THEN NULL ELSE created_at END "
        "FROM transactions"
    )
    op.drop_index("uq_transactions_live_nonce", "transactions")
    with op.batch_alter_table("transactions") as transactions:
        transactions.drop_constraint(op.f("uq_transactions_hash"), type_="unique")
        transactions.drop_column("raw")
        transactions.drop_column("hash")
        for column in (
            sa.Column("target", sa.Text(), nullable=True),
            sa.Column("data", sa.LargeBinary(), nullable=True),
            sa.Column("gas", sa.BigInteger(), nullable=True),
            sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
            sa.Column("reorgs", sa.Integer(), server_default="0", nullable=False),
            sa.Column("block", sa.BigInteger(), nullable=True),
            sa.Column("confirmations", sa.Integer(), server_default="0", nullable=False),
            sa.Column("error_code", sa.Text(), nullable=True),
            sa.Column("changed_at", sa.BigInteger(), server_default="0", nullable=False),
        ):
            transactions.add_column(column)
    op.execute("UPDATE transactions SET changed_at = created_at")
    _rename(_NAMES)
    _live_nonces("'replaced', 'reverted'")


def downgrade() -> None:
    """Keep of each transaction its newest attempt; what was not signed is forgotten, it was never sent."""
    op.drop_index("uq_transactions_live_nonce", "transactions")
    op.execute("DELETE FROM transactions WHERE id NOT IN (SELECT transaction_id FROM attempts)")
    with op.batch_alter_table("transactions") as transactions:
        transactions.add_column(sa.Column("raw", sa.LargeBinary(), nullable=True))
        transactions.add_column(sa.Column("hash", sa.LargeBinary(), nullable=True))
        for name in ("target", "data", "gas", "looks", "reorgs", "block", "confirmations", "error_code", "changed_at"):
            transactions.drop_column(name)
    op.execute(
        "UPDATE transactions SET (raw, hash) = (SELECT a.raw, a.hash FROM attempts a "
        "WHERE a.transaction_id = transactions.id ORDER BY a.number DESC LIMIT 1)"
    )
    with op.batch_alter_table("transactions") as transactions:
        transactions.alter_column("raw", nullable=False)
        transactions.alter_column("hash", nullable=False)
        transactions.create_unique_constraint(op.f("uq_transactions_hash"), ["hash"])
    _rename(
        (
            *((after, before) for before, after in _NAMES),
            ("mined", "sent"),
            ("reorged", "sent"),
            ("reverted", "replaced"),
        )
    )
    _live_nonces("'replaced'")
    op.drop_table("attempts")
