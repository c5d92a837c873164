"""The tables of the office (SQLAlchemy Core). Keys are ordered integers, times Unix seconds, ids and digests raw bytes.

Which columns hold personal data is said in ``docs/personal-data.md``; a test compares that page with this file:
``info={"personal": …}`` marks them. The secret that ties a record to its leaf, the salt, has a table of its own, so
that erasing it is one row. The tables of the durable jobs belong to the job library and hold row ids only.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
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

institutions = Table(
    "institutions",
    metadata,
    id_column(),
    Column("did", Text, nullable=False, unique=True),
    Column("domain", Text, nullable=False),
    Column("number_code", Text, nullable=False, unique=True),
    Column("profile", LargeBinary, nullable=False),  # in use
    Column("proposed_profile", LargeBinary),  # waits for the accreditor; none: no change is under way
    Column("seal", Text, nullable=False),  # letters of the seal on printed certificates
    Column("acts", BigInteger, nullable=False, server_default="0"),  # how many acts its log has
    # Origins of batches (batches.Origin) that two persons have to release, joined by blanks.
    Column("two_persons", Text, nullable=False, server_default=""),
    Column("created_at", BigInteger, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    id_column(),
    to("institutions", nullable=True, index=True),  # none: the accreditor's
    Column("purpose", Text, nullable=False),  # assertion, accreditor, owner, anchoring, status, audit
    Column("public", Text, nullable=False, unique=True),  # Multikey text, or the account's address
    Column("reference", Text, nullable=False),  # where the private half lies: file:…, pkcs11:…, https://…
    Column("added_at", BigInteger, nullable=False),
    Column("active_at", BigInteger),  # none: prepared, not used yet
    Column("follows_batch", BigInteger, nullable=False, default=0, server_default="0"),
    Column("retired_at", BigInteger),
    Column("compromised_since", BigInteger),
)

officers = Table(
    "officers",
    metadata,
    id_column(),
    to("institutions", index=True),
    Column("name", Text, nullable=False, info={"personal": "officer's login name"}),
    Column("roles", Integer, nullable=False),  # bits of approving.Role
    Column("multikey", Text, unique=True),  # none: approves by passkey alone
    Column("added_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
    UniqueConstraint("institution_id", "name"),
)

status_lists = Table(
    "status_lists",
    metadata,
    id_column(),
    to("institutions", index=True),
    Column("list_id", LargeBinary, nullable=False, unique=True),
    Column("log2_entries", Integer, nullable=False),
    Column("index_key", LargeBinary, nullable=False),  # opened to the auditor, committed on the chain
    Column("reserved", Integer, nullable=False, default=0),  # how many entries were given out
    Column("opened_at", BigInteger),  # none: the opening is not on the chain yet
)

batches = Table(
    "batches",
    metadata,
    id_column(),
    to("institutions", index=True),
    Column("type", Text, nullable=False),
    Column("suite", Text, nullable=False),
    Column("origin", Text, nullable=False, default="list", server_default="list"),  # batches.Origin
    Column("idempotency_key", Text, nullable=False),
    Column("source_digest", LargeBinary, nullable=False),  # SHA-256 of the file
    Column("state", Text, nullable=False),  # batches.BatchState
    Column("count", Integer, nullable=False),  # good rows
    Column("bad", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),  # rows issued before by another batch
    Column("attempt", Integer, nullable=False, default=0),  # which run of the job
    Column("root", LargeBinary),
    Column("tree_size", Integer),
    # Under which batch the tree is stored and its anchoring noted: small ones that waited together share one.
    Column("tree_id", ID, ForeignKey("batches.id"), index=True),
    Column("verified_to", BigInteger, nullable=False, default=0),  # row id of the last credential verified
    Column("anchored_block", BigInteger),
    Column("anchored_at", BigInteger),
    Column("settled_at", BigInteger),  # none: a reorganisation may still take the anchor away
    Column("error_code", Text),
    Column("error", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("released_at", BigInteger),
    UniqueConstraint("institution_id", "idempotency_key"),
)

rows = Table(
    "rows",
    metadata,
    id_column(),
    to("batches", index=True),
    Column("line", Integer, nullable=False),
    Column("state", Text, nullable=False),  # good, bad, repeated
    Column("record", JSON(none_as_null=True), info={"personal": "a good row until its certificate is reserved"}),
    Column("record_hash", LargeBinary, index=True, info={"personal": "SHA-256 of the record"}),
    Column("faults", JSON, nullable=False, info={"personal": "refused values of a bad row"}),
    UniqueConstraint("batch_id", "line"),
)

credentials = Table(
    "credentials",
    metadata,
    id_column(),
    to("institutions", index=True),
    to("batches", index=True),
    Column("line", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("number", Text, nullable=False, info={"personal": "certificate number"}),
    # A copy bound to a holder's key: same number and content, its own entry, salt, leaf and receipt.
    Column("copy_of", ID, ForeignKey("credentials.id"), index=True),
    Column("holder", Text, info={"personal": "DID of the holder whose copy it is"}),
    Column("format", Text, nullable=False, server_default="ldp_vc"),  # formats.Format
    Column("record", JSON(none_as_null=True), info={"personal": "what is certified about whom"}),
    Column("record_hash", LargeBinary, info={"personal": "SHA-256 of the record"}),
    Column("document", LargeBinary, info={"personal": "the signed credential"}),
    Column("digest", LargeBinary, info={"personal": "digest of the signed credential"}),
    Column("place", Integer),  # leaf index in the batch's tree
    to("status_lists"),
    Column("status_index", Integer, nullable=False),
    Column("state", Text, nullable=False),  # reserved, signed, released, revoked, suspended, replaced
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_until", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("status_list_id", "status_index"),
    Index(None, "institution_id", "record_hash"),
    Index(None, "institution_id", "created_at"),
    Index(None, "digest"),
    # A number is given out once; copies carry their original's.
    Index(
        "uq_credentials_number",
        "number",
        unique=True,
        sqlite_where=text("copy_of IS NULL"),
        postgresql_where=text("copy_of IS NULL"),
    ),
    # One copy for one holder in one format: asking again finds it.
    Index(
        "uq_credentials_copy",
        "copy_of",
        "holder",
        "format",
        unique=True,
        sqlite_where=text("state <> 'failed'"),
        postgresql_where=text("state <> 'failed'"),
    ),
)

salts = Table(
    "salts",
    metadata,
    Column("credential_id", ID, ForeignKey("credentials.id"), primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=False, info={"personal": "ties the record to its anchored leaf"}),
)

trees = Table(
    "trees",
    metadata,
    Column("batch_id", ID, ForeignKey("batches.id"), primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("nodes", LargeBinary, nullable=False),  # all levels, leaves first, cut into parts of equal length
)

transactions = Table(
    "transactions",
    metadata,
    id_column(),
    Column("account", Text, nullable=False),
    Column("purpose", Text, nullable=False),  # name of the act
    to("batches", nullable=True, index=True),
    to("epochs", nullable=True, index=True),
    Column("nonce", BigInteger, nullable=False),
    # What it does; none of a transaction that was signed before these columns were there.
    Column("target", Text),
    Column("data", LargeBinary),
    Column("gas", BigInteger),
    Column("state", Text, nullable=False),  # transactions.TransactionState
    Column("looks", Integer, nullable=False, server_default="0"),  # in a row that its nonce did not fit
    Column("reorgs", Integer, nullable=False, server_default="0"),
    Column("block", BigInteger),
    Column("confirmations", Integer, nullable=False, server_default="0"),
    Column("error_code", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False, server_default="0"),
    # Two live transactions of one account never share a nonce.
    Index(
        "uq_transactions_live_nonce",
        "account",
        "nonce",
        unique=True,
        sqlite_where=text("state NOT IN ('replaced', 'reverted')"),
        postgresql_where=text("state NOT IN ('replaced', 'reverted')"),
    ),
)

# The same transaction under one nonce, signed again with higher fees: each has a hash of its own.
attempts = Table(
    "attempts",
    metadata,
    id_column(),
    to("transactions", index=True),
    Column("number", Integer, nullable=False),  # 1, 2, …
    Column("raw", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("highest_wei", BigInteger),
    Column("tip_wei", BigInteger),
    Column("signed_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("seen_at", BigInteger),  # when the chain was first seen to have it
    Column("mined_at", BigInteger),  # time of its block
    Column("gas_used", BigInteger),
    Column("price_wei", BigInteger),
    UniqueConstraint("transaction_id", "number"),
)

tasks = Table(
    "tasks",
    metadata,
    id_column(),
    to("institutions", index=True),
    Column("uid", LargeBinary, nullable=False, unique=True),  # 16 random bytes, inside what is signed
    Column("act", Integer, nullable=False),
    to("status_lists"),
    Column("changes", LargeBinary, nullable=False),
    Column("notes", JSON, nullable=False, info={"personal": "reason and effective date by list entry"}),
    Column("state", Text, nullable=False),  # tasks.TaskState
    Column("break_glass", Boolean, nullable=False),
    Column("drafted_by", ID, ForeignKey("officers.id")),  # who has to sign a draft; none: a program asked
    Column("created_at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("error_code", Text),
    Column("error", Text),
    to("batches", nullable=True, index=True),  # issues the certificates that take the place of corrected ones
    CheckConstraint("length(uid) = 16", name="uid"),
)

# The certificates that a change of many, or a correction, is about; their progress one by one.
task_rows = Table(
    "task_rows",
    metadata,
    id_column(),
    to("tasks", index=True),
    to("credentials", index=True),  # the original; its copies share its fate
    Column("record", JSON(none_as_null=True), info={"personal": "what the corrected certificate will say"}),
    Column("salt", LargeBinary, nullable=False),  # hides the record in what officers sign
    Column("replacement_id", ID, ForeignKey("credentials.id"), index=True),
    Column("notified_at", BigInteger),
    UniqueConstraint("task_id", "credential_id"),
)

approvals = Table(
    "approvals",
    metadata,
    id_column(),
    to("tasks", index=True),
    to("officers"),
    Column("part", Text, nullable=False),  # request, approve
    Column("kind", Text, nullable=False),  # ed25519, webauthn
    Column("expires", BigInteger, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    # What a WebAuthn assertion consists of beside its signature.
    to("passkeys", nullable=True),
    Column("authenticator_data", LargeBinary),
    Column("client_data", LargeBinary),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("task_id", "officer_id"),
)

epochs = Table(
    "epochs",
    metadata,
    id_column(),
    to("status_lists", index=True),
    to("tasks", nullable=True),  # none: a heartbeat, which changes nothing
    Column("epoch", BigInteger, nullable=False),
    Column("previous_head", LargeBinary, nullable=False),
    Column("status_root", LargeBinary, nullable=False),
    Column("array_root", LargeBinary, nullable=False),
    Column("notes_root", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),  # prepared, published, lost
    Column("block", BigInteger),
    Column("time", BigInteger),
    Column("settled_at", BigInteger),  # none: a reorganisation may still take the epoch away
    # A task is used once.
    Index(
        "uq_epochs_live_task",
        "task_id",
        unique=True,
        sqlite_where=text("state <> 'lost'"),
        postgresql_where=text("state <> 'lost'"),
    ),
)

notes = Table(
    "notes",
    metadata,
    id_column(),
    to("epochs", index=True),
    to("status_lists", index=True),
    Column("entry", Integer, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("key_hash", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    UniqueConstraint("epoch_id", "entry"),
)

audit = Table(
    "audit",
    metadata,
    id_column(),
    Column("at", BigInteger, nullable=False),
    to("institutions", nullable=True),
    to("officers", nullable=True),  # by number, never by name
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),  # table and row id
    Column("detail", JSON, nullable=False),  # counts, states, codes; nothing personal
    # The leaf (STATEMENTS 11); none of an act of the whole office before it had an institution.
    Column("seq", BigInteger),
    Column("salt", LargeBinary),
    Column("content", LargeBinary),  # H(JCS(act)) as it was written
    UniqueConstraint("institution_id", "seq"),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    id_column(),
    to("institutions"),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("block", BigInteger),  # none: about to be published
    Column("time", BigInteger),
    UniqueConstraint("institution_id", "size"),
)
