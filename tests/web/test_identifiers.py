"""The HTTP binding of DID Resolution: what is asked for in a path, and in which form the answer comes."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.testclient import TestClient

from jikin.dids.method import Options
from jikin.dids.resolution import Resolution, refused
from jikin.web.identifiers import router, wanted

ASKED: list[tuple[str, Options]] = []
GUARDED: list[str] = []


def resolve(text: str, options: Options) -> Resolution:
    ASKED.append((text, options))
    if text == "did:example:gone":
        return Resolution(410, {"didDocument": {"id": text}}, {"id": text})
    if text == "did:example:service":
        return Resolution(200, {"contentStream": "https://files.example/"})
    if not text.startswith("did:"):
        return refused("invalidDid", text, is_url=False)
    return Resolution(200, {"didDocument": {"id": text}}, {"id": text})


def guard(request: Request) -> None:
    GUARDED.append(request.url.path)


@pytest.fixture(scope="module")
def browser() -> TestClient:
    app = FastAPI()
    app.include_router(router(resolve, guard))
    return TestClient(app)


PATHS = {
    "as it is": ("did:example:1", "did:example:1"),
    "all encoded": ("did%3Aexample%3A1", "did:example:1"),
    "a port, all encoded": ("did%3Aweb%3Ahost%253A8443%3Aa", "did:web:host%3A8443:a"),
    "a port, as it is": ("did:web:host%3A8443:a", "did:web:host%3A8443:a"),
    "a port in small letters": ("did:web:host%3a8443", "did:web:host%3a8443"),
    "an encoded fragment": ("did:example:1%23key", "did:example:1#key"),
    "an encoded query": ("did%3Aexample%3A1%3FversionId%3D1%23key", "did:example:1?versionId=1#key"),
    "a path": ("did:example:1/path", "did:example:1/path"),
    "an encoded path": ("did%3Aexample%3A1%2F%5Ebar%5E%2F", "did:example:1/^bar^/"),
    "no DID": ("nothing", "nothing"),
}


@pytest.mark.parametrize(("path", "text"), PATHS.values(), ids=PATHS.keys())
def test_the_identifier_is_decoded_once(path: str, text: str, browser: TestClient) -> None:
    ASKED.clear()
    browser.get(f"/1.0/identifiers/{path}")
    assert [(text, {})] == ASKED


def test_the_query_holds_options(browser: TestClient) -> None:
    ASKED.clear()
    browser.get("/1.0/identifiers/did:example:1?versionId=5&service=files")
    assert ASKED == [("did:example:1", {"versionId": "5", "service": "files"})]


LD = 'application/ld+json;profile="https://w3id.org/did-resolution"'
FORMS: dict[str, tuple[str, str]] = {
    "no wish": ("*/*", "application/json"),
    "JSON": ("application/json", "application/json"),
    "the result": ("application/did-resolution", "application/did-resolution"),
    "the result of a URL": ("application/did-url-dereferencing", "application/did-url-dereferencing"),
    "the result as linked data": (LD, LD),
    "the result before the document": (
        "application/did;q=0.5, application/did-resolution",
        "application/did-resolution",
    ),
    "a browser": ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
}


@pytest.mark.parametrize(("accept", "kind"), FORMS.values(), ids=FORMS.keys())
def test_the_complete_result_is_the_answer(accept: str, kind: str, browser: TestClient) -> None:
    answer = browser.get("/1.0/identifiers/did:example:1", headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.json() == {"didDocument": {"id": "did:example:1"}}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("kind", ["application/did", "application/did+ld+json", "application/did+json"])
def test_who_accepts_a_document_alone_gets_the_document(kind: str, browser: TestClient) -> None:
    def ask(did: str) -> Any:
        return browser.get(f"/1.0/identifiers/{did}", headers={"accept": f"{kind}, */*;q=0.1"})

    answer = ask("did:example:1")
    assert (answer.headers["content-type"], answer.json()) == (kind, {"id": "did:example:1"})
    assert (ask("did:example:gone").status_code, ask("did:example:gone").json()) == (410, {"id": "did:example:gone"})
    # What is no document, and what went wrong, is told in whole.
    assert ask("did:example:service").json() == {"contentStream": "https://files.example/"}
    assert ask("nothing").json()["didResolutionMetadata"]["error"] == "invalidDid"


@pytest.mark.parametrize("accept", ["application/did+cbor", "text/html", "application/json;q=0"])
def test_a_representation_that_is_not_made_is_refused(accept: str, browser: TestClient) -> None:
    ASKED.clear()
    answer = browser.get("/1.0/identifiers/did:example:1", headers={"accept": accept})
    assert answer.status_code == 406
    assert answer.json()["didResolutionMetadata"]["error"] == "representationNotSupported"
    assert ASKED == []


def test_every_request_passes_the_guard(browser: TestClient) -> None:
    GUARDED.clear()
    browser.get("/1.0/identifiers/did:example:1")
    assert GUARDED == ["/1.0/identifiers/did:example:1"]


@given(st.text(max_size=60) | st.text("aplicton/djsl+q=;,.*0123456789 ", max_size=60))
def test_arbitrary_wishes_are_read(accept: str) -> None:
    kind = wanted(accept)
    assert kind is None or "/" in kind
