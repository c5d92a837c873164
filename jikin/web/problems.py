"""Problem details (RFC 9457): the one form in which every refusal and failure leaves a service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from jikin.errors import (
    DeskError,
    FetchError,
    JikinError,
    OfficeError,
    RegistryMismatchError,
    SettingsError,
    UnavailableError,
    WalletError,
)
from jikin.values import Json

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:jikin:problem:"
# The last word of a code says what kind of refusal it is, whatever service it comes from.
_BY_ENDING: Mapping[str, int] = {
    "not-found": 404,
    "unknown": 404,
    "signed-out": 401,
    "token": 401,
    "forbidden": 403,
    "scope": 403,
    "role": 403,
    "cross-site": 403,
    "conflict": 409,
    "state": 409,
    "used": 409,
    "gone": 410,
    "erased": 410,
    "too-large": 413,
    "too-long": 413,
    "unreachable": 424,
    "throttled": 429,
    "busy": 503,
}
_UNAVAILABLE = (UnavailableError, RegistryMismatchError)
_OWN_FAULT = (SettingsError,)
_REFUSALS = (OfficeError, WalletError, DeskError)


class Problem(Exception):  # noqa: N818 -- the name of RFC 9457
    """An answer that is a refusal: HTTP *status*, stable dotted *code*, *detail* in words, *hint* what to do next.

    *detail* and *hint* go to whoever asked: never a secret, never a stranger's data.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep what the answer says."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.hint = hint
        self.headers: Mapping[str, str] = dict(headers or {})

    @property
    def title(self) -> str:
        """Return the name of the HTTP status."""
        return HTTPStatus(self.status).phrase

    def members(self) -> Mapping[str, Json]:
        """Return the members of the JSON object; ``hint`` is left out where there is none."""
        members: dict[str, Json] = {
            "type": f"{_TYPE}{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.hint is not None:
            members["hint"] = self.hint
        return members

    def response(self) -> Response:
        """Return the problem as a JSON answer that nobody keeps."""
        headers = {"cache-control": "no-store", **self.headers}
        return Response(json.dumps(self.members(), ensure_ascii=False), self.status, headers, MEDIA_TYPE)


def status_of(error: JikinError) -> int:
    """Return the HTTP status for *error*: 503 for an outage, 500 for a setting of ours, else a 4xx by its code.

    An address that came with the request and does not answer is 424: it may be whatever a stranger wrote.
    """
    if isinstance(error, FetchError):
        return 424
    if isinstance(error, _UNAVAILABLE):
        return 503
    if isinstance(error, _OWN_FAULT):
        return 500
    last = error.code.rpartition(".")[2]
    for ending, status in _BY_ENDING.items():
        if last == ending or last.endswith(f"-{ending}"):
            return status
    return 409 if isinstance(error, _REFUSALS) else 400


def problem_of(error: JikinError) -> Problem:
    """Return *error* as a problem; what is wrong inside the service is not told to strangers."""
    status = status_of(error)
    if status == 500:
        return Problem(500, "internal", "the service is not set up rightly; its operator finds the reason in the log")
    return Problem(status, error.code, str(error), error.hint, {"retry-after": "30"} if status == 503 else None)
