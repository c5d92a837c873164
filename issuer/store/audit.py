"""The log of acts: written in the same transaction as the act, with officers by number and nothing personal.

Every institution has a log of its own, counted from 0 without gaps; each act is a leaf of it (STATEMENTS 11). What the
office does as a whole (a registry, a token) is an act in the log of every institution that it has then.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, delete, insert, select, update

from issuer.store.tables import audit, audit_heads, institutions
from jikin.anchoring.chain import AuditHead
from jikin.anchoring.log import content_digest
from jikin.anchoring.statements import SALT_BYTES
from jikin.values import Digest, Json, JsonObject


@dataclass(frozen=True, slots=True)
class Act:
    """One entry: when (Unix seconds), for which institution, by which officer (None: the office itself), what."""

    at: int
    institution_id: int | None
    officer_id: int | None
    act: str
    subject: str
    detail: Mapping[str, Json]

    def to_json(self) -> JsonObject:
        """Return what is hashed: the officer stands by number, a name that means nothing outside the office."""
        return {
            "at": self.at,
            "officer": self.officer_id,
            "act": self.act,
            "subject": self.subject,
            "detail": dict(self.detail),
        }


@dataclass(frozen=True, slots=True)
class LogRow:
    """An act as a leaf: its number in the institution's log, salt, what was hashed when it was written, and the row."""

    seq: int
    salt: bytes = field(repr=False)
    content: Digest
    act: Act


def record(
    connection: Connection,
    *,
    at: int,
    act: str,
    subject: str,
    institution_id: int | None = None,
    officer_id: int | None = None,
    **detail: Json,
) -> None:
    """Write one entry; *subject* names table and row ("batches/7"), *detail* holds counts, states and codes.

    Call it last in a transaction: the number it takes keeps other acts of the institution waiting until that ends.
    """
    if institution_id is not None:
        _append(connection, Act(at, institution_id, officer_id, act, subject, detail))
        return
    every = connection.execute(select(institutions.c.id).order_by(institutions.c.id)).scalars().all()
    for each in every:
        _append(connection, Act(at, each, officer_id, act, subject, detail))
    if not every:  # the first institution's log begins with it
        connection.execute(insert(audit).values(at=at, officer_id=officer_id, act=act, subject=subject, detail=detail))


def _append(connection: Connection, act: Act) -> None:
    seq = _next(connection, act.institution_id)
    if seq == 0:
        for row in connection.execute(select(audit).where(audit.c.institution_id.is_(None)).order_by(audit.c.id)).all():
            _write(connection, Act(row.at, act.institution_id, row.officer_id, row.act, row.subject, row.detail), seq)
            seq = _next(connection, act.institution_id)
    _write(connection, act, seq)


def _next(connection: Connection, institution_id: int | None) -> int:
    """Return the next number of the log; others wait for it, so that an act taken back leaves no gap."""
    counted = connection.execute(
        update(institutions)
        .where(institutions.c.id == institution_id)
        .values(acts=institutions.c.acts + 1)
        .returning(institutions.c.acts)
    ).scalar_one()
    return int(counted) - 1


def _write(connection: Connection, act: Act, seq: int) -> None:
    connection.execute(
        insert(audit).values(
            at=act.at,
            institution_id=act.institution_id,
            officer_id=act.officer_id,
            act=act.act,
            subject=act.subject,
            detail=dict(act.detail),
            seq=seq,
            salt=secrets.token_bytes(SALT_BYTES),
            content=content_digest(act.to_json()).raw,
        )
    )


def entries(connection: Connection) -> tuple[Act, ...]:
    """Return every entry, oldest first."""
    found = connection.execute(select(audit).order_by(audit.c.id))
    return tuple(_act(row) for row in found)


def newest(connection: Connection, institution_id: int, act: str) -> Act | None:
    """Return the newest entry of that kind about an institution, None when there is none."""
    row = connection.execute(
        select(audit)
        .where(audit.c.institution_id == institution_id, audit.c.act == act)
        .order_by(audit.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _act(row)


def log_of(connection: Connection, institution_id: int) -> tuple[LogRow, ...]:
    """Return the institution's log in the order of its numbers, as the rows have it."""
    found = connection.execute(
        select(audit).where(audit.c.institution_id == institution_id, audit.c.seq.is_not(None)).order_by(audit.c.seq)
    )
    return tuple(LogRow(row.seq, row.salt, Digest(row.content), _act(row)) for row in found)


def count(connection: Connection, institution_id: int) -> int:
    """Return how many acts the institution's log has by its own count."""
    return int(connection.execute(select(institutions.c.acts).where(institutions.c.id == institution_id)).scalar_one())


@dataclass(frozen=True, slots=True)
class PlannedHead:
    """A head about to be published: stored before anything is signed, so that a retry publishes the same."""

    size: int
    root: Digest


def heads_of(connection: Connection, institution_id: int) -> tuple[AuditHead, ...]:
    """Return the heads that the registry took, oldest first."""
    found = connection.execute(
        select(audit_heads)
        .where(audit_heads.c.institution_id == institution_id, audit_heads.c.block.is_not(None))
        .order_by(audit_heads.c.size)
    )
    return tuple(AuditHead(Digest(row.root), row.size, row.time, row.block) for row in found)


def planned(connection: Connection, institution_id: int) -> PlannedHead | None:
    """Return the head that is about to be published, None when there is none."""
    row = connection.execute(
        select(audit_heads)
        .where(audit_heads.c.institution_id == institution_id, audit_heads.c.block.is_(None))
        .order_by(audit_heads.c.size)
        .limit(1)
    ).one_or_none()
    return None if row is None else PlannedHead(row.size, Digest(row.root))


def plan(connection: Connection, institution_id: int, head: PlannedHead) -> PlannedHead:
    """Return the head that is published next: *head*, or the one that was planned before."""
    before = planned(connection, institution_id)
    if before is not None:
        return before
    connection.execute(insert(audit_heads).values(institution_id=institution_id, size=head.size, root=head.root.raw))
    return head


def publish(connection: Connection, institution_id: int, head: AuditHead) -> None:
    """Note that the registry has *head*; what was planned up to its size is settled by it."""
    here = audit_heads.c.institution_id == institution_id
    connection.execute(delete(audit_heads).where(here, audit_heads.c.block.is_(None), audit_heads.c.size < head.size))
    values = {"root": head.root.raw, "block": head.block, "time": head.time}
    changed = connection.execute(
        update(audit_heads).where(here, audit_heads.c.size == head.size).values(values).returning(audit_heads.c.id)
    )
    if changed.first() is None:
        connection.execute(insert(audit_heads).values(institution_id=institution_id, size=head.size, **values))


def _act(row: Row[tuple[object, ...]]) -> Act:
    return Act(row.at, row.institution_id, row.officer_id, row.act, row.subject, row.detail)
