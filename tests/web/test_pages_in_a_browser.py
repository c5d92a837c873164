"""Every part of the look in a real browser, in both languages, two widths and five looks; and the pages' scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from jikin.badges import qr
from tests.browser import (
    LANGUAGES,
    SCHEMES,
    WIDTHS,
    CameraFor,
    PageFor,
    assert_accessible,
    assert_good,
    assert_no_sideways_scroll,
    assert_quiet,
    authenticator,
    browser,
    camera_for,
    chromium,
    driver,
    drop_files,
    free_port,
    page_for,
    picture,
    running,
)
from tests.looks import see
from tests.web import gallery
from tests.web.gallery import Gallery

__all__ = ["browser", "camera_for", "chromium", "driver", "page_for"]

NUMBER_URL = "HTTPS://V.EXAMPLE/N/26KR127F3Q9XK4M2W837"
Site = tuple[str, Gallery]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    port = free_port()
    app, remembered = gallery.application(port)
    with running(app, port) as url:
        yield url, remembered


EVERY_LOOK = [(width, scheme) for width in WIDTHS for scheme in SCHEMES]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_is_accessible_and_fits(site: Site, page_for: PageFor, language: str) -> None:
    page = page_for(language)
    page.goto(site[0])
    assert page.locator("html").get_attribute("lang") == language
    see(page, "parts", EVERY_LOOK)


@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_a_page_comes_in_the_look_that_was_chosen(site: Site, page_for: PageFor, scheme: str) -> None:
    page = page_for("ko", 360, scheme)
    page.goto(site[0])
    for name in ("theme", "contrast", "text"):
        assert page.locator("html").get_attribute(f"data-{name}") == SCHEMES[scheme].get(name)
    assert_good(page)


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_systems_wish_for_contrast_is_met_without_any_switch(
    site: Site, page_for: PageFor, color_scheme: str
) -> None:
    page = page_for("ko", 360, color_scheme=color_scheme, contrast="more")
    page.context.clear_cookies()
    page.goto(site[0])
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(0, 0, 0)"}[color_scheme]
    assert_good(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_page_is_accessible_and_fits(site: Site, page_for: PageFor, language: str) -> None:
    page = page_for(language)
    for path, errors in (("/console", 0), ("/holder", 0), ("/camera", 0), ("/passkeys", 0), ("/nowhere", 1)):
        page.goto(site[0] + path)
        see(page, path[1:], ((360, "light"), (1280, "dark"), (360, "big")), expected_errors=errors)


def test_every_part_shows_without_a_script(site: Site, page_for: PageFor) -> None:
    page = page_for("ko", 360, script=False)
    page.goto(site[0])
    expect(page.get_by_role("heading", level=1)).to_have_text("부품 모음")
    # What only a script can do is not offered.
    expect(page.get_by_role("button", name="복사하기")).to_have_count(0)
    page.goto(f"{site[0]}/camera")
    expect(page.get_by_role("button", name="카메라 켜기")).to_have_count(0)
    # Chromium without scripts by this switch keeps the words in the page and does not draw them.
    assert "스크립트를 켜 주세요" in (page.locator("noscript").text_content() or "")


def test_the_look_is_switched_in_the_foot_and_kept_without_a_script(site: Site, page_for: PageFor) -> None:
    page = page_for("ko", 360, script=False)
    page.context.clear_cookies()
    page.goto(f"{site[0]}/holder?kept=1")
    html = page.locator("html")
    for name, on, off, label in (
        ("text", "big", "normal", "큰 글씨"),
        ("contrast", "high", "normal", "고대비"),
        ("theme", "dark", "light", "어두운 화면"),
    ):
        button = page.get_by_role("button", name=label)
        expect(button).to_have_attribute("aria-pressed", "false")
        button.click()
        expect(page).to_have_url(f"{site[0]}/holder?kept=1")
        expect(html).to_have_attribute(f"data-{name}", on)
        expect(button).to_have_attribute("aria-pressed", "true")
        button.click()
        expect(page).to_have_url(f"{site[0]}/holder?kept=1")
        assert html.get_attribute(f"data-{name}") in (off, None)


def test_the_other_language_is_kept(site: Site, page_for: PageFor) -> None:
    page = page_for("ko", 1280)
    page.goto(f"{site[0]}/holder")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto(f"{site[0]}/console")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_keyboard_reaches_the_content_first(site: Site, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    page.goto(site[0])
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="본문으로 건너뛰기")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site[0]}/#main")


def test_a_dropped_file_is_sent_by_the_form_it_was_dropped_on(site: Site, page_for: PageFor) -> None:
    page = page_for("ko", 1280)
    page.goto(site[0])
    site[1].received.clear()
    with page.expect_navigation():
        drop_files(page, "#door", {"badge.json": ("application/json", "{}"), "second.json": ("text/plain", "x")})
    assert site[1].received == [("badge.json", b"{}")]
    assert_quiet(page)


def test_a_copied_text_is_in_the_clipboard_and_said(site: Site, page_for: PageFor) -> None:
    page = page_for("ko", 1280, permissions=["clipboard-read", "clipboard-write"])
    page.goto(site[0])
    page.get_by_role("button", name="복사하기").click()
    expect(page.get_by_text("복사했습니다.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "http://localhost/n/26KR12"
    assert_quiet(page)


def test_a_region_follows_its_page_until_it_is_done(site: Site, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    site[1].done = 0
    page.goto(f"{site[0]}/progress")
    expect(page.get_by_text("1 / 4건")).to_be_visible()
    page.locator("#focus-me").focus()
    expect(page.get_by_text("2 / 4건")).to_be_visible()
    expect(page.locator("#focus-me")).to_be_focused()
    expect(page.locator("#end")).to_be_visible()
    expect(page.locator("#run")).not_to_have_attribute("data-refresh", "1")
    asked = site[1].done
    page.wait_for_timeout(1500)
    assert site[1].done == asked
    assert_quiet(page)


def test_a_passkey_is_made_and_opens_with_the_same_secret(site: Site, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    site[1].prf.clear()
    authenticator(page)
    page.goto(f"{site[0]}/passkeys")
    page.get_by_role("button", name="패스키 만들기").click()
    expect(page).to_have_url(f"{site[0]}/passkeys?made")
    page.get_by_role("button", name="패스키로 열기").click()
    expect(page).to_have_url(f"{site[0]}/passkeys?opened")
    assert_quiet(page)
    made, opened = site[1].prf
    assert len(opened) == 43
    # Some authenticators give the secret only when they are asked the second time.
    assert made in ("", opened)


def test_a_passkey_without_verified_user_is_refused_in_words(site: Site, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    device = authenticator(page)
    page.goto(f"{site[0]}/passkeys")
    device.set_user_verified(False)
    page.get_by_role("button", name="패스키 만들기").click()
    expect(page.get_by_text("패스키를 쓰지 못했어요.")).to_be_visible()
    expect(page).to_have_url(f"{site[0]}/passkeys")


def _code(folder: Path, text: str) -> Path:
    file = folder / "code.png"
    file.write_bytes(qr.png(text))
    return file


def test_the_camera_reads_a_certificates_code(site: Site, camera_for: CameraFor, tmp_path: Path) -> None:
    page = camera_for(_code(tmp_path, NUMBER_URL)).page("ko", 360)
    page.goto(f"{site[0]}/camera")
    page.get_by_role("button", name="카메라 켜기").click()
    expect(page.locator("#said")).to_have_text(NUMBER_URL, timeout=30_000)
    assert_quiet(page)


def test_another_code_is_named_and_not_sent(site: Site, camera_for: CameraFor, tmp_path: Path) -> None:
    page = camera_for(_code(tmp_path, "https://elsewhere.example/")).page("ko", 360)
    page.goto(f"{site[0]}/camera")
    page.get_by_role("button", name="카메라 켜기").click()
    expect(page.get_by_text("이 QR은 증명서의 QR이 아니에요.")).to_be_visible(timeout=30_000)
    expect(page).to_have_url(f"{site[0]}/camera")
    picture(page, "camera-other-code")
    assert_good(page)
    page.get_by_role("button", name="카메라 끄기").click()
    expect(page.get_by_role("button", name="카메라 켜기")).to_be_focused()


def test_a_refused_camera_is_said_with_what_else_to_do(site: Site, page_for: PageFor) -> None:
    page = page_for("en", 360)
    page.goto(f"{site[0]}/camera")
    page.get_by_role("button", name="Use the camera").click()
    expect(page.get_by_text("We may not use the camera.")).to_be_visible()
    expect(page.get_by_role("button", name="Use the camera")).to_be_focused()
    assert_quiet(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_description_for_programs_is_shown_from_our_own_files(site: Site, page_for: PageFor, width: int) -> None:
    page = page_for("en", width)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site[0]}/docs")
    expect(page.get_by_text("/healthz", exact=True)).to_be_visible()
    picture(page, f"docs-en-{width}")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    assert_quiet(page)
    assert [url for url in asked if not url.startswith((site[0], "data:"))] == []


def test_a_broken_policy_is_counted(site: Site, page_for: PageFor) -> None:
    page = page_for("en", 1280)
    page.goto(f"{site[0]}/holder")
    with page.expect_request("**/csp-report"):
        page.evaluate("document.body.insertAdjacentElement('beforeend', new Image()).src = 'http://127.0.0.1:9/x.png'")
    page.goto(f"{site[0]}/holder")
    counted = page.request.get(f"{site[0]}/metrics").text()
    assert 'jikin_csp_reports_total{directive="img-src"}' in counted
