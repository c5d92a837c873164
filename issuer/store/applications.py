"""Applications for machine certificates and their steps: who did what, when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, Row, insert, select, update

from issuer.store.holder_tables import application_steps, applications
from jikin.values import JsonObject


class ApplicationState(StrEnum):
    """How far an application has come."""

    APPLIED = "applied"
    RECEIVED = "received"
    REVIEWED = "reviewed"
    CERTIFIED = "certified"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Application:
    """An application as stored; *receipt* are the symbols of its public receipt number."""

    id: int
    institution_id: int
    receipt: str
    type: str
    record: JsonObject | None = field(repr=False)
    contact: str | None = field(repr=False)
    state: ApplicationState
    batch_id: int | None
    created_at: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step: into which state, by which officer (None: the applicant), when, and what was written to it."""

    state: ApplicationState
    officer_id: int | None
    note: str | None = field(repr=False)
    at: int


def _application(row: Row[tuple[object, ...]]) -> Application:
    return Application(
        row.id,
        row.institution_id,
        row.receipt,
        row.type,
        row.record,
        row.contact,
        ApplicationState(row.state),
        row.batch_id,
        row.created_at,
    )


def add(
    connection: Connection,
    *,
    institution_id: int,
    receipt: str,
    type: str,
    record: Mapping[str, str],
    contact: str,
    at: int,
) -> Application:
    """Return a new application, with its first step."""
    values = {
        "institution_id": institution_id,
        "receipt": receipt,
        "type": type,
        "record": dict(record),
        "contact": contact or None,
        "state": ApplicationState.APPLIED,
        "created_at": at,
    }
    made = _application(connection.execute(insert(applications).values(values).returning(applications)).one())
    add_step(connection, made.id, Step(ApplicationState.APPLIED, None, None, at))
    return made


def add_step(connection: Connection, application_id: int, step: Step) -> None:
    """Keep a step."""
    connection.execute(
        insert(application_steps).values(
            application_id=application_id, officer_id=step.officer_id, state=step.state, note=step.note, at=step.at
        )
    )


def advance(connection: Connection, application_id: int, before: ApplicationState, after: ApplicationState) -> bool:
    """Say whether the application went from *before* to *after* now; False when it stands elsewhere."""
    done = connection.execute(
        update(applications)
        .where(applications.c.id == application_id, applications.c.state == before)
        .values(state=after)
        .returning(applications.c.id)
    )
    return done.one_or_none() is not None


def issued_by(connection: Connection, application_id: int, batch_id: int) -> None:
    """Note which batch issues the certificate."""
    connection.execute(update(applications).where(applications.c.id == application_id).values(batch_id=batch_id))


def by_receipt(connection: Connection, receipt: str) -> Application | None:
    """Return the application with that receipt number (symbols), None if there is none."""
    row = connection.execute(select(applications).where(applications.c.receipt == receipt)).one_or_none()
    return None if row is None else _application(row)


def by_id(connection: Connection, application_id: int) -> Application | None:
    """Return the application with that row id, None if there is none."""
    row = connection.execute(select(applications).where(applications.c.id == application_id)).one_or_none()
    return None if row is None else _application(row)


def newest(
    connection: Connection, institution_id: int, limit: int, before: int | None = None
) -> tuple[Application, ...]:
    """Return the newest applications of an institution, those before row id *before* where one is given."""
    wanted = select(applications).where(applications.c.institution_id == institution_id)
    if before is not None:
        wanted = wanted.where(applications.c.id < before)
    found = connection.execute(wanted.order_by(applications.c.id.desc()).limit(limit))
    return tuple(_application(row) for row in found)


def steps_of(connection: Connection, application_id: int) -> tuple[Step, ...]:
    """Return the steps of an application, oldest first."""
    found = connection.execute(
        select(application_steps)
        .where(application_steps.c.application_id == application_id)
        .order_by(application_steps.c.id)
    )
    return tuple(Step(ApplicationState(row.state), row.officer_id, row.note, row.at) for row in found)


def contacts(connection: Connection, batch_ids: Sequence[int]) -> dict[int, str]:
    """Return by batch where notices to the applicant of its certificate go, for batches that have one."""
    found = connection.execute(
        select(applications.c.batch_id, applications.c.contact).where(
            applications.c.batch_id.in_(sorted(set(batch_ids))), applications.c.contact.is_not(None)
        )
    )
    return {row.batch_id: row.contact for row in found}
