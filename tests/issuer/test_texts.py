"""What the commands say: both languages have the same texts with the same places to fill in."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import issuer
from issuer.reasons import reasons
from issuer.texts import Words, catalogue
from jikin.status.array import State

COMMANDS = Path(issuer.__file__).parent / "commands"


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_stands_in_both_languages_with_the_same_places() -> None:
    korean, english = catalogue("ko"), catalogue("en")
    assert {key for key in korean if not key.startswith("error.")} == set(english)
    assert {key: places(korean[key]) for key in english} == {key: places(text) for key, text in english.items()}


def test_every_text_that_a_command_names_exists_and_every_text_is_used() -> None:
    named: set[str] = set()
    for path in (*COMMANDS.glob("*.py"), COMMANDS.parent / "failures.py", COMMANDS.parent / "telling.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value)
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                named.add(f"{node.values[0].value}*")
    prefixes = tuple(name[:-1] for name in named if name.endswith(".*"))
    known = set(catalogue("en"))
    assert {key for key in known if key not in named and not key.startswith(prefixes)} == set()


def test_an_error_is_told_by_its_narrowest_known_code() -> None:
    words = Words("ko")
    assert words.error("registry.mismatch.genesis") == words.error("registry.mismatch")
    assert words.error("approval.same-officer") != words.error("approval.kind")
    assert words.error("something.else") is None
    assert Words("en").error("registry.mismatch") is None  # the errors speak English themselves


def test_every_reason_has_words_in_both_languages_and_leads_somewhere() -> None:
    for reason in reasons().values():
        assert reason.states
        assert reason.text.ko
        assert reason.text.en
        assert len(reason.code.encode()) <= 45
    led = set().union(*(reason.states for reason in reasons().values()))
    assert led == {State.VALID, State.REVOKED, State.SUSPENDED, State.REPLACED}
