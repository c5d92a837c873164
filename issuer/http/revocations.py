"""Two persons change what a certificate is worth: request, approval, both by passkey."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import JSONResponse

from issuer import correcting, looking, reasons, revoking
from issuer.approving import Officer
from issuer.http.common import ConsoleRoute, OfficeHere, OfficerHere, RowId, RunnerHere, in_words, show, to
from issuer.looking import Seen
from issuer.office import Office
from issuer.store.tasks import TaskState
from jikin.errors import JikinError, OfficeError, ValueRefusedError
from jikin.status.array import State
from jikin.values import CertificateNumber
from jikin.web.bodies import FormBody
from jikin.web.languages import language_of
from jikin.web.origin import same_origin
from jikin.web.problems import status_of

router = APIRouter(prefix="/admin", route_class=ConsoleRoute, include_in_schema=False)
_CHANGES = [Depends(same_origin)]
Wish = Literal["revoked", "suspended", "valid", "replaced"]
_CELL = "cell-"  # before a column's key, in the form that puts a certificate right
_SHOWN = 10
_LAST = 6  # letters of the number that the second person writes down


@router.get("/changes")
def changes(request: Request, office: OfficeHere, officer: OfficerHere) -> Response:
    """Return the newest status changes; those that wait for the officer first."""
    known = looking.changes(office, officer)
    waiting = looking.changes(office, officer, only_waiting=True)
    ids = {one.stored.task.id for one in waiting}
    past = [one for one in known if one.stored.task.id not in ids]
    mine = {one.stored.task.id for one in waiting if revoking.part_of(one.stored, officer) is not None}
    return show(request, "admin-changes.html", officer, "changes", waiting=waiting, past=past, mine=mine)


@router.get("/certificates/{credential_id}/change")
def new(
    request: Request,
    office: OfficeHere,
    officer: OfficerHere,
    credential_id: RowId,
    wish: Annotated[Wish, Query(alias="to")] = "suspended",
) -> Response:
    """Return the form that asks for a change."""
    seen = looking.look(office, officer, credential_id, language_of(request))
    return _form(request, officer, seen, wish, {})


@router.post("/certificates/{credential_id}/change", dependencies=_CHANGES)
def draft(request: Request, office: OfficeHere, officer: OfficerHere, credential_id: RowId, form: FormBody) -> Response:
    """Write the request down and lead to where the officer signs it."""
    seen = looking.look(office, officer, credential_id, language_of(request))
    wish = form.get("to", "")
    if wish not in ("revoked", "suspended", "valid", "replaced"):
        raise OfficeError("a certificate is revoked, suspended, reinstated or put right", code="office.request")
    try:
        asked = _asked(office, seen, wish, form)
        institution = seen.institution
        stored = revoking.draft(office, institution, officer, asked)
    except JikinError as error:
        return _form(request, officer, seen, wish, form, error=error)
    return to(f"/admin/changes/{stored[0].task.id}")


def _asked(office: Office, seen: Seen, wish: str, form: FormBody) -> revoking.Request:
    text = form.get("effective", "").strip()
    effective: int | None = None
    if text:
        try:
            day = datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007  # the zone is put in below
        except ValueError:
            raise ValueRefusedError(
                f"not a date: {text[:40]!r}; right would be 2026-06-12", code="office.effective"
            ) from None
        effective = int(day.replace(tzinfo=ZoneInfo(office.settings.timezone)).timestamp())
    corrected = {} if wish != "replaced" else {seen.credential.number: _cells(seen, form)}
    return revoking.Request(
        [CertificateNumber(seen.credential.number)],
        State[wish.upper()],
        form.get("reason", ""),
        effective,
        whole_day=effective is not None,
        alone=form.get("alone") == "yes",
        corrected=corrected,
        tell=wish == "replaced",
    )


def _cells(seen: Seen, form: FormBody) -> dict[str, str]:
    """Return the cells that say something else than the certificate, tidied, by column key."""
    typed = {key: form.get(f"{_CELL}{key}", "") for key in seen.kind.columns}
    tidied = seen.kind.record(seen.kind.match_header(tuple(typed)), tuple(typed.values()))
    record = seen.credential.record or {}
    return {key: cell for key, cell in tidied.items() if cell != record.get(key, "")}


def _form(
    request: Request, officer: Officer, seen: Seen, wish: str, form: FormBody, *, error: JikinError | None = None
) -> Response:
    language, state = language_of(request), State[wish.upper()]
    known = [(one.code, one.text.in_language(language)) for one in reasons.reasons().values() if state in one.states]
    return show(
        request,
        "admin-change-new.html",
        officer,
        "changes",
        status=200 if error is None else status_of(error),
        seen=seen,
        wish=wish,
        reasons=known,
        columns=[] if wish != "replaced" else _columns(seen, form, language),
        form=form,
        error=None if error is None else in_words(request, error),
        error_code=None if error is None else error.code,
    )


def _columns(seen: Seen, form: FormBody, language: str) -> list[tuple[str, str, str, bool]]:
    """Return of each column the field's name, what it is called, what stands in it, and whether it is needed."""
    record = seen.credential.record or {}
    return [
        (
            f"{_CELL}{key}",
            column.header.in_language(language),
            form.get(f"{_CELL}{key}", str(record.get(key, ""))),
            column.required,
        )
        for key, column in seen.kind.columns.items()
    ]


