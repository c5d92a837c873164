"""Chain, issuer or both are away: what every page and program is told then, and that it all goes on afterwards.

What is reachable decides what can be said (design, 4.5). Nobody is told "valid" by somebody who cannot know it, and
nobody is told "forged" because a line is dead.
"""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pytest

from jikin.command.browsing import Browser, RefusedError
from jikin.command.founding import QUALIFICATION
from jikin.command.serve import Service
from jikin.values import JsonObject
from tests.standing_services import Services, good, standing, until

pytestmark = pytest.mark.chain
LANGUAGES = ("ko", "en")
PATIENCE = 60.0
# How long a wallet waits for a certificate that is still being made; then it asks again, which is what is tested here.
IMPATIENT = {"JIKIN_CLAIM_WAIT_SECONDS": "1.5", "JIKIN_RECEIVE_WAIT_SECONDS": "1.5"}
# Each is a claim that only somebody who asked chain and issuer may make.
CLAIMS = {
    "ko": re.compile(
        r"진본입니다|진본이 아닙니다|진본 아님|위조입니다|유효한|유효합니다|\b유효\b(?! 기간)|취소된|기간이 지났"
    ),
    "en": re.compile(
        r"\bGenuine\b|\b[Nn]ot genuine|is forged|\bValid\b(?! until)|is valid|valid today|A valid|was revoked on"
    ),
}
UNKNOWN = {"ko": "확인할 수 없습니다", "en": "Cannot tell"}
NO_FORGERY = {"ko": "위조라는 뜻은 아닙니다", "en": "This does not mean forged"}
GENUINE = {"ko": "진본입니다", "en": "Genuine"}
NUMBER_VALID = {"ko": "유효한 증명서 번호입니다", "en": "A valid certificate number"}
NO_CHAIN = {
    "ko": "블록체인에 연결되지 않아 지금의 기록을 읽지 못했습니다.",
    "en": "We are not connected to the blockchain, so the records of this moment could not be read.",
}
NO_ISSUER = {
    "ko": "발급 기관이 지금 대답하지 않으며, 위조라는 뜻은 아닙니다.",
    "en": "The issuer does not answer right now. This does not mean forged.",
}
NO_NAME = {
    "ko": "발급 기관이 지금 대답하지 않습니다. 1~2분 뒤에 다시 해 보세요.",
    "en": "The issuer does not answer right now. Try again in a minute or two.",
}
NOT_CHECKED = {"ko": "확인 못 함", "en": "Not checked"}
AGAIN = {"ko": "다시 확인하기", "en": "Check again"}


@dataclass
class Town:
    """The services with a certificate in a wallet, its holder and an officer at their browsers."""

    services: Services
    shown: JsonObject = field(repr=False)
    holder: Browser
    officer: Browser
    away: frozenset[str] = frozenset()

    def be_without(self, away: frozenset[str]) -> None:
        """See to it that *away* are away ("chain", "issuer") and everybody else is there."""
        for name in sorted(away - self.away):
            self.services.chain.stop() if name == "chain" else self.services.stop(Service.ISSUER)
        back, self.away = self.away - away, away
        if "chain" in back:
            self.services.chain.start()
        if "issuer" in back:
            self.services.wake(Service.ISSUER)
        if not away:
            self.services.settled()

    @property
    def number(self) -> str:
        return str(self.shown["number"])

    @property
    def file(self) -> bytes:
        return json.dumps({"credential": self.shown["credential"], "receipt": self.shown["receipt"]}).encode()

    def open(self, who: Browser, service: Service, path: str, language: str) -> httpx.Response:
        return who._client.get(
            self.services.url(service, path), headers={"accept": "text/html", "accept-language": language}
        )

    def stranger(self, path: str, language: str) -> httpx.Response:
        return self.open(self.services.browser(), Service.VERIFIER, path, language)

    def uploaded(self, language: str, data: bytes | None = None) -> httpx.Response:
        return self.posted(Service.VERIFIER, "/check", language, files={"file": ("one.json", data or self.file)})

    def posted(self, service: Service, path: str, language: str, **more: object) -> httpx.Response:
        site = self.services.url(service)
        headers = {
            "accept": "text/html",
            "accept-language": language,
            "origin": site,
            "sec-fetch-site": "same-origin",
        }
        client = self.services.browser()._client
        return client.post(site + path, headers=headers, **more)  # type: ignore[arg-type]

    def checked_again(self, language: str) -> str:
        """Let the holder check everything again; returns what the list says after it."""
        self.holder._client.headers["accept-language"] = language
        page = self.holder.get(self.services.url(Service.WALLET, "/"))
        self.holder.submit(page, "/check")
        return said(self.open(self.holder, Service.WALLET, "/", language))


