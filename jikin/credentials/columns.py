"""Records: one row of a result list, its columns, and what is wrong with it, in sentences that say what to do.

The rules of a column stand in ``record.schema.json`` of its credential type (JSON Schema 2020-12). Beside the standard
keywords, columns use these: ``x-letters`` (a name: letters, blanks, hyphens), ``x-table`` (a code of that table),
``x-agrees`` (equal to a member of that table's entry), ``x-notBefore`` and ``x-notAfter`` (a date, another column, or
``today``), ``x-range`` (a number from … to), ``x-unique`` (a value stands once in a list; whoever reads the whole list
checks it). A keyword that is not known here is refused when the type is loaded: a rule that nobody checks would look
like one that holds.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from jikin.credentials.structure import items
from jikin.credentials.text import invisible_characters, visible, with_particle
from jikin.errors import CredentialError
from jikin.values import Json, JsonObject

Table = Mapping[str, Mapping[str, str]]
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_LOOSE_DATE = re.compile(
    r"([0-9]{4})(?:[-./] ?([0-9]{1,2})[-./] ?([0-9]{1,2})\.?|년 ?([0-9]{1,2})월 ?([0-9]{1,2})일|([0-9]{2})([0-9]{2}))"
)
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,3})?")
_NAME_MARKS = frozenset(" -'’.·,")
_IGNORED_IN_HEADERS = re.compile(r"[\s_\-*\ufeff]+")
_REMARK = re.compile(r"\([^)]*\)\s*$")
_ANNOTATIONS = frozenset({"title", "description", "$comment"})
_OF_THE_LIST = frozenset({"x-unique"})  # not of one row


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages."""

    ko: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the Korean text for "ko", the English one for every other language."""
        return self.ko if language == "ko" else self.en


@dataclass(frozen=True, slots=True)
class RecordFault:
    """One thing wrong with one cell. *column* is the column's key, *found* the cell as it came.

    *reason* says what was found, *fix* what would be right; both name the column. *found* and the texts may hold
    personal data and stay out of reprs and logs.
    """

    column: str
    code: str
    found: str = field(repr=False)
    reason_ko: str = field(repr=False)
    reason_en: str = field(repr=False)
    fix_ko: str = field(repr=False)
    fix_en: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result list: its *key*, what it is called, and its rules (keywords of JSON Schema)."""

    key: str
    required: bool
    header: Text
    hint: Text
    sample: Text
    aliases: tuple[str, ...]
    rules: JsonObject = field(repr=False)
    pattern: re.Pattern[str] | None = field(repr=False)

    @property
    def is_date(self) -> bool:
        """Say whether the column holds a date."""
        return self.rules.get("format") == "date"


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """What a head row says: *keys* per cell (None: a column this type does not use), and what is wrong with it."""

    keys: tuple[str | None, ...]
    ignored: tuple[str, ...]
    faults: tuple[RecordFault, ...]


def _header_key(cell: str) -> str:
    return _IGNORED_IN_HEADERS.sub("", unicodedata.normalize("NFKC", cell)).casefold()


def header_names(columns: Iterable[Column]) -> dict[str, str]:
    """Return every way to write a header and the column it names; raises CredentialError when one names two."""
    known: dict[str, str] = {}
    for column in columns:
        for name in (column.key, column.header.ko, column.header.en, *column.aliases):
            if known.setdefault(_header_key(name), column.key) != column.key:
                raise CredentialError(
                    f"the header {name!r} names both {known[_header_key(name)]} and {column.key}", code="type.column"
                )
    return known


def _named(known: Mapping[str, str], cell: str) -> str | None:
    # An office adds a remark, 생년월일(YYYY-MM-DD); but brackets can also be part of the name, 제조번호(끝).
    cell = cell.strip()
    return known.get(_header_key(cell)) or known.get(_header_key(_REMARK.sub("", cell)))


