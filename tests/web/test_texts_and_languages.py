"""Texts, languages, days: what is said in both languages, and which of them a request reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from jikin.errors import SettingsError
from jikin.web.languages import accepted_language, day, moment
from jikin.web.texts import COMMON, LANGUAGES, Texts, read_texts
from tests.page_texts import assert_same_texts, assert_texts_used, assert_voice
from tests.web import gallery

TEMPLATES = Path(__file__).resolve().parents[2] / "jikin" / "web" / "templates"
TEXTS = Texts.load(COMMON)


def test_the_common_texts_are_the_same_in_both_languages() -> None:
    assert_same_texts(COMMON)


def test_every_common_text_is_used_and_every_used_text_is_there() -> None:
    # Templates put these together from a kind, a status or a service.
    together = ("service.", "kind.", "pill.", "finding.", "steps.", "error.")
    assert_texts_used(COMMON, TEMPLATES.glob("*.html"), together=together)


def test_public_words_hold_to_the_voice() -> None:
    assert_voice(COMMON)


def test_a_text_of_the_service_stands_over_a_common_one(tmp_path: Path) -> None:
    for language in LANGUAGES:
        (tmp_path / f"{language}.toml").write_text('[service]\nwallet = "Mine"\n', "utf-8")
    texts = Texts.load(tmp_path)
    assert texts.say("ko", "service.wallet") == "Mine"
    assert texts.say("ko", "display.big") == "큰 글씨"


def test_a_korean_particle_fits_its_word() -> None:
    texts = Texts.load(Path(gallery.__file__).parent / "pages" / "texts")
    assert texts.say("ko", "by", issuer="한국산업인력공단") == "한국산업인력공단이 발급했습니다"
    assert texts.say("ko", "by", issuer="미르물류") == "미르물류가 발급했습니다"


def test_an_unknown_text_or_a_missing_value_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        TEXTS.say("ko", "no.such.text")
    with pytest.raises(KeyError):
        TEXTS.say("ko", "meter.of", done=1)


@pytest.mark.parametrize("content", ["a = 1", "not toml", "[a]\nb = ['x']"])
def test_a_file_that_holds_no_texts_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ko.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(SettingsError, match=r"ko\.toml") as caught:
        read_texts(file)
    assert caught.value.code == "settings.texts"


def test_a_day_is_said_in_seoul_and_never_breaks() -> None:
    assert day(1_781_222_640, "ko") == "2026년\u00a06월\u00a012일"
    assert day(1_781_222_640, "en") == "12\u00a0June\u00a02026"
    assert moment(1_781_222_640, "ko") == "2026년\u00a06월\u00a012일 09시\u00a004분"
    assert moment(1_781_222_640, "en") == "12\u00a0June\u00a02026, 09:04"
    assert day(1_781_222_640 - 10 * 3600, "en") == "11\u00a0June\u00a02026"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ko"),
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("en-GB,en;q=0.9,ko;q=0.8", "en"),
        ("fr,en;q=0.5,ko;q=0.7", "ko"),
        ("fr", "ko"),
        ("*", "ko"),
        ("en;q=0", "ko"),
        ("en;q=nan,ko;q=0.1", "ko"),
        ("EN-us", "en"),
        ("en;q=2,ko;q=0.1", "ko"),
    ],
)
def test_the_best_known_language_of_a_header_is_taken(header: str, language: str) -> None:
    assert accepted_language(header) == language


@given(st.text(max_size=600))
def test_any_header_names_one_of_our_languages(header: str) -> None:
    assert accepted_language(header) in LANGUAGES


def test_the_address_wins_over_the_cookie_and_the_cookie_over_the_header() -> None:
    client = TestClient(gallery.application()[0], base_url="http://localhost:8109")

    def language(path: str, header: str) -> str:
        found = re.search(r'<html lang="(\w+)"', client.get(path, headers={"accept-language": header}).text)
        assert found
        return found[1]

    assert language("/holder", "en") == "en"
    assert language("/holder?lang=ko", "en") == "ko"
    assert language("/holder", "en") == "ko"
    assert language("/holder?lang=xx", "en") == "ko"
    assert language("/holder?lang=en", "ko") == "en"
    assert language("/holder", "ko") == "en"


def test_the_other_language_is_one_link_away_and_keeps_the_query() -> None:
    client = TestClient(gallery.application()[0], base_url="http://localhost:8109")
    page = client.get("/holder?a=1&b=%26&lang=ko").text
    assert 'href="/holder?a=1&amp;b=%26&amp;lang=en" lang="en" hreflang="en"' in page
