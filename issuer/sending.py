"""Writing to the registry exactly once: the signed bytes are stored before they are sent, and only then sent.

A crash at any point is followed by sending the same bytes again. What decides in the end is not the transaction but
the registry: when what was wanted is on record, with the confirmations asked for, it is done, whoever brought it there.
A new transaction is made only when the old one's nonce was used by another and what was wanted is not on record.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from issuer.store import transactions
from issuer.store.database import Database
from issuer.store.transactions import Purpose, Stored, TransactionState
from jikin.anchoring.acts import Act
from jikin.anchoring.chain import MinedTransaction, Registry, RegistryView, RegistryWriter
from jikin.errors import ChainUnavailableError, OfficeError, RegistryError

# One at a time per process: the next nonce is known only when the last transaction is on its way.
_NONCES = threading.Lock()


@dataclass(frozen=True, slots=True)
class Pace:
    """How patiently the chain is asked: confirmations, seconds between looks, seconds until a job is put aside."""

    confirmations: int
    poll_seconds: float
    wait_seconds: float
    clock: Callable[[], int]
    sleep: Callable[[float], None] = time.sleep


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

    def prepare(self, errand: Errand) -> Stored | None:
        """Return the stored transaction for *errand*, made if there is none; None when it is done already.

        Raises RegistryRefusedError when the contract would refuse the act, ChainUnavailableError.
        """
        with self.database.read() as connection:
            found = transactions.live(connection, errand.purpose)
        if found is not None:
            return found
        with _NONCES:
            view = self.registry.view()
            if errand.done_at(view) is not None:
                return None
            self._flush()
            prepared = self.writer.prepare(errand.make(view))
            with self.database.write() as connection:
                return transactions.store(connection, errand.purpose, self.writer.account, prepared, self.pace.clock())

    def _flush(self) -> None:
        """Send again what this account has stored: the chain's next nonce counts only what has reached it."""
        with self.database.read() as connection:
            waiting = transactions.unconfirmed(connection, self.writer.account)
        for stored in waiting:
            with contextlib.suppress(RegistryError):  # whoever it belongs to will meet that error and deal with it
                self.writer.broadcast(stored.prepared)

    def carry_out(self, errand: Errand) -> RegistryView:
        """Return a view in which *errand* is done with the confirmations asked for.

        Raises ChainUnavailableError or OfficeError ``office.chain-waits`` when that took too long (the job is resumed
        later), RegistryRefusedError and RegistryError when it will not happen.
        """
        deadline = self.pace.clock() + self.pace.wait_seconds
        while True:
            try:
                view = self._step(errand)
            except ChainUnavailableError:
                if self.pace.clock() >= deadline:
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

        Raises as ``carry_out``, and OfficeError ``office.reverted`` when the contract refused it after all.
        """
        with self.database.read() as connection:
            stored = transactions.live(connection, purpose)
        if stored is None:
            with _NONCES:
                self._flush()
                prepared = self.writer.prepare(act)
                with self.database.write() as connection:
                    stored = transactions.store(connection, purpose, self.writer.account, prepared, self.pace.clock())
        deadline = self.pace.clock() + self.pace.wait_seconds
        sent = False
        while True:
            mined = self.writer.mined(stored.prepared.hash)
            if mined is not None and not mined.succeeded:
                raise OfficeError(f"the registry refused {purpose.act} when it was mined", code="office.reverted")
            if mined is not None and mined.confirmations >= self.pace.confirmations:
                with self.database.write() as connection:
                    transactions.set_state(connection, stored.id, TransactionState.CONFIRMED)
                return mined
            if mined is None and not sent:
                self.writer.broadcast(stored.prepared)
                sent = True
                continue  # a chain for trying out has mined it at once
            if self.pace.clock() >= deadline:
                raise ChainUnavailableError(f"{purpose.act} is not mined after {self.pace.wait_seconds:.0f} s")
            self.pace.sleep(self.pace.poll_seconds)
            sent = False  # send again what is still not mined: a node may forget

    def _step(self, errand: Errand) -> RegistryView | None:
        """Do what can be done now; return a view when the errand is confirmed."""
        view = self.registry.view()
        done_at = errand.done_at(view)
        if done_at is not None:
            if view.block.number - done_at + 1 < self.pace.confirmations:
                return None
            self._note(errand, TransactionState.CONFIRMED)
            return view
        stored = self.prepare(errand)
        if stored is not None:
            self._send(errand, stored)
        return None

    def _send(self, errand: Errand, stored: Stored) -> None:
        mined = self.writer.mined(stored.prepared.hash)
        if mined is not None:
            self._judge(errand, stored, mined)
            return
        try:
            self.writer.broadcast(stored.prepared)
        except RegistryError as error:
            if error.code == "registry.underpriced":
                return  # another transaction of ours waits under this nonce: it will be mined, or this one will
            if error.code == "registry.nonce-gap":
                self._flush()
                return
            if error.code != "registry.nonce-used":
                raise
            self._replace(errand, stored)
            return
        with self.database.write() as connection:
            transactions.set_state(connection, stored.id, TransactionState.SENT)

    def _replace(self, errand: Errand, stored: Stored) -> None:
        """Give up a transaction whose nonce is gone, unless it, or what it wanted, is on the chain after all."""
        if self.writer.mined(stored.prepared.hash) is not None:
            return
        if errand.done_at(self.registry.view()) is not None:
            return
        with self.database.write() as connection:
            transactions.set_state(connection, stored.id, TransactionState.REPLACED)

    def _judge(self, errand: Errand, stored: Stored, mined: MinedTransaction) -> None:
        """Look at a mined transaction whose effect was not on record a moment ago."""
        if mined.succeeded or errand.done_at(self.registry.view()) is not None:
            return  # the next look will show it
        with self.database.write() as connection:
            transactions.set_state(connection, stored.id, TransactionState.REPLACED)
        # Mined and refused: try it out again, so that the error says why. If it would be taken now, it is sent anew.
        self.writer.prepare(errand.make(self.registry.view()))

    def _note(self, errand: Errand, state: TransactionState) -> None:
        with self.database.write() as connection:
            found = transactions.live(connection, errand.purpose)
            if found is not None:
                transactions.set_state(connection, found.id, state)
