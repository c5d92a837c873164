"""Schemas that an operator pins: read at start, and kept by every credential that names them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from jikin.conformance.service import application
from jikin.conformance.settings import Settings, load
from jikin.errors import SettingsError
from jikin.verification.assembly import read_schemas

NOW = 1_790_000_000
URL = "https://schemas.example/course.json"
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "properties": {"credentialSubject": {"required": ["name"]}},
}


def folder(tmp_path: Path, **changes: Any) -> Path:
    data = json.dumps(SCHEMA).encode()
    (tmp_path / "course.json").write_bytes(data)
    entry = {"url": URL, "file": "schemas/course.json", "sha256": hashlib.sha256(data).hexdigest()}
    (tmp_path / "INDEX.json").write_text(json.dumps([{**entry, **changes}]))
    return tmp_path


def test_a_folder_is_read_as_its_index_says(tmp_path: Path) -> None:
    assert read_schemas(folder(tmp_path)) == {URL: json.dumps(SCHEMA).encode()}


WRONG: dict[str, dict[str, Any]] = {
    "another digest": {"sha256": "0" * 64},
    "a file that is not there": {"file": "other.json"},
    "a file outside": {"file": "../../../etc/hostname"},
    "a file with a zero in its name": {"file": "a\0b"},
    "no address": {"url": 5},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG.keys())
def test_a_folder_that_is_not_as_pinned_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as refused:
        read_schemas(folder(tmp_path, **changes))
    assert refused.value.code == "settings.value"


@pytest.mark.parametrize("index", [None, "", "{}", "[5]"])
def test_an_index_that_is_none_is_refused(tmp_path: Path, index: str | None) -> None:
    if index is not None:
        (tmp_path / "INDEX.json").write_text(index)
    with pytest.raises(SettingsError):
        read_schemas(tmp_path)


def test_a_credential_that_breaks_a_pinned_schema_is_neither_issued_nor_verified(tmp_path: Path) -> None:
    settings = load({"JIKIN_SCHEMAS": str(folder(tmp_path))})
    bare = application(Settings(), lambda: NOW)
    with (
        TestClient(application(settings, lambda: NOW), base_url="http://localhost:8110") as client,
        TestClient(bare, base_url="http://localhost:8110") as other,
    ):

        def issue(at: TestClient, subject: dict[str, str]) -> Any:
            credential = {
                "@context": ["https://www.w3.org/ns/credentials/v2"],
                "type": ["VerifiableCredential"],
                "issuer": at.get("/dids").json()["Ed25519"],
                "credentialSubject": {"id": "did:example:holder", **subject},
                "credentialSchema": {"id": URL, "type": "JsonSchema"},
            }
            return at.post("/issuers/eddsa-rdfc-2022/credentials/issue", json={"credential": credential})

        assert issue(client, {"name": "Alice"}).status_code == 201
        refused = issue(client, {})
        assert (refused.status_code, refused.json()["code"]) == (400, "model.schema")
        unseen = issue(other, {})
        assert unseen.status_code == 201
        verified = client.post("/credentials/verify", json={"verifiableCredential": unseen.json()})
        assert verified.status_code == 400
        assert [problem["title"] for problem in verified.json()["problemDetails"]] == ["model.schema"]