def said(answer: httpx.Response) -> str:
    """Return what stands on a page, in one line."""
    assert answer.status_code == 200, (answer.request.url.path, answer.status_code, answer.text[:300])
    main = answer.text.split("<main", 1)[1].partition(">")[2].split("</main>", 1)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def no_claim(text: str, language: str) -> None:
    assert CLAIMS[language].findall(text) == [], text


def nothing_can_be_told(text: str, language: str) -> None:
    """Fail unless the page says that it cannot tell, that this is no forgery, and what to do."""
    assert UNKNOWN[language] in text
    assert NO_FORGERY[language] in text
    assert AGAIN[language] in text
    no_claim(text, language)


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Yield the town with everybody there."""
    with standing(tmp_path_factory.mktemp("town") / "data", IMPATIENT) as services:
        shown = services.received()
        holder = services.browser()
        form = holder.get(services.url(Service.WALLET, "/sign-in"))
        holder.submit(form, "/sign-in", {"name": "dev", "passphrase": services.tokens["wallet"]})
        yield Town(services, shown, holder, services.officer("hong"))


@pytest.fixture(scope="module", params=["the issuer", "both", "the chain"])
def who(request: pytest.FixtureRequest) -> frozenset[str]:
    """Return who is away; of the module's scope so that the tests of one outage come together."""
    away = {"the chain": {"chain"}, "the issuer": {"issuer"}, "both": {"chain", "issuer"}}
    return frozenset(away[request.param])


@pytest.fixture
def town(who: frozenset[str], everybody: Town) -> Town:
    """Return the town while somebody is away."""
    everybody.be_without(who)
    return everybody


@pytest.fixture
def present(everybody: Town) -> Iterator[Town]:
    """Yield the town with everybody there, before and after."""
    everybody.be_without(frozenset())
    yield everybody
    everybody.be_without(frozenset())


# ---------------------------------------------------------------------------------------------------------- verifier


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/n/{}", "/N/{}"])
def test_a_number_cannot_be_told(town: Town, path: str, language: str) -> None:
    text = said(town.stranger(path.format(town.number), language))
    nothing_can_be_told(text, language)
    assert (NO_CHAIN if "chain" in town.away else NO_ISSUER)[language] in text


