"""Requests to a holder: the pages of whoever asks, and the two addresses that a wallet uses."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from jikin.errors import DeskError
from jikin.openid4vc.request import MEDIA_TYPE
from jikin.web.bodies import FormBody, described_form
from jikin.web.origin import same_origin
from jikin.web.problems import Problem
from verifier import requesting, results, templates, viewing
from verifier.checking import Checked
from verifier.http.counter import NO_TRACE, Counter, network_of, new_session, owner_of
from verifier.keeping import ShownAnswer
from verifier.requesting import Wish
from verifier.results import Stage
from verifier.store.requests import StoredRequest
from verifier.viewing import View
from verifier.words import Say

_MAX_PURPOSE = 100
_REFRESH_SECONDS = 2
_MAX_PICTURED = 700  # beyond, a code is too dense for most cameras


def router(counter: Counter) -> APIRouter:
    """Return the routes of requests."""
    routes = APIRouter()
    _pages(routes, counter)
    _wallet(routes, counter)
    return routes


def _pages(routes: APIRouter, counter: Counter) -> None:
    @routes.get("/requests/new", tags=["pages"], summary="Ask to see a certificate")
    def new(request: Request) -> Response:
        return _form(counter, request)

    @routes.post(
        "/requests/new",
        tags=["pages"],
        summary="Make a request and show it",
        dependencies=[Depends(same_origin)],
        openapi_extra=described_form("template", "purpose"),
    )
    def make(request: Request, form: FormBody) -> Response:
        template, purpose = form.get("template", ""), form.get("purpose", "").strip()
        errors = _errors(counter, request, template, purpose)
        if errors:
            return _form(counter, request, template, purpose, errors)
        session = counter.asker.get(request) or new_session()
        query = templates.named(counter.opened.types, template).query(counter.opened.contexts, purpose)
        wish = Wish(query=query, template=template, purpose=purpose)
        stored = requesting.create(counter.opened, wish, owner_of(session))
        answer = RedirectResponse(f"/requests/{stored.asked_as}", 303, {"cache-control": "no-store"})
        counter.asker.set(answer, session)
        return answer

    @routes.get("/requests/returned", tags=["pages"], summary="Where a wallet's browser comes back to")
    def returned(request: Request, response_code: str = "") -> Response:
        stored = requesting.returned(counter.opened, response_code[:200], counter.owner(request))
        if stored is not None:
            return RedirectResponse(f"/requests/{stored.asked_as}", 303, {"cache-control": "no-store"})
        return counter.page(request, "returned.html", "", headers=NO_TRACE)

    @routes.get("/requests/{id}", tags=["pages"], summary="A request and what was shown, for whoever asked")
    def shown(request: Request, id: str) -> Response:
        stored = requesting.of_owner(counter.opened, id, counter.owner(request))
        return _page(counter, request, stored)


def _wallet(routes: APIRouter, counter: Counter) -> None:
    @routes.get("/oid4vp/{name}/request", tags=["openid4vp"], summary="The signed request object")
    def fetched(name: str) -> Response:
        return _request_object(requesting.request_object(counter.opened, name))

    @routes.post(
        "/oid4vp/{name}/request",
        tags=["openid4vp"],
        summary="The signed request object with the wallet's nonce",
        openapi_extra=described_form(optional=("wallet_nonce", "wallet_metadata")),
    )
    def posted(name: str, form: FormBody) -> Response:
        return _request_object(requesting.request_object(counter.opened, name, form.get("wallet_nonce")))

    @routes.post(
        "/oid4vp/{name}/response",
        tags=["openid4vp"],
        summary="The wallet's answer",
        openapi_extra=described_form(optional=("response", "vp_token", "state", "error", "error_description")),
    )
    def answered(name: str, form: FormBody) -> Response:
        try:
            taken = requesting.take(counter.opened, name, form)
        except DeskError as error:
            raise Problem(
                404 if error.code.endswith("not-found") else 400, error.code, str(error), error.hint
            ) from error
        if taken is not None and not taken.sound:
            # The asker sees that what was shown is not genuine; a wallet that showed it is told that it was refused.
            return Problem(400, "request.answer", "this answer is not accepted").response()
        body = {} if taken is None else {"redirect_uri": taken.redirect_uri}
        return JSONResponse(body, headers={"cache-control": "no-store"})


def _request_object(signed: str) -> Response:
    return Response(signed, headers={"cache-control": "no-store"}, media_type=MEDIA_TYPE)


def _errors(counter: Counter, request: Request, template: str, purpose: str) -> list[tuple[str, str]]:
    say = counter.say(request)
    errors = []
    if template not in {known.id for known in templates.offered(counter.opened.types)}:
        errors.append(("template", say("ask.which_unknown")))
    if not purpose:
        errors.append(("purpose", say("ask.purpose_empty")))
    elif len(purpose) > _MAX_PURPOSE:
        errors.append(("purpose", say("ask.purpose_long", most=_MAX_PURPOSE, found=len(purpose))))
    if not errors and not counter.limits.requests.take(network_of(request)):
        errors.append(("purpose", say("ask.throttled")))
    return errors


def _form(
    counter: Counter,
    request: Request,
    template: str = "",
    purpose: str = "",
    errors: list[tuple[str, str]] | None = None,
) -> Response:
    language = counter.language(request)
    offered = [(one.id, one.names[language]) for one in templates.offered(counter.opened.types)]
    chosen = template if template in dict(offered) else _first_choice(offered)
    return counter.page(
        request,
        "ask.html",
        "ask",
        status=400 if errors else 200,
        headers={"cache-control": "no-store"},
        offered=offered,
        chosen=chosen,
        purpose=purpose[: 2 * _MAX_PURPOSE],
        errors=errors or [],
        minutes=counter.opened.settings.result_minutes,
    )


def _first_choice(offered: list[tuple[str, str]]) -> str:
    """Return what is chosen at first: the qualification, which is asked for most, else the first there is."""
    names = [name for name, _ in offered]
    return next((name for name in names if name.startswith("national")), names[0])


def _page(counter: Counter, request: Request, stored: StoredRequest) -> Response:
    opened = counter.opened
    stage = results.stage_of(stored, opened.now)
    language, say = counter.language(request), counter.say(request)
    link = requesting.link(opened, stored) if stage is not Stage.ANSWERED else ""
    wallet = opened.settings.wallet_url
    return counter.page(
        request,
        "asked.html",
        "ask",
        headers=NO_TRACE,
        id=stored.asked_as,
        stage=stage.value,
        refresh=_REFRESH_SECONDS if stage in (Stage.WAITING, Stage.OPENED, Stage.DECLINED) else None,
        link=link,
        pictured=0 < len(link) <= _MAX_PICTURED,
        wallet_link=f"{wallet}/present?request={quote(link, safe='')}" if wallet and link else "",
        expires=stored.expires_at,
        purpose=stored.purpose,
        what=_what(counter, stored, language, say),
        who=opened.settings.name,
        refused=bool(stored.refusal),
        views=_views(counter, stored, language, say),
        minutes=opened.settings.result_minutes,
    )


def _what(counter: Counter, stored: StoredRequest, language: str, say: Say) -> str:
    known = {template.id: template for template in templates.offered(counter.opened.types)}
    found = known.get(stored.template or "")
    return say("asked.own_query") if found is None else found.names[language]


def _views(counter: Counter, stored: StoredRequest, language: str, say: Say) -> list[View]:
    """Return a view for every certificate that was shown; who showed it stands first among its checks."""
    return [view for answer in results.answers_of(stored) for view in _answer_views(counter, answer, language, say)]


def _answer_views(counter: Counter, answer: ShownAnswer, language: str, say: Say) -> list[View]:
    showing = viewing.lines(results.showing_report(answer), language, say)
    opened = counter.opened
    return [
        viewing.shown(
            viewing.view(
                Checked(answer.query_id, shown.report, credential=shown.credential),
                language,
                say,
                opened.settings.own_hosts,
                opened.now,
            ),
            showing,
            say,
        )
        for shown in answer.credentials
    ]
