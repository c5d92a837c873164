"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _institutions() -> None:
    op.create_table(
        "institutions",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("did", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("number_code", sa.Text(), nullable=False),
        sa.Column("profile", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institutions")),
        sa.UniqueConstraint("did", name=op.f("uq_institutions_did")),
        sa.UniqueConstraint("number_code", name=op.f("uq_institutions_number_code")),
    )


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("institution_id", _ID, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("suite", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("source_digest", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=True),
        sa.Column("tree_size", sa.Integer(), nullable=True),
        sa.Column("verified_to", sa.BigInteger(), nullable=False),
        sa.Column("anchored_block", sa.BigInteger(), nullable=True),
        sa.Column("anchored_at", sa.BigInteger(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_batches_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint(
            "institution_id", "idempotency_key", name=op.f("uq_batches_institution_id_idempotency_key")
        ),
    )
    op.create_index(op.f("ix_batches_institution_id"), "batches", ["institution_id"], unique=False)


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("institution_id", _ID, nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_keys_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
        sa.UniqueConstraint("public", name=op.f("uq_keys_public")),
    )
    op.create_index(op.f("ix_keys_institution_id"), "keys", ["institution_id"], unique=False)


def _officers() -> None:
    op.create_table(
        "officers",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("institution_id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", sa.Integer(), nullable=False),
        sa.Column("multikey", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_officers_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officers")),
        sa.UniqueConstraint("institution_id", "name", name=op.f("uq_officers_institution_id_name")),
        sa.UniqueConstraint("multikey", name=op.f("uq_officers_multikey")),
    )
    op.create_index(op.f("ix_officers_institution_id"), "officers", ["institution_id"], unique=False)


def _status_lists() -> None:
    op.create_table(
        "status_lists",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("institution_id", _ID, nullable=False),
        sa.Column("list_id", sa.LargeBinary(), nullable=False),
        sa.Column("log2_entries", sa.Integer(), nullable=False),
        sa.Column("index_key", sa.LargeBinary(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_status_lists_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_lists")),
        sa.UniqueConstraint("list_id", name=op.f("uq_status_lists_list_id")),
    )
    op.create_index(op.f("ix_status_lists_institution_id"), "status_lists", ["institution_id"], unique=False)


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("institution_id", _ID, nullable=True),
        sa.Column("officer_id", _ID, nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_audit_institution_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_audit_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )


def _credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("institution_id", _ID, nullable=False),
        sa.Column("batch_id", _ID, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("record_hash", sa.LargeBinary(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("status_list_id", _ID, nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_credentials_batch_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_credentials_institution_id")),
        sa.ForeignKeyConstraint(["status_list_id"], ["status_lists.id"], name=op.f("fk_credentials_status_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("number", name=op.f("uq_credentials_number")),
        sa.UniqueConstraint("status_list_id", "status_index", name=op.f("uq_credentials_status_list_id_status_index")),
    )
    op.create_index(op.f("ix_credentials_batch_id"), "credentials", ["batch_id"], unique=False)
    op.create_index(op.f("ix_credentials_digest"), "credentials", ["digest"], unique=False)
    op.create_index(op.f("ix_credentials_institution_id"), "credentials", ["institution_id"], unique=False)
    op.create_index(
        op.f("ix_credentials_institution_id_record_hash"),
        "credentials",
        ["institution_id", "record_hash"],
        unique=False,
    )


def _rows() -> None:
    op.create_table(
        "rows",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("batch_id", _ID, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("record_hash", sa.LargeBinary(), nullable=True),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_rows_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rows")),
        sa.UniqueConstraint("batch_id", "line", name=op.f("uq_rows_batch_id_line")),
    )
    op.create_index(op.f("ix_rows_batch_id"), "rows", ["batch_id"], unique=False)
    op.create_index(op.f("ix_rows_record_hash"), "rows", ["record_hash"], unique=False)


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("institution_id", _ID, nullable=False),
        sa.Column("uid", sa.LargeBinary(), nullable=False),
        sa.Column("act", sa.Integer(), nullable=False),
        sa.Column("status_list_id", _ID, nullable=False),
        sa.Column("changes", sa.LargeBinary(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("break_glass", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("length(uid) = 16", name=op.f("ck_tasks_uid")),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_tasks_institution_id")),
        sa.ForeignKeyConstraint(["status_list_id"], ["status_lists.id"], name=op.f("fk_tasks_status_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("uid", name=op.f("uq_tasks_uid")),
    )
    op.create_index(op.f("ix_tasks_institution_id"), "tasks", ["institution_id"], unique=False)


def _trees() -> None:
    op.create_table(
        "trees",
        sa.Column("batch_id", _ID, autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("nodes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_trees_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "part", name=op.f("pk_trees")),
    )


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("task_id", _ID, nullable=False),
        sa.Column("officer_id", _ID, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_approvals_officer_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_approvals_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sa.UniqueConstraint("task_id", "officer_id", name=op.f("uq_approvals_task_id_officer_id")),
    )
    op.create_index(op.f("ix_approvals_task_id"), "approvals", ["task_id"], unique=False)


def _epochs() -> None:
    op.create_table(
        "epochs",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("status_list_id", _ID, nullable=False),
        sa.Column("task_id", _ID, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("previous_head", sa.LargeBinary(), nullable=False),
        sa.Column("status_root", sa.LargeBinary(), nullable=False),
        sa.Column("array_root", sa.LargeBinary(), nullable=False),
        sa.Column("notes_root", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=True),
        sa.Column("time", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["status_list_id"], ["status_lists.id"], name=op.f("fk_epochs_status_list_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_epochs_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_epochs")),
    )
    op.create_index(op.f("ix_epochs_status_list_id"), "epochs", ["status_list_id"], unique=False)
    op.create_index(
        "uq_epochs_live_task",
        "epochs",
        ["task_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'lost'"),
        postgresql_where=sa.text("state <> 'lost'"),
    )


def _salts() -> None:
    op.create_table(
        "salts",
        sa.Column("credential_id", _ID, autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["credential_id"], ["credentials.id"], name=op.f("fk_salts_credential_id")),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_salts")),
    )


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("epoch_id", _ID, nullable=False),
        sa.Column("status_list_id", _ID, nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["epoch_id"], ["epochs.id"], name=op.f("fk_notes_epoch_id")),
        sa.ForeignKeyConstraint(["status_list_id"], ["status_lists.id"], name=op.f("fk_notes_status_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("epoch_id", "entry", name=op.f("uq_notes_epoch_id_entry")),
    )
    op.create_index(op.f("ix_notes_epoch_id"), "notes", ["epoch_id"], unique=False)
    op.create_index(op.f("ix_notes_status_list_id"), "notes", ["status_list_id"], unique=False)


def _transactions() -> None:
    op.create_table(
        "transactions",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("batch_id", _ID, nullable=True),
        sa.Column("epoch_id", _ID, nullable=True),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_transactions_batch_id")),
        sa.ForeignKeyConstraint(["epoch_id"], ["epochs.id"], name=op.f("fk_transactions_epoch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
        sa.UniqueConstraint("hash", name=op.f("uq_transactions_hash")),
    )
    op.create_index(op.f("ix_transactions_batch_id"), "transactions", ["batch_id"], unique=False)
    op.create_index(op.f("ix_transactions_epoch_id"), "transactions", ["epoch_id"], unique=False)
    op.create_index(
        "uq_transactions_live_nonce",
        "transactions",
        ["account", "nonce"],
        unique=True,
        sqlite_where=sa.text("state <> 'replaced'"),
        postgresql_where=sa.text("state <> 'replaced'"),
    )


def upgrade() -> None:
    """Make every table."""
    _institutions()
    _batches()
    _keys()
    _officers()
    _status_lists()
    _audit()
    _credentials()
    _rows()
    _tasks()
    _trees()
    _approvals()
    _epochs()
    _salts()
    _notes()
    _transactions()


def downgrade() -> None:
    """Drop every table."""
    op.drop_table("transactions")
    op.drop_table("notes")
    op.drop_table("salts")
    op.drop_table("epochs")
    op.drop_table("approvals")
    op.drop_table("trees")
    op.drop_table("tasks")
    op.drop_table("rows")
    op.drop_table("credentials")
    op.drop_table("audit")
    op.drop_table("status_lists")
    op.drop_table("officers")
    op.drop_table("keys")
    op.drop_table("batches")
    op.drop_table("institutions")
