"""A classical and a post-quantum signature side by side: each verifies without the other, and both are anchored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jikin.anchoring.digest import credential_digest
from jikin.codec import multikey
from jikin.codec.contexts import Contexts
from jikin.errors import CanonicalizationError, ProofError
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.ethereum_account import EthereumAccountSigner
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, JsonObject, Signer
from tests.badge_sample import badge
from tests.codes import code_of

SUITES = standard_suites(Contexts.packaged())
CLASSICAL = Ed25519Signer.generate()
QUANTUM = Mldsa44Signer.generate()
METHOD = DidUrl(f"did:web:exam.example#{multikey.encode(CLASSICAL.public_key)}")
OPTIONS = ProofOptions(METHOD, created=1_780_000_000)
QUANTUM_OPTIONS = replace(OPTIONS, verification_method=DidUrl("did:web:exam.example#post-quantum"))
SIGNERS: dict[str, tuple[ProofOptions, Signer]] = {
    "eddsa-rdfc-2022": (OPTIONS, CLASSICAL),
    "eddsa-jcs-2022": (OPTIONS, CLASSICAL),
    "mldsa44-jcs-2024": (QUANTUM_OPTIONS, QUANTUM),
    "mldsa44-rdfc-2024": (QUANTUM_OPTIONS, QUANTUM),
}
PAIRS = [
    ("eddsa-rdfc-2022", "mldsa44-jcs-2024"),
    ("eddsa-rdfc-2022", "mldsa44-rdfc-2024"),
    ("mldsa44-jcs-2024", "eddsa-rdfc-2022"),
    ("eddsa-jcs-2022", "mldsa44-jcs-2024"),
]
each_pair = pytest.mark.parametrize("names", PAIRS, ids=[" and ".join(pair) for pair in PAIRS])


def hybrid(names: tuple[str, ...]) -> tuple[dict[str, Any], tuple[Any, ...]]:
    document, stated = securing.secure_all(badge(), [(SUITES.named(name), *SIGNERS[name]) for name in names])
    return dict(document), stated


def verdicts(document: JsonObject) -> list[bool]:
    return [
        SUITES.named(statement.algorithm).verify(statement, SIGNERS[statement.algorithm][1].public_key)
        for statement in securing.statements(document, SUITES)
    ]


@each_pair
def test_both_proofs_stand_in_the_order_issued_and_verify(names: tuple[str, str]) -> None:
    document, stated = hybrid(names)
    assert [proof["cryptosuite"] for proof in document["proof"]] == list(names)
    assert {name: value for name, value in document.items() if name != "proof"} == badge()
    assert securing.statements(document, SUITES) == stated
    assert verdicts(document) == [True, True]


@each_pair
def test_each_proof_verifies_alone_and_the_digest_is_of_both(names: tuple[str, str]) -> None:
    document, stated = hybrid(names)
    for proof in document["proof"]:
        assert verdicts(document | {"proof": proof}) == [True]
    digests = {credential_digest(part) for part in (stated, stated[:1], stated[1:], tuple(reversed(stated)))}
    assert len(digests) == 4


@each_pair
def test_a_changed_payload_is_noticed_by_both(names: tuple[str, str]) -> None:
    document, _ = hybrid(names)
    assert verdicts(document | {"name": "굴삭기운전기능사"}) == [False, False]


@each_pair
def test_a_change_in_one_proof_is_noticed_by_it_alone(names: tuple[str, str]) -> None:
    document, _ = hybrid(names)
    for place in (0, 1):
        for change in ({"created": "2026-05-28T20:26:41Z"}, {"proofPurpose": "authentication"}):
            proofs = list(document["proof"])
            proofs[place] = proofs[place] | change
            assert verdicts(document | {"proof": proofs}) == [place != 0, place != 1]
        proofs = list(document["proof"])
        value = proofs[place]["proofValue"]
        proofs[place] = proofs[place] | {"proofValue": value[:50] + ("A" if value[50] != "A" else "B") + value[51:]}
        assert verdicts(document | {"proof": proofs}) == [place != 0, place != 1]


@each_pair
def test_the_keys_of_the_two_cannot_stand_in_for_each_other(names: tuple[str, str]) -> None:
    _, (one, two) = hybrid(names)
    for statement, other in ((one, two), (two, one)):
        key = SIGNERS[other.algorithm][1].public_key
        assert not SUITES.named(statement.algorithm).verify(statement, key)


def test_three_ways_of_signing_stand_side_by_side() -> None:
    account = EthereumAccountSigner.generate()
    document, stated = securing.secure_all(
        badge(),
        [
            (SUITES.named("eddsa-rdfc-2022"), OPTIONS, CLASSICAL),
            (SUITES.named("mldsa44-jcs-2024"), QUANTUM_OPTIONS, QUANTUM),
            (SUITES.named("EthereumEip712Signature2021"), OPTIONS, account),
        ],
    )
    assert securing.statements(document, SUITES) == stated
    keys = (CLASSICAL.public_key, QUANTUM.public_key, account.public_key)
    assert all(SUITES.named(one.algorithm).verify(one, key) for one, key in zip(stated, keys, strict=True))


def test_one_layer_is_a_bare_proof() -> None:
    document, stated = securing.secure_all(badge(), [(SUITES.named("eddsa-rdfc-2022"), OPTIONS, CLASSICAL)])
    assert document == securing.secure(badge(), SUITES.named("eddsa-rdfc-2022"), OPTIONS, CLASSICAL)
    assert len(stated) == 1


def test_no_layers_and_secured_documents_are_refused() -> None:
    assert code_of(securing.secure_all, badge(), []) == "proof.missing"
    layers = [(SUITES.named("eddsa-rdfc-2022"), OPTIONS, CLASSICAL)]
    secured, _ = securing.secure_all(badge(), layers)
    assert code_of(securing.secure_all, secured, layers) == "proof.present"


def test_a_layer_that_cannot_sign_leaves_no_half_secured_document() -> None:
    quantum = (SUITES.named("mldsa44-rdfc-2024"), QUANTUM_OPTIONS, QUANTUM)
    with pytest.raises(ProofError):
        securing.secure_all(badge(), [quantum, (SUITES.named("eddsa-rdfc-2022"), OPTIONS, QUANTUM)])
    with pytest.raises(CanonicalizationError):
        securing.secure_all(badge() | {"grade": "1급"}, [quantum])
