"""The public pages and the reviewers' pages in a real browser, without a script, in both languages and every look."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from issuer import service
from issuer.applying import TYPE as MACHINE
from issuer.applying import apply, step
from issuer.notices import notifier
from issuer.store import applications
from issuer.store import officers as store
from issuer.store.applications import ApplicationState
from jikin.values import sha256
from tests import issuing_office
from tests.browser import (
    LANGUAGES,
    PageFor,
    assert_good,
    browser,
    chromium,
    driver,
    free_port,
    page_for,
    picture,
    running,
)
from tests.issuing_office import TYPE, Bureau, NewInstitution, open_bureau, rows
from tests.looks import see

__all__ = ["browser", "chromium", "driver", "page_for"]

MACHINE_CELLS = {
    "machine_code": "A04",
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


@dataclass
class Site:
    """A running issuer."""

    bureau: Bureau
    url: str

    def applied(self, *steps: tuple[str, ApplicationState]) -> str:
        """Return the receipt of an application that was moved on by these officers."""
        office = self.bureau.office
        made = apply(office, self.bureau.institution, MACHINE_CELLS, "", notifier(office))
        assert made.receipt is not None, made.faults
        with office.database.read() as connection:
            found = applications.by_receipt(connection, made.receipt.replace("-", ""))
        assert found is not None
        for who, state in steps:
            step(
                office,
                self.bureau.officers[who][0],
                found.id,
                state,
                "서류를 모두 보았습니다.",
                notifier=notifier(office),
            )
        return made.receipt

    def sign_in(self, page: Page, name: str = "park") -> None:
        """Give *page* an officer's session."""
        token, now = secrets.token_urlsafe(32), self.bureau.office.clock()
        with self.bureau.office.database.write() as connection:
            store.add_session(
                connection,
                self.bureau.officers[name][0].id,
                sha256(token.encode()),
                at=now,
                expires=now + 3600,
            )
        cookie = {"name": "jikin-issuer-officer", "value": token, "domain": "localhost", "path": "/"}
        page.context.add_cookies([cookie])  # type: ignore[list-item]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield an issuer with one institution for exams and machines, two officers, one released list."""
    port = free_port()
    before, issuing_office.NEW = (
        issuing_office.NEW,
        NewInstitution(
            f"localhost:{port}/hrdk", "한국견본공단", "Sample Agency of Korea", "KR12", (TYPE, MACHINE), "견본직인"
        ),
    )
    bureau = open_bureau(
        tmp_path_factory.mktemp("site") / "office",
        base_url=f"http://localhost:{port}",
        wallet_url="http://localhost:8102",
        verifier_url="http://localhost:8103",
    )
    issuing_office.NEW = before
    bureau.issue(rows(1))
    with running(service.application_of(bureau.office), port) as url:
        yield Site(bureau, url)


def number(site: Site) -> str:
    """Return the number of the one certificate: of 이도윤, born on 17 April 1981."""
    return str(site.bureau.numbers(site.bureau.batch(1))[0])


@pytest.fixture(scope="module")
def addresses(site: Site) -> dict[str, str]:
    """Return the pages to be looked at."""
    received, reviewed, certified = ApplicationState.RECEIVED, ApplicationState.REVIEWED, ApplicationState.CERTIFIED
    done = site.applied(("park", received), ("park", reviewed), ("lee", certified))
    return {
        **{place: place for place in ("/", "/claim", "/apply", "/progress")},
        "/progress/received": f"/progress/{site.applied(('park', received))}?applied=1",
        "/progress/certified": f"/progress/{done}",
    }


