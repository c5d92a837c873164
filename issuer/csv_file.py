"""Lines and cells of a CSV file as offices send it: UTF-8 with or without BOM or CP949, comma, semicolon or tab.

One line is one row: a cell has no line breaks. So a line that cannot be read (a quote that is never closed, too many
bytes) is one bad row and the rest of the file still counts. What makes the whole file useless (no text, no header,
too large) is an OfficeError with code ``csv.…``.
"""

from __future__ import annotations

import contextlib
import csv
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from issuer.row_faults import not_decodable, open_quote, too_long, wrong_cells
from jikin.credentials.columns import HeaderMatch, RecordFault
from jikin.errors import OfficeError

DELIMITERS = (",", ";", "\t")
_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab"}
_UTF8_BOM = b"\xef\xbb\xbf"
# What people upload by mistake, by its first bytes.
_NOT_TEXT = {
    b"PK\x03\x04": "a spreadsheet (xlsx) or zip",
    b"\xd0\xcf\x11\xe0": "a spreadsheet (xls)",
    b"%PDF": "a PDF",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}
_MAX_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file: its *number* (the header is line 1), its cells, or the fault that hides them."""

    number: int
    cells: tuple[str, ...] = field(repr=False)
    fault: RecordFault | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file as read: what its head row says, its rows, and how it was written."""

    header: HeaderMatch
    rows: tuple[Row, ...]
    encoding: str
    delimiter: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken in: bytes of the file, bytes of a line, rows."""

    max_bytes: int
    max_line_bytes: int
    max_rows: int


def read(data: bytes, limits: Limits, match: Callable[[Sequence[str]], HeaderMatch]) -> Table:
    """Return the table in *data*; *match* says which column of the credential type each cell of the first line names.

    Raises OfficeError ``csv.empty``, ``csv.too-large``, ``csv.not-text``, ``csv.encoding``, ``csv.columns``,
    ``csv.rows``.
    """
    if len(data) > limits.max_bytes:
        raise OfficeError(
            f"the file has {len(data):,} bytes; right would be {limits.max_bytes:,} at most",
            code="csv.too-large",
            hint="split the file, or raise csv_max_bytes",
        )
    _refuse_what_is_not_text(data)
    lines = list(_lines(data.removeprefix(_UTF8_BOM)))
    if not lines:
        raise OfficeError("the file is empty; right would be a line of column names, then the rows", code="csv.empty")
    encoding = _encoding(data, lines)
    delimiter, header = _header(lines[0], encoding, limits, match)
    if len(lines) - 1 > limits.max_rows:
        raise OfficeError(
            f"the file has {len(lines) - 1:,} rows; right would be {limits.max_rows:,} at most",
            code="csv.rows",
            hint="split the file",
        )
    if len(lines) == 1:
        raise OfficeError("the file has column names and no rows", code="csv.empty")
    rows = tuple(_row(line, len(header.keys), encoding, delimiter, limits) for line in lines[1:])
    return Table(header, rows, encoding, _DELIMITER_NAMES[delimiter])


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    raw: bytes


def _refuse_what_is_not_text(data: bytes) -> None:
    for start, name in _NOT_TEXT.items():
        if data.startswith(start):
            raise OfficeError(
                f"the file is {name}; right would be CSV text in UTF-8 or CP949",
                code="csv.not-text",
                hint="in the spreadsheet program: save as, CSV UTF-8",
            )
    at = data.find(b"\x00")
    if at >= 0:
        line = data.count(b"\n", 0, at) + 1
        raise OfficeError(
            f"line {line} of the file has a NUL byte (byte {at}); right would be text in UTF-8 or CP949",
            code="csv.not-text",
        )


def _encoding(data: bytes, lines: Sequence[_Line]) -> str:
    """Return how the text is encoded: by vote of the lines that are not plain ASCII.

    A line of Korean text in CP949 is hardly ever valid UTF-8. So one broken line neither turns a UTF-8 file into
    nonsense nor stops it: it becomes one bad row.
    """
    if data.startswith(_UTF8_BOM):
        return "utf-8-sig"
    telling = [line for line in lines if not line.raw.isascii()]
    as_utf8 = sum(_decodes(line.raw, "utf-8") for line in telling)
    as_cp949 = sum(_decodes(line.raw, "cp949") for line in telling)
    if telling and not as_utf8 and not as_cp949:
        raise OfficeError(
            f"line {telling[0].number} and every other one that is not plain ASCII is neither UTF-8 nor CP949",
            code="csv.encoding",
            hint="save the file as CSV UTF-8",
        )
    return "utf-8" if 2 * as_utf8 >= len(telling) else "cp949"


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _lines(data: bytes) -> Iterator[_Line]:
    """Yield the lines that have something in them, whichever way lines end."""
    for number, raw in enumerate(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"), start=1):
        if raw.strip(b" \t,;"):
            yield _Line(number, raw)


def _codec(encoding: str) -> str:
    return "cp949" if encoding == "cp949" else "utf-8"


def _decode(raw: bytes, encoding: str) -> str:
    # Composed form: a name typed on one system equals the same name typed on another.
    return unicodedata.normalize("NFC", raw.decode(_codec(encoding)))


def _cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of one line; raises csv.Error for quotes that do not close where they should."""
    (cells,) = csv.reader([text], delimiter=delimiter, strict=True)
    return cells


def _header(
    line: _Line, encoding: str, limits: Limits, match: Callable[[Sequence[str]], HeaderMatch]
) -> tuple[str, HeaderMatch]:
    """Return the delimiter under which most cells of the first line are known columns, and what they are."""
    if len(line.raw) > limits.max_line_bytes:
        raise OfficeError(
            f"the line of column names has {len(line.raw):,} bytes; right would be {limits.max_line_bytes:,} at most",
            code="csv.columns",
        )
    if not _decodes(line.raw, _codec(encoding)):
        raise OfficeError(f"the line of column names is not {_codec(encoding)} like the rest", code="csv.encoding")
    text = _decode(line.raw, encoding)
    found: dict[str, HeaderMatch] = {}
    for delimiter in DELIMITERS:
        with contextlib.suppress(csv.Error):
            found[delimiter] = match(_cells(text, delimiter))
    if not found:
        raise OfficeError("the line of column names opens a quote and does not close it", code="csv.columns")
    best = max(found, key=lambda delimiter: sum(key is not None for key in found[delimiter].keys))
    if found[best].faults:
        said = "; ".join(f"{fault.reason_en} {fault.fix_en}" for fault in found[best].faults)
        seen = f"; found instead: {', '.join(found[best].ignored[:20])}" if found[best].ignored else ""
        raise OfficeError(
            f"the columns are not right: {said}{seen}"[:_MAX_MESSAGE],
            code="csv.columns",
            hint="columns are parted by comma, semicolon or tab, and named in the first line",
        )
    return best, found[best]


def _row(line: _Line, columns: int, encoding: str, delimiter: str, limits: Limits) -> Row:
    """Return the row in *line*, or the one fault that hides its cells."""
    if len(line.raw) > limits.max_line_bytes:
        return Row(line.number, (), too_long(len(line.raw), limits.max_line_bytes))
    if not _decodes(line.raw, _codec(encoding)):
        return Row(line.number, (), not_decodable(line.raw, _codec(encoding)))
    text = _decode(line.raw, encoding)
    try:
        cells = _cells(text, delimiter)
    except csv.Error:
        return Row(line.number, (), open_quote(text))
    if len(cells) != columns:
        return Row(line.number, (), wrong_cells(len(cells), columns))
    return Row(line.number, tuple(cells))
