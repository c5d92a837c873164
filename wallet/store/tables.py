"""The tables of the wallet (SQLAlchemy Core). What belongs to a holder is ciphertext, a keyed hash, or random.

``docs/wallet-data.md`` says of every column what it holds; a test compares that page with this file: ``info={"holds":
…}`` is one of *random*, *keyed hash*, *ciphertext*, *public key*, *count*, *setting*.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _holds(kind: str) -> dict[str, str]:
    return {"holds": kind}


holders = Table(
    "holders",
    metadata,
    Column("id", Text, primary_key=True, info=_holds("random")),  # the vault's id, 32 hexadecimal digits
    # HMAC of the login name under the server's key file: the database alone does not say who has a vault here.
    Column("login_tag", LargeBinary, nullable=False, unique=True, info=_holds("keyed hash")),
    Column("counter", BigInteger, nullable=False, info=_holds("count")),  # the manifest's, so that it is bound to it
    Column("manifest", LargeBinary, nullable=False, info=_holds("ciphertext")),
)

ways = Table(
    "ways",
    metadata,
    Column("id", Text, primary_key=True, info=_holds("random")),
    Column("holder_id", Text, ForeignKey("holders.id"), nullable=False, index=True, info=_holds("random")),
    Column("kind", Text, nullable=False, info=_holds("setting")),  # accounts.WayKind
    Column("confirmed", Boolean, nullable=False, info=_holds("setting")),
    # HMAC of an API token or of a passkey's credential id; none for passphrase and recovery code.
    Column("tag", LargeBinary, unique=True, info=_holds("keyed hash")),
    Column("salt", LargeBinary, nullable=False, info=_holds("random")),
    Column("memory_kib", Integer, info=_holds("setting")),  # argon2id; none where no passphrase is stretched
    Column("time", Integer, info=_holds("setting")),
    Column("lanes", Integer, info=_holds("setting")),
    Column("wrapped", LargeBinary, nullable=False, info=_holds("ciphertext")),  # the vault key
    Column("public_key", LargeBinary, info=_holds("public key")),  # COSE, made by the passkey for this wallet alone
    Column("sign_count", BigInteger, info=_holds("count")),
)

records = Table(
    "records",
    metadata,
    Column("holder_id", Text, ForeignKey("holders.id"), primary_key=True, info=_holds("random")),
    Column("id", Text, primary_key=True, info=_holds("random")),
    Column("version", BigInteger, nullable=False, info=_holds("count")),
    Column("wrapped_key", LargeBinary, nullable=False, info=_holds("ciphertext")),
    Column("ciphertext", LargeBinary, nullable=False, info=_holds("ciphertext")),
)
