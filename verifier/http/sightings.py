"""The form for suspected forgeries."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from jikin.web.bodies import FormBody, described_form
from jikin.web.origin import same_origin
from verifier import sightings
from verifier.http.counter import NO_TRACE, Counter, network_of
from verifier.sightings import KINDS, LONGEST, Sighting


def router(counter: Counter) -> APIRouter:
    """Return the routes of forgery reports."""
    routes = APIRouter(tags=["pages"])

    @routes.get("/report", summary="Report a suspected forgery")
    def empty(request: Request) -> Response:
        return _form(counter, request, Sighting(KINDS[0], "", "", "", ""), [])

    @routes.post(
        "/report",
        summary="Send a report",
        dependencies=[Depends(same_origin)],
        openapi_extra=described_form("kind", optional=("number", "where", "what", "contact")),
    )
    def send(request: Request, form: FormBody) -> Response:
        kind = form.get("kind", "")
        texts = {name: form.get(name, "").strip() for name in LONGEST}
        sighting = Sighting(kind if kind in KINDS else KINDS[0], **texts)
        errors = _errors(counter, request, sighting)
        if errors:
            return _form(counter, request, sighting, errors)
        receipt = sightings.take(counter.opened, sighting)
        return counter.page(request, "reported.html", "report", headers=NO_TRACE, receipt=receipt)

    return routes


def _errors(counter: Counter, request: Request, sighting: Sighting) -> list[tuple[str, str]]:
    say = counter.say(request)
    errors = [(name, say("report.long", most=LONGEST[name])) for name in sighting.too_long()]
    if not sighting.says_something:
        errors.append(("where", say("report.empty")))
    if not errors and not counter.limits.reports.take(network_of(request)):
        errors.append(("where", say("report.throttled")))
    return errors


def _form(counter: Counter, request: Request, sighting: Sighting, errors: list[tuple[str, str]]) -> Response:
    return counter.page(
        request,
        "report.html",
        "report",
        status=400 if errors else 200,
        headers=NO_TRACE if errors else None,
        sighting=sighting,
        kinds=KINDS,
        errors=errors,
    )
