"""Consistency of trees against published vectors and the recursive definition of RFC 9162, 2.1.4.1, written anew."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.anchoring import consistency, merkle
from jikin.errors import ValueRefusedError
from jikin.values import Digest
from tests.codes import code_of
from tests.examples import tries
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "merkle-rfc6962" / "consistency"
PUBLISHED = {str(path.relative_to(VECTORS).with_suffix("")): path for path in sorted(VECTORS.rglob("*.json"))}
SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65]


def slow_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, over leaves that are hashed already."""
    if len(leaves) == 1:
        return leaves[0]
    half = largest_power_below(len(leaves))
    return hashlib.sha256(b"\x01" + slow_root(leaves[:half]) + slow_root(leaves[half:])).digest()


def slow_proof(first: int, leaves: list[bytes], *, complete: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1."""
    if first == len(leaves):
        return [] if complete else [slow_root(leaves)]
    half = largest_power_below(len(leaves))
    if first <= half:
        return [*slow_proof(first, leaves[:half], complete=complete), slow_root(leaves[half:])]
    return [*slow_proof(first - half, leaves[half:], complete=False), slow_root(leaves[:half])]


def largest_power_below(number: int) -> int:
    power = 1
    while power * 2 < number:
        power *= 2
    return power


LEAVES = [hashlib.sha256(b"leaf %d" % number).digest() for number in range(300)]
DIGESTS = [Digest(leaf) for leaf in LEAVES]


def tree_of(size: int) -> merkle.Tree:
    return merkle.Tree(DIGESTS[:size])


def verdict(first: int, first_root: Digest, second: int, second_root: Digest, proof: list[Digest]) -> str | None:
    return code_of(consistency.check, first, first_root, second, second_root, proof)


# --- published ---


def raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def digest(text: str) -> Digest:
    """Return the digest that *text* is; one of another length, which no Digest takes, is stood for by its hash.

    So the check itself gets to see it too, and the vectors' equal roots stay equal, the others different.
    """
    found = raw(text)
    if len(found) == 32:
        return Digest(found)
    with pytest.raises(ValueRefusedError):
        Digest(found)
    return Digest(hashlib.sha256(found).digest())


def published_verdict(vector: dict[str, Any]) -> str | None:
    roots = digest(vector["root1"]), digest(vector["root2"])
    proof = [digest(text) for text in vector["proof"] or ()]
    return verdict(vector["size1"], roots[0], vector["size2"], roots[1], proof)


SIZE, LENGTH, OTHER = "anchor.tree-size", "anchor.path-length", "anchor.inconsistent"
# By the words with which a vector begins to say what is wrong with it, where its sizes are possible ones.
DAMAGE = {
    "empty proof": {LENGTH},
    "truncated proof": {LENGTH},
    "trailing": {LENGTH},
    "preceding": {LENGTH},
    "sizes do not watch and proof is empty": {LENGTH},
    "sizes match but proof is not empty": {LENGTH},
    "wrong root": {OTHER},
    "swapped roots": {OTHER},
    "modified proof": {OTHER},
    "roots do not not match": {OTHER},
    "sizes are equal (one) but roots are not": {OTHER},
    # another size may have a proof of the same length
    "size1 ": {LENGTH, OTHER},
    "size2 ": {LENGTH, OTHER},
}


def expected(vector: dict[str, Any]) -> set[str | None]:
    if not vector["wantErr"]:
        return {None}
    if not 0 < vector["size1"] <= vector["size2"]:
        return {SIZE}
    (codes,) = (codes for words, codes in DAMAGE.items() if vector["desc"].startswith(words))
    return {*codes}


@pytest.mark.parametrize("path", PUBLISHED.values(), ids=PUBLISHED.keys())
def test_a_published_proof_is_accepted_or_refused_as_published(path: Path) -> None:
    vector = json.loads(path.read_bytes())
    assert published_verdict(vector) in expected(vector)


def test_six_of_the_published_proofs_hold_and_the_others_fail_in_each_way() -> None:
    found = Counter(published_verdict(json.loads(path.read_bytes())) for path in PUBLISHED.values())
    assert (found[None], found.total()) == (6, 98)
    assert found.keys() == {None, SIZE, LENGTH, OTHER}


# --- proofs of ours ---


@pytest.mark.parametrize("size", SIZES)
def test_every_proof_is_that_of_the_recursive_definition_and_holds(size: int) -> None:
    tree = tree_of(size)
    stored = tree.to_bytes()
    for first in range(1, size + 1):
        proof = consistency.prove(tree, first)
        assert [step.raw for step in proof] == slow_proof(first, LEAVES[:size])
        assert len(proof) == consistency.proof_length(first, size)
        read = [stored[32 * at : 32 * at + 32] for at in consistency.node_positions(first, size)]
        assert [step.raw for step in proof] == read
        consistency.check(first, Digest(slow_root(LEAVES[:first])), size, tree.root, proof)


@given(st.data())
@settings(max_examples=tries(60), deadline=None)
def test_a_proof_holds_and_with_one_bit_changed_anywhere_does_not(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, len(LEAVES)))
    first = data.draw(st.integers(1, second - 1))
    tree = tree_of(second)
    roots, proof = [tree_of(first).root, tree.root], list(consistency.prove(tree, first))
    assert verdict(first, roots[0], second, roots[1], proof) is None
    changed = [*roots, *proof]
    place, bit = data.draw(st.integers(0, len(changed) - 1)), data.draw(st.integers(0, 255))
    changed[place] = Digest((int.from_bytes(changed[place].raw, "big") ^ (1 << bit)).to_bytes(32, "big"))
    assert verdict(first, changed[0], second, changed[1], changed[2:]) == OTHER


@given(st.data())
@settings(max_examples=tries(60), deadline=None)
def test_a_tree_that_changed_an_earlier_leaf_has_no_proof(data: st.DataObject) -> None:
    second = data.draw(st.integers(1, 100))
    first = data.draw(st.integers(1, second))
    leaves = DIGESTS[:second]
    leaves[data.draw(st.integers(0, first - 1))] = Digest(bytes(32))
    tree = merkle.Tree(leaves)
    assert verdict(first, tree_of(first).root, second, tree.root, list(consistency.prove(tree, first))) == OTHER


def test_a_proof_of_another_length_is_refused() -> None:
    for second in SIZES:
        tree = tree_of(second)
        for first in range(1, second + 1):
            root, proof = tree_of(first).root, list(consistency.prove(tree, first))
            for wrong in (proof[:-1], [*proof, tree.root], [root, *proof]):
                if len(wrong) != len(proof):
                    assert verdict(first, root, second, tree.root, wrong) == LENGTH


def test_a_tree_is_consistent_with_itself_without_a_proof() -> None:
    for size in SIZES:
        tree = tree_of(size)
        assert consistency.prove(tree, size) == ()
        consistency.check(size, tree.root, size, tree.root, ())
        assert verdict(size, tree.root, size, Digest(bytes(32)), []) == OTHER


IMPOSSIBLE = {
    "an empty tree first": (0, 4),
    "no trees at all": (0, 0),
    "a tree that shrinks": (5, 4),
    "a negative size": (-1, 4),
    "a tree beyond the limit": (4, merkle.MAX_LEAVES + 1),
    "a truth as a size": (True, 4),
    "a truth as the second size": (1, True),
}


@pytest.mark.parametrize(("first", "second"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_sizes_that_cannot_be_are_refused(first: int, second: int) -> None:
    assert verdict(first, Digest(bytes(32)), second, Digest(bytes(32)), []) == SIZE
    assert code_of(consistency.node_positions, first, second) == SIZE


def test_nothing_is_proved_of_a_size_that_the_tree_does_not_have() -> None:
    for first in (0, -1, 8, True):
        assert code_of(consistency.prove, tree_of(7), first) == SIZE


def test_the_longest_proof_has_as_many_nodes_as_the_largest_tree_is_high_and_one() -> None:
    assert consistency.proof_length(merkle.MAX_LEAVES - 1, merkle.MAX_LEAVES) == 23
    assert consistency.proof_length(merkle.MAX_LEAVES // 2, merkle.MAX_LEAVES) == 1
