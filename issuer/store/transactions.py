"""The outbox: what is to be sent, stored with its nonce before it is signed, and as signed bytes before it is sent.

    queued → signed → sent → mined → final
                       ↑       ↓
                       └── reorged              replaced, reverted: given up, the purpose gets another one

One transaction has many attempts: the same intent under the same nonce with higher fees. Any of them may be mined.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from issuer.store.tables import attempts, transactions
from jikin.anchoring.chain import Fees, Intent, MinedTransaction, PreparedTransaction
from jikin.errors import OfficeError
from jikin.values import Address, Digest, sha256


class TransactionState(StrEnum):
    """What is known of a stored transaction."""

    QUEUED = "queued"  # nonce and intent are stored
    SIGNED = "signed"  # the bytes are stored
    SENT = "sent"
    MINED = "mined"
    FINAL = "final"  # with the confirmations asked for
    REORGED = "reorged"  # was mined, and its block is gone
    REPLACED = "replaced"  # given up: another one took its nonce, or did what it was for before it was sent
    REVERTED = "reverted"  # mined, and refused by the contract


GIVEN_UP = (TransactionState.REPLACED, TransactionState.REVERTED)
SETTLED = (TransactionState.FINAL, *GIVEN_UP)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a transaction is for: the name of its act and the batch or epoch it belongs to; together they are unique."""

    act: str
    batch_id: int | None = None
    epoch_id: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A transaction signed once. *fees* None: not known of an old one; *paid_wei* None: not mined."""

    number: int
    prepared: PreparedTransaction = field(repr=False)
    fees: Fees | None
    signed_at: int
    sent_at: int | None
    seen_at: int | None
    mined_at: int | None
    paid_wei: int | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored transaction with its attempts, oldest first. *intent* None: not known of an old one, never raised.

    *looks* counts how often in a row the chain said that the nonce does not fit; *block* is where it was mined.
    """

    id: int
    account: Address
    purpose: Purpose
    nonce: int
    intent: Intent | None = field(repr=False)
    state: TransactionState
    attempts: tuple[Attempt, ...]
    looks: int
    reorgs: int
    block: int | None
    confirmations: int
    error_code: str | None
    created_at: int
    changed_at: int

    @property
    def newest(self) -> Attempt:
        """Return the attempt with the highest fees; raises OfficeError while none is signed."""
        if not self.attempts:
            raise OfficeError(f"transaction {self.id} is not signed yet", code="office.order")
        return self.attempts[-1]

    @property
    def prepared(self) -> PreparedTransaction:
        """Return the bytes of the newest attempt; raises OfficeError while none is signed."""
        return self.newest.prepared


# ------------------------------------------------------------------------------------------------------------- reading


def live(connection: Connection, purpose: Purpose) -> Stored | None:
    """Return the transaction for *purpose* that was not given up, None if there is none."""
    found = connection.execute(
        select(transactions)
        .where(
            transactions.c.purpose == purpose.act,
            transactions.c.batch_id.is_not_distinct_from(purpose.batch_id),
            transactions.c.epoch_id.is_not_distinct_from(purpose.epoch_id),
            transactions.c.state.not_in(GIVEN_UP),
        )
        .order_by(transactions.c.id.desc())
        .limit(1)
    )
    return next(iter(_stored(connection, list(found))), None)


def carrying(connection: Connection, act: str, half: Purpose) -> Stored | None:
    """Return the transaction for *act* that was not given up and does what *half* names among other things."""
    side = transactions.c.epoch_id if half.batch_id is None else transactions.c.batch_id
    found = connection.execute(
        select(transactions)
        .where(
            transactions.c.purpose == act,
            side == (half.epoch_id if half.batch_id is None else half.batch_id),
            transactions.c.state.not_in(GIVEN_UP),
        )
        .order_by(transactions.c.id.desc())
        .limit(1)
    )
    return next(iter(_stored(connection, list(found))), None)


