"""People and programs that use the services over HTTP, as the demonstration plays them.

A ``Browser`` keeps cookies, follows redirections, fills in the forms it finds on pages and uses passkeys; a ``Machine``
sends JSON with a token. What a service refuses becomes an error that says what it said.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from jikin.dids.authorities import system_authorities
from jikin.errors import JikinError
from jikin.testing.authenticator import SoftwareAuthenticator
from jikin.values import Json, JsonObject

_SECONDS = 120.0
_MAX_REDIRECTS = 5
_MAX_SAID = 600
_SILENT = frozenset({"script", "style", "noscript", "svg", "head"})
# Elements between whose texts a reader sees no gap, and those that have no end.
_INLINE = frozenset({"a", "b", "span", "i", "em", "strong", "small", "abbr", "time"})
_VOID = frozenset({"input", "br", "hr", "img", "meta", "link", "source", "wbr"})


class RefusedError(JikinError):
    """A service answered otherwise than the story needs."""

    code = "demo.http"


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page: where it goes, what it holds already, and for passkeys whether one is made or used."""

    action: str
    fields: Mapping[str, str] = field(repr=False)
    passkey: str | None = None
    options: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its *url* after redirections, its body, and what stands on it where it is a page."""

    url: str
    status: int
    media_type: str
    body: bytes = field(repr=False)
    text: str = field(default="", repr=False)
    forms: tuple[Form, ...] = field(default=(), repr=False)
    links: tuple[str, ...] = field(default=(), repr=False)

    @property
    def path(self) -> str:
        """Return the path of the URL."""
        return urlsplit(self.url).path

    def json(self) -> JsonObject:
        """Return the JSON object in the body; raises RefusedError when it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise RefusedError(f"{self.path} answered {self.status} without a JSON object: {self.body[:200]!r}")
        return found

    def form(self, action: str) -> Form:
        """Return the form whose path ends with *action*, or has it in it; raises RefusedError when there is none."""
        paths = [(urlsplit(form.action).path, form) for form in self.forms]
        ending = [form for path, form in paths if path.endswith(action)]
        found = next(iter([*ending, *(form for path, form in paths if action in path)]), None)
        if found is None:
            there = ", ".join(urlsplit(form.action).path for form in self.forms) or "none"
            raise RefusedError(f"{self.path} has no form for {action} (there are: {there}); it says: {self.said}")
        return found

    def link(self, part: str) -> str:
        """Return the first link that has *part* in it; raises RefusedError when the page has none."""
        found = next((link for link in self.links if part in link), None)
        if found is None:
            raise RefusedError(f"{self.path} has no link with {part!r}; it says: {self.said}")
        return found

    @property
    def said(self) -> str:
        """Return what it says, for messages: a problem's details, or the beginning of the page's text."""
        if self.media_type.endswith("json"):
            problem = self.json()
            parts = (str(problem[name]) for name in ("code", "detail", "hint") if name in problem)
            return "; ".join(parts)[:_MAX_SAID] or self.body[:_MAX_SAID].decode("utf-8", "replace")
        return self.text[:_MAX_SAID]


