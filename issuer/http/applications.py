"""Applications for machine certificates: a form and a progress page for anybody, a list and steps for officers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from fastapi import APIRouter, Depends, Request, Response

from issuer import applying
from issuer.applying import OFFICE_COLUMNS, TYPE
from issuer.http.common import Before, ConsoleRoute, OfficeHere, OfficerHere, RowId, runner_of, show, to
from issuer.http.holders import page
from issuer.http.places import network_of
from issuer.notices import notifier
from issuer.office import Office
from issuer.store.applications import ApplicationState
from issuer.store.institutions import Institution
from jikin.credentials.columns import Column
from jikin.verification.texts import SEOUL
from jikin.web.bodies import FormBody
from jikin.web.languages import language_of
from jikin.web.limiting import Limiter
from jikin.web.origin import same_origin
from jikin.web.problems import Problem

_PER_NETWORK = "30/hour"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NO_BREAK = "\u00a0"
_LIMITER = threading.Lock()
_STEPS = (
    (ApplicationState.APPLIED,),
    (ApplicationState.RECEIVED,),
    (ApplicationState.REVIEWED,),
    applying.DECISIONS,
)

router = APIRouter(include_in_schema=False)
console_router = APIRouter(prefix="/admin", route_class=ConsoleRoute, include_in_schema=False)


# ----------------------------------------------------------------------------------------------------------- anybody


@router.get("/apply")
def ask(request: Request, office: OfficeHere) -> Response:
    """Return the form."""
    _taker(office)
    return _form(request, office, {"maker_country": "KR"}, ())


@router.post("/apply", dependencies=[Depends(same_origin)])
def apply(request: Request, office: OfficeHere, form: FormBody) -> Response:
    """Take an application and lead to its progress, or show the form again with what is wrong."""
    institution = _taker(office)
    if not _limiter(request).take(network_of(request)):
        raise Problem(429, "application.throttled", "too many applications came from this network within an hour")
    made = applying.apply(office, institution, form, form.get("contact", ""), notifier(office))
    if made.receipt is not None:
        return to(f"/progress/{made.receipt}?applied=1")
    language = language_of(request)
    errors = [
        (fault.column, f"{fault.reason_ko} {fault.fix_ko}" if language == "ko" else f"{fault.reason_en} {fault.fix_en}")
        for fault in made.faults
    ]
    return _form(request, office, form, errors, status=422)


def _taker(office: Office) -> Institution:
    found = applying.taker(office)
    if found is None:
        raise Problem(404, "application.not-found", "no institution here takes applications")
    return found


def _limiter(request: Request) -> Limiter:
    state = request.app.state
    with _LIMITER:
        if not hasattr(state, "applications"):
            state.applications = Limiter(_PER_NETWORK)
    return cast(Limiter, state.applications)


def _form(request: Request, office: Office, cells: object, errors: object, *, status: int = 200) -> Response:
    kind, language = office.types.named(TYPE), language_of(request)
    columns: list[Column] = [column for key, column in kind.columns.items() if key not in OFFICE_COLUMNS]
    name = "name_ko" if language == "ko" else "name_en"
    machines = [(code, f"{entry[name]} ({code})") for code, entry in kind.tables["machine"].items()]
    return page(
        request,
        office,
        "apply.html",
        "apply",
        status=status,
        columns=columns,
        machines=machines,
        cells=cells,
        errors=list(cast(list[tuple[str, str]], errors)),
    )


@router.get("/progress")
def look_for(request: Request, office: OfficeHere, receipt: str = "") -> Response:
    """Return the form for a receipt number, or lead to its page."""
    if not receipt:
        return page(request, office, "progress-ask.html", "progress", receipt="", error=False)
    symbols = applying.parse_receipt(receipt)
    if symbols is None or applying.progress(office, receipt) is None:
        return page(
            request, office, "progress-ask.html", "progress", status=404, receipt=receipt.strip()[:40], error=True
        )
    return to(f"/progress/{applying.printed(symbols)}")


@router.get("/progress/{receipt}")
def progress(request: Request, office: OfficeHere, receipt: str) -> Response:
    """Return how far an application is; nothing confidential stands on it."""
    found = applying.progress(office, receipt)
    if found is None:
        return page(
            request, office, "progress-ask.html", "progress", status=404, receipt=receipt.strip()[:40], error=True
        )
    at = dict(found.steps)
    begun, ended = found.steps[0][1], at.get(found.state) if found.state in applying.DECISIONS else None
    days = ((ended or office.clock()) - begun) // 86_400
    return page(
        request,
        office,
        "progress.html",
        "progress",
        found=found,
        marks=_marks(found.state, at, language_of(request)),
        days=days,
        decided=ended is not None,
        applied="applied" in request.query_params,
    )


def _marks(
    state: ApplicationState, at: Mapping[ApplicationState, int], language: str
) -> list[tuple[str, str, str | None]]:
    """Return for each of the four steps its key, how it stands (done, now, next), and the day it was done."""
    reached = next(place for place, states in enumerate(_STEPS) if state in states)
    keys = ("applied", "received", "reviewed", "decided")

    def mark(place: int) -> str:
        if place <= reached:
            return "done"
        return "now" if place == reached + 1 else "next"

    return [
        (key, mark(place), next((_short_day(at[state], language) for state in _STEPS[place] if state in at), None))
        for place, key in enumerate(keys)
    ]


def _short_day(instant: int, language: str) -> str:
    """Return the day in Seoul without its year, for four of them side by side on a phone: 11월 3일, 3 Nov."""
    day = datetime.fromtimestamp(instant, SEOUL)
    if language == "ko":
        return f"{day.month}월{_NO_BREAK}{day.day}일"
    return f"{day.day}{_NO_BREAK}{_MONTHS[day.month - 1]}"


# ---------------------------------------------------------------------------------------------------------- officers


@console_router.get("/applications")
def listed(request: Request, office: OfficeHere, officer: OfficerHere, before: Before = None) -> Response:
    """Return the newest applications."""
    found = applying.listed(office, officer, before)
    kind = office.types.named(TYPE)
    lines = [(one, applying.printed(one.receipt), applying.machine_of(kind, one.record or {})) for one in found]
    older = found[-1].id if len(found) == applying.PAGE_ROWS else None
    return show(request, "admin-applications.html", officer, "applications", lines=lines, older=older)


@console_router.get("/applications/{application_id}")
def detail(request: Request, office: OfficeHere, officer: OfficerHere, application_id: RowId) -> Response:
    """Return an application with its steps, and what can be done next."""
    return _detail(request, office, officer, application_id)


def _detail(request: Request, office: Office, officer: OfficerHere, application_id: int) -> Response:
    found = applying.detail(office, officer, application_id)
    kind, record = office.types.named(TYPE), found.application.record or {}
    language, machine = language_of(request), applying.machine_of(kind, record)
    shown = {**record, "machine_code": machine[language]} if machine is not None else record
    rows = [
        (column.header.in_language(language), str(shown.get(key, "")))
        for key, column in kind.columns.items()
        if key not in OFFICE_COLUMNS
    ]
    reviewed_by = {step.officer_id for step, _ in found.steps if step.state is ApplicationState.REVIEWED}
    return show(
        request,
        "admin-application.html",
        officer,
        "applications",
        found=found,
        machine=machine,
        rows=rows,
        own_review=officer.id in reviewed_by,
    )


@console_router.post("/applications/{application_id}", dependencies=[Depends(same_origin)])
def step(request: Request, office: OfficeHere, officer: OfficerHere, application_id: RowId, form: FormBody) -> Response:
    """Move an application on."""
    try:
        after = ApplicationState(form.get("to", ""))
    except ValueError as error:
        raise Problem(400, "request.invalid", "`to` is the state that the application goes into") from error
    applying.step(office, officer, application_id, after, form.get("note", ""), notifier=notifier(office))
    runner_of(request).nudge()
    return to(f"/admin/applications/{application_id}")