@router.get("/changes/{task_id}")
def change(request: Request, office: OfficeHere, officer: OfficerHere, task_id: RowId) -> Response:
    """Return a status change: what it does, who signed, and what the officer can do."""
    return _change(request, office, officer, task_id)


def _change(
    request: Request,
    office: Office,
    officer: Officer,
    task_id: int,
    *,
    status: int = 200,
    error: str | None = None,
    wrong_letters: bool = False,
) -> Response:
    found = looking.change(office, officer, task_id)
    signed = {one.officer_id for one, _ in found.signatures}
    part = None if officer.id in signed else revoking.part_of(found.stored, officer)
    return show(
        request,
        "admin-change.html",
        officer,
        "changes",
        status=status,
        change=found,
        corrections=correcting.shown(office, task_id, most=_SHOWN),
        part=part if found.stored.ends > office.clock() else None,
        asked_by_me=officer.id in signed or found.stored.drafted_by == officer.id,
        ended=found.stored.state in (TaskState.DRAFT, TaskState.OPEN) and found.stored.ends <= office.clock(),
        error=error,
        wrong_letters=wrong_letters,
        refusal=_refusal(request, found),
    )


def _refusal(request: Request, found: looking.Change) -> str | None:
    code = found.stored.error_code
    if code is None or code == "office.interrupted":
        return None
    return in_words(request, JikinError(found.stored.error or code, code=code))


@router.post("/changes/{task_id}/options", dependencies=_CHANGES)
def options(office: OfficeHere, officer: OfficerHere, task_id: RowId) -> JSONResponse:
    """Return the options of the passkey request: its challenge is the hash of what will be published."""
    made = revoking.signing_options(office, officer, task_id)
    return JSONResponse(made, headers={"cache-control": "no-store"})


@router.post("/changes/{task_id}/sign", dependencies=_CHANGES)
def sign(
    request: Request, office: OfficeHere, officer: OfficerHere, *, runner: RunnerHere, task_id: RowId, form: FormBody
) -> Response:
    """Take the officer's signature: the request's, or the second person's approval."""
    found = looking.change(office, officer, task_id)
    approves = found.stored.state is TaskState.OPEN
    if approves and len(found.numbers) == 1 and not _knows(form.get("last", ""), found.numbers[0]):
        return _change(request, office, officer, task_id, status=400, wrong_letters=True)
    try:
        stored = revoking.sign(office, officer, task_id, form.get("response", ""))
    except JikinError as error:
        return _change(request, office, officer, task_id, status=status_of(error), error=in_words(request, error))
    runner.nudge()
    # A number whose copies lie in another list is another task; whoever asked signs it next.
    following = None if stored.state is TaskState.APPROVED else looking.next_draft(office, officer)
    return to(f"/admin/changes/{following or task_id}")


def _knows(text: str, number: str) -> bool:
    """Say whether *text* are the last letters of *number*; hyphens and blanks do not count."""
    plain = [letter for letter in text.upper() if letter.isalnum()]
    right = [letter for letter in number if letter.isalnum()][-_LAST:]
    return [{"O": "0", "I": "1", "L": "1"}.get(letter, letter) for letter in plain] == right


@router.post("/changes/{task_id}/decline", dependencies=_CHANGES)
def decline(office: OfficeHere, officer: OfficerHere, task_id: RowId) -> Response:
    """Send a request back, or take the own one back."""
    revoking.decline(office, officer, task_id)
    return to("/admin/changes")