def test_a_program_that_asks_for_a_number_is_told_unknown(town: Town) -> None:
    answer = good(town.services.verifier.get(f"/n/{town.number}", params={"format": "json"}))
    codes = {finding["code"] for finding in answer["findings"]}  # type: ignore[union-attr,call-overload,index]
    assert answer["outcome"] == "unknown"
    assert codes == ({"chain.unreachable"} if "chain" in town.away else {"number.unreachable"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_is_judged_from_the_chain_and_without_it_cannot_be_told(town: Town, language: str) -> None:
    text = said(town.uploaded(language))
    if "chain" not in town.away:
        assert GENUINE[language] in text
        assert {"ko": "기준 블록", "en": "As of block"}[language] in text
    else:
        nothing_can_be_told(text, language)
        assert NO_CHAIN[language] in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_without_its_receipt_needs_chain_and_issuer(town: Town, language: str) -> None:
    alone = json.dumps(town.shown["credential"]).encode()
    text = said(town.uploaded(language, alone))
    assert NO_FORGERY[language] in text
    no_claim(text, language)


def test_a_changed_file_is_not_called_genuine(town: Town) -> None:
    text = town.file.decode()
    changed = text.replace(json.dumps("김하늘")[1:-1], json.dumps("김바다")[1:-1])
    assert changed != text
    shown = said(town.uploaded("ko", changed.encode()))
    assert "진본입니다" not in shown
    assert "유효합니다" not in shown


def test_a_program_that_sends_a_file_is_answered_and_not_by_a_5xx(town: Town) -> None:
    answer = town.services.verifier.post("/credentials/verify", json={"verifiableCredential": town.shown["credential"]})
    assert (answer.status_code, answer.json()["verified"], answer.json()["outcome"]) == (400, False, "unknown")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_name_behind_a_number_is_not_denied_while_nobody_can_say(town: Town, language: str) -> None:
    facts = {"name": "김하늘", "birth_date": "2003-04-17"}
    text = said(town.posted(Service.VERIFIER, f"/n/{town.number}/name", language, data=facts))
    assert any(words[language] in text for words in (NO_NAME, NO_ISSUER, NO_CHAIN))
    assert {"ko": "찾지 못했습니다", "en": "We found no"}[language] not in text
    no_claim(text, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_employer_sees_what_was_shown_and_that_it_cannot_be_told(town: Town, language: str) -> None:
    services = town.services
    employer = services.browser(language)
    form = employer.get(services.url(Service.VERIFIER, "/requests/new"))
    asked = employer.submit(form, "/requests/new", {"template": QUALIFICATION, "purpose": "채용"})
    request = str(httpx.URL(asked.link("/present?request=")).params["request"])
    answer = services.wallet.post(
        "/api/requests", json={"request": request, "choose": {"certificate": str(town.shown["id"])}}
    )
    assert answer.status_code == 200, answer.text
    text = said(town.open(employer, Service.VERIFIER, asked.path, language))
    assert UNKNOWN[language] in text
    assert NO_FORGERY[language] in text
    no_claim(text, language)
    result = employer.get(f"{asked.url}/result", accept="application/json").json()
    assert (result["verified"], result["outcome"]) == (False, "unknown")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/", "/requests/new", "/docs"])
def test_pages_that_need_nobody_open_as_ever(town: Town, path: str, language: str) -> None:
    assert town.stranger(path, language).status_code == 200


@pytest.mark.parametrize("service", [Service.WALLET, Service.VERIFIER])
def test_readiness_names_the_chain_and_nothing_else(town: Town, service: Service) -> None:
    answer = town.services.program(service, token=False).get("/readyz")
    there = "chain" not in town.away
    assert answer.status_code == (200 if there else 503)
    assert answer.json() == {"ready": there, "checks": {"database": True, "chain": there}}


# ------------------------------------------------------------------------------------------------------------ wallet


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_wallet_checks_again_and_says_what_it_knows(town: Town, language: str) -> None:
    listed = town.checked_again(language)
    detail = said(town.open(town.holder, Service.WALLET, f"/credentials/{town.shown['id']}", language))
    if "chain" in town.away:
        assert NOT_CHECKED[language] in listed
        no_claim(listed, language)
        nothing_can_be_told(detail, language)
    else:
        assert NOT_CHECKED[language] not in listed
        assert GENUINE[language] in detail
        assert {"ko": "기준 블록", "en": "As of block"}[language] in detail


@pytest.mark.parametrize("path", ["", "/credential.json", "/receipt.json"])
def test_what_is_in_the_vault_stays_there(town: Town, path: str) -> None:
    answer = town.open(town.holder, Service.WALLET, f"/credentials/{town.shown['id']}{path}", "ko")
    assert answer.status_code == 200


def test_a_program_shows_nothing_unchecked_unless_it_is_told_to(town: Town) -> None:
    services = town.services
    services.wallet.post("/api/credentials/check")
    answer = services.show(services.ask())
    if "chain" in town.away:
        assert (answer.status_code, answer.json()["code"]) == (409, "wallet.choice")
    else:
        assert answer.status_code == 200


def test_an_offer_whose_issuer_is_away_can_be_taken_later(present: Town) -> None:
    services = present.services
    offer, before = services.offer(), len(services.held())
    present.be_without(frozenset({"issuer"}))
    try:
        answer = services.receive(offer)
        # The issuer's address came with the offer: what does not answer there is no failure of the wallet's own.
        assert answer.status_code == 424, answer.text
        assert answer.json()["code"] == "wallet.unreachable"
    finally:
        present.be_without(frozenset())
    services.taken(offer)
    assert len(services.held()) == before + 1


# ------------------------------------------------------------------------------------------------------------ issuer


CONSOLE = (
    *("/admin", "/admin/batches", "/admin/batches/1", "/admin/certificates", "/admin/certificates/1"),
    *("/admin/certificates/1/change?to=revoked", "/admin/changes", "/admin/applications", "/admin/audit"),
    *("/admin/lists/new", "/", "/claim", "/apply", "/progress"),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", CONSOLE)
def test_the_office_opens_its_own_records_and_claims_nothing_of_today(town: Town, path: str, language: str) -> None:
    if "issuer" in town.away:
        with pytest.raises(httpx.TransportError):
            town.open(town.officer, Service.ISSUER, path, language)
        return
    # A certificate's own face says what it says, and that is no claim of the page's.
    text = said(town.open(town.officer, Service.ISSUER, path, language))
    no_claim(text, language)


def test_what_is_issued_while_the_chain_is_away_waits_and_is_not_lost(present: Town) -> None:
    services = present.services
    before = len(services.held())
    present.be_without(frozenset({"chain"}))
    try:
        offer = services.offer()
        answer = services.receive(offer)
        assert answer.status_code == 202, answer.text
        assert len(services.held()) == before
        batches = said(present.open(present.officer, Service.ISSUER, "/admin/batches", "ko"))
        assert "발급하는 중" in batches or "멈춤, 다시 해 봄" in batches
        page = said(present.open(present.officer, Service.ISSUER, "/admin/batches/2", "ko"))
        no_claim(page, "ko")
    finally:
        present.be_without(frozenset())
    until(lambda: services.wallet.post("/api/offers/resume").status_code == 200 and len(services.held()) > before, 150)
    assert len(services.held()) == before + 1


def test_a_chain_that_says_nothing_is_waited_for_a_while_and_then_it_is_unknown(present: Town) -> None:
    def looked_up(language: str) -> httpx.Response:
        return present.stranger(f"/n/{present.number}", language)

    with present.services.chain_stands_still(), ThreadPoolExecutor() as crowd:
        begun = time.monotonic()
        ways = (looked_up, present.uploaded)
        asked = [(crowd.submit(way, language), language) for language in LANGUAGES for way in ways]
        for answer, language in asked:
            nothing_can_be_told(said(answer.result()), language)
        assert time.monotonic() - begun < PATIENCE
    present.services.settled()


# ------------------------------------------------------------------------------------------------- everybody is back


@pytest.mark.parametrize("language", LANGUAGES)
def test_afterwards_everything_goes_on(present: Town, language: str) -> None:
    services = present.services
    assert NUMBER_VALID[language] in said(present.stranger(f"/n/{present.number}", language))
    assert GENUINE[language] in said(present.uploaded(language))
    assert NOT_CHECKED[language] not in present.checked_again(language)
    asked = services.ask()
    good(services.show(asked))
    assert services.result(asked)["outcome"] == "passed"
    services.received()


def test_a_stopped_wallet_is_no_hindrance_for_anybody_else(present: Town) -> None:
    services = present.services
    services.stop(Service.WALLET)
    try:
        assert NUMBER_VALID["ko"] in said(present.stranger(f"/n/{present.number}", "ko"))
        assert services.offer()["offer"]
        with pytest.raises(RefusedError):
            present.holder.get(services.url(Service.WALLET, "/"))
    finally:
        services.start(Service.WALLET)
