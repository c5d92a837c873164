"""Every code speaks both languages, in the voice of the style book, and no placeholder is left over."""

import re

import pytest

from jikin.verification.findings import FINDINGS, Code
from jikin.verification.report import Outcome
from jikin.verification.texts import LANGUAGES, Noun, catalogue, date_text, placeholders, sentence

VERDICTS = {
    "verdict.passed",
    "verdict.number",
    "verdict.passed-then",
    "verdict.signature-only",
    "verdict.nothing-judged",
}
SAMPLE = 1_788_400_000  # 3 September 2026 in Seoul


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_text_and_there_is_no_other_text(language: str) -> None:
    assert set(catalogue(language)) == {code.value for code in Code} | VERDICTS


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", Code)
def test_placeholders_are_those_the_finding_carries(code: Code, language: str) -> None:
    rule = FINDINGS[code]
    *others, last = catalogue(language)[code]
    assert placeholders(last) <= set(rule.facts)
    for text in others:
        assert placeholders(text) <= {*rule.facts, *rule.perhaps, "issuer"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", Code)
def test_no_placeholder_is_left_over(code: Code, language: str) -> None:
    rule = FINDINGS[code]
    bare: dict[str, int | str] = {fact: "부정행위" if fact == "reason" else SAMPLE for fact in rule.facts}
    full = {**bare, **dict.fromkeys(rule.perhaps, SAMPLE), "issuer": "한빛직업능력원"}
    for facts in (bare, full):
        text = sentence(code, facts, language)
        assert not re.search(r"[{}]|None|\d{10}", text)
        assert text == text.strip()
        assert text


def test_the_voice_is_that_of_the_style_book() -> None:
    for texts in catalogue("ko").values():
        for text in texts:
            assert not re.search(r"해주시기 바랍니다|에러|해시|트랜잭션|DID|노드|!", text), text
            assert re.search(r"(다|요)\.$|: \{reason\}$", text), text
            assert not re.search(r"(세|해|돼|어|아)요\.? .*니다\.$", text), text  # facts first, requests last
    for texts in catalogue("en").values():
        for text in texts:
            assert not re.search(r"Oops|!|\b[Ee]rror\b|\bhash|transaction|\bDID\b", text), text
            assert re.search(r"\.$|: \{reason\}$", text), text


def test_what_is_unknown_is_nowhere_called_forged_or_genuine() -> None:
    for code, rule in FINDINGS.items():
        if rule.outcome is Outcome.UNKNOWN:
            for text in (*catalogue("ko")[code], *catalogue("en")[code]):
                assert not re.search(r"진본이 아닙니다|^진본입니다|Not genuine|^Genuine", text), text


STYLE_BOOK = {
    ("proof.mismatch", "ko"): "진본이 아닙니다. 발급한 뒤에 내용이 바뀌었습니다. 원본 파일을 다시 받아 확인해 보세요.",
    (
        "proof.mismatch",
        "en",
    ): "Not genuine. It was changed after it was issued. Ask for the original file and check again.",
    ("status.revoked", "ko"): (
        "취소된 증명서입니다. 2026년 9월 3일부터 효력이 없습니다. 본인에게 새 증명서가 있는지 물어보세요."
    ),
    ("status.revoked", "en"): "Revoked. No effect since 3 September 2026. Ask the holder for a newer one.",
    ("status.suspended", "ko"): "효력이 정지된 증명서입니다. 2026년 9월 3일부터이며, 나중에 풀릴 수 있습니다.",
    ("status.suspended", "en"): "Suspended since 3 September 2026. This may be lifted later.",
    ("status.replaced", "ko"): "새 증명서로 바뀌었습니다. 고친 증명서를 보여 달라고 하세요.",
    ("status.replaced", "en"): "Replaced by a corrected certificate. Ask to see the new one.",
    ("time.expired", "ko"): "기간이 지났습니다. 2026년 9월 3일까지 유효했습니다.",
    ("time.expired", "en"): "Past its date. It was valid until 3 September 2026.",
    ("chain.unreachable", "ko"): (
        "확인할 수 없습니다. 지금 취소 여부를 알 수 없으며, 위조라는 뜻은 아닙니다. 1~2분 뒤에 다시 확인해 보세요."
    ),
    ("chain.unreachable", "en"): (
        "Cannot tell. We cannot see right now whether it was revoked. This does not mean forged. "
        "Try again in a minute or two."
    ),
    ("verdict.passed", "ko"): "진본입니다. 한국산업인력공단이 2026년 9월 3일에 발급했고, 지금도 유효합니다.",
    ("verdict.passed", "en"): "Genuine. Issued by 한국산업인력공단 on 3 September 2026 and valid today.",
    ("verdict.signature-only", "ko"): "서명은 진짜입니다. 취소 여부는 연결되면 확인합니다.",
    ("verdict.signature-only", "en"): "The signature is genuine. Revocation will be checked when you are online.",
}


@pytest.mark.parametrize(("place", "expected"), STYLE_BOOK.items(), ids=[" ".join(place) for place in STYLE_BOOK])
def test_the_sentences_of_the_style_book_are_said_word_for_word(place: tuple[str, str], expected: str) -> None:
    code, language = place
    facts = dict.fromkeys(("effective", "recorded", "until", "issued"), SAMPLE)
    assert sentence(code, {**facts, "issuer": "한국산업인력공단"}, language) == expected


def test_dates_are_those_of_seoul() -> None:
    midnight = 1_788_361_200  # 2026-09-02T15:00:00Z
    assert date_text(midnight, "ko") == "2026년 9월 3일"
    assert date_text(midnight - 1, "ko") == "2026년 9월 2일"
    assert date_text(midnight, "en") == "3 September 2026"


PARTICLES = {
    "한국산업인력공단": "한국산업인력공단이",
    "서울대학교": "서울대학교가",
    "HRDK": "HRDK가",
    "기관 1": "기관 1이",
    "기관 2": "기관 2가",
    "INSTITUTE OF SEOUL": "INSTITUTE OF SEOUL이",
}


@pytest.mark.parametrize(("noun", "expected"), PARTICLES.items())
def test_a_name_takes_the_particle_that_fits(noun: str, expected: str) -> None:
    assert f"{Noun(noun):이/가}" == expected


def test_a_reason_code_is_said_in_words_and_any_other_reason_as_it_stands() -> None:
    said = {language: sentence("status.reason", {"reason": "issued-in-error"}, language) for language in LANGUAGES}
    assert said == {
        "ko": "발급 기관이 적은 사유: 잘못 발급되었습니다",
        "en": "The issuer's reason: It was issued in error",
    }
    assert sentence("status.reason", {"reason": "issued to the wrong person"}, "ko").endswith(
        "issued to the wrong person"
    )


def test_a_missing_fact_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="no variant"):
        sentence("time.expired", {}, "ko")
    with pytest.raises(KeyError):
        sentence("time.forgotten", {}, "ko")
