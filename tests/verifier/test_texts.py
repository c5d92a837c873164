"""The words of the verifier's pages."""

from __future__ import annotations

from pathlib import Path

import verifier
from tests.page_texts import assert_same_texts, assert_texts_used, assert_voice

HERE = Path(verifier.__file__).parent
# Put together while a page is made: by kind of verdict, by code, by field.
TOGETHER = ("verdict.", "why.", "next.", "check.", "word.", "fault.", "nav.", "facts.", "imported.")


def test_both_languages_say_the_same() -> None:
    assert_same_texts(HERE / "texts")


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    sources = [*HERE.rglob("*.py"), *(HERE / "pages").glob("*.html")]
    assert_texts_used(HERE / "texts", sources, together=TOGETHER)


def test_the_voice_is_that_of_a_public_office() -> None:
    assert_voice(HERE / "texts")
