"""Checking what people bring: files, folders, links and numbers go in, one answer for each document comes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jikin.anchoring.receipt import Receipt
from jikin.badges import foreign
from jikin.badges.confined import Confinement, borrowed
from jikin.badges.documents import CredentialFound, ForeignFound, NumberFound, SubmittedFile, open_document
from jikin.badges.imported import Imported
from jikin.badges.qr import CheckUrl
from jikin.credentials.record import NumberRecord
from jikin.errors import AnchorError, BadgeError, DocumentError, FetchError, JikinError, NumberError
from jikin.values import CertificateNumber, Json, JsonObject
from jikin.verification import reporting
from jikin.verification.document import Document
from jikin.verification.evidence import Missing
from jikin.verification.numbers import verify_number
from jikin.verification.packed import document_of
from jikin.verification.report import Outcome, Report
from jikin.verification.sources import Session
from jikin.verification.verifying import verify
from verifier import importing
from verifier.app import Desk

_MAX_BYTES = 20 << 20
_WORST = (Outcome.PASSED, Outcome.UNKNOWN, Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer for one document called *name*: a report, or a fault where there was nothing that could be judged.

    *record*: what the issuer says publicly of the number, where a number was checked. *host*: where a QR code leads.
    *credential*: what was judged, where it was a credential. *imported*: what holds of a badge of another system, which
    is told beside the fault that says that it is not judged here.
    """

    name: str
    report: Report | None
    fault: JikinError | None = None
    record: NumberRecord | None = None
    host: str | None = None
    credential: JsonObject | None = field(default=None, repr=False)
    imported: Imported | None = None

    @property
    def outcome(self) -> Outcome:
        """Return the report's outcome; what could not be read is unknown, neither genuine nor forged.

        An imported badge is unknown too, however much of it holds: nobody here vouches for who made it. It fails where
        it is proved that it was altered, for which nobody has to vouch.
        """
        if self.report is not None:
            return self.report.outcome
        return Outcome.FAILED if self.imported is not None and self.imported.altered else Outcome.UNKNOWN


def check(asked: str, desk: Desk, session: Session, *, at: int | None = None) -> Iterator[Checked]:
    """Yield an answer for each document that *asked* names: a path, a link, or a certificate number.

    *at*: an earlier instant to judge about (Unix seconds). Raises DocumentError (``document.not-found``) for what is
    neither.
    """
    path = Path(asked)
    if path.exists():
        with borrowed(None) as confinement:
            yield from (_file(entry, desk, session, at) for entry in open_document(path, confinement=confinement))
    elif asked.startswith(("https://", "http://", "HTTPS://", "HTTP://")):
        yield from _link(asked, desk, session, at)
    else:
        try:
            number = CertificateNumber.parse(asked)
        except NumberError as error:
            raise DocumentError(
                f"{asked[:80]!r} is no file here, no link and no certificate number: {error}",
                code="document.not-found",
            ) from error
        yield _number(asked, number, None, desk, session, at=at)


def check_upload(
    name: str,
    data: bytes,
    desk: Desk,
    session: Session,
    *,
    confinement: Confinement | None = None,
    at: int | None = None,
) -> Iterator[Checked]:
    """Yield an answer for each document in the file called *name*, parsed in *confinement*; nothing is kept.

    *at*: an earlier instant to judge about (Unix seconds).
    """
    with borrowed(confinement) as confined:
        for entry in open_document(data, name=name, confinement=confined):
            yield _file(entry, desk, session, at)


