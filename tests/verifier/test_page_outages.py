"""What pages say when chain or issuer is away: exactly what is known, never "valid", never "forged" (DESIGN 4.5)."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack

import pytest
from starlette.testclient import TestClient

from tests.verifier_desk import MACHINE_AUTH, Asking, Clock, Holder, Town

CLAIMS = ("유효한", "유효합니다", "진본입니다", "진본이 아닙니다", "위조입니다", "취소된 증명서")


def main_of(page: str) -> str:
    return re.sub(r"<[^>]+>", " ", page.split("<main")[1].split("</main>", maxsplit=1)[0])


def away(town: Town, *, chain: bool, issuer: bool) -> ExitStack:
    stack = ExitStack()
    if chain:
        stack.enter_context(town.silent_chain())
    if issuer:
        stack.enter_context(town.silent_issuers())
    return stack


AWAY = {"the chain": (True, False), "the chain and the issuer": (True, True)}


@pytest.mark.parametrize(("chain", "issuer"), AWAY.values(), ids=AWAY.keys())
def test_a_number_cannot_be_told_without_the_chain(chain: bool, issuer: bool, town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    with away(town, chain=chain, issuer=issuer):
        page = browser.get(f"/n/{issued.number}").text
    said = main_of(page)
    assert "확인할 수 없습니다" in said
    assert "위조라는 뜻은 아닙니다" in said
    assert [claim for claim in CLAIMS if claim in said] == []


def test_a_number_cannot_be_told_without_the_issuer(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    with town.silent_issuers():
        said = main_of(browser.get(f"/n/{issued.number}").text)
    assert "발급 기관이 지금 대답하지 않으며, 위조라는 뜻은 아닙니다." in said
    assert [claim for claim in CLAIMS if claim in said] == []


@pytest.mark.parametrize(("chain", "issuer"), AWAY.values(), ids=AWAY.keys())
def test_a_file_cannot_be_told_without_the_chain(chain: bool, issuer: bool, town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    sent = json.dumps({"credential": issued.document.credential, "receipt": issued.receipt.to_json()}).encode()
    with away(town, chain=chain, issuer=issuer):
        page = browser.post("/check", files=[("file", ("one.json", sent))]).text
    said = main_of(page)
    assert "확인할 수 없습니다" in said
    assert "지금 취소 여부를 알 수 없으며, 위조라는 뜻은 아닙니다." in said
    assert [claim for claim in CLAIMS if claim in said] == []
    assert "다시 확인하기" in said


def test_a_file_is_judged_from_the_chain_when_only_the_issuer_is_away(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    sent = json.dumps({"credential": issued.document.credential, "receipt": issued.receipt.to_json()}).encode()
    with town.silent_issuers():
        page = browser.post("/check", files=[("file", ("one.json", sent))]).text
    assert ">진본입니다</h1>" in page


def test_a_chain_that_stands_still_for_too_long_cannot_be_told_and_says_what_was_known_last(
    town: Town, browser: TestClient, clock: Clock
) -> None:
    issued = town.qualification()
    newest = town.world.chain.view()
    town.world.chain.view = lambda: newest  # type: ignore[method-assign]  # no block is mined any more
    clock.now += 60 * 60
    page = browser.get(f"/n/{issued.number}").text
    said = main_of(page)
    assert "확인할 수 없습니다" in said
    assert "마지막으로 아는 상태" in said
    assert [claim for claim in CLAIMS if claim in said] == []


def test_after_an_outage_everything_goes_on(town: Town, browser: TestClient) -> None:
    issued = town.qualification()
    with away(town, chain=True, issuer=True):
        browser.get(f"/n/{issued.number}")
    assert "유효한 증명서 번호입니다" in browser.get(f"/n/{issued.number}").text


def test_readiness_names_what_is_away(town: Town, browser: TestClient) -> None:
    with town.silent_chain():
        answer = browser.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]) == (503, {"database": True, "chain": False})


def test_what_a_holder_shows_during_an_outage_is_unknown_and_not_lost(town: Town, browser: TestClient) -> None:
    asking = Asking(browser, town, Holder())
    asked = asking.asked()
    vp = asking.holder.presentation(asked, town.bound(asking.holder), world=town.world)
    with town.silent_chain():
        assert asking.post(asked, {"certificate": [vp]}).status_code == 200
    result = browser.get(asking.made["result"], headers=MACHINE_AUTH).json()
    assert (result["verified"], result["outcome"]) == (False, "unknown")
