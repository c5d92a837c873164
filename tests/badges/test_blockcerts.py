"""Blockcerts of version 2 and 3: hash and path need nobody; chain, issuer and revocation are asked where possible."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.badges import blockcerts, issuing_address, merkle_proofs
from jikin.badges.blockcerts import Asking
from jikin.badges.foreign import Kind, recognise
from jikin.badges.imported import Imported, ImportOutcome
from jikin.badges.transactions import EvmTransactions, Transaction
from jikin.codec import multibase, multikey
from jikin.codec.contexts import Contexts
from jikin.dids import document as did_document
from jikin.dids.method import DidDocument, DidMethods, Fetch
from jikin.dids.web_fetch import NoFetch
from jikin.errors import ChainUnavailableError, DidError, FetchError
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import ChainId, Did, DidUrl, Json
from tests.codes import code_of
from tests.examples import tries
from tests.shared_standards import standards

NOW = 1_764_000_000  # 2025-11-24
SAMPLES = standards() / "real-samples" / "blockcerts"
CONTEXTS = Contexts.packaged().with_folder(standards() / "contexts")
SUITES = standard_suites(CONTEXTS)
PAGE_3 = "https://www.blockcerts.org/samples/3.0/issuer-blockcerts.json"
PAGE_2 = "https://blockcerts.learningmachine.com/issuer/5a4fe9931f607f0f3452a65e.json"
REVOKED_2 = "https://blockcerts.learningmachine.com/issuer/5a4fe9931f607f0f3452a65e/revocation.json"
PAGES = {
    PAGE_3: "issuer-blockcerts.json",
    PAGE_2: "issuer-profile-mainnet-example.json",
    REVOKED_2: "revocation-list-mainnet-example.json",
}


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_bytes())


@dataclass
class Pages:
    """The samples' own web; *changes* are pages by address."""

    changes: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, *, max_bytes: int) -> bytes:
        self.asked.append(url)
        if url in self.changes:
            return json.dumps(self.changes[url]).encode()
        if url not in PAGES:
            raise FetchError(f"{url} does not answer", code="fetch.unreachable")
        data = (SAMPLES / PAGES[url]).read_bytes()
        assert len(data) <= max_bytes
        return data


class Ion:
    """did:ion as far as the samples go: their documents lie beside them."""

    name = "ion"

    def resolve(self, did: Did, fetch: Fetch) -> DidDocument:
        path = SAMPLES / "did" / f"{did.text.replace(':', '-')}.json"
        if not path.is_file():
            raise DidError(f"{did} is not there", code="did.not-found")
        return did_document.read(did, json.loads(path.read_bytes()))


@dataclass
class Chain:
    """One chain: transactions by id; without *reachable* nobody answers."""

    transactions: dict[str, Transaction] = field(default_factory=dict)
    reachable: bool = True

    def transaction(self, id: str) -> Transaction | None:
        if not self.reachable:
            raise ChainUnavailableError("nobody answers")
        return self.transactions.get(id)


def asking(**changes: Any) -> Asking:
    return replace(
        Asking(contexts=CONTEXTS, suites=SUITES, fetch=Pages(), did_methods=DidMethods([Ion()])),
        **changes,
    )


def read(document: Any, **changes: Any) -> Imported:
    return blockcerts.read(document, asking(**changes), NOW)


# Every sample: what it is, what comes out, and why

