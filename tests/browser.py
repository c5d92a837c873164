"""A real Chromium for tests of pages: started once a module, pages in every language, width and look, and what must
hold on each of them.

Use in a test module: ``from tests.browser import browser, chromium, driver, page_for`` (fixtures; and camera_for), then
``page = page_for("ko", 360, "dark")``. Where no Chromium is installed these tests are skipped and say so.
``page.wait_for_function("…")`` cannot work under our policy: use locators, ``expect`` and ``page.evaluate``.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page, Playwright, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
# Without windows it does the same with a quarter less of the processor; `tools/setup.py` brings it where it may.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# One process draws the pages of a context one after the other: to start one for each costs a quarter of a test.
_ARGUMENTS = ("--no-sandbox", "--renderer-process-limit=1")
WIDTHS = (360, 1280)
LANGUAGES = ("ko", "en")
# theme, contrast and size of text, as the switches in the foot of a page set them
SCHEMES: Mapping[str, Mapping[str, str]] = {
    "light": {"theme": "light"},
    "dark": {"theme": "dark"},
    "contrast": {"theme": "light", "contrast": "high"},
    "contrast-dark": {"theme": "dark", "contrast": "high"},
    "big": {"theme": "light", "text": "big"},
}
_AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Those that ask for colours; high contrast also has thicker edges, which make what is pressed bigger.
COLOURS = ("color-contrast", "link-in-text-block", "target-size")
_RUN_AXE = """async ([type, values]) => {
    if (typeof axe === "undefined") return null;
    const found = await axe.run(document, {runOnly: {type, values}, resultTypes: ["violations"]});
    return found.violations;
}"""
# Pictures of pages are written to the folder this variable names, for somebody to look at.
_PICTURES = "JIKIN_PICTURES"
_FILM, _DESK, _PAPER_HEIGHT, _PICTURES_OF_FILM = (1280, 720), (0xD8, 0xD2, 0xC4), 520, 15


def executable() -> str | None:
    """Return the path of an installed Chromium, None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    """Yield what starts Chromium, for one module: Playwright keeps a loop running that other modules must not meet."""
    path = executable()
    if path is None:
        pytest.skip(f"no browser ({', '.join(NAMES)}): pages are not tested")
    with sync_playwright() as playwright:
        yield Driver(playwright, path)


@dataclass(frozen=True)
class Driver:
    """Starts Chromium with command line arguments; there may be several at once."""

    playwright: Playwright
    path: str

    def launch(self, *arguments: str) -> Browser:
        """Return a new browser; whoever asked closes it."""
        return self.playwright.chromium.launch(executable_path=self.path, args=[*_ARGUMENTS, *arguments])


@pytest.fixture(scope="module")
def browser(driver: Driver) -> Iterator[Browser]:
    """Yield a Chromium for one module."""
    running = driver.launch()
    yield running
    running.close()


@pytest.fixture(scope="module")
def chromium(browser: Browser) -> Iterator[Opener]:
    """Yield what opens pages, for one module."""
    opener = Opener(browser)
    yield opener
    opener.close()


@pytest.fixture
def page_for(chromium: Opener) -> Iterator[PageFor]:
    """Yield ``page_for(language, width, scheme, …)``: an empty page that is watched, until the test ends."""
    yield chromium.page
    chromium.take_back()


PageFor = Callable[..., Page]


@dataclass
class Watched:
    """What went wrong on a page: broken policies, errors of scripts, answers that failed."""

    policy: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def on_console(self, message: Any) -> None:
        """Keep what the console says of errors."""
        if message.type == "error":
            place = self.policy if "Content Security Policy" in message.text else self.errors
            place.append(f"{message.text} {message.location.get('url', '')}".rstrip())

    def on_request(self, request: Any) -> None:
        """Keep reports of a broken policy."""
        if request.url.endswith("/csp-report"):
            self.policy.append(f"reported: {request.post_data}")


Kind = tuple[object, ...]


