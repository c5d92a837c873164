"""The tables of the officers' console: passkeys, invitations, sessions, challenges, lists between upload and issue.

Of every secret (invitation code, session token) only the SHA-256 is kept.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Integer, LargeBinary, Table, Text

from issuer.store.schema import id_column, metadata, to

passkeys = Table(
    "passkeys",
    metadata,
    id_column(),
    to("officers", index=True),
    Column(
        "credential_id",
        LargeBinary,
        nullable=False,
        unique=True,
        info={"personal": "names one authenticator of an officer"},
    ),
    Column("public_key", LargeBinary, nullable=False),  # COSE key
    Column("user_handle", LargeBinary, nullable=False),  # random, the same for all passkeys of an officer
    Column("sign_count", BigInteger, nullable=False),
    Column("transports", JSON, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("retired_at", BigInteger),
)

invitations = Table(
    "invitations",
    metadata,
    id_column(),
    to("officers", index=True),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

sessions = Table(
    "sessions",
    metadata,
    id_column(),
    to("officers", index=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)

challenges = Table(
    "challenges",
    metadata,
    id_column(),
    Column("challenge", LargeBinary, nullable=False, unique=True),
    to("invitations", nullable=True),  # none: somebody wants to sign in
    Column("user_handle", LargeBinary),
    Column("expires", BigInteger, nullable=False, index=True),
)

uploads = Table(
    "uploads",
    metadata,
    id_column(),
    to("institutions", index=True),
    to("officers"),
    Column("type", Text, nullable=False),
    Column("name", Text, nullable=False, info={"personal": "name of the uploaded file"}),
    Column("data", LargeBinary, info={"personal": "the uploaded list until it is issued or dropped"}),
    Column("size", Integer, nullable=False),
    to("batches", nullable=True, index=True),  # what it became
    Column("created_at", BigInteger, nullable=False),
)
