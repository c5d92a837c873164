"""Make the pictures of the README: the story of three services in a real browser, one picture a page and width.

    .venv/bin/python -m tools.pictures [--language en] [--folder docs/pictures]

Everything is started from an empty folder and thrown away; people and numbers are invented. Pictures are PNG with a
palette, at most 150 kB each; narrow ones have two dots for every pixel of the page.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests import people
from tests.browser import Driver, Opener, executable
from tests.services import ROOT, Services, by_command

MAX_BYTES = 150_000
# page of the story → name of the picture
WANTED: Mapping[str, str] = {
    "preview": "console-preview",
    "progress": "console-progress",
    "revocation-approve": "console-revocation",
    "list-revoked": "wallet-list",
    "detail-passed": "wallet-detail",
    "consent": "wallet-consent",
    "start": "verifier-start",
    "employer-passed": "verifier-genuine",
    "employer-revoked": "verifier-revoked",
}
# width → height of the picture, and whether a pixel of the page is one dot ("css") or two
SIZES: Mapping[int, tuple[int, str]] = {1280: (900, "css"), 360: (780, "device")}
HOLDER = "김하늘"
_PORT_BASE = 8100  # addresses stand on some pages: those that everybody gets
_TALLER = {"revocation-approve": 220}  # so that both persons are in it
_ROWS, _BAD = 200, 3
_COLOURS: Sequence[int] = (256, 128, 64, 32)
_OTHERS = (("2290", "정보처리산업기사", "2026년 정기 기사 1회"), ("7920", "제과기능사", "2026년 상시 기능사 11회"))


@dataclass
class Photographer:
    """Takes the wanted pictures."""

    folder: Path
    language: str
    written: list[Path] = field(default_factory=list)

    def seen(self, page: Page, name: str) -> None:
        """Take the pictures of *page*, where they are wanted, in every width."""
        wanted = WANTED.get(name)
        if wanted is None:
            return
        if name == "progress":
            expect(page.locator("#progress progress")).not_to_have_attribute("value", "0", timeout=60_000)
        before = page.viewport_size
        for width, (height, scale) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height + _TALLER.get(name, 0)})
            page.evaluate("document.activeElement?.blur(); scrollTo(0, 0); document.fonts.ready.then(() => null)")
            data = page.screenshot(scale="css" if scale == "css" else "device", animations="disabled")
            suffix = "" if self.language == "ko" else f"-{self.language}"
            path = self.folder / f"{wanted}-{width}{suffix}.png"
            path.write_bytes(shrunk(data))
            self.written.append(path)
        if before is not None:
            page.set_viewport_size(before)


def shrunk(data: bytes) -> bytes:
    """Return the PNG *data* with as many colours as fit into MAX_BYTES; raises ValueError where none do."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    for colours in _COLOURS:
        small = io.BytesIO()
        picture.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() <= MAX_BYTES:
            return small.getvalue()
    raise ValueError(f"a picture of {picture.width} × {picture.height} has more than {MAX_BYTES} bytes")


def play(services: Services, opener: Opener, taken: Photographer) -> None:
    """Play the story in front of *taken*."""
    language = taken.language
    clerk, chief, her, employer = (opener.page(language, 1280, device_scale_factor=2) for _ in range(4))
    employer.goto(services.verifier)
    taken.seen(employer, "start")
    people.enrol(clerk, services.invitations["hrdk"]["hong"])
    people.enrol(chief, services.invitations["hrdk"]["park"])
    people.issue(clerk, services, people.LIST.name, people.rows(0, _ROWS, bad=_BAD), taken.seen)
    (certificate,) = people.certificates(clerk, services, 1, whose=HOLDER)
    offer = people.hand_over(clerk, services, certificate)
    people.open_wallet(her, services, HOLDER)
    held = people.receive(her, offer)
    people.wallet_says(her, services, held, "passed", language, taken.seen)
    people.show(her, people.ask(employer, services, "지게차 운전원 채용"), taken.seen)
    people.verdict(employer, "passed", language, taken.seen, name="employer-passed")
    for code, name, exam in _OTHERS:
        people.receive(her, _another(services, code, name, exam))
    people.approve(chief, people.ask_to_revoke(clerk, certificate, "forged-evidence"), certificate, taken.seen)
    people.check_again(her, services)
    people.wallet_says(her, services, held, "revoked", language, taken.seen)
    people.by_number(employer, services, certificate.number)
    people.verdict(employer, "revoked", language, taken.seen, name="employer-revoked")


def _another(services: Services, code: str, name: str, exam: str) -> people.Offer:
    """Return the offer of another certificate of the same person."""
    person = {
        "exam_number": f"26020529-{code}",
        "name_ko": HOLDER,
        "name_en": "Kim Ha-neul",
        "birth_date": "2003-04-17",
        "qualification_code": code,
        "qualification_name": name,
        "exam_round": exam,
        "score": "84",
        "passed_on": "2026-06-05",
    }
    made = services.offer(type="national-technical-qualification", subject=person, tx_code=True)
    return people.Offer(made["link"], made["offer"], made["tx_code"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Take all pictures and say where they lie."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--language", choices=("ko", "en"), default="ko")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "pictures")
    chosen = parser.parse_args(arguments)
    path = executable()
    if path is None:
        parser.error("no Chromium is installed")
    chosen.folder.mkdir(parents=True, exist_ok=True)
    taken = Photographer(chosen.folder, chosen.language)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whoever ends this ends what it started
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        services = stack.enter_context(by_command(Path(folder) / "data", _PORT_BASE))
        os.environ["LANGUAGE"] = chosen.language  # in which the browser itself speaks, on the buttons for files
        browser = Driver(stack.enter_context(sync_playwright()), path).launch(f"--lang={chosen.language}")
        stack.callback(browser.close)
        opener = Opener(browser)
        stack.callback(opener.close)
        play(services, opener, taken)
    missing = len(WANTED) * len(SIZES) - len(taken.written)
    for written in taken.written:
        print(f"{written} {written.stat().st_size // 1000} kB")
    if missing:
        raise SystemExit(f"{missing} pictures are missing")


if __name__ == "__main__":
    main()
