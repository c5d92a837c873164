"""Pages: Jinja2 templates of a service over the common ones, rendered in the language and look of the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from jikin.badges.qr import svg
from jikin.web import headers as security
from jikin.web.assets import Assets
from jikin.web.languages import day, language_of, moment
from jikin.web.look import look_of
from jikin.web.texts import LANGUAGES

if TYPE_CHECKING:
    from jikin.web.frame import Frame

NO_STORE: Mapping[str, str] = {"cache-control": "no-store"}


class Pages:
    """The templates of one service. One environment a language, so that macros speak it too."""

    def __init__(self, frame: Frame, assets: Assets, csp_extra: Mapping[str, str]) -> None:
        """Load nothing yet; templates are read when they are first rendered."""
        self._frame = frame
        self._csp_extra = dict(csp_extra)
        loader = ChoiceLoader([FileSystemLoader(frame.templates), PackageLoader("jikin.web", "templates")])
        self._environments = {language: _environment(frame, assets, loader, language) for language in LANGUAGES}

    def render(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        csp: Mapping[str, str] | None = None,
        csp_without: frozenset[str] = frozenset(),
        **values: object,
    ) -> HTMLResponse:
        """Return the page *template* with *values*; *csp* adds sources to the policy of this page alone.

        Pages are not kept by caches unless *headers* say otherwise: what they show is somebody's.
        """
        language = language_of(request)
        other = "en" if language == "ko" else "ko"
        known: dict[str, object] = {
            "request_path": request.url.path,
            "back": _address(request, {}),
            "look": look_of(request),
            "other_lang": other,
            "other_lang_url": _address(request, {"lang": other}),
            "service": self._frame.name,
            **values,
        }
        sent = {**NO_STORE, "content-language": language, **(headers or {})}
        if csp is not None or csp_without:
            sent[security.CSP] = security.policy(self._csp_extra, csp or {}, without=csp_without)
        return HTMLResponse(self._environments[language].get_template(template).render(known), status, sent)

    def text(self, language: str, key: str, **values: object) -> str:
        """Return one text, for what is said outside of a template."""
        return self._frame.texts.say(language, key, **values)


def _environment(frame: Frame, assets: Assets, loader: ChoiceLoader, language: str) -> Environment:
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )

    def t(key: str, **values: object) -> str:
        return frame.texts.say(language, key, **values)

    def has_text(key: str) -> bool:
        return key in frame.texts.words[language]

    named: dict[str, Callable[..., Any]] = {"t": t, "has_text": has_text, "qr": qr, "asset": assets.url}
    environment.globals.update(named, lang=language, base_url=frame.base_url)
    environment.filters["day"] = lambda instant: day(int(instant), language)
    environment.filters["moment"] = lambda instant: moment(int(instant), language)
    return environment


def qr(text: str) -> Markup:
    """Return the QR code of *text* as SVG with its quiet zone; raises DocumentError where it holds too much."""
    return Markup(svg(text))  # noqa: S704 -- drawn by us: numbers and letters of a path, nothing of the text


def _address(request: Request, changed: Mapping[str, str]) -> str:
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    query = urlencode([*pairs, *changed.items()])
    return f"{request.url.path}?{query}" if query else request.url.path
