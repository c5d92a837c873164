"""A list of results before they are announced: every candidate, passed or failed, with nothing to be corrected later.

Such a list is taken whole or not at all: once it is sealed nobody can look at it, and a row that was put right
afterwards could not be told from one that was changed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from issuer import csv_file
from issuer.csv_file import Limits, Row, Table
from issuer.store.batches import SourceRow
from jikin.credentials.columns import HeaderMatch, RecordFault
from jikin.credentials.types import CredentialType

RESULT = "result"  # the column's key; without such a column every candidate has passed
_HEADERS = frozenset({"합격여부", "합불", "결과", "result", "outcome"})
_WORDS: Mapping[str, bool] = {
    **dict.fromkeys(("합격", "pass", "passed", "p", "y", "yes", "1"), True),
    **dict.fromkeys(("불합격", "fail", "failed", "f", "n", "no", "0", "결시", "absent"), False),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row: its line, whether the candidate passed, the record by column key."""

    line: int
    passed: bool = field(repr=False)
    columns: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Read:
    """A list as read: every candidate, or what is wrong (then nothing of it is sealed)."""

    candidates: tuple[Candidate, ...] = field(repr=False)
    bad: tuple[SourceRow, ...] = field(repr=False)
    ignored: tuple[str, ...]


def read(data: bytes, kind: CredentialType, limits: Limits, *, today: date) -> Read:
    """Return the candidates in the CSV file *data*; *today* is the day of the announcement.

    Raises OfficeError ``csv.…`` for a file that cannot be read at all.
    """
    table = csv_file.read(data, limits, lambda cells: _match(kind, cells))
    seen = _Seen(tuple(key for key, column in kind.columns.items() if column.rules.get("x-unique") is True))
    candidates: list[Candidate] = []
    bad: list[SourceRow] = []
    for row in table.rows:
        one, faults = _candidate(row, table, kind, today)
        faults = faults or tuple(seen.faults(one, kind))
        if faults:
            bad.append(SourceRow(row.number, "bad", None, None, faults))
        else:
            candidates.append(one)
    return Read(tuple(candidates), tuple(bad), table.header.ignored)


def _match(kind: CredentialType, cells: Sequence[str]) -> HeaderMatch:
    """Return what the head row says, with the column of results among the known ones."""
    found = kind.match_header(cells)
    keys = tuple(
        RESULT if key is None and _plain(cell) in _HEADERS else key for key, cell in zip(found.keys, cells, strict=True)
    )
    ignored = tuple(name for name in found.ignored if _plain(name) not in _HEADERS)
    return HeaderMatch(keys, ignored, found.faults)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _candidate(row: Row, table: Table, kind: CredentialType, today: date) -> tuple[Candidate, tuple[RecordFault, ...]]:
    columns = kind.record(table.header, row.cells)
    if row.fault is not None:
        return Candidate(row.number, False, columns), (row.fault,)
    named = dict(zip(table.header.keys, row.cells, strict=False))
    word = named.get(RESULT)
    passed = True if word is None else _WORDS.get(_plain(word))
    if passed is None:
        return Candidate(row.number, False, columns), (_no_result(str(word)),)
    faults = kind.check_record(columns, today=today)
    if not passed:  # who failed has no date of passing: what is empty is no fault, what stands there has to be right
        faults = tuple(fault for fault in faults if columns.get(fault.column))
    return Candidate(row.number, passed, columns), faults


def _no_result(found: str) -> RecordFault:
    return RecordFault(
        RESULT, "row.result", found[:40],
        "합격 여부를 알 수 없습니다.", "It is not clear whether the candidate passed.",
        "‘합격’ 또는 ‘불합격’으로 적어 주세요.", "Write “pass” or “fail”.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Seen:
    """In which line the value of a column that may not repeat stood first."""

    unique: tuple[str, ...]
    lines: dict[tuple[str, str], int] = field(default_factory=dict, repr=False)

    def faults(self, one: Candidate, kind: CredentialType) -> Iterator[RecordFault]:
        from issuer import row_faults

        for key in self.unique:
            value = one.columns[key]
            if value and (first := self.lines.setdefault((key, value), one.line)) != one.line:
                yield row_faults.same_value(kind.columns[key], value, first)
