"""What two persons release, and lists under an embargo: in the console, and for programs.

POST /embargoes   (file, type, until)   → 201, sealed and soon anchored
GET  /embargoes/{id}                    → how it stands: never how many candidates it has
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection
from starlette.responses import JSONResponse

from issuer import approving, embargo, embargo_approval, issue_approval, lists, two_persons
from issuer.approving import Officer, Role
from issuer.candidates import Read
from issuer.embargo import Wish
from issuer.http.common import ConsoleRoute, OfficeHere, OfficerHere, RowId, RunnerHere, in_words, show, to
from issuer.http.places import InstitutionHere, at_every_site
from issuer.http.tokens import access_to
from issuer.office import Office
from issuer.store import embargoes, institutions, issue_tasks
from issuer.store.embargoes import Embargo
from issuer.store.institutions import Institution
from issuer.store.issue_tasks import StoredTask, TaskState
from issuer.tokens import Access, Scope
from jikin.errors import JikinError, OfficeError, ValueRefusedError
from jikin.values import parse_instant
from jikin.web.bodies import FormBody, Upload, described_form, uploaded
from jikin.web.origin import same_origin
from jikin.web.problems import Problem, status_of

UPLOAD_PATHS = ("/embargoes", "/{org}/embargoes")
router = APIRouter()
console_router = APIRouter(prefix="/admin", route_class=ConsoleRoute, include_in_schema=False)
MayIssue = Annotated[Access, Depends(access_to(Scope.ISSUE))]
_CHANGES = [Depends(same_origin)]
_NO_STORE = {"cache-control": "no-store"}
_SHOWN_ROWS = 200
_TOLD = 20


# ------------------------------------------------------------------------------------------------------------ programs


@at_every_site(
    router,
    "/embargoes",
    methods=("POST",),
    summary="Seal a list of results until its second",
    status_code=201,
    openapi_extra=described_form("type", "until", files=("file",)),
    responses={422: {"description": "Rows of the list are wrong; nothing of it was kept"}},
)
def seal(
    office: OfficeHere,
    institution: InstitutionHere,
    _access: MayIssue,
    files: Annotated[tuple[Upload, ...], Depends(uploaded("file"))],
    form: FormBody,
) -> Response:
    """Return the sealed list; the same list sent again is the same embargo."""
    if not files:
        raise Problem(400, "request.missing", "the request lacks 'file', the list as CSV")
    wish = Wish(office.types.named(form["type"]), office.settings.suite, parse_instant(form["until"]))
    sealed, looked = _sealed(office, institution, wish, files[0].data, None)
    if sealed is None:
        raise _refused(looked)
    return JSONResponse(embargo.to_json(sealed), 201, _NO_STORE)


@at_every_site(router, "/embargoes/{number}", methods=("GET",), summary="How a list under an embargo stands")
def stand(office: OfficeHere, institution: InstitutionHere, _access: MayIssue, number: RowId) -> Response:
    """Return state, time, root and size; after the release the batch."""
    return JSONResponse(embargo.to_json(_of(office, institution.id, number)), headers=_NO_STORE)


def _refused(looked: Read) -> Problem:
    """Return the answer for a list with wrong rows: which and where, never what stood there."""
    places = [
        f"row {row.line}: {fault.column or 'as a whole'} ({fault.code})" for row in looked.bad for fault in row.faults
    ]
    more = f" and {len(places) - _TOLD} more" if len(places) > _TOLD else ""
    return Problem(
        422,
        "embargo.rows",
        f"nothing was sealed: {'; '.join(places[:_TOLD])}{more}",
        "correct them and send the list again; a sealed list cannot be corrected later",
    )


def _of(office: Office, institution_id: int, number: int) -> Embargo:
    with office.database.read() as connection:
        found = embargoes.find(connection, number)
    if found.institution_id != institution_id:
        raise OfficeError(f"there is no embargo {number}", code="embargo.unknown")
    return found


def _sealed(
    office: Office, institution: Institution, wish: Wish, data: bytes, officer: Officer | None
) -> tuple[Embargo | None, Read]:
    """Return the sealed list, None when rows of it are wrong; and what was read."""
    looked = embargo.look(office, wish, data)
    if looked.bad:
        return None, looked
    return embargo.seal(office, institution, wish, data, looked, officer=officer), looked


# ------------------------------------------------------------------------------------------------------- sealed lists


@console_router.get("/sealed/new")
def new(request: Request, office: OfficeHere, officer: OfficerHere) -> Response:
    """Return the form that takes a list of results to be sealed."""
    return _form(request, office, officer)


@console_router.post("/sealed", dependencies=_CHANGES)
def seal_here(
    request: Request,
    office: OfficeHere,
    officer: OfficerHere,
    files: Annotated[tuple[Upload, ...], Depends(uploaded("file"))],
    form: FormBody,
) -> Response:
    """Seal the list and lead to what is known of it; a list with wrong rows is shown and forgotten."""
    approving.need(officer, Role.ISSUE)
    chosen, when = form.get("type", ""), form.get("until", "").strip()
    if not files:
        return _form(request, office, officer, chosen, when, missing=True)
    try:
        kind = next((one for one in lists.types(office, officer) if one.id == chosen), None)
        if kind is None:
            raise OfficeError(f"this institution does not issue {chosen[:60]!r}", code="office.type-not-allowed")
        wish = Wish(kind, office.settings.suite, _second(office, when))
        sealed, looked = _sealed(office, _institution(office, officer), wish, files[0].data, officer)
    except JikinError as error:
        return _form(request, office, officer, chosen, when, error=error)
    if sealed is None:
        return _form(request, office, officer, chosen, when, looked=looked)
    task = embargo_approval.task_of(office, sealed)
    return to(f"/admin/sealed/{sealed.id}" if task is None else f"/admin/releases/{task.task.id}")


def _second(office: Office, text: str) -> int:
    """Return the Unix second of a form's local time, in the office's zone; raises OfficeError ``embargo.until``."""
    try:
        local = datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007  # the zone is put in below
    except ValueError:
        try:
            return parse_instant(text)
        except ValueRefusedError:
            raise OfficeError(
                f"{text[:40]!r} is no time; right would be 2026-12-01T09:00", code="embargo.until"
            ) from None
    return int(local.replace(tzinfo=ZoneInfo(office.settings.timezone)).timestamp())


def _form(
    request: Request,
    office: Office,
    officer: Officer,
    chosen: str = "",
    when: str = "",
    *,
    missing: bool = False,
    error: JikinError | None = None,
    looked: Read | None = None,
) -> Response:
    kinds = lists.types(office, officer)
    status = 400 if missing or looked is not None else (200 if error is None else status_of(error))
    return show(
        request,
        "admin-sealed-new.html",
        officer,
        "batches",
        status=status,
        types=kinds,
        chosen=chosen,
        when=when,
        missing=missing,
        zone=office.settings.timezone,
        error=None if error is None else in_words(request, error),
        kind=next((one for one in kinds if one.id == chosen), None),
        bad=() if looked is None else looked.bad[:_SHOWN_ROWS],
    )


def _institution(office: Office, officer: Officer) -> Institution:
    with office.database.read() as connection:
        return institutions.by_id(connection, officer.institution_id)


@console_router.get("/sealed/{number}")
def sealed_list(request: Request, office: OfficeHere, officer: OfficerHere, number: RowId) -> Response:
    """Return how a sealed list stands."""
    found = _of(office, officer.institution_id, number)
    with office.database.read() as connection:
        task = issue_tasks.live(connection, embargo_id=found.id)
    kind = office.types.named(found.type)
    return show(request, "admin-sealed.html", officer, "batches", sealed=found, kind=kind, task=task)


# --------------------------------------------------------------------------------------------------------- two persons


@console_router.get("/releases/{task_id}")
def release(request: Request, office: OfficeHere, officer: OfficerHere, task_id: RowId) -> Response:
    """Return what two persons are to release, who has signed, and what the officer can do."""
    return _release(request, office, officer, task_id)


def _release(
    request: Request, office: Office, officer: Officer, task_id: int, error: JikinError | None = None
) -> Response:
    stored = two_persons.read(office, _institution(office, officer), task_id)
    ended = embargo_approval.ended(stored, office.clock())
    with office.database.read() as connection:
        names = {one.id: one.name for one in institutions.every_officer(connection, officer.institution_id)}
        signed = {one.part: (names.get(one.officer_id, ""), one.at) for one in _given(connection, stored)}
        try:
            part = None if ended or not _waits(stored) else two_persons.part_of(connection, stored, officer)
        except OfficeError:
            part = None
    return show(
        request,
        "admin-release.html",
        officer,
        "batches",
        status=200 if error is None else status_of(error),
        stored=stored,
        manifest=stored.task.manifest,
        until=issue_approval.embargo_of(stored.task.manifest),
        kind=office.types.named(str(stored.task.manifest["type"])),
        signed=signed,
        part=part,
        ended=ended,
        error=None if error is None else in_words(request, error),
    )


def _given(connection: Connection, stored: StoredTask) -> tuple[approving.Approval, ...]:
    return tuple(issue_tasks.approvals_of(connection, stored.task.id))


def _waits(stored: StoredTask) -> bool:
    return stored.state in (TaskState.DRAFT, TaskState.OPEN)


@console_router.post("/releases/{task_id}/options", dependencies=_CHANGES)
def options(office: OfficeHere, officer: OfficerHere, task_id: RowId) -> JSONResponse:
    """Return the options of the passkey request: its challenge is the hash of the manifest."""
    return JSONResponse(two_persons.signing_options(office, officer, task_id), headers=_NO_STORE)


@console_router.post("/releases/{task_id}/sign", dependencies=_CHANGES)
def sign(
    request: Request, office: OfficeHere, officer: OfficerHere, *, runner: RunnerHere, task_id: RowId, form: FormBody
) -> Response:
    """Take the officer's signature: the request's, or the second person's approval."""
    try:
        stored = two_persons.sign(office, officer, task_id, form.get("response", ""))
    except JikinError as error:
        return _release(request, office, officer, task_id, error)
    runner.nudge()
    if stored.state is TaskState.APPROVED and stored.task.batch_id is not None:
        return to(f"/admin/batches/{stored.task.batch_id}")
    return to(f"/admin/releases/{task_id}")


@console_router.post("/releases/{task_id}/decline", dependencies=_CHANGES)
def decline(office: OfficeHere, officer: OfficerHere, task_id: RowId) -> Response:
    """Send a list back; it can be asked for anew."""
    two_persons.decline(office, officer, task_id)
    return to("/admin/batches")
