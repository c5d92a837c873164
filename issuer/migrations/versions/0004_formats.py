"""Copies in several formats: a holder's key has one copy of a certificate in each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _unique(columns: list[str]) -> None:
    live = sa.text("state <> 'failed'")
    op.create_index(
        "uq_credentials_copy", "credentials", columns, unique=True, sqlite_where=live, postgresql_where=live
    )


def upgrade() -> None:
    op.drop_index("uq_credentials_copy", "credentials")
    with op.batch_alter_table("credentials") as credentials:
        credentials.add_column(sa.Column("format", sa.Text(), server_default="ldp_vc", nullable=False))
    _unique(["copy_of", "holder", "format"])


def downgrade() -> None:
    op.drop_index("uq_credentials_copy", "credentials")
    with op.batch_alter_table("credentials") as credentials:
        credentials.drop_column("format")
    _unique(["copy_of", "holder"])
