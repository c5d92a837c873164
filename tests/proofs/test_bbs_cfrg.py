"""BBS makes every byte of the IRTF CFRG fixtures in both ciphersuites, on two curves, and accepts nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import py_arkworks_bls12381 as arkworks
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.errors import ProofError, ValueRefusedError
from jikin.proofs.bbs import octets, proving, signing
from jikin.proofs.bbs.curve import FIELD, G1_BYTES, G2_BYTES, ORDER, Curve
from jikin.proofs.bbs.curve_arkworks import ARKWORKS
from jikin.proofs.bbs.curve_py_ecc import PyEccCurve
from jikin.proofs.bbs.hashing import hash_to_g1
from jikin.proofs.bbs.interface import (
    MAX_MESSAGES,
    SHA_256,
    SHAKE_256,
    Api,
    Ciphersuite,
    Interface,
    scalar_of,
    standard,
)
from jikin.proofs.bbs.prover import RandomScalars
from jikin.proofs.bbs.proving import Presented
from jikin.proofs.bbs.signer import BbsSigner, MessagesSigner
from jikin.proofs.bbs.signing import KeyPair, Signed
from jikin.values import KeyType, PublicKey, Signer
from tests.bbs_scalars import mocked
from tests.codes import code_of
from tests.examples import tries
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "bbs-cfrg"
SUITES = {"bls12-381-sha-256": SHA_256, "bls12-381-shake-256": SHAKE_256}
PY_ECC = PyEccCurve()
each_suite = pytest.mark.parametrize("name", SUITES)


def fixture(*path: str) -> Any:
    return json.loads(VECTORS.joinpath(*path).with_suffix(".json").read_bytes())


def octets_of(values: list[str]) -> tuple[bytes, ...]:
    return tuple(map(bytes.fromhex, values))


@dataclass(frozen=True)
class SignatureVector:
    """A published signature with the key it is by."""

    suite: Ciphersuite
    data: dict[str, Any]

    @property
    def key(self) -> KeyPair:
        pair = self.data["signerKeyPair"]
        return KeyPair(int(pair["secretKey"], 16), bytes.fromhex(pair["publicKey"]))

    @property
    def signed(self) -> Signed:
        signature, header = octets_of([self.data["signature"], self.data["header"]])
        return Signed(signature, header, octets_of(self.data["messages"]))


@dataclass(frozen=True)
class ProofVector:
    """A published proof with what it is of."""

    suite: Ciphersuite
    data: dict[str, Any]

    @property
    def public(self) -> bytes:
        return bytes.fromhex(self.data["signerPublicKey"])

    @property
    def signed(self) -> Signed:
        signature, header = octets_of([self.data["signature"], self.data["header"]])
        return Signed(signature, header, octets_of(self.data["messages"]))

    @property
    def presented(self) -> Presented:
        proof, header, shown = octets_of([self.data["proof"], self.data["header"], self.data["presentationHeader"]])
        messages = self.signed.messages
        named = self.data["disclosedIndexes"]
        return Presented(proof, header, shown, {index: messages[index] for index in named if index < len(messages)})


SIGNATURES = {
    f"{name} {path.stem}": SignatureVector(suite, json.loads(path.read_bytes()))
    for name, suite in SUITES.items()
    for path in sorted((VECTORS / name / "signature").iterdir())
}
PROOFS = {
    f"{name} {path.stem}": ProofVector(suite, json.loads(path.read_bytes()))
    for name, suite in SUITES.items()
    for path in sorted((VECTORS / name / "proof").iterdir())
}
VALID_SIGNATURES = {name: one for name, one in SIGNATURES.items() if one.data["result"]["valid"]}
VALID_PROOFS = {name: one for name, one in PROOFS.items() if one.data["result"]["valid"]}


def plain(suite: Ciphersuite) -> Interface[arkworks.G1Point, arkworks.G2Point]:
    return standard(Api.PLAIN, suite)


def published_scalars(suite: Ciphersuite) -> RandomScalars:
    seed = bytes.fromhex(fixture(next(name for name, one in SUITES.items() if one is suite), "mockedRng")["seed"])
    return mocked(suite, seed, plain(suite).id + b"MOCK_RANDOM_SCALARS_DST_")


# --- keys, scalars, generators ---


def test_all_published_files_are_here() -> None:
    assert (len(SIGNATURES), len(VALID_SIGNATURES), len(PROOFS), len(VALID_PROOFS)) == (20, 6, 30, 10)


@each_suite
def test_the_key_pair_is_the_published_one(name: str) -> None:
    published = fixture(name, "keypair")
    material, info, dst = octets_of([published["keyMaterial"], published["keyInfo"], published["keyDst"]])
    secret = signing.secret_key(SUITES[name], material, info)
    assert secret == signing.secret_key(SUITES[name], material, info, dst)
    assert f"{secret:064x}" == published["keyPair"]["secretKey"]
    assert KeyPair.of(ARKWORKS, secret).public.hex() == published["keyPair"]["publicKey"]
    assert secret != signing.secret_key(SUITES[name], material, info + b"x")


@each_suite
def test_hashes_to_scalars_are_the_published_ones(name: str) -> None:
    interface = plain(SUITES[name])
    whole, messages = fixture(name, "h2s"), fixture(name, "MapMessageToScalarAsHash")
    message, dst = octets_of([whole["message"], whole["dst"]])
    assert dst == interface.id + b"H2S_"
    assert f"{interface.hash_to_scalar(message):064x}" == whole["scalar"]
    assert bytes.fromhex(messages["dst"]) == interface.id + b"MAP_MSG_TO_SCALAR_AS_HASH_"
    published = octets_of(fixture("messages"))
    assert published == octets_of([case["message"] for case in messages["cases"]])
    scalars = interface.messages_to_scalars(published)
    assert [f"{scalar:064x}" for scalar in scalars] == [case["scalar"] for case in messages["cases"]]


@each_suite
def test_the_mocked_random_scalars_are_the_published_ones(name: str) -> None:
    published = fixture(name, "mockedRng")
    seed, dst = octets_of([published["seed"], published["dst"]])
    scalars = mocked(SUITES[name], seed, dst)(published["count"])
    assert [f"{scalar:064x}" for scalar in scalars] == published["mockedScalars"]


CURVES: dict[str, Curve[Any, Any]] = {"arkworks": ARKWORKS, "py_ecc": PY_ECC}
each_curve = pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES.keys())


@each_curve
@each_suite
def test_the_generators_are_the_published_ones(name: str, curve: Curve[Any, Any]) -> None:
    published = fixture(name, "generators")
    interface = Interface(SUITES[name], Api.PLAIN, curve)
    wanted = [published["Q1"], *published["MsgGenerators"]]
    # A short list first: a longer one continues it.
    assert [curve.encode1(point).hex() for point in interface.bases(1).points] == wanted[:2]
    bases = interface.bases(len(wanted) - 1)
    assert [curve.encode1(point).hex() for point in bases.points] == wanted
    assert bases.encoded.hex() == "".join(wanted)
    assert curve.encode1(interface.base1).hex() == published["P1"]


@each_suite
def test_the_fixed_point_is_the_first_generator_of_a_seed_of_its_own(name: str) -> None:
    suite = SUITES[name]
    api = suite.id + Api.PLAIN.value
    state = suite.expand(api + b"BP_MESSAGE_GENERATOR_SEED", api + b"SIG_GENERATOR_SEED_", 48)
    state = suite.expand(state + (1).to_bytes(8, "big"), api + b"SIG_GENERATOR_SEED_", 48)
    point = hash_to_g1(ARKWORKS, suite.expand, state, api + b"SIG_GENERATOR_DST_")
    assert ARKWORKS.encode1(point) == suite.base1


def test_generators_are_made_once_for_each_number_of_messages() -> None:
    interface = Interface(SHA_256, Api.PLAIN, ARKWORKS)
    assert interface.bases(3) is interface.bases(3)
    assert standard(Api.PLAIN) is standard(Api.PLAIN)
    for count in range(70):  # more lists than are kept
        assert len(interface.bases(count).points) == count + 1


def test_no_more_messages_are_signed_than_the_limit() -> None:
    interface = plain(SHA_256)
    with pytest.raises(ProofError) as refused:
        interface.bases(MAX_MESSAGES + 1)
    assert refused.value.code == "proof.bbs"
    signer = BbsSigner.generate()
    messages = [b""] * (MAX_MESSAGES + 1)
    assert code_of(lambda: signer.sign_messages(b"", messages)) == "proof.bbs"
    assert not signing.verify(interface, signer.public_key.raw, Signed(signer.sign(b""), b"", messages))


# --- signatures ---


@pytest.mark.parametrize("vector", SIGNATURES.values(), ids=SIGNATURES.keys())
def test_a_published_signature_verifies_or_not_as_published(vector: SignatureVector) -> None:
    interface = plain(vector.suite)
    assert signing.verify(interface, vector.key.public, vector.signed) is vector.data["result"]["valid"]


@pytest.mark.parametrize("vector", VALID_SIGNATURES.values(), ids=VALID_SIGNATURES.keys())
def test_signing_again_makes_the_published_signature(vector: SignatureVector) -> None:
    interface, signed = plain(vector.suite), vector.signed
    assert KeyPair.of(ARKWORKS, vector.key.secret) == vector.key
    bases = interface.bases(len(signed.messages))
    domain = signing.domain_of(interface, vector.key.public, bases, signed.header)
    assert f"{domain:064x}" == vector.data["trace"]["domain"]
    assert signing.sign(interface, vector.key, signed.header, signed.messages) == signed.signature


def changed(data: bytes, *, step: int = 1) -> Iterator[bytes]:
    """Yield *data* with one byte changed, and cut short or longer."""
    for position in range(0, len(data), step):
        yield data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
    yield data + b"\0"
    if data:
        yield data[:-1]
        yield b""


@pytest.mark.parametrize("vector", VALID_SIGNATURES.values(), ids=VALID_SIGNATURES.keys())
def test_one_changed_byte_of_anything_signed_is_refused(vector: SignatureVector) -> None:
    interface, signed, key = plain(vector.suite), vector.signed, vector.key.public
    for signature in changed(signed.signature, step=9):
        assert not signing.verify(interface, key, replace(signed, signature=signature))
    for header in changed(signed.header, step=5):
        assert not signing.verify(interface, key, replace(signed, header=header))
    for public in changed(key, step=13):
        assert not signing.verify(interface, public, signed)
    for position, message in enumerate(signed.messages):
        for other in changed(message, step=16):
            messages = [*signed.messages[:position], other, *signed.messages[position + 1 :]]
            assert not signing.verify(interface, key, replace(signed, messages=messages))
    other_suite = plain(SHAKE_256 if vector.suite is SHA_256 else SHA_256)
    assert not signing.verify(other_suite, key, signed)


# --- proofs ---


@pytest.mark.parametrize("vector", PROOFS.values(), ids=PROOFS.keys())
def test_a_published_proof_verifies_or_not_as_published(vector: ProofVector) -> None:
    accepted = proving.verify_proof(plain(vector.suite), vector.public, vector.presented)
    assert accepted is vector.data["result"]["valid"]


@pytest.mark.parametrize("vector", VALID_PROOFS.values(), ids=VALID_PROOFS.keys())
def test_proving_again_makes_the_published_proof(vector: ProofVector) -> None:
    shown = proving.prove(
        plain(vector.suite),
        vector.public,
        vector.signed,
        vector.presented.presentation_header,
        vector.data["disclosedIndexes"],
        random=published_scalars(vector.suite),
    )
    assert shown.proof.hex() == vector.data["proof"]
    assert shown.pseudonym is None


@pytest.mark.parametrize("vector", VALID_PROOFS.values(), ids=VALID_PROOFS.keys())
def test_one_changed_byte_of_anything_presented_is_refused(vector: ProofVector) -> None:
    interface, presented, key = plain(vector.suite), vector.presented, vector.public
    for proof in changed(presented.proof, step=37):
        assert not proving.verify_proof(interface, key, replace(presented, proof=proof))
    for header in changed(presented.header, step=7):
        assert not proving.verify_proof(interface, key, replace(presented, header=header))
    for shown in changed(presented.presentation_header, step=16):
        assert not proving.verify_proof(interface, key, replace(presented, presentation_header=shown))
    for public in changed(key, step=31):
        assert not proving.verify_proof(interface, public, presented)
    for index, message in presented.disclosed.items():
        for other in changed(message, step=32):
            disclosed = dict(presented.disclosed) | {index: other}
            assert not proving.verify_proof(interface, key, replace(presented, disclosed=disclosed))


WRONG_INDEXES: dict[str, list[int]] = {
    "one twice": [0, 0],
    "falling": [2, 1],
    "negative": [-1],
    "beyond the end": [10],
}


@pytest.mark.parametrize("indexes", WRONG_INDEXES.values(), ids=WRONG_INDEXES.keys())
def test_indexes_that_are_none_are_refused(indexes: list[int]) -> None:
    vector = VALID_PROOFS["bls12-381-sha-256 proof003"]
    interface, presented = plain(vector.suite), vector.presented
    call = (interface, vector.public, vector.signed, b"", indexes)
    assert code_of(lambda: proving.prove(*call)) == "proof.bbs"
    shift = {index - 7 if index == 6 else index: one for index, one in presented.disclosed.items()}  # 6 becomes -1
    assert not proving.verify_proof(interface, vector.public, replace(presented, disclosed=shift))
    swapped = dict(reversed(presented.disclosed.items()))
    assert not proving.verify_proof(interface, vector.public, replace(presented, disclosed=swapped))


def test_two_proofs_of_one_signature_have_nothing_in_common() -> None:
    vector = VALID_PROOFS["bls12-381-sha-256 proof003"]
    interface, presented = plain(vector.suite), vector.presented
    one, other = (
        proving.prove(
            interface, vector.public, vector.signed, presented.presentation_header, tuple(presented.disclosed)
        ).proof
        for _ in range(2)
    )
    for proof in (one, other):
        assert proving.verify_proof(interface, vector.public, replace(presented, proof=proof))
    parts = [{proof[start : start + 16] for start in range(0, len(proof), 16)} for proof in (one, other)]
    assert not parts[0] & parts[1]


# --- the second curve ---


@each_suite
def test_the_second_curve_makes_and_accepts_the_same(name: str) -> None:
    interface = Interface(SUITES[name], Api.PLAIN, PY_ECC)
    vector = VALID_SIGNATURES[f"{name} signature001"]
    signed = vector.signed
    assert KeyPair.of(PY_ECC, vector.key.secret) == vector.key
    assert signing.sign(interface, vector.key, signed.header, signed.messages) == signed.signature
    assert signing.verify(interface, vector.key.public, signed)
    proof = VALID_PROOFS[f"{name} proof001"]
    shown = proving.prove(
        interface,
        proof.public,
        proof.signed,
        proof.presented.presentation_header,
        proof.data["disclosedIndexes"],
        random=published_scalars(proof.suite),
    )
    assert shown.proof.hex() == proof.data["proof"]
    assert proving.verify_proof(interface, proof.public, proof.presented)


def test_the_second_curve_refuses_a_changed_message() -> None:
    interface = Interface(SHA_256, Api.PLAIN, PY_ECC)
    vector = VALID_SIGNATURES["bls12-381-sha-256 signature001"]
    assert not signing.verify(interface, vector.key.public, replace(vector.signed, messages=(b"other",)))


@settings(max_examples=tries(5))
@given(st.lists(st.tuples(st.integers(0, FIELD - 1), st.integers(-ORDER, 2 * ORDER)), max_size=3))
def test_both_curves_calculate_the_same(terms: list[tuple[int, int]]) -> None:
    elements, scalars = [element for element, _ in terms], [scalar for _, scalar in terms]
    sums = [curve.combine([curve.map1(one) for one in elements], scalars) for curve in CURVES.values()]
    encoded = {curve.encode1(total) for curve, total in zip(CURVES.values(), sums, strict=True)}
    assert len(encoded) == 1
    assert [curve.is_identity(total) for curve, total in zip(CURVES.values(), sums, strict=True)] == [
        encoded == {b"\xc0" + bytes(47)}
    ] * 2


@each_curve
def test_points_and_scalars_come_in_pairs(curve: Curve[Any, Any]) -> None:
    with pytest.raises(ValueError, match=r"points and|shorter|longer"):
        curve.combine([curve.map1(1), curve.map1(2)], [1])


# --- decoding ---


def not_in_the_subgroup(group: type[arkworks.G1Point] | type[arkworks.G2Point], length: int) -> bytes:
    """Return a compressed point that is on the curve and not in the subgroup."""
    for x in range(1, 100):
        data = b"\x80" + bytes(length - 2) + bytes([x])
        try:
            point = group.from_compressed_bytes_unchecked(data)
        except ValueError:
            continue
        if not point.is_in_subgroup():
            return data
    raise AssertionError("there are such points")


POINT1, POINT2 = SHA_256.base1, ARKWORKS.encode2(ARKWORKS.base2)
NO_POINTS1: dict[str, bytes] = {
    "nothing": b"",
    "one byte short": POINT1[:-1],
    "one byte long": POINT1 + b"\0",
    "zeros": bytes(G1_BYTES),
    "the identity": b"\xc0" + bytes(47),
    "the identity with a sign": b"\xe0" + bytes(47),
    "the identity with a coordinate": b"\xc0" + POINT1[1:],
    "no flag of compression": bytes([POINT1[0] & 0x7F]) + POINT1[1:],
    "a coordinate beyond the field": (FIELD | 1 << 383).to_bytes(G1_BYTES, "big"),
    "not on the curve": next(
        data
        for data in (b"\x80" + bytes(46) + bytes([x]) for x in range(1, 50))
        if code_of(ARKWORKS.decode1, data) and data != not_in_the_subgroup(arkworks.G1Point, G1_BYTES)
    ),
    "not in the subgroup": not_in_the_subgroup(arkworks.G1Point, G1_BYTES),
}
NO_POINTS2: dict[str, bytes] = {
    "nothing": b"",
    "one byte short": POINT2[:-1],
    "zeros": bytes(G2_BYTES),
    "the identity": b"\xc0" + bytes(95),
    "the identity with a coordinate": b"\xc0" + POINT2[1:],
    "no flag of compression": bytes([POINT2[0] & 0x7F]) + POINT2[1:],
    "a coordinate beyond the field": POINT2[:48] + FIELD.to_bytes(48, "big"),
    "flags in the second coordinate": POINT2[:48] + bytes([POINT2[48] | 0x80]) + POINT2[49:],
    "not in the subgroup": not_in_the_subgroup(arkworks.G2Point, G2_BYTES),
}


@each_curve
@pytest.mark.parametrize("data", NO_POINTS1.values(), ids=NO_POINTS1.keys())
def test_what_is_no_point_of_g1_is_refused(curve: Curve[Any, Any], data: bytes) -> None:
    assert code_of(curve.decode1, data) == "proof.bbs"
    assert curve.encode1(curve.decode1(POINT1)) == POINT1


@each_curve
@pytest.mark.parametrize("data", NO_POINTS2.values(), ids=NO_POINTS2.keys())
def test_what_is_no_point_of_g2_is_refused(curve: Curve[Any, Any], data: bytes) -> None:
    assert code_of(curve.decode2, data) == "proof.bbs"


def test_both_curves_read_the_same_point_of_g2() -> None:
    for curve in CURVES.values():
        assert curve.encode2(curve.decode2(POINT2)) == POINT2


SIGNATURE = bytes.fromhex(SIGNATURES["bls12-381-sha-256 signature001"].data["signature"])
PROOF = bytes.fromhex(PROOFS["bls12-381-sha-256 proof003"].data["proof"])
NO_SIGNATURES = {
    "a scalar of zero": SIGNATURE[:48] + bytes(32),
    "a scalar of the order": SIGNATURE[:48] + ORDER.to_bytes(32, "big"),
    "a scalar beyond the order": SIGNATURE[:48] + b"\xff" * 32,
    "the identity": b"\xc0" + bytes(47) + SIGNATURE[48:],
    "a byte too many": SIGNATURE + b"\0",
}


@pytest.mark.parametrize("data", NO_SIGNATURES.values(), ids=NO_SIGNATURES.keys())
def test_what_is_no_signature_is_refused(data: bytes) -> None:
    assert code_of(octets.decode_signature, ARKWORKS, data) == "proof.bbs"


@pytest.mark.parametrize("start", [144, 144 + 32, 144 + 96, len(PROOF) - 32])
@pytest.mark.parametrize("scalar", [0, ORDER])
def test_a_proof_has_no_scalar_that_is_none(start: int, scalar: int) -> None:
    data = PROOF[:start] + scalar.to_bytes(32, "big") + PROOF[start + 32 :]
    assert code_of(octets.decode_proof, ARKWORKS, data) == "proof.bbs"


@pytest.mark.parametrize("length", [0, 271, 273, 272 + 31, 272 + 32 * (2 * MAX_MESSAGES + 1)])
def test_a_proof_of_a_length_that_none_has_is_refused(length: int) -> None:
    assert code_of(octets.decode_proof, ARKWORKS, bytes(length)) == "proof.bbs"


READERS = {
    "signature": (octets.decode_signature, octets.encode_signature, SIGNATURE),
    "proof": (octets.decode_proof, octets.encode_proof, PROOF),
    "commitment": (octets.decode_commitment, octets.encode_commitment, PROOF[:48] + PROOF[144 : 144 + 96]),
}


@pytest.mark.parametrize(("decode", "encode", "example"), READERS.values(), ids=READERS.keys())
@given(data=st.data())
def test_arbitrary_octets_are_read_one_way_or_refused(decode: Any, encode: Any, example: bytes, data: Any) -> None:
    start = data.draw(st.integers(0, len(example)))
    read = example[:start] + data.draw(st.binary(max_size=64)) + data.draw(st.sampled_from([b"", example[start:]]))
    code = code_of(decode, ARKWORKS, read)
    assert code in (None, "proof.bbs")
    if code is None:
        assert encode(ARKWORKS, decode(ARKWORKS, read)) == read


# --- keys in memory ---


def test_a_key_is_kept_as_32_bytes_and_shows_nothing() -> None:
    signer = BbsSigner.generate()
    secret = signer.export_secret()
    assert len(secret) == 32
    assert BbsSigner.from_secret(secret) == signer
    assert repr(signer) == "BbsSigner()"
    assert str(int.from_bytes(secret, "big")) not in repr(KeyPair(int.from_bytes(secret, "big"), b""))
    for wrong in (b"", bytes(32), ORDER.to_bytes(32, "big"), bytes(33)):
        with pytest.raises(ValueRefusedError):
            BbsSigner.from_secret(wrong)
    for length in (31, 1 << 16):
        with pytest.raises(ValueRefusedError):
            BbsSigner.from_material(bytes(length))
    with pytest.raises(ValueRefusedError):
        signing.secret_key(SHA_256, bytes(32), bytes(1 << 16))


def test_a_key_signs_one_message_as_other_signers_do() -> None:
    signer: Signer = BbsSigner.from_material(bytes(range(32)))
    assert isinstance(signer, MessagesSigner)
    assert signer.public_key == PublicKey(KeyType.BLS12_381_G2, signer.public_key.raw)
    signature = signer.sign(b"m")
    interface = plain(SHA_256)
    assert signing.verify(interface, signer.public_key.raw, Signed(signature, b"", (b"m",)))
    assert not signing.verify(interface, signer.public_key.raw, Signed(signature, b"", (b"n",)))


def test_no_messages_at_all_can_be_signed_and_proven() -> None:
    signer, interface = BbsSigner.generate(), plain(SHA_256)
    public = signer.public_key.raw
    signed = Signed(signer.sign_messages(b"h", ()), b"h", ())
    assert signing.verify(interface, public, signed)
    proof = proving.prove(interface, public, signed, b"p", ()).proof
    assert proving.verify_proof(interface, public, Presented(proof, b"h", b"p", {}))
    assert not proving.verify_proof(interface, public, Presented(proof, b"h", b"q", {}))


def test_the_tag_of_scalars_is_part_of_their_hash() -> None:
    assert scalar_of(SHA_256, b"m", b"one") != scalar_of(SHA_256, b"m", b"two")


def test_the_library_runs_without_the_second_curve() -> None:
    package = Path(signing.__file__).parent
    others = [path for path in package.glob("*.py") if path.name != "curve_py_ecc.py"]
    assert len(others) > 5
    for path in [*others, *package.parent.glob("*.py")]:
        assert "py_ecc" not in path.read_text("utf-8")
