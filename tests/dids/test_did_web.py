"""did:web: where the document lies, and what is refused on the way."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import jwk
from jikin.dids import document as documents
from jikin.dids.standard import standard_methods
from jikin.dids.web import MAX_DOCUMENT_BYTES, DidWeb
from jikin.errors import DidError, FetchError
from jikin.values import Did
from tests.codes import code_of
from tests.shared_standards import standards

METHODS = standard_methods()
VECTORS = standards() / "vectors" / "did-web"

PLACES = {
    "did:web:w3c-ccg.github.io": "https://w3c-ccg.github.io/.well-known/did.json",
    "did:web:w3c-ccg.github.io:user:alice": "https://w3c-ccg.github.io/user/alice/did.json",
    "did:web:example.com%3A3000": "https://example.com:3000/.well-known/did.json",
    "did:web:example.com%3a3000:user:alice": "https://example.com:3000/user/alice/did.json",
    "did:web:Exam.Example": "https://exam.example/.well-known/did.json",
    "did:web:exam.example:%ED%95%9C": "https://exam.example/%ED%95%9C/did.json",
    "did:web:exam.example:a.b": "https://exam.example/a.b/did.json",
    "did:web:xn--9d0b77i.example": "https://xn--9d0b77i.example/.well-known/did.json",
}


@pytest.mark.parametrize(("did", "url"), PLACES.items())
def test_the_document_lies_where_the_method_says(did: str, url: str) -> None:
    assert DidWeb().url(Did(did)) == url


WRONG = {
    "a port that is none": "did:web:exam.example%3Ax",
    "an empty port": "did:web:exam.example%3A",
    "port zero": "did:web:exam.example%3A0",
    "a port beyond all ports": "did:web:exam.example%3A70000",
    "a port of many digits": "did:web:exam.example%3A999999999999999999999",
    "two ports": "did:web:exam.example%3A1%3A2",
    "an encoded slash in the host": "did:web:exam.example%2Fevil",
    "an encoded at sign in the host": "did:web:a%40exam.example",
    "an encoded slash in the path": "did:web:exam.example:a%2Fb",
    "an encoded backslash": "did:web:exam.example:a%5Cb",
    "dots": "did:web:exam.example:..:b",
    "encoded dots": "did:web:exam.example:%2e%2E:b",
    "an encoded question": "did:web:exam.example:a%3Fb",
    "an encoded fragment": "did:web:exam.example:a%23b",
    "an encoded line feed": "did:web:exam.example:a%0Ab",
    "a double encoding": "did:web:exam.example:%252e%252e",
    "an encoding that is no text": "did:web:exam.example:%FF",
    "an empty part": "did:web:exam.example::b",
    "an address": "did:web:192.0.2.1",
    "an address as one number": "did:web:3221225985",
    "this machine, not allowed": "did:web:localhost",
    "this machine by its address": "did:web:127.0.0.1%3A8080",
    "a host with an underscore": "did:web:exam_one.example",
    "a host of hyphens": "did:web:-exam.example",
    "a host that ends in a dot": "did:web:exam.example.",
}


@pytest.mark.parametrize("did", WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_a_place_is_refused_before_anybody_is_asked(did: str) -> None:
    with pytest.raises(DidError) as refused:
        METHODS.resolve(Did(did), Pages({}))
    assert refused.value.code == "did.invalid"


def test_this_machine_is_asked_over_http_in_trial_set_ups_alone() -> None:
    trial = DidWeb(local="http")
    assert trial.url(Did("did:web:localhost%3A8101")) == "http://localhost:8101/.well-known/did.json"
    assert trial.url(Did("did:web:127.0.0.1%3A8101:a")) == "http://127.0.0.1:8101/a/did.json"
    assert trial.url(Did("did:web:exam.example")) == "https://exam.example/.well-known/did.json"
    for did in ("did:web:localhost.evil.example", "did:web:127.0.0.2"):
        assert not (code_of(trial.url, Did(did)) is None and trial.url(Did(did)).startswith("http:"))


class Pages:
    """A web of a few pages, as a Fetch."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        self.pages = pages
        self.asked: list[tuple[str, int]] = []

    def get(self, url: str, *, max_bytes: int) -> bytes:
        self.asked.append((url, max_bytes))
        if url not in self.pages:
            raise FetchError(f"{url} is not there")
        return self.pages[url]


