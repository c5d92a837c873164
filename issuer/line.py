"""The line of one account: its transactions in the order of their nonces, whoever began them and in which process.

A nonce is given out inside the database, so no two processes have the same one; the intent is stored with it, so
whoever comes next can sign and send what another left behind. Signed bytes are stored before they are sent, and the
same bytes are sent again until the chain has them. What waits too long is signed again with higher fees: one
transaction has many hashes, and each one's receipt is looked at. A nonce that nobody holds would keep all later ones
waiting for ever; it is filled with a transaction that does nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from issuer.store import transactions
from issuer.store.database import Database
from issuer.store.transactions import SETTLED, Purpose, Stored, TransactionState
from jikin.anchoring.chain import Counts, Fees, Intent, MinedTransaction, RegistryWriter
from jikin.anchoring.fees import raised
from jikin.errors import ChainUnavailableError, RegistryError
from jikin.values import Address

NEVER_SEEN = "chain.never-seen"
FILLER = "FillNonce"
# Behind one address there may be several nodes, and one may be behind: only what was said three times is believed.
_LOOKS = 3
_MOST_AHEAD = 100


@dataclass(frozen=True, slots=True)
class Pace:
    """How patiently the chain is asked.

    Confirmations wanted; seconds between looks; seconds until a job is put aside; seconds until fees are raised, and
    until a transaction that the chain takes and never has counts as lost.
    """

    confirmations: int
    poll_seconds: float
    wait_seconds: float
    clock: Callable[[], int]
    sleep: Callable[[float], None] = time.sleep
    raise_seconds: float = 48.0
    unseen_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Line:
    """The transactions of the writer's account."""

    database: Database
    writer: RegistryWriter
    pace: Pace

    @property
    def account(self) -> Address:
        """Return whose line it is."""
        return self.writer.account

    # ----------------------------------------------------------------------------------------------------- beginning

    def queue(self, purpose: Purpose, intent: Intent) -> Stored:
        """Return the transaction for *purpose*, stored with the next nonce; the one that is there, if there is one.

        Raises RegistryError ``registry.nonce-gap`` when the chain would have more than a hundred to wait for.
        """
        counts = self.writer.counts()
        with self.database.write() as connection:
            transactions.lock(connection, self.account)
            found = transactions.live(connection, purpose)
            if found is not None:
                return found
            nonce = transactions.next_nonce(connection, self.account, counts.waiting)
            if nonce - counts.mined > _MOST_AHEAD:
                raise _too_far(self.account, counts.mined, nonce)
            return transactions.queue(connection, purpose, self.account, intent, nonce=nonce, at=self.pace.clock())

    def signed(self, stored: Stored) -> Stored:
        """Return the transaction with its bytes signed and stored; nothing is sent."""
        return stored if stored.attempts else self._sign(stored, self.writer.fees())

    def _sign(self, stored: Stored, fees: Fees) -> Stored:
        if stored.intent is None:
            return stored
        prepared = self.writer.sign(stored.intent, stored.nonce, fees)
        with self.database.write() as connection:
            transactions.lock(connection, self.account)
            now = transactions.by_id(connection, stored.id)
            # Another process was faster: its bytes are the ones that are sent, ours are forgotten.
            if len(now.attempts) != len(stored.attempts) or now.state in SETTLED:
                return now
            return transactions.add_attempt(connection, now, prepared, fees, self.pace.clock())

    # ------------------------------------------------------------------------------------------------------- looking

    def look(self, stored: Stored) -> tuple[Stored, MinedTransaction | None]:
        """Return the transaction as the chain has it now, and where it was mined, None while it is not.

        Every attempt is looked for: an earlier one may be mined after a later one was sent.
        """
        for attempt in reversed(stored.attempts):
            mined = self.writer.mined(attempt.prepared.hash)
            if mined is not None:
                state = self._state(mined)
                if (state, mined.block.number, mined.confirmations) == (
                    *(stored.state, stored.block),
                    stored.confirmations,
                ):
                    return stored, mined
                with self.database.write() as connection:
                    at = self.pace.clock()
                    return transactions.note_mined(connection, stored, attempt, mined, state=state, at=at), mined
        if stored.state in (TransactionState.MINED, TransactionState.FINAL):
            with self.database.write() as connection:
                return transactions.note_reorged(connection, stored, self.pace.clock()), None
        return stored, None

    def _state(self, mined: MinedTransaction) -> TransactionState:
        if not mined.succeeded:
            return TransactionState.REVERTED
        deep = mined.confirmations >= self.pace.confirmations
        return TransactionState.FINAL if deep else TransactionState.MINED

    def give_up(self, stored: Stored) -> Stored:
        """Return the transaction given up, unless the chain has it: then it stays in the line until it is mined."""
        if any(self.writer.knows(attempt.prepared.hash) for attempt in stored.attempts):
            return stored
        return self._change(stored, state=TransactionState.REPLACED)

    # ------------------------------------------------------------------------------------------------------- tending

    def tend(self) -> None:
        """Bring every transaction of the line one step further, lowest nonce first.

        Raises ChainUnavailableError (``chain.never-seen`` when the chain takes a transaction and never has it), and
        RegistryError when nothing of the account can be mined: ``registry.funds``, ``registry.nonce-gap``.
        """
        counts = self.writer.counts()
        with self.database.read() as connection:
            found = transactions.unsettled(connection, self.account, counts.mined)
        for stored in found:
            self._tend(stored, counts)
        self._fill_gaps(counts)

    def _tend(self, stored: Stored, counts: Counts) -> None:
        stored, mined = self.look(stored)
        if mined is not None:
            return
        if stored.nonce < counts.mined:
            self._passed_over(stored, "registry.nonce-used")
            return
        stored = self.signed(stored)
        if stored.state not in SETTLED:
            self._send(stored)

    def _send(self, stored: Stored) -> None:
        """Send what the chain does not have, and raise the fees of what waits too long."""
        attempt, now = stored.newest, self.pace.clock()
        if stored.state is TransactionState.SENT and self.writer.knows(attempt.prepared.hash):
            if attempt.seen_at is None:
                self._note(stored, seen_at=now)
            if now - attempt.signed_at >= self.pace.raise_seconds:
                self._raise(stored)
            return
        try:
            self.writer.broadcast(attempt.prepared)
        except RegistryError as error:
            self._refused(stored, error)
            return
        unseen = attempt.sent_at is not None and attempt.seen_at is None
        lost = unseen and now - (attempt.sent_at or now) >= self.pace.unseen_seconds
        if attempt.sent_at is None or lost:
            self._note(stored, sent_at=now)
        stored = self._change(stored, state=TransactionState.SENT, error_code=NEVER_SEEN if lost else None)
        if lost:
            raise ChainUnavailableError(
                f"the chain takes transaction {attempt.prepared.hash} and does not have it "
                f"{self.pace.unseen_seconds:.0f} s later",
                code=NEVER_SEEN,
                hint="look at the node; the same bytes are sent again when the job is resumed",
            )
        if stored.state is TransactionState.SENT:
            self.look(stored)  # a chain for trying out has mined it at once

    def _refused(self, stored: Stored, error: RegistryError) -> None:
        if error.code == "registry.nonce-used":
            self._passed_over(stored, error.code)
        elif error.code == "registry.nonce-gap":
            self._change(stored, error_code=error.code)
        elif error.code == "registry.underpriced":
            # An attempt of ours, or another program's, waits under this nonce; or the chain has become dearer.
            self._change(stored, state=TransactionState.SENT, error_code=error.code)
            if self.pace.clock() - stored.newest.signed_at >= self.pace.raise_seconds:
                self._raise(stored)
        else:
            self._change(stored, error_code=error.code)
            raise error

    def _passed_over(self, stored: Stored, code: str) -> None:
        """Note that the chain has another transaction under this nonce; the third time in a row it is believed."""
        if stored.looks + 1 >= _LOOKS:
            self._change(stored, state=TransactionState.REPLACED, error_code=code)
        else:
            self._change(stored, looks=stored.looks + 1, error_code=code)

    def _raise(self, stored: Stored) -> None:
        """Sign it once more with higher fees, and send that; at the cap it goes on waiting as it is."""
        fees = stored.newest.fees
        if fees is None or stored.intent is None:
            return
        try:
            again = self._sign(stored, raised(fees, self.writer.fees()))
            if again.newest.number == stored.newest.number:
                return
            self.writer.broadcast(again.prepared)
        except RegistryError as error:
            self._change(stored, error_code=error.code)
            return
        self._note(again, sent_at=self.pace.clock())
        self._change(again, error_code=None)

    # ---------------------------------------------------------------------------------------------------------- gaps

    def _fill_gaps(self, counts: Counts) -> None:
        """Fill nonces below waiting ones that neither chain nor office holds, once that was seen three times."""
        with self.database.read() as connection:
            held = {one.nonce: one for one in transactions.unsettled(connection, self.account, counts.mined)}
        missing = [nonce for nonce in range(counts.waiting, max(held, default=0)) if nonce not in held]
        if not missing:
            return
        above = held[min(nonce for nonce in held if nonce > missing[0])]
        if len(missing) > _MOST_AHEAD:
            raise _too_far(self.account, missing[0], above.nonce)
        if above.looks + 1 < _LOOKS:
            self._change(above, looks=above.looks + 1, error_code="registry.nonce-gap")
            return
        for nonce in missing:
            self._fill(nonce)
        self._change(above, looks=0)

    def _fill(self, nonce: int) -> None:
        with self.database.write() as connection:
            transactions.lock(connection, self.account)
            purpose = Purpose(f"{FILLER} {self.account} {nonce}")
            stored = transactions.live(connection, purpose)
            if stored is None:
                intent, at = self.writer.nothing(), self.pace.clock()
                stored = transactions.queue(connection, purpose, self.account, intent, nonce=nonce, at=at)
        self._send(self.signed(stored))

    # ------------------------------------------------------------------------------------------------------- storing

    def _change(self, stored: Stored, **values: object) -> Stored:
        if all(getattr(stored, name) == value for name, value in values.items()):
            return stored
        with self.database.write() as connection:
            return transactions.change(connection, stored, self.pace.clock(), **values)

    def _note(self, stored: Stored, **values: object) -> None:
        with self.database.write() as connection:
            transactions.note_attempt(connection, stored, stored.newest, **values)


def _too_far(account: Address, mined: int, nonce: int) -> RegistryError:
    return RegistryError(
        f"{account} would wait for {nonce - mined} transactions between nonces {mined} and {nonce}; "
        f"{_MOST_AHEAD} at most are waited for",
        code="registry.nonce-gap",
        hint="look whether the node is at the head of the chain, and whether another program uses this account",
    )
