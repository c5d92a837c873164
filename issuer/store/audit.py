"""The log of acts: written in the same transaction as the act, with officers by number and nothing personal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from issuer.store.tables import audit
from jikin.values import Json


@dataclass(frozen=True, slots=True)
class Act:
    """One entry: when (Unix seconds), for which institution, by which officer (None: the office itself), what."""

    at: int
    institution_id: int | None
    officer_id: int | None
    act: str
    subject: str
    detail: Mapping[str, Json]


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
    """Write one entry; *subject* names table and row ("batches/7"), *detail* holds counts, states and codes."""
    connection.execute(
        insert(audit).values(
            at=at, institution_id=institution_id, officer_id=officer_id, act=act, subject=subject, detail=detail
        )
    )


def entries(connection: Connection) -> tuple[Act, ...]:
    """Return every entry, oldest first."""
    found = connection.execute(select(audit).order_by(audit.c.id))
    return tuple(Act(row.at, row.institution_id, row.officer_id, row.act, row.subject, row.detail) for row in found)
