"""One sentence per code and language: what happened, why, what to do next. The texts are the JSON files beside this.

A text has variants; the first whose placeholders are all given is taken. A number among the facts is an instant and
is written as a date; ``{issuer:이/가}`` puts the Korean particle that fits the word before it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache
from importlib.resources import files
from string import Formatter

import schemas

LANGUAGES = ("ko", "en")
SEOUL: tzinfo = timezone(timedelta(hours=9), "KST")  # no summer time since 1988
_EARLIEST, _LATEST = -62_135_596_800 + 86_400, 253_402_300_799 - 86_400  # a day within the years 1 and 9999
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_FIRST_SYLLABLE, _LAST_SYLLABLE, _FINALS = 0xAC00, 0xD7A3, 28
_SOUNDS_CLOSED = frozenset("013678LMNRlmnr")  # digits and letters whose Korean name ends in a consonant


class Noun(str):
    """A word that knows its particle: ``f"{noun:은/는}"`` takes the first after a final consonant, else the second."""

    __slots__ = ()

    def __format__(self, particles: str) -> str:
        closed, slash, open_ = particles.partition("/")
        if not slash:
            return str(self)
        last = self[-1:]
        if last and _FIRST_SYLLABLE <= ord(last) <= _LAST_SYLLABLE:
            return str(self) + (closed if (ord(last) - _FIRST_SYLLABLE) % _FINALS else open_)
        return str(self) + (closed if last in _SOUNDS_CLOSED and last else open_)


def language_of(language: str) -> str:
    """Return the known language for *language*: Korean for "ko", English for every other."""
    return language if language in LANGUAGES else "en"


def local_time(instant: int, zone: tzinfo = SEOUL) -> datetime:
    """Return *instant* (Unix second) in *zone*; within a day of the calendar's ends, that day.

    A credential may be valid until the last second of the year 9999, which is already the year 10000 in Seoul.
    """
    return datetime.fromtimestamp(min(max(instant, _EARLIEST), _LATEST), zone)


def date_text(instant: int, language: str, zone: tzinfo = SEOUL) -> str:
    """Return the day of *instant* (Unix second) in *zone*: ``2026년 9월 3일`` or ``3 September 2026``."""
    day = local_time(instant, zone)
    if language == "ko":
        return f"{day.year}년 {day.month}월 {day.day}일"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


@cache
def catalogue(language: str) -> Mapping[str, tuple[str, ...]]:
    """Return all texts of *language* ("ko" or "en"): code → variants."""
    data = files(__name__).joinpath(f"{language}.json").read_bytes()
    return {code: tuple(variants) for code, variants in json.loads(data).items()}


def placeholders(text: str) -> frozenset[str]:
    """Return the names of the placeholders in *text*."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def sentence(code: str, facts: Mapping[str, int | str], language: str, zone: tzinfo = SEOUL) -> str:
    """Return the sentence for *code* in *language*, its placeholders filled from *facts*.

    Raises KeyError for a code without text and ValueError where facts are missing for every variant: the table of
    findings and the texts are held against each other by tests.
    """
    for variant in catalogue(language)[code]:
        if placeholders(variant) <= set(facts):
            return variant.format_map({name: _shown(name, value, language, zone) for name, value in facts.items()})
    raise ValueError(f"no variant of the text {code!r} fits the facts {', '.join(facts) or 'none'}")


def reason_text(reason: str, language: str) -> str:
    """Return the words for a *reason* code of ``schemas/status/reasons.json``; any other text as it stands."""
    words = _reasons().get(reason)
    return reason if words is None else words[language]


@cache
def _reasons() -> Mapping[str, Mapping[str, str]]:
    entries = json.loads(schemas.read("status/reasons.json"))
    return {code: {language: entry[language] for language in LANGUAGES} for code, entry in entries.items()}


def _shown(name: str, value: int | str, language: str, zone: tzinfo) -> str:
    if isinstance(value, int):
        return date_text(value, language, zone)
    return reason_text(value, language) if name == "reason" else Noun(value)
