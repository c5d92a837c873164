"""The signed vectors of the W3C EdDSA specification verify over the VC API, and stop doing so when touched."""

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

FOLDER = standards() / "vectors" / "vc-di-eddsa"
SIGNED = {
    "rdfc, alumni": FOLDER / "eddsa-rdfc-2022" / "signedDataInt.json",
    "rdfc, employment": FOLDER / "eddsa-rdfc-2022" / "employ" / "signedDataInt.json",
    "jcs, alumni": FOLDER / "eddsa-jcs-2022" / "signedJCS.json",
}
NOW = 1_790_000_000


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    # Their issuers are web pages or keys; whose key may speak for a page is for the verifier to know.
    trust = tmp_path_factory.mktemp("trust")
    issuers: dict[str, list[str]] = {}
    for document in map(read, SIGNED.values()):
        issuer = document["issuer"]
        name = issuer["id"] if isinstance(issuer, dict) else issuer
        issuers.setdefault(name, []).append(document["proof"]["verificationMethod"])
    (trust / "vectors.json").write_text(json.dumps({"issuers": issuers}))
    settings = Settings(contexts=standards() / "contexts", trust=trust)
    with TestClient(application(settings, lambda: NOW), base_url="http://localhost:8110") as found:
        yield found


def read(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_bytes())
    return value


@pytest.mark.parametrize("path", SIGNED.values(), ids=SIGNED.keys())
def test_a_published_vector_verifies(client: TestClient, path: Path) -> None:
    answer = client.post("/credentials/verify", json={"verifiableCredential": read(path)})
    assert answer.status_code == 200, answer.json()


@pytest.mark.parametrize("path", SIGNED.values(), ids=SIGNED.keys())
def test_a_vector_that_was_touched_does_not(client: TestClient, path: Path) -> None:
    touched = {**read(path), "name": "Another name"}
    answer = client.post("/credentials/verify", json={"verifiableCredential": touched})
    assert answer.status_code == 400
    assert "proof.mismatch" in {problem["title"] for problem in answer.json()["problemDetails"]}
