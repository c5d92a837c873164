"""Asking a wallet and judging what it shows: the honest course first, then every attack by its name."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from jikin.dids.method import DidMethods
from jikin.dids.standard import standard_methods
from jikin.openid4vc import request as requests_
from jikin.openid4vc import response
from jikin.openid4vc.client import ClientTrust, RequestTrust
from jikin.openid4vc.response import ResponseKey
from jikin.status.array import State
from tests.verifier_desk import (
    BASE,
    DAY,
    NOW,
    QUALIFICATION,
    TOKEN,
    Clock,
    Holder,
    Town,
    claims_of,
    client,
    form,
    parameters,
    service,
)

MACHINE_AUTH = {"authorization": f"Bearer {TOKEN}", "accept": "application/json"}


@dataclass
class Asking:
    """An employer's program with a request out, and the holder it went to."""

    browser: TestClient
    town: Town
    holder: Holder = field(default_factory=Holder)

    def ask(self, **body: Any) -> dict[str, Any]:
        """Make a request and return what the service said of it."""
        wish = {"template": QUALIFICATION, "purpose": "채용"} if "dcql_query" not in body else {}
        answer = self.browser.post("/requests", json={**wish, **body}, headers=MACHINE_AUTH)
        assert answer.status_code == 201, answer.text
        self.made: dict[str, Any] = answer.json()
        return self.made

    def asked(self, **body: Any) -> dict[str, Any]:
        """Make a request and return the claims of its request object."""
        fetched = self.browser.get(parameters(self.ask(**body)["request"])["request_uri"])
        assert fetched.status_code == 200, fetched.text
        return claims_of(fetched.text)

    def post(self, asked: dict[str, Any], vp_token: dict[str, Any], **more: Any) -> Any:
        return self.send(asked, data=form(asked, vp_token, **more))

    def send(self, asked: dict[str, Any], **body: Any) -> Any:
        """Post as a wallet does."""
        headers = {"accept": "application/json", **body.pop("headers", {})}
        return self.browser.post(asked["response_uri"], headers=headers, **body)

    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = self.browser.get(self.made["result"], headers=MACHINE_AUTH).json()
        return found

    def refused(self, answer: Any) -> None:
        """Check that an answer was refused and the request is still open for a right one."""
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        result = self.result()
        assert result["verified"] is False
        assert result["state"] in ("waiting", "opened")
        assert result["claims"] == {}


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


assert DidMethods  # what resolves the verifier's DID is the product's own


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


