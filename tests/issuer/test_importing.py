"""Result lists as offices send them: every encoding and delimiter, every fault, and good rows in spite of bad ones."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer import csv_file, importing
from issuer.csv_file import Limits
from issuer.importing import Preview
from issuer.store.batches import BatchState
from jikin.credentials.columns import HeaderMatch
from jikin.credentials.types import CredentialTypes
from jikin.errors import OfficeError
from tests.issuing_office import HEADER, START, TYPE, Bureau, row, rows

KIND = CredentialTypes.packaged().named(TYPE)
LIMITS = Limits(max_bytes=64 << 20, max_line_bytes=1 << 16, max_rows=1000)
TODAY = date(2026, 9, 21)


def look(data: bytes, limits: Limits = LIMITS) -> Preview:
    return importing.preview(data, KIND, limits, today=TODAY, issued=lambda _hashes: set())


def text(*lines: str) -> str:
    return "\n".join((HEADER, *lines))


READABLE = {
    "UTF-8": (text(row(1), row(2)).encode(), "utf-8", "comma"),
    "UTF-8 with BOM": (text(row(1), row(2)).encode("utf-8-sig"), "utf-8-sig", "comma"),
    "CP949, as spreadsheet programs in Korea save it": (text(row(1), row(2)).encode("cp949"), "cp949", "comma"),
    "CP949 with rare syllables that EUC-KR lacks": (
        text(row(1, name_ko="김햏"), row(2)).encode("cp949"),
        "cp949",
        "comma",
    ),
    "semicolons": (text(row(1), row(2)).replace(",", ";").encode(), "utf-8", "semicolon"),
    "tabs": (text(row(1), row(2)).replace(",", "\t").encode(), "utf-8", "tab"),
    "CRLF at line ends": (text(row(1), row(2)).replace("\n", "\r\n").encode("cp949"), "cp949", "comma"),
    "CR alone at line ends": (text(row(1), row(2)).replace("\n", "\r").encode(), "utf-8", "comma"),
    "a line break at the end": (text(row(1), row(2), "").encode(), "utf-8", "comma"),
    "empty lines and lines of delimiters": (text("", row(1), ",,,,,", " ", row(2)).encode(), "utf-8", "comma"),
    "every cell in quotes": (
        text(*(",".join(f'"{cell}"' for cell in row(n).split(",")) for n in (1, 2))).encode(),
        "utf-8",
        "comma",
    ),
    "English column names": (
        text(row(1), row(2))
        .replace(HEADER, "Exam number,Korean name,English name,Birth date,Code,Date passed")
        .encode(),
        "utf-8",
        "comma",
    ),
    "decomposed Hangul": (text(row(1), row(2)).replace("김하늘", "김하늘").encode(), "utf-8", "comma"),
    "a further column that nobody uses": (
        text(row(1) + ",비고", row(2) + ",").replace(HEADER, HEADER + ",메모").encode(),
        "utf-8",
        "comma",
    ),
}


@pytest.mark.parametrize("case", READABLE.values(), ids=READABLE.keys())
def test_a_list_is_read_however_it_was_saved(case: tuple[bytes, str, str]) -> None:
    data, encoding, delimiter = case
    looked = look(data)
    assert (looked.count("good"), looked.count("bad")) == (2, 0)
    assert (looked.encoding, looked.delimiter) == (encoding, delimiter)
    names = [(one.record or {})["name_ko"] for one in looked.rows]
    assert names[1] == "박서연"


REFUSED: dict[str, tuple[bytes, str, str]] = {
    "an empty file": (b"", "csv.empty", "right would be"),
    "blank lines alone": (b"\r\n \r\n,,,\n", "csv.empty", "right would be"),
    "column names alone": (HEADER.encode(), "csv.empty", "no rows"),
    "a missing column": (text(row(1)).replace("생년월일", "나이").encode(), "csv.columns", "Birth date"),
    "a column twice": (
        text(row(1) + ",김").replace(HEADER, HEADER + ",성명").encode(),
        "csv.columns",
        "more than once",
    ),
    "no column names at all": ("\n".join([row(1), row(2)]).encode(), "csv.columns", "Korean name"),
    "a delimiter nobody uses": (text(row(1)).replace(",", "|").encode(), "csv.columns", "comma, semicolon or tab"),
    "a NUL byte": (text(row(1)).encode() + b"\n26\x00", "csv.not-text", "line 3"),
    "UTF-16": (text(row(1)).encode("utf-16"), "csv.not-text", "UTF-16"),
    "a spreadsheet": (b"PK\x03\x04" + bytes(100), "csv.not-text", "spreadsheet"),
    "a PDF": (b"%PDF-1.7 ...", "csv.not-text", "PDF"),
    "neither UTF-8 nor CP949": (b"\xff\xff\xff,\x80\n\xff", "csv.encoding", "line 1"),
    "an open quote in the column names": ('"수검번호,성명\n1,2'.encode(), "csv.columns", "quote"),
    "too many rows": (rows(1001), "csv.rows", "1,000"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_a_file_that_cannot_be_read_is_refused_by_what_is_wrong(case: tuple[bytes, str, str]) -> None:
    data, code, said = case
    with pytest.raises(OfficeError) as caught:
        look(data)
    assert caught.value.code == code
    assert said in f"{caught.value} {caught.value.hint}"


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(OfficeError, match="1,000 at most") as caught:
        look(rows(100), Limits(1000, 1 << 16, 1000))
    assert caught.value.code == "csv.too-large"


BAD_ROWS: dict[str, tuple[str | bytes, str, str]] = {
    "a day that does not exist": (row(9, birth_date="2003-02-30"), "birth_date", "record.no-such-date"),
    "a date that is none": (row(9, passed_on="어제"), "passed_on", "record.no-date"),
    "a date in the future": (row(9, passed_on="2027-01-01"), "passed_on", "record.in-the-future"),
    "passed before being born": (row(9, birth_date="2026-06-01"), "passed_on", "record.too-early"),
    "an empty name": (row(9, name_ko=""), "name_ko", "record.empty"),
    "digits in a name": (row(9, name_ko="김하늘2"), "name_ko", "record.not-a-name"),
    "a hidden character": (row(9, name_ko="김\u200b하늘"), "name_ko", "record.hidden-character"),
    "a control character": (row(9, name_ko="김\x07하늘"), "name_ko", "record.hidden-character"),
    "an unknown code": (row(9, qualification_code="9999"), "qualification_code", "record.unknown-code"),
    "a name that is too long": (row(9, name_ko="김" * 41), "name_ko", "record.too-long"),
    "a cell too few": (row(9).rpartition(",")[0], "", "row.cells"),
    "a cell too many": (row(9) + ",x", "", "row.cells"),
    "a quote that is never closed": (
        row(9).replace("김", '"김').replace("박", '"박').replace("이", '"이'),
        "",
        "row.quote",
    ),
    "a line of 10 MB": (row(9, name_ko="가" * 3_500_000), "", "row.too-long"),
    "a line in another encoding": (row(9).encode("cp949"), "", "row.encoding"),
    "the same row again": (row(1), "", "row.repeated"),
    "the same exam number for somebody else": (
        row(1, name_ko="문시우"),
        "exam_number",
        "row.repeated-value",
    ),
}


@pytest.mark.parametrize("case", BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_bad_row_is_told_in_both_languages_and_the_good_ones_stay_good(case: tuple[str | bytes, str, str]) -> None:
    bad, column, code = case
    raw = bad if isinstance(bad, bytes) else bad.encode()
    data = b"\n".join([HEADER.encode(), row(1).encode(), raw, row(2).encode(), row(3).encode()])
    looked = look(data)
    assert (looked.count("good"), looked.count("bad")) == (3, 1)
    (refused,) = looked.bad
    fault = refused.faults[0]
    assert (refused.line, fault.column, fault.code) == (3, column, code)
    assert fault.reason_ko
    assert fault.reason_en
    assert fault.fix_ko
    assert fault.fix_en
    assert len(fault.found) < 200


def test_a_row_has_all_its_faults_told_at_once() -> None:
    looked = look(text(row(1, birth_date="1.1.", qualification_code="x", name_ko="9")).encode())
    (bad,) = looked.bad
    assert [fault.column for fault in bad.faults] == ["name_ko", "birth_date", "qualification_code"]


def test_faults_do_not_show_what_was_found_in_their_repr() -> None:
    looked = look(text(row(1, name_ko="김하늘2")).encode())
    assert "김하늘2" not in repr(looked)
    assert "김하늘2" not in repr(looked.bad)


def test_cells_that_no_column_needs_are_named() -> None:
    looked = look(READABLE["a further column that nobody uses"][0])
    assert looked.ignored == ("메모",)


@given(data=st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_no_bytes_raise_anything_but_office_errors(data: bytes) -> None:
    code, looked = "", None
    try:
        looked = look(HEADER.encode() + b"\n" + data)
    except OfficeError as error:
        code = error.code
    assert code.startswith("csv.") if looked is None else looked.count("good") + looked.count("bad") == len(looked.rows)


@given(
    cells=st.lists(
        st.text(st.characters(codec="cp949", exclude_characters="\r\n\x00"), max_size=12), min_size=2, max_size=6
    )
)
def test_cells_come_back_from_quoting_as_they_were(cells: list[str]) -> None:
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    header = ",".join(f"열{number}" for number in range(len(cells)))
    table = csv_file.read(f"{header}\n{line}".encode(), LIMITS, lambda found: HeaderMatch(tuple(found), (), ()))
    assert [one.cells for one in table.rows] == [tuple(unicodedata.normalize("NFC", cell) for cell in cells)]


# ---------------------------------------------------------------------------------------------------- doing it once


def test_the_same_file_finds_its_batch_again(bureau: Bureau) -> None:
    data = rows(3)
    key = importing.default_key(TYPE, data)
    batch = bureau.accept(data, key)
    kind = bureau.office.types.named(TYPE)
    found = importing.existing(bureau.office.database, bureau.institution, key, kind, data)
    assert found is not None
    assert found.id == batch.id
    assert bureau.accept(data, key).id == batch.id


def test_a_key_used_for_another_file_is_refused(bureau: Bureau) -> None:
    bureau.accept(rows(3), "2026 first round")
    kind = bureau.office.types.named(TYPE)
    with pytest.raises(OfficeError) as caught:
        importing.existing(bureau.office.database, bureau.institution, "2026 first round", kind, rows(4))
    assert caught.value.code == "office.key-reused"


def test_a_corrected_list_issues_only_what_was_not_issued_before(bureau: Bureau) -> None:
    bad = row(3, birth_date="2003-02-30")
    first = bureau.issue(text(row(1), row(2), bad).encode(), "first")
    assert (first.count, first.bad) == (2, 1)

    second = bureau.issue(text(row(1), row(2), row(3)).encode(), "second")
    assert (second.count, second.repeated) == (1, 2)
    assert second.state is BatchState.RELEASED


def test_a_list_of_which_everything_was_issued_makes_no_batch(bureau: Bureau) -> None:
    bureau.issue(rows(2), "first")
    with pytest.raises(OfficeError) as caught:
        bureau.accept(rows(2) + b"\n", "second")
    assert caught.value.code == "office.no-good-rows"


def test_rows_that_wait_in_another_batch_are_not_taken_twice(bureau: Bureau) -> None:
    bureau.accept(rows(2), "first")
    assert bureau.preview(rows(3)).count("repeated") == 2


def test_the_day_that_decides_what_lies_in_the_future_is_the_offices_own(bureau: Bureau) -> None:
    bureau.clock.now = START + 11 * 3600  # 2026-09-22 in Seoul, still the 21st in UTC
    assert bureau.office.today == date(2026, 9, 22)
