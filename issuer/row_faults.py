"""What can be wrong with a row as a whole, as values with a reason and a remedy in both languages.

Faults of single cells come from the credential type; these are of the same kind, so that a list of faults is one list.
"""

from __future__ import annotations

from dataclasses import asdict

from jikin.credentials.columns import Column, RecordFault
from jikin.values import Json, JsonObject

_MAX_SHOWN = 80


def to_json(fault: RecordFault) -> dict[str, Json]:
    """Return the members of *fault* as JSON."""
    return asdict(fault)


def from_json(value: JsonObject) -> RecordFault:
    """Return the fault that ``to_json`` wrote."""
    return RecordFault(**{name: str(text) for name, text in value.items()})


def too_long(found: int, most: int) -> RecordFault:
    """Return the fault of a line with *found* bytes where *most* are taken in."""
    return RecordFault(
        "", "row.too-long", f"{found:,} bytes",
        f"이 줄은 {found:,}바이트입니다.", f"The line has {found:,} bytes.",
        f"한 줄은 {most:,}바이트까지 받으니 줄여 주세요.", f"A line has {most:,} bytes at most; shorten it.",
    )  # fmt: skip


def not_decodable(raw: bytes, encoding: str) -> RecordFault:
    """Return the fault of a line that is not in the file's encoding."""
    name = "CP949" if encoding == "cp949" else "UTF-8"
    return RecordFault(
        "", "row.encoding", ascii(raw)[2:-1][:_MAX_SHOWN],
        f"이 줄은 파일의 나머지와 달리 {name} 글자가 아닙니다.", f"The line is not {name} like the rest of the file.",
        f"이 줄을 {name}(으)로 다시 저장해 주세요.", f"Save the line as {name} again.",
    )  # fmt: skip


def open_quote(text: str) -> RecordFault:
    """Return the fault of a line whose quotes do not close."""
    return RecordFault(
        "", "row.quote", text[:_MAX_SHOWN],
        "따옴표가 열리고 닫히지 않았습니다.", "A quote is opened and not closed in this line.",
        '칸 안에서는 줄을 바꿀 수 없고, 따옴표는 ""처럼 두 번 적어 주세요.',
        'A cell has no line breaks; write a quote inside a cell twice, "".',
    )  # fmt: skip


def wrong_cells(found: int, right: int) -> RecordFault:
    """Return the fault of a line with more or fewer cells than there are columns."""
    return RecordFault(
        "", "row.cells", str(found),
        f"이 줄은 {found}칸이고, 첫 줄의 열 이름은 {right}개입니다.",
        f"The line has {found} cells, and there are {right} column names.",
        "빠지거나 남는 칸을 고쳐 주세요.", "Add or remove cells.",
    )  # fmt: skip


def same_row(line: int) -> RecordFault:
    """Return the fault of a row that says the same as the row in *line* of the file."""
    return RecordFault(
        "", "row.repeated", str(line),
        f"{line}번째 줄과 내용이 같습니다.", f"The row says the same as line {line}.",
        "하나만 남겨 주세요.", "Keep one of them.",
    )  # fmt: skip


def same_value(column: Column, found: str, line: int) -> RecordFault:
    """Return the fault of a cell whose value stands in the same column of an earlier *line* and may stand once."""
    return RecordFault(
        column.key, "row.repeated-value", found,
        f"{column.header.ko} {found} 값이 {line}번째 줄에도 있습니다.",
        f"{column.header.en} {found} stands in line {line} too.",
        "둘 가운데 틀린 쪽을 고쳐 주세요.", "Correct whichever of the two is wrong.",
    )  # fmt: skip


def cannot_be_signed(code: str) -> RecordFault:
    """Return the fault of a row whose credential could not be made; *code* is the error's."""
    return RecordFault(
        "", "row.unsignable", code,
        f"이 줄로는 증명서를 만들 수 없습니다({code}).", f"No credential can be made from this row ({code}).",
        "이 줄의 내용을 담당자에게 확인해 주세요.", "Show this row to whoever looks after the installation.",
    )  # fmt: skip
