"""The wallet's pages in a real Chromium, over a real wallet, institution and employer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import APIResponse, Locator, Page, expect

from jikin.badges import qr
from jikin.status.array import State
from jikin.values import JsonObject
from tests.browser import (
    LANGUAGES,
    WIDTHS,
    CameraFor,
    PageFor,
    assert_good,
    assert_quiet,
    authenticator,
    browser,
    camera_for,
    chromium,
    driver,
    page_for,
    picture,
)
from tests.looks import looks_in, see
from tests.pages.wallet_house import EXCAVATOR, FORKLIFT, NAME, PASSPHRASE, House, house, offer_of
from tests.wallet.conftest import signed_up
from tests.wallet.parties import EVERYTHING, renamed
from wallet import accounts, activity, holding
from wallet.sessions import OpenVault

__all__ = ["browser", "camera_for", "chromium", "driver", "page_for"]

SESSION = "jikin-wallet-session"
TWO_QUESTIONS: JsonObject = {
    "credentials": [
        {"id": "it", "format": "ldp_vc", "meta": {}},
        {"id": "more", "format": "ldp_vc", "meta": {}},
    ],
    "credential_sets": [{"options": [["it"]]}, {"options": [["more"]], "required": False}],
}
NOTHING_FITS: JsonObject = {
    "credentials": [{"id": "it", "format": "ldp_vc", "meta": {"type_values": [["https://x.example/Licence"]]}}]
}


def _only(number: str) -> JsonObject:
    """Return a query that one certificate alone fits: the one of this number."""
    claim = {"path": ["credentialSubject", "licenseNumber"], "values": [number]}
    return {"credentials": [{"id": "it", "format": "ldp_vc", "meta": {}, "claims": [claim]}]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("wallet")) as made:
        yield made


@pytest.fixture(autouse=True)
def forgiving(home: House) -> None:
    """Put back what a test may have changed in the institution and the employer."""
    home.office.spoil, home.office.deferrals, home.office.days = lambda credential: credential, 0, None
    home.employer.redirect, home.employer.status = None, 200


def _open(home: House, page: Page, name: str = NAME) -> None:
    """Open the wallet in the browser of *page* without typing."""
    token = accounts.open_by_passphrase(home.wallet, name, PASSPHRASE)
    page.context.add_cookies([{"name": SESSION, "value": token.text, "domain": "localhost", "path": "/"}])


def _vault(home: House, name: str = NAME) -> OpenVault:
    return accounts.open_by_token(home.wallet, accounts.open_by_passphrase(home.wallet, name, PASSPHRASE))


def _fresh(home: House, name: str) -> None:
    signed_up(home.wallet, name)


def _number(home: House, which: str) -> str:
    with _vault(home) as vault:
        number = holding.one(home.wallet, vault, home.ids[which]).number
    assert number is not None
    return number


def _present(home: House, link: str) -> str:
    return home.link(f"/present?request={quote(link, safe='')}")


def _receive(home: House, link: str) -> str:
    return home.link(f"/receive?offer={quote(link, safe='')}")


def _submit(page: Page) -> Locator:
    return page.locator("main form button.button--primary")


# --- every page, in every language, width and look ---


def _strangers(home: House) -> dict[str, str]:
    return {
        "start": home.link("/"),
        "sign-up": home.link("/sign-up"),
        "sign-in": home.link("/sign-in"),
        "sign-in-first": home.link("/sign-in?next=/activity"),
        "recover": home.link("/sign-in/recovery"),
    }


def _settings(home: House) -> dict[str, str]:
    return {
        "activity": home.link("/activity"),
        "settings": home.link("/settings"),
        "passphrase": home.link("/settings/passphrase"),
        "kept": home.link("/settings/recovery-code"),
    }


def _certificates(home: House) -> dict[str, str]:
    passed, revoked = home.ids["passed"], home.ids["revoked"]
    return {f"detail-{name}": home.link(f"/credentials/{id_}") for name, id_ in home.ids.items()} | {
        "list": home.link("/"),
        "list-none": home.link("/?q=nothing"),
        "list-said": home.link("/?said=checked-all#result"),
        "qr": home.link(f"/credentials/{passed}/qr"),
        "qr-ended": home.link(f"/credentials/{revoked}/qr"),
        "remove": home.link(f"/credentials/{passed}/remove"),
        "received": home.link(f"/received?id={passed}"),
        "received-marked": home.link(f"/received?id={passed}&id={revoked}"),
    }


def _parties(home: House) -> dict[str, str]:
    passed, revoked = _only(_number(home, "passed")), _only(_number(home, "revoked"))
    return {
        "receive": home.link("/receive"),
        "offer": _receive(home, offer_of(home.office, FORKLIFT)),
        "present": home.link("/present"),
        "consent": _present(home, home.employer.ask(passed)),
        "consent-warned": _present(home, home.employer.ask(revoked)),
        "consent-choices": _present(home, home.employer.ask(TWO_QUESTIONS)),
        "consent-unsigned": _present(home, home.employer.ask_unsigned(passed)),
        "consent-missing": _present(home, home.employer.ask(NOTHING_FITS)),
    }


PARTS = {"strangers": _strangers, "settings": _settings, "certificates": _certificates, "parties": _parties}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_good(home: House, page_for: PageFor, language: str, part: str) -> None:
    page = page_for(language, WIDTHS[0])
    if part != "strangers":
        _open(home, page)
    # Those who see little get what everybody gets, in the language that is the longer one to read.
    looks = looks_in(language)
    for name, address in PARTS[part](home).items():
        page.goto(address)
        see(page, name, looks)


@pytest.mark.parametrize(("language", "look"), [("ko", "light"), ("en", "dark")])
def test_answers_to_forms_are_good_pages_too(
    home: House,
    page_for: PageFor,
    language: str,
    look: str,
) -> None:
    page, errors = page_for(language, 360, look), 0

    def see(name: str) -> None:
        picture(page, f"{name}-{language}-360-{look}")
        assert_good(page, expected_errors=errors)

    page.goto(home.link("/sign-up"))
    page.get_by_label("name" if language == "en" else "지갑 이름").fill(NAME)
    page.locator("#passphrase").fill(PASSPHRASE)
    page.locator("#repeat").fill(PASSPHRASE)
    _submit(page).click()
    errors += 1  # a browser counts every 400 as an error
    see("name-taken")
    _open(home, page)
    page.goto(home.link("/receive"))
    page.locator("#text").fill("https://elsewhere.example/")
    page.locator("#text").press("Enter")
    errors += 1
    see("receive-other")
    page.goto(_receive(home, offer_of(home.office, FORKLIFT)))
    page.locator("#code").fill("0000")
    _submit(page).click()
    errors += 1
    see("offer-wrong-code")
    page.goto(_present(home, home.employer.ask(_only(_number(home, "passed")))))
    page.locator("button[value=no]").click()
    see("declined")
    home.employer.redirect = "https://mir.example/thanks"
    page.goto(_present(home, home.employer.ask(_only(_number(home, "passed")))))
    page.locator("button[value=yes]").click()
    see("done")
    page.goto(home.link("/settings"))
    page.locator("form[action^='/settings/recovery-code'] button").click()
    see("recovery-code")
    page.goto(home.link("/credentials/none"))
    errors += 1
    see("not-found")


# --- the keyboard alone ---


def _reach(page: Page, wanted: Locator) -> None:
    """Press Tab until *wanted* has the focus."""
    expect(wanted).to_be_visible()
    for _ in range(80):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {wanted}")


def _type(page: Page, wanted: Locator, text: str) -> None:
    _reach(page, wanted)
    page.keyboard.insert_text(text)


def test_the_keyboard_alone_goes_from_signing_up_to_showing(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    page.goto(home.link("/"))
    _reach(page, page.get_by_role("link", name="지갑 만들기"))
    page.keyboard.press("Enter")
    _type(page, page.locator("#name"), "자판")
    _type(page, page.locator("#passphrase"), PASSPHRASE)
    _type(page, page.locator("#repeat"), PASSPHRASE)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="복구 코드를 적어 두세요")).to_be_visible()
    code = page.locator(".slip__code").get_attribute("aria-label") or ""
    _reach(page, page.get_by_role("link", name="적어 두었어요"))
    page.keyboard.press("Enter")
    _type(page, page.locator("#code"), code.lower().replace("-", " "))
    page.keyboard.press("Enter")
    expect(page.get_by_text("복구 코드를 확인했습니다.")).to_be_visible()
    _reach(page, page.get_by_role("link", name="증명서 받기"))
    page.keyboard.press("Enter")
    _type(page, page.locator("#text"), offer_of(home.office, FORKLIFT))
    page.keyboard.press("Enter")
    expect(page.get_by_text("지갑에 담기")).to_be_visible()
    _type(page, page.locator("#code"), "4932")
    _reach(page, page.get_by_role("button", name="지갑에 담기"))
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_be_focused()
    expect(page.get_by_role("heading", name="지갑에 담았습니다")).to_be_visible()
    _reach(page, page.get_by_role("link", name="증명서 보기"))
    page.keyboard.press("Enter")
    _reach(page, page.locator("summary").first)
    page.keyboard.press("Enter")
    expect(page.locator(".finding--passed").first).to_be_visible()
    page.keyboard.press("Shift+Tab")
    _reach(page, page.get_by_role("link", name="보여 주기", exact=True).locator("visible=true"))
    page.keyboard.press("Enter")
    _type(page, page.locator("#text"), home.employer.ask())
    page.keyboard.press("Enter")
    _reach(page, page.get_by_role("button", name="보여 주기", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="보여 주었습니다")).to_be_visible()
    expect(page.locator("#result")).to_be_focused()
    assert home.employer.judged().outcome.value == "passed"
    assert_quiet(page)


# --- without scripts ---


def test_without_scripts_a_certificate_is_received_looked_at_and_shown(home: House, page_for: PageFor) -> None:
    _fresh(home, "글만")
    page = page_for("ko", 360, script=False)
    page.goto(_receive(home, offer_of(home.office, FORKLIFT, by_reference=True)))
    assert urlsplit(page.url).path == "/sign-in"  # and on to the offer afterwards
    page.locator("#name").fill("글만")
    page.locator("#passphrase").fill(PASSPHRASE)
    _submit(page).click()
    expect(page.get_by_role("heading", name="한국산업인력공단이 증명서를 보냈어요")).to_be_visible()
    page.locator("#code").fill("4932")
    _submit(page).click()
    expect(page.get_by_role("heading", name="지갑에 담았습니다")).to_be_visible()
    page.goto(home.link("/"))
    page.get_by_role("link", name="지게차운전기능사").click()
    expect(page.get_by_role("heading", name="진본입니다")).to_be_visible()
    page.locator("summary").first.click()
    expect(page.locator(".finding--passed").first).to_be_visible()
    page.get_by_role("link", name="QR로 보여 주기").click()
    expect(page.get_by_role("img", name="이 증명서를 확인하는 QR 코드")).to_be_visible()
    page.goto(_present(home, home.employer.ask()))
    expect(page.get_by_role("heading", name="보여 줄 것")).to_be_visible()
    page.get_by_role("button", name="보여 주기", exact=True).click()
    expect(page.get_by_role("heading", name="보여 주었습니다")).to_be_visible()
    assert home.employer.judged().outcome.value == "passed"


def test_without_scripts_the_look_can_be_switched(home: House, page_for: PageFor) -> None:
    page = page_for("en", 360, script=False)
    page.goto(home.link("/sign-up"))
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert urlsplit(page.url).path == "/sign-up"


# --- passkeys ---


def test_a_passkey_is_added_and_opens_the_wallet(home: House, page_for: PageFor) -> None:
    _fresh(home, "열쇠")
    page = page_for("ko", 360)
    authenticator(page)
    _open(home, page, "열쇠")
    page.goto(home.link("/settings"))
    page.get_by_role("button", name="패스키 더하기").click()
    again = page.get_by_role("button", name="패스키 확인하기")
    expect(again.or_(page.get_by_text("패스키를 더했습니다."))).to_be_visible()
    if again.is_visible():
        assert_good(page)
        again.click()
    expect(page.get_by_text("패스키를 더했습니다.")).to_be_visible()
    picture(page, "settings-passkey")
    assert_good(page)
    page.get_by_role("button", name="지갑 닫기").click()
    expect(page.get_by_text("지갑을 닫았습니다.")).to_be_visible()
    page.goto(home.link("/activity"))
    page.get_by_role("button", name="패스키로 열기").click()
    expect(page.get_by_role("heading", name="기록", exact=True)).to_be_visible()
    assert_quiet(page)


def test_a_passkey_that_gives_no_key_is_refused_with_the_reason(home: House, page_for: PageFor) -> None:
    _fresh(home, "없는 열쇠")
    page = page_for("ko", 360)
    authenticator(page, prf=False)
    _open(home, page, "없는 열쇠")
    page.goto(home.link("/settings"))
    page.get_by_role("button", name="패스키 더하기").click()
    expect(page.get_by_text("이 패스키로는 지갑의 잠금을 풀 수 없습니다.")).to_be_visible()
    assert_quiet(page, expected_errors=1)


# --- signing up and in ---


def test_the_recovery_code_is_shown_once_and_opens_the_wallet(home: House, page_for: PageFor) -> None:
    page = page_for("en", 1280)
    page.goto(home.link("/sign-up"))
    page.get_by_label("Wallet name").fill("Forgetful")
    page.locator("#passphrase").fill("a long passphrase of mine")
    page.locator("#repeat").fill("a long passphrase of mine")
    _submit(page).click()
    code = page.locator(".slip__code").get_attribute("aria-label") or ""
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.goto(home.link("/"))
    expect(page.get_by_text("the wallet needs two ways to be opened")).to_be_visible()
    assert code not in page.content()
    page.goto(home.link("/settings"))
    page.get_by_role("button", name="Close the wallet").click()
    page.goto(home.link("/sign-in/recovery"))
    page.get_by_label("Wallet name").fill("Forgetful")
    page.get_by_label("Recovery code").fill(code)
    _submit(page).click()
    expect(page.get_by_text("Please choose a new passphrase.")).to_be_visible()
    page.locator("#passphrase").fill("another long passphrase")
    page.locator("#repeat").fill("another long passphrase")
    _submit(page).click()
    expect(page.get_by_text("The passphrase was changed.")).to_be_visible()
    assert accounts.open_by_passphrase(home.wallet, "Forgetful", "another long passphrase")
    assert_quiet(page)


def test_a_wrong_passphrase_is_said_where_the_focus_is(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    page.goto(home.link("/sign-in"))
    page.locator("#name").fill(NAME)
    page.locator("#passphrase").fill("이것은 아니지요")
    _submit(page).click()
    expect(page.locator("#result")).to_be_focused()
    expect(page.locator("#result")).to_contain_text("이름이나 암호가 맞지 않습니다.")
    expect(page.locator("#name")).to_have_value(NAME)
    expect(page.locator("#passphrase")).to_have_value("")


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1"])
def test_signing_in_leads_to_no_other_site(home: House, page_for: PageFor, next_page: str) -> None:
    page = page_for("ko", 360)
    page.goto(home.link(f"/sign-in?next={quote(next_page, safe='')}"))
    page.locator("#name").fill(NAME)
    page.locator("#passphrase").fill(PASSPHRASE)
    _submit(page).click()
    expect(page.get_by_role("heading", name="내 증명서")).to_be_visible()
    assert page.url.startswith(home.link("/"))


def test_a_wallet_with_one_way_to_open_it_takes_nothing(home: House, page_for: PageFor) -> None:
    accounts.create(home.wallet, "하나뿐", PASSPHRASE)
    page = page_for("ko", 360)
    _open(home, page, "하나뿐")
    page.goto(_receive(home, offer_of(home.office, FORKLIFT)))
    page.locator("#code").fill("4932")
    _submit(page).click()
    expect(page.locator("#result")).to_contain_text("지갑을 여는 방법이 두 가지 있어야 합니다.")


# --- receiving ---


def test_a_picture_of_a_qr_code_is_read(home: House, page_for: PageFor, tmp_path: Path) -> None:
    file = tmp_path / "offer.png"
    file.write_bytes(qr.png(offer_of(home.office, FORKLIFT, by_reference=True)))
    page = page_for("ko", 360)
    _open(home, page)
    page.goto(home.link("/receive"))
    page.locator("#picture").set_input_files(file)
    page.get_by_role("button", name="그림 읽기").click()
    expect(page.get_by_role("button", name="지갑에 담기")).to_be_visible()
    page.get_by_role("button", name="담지 않기").click()
    expect(page.get_by_text("담지 않았습니다.")).to_be_visible()
    assert_quiet(page)


def test_the_camera_reads_an_offer(home: House, camera_for: CameraFor, tmp_path: Path) -> None:
    file = tmp_path / "offer.png"
    file.write_bytes(qr.png(offer_of(home.office, FORKLIFT, by_reference=True)))
    page = camera_for(file).page("ko", 360)
    _open(home, page)
    page.goto(home.link("/receive"))
    page.get_by_role("button", name="카메라 켜기").click()
    expect(page.get_by_role("button", name="지갑에 담기")).to_be_visible(timeout=60_000)
    assert_quiet(page)


def test_a_wrong_code_can_be_tried_again(home: House, page_for: PageFor) -> None:
    _fresh(home, "틀린 번호")
    page = page_for("ko", 360)
    _open(home, page, "틀린 번호")
    page.goto(_receive(home, offer_of(home.office, FORKLIFT)))
    page.locator("#code").fill("0000")
    _submit(page).click()
    expect(page.locator("#result")).to_contain_text("확인 번호가 맞지 않습니다.")
    page.locator("#code").fill("4932")
    _submit(page).click()
    expect(page.get_by_role("heading", name="지갑에 담았습니다")).to_be_visible()


def test_a_forged_certificate_is_not_kept(home: House, page_for: PageFor) -> None:
    _fresh(home, "속지 않음")
    home.office.spoil = renamed
    page = page_for("ko", 360)
    _open(home, page, "속지 않음")
    page.goto(_receive(home, offer_of(home.office, FORKLIFT)))
    page.locator("#code").fill("4932")
    _submit(page).click()
    expect(page.locator("#result")).to_contain_text("진본이 아니어서 담지 않았습니다.")
    page.goto(home.link("/"))
    expect(page.get_by_role("heading", name="아직 증명서가 없어요")).to_be_visible()


def test_what_is_still_being_made_is_picked_up_later(home: House, page_for: PageFor) -> None:
    _fresh(home, "기다림")
    home.office.deferrals = 30
    page = page_for("ko", 360)
    _open(home, page, "기다림")
    page.goto(_receive(home, offer_of(home.office, FORKLIFT)))
    page.locator("#code").fill("4932")
    _submit(page).click()
    expect(page.locator("#result")).to_contain_text("아직 준비하고 있습니다.")
    picture(page, "receive-pending")
    assert_good(page)
    transactions = home.office.deferred
    home.office.deferred = {name: (holder, 1) for name, (holder, _) in transactions.items()}
    page.get_by_role("button", name="지금 다시 받아 보기").click()
    expect(page.get_by_role("heading", name="지갑에 담았습니다")).to_be_visible()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "링크를 붙여 넣어 주세요."),
        ("openid4vp://?client_id=x&request_uri=y", "증명서를 보여 달라는 링크예요."),
        ("https://v.example/N/26KR127F3Q9XK4M2W837", "지갑에 담으려면 발급 기관이 준 링크"),
        ("javascript:alert(1)", "이 QR이나 링크로는"),
        ("openid-credential-offer://?credential_offer_uri=http%3A%2F%2F169.254.169.254%2F", "열 수 없는 주소"),
        ("openid-credential-offer://?credential_offer=%7B", "받아들이지 않았습니다."),
    ],
)
def test_a_bad_link_is_answered_in_words(home: House, page_for: PageFor, text: str, said: str) -> None:
    page = page_for("ko", 360, script=False)
    _open(home, page)
    page.goto(home.link("/receive"))
    field = page.locator("#text")
    if text:
        field.fill(text)
        field.press("Enter")
        expect(page.locator("#result")).to_contain_text(said)
    else:
        answer = _post(home, page, "/receive", {"text": " "})
        assert answer.status == 400
        assert said in answer.text()


# --- showing ---


def test_the_consent_page_says_who_asks_and_what_is_seen(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    _open(home, page)
    page.goto(_present(home, home.employer.ask(_only(_number(home, "passed")))))
    consent = page.locator(".consent")
    expect(consent.get_by_role("heading", level=1)).to_contain_text("증명서를 확인하려고 해요")
    expect(consent).to_contain_text("서명한 곳은 확인됨")
    expect(consent).to_contain_text("지게차운전기능사")
    expect(consent).to_contain_text("다른 증명서 3건")
    boxes = [button.bounding_box() for button in consent.locator(".consent__act button").all()]
    sizes = [(round(box["width"]), round(box["height"])) for box in boxes if box is not None]
    assert len(sizes) == 2
    assert sizes[0] == sizes[1]
    page.goto(_present(home, home.employer.ask_unsigned()))
    expect(page.locator(".consent")).to_contain_text("누구나 이런 요청을 만들 수 있습니다.")


def test_after_showing_the_way_leads_back_to_whoever_asked(home: House, page_for: PageFor) -> None:
    home.employer.redirect = "https://mir.example/thanks"
    page = page_for("ko", 360)
    _open(home, page)
    page.goto(_present(home, home.employer.ask(_only(_number(home, "passed")))))
    page.get_by_role("button", name="보여 주기", exact=True).click()
    back = page.get_by_role("link", name="화면으로 돌아가기")
    expect(back).to_have_attribute("href", "https://mir.example/thanks")
    page.goto(home.link("/activity"))
    expect(page.locator(".history li").first).to_contain_text("지게차운전기능사를 보여 줌")


def test_a_script_is_no_way_back(home: House, page_for: PageFor) -> None:
    home.employer.redirect = "javascript:alert(1)"
    page = page_for("ko", 360)
    _open(home, page)
    page.goto(_present(home, home.employer.ask(_only(_number(home, "passed")))))
    page.get_by_role("button", name="보여 주기", exact=True).click()
    assert page.locator("a[href^='javascript']").count() == 0


def test_a_revoked_certificate_is_shown_only_knowingly(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 360, script=False)
    _open(home, page)
    sent = len(home.employer.answers)
    page.goto(_present(home, home.employer.ask(_only(_number(home, "revoked")))))
    expect(page.locator(".consent")).to_contain_text("취소된 증명서입니다. 상대방에게도 취소로 보여요.")
    page.get_by_role("button", name="보여 주기", exact=True).click()
    expect(page.locator("#result")).to_contain_text("주의할 점을 읽고 표시해 주세요.")
    assert len(home.employer.answers) == sent
    page.get_by_label("알고 있으며, 그래도 보여 줄게요").check()
    page.get_by_role("button", name="보여 주기", exact=True).click()
    expect(page.get_by_role("heading", name="보여 주었습니다")).to_be_visible()
    assert home.employer.judged().credentials[0].outcome.value == "failed"


def test_another_certificate_can_be_chosen(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 1280)
    _open(home, page)
    page.goto(_present(home, home.employer.ask()))
    page.get_by_role("radio", name="산업안전기사").check()
    page.get_by_role("button", name="보여 주기", exact=True).click()
    page.get_by_label("알고 있으며, 그래도 보여 줄게요").check()
    page.get_by_role("button", name="보여 주기", exact=True).click()
    expect(page.get_by_role("heading", name="보여 주었습니다")).to_be_visible()
    assert home.employer.judged().credentials[0].subject.title == "산업안전기사"


def test_not_showing_sends_nothing_of_a_certificate(home: House, page_for: PageFor) -> None:
    page = page_for("en", 360)
    _open(home, page)
    page.goto(_present(home, home.employer.ask(EVERYTHING)))
    page.get_by_role("button", name="Do not show", exact=True).click()
    expect(page.get_by_role("heading", name="Not shown")).to_be_visible()
    assert "vp_token" not in home.employer.answers[-1]


def test_a_request_is_answered_once(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    _open(home, page)
    page.goto(_present(home, home.employer.ask(_only(_number(home, "passed")))))
    action = page.locator("form.consent").get_attribute("action") or ""
    page.get_by_role("button", name="보여 주기", exact=True).click()
    page.goto(home.link(action.partition("#")[0]))
    expect(page.locator("#result")).to_contain_text("이미 답했거나 기한이 지났습니다.")


# --- the list and one certificate ---


def test_a_change_is_told_until_it_was_looked_at(home: House, page_for: PageFor) -> None:
    _fresh(home, "소식")
    page = page_for("ko", 360)
    _open(home, page, "소식")
    page.goto(_receive(home, offer_of(home.office, EXCAVATOR)))
    page.locator("#code").fill("4932")
    _submit(page).click()
    issued = list(home.office.issued.values())[-1]
    home.office.institution.change(issued, State.REVOKED, "부정행위 확인")
    page.goto(home.link("/"))
    page.get_by_role("button", name="모두 다시 확인하기").click()
    expect(page.locator("#result")).to_contain_text("모두 다시 확인했습니다.")
    expect(page.locator(".notice")).to_contain_text("굴착기운전기능사가 취소되었습니다.")
    page.get_by_role("link", name="이유와 할 일 보기").click()
    expect(page.get_by_role("heading", name="취소된 증명서입니다")).to_be_visible()
    expect(page.locator(".verdict")).to_contain_text("부정행위 확인")
    page.goto(home.link("/"))
    expect(page.locator(".notice")).to_have_count(0)


def test_the_list_is_filtered_and_searched(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 1280)
    _open(home, page)
    page.goto(home.link("/"))
    titles = page.locator(".card__title")
    expect(titles).to_have_count(4)
    page.get_by_role("searchbox").fill("지게차")
    page.get_by_role("searchbox").press("Enter")
    expect(titles).to_have_text(["지게차운전기능사"])
    page.goto(home.link("/?kind=course-completion"))
    expect(page.get_by_text("찾는 증명서가 없습니다.")).to_be_visible()


def test_files_of_a_certificate_are_handed_out(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 1280)
    _open(home, page)
    known = home.ids["passed"]
    for name, media_type, begins in (
        ("certificate.pdf", "application/pdf", b"%PDF-"),
        ("credential.json", "application/vc", b"{"),
        ("receipt.json", "application/json", b"{"),
    ):
        answer = page.request.get(home.link(f"/credentials/{known}/{name}"))
        assert answer.status == 200, answer.text()
        assert answer.headers["content-type"].startswith(media_type)
        assert "attachment" in answer.headers["content-disposition"]
        assert answer.body().startswith(begins)
    away = page.request.get(home.link(f"/credentials/{known}/proof-pack.cbor"))
    assert away.status == 503, "its node does not answer, and it says so"
    everything = page.request.get(home.link("/export.json")).json()
    assert len(everything["certificates"]) == 4


def test_a_certificate_is_removed_after_a_warning(home: House, page_for: PageFor) -> None:
    _fresh(home, "치움")
    page = page_for("ko", 360)
    _open(home, page, "치움")
    page.goto(_receive(home, offer_of(home.office, FORKLIFT)))
    page.locator("#code").fill("4932")
    _submit(page).click()
    page.get_by_role("link", name="증명서 보기").click()
    page.get_by_role("link", name="지갑에서 지우기").click()
    expect(page.get_by_text("지우면 되돌릴 수 없습니다.")).to_be_visible()
    page.get_by_role("button", name="지우기").click()
    expect(page.get_by_text("지갑에서 지웠습니다.")).to_be_visible()
    expect(page.get_by_role("heading", name="아직 증명서가 없어요")).to_be_visible()
    with _vault(home, "치움") as vault:
        assert activity.events(home.wallet, vault)[0].act == "removed"


# --- what every answer keeps ---


def test_no_page_is_kept_by_caches(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    _open(home, page)
    for address in (address for part in PARTS.values() for address in part(home).values()):
        headers = page.request.get(address.partition("#")[0]).headers
        assert headers["cache-control"] == "no-store", address
        assert headers["referrer-policy"] == "no-referrer", address


def _post(home: House, page: Page, path: str, form: dict[str, str], origin: str | None = None) -> APIResponse:
    headers = {"origin": home.base if origin is None else origin, "accept": "text/html"}
    return page.request.post(home.link(path), form=form, headers=headers)


def test_no_other_site_can_send_a_form(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    _open(home, page)
    known = home.ids["passed"]
    ask: Callable[[str], APIResponse] = lambda path: _post(home, page, path, {}, "https://evil.example")  # noqa: E731
    for path in (
        *("/sign-up", "/sign-in", "/sign-in/recovery", "/sign-in/passkey", "/sign-in/passkey/options", "/sign-out"),
        *("/check", f"/credentials/{known}/check", f"/credentials/{known}/remove", "/receive", "/receive/picture"),
        *("/receive/x", "/receive/x/forget", "/pick-up", "/present", "/present/picture", "/present/x"),
        *("/settings/passphrase", "/settings/recovery-code", "/settings/recovery-code/kept", "/settings/passkey"),
        *("/settings/passkey/options", "/settings/passkey/again", "/settings/passkey/again/options"),
        "/settings/ways/x/remove",
    ):
        assert ask(path).status == 403, path
    with _vault(home) as vault:
        assert len(holding.held(home.wallet, vault)) == 4


def test_a_stranger_is_led_to_the_sign_in_page_and_on_from_there(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    page.goto(home.link(f"/credentials/{home.ids['passed']}?x=1"))
    parts = urlsplit(page.url)
    assert parts.path == "/sign-in"
    assert parse_qs(parts.query)["next"] == [f"/credentials/{home.ids['passed']}?x=1"]
    answer = page.request.post(home.link("/check"), headers={"origin": home.base}, max_redirects=0)
    assert (answer.status, answer.headers["location"]) == (303, "/sign-in")


def test_nobody_sees_what_is_in_another_wallet(home: House, page_for: PageFor) -> None:
    _fresh(home, "이웃")
    page = page_for("ko", 360)
    _open(home, page, "이웃")
    for path in ("", "/qr", "/certificate.pdf", "/credential.json", "/receipt.json", "/remove"):
        answer = page.request.get(home.link(f"/credentials/{home.ids['passed']}{path}"))
        assert answer.status == 404, path
