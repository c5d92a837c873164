"""What every service answers: health, metrics, API description, static files, look switches, policy reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from jikin.web import bodies, headers, look
from jikin.web.assets import Assets
from jikin.web.metrics import CONTENT_TYPE, Metrics
from jikin.web.origin import same_origin
from jikin.web.pages import Pages
from jikin.web.problems import Problem

if TYPE_CHECKING:
    from jikin.web.frame import Frame

_YEAR = 365 * 24 * 3600
_WORKERS = "-worker.js"
_REPORT_BYTES = 16 << 10


def routes(frame: Frame, assets: Assets, metrics: Metrics, ready: Callable[[], Mapping[str, bool]]) -> APIRouter:
    """Return the router of what every service answers."""
    router = APIRouter()
    _health(router, ready, metrics)
    _static(router, assets)
    _display(router, frame)
    _reports(router, metrics)
    _docs(router)
    return router


def _health(router: APIRouter, ready: Callable[[], Mapping[str, bool]], metrics: Metrics) -> None:
    @router.get("/healthz", tags=["operation"], summary="Whether the process answers")
    def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})

    @router.get("/readyz", tags=["operation"], summary="Whether the service can do its work", responses={503: {}})
    def readyz() -> JSONResponse:
        checks = dict(ready())
        good = all(checks.values())
        return JSONResponse({"ready": good, "checks": checks}, 200 if good else 503, {"cache-control": "no-store"})

    @router.get("/metrics", tags=["operation"], summary="Counters for Prometheus", response_class=PlainTextResponse)
    def show_metrics() -> Response:
        return Response(metrics.text(), headers={"cache-control": "no-store"}, media_type=CONTENT_TYPE)


def _static(router: APIRouter, assets: Assets) -> None:
    @router.api_route("/static/{file:path}", methods=["GET", "HEAD"], include_in_schema=False)
    def static(request: Request, file: str) -> Response:
        extra = {headers.CSP: headers.policy(headers.WORKER)} if file.endswith(_WORKERS) else {}
        answer = assets.answer(
            file,
            packs="gzip" in request.headers.get("accept-encoding", ""),
            known=request.headers.get("if-none-match"),
            headers=extra,
        )
        if answer is None:
            raise Problem(404, "request.not-found", "there is no such file")
        return answer

    @router.get("/favicon.ico", include_in_schema=False)
    def favicon() -> Response:
        return RedirectResponse(assets.url("mark.svg"), 308)


def _display(router: APIRouter, frame: Frame) -> None:
    @router.post(
        "/display",
        tags=["pages"],
        summary="Set theme, contrast or text size and go back",
        status_code=303,
        response_class=Response,
        dependencies=[Depends(same_origin)],
        openapi_extra=bodies.described_form(optional=("theme", "contrast", "text", "back")),
    )
    def display(request: Request, form: bodies.FormBody) -> Response:
        chosen = look.look_of(request).choose(form)
        answer = RedirectResponse(local_path(form.get("back", "/")), 303, {"cache-control": "no-store"})
        answer.set_cookie(
            frame.cookie_name(look.COOKIE),
            chosen.text_form(),
            max_age=_YEAR,
            secure=frame.trusted_https,
            httponly=True,
            samesite="lax",
        )
        return answer


def local_path(path: str) -> str:
    """Return *path* where it is a path of this site, ``/`` for everything else."""
    local = path.startswith("/") and not path.startswith("//") and path.isascii() and path.isprintable()
    return path if local and "\\" not in path and " " not in path else "/"


def _reports(router: APIRouter, metrics: Metrics) -> None:
    @router.post("/csp-report", status_code=204, include_in_schema=False)
    async def csp_report(request: Request) -> Response:
        body = await request.body()
        metrics.csp_reports.labels(_directive(body)).inc()
        return Response(status_code=204)


def _directive(body: bytes) -> str:
    """Return the directive that a report names; only known words become a label."""
    try:
        report = json.loads(body[:_REPORT_BYTES])["csp-report"]
        named = str(report.get("effective-directive") or report.get("violated-directive"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "unreadable"
    known = {part.partition(" ")[0] for part in headers.policy().split("; ")}
    name = named.partition(" ")[0].removesuffix("-elem").removesuffix("-attr")
    return name if name in known else "other"


def _docs(router: APIRouter) -> None:
    @router.get("/openapi.json", include_in_schema=False)
    def openapi(request: Request) -> JSONResponse:
        return JSONResponse(request.app.openapi())

    @router.get("/docs", include_in_schema=False)
    def docs(request: Request) -> Response:
        pages: Pages = request.app.state.pages
        return pages.render(request, "docs.html", csp=headers.DOCS, csp_without=headers.DOCS_WITHOUT)