def match_header(columns: Sequence[Column], cells: Sequence[str]) -> HeaderMatch:
    """Return which column each head cell names, by Korean or English header, alias or key.

    Case, blanks, underscores and remarks in brackets do not matter. Faults: a required column that is missing, and two
    cells that name the same column.
    """
    known = header_names(columns)
    keys = tuple(_named(known, cell) for cell in cells)
    ignored = tuple(visible(cell) for cell, key in zip(cells, keys, strict=True) if key is None and cell.strip())
    faults = []
    for column in columns:
        ko, en = column.header.ko, column.header.en
        if column.required and column.key not in keys:
            faults.append(
                RecordFault(
                    column.key,
                    "record.column-missing",
                    "",
                    f"‘{ko}’ 열이 없습니다.",
                    f"There is no column “{en}”.",
                    f"첫 줄에 {with_particle(f'‘{ko}’', '이라는', '라는')} 열을 넣어 주세요.",
                    f"Put a column “{en}” into the first row.",
                )
            )
        if keys.count(column.key) > 1:
            twice = ", ".join(visible(cell) for cell, key in zip(cells, keys, strict=True) if key == column.key)
            faults.append(
                RecordFault(
                    column.key,
                    "record.column-twice",
                    twice,
                    f"‘{ko}’ 열이 두 번 이상 있습니다: {twice}.",
                    f"The column “{en}” is there more than once: {twice}.",
                    "하나만 남겨 주세요.",
                    "Keep one of them.",
                )
            )
    return HeaderMatch(keys, ignored, tuple(faults))


def tidy(column: Column, cell: str) -> str:
    """Return the cell without what no rule should stumble over.

    That is: blanks around and doubled, decomposed Hangul (NFC), and for dates the ways an office writes them
    (2003.4.17, 2003/04/17, 2003년 4월 17일, 20030417). Anything else stays as it came.
    """
    text = re.sub(r"[ \t\u00a0\u3000]+", " ", unicodedata.normalize("NFC", cell)).strip()
    if column.is_date and (match := _LOOSE_DATE.fullmatch(unicodedata.normalize("NFKC", text))):
        year, month, day = (part for part in match.groups() if part)
        return f"{year}-{int(month):02d}-{int(day):02d}"
    return text


@dataclass(frozen=True, slots=True)
class _Case:
    """One cell under examination: what the rule functions look at."""

    column: Column
    value: str
    record: Mapping[str, str]
    columns: Mapping[str, Column]
    tables: Mapping[str, Table]
    today: date

    def fault(self, code: str, fix_ko: str, fix_en: str, *, ko: str = "", en: str = "") -> RecordFault:
        """Return the fault; the reason says by default which value stands in which column."""
        name, name_en, seen = self.column.header.ko, self.column.header.en, visible(self.value)
        return RecordFault(
            self.column.key,
            f"record.{code}",
            self.value,
            ko or f"{with_particle(name, '이', '가')} {seen}입니다.",
            en or f"{name_en} is {seen}.",
            fix_ko,
            fix_en,
        )


def _hidden(case: _Case) -> RecordFault | None:
    marks = ", ".join(invisible_characters(case.value))
    if not marks:
        return None
    name = case.column.header
    return case.fault(
        "hidden-character",
        "그 문자를 지우고 다시 적어 주세요.",
        "Delete that character and type the text again.",
        ko=f"{name.ko}에 보이지 않는 문자({marks})가 있습니다.",
        en=f"{name.en} hides a character ({marks}).",
    )


def _too_short(case: _Case, least: Json) -> RecordFault | None:
    if not isinstance(least, int) or len(case.value) >= least:
        return None
    return case.fault(
        "too-short", f"{least}자 이상이어야 해요. 예: {case.column.sample.ko}", f"Use at least {least} characters."
    )


def _too_long(case: _Case, most: Json) -> RecordFault | None:
    if not isinstance(most, int) or len(case.value) <= most:
        return None
    name, count = case.column.header, len(case.value)
    return case.fault(
        "too-long",
        f"{most}자까지 적을 수 있으니 줄여 주세요.",
        f"Shorten it to {most} characters or fewer.",
        ko=f"{with_particle(name.ko, '이', '가')} {count}자입니다.",
        en=f"{name.en} has {count} characters.",
    )


def _pattern(case: _Case, _: Json) -> RecordFault | None:
    if case.column.pattern is None or case.column.pattern.search(case.value):
        return None
    hint = case.column.hint
    return case.fault(
        "malformed", f"{hint.ko} 예: {case.column.sample.ko}", f"{hint.en} For example {case.column.sample.en}."
    )


