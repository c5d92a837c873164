"""The verifier's pages in a real Chromium: every look, both languages, by keyboard, by camera, and without a script."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from jikin.badges import qr
from jikin.status.array import State
from jikin.testing import Issued
from jikin.web.limiting import Limiter
from tests.browser import (
    LANGUAGES,
    WIDTHS,
    CameraFor,
    Opener,
    PageFor,
    assert_quiet,
    browser,
    camera_for,
    chromium,
    driver,
    drop_files,
    free_port,
    page_for,
    running,
)
from tests.looks import SEES_LITTLE, looks_in, see
from tests.verifier_desk import Holder, Town, claims_of, form, parameters, service
from verifier.http.counter import Limits

__all__ = ["browser", "camera_for", "chromium", "driver", "page_for"]


@dataclass
class Site:
    """The verifier as it runs, and certificates of every kind of fate."""

    url: str
    town: Town
    good: Issued
    revoked: Issued
    suspended: Issued
    machine: Issued
    holder: Holder

    def file(self, issued: Issued, **change: object) -> dict[str, object]:
        credential = {**issued.document.credential, **change}
        document = json.dumps({"credential": credential, "receipt": issued.receipt.to_json()}, ensure_ascii=False)
        return {"name": "certificate.json", "mimeType": "application/json", "buffer": document.encode()}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    town, port = Town(lambda: int(time.time())), free_port()
    folder = tmp_path_factory.mktemp("verifier")
    much = Limiter("100000/hour")  # every look makes more requests than one person would
    app = service(town, folder, base_url=f"http://localhost:{port}", limits=Limits(much, much, much, much, much))
    with running(app, port) as url:
        yield Site(
            url,
            town,
            town.qualification(),
            town.qualification(state=State.REVOKED),
            town.machine(state=State.SUSPENDED),
            town.machine(),
            Holder(),
        )


Visit = Callable[[Page, Site], int]


def _open(path: str, *, errors: int = 0) -> Visit:
    def visit(page: Page, site: Site) -> int:
        page.goto(site.url + path.format(good=site.good.number, revoked=site.revoked.number))
        return errors

    return visit


def _upload(*names: str) -> Visit:
    def visit(page: Page, site: Site) -> int:
        files = {
            "good": site.file(site.good),
            "forged": site.file(site.good, name="다른 자격증"),
            "revoked": site.file(site.revoked),
            "letter": {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"Dear Sir"},
        }
        page.goto(site.url)
        page.set_input_files("#file", [files[name] for name in names])  # type: ignore[arg-type]
        page.locator("form[action='/check'] button").click()
        page.wait_for_selector("#result")
        return 0

    return visit


def _machine(page: Page, site: Site) -> int:
    page.goto(f"{site.url}/N/{site.machine.number.symbols}")
    return 0


def _suspended(page: Page, site: Site) -> int:
    page.goto(f"{site.url}/n/{site.suspended.number}")
    return 0


def _away(page: Page, site: Site) -> int:
    with site.town.silent_chain():
        page.goto(f"{site.url}/n/{site.good.number}")
    return 0


def _second_factor(page: Page, site: Site) -> int:
    page.goto(f"{site.url}/n/{site.good.number}")
    page.fill("#name", "이서준")
    page.fill("#birth_date", "2003-04-17")
    page.locator("form[action$='/name'] button").click()
    page.wait_for_selector("[role=alert]")
    return 0


def _foreign(page: Page, site: Site) -> int:
    page.goto(site.url)
    page.evaluate(
        """(text) => {
            const form = document.querySelector("form[action='/scan']");
            form.querySelector("[data-scan-text]").value = text;
            form.requestSubmit();
        }""",
        f"https://hrdk-check.example/n/{site.good.number}",
    )
    page.wait_for_selector("#result")
    return 0


def _asked(page: Page, site: Site) -> int:
    page.goto(f"{site.url}/requests/new")
    page.fill("#purpose", "지게차 운전 담당자 채용")
    page.locator("main .button--primary").click()
    page.wait_for_selector("#asked")
    return 0


def _answered(state: State | None) -> Visit:
    def visit(page: Page, site: Site) -> int:
        _asked(page, site)
        answer(page, site, state)
        page.wait_for_selector("#result")
        return 0

    return visit


def answer(page: Page, site: Site, state: State | None = None) -> str:
    """Answer the request on *page* as a wallet does; return where the wallet's browser would go on."""
    link = page.input_value("#link")
    inner = parameters(parameters(link)["request"])
    asked = claims_of(httpx.get(inner["request_uri"]).text)
    issued = site.town.bound(site.holder)
    if state is not None:
        site.town.examiner.change(issued, state, "issued-in-error")
    vp = site.holder.presentation(asked, issued, world=site.town.world)
    taken = httpx.post(asked["response_uri"], data=form(asked, {"certificate": [vp]}))
    assert taken.status_code == 200, taken.text
    return str(taken.json()["redirect_uri"])


