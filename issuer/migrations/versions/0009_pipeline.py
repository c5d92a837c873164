"""Leases of workers; trees that batches share; until when an anchor or epoch is looked at again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
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
    with op.batch_alter_table("batches") as batches:
        batches.add_column(sa.Column("tree_id", _ID, nullable=True))
        batches.create_foreign_key(op.f("fk_batches_tree_id"), "batches", ["tree_id"], ["id"])
    op.create_index(op.f("ix_batches_tree_id"), "batches", ["tree_id"], unique=False)
    op.execute("UPDATE batches SET tree_id = id WHERE root IS NOT NULL")


def downgrade() -> None:
    op.drop_index(op.f("ix_batches_tree_id"), "batches")
    with op.batch_alter_table("batches") as batches:
        batches.drop_constraint(op.f("fk_batches_tree_id"), type_="foreignkey")
        batches.drop_column("tree_id")
    for table in ("epochs", "batches"):
        with op.batch_alter_table(table) as changed:
            changed.drop_column("settled_at")
    op.drop_table("workers")
