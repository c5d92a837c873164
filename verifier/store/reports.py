"""Reports of suspected forgeries: what somebody saw, and nothing that was not given."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, update

from verifier.store.tables import reports

CONTACT_SECONDS = 90 * 86_400


@dataclass(frozen=True, slots=True)
class ForgeryReport:
    """One report. *number* is as it was read from the paper; *created_at* is a Unix second."""

    receipt: str
    kind: str
    number: str = field(repr=False)
    place: str = field(repr=False)
    remark: str = field(repr=False)
    contact: str = field(repr=False)
    created_at: int


def add(connection: Connection, report: ForgeryReport) -> None:
    """Store a report, and forget the contacts of reports that are older than ninety days."""
    connection.execute(
        insert(reports).values(
            receipt=report.receipt,
            kind=report.kind,
            number=report.number,
            place=report.place,
            remark=report.remark,
            contact=report.contact,
            created_at=report.created_at,
        )
    )
    old = reports.c.created_at < report.created_at - CONTACT_SECONDS
    connection.execute(update(reports).where(old, reports.c.contact != "").values(contact=""))
