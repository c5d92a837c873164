"""The tables of the verifier's service.

A request is known by two random names: one goes to the wallet, one stays with whoever asked. Secrets that others hold
(session, response code) are kept as digests only.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# What is removed is gone: JSON null is no value.
_JSON = JSON(none_as_null=True)
# SQLite numbers rows by itself only in a column of its own INTEGER type.
_ID = BigInteger().with_variant(Integer, "sqlite")

requests = Table(
    "requests",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("asked_as", Text, nullable=False, unique=True),  # the front end's name for it
    Column("wallet_name", Text, nullable=False, unique=True),  # the name in the wallet's addresses
    Column("owner", LargeBinary, nullable=False),  # digest of the browser session or of the token that asked
    Column("template", Text, nullable=True),
    Column("purpose", Text, nullable=False),
    Column("query", _JSON, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("response_mode", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("state_code", Text, nullable=False),
    Column("answer_key", LargeBinary, nullable=True),  # secret: what the answer is encrypted to; gone once answered
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("opened_at", BigInteger, nullable=True),
    Column("declined_at", BigInteger, nullable=True),
    Column("answered_at", BigInteger, nullable=True),
    Column("response_code", LargeBinary, nullable=True, unique=True),  # digest
    Column("result", _JSON, nullable=True),  # personal: removed after result_minutes
    Column("refusal", _JSON, nullable=True),  # codes of the newest answer that was not accepted
    Index(None, "state", "expires_at"),
)

reports = Table(
    "forgery_reports",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("receipt", Text, nullable=False, unique=True),  # what the reporter is given
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),  # as it was read; may be mistyped or empty
    Column("place", Text, nullable=False),
    Column("remark", Text, nullable=False),
    Column("contact", Text, nullable=False),  # personal: removed after 90 days
    Column("created_at", BigInteger, nullable=False),
)