def _letters(case: _Case, _: Json) -> RecordFault | None:
    foreign = [c for c in case.value if unicodedata.category(c)[0] not in "LM" and c not in _NAME_MARKS]
    if not foreign:
        return None
    marks = " ".join(dict.fromkeys(foreign))
    what_ko, what_en = ("숫자", "digits") if all(c.isdigit() for c in foreign) else ("이름에 쓰지 않는 문자", "signs")
    name = case.column.header
    return case.fault(
        "not-a-name",
        f"이름에는 글자만 쓸 수 있어요. 예: {case.column.sample.ko}",
        f"A name has letters only, for example {case.column.sample.en}.",
        ko=f"{with_particle(name.ko, '이', '가')} {visible(case.value)}이고, {what_ko}({marks})가 들어 있습니다.",
        en=f"{name.en} is {visible(case.value)} and has {what_en} in it ({marks}).",
    )


def _date_rule(case: _Case, _: Json) -> RecordFault | None:
    match = _DATE.fullmatch(case.value)
    if match is None:
        return case.fault("no-date", "2026-06-12처럼 적어 주세요.", "Write it like 2026-06-12.")
    year, month, day = (int(part) for part in match.groups())
    if year == 0:
        return case.fault("no-such-date", "0000년은 없으니 연도를 고쳐 주세요.", "There is no year 0; correct it.")
    if not 1 <= month <= 12:
        return case.fault(
            "no-such-date", f"{month}월은 없으니 01~12로 고쳐 주세요.", f"There is no month {month}; use 01–12."
        )
    try:
        date(year, month, day)
    except ValueError:
        last = 29 if month == 2 and _is_leap(year) else (28 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)
        return case.fault(
            "no-such-date",
            f"{year}년 {month}월은 {last}일까지이니 날짜를 고쳐 주세요.",
            f"Month {month} of {year} has {last} days; correct the day.",
        )
    return None


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _bound(case: _Case, bound: str) -> tuple[date, Text] | None:
    """Return the day that *bound* names and what to call it; None when the other column holds no date."""
    if bound == "today":
        return case.today, Text(f"오늘({case.today})", f"today ({case.today})")
    name = Text(bound, bound)
    text = bound
    if bound in case.columns:
        header = case.columns[bound].header
        text = case.record.get(bound, "")
        name = Text(f"{header.ko}({text})", f"{header.en} ({text})")
    try:
        return date.fromisoformat(text), name
    except ValueError:
        return None


def _not_after(case: _Case, bound: Json) -> RecordFault | None:
    known = _bound(case, str(bound))
    if known is None or date.fromisoformat(case.value) <= known[0]:
        return None
    code = "in-the-future" if bound == "today" else "too-late"
    return case.fault(
        code, f"{known[1].ko}보다 늦은 날짜는 쓸 수 없으니 고쳐 주세요.", f"It cannot be later than {known[1].en}."
    )


def _not_before(case: _Case, bound: Json) -> RecordFault | None:
    known = _bound(case, str(bound))
    if known is None or date.fromisoformat(case.value) >= known[0]:
        return None
    return case.fault(
        "too-early",
        f"{known[1].ko}보다 이른 날짜는 쓸 수 없으니 고쳐 주세요.",
        f"It cannot be earlier than {known[1].en}.",
    )


def _table(case: _Case, name: Json) -> RecordFault | None:
    table = case.tables[str(name)]
    if case.value in table:
        return None
    near = difflib.get_close_matches(case.value, table, n=3, cutoff=0.5)
    some = near or list(table)[:3]
    listed_ko = ", ".join(f"{code} {table[code].get('name_ko', '')}".strip() for code in some)
    listed_en = ", ".join(f"{code} {table[code].get('name_en', '')}".strip() for code in some)
    lead_ko, lead_en = ("비슷한 코드", "Codes like it") if near else ("코드의 예", "Codes look like")
    return case.fault(
        "unknown-code",
        f"목록에 없는 코드예요. {lead_ko}: {listed_ko}",
        f"The list has no such code. {lead_en}: {listed_en}.",
    )


def _agrees(case: _Case, rule: Json) -> RecordFault | None:
    if not isinstance(rule, Mapping):  # refused when the type was loaded
        return None
    code = case.record.get(str(rule["by"]), "")
    entry = case.tables[str(rule["table"])].get(code)
    if entry is None or entry.get(str(rule["member"])) == case.value:
        return None  # an unknown code is the fault of its own column
    right = entry.get(str(rule["member"]), "")
    by = case.columns[str(rule["by"])].header
    return case.fault(
        "disagrees",
        f"{by.ko} {code}의 이름은 {right}입니다. 둘 가운데 틀린 쪽을 고쳐 주세요.",
        f"{by.en} {code} is called {right}. Correct whichever of the two is wrong.",
    )


