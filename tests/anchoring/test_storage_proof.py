"""State proofs: what another implementation of the trie says, said; everything that was changed, refused."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import cache

import pytest
import rlp as other_rlp
from trie import HexaryTrie

from jikin.anchoring import rlp, storage_proof, trie
from jikin.anchoring.trie import Nodes
from jikin.errors import StateProofError
from jikin.values import Address, Digest, keccak256

SEED = 20_260_314
SIZES = (1, 2, 3, 7, 16, 50, 120, 400)


class Case:
    """One key of a random trie: its way as the other implementation gives it, and its value there."""

    def __init__(self, root: bytes, key: bytes, nodes: list[bytes], value: bytes | None) -> None:
        self.root, self.key, self.nodes, self.value = root, key, nodes, value

    def ours(self, nodes: list[bytes] | None = None) -> bytes | None:
        brought = Nodes(self.nodes if nodes is None else nodes)
        value = trie.lookup(self.root, self.key, brought)
        brought.check_all_used()
        return value


@cache
def cases() -> tuple[Case, ...]:
    """Random tries of storage words, each asked for keys that it has and keys that it has not."""
    chance, found = random.Random(SEED), []
    for size in SIZES * 4:
        # Values of one byte up to a word: short ones end up inside of the node above them.
        words = {
            keccak256(chance.randbytes(32)): rlp.encode(rlp.number(chance.getrandbits(chance.choice((7, 40, 256))) + 1))
            for _ in range(size)
        }
        other = HexaryTrie({})
        for key, value in words.items():
            other[key] = value
        present = chance.sample(sorted(words), min(size, 40))
        for key in (*present, *(chance.randbytes(32) for _ in range(20))):
            nodes = [other_rlp.encode(node) for node in other.get_proof(key)]
            found.append(Case(other.root_hash, key, nodes, words.get(key)))
    return tuple(found)


def test_proofs_agree_with_another_implementation() -> None:
    present = absent = 0
    for case in cases():
        assert case.ours() == case.value
        proven = [other_rlp.decode(node) for node in case.nodes]
        assert HexaryTrie.get_from_proof(case.root, case.key, proven) == (case.value or b"")
        present, absent = present + (case.value is not None), absent + (case.value is None)
    print(f"{present} proofs of presence and {absent} of absence agree")
    assert present >= 500
    assert absent >= 500
    assert present + absent >= 1000


Mutation = Callable[[random.Random, list[bytes]], list[bytes]]


def flipped(chance: random.Random, nodes: list[bytes]) -> list[bytes]:
    changed = list(nodes)
    which = chance.randrange(len(nodes))
    raw = bytearray(changed[which])
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    changed[which] = bytes(raw)
    return changed


def cut(chance: random.Random, nodes: list[bytes]) -> list[bytes]:
    which = chance.randrange(len(nodes))
    return [node[:-1] if at == which else node for at, node in enumerate(nodes)]


def lengthened(chance: random.Random, nodes: list[bytes]) -> list[bytes]:
    which = chance.randrange(len(nodes))
    return [node + b"\x00" if at == which else node for at, node in enumerate(nodes)]


def without_one(chance: random.Random, nodes: list[bytes]) -> list[bytes]:
    which = chance.randrange(len(nodes))
    return nodes[:which] + nodes[which + 1 :]


def with_one_more(chance: random.Random, nodes: list[bytes]) -> list[bytes]:
    stranger = rlp.encode([b"\x20" + chance.randbytes(31), b"\x01"])
    place = chance.randrange(len(nodes) + 1)
    return [*nodes[:place], stranger, *nodes[place:]]


def doubled(chance: random.Random, nodes: list[bytes]) -> list[bytes]:
    return [*nodes, chance.choice(nodes)]


MUTATIONS: dict[str, Mutation] = {
    "a bit flipped": flipped,
    "a node cut": cut,
    "a node lengthened": lengthened,
    "a node left out": without_one,
    "a node added": with_one_more,
    "a node doubled": doubled,
}


def test_every_mutated_proof_is_refused() -> None:
    chance, refused = random.Random(SEED + 1), 0
    for case in cases():
        for mutate in MUTATIONS.values():
            with pytest.raises(StateProofError):
                case.ours(mutate(chance, case.nodes))
            refused += 1
    print(f"{refused} mutated proofs refused")
    assert refused >= 5000


def test_a_proof_proves_nothing_about_another_key_or_root() -> None:
    chance = random.Random(SEED + 2)
    for case in chance.sample(cases(), 200):
        other = bytes((case.key[0] ^ 0xF0, *case.key[1:]))  # leaves the way at its first step
        if len(case.nodes) > 1:
            with pytest.raises(StateProofError):
                Case(case.root, other, case.nodes, None).ours()
        with pytest.raises(StateProofError):
            trie.lookup(keccak256(case.root), case.key, Nodes(case.nodes))


def test_one_proof_takes_less_than_a_millisecond() -> None:
    chosen = [case for case in cases() if len(case.nodes) > 2]
    began = time.process_time()
    for case in chosen:
        case.ours()
    each = (time.process_time() - began) / len(chosen)
    print(f"{each * 1000:.3f} ms each, {len(chosen)} proofs")
    assert each < 0.001


# ------------------------------------------------------------------------------------------------ what no chain writes


def leaf(path: bytes, value: bytes) -> bytes:
    return rlp.encode([path, value])


KEY = keccak256(b"a slot")
WHOLE = b"\x20" + KEY
# Single-node tries whose root is right and whose form is not: an honest chain never has one.
MISSHAPEN: dict[str, bytes] = {
    "three members": rlp.encode([WHOLE, b"\x01", b""]),
    "an empty list": rlp.encode([]),
    "a text": rlp.encode(b"a" * 40),
    "a leaf without value": leaf(WHOLE, b""),
    "a leaf of a list": rlp.encode([WHOLE, [b"\x01"]]),
    "a leaf before the end of its way": leaf(b"\x20" + KEY[:31], b"\x01"),
    "a leaf behind the end of its way": leaf(b"\x20" + KEY + b"\x00", b"\x01"),
    "a way that is a list": rlp.encode([[KEY], b"\x01"]),
    "an empty way": leaf(b"", b"\x01"),
    "an unknown kind of way": leaf(b"\x40" + KEY, b"\x01"),
    "a padding that is not zero": leaf(b"\x21" + KEY, b"\x01"),
    "an extension without steps": rlp.encode([b"\x00", keccak256(b"")]),
    "an extension to nothing": rlp.encode([b"\x00" + KEY[:4], b""]),
    "an extension over the whole way": rlp.encode([b"\x00" + KEY, keccak256(b"")]),
    "a branch with a value": rlp.encode([b""] * 16 + [b"value"]),
    "a reference of 31 bytes": rlp.encode([bytes(31)] * 16 + [b""]),
    "a large node inside of a branch": rlp.encode([[WHOLE, b"\x01"]] * 16 + [b""]),
}


@pytest.mark.parametrize("node", MISSHAPEN.values(), ids=MISSHAPEN.keys())
def test_a_node_that_no_chain_writes_is_refused_though_its_hash_fits(node: bytes) -> None:
    with pytest.raises(StateProofError):
        trie.lookup(keccak256(node), KEY, Nodes([node]))


def test_a_short_node_that_is_named_by_its_hash_is_refused() -> None:
    steps = KEY.hex()
    inner = rlp.encode([bytes.fromhex("20"), b"\x01"])  # would be a leaf of no steps, under 32 bytes
    branches = rlp.encode([keccak256(inner) if digit == steps[-1] else b"" for digit in "0123456789abcdef"] + [b""])
    top = rlp.encode([bytes.fromhex("1" + steps[:63]), keccak256(branches)])
    with pytest.raises(StateProofError, match="stands inside"):
        trie.lookup(keccak256(top), KEY, Nodes([top, branches, inner]))
    inside = rlp.encode([rlp.decode(inner) if digit == steps[-1] else b"" for digit in "0123456789abcdef"] + [b""])
    whole = rlp.encode([bytes.fromhex("1" + steps[:63]), rlp.decode(inside)])
    assert trie.lookup(keccak256(whole), KEY, Nodes([whole])) == b"\x01"


def test_the_empty_trie_proves_absence_without_a_node() -> None:
    assert trie.lookup(trie.EMPTY_ROOT, KEY, Nodes(())) is None
    spelt_out = Nodes([trie.EMPTY_NODE])
    assert trie.lookup(trie.EMPTY_ROOT, KEY, spelt_out) is None
    with pytest.raises(StateProofError, match="lie on no way"):
        spelt_out.check_all_used()


def test_proofs_are_bounded_before_they_are_parsed() -> None:
    with pytest.raises(StateProofError) as many:
        Nodes([number.to_bytes(2, "big") for number in range(257)])
    with pytest.raises(StateProofError) as large:
        Nodes([bytes((number,)) * 1000 for number in range(66)])
    with pytest.raises(StateProofError) as long:
        Nodes([bytes(1025)])
    assert {refused.value.code for refused in (many, large, long)} == {"state-proof.too-large"}


# ----------------------------------------------------------------------------------------------------------------- RLP

NOT_CANONICAL: dict[str, str] = {
    "nothing": "",
    "a byte with a prefix": "817f",
    "a short text with a long length": "b801" + "aa",
    "a long length with a leading zero": "b90040" + "aa" * 64,
    "a text that is cut": "83aabb",
    "a list that is cut": "c3aabb",
    "a list whose last text is cut": "c2820a",
    "a length that is cut": "b9",
    "a length of five bytes": "bc0000000100",
    "bytes behind": "83aabbccdd",
    "a short list with a long length": "f801c0",
    "lists nested ten deep": "c9c8c7c6c5c4c3c2c1c0",
}


@pytest.mark.parametrize("text", NOT_CANONICAL.values(), ids=NOT_CANONICAL.keys())
def test_rlp_that_is_not_canonical_is_refused(text: str) -> None:
    with pytest.raises(StateProofError) as refused:
        rlp.decode(bytes.fromhex(text))
    assert refused.value.code == "state-proof.rlp"


def test_rlp_agrees_with_another_implementation() -> None:
    chance = random.Random(SEED + 3)

    def item(depth: int) -> rlp.Item:
        if depth == 0 or chance.random() < 0.6:
            return chance.randbytes(chance.choice((0, 1, 2, 32, 55, 56, 300)))
        return [item(depth - 1) for _ in range(chance.randrange(5))]

    for _ in range(500):
        made = item(4)
        encoded = rlp.encode(made)
        assert encoded == other_rlp.encode(made)
        assert rlp.decode(encoded) == made


def test_rlp_has_one_encoding_for_each_item() -> None:
    chance = random.Random(SEED + 4)
    decoded = 0
    for _ in range(3000):
        data = chance.randbytes(chance.randrange(1, 12))
        try:
            found = rlp.decode(data)
        except StateProofError:
            continue
        decoded += 1
        assert rlp.encode(found) == data
    assert decoded > 100


# ------------------------------------------------------------------------------------------------- accounts and words


def with_leaf(key: bytes, value: bytes) -> tuple[Digest, Nodes]:
    node = leaf(b"\x20" + key, value)
    return Digest(keccak256(node)), Nodes([node])


ADDRESS = Address(b"\x11" * 20)


def test_an_account_has_four_members_of_the_right_sizes() -> None:
    sound = [b"\x01", b"", bytes(32), keccak256(b"")]
    root, nodes = with_leaf(keccak256(ADDRESS.raw), rlp.encode(sound))
    account = storage_proof.prove_account(root, ADDRESS, nodes)
    assert account == storage_proof.Account(Digest(bytes(32)), Digest(keccak256(b"")))
    unsound: list[list[rlp.Item]] = [sound[:3], [*sound, b""], [b"\x00", *sound[1:]], [*sound[:2], b"\x01", sound[3]]]
    for members in unsound:
        root, nodes = with_leaf(keccak256(ADDRESS.raw), rlp.encode(members))
        with pytest.raises(StateProofError):
            storage_proof.prove_account(root, ADDRESS, nodes)


def test_a_word_is_a_number_without_leading_zeros_and_never_zero() -> None:
    slot = Digest(bytes(32))
    for value, word in ((b"\x05", 5), (rlp.encode(b"\xff" * 32), (1 << 256) - 1)):
        root, nodes = with_leaf(keccak256(slot.raw), value)
        assert storage_proof.prove_word(root, slot, nodes) == word
    for value in (b"\x00", b"\x80", rlp.encode(b"\x00\x01"), rlp.encode(b"\x01" * 33), rlp.encode([b"\x01"])):
        root, nodes = with_leaf(keccak256(slot.raw), value)
        with pytest.raises(StateProofError):
            storage_proof.prove_word(root, slot, nodes)
