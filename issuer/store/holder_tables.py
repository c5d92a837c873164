"""The tables of what holders, applicants and other programs ask for: offers, copies, machine access, applications.

Of every secret (code, token, nonce, transaction id) only the SHA-256 is kept; of a short code a tag under the pepper.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, LargeBinary, Table, Text, UniqueConstraint

from issuer.store.schema import id_column, metadata, to

offers = Table(
    "offers",
    metadata,
    id_column(),
    to("institutions", index=True),
    to("credentials", nullable=True, index=True),  # none: it is still being issued by the batch
    to("batches", nullable=True, index=True),
    to("officers", nullable=True),
    Column("configuration", Text, nullable=False),  # id of the credential configuration
    Column("reference_digest", LargeBinary, nullable=False, unique=True),
    Column("code_digest", LargeBinary, nullable=False, unique=True),
    Column("tx_tag", LargeBinary),  # HMAC of the transaction code; none: no code is asked for
    Column("wrong_codes", Integer, nullable=False, default=0),
    Column("deferred", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("redeemed_at", BigInteger),
)

grants = Table(
    "grants",
    metadata,
    id_column(),
    to("offers", index=True),
    Column("token_digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)

nonces = Table(
    "nonces",
    metadata,
    id_column(),
    to("institutions"),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("expires", BigInteger, nullable=False, index=True),
)

copies = Table(
    "copies",
    metadata,
    id_column(),
    to("offers"),
    to("institutions", index=True),
    to("credentials", nullable=True, index=True),  # the copy, once it is reserved
    Column("holder", Text, nullable=False, info={"personal": "DID of the holder who asked for a copy"}),
    Column("error_code", Text),  # why there will be none
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("offer_id", "holder"),
)

claims = Table(
    "claims",
    metadata,
    id_column(),
    to("offers", index=True),
    Column("copies", JSON, nullable=False),  # row ids, in the order of the proofs
    Column("transaction_digest", LargeBinary, unique=True),
    Column("notification_digest", LargeBinary, unique=True),
    Column("event", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

applications = Table(
    "applications",
    metadata,
    id_column(),
    to("institutions", index=True),
    Column("receipt", Text, nullable=False, unique=True),  # public receipt number
    Column("type", Text, nullable=False),
    Column("record", JSON(none_as_null=True), info={"personal": "machine and maker as applied for"}),
    Column("contact", Text, info={"personal": "where notices to the applicant go"}),
    Column("state", Text, nullable=False),  # applications.ApplicationState
    to("batches", nullable=True, index=True),  # issues the certificate
    Column("created_at", BigInteger, nullable=False),
)

application_steps = Table(
    "application_steps",
    metadata,
    id_column(),
    to("applications", index=True),
    to("officers", nullable=True),  # none: the applicant
    Column("state", Text, nullable=False),
    Column("note", Text, info={"personal": "what the officer wrote to a step"}),
    Column("at", BigInteger, nullable=False),
)
