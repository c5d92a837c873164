"""Taking reports of suspected forgeries: what somebody saw, a receipt number back, no file and no name unless given."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from jikin.credentials.text import visible
from verifier.opening import OpenDesk
from verifier.store import reports
from verifier.store.reports import ForgeryReport

KINDS = ("paper", "plate", "file")
LONGEST: Mapping[str, int] = {"number": 60, "where": 200, "what": 2000, "contact": 200}
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECEIPT_GROUPS = (4, 4)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What somebody reports. Texts are as they were typed; all but *kind* may be empty, not all of them together."""

    kind: str
    number: str = field(repr=False)
    where: str = field(repr=False)
    what: str = field(repr=False)
    contact: str = field(repr=False)

    def too_long(self) -> tuple[str, ...]:
        """Return the names of the fields that hold more than is kept."""
        return tuple(name for name, most in LONGEST.items() if len(getattr(self, name)) > most)

    @property
    def says_something(self) -> bool:
        """Say whether there is anything to look into."""
        return bool(self.where or self.what)


def take(desk: OpenDesk, sighting: Sighting) -> str:
    """Return the receipt number of *sighting*, which is stored."""
    receipt = "-".join("".join(secrets.choice(_SIGNS) for _ in range(size)) for size in _RECEIPT_GROUPS)
    kept = {name: visible(getattr(sighting, name), most) for name, most in LONGEST.items()}
    with desk.database.write() as connection:
        reports.add(
            connection,
            ForgeryReport(
                receipt,
                sighting.kind,
                kept["number"],
                kept["where"],
                kept["what"],
                kept["contact"],
                desk.now,
            ),
        )
    return receipt