@pytest.mark.parametrize("name", ["ed25519", "multi-key", "rsa", "secp256k1", "secp256r1"])
def test_the_published_documents_resolve_to_their_keys(name: str) -> None:
    text = (VECTORS / "walt-id" / f"{name}.json").read_text().replace("<DID_WEB_PORT>", "8101")
    value = json.loads(text)
    did = Did(value["id"])
    pages = Pages({f"http://localhost:8101/{name}/did.json": text.encode()})
    resolved = standard_methods(local="http").resolve(did, pages)
    shown = [jwk.decode(entry["publicKeyJwk"]) for entry in value["verificationMethod"]]
    assert [found.public_key for found in resolved.methods] == shown
    assert all(found.relationships == {"assertionMethod", "authentication"} for found in resolved.methods)
    assert resolved.document == value
    assert pages.asked == [(f"http://localhost:8101/{name}/did.json", MAX_DOCUMENT_BYTES)]


@pytest.mark.parametrize("name", ["base58", "hex", "jwk", "multibase"])
def test_the_key_of_each_notation_is_the_published_one(name: str) -> None:
    folder = VECTORS / "uniresolver" / name
    value = json.loads((folder / "document.json").read_bytes())
    embedded = value.get("verificationMethod") or value.get("assertionMethod") or value["authentication"]
    single = {"id": value["id"], "verificationMethod": embedded[:1]}
    (found,) = documents.read(Did(value["id"]), single).methods
    assert found.public_key == jwk.decode(json.loads((folder / "publicKeyJwk.json").read_bytes()))


BLOCKCERTS = sorted((standards() / "real-samples" / "blockcerts" / "did").glob("*.json"))


def test_the_document_of_a_blockcerts_issuer_is_read() -> None:
    value = json.loads(BLOCKCERTS[0].read_bytes())
    did = Did(value["id"])
    (found,) = documents.read(did, value).methods
    assert str(found.id) == f"{did}#key-1"
    assert found.public_key == jwk.decode(value["verificationMethod"][0]["publicKeyJwk"])
    assert found.relationships == {"authentication"}


def test_a_document_whose_method_nobody_controls_is_refused() -> None:
    value = json.loads(BLOCKCERTS[1].read_bytes())
    assert value["verificationMethod"][0]["controller"] == ""
    assert code_of(documents.read, Did(value["id"]), value) == "did.document"


URL = "https://exam.example/.well-known/did.json"
UNREADABLE = {
    "no JSON": b"<html>",
    "no object": b"[]",
    "a name twice": b'{"id": "did:web:exam.example", "id": "did:web:exam.example"}',
    "too long": b" " * MAX_DOCUMENT_BYTES + b"{}",
    "too deep": b"[" * 1000,
    "no UTF-8": b'{"id": "\xff"}',
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_unreadable_document_is_refused(data: bytes) -> None:
    assert code_of(METHODS.resolve, Did("did:web:exam.example"), Pages({URL: data})) == "did.document"


def test_a_document_that_calls_itself_something_else_is_refused() -> None:
    pages = Pages({URL: b'{"id": "did:web:other.example"}'})
    assert code_of(METHODS.resolve, Did("did:web:exam.example"), pages) == "did.document-id"


def test_nobody_answering_is_no_verdict_on_the_did() -> None:
    with pytest.raises(FetchError):
        METHODS.resolve(Did("did:web:exam.example"), Pages({}))


@given(st.from_regex(r"did:web:([A-Za-z0-9._-]|%[0-9A-Fa-f]{2}|:){0,40}[a-z]", fullmatch=True))
def test_arbitrary_did_webs_are_urls_below_one_host_or_errors_of_ours(did: str) -> None:
    code = code_of(lambda: DidWeb(local="http").url(Did(did)))
    assert code in (None, "did.invalid", "value")
    if code is None:
        url = DidWeb(local="http").url(Did(did))
        assert url.startswith(("https://", "http://localhost", "http://127.0.0.1"))
        assert "/../" not in url
        assert "//" not in url[8:]
        assert url.endswith("/did.json")


@given(st.binary(max_size=200))
def test_arbitrary_answers_are_documents_or_errors_of_ours(data: bytes) -> None:
    assert code_of(METHODS.resolve, Did("did:web:exam.example"), Pages({URL: data})) is not None
