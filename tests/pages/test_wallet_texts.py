"""The wallet's texts: the same in both languages, each used, none missing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from jikin.verification.findings import Question
from jikin.web.texts import COMMON, Texts, read_texts
from wallet.activity import ACTS
from wallet.http.shown import FAMILIES, OTHER
from wallet.values import Standing, Trust

WALLET = Path(__file__).parents[2] / "wallet"
TEXTS = Texts.load(WALLET / "texts")
SAID = re.compile(r"""\bt\(\s*["']([^"']+)["']\s*[,)]""")
# Keys that are put together from a word: the beginning, and every word.
BUILT = {
    f"{beginning}{word}"
    for beginning, words in {
        "family.": (*FAMILIES, OTHER),
        "changed.": Standing,
        "why.": (Standing.WAITING, Standing.REPLACED),
        "next.": set(Standing) - {Standing.PASSED, Standing.UNKNOWN},
        "consent.warn-": set(Standing) - {Standing.PASSED},
        "consent.": Trust,
        "question.": Question,
        "activity.": (*ACTS, "other"),
    }.items()
    for word in words
}


def _own(language: str) -> set[str]:
    return set(read_texts(WALLET / "texts" / f"{language}.toml"))


def _used() -> set[str]:
    found = set(BUILT)
    for template in (WALLET / "pages").glob("*.html"):
        found |= set(SAID.findall(template.read_text("utf-8")))
    for module in (WALLET / "http").glob("*.py"):
        tree = ast.parse(module.read_text("utf-8"))
        found |= {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    return found


def test_both_languages_say_the_same_things() -> None:
    assert _own("ko") == _own("en")


def test_both_languages_want_the_same_filled_in() -> None:
    differing = [key for key in _own("ko") if TEXTS.placeholders("ko", key) != TEXTS.placeholders("en", key)]
    assert differing == []


def test_no_text_is_unused() -> None:
    common = set(read_texts(COMMON / "ko.toml"))  # another wording of a common text is used by the common parts
    assert _own("ko") - _used() - common == set()


def test_no_text_is_missing() -> None:
    named = {key for template in (WALLET / "pages").glob("*.html") for key in SAID.findall(template.read_text("utf-8"))}
    assert (named | BUILT) - TEXTS.keys("ko") == set()


def test_public_words_are_used_and_no_jargon() -> None:
    for key in _own("ko"):
        text = TEXTS.words["ko"][key]
        assert not re.search("에러|해시|트랜잭션|DID|해주시기 바랍니다|!", text), (key, text)
