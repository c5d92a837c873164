"""Many signatures under one key are checked at once; one false among them is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.proofs.bbs import signing
from jikin.proofs.bbs.interface import MAX_MESSAGES, SHAKE_256, Api, standard
from jikin.proofs.bbs.signer import BbsSigner
from jikin.proofs.bbs.signing import Signed
from tests.examples import tries

PLAIN = standard(Api.PLAIN)
SIGNER = BbsSigner.from_material(bytes(range(32)))
PUBLIC = SIGNER.public_key.raw


def signed(header: bytes, *messages: bytes, signer: BbsSigner = SIGNER) -> Signed:
    return Signed(signer.sign_messages(header, messages), header, messages)


# Of different headers and numbers of messages, as the credentials of one cohort are.
BATCH = [
    signed(f"header {number % 2}".encode(), *(bytes([number, part]) for part in range(number))) for number in range(8)
]


def test_a_batch_of_signatures_by_one_key_verifies() -> None:
    assert signing.verify_all(PLAIN, PUBLIC, BATCH)
    assert signing.verify_all(PLAIN, PUBLIC, reversed(BATCH))
    assert signing.verify_all(PLAIN, PUBLIC, BATCH[5:6])
    assert signing.verify_all(PLAIN, PUBLIC, [*BATCH, *BATCH])


def test_a_batch_of_nothing_has_nothing_false_in_it() -> None:
    assert signing.verify_all(PLAIN, PUBLIC, [])
    assert not signing.verify_all(PLAIN, PUBLIC[:-1], [])


GOOD = BATCH[5]
FORGED: dict[str, Signed] = {
    "another header": replace(GOOD, header=b"header 0"),
    "another message": replace(GOOD, messages=(*GOOD.messages[:-1], b"x")),
    "a message more": replace(GOOD, messages=(*GOOD.messages, b"x")),
    "a message less": replace(GOOD, messages=GOOD.messages[:-1]),
    "messages in another order": replace(GOOD, messages=tuple(reversed(GOOD.messages))),
    "the signature of another": replace(GOOD, signature=BATCH[4].signature),
    "another scalar": replace(GOOD, signature=GOOD.signature[:-1] + bytes([GOOD.signature[-1] ^ 1])),
    "a byte too many": replace(GOOD, signature=GOOD.signature + b"\0"),
    "no point": replace(GOOD, signature=bytes(48) + GOOD.signature[48:]),
    "too many messages": replace(GOOD, messages=(b"",) * (MAX_MESSAGES + 1)),
    "another key": signed(b"h", b"m", signer=BbsSigner.generate()),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
@pytest.mark.parametrize("place", [0, 3, 8])
def test_one_false_signature_makes_a_batch_false(forged: Signed, place: int) -> None:
    assert not signing.verify(PLAIN, PUBLIC, forged)
    assert not signing.verify_all(PLAIN, PUBLIC, [*BATCH[:place], forged, *BATCH[place:]])


def test_two_false_signatures_do_not_make_up_for_one_another() -> None:
    # Their points swapped: the sum over both is what it was, and each is false.
    one, other = BATCH[3], BATCH[5]
    swapped = [
        replace(one, signature=other.signature[:48] + one.signature[48:]),
        replace(other, signature=one.signature[:48] + other.signature[48:]),
    ]
    assert not signing.verify_all(PLAIN, PUBLIC, swapped)
    twice = [replace(one, messages=other.messages, header=other.header), replace(other, messages=one.messages)]
    assert not signing.verify_all(PLAIN, PUBLIC, twice)


def test_a_batch_under_another_key_or_ciphersuite_is_false() -> None:
    assert not signing.verify_all(PLAIN, BbsSigner.generate().public_key.raw, BATCH)
    assert not signing.verify_all(standard(Api.PLAIN, SHAKE_256), PUBLIC, BATCH)
    assert not signing.verify_all(standard(Api.BLIND), PUBLIC, BATCH)


@settings(max_examples=tries(20))
@given(st.lists(st.integers(0, 7), max_size=4), st.lists(st.sampled_from(list(FORGED.values())), max_size=2))
def test_a_batch_is_true_when_each_of_it_is(good: list[int], false: list[Signed]) -> None:
    batch = [*(BATCH[number] for number in good), *false]
    assert signing.verify_all(PLAIN, PUBLIC, batch) is all(signing.verify(PLAIN, PUBLIC, one) for one in batch)
