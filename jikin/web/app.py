"""The application of one service: middleware, answers to everything that goes wrong, and what all services answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

import jikin
from jikin.errors import JikinError
from jikin.web import assets, common_routes, headers, logs
from jikin.web.frame import Frame
from jikin.web.metrics import Metrics
from jikin.web.middleware import Around, BodyLimit, LanguageCookie, SecureHeaders
from jikin.web.pages import Pages
from jikin.web.problems import MEDIA_TYPE, Problem, problem_of

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
_TITLES = {"issuer": "Jikin issuer", "wallet": "Jikin wallet", "verifier": "Jikin verifier"}


def create(
    frame: Frame,
    routers: Sequence[APIRouter],
    *,
    ready: Callable[[], Mapping[str, bool]],
    lifespan: Lifespan | None = None,
    csp_extra: Mapping[str, str] | None = None,
    upload_paths: Collection[str] = (),
) -> FastAPI:
    """Return the application of *frame* with *routers*.

    *ready* says for each thing the service needs whether it answers (``/readyz``). *csp_extra* adds sources to the
    directives of every page, such as ``{"form-action": "https://wallet.example"}``. Routes whose templates stand in
    *upload_paths* take bodies of 20 MiB, all others of 1 MiB.
    """
    extra = dict(csp_extra or {})
    metrics = Metrics.new(frame.name)
    files = assets.Assets.load((assets.GENERATED, assets.OWN, *frame.static))
    app = FastAPI(
        title=_TITLES.get(frame.name, frame.name),
        version=jikin.__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        middleware=[
            Middleware(Around, service=frame.name, metrics=metrics),
            Middleware(SecureHeaders, extra=extra, strict_transport=_strict_transport(frame)),
            Middleware(LanguageCookie, frame=frame),
            Middleware(BodyLimit, upload_paths=upload_paths),
        ],
        exception_handlers=_handlers(),
    )
    app.state.frame = frame
    app.state.metrics = metrics
    app.state.pages = Pages(frame, files, extra)
    for router in (common_routes.routes(frame, files, metrics, ready), *routers):
        app.include_router(router)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


def _strict_transport(frame: Frame) -> bool:
    # A browser that learns it for "localhost" would refuse http on every port of this machine.
    host = urlsplit(frame.base_url).hostname or ""
    return frame.trusted_https and host != "localhost" and not host.endswith(".localhost") and host != "127.0.0.1"


def _handlers() -> dict[int | type[Exception], Handler]:
    return {
        Problem: _on_problem,
        JikinError: _on_error,
        HTTPException: _on_http,
        RequestValidationError: _on_invalid,
        Exception: _on_defect,
    }


def answer(request: Request, problem: Problem) -> Response:
    """Return *problem* as a page for whoever reads pages, as problem details for everybody else."""
    if not prefers_page(request):
        return problem.response()
    pages: Pages = request.app.state.pages
    return pages.render(
        request, "error.html", status=problem.status, headers=problem.headers, problem=problem, nav=(), tabs=()
    )


def prefers_page(request: Request) -> bool:
    """Tell whether *request* comes from somebody who reads pages: a browser that goes somewhere."""
    accept = request.headers.get("accept", "")
    return "text/html" in accept and "json" not in accept.partition("text/html")[0]


async def _on_problem(request: Request, problem: Problem) -> Response:
    return answer(request, problem)


async def _on_error(request: Request, error: JikinError) -> Response:
    problem = problem_of(error)
    if problem.status == 500:
        logs.logger().error("refused by a setting", code=error.code, place=logs.error_place(error))
    return answer(request, problem)


async def _on_http(request: Request, error: HTTPException) -> Response:
    codes = {404: "request.not-found", 405: "request.method"}
    details = {
        404: "there is nothing at this address",
        405: f"{request.method} is not what this address takes",
    }
    code = codes.get(error.status_code, "request.invalid")
    detail = details.get(error.status_code, str(error.detail))
    return answer(request, Problem(error.status_code, code, detail, headers=error.headers))


async def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return answer(request, Problem(400, "request.invalid", f"{place[:80]}: {first['msg']}"[:300]))


async def _on_defect(request: Request, error: Exception) -> Response:
    logs.logger().error("defect", error=type(error).__name__, place=logs.error_place(error))
    said = answer(request, Problem(500, "internal", "something went wrong inside the service; it was written down"))
    # Starlette answers this outside of every middleware, which therefore adds nothing to it.
    for name, value in {**headers.ALWAYS, headers.CSP: headers.policy()}.items():
        said.headers.setdefault(name, value)
    said.headers["x-request-id"] = getattr(request.state, "request_id", "")
    return said


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Return the API description; every operation may answer with problem details and none with FastAPI's own form."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
        components = schema.setdefault("components", {}).setdefault("schemas", {})
        components["Problem"] = _PROBLEM
        for unused in ("HTTPValidationError", "ValidationError"):
            components.pop(unused, None)
        refusal = {
            "description": "Problem details (RFC 9457)",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"].pop("422", None)
                operation["responses"]["4XX"] = refusal
        app.openapi_schema = schema
    return app.openapi_schema


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "hint": {"type": "string"},
    },
}
