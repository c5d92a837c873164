"""One line of an answer, whoever writes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One check: its outcome (passed, failed, unknown, note), what was looked at, the outcome in a word, a sentence."""

    outcome: str
    title: str
    word: str
    sentence: str
    code: str
