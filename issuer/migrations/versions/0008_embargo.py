"""The log of acts as leaves, two persons for issuing, and lists that are sealed until their second."""

from __future__ import annotations

import secrets
from hashlib import sha256

import sqlalchemy as sa
from alembic import op

from jikin.codec import jcs

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id() -> sa.Column[int]:
    return sa.Column("id", _ID, autoincrement=True, nullable=False)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _log() -> None:
    with op.batch_alter_table("institutions") as institutions:
        institutions.add_column(sa.Column("acts", sa.BigInteger(), server_default="0", nullable=False))
        institutions.add_column(sa.Column("two_persons", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("audit") as audit:
        audit.add_column(sa.Column("seq", sa.BigInteger(), nullable=True))
        audit.add_column(sa.Column("salt", sa.LargeBinary(), nullable=True))
        audit.add_column(sa.Column("content", sa.LargeBinary(), nullable=True))
        audit.create_unique_constraint(op.f("uq_audit_institution_id_seq"), ["institution_id", "seq"])
    op.create_table(
        "audit_heads",
        _id(),
        sa.Column("institution_id", _ID, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=True),
        sa.Column("time", sa.BigInteger(), nullable=True),
        _to("audit_heads", "institution_id", "institutions"),
        _key("audit_heads"),
        _unique("audit_heads", "institution_id", "size"),
    )


def _number_acts() -> None:
    """Give the acts there are their numbers and salts: the log begins with them, in the order in which they were."""
    audit = sa.table(
        "audit",
        *(sa.column(name) for name in ("id", "at", "institution_id", "officer_id", "act", "subject")),
        sa.column("detail", sa.JSON()),
        *(sa.column(name) for name in ("seq", "salt", "content")),
    )
    institutions = sa.table("institutions", sa.column("id"), sa.column("acts"))
    connection = op.get_bind()
    counted: dict[int, int] = {}
    for row in connection.execute(
        sa.select(audit).where(audit.c.institution_id.is_not(None)).order_by(audit.c.id)
    ).all():
        seq = counted.get(row.institution_id, 0)
        counted[row.institution_id] = seq + 1
        act = {
            "at": row.at,
            "officer": row.officer_id,
            "act": row.act,
            "subject": row.subject,
            "detail": row.detail,
        }
        values = {"seq": seq, "salt": secrets.token_bytes(32), "content": sha256(jcs.canonicalize(act)).digest()}
        connection.execute(sa.update(audit).where(audit.c.id == row.id).values(values))
    for institution_id, acts in counted.items():
        connection.execute(sa.update(institutions).where(institutions.c.id == institution_id).values(acts=acts))


def _embargoes() -> None:
    op.create_table(
        "embargoes",
        _id(),
        sa.Column("institution_id", _ID, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("suite", sa.Text(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("tree_size", sa.Integer(), nullable=False),
        sa.Column("slot_bytes", sa.Integer(), nullable=False),
        sa.Column("key_file", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("anchored_block", sa.BigInteger(), nullable=True),
        sa.Column("anchored_at", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("batch_id", _ID, nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _to("embargoes", "institution_id", "institutions"),
        _to("embargoes", "batch_id", "batches"),
        _key("embargoes"),
        _unique("embargoes", "institution_id", "tag"),
    )
    op.create_index(op.f("ix_embargoes_institution_id"), "embargoes", ["institution_id"], unique=False)
    op.create_table(
        "sealed_rows",
        sa.Column("embargo_id", _ID, autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        _to("sealed_rows", "embargo_id", "embargoes"),
        _key("sealed_rows", "embargo_id", "part"),
    )
    op.create_table(
        "embargo_trees",
        sa.Column("embargo_id", _ID, autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("nodes", sa.LargeBinary(), nullable=False),
        _to("embargo_trees", "embargo_id", "embargoes"),
        _key("embargo_trees", "embargo_id", "part"),
    )
    op.create_table(
        "openings",
        sa.Column("embargo_id", _ID, autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        _to("openings", "embargo_id", "embargoes"),
        _key("openings", "embargo_id", "place"),
        _unique("openings", "embargo_id", "line"),
    )


def _issue_tasks() -> None:
    op.create_table(
        "issue_tasks",
        _id(),
        sa.Column("institution_id", _ID, nullable=False),
        sa.Column("uid", sa.LargeBinary(), nullable=False),
        sa.Column("batch_id", _ID, nullable=True),
        sa.Column("embargo_id", _ID, nullable=True),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("records", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("drafted_by", _ID, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("length(uid) = 16", name=op.f("ck_issue_tasks_uid")),
        _to("issue_tasks", "institution_id", "institutions"),
        _to("issue_tasks", "batch_id", "batches"),
        _to("issue_tasks", "embargo_id", "embargoes"),
        _to("issue_tasks", "drafted_by", "officers"),
        _key("issue_tasks"),
        _unique("issue_tasks", "uid"),
    )
    op.create_index(op.f("ix_issue_tasks_institution_id"), "issue_tasks", ["institution_id"], unique=False)
    live = sa.text("state <> 'refused'")
    for name in ("batch", "embargo"):
        op.create_index(
            f"uq_issue_tasks_live_{name}",
            "issue_tasks",
            [f"{name}_id"],
            unique=True,
            sqlite_where=live,
            postgresql_where=live,
        )
    op.create_table(
        "issue_approvals",
        _id(),
        sa.Column("task_id", _ID, nullable=False),
        sa.Column("officer_id", _ID, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("passkey_id", _ID, nullable=True),
        sa.Column("authenticator_data", sa.LargeBinary(), nullable=True),
        sa.Column("client_data", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _to("issue_approvals", "task_id", "issue_tasks"),
        _to("issue_approvals", "officer_id", "officers"),
        _to("issue_approvals", "passkey_id", "passkeys"),
        _key("issue_approvals"),
        _unique("issue_approvals", "task_id", "officer_id"),
    )


_BY_DAY = ("ix_credentials_institution_id_created_at", "credentials")


def upgrade() -> None:
    """Make the tables and number the acts there are."""
    op.create_index(op.f(_BY_DAY[0]), _BY_DAY[1], ["institution_id", "created_at"], unique=False)
    _log()
    _number_acts()
    _embargoes()
    _issue_tasks()


def downgrade() -> None:
    """Take it all back; numbers, salts and heads of the log are lost, what the registry has of them stays."""
    for name in (
        "issue_approvals",
        "issue_tasks",
        "openings",
        "embargo_trees",
        "sealed_rows",
        "embargoes",
        "audit_heads",
    ):
        op.drop_table(name)
    with op.batch_alter_table("audit") as audit:
        audit.drop_constraint(op.f("uq_audit_institution_id_seq"), type_="unique")
        for name in ("content", "salt", "seq"):
            audit.drop_column(name)
    with op.batch_alter_table("institutions") as institutions:
        institutions.drop_column("two_persons")
        institutions.drop_column("acts")
    op.drop_index(op.f(_BY_DAY[0]), _BY_DAY[1])
