"""The outbox: every transaction as signed bytes, stored before it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, Row, insert, select, update

from issuer.store.tables import transactions
from jikin.anchoring.chain import PreparedTransaction
from jikin.values import Address, Digest


class TransactionState(StrEnum):
    """What is known of a stored transaction."""

    PREPARED = "prepared"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REPLACED = "replaced"  # its nonce went to another one, and what it wanted did not happen


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a transaction is for: the name of its act and the batch or epoch it belongs to; together they are unique."""

    act: str
    batch_id: int | None = None
    epoch_id: int | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored transaction."""

    id: int
    state: TransactionState
    prepared: PreparedTransaction = field(repr=False)


def _stored(row: Row[tuple[object, ...]]) -> Stored:
    return Stored(row.id, TransactionState(row.state), PreparedTransaction(row.raw, Digest(row.hash), row.nonce))


def live(connection: Connection, purpose: Purpose) -> Stored | None:
    """Return the transaction for *purpose* that was not replaced, None if there is none."""
    row = connection.execute(
        select(transactions).where(
            transactions.c.purpose == purpose.act,
            transactions.c.batch_id.is_not_distinct_from(purpose.batch_id),
            transactions.c.epoch_id.is_not_distinct_from(purpose.epoch_id),
            transactions.c.state != TransactionState.REPLACED,
        )
    ).one_or_none()
    return None if row is None else _stored(row)


def store(connection: Connection, purpose: Purpose, account: Address, prepared: PreparedTransaction, at: int) -> Stored:
    """Return the transaction, stored and not yet sent."""
    result = connection.execute(
        insert(transactions)
        .values(
            account=str(account),
            purpose=purpose.act,
            batch_id=purpose.batch_id,
            epoch_id=purpose.epoch_id,
            nonce=prepared.nonce,
            raw=prepared.raw,
            hash=prepared.hash.raw,
            state=TransactionState.PREPARED,
            created_at=at,
        )
        .returning(transactions.c.id)
    )
    return Stored(result.scalar_one(), TransactionState.PREPARED, prepared)


def unconfirmed(connection: Connection, account: Address) -> tuple[Stored, ...]:
    """Return what *account* has signed and what perhaps never reached the chain, lowest nonce first."""
    found = connection.execute(
        select(transactions)
        .where(
            transactions.c.account == str(account),
            transactions.c.state.in_((TransactionState.PREPARED, TransactionState.SENT)),
        )
        .order_by(transactions.c.nonce)
    )
    return tuple(_stored(row) for row in found)


def set_state(connection: Connection, transaction_id: int, state: TransactionState) -> None:
    """Note what became of the transaction."""
    connection.execute(update(transactions).where(transactions.c.id == transaction_id).values(state=state))


def every(connection: Connection) -> tuple[Stored, ...]:
    """Return all transactions, oldest first."""
    found = connection.execute(select(transactions).order_by(transactions.c.id))
    return tuple(_stored(row) for row in found)
