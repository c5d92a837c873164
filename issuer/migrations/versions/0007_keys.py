"""Keys that come and go: where the private half lies, since when a key signs, since when it counts as stolen.

Profiles that wait for their approval stand beside the one in use.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("keys") as keys:
        keys.alter_column("file", new_column_name="reference", existing_type=sa.Text(), existing_nullable=False)
        keys.add_column(sa.Column("active_at", sa.BigInteger()))
        keys.add_column(sa.Column("follows_batch", sa.BigInteger(), server_default="0", nullable=False))
        keys.add_column(sa.Column("compromised_since", sa.BigInteger()))
    op.execute("UPDATE keys SET reference = 'file:' || reference, active_at = added_at")
    with op.batch_alter_table("institutions") as institutions:
        institutions.add_column(sa.Column("proposed_profile", sa.LargeBinary()))


def downgrade() -> None:
    with op.batch_alter_table("institutions") as institutions:
        institutions.drop_column("proposed_profile")
    op.execute("UPDATE keys SET reference = substr(reference, 6)")
    with op.batch_alter_table("keys") as keys:
        keys.drop_column("compromised_since")
        keys.drop_column("follows_batch")
        keys.drop_column("active_at")
        keys.alter_column("reference", new_column_name="file", existing_type=sa.Text(), existing_nullable=False)