WHOLE = "hash.holds path.holds chain.unasked issuer-key.unknown time.current revocation.unknown"
MOCK = WHOLE.replace("chain.unasked", "chain.mock")
IMPORTED = {
    # The page of the issuer does not answer; the chain is asked by nobody in these.
    "v2/testnet-valid-2.0.json": ("imported", WHOLE),
    "v2/ethereum-ropsten-valid-2.0.json": ("imported", WHOLE),
    # Its issuer's page and list of revocations are at hand.
    "v2/mainnet-valid-2.0.json": ("imported", WHOLE.replace("revocation.unknown", "revocation.none")),
    # The job title and the recipient's name were changed.
    "v2/ethereum-tampered-2.0.json": ("broken", WHOLE.replace("hash.holds", "hash.differs")),
    # The stated root is another one; the neighbour on the path is another one.
    "v2/ethereum-merkle-root-unmatch-2.0.json": ("broken", WHOLE.replace("path.holds", "path.broken")),
    "v2/mainnet-invalid-merkle-receipt-2.0.json": ("broken", WHOLE.replace("path.holds", "path.broken")),
    # Its contexts (2.0-alpha) are published nowhere any more: whether the hash is right cannot be said.
    "v2/testnet-revoked-key-2.0.json": ("unchecked", WHOLE.replace("hash.holds", "hash.unknown")),
    "v3/testnet-v3-did.json": ("imported", WHOLE),
    # Its id is no absolute IRI: in JSON-LD it says nothing, so the hash covers none of it.
    "v3/testnet-v3--tampered.json": ("broken", WHOLE.replace("hash.holds", "hash.uncovered")),
    "v3/ethereum-sepolia-v3.json": ("imported", WHOLE),
    "v3/cert-rl-status-list-2021.json": ("imported", WHOLE),
    # Never issued on a chain, as they say themselves: trials.
    "v3/mocknet-vc-v2-data-integrity-proof.json": ("broken", MOCK),
    "v3/mocknet-vc-v2-credential-schema.json": ("broken", MOCK),
    "v3/mocknet-vc-v2-validUntil-expired.json": ("broken", MOCK.replace("time.current", "time.expired")),
    "v3/mocknet-verifiable-presentation.json": ("broken", MOCK),
    "v3/mocknet-verifiable-presentation-tampered.json": ("broken", MOCK.replace("hash.holds", "hash.differs")),
}
NOT_IMPORTED = {
    # Secured as credentials are: theirs to be judged, not imported.
    "v3/ecdsa-sd-2023-signed-credential.json": Kind.CREDENTIAL,
    "v3/ecdsa-sd-2023-derived-credential.json": Kind.CREDENTIAL,
    "v3/vp-eddsa-rdfc-2022.json": Kind.CREDENTIAL,
    "blockcerts-status-list-2021.json": Kind.CREDENTIAL,
    "blockcerts-status-list-2021-suspension.json": Kind.CREDENTIAL,
    "issuer-blockcerts.json": Kind.CREDENTIAL,
    # Pages about issuers, and no certificates.
    "issuer-profile.json": Kind.OPEN_BADGES_2_PART,
    "issuer-profile-mainnet-example.json": Kind.OPEN_BADGES_2_PART,
    "revocation-list-mainnet-example.json": Kind.OPEN_BADGES_2_PART,
    "credential-schema-example-id-card.json": Kind.UNKNOWN,
    "did/did-ion-EiA_Z6LQILbB2zj_eVrqfQ2xDm4HNqeJUw5Kj2Z7bFOOeQ.json": Kind.UNKNOWN,
    "did/did-ion-EiAdjtCU7lOOND5xRgjpDiAB2DxAs9-QoFBAbcd3ttZsSA.json": Kind.UNKNOWN,
}


@pytest.mark.parametrize(("name", "expected"), IMPORTED.items())
def test_a_published_certificate_is_imported_with_what_holds_of_it(name: str, expected: tuple[str, str]) -> None:
    found = read(sample(name))
    assert (found.outcome.value, " ".join(found.codes)) == expected
    assert found.kind is recognise(sample(name)) is (Kind.BLOCKCERTS_2 if name.startswith("v2") else Kind.BLOCKCERTS_3)


@pytest.mark.parametrize(("name", "kind"), NOT_IMPORTED.items(), ids=NOT_IMPORTED.keys())
def test_a_published_file_that_is_no_anchored_certificate_is_told_apart(name: str, kind: Kind) -> None:
    assert recognise(sample(name)) is kind
    assert code_of(lambda: read(sample(name))) == "badge.blockcerts"


def test_every_published_file_is_among_them() -> None:
    files = {path.relative_to(SAMPLES).as_posix() for path in SAMPLES.rglob("*.json")}
    assert files == set(IMPORTED) | set(NOT_IMPORTED)


def test_the_certificates_in_a_presentation_are_looked_at_one_by_one() -> None:
    found = read(sample("v3/mocknet-verifiable-presentation-tampered.json"))
    assert [inner.codes[:2] for inner in found.inner] == [("hash.holds", "path.holds")] * 2


