"""Other people's programs and our three services: a wallet that receives, a verifier that asks, and who does it wrong.

The programs are third-party packages (npm ``@openid4vc/*``) and a careless holder written with the library; nothing
here knows the services but by their addresses.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import httpx
import pytest

from jikin.openid4vc import key_proof, request
from jikin.openid4vc.client import RequestTrust
from jikin.openid4vc.door import WebDoor
from jikin.openid4vc.offer import PRE_AUTHORIZED
from jikin.openid4vc.request import VerifiedRequest
from jikin.values import JsonObject
from jikin.verification.assembly import fetch_of, methods_of
from jikin.verification.plan import SourcePlan
from tests.holders import Holder
from tests.npm import ask, live
from tests.services import Services, services

__all__ = ["services"]
pytestmark = pytest.mark.chain
TYPE = "national-technical-qualification"
BADGE = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential"
WAIT = 60  # seconds for a copy to be anchored and released
DCQL: dict[str, Any] = {
    "credentials": [
        {
            "id": "licence",
            "format": "ldp_vc",
            "meta": {"type_values": [[BADGE]]},
            "claims": [{"path": ["credentialSubject", "licenseNumber"]}],
        }
    ]
}


# --- their wallet, our issuer ---


@pytest.mark.parametrize("binding", ["did:key", "did:jwk", "jwk"])
@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
def test_a_third_party_wallet_receives_from_our_issuer(services: Services, kind: str, binding: str) -> None:
    offered = services.offer(type=TYPE, tx_code=True)
    got = ask(
        "receiver",
        {"offer": offered["offer"], "tx_code": offered["tx_code"], "key": kind, "binding": binding, "wait": WAIT},
    )
    assert got["ok"], got
    assert got["issuer"] == services.institutions["hrdk"]
    (credential,) = got["credentials"]
    assert credential["credentialSubject"]["id"].startswith("did:key:" if binding == "did:key" else "did:")
    assert _checked(services, credential)["outcome"] == "passed"


def test_what_is_put_off_comes_to_a_third_party_wallet_later(services: Services) -> None:
    offered = services.offer(type=TYPE, deferred=True)
    got = ask("receiver", {"offer": offered["offer"], "wait": WAIT})
    assert got["ok"], got
    assert got["deferred"]
    assert len(got["credentials"]) == 1


def test_a_guessed_code_kills_the_offer_after_five(services: Services) -> None:
    offered = services.offer(type=TYPE, tx_code=True)
    wrong = "000000" if offered["tx_code"] != "000000" else "111111"
    for _ in range(5):
        refused = ask("receiver", {"offer": offered["offer"], "tx_code": wrong})
        assert not refused["ok"]
        assert "invalid_grant" in refused["error"], refused
    late = ask("receiver", {"offer": offered["offer"], "tx_code": offered["tx_code"]})
    assert not late["ok"]


def test_an_offer_is_good_once(services: Services) -> None:
    offered = services.offer(type=TYPE)
    assert ask("receiver", {"offer": offered["offer"], "wait": WAIT})["ok"]
    again = ask("receiver", {"offer": offered["offer"], "wait": WAIT})
    assert not again["ok"]


# --- their verifier, our wallet ---


@pytest.fixture(scope="module")
def wallet(services: Services) -> Iterator[httpx.Client]:
    """Yield the wallet's API with one certificate in its vault."""
    offered = services.offer(type=TYPE, tx_code=True)
    with services.machine("wallet") as client:
        body = {"credential_offer": offered["offer"], "tx_code": offered["tx_code"]}
        answer = client.post("/api/offers", json=body)
        for _ in range(WAIT):
            assert answer.status_code in (200, 202), answer.text
            if answer.json()["credentials"]:
                break
            time.sleep(1)
            answer = client.post("/api/offers/resume")
        assert answer.json()["credentials"], answer.text
        yield client


@pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt"])
@pytest.mark.parametrize("prefix", ["decentralized_identifier", "redirect_uri"])
def test_a_third_party_verifier_is_answered_by_our_wallet(
    services: Services, wallet: httpx.Client, prefix: str, mode: str
) -> None:
    with live("verifier", _their_request(prefix, mode)) as verifier:
        answer = wallet.post("/api/requests", json={"request": verifier.next()["link"]})
        assert answer.status_code == 200, answer.text
        read = verifier.next()
    assert read["ok"], read
    (shown,) = read["presentations"]["licence"]
    assert shown["proof"]["challenge"] == read["nonce"]
    (credential,) = _items(shown["verifiableCredential"])
    assert _checked(services, credential)["outcome"] == "passed"
    assert answer.json()["to"]["trust"] == ("verified" if prefix == "decentralized_identifier" else "unverified")
    assert read["fetched"] == (1 if prefix == "decentralized_identifier" else 0)
    assert ("response" in read["fields"]) == (mode == "direct_post.jwt")


