"""Files written so that a reader never sees half of one, and a crash leaves the old or the new."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from jikin.errors import OfficeError

PRIVATE = 0o600
PUBLIC = 0o644


def write(path: Path, data: bytes, *, mode: int = PUBLIC, durable: bool = True) -> None:
    """Write *data* to *path*, making folders as needed; raises OfficeError ``office.file``.

    The file appears with its whole content under its name, or not at all. Of many files at once write each with
    *durable* False and call ``settle`` when all are there: waiting for the disk costs some milliseconds each time.
    """
    passing = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        passing.replace(path)
    except OSError as error:
        passing.unlink(missing_ok=True)
        raise OfficeError(
            f"{path} cannot be written: {error.strerror or error}",
            code="office.file",
            hint="look at the disk's free space and at who may write there",
        ) from error


def settle() -> None:
    """Wait until everything written so far would survive a loss of power."""
    os.sync()


def read(path: Path) -> bytes:
    """Return the bytes of *path*; raises OfficeError ``office.file``."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise OfficeError(f"{path} cannot be read: {error.strerror or error}", code="office.file") from error
