"""The start page: three doors."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from verifier.http.counter import Counter


def router(counter: Counter) -> APIRouter:
    """Return the routes of the start page."""
    routes = APIRouter(tags=["pages"])

    @routes.get("/", summary="Camera, file or number")
    def start(request: Request) -> Response:
        return start_page(counter, request)

    return routes


def start_page(
    counter: Counter,
    request: Request,
    *,
    number: str = "",
    number_error: str | None = None,
    file_error: str | None = None,
) -> Response:
    """Return the start page; with an error, the field that has it keeps what was typed."""
    failed = number_error is not None or file_error is not None
    return counter.page(
        request,
        "start.html",
        "check",
        status=400 if failed else 200,
        headers={"cache-control": "no-store"} if failed else {"cache-control": "private, no-cache"},
        number=number,
        number_error=number_error,
        file_error=file_error,
    )
