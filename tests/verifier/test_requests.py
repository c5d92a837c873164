"""Asking a wallet and judging what it shows: the honest course, and who may see the result."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from jikin.dids.standard import standard_methods
from jikin.openid4vc import request as requests_
from jikin.openid4vc import response
from jikin.openid4vc.client import ClientTrust, RequestTrust
from jikin.status.array import State
from tests.verifier_desk import (
    BASE,
    DAY,
    MACHINE_AUTH,
    NOW,
    QUALIFICATION,
    TOKEN,
    Asking,
    Clock,
    Town,
    claims_of,
    client,
    parameters,
    service,
)


@pytest.fixture
def asking(browser: TestClient, town: Town) -> Asking:
    return Asking(browser, town)


# --- the honest course ---


@pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt"])
def test_what_a_holder_shows_is_judged_and_told_to_who_asked(mode: str, asking: Asking) -> None:
    issued = asking.town.bound(asking.holder)
    asked = asking.asked(response_mode=mode)
    vp = asking.holder.presentation(asked, issued, world=asking.town.world)
    answer = asking.post(asked, {"certificate": [vp]})
    assert answer.status_code == 200
    assert answer.json()["redirect_uri"].startswith(f"{BASE}/requests/returned?response_code=")
    result = asking.result()
    assert (result["verified"], result["outcome"], result["state"]) == (True, "passed", "answered")
    assert result["claims"]["certificate"]["licenseNumber"] == str(issued.number)
    assert {"presentation.valid", "presentation.bound", "proof.valid", "status.valid"} <= {
        finding["code"] for finding in result["findings"]
    }


def test_the_request_object_is_what_the_profile_says(asking: Asking) -> None:
    made = asking.ask()
    link = parameters(made["request"])
    fetched = asking.browser.get(link["request_uri"])
    assert fetched.headers["content-type"] == "application/oauth-authz-req+jwt"
    claims = claims_of(fetched.text)
    assert claims["client_id"] == link["client_id"] == "decentralized_identifier:did:web:localhost%3A8103"
    assert claims["aud"] == "https://self-issued.me/v2"
    assert claims["exp"] - claims["iat"] == 600
    assert not {"iss", "sub", "redirect_uri", "scope", "client_id_scheme", "presentation_definition"} & set(claims)
    assert len(claims["nonce"]) >= 22


def test_a_wallet_can_check_who_asks_by_the_did_document(asking: Asking) -> None:
    made = asking.ask()
    ref = requests_.parse_uri(made["request"])
    assert ref.request_uri is not None
    token = asking.browser.get(ref.request_uri).text
    trust = RequestTrust(methods=standard_methods(local="http"), fetch=_Site(asking.browser))
    checked = requests_.check(ref, token, NOW, trust=trust)
    assert (checked.client.trust, checked.purpose) == (ClientTrust.VERIFIED, "채용")


@dataclass
class _Site:
    """The service's own address, for whoever resolves its DID."""

    browser: TestClient

    def get(self, url: str, *, max_bytes: int) -> bytes:
        assert url == f"{BASE}/.well-known/did.json"
        found: bytes = self.browser.get(url).content
        assert len(found) <= max_bytes
        return found


def test_a_request_can_be_fetched_again_and_posted_for_with_a_nonce_until_it_runs_out(
    asking: Asking, clock: Clock
) -> None:
    uri = parameters(asking.ask()["request"])["request_uri"]
    first, second = asking.browser.get(uri), asking.browser.get(uri)
    assert claims_of(first.text)["nonce"] == claims_of(second.text)["nonce"]
    posted = asking.browser.post(uri, data={"wallet_nonce": "n-of-the-wallet", "wallet_metadata": "{}"})
    assert claims_of(posted.text)["wallet_nonce"] == "n-of-the-wallet"
    clock.now = NOW + 601
    assert asking.browser.get(uri).status_code == 410


def test_each_request_has_a_key_a_nonce_and_a_state_of_its_own(asking: Asking) -> None:
    one, other = asking.asked(), asking.asked()
    for name in ("nonce", "state", "response_uri"):
        assert one[name] != other[name]
    assert one["client_metadata"]["jwks"] != other["client_metadata"]["jwks"]


def test_an_unsigned_request_travels_whole_in_its_link(asking: Asking) -> None:
    link = parameters(asking.ask(client_id_prefix="redirect_uri", response_mode="direct_post")["request"])
    asked = {**link, **{name: json.loads(link[name]) for name in ("dcql_query", "client_metadata")}}
    assert asked["client_id"] == f"redirect_uri:{asked['response_uri']}"
    issued = asking.town.bound(asking.holder)
    vp = asking.holder.presentation(asked, issued, world=asking.town.world)
    assert asking.post(asked, {"certificate": [vp]}).status_code == 200
    assert asking.result()["verified"] is True