def by_id(connection: Connection, transaction_id: int) -> Stored:
    """Return the transaction with that row id, which is there."""
    found = connection.execute(select(transactions).where(transactions.c.id == transaction_id))
    (stored,) = _stored(connection, [found.one()])
    return stored


def unsettled(connection: Connection, account: Address, mined: int) -> tuple[Stored, ...]:
    """Return what *account* has under way, lowest nonce first.

    *mined* is how many of its transactions the chain has: one with a higher nonce is under way again, whatever was
    known of it.
    """
    found = connection.execute(
        select(transactions)
        .where(
            transactions.c.account == str(account),
            transactions.c.state.not_in(GIVEN_UP),
            or_(transactions.c.state.not_in(SETTLED), transactions.c.nonce >= mined),
        )
        .order_by(transactions.c.nonce)
    )
    return _stored(connection, list(found))


def every(connection: Connection) -> tuple[Stored, ...]:
    """Return all transactions, oldest first."""
    return _stored(connection, list(connection.execute(select(transactions).order_by(transactions.c.id))))


def newest(
    connection: Connection, accounts: list[str], *, before: int | None = None, limit: int = 50
) -> tuple[Stored, ...]:
    """Return the newest transactions of *accounts* with row ids below *before*, newest first."""
    wanted = select(transactions).where(transactions.c.account.in_(accounts))
    if before is not None:
        wanted = wanted.where(transactions.c.id < before)
    return _stored(connection, list(connection.execute(wanted.order_by(transactions.c.id.desc()).limit(limit))))


def _stored(connection: Connection, rows: list[Row[tuple[object, ...]]]) -> tuple[Stored, ...]:
    nonces = {row.id: row.nonce for row in rows}
    found = connection.execute(
        select(attempts).where(attempts.c.transaction_id.in_(nonces)).order_by(attempts.c.number)
    )
    made: dict[int, list[Attempt]] = {}
    for one in found:
        made.setdefault(one.transaction_id, []).append(_attempt(one, nonces[one.transaction_id]))
    return tuple(_one(row, tuple(made.get(row.id, ()))) for row in rows)


def _attempt(row: Row[tuple[object, ...]], nonce: int) -> Attempt:
    return Attempt(
        number=row.number,
        prepared=PreparedTransaction(row.raw, Digest(row.hash), nonce),
        fees=None if row.highest_wei is None else Fees(row.highest_wei, row.tip_wei),
        signed_at=row.signed_at,
        sent_at=row.sent_at,
        seen_at=row.seen_at,
        mined_at=row.mined_at,
        paid_wei=None if row.gas_used is None else row.gas_used * row.price_wei,
    )


def _one(row: Row[tuple[object, ...]], made: tuple[Attempt, ...]) -> Stored:
    return Stored(
        id=row.id,
        account=Address.parse(row.account),
        purpose=Purpose(row.purpose, row.batch_id, row.epoch_id),
        nonce=row.nonce,
        intent=None if row.target is None else Intent(Address.parse(row.target), row.data, row.gas),
        state=TransactionState(row.state),
        attempts=made,
        looks=row.looks,
        reorgs=row.reorgs,
        block=row.block,
        confirmations=row.confirmations,
        error_code=row.error_code,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


# ------------------------------------------------------------------------------------------------------------- writing


def lock(connection: Connection, account: Address) -> None:
    """Keep every other process from giving out nonces of *account* until this transaction of the database ends.

    SQLite has one writer at a time anyway; PostgreSQL is asked for a lock by the account's name.
    """
    if connection.dialect.name == "postgresql":
        key = int.from_bytes(sha256(b"nonces of " + account.raw)[:8], "big", signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(key)))


def next_nonce(connection: Connection, account: Address, known: int) -> int:
    """Return the nonce after all that the chain has (*known*) and all that is stored and not given up."""
    highest = connection.execute(
        select(func.max(transactions.c.nonce)).where(
            transactions.c.account == str(account), transactions.c.state.not_in(GIVEN_UP)
        )
    ).scalar_one()
    return known if highest is None else max(known, highest + 1)


