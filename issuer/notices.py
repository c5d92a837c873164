"""Notices to people: a transaction code, a receipt number, a decision. They leave by a channel that pages do not use.

Without a mail server or gateway, notices are files in the folder ``outbox``, readable for the office alone: for trying
out, and for a clerk who passes them on.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from issuer import files
from issuer.office import Office

_FOLDER = "outbox"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice: to whom (an address, a phone number, or what the office knows them by), about what, in which words.

    With a *name* the same notice handed over twice is one notice.
    """

    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    name: str | None = None


class Notifier(Protocol):
    """Where notices go."""

    def send(self, notice: Notice) -> None:
        """Hand the notice over; it is durable then. Raises OfficeError when it cannot be."""


@dataclass(frozen=True, slots=True)
class FileNotifier:
    """Writes each notice into a file of its own in *folder*, mode 0600."""

    folder: Path
    stamp: str

    def send(self, notice: Notice) -> None:
        """Write the notice; raises OfficeError ``office.file``."""
        text = f"To: {notice.to}\nSubject: {notice.subject}\n\n{notice.text}\n"
        path = self.folder / f"{notice.name or f'{self.stamp}-{secrets.token_hex(4)}'}.txt"
        files.write(path, text.encode("utf-8"), mode=files.PRIVATE)


def notifier(office: Office) -> Notifier:
    """Return where this office's notices go."""
    now = datetime.fromtimestamp(office.clock(), ZoneInfo(office.settings.timezone))
    return FileNotifier(office.settings.path(Path(_FOLDER)), now.strftime("%Y%m%d-%H%M%S"))