def _reported(page: Page, site: Site) -> int:
    page.goto(f"{site.url}/report")
    page.fill("#where", "울산 북구 물류창고 입고 검사")
    page.locator("main .button--primary").click()
    page.wait_for_selector(".facts--large")
    return 0


def _not_reported(page: Page, site: Site) -> int:
    page.goto(f"{site.url}/report")
    page.locator("main .button--primary").click()
    page.wait_for_selector("[role=alert]")
    return 1


PAGES: dict[str, Visit] = {
    "start": _open("/"),
    "mistyped number": _open("/n?number=26-HRDK-7F3Q-9XK4-M2W8-37", errors=1),
    "number": _open("/n/{good}"),
    "revoked number": _open("/n/{revoked}"),
    "suspended machine": _suspended,
    "machine": _machine,
    "number with the chain away": _away,
    "second factor refused": _second_factor,
    "code that leads elsewhere": _foreign,
    "file": _upload("good"),
    "forged file": _upload("forged"),
    "file that is none": _upload("letter"),
    "several files": _upload("good", "forged", "revoked", "letter"),
    "new request": _open("/requests/new"),
    "request": _asked,
    "request answered": _answered(None),
    "request answered with a revoked one": _answered(State.REVOKED),
    "returned": _open("/requests/returned?response_code=x"),
    "report": _open("/report"),
    "report refused": _not_reported,
    "report sent": _reported,
    "nothing there": _open("/requests/abc", errors=1),
}


IN_EVERY_LOOK = ("start", "number", "several files", "request answered", "report refused")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_fits_and_breaks_no_policy(
    name: str, language: str, site: Site, page_for: PageFor
) -> None:
    page = page_for(language, WIDTHS[0])
    errors = PAGES[name](page, site)
    looks = looks_in(language, also=SEES_LITTLE if name in IN_EVERY_LOOK else ())
    see(page, f"verifier {name}", looks, expected_errors=errors)


# --- what a person does ---


def test_after_a_check_the_focus_is_on_the_verdict(site: Site, page_for: PageFor) -> None:
    page = page_for()
    page.goto(f"{site.url}/n/{site.good.number}")
    expect(page.locator("#result")).to_be_focused()
    page = page_for()
    _upload("good")(page, site)
    expect(page.locator("#result")).to_be_focused()


def test_a_number_is_looked_up_by_keyboard_alone(site: Site, page_for: PageFor) -> None:
    page = page_for()
    page.goto(site.url)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "number":
            break
    page.keyboard.type(site.good.number.symbols.lower())
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("유효한 증명서 번호입니다")


def test_a_request_is_made_by_keyboard_alone(site: Site, page_for: PageFor) -> None:
    page = page_for()
    page.goto(f"{site.url}/requests/new")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "purpose":
            break
    page.keyboard.type("지게차 운전 담당자 채용")
    page.keyboard.press("Enter")
    expect(page.locator("#asked h1")).to_be_visible()


def test_a_dropped_file_is_checked(site: Site, page_for: PageFor) -> None:
    page = page_for()
    page.goto(site.url)
    file = site.file(site.good)
    data = file["buffer"]
    assert isinstance(data, bytes)
    drop_files(page, "[data-drop]", {"certificate.json": ("application/json", data.decode())})
    page.locator("form[action='/check'] button").click()
    expect(page.locator("h1")).to_have_text("진본입니다")
    assert_quiet(page)