# Every look once, the ordinary one in both widths.
LOOKS = ((360, "light"), (1280, "light"), (1280, "dark"), (360, "contrast"), (1280, "contrast-dark"), (360, "big"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_public_pages_are_good_in_every_look(
    site: Site, addresses: dict[str, str], page_for: PageFor, language: str
) -> None:
    page = page_for(language, 360)
    for place, address in addresses.items():
        page.goto(site.url + address)
        see(page, f"issuer{place.replace('/', '-')}", LOOKS)


def test_somebody_applies_and_follows_the_progress_without_a_script(site: Site, page_for: PageFor) -> None:
    page = page_for("ko", 360, script=False)
    page.goto(site.url)
    page.get_by_role("link", name="인증 신청하기").first.click()
    page.get_by_label("기계의 종류").select_option("A04")
    page.get_by_role("button", name="신청하기").click()
    assert page.locator("#errors li").count() > 2
    assert page.locator("#machine_code").input_value() == "A04"
    picture(page, "issuer-apply-errors-ko-360")
    for name, cell in MACHINE_CELLS.items():
        if name != "machine_code":
            page.locator(f"#{name}").fill(cell)
    page.locator("#contact").fill("kim@example.test")
    page.get_by_role("button", name="신청하기").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("지게차 안전인증 신청")
    expect(page.get_by_text("신청을 받았습니다")).to_be_visible()
    assert re.search(r"/progress/S26-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}\?applied=1$", page.url)
    shown = page.content()
    assert "한울리프트" not in shown
    assert "kim@example.test" not in shown
    receipt = page.locator(".number.strong").inner_text()

    page.goto(f"{site.url}/progress")
    page.get_by_label("접수번호").fill(receipt.lower().replace("-", " "))
    page.get_by_role("button", name="진행 보기").click()
    expect(page.locator(".steps .is-now")).to_contain_text("접수")

    page.goto(f"{site.url}/progress")
    page.get_by_label("접수번호").fill(receipt[:-1] + ("0" if receipt[-1] != "0" else "1"))
    page.get_by_role("button", name="진행 보기").click()
    expect(page.locator("#receipt-error")).to_contain_text("마지막 두 글자를 다시 보세요")


def test_a_holder_gets_link_and_code_picture_and_the_transaction_code_goes_elsewhere(
    site: Site, page_for: PageFor
) -> None:
    outbox = site.bureau.office.settings.path(Path("outbox"))
    before = set(outbox.glob("*.txt"))
    for language, width, scheme in (("ko", 360, "light"), ("en", 1280, "dark")):
        page = page_for(language, width, scheme, script=False)
        page.goto(f"{site.url}/claim")
        page.locator("#number").fill(number(site).lower())
        page.locator("#name").fill("이도윤")
        page.locator("#birth_date").fill("1981. 4. 17.")
        page.locator("main form button").click()
        expect(page.locator(".qr svg")).to_be_visible()
        link = page.get_by_role("link", name={"ko": "지갑에서 열기", "en": "Open in the wallet"}[language], exact=True)
        assert str(link.get_attribute("href")).startswith("http://localhost:8102/receive?offer=openid-credential-offer")
        expect(page.get_by_text({"ko": "이*윤", "en": "K*m H*****l"}[language])).to_be_visible()
        picture(page, f"issuer-claim-offer-{language}-{width}-{scheme}")
        (sent,) = set(outbox.glob("*.txt")) - before
        before.add(sent)
        code = re.search(r"\d{6}$", sent.read_text("utf-8").strip())
        assert code is not None
        assert code[0] not in page.content()
    page = page_for("ko", 1280)
    page.goto(f"{site.url}/claim")
    page.locator("#number").fill(number(site))
    page.locator("#name").fill("이도윤")
    page.locator("#birth_date").fill("19810417")
    page.locator("main form button").click()
    assert_good(page)


def test_every_wrong_answer_at_the_claim_is_told_the_same(site: Site, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    said = set()
    for typed, name, born in (
        ("26-KR12-AAAA-AAAA-AAAA-AA", "이도윤", "1981-04-17"),
        (number(site), "이도운", "1981-04-17"),
        (number(site), "이도윤", "1981-04-18"),
    ):
        page.goto(f"{site.url}/claim")
        page.locator("#number").fill(typed)
        page.locator("#name").fill(name)
        page.locator("#birth_date").fill(born)
        page.locator("main form button").click()
        said.add(page.locator(".notice--failed").inner_text())
    assert said == {"이 번호와 이름, 생년월일에 맞는 증명서를 찾지 못했습니다. 셋 다 다시 보세요."}
    assert_good(page, expected_errors=3)


def test_reviewers_move_an_application_on_and_another_one_decides(site: Site, page_for: PageFor) -> None:
    receipt = site.applied()
    page = page_for("ko", 1280)
    site.sign_in(page, "park")
    page.goto(f"{site.url}/admin/applications")
    assert_good(page)
    picture(page, "issuer-admin-applications-ko-1280")
    page.get_by_role("link", name=receipt).click()
    page.get_by_role("button", name="접수하기").click()
    page.get_by_label("남길 말").fill("도면과 시험 성적서를 보았습니다.")
    page.get_by_role("button", name="심사 마치기").click()
    expect(page.get_by_text("다른 담당자를 기다립니다")).to_be_visible()
    assert page.get_by_role("button", name="인증하기").count() == 0
    assert_good(page)
    picture(page, "issuer-admin-application-own-ko-1280")
    address = page.url

    second = page_for("en", 360, "dark")
    site.sign_in(second, "lee")
    second.goto(address)
    assert_good(second)
    picture(second, "issuer-admin-application-decide-en-360-dark")
    second.get_by_role("button", name="Certify", exact=True).click()
    expect(second.locator(".notice")).to_contain_text("is being issued")
    link = second.get_by_role("link", name="See the certificate")
    for _ in range(60):
        if link.count():
            break
        second.wait_for_timeout(500)
        second.reload()
    expect(link).to_be_visible()
    picture(second, "issuer-admin-application-certified-en-360-dark")


def test_an_officer_hands_a_certificate_over_without_seeing_the_code(site: Site, page_for: PageFor) -> None:
    (certificate,) = site.bureau.credentials(site.bureau.batch(1))
    page = page_for("ko", 1280)
    site.sign_in(page, "park")
    page.goto(f"{site.url}/admin/certificates/{certificate.id}")
    page.get_by_role("button", name="지갑으로 건네기").click()
    expect(page.locator(".qr svg")).to_be_visible()
    assert_good(page)
    picture(page, "issuer-admin-offer-ko-1280")
    outbox = sorted(
        site.bureau.office.settings.path(Path("outbox")).glob("*.txt"), key=lambda path: path.stat().st_mtime
    )
    code = re.search(r"\d{6}$", outbox[-1].read_text("utf-8").strip())
    assert code is not None
    assert code[0] not in page.content()


def test_a_public_page_of_another_site_cannot_apply_or_claim(site: Site) -> None:
    import httpx2

    for path in ("/apply", "/claim"):
        answer = httpx2.post(site.url + path, data={"number": "x"}, headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403