REFUSED_WISHES = {
    "both a query and a template": {"template": QUALIFICATION, "dcql_query": {"credentials": []}},
    "neither": {},
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


# --- attacks ---


def test_the_same_answer_posted_twice_is_taken_once(asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    fields = form(asked, {"certificate": [vp]})
    first = asking.send(asked, data=fields)
    second = asking.send(asked, data=fields)
    assert (first.status_code, second.status_code) == (200, 400)
    assert asking.result()["verified"] is True


def test_of_answers_at_the_same_time_one_is_taken(asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    fields = form(asked, {"certificate": [vp]})
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(asking.send, asked, data=fields) for _ in range(4)]
        statuses = sorted(one.result().status_code for one in sent)
    assert statuses == [200, 400, 400, 400]


def test_an_answer_to_another_request_is_refused(asking: Asking) -> None:
    earlier = asking.asked(response_mode="direct_post")
    vp = asking.holder.presentation(earlier, asking.town.bound(asking.holder), world=asking.town.world)
    asked = asking.asked(response_mode="direct_post")
    asking.refused(asking.post(asked, {"certificate": [vp]}))
    assert asking.result()["findings"][0]["code"] == "presentation.challenge"


WRONG_PROOFS = {
    "another nonce": ({"nonce": "another-nonce-of-sufficient-length"}, "presentation.challenge"),
    "another verifier": ({"client_id": "decentralized_identifier:did:web:else.example"}, "presentation.domain"),
    "the prefix stripped from the audience": ({"client_id": "did:web:localhost%3A8103"}, "presentation.domain"),
}


@pytest.mark.parametrize(("change", "code"), WRONG_PROOFS.values(), ids=WRONG_PROOFS.keys())
def test_a_presentation_made_for_something_else_is_refused(change: dict[str, str], code: str, asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world, **change)
    asking.refused(asking.post(asked, {"certificate": [vp]}))
    assert [finding["code"] for finding in asking.result()["findings"]] == [code]


def test_another_holders_certificate_is_refused(asking: Asking) -> None:
    thief = Holder()
    asked = asking.asked()
    vp = thief.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    asking.refused(asking.post(asked, {"certificate": [vp]}))
    assert asking.result()["findings"][0]["code"] == "presentation.unbound"


def test_a_certificate_made_out_to_nobody_is_refused(asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.qualification(), world=asking.town.world)
    asking.refused(asking.post(asked, {"certificate": [vp]}))


def _changed(vp: Any, change: Any) -> Any:
    forged = json.loads(json.dumps(vp))
    change(forged)
    return forged


FORGED_PRESENTATIONS = {
    "its proof is removed": lambda vp: vp.pop("proof"),
    "its purpose is swapped": lambda vp: vp["proof"].update(proofPurpose="assertionMethod"),
    "its challenge is exchanged": lambda vp: vp["proof"].update(challenge="x" * 43),
    "its holder is another": lambda vp: vp.update(holder="did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"),
    "its method is of another DID": lambda vp: vp["proof"].update(
        verificationMethod="did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
        "#z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    ),
    "an undefined term is added": lambda vp: vp.update(nobodysTerm="x"),
    "its context is poisoned": lambda vp: vp["@context"].append({"VerifiablePresentation": "https://evil.example/vp"}),
    "its certificate is taken out": lambda vp: vp.update(verifiableCredential=[]),
}


@pytest.mark.parametrize("change", FORGED_PRESENTATIONS.values(), ids=FORGED_PRESENTATIONS.keys())
def test_a_presentation_that_was_tampered_with_is_refused(change: Any, asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    asking.refused(asking.post(asked, {"certificate": [_changed(vp, change)]}))


FORGED_CERTIFICATES = {
    "another name": lambda one: one["credentialSubject"]["identifier"][0].update(identityHash="이도둑"),
    "another issuer": lambda one: one["issuer"].update(id="did:web:forger.example"),
    "the signing key swapped": lambda one: one["proof"].update(
        verificationMethod="did:web:forger.example#z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    ),
}


@pytest.mark.parametrize("change", FORGED_CERTIFICATES.values(), ids=FORGED_CERTIFICATES.keys())
def test_a_forged_certificate_in_a_sound_presentation_is_refused_and_never_verified(
    change: Any, asking: Asking
) -> None:
    issued = asking.town.bound(asking.holder)
    change(issued.document.credential)
    asked = asking.asked()
    vp = asking.holder.presentation(asked, issued, world=asking.town.world)
    answer = asking.post(asked, {"certificate": [vp]})
    assert answer.status_code == 400
    assert asking.result()["verified"] is False


TOKENS = {
    "an answer to something else as well": lambda vp: {"certificate": [vp], "passport": [vp]},
    "an answer to something else instead": lambda vp: {"passport": [vp]},
    "no answer": lambda _vp: {"certificate": []},
    "two answers to one question": lambda vp: {"certificate": [vp, vp]},
    "a text": lambda _vp: {"certificate": ["eyJhbGciOiJub25lIn0.e30."]},
    "null": lambda _vp: {"certificate": [None]},
    "a certificate without its presentation": lambda vp: {"certificate": [vp["verifiableCredential"][0]]},
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS.keys())
def test_an_answer_with_more_less_or_other_than_asked_is_refused(token: Any, asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    asking.refused(asking.post(asked, token(vp)))


def test_two_certificates_where_one_was_asked_for_are_refused(asking: Asking) -> None:
    asked = asking.asked()
    shown = [asking.town.bound(asking.holder) for _ in range(2)]
    vp = asking.holder.presentation(asked, *shown, world=asking.town.world)
    asking.refused(asking.post(asked, {"certificate": [vp]}))


def test_a_query_id_that_stands_twice_is_refused(asking: Asking) -> None:
    asked = asking.asked(response_mode="direct_post")
    vp = json.dumps(asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world))
    fields = {"vp_token": f'{{"certificate": [{vp}], "certificate": [{vp}]}}', "state": asked["state"]}
    asking.refused(asking.send(asked, data=fields))


def test_a_certificate_of_another_type_is_refused(asking: Asking) -> None:
    query = {
        "credentials": [{"id": "m", "format": "ldp_vc", "meta": {"type_values": [["MachineSafetyCertification"]]}}]
    }
    asked = asking.asked(dcql_query=query)
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    asking.refused(asking.post(asked, {"m": [vp]}))


def test_an_answer_that_is_not_encrypted_is_refused_where_that_was_asked_for(asking: Asking) -> None:
    asked = asking.asked(response_mode="direct_post.jwt")
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    plain = response.encode({"certificate": [vp]}, asked["state"])
    asking.refused(asking.send(asked, data=plain))


def test_an_answer_encrypted_to_another_key_is_refused(asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    other = deepcopy(asked)
    other["client_metadata"]["jwks"] = {"keys": [ResponseKey.generate().to_jwk()]}
    asking.refused(asking.send(asked, data=form(other, {"certificate": [vp]})))


def test_an_encrypted_answer_to_an_open_request_is_refused(asking: Asking) -> None:
    asked = asking.asked(response_mode="direct_post")
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    sealed = response.encrypt({"certificate": [vp]}, asked["state"], {"keys": [ResponseKey.generate().to_jwk()]})
    asking.refused(asking.send(asked, data=sealed))


@pytest.mark.parametrize("state", ["", "x", "another-state-that-nobody-gave"])
def test_a_state_that_nobody_gave_is_refused(state: str, asking: Asking) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    asking.refused(asking.post(asked, {"certificate": [vp]}, state=state))


def test_who_declines_without_the_state_is_not_heard(asking: Asking) -> None:
    asked = asking.asked()
    answer = asking.send(asked, data=response.encode_error("access_denied", "guessed"))
    assert answer.status_code == 400
    assert asking.result()["state"] == "opened"


def test_an_answer_that_comes_too_late_is_refused(asking: Asking, clock: Clock) -> None:
    asked = asking.asked()
    vp = asking.holder.presentation(asked, asking.town.bound(asking.holder), world=asking.town.world)
    clock.now = NOW + 601
    assert asking.post(asked, {"certificate": [vp]}).status_code == 400
    assert asking.result()["state"] == "expired"


GARBAGE = {
    "nothing": b"",
    "noise": b"\xff\xfe\x00garbage",
    "half a form": b"vp_token",
    "no JSON": b"vp_token=%7B&state=x",
    "deep JSON": b"vp_token=" + b"%5B" * 2000 + b"&state=x",
    "no JWE": b"response=a.b.c.d.e",
    "a JWE with other algorithms": b"response=eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0....",
    "the field twice": b"vp_token=%7B%7D&vp_token=%7B%7D",
    "both kinds of answer": b"vp_token=%7B%7D&response=a.b.c.d.e",
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_refused_and_never_breaks_the_service(body: bytes, asking: Asking) -> None:
    asked = asking.asked()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    asking.refused(asking.send(asked, content=body, headers=headers))


def test_a_refusal_tells_the_sender_nothing_of_what_was_wrong(asking: Asking) -> None:
    asked = asking.asked()
    issued = asking.town.bound(asking.holder)
    world = asking.town.world
    told = set()
    for change in ({"nonce": "n" * 43}, {"client_id": "redirect_uri:https://else.example"}):
        vp = asking.holder.presentation(asked, issued, world=world, **change)
        told.add(asking.post(asked, {"certificate": [vp]}).text)
    told.add(asking.send(asked, data={"vp_token": "{}", "state": "x"}).text)
    assert len(told) == 1


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