def test_the_page_of_a_request_shows_the_answer_by_itself(site: Site, page_for: PageFor) -> None:
    page = page_for()
    _asked(page, site)
    returned = answer(page, site)
    expect(page.locator("#result h1")).to_have_text("진본입니다", timeout=20_000)
    expect(page.locator("#result")).to_be_focused()
    assert_quiet(page)
    page.goto(returned)
    expect(page.locator("h1")).to_have_text("진본입니다")


def test_the_wallets_own_browser_is_told_nothing_of_the_result(site: Site, page_for: PageFor) -> None:
    asker, wallet = page_for(), page_for()
    _asked(asker, site)
    wallet.goto(answer(asker, site))
    expect(wallet.locator("h1")).to_have_text("보여 주었습니다")
    assert "김하늘" not in wallet.content()


@pytest.mark.parametrize("name", ["start", "number", "machine", "report", "mistyped number"])
def test_without_a_script_the_starred_pages_work(name: str, site: Site, page_for: PageFor) -> None:
    page = page_for(script=False)
    PAGES[name](page, site)
    expect(page.locator("h1")).to_have_count(1)


def test_without_a_script_a_number_a_file_a_report_and_a_request_are_answered(site: Site, page_for: PageFor) -> None:
    page = page_for(script=False)
    page.goto(site.url)
    page.fill("#number", str(site.revoked.number))
    page.locator("form[action='/n'] button").click()
    expect(page.locator("h1")).to_have_text("취소된 증명서입니다")
    _upload("good")(page, site)
    expect(page.locator("h1")).to_have_text("진본입니다")
    _reported(page, site)
    expect(page.locator("h1")).to_have_text("신고를 받았습니다")
    _asked(page, site)
    answer(page, site)
    page.get_by_role("link", name="다시 보기").click()
    expect(page.locator("#result h1")).to_have_text("진본입니다")


def test_on_paper_stand_the_answer_what_to_compare_and_the_checks_and_no_buttons(site: Site, page_for: PageFor) -> None:
    page = page_for()
    page.goto(f"{site.url}/n/{site.good.number}")
    page.emulate_media(media="print")
    for shown in ("#result", "#facts", "#checks"):
        expect(page.locator(shown)).to_be_visible()
    for hidden in (".actions >> nth=0", ".site-foot", "#second"):
        expect(page.locator(hidden)).to_be_hidden()


def test_the_print_button_is_there_only_with_a_script(site: Site, page_for: PageFor) -> None:
    with_script, without = page_for(), page_for(script=False)
    for page in (with_script, without):
        page.goto(f"{site.url}/n/{site.good.number}")
    expect(with_script.get_by_role("button", name="인쇄하기")).to_be_visible()
    expect(without.get_by_role("button", name="인쇄하기")).to_be_hidden()


def _scan(opener: Opener, site: Site) -> Page:
    page = opener.page("ko", 360)
    page.goto(site.url)
    page.get_by_role("button", name="카메라 켜기").click()
    return page


def test_the_camera_reads_a_printed_code_and_the_answer_is_there(
    site: Site, camera_for: CameraFor, tmp_path: Path
) -> None:
    photo = tmp_path / "paper.png"
    photo.write_bytes(qr.png(qr.check_url(site.url, site.good.number)))
    page = _scan(camera_for(photo), site)
    expect(page.locator("#result h1")).to_have_text("유효한 증명서 번호입니다", timeout=30_000)
    assert_quiet(page)


def test_the_camera_refuses_a_code_that_leads_elsewhere(site: Site, camera_for: CameraFor, tmp_path: Path) -> None:
    photo = tmp_path / "forged.png"
    photo.write_bytes(qr.png(qr.check_url("https://hrdk-check.example", site.good.number)))
    page = _scan(camera_for(photo), site)
    expect(page.locator("h1")).to_have_text("다른 곳으로 이끄는 QR입니다", timeout=30_000)
    expect(page.locator(".verdict__why")).to_contain_text("hrdk-check.example")
    assert page.url.startswith(site.url)


def test_the_camera_goes_on_looking_past_a_code_from_no_certificate(
    site: Site, camera_for: CameraFor, tmp_path: Path
) -> None:
    photo = tmp_path / "shop.png"
    photo.write_bytes(qr.png("https://shop.example/offer"))
    page = _scan(camera_for(photo), site)
    expect(page.locator("[data-scan-said]")).to_contain_text("증명서의 QR이 아니에요", timeout=30_000)
