"""Whether a browser's request comes from our own pages: the guard of every route that changes something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from jikin.web.problems import Problem

if TYPE_CHECKING:
    from jikin.web.frame import Frame


def same_origin(request: Request) -> None:
    """Let a request of our own pages pass; raises Problem 403 ``request.cross-site`` for every other.

    Browsers say where a request comes from in Sec-Fetch-Site (Fetch Metadata), older ones in Origin. What sends neither
    is no browser and carries nobody's cookies but its own. Our pages send no referrer, so a form of theirs has the
    Origin "null" in browsers that know Sec-Fetch-Site: that header decides where it is there.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    frame: Frame = request.app.state.frame
    passes = site in ("same-origin", "none") if site is not None else origin in (None, frame.origin)
    if not passes:
        raise Problem(
            403,
            "request.cross-site",
            "this request came from another site",
            "open the page here and do it again",
        )
