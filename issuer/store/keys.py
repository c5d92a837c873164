"""The office's keys as rows: what each is for, where its private half lies, and since when it signs or no longer does.

A signing key is prepared, then active (it signs), then retired; one that was stolen is compromised from whatever
state. Accounts on the chain are active from the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Row, func, insert, select, update

from issuer.store.tables import batches, keys


class KeyState(StrEnum):
    """What a key is good for now, as the office knows it; the registry may know more."""

    PREPARED = "prepared"  # made, and not used before it is registered and published
    ACTIVE = "active"
    RETIRED = "retired"
    COMPROMISED = "compromised"


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the office: its public form (Multikey or address) and the *reference* to its private half.

    *follows_batch* is the newest batch when it began to sign: up to there batches may carry signatures of the key
    before. Times are Unix seconds.
    """

    id: int
    institution_id: int | None
    purpose: str
    public: str
    reference: str
    added_at: int
    active_at: int | None
    follows_batch: int
    retired_at: int | None
    compromised_since: int | None

    @property
    def state(self) -> KeyState:
        """Return what the key is good for now."""
        if self.compromised_since is not None:
            return KeyState.COMPROMISED
        if self.retired_at is not None:
            return KeyState.RETIRED
        return KeyState.PREPARED if self.active_at is None else KeyState.ACTIVE


def _key(row: Row[tuple[object, ...]]) -> Key:
    return Key(
        row.id,
        row.institution_id,
        row.purpose,
        row.public,
        row.reference,
        row.added_at,
        row.active_at,
        row.follows_batch,
        row.retired_at,
        row.compromised_since,
    )


def add(
    connection: Connection,
    *,
    institution_id: int | None,
    purpose: str,
    public: str,
    reference: str,
    at: int,
    active: bool = True,
) -> Key:
    """Return the key, added; no institution: the accreditor's. Without *active* it is prepared and not used yet."""
    row = connection.execute(
        insert(keys)
        .values(
            institution_id=institution_id,
            purpose=purpose,
            public=public,
            reference=reference,
            added_at=at,
            active_at=at if active else None,
            follows_batch=0,
        )
        .returning(keys)
    ).one()
    return _key(row)


def of(connection: Connection, institution_id: int | None, purpose: str) -> tuple[Key, ...]:
    """Return all keys for *purpose*, oldest first, ended ones too; no institution: the accreditor's."""
    owner = keys.c.institution_id.is_(None) if institution_id is None else keys.c.institution_id == institution_id
    found = connection.execute(select(keys).where(owner, keys.c.purpose == purpose).order_by(keys.c.id))
    return tuple(_key(row) for row in found)


def find(connection: Connection, institution_id: int | None, purpose: str) -> Key | None:
    """Return the key in use for *purpose*, None if there is none; no institution: the accreditor's.

    It is the last one that became active, while it is. When it has ended nothing takes its place by itself: an earlier
    key that was never retired would sign again, and nobody would wait for what it signs then.
    """
    used = [key for key in of(connection, institution_id, purpose) if key.active_at is not None]
    newest = max(used, key=lambda key: (key.active_at or 0, key.id), default=None)
    return newest if newest is not None and newest.state is KeyState.ACTIVE else None


def every(connection: Connection) -> tuple[Key, ...]:
    """Return all keys, oldest first."""
    return tuple(_key(row) for row in connection.execute(select(keys).order_by(keys.c.id)))


def activate(connection: Connection, key: Key, at: int) -> None:
    """Let a prepared key sign from now on; notes which batches may carry signatures of the key before."""
    newest = select(func.coalesce(func.max(batches.c.id), 0)).scalar_subquery()
    connection.execute(update(keys).where(keys.c.id == key.id).values(active_at=at, follows_batch=newest))


def retire(connection: Connection, key: Key, at: int) -> None:
    """Note that the key is out of use since *at*."""
    connection.execute(update(keys).where(keys.c.id == key.id).values(retired_at=at))


def compromise(connection: Connection, key: Key, since: int) -> None:
    """Note that the key counts as stolen since *since*; the moment only ever moves down, as in the registry."""
    earlier = since if key.compromised_since is None else min(since, key.compromised_since)
    connection.execute(update(keys).where(keys.c.id == key.id).values(compromised_since=earlier))
