"""Texts that people see: hidden characters, Korean particles, dates in words."""

from __future__ import annotations

import unicodedata
from datetime import date

# Cc controls, Cf format (bidirectional overrides, zero-width, soft hyphen), Co private, Cs surrogates, Cn unassigned,
# Zl/Zp line ends. A name that hides one of them prints like another name and compares as a different one.
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
# Assigned as letters, yet drawn as nothing.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u17b4\u17b5\u2800")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def invisible_characters(text: str) -> tuple[str, ...]:
    """Return the characters of *text* that cannot be seen, as ``U+200B``, each once, in order of appearance."""
    hidden = (c for c in text if c in _FILLERS or unicodedata.category(c) in _HIDDEN)
    return tuple(dict.fromkeys(f"U+{ord(character):04X}" for character in hidden))


def visible(text: str, limit: int = 40) -> str:
    """Return *text* for a sentence: hidden characters as ``U+200B``, cut after *limit* characters."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(f"<U+{ord(c):04X}>" if invisible_characters(c) else c for c in cut)


def with_particle(word: str, after_consonant: str, after_vowel: str) -> str:
    """Return *word* with the Korean particle that its last syllable asks for: 성명 + 이/가 → 성명이."""
    last = word.rstrip("'\")]”’ ")[-1:]
    if "가" <= last <= "힣":
        return word + (after_consonant if (ord(last) - ord("가")) % 28 else after_vowel)
    # Read aloud in Korean, these letters and digits end in a consonant.
    return word + (after_consonant if last.lower() in tuple("lmnr013678") else after_vowel)


def date_in_words(day: date, language: str) -> str:
    """Return *day* as ``2026년 6월 12일`` or ``12 June 2026``; the blanks inside never break (U+00A0)."""
    if language == "ko":
        return f"{day.year}년\u00a0{day.month}월\u00a0{day.day}일"
    return f"{day.day}\u00a0{_MONTHS[day.month - 1]}\u00a0{day.year}"
