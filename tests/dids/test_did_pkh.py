"""did:pkh: an account is its document, as in the published ones; a mistyped address is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.dids import accounts
from jikin.dids import document as documents
from jikin.dids.pkh import DidPkh
from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import NoFetch
from jikin.errors import DidError, ValueRefusedError
from jikin.values import Address, ChainId, Did, KeyType, PublicKey
from tests.codes import code_of
from tests.shared_standards import standards

METHODS = standard_methods()
VECTORS = standards() / "vectors" / "did-pkh"
PUBLISHED = sorted(VECTORS.glob("did-*.jsonld"))
CREDENTIALS = sorted(VECTORS.glob("vc-*.jsonld"))
NOT_DEFINED = "did-aleo.jsonld"  # a network of one implementation, not of the method


@pytest.mark.parametrize("file", [one for one in PUBLISHED if one.name != NOT_DEFINED], ids=lambda file: file.stem)
def test_the_document_is_the_published_one_to_the_letter(file: object) -> None:
    published = json.loads(file.read_bytes())  # type: ignore[attr-defined]
    found = METHODS.resolve(Did(published["id"]), NoFetch())
    assert json.loads(json.dumps(found.document)) == published
    assert documents.read(Did(published["id"]), published) == found


def test_the_vectors_hold_accounts_that_verify_and_others() -> None:
    kinds: dict[KeyType | None, int] = {}
    for file in PUBLISHED:
        if file.name != NOT_DEFINED:
            methods = METHODS.resolve(Did(json.loads(file.read_bytes())["id"]), NoFetch()).methods
            kind = methods[0].public_key.type if methods else None
            kinds[kind] = kinds.get(kind, 0) + 1
    assert kinds == {KeyType.ETHEREUM_ACCOUNT: 6, KeyType.ED25519: 2, None: 10}


@pytest.mark.parametrize("file", CREDENTIALS, ids=lambda file: file.stem)
def test_the_issuer_of_a_published_credential_shows_the_method_that_its_proof_names(file: object) -> None:
    proof = json.loads(file.read_bytes())["proof"]  # type: ignore[attr-defined]
    did = Did(proof["verificationMethod"].partition("#")[0])
    document = METHODS.resolve(did, NoFetch()).document
    assert proof["verificationMethod"] in document[proof["proofPurpose"]]  # type: ignore[operator]


def test_a_network_that_the_method_does_not_define_is_named() -> None:
    published = json.loads((VECTORS / NOT_DEFINED).read_bytes())
    did = Did(published["id"])
    with pytest.raises(DidError, match="'aleo:1'") as refused:
        METHODS.resolve(did, NoFetch())
    assert refused.value.code == "did.pkh.namespace"
    # nor does the document, were it asked for elsewhere, name a key that anybody here can use
    assert documents.read(did, published).methods == ()


ADDRESS = "0xF3beAC30C498D9E26865F34fCAa57dBB935b0D74"


@pytest.mark.parametrize("text", [ADDRESS, ADDRESS.lower(), "0x" + ADDRESS[2:].upper()])
def test_an_address_is_read_in_one_case_or_with_its_checksum(text: str) -> None:
    did = Did(f"did:pkh:eip155:31337:{text}")
    (method,) = METHODS.resolve(did, NoFetch()).methods
    assert method.public_key == PublicKey(KeyType.ETHEREUM_ACCOUNT, Address.parse(ADDRESS).raw)
    assert method.relationships == {"authentication", "assertionMethod"}


@pytest.mark.parametrize("place", [index for index, sign in enumerate(ADDRESS[2:], 2) if sign.isalpha()])
def test_a_letter_in_the_wrong_case_is_a_mistyped_address(place: int) -> None:
    text = ADDRESS[:place] + ADDRESS[place].swapcase() + ADDRESS[place + 1 :]
    assert code_of(METHODS.resolve, Did(f"did:pkh:eip155:1:{text}"), NoFetch()) == "did.invalid"


def test_the_checksums_are_the_ones_of_the_standard() -> None:
    # The examples of EIP-55.
    for text in (
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ):
        assert accounts.checksummed(Address.parse(text)) == text
        assert accounts.address_of(text) == Address.parse(text)


WRONG = {
    "no account": "did:pkh:eip155",
    "no chain": "did:pkh:0xb9c5714089478a327f09197987f16f9e5d936e8a",
    "too many parts": "did:pkh:eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a:x",
    "an empty part": "did:pkh:eip155::0xb9c5714089478a327f09197987f16f9e5d936e8a",
    "a chain that is no number": "did:pkh:eip155:main:0xb9c5714089478a327f09197987f16f9e5d936e8a",
    "a chain with a zero in front": "did:pkh:eip155:01:0xb9c5714089478a327f09197987f16f9e5d936e8a",
    "an address cut short": "did:pkh:eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e",
    "a Bitcoin address with a letter changed": (
        "did:pkh:bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p7"
    ),
    "a Tezos contract": "did:pkh:tezos:NetXdQprcVkpaWU:KT1PWx2mnDueood7fEmfbBDKx1D9BAnnXitn",
    "a Tezos address with a letter changed": "did:pkh:tz:tz1TzrmTBSuiVHV2VfMnGRMYvTEPCP42oSM9",
    "a Solana address cut short": "did:pkh:sol:CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdv",
    "a Solana address with a letter that base58 has not": "did:pkh:sol:0Kg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_account_is_refused(text: str) -> None:
    assert code_of(METHODS.resolve, Did(text), NoFetch()) == "did.invalid"


def test_account_ids_are_read_in_both_forms() -> None:
    expected = (ChainId(1), Address.parse(ADDRESS))
    assert accounts.read_account(f"eip155:1:{ADDRESS}") == accounts.read_account(f"{ADDRESS}@eip155:1") == expected
    assert accounts.account_id(*expected) == f"eip155:1:{ADDRESS}"


@given(st.text(max_size=60) | st.text("0123456789abcdefx:@eip155", max_size=60))
def test_arbitrary_texts_are_accounts_or_refused(text: str) -> None:
    try:
        accounts.read_account(text)
    except ValueRefusedError:
        return
    assert "eip155:" in text


@given(st.from_regex(r"did:pkh:(eip155|bip122|solana|tezos|eth|sol|tz|btc):([a-zA-Z0-9.%-]{0,20}:)?[a-zA-Z0-9x]{1,50}"))
def test_arbitrary_did_pkhs_are_documents_or_errors_of_ours(text: str) -> None:
    code = code_of(lambda: DidPkh().resolve(Did(text.strip()), NoFetch()))
    assert code in {None, "value", "did.invalid", "did.pkh.namespace"}
