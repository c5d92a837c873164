"""What holders and applicants ask for: offers, copies bound to a holder's key, machine access, applications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def _id() -> sa.Column[int]:
    return sa.Column("id", _ID, autoincrement=True, nullable=False)


def _indexed(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def _changed() -> None:
    with op.batch_alter_table("batches") as batches:
        batches.add_column(sa.Column("origin", sa.Text(), server_default="list", nullable=False))
    with op.batch_alter_table("credentials") as credentials:
        credentials.drop_constraint(op.f("uq_credentials_number"), type_="unique")
        credentials.add_column(sa.Column("copy_of", _ID, nullable=True))
        credentials.add_column(sa.Column("holder", sa.Text(), nullable=True))
        credentials.create_foreign_key(op.f("fk_credentials_copy_of"), "credentials", ["copy_of"], ["id"])
    _indexed("credentials", "copy_of")
    original, live = sa.text("copy_of IS NULL"), sa.text("state <> 'failed'")
    op.create_index(
        "uq_credentials_number",
        "credentials",
        ["number"],
        unique=True,
        sqlite_where=original,
        postgresql_where=original,
    )
    op.create_index(
        "uq_credentials_copy",
        "credentials",
        ["copy_of", "holder"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )


def _offers() -> None:
    op.create_table(
        "offers",
        _id(),
        sa.Column("institution_id", _ID, nullable=False),
        sa.Column("credential_id", _ID, nullable=True),
        sa.Column("batch_id", _ID, nullable=True),
        sa.Column("officer_id", _ID, nullable=True),
        sa.Column("configuration", sa.Text(), nullable=False),
        sa.Column("reference_digest", sa.LargeBinary(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("tx_tag", sa.LargeBinary(), nullable=True),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
        sa.Column("deferred", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("redeemed_at", sa.BigInteger(), nullable=True),
        _to("offers", "institution_id", "institutions"),
        _to("offers", "credential_id", "credentials"),
        _to("offers", "batch_id", "batches"),
        _to("offers", "officer_id", "officers"),
        _key("offers"),
        sa.UniqueConstraint("reference_digest", name=op.f("uq_offers_reference_digest")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_offers_code_digest")),
    )
    _indexed("offers", "institution_id", "credential_id", "batch_id")


def _grants() -> None:
    op.create_table(
        "grants",
        _id(),
        sa.Column("offer_id", _ID, nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        _to("grants", "offer_id", "offers"),
        _key("grants"),
        sa.UniqueConstraint("token_digest", name=op.f("uq_grants_token_digest")),
    )
    _indexed("grants", "offer_id")


def _nonces() -> None:
    op.create_table(
        "nonces",
        _id(),
        sa.Column("institution_id", _ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        _to("nonces", "institution_id", "institutions"),
        _key("nonces"),
        sa.UniqueConstraint("digest", name=op.f("uq_nonces_digest")),
    )
    _indexed("nonces", "expires")


def _copies() -> None:
    op.create_table(
        "copies",
        _id(),
        sa.Column("offer_id", _ID, nullable=False),
        sa.Column("institution_id", _ID, nullable=False),
        sa.Column("credential_id", _ID, nullable=True),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _to("copies", "offer_id", "offers"),
        _to("copies", "institution_id", "institutions"),
        _to("copies", "credential_id", "credentials"),
        _key("copies"),
        sa.UniqueConstraint("offer_id", "holder", name=op.f("uq_copies_offer_id_holder")),
    )
    _indexed("copies", "institution_id", "credential_id")


def _claims() -> None:
    op.create_table(
        "claims",
        _id(),
        sa.Column("offer_id", _ID, nullable=False),
        sa.Column("copies", sa.JSON(), nullable=False),
        sa.Column("transaction_digest", sa.LargeBinary(), nullable=True),
        sa.Column("notification_digest", sa.LargeBinary(), nullable=True),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        _to("claims", "offer_id", "offers"),
        _key("claims"),
        sa.UniqueConstraint("transaction_digest", name=op.f("uq_claims_transaction_digest")),
        sa.UniqueConstraint("notification_digest", name=op.f("uq_claims_notification_digest")),
    )
    _indexed("claims", "offer_id")


def _api_tokens() -> None:
    op.create_table(
        "api_tokens",
        _id(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        _key("api_tokens"),
        sa.UniqueConstraint("digest", name=op.f("uq_api_tokens_digest")),
    )


def _applications() -> None:
    op.create_table(
        "applications",
        _id(),
        sa.Column("institution_id", _ID, nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("batch_id", _ID, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _to("applications", "institution_id", "institutions"),
        _to("applications", "batch_id", "batches"),
        _key("applications"),
        sa.UniqueConstraint("receipt", name=op.f("uq_applications_receipt")),
    )
    _indexed("applications", "institution_id", "batch_id")
    op.create_table(
        "application_steps",
        _id(),
        sa.Column("application_id", _ID, nullable=False),
        sa.Column("officer_id", _ID, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _to("application_steps", "application_id", "applications"),
        _to("application_steps", "officer_id", "officers"),
        _key("application_steps"),
    )
    _indexed("application_steps", "application_id")


def upgrade() -> None:
    """Let a certificate have copies, and make the tables of offers, machine access and applications."""
    _changed()
    for make in (_offers, _grants, _nonces, _copies, _claims, _api_tokens, _applications):
        make()


def downgrade() -> None:
    """Take it all back; fails while there are copies: their numbers stand twice."""
    for name in (
        *("application_steps", "applications", "api_tokens", "claims", "copies", "nonces", "grants", "offers"),
    ):
        op.drop_table(name)
    op.drop_index("uq_credentials_copy", "credentials")
    op.drop_index("uq_credentials_number", "credentials")
    op.drop_index(op.f("ix_credentials_copy_of"), "credentials")
    with op.batch_alter_table("credentials") as credentials:
        credentials.drop_constraint(op.f("fk_credentials_copy_of"), type_="foreignkey")
        credentials.drop_column("holder")
        credentials.drop_column("copy_of")
        credentials.create_unique_constraint(op.f("uq_credentials_number"), ["number"])
    with op.batch_alter_table("batches") as batches:
        batches.drop_column("origin")
