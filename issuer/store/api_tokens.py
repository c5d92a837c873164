"""Bearer tokens of other programs, as digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, insert, select, update

from issuer.store.holder_tables import api_tokens


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as stored: what it is called, what it may do, since when, and since when no more."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: int
    revoked_at: int | None


def _token(row: Row[tuple[object, ...]]) -> StoredToken:
    return StoredToken(row.id, row.name, tuple(row.scopes), row.created_at, row.revoked_at)


def add(connection: Connection, name: str, digest: bytes, scopes: Sequence[str], at: int) -> StoredToken:
    """Return the token, stored."""
    values = {"name": name, "digest": digest, "scopes": list(scopes), "created_at": at}
    return _token(connection.execute(insert(api_tokens).values(values).returning(api_tokens)).one())


def by_digest(connection: Connection, digest: bytes) -> StoredToken | None:
    """Return the token in use with that digest, None for none."""
    row = connection.execute(
        select(api_tokens).where(api_tokens.c.digest == digest, api_tokens.c.revoked_at.is_(None))
    ).one_or_none()
    return None if row is None else _token(row)


def every(connection: Connection) -> tuple[StoredToken, ...]:
    """Return all tokens, oldest first."""
    return tuple(_token(row) for row in connection.execute(select(api_tokens).order_by(api_tokens.c.id)))


def revoke(connection: Connection, token_id: int, at: int) -> StoredToken | None:
    """Return the token, ended now; None when there is none in use with that row id."""
    row = connection.execute(
        update(api_tokens)
        .where(api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(api_tokens)
    ).one_or_none()
    return None if row is None else _token(row)
