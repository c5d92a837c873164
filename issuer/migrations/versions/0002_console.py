"""The officers' console: passkeys, invitations, sessions, challenges, uploaded lists; approvals by passkey."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("officer_id", _ID, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("user_handle", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_passkeys_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_officer_id"), "passkeys", ["officer_id"], unique=False)


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("officer_id", _ID, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_invitations_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitations_code_hash")),
    )
    op.create_index(op.f("ix_invitations_officer_id"), "invitations", ["officer_id"], unique=False)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("officer_id", _ID, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_sessions_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index(op.f("ix_sessions_officer_id"), "sessions", ["officer_id"], unique=False)


def _challenges() -> None:
    op.create_table(
        "challenges",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("invitation_id", _ID, nullable=True),
        sa.Column("user_handle", sa.LargeBinary(), nullable=True),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitations.id"], name=op.f("fk_challenges_invitation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenges")),
        sa.UniqueConstraint("challenge", name=op.f("uq_challenges_challenge")),
    )
    op.create_index(op.f("ix_challenges_expires"), "challenges", ["expires"], unique=False)


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("institution_id", _ID, nullable=False),
        sa.Column("officer_id", _ID, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("batch_id", _ID, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_uploads_batch_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_uploads_institution_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_uploads_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index(op.f("ix_uploads_batch_id"), "uploads", ["batch_id"], unique=False)
    op.create_index(op.f("ix_uploads_institution_id"), "uploads", ["institution_id"], unique=False)


def _changed() -> None:
    with op.batch_alter_table("officers") as officers:
        officers.alter_column("multikey", existing_type=sa.Text(), nullable=True)
    with op.batch_alter_table("tasks") as tasks:
        tasks.add_column(sa.Column("drafted_by", _ID, nullable=True))
        tasks.create_foreign_key(op.f("fk_tasks_drafted_by"), "officers", ["drafted_by"], ["id"])
    with op.batch_alter_table("approvals") as approvals:
        approvals.add_column(sa.Column("passkey_id", _ID, nullable=True))
        approvals.add_column(sa.Column("authenticator_data", sa.LargeBinary(), nullable=True))
        approvals.add_column(sa.Column("client_data", sa.LargeBinary(), nullable=True))
        approvals.create_foreign_key(op.f("fk_approvals_passkey_id"), "passkeys", ["passkey_id"], ["id"])


def upgrade() -> None:
    """Make the tables of the console and let approvals be assertions."""
    _passkeys()
    _invitations()
    _sessions()
    _challenges()
    _uploads()
    _changed()


def downgrade() -> None:
    """Take it all back; fails while an officer has no key of the first kind."""
    with op.batch_alter_table("approvals") as approvals:
        approvals.drop_constraint(op.f("fk_approvals_passkey_id"), type_="foreignkey")
        for name in ("client_data", "authenticator_data", "passkey_id"):
            approvals.drop_column(name)
    with op.batch_alter_table("tasks") as tasks:
        tasks.drop_constraint(op.f("fk_tasks_drafted_by"), type_="foreignkey")
        tasks.drop_column("drafted_by")
    with op.batch_alter_table("officers") as officers:
        officers.alter_column("multikey", existing_type=sa.Text(), nullable=False)
    for name in ("uploads", "challenges", "sessions", "invitations", "passkeys"):
        op.drop_table(name)
