"""Notes, keys and openings byte by byte: against vectors that the specification alone gives, and against forgeries.

The vectors are made by `specified` below: RFC 8032 by another library and the line-by-line rules of C2SP, nothing of
ours. `python -m tests.anchoring.test_checkpoints` writes them anew.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.anchoring import consistency, merkle
from jikin.anchoring.chain import Block
from jikin.anchoring.checkpoints import Checkpoint, OpenedCheckpoint, entry, origin_of
from jikin.anchoring.checkpoints_log import BlockLog, GrowingTree
from jikin.anchoring.checkpoints_notes import LOG, WITNESS, Note, NoteKey, cosign, cosigned_at, sign
from jikin.errors import CheckpointError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.p256 import P256Signer
from jikin.values import Digest
from tests.chain_fixtures import PROJECT
from tests.codes import code_of
from tests.examples import tries
from tests.witnesses import FIRST, NOW, PINS, SECOND, block, checkpoint, log, policy

FILE = PROJECT / "tests" / "vectors" / "checkpoints.json"


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def specified(sizes: int, seeds: dict[str, str], time: int) -> dict[str, Any]:
    """Return the log's checkpoint as docs/spec/statements.md, section 9, and the pages of C2SP give it."""
    registry = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
    genesis = sha256(b"genesis").digest()
    blocks = [
        (10 * n, sha256(f"block {10 * n}".encode()).digest(), NOW - 100_000 + 120 * n) for n in range(1, sizes + 1)
    ]
    leaves = [
        sha256(b"\x00JKP1" + u64(31_337) + genesis + u64(number) + hashed + u64(at)).digest()
        for number, hashed, at in blocks
    ]

    def root(nodes: list[bytes]) -> bytes:
        if len(nodes) == 1:
            return nodes[0]
        half = 1 << (len(nodes) - 1).bit_length() - 1
        return sha256(b"\x01" + root(nodes[:half]) + root(nodes[half:])).digest()

    def path_of_last(nodes: list[bytes]) -> list[bytes]:
        if len(nodes) == 1:
            return []
        half = 1 << (len(nodes) - 1).bit_length() - 1
        return [*path_of_last(nodes[half:]), root(nodes[:half])]

    origin = f"jikin/eip155:31337/{registry}"
    number, hashed, at = blocks[-1]
    text = f"{origin}\n{sizes}\n{b64encode(root(leaves)).decode()}\nblock {number} {hashed.hex()} {at}\n"
    keys, lines = {}, []
    for name, seed in seeds.items():
        key = Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest())
        public = key.public_key().public_bytes_raw()
        kind = 1 if name == origin else 4
        key_id = sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]
        signed = text if kind == 1 else f"cosignature/v1\ntime {time}\n{text}"
        stamp = b"" if kind == 1 else u64(time)
        lines.append(f"\u2014 {name} {b64encode(key_id + stamp + key.sign(signed.encode())).decode()}\n")
        keys[name] = f"{name}+{key_id.hex()}+{b64encode(bytes([kind]) + public).decode()}"
    note = text + "\n" + "".join(lines)
    path = "".join(b64encode(step).decode() + "\n" for step in path_of_last(leaves))
    opened = f"c2sp.org/tlog-proof@v1\nindex {sizes - 1}\n{path}\n{note}"
    return {"size": sizes, "time": time, "seeds": seeds, "keys": keys, "note": note, "opened": opened}


SEEDS = {origin_of(PINS): "the log", FIRST.name: FIRST.name, "증인.example/두번째": "another"}
CASES = {f"{size} entries": (size, SEEDS, NOW + size) for size in (1, 2, 3, 7, 8, 64)}
VECTORS: dict[str, Any] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}


@pytest.mark.parametrize("case", CASES)
def test_the_vectors_are_what_the_specification_gives(case: str) -> None:
    assert VECTORS[case] == specified(*CASES[case])