class Browser:
    """One person's browser; *authenticators* hold the person's passkeys, one for each site.

    Pages are read in Korean. *tls* is what trusts the services' certificates.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Begin without cookies and passkeys."""
        self._client = httpx.Client(
            verify=tls or system_authorities(), trust_env=False, timeout=_SECONDS, headers={"accept-language": "ko"}
        )
        self._authenticators: dict[str, SoftwareAuthenticator] = {}

    def get(self, url: str, *, accept: str = "text/html", expect: int = 200) -> Page:
        """Return what lies at *url*; raises RefusedError for another status than *expect*."""
        return self._send("GET", url, accept=accept, expect=expect)

    def submit(
        self,
        page: Page,
        action: str,
        fields: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
        *,
        expect: int = 200,
    ) -> Page:
        """Return what follows when the form of *page* for *action* is sent with *fields* filled in."""
        form = page.form(action)
        return self.post(form.action, {**form.fields, **(fields or {})}, files, expect=expect)

    def post(
        self,
        url: str,
        fields: Mapping[str, str],
        files: Mapping[str, tuple[str, bytes]] | None = None,
        *,
        accept: str = "text/html",
        expect: int = 200,
    ) -> Page:
        """Return what follows when *fields* and *files* (field → name, bytes) are sent to *url*."""
        return self._send("POST", url, accept=accept, expect=expect, fields=fields, files=files)

    def use_passkey(
        self, page: Page, action: str, fields: Mapping[str, str] | None = None, *, expect: int = 200
    ) -> Page:
        """Return what follows when the passkey form of *page* for *action* is sent: a passkey is made, or used."""
        form = page.form(action)
        if form.options is None:
            raise RefusedError(f"the form for {action} on {page.path} asks for no passkey")
        filled = {**form.fields, **(fields or {})}
        asked = self._send("POST", form.options, accept="application/json", expect=200, fields=filled).json()
        options = asked.get("publicKey", asked)
        filled |= (
            {name: value for name, value in asked.items() if isinstance(value, str)} if "publicKey" in asked else {}
        )
        origin = _origin(form.action)
        authenticator = self._authenticators.setdefault(origin, SoftwareAuthenticator(origin))
        use = authenticator.create if form.passkey == "create" else authenticator.get
        response = json.loads(use(options if isinstance(options, Mapping) else asked))
        secret = response["clientExtensionResults"].get("prf", {}).pop("results", {}).get("first")
        filled |= {"response": json.dumps(response)} | ({} if secret is None else {"prf": secret})
        return self.post(form.action, filled, expect=expect)

    def close(self) -> None:
        """Forget everything."""
        self._client.close()

    def _send(
        self,
        method: str,
        url: str,
        *,
        accept: str,
        expect: int,
        fields: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> Page:
        """Send as a browser does from a page of the same site, and follow where it leads."""
        headers = {"accept": accept}
        if method == "POST":
            headers |= {"origin": _origin(url), "sec-fetch-site": "same-origin"}
        answer = _asked(self._client, method, url, headers=headers, data=fields, files=files)
        for _ in range(_MAX_REDIRECTS):
            if not answer.is_redirect:
                break
            target = urljoin(str(answer.url), answer.headers["location"])
            answer = _asked(self._client, "GET", target, headers={"accept": accept})
        page = read_page(answer)
        if page.status != expect:
            raise RefusedError(f"{method} {page.path} answered {page.status}, not {expect}: {page.said}")
        return page


@dataclass(frozen=True, slots=True)
class Machine:
    """A program with a token for the service at *base_url*."""

    base_url: str
    token: str | None = field(repr=False)
    client: httpx.Client = field(repr=False)

    def get(self, path: str, *, expect: int = 200) -> JsonObject:
        """Return the JSON at *path*; raises RefusedError for another status than *expect*."""
        return self._ask("GET", path, None, (expect,))

    def post(self, path: str, body: JsonObject, *, expect: tuple[int, ...] = (200, 201)) -> JsonObject:
        """Return the JSON that answers *body*; raises RefusedError for another status than one of *expect*."""
        return self._ask("POST", path, body, expect)

    def _ask(self, method: str, path: str, body: JsonObject | None, expect: tuple[int, ...]) -> JsonObject:
        headers = {"accept": "application/json"}
        if self.token is not None:
            headers["authorization"] = f"Bearer {self.token}"
        answer = _asked(self.client, method, urljoin(f"{self.base_url}/", path), headers=headers, json=body)
        page = read_page(answer)
        if page.status not in expect:
            raise RefusedError(f"{method} {page.path} answered {page.status}: {page.said}")
        return page.json()


def machine(base_url: str, token: str | None, tls: ssl.SSLContext | None) -> Machine:
    """Return a program that speaks to *base_url* with *token*."""
    return Machine(base_url, token, httpx.Client(verify=tls or system_authorities(), trust_env=False, timeout=_SECONDS))


def _asked(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    data: Mapping[str, str] | None = None,
    files: Mapping[str, tuple[str, bytes]] | None = None,
    json: Json = None,
) -> httpx.Response:
    try:
        return client.request(method, url, headers=dict(headers), data=data, files=files, json=json)
    except httpx.HTTPError as error:
        path = urlsplit(url).path
        raise RefusedError(f"{method} {path} got no answer: {type(error).__name__}", code="demo.no-answer") from error


def read_page(answer: httpx.Response) -> Page:
    """Return what a browser sees of *answer*."""
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    page = Page(str(answer.url), answer.status_code, media_type, answer.content)
    if media_type != "text/html":
        return page
    reader = _Reader(page.url)
    reader.feed(answer.text)
    return replace(
        page, text=" ".join("".join(reader.texts).split()), forms=tuple(reader.forms), links=tuple(reader.links)
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class _Reader(HTMLParser):
    """Takes texts, links and forms out of a page."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self._url = url
        self.texts: list[str] = []
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._open: dict[str, str] | None = None
        self._select: str | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what begins."""
        found = {name: value or "" for name, value in attrs}
        if tag in _SILENT:
            self._silent += 1
        if tag not in _INLINE:
            self.texts.append(" ")
        if tag == "a" and "href" in found:
            self.links.append(urljoin(self._url, found["href"]))
        elif tag == "form":
            self._open = {}
            action = urljoin(self._url, found.get("action") or self._url)
            options = urljoin(self._url, found["data-options"]) if "data-options" in found else None
            self.forms.append(Form(action, self._open, found.get("data-passkey"), options))
        elif self._open is not None:
            self._field(tag, found)

    def _field(self, tag: str, found: Mapping[str, str]) -> None:
        if self._open is None:
            return
        name = found.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in found or self._select not in self._open):
            self._open[self._select] = found.get("value", "")
        elif tag == "input" and name and found.get("type") not in ("file", "submit", "button"):
            if found.get("type") not in ("checkbox", "radio") or "checked" in found:
                self._open[name] = found.get("value", "")
        elif tag == "textarea" and name:
            self._open[name] = ""

    def handle_endtag(self, tag: str) -> None:
        """Take what ends."""
        if tag in _SILENT:
            self._silent -= 1
        if tag not in _INLINE and tag not in _VOID:
            self.texts.append(" ")
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        """Take a text."""
        if not self._silent:
            self.texts.append(data)
