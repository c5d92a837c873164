"""Several workers with a lease each; what was anchored or published is looked at again until it lies deep enough."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("executor_id", sa.Text(), nullable=False),
        sa.Column("began_at", sa.Double(), nullable=False),
        sa.Column("beat_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
        sa.UniqueConstraint("executor_id", name=op.f("uq_workers_executor_id")),
    )
    for table in ("batches", "epochs"):
        with op.batch_alter_table(table) as changed:
            changed.add_column(sa.Column("settled_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for table in ("epochs", "batches"):
        with op.batch_alter_table(table) as changed:
            changed.drop_column("settled_at")
    op.drop_table("workers")