def _listed(case: _Case, allowed: Json) -> RecordFault | None:
    options = [str(option) for option in allowed] if isinstance(allowed, (list, tuple)) else []
    if case.value in options:
        return None
    return case.fault(
        "not-listed", f"다음 가운데 하나로 적어 주세요: {', '.join(options)}", f"Use one of {', '.join(options)}."
    )


def _range(case: _Case, bounds: Json) -> RecordFault | None:
    least, most = (float(str(bound)) for bound in items(bounds))  # two numbers, or the type was not loaded
    if _NUMBER.fullmatch(case.value) and least <= float(case.value) <= most:
        return None
    return case.fault(
        "out-of-range",
        f"{least:g}에서 {most:g} 사이의 숫자로 적어 주세요.",
        f"Use a number from {least:g} to {most:g}.",
    )


# In this order: a cell is told of its first fault only, the one that explains the others.
_RULES: Mapping[str, Callable[[_Case, Json], RecordFault | None]] = {
    "maxLength": _too_long,
    "minLength": _too_short,
    "format": _date_rule,
    "x-letters": _letters,
    "pattern": _pattern,
    "enum": _listed,
    "x-table": _table,
    "x-agrees": _agrees,
    "x-range": _range,
    "x-notBefore": _not_before,
    "x-notAfter": _not_after,
}


def check_rules(key: str, rules: Json, columns: Sequence[str], tables: Mapping[str, Table]) -> JsonObject:
    """Return the rules of the column *key* when every one can be checked; raises CredentialError (``type.column``)."""

    def refuse(message: str) -> CredentialError:
        return CredentialError(f"column {key}: {message}", code="type.column")

    if not isinstance(rules, Mapping) or rules.get("type") != "string":
        raise refuse('a column is {"type": "string", …}')
    if foreign := sorted(set(rules) - set(_RULES) - _OF_THE_LIST - _ANNOTATIONS - {"type"}):
        raise refuse(f"unknown rules {', '.join(foreign)}; known are {', '.join((*_RULES, *_OF_THE_LIST))}")
    if rules.get("x-unique", True) is not True:
        raise refuse("x-unique is true, or left out")
    for name in ("minLength", "maxLength"):
        if name in rules and not isinstance(rules[name], int):
            raise refuse(f"{name} must be a number")
    if rules.get("format", "date") != "date":
        raise refuse("the only format is date")
    if ("x-notBefore" in rules or "x-notAfter" in rules) and "format" not in rules:
        raise refuse("only a date can have x-notBefore or x-notAfter")
    if "x-table" in rules and rules["x-table"] not in tables:
        raise refuse(f"no table called {rules['x-table']!r}")
    agrees = rules.get("x-agrees")
    if agrees is not None and (
        not isinstance(agrees, Mapping) or agrees.get("table") not in tables or agrees.get("by") not in columns
    ):
        raise refuse('x-agrees is {"table": …, "by": column, "member": …}')
    span = rules.get("x-range")
    if span is not None and not (isinstance(span, (list, tuple)) and len(span) == 2):
        raise refuse("x-range is [from, to]")
    return rules


def check(
    columns: Mapping[str, Column], tables: Mapping[str, Table], record: Mapping[str, str], today: date
) -> Iterator[RecordFault]:
    """Yield the first fault of each cell of *record* (tidied texts by column key), in the order of the columns.

    Dates are compared with *today*, the office's calendar day.
    """
    for key, column in columns.items():
        value = record.get(key, "")
        case = _Case(column, value, record, columns, tables, today)
        if value == "":
            if column.required:
                name, sample = column.header, column.sample
                yield case.fault(
                    "empty",
                    f"{column.hint.ko} 예: {sample.ko}",
                    f"{column.hint.en} For example {sample.en}.",
                    ko=f"{with_particle(name.ko, '이', '가')} 비어 있습니다.",
                    en=f"{name.en} is empty.",
                )
            continue
        fault = _hidden(case)
        for name_, rule in _RULES.items():
            if fault is not None:
                break
            if name_ in column.rules:
                fault = rule(case, column.rules[name_])
        if fault is not None:
            yield fault
