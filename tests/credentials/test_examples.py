"""The example lists: real-looking, the same every time, and with exactly the bad rows they promise."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from jikin.credentials.types import CredentialType
from tests.credential_samples import EXAMPLES, MACHINE, QUALIFICATION, TODAY, example_rows


def generator() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "tools" / "build_examples.py"
    spec = importlib.util.spec_from_file_location("build_examples", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def faults(kind: CredentialType, rows: list[list[str]]) -> dict[int, tuple[str, ...]]:
    """Return the fault codes per line of the file; the head is line 1."""
    header = kind.match_header(rows[0])
    assert (header.faults, header.ignored) == ((), ())
    checked = {line: kind.check_record(kind.record(header, row), today=TODAY) for line, row in enumerate(rows[1:], 2)}
    return {line: tuple(fault.code for fault in found) for line, found in checked.items() if found}


def test_the_files_are_what_the_generator_writes() -> None:
    for name, data in generator().build().items():
        assert (EXAMPLES / name).read_bytes() == data, f"run tools/build_examples.py: {name} is not up to date"


def test_the_results_have_520_good_rows_of_twelve_kinds_and_exactly_eight_bad_ones() -> None:
    rows = example_rows("exam-results.csv")
    found = faults(QUALIFICATION, rows)
    assert len(rows) - 1 - len(found) == 520
    assert found == {line: (code,) for line, (_, _, code) in generator().BAD_ROWS.items()}
    assert len({code for codes in found.values() for code in codes}) == len(found) == 8
    assert len({row[rows[0].index("종목코드")] for row in rows[1:]} & set(QUALIFICATION.tables["qualification"])) >= 12


def test_no_two_rows_share_an_exam_number() -> None:
    numbers = [row[0] for row in example_rows("exam-results.csv")[1:]]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_list_of_an_older_office_is_cp949_and_sound(encoding: str) -> None:
    with pytest.raises(UnicodeDecodeError):
        example_rows("exam-results-cp949.csv", encoding)
    rows = example_rows("exam-results-cp949.csv", "cp949")
    assert faults(QUALIFICATION, rows) == {}
    assert len(rows) == 25


def test_the_machines_are_a_crane_a_forklift_and_a_pressure_vessel() -> None:
    rows = example_rows("machines.csv")
    assert faults(MACHINE, rows) == {}
    assert [row[1] for row in rows[1:]] == ["A01", "A04", "B01"]