def test_a_third_party_verifier_is_told_that_the_holder_declined(services: Services, wallet: httpx.Client) -> None:
    with live("verifier", _their_request("decentralized_identifier", "direct_post")) as verifier:
        answer = wallet.post("/api/requests", json={"request": verifier.next()["link"], "decline": True})
        assert answer.status_code == 200, answer.text
        told = verifier.next()
    # Their package (0.4.6) reads no refusals; what came is a good one.
    assert told["fields"]["error"] == "access_denied"
    assert told["fields"]["state"] == "state-1"


def test_a_request_that_has_run_out_is_refused_by_our_wallet_with_the_reason(wallet: httpx.Client) -> None:
    old = int(time.time()) - 3600
    asked = {**_their_request("decentralized_identifier", "direct_post"), "iat": old, "exp": old + 300}
    with live("verifier", asked) as verifier:
        answer = wallet.post("/api/requests", json={"request": verifier.next()["link"]})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"].startswith("openid.")
    assert problem["detail"]


def test_a_request_for_what_is_not_there_is_refused_by_our_wallet_with_the_reason(wallet: httpx.Client) -> None:
    asked = _their_request("decentralized_identifier", "direct_post")
    nothing = {"id": "x", "format": "ldp_vc", "meta": {"type_values": [["https://elsewhere.example/Licence"]]}}
    with live("verifier", {**asked, "dcql_query": {"credentials": [nothing]}}) as verifier:
        answer = wallet.post("/api/requests", json={"request": verifier.next()["link"]})
    assert answer.status_code in (400, 409, 422), answer.text
    assert answer.json()["code"].startswith("wallet.")


def _their_request(prefix: str, mode: str) -> dict[str, Any]:
    now = int(time.time())
    return {
        "act": "live",
        "prefix": prefix,
        "response_mode": mode,
        "dcql_query": DCQL,
        "nonce": "n-0S6_WzA2Mj-7wqXvQk3p",
        "state": "state-1",
        "iat": now,
        "exp": now + 300,
    }


# --- careless holders, our verifier ---


class Careless:
    """A holder with a key and a certificate of our issuer, who answers as the test says."""

    def __init__(self, services: Services) -> None:
        """Receive one certificate."""
        self.services = services
        self.me = Holder()
        self.credential = self._received()

    def _received(self) -> JsonObject:
        base = self.services.institutions["hrdk"]
        with httpx.Client(timeout=60, trust_env=False) as client:
            (place,) = parse_qs(urlsplit(self.services.offer(type=TYPE)["offer"]).query)["credential_offer_uri"]
            code = client.get(place).json()["grants"][PRE_AUTHORIZED]["pre-authorized_code"]
            fields = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code}
            access = client.post(f"{base}/token", data=fields).json()["access_token"]
            nonce = client.post(f"{base}/nonce").json()["c_nonce"]
            proof = key_proof.make(self.me.signer, base, nonce, int(time.time()))
            body = {"credential_configuration_id": TYPE, "proofs": {"jwt": [proof]}}
            headers = {"authorization": f"Bearer {access}"}
            answer = client.post(f"{base}/credential", json=body, headers=headers)
            for _ in range(WAIT):
                if "credentials" in answer.json():
                    break
                time.sleep(1)
                later = {"transaction_id": answer.json()["transaction_id"]}
                answer = client.post(f"{base}/deferred", json=later, headers=headers)
            found: JsonObject = answer.json()["credentials"][0]["credential"]
            return found

    def asked(self, **wishes: Any) -> Asked:
        """Return a request that our verifier makes of this holder."""
        with self.services.machine("verifier") as client:
            answer = client.post("/requests", json={"template": TYPE, "purpose": "채용", **wishes})
            assert answer.status_code == 201, answer.text
        made = answer.json()
        local = SourcePlan(allow_private=True)
        trust = RequestTrust(methods=methods_of(local), fetch=fetch_of(local))
        door = WebDoor(allowed_hosts=("localhost",))
        seen = request.receive(made["request"], door, int(time.time()), trust=trust, wallet_nonce="w")
        return Asked(self, seen, made["result"])


