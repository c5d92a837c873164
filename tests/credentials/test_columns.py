"""Rows of a result list: read as an office writes them, and every fault told with column, value and remedy."""

from __future__ import annotations

import json
import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import schemas
from jikin.credentials import columns
from jikin.credentials.columns import RecordFault
from jikin.errors import CredentialError
from tests.credential_samples import MACHINE, QUALIFICATION, TODAY, TYPES, record

TYPE_IDS = [kind.id for kind in TYPES]


def fault(**changes: str) -> RecordFault:
    """Return the only fault of the sample row with *changes*."""
    found = QUALIFICATION.check_record(record(QUALIFICATION, **changes), today=TODAY)
    assert len(found) == 1, [one.code for one in found]
    return found[0]


@pytest.mark.parametrize("kind", TYPES, ids=TYPE_IDS)
def test_the_sample_row_of_each_type_can_be_issued_in_both_languages(kind: Any) -> None:
    assert kind.check_record(record(kind), today=TODAY) == ()
    english = {key: column.sample.en for key, column in kind.columns.items()}
    assert kind.check_record(english, today=TODAY) == ()


@pytest.mark.parametrize("kind", TYPES, ids=TYPE_IDS)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_headers_of_either_language_name_all_columns(kind: Any, language: str) -> None:
    match = kind.match_header([column.header.in_language(language) for column in kind.columns.values()])
    assert match.keys == tuple(kind.columns)
    assert match.faults == match.ignored == ()


def test_headers_are_forgiven_their_case_blanks_remarks_and_byte_order_mark() -> None:
    cells = [
        "\ufeff수험 번호",
        "성명*",
        "ENGLISH_NAME",
        "생년월일(YYYY-MM-DD)",
        "qualification_code",
        "합격일자 ",
        "비고",
        "",
    ]
    match = QUALIFICATION.match_header(cells)
    expected = ("exam_number", "name_ko", "name_en", "birth_date", "qualification_code", "passed_on", None, None)
    assert match.keys == expected
    assert match.ignored == ("비고",)
    assert match.faults == ()


def test_a_missing_and_a_doubled_column_are_named() -> None:
    match = QUALIFICATION.match_header(["수험번호", "성명", "이름", "생년월일", "합격일자"])
    assert [(one.column, one.code) for one in match.faults] == [
        ("name_ko", "record.column-twice"),
        ("qualification_code", "record.column-missing"),
    ]
    assert match.faults[1].reason_ko == "‘종목코드’ 열이 없습니다."
    assert match.faults[0].reason_en == "The column “Korean name” is there more than once: 성명, 이름."


def test_brackets_that_belong_to_a_header_keep_two_columns_apart() -> None:
    assert MACHINE.match_header(["제조번호(시작)", "제조번호(끝)"]).keys == ("serial_from", "serial_to")


@pytest.mark.parametrize(
    "cell",
    [
        "2003-04-17",
        "2003년 4월 17일",
        "2003년04월17일",
        "2003.4.17",
        "2003. 4. 17.",
        "2003/04/17",
        "20030417",
        " ２００３-０４-１７ ",
        "2003-4-17",
    ],
)
def test_a_date_is_understood_however_an_office_writes_it(cell: str) -> None:
    header = QUALIFICATION.match_header(["생년월일"])
    assert QUALIFICATION.record(header, [cell])["birth_date"] == "2003-04-17"


def test_a_cell_is_tidied_and_a_short_row_has_empty_cells() -> None:
    header = QUALIFICATION.match_header(["성명", "영문성명", "종목코드"])
    read = QUALIFICATION.record(header, [unicodedata.normalize("NFD", "김하늘") + "\u3000", " Kim   Ha-neul "])
    assert (read["name_ko"], read["name_en"], read["qualification_code"]) == ("김하늘", "Kim Ha-neul", "")
    assert set(read) == set(QUALIFICATION.columns)