class Opener:
    """Opens pages in a browser, each in a context of its own.

    A page that was taken back is lent again, because a new one costs half a second before it shows anything. It comes
    without cookies and without what a test had it pretend; our pages keep nothing else.
    """

    def __init__(self, browser: Browser) -> None:
        """Keep *browser*."""
        self._browser = browser
        self._idle: defaultdict[Kind, list[Page]] = defaultdict(list)
        self._lent: list[tuple[Kind, Page]] = []

    def page(
        self,
        language: str = "ko",
        width: int = 1280,
        scheme: str = "light",
        *,
        script: bool = True,
        permissions: Sequence[str] = (),
        **context: Any,
    ) -> Page:
        """Return a watched page: *language* as the browser asks for it, *scheme* one of ``SCHEMES``.

        The look is in the cookie of each service from the start. Further arguments go to ``new_context``.
        """
        kind = (language, script, *sorted(context.items()))
        page = self._idle[kind].pop() if self._idle[kind] else self._new(language, script, context)
        self._lent.append((kind, page))
        wish = SCHEMES[scheme]
        page.set_viewport_size({"width": width, "height": 800})
        if "color_scheme" not in context:
            page.emulate_media(color_scheme=wish["theme"])  # type: ignore[arg-type]
        look = ".".join(wish.get(name, "") for name in ("theme", "contrast", "text"))
        page.context.add_cookies(
            [
                {"name": f"jikin-{service}-look", "value": look, "domain": "localhost", "path": "/"}
                for service in ("issuer", "wallet", "verifier")
            ]
        )
        if permissions:
            page.context.grant_permissions(list(permissions))
        forgive(page)
        return page

    def _new(self, language: str, script: bool, context: dict[str, Any]) -> Page:
        opened = self._browser.new_context(
            locale={"ko": "ko-KR", "en": "en-GB"}[language],
            timezone_id="Asia/Seoul",
            java_script_enabled=script,
            ignore_https_errors=True,
            **context,
        )
        opened.set_default_timeout(15_000)
        page = opened.new_page()
        watched = _WATCHED[page] = Watched()
        page.on("console", watched.on_console)
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        page.on("request", watched.on_request)
        return page

    def take_back(self) -> None:
        """Take every page back from whoever it was lent to."""
        for kind, page in self._lent:
            # What the last page still asks for would be told of the next one.
            page.goto("about:blank")
            page.emulate_media(media="null", reduced_motion="null")
            for session in _SESSIONS.pop(page, ()):
                session.detach()
            page.context.clear_cookies()
            page.context.clear_permissions()
            self._idle[kind].append(page)
        self._lent.clear()

    def close(self) -> None:
        """Close every page."""
        for page in [page for _, page in self._lent] + [page for pages in self._idle.values() for page in pages]:
            page.context.close()


_SESSIONS: dict[Page, list[CDPSession]] = {}
_WATCHED: dict[Page, Watched] = {}


def forgive(page: Page) -> None:
    """Forget what went wrong on *page* until now: a page that one test after the other uses begins anew."""
    watched = _WATCHED[page]
    watched.policy.clear()
    watched.errors.clear()


def assert_quiet(page: Page, *, expected_errors: int = 0) -> None:
    """Fail when *page* broke its policy, or said more errors than *expected_errors* (a 404 counts as one)."""
    watched = _WATCHED[page]
    assert watched.policy == [], watched.policy
    assert len(watched.errors) <= expected_errors, watched.errors


def assert_accessible(page: Page, rules: Sequence[str] | None = None) -> None:
    """Fail with the rules of axe-core that the page breaks, and where: WCAG 2.2 A and AA, best practice, or *rules*."""
    wanted = ["tag", list(_AXE_TAGS)] if rules is None else ["rule", list(rules)]
    found = page.evaluate(_RUN_AXE, wanted)
    if found is None:
        page.evaluate(_axe_source())
        found = page.evaluate(_RUN_AXE, wanted)
    said = [
        f"{broken['id']} ({broken['impact']}): {node['target']} {node.get('failureSummary', '')[:300]}"
        for broken in found
        for node in broken["nodes"]
    ]
    assert said == [], "\n".join(said)


@functools.cache
def _axe_source() -> str:
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def assert_no_sideways_scroll(page: Page) -> None:
    """Fail when anything on the page is wider than the window."""
    wide = page.evaluate(
        """() => {
            const limit = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= limit) return null;
            return [...document.body.querySelectorAll("*")]
                .filter((e) => e.getBoundingClientRect().right > limit + 1)
                .map((e) => e.tagName.toLowerCase() + "." + (e.getAttribute("class") ?? ""))
                .slice(0, 8);
        }"""
    )
    assert wide is None, f"wider than the window: {wide}"


