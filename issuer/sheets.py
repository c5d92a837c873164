"""Printing as plain work: a sheet goes in, a PDF comes out. Knows no database and no office.

``python -m issuer.sheets`` is a printing process: it reads sheets from standard input and writes pages to standard
output until its input ends, so it ends with the process that started it, however that ended. A few of them print side
by side. (Python's own process pools load the main program again in each process and survive a killed parent.)

    to it     u32 length ‖ JSON of the sheet
    from it   u8 0 ‖ u32 length ‖ PDF        or        u8 1 ‖ u32 length ‖ JSON {"code", "message"}
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import IO

from jikin.badges import certificate
from jikin.badges.fonts import FontFolder
from jikin.credentials.types import CredentialTypes
from jikin.errors import CredentialError, DocumentError, OfficeError
from jikin.values import CertificateNumber

_WORTH_A_PROCESS = 40  # starting one costs about as much as printing these
_LENGTH = struct.Struct(">I")
_PDF, _FAULT = b"\x00", b"\x01"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that one certificate's page needs."""

    type: str
    record: Mapping[str, str] = field(repr=False)
    number: CertificateNumber = field(repr=False)
    issuer_name: Mapping[str, str]
    issued_on: date
    check_base: str
    seal: str
    language: str
    note: str
    credential: bytes = field(repr=False)
    receipt: bytes = field(repr=False)

    def pdf(self) -> bytes:
        """Return the page as PDF with credential and receipt inside; raises DocumentError, CredentialError."""
        page = certificate.compose(
            CredentialTypes.packaged().named(self.type),
            self.record,
            number=self.number,
            issuer_name=self.issuer_name,
            issued_on=self.issued_on,
            check_base=self.check_base,
            seal=self.seal,
            language=self.language,
            note=self.note,
        )
        inside = [certificate.credential_attachment(self.credential), certificate.receipt_attachment(self.receipt)]
        return certificate.render(page, inside)

    def to_bytes(self) -> bytes:
        """Return the sheet as JSON, for a printing process."""
        members = {
            "type": self.type,
            "record": dict(self.record),
            "number": self.number.symbols,
            "issuer_name": dict(self.issuer_name),
            "issued_on": self.issued_on.isoformat(),
            "check_base": self.check_base,
            "seal": self.seal,
            "language": self.language,
            "note": self.note,
            "credential": self.credential.decode("utf-8"),
            "receipt": self.receipt.decode("utf-8"),
        }
        return json.dumps(members, ensure_ascii=False).encode("utf-8")

    @classmethod
    def from_bytes(cls, data: bytes) -> Sheet:
        """Return the sheet that ``to_bytes`` wrote."""
        members = json.loads(data)
        return cls(
            **members
            | {
                "number": CertificateNumber(members["number"]),
                "issued_on": date.fromisoformat(members["issued_on"]),
                "credential": members["credential"].encode("utf-8"),
                "receipt": members["receipt"].encode("utf-8"),
            }
        )


def check_fonts(folder: Path | None = None) -> None:
    """Raise DocumentError ``document.fonts`` when certificates could not be printed: better before than after.

    *folder* is where the fonts lie, without it where the set-up puts them.
    """
    if folder is None:
        FontFolder.packaged()
    else:
        FontFolder.open(folder)


def page_of(sheet: Sheet) -> bytes | DocumentError:
    """Return the PDF of *sheet*, or why there is none."""
    try:
        return sheet.pdf()
    except (DocumentError, CredentialError) as error:
        return DocumentError(f"{error} {error.hint or ''}".strip(), code=error.code)


class Press(AbstractContextManager["Press"]):
    """Prints *count* sheets with up to *processes* printing processes (0: one per processor); few are printed here."""

    def __init__(self, processes: int, count: int) -> None:
        """Remember how many; a process is started when it gets its first sheet."""
        wanted = processes or os.cpu_count() or 1
        self._here = wanted == 1 or count < _WORTH_A_PROCESS
        self._threads = ThreadPoolExecutor(1 if self._here else wanted, thread_name_prefix="press")
        self._own = threading.local()
        self._started: list[subprocess.Popen[bytes]] = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the printing processes."""
        self._threads.shutdown(cancel_futures=True)
        for process in self._started:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
            process.wait()

    def pages(self, sheets: Iterable[Sheet]) -> Iterator[bytes | DocumentError]:
        """Yield for each sheet its PDF, or why there is none; raises OfficeError when a printing process dies."""
        return self._threads.map(page_of if self._here else self._elsewhere, sheets)

    def _elsewhere(self, sheet: Sheet) -> bytes | DocumentError:
        try:
            target, source = self._pipes()
            _send(target, sheet.to_bytes())
            kind, data = _take(source, 1), _receive(source)
        except (OSError, EOFError) as error:
            raise OfficeError(
                "a printing process ended while it was at work; the certificates are issued, only PDFs are missing",
                code="office.press",
                hint="run the same command again; with the setting processes = 1 everything is printed in one process",
            ) from error
        if kind == _PDF:
            return data
        fault = json.loads(data)
        return DocumentError(fault["message"], code=fault["code"])

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        """Return the pipes to and from this thread's own printing process, started when there is none."""
        process: subprocess.Popen[bytes] | None = getattr(self._own, "process", None)
        if process is None:
            command = [sys.executable, "-m", __name__]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._own.process = process
            self._started.append(process)
        if process.stdin is None or process.stdout is None:
            raise EOFError
        return process.stdin, process.stdout


def _send(stream: IO[bytes], data: bytes) -> None:
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def _take(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise EOFError
    return data


def _receive(stream: IO[bytes]) -> bytes:
    (length,) = _LENGTH.unpack(_take(stream, _LENGTH.size))
    return _take(stream, length)


def serve(source: IO[bytes], target: IO[bytes]) -> None:
    """Print what comes from *source* until it ends: the printing process."""
    while True:
        try:
            sheet = Sheet.from_bytes(_receive(source))
        except EOFError:
            return
        page = page_of(sheet)
        if isinstance(page, DocumentError):
            target.write(_FAULT)
            _send(target, json.dumps({"code": page.code, "message": str(page)}).encode("utf-8"))
        else:
            target.write(_PDF)
            _send(target, page)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
