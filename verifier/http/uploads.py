"""Files and what the camera read. Everything is answered at once; nothing of it is kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from jikin.badges.check_url import CheckUrl
from jikin.errors import DocumentError, ValueRefusedError
from jikin.verification.report import Outcome
from jikin.web.app import prefers_page
from jikin.web.bodies import FormBody, Upload, described_form, uploaded
from jikin.web.origin import same_origin
from jikin.web.problems import Problem
from verifier import checking, viewing
from verifier.checking import Checked
from verifier.http.counter import NO_TRACE, Counter, network_of
from verifier.http.pages import start_page
from verifier.instants import asked_instant

UPLOAD_PATHS = ("/check",)
_MAX_FILES = 50
_FIELD = "file"
_MAX_TEXT = 2000


def router(counter: Counter) -> APIRouter:
    """Return the routes of files and scanned codes."""
    routes = APIRouter(tags=["pages"])

    @routes.get("/check", include_in_schema=False)
    @routes.get("/scan", include_in_schema=False)
    def back() -> Response:
        return RedirectResponse("/", 303)

    @routes.post(
        "/check",
        summary="Check uploaded files",
        dependencies=[Depends(same_origin)],
        openapi_extra=described_form(files=(_FIELD,)),
    )
    def check(
        request: Request, files: Annotated[tuple[Upload, ...], Depends(uploaded(_FIELD, _MAX_FILES))], at: str = ""
    ) -> Response:
        if not counter.limits.uploads.take(network_of(request)):
            raise Problem(429, "request.throttled", "too many files were uploaded from this network")
        if not any(file.data for file in files):
            say = counter.say(request)
            return start_page(counter, request, file_error=say("start.file.none"))
        try:
            instant = asked_instant(at, counter.opened.now) if at.strip() else None
        except ValueRefusedError as error:
            raise Problem(400, error.code, str(error), "a day is written 2026-06-12") from error
        return _answer(counter, request, check_files(counter, files, at=instant))

    @routes.post(
        "/scan",
        summary="Open what a camera read",
        dependencies=[Depends(same_origin)],
        openapi_extra=described_form("text"),
    )
    def scan(request: Request, form: FormBody) -> Response:
        text = form.get("text", "")[:_MAX_TEXT]
        try:
            code = CheckUrl.parse(text)
        except DocumentError as error:
            return _answer(counter, request, (Checked("QR", None, error),))
        if code.host not in counter.opened.settings.own_hosts:
            return _answer(counter, request, (Checked("QR", None, host=code.host),))
        return RedirectResponse(f"/n/{code.number}", 303, NO_TRACE)

    return routes


def check_files(counter: Counter, files: tuple[Upload, ...], *, at: int | None = None) -> tuple[Checked, ...]:
    """Return an answer for every document in *files*; *at*: an earlier instant to judge about (Unix seconds)."""
    opened = counter.opened
    with opened.sessions.session() as session, opened.readers.reader() as reader:
        return tuple(
            answer
            for file in files
            for answer in checking.check_upload(file.name, file.data, opened.desk, session, confinement=reader, at=at)
        )


def _answer(counter: Counter, request: Request, answers: tuple[Checked, ...]) -> Response:
    if "application/json" in request.headers.get("accept", "") and not prefers_page(request):
        one = len(answers) == 1
        return JSONResponse(
            checking.checked_json(answers[0]) if one else checking.summary_json(answers), headers=dict(NO_TRACE)
        )
    language, say = counter.language(request), counter.say(request)
    hosts, now = counter.opened.settings.own_hosts, counter.opened.now
    views = [viewing.view(answer, language, say, hosts, now) for answer in answers]
    if len(views) == 1:
        return counter.page(request, "result.html", "check", headers=NO_TRACE, view=views[0], again="/")
    counts = {outcome.value: sum(answer.outcome is outcome for answer in answers) for outcome in Outcome}
    worst = checking.worst(answer.outcome for answer in answers).value
    return counter.page(
        request, "results.html", "check", headers=NO_TRACE, views=views, counts=counts, worst=worst, again="/"
    )
