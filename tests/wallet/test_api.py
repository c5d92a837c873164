"""The wallet over HTTP for programs: 2xx did it, 4xx refused with the reason as problem details."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from jikin.testing.clock import FixedClock
from jikin.testing.world import World
from jikin.verification.report import Outcome
from tests.wallet.conftest import wallet_in
from tests.wallet.parties import RECORD, SELECTIVE, Employer, Office, asking_for
from wallet.service import application_of

TOKEN = "a development token"
HEADERS = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def client(tmp_path: Path, world: World, clock: FixedClock) -> Iterator[TestClient]:
    tokens = tmp_path / "dev-tokens.json"
    tokens.write_text(json.dumps({"wallet": TOKEN}))
    wallet = wallet_in(tmp_path / "wallet", world, clock, dev_tokens=str(tokens))
    with TestClient(application_of(wallet), base_url="http://localhost:8102", headers=HEADERS) as client:
        yield client


def _receive(client: TestClient, office: Office) -> Any:
    return client.post("/api/offers", json={"credential_offer": office.offer(), "tx_code": office.tx_code})


def test_receive_list_and_show(client: TestClient, office: Office) -> None:
    answer = _receive(client, office)
    assert answer.status_code == 200
    (one,) = answer.json()["credentials"]
    assert one["standing"] == "passed"
    assert client.get("/api/credentials").json()["credentials"] == [one]
    whole = client.get(f"/api/credentials/{one['id']}").json()
    assert whole["report"]["outcome"] == "passed"
    assert whole["check_url"].upper().endswith(one["number"].replace("-", ""))
    assert whole["credential"]["credentialSubject"]["id"].startswith("did:key:")


def test_present(client: TestClient, office: Office, employer: Employer) -> None:
    _receive(client, office)
    answer = client.post("/api/requests", json={"request": employer.ask()})
    assert answer.status_code == 200
    assert answer.json()["to"]["trust"] == "verified"
    assert employer.judged().outcome is Outcome.PASSED


def test_a_certificate_is_received_as_text_and_shown_in_part(
    client: TestClient, office: Office, employer: Employer
) -> None:
    offer = {"credential_offer": office.offer(configuration=SELECTIVE), "tx_code": office.tx_code}
    (one,) = client.post("/api/offers", json=offer).json()["credentials"]
    assert (one["format"], one["standing"]) == ("dc+sd-jwt", "passed")
    assert client.get("/api/credentials").json()["credentials"] == [one]
    whole = client.get(f"/api/credentials/{one['id']}").json()
    assert whole["credential"].endswith("~")
    assert whole["claims"]["name"] == RECORD["name_ko"]
    assert whole["check_url"].upper().endswith(one["number"].replace("-", ""))
    answer = client.post("/api/requests", json={"request": employer.ask(asking_for("passed_on"))}).json()
    labels = [label["en"] for label in answer["claims"]["it"]]
    assert labels == ["Qualification", "Qualification in English", "Code", "Date passed"]
    assert employer.judged().outcome is Outcome.PASSED


def test_decline(client: TestClient, employer: Employer) -> None:
    answer = client.post("/api/requests", json={"request": employer.ask(), "decline": True})
    assert answer.status_code == 200
    assert employer.answers[0]["error"] == "access_denied"


def test_what_is_still_being_made_is_accepted_and_picked_up(client: TestClient, office: Office) -> None:
    office.deferrals = 50
    answer = _receive(client, office)
    assert (answer.status_code, answer.json()["credentials"]) == (202, [])
    assert len(answer.json()["pending"]) == 1
    office.deferred = {name: (holder, 1) for name, (holder, _) in office.deferred.items()}
    resumed = client.post("/api/offers/resume")
    assert (resumed.status_code, len(resumed.json()["credentials"])) == (200, 1)


def test_a_check_tells_how_they_stand(client: TestClient, office: Office, clock: FixedClock) -> None:
    office.days = 1
    _receive(client, office)
    clock.advance(2 * 86_400)
    (one,) = client.post("/api/credentials/check").json()["credentials"]
    assert (one["standing"], one["previous"]) == ("expired", "passed")


@pytest.mark.parametrize("headers", [{"authorization": "Bearer wrong"}, {"authorization": "Basic x"}, {}])
@pytest.mark.parametrize("path", ["/api/credentials", "/api/credentials/x"])
def test_without_its_token_nothing_is_told(client: TestClient, headers: dict[str, str], path: str) -> None:
    client.headers.pop("authorization")
    answer = client.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "wallet.token"


BAD = {
    "no body": (b"", 400),
    "an array": (b"[]", 400),
    "a number": (b"3", 400),
    "nothing": (b"{}", 400),
    "a wrong kind": (b'{"credential_offer": 3, "request": 3}', 400),
    "no link": (b'{"credential_offer": "x", "request": "x"}', 400),
    "deep": (b'{"credential_offer":' + b"[" * 5000 + b"]" * 5000 + b"}", 400),
    "duplicate names": (b'{"request":"x","request":"y"}', 400),
    "a private address": (
        b"""{"credential_offer":"openid-credential-offer://?credential_offer_uri=https://10.0.0.1/x",
        "request":"openid4vp://?client_id=redirect_uri:x&request_uri=https://10.0.0.1/x"}""",
        409,
    ),
}


@pytest.mark.parametrize(("body", "status"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("path", ["/api/offers", "/api/requests"])
def test_bad_input_is_answered_with_a_problem(client: TestClient, path: str, body: bytes, status: int) -> None:
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert set(answer.json()) >= {"type", "title", "status", "code", "detail"}


@pytest.mark.parametrize("choose", [3, [], {"it": 3}, {"it": None}])
def test_a_choice_that_is_none_is_refused(client: TestClient, employer: Employer, choose: object) -> None:
    answer = client.post("/api/requests", json={"request": employer.ask(), "choose": choose})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")


def test_a_refused_certificate_is_told_with_the_reason(client: TestClient, office: Office) -> None:
    office.spoil = lambda credential: {**credential, "type": ["VerifiableCredential"]}
    answer = _receive(client, office)
    assert (answer.status_code, answer.json()["code"]) == (409, "wallet.credential.other-type")
    assert answer.json()["hint"]


def test_an_issuer_out_of_order_is_no_outage_of_the_wallet(client: TestClient, office: Office) -> None:
    office.out = {"credential"}
    answer = _receive(client, office)
    assert (answer.status_code, answer.json()["code"]) == (424, "wallet.unreachable")


def test_an_issuer_that_talks_nonsense_is_refused(client: TestClient, office: Office) -> None:
    office.server = replace(office.server, token_endpoint=f"{office.address}/no-such-place")
    answer = _receive(client, office)
    assert 400 <= answer.status_code < 500


def test_an_unknown_certificate_is_not_found(client: TestClient) -> None:
    answer = client.get("/api/credentials/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "wallet.not-found")


def test_the_service_says_that_it_is_ready(client: TestClient, world: World) -> None:
    assert client.get("/readyz").status_code == 200
    world.chain.reachable = False
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