def assert_good(page: Page, rules: Sequence[str] | None = None, *, expected_errors: int = 0) -> None:
    """Fail unless the page is accessible (by *rules*, where named), fits, has one ``h1`` and is quiet."""
    expect(page.locator("h1"), "a page has one h1").to_have_count(1)  # a page that is being loaded has none yet
    assert_accessible(page, rules)
    assert_no_sideways_scroll(page)
    assert_quiet(page, expected_errors=expected_errors)


def pictured() -> bool:
    """Say whether pictures are wanted: JIKIN_PICTURES names a folder."""
    return bool(os.environ.get(_PICTURES))


def picture(page: Page, name: str) -> None:
    """Write a picture of the whole page where JIKIN_PICTURES names a folder."""
    folder = os.environ.get(_PICTURES)
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{re.sub(r'[^a-z0-9-]+', '-', name.lower())}.png", full_page=True)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(app: FastAPI, port: int) -> Iterator[str]:
    """Serve *app* from a thread; give its base URL on localhost, which browsers count as secure."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started:
        if time.monotonic() > until or not thread.is_alive():
            raise RuntimeError("the application did not start")
        time.sleep(0.02)
    try:
        yield f"http://localhost:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def camera_for(driver: Driver, tmp_path: Path) -> Iterator[CameraFor]:
    """Return ``camera_for(picture)``: what opens pages in a Chromium whose camera sees that picture (a PNG file).

    The camera is allowed without being asked.
    """
    started: list[tuple[Browser, Opener]] = []

    def start(picture_file: Path) -> Opener:
        browser = driver.launch(
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={fake_video(picture_file, tmp_path)}",
        )
        started.append((browser, Opener(browser)))
        return started[-1][1]

    yield start
    for browser, _ in started:
        browser.close()


CameraFor = Callable[[Path], Opener]


def fake_video(picture_file: Path, folder: Path) -> Path:
    """Return a film (JPEG pictures one after the other, 1280 × 720) of *picture_file* on a desk, a little turned.

    No two of its pictures are alike: noise as a camera has it. Chromium plays it in a loop.
    """
    film = folder / f"{picture_file.stem}.mjpeg"
    with Image.open(picture_file) as opened:
        paper = opened.convert("RGB")
    width = paper.width * _PAPER_HEIGHT // paper.height
    by = Image.Resampling.NEAREST if paper.height <= _PAPER_HEIGHT else Image.Resampling.LANCZOS
    desk = Image.new("RGB", _FILM, _DESK)
    desk.paste(
        paper.resize((width, _PAPER_HEIGHT), by),
        ((_FILM[0] - width) // 2, (_FILM[1] - _PAPER_HEIGHT) // 2),
    )
    desk = desk.rotate(-3, Image.Resampling.BILINEAR, fillcolor=_DESK)
    with film.open("wb") as file:
        for _ in range(_PICTURES_OF_FILM):
            noise = Image.effect_noise(_FILM, 40).convert("RGB")
            Image.blend(desk, noise, 0.06).save(file, "JPEG", quality=85, subsampling="4:2:0")
    return film


@dataclass
class Authenticator:
    """A virtual authenticator of Chromium: verifies its user, keeps passkeys, knows the PRF extension."""

    session: Any
    id: str

    def set_user_verified(self, verified: bool) -> None:
        """Let the user be verified or not from now on."""
        self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": verified})


def authenticator(page: Page, *, prf: bool = True) -> Authenticator:
    """Give *page* an authenticator that answers by itself."""
    session = page.context.new_cdp_session(page)
    _SESSIONS.setdefault(page, []).append(session)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        "hasPrf": prf,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return Authenticator(session, made["authenticatorId"])


def drop_files(page: Page, selector: str, files: Mapping[str, tuple[str, str]]) -> None:
    """Drop files on the element *selector*: name → (media type, text)."""
    transfer = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, [type, text]] of Object.entries(files)) {
                transfer.items.add(new File([text], name, {type}));
            }
            return transfer;
        }""",
        json.loads(json.dumps(files)),
    )
    for kind in ("dragenter", "dragover", "drop"):
        page.dispatch_event(selector, kind, {"dataTransfer": transfer})
