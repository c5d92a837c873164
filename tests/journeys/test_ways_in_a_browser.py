"""The services in a browser used otherwise: with the keyboard alone, with a camera, without a script."""

from __future__ import annotations

import io
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from jikin.badges import pdf
from jikin.badges.confined import borrowed
from tests import people
from tests.browser import (
    CameraFor,
    PageFor,
    assert_good,
    assert_quiet,
    browser,
    camera_for,
    chromium,
    driver,
    page_for,
)
from tests.people import Offer, press, reach, type_into
from tests.services import Services, services

__all__ = ["browser", "camera_for", "chromium", "driver", "page_for", "services"]
pytestmark = pytest.mark.chain
TYPE = "national-technical-qualification"
MACHINE = {
    "model": "HL-30D",
    "capacity": "정격하중 3.0 t",
    "serial_from": "HL30D-2600001",
    "serial_to": "HL30D-2600250",
    "maker_ko": "한울리프트(주)",
    "maker_en": "Hanul Lift Co., Ltd.",
    "maker_country": "KR",
    "factory": "경상남도 새봄시 공단로 12",
    "standard": "안전인증 고시 별표 3",
}


def offered(services: Services) -> Offer:
    """Return an offer of a certificate that is issued to an invented person for it."""
    made = services.offer(type=TYPE, tx_code=True)
    return Offer(made["link"], made["offer"], made["tx_code"])


def number_of(services: Services) -> str:
    """Return the number of a certificate that was issued and that the development holder keeps."""
    made = offered(services)
    with services.machine("wallet") as wallet:
        answer = wallet.post("/api/offers", json={"credential_offer": made.uri, "tx_code": made.code})
        for _ in range(60):
            if answer.json()["credentials"]:
                break
            time.sleep(1)
            answer = wallet.post("/api/offers/resume")
        number: str = answer.json()["credentials"][0]["number"]
        return number


# --- the keyboard alone ---


def test_the_keyboard_alone_receives_and_shows(services: Services, page_for: PageFor) -> None:
    made = offered(services)
    her, employer = page_for("ko", 360), page_for("ko", 360)
    people.open_wallet(her, services, "자판으로만")
    her.goto(services.wallet)
    press(her, her.locator("main a[href='/receive']").first)
    type_into(her, her.locator("#text"), made.uri)
    her.keyboard.press("Enter")
    type_into(her, her.locator("#code"), made.code)
    her.keyboard.press("Enter")
    held = people.kept(her)
    press(her, her.locator(f"a[href='{held.removeprefix(services.wallet)}']").first)
    expect(her.locator(".verdict--passed")).to_be_visible()

    employer.goto(services.verifier)
    press(employer, employer.locator("a[href='/requests/new']").first)
    type_into(employer, employer.locator("#purpose"), "지게차 운전원 채용")
    employer.keyboard.press("Enter")
    employer.wait_for_url("**/requests/*")
    expect(employer.locator("main a.button--primary")).to_be_visible()
    link = employer.locator("main a.button--primary").get_attribute("href") or ""

    her.goto(link)
    press(her, her.locator("button[value=yes]"))
    expect(her.locator("#result")).to_be_focused()
    people.verdict(employer, "passed", "ko")
    assert_quiet(her)
    assert_quiet(employer)


def test_the_keyboard_alone_checks_a_number(services: Services, page_for: PageFor) -> None:
    number = number_of(services)
    page = page_for("en", 360)
    page.goto(services.verifier)
    type_into(page, page.locator("#number"), number.lower())
    page.keyboard.press("Enter")
    people.verdict(page, "passed", "en", word="number")
    expect(page.locator("#result")).to_be_focused()
    reach(page, page.locator("summary").first)
    page.keyboard.press("Enter")
    expect(page.locator("details[open]").first).to_be_visible()
    assert_good(page)


# --- the camera ---


def test_the_camera_reads_the_code_of_a_printed_certificate(
    services: Services, page_for: PageFor, camera_for: CameraFor, tmp_path: Path
) -> None:
    her = page_for("ko", 360)
    people.open_wallet(her, services, "종이로")
    her.goto(people.receive(her, offered(services)))
    number = her.locator(".document__no").inner_text()
    printed = people.downloaded(her, "a[href$='/certificate.pdf']")
    page = camera_for(corner(printed, tmp_path)).page("ko", 360)
    page.goto(services.verifier)
    page.locator("[data-scan-start]").click()
    page.wait_for_url(lambda url: number.replace("-", "").lower() in url.replace("-", "").lower(), timeout=60_000)
    people.verdict(page, "passed", "ko", word="number")
    assert_good(page)


def corner(printed: bytes, folder: Path) -> Path:
    """Return a photo of the upper right of a printed page, where its code stands."""
    with borrowed(None) as confined:
        page = Image.open(io.BytesIO(pdf.rasterise(printed, dpi=200, confinement=confined)))
    path = folder / "photo.png"
    page.crop((page.width * 6 // 10, 0, page.width, page.height // 4)).save(path)
    return path


# --- without a script ---


def test_without_a_script_a_number_is_checked(services: Services, page_for: PageFor) -> None:
    number = number_of(services)
    page = page_for("ko", 360, script=False)
    people.by_number(page, services, number)
    expect(page.locator("h1")).to_have_text(people.WORDS["ko"]["number"])
    expect(page.locator(".number").first).to_have_text(number)
    wrong = number[:-1] + ("2" if number[-1] != "2" else "3")
    page.goto(services.verifier)
    page.locator("#number").fill(wrong)
    page.locator("form[action='/n'] button").click()
    expect(page.locator("#number-error")).to_be_visible()


def test_without_a_script_a_machine_is_applied_for_and_its_progress_seen(services: Services, page_for: PageFor) -> None:
    page = page_for("ko", 360, script=False)
    page.goto(f"{services.issuer}/apply")
    page.locator("main .button--primary").click()
    expect(page.locator(".field--error").first).to_be_visible()  # an empty form is shown again, with what is missing
    page.select_option("#machine_code", "A04")
    for name, value in MACHINE.items():
        page.locator(f"#{name}").fill(value)
    page.locator("main .button--primary").click()
    page.wait_for_url("**/progress/*")
    receipt = _receipt(page)
    stranger = page_for("en", 360, script=False)
    stranger.goto(f"{services.issuer}/progress")
    stranger.locator("#receipt").fill(receipt.lower().replace("-", " "))
    stranger.locator("main .button--primary").click()
    stranger.wait_for_url(f"**/progress/{quote(receipt)}")
    expect(stranger.locator(".steps [aria-current=step]")).to_be_visible()
    text = stranger.locator("main").inner_text()
    for confidential in ("한울리프트", "Hanul", "2600001", "새봄시"):
        assert confidential not in text


def test_without_a_script_a_request_is_made_and_its_answer_seen(services: Services, page_for: PageFor) -> None:
    her, employer = page_for("ko", 360, script=False), page_for("ko", 360, script=False)
    people.open_wallet(her, services, "글만")
    people.receive(her, offered(services))
    people.show(her, people.ask(employer, services, "채용"))
    employer.reload()
    expect(employer.locator("h1")).to_have_text(people.WORDS["ko"]["passed"])


def _receipt(page: Page) -> str:
    return people.path_of(page).rpartition("/")[2]
