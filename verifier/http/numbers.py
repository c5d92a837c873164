"""Certificate numbers: what a printed code opens, and the name behind a number for whoever knows it already."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from jikin.errors import NumberError, ValueRefusedError
from jikin.values import CertificateNumber
from jikin.web.app import prefers_page
from jikin.web.bodies import FormBody, described_form
from jikin.web.origin import same_origin
from jikin.web.problems import Problem
from verifier import checking, facts, second_factor, viewing
from verifier.checking import Checked
from verifier.http.counter import NO_TRACE, Counter, network_of
from verifier.http.pages import start_page
from verifier.instants import asked_instant
from verifier.second_factor import Answer

_MAX_SHOWN = 64
_SYMBOLS = 20


def router(counter: Counter) -> APIRouter:
    """Return the routes of numbers."""
    routes = APIRouter(tags=["pages"])

    @routes.get("/n", summary="Look up a typed number")
    def typed(request: Request, number: str = "") -> Response:
        try:
            found = CertificateNumber.parse(number)
        except NumberError:
            return _mistyped(counter, request, number)
        return RedirectResponse(f"/n/{found}", 303, NO_TRACE)

    @routes.get("/n/{number}", summary="What a certificate number says")
    @routes.get("/N/{number}", include_in_schema=False)
    def shown(request: Request, number: str, format: str = "", at: str = "") -> Response:
        as_json = format == "json" or not _reads_pages(request)
        try:
            found = CertificateNumber.parse(number)
        except NumberError as error:
            if as_json:
                raise Problem(400, error.code, str(error), "look at its last two characters again") from error
            return _mistyped(counter, request, number)
        instant, misdated = _instant(counter, at)
        if misdated is not None and as_json:
            raise Problem(400, misdated.code, str(misdated), "a day is written 2026-06-12") from misdated
        checked = _look_up(counter, found, instant)
        if as_json:
            return JSONResponse(checking.checked_json(checked), headers=dict(NO_TRACE))
        return _page(counter, request, found, checked, asked=_Asked(at, misdated is not None))

    @routes.get("/n/{number}/name", include_in_schema=False)
    def back(number: str) -> Response:
        try:
            return RedirectResponse(f"/n/{CertificateNumber.parse(number)}", 303, NO_TRACE)
        except NumberError:
            return RedirectResponse("/", 303, NO_TRACE)

    @routes.post(
        "/n/{number}/name",
        summary="The masked name, for whoever knows name and birth date",
        dependencies=[Depends(same_origin)],
        openapi_extra=described_form("name", "birth_date"),
    )
    def name(request: Request, number: str, form: FormBody) -> Response:
        try:
            found = CertificateNumber.parse(number)
        except NumberError:
            return _mistyped(counter, request, number)
        answer = _ask(counter, request, found, form.get("name", ""), form.get("birth_date", ""))
        return _page(counter, request, found, _look_up(counter, found), answer)

    return routes


def _reads_pages(request: Request) -> bool:
    """Say whether a page is wanted: everybody but who asks for JSON and nothing else."""
    accept = request.headers.get("accept", "")
    return "application/json" not in accept or prefers_page(request)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The day that was asked about as it was typed, and whether it is none."""

    text: str = ""
    wrong: bool = False


def _instant(counter: Counter, text: str) -> tuple[int | None, ValueRefusedError | None]:
    """Return the instant asked about (None: now), or what is wrong with the text."""
    if not text.strip():
        return None, None
    try:
        return asked_instant(text, counter.opened.now), None
    except ValueRefusedError as error:
        return None, error


def _look_up(counter: Counter, number: CertificateNumber, at: int | None = None) -> Checked:
    with counter.opened.sessions.session() as session:
        return checking.check_number(number, counter.opened.desk, session, at=at)


def _ask(counter: Counter, request: Request, number: CertificateNumber, name: str, birth_date: str) -> Answer:
    """Return what the issuer says; whoever asks too often hears what everybody hears who is wrong."""
    allowed = counter.limits.second_factor.take(network_of(request)) and counter.limits.number.take(number.symbols)
    if not allowed:
        return Answer(None, away=False)
    with counter.opened.sessions.session() as session:
        return second_factor.ask(counter.opened, session, number, name, birth_date)


def _mistyped(counter: Counter, request: Request, typed: str) -> Response:
    say = counter.say(request)
    kept = typed.strip()[:_MAX_SHOWN]
    length = len(kept.replace("-", "").replace(" ", ""))
    if not kept:
        error = say("start.number.empty")
    elif length != _SYMBOLS:
        error = say("start.number.length", found=length)
    else:
        error = say("start.number.mistyped")
    return start_page(counter, request, number=kept, number_error=error)


def _page(
    counter: Counter,
    request: Request,
    number: CertificateNumber,
    checked: Checked,
    answer: Answer | None = None,
    *,
    asked: _Asked | None = None,
) -> Response:
    own_hosts = counter.opened.settings.own_hosts
    view = viewing.view(checked, counter.language(request), counter.say(request), own_hosts, counter.opened.now)
    return counter.page(
        request,
        "number.html",
        "check",
        headers=NO_TRACE,
        view=view,
        again=f"/n/{number}",
        number=str(number),
        asks_name=facts.has_holder_name(checked.record),
        answer=answer,
        asked=asked or _Asked(),
    )
