"""What all pages of the wallet have around them: navigation, a word about what was just done, faults in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from fastapi import Request
from starlette.responses import HTMLResponse

from jikin.errors import FetchError, JikinError, ProtocolError, UnavailableError
from jikin.web.languages import Language, language_of
from jikin.web.pages import Pages
from wallet.http.shown import Say

LIST, SHOW, ACTIVITY, SETTINGS = "/", "/present", "/activity", "/settings"
# What ``?said=`` may make a page say after something was done; any other text says nothing.
SAID: Mapping[str, str] = {
    "checked": "detail.checked-again",
    "checked-all": "list.checked-all",
    "removed": "list.removed",
    "passkey": "settings.passkey-added",
    "passphrase": "settings.passphrase-changed",
    "code": "settings.code-kept",
    "way": "settings.way-removed",
    "recovered": "recover.done",
    "signed-out": "sign-in.signed-out",
    "pending": "receive.said-pending",
    "not-received": "receive.said-forgotten",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something could not be done: a sentence for people, and the stable code behind it."""

    text: str = field(repr=False)
    code: str


def say_of(request: Request) -> Say:
    """Return what says a text in the language of *request*."""
    pages = cast(Pages, request.app.state.pages)
    return cast(Say, partial(pages.text, language_of(request)))


def tongue_of(request: Request) -> Language:
    """Return the language of *request*."""
    return language_of(request)


def show(
    request: Request,
    template: str,
    here: str | None,
    *,
    status: int = 200,
    fault: Fault | None = None,
    **values: Any,
) -> HTMLResponse:
    """Return the page *template*. *here* is the part of the wallet it belongs to, None outside of an open wallet."""
    say = say_of(request)
    said = SAID.get(request.query_params.get("said", ""))
    around: dict[str, Any] = {
        "nav": _nav(say, here),
        "tabs": _tabs(say, here),
        "said": None if said is None or request.method != "GET" else say(said),
        "fault": fault,
    }
    pages = cast(Pages, request.app.state.pages)
    return pages.render(request, template, status=status, **around, **values)


def _nav(say: Say, here: str | None) -> tuple[tuple[str, str, bool], ...]:
    if here is None:
        return ()
    places = ((LIST, "nav.list"), (SHOW, "nav.show"), (ACTIVITY, "nav.activity"), (SETTINGS, "nav.settings"))
    return tuple((path, say(key), path == here) for path, key in places)


def _tabs(say: Say, here: str | None) -> tuple[tuple[str, str, bool, str], ...]:
    if here is None:
        return ()
    places = (
        (LIST, "nav.tab-list", "paper"),
        (SHOW, "nav.show", "qr"),
        (ACTIVITY, "nav.tab-activity", "clock"),
        (SETTINGS, "nav.settings", "gear"),
    )
    return tuple((path, say(key), path == here, icon) for path, key, icon in places)


def fault_of(error: JikinError, say: Say, texts: Mapping[str, str], otherwise: str = "fault.other") -> Fault:
    """Return *error* in words: the text key that *texts* has for its code or for the longest beginning of it."""
    code = error.code
    while code:
        if code in texts:
            return Fault(say(texts[code]), error.code)
        code = code.rpartition(".")[0]
    if isinstance(error, UnavailableError | FetchError) and "unavailable" in texts:
        return Fault(say(texts["unavailable"]), error.code)
    if isinstance(error, ProtocolError) and "protocol" in texts:
        return Fault(say(texts["protocol"]), error.code)
    return Fault(say(otherwise), error.code)


def fault_named(say: Say, key: str, code: str) -> Fault:
    """Return a fault that the page itself found: the text *key* and a stable *code*."""
    return Fault(say(key), code)