@pytest.mark.parametrize("case", CASES)
def test_a_checkpoint_is_written_and_signed_byte_for_byte(case: str) -> None:
    vector = VECTORS[case]
    blocks = log(vector["size"])
    text = blocks.checkpoint().text
    lines = []
    for name, seed in vector["seeds"].items():
        key = Ed25519Signer.from_seed(sha256(seed.encode()).digest())
        is_log = name == blocks.origin
        lines.append(sign(text, name, key) if is_log else cosign(text, name, key, vector["time"]))
        assert str(NoteKey.of(name, LOG if is_log else WITNESS, key.public_key)) == vector["keys"][name]
    opened = OpenedCheckpoint.of(Note(text, tuple(lines)), blocks.opening(vector["size"]))
    assert opened.note.to_bytes().decode() == vector["note"]
    assert opened.to_bytes().decode() == vector["opened"]


@pytest.mark.parametrize("case", CASES)
def test_a_checkpoint_is_read_back_with_everything_it_states(case: str) -> None:
    vector = VECTORS[case]
    opened = OpenedCheckpoint.parse(vector["opened"].encode())
    assert opened.to_bytes() == vector["opened"].encode()
    assert opened.checkpoint.block == block(10 * vector["size"])
    opened.check(PINS)
    keys = [NoteKey.parse(text) for text in vector["keys"].values() if "jikin/" not in text]
    times = [
        cosigned_at(opened.note.text, line, key) for line in opened.note.signatures for key in keys if key.signed(line)
    ]
    assert times == [vector["time"]] * 2


# ------------------------------------------------------------------------------------------------ forged and broken

SOUND = checkpoint(log(), (FIRST, SECOND))
WHOLE = SOUND.to_bytes().decode()
TEXT = SOUND.note.text
ORIGIN, SIZE, ROOT, BLOCK = TEXT.split("\n")[:4]
NUMBER, HASH, TIME = BLOCK.split(" ")[1:]
MUTATED = {
    "the chain": (ORIGIN, ORIGIN.replace("31337", "31338")),
    "the registry": (ORIGIN, ORIGIN[:-1] + "4"),
    "the size": (f"\n{SIZE}\n", "\n6\n"),
    "the root": (ROOT, b64encode(sha256(b"another root").digest()).decode()),
    "the block's number": (f"block {NUMBER} ", f"block {int(NUMBER) + 1} "),
    "the block's hash": (HASH, sha256(b"another block").hexdigest()),
    "the block's time": (f" {TIME}\n", f" {int(TIME) + 1}\n"),
}


@pytest.mark.parametrize(("old", "new"), MUTATED.values(), ids=MUTATED)
def test_a_text_that_was_changed_has_no_cosignature(old: str, new: str) -> None:
    changed = TEXT.replace(old, new)
    assert changed != TEXT
    for line, key in zip(SOUND.note.signatures[1:], (FIRST.key, SECOND.key), strict=True):
        assert cosigned_at(TEXT, line, key) == NOW
        assert code_of(cosigned_at, changed, line, key) == "checkpoint.signature"


@pytest.mark.parametrize(("old", "new"), MUTATED.values(), ids=MUTATED)
def test_a_text_that_was_changed_does_not_open(old: str, new: str) -> None:
    changed = Note(TEXT.replace(old, new), SOUND.note.signatures)
    found = code_of(lambda: OpenedCheckpoint.of(changed, SOUND.path).check(PINS))
    assert found == ("checkpoint.origin" if old == ORIGIN else "checkpoint.opening")


def test_the_entry_depends_on_chain_genesis_number_hash_and_time() -> None:
    one = block(7)
    others = [
        entry(PINS, one),
        entry(PINS, Block(8, one.hash, one.time)),
        entry(PINS, Block(7, PINS.genesis, one.time)),
        entry(PINS, Block(7, one.hash, one.time + 1)),
        entry(type(PINS)(PINS.chain, PINS.registry, PINS.code_hash, one.hash, 1), one),
        entry(type(PINS)(type(PINS.chain)(1), PINS.registry, PINS.code_hash, PINS.genesis, 1), one),
    ]
    assert len(set(others)) == len(others)


def test_every_byte_of_a_cosignature_counts() -> None:
    line = SOUND.note.signatures[1]
    for place in range(len(line.signature)):
        spoilt = bytearray(line.signature)
        spoilt[place] ^= 1
        other = type(line)(line.name, line.key_id, bytes(spoilt))
        assert code_of(cosigned_at, TEXT, other, FIRST.key) == "checkpoint.signature", place


