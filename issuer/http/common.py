"""What the console's routes share: the office, who is signed in, the frame of its pages, refusals as pages."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, cast

from fastapi import Depends, Path, Query, Request, Response
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse

from issuer import officers
from issuer.approving import Officer, Role, role_names
from issuer.office import Office
from issuer.running import Runner
from issuer.texts import Words
from jikin.errors import JikinError, OfficeError
from jikin.web.cookies import SessionCookie
from jikin.web.frame import Frame
from jikin.web.languages import language_of
from jikin.web.pages import Pages
from jikin.web.problems import Problem, problem_of

SIGN_IN = "/admin/sign-in"
RowId = Annotated[int, Path(ge=1, lt=1 << 62)]
Before = Annotated[int | None, Query(ge=1, lt=1 << 62)]


def office_of(request: Request) -> Office:
    """Return the office behind the service."""
    return cast(Office, request.app.state.office)


def runner_of(request: Request) -> Runner:
    """Return the service's own hands."""
    return cast(Runner, request.app.state.runner)


def cookie_of(request: Request) -> SessionCookie:
    """Return the cookie of officers' sessions."""
    frame = cast(Frame, request.app.state.frame)
    return SessionCookie(frame, "officer", int(office_of(request).settings.session_hours * 3600))


def officer_here(request: Request) -> Officer:
    """Return who is signed in; raises Problem: to the sign-in page for who reads a page, 401 for all else."""
    try:
        return officers.signed_in(office_of(request), cookie_of(request).get(request))
    except OfficeError as error:
        if request.method == "GET":
            where = f"{SIGN_IN}?then={request.url.path}"
            raise Problem(303, error.code, str(error), error.hint, {"location": where}) from error
        raise Problem(401, error.code, str(error), error.hint) from error


OfficeHere = Annotated[Office, Depends(office_of)]
RunnerHere = Annotated[Runner, Depends(runner_of)]
OfficerHere = Annotated[Officer, Depends(officer_here)]


def to(address: str) -> RedirectResponse:
    """Return the answer that leads a browser to *address* after it changed something."""
    return RedirectResponse(address, status_code=303, headers={"cache-control": "no-store"})


# The menu: address, key of its label, picture, role without which it is left out.
_MENU = (
    ("/admin", "overview", "eye", Role.NONE),
    ("/admin/batches", "batches", "paper", Role.NONE),
    ("/admin/certificates", "certificates", "file", Role.NONE),
    ("/admin/changes", "changes", "people", Role.NONE),
    ("/admin/applications", "applications", "list", Role.REVIEW),
    ("/admin/transactions", "transactions", "link", Role.NONE),
    ("/admin/audit", "audit", "clock", Role.NONE),
)


def show(
    request: Request, template: str, officer: Officer, current: str, *, status: int = 200, **values: object
) -> Response:
    """Return a page of the console; *current* is the key of the menu's entry that it belongs to."""
    pages = cast(Pages, request.app.state.pages)
    language = language_of(request)
    nav = [
        (address, pages.text(language, f"menu.{key}"), key == current, icon)
        for address, key, icon, role in _MENU
        if role in officer.roles or role is Role.NONE
    ]
    return pages.render(
        request,
        template,
        status=status,
        console_nav=nav,
        officer=officer,
        officer_roles=[pages.text(language, f"role.{name}") for name in role_names(officer.roles)],
        may={name: Role[name.upper()] in officer.roles for name in ("issue", "request", "approve", "suspend")},
        **values,  # type: ignore[arg-type]  # what the template is given, never headers or policy
    )


def in_words(request: Request, error: JikinError) -> str:
    """Return what *error* means, in the language of the request."""
    language = language_of(request)
    pages = cast(Pages, request.app.state.pages)
    known = cast(Frame, request.app.state.frame).texts.words[language]
    code = error.code
    while code:
        if f"said.{code}" in known:
            return known[f"said.{code}"]
        code = code.rpartition(".")[0]
    if language == "en":
        return str(error)
    return Words(language).error(error.code) or pages.text(language, "refused.other")


class ConsoleRoute(APIRoute):
    """A route whose refusals are pages of the console with a way back, where somebody reads pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with refusals turned into pages."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except JikinError as error:
                problem = problem_of(error)
                if problem.status >= 500 or "text/html" not in request.headers.get("accept", ""):
                    raise
                pages = cast(Pages, request.app.state.pages)
                said = in_words(request, error)
                return pages.render(
                    request, "admin-refused.html", status=problem.status, said=said, problem=problem, back_to="/admin"
                )

        return handled
