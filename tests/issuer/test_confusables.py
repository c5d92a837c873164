"""Names that look alike have a skeleton in common (UTS 39); names that merely resemble each other have not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.confusables import alike, skeletons

ALIKE = {
    "itself": ("한국산업인력공단", "한국산업인력공단"),
    "blanks": ("한국산업인력공단", "한국 산업 인력 공단"),
    "single letters of Hangul": ("한국", "ㅎㅏㄴ국"),
    "half-width Hangul": ("한국", "\uffbe\uffc2\uffa4국"),
    "Cyrillic": ("KOSHA", "КОSНА"),
    "Greek": ("KOREA", "ΚΟRΕΑ"),
    "full width": ("Korea", "Ｋｏｒｅａ"),
    "bold of mathematics": ("Korea", "𝐊𝐨𝐫𝐞𝐚"),
    "rn and m": ("modern", "rnodern"),
    "capital I and l": ("paypal", "paypaI"),
    "zero and O": ("Korea 0", "Korea O"),
    "other dots and dashes": ("HRD-K", "HRD·K"),
    "hidden characters": ("Korea", "Ko\u00adrea"),
    "a Chinese and a Korean stroke": ("기관", "기관".replace("기", unicodedata.normalize("NFC", "ᄀ丨"))),
    "Katakana and Hanja": ("工단", "エ단"),
    "case": ("Korea", "KOREA"),
    "in brackets": ("한국공단", "(한국공단)"),
}


@pytest.mark.parametrize(("one", "other"), ALIKE.values(), ids=ALIKE.keys())
def test_a_name_that_looks_like_another_is_found(one: str, other: str) -> None:
    assert alike(one, ["Nobody", other]) == other
    assert alike(other, [one]) == one


DIFFERENT = {
    "one syllable": ("한국산업인력공단", "한국산업안전공단"),
    "one letter": ("Sample Agency", "Simple Agency"),
    "a word more": ("한국공단", "한국공단 서울"),
    "another order": ("Agency of Korea", "Korea Agency of"),
    "nothing but signs": ("--", "··"),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_a_name_that_merely_resembles_another_is_not(one: str, other: str) -> None:
    assert alike(one, [other]) is None


@given(st.text(max_size=30))
def test_every_text_has_skeletons_and_looks_like_itself_unless_it_shows_nothing(text: str) -> None:
    found = skeletons(text)
    assert (alike(text, [text]) is not None) is bool(found)


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=12))
def test_korean_names_are_alike_in_whatever_form_they_are_written(name: str) -> None:
    assert alike(unicodedata.normalize("NFD", name), [name]) == name