def test_a_cosignature_is_no_log_signature_and_the_other_way_round() -> None:
    raw = FIRST.key.raw
    as_log = NoteKey(FIRST.name, LOG, raw)
    assert as_log.id != FIRST.key.id
    assert code_of(cosigned_at, TEXT, SOUND.note.signatures[1], as_log) == "checkpoint.signature"


BROKEN: dict[str, Callable[[str], str]] = {
    "no line feed at the end": lambda whole: whole[:-1],
    "a carriage return": lambda whole: whole.replace("\n", "\r\n", 1),
    "a tab in the text": lambda whole: whole.replace("block ", "block\t"),
    "another format": lambda whole: whole.replace("@v1", "@v2"),
    "an extra line": lambda whole: whole.replace("index", "extra AAAA\nindex"),
    "another index than the last": lambda whole: whole.replace("index 4", "index 3"),
    "an index with a leading zero": lambda whole: whole.replace("index 4", "index 04"),
    "no index": lambda whole: whole.replace("index 4\n", ""),
    "a size with a leading zero": lambda whole: whole.replace("\n5\n", "\n05\n"),
    "a size with a plus": lambda whole: whole.replace("\n5\n", "\n+5\n"),
    "a size in other digits": lambda whole: whole.replace("\n5\n", "\n٥\n"),
    "no entry at all": lambda whole: whole.replace("\n5\n", "\n0\n").replace("index 4", "index 0"),
    "more entries than a log has": lambda whole: whole.replace("\n5\n", f"\n{(1 << 22) + 1}\n"),
    "a root in base64url": lambda whole: whole.replace(ROOT, ROOT.replace("+", "-").replace("/", "_") + "-"),
    "a root without padding": lambda whole: whole.replace(ROOT, ROOT.rstrip("=")),
    "a root whose last bits are set": lambda whole: whole.replace(ROOT, ROOT[:-2] + chr(ord(ROOT[-2]) + 1) + "="),
    "a root of 31 bytes": lambda whole: whole.replace(ROOT, b64encode(bytes(31)).decode()),
    "a number with a leading zero": lambda whole: whole.replace("block 50 ", "block 050 "),
    "a number that does not fit": lambda whole: whole.replace("block 50 ", f"block {1 << 64} "),
    "a hash in capitals": lambda whole: whole.replace(HASH, HASH.upper()),
    "a hash with 0x": lambda whole: whole.replace(HASH, "0x" + HASH),
    "a hash of 31 bytes": lambda whole: whole.replace(HASH, HASH[2:]),
    "two blanks": lambda whole: whole.replace("block ", "block  "),
    "a further line in the text": lambda whole: whole.replace(f"{BLOCK}\n", f"{BLOCK}\nand more\n"),
    "no block": lambda whole: whole.replace(f"{BLOCK}\n", ""),
    "no origin": lambda whole: whole.replace(ORIGIN, ""),
    "no signature": lambda whole: whole[: whole.index("\u2014")],
    "a hyphen for the dash": lambda whole: whole.replace("\u2014", "-"),
    "a name with a plus": lambda whole: whole.replace(f"\u2014 {FIRST.name}", "\u2014 wit+ness"),
    "a name with a no-break space": lambda whole: whole.replace(f"\u2014 {FIRST.name}", "\u2014 wit\u00a0ness"),
    "a signature of four bytes": lambda whole: whole.replace(
        str(SOUND.note.signatures[1]), f"\u2014 {FIRST.name} {b64encode(bytes(4)).decode()}\n"
    ),
    "a hundred and one signatures": lambda whole: whole + str(SOUND.note.signatures[1]) * 98,
    "a note that is too long": lambda whole: whole + f"\u2014 {'n' * 200} {b64encode(bytes(98_000)).decode()}\n",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_text_in_another_form_is_refused(broken: Callable[[str], str]) -> None:
    changed = broken(WHOLE)
    assert changed != WHOLE
    assert code_of(OpenedCheckpoint.parse, changed.encode()) == "checkpoint.malformed"


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    assert code_of(Note.parse, b"\xff" + SOUND.note.to_bytes()) == "checkpoint.malformed"


@settings(max_examples=tries(300), deadline=None)
@given(st.integers(0, len(WHOLE.encode()) - 1), st.integers(1, 255))
def test_a_changed_byte_is_never_taken_for_a_quorum_and_no_reader_fails_otherwise(place: int, change: int) -> None:
    from jikin.anchoring.checkpoints_policy import accept

    changed = bytearray(WHOLE.encode())
    changed[place] ^= change
    two_needed = policy((FIRST, SECOND), quorum=2)
    accept(SOUND, two_needed, NOW)
    log_line = str(SOUND.note.signatures[0]).encode()
    begin = WHOLE.encode().index(log_line)
    try:
        accepted = accept(OpenedCheckpoint.parse(bytes(changed)), two_needed, NOW)
    except CheckpointError:
        return
    # The log's own line is nobody's whom the policy knows; everything else is covered.
    assert begin <= place < begin + len(log_line)
    assert accepted.checkpoint == SOUND.checkpoint


KEYS = {
    "without an id": f"{FIRST.name}+{b64encode(b'key').decode()}",
    "with another id": str(FIRST.key).replace(FIRST.key.id.hex(), "00000000"),
    "with an id in capitals": str(FIRST.key).replace(FIRST.key.id.hex(), FIRST.key.id.hex().upper()),
    "of another type": f"{FIRST.name}+00000000+{b64encode(bytes([6]) + FIRST.key.raw).decode()}",
    "of 31 bytes": f"{FIRST.name}+00000000+{b64encode(bytes([4]) + FIRST.key.raw[1:]).decode()}",
    "of no byte": f"{FIRST.name}+00000000+",
    "without a name": str(FIRST.key).removeprefix(FIRST.name),
}


@pytest.mark.parametrize("text", KEYS.values(), ids=KEYS)
def test_a_verifier_key_in_another_form_is_refused(text: str) -> None:
    assert NoteKey.parse(str(FIRST.key)) == FIRST.key
    assert code_of(NoteKey.parse, text) == "checkpoint.malformed"


def test_only_ed25519_keys_sign_notes() -> None:
    assert code_of(cosign, TEXT, "name", P256Signer.generate(), NOW) == "checkpoint.malformed"


# -------------------------------------------------------------------------------------------------------- the log


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 64, 65, 100])
def test_a_tree_that_grew_is_the_tree_that_was_built_at_once(size: int) -> None:
    leaves = [Digest(sha256(b"%d" % number).digest()) for number in range(size + 13)]
    grown = GrowingTree()
    for leaf in leaves:
        root = grown.next_root(leaf)
        grown.append(leaf)
        assert grown.root() == root
    built = merkle.Tree(leaves[:size])
    assert grown.root(size) == built.root
    for index in range(size):
        assert grown.path(index, size) == built.path(index)
    for first in range(1, size + 1):
        proof = grown.consistency(first, size)
        assert proof == consistency.prove(built, first)
        consistency.check(first, grown.root(first), size, grown.root(size), proof)


def test_a_size_that_the_log_does_not_have_yet_is_refused() -> None:
    assert code_of(log(5).checkpoint, 6) == "checkpoint.size"
    assert code_of(BlockLog(PINS).checkpoint) == "anchor.tree-size"


def test_no_number_stands_in_a_log_twice() -> None:
    blocks = log(5)
    for number in (50, 49, 1):
        assert code_of(blocks.append, block(number, "another history ")) == "checkpoint.order"
    assert code_of(blocks.append, Block(60, block(60).hash, block(50).time - 1)) == "checkpoint.order"
    assert len(blocks) == 5
    following = blocks.following(block(51))
    assert len(blocks) == 5
    blocks.append(block(51))
    assert blocks.checkpoint() == following
    assert blocks.checkpoint() == Checkpoint(blocks.origin, 6, blocks.checkpoint().root, block(51))


if __name__ == "__main__":
    made = {case: specified(*arguments) for case, arguments in CASES.items()}
    FILE.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", "utf-8")
