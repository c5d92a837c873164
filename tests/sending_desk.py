"""An outbox over one operator's account, on a bench: memory and EVM look alike, and waiting moves the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import issuer.migrations
from issuer.line import Line
from issuer.sending import Errand, Outbox, Pace
from issuer.store import transactions
from issuer.store.database import Database
from issuer.store.transactions import Purpose, Stored
from jikin.anchoring.chain import AnchorSlot, RegistryView, RegistryWriter
from tests.blank_database import lay
from tests.registry_office import ISSUING, Office, root


class Clock:
    """Unix seconds that move when somebody waits."""

    def __init__(self) -> None:
        self.now = 1_790_000_000

    def __call__(self) -> int:
        return self.now


def database_in(folder: Path) -> Database:
    """Return an empty office database on SQLite."""
    file = folder / "office.db"
    lay(file, issuer.migrations)
    return Database(f"sqlite:///{file}")


@dataclass
class SendingDesk:
    """What a test sends with. *while_waiting* is called at each wait, after the clock has moved."""

    office: Office
    database: Database
    clock: Clock = field(default_factory=Clock)
    confirmations: int = 2
    while_waiting: Callable[[], None] = lambda: None
    writer: RegistryWriter | None = None

    @property
    def pace(self) -> Pace:
        # Looks far apart: what is waited for by the clock takes few of them.
        return Pace(self.confirmations, 12.0, 240.0, self.clock, self._sleep)

    @property
    def outbox(self) -> Outbox:
        writer = self.writer or self.office.writer(ISSUING)
        return Outbox(self.database, self.office.bench.registry, writer, self.pace)

    @property
    def line(self) -> Line:
        return self.outbox.line

    def again(self, **changes: object) -> SendingDesk:
        """Return the same desk after a restart, perhaps with something else."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def errand(self, name: str) -> Errand:
        """Return the errand that anchors a root called *name*."""

        def done_at(view: RegistryView) -> int | None:
            slot = view.anchor(self.office.id, root(name))
            return None if slot is None else slot.block

        return Errand(Purpose(f"AnchorRoot {name}"), lambda _view: self.office.anchors(name), done_at)

    def queue(self, name: str) -> Stored:
        """Store the transaction for *name* as queued, as a process does that dies then."""
        errand = self.errand(name)
        plan = self.outbox.writer.plan(errand.make(self.office.view()))
        return self.line.queue(errand.purpose, plan)

    def slot(self, name: str) -> AnchorSlot | None:
        return self.office.view().anchor(self.office.id, root(name))

    def anchored(self) -> int:
        """Return how many roots the account has anchored, as the registry counts them."""
        record = self.office.view().operator(self.office.id, self.office.account(ISSUING))
        assert record is not None
        return record.sequence

    def stored(self) -> list[Stored]:
        with self.database.read() as connection:
            return list(transactions.every(connection))

    def only(self) -> Stored:
        (stored,) = self.stored()
        return stored

    def mines(self) -> SendingDesk:
        """Let a block be mined at each wait."""
        self.while_waiting = self.office.bench.mine
        return self

    def _sleep(self, seconds: float) -> None:
        self.clock.now += round(seconds)
        self.while_waiting()
