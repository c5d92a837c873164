"""The rows that were refused, as a CSV file that spreadsheet programs open: where, what was found, why, what to do."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from issuer.store.batches import SourceRow
from issuer.texts import Words
from jikin.credentials.types import CredentialType

if TYPE_CHECKING:
    from issuer.printing import Unprinted

FILE_NAME = "failures.csv"
# What a spreadsheet program would take for a formula; the file holds what strangers have typed.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(words: Words, kind: CredentialType, bad: Sequence[SourceRow], unprinted: Iterable[Unprinted] = ()) -> bytes:
    """Return the file: one line a fault, in the language of *words*."""
    language = words.language
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(words(f"failures.{name}") for name in ("row", "column", "found", "reason", "remedy"))
    for row in bad:
        for fault in row.faults:
            column = kind.columns[fault.column].header.in_language(language) if fault.column in kind.columns else ""
            reason, remedy = (fault.reason_ko, fault.fix_ko) if language == "ko" else (fault.reason_en, fault.fix_en)
            writer.writerow((row.line, *(_harmless(cell) for cell in (column, fault.found, reason, remedy))))
    for one in unprinted:
        writer.writerow((one.line, "", one.code, _harmless(one.message), words("failures.unprinted")))
    # With a BOM, or spreadsheet programs take Korean for something else.
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
