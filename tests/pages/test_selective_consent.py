"""A certificate of which a part can be shown, on the wallet's pages: what would be seen, what stays hidden, the log."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from jikin.proofs.envelopes import sd_jwt
from jikin.verification.report import Outcome
from tests.browser import PageFor, browser, chromium, driver, page_for
from tests.looks import Look, see
from tests.pages.wallet_house import NAME, PASSPHRASE, House, house
from tests.wallet.parties import RECORD, SELECTIVE, asking_for
from wallet import accounts, receiving

__all__ = ["browser", "chromium", "driver", "page_for"]

LOOKS: dict[str, tuple[Look, ...]] = {
    "ko": ((360, "light"), (360, "big")),
    "en": ((1280, "dark"),),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Give the wallet of NAME, with two more certificates of which a part can be shown: "part" and "markup"."""
    with house(tmp_path_factory.mktemp("wallet")) as made:
        vault = accounts.open_by_token(made.wallet, accounts.open_by_passphrase(made.wallet, NAME, PASSPHRASE))
        with vault:
            ids = {"part": _received(made, vault)}
            made.office.claims = lambda claims: {**claims, "name": "<i>하늘</i>"}
            ids["markup"] = _received(made, vault)
        made.ids = {**made.ids, **ids}
        yield made


def _received(home: House, vault: accounts.OpenVault) -> str:
    seen = receiving.look(home.wallet, vault, home.office.offer(configuration=SELECTIVE))
    (held,) = receiving.receive(home.wallet, vault, seen.id, home.office.tx_code)
    return held.id


def _open(home: House, page: Page, path: str) -> None:
    token = accounts.open_by_passphrase(home.wallet, NAME, PASSPHRASE)
    cookie = {"name": "jikin-wallet-session", "value": token.text, "domain": "localhost", "path": "/"}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    page.goto(home.link(path))


def _asking(home: House, *claims: str, name: str = RECORD["name_ko"]) -> str:
    """Return the address of a request for *claims*, which the certificate of *name* alone fits."""
    query = asking_for("name", *claims)
    query["credentials"][0]["claims"][0]["values"] = [name]  # type: ignore[index, call-overload]
    return f"/present?request={quote(home.employer.ask(query), safe='')}"


@pytest.mark.parametrize("language", LOOKS)
def test_its_pages_are_good(home: House, page_for: PageFor, language: str) -> None:
    page = page_for(language, 360)
    _open(home, page, _asking(home, "passed_on"))
    see(page, "consent-part", LOOKS[language])
    page.goto(home.link(f"/present?request={quote(home.employer.ask(asking_for('passed_on')), safe='')}"))
    expect(page.locator("section[aria-labelledby=no]")).to_contain_text({"ko": "나머지", "en": "rest"}[language])
    see(page, "consent-part-choices", LOOKS[language][:1])
    page.goto(home.link(f"/credentials/{home.ids['part']}"))
    see(page, "detail-part", LOOKS[language][:1])


def test_what_is_seen_and_what_is_not_stand_apart(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 360, script=False)
    _open(home, page, _asking(home, "passed_on"))
    yes, no = page.locator("section[aria-labelledby=yes]"), page.locator("section[aria-labelledby=no]")
    expect(yes).to_contain_text(RECORD["name_ko"])
    expect(yes).to_contain_text("합격일2026년\u00a05월\u00a029일")
    expect(yes).to_contain_text("물어 온 것과 늘 보이게 되어 있는 것만 보냅니다.")
    expect(no).to_contain_text("영문 성명, 생년월일, 취득점수, 시행회차, 자격증 번호")
    for hidden in ("생년월일", "취득점수", "자격증 번호", "2003", RECORD["name_en"]):
        expect(yes).not_to_contain_text(hidden)
    page.get_by_role("button", name="보여 주기", exact=True).click()
    expect(page.get_by_role("heading", name="보여 주었습니다")).to_be_visible()
    assert home.employer.judged().outcome is Outcome.PASSED
    page.goto(home.link("/activity"))
    newest = page.locator(".history li").first
    expect(newest).to_contain_text("보인 것: 자격종목, 자격종목 (영문), 종목코드, 성명, 합격일")
    expect(newest).not_to_contain_text(RECORD["name_ko"])


def test_a_certificate_shown_whole_says_so(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    _open(home, page, f"/present?request={quote(home.employer.ask(), safe='')}")
    expect(page.locator("section[aria-labelledby=yes]")).to_contain_text("통째로 보여 주게 되어 있어서")


def test_markup_in_a_claim_is_text(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    _open(home, page, _asking(home, name="<i>하늘</i>"))
    expect(page.locator("section[aria-labelledby=yes]")).to_contain_text("<i>하늘</i>")
    page.goto(home.link(f"/credentials/{home.ids['markup']}"))
    expect(page.locator(".document__name")).to_have_text("<i>하늘</i>")
    assert page.locator("main i").count() == 0


def test_its_original_is_handed_out_as_text(home: House, page_for: PageFor) -> None:
    page = page_for("ko", 360)
    _open(home, page, f"/credentials/{home.ids['part']}")
    path = page.get_by_role("link", name="원본 파일 받기 (SD-JWT)").get_attribute("href") or ""
    answer = page.request.get(home.link(path))
    assert answer.headers["content-type"] == "application/dc+sd-jwt"
    assert sd_jwt.read(answer.text()).claims["name"] == RECORD["name_ko"]
    assert page.request.get(home.link(path.replace(".sd-jwt", ".json"))).status == 404
    assert page.request.get(home.link(f"/credentials/{home.ids['passed']}/credential.sd-jwt")).status == 404