ENDED = {
    "revoked": ("failed", "status.revoked"),
    "expired": ("failed", "time.expired"),
    "chain away": ("unknown", "chain.unreachable"),
}


@pytest.mark.parametrize("case", ENDED)
def test_a_certificate_that_has_ended_or_cannot_be_told_is_taken_and_told_as_such(case: str, asking: Asking) -> None:
    outcome, code = ENDED[case]
    issued = asking.town.bound(asking.holder, valid_until=NOW + DAY if case == "expired" else None)
    if case == "expired":
        asking.town.clock.now += 2 * DAY  # type: ignore[attr-defined]
        asking.town.world.chain.mine()
    if case == "revoked":
        asking.town.examiner.change(issued, State.REVOKED, "issued-in-error")
    asked = asking.asked()
    vp = asking.holder.presentation(asked, issued, world=asking.town.world)
    if case == "chain away":
        with asking.town.silent_chain():
            answer = asking.post(asked, {"certificate": [vp]})
    else:
        answer = asking.post(asked, {"certificate": [vp]})
    assert answer.status_code == 200
    result = asking.result()
    assert (result["verified"], result["outcome"]) == (False, outcome)
    assert code in {finding["code"] for finding in result["findings"]}


def test_who_declines_leaves_the_request_open(asking: Asking) -> None:
    asked = asking.asked()
    answer = asking.send(asked, data=response.encode_error("access_denied", asked["state"]))
    assert (answer.status_code, answer.json()) == (200, {})
    assert asking.result()["state"] == "declined"
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    assert asking.post(asked, {"certificate": [vp]}).status_code == 200


def test_a_result_is_forgotten_when_its_time_is_over(asking: Asking, clock: Clock) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    asking.post(asked, {"certificate": [vp]})
    clock.now += 60 * 60 + 1
    assert asking.browser.get(asking.made["result"], headers=MACHINE_AUTH).status_code == 404


def test_a_query_of_ones_own_is_asked_and_answered(asking: Asking) -> None:
    query = {
        "credentials": [
            {
                "id": "badge",
                "format": "ldp_vc",
                "meta": {"type_values": [["OpenBadgeCredential"]]},
                "claims": [{"path": ["credentialSubject", "licenseNumber"]}],
            }
        ]
    }
    asked = asking.asked(dcql_query=query)
    issued = asking.town.bound(asking.holder)
    vp = asking.holder.presentation(asked, issued, world=asking.town.world)
    assert asking.post(asked, {"badge": [vp]}).status_code == 200
    assert asking.result()["claims"]["badge"]["licenseNumber"] == str(issued.number)


def test_without_a_template_or_a_query_the_qualification_is_asked_for(asking: Asking) -> None:
    made = asking.browser.post("/requests", json={}, headers=MACHINE_AUTH)
    assert made.status_code == 201
    assert "request_uri" in parameters(made.json()["request"])


REFUSED_WISHES = {
    "both a query and a template": {"template": QUALIFICATION, "dcql_query": {"credentials": []}},
    "a template nobody knows": {"template": "driving-licence"},
    "a query that is none": {"dcql_query": {"credentials": []}},
    "a prefix that is not offered": {"template": QUALIFICATION, "client_id_prefix": "verifier_attestation"},
    "a certificate's name without a certificate": {"template": QUALIFICATION, "client_id_prefix": "x509_san_dns"},
    "another response mode": {"template": QUALIFICATION, "response_mode": "fragment"},
    "a purpose of ten thousand letters": {"template": QUALIFICATION, "purpose": "가" * 10_000},
    "a number for a template": {"template": 7},
}


@pytest.mark.parametrize("body", REFUSED_WISHES.values(), ids=REFUSED_WISHES.keys())
def test_a_wish_that_cannot_be_asked_is_refused_with_a_reason(body: dict[str, Any], browser: TestClient) -> None:
    answer = browser.post("/requests", json=body, headers=MACHINE_AUTH)
    assert answer.status_code == 400
    assert answer.json()["code"].startswith(("request.", "openid.dcql"))


# --- who may see the result ---


def test_a_guessed_result_id_finds_nothing(asking: Asking) -> None:
    asking.ask()
    assert asking.browser.get("/requests/abc/result", headers=MACHINE_AUTH).status_code == 404
    assert asking.browser.get("/requests/abc").status_code == 404


