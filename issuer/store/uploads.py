"""Lists between upload and issue. The list itself is personal: it goes when it is issued, dropped, or a day old."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, delete, insert, select, update

from issuer.store.console_tables import uploads
from jikin.errors import OfficeError

KEPT_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Uploaded:
    """An uploaded list: *data* is None once it was issued, and *batch_id* then says what it became."""

    id: int
    institution_id: int
    officer_id: int
    type: str
    name: str = field(repr=False)
    data: bytes | None = field(repr=False)
    size: int
    batch_id: int | None
    created_at: int


def _uploaded(row: Row[tuple[object, ...]]) -> Uploaded:
    return Uploaded(
        row.id,
        row.institution_id,
        row.officer_id,
        row.type,
        row.name,
        row.data,
        row.size,
        row.batch_id,
        row.created_at,
    )


def add(
    connection: Connection, *, institution_id: int, officer_id: int, type: str, name: str, data: bytes, at: int
) -> int:
    """Return the row id of the list, stored."""
    added = connection.execute(
        insert(uploads)
        .values(
            institution_id=institution_id,
            officer_id=officer_id,
            type=type,
            name=name,
            data=data,
            size=len(data),
            created_at=at,
        )
        .returning(uploads.c.id)
    )
    return int(added.scalar_one())


def by_id(connection: Connection, upload_id: int, institution_id: int) -> Uploaded:
    """Return the list with that row id; raises OfficeError ``office.list-unknown`` when it is not the institution's."""
    row = connection.execute(
        select(uploads).where(uploads.c.id == upload_id, uploads.c.institution_id == institution_id)
    ).one_or_none()
    if row is None:
        raise OfficeError(
            f"there is no uploaded list {upload_id}; lists are kept for a day", code="office.list-unknown"
        )
    return _uploaded(row)


def names(connection: Connection, institution_id: int) -> dict[int, str]:
    """Return by batch how the file was called that it came from."""
    found = connection.execute(
        select(uploads.c.batch_id, uploads.c.name)
        .where(uploads.c.institution_id == institution_id, uploads.c.batch_id.is_not(None))
        .order_by(uploads.c.id.desc())
    )
    return {row.batch_id: row.name for row in found}


def became(connection: Connection, upload_id: int, batch_id: int) -> None:
    """Note what the list became, and forget the list."""
    connection.execute(update(uploads).where(uploads.c.id == upload_id).values(batch_id=batch_id, data=None))


def drop(connection: Connection, upload_id: int) -> None:
    """Forget the list; nothing was issued from it."""
    connection.execute(delete(uploads).where(uploads.c.id == upload_id, uploads.c.batch_id.is_(None)))


def forget(connection: Connection, now: int) -> None:
    """Forget the lists that were left lying for a day."""
    connection.execute(delete(uploads).where(uploads.c.batch_id.is_(None), uploads.c.created_at <= now - KEPT_SECONDS))
