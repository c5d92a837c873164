"""Officers come in and go: invitation, passkey, session."""

from __future__ import annotations

import re

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from issuer import officers
from issuer.http.common import ConsoleRoute, OfficeHere, cookie_of, in_words, to
from issuer.office import Office
from jikin.errors import JikinError
from jikin.web.bodies import FormBody
from jikin.web.origin import same_origin
from jikin.web.pages import Pages
from jikin.web.problems import status_of

router = APIRouter(prefix="/admin", route_class=ConsoleRoute, include_in_schema=False)
_CHANGES = [Depends(same_origin)]
_OWN_PAGE = re.compile(r"/admin(?:/[a-z0-9-]{1,40}){0,4}")


def _pages(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages


def _own(then: str) -> str:
    """Return *then* when it is a page of the console, else the first one."""
    return then if _OWN_PAGE.fullmatch(then) else "/admin"


@router.get("/sign-in")
def sign_in_page(request: Request, then: str = "") -> Response:
    """Return the page that asks for the passkey."""
    return _pages(request).render(request, "admin-sign-in.html", then=_own(then), error=None)


@router.post("/sign-in/options", dependencies=_CHANGES)
def sign_in_options(office: OfficeHere) -> JSONResponse:
    """Return the options of the passkey request."""
    return JSONResponse(officers.request_options(office), headers={"cache-control": "no-store"})


@router.post("/sign-in", dependencies=_CHANGES)
def sign_in(request: Request, office: OfficeHere, form: FormBody) -> Response:
    """Open a session for the owner of the passkey."""
    then = _own(form.get("then", ""))
    try:
        token = officers.sign_in(office, form.get("response", ""))
    except JikinError as error:
        said = in_words(request, error)
        return _pages(request).render(request, "admin-sign-in.html", status=status_of(error), then=then, error=said)
    return _signed_in(request, token, then)


@router.post("/sign-out", dependencies=_CHANGES)
def sign_out(request: Request, office: OfficeHere) -> Response:
    """End the session."""
    cookie = cookie_of(request)
    officers.sign_out(office, cookie.get(request))
    answer = to("/admin/sign-in")
    cookie.clear(answer)
    return answer


@router.get("/enrol")
def enrol_page(request: Request) -> Response:
    """Return the page that takes the invitation code: from the link's fragment by script, else by hand."""
    return _pages(request).render(request, "admin-enrol.html", officer_name=None, code="", error=None)


@router.post("/enrol", dependencies=_CHANGES)
def enrol_begin(request: Request, office: OfficeHere, form: FormBody) -> Response:
    """Return the page on which whoever was invited makes a passkey."""
    return _enrol(request, office, form.get("code", "").strip())


@router.post("/enrol/options", dependencies=_CHANGES)
def enrol_options(office: OfficeHere, form: FormBody) -> JSONResponse:
    """Return the options of the new passkey."""
    options = officers.creation_options(office, form.get("code", ""))
    return JSONResponse(options, headers={"cache-control": "no-store"})


@router.post("/enrol/passkey", dependencies=_CHANGES)
def enrol(request: Request, office: OfficeHere, form: FormBody) -> Response:
    """Register the passkey, use the invitation up, and open a session."""
    code = form.get("code", "")
    try:
        token = officers.enrol(office, code, form.get("response", ""))
    except JikinError as error:
        return _enrol(request, office, code, error)
    return _signed_in(request, token, "/admin")


def _enrol(request: Request, office: Office, code: str, error: JikinError | None = None) -> Response:
    name: str | None = None
    if error is None or error.code != "invitation.gone":
        try:
            name = officers.invited(office, code).name
        except JikinError as gone:
            error = gone
    return _pages(request).render(
        request,
        "admin-enrol.html",
        status=200 if error is None else status_of(error),
        officer_name=name,
        code=code if name is not None else "",
        error=None if error is None else in_words(request, error),
    )


def _signed_in(request: Request, token: str, then: str) -> Response:
    answer = to(then)
    cookie_of(request).set(answer, token)
    return answer