def test_the_name_that_the_wallet_knows_opens_no_result(asking: Asking) -> None:
    wallet_name = asking.asked()["response_uri"].split("/")[-2]
    assert asking.browser.get(f"/requests/{wallet_name}/result", headers=MACHINE_AUTH).status_code == 404


def test_a_result_is_nothing_without_the_token_that_asked(asking: Asking) -> None:
    made = asking.ask()
    assert asking.browser.get(made["result"]).status_code == 404
    foreign = asking.browser.get(made["result"], headers={"authorization": "Bearer another"})
    assert foreign.status_code == 401


@pytest.fixture
def employer(browser: TestClient, town: Town) -> Asking:
    return Asking(browser, town)


def _in_the_browser(asking: Asking) -> tuple[str, dict[str, Any]]:
    """Make a request by the form; return its page and the claims of its request object."""
    sent = {"template": QUALIFICATION, "purpose": "지게차 운전 담당자 채용"}
    made = asking.browser.post("/requests/new", data=sent, follow_redirects=False)
    assert made.status_code == 303
    page = made.headers["location"]
    link = asking.browser.get(page).text.split('id="link" value="')[1].split('"')[0].replace("&amp;", "&")
    inner = parameters(parameters(link)["request"])
    return page, claims_of(asking.browser.get(inner["request_uri"]).text)


def test_an_employer_sees_the_result_in_the_browser_that_asked(employer: Asking) -> None:
    page, asked = _in_the_browser(employer)
    waiting = employer.browser.get(page).text
    assert "기다리고 있어요" in waiting or "요청을 열었어요" in waiting
    assert "data-refresh" in waiting
    issued = employer.town.bound(employer.holder)
    vp = employer.holder.presentation(asked, issued, world=employer.town.world)
    returned = employer.post(asked, {"certificate": [vp]}).json()["redirect_uri"]
    seen = employer.browser.get(page).text
    assert ">진본입니다</h1>" in seen
    for shown in ("김하늘", str(issued.number), "증명서를 받은 사람의 지갑에서"):
        assert shown in seen
    assert "data-refresh" not in seen
    assert employer.browser.get(returned, follow_redirects=False).headers["location"] == page


def test_another_browser_sees_neither_request_nor_result(employer: Asking) -> None:
    page, asked = _in_the_browser(employer)
    vp = employer.holder.presentation(asked, employer.town.bound(employer.holder), world=employer.town.world)
    returned = employer.post(asked, {"certificate": [vp]}).json()["redirect_uri"]
    employer.browser.cookies.clear()
    assert employer.browser.get(page).status_code == 404
    assert employer.browser.get(f"{page}/result").status_code == 404
    neutral = employer.browser.get(returned)
    assert neutral.status_code == 200
    assert "김하늘" not in neutral.text
    assert page not in neutral.text


def test_a_session_that_somebody_else_chose_sees_nothing(employer: Asking) -> None:
    page, _asked = _in_the_browser(employer)
    employer.browser.cookies.clear()
    employer.browser.cookies.set("jikin-verifier-asker", "a-session-an-attacker-fixed", domain="localhost.local")
    assert employer.browser.get(page).status_code == 404


def test_the_form_refuses_what_is_missing_and_keeps_what_was_typed(browser: TestClient) -> None:
    answer = browser.post("/requests/new", data={"template": "driving-licence", "purpose": "가" * 101})
    assert answer.status_code == 400
    assert "목록에 있는 증명서를 골라 주세요." in answer.text
    assert "가" * 101 in answer.text


# --- at rest ---


def test_sessions_tokens_and_codes_are_kept_as_digests_and_the_key_goes_with_the_answer(
    town: Town, tmp_path: Path
) -> None:
    with client(service(town, tmp_path)) as browser:
        asking = Asking(browser, town)
        asked = asking.asked()
        vp = asking.holder.presentation(asked, town.bound(asking.holder), world=town.world)
        code = asking.post(asked, {"certificate": [vp]}).json()["redirect_uri"].rpartition("=")[2]
    raw = b"".join(path.read_bytes() for path in (tmp_path / "verifier").glob("verifier.db*"))
    assert code.encode() not in raw
    assert TOKEN.encode() not in raw


def test_a_request_outlives_a_restart(town: Town, tmp_path: Path) -> None:
    with client(service(town, tmp_path)) as browser:
        asking = Asking(browser, town)
        asked = asking.asked()
    with client(service(town, tmp_path)) as again:
        asking.browser = again
        vp = asking.holder.presentation(asked, town.bound(asking.holder), world=town.world)
        assert asking.post(asked, {"certificate": [vp]}).status_code == 200
        assert asking.result()["verified"] is True
