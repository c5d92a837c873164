"""The page of threats claims nothing that no test shows: every rule has its row, every row a test or an open word."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
RULES = {1: 6, 2: 6, 3: 6, 4: 6, 5: 4, 6: 4}  # how many each section of the rules has
TEST = re.compile(r"`(tests/[^`\s]+?)::(\w+)`")
DEFINED = {
    ".py": re.compile(r"^ *(?:async )?def (test_\w+)\(", re.MULTILINE),
    ".sol": re.compile(r"^ *function ((?:test|testFuzz|invariant)_\w+)\(", re.MULTILINE),
}
ACTORS = frozenset(
    {
        "outsider",
        "holder",
        "verifier",
        "officer",
        "database administrator",
        "host root",
        "thief",
        "rpc operator",
        "chain operator",
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of the page."""

    number: str
    promise: str
    attack: str
    shown: str

    @property
    def tests(self) -> tuple[tuple[str, str], ...]:
        return tuple(TEST.findall(self.shown))

    @property
    def actors(self) -> frozenset[str]:
        named = (text.lower() for text in re.findall(r"\*\*([^*]+)\*\*", self.attack))
        # "thief of a signing key" is a thief, "verifiers" together are each a verifier
        return frozenset(actor for text in named for actor in ACTORS if re.match(rf"{actor}s?\b", text))


ROWS = [
    Row(*(cell.strip() for cell in line.strip("|").split("|")))
    for line in PAGE.splitlines()
    if re.match(r"\| \d\.\d \|", line)
]


@cache
def defined_in(file: str) -> frozenset[str]:
    path = ROOT / file
    return frozenset(DEFINED[path.suffix].findall(path.read_text("utf-8"))) if path.is_file() else frozenset()


def test_every_rule_has_one_row_in_its_order() -> None:
    numbers = [row.number for row in ROWS]
    wanted = [f"{section}.{rule}" for section, rules in RULES.items() for rule in range(1, rules + 1)]
    assert [number for number in numbers if not number.startswith("7.")] == wanted
    assert Counter(numbers).most_common(1)[0][1] == 1


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_every_test_that_a_row_names_is_there(row: Row) -> None:
    assert [f"{file}::{name}" for file, name in row.tests if name not in defined_in(file)] == []
    assert len(set(row.tests)) == len(row.tests) == row.shown.count("::")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_a_row_names_who_tries_and_what_shows_it_or_says_that_nothing_does_yet(row: Row) -> None:
    assert row.actors
    assert bool(row.tests) is not row.shown.startswith("**Not yet**")


def test_every_actor_tries_something() -> None:
    assert {actor for row in ROWS for actor in row.actors} == ACTORS


def test_what_is_open_is_what_is_known_to_be_open() -> None:
    """A rule that gets its first test, or loses its last one, is told here."""
    assert [row.number for row in ROWS if not row.tests] == ["4.4", "4.5", "4.6", "6.2", "6.4"]