class Asked:
    """A request as the holder's side sees it."""

    def __init__(self, holder: Careless, seen: VerifiedRequest, result: str) -> None:
        """Keep it."""
        self.holder, self.seen, self.result_url = holder, seen, result

    def shown(self, *, nonce: str | None = None, client_id: str | None = None) -> dict[str, str]:
        """Return the form that answers, with another nonce or for somebody else where the test says so."""
        (query,) = (one.id for one in self.seen.query.credentials)
        presentation = self.holder.me.present(
            self.holder.credential,
            now=int(time.time()),
            nonce=nonce or self.seen.nonce,
            client_id=client_id or self.seen.client.id,
        )
        return self.seen.answer({query: [presentation]})

    def post(self, fields: dict[str, str]) -> httpx.Response:
        """Post an answer where the request says."""
        return httpx.post(self.seen.response_uri, data=fields, timeout=60, trust_env=False)

    def result(self) -> dict[str, Any]:
        """Return what the asker learns."""
        with self.holder.services.machine("verifier") as client:
            answer = client.get(self.result_url)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def is_refused(self, fields: dict[str, str], code: str) -> None:
        """Fail unless the answer is refused and the asker learns *code* and nothing else."""
        answer = self.post(fields)
        assert answer.status_code == 400
        assert answer.json()["code"] == "request.answer"
        found = self.result()
        assert not found["verified"]
        assert found["claims"] == {}
        assert code in [finding["code"] for finding in found["findings"]], found


@pytest.fixture(scope="module")
def careless(services: Services) -> Careless:
    return Careless(services)


@pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt"])
@pytest.mark.parametrize("prefix", ["decentralized_identifier", "redirect_uri"])
def test_who_does_it_right_is_believed(careless: Careless, prefix: str, mode: str) -> None:
    asked = careless.asked(client_id_prefix=prefix, response_mode=mode)
    answer = asked.post(asked.shown())
    assert answer.status_code == 200, answer.text
    assert asked.result()["verified"] is True


def test_a_wrong_nonce_is_refused(careless: Careless) -> None:
    asked = careless.asked()
    asked.is_refused(asked.shown(nonce="another-nonce-altogether"), "presentation.challenge")
    assert asked.post(asked.shown()).status_code == 200  # and the right answer still counts


def test_what_was_made_for_another_verifier_is_refused(careless: Careless) -> None:
    asked = careless.asked()
    elsewhere = "decentralized_identifier:did:web:elsewhere.example"
    asked.is_refused(asked.shown(client_id=elsewhere), "presentation.domain")


def test_an_answer_to_one_request_is_no_answer_to_another(careless: Careless) -> None:
    first, second = careless.asked(response_mode="direct_post"), careless.asked(response_mode="direct_post")
    fields = first.shown()
    assert first.post(fields).status_code == 200
    answer = second.post(fields)
    assert answer.status_code == 400
    second.is_refused({**fields, "state": second.seen.state or ""}, "presentation.challenge")


def test_an_answer_counts_once(careless: Careless) -> None:
    asked = careless.asked()
    fields = asked.shown()
    assert asked.post(fields).status_code == 200
    again = asked.post(fields)
    assert again.status_code == 400
    assert again.json()["code"] == "request.used"
    assert asked.result()["verified"] is True


def test_somebody_elses_certificate_is_refused(careless: Careless) -> None:
    asked = careless.asked()
    thief = Careless.__new__(Careless)
    thief.services, thief.me, thief.credential = careless.services, Holder(), careless.credential
    stolen = Asked(thief, asked.seen, asked.result_url)
    answer = stolen.post(stolen.shown())
    assert answer.status_code == 400
    assert asked.result()["verified"] is False


def test_what_was_not_encrypted_as_asked_is_refused(careless: Careless) -> None:
    asked = careless.asked(response_mode="direct_post.jwt")
    plain = careless.asked(response_mode="direct_post")
    fields = plain.shown(nonce=asked.seen.nonce, client_id=asked.seen.client.id)
    asked.is_refused({**fields, "state": asked.seen.state or ""}, "openid.response")


# --- our wallet, our verifier, without a page ---


def test_wallet_and_verifier_meet_without_a_page(services: Services, wallet: httpx.Client) -> None:
    with services.machine("verifier") as client:
        made = client.post("/requests", json={"dcql_query": DCQL, "purpose": "채용"}).json()
        assert wallet.post("/api/requests", json={"request": made["request"]}).status_code == 200
        found = client.get(made["result"]).json()
    assert found["verified"] is True
    again = wallet.post("/api/requests", json={"request": made["request"]})
    assert again.status_code in (400, 409, 410), again.text
    assert quote(made["id"]) not in services.log("wallet")
    assert dict(parse_qsl(urlsplit(made["request"]).query))["client_id"].startswith("decentralized_identifier:did:web:")


def _checked(services: Services, credential: JsonObject) -> dict[str, Any]:
    """Return what our verifier says of a credential that a stranger hands in."""
    with services.machine("verifier") as client:
        answer = client.post("/credentials/verify", json={"verifiableCredential": credential})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return {"outcome": "passed" if found.get("verified") else "failed", **found}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