def queue(connection: Connection, purpose: Purpose, account: Address, intent: Intent, *, nonce: int, at: int) -> Stored:
    """Return the transaction, stored with its nonce and not yet signed."""
    result = connection.execute(
        insert(transactions)
        .values(
            account=str(account),
            purpose=purpose.act,
            batch_id=purpose.batch_id,
            epoch_id=purpose.epoch_id,
            nonce=nonce,
            target=str(intent.to),
            data=intent.data,
            gas=intent.gas,
            state=TransactionState.QUEUED,
            created_at=at,
            changed_at=at,
        )
        .returning(transactions.c.id)
    )
    return by_id(connection, result.scalar_one())


def add_attempt(connection: Connection, stored: Stored, prepared: PreparedTransaction, fees: Fees, at: int) -> Stored:
    """Return the transaction with one more attempt, signed and not yet sent.

    The same act, nonce and fees are the same bytes: where a reorganisation has set the nonce of a transaction free that
    was given up, its attempt becomes this one's. Refusing it would stop the account's whole line for good.
    """
    number = len(stored.attempts) + 1
    moved = connection.execute(
        update(attempts)
        .where(attempts.c.hash == prepared.hash.raw)
        .values(transaction_id=stored.id, number=number, signed_at=at)
        .returning(attempts.c.id)
    )
    if moved.one_or_none() is None:
        _insert_attempt(connection, stored, number, prepared=prepared, fees=fees, at=at)
    state = TransactionState.SIGNED if stored.state is TransactionState.QUEUED else stored.state
    return change(connection, stored, at, state=state)


def _insert_attempt(
    connection: Connection, stored: Stored, number: int, *, prepared: PreparedTransaction, fees: Fees, at: int
) -> None:
    connection.execute(
        insert(attempts).values(
            transaction_id=stored.id,
            number=number,
            raw=prepared.raw,
            hash=prepared.hash.raw,
            highest_wei=fees.highest_wei,
            tip_wei=fees.tip_wei,
            signed_at=at,
        )
    )


def change(connection: Connection, stored: Stored, at: int, **values: object) -> Stored:
    """Return the transaction with other *values* of its columns; as it is, when another process changed its state."""
    connection.execute(
        update(transactions)
        .where(transactions.c.id == stored.id, transactions.c.state == stored.state)
        .values(changed_at=at, **values)
    )
    return by_id(connection, stored.id)


def note_attempt(connection: Connection, stored: Stored, attempt: Attempt, **values: object) -> None:
    """Set other *values* of the columns of an attempt."""
    connection.execute(
        update(attempts)
        .where(attempts.c.transaction_id == stored.id, attempts.c.number == attempt.number)
        .values(**values)
    )


def note_mined(
    connection: Connection,
    stored: Stored,
    attempt: Attempt,
    mined: MinedTransaction,
    *,
    state: TransactionState,
    at: int,
) -> Stored:
    """Return the transaction as mined by *attempt*."""
    note_attempt(
        connection,
        stored,
        attempt,
        seen_at=attempt.seen_at or at,
        mined_at=mined.block.time,
        gas_used=mined.gas_used,
        price_wei=mined.price_wei,
    )
    return change(
        connection,
        stored,
        at,
        state=state,
        block=mined.block.number,
        confirmations=mined.confirmations,
        looks=0,
        error_code=None,
    )


def note_reorged(connection: Connection, stored: Stored, at: int) -> Stored:
    """Return the transaction, whose block is gone."""
    connection.execute(
        update(attempts)
        .where(attempts.c.transaction_id == stored.id)
        .values(mined_at=None, gas_used=None, price_wei=None)
    )
    return change(
        connection,
        stored,
        at,
        state=TransactionState.REORGED,
        block=None,
        confirmations=0,
        looks=0,
        reorgs=stored.reorgs + 1,
    )
