"""A batch shows neither rank nor volume: shuffled, and filled with leaves that cannot be told from others."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.anchoring import batch
from jikin.errors import AnchorError
from jikin.values import Digest, sha256
from tests.examples import tries

CONTEXT = Digest(sha256(b"an issuer on a chain"))


def some_leaves(count: int) -> list[Digest]:
    return [Digest(sha256(b"credential %d" % number)) for number in range(count)]


@given(st.integers(1, 300), st.integers())
@settings(max_examples=tries(50), deadline=None)
def test_every_credential_is_at_its_index(count: int, seed: int) -> None:
    leaves = some_leaves(count)
    filled = batch.fill(CONTEXT, leaves, source=random.Random(seed))
    assert [filled.leaves[index] for index in filled.indexes] == leaves
    assert len(set(filled.indexes)) == count
    assert len(set(filled.leaves)) == len(filled.leaves)
    assert len(filled.leaves) == batch.filled_size(count)


@pytest.mark.parametrize(
    ("count", "size"), [(1, 64), (63, 64), (64, 64), (65, 128), (500, 512), (1024, 1024), (1 << 22, 1 << 22)]
)
def test_a_batch_grows_to_the_next_power_of_two(count: int, size: int) -> None:
    assert batch.filled_size(count) == size


@pytest.mark.parametrize("count", [0, (1 << 22) + 1])
def test_a_batch_of_an_impossible_size_is_refused(count: int) -> None:
    with pytest.raises(AnchorError) as refused:
        batch.filled_size(count)
    assert refused.value.code == "anchor.batch-size"


def test_two_batches_of_the_same_leaves_differ() -> None:
    leaves = some_leaves(64)
    orders = {batch.fill(CONTEXT, leaves).leaves for _ in range(4)}
    assert len(orders) == 4  # the same order twice among 64! would be a broken source


def test_a_batch_repeats_only_with_an_explicit_source() -> None:
    leaves = some_leaves(10)
    first, second = (batch.fill(CONTEXT, leaves, source=random.Random(7)) for _ in range(2))
    assert first == second


def test_salts_come_from_the_system() -> None:
    assert isinstance(batch.SYSTEM_RANDOM, random.SystemRandom)
    salts = {batch.new_salt() for _ in range(100)}
    assert len(salts) == 100
    assert {len(salt) for salt in salts} == {32}
