"""What every DID method has in common: one behaviour suite, run on each of them."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import multikey
from jikin.dids import document as documents
from jikin.dids import jwk as did_jwk
from jikin.dids import key as did_key
from jikin.dids.method import DidMethods
from jikin.dids.standard import standard_methods
from jikin.errors import FetchError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.testing.erc1056 import MemoryErc1056
from jikin.values import ChainId, Did, DidUrl, KeyType
from tests.codes import code_of

KEY = Ed25519Signer.from_seed(bytes(32)).public_key
ADDRESS = "0xf3beac30c498d9e26865f34fcaa57dbb935b0d74"
PAGE = {
    "id": "did:web:exam.example",
    "verificationMethod": [
        {
            "id": "#key",
            "type": "Multikey",
            "controller": "did:web:exam.example",
            "publicKeyMultibase": multikey.encode(KEY),
        }
    ],
    "assertionMethod": ["#key"],
    "authentication": ["#key"],
}


class Page:
    """A web of one page."""

    def get(self, url: str, *, max_bytes: int) -> bytes:
        if url != "https://exam.example/.well-known/did.json":
            raise FetchError(f"{url} is not there", code="fetch.not-found")
        return json.dumps(PAGE).encode()


METHODS = standard_methods(ethr=[MemoryErc1056(ChainId(1), lambda: 1_780_000_000)])


@dataclass(frozen=True)
class Case:
    """A DID, the fragment of its first method, and the kind of its key."""

    did: Did
    fragment: str
    kind: KeyType = KeyType.ED25519


DIDS = {
    "key": Case(did_key.did_of(KEY), multikey.encode(KEY)),
    "jwk": Case(did_jwk.did_of(KEY), "0"),
    "web": Case(Did("did:web:exam.example"), "key"),
    "pkh": Case(Did(f"did:pkh:eip155:1:{ADDRESS}"), "blockchainAccountId", KeyType.ETHEREUM_ACCOUNT),
    "ethr": Case(Did(f"did:ethr:{ADDRESS}"), "controller", KeyType.ETHEREUM_ACCOUNT),
}
each = pytest.mark.parametrize("case", DIDS.values(), ids=DIDS.keys())


@each
def test_a_did_leads_to_a_method_that_can_assert_and_authenticate(case: Case) -> None:
    found = METHODS.resolve(case.did, Page())
    method = found.methods[0]
    assert method.id == DidUrl(f"{case.did}#{case.fragment}")
    assert method.controller == case.did
    assert method.public_key.type is case.kind
    assert {"assertionMethod", "authentication"} <= method.relationships
    assert found.method(method.id) is method


@each
def test_the_document_reads_as_what_was_resolved_also_after_a_journey_as_json(case: Case) -> None:
    found = METHODS.resolve(case.did, Page())
    travelled = json.loads(json.dumps(found.document))
    assert documents.read(case.did, travelled, found.metadata) == found
    assert travelled["id"] == str(case.did)
    assert code_of(documents.read, Did("did:web:other.example"), travelled) == "did.document-id"


@each
def test_the_same_did_gives_the_same_document(case: Case) -> None:
    assert METHODS.resolve(case.did, Page()) == METHODS.resolve(case.did, Page())


@each
def test_a_did_with_something_added_is_another_one_or_none(case: Case) -> None:
    for added in ("1", ":x", "%20"):
        did = Did(case.did.text + added)
        code = code_of(METHODS.resolve, did, Page())
        assert code is not None, did
        assert code.startswith(("did.", "fetch."))


@each
def test_an_option_that_nobody_knows_changes_nothing(case: Case) -> None:
    assert METHODS.resolve(case.did, Page(), {"hl": "x", "unknown": "1"}) == METHODS.resolve(case.did, Page())


@each
def test_a_version_is_given_or_refused_and_never_passed_over(case: Case) -> None:
    code = code_of(METHODS.resolve, case.did, Page(), {"versionId": "0"})
    assert code == (None if case.did.method == "ethr" else "did.options")


def test_every_standard_method_is_in_the_suite() -> None:
    for name in DIDS:
        assert code_of(METHODS.resolve, Did(f"did:{name}:%20"), Page()) != "did.method-not-supported"
    with pytest.raises(ValueError, match="two DID methods"):
        DidMethods([DidKeyTwice(), DidKeyTwice()])


class DidKeyTwice(did_key.DidKey):
    """A second method of the same name."""


@given(
    st.sampled_from(sorted(DIDS)),
    st.text("abcdefxyzABC0123456789:%-._", min_size=1, max_size=70).filter(lambda text: not text.endswith(":")),
    st.dictionaries(
        st.sampled_from(["versionId", "versionTime", "publicKeyFormat", "service"]), st.text(max_size=8), max_size=2
    ),
)
def test_arbitrary_identifiers_and_options_raise_nothing_but_errors_of_ours(
    name: str, text: str, options: dict[str, str]
) -> None:
    code = code_of(lambda: METHODS.resolve(Did(f"did:{name}:{text}"), Page(), options))
    assert code is None or code.startswith(("did.", "fetch.", "value"))
