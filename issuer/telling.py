"""Holders are told what became of their certificates: one notice each, written when the change is on the chain.

A notice has a name of its own, so that a worker that is cut off and starts again writes the same ones and no second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from issuer import notices, reasons
from issuer.notices import Notice
from issuer.office import Office
from issuer.store import applications, batches, institutions, task_rows
from issuer.store.batches import Credential
from issuer.store.tasks import StoredTask
from issuer.texts import LANGUAGES, Words
from jikin.status.array import State
from jikin.values import CertificateNumber, Json
from jikin.verification.texts import date_text

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a change of many has come: of *rows* certificates so many are *reissued* (of *corrected*) and *told*."""

    rows: int
    corrected: int
    reissued: int
    told: int


def progress(office: Office, task_id: int) -> Progress:
    """Return how far the certificates of a task have come, one by one."""
    with office.database.read() as connection:
        rows = task_rows.of_task(connection, task_id)
    return Progress(
        rows=len(rows),
        corrected=sum(row.corrects for row in rows),
        reissued=sum(row.replacement_id is not None for row in rows),
        told=sum(row.notified_at is not None for row in rows),
    )


def notify(office: Office, stored: StoredTask) -> None:
    """Tell the holders of a published task's rows who were not told yet; raises OfficeError."""
    with office.database.read() as connection:
        institution = institutions.by_id(connection, stored.task.institution_id)
        waiting = [row for row in task_rows.of_task(connection, stored.task.id) if row.notified_at is None]
    notes = {int(str(note["index"])): note for note in stored.task.notes}
    for start in range(0, len(waiting), _CHUNK):
        part = waiting[start : start + _CHUNK]
        with office.database.read() as connection:
            olds = {row.id: batches.by_row(connection, row.credential_id) for row in part}
            news = task_rows.replacements(connection, [row.credential_id for row in part])
            contacts = applications.contacts(connection, [one.batch_id for one in olds.values()])
        for row in part:
            old, new = olds[row.id], news.get(row.credential_id)
            to = contacts.get(old.batch_id) or str(CertificateNumber(old.number))
            text = "\n\n".join(_text(language, old, new, notes[old.status_index]) for language in LANGUAGES)
            subject = " · ".join(Words(language)("notice.subject", domain=institution.domain) for language in LANGUAGES)
            name = f"status-{stored.task.uid.hex()}-{row.id}"
            notices.notifier(office).send(Notice(to, subject, text, name=name))
        with office.database.write() as connection:
            for row in part:
                task_rows.notified(connection, row.id, office.clock())


def _text(language: str, old: Credential, new: Credential | None, note: Mapping[str, Json]) -> str:
    """Return what became of *old* in words; *new* took its place, if any did."""
    reason = reasons.reasons().get(str(note["reason"]))
    kind = State(int(str(note["state"]))).name.lower() if new is None else "replaced"
    return Words(language)(
        f"notice.{kind}",
        number=CertificateNumber(old.number),
        new="" if new is None else CertificateNumber(new.number),
        since=date_text(int(str(note["effective"])), language),
        reason=note["reason"] if reason is None else reason.text.in_language(language),
    )
