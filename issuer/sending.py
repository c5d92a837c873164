"""Writing to the registry exactly once: the signed bytes are stored before they are sent, and only then sent.

A crash at any point is followed by sending the same bytes again. What decides in the end is not the transaction but
the registry: when what was wanted is on record, with the confirmations asked for, it is done, whoever brought it there.
A new transaction is made only when the old one's nonce was used by another, or the contract refused it when it was
mined, and what was wanted is not on record. How a transaction gets onto the chain is the line's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from issuer.line import NEVER_SEEN, Line, Pace
from issuer.store import transactions
from issuer.store.database import Database
from issuer.store.transactions import GIVEN_UP, Purpose, Stored, TransactionState
from jikin.anchoring.acts import Act
from jikin.anchoring.chain import MinedTransaction, Registry, RegistryView, RegistryWriter
from jikin.errors import ChainUnavailableError, OfficeError, RegistryError

__all__ = ["Errand", "Outbox", "Pace"]


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing to get onto the chain.

    *make* returns the act when it is needed (the state it refers to may have moved); *done_at* returns the block of the
    wanted record as *view* shows it, None while it is not there.
    """

    purpose: Purpose
    make: Callable[[RegistryView], Act]
    done_at: Callable[[RegistryView], int | None]


@dataclass(frozen=True, slots=True)
class Outbox:
    """Everything needed to send with one account."""

    database: Database
    registry: Registry
    writer: RegistryWriter
    pace: Pace

    @property
    def line(self) -> Line:
        """Return the transactions of the account."""
        return Line(self.database, self.writer, self.pace)

    def prepare(self, errand: Errand) -> Stored | None:
        """Return the signed and stored transaction for *errand*, made if there is none; None when it is done already.

        Raises RegistryRefusedError when the contract would refuse the act, ChainUnavailableError.
        """
        found = self._live(errand.purpose)
        if found is None:
            view = self.registry.view()
            if errand.done_at(view) is not None:
                return None
            found = self.line.queue(errand.purpose, self.writer.plan(errand.make(view)))
        return self.line.signed(found)

    def carry_out(self, errand: Errand) -> RegistryView:
        """Return a view in which *errand* is done with the confirmations asked for.

        Raises ChainUnavailableError or OfficeError ``office.chain-waits`` when that took too long (the job is resumed
        later), RegistryRefusedError and RegistryError when it will not happen.
        """
        deadline = self.pace.clock() + self.pace.wait_seconds
        while True:
            try:
                view = self._step(errand)
            except ChainUnavailableError as error:
                if error.code == NEVER_SEEN or self.pace.clock() >= deadline:
                    raise
                view = None
            if view is not None:
                return view
            if self.pace.clock() >= deadline:
                raise OfficeError(
                    f"{errand.purpose.act} is not confirmed after {self.pace.wait_seconds:.0f} s",
                    code="office.chain-waits",
                    hint="the job goes on where it stopped when it is started again",
                )
            self.pace.sleep(self.pace.poll_seconds)

    def deliver(self, purpose: Purpose, act: Act) -> MinedTransaction:
        """Return where *act* was mined, with the confirmations asked for: for acts whose effect is not looked at here.

        Raises as ``carry_out``, OfficeError ``office.reverted`` when the contract refused it after all, and
        RegistryError ``registry.nonce-used`` when another transaction took its nonce.
        """
        stored = self._live(purpose) or self.line.queue(purpose, self.writer.plan(act))
        deadline = self.pace.clock() + self.pace.wait_seconds
        while True:
            self.line.tend()
            with self.database.read() as connection:
                stored = transactions.by_id(connection, stored.id)
            stored, mined = self.line.look(stored)
            if stored.state is TransactionState.REVERTED:
                raise OfficeError(f"the registry refused {purpose.act} when it was mined", code="office.reverted")
            if stored.state is TransactionState.REPLACED:
                raise RegistryError(
                    f"nonce {stored.nonce} of {stored.account} was used by another transaction",
                    code="registry.nonce-used",
                    hint="do it again",
                )
            if mined is not None and stored.state is TransactionState.FINAL:
                return mined
            if self.pace.clock() >= deadline:
                raise ChainUnavailableError(f"{purpose.act} is not mined after {self.pace.wait_seconds:.0f} s")
            self.pace.sleep(self.pace.poll_seconds)

    def _step(self, errand: Errand) -> RegistryView | None:
        """Do what can be done now; return a view when the errand is confirmed."""
        view = self.registry.view()
        done_at = errand.done_at(view)
        if done_at is not None:
            confirmed = view.block.number - done_at + 1 >= self.pace.confirmations
            self._note(errand, confirmed=confirmed)
            return view if confirmed else None
        stored = self.prepare(errand)
        if stored is None:
            return None
        self.line.tend()
        with self.database.read() as connection:
            stored = transactions.by_id(connection, stored.id)
        if stored.state is TransactionState.FINAL:
            stored, _ = self.line.look(stored)  # what was wanted is not on record: a reorganisation may have taken it
        if stored.state in (TransactionState.FINAL, TransactionState.REVERTED):
            self._why(errand)
        return None

    def _why(self, errand: Errand) -> None:
        """Try out again what was mined and refused, or passed over, so that the error says why.

        What was refused is sent anew if it is taken now.
        """
        view = self.registry.view()
        if errand.done_at(view) is None:
            self.writer.plan(errand.make(view))

    def _live(self, purpose: Purpose) -> Stored | None:
        with self.database.read() as connection:
            return transactions.live(connection, purpose)

    def _note(self, errand: Errand, *, confirmed: bool) -> None:
        """Keep what is stored about the transaction up to date while its effect is on record."""
        found = self._live(errand.purpose)
        if found is None:
            return
        stored, mined = self.line.look(found)
        if mined is None and confirmed and stored.state not in (*GIVEN_UP, TransactionState.SENT):
            self.line.give_up(stored)  # another one brought it there
