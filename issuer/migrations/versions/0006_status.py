"""Heartbeats, which belong to no task; corrections, and changes of many certificates with their progress."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("epochs") as epochs:
        epochs.alter_column("task_id", existing_type=_ID, nullable=True)
    with op.batch_alter_table("tasks") as tasks:
        tasks.add_column(sa.Column("batch_id", _ID, nullable=True))
        tasks.create_foreign_key(op.f("fk_tasks_batch_id"), "batches", ["batch_id"], ["id"])
    op.create_index(op.f("ix_tasks_batch_id"), "tasks", ["batch_id"])
    op.create_table(
        "task_rows",
        sa.Column("id", _ID, nullable=False),
        sa.Column("task_id", _ID, nullable=False),
        sa.Column("credential_id", _ID, nullable=False),
        sa.Column("record", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("replacement_id", _ID, nullable=True),
        sa.Column("notified_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_rows_task_id")),
        sa.ForeignKeyConstraint(["credential_id"], ["credentials.id"], name=op.f("fk_task_rows_credential_id")),
        sa.ForeignKeyConstraint(["replacement_id"], ["credentials.id"], name=op.f("fk_task_rows_replacement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_rows")),
        sa.UniqueConstraint("task_id", "credential_id", name=op.f("uq_task_rows_task_id_credential_id")),
    )
    for column in ("task_id", "credential_id", "replacement_id"):
        op.create_index(op.f(f"ix_task_rows_{column}"), "task_rows", [column])


def downgrade() -> None:
    op.drop_table("task_rows")
    op.drop_index(op.f("ix_tasks_batch_id"), "tasks")
    with op.batch_alter_table("tasks") as tasks:
        tasks.drop_constraint(op.f("fk_tasks_batch_id"), type_="foreignkey")
        tasks.drop_column("batch_id")
    op.execute(sa.text("DELETE FROM notes WHERE epoch_id IN (SELECT id FROM epochs WHERE task_id IS NULL)"))
    op.execute(sa.text("DELETE FROM epochs WHERE task_id IS NULL"))
    with op.batch_alter_table("epochs") as epochs:
        epochs.alter_column("task_id", existing_type=_ID, nullable=False)