def check_number(number: CertificateNumber, desk: Desk, session: Session, *, at: int | None = None) -> Checked:
    """Return the answer for a certificate number; *at*: an earlier instant to judge about (Unix seconds)."""
    return _number(str(number), number, None, desk, session, at=at)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst of *outcomes*: failed, then unknown, then passed; of none: unknown."""
    return max(outcomes, key=_WORST.index, default=Outcome.UNKNOWN)


def checked_json(checked: Checked) -> JsonObject:
    """Return the answer as JSON: the report; for what could not be read, the same shape with the one finding.

    A badge of another system has ``imported`` besides: its kind, its *standing* as a whole (imported, ended, unchecked,
    broken), and what was looked at, each with its *outcome* (holds, fails, open).
    """
    if checked.report is not None:
        report = reporting.report_json(checked.report)
        if checked.record is not None:
            public: Json = [{"label": dict(field.label), "value": field.value} for field in checked.record.public]
            report = {**report, "public": public}
        return report if checked.host is None else {**report, "host": checked.host}
    fault = checked.fault
    code, detail = ("document", "nothing was found") if fault is None else (fault.code, str(fault))
    outcome = checked.outcome.value
    finding: JsonObject = {"code": code, "outcome": outcome, "weight": "required", "detail": detail}
    hint = {} if fault is None or fault.hint is None or checked.imported is not None else {"hint": fault.hint}
    imported = {} if checked.imported is None else {"imported": _imported_json(checked.imported)}
    return {"outcome": outcome, "subject": {"kind": "document"}, "findings": [finding], **hint, **imported}


def _imported_json(imported: Imported) -> JsonObject:
    said = {name: value for name, value in imported.to_json().items() if name not in ("outcome", "looked", "inner")}
    looked: Json = [
        {"code": one.code.value, "outcome": one.standing.value, "detail": one.detail} for one in imported.looked
    ]
    inner: list[Json] = [_imported_json(one) for one in imported.inner]
    whole: JsonObject = {**said, "standing": imported.outcome.value, "looked": looked}
    return {**whole, "inner": inner} if inner else whole


def _file(entry: SubmittedFile, desk: Desk, session: Session, at: int | None) -> Checked:
    match entry.content:
        case CredentialFound():
            return _credential(entry.name, entry.content, desk, session, at)
        case NumberFound():
            return _number(entry.name, entry.content.number, entry.content.host, desk, session, at=at)
        case ForeignFound():
            return _foreign(entry.name, entry.content, desk, session, at)
        case _:
            return Checked(entry.name, None, entry.content)


def _credential(name: str, found: CredentialFound, desk: Desk, session: Session, at: int | None) -> Checked:
    unasked = isinstance(session.block, Missing)
    packed = session.sources.of_pack(found.pack) if unasked and found.pack is not None else None
    if packed is not None and found.pack is not None:
        # The registry cannot be asked, and the document brought its proofs along.
        report = verify(document_of(found.pack), packed, desk.pack_policy, desk.clock(), at=at)
        return Checked(name, report, credential=found.credential)
    given: Json = found.credential if found.envelope is None else found.envelope
    try:
        receipt = None if found.receipt is None else Receipt.parse(found.receipt)
    except AnchorError as error:
        # A receipt that cannot be read is no reason to doubt the credential; the issuer publishes another copy.
        fault = DocumentError(f"the receipt cannot be read: {error}", code=error.code)
        report = verify(Document.of(given), session, desk.policy, desk.clock(), at=at)
        return Checked(name, report, fault, credential=found.credential)
    document = Document.of(given, receipt)
    return Checked(name, verify(document, session, desk.policy, desk.clock(), at=at), credential=found.credential)


def _foreign(name: str, found: ForeignFound, desk: Desk, session: Session, at: int | None) -> Checked:
    try:
        imported = importing.look(found, desk, session, desk.clock() if at is None else at)
    except (BadgeError, FetchError) as error:
        return Checked(name, None, error)
    return Checked(name, None, foreign.refusal(found.kind), imported=imported)


def _number(
    name: str, number: CertificateNumber, host: str | None, desk: Desk, session: Session, *, at: int | None
) -> Checked:
    answer = verify_number(number, session, desk.policy, desk.clock(), at=at)
    return Checked(name, answer.report, None, answer.record, host)


def _link(url: str, desk: Desk, session: Session, at: int | None) -> Iterator[Checked]:
    """A certificate's check link is a number; any other link leads to a document."""
    try:
        code = CheckUrl.parse(url)
    except DocumentError as error:
        if error.code != "document.other-code":
            yield Checked(url, None, error)
            return
    else:
        yield _number(url, code.number, code.host, desk, session, at=at)
        return
    try:
        body = session.sources.fetch.get(url, max_bytes=_MAX_BYTES)
    except FetchError as error:
        yield Checked(url, None, error)
        return
    with borrowed(None) as confinement:
        name = url.rpartition("/")[2] or url
        yield from (
            _file(entry, desk, session, at) for entry in open_document(body, name=name, confinement=confinement)
        )


def summary_json(answers: Sequence[Checked]) -> JsonObject:
    """Return several answers as one JSON document: the worst outcome, how many of each, and every answer by name."""
    return {
        "outcome": worst(answer.outcome for answer in answers).value,
        "counts": {outcome.value: sum(answer.outcome is outcome for answer in answers) for outcome in reversed(_WORST)},
        "documents": [{"name": answer.name, **checked_json(answer)} for answer in answers],
    }