WHOLE_SAMPLES = [name for name, (outcome, _) in IMPORTED.items() if outcome == "imported"]


def changed(document: Any, pointer: str) -> Any:
    copied = copy.deepcopy(document)
    *path, last = pointer.split("/")[1:]
    holder = copied
    for token in path:
        holder = holder[token]
    holder[last] = f"{holder[last]}x" if last != "image" else holder[last][:-4] + "AAAA"
    return copied


@pytest.mark.parametrize("name", WHOLE_SAMPLES)
def test_one_letter_changed_anywhere_breaks_a_published_certificate(name: str) -> None:
    document = sample(name)
    places = (
        ("/badge/name", "/badge/issuer/name", "/recipient/identity", "/recipientProfile/name", "/badge/image")
        if name.startswith("v2")
        else ("/credentialSubject/name", "/display/content", "/proof/created")
    )
    for place in places:
        found = read(changed(document, place), fetch=NoFetch())
        if place == "/proof/created":  # no part of what was hashed
            assert found.codes[0] == "hash.holds"
        else:
            assert (found.outcome, found.codes[0]) == (ImportOutcome.BROKEN, "hash.differs"), place


@pytest.mark.parametrize("name", WHOLE_SAMPLES)
def test_what_no_context_defines_is_not_covered(name: str) -> None:
    found = read({**sample(name), "grade": "1급"}, fetch=NoFetch())
    assert (found.outcome, found.codes[0]) == (ImportOutcome.BROKEN, "hash.uncovered")


def test_an_unknown_vocabulary_makes_a_certificate_unchecked_and_never_imported() -> None:
    document = sample("v2/testnet-valid-2.0.json")
    document["@context"] = [*document["@context"], "https://thief.example/context"]
    assert read(document).outcome is ImportOutcome.UNCHECKED


# The chain

SEPOLIA = "v3/ethereum-sepolia-v3.json"
SEPOLIA_TX = "1f615470024000c3ab532ed74c5a60b8f6c2feb6489a67be20f103831996f9ab"
SEPOLIA_ROOT = bytes.fromhex("b2c64ed78cccda992431c265a1d0bb657e8cefd14b1ef15ceadcc697c566994f")
ISSUER_3 = "0x40Cf9B7DB6FCc742ad0a76B8588C7f8De2b54a60"
MINED = 1_667_403_192  # 2022-11-02


def sepolia(**changes: Any) -> dict[str, Any]:
    carried = {"data": SEPOLIA_ROOT, "sender": ISSUER_3, "mined_at": MINED} | changes
    return {"chains": {"eip155:11155111": Chain({SEPOLIA_TX: Transaction(**carried)})}}


CHAINS: dict[str, tuple[dict[str, Any], str, str]] = {
    "the root, sent by the issuer": (sepolia(), "chain.anchored", "issuer-key.holds"),
    "the root, sent by the issuer in other letters": (
        sepolia(sender=ISSUER_3.lower()),
        "chain.anchored",
        "issuer-key.holds",
    ),
    "the root, sent by somebody else": (sepolia(sender="0x" + "1" * 40), "chain.anchored", "issuer-key.foreign"),
    "the root, sent by nobody knows whom": (sepolia(sender=None), "chain.anchored", "issuer-key.unknown"),
    "another root": (sepolia(data=bytes(32)), "chain.differs", "issuer-key.unknown"),
    "the root and more": (sepolia(data=SEPOLIA_ROOT + b"\0"), "chain.differs", "issuer-key.unknown"),
    "nothing": ({"chains": {"eip155:11155111": Chain()}}, "chain.absent", "issuer-key.unknown"),
    "no answer": ({"chains": {"eip155:11155111": Chain(reachable=False)}}, "chain.unreachable", "issuer-key.unknown"),
    "another chain": ({"chains": {"eip155:1": Chain()}}, "chain.unasked", "issuer-key.unknown"),
    "a time before the address counted": (
        sepolia(mined_at=1_600_000_000),
        "chain.anchored",
        "issuer-key.revoked",
    ),
}