SENTENCES: dict[str, tuple[dict[str, str], str, str]] = {
    "a month that does not exist": (
        {"birth_date": "2003-13-02"},
        "생년월일이 2003-13-02입니다. 13월은 없으니 01~12로 고쳐 주세요.",
        "Birth date is 2003-13-02. There is no month 13; use 01–12.",
    ),
    "a day that February lacks": (
        {"birth_date": "2003-02-30"},
        "생년월일이 2003-02-30입니다. 2003년 2월은 28일까지이니 날짜를 고쳐 주세요.",
        "Birth date is 2003-02-30. Month 2 of 2003 has 28 days; correct the day.",
    ),
    "the day zero": (
        {"birth_date": "2004-02-00"},
        "생년월일이 2004-02-00입니다. 2004년 2월은 29일까지이니 날짜를 고쳐 주세요.",
        "Birth date is 2004-02-00. Month 2 of 2004 has 29 days; correct the day.",
    ),
    "the year zero": (
        {"birth_date": "0000-04-17"},
        "생년월일이 0000-04-17입니다. 0000년은 없으니 연도를 고쳐 주세요.",
        "Birth date is 0000-04-17. There is no year 0; correct it.",
    ),
    "words for a date": (
        {"birth_date": "작년"},
        "생년월일이 작년입니다. 2026-06-12처럼 적어 주세요.",
        "Birth date is 작년. Write it like 2026-06-12.",
    ),
    "nothing": (
        {"name_ko": ""},
        "성명이 비어 있습니다. 자격증에 찍힐 이름을 적어 주세요. 예: 김하늘",
        "Korean name is empty. Write the name as it shall be printed. For example 김하늘.",
    ),
    "a name with a digit": (
        {"name_ko": "이서준2"},
        "성명이 이서준2이고, 숫자(2)가 들어 있습니다. 이름에는 글자만 쓸 수 있어요. 예: 김하늘",
        "Korean name is 이서준2 and has digits in it (2). A name has letters only, for example 김하늘.",
    ),
    "a date in the future": (
        {"passed_on": "2026-06-13"},
        "합격일자가 2026-06-13입니다. 오늘(2026-06-12)보다 늦은 날짜는 쓸 수 없으니 고쳐 주세요.",
        "Date of passing is 2026-06-13. It cannot be later than today (2026-06-12).",
    ),
    "passed before being born": (
        {"passed_on": "2003-04-16"},
        "합격일자가 2003-04-16입니다. 생년월일(2003-04-17)보다 이른 날짜는 쓸 수 없으니 고쳐 주세요.",
        "Date of passing is 2003-04-16. It cannot be earlier than Birth date (2003-04-17).",
    ),
    "a name that belongs to another code": (
        {"qualification_name": "제과기능사"},
        "종목명이 제과기능사입니다. 종목코드 7875의 이름은 지게차운전기능사입니다. 둘 가운데 틀린 쪽을 고쳐 주세요.",
        (
            "Qualification is 제과기능사. Qualification code 7875 is called 지게차운전기능사. "
            "Correct whichever of the two is wrong."
        ),
    ),
    "a score beyond the scale": (
        {"score": "820"},
        "취득점수가 820입니다. 0에서 100 사이의 숫자로 적어 주세요.",
        "Score is 820. Use a number from 0 to 100.",
    ),
}


@pytest.mark.parametrize(("changes", "ko", "en"), SENTENCES.values(), ids=SENTENCES.keys())
def test_a_fault_names_column_value_and_remedy_in_both_languages(changes: dict[str, str], ko: str, en: str) -> None:
    found = fault(**changes)
    assert f"{found.reason_ko} {found.fix_ko}" == ko
    assert f"{found.reason_en} {found.fix_en}" == en
    assert found.column in changes
    assert found.found == changes[found.column]


CODES: dict[str, tuple[dict[str, str], str]] = {
    "a name too long": ({"name_ko": "가" * 41}, "record.too-long"),
    "a zero-width space": ({"name_ko": "김\u200b하늘"}, "record.hidden-character"),
    "a turned direction": ({"name_en": "Kim\u202eHa-neul"}, "record.hidden-character"),
    "a filler letter": ({"name_ko": "김\u3164하늘"}, "record.hidden-character"),
    "a line end": ({"exam_number": "26020417-0013\n"}, "record.hidden-character"),
    "a terminal escape": ({"exam_round": "\x1b[31m"}, "record.hidden-character"),
    "an unknown code": ({"qualification_code": "9999", "qualification_name": ""}, "record.unknown-code"),
    "small letters in a number": ({"exam_number": "abc-123"}, "record.malformed"),
    "Hangul for a Latin name": ({"name_en": "김하늘"}, "record.malformed"),
    "a formula for a name": ({"name_ko": "=HYPERLINK(1)"}, "record.not-a-name"),
    "a score in words": ({"score": "백점"}, "record.out-of-range"),
    "a score with an exponent": ({"score": "1e2"}, "record.out-of-range"),
    "born before 1900": ({"birth_date": "1899-12-31"}, "record.too-early"),
    "born tomorrow": ({"birth_date": "2026-06-13", "passed_on": "2026-06-12"}, "record.in-the-future"),
}


