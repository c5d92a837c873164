"""The anchor digest covers every issuer signature, in order, and nothing else."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.anchoring.digest import ProofHash, credential_digest, possible_digests
from jikin.errors import AnchorError
from jikin.values import Digest, Form, SignedStatement

EDDSA = SignedStatement(Form.DATA_INTEGRITY, "eddsa-rdfc-2022", b"\x11" * 64, b"\x22" * 64)
POST_QUANTUM = SignedStatement(Form.DATA_INTEGRITY, "mldsa44-jcs-2024", b"\x33" * 64, b"\x44" * 2420)
SELECTIVE = SignedStatement(Form.ECDSA_SD, "ecdsa-sd-2023", b"\x55" * 99, b"\x66" * 64)
EIP712 = SignedStatement(Form.EIP712, "eip712", b"\x77" * 32, b"\x01" * 64 + b"\x1b")
BASE = b"\x88" * 32

ALTERED = {
    "another form": SignedStatement(Form.JWS, EDDSA.algorithm, EDDSA.signed, EDDSA.signature),
    "another algorithm": SignedStatement(EDDSA.form, "eddsa-jcs-2022", EDDSA.signed, EDDSA.signature),
    "other signed bytes": SignedStatement(EDDSA.form, EDDSA.algorithm, b"\x10" * 64, EDDSA.signature),
    "another signature": SignedStatement(EDDSA.form, EDDSA.algorithm, EDDSA.signed, b"\x23" * 64),
}


def test_the_digest_is_the_formula_of_the_specification() -> None:
    line = b"\x01" + b"\x00\x0f" + b"eddsa-rdfc-2022" + sha256(b"\x11" * 64).digest() + sha256(b"\x22" * 64).digest()
    assert credential_digest([EDDSA]).raw == sha256(b"JKD1\x01" + line + bytes(32)).digest()


@pytest.mark.parametrize("altered", ALTERED.values(), ids=ALTERED.keys())
def test_an_altered_proof_has_another_digest(altered: SignedStatement) -> None:
    assert credential_digest([altered]) != credential_digest([EDDSA])


def test_the_order_of_proofs_counts() -> None:
    assert credential_digest([EDDSA, POST_QUANTUM]) != credential_digest([POST_QUANTUM, EDDSA])


def test_a_proof_and_its_hashes_give_the_same_digest() -> None:
    assert credential_digest([ProofHash.of(EDDSA), POST_QUANTUM]) == credential_digest([EDDSA, POST_QUANTUM])


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_whatever_proofs_are_absent_the_issued_digest_is_among_the_possible(shown: list[bool]) -> None:
    issued = [SignedStatement(Form.JWS, "EdDSA", b"signed %d" % n, b"signature %d" % n) for n in range(len(shown))]
    present = [proof for proof, is_shown in zip(issued, shown, strict=True) if is_shown]
    absent = [ProofHash.of(proof) for proof, is_shown in zip(issued, shown, strict=True) if not is_shown]
    candidates = list(possible_digests(present, absent))
    assert candidates.count(credential_digest(issued)) == 1
    assert candidates[0] == credential_digest([*present, *absent])


def test_absent_proofs_are_few() -> None:
    hashes = [ProofHash.of(EDDSA)] * 8
    with pytest.raises(AnchorError):
        list(possible_digests([EDDSA], hashes))


def test_without_any_proof_there_is_no_digest() -> None:
    with pytest.raises(AnchorError):
        credential_digest([])
    with pytest.raises(AnchorError):
        credential_digest([EDDSA] * 256)


def test_the_base_document_enters_with_selective_disclosure_only() -> None:
    assert credential_digest([SELECTIVE], BASE) != credential_digest([SELECTIVE], b"\x89" * 32)
    for proofs, full in (([SELECTIVE], bytes(32)), ([EDDSA], BASE), ([SELECTIVE], BASE[:31])):
        with pytest.raises(AnchorError):
            credential_digest(proofs, full)


def test_a_malleable_ethereum_signature_is_refused() -> None:
    assert credential_digest([EIP712]) == credential_digest([ProofHash.of(EIP712)])
    high = SignedStatement(Form.EIP712, "eip712", EIP712.signed, b"\x01" * 32 + b"\xff" * 32 + b"\x1b")
    short = SignedStatement(Form.EIP712, "eip712", EIP712.signed, EIP712.signature[:64])
    for wrong in (high, short):
        with pytest.raises(AnchorError) as refused:
            ProofHash.of(wrong)
        assert refused.value.code == "anchor.eip712"


def test_an_algorithm_name_that_has_no_bytes_is_refused() -> None:
    for name in ("a" * 70_000, "\ud800"):
        with pytest.raises(AnchorError):
            credential_digest([ProofHash(Form.JWS, name, Digest(bytes(32)), Digest(bytes(32)))])