@pytest.mark.parametrize(("changes", "chain", "key"), CHAINS.values(), ids=CHAINS.keys())
def test_the_chain_says_what_was_written_and_by_whom(changes: dict[str, Any], chain: str, key: str) -> None:
    found = read(sample(SEPOLIA), **changes)
    assert found.codes[2:4] == (chain, key)
    fails = {"chain.differs", "chain.absent", "issuer-key.foreign", "issuer-key.revoked"} & {chain, key}
    assert (found.outcome is ImportOutcome.BROKEN) is bool(fails)


BITCOIN = merkle_proofs.BITCOIN
MAINNET_TX = "2378076e8e140012814e98a2b2cb1af07ec760b239c1d6d93ba54d658a010ecd"
MAINNET_ROOT = bytes.fromhex("b2ceea1d52627b6ed8d919ad1039eca32f6e099ef4a357cbb7f7361c471ea6c8")
ISSUER_2 = "1AwdUWQzJgfDDjeKtpPzMfYMHejFBrxZfo"


def mainnet(**carried: Any) -> dict[str, Any]:
    return {"chains": {BITCOIN: Chain({MAINNET_TX: Transaction(MAINNET_ROOT, **carried)})}}


def test_a_certificate_on_bitcoin_is_asked_of_bitcoin() -> None:
    found = read(sample("v2/mainnet-valid-2.0.json"), **mainnet(sender=ISSUER_2, mined_at=1_518_048_000))
    assert found.codes == (
        *("hash.holds", "path.holds", "chain.anchored", "issuer-key.holds", "time.current", "revocation.none"),
    )
    assert (found.title, found.issuer) == ("Certified Security Expert", "Hyland Credentials")
    other = read(sample("v2/mainnet-valid-2.0.json"), **mainnet(sender=ISSUER_2.upper()))
    assert other.codes[3] == "issuer-key.foreign"  # Bitcoin's letters come in one case only


def test_an_address_that_the_issuer_does_not_name_is_told_without_a_chain() -> None:
    page = json.loads((SAMPLES / PAGES[PAGE_2]).read_bytes())
    page["publicKey"] = page["publicKey"][:1]
    found = read(sample("v2/mainnet-valid-2.0.json"), fetch=Pages({PAGE_2: page}))
    assert found.codes[3] == "issuer-key.foreign"


@pytest.mark.parametrize(
    ("until", "carried", "code"),
    [
        ("2018-03-01", {"mined_at": 1_518_048_000}, "issuer-key.holds"),
        ("2018-02-08T00:00:00Z", {"mined_at": 1_519_000_000}, "issuer-key.revoked"),
        # The certificate says it is older than the end of the address: only the chain could say.
        ("2018-03-01", {}, "issuer-key.unknown"),
        ("2018-02-07T00:00:00Z", {}, "issuer-key.revoked"),
    ],
)
def test_an_address_that_was_given_up_counts_for_what_the_chain_saw_before(
    until: str, carried: dict[str, Any], code: str
) -> None:
    page = json.loads((SAMPLES / PAGES[PAGE_2]).read_bytes())
    for entry in page["publicKey"]:
        entry["revoked"] = until
    changes = {**mainnet(sender=ISSUER_2, **carried), "fetch": Pages({PAGE_2: page})}
    assert read(sample("v2/mainnet-valid-2.0.json"), **changes).codes[3] == code


def test_a_certificate_that_the_issuers_list_names_is_revoked() -> None:
    document = sample("v2/mainnet-valid-2.0.json")
    listed = {"revokedAssertions": [{"id": document["id"], "revocationReason": "Test"}]}
    found = read(document, fetch=Pages({REVOKED_2: listed}))
    assert (found.outcome, found.codes[-1]) == (ImportOutcome.ENDED, "revocation.revoked")


def test_each_page_is_asked_for_once() -> None:
    pages = Pages()
    read(sample("v3/mocknet-verifiable-presentation.json"), fetch=pages)
    assert len(pages.asked) == len(set(pages.asked))


