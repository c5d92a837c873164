"""What a resolver answers: the documents and errors of the specification, for whatever was written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.dids.resolution import Resolution, resolve
from jikin.dids.standard import standard_methods
from jikin.errors import FetchError
from jikin.testing.erc1056 import MemoryErc1056
from jikin.values import Address, ChainId

KEY = "did:key:z6MktKwz7Ge1Yxzr4JHavN33wiwa8y81QdcMRLXQsrH9T53b"
SIGNING = f"{KEY}#{KEY.removeprefix('did:key:')}"
AGREEMENT = f"{KEY}#z6LSfHfAMAopsuBxaBzvp51GXrPf38Az13j2fmwqadbwwrzJ"
WEB = "did:web:exam.example"
PAGE = {
    "id": WEB,
    "service": [
        {"id": "#files", "type": "Files", "serviceEndpoint": "https://files.example/a/"},
        {"id": f"{WEB}#object", "type": "Files", "serviceEndpoint": {"uri": "https://files.example/"}},
    ],
}
ADDRESS = Address(b"\x01" * 20)
REGISTRY = MemoryErc1056(ChainId(1), lambda: 1_780_000_000)
GIVEN_UP = Address(b"\x02" * 20)
REGISTRY.change_owner(GIVEN_UP, GIVEN_UP, Address(bytes(20)))
SILENT = MemoryErc1056(ChainId(5), lambda: 1_780_000_000)
METHODS = standard_methods(ethr=[REGISTRY, SILENT])


class Page:
    """A web of one page."""

    def get(self, url: str, *, max_bytes: int) -> bytes:
        if url == "https://broken.example/.well-known/did.json":
            return b'{"id": "did:web:other.example"}'
        if url == "https://slow.example/.well-known/did.json":
            raise FetchError("no answer in time", code="fetch.timeout")
        if url != "https://exam.example/.well-known/did.json":
            raise FetchError("it is not there", code="fetch.not-found")
        return json.dumps(PAGE).encode()


def ask(text: str, **options: str) -> Resolution:
    return resolve(text, METHODS, Page(), options)


def error_of(found: Resolution, member: str = "didResolutionMetadata") -> Any:
    metadata = found.body[member]
    assert isinstance(metadata, dict)
    return metadata.get("error")


def test_a_did_gives_its_document() -> None:
    found = ask(KEY)
    assert found.status == 200
    document: Any = found.body["didDocument"]
    assert document["id"] == KEY
    assert found.body["didDocumentMetadata"] == {}
    assert found.body["didResolutionMetadata"] == {"contentType": "application/did+ld+json"}
    assert "contentStream" not in found.body
    assert found.content == document


@pytest.mark.parametrize("url", [SIGNING, AGREEMENT])
def test_a_did_url_gives_the_method_that_it_names(url: str) -> None:
    found = ask(url)
    assert found.status == 200
    content: Any = found.body["contentStream"]
    assert (content["id"], content["controller"]) == (url, KEY)
    assert found.content == found.body["content"] == content
    for name in ("dereferencingMetadata", "didDereferencingMetadata"):
        assert found.body[name] == {"contentType": "application/did+ld+json"}
    document: Any = found.body["didDocument"]
    assert document["controller"] == KEY


def test_parameters_alone_give_the_whole_document() -> None:
    found = ask(f"{KEY}?publicKeyFormat=JsonWebKey&other=1")
    content: Any = found.content
    assert content["verificationMethod"][0]["type"] == "JsonWebKey"
    assert found.body["contentStream"] == found.body["didDocument"]


def test_an_option_of_the_request_counts_like_a_parameter_and_the_parameter_more() -> None:
    form: Any = ask(KEY, publicKeyFormat="JsonWebKey2020").body["didDocument"]
    assert form["verificationMethod"][0]["type"] == "JsonWebKey2020"
    form = ask(f"{KEY}?publicKeyFormat=Multikey", publicKeyFormat="unknown").body["didDocument"]
    assert form["verificationMethod"][0]["type"] == "Multikey"


SERVICES = {
    "a service": (f"{WEB}?service=files", "https://files.example/a/"),
    "a reference below it": (f"{WEB}?service=files&relativeRef=b%3Fc", "https://files.example/a/b?c"),
    "a reference from its root": (f"{WEB}?service=files&relativeRef=/b", "https://files.example/b"),
    "a place in it": (f"{WEB}?service=files#part", "https://files.example/a/#part"),
}


@pytest.mark.parametrize(("url", "endpoint"), SERVICES.values(), ids=SERVICES.keys())
def test_a_service_gives_its_address(url: str, endpoint: str) -> None:
    found = ask(url)
    assert (found.status, found.body["contentStream"]) == (200, endpoint)
    assert found.body["dereferencingMetadata"] == {"contentType": "text/uri-list"}
    assert found.content is None


def test_a_service_is_found_by_an_option_too() -> None:
    assert ask(WEB, service="files").body["contentStream"] == "https://files.example/a/"


# What the published suite for did:key asks, and more of the kind.
ERRORS: dict[str, tuple[str, dict[str, str], int, str]] = {
    "another scheme": (KEY.replace("did:", "notDid:", 1), {}, 400, "invalidDid"),
    "another method": (KEY.replace("key", "experimental"), {}, 501, "methodNotSupported"),
    "a version that is no number": (KEY.replace("key:", "key:-4:"), {}, 400, "invalidDid"),
    "a version to come": (KEY.replace("key:", "key:2:"), {}, 400, "invalidDid"),
    "another multibase": (KEY.replace(":z", ":"), {}, 400, "invalidDid"),
    "a letter that no DID has": ("did:key:@", {}, 400, "invalidDid"),
    "a key cut short": ("did:key:zTjsVPtY", {}, 400, "invalidPublicKeyLength"),
    "a key that is no point": ("did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP", {}, 400, "invalidPublicKey"),
    "a form that nobody knows": (KEY, {"publicKeyFormat": "unknown"}, 400, "unsupportedPublicKeyType"),
    "a form that is not made": (
        KEY,
        {"publicKeyFormat": "Ed25519VerificationKey2018", "enableExperimentalPublicKeyTypes": "false"},
        400,
        "invalidPublicKeyType",
    ),
    "nothing": ("", {}, 400, "invalidDid"),
    "a DID of endless length": (f"did:key:z{'6' * 5000}", {}, 400, "invalidDid"),
    "a page that is not there": ("did:web:nowhere.example", {}, 404, "notFound"),
    "a host that does not answer": ("did:web:slow.example", {}, 404, "notFound"),
    "a document of somebody else": ("did:web:broken.example", {}, 400, "invalidDidDocument"),
    "a network that is not configured": (f"did:ethr:sepolia:{ADDRESS}", {}, 501, "methodNotSupported"),
    "accounts of a network without documents": ("did:pkh:cosmos:hub:cosmos1", {}, 501, "methodNotSupported"),
    "a version of what has none": (WEB, {"versionId": "1"}, 400, "invalidOptions"),
    "a version that cannot be": (f"did:ethr:{ADDRESS}", {"versionId": "x"}, 400, "invalidOptions"),
    "a version that is not there": (f"did:ethr:{ADDRESS}", {"versionId": "99"}, 404, "notFound"),
}


@pytest.mark.parametrize(("text", "options", "status", "error"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_of_resolution_is_named(text: str, options: dict[str, str], status: int, error: str) -> None:
    found = ask(text, **options)
    assert (found.status, error_of(found)) == (status, error)
    assert found.body["didDocument"] is None
    assert found.content is None
    assert {"@context", "didDocumentMetadata"} <= found.body.keys()


URL_ERRORS: dict[str, tuple[str, dict[str, str], int, str]] = {
    "signs that are to be encoded": (f"{KEY}/^bar^/?query=`#{KEY}", {}, 400, "invalidDidUrl"),
    "a blank": (f"{KEY}#a b", {}, 400, "invalidDidUrl"),
    "two fragments": (f"{KEY}#a#b", {}, 400, "invalidDidUrl"),
    "an encoding that is none": (f"{KEY}#%zz", {}, 400, "invalidDidUrl"),
    "a parameter twice": (f"{KEY}?a=1&a=2", {}, 400, "invalidDidUrl"),
    "too many parameters": (f"{KEY}?" + "&".join(f"p{n}=" for n in range(17)), {}, 400, "invalidDidUrl"),
    "another scheme": ("notDid:key:z6Mk#z6Mk", {}, 400, "invalidDidUrl"),
    "another method": (SIGNING.replace("did:key", "did:wonder"), {}, 501, "methodNotSupported"),
    "a method that is not there": (f"{KEY}#nobody", {}, 404, "notFound"),
    "a path": (f"{KEY}/path", {}, 404, "notFound"),
    "a fragment after a path": (f"{KEY}/path#{KEY.removeprefix('did:key:')}", {}, 404, "notFound"),
    "a form that is not made": (
        SIGNING,
        {"publicKeyFormat": "Ed25519VerificationKey2018", "enableExperimentalPublicKeyTypes": "false"},
        400,
        "invalidPublicKeyType",
    ),
    "a form that is not made for agreement": (
        AGREEMENT,
        {"publicKeyFormat": "Ed25519VerificationKey2018", "enableExperimentalPublicKeyTypes": "false"},
        400,
        "invalidPublicKeyType",
    ),
    "a service that is not there": (f"{WEB}?service=none", {}, 404, "notFound"),
    "a service that is no address": (f"{WEB}?service=object", {}, 404, "notFound"),
    "a reference to another host": (f"{WEB}?service=files&relativeRef=//evil.example/", {}, 404, "notFound"),
    "a reference that is none": (f"{WEB}?service=files&relativeRef=//%5B", {}, 404, "notFound"),
}


@pytest.mark.parametrize(("text", "options", "status", "error"), URL_ERRORS.values(), ids=URL_ERRORS.keys())
def test_an_error_of_dereferencing_is_named(text: str, options: dict[str, str], status: int, error: str) -> None:
    found = ask(text, **options)
    assert found.status == status
    for member in ("didResolutionMetadata", "dereferencingMetadata", "didDereferencingMetadata"):
        assert error_of(found, member) == error
    assert found.body["didDocument"] is None


def test_a_did_that_was_given_up_is_gone_and_says_so() -> None:
    found = ask(f"did:ethr:{GIVEN_UP}")
    metadata: Any = found.body["didDocumentMetadata"]
    assert (found.status, metadata["deactivated"]) == (410, True)
    document: Any = found.body["didDocument"]
    assert document["id"] == f"did:ethr:{GIVEN_UP}"
    assert "error" not in found.body["didResolutionMetadata"]  # type: ignore[operator]


def test_a_version_says_which_it_is() -> None:
    found = ask(f"did:ethr:{GIVEN_UP}?versionId=0")
    metadata: Any = found.body["didDocumentMetadata"]
    assert found.status == 200
    assert metadata["nextVersionId"] == "1"
    assert found.body["contentMetadata"] == metadata


def test_a_plus_sign_in_a_time_zone_stays_one() -> None:
    found = ask(f"did:ethr:{ADDRESS}?versionTime=2020-01-01T09:00:00+09:00")
    assert (found.status, error_of(found)) == (200, None)


def test_a_chain_that_does_not_answer_is_our_trouble() -> None:
    SILENT.reachable = False
    found = ask(f"did:ethr:goerli:{ADDRESS}")
    metadata: Any = found.body["didResolutionMetadata"]
    assert (found.status, metadata["error"], metadata["code"]) == (503, "internalError", "chain.unreachable")


TEXTS = st.text(max_size=60) | st.builds(
    lambda did, rest: did + rest,
    st.sampled_from([KEY, WEB, SIGNING, f"did:ethr:{ADDRESS}", f"did:pkh:eip155:1:{ADDRESS}", "did:jwk:e30"]),
    st.text("/?#&=%[]^abz019:;service", max_size=24),
)


@given(
    TEXTS,
    st.dictionaries(
        st.sampled_from(["service", "relativeRef", "versionId", "versionTime", "publicKeyFormat"]),
        st.text(max_size=8),
        max_size=2,
    ),
)
def test_arbitrary_texts_are_answered_and_never_raised(text: str, options: dict[str, str]) -> None:
    found = ask(text, **options)
    assert found.status in {200, 400, 404, 410, 501}
    assert {"didDocument", "didDocumentMetadata", "didResolutionMetadata"} <= found.body.keys()
    assert (found.body["didDocument"] is None) is (error_of(found) is not None)
    json.dumps(found.body)
