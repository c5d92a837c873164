"""The tree against published vectors and against the recursive definition of RFC 9162, 2.1, written down anew."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.anchoring import merkle
from jikin.errors import AnchorError, ValueRefusedError
from jikin.values import Digest
from tests.examples import tries
from tests.shared_standards import standards

SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100]


def slow_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, over leaves that are hashed already."""
    if len(leaves) == 1:
        return leaves[0]
    half = largest_power_below(len(leaves))
    return hashlib.sha256(b"\x01" + slow_root(leaves[:half]) + slow_root(leaves[half:])).digest()


def slow_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    half = largest_power_below(len(leaves))
    if index < half:
        return [*slow_path(index, leaves[:half]), slow_root(leaves[half:])]
    return [*slow_path(index - half, leaves[half:]), slow_root(leaves[:half])]


def largest_power_below(number: int) -> int:
    power = 1
    while power * 2 < number:
        power *= 2
    return power


def some_leaves(size: int) -> list[bytes]:
    return [hashlib.sha256(b"leaf %d" % number).digest() for number in range(size)]


def tree_of(leaves: list[bytes]) -> merkle.Tree:
    return merkle.Tree(Digest(leaf) for leaf in leaves)


def published_inclusions() -> list[Path]:
    return sorted((standards() / "vectors" / "merkle-rfc6962" / "inclusion").rglob("*.json"))


def leads_to_root(vector: dict[str, Any]) -> bool:
    try:
        leaf, root, *path = (
            Digest(base64.b64decode(text)) for text in (vector["leafHash"], vector["root"], *(vector["proof"] or ()))
        )
        return merkle.root_from_path(leaf, vector["leafIdx"], vector["treeSize"], path) == root
    except (AnchorError, ValueRefusedError):
        return False


def test_published_inclusion_proofs_come_out_as_published() -> None:
    vectors = [json.loads(path.read_text()) for path in published_inclusions()]
    accepted = [vector for vector in vectors if leads_to_root(vector)]
    assert len(accepted) == 6
    assert all(not vector["wantErr"] for vector in accepted)
    assert sum(vector["wantErr"] for vector in vectors) == len(vectors) - 6 == 92


@pytest.mark.parametrize("size", SIZES)
def test_root_and_every_path_are_those_of_the_recursive_definition(size: int) -> None:
    leaves = some_leaves(size)
    tree = tree_of(leaves)
    assert tree.root.raw == slow_root(leaves)
    for index in range(size):
        path = tree.path(index)
        assert [step.raw for step in path] == slow_path(index, leaves)
        assert len(path) == merkle.path_length(index, size)
        assert merkle.root_from_path(Digest(leaves[index]), index, size, path) == tree.root


@given(st.integers(1, 600).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
@settings(max_examples=tries(150), deadline=None)
def test_a_path_leads_to_the_root_from_its_own_place_alone(place: tuple[int, int]) -> None:
    size, index = place
    leaves = some_leaves(size)
    tree = tree_of(leaves)
    path = tree.path(index)
    assert [step.raw for step in path] == slow_path(index, leaves)
    assert merkle.root_from_path(tree.leaf(index), index, size, path) == tree.root
    for other in {0, index ^ 1, size - 1, (index * 7 + 3) % size} - {index}:
        if other < size and merkle.path_length(other, size) == len(path):
            assert merkle.root_from_path(tree.leaf(index), other, size, path) != tree.root


@given(st.data())
@settings(max_examples=tries(100), deadline=None)
def test_a_path_with_one_bit_changed_leads_elsewhere(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 300))
    index = data.draw(st.integers(0, size - 1))
    tree = tree_of(some_leaves(size))
    path = list(tree.path(index))
    step = data.draw(st.integers(0, len(path) - 1))
    bit = data.draw(st.integers(0, 255))
    path[step] = Digest((int.from_bytes(path[step].raw, "big") ^ (1 << bit)).to_bytes(32, "big"))
    assert merkle.root_from_path(tree.leaf(index), index, size, path) != tree.root


@pytest.mark.parametrize("size", SIZES)
def test_a_path_of_another_length_is_refused(size: int) -> None:
    tree = tree_of(some_leaves(size))
    for index in range(size):
        path = tree.path(index)
        for wrong in (path[:-1], (*path, tree.root)):
            if len(wrong) != len(path):
                with pytest.raises(AnchorError) as refused:
                    merkle.root_from_path(tree.leaf(index), index, size, wrong)
                assert refused.value.code == "anchor.path-length"


@pytest.mark.parametrize(
    ("index", "size"), [(0, 0), (1, 1), (-1, 4), (4, 4), (0, merkle.MAX_LEAVES + 1), (True, 2), (0, True)]
)
def test_a_place_that_cannot_be_is_refused(index: int, size: int) -> None:
    with pytest.raises(AnchorError):
        merkle.root_from_path(Digest(bytes(32)), index, size, ())
    with pytest.raises(AnchorError):
        merkle.node_positions(index, size)


@pytest.mark.parametrize("size", SIZES)
def test_a_stored_tree_gives_the_same_paths(size: int) -> None:
    tree = tree_of(some_leaves(size))
    stored = tree.to_bytes()
    again = merkle.Tree.from_bytes(stored, size)
    assert again.root == tree.root
    assert len(stored) == 32 * merkle.node_count(size)
    for index in range(size):
        assert again.path(index) == tree.path(index)
        assert again.path_bytes(index) == b"".join(step.raw for step in tree.path(index))
        assert again.leaf(index) == tree.leaf(index)
        read = [stored[32 * position : 32 * position + 32] for position in merkle.node_positions(index, size)]
        assert [step.raw for step in tree.path(index)] == read


def test_the_published_leaf_file_rebuilds_the_root() -> None:
    tree = tree_of(some_leaves(100))
    assert merkle.Tree.from_leaves(tree.leaves()).root == tree.root


def test_a_stored_tree_of_another_size_is_refused() -> None:
    stored = tree_of(some_leaves(10)).to_bytes()
    for size in (9, 11):
        with pytest.raises(AnchorError):
            merkle.Tree.from_bytes(stored, size)
    for damaged in (stored[:-1], stored + b"\x00"):
        with pytest.raises(AnchorError):
            merkle.Tree.from_bytes(damaged, 10)


def test_a_tree_without_leaves_is_refused() -> None:
    with pytest.raises(AnchorError):
        merkle.Tree([])
    with pytest.raises(AnchorError):
        merkle.Tree.from_leaves(bytes(33))


def test_the_largest_place_has_a_path_of_twenty_two() -> None:
    assert merkle.path_length(merkle.MAX_LEAVES - 1, merkle.MAX_LEAVES) == 22
    assert merkle.path_length(merkle.MAX_LEAVES // 2, merkle.MAX_LEAVES // 2 + 1) == 1