def test_the_key_of_a_did_is_the_sender_on_its_chain() -> None:
    root = bytes.fromhex("68df661ae14f926878aabbe5ca33e46376e8bfb397c1364c2f1fa653ecd8b4b6")
    tx = "140ee9382a5c84433b9c89a5d9fea26c47415838b5841deb0c36a8a4b9121f2e"
    # The address of key-1, which stands on the issuer's page as well.
    for sender, code in {
        "mgdWjvq4RYAAP5goUNagTRMx7Xw534S5am": "holds",
        "mzNn2ZEzocSv7qdJqCehbxkoG1n8wA8Zfy": "foreign",
    }.items():
        chain = {"chains": {merkle_proofs.BITCOIN_TEST: Chain({tx: Transaction(root, sender)})}}
        document = sample("v3/testnet-v3-did.json")
        assert read(document, **chain).codes[2:4] == ("chain.anchored", f"issuer-key.{code}")
        # The DID's document alone is enough: its page does not answer here.
        empty = Pages({PAGE_3: {}})
        assert read(document, fetch=empty, **chain).codes[2:4] == ("chain.anchored", f"issuer-key.{code}")


def test_a_did_that_nobody_resolves_leaves_the_issuer_open() -> None:
    found = read(sample("v3/testnet-v3-did.json"), did_methods=DidMethods([]))
    assert found.codes[3] == "issuer-key.unknown"


def test_the_addresses_of_a_published_key_are_those_its_page_lists() -> None:
    page = sample("issuer-blockcerts.json")
    key = issuing_address.key_called(page, f"{PAGE_3}#key-1")
    assert key is not None
    made = issuing_address.addresses_of(key)
    assert "mgdWjvq4RYAAP5goUNagTRMx7Xw534S5am" in made
    bitcoin = issuing_address.key_called(page, f"{PAGE_3}#key-1-btc")
    assert bitcoin is not None
    assert issuing_address.key_called(page, f"{PAGE_3}#nothing") is None
    assert issuing_address.addresses_of(Ed25519Signer.generate().public_key) == ()


# A signature beside the Merkle proof


def test_a_signature_beside_the_merkle_proof_is_checked_by_the_key_on_the_issuers_page() -> None:
    signer = Ed25519Signer.generate()
    did = "did:web:issuer.example"
    document = sample("v3/mocknet-vc-v2-data-integrity-proof.json")
    document["issuer"] = PAGE_3
    merkle = document.pop("proof")
    options = ProofOptions(verification_method=DidUrl(f"{did}#key-1"), created=NOW)
    signature = securing.secure(document, SUITES.named("eddsa-rdfc-2022"), options, signer)["proof"]
    page = {"verificationMethod": [{"id": f"{did}#key-1", "publicKeyMultibase": multikey.encode(signer.public_key)}]}
    both = {**document, "proof": [merkle, signature]}
    assert recognise(both) is Kind.CREDENTIAL  # with a proof that can be judged it is not foreign any more
    assert "signature.holds" in read(both, fetch=Pages({PAGE_3: page})).codes
    other = {
        "verificationMethod": [
            {
                **page["verificationMethod"][0],
                "publicKeyMultibase": multikey.encode(Ed25519Signer.generate().public_key),
            }
        ]
    }
    assert "signature.broken" in read(both, fetch=Pages({PAGE_3: other})).codes
    assert "signature.unchecked" in read(both).codes  # the page names no such key
    strange = {**document, "proof": [merkle, {**signature, "cryptosuite": "nobody-2099"}]}
    assert "signature.unchecked" in read(strange, fetch=Pages({PAGE_3: page})).codes


# Merkle proofs


def hexadecimal(digest: bytes) -> bytes:
    return cbor2.dumps(digest.hex())


ANCHOR = [[0, 1], [1, 1], [2, cbor2.dumps("0x" + "ab" * 32)]]


def value(root: bytes, target: bytes, path: Any = (), anchors: Any = (ANCHOR,)) -> str:
    members = [[0, hexadecimal(root)], [1, hexadecimal(target)], [2, list(anchors)], [3, list(path)]]
    return "z" + multibase.encode_base58btc(cbor2.dumps(members))


