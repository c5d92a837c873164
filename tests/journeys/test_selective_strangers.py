"""Other people's programs and certificates shown in part: received, asked for and answered as SD-JWT VC.

The programs are npm ``@openid4vc/*`` and ``@sd-jwt/*``, which know the services but by their addresses.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from jikin.credentials.types import CredentialTypes
from jikin.openid4vc import presentation
from jikin.proofs.envelopes import sd_jwt
from jikin.proofs.envelopes.sd_jwt_vc import SdJwtVc
from tests.npm import ask, live
from tests.services import Services, services

__all__ = ["services"]
pytestmark = pytest.mark.chain
TYPE = "national-technical-qualification"
CONFIGURATION = f"{TYPE}.sd-jwt"
VCT = CredentialTypes.packaged().named(TYPE).claims.vct
WAIT = 60  # seconds for a copy to be anchored and released
QUERY: dict[str, Any] = {
    "credentials": [
        {
            "id": "licence",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": [VCT]},
            "claims": [{"path": ["title"]}, {"path": ["name"]}],
        }
    ]
}


def verdict(services: Services, credential: str) -> dict[str, Any]:
    with services.machine("verifier") as client:
        found: dict[str, Any] = client.post("/credentials/verify", json={"verifiableCredential": credential}).json()
        return found


@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
def test_a_third_party_wallet_receives_a_certificate_to_show_in_part(services: Services, kind: str) -> None:
    offered = services.offer(configurations=[CONFIGURATION], tx_code=True)
    got = ask("receiver", {"offer": offered["offer"], "tx_code": offered["tx_code"], "key": kind, "wait": WAIT})
    assert got["ok"], got
    assert got["configuration"] == CONFIGURATION
    (credential,) = got["credentials"]
    assert SdJwtVc().open(credential.encode()).claims["vct"] == VCT
    assert verdict(services, credential)["outcome"] == "passed"
    part = sd_jwt.present(credential, [("name",)])
    assert verdict(services, part)["outcome"] == "passed"
    head, payload, rest = part.split(".", 2)
    forged = f"{head}.{payload}.{'A' if rest[0] != 'A' else 'B'}{rest[1:]}"
    assert verdict(services, forged)["outcome"] == "failed"


@pytest.fixture(scope="module")
def wallet(services: Services) -> Iterator[httpx.Client]:
    """Yield the wallet's API with one certificate to show in part in its vault."""
    offered = services.offer(configurations=[CONFIGURATION], tx_code=True)
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
def test_a_third_party_verifier_gets_what_it_asked_for_and_no_more(
    services: Services, wallet: httpx.Client, mode: str
) -> None:
    now = int(time.time())
    asked = {
        "act": "live",
        "prefix": "decentralized_identifier",
        "response_mode": mode,
        "dcql_query": QUERY,
        "nonce": "n-0S6_WzA2Mj-7wqXvQk3p",
        "state": "state-1",
        "iat": now,
        "exp": now + 300,
    }
    with live("verifier", asked) as verifier:
        answer = wallet.post("/api/requests", json={"request": verifier.next()["link"]})
        assert answer.status_code == 200, answer.text
        read = verifier.next()
    assert read["ok"], read
    (shown,) = read["presentations"]["licence"]
    opened = SdJwtVc().open(shown.encode())
    assert opened.key_binding is not None
    assert opened.key_binding.nonce == read["nonce"]
    (claims,) = presentation.credentials_in(shown)
    assert {"title", "name"} <= claims.keys()
    assert not {"birth_date", "score", "certificate_number"} & claims.keys()


def test_our_verifier_asks_for_a_part_and_our_wallet_shows_it(services: Services, wallet: httpx.Client) -> None:
    with services.machine("verifier") as verifier:
        made = verifier.post("/requests", json={"template": CONFIGURATION, "purpose": "채용"}).json()
        answer = wallet.post("/api/requests", json={"request": made["request"]})
        assert answer.status_code == 200, answer.text
        result = verifier.get(made["result"]).json()
    assert result["verified"] is True, result
    told = result["claims"]["certificate"]
    assert "name" in told
    assert not {"birth_date", "score", "cnf", "iss"} & told.keys()
