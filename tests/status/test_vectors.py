"""Line 6 of the statements: the shared vectors, which were made by other code than ours and which others read too."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jikin.status.array import State, StatusArray
from jikin.status.notes import note_key
from jikin.status.root import array_root, chunk_leaf, key_hash, list_context, note_leaf, notes_root, status_root
from jikin.values import Digest, ListId

VECTORS: dict[str, Any] = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "statements.json").read_text())


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def digest(text: str) -> Digest:
    return Digest.from_hex(text)


def list_of(entries: int, states: list[list[int]]) -> StatusArray:
    return StatusArray.all_valid(entries).with_states({index: State(state) for index, state in states})


STATEMENTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "listContext": lambda v: list_context(digest(v["context"]), ListId.from_hex(v["listId"]), v["entries"]).hex(),
    "chunk": lambda v: "0x" + list_of(1 << 17, v["states"]).raw[:64].hex(),
    "chunkLeaf": lambda v: chunk_leaf(digest(v["listContext"]), v["chunk"], raw(v["bytes"])).hex(),
    "arrayRoot": lambda v: array_root(digest(v["listContext"]), list_of(v["entries"], v["states"])).hex(),
    "noteKey": lambda v: "0x" + note_key(raw(v["salt"]), digest(v["listContext"]), v["index"], v["epoch"]).hex(),
    "noteLeaf": lambda v: note_leaf(
        digest(v["listContext"]), v["index"], v["epoch"], key_hash(raw(v["key"])), raw(v["ciphertext"])
    ).hex(),
    "notesRoot": lambda v: notes_root([digest(leaf) for leaf in v["leaves"]]).hex(),
    "statusRoot": lambda v: status_root(
        digest(v["listContext"]), v["epoch"], digest(v["arrayRoot"]), digest(v["notesRoot"]), v["noteCount"]
    ).hex(),
}
POSITIVE = {name: VECTORS[name]["positive"] for name in STATEMENTS}
MUTATED = {f"{name}: {field}": (name, case) for name in STATEMENTS for field, case in VECTORS[name]["mutated"].items()}


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_vector_comes_out(name: str) -> None:
    assert STATEMENTS[name](POSITIVE[name]["input"]) == POSITIVE[name]["output"]


@pytest.mark.parametrize(("name", "case"), MUTATED.values(), ids=MUTATED.keys())
def test_a_vector_changed_in_one_place_comes_out_otherwise(name: str, case: dict[str, Any]) -> None:
    assert STATEMENTS[name](case["input"]) == case["output"]
    assert case["output"] != POSITIVE[name]["output"]


def test_every_statement_of_line_6_is_read_here() -> None:
    assert {name for name, vector in VECTORS.items() if vector["line"] == 6} == set(STATEMENTS)
    assert len(MUTATED) > 25