def test_a_path_is_followed_left_and_right() -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(4)]
    pairs = [hashlib.sha256(leaves[n] + leaves[n + 1]).digest() for n in (0, 2)]
    root = hashlib.sha256(pairs[0] + pairs[1]).digest()
    path = [[1, hexadecimal(leaves[3])], [0, hexadecimal(pairs[0])]]
    proof = merkle_proofs.read_2019(value(root, leaves[2], path))
    assert proof.leads_to_root
    assert [step.left for step in proof.path] == [False, True]
    assert (proof.anchors[0].chain, proof.anchors[0].transaction) == ("eip155:1", "ab" * 32)
    turned = merkle_proofs.read_2019(value(root, leaves[2], [[0, path[0][1]], path[1]]))
    assert not turned.leads_to_root
    as_2017 = {
        "merkleRoot": root.hex(),
        "targetHash": leaves[2].hex(),
        "proof": [{"right": leaves[3].hex()}, {"left": pairs[0].hex()}],
        "anchors": [{"sourceId": "ab" * 32, "type": "BTCOpReturn", "chain": "bitcoinMainnet"}],
    }
    assert merkle_proofs.read_2017(as_2017).path == proof.path
    assert merkle_proofs.read_2017(as_2017).anchors[0].chain == BITCOIN


ONE = bytes(32)


def raw(data: bytes) -> str:
    return "z" + multibase.encode_base58btc(data)