@pytest.mark.parametrize(("changes", "code"), CODES.values(), ids=CODES.keys())
def test_a_bad_cell_has_its_code(changes: dict[str, str], code: str) -> None:
    found = QUALIFICATION.check_record(record(QUALIFICATION, **changes), today=TODAY)
    assert code in {one.code for one in found}


def test_a_sentence_shows_hidden_characters_instead_of_hiding_them() -> None:
    found = fault(name_ko="김\u200b하늘")
    assert "U+200B" in found.reason_ko
    for text in (found.reason_ko, found.reason_en, found.fix_ko, found.fix_en):
        assert "\u200b" not in text


def test_each_column_is_told_its_own_fault_and_the_good_ones_none() -> None:
    found = QUALIFICATION.check_record(record(QUALIFICATION, name_ko="", birth_date="x", score="-1"), today=TODAY)
    assert [one.column for one in found] == ["name_ko", "birth_date", "score"]


def test_an_optional_column_may_be_empty_or_absent() -> None:
    assert QUALIFICATION.check_record(record(QUALIFICATION, name_en="", score="", exam_round=""), today=TODAY) == ()
    partial = {key: value for key, value in record(QUALIFICATION).items() if key != "name_en"}
    assert QUALIFICATION.check_record(partial, today=TODAY) == ()


def test_a_key_that_is_no_column_is_a_mistake_of_the_program() -> None:
    with pytest.raises(CredentialError) as refused:
        QUALIFICATION.check_record(record(QUALIFICATION, colour="red"), today=TODAY)
    assert refused.value.code == "record.unknown-column"


def test_a_fault_does_not_show_the_cell_in_a_repr() -> None:
    assert "이서준" not in repr(fault(name_ko="이서준2"))


BAD_RULES: dict[str, Any] = {
    "no object": "string",
    "another type": {"type": "number"},
    "an unknown rule": {"type": "string", "x-magic": 1},
    "a table that is not there": {"type": "string", "x-table": "nothing"},
    "another format": {"type": "string", "format": "email"},
    "bounds without a date": {"type": "string", "x-notAfter": "today"},
    "half a range": {"type": "string", "x-range": [1]},
    "a length in words": {"type": "string", "maxLength": "ten"},
    "an agreement with nothing": {"type": "string", "x-agrees": {"table": "nothing", "by": "a", "member": "b"}},
}


@pytest.mark.parametrize("rules", BAD_RULES.values(), ids=BAD_RULES.keys())
def test_a_rule_that_nobody_would_check_is_refused_when_the_type_is_loaded(rules: Any) -> None:
    with pytest.raises(CredentialError) as refused:
        columns.check_rules("a", rules, ["a"], {})
    assert refused.value.code == "type.column"


def schema_accepts(kind: Any, row: dict[str, str]) -> bool:
    """Say what a JSON Schema validator that knows only the standard keywords thinks; empty optional cells left out."""
    schema = json.loads(schemas.read(f"credentials/{kind.id}/record.schema.json"))
    present = {key: value for key, value in row.items() if value or kind.columns[key].required}
    return Draft202012Validator(schema).is_valid(present)


CELLS = st.one_of(
    st.text(max_size=45),
    st.sampled_from(["김하늘", "Kim Ha-neul", "7875", "2003-04-17", "26020417-0013", "", "KR", "A04", "2026-02-30"]),
    st.dates().map(date.isoformat),
)


@given(st.sampled_from(TYPES), st.data())
def test_any_row_is_sound_or_has_faults_that_name_its_columns(kind: Any, data: st.DataObject) -> None:
    row = {key: data.draw(CELLS, label=key) for key in kind.columns}
    found = kind.check_record(row, today=TODAY)
    assert len({one.column for one in found}) == len(found)
    for one in found:
        assert one.column in kind.columns
        assert one.code.startswith("record.")
        assert one.reason_ko
        assert one.reason_en
        assert one.fix_ko
        assert one.fix_en
    # Our rules are never laxer than the published schema says.
    if not found:
        assert schema_accepts(kind, row)


@given(st.sampled_from(TYPES), st.lists(st.text(max_size=20), max_size=20))
def test_any_head_row_is_matched_cell_by_cell(kind: Any, cells: list[str]) -> None:
    match = kind.match_header(cells)
    assert len(match.keys) == len(cells)
    assert {one.column for one in match.faults} <= set(kind.columns)


@given(st.text(max_size=60))
def test_tidying_twice_changes_nothing_more(cell: str) -> None:
    for column in QUALIFICATION.columns.values():
        once = columns.tidy(column, cell)
        assert columns.tidy(column, once) == once
