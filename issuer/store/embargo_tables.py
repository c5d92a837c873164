"""The tables of what two persons release and of what is sealed until its second: tasks, approvals, embargoes, openings.

Until an embargo is opened nothing here says more than its kind, its time and a size that was chosen in advance.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from issuer.store.schema import ID, id_column, metadata, to

_LIVE = text("state <> 'refused'")

embargoes = Table(
    "embargoes",
    metadata,
    id_column(),
    to("institutions", index=True),
    Column("type", Text, nullable=False),
    Column("suite", Text, nullable=False),
    Column(
        "tag", LargeBinary, nullable=False
    ),  # HMAC of key and file: a short list could else be guessed from its hash
    Column("until", BigInteger, nullable=False),
    Column("state", Text, nullable=False),  # embargoes.EmbargoState
    Column("root", LargeBinary, nullable=False),
    Column("tree_size", Integer, nullable=False),
    Column("slot_bytes", Integer, nullable=False),  # every sealed row is as long as any other
    Column("key_file", Text, nullable=False),  # among the key files; goes when the embargo is opened
    Column("sealed_key", LargeBinary, nullable=False),  # what opens the rows, for that key alone
    Column("anchored_block", BigInteger),
    Column("anchored_at", BigInteger),
    Column("opened_at", BigInteger),
    to("batches", nullable=True),  # what the passes became
    Column("error_code", Text),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("institution_id", "tag"),
)

sealed_rows = Table(
    "sealed_rows",
    metadata,
    Column("embargo_id", ID, ForeignKey("embargoes.id"), primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("ciphertext", LargeBinary, nullable=False),
)

embargo_trees = Table(
    "embargo_trees",
    metadata,
    Column("embargo_id", ID, ForeignKey("embargoes.id"), primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("nodes", LargeBinary, nullable=False),  # all levels, leaves first, cut into parts of equal length
)

openings = Table(
    "openings",
    metadata,
    Column("embargo_id", ID, ForeignKey("embargoes.id"), primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("line", Integer, nullable=False),
    Column("salt", LargeBinary, nullable=False, info={"personal": "ties a result to its anchored leaf"}),
    Column("record", JSON, nullable=False, info={"personal": "a candidate's result, pass or fail"}),
    UniqueConstraint("embargo_id", "line"),
)

issue_tasks = Table(
    "issue_tasks",
    metadata,
    id_column(),
    to("institutions", index=True),
    Column("uid", LargeBinary, nullable=False, unique=True),  # 16 random bytes, inside what is signed
    to("batches", nullable=True),
    Column("embargo_id", ID, ForeignKey("embargoes.id")),
    Column("manifest", JSON, nullable=False),  # what two persons sign
    Column("records", LargeBinary, info={"personal": "SHA-256 of each record until the batch is issued"}),
    Column("state", Text, nullable=False),  # issue_tasks.TaskState
    Column("drafted_by", ID, ForeignKey("officers.id")),  # who has to sign first; none: whichever officer may
    Column("created_at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used_at", BigInteger),  # since when it counts as used, and the time at which its approvals had to hold
    CheckConstraint("length(uid) = 16", name="uid"),
    Index("uq_issue_tasks_live_batch", "batch_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index("uq_issue_tasks_live_embargo", "embargo_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
)

issue_approvals = Table(
    "issue_approvals",
    metadata,
    id_column(),
    Column("task_id", ID, ForeignKey("issue_tasks.id"), nullable=False),
    to("officers"),
    Column("part", Text, nullable=False),  # request, approve
    Column("kind", Text, nullable=False),  # ed25519, webauthn
    Column("expires", BigInteger, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    to("passkeys", nullable=True),
    Column("authenticator_data", LargeBinary),
    Column("client_data", LargeBinary),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("task_id", "officer_id"),
)