BROKEN: dict[str, Any] = {
    "no text": 7,
    "no header": value(ONE, ONE)[1:],
    "no base58": "z0OIl",
    "a book": "z" + "1" * 20_000,
    "no CBOR": raw(b"\xff"),
    "half of it": raw(cbor2.dumps([[0, 1]])[:-1]),
    "something behind it": raw(cbor2.dumps([]) + b"\0"),
    "a map": raw(cbor2.dumps({0: 1})),
    "a tag": raw(cbor2.dumps(cbor2.CBORTag(1, 1))),
    "a text": raw(cbor2.dumps("root")),
    "a member twice": raw(cbor2.dumps([[0, hexadecimal(ONE)]] * 2)),
    "no target": raw(cbor2.dumps([[0, hexadecimal(ONE)], [2, []], [3, []]])),
    "a hash that is short": value(ONE, ONE[:31]),
    "a side that is none": value(ONE, ONE, [[2, hexadecimal(ONE)]]),
    "a path without end": value(ONE, ONE, [[0, hexadecimal(ONE)]] * 65),
    "nested without end": raw(b"\x81" * 4000 + b"\x01"),
    "an endless array": raw(b"\x9f" * 100),
    "an array of a billion": raw(b"\x9a\x3b\x9a\xca\x00"),
    "a text of a gigabyte": raw(b"\x7a\x3b\x9a\xca\x00"),
    "an anchor without transaction": value(ONE, ONE, (), ([[0, 1], [1, 1]],)),
    "an anchor of words": value(ONE, ONE, (), ([[0, "btc"], [1, 1], [2, cbor2.dumps("ab" * 32)]],)),
    "a hash that is no CBOR": raw(cbor2.dumps([[0, b"\xff"], [1, b"\xff"], [2, []], [3, []]])),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_value_that_is_no_merkle_proof_is_refused(broken: Any) -> None:
    assert code_of(merkle_proofs.read_2019, broken) == "badge.merkle-proof"


def test_an_anchor_on_a_chain_without_name_is_kept() -> None:
    anchor = [[0, 9], [1, 9], [2, cbor2.dumps("ab" * 32)]]
    assert merkle_proofs.read_2019(value(ONE, ONE, (), [anchor])).anchors[0].chain is None


SIGNATURE = {"type": ["MerkleProof2017"], "merkleRoot": "00" * 32, "targetHash": "00" * 32, "proof": [], "anchors": []}
BROKEN_2017: dict[str, dict[str, Any]] = {
    "a short root": {"merkleRoot": "00"},
    "no target": {"targetHash": None},
    "a path that is a text": {"proof": "left"},
    "a step in both directions": {"proof": [{"left": "00" * 32, "right": "00" * 32}]},
    "a step to nowhere": {"proof": [{}]},
    "an anchor that is a text": {"anchors": ["ab" * 32]},
    "an anchor without source": {"anchors": [{"type": "ETHData"}]},
    "nine anchors": {"anchors": [{"sourceId": "ab" * 32}] * 9},
}


@pytest.mark.parametrize("changes", BROKEN_2017.values(), ids=BROKEN_2017.keys())
def test_a_signature_that_is_no_merkle_proof_is_refused(changes: dict[str, Any]) -> None:
    assert merkle_proofs.of({"signature": SIGNATURE}) is not None
    assert code_of(merkle_proofs.of, {"signature": SIGNATURE | changes}) == "badge.merkle-proof"


def test_two_merkle_proofs_are_one_too_many() -> None:
    proof = sample(SEPOLIA)["proof"]
    assert code_of(lambda: read({**sample(SEPOLIA), "proof": [proof, proof]})) == "badge.merkle-proof"


def test_a_certificate_without_anchor_is_anchored_nowhere() -> None:
    document = sample("v2/testnet-valid-2.0.json")
    document["signature"]["anchors"] = []
    assert read(document).codes[2] == "chain.absent"


# A node


@dataclass
class Node:
    """A node that answers by method."""

    answers: dict[str, Any]

    def call(self, method: str, *params: Json) -> Json:
        answer: Json = self.answers[method]
        return answer


SENT = {"blockNumber": "0x10", "input": "0x" + "ab" * 32, "from": ISSUER_3}
ANSWERS = {
    "eth_chainId": "0x1",
    "eth_getTransactionByHash": SENT,
    "eth_getBlockByNumber": {"timestamp": "0x64"},
}


def test_a_node_is_asked_for_data_sender_and_time() -> None:
    source = EvmTransactions(Node(ANSWERS), ChainId(1))
    assert source.transaction("ab" * 32) == Transaction(bytes.fromhex("ab" * 32), ISSUER_3, 100)


NODES: dict[str, tuple[dict[str, Any], Callable[[Any], bool]]] = {
    "no such transaction": ({"eth_getTransactionByHash": None}, lambda answer: answer is None),
    "one that waits": ({"eth_getTransactionByHash": SENT | {"blockNumber": None}}, lambda answer: answer is None),
}
SENSELESS: dict[str, dict[str, Any]] = {
    "a node of another chain": {"eth_chainId": "0x2"},
    "a list": {"eth_getTransactionByHash": []},
    "no data": {"eth_getTransactionByHash": SENT | {"input": None}},
    "data that is none": {"eth_getTransactionByHash": SENT | {"input": "0xzz"}},
    "no sender": {"eth_getTransactionByHash": SENT | {"from": 7}},
    "no block": {"eth_getBlockByNumber": None},
    "no time": {"eth_getBlockByNumber": {"timestamp": "soon"}},
}


@pytest.mark.parametrize(("answers", "right"), NODES.values(), ids=NODES.keys())
def test_a_node_without_the_transaction_says_none(answers: dict[str, Any], right: Callable[[Any], bool]) -> None:
    assert right(EvmTransactions(Node(ANSWERS | answers), ChainId(1)).transaction("ab" * 32))


@pytest.mark.parametrize("answers", SENSELESS.values(), ids=SENSELESS.keys())
def test_a_node_that_talks_nonsense_is_no_answer(answers: dict[str, Any]) -> None:
    source = EvmTransactions(Node(ANSWERS | answers), ChainId(1))
    code = code_of(source.transaction, "ab" * 32)
    assert code in ("chain.unreachable", "chain.mismatch")


# Any input

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
SMALL = sample(SEPOLIA)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_merkle_proof_or_a_badge_error(data: bytes) -> None:
    assert code_of(merkle_proofs.read_2019, raw(data)) in (None, "badge.merkle-proof")


@given(JSON, st.sampled_from(["signature", "proof"]), st.sampled_from([*SIGNATURE, "proofValue", "type"]))
def test_any_proof_is_one_or_a_badge_error(content: Any, member: str, inner: str) -> None:
    proof = SIGNATURE if member == "signature" else SMALL["proof"]
    for document in ({member: content}, {member: {**proof, inner: content}}):
        assert code_of(merkle_proofs.of, document) in (None, "badge.merkle-proof")


@settings(max_examples=tries(40))
@given(
    JSON, st.sampled_from(["issuer", "issuanceDate", "credentialSubject", "proof", "credentialStatus", "id", "display"])
)
def test_any_certificate_and_any_page_give_an_import_or_a_jikin_error(content: Any, member: str) -> None:
    code_of(lambda: read({**SMALL, member: content}, fetch=Pages({PAGE_3: content}), **sepolia()))
