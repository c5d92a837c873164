"""The inputs of the W3C suite for the data model, each issued by a profile: what the file's name says, happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from jikin.conformance.service import application
from jikin.conformance.settings import Settings
from tests.shared_standards import standards

INPUTS = standards() / "vectors" / "vcdm2-suite"
NOW = 1_790_000_000
# The files' dates are those of the day they were written; a status list of somebody else is not asked for here.
DATED = frozenset({"time.expired", "time.not-yet-valid"})
UNASKED = frozenset({"status.unreadable", "status.unreachable"})
# What the suite puts in the place of words that stand for a day.
DAYS = {b"PAST DATE": b"2020-01-01T00:00:00Z", b"FUTURE DATE": b"2040-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    settings = Settings(contexts=standards() / "contexts")
    with TestClient(application(settings, lambda: NOW), base_url="http://localhost:8110") as found:
        yield found


def read(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    for word, day in DAYS.items():
        data = data.replace(word, day)
    value: dict[str, Any] = json.loads(data)
    return value


def named(kind: str, *endings: str) -> list[Any]:
    files = sorted([*INPUTS.glob(f"{kind}-*.json"), *(INPUTS / "names-and-descriptions").glob(f"{kind}-*.json")])
    found = [path for path in files if path.stem.endswith(endings)]
    return [pytest.param(path, id=path.stem) for path in found]


def with_issuer(client: TestClient, credential: dict[str, Any]) -> dict[str, Any]:
    """Return *credential* as the suite sends it: made out by the issuer it was told of."""
    issuer = client.get("/dids").json()["Ed25519"]
    stated = credential.get("issuer")
    return {**credential, "issuer": {**stated, "id": issuer} if isinstance(stated, dict) else issuer}


@pytest.mark.parametrize("profile", ["eddsa-rdfc-2022", "eddsa-jcs-2022", "status"])
@pytest.mark.parametrize("path", named("credential", "-ok"))
def test_a_good_credential_is_issued_and_verifies(client: TestClient, path: Path, profile: str) -> None:
    credential = with_issuer(client, {key: value for key, value in read(path).items() if key != "proof"})
    answer = client.post(f"/issuers/{profile}/credentials/issue", json={"credential": credential})
    assert answer.status_code == 201, answer.json()
    verified = client.post("/credentials/verify", json={"verifiableCredential": answer.json()})
    problems = {problem["title"] for problem in verified.json()["problemDetails"]}
    assert problems <= DATED | (
        {"status.unreadable", "status.unreachable"} if "credentialStatus" in credential else set()
    )
    assert verified.status_code == (400 if problems else 200)


@pytest.mark.parametrize("profile", ["eddsa-rdfc-2022", "eddsa-jcs-2022", "status"])
@pytest.mark.parametrize("path", named("credential", "-fail", "-fail-or-inject"))
def test_a_bad_credential_is_not_issued(client: TestClient, path: Path, profile: str) -> None:
    credential = read(path) if "-issuer-" in path.stem else with_issuer(client, read(path))
    answer = client.post(f"/issuers/{profile}/credentials/issue", json={"credential": credential})
    assert answer.status_code == 400, answer.json()
    assert set(answer.json()) >= {"code", "detail", "type", "title", "status"}


@pytest.mark.parametrize("path", named("presentation", "-fail", "-fail-or-inject"))
def test_a_bad_presentation_does_not_verify(client: TestClient, path: Path) -> None:
    answer = client.post("/presentations/verify", json={"verifiablePresentation": read(path)})
    assert answer.status_code == 400
    assert answer.json()["verified"] is False
