"""What became of what was sent: the transactions of an institution's accounts, as the office has stored them.

Nothing is asked here: pages and programs see what the line saw last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from issuer.office import Office
from issuer.store import keys as key_rows
from issuer.store import transactions
from issuer.store.institutions import Institution
from issuer.store.keys import Key
from issuer.store.transactions import Attempt, Stored
from jikin.errors import OfficeError
from jikin.values import Json, JsonObject, format_instant

PAGE = 50


@dataclass(frozen=True, slots=True)
class Followed:
    """A page of transactions, newest first; *before* leads to the next page, None on the last."""

    entries: tuple[Stored, ...]
    before: int | None


def listed(office: Office, of: Sequence[Institution], before: int | None = None) -> Followed:
    """Return the newest transactions of the institutions' accounts with row ids below *before*."""
    with office.database.read() as connection:
        accounts = _accounts(key_rows.every(connection), of)
        found = transactions.newest(connection, accounts, before=before, limit=PAGE + 1)
    return Followed(found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None)


def one(office: Office, of: Sequence[Institution], transaction_id: int) -> Stored:
    """Return a transaction of the institutions' accounts; raises OfficeError ``office.transaction-unknown``."""
    with office.database.read() as connection:
        accounts = _accounts(key_rows.every(connection), of)
        found = transactions.newest(connection, accounts, before=transaction_id + 1, limit=1)
    if not found or found[0].id != transaction_id:
        raise OfficeError(f"there is no transaction {transaction_id}", code="office.transaction-unknown")
    return found[0]


def _accounts(keys: Sequence[Key], of: Sequence[Institution]) -> list[str]:
    """Return the institutions' accounts, also those that are retired; what else their keys are called is no account."""
    ids = {institution.id for institution in of}
    return [key.public for key in keys if key.institution_id in ids]


def act_of(stored: Stored) -> str:
    """Return the name of the act; what follows it in the purpose only tells it from its like."""
    return stored.purpose.act.partition(" ")[0]


def to_json(stored: Stored) -> JsonObject:
    """Return the transaction as it is told to a program: instants in UTC, amounts in wei as decimal texts."""
    return {
        "id": stored.id,
        "act": act_of(stored),
        "batch": stored.purpose.batch_id,
        "epoch": stored.purpose.epoch_id,
        "account": str(stored.account),
        "nonce": stored.nonce,
        "state": stored.state.value,
        "block": stored.block,
        "confirmations": stored.confirmations,
        "reorganisations": stored.reorgs,
        "error": stored.error_code,
        "createdAt": format_instant(stored.created_at),
        "changedAt": format_instant(stored.changed_at),
        "attempts": [_attempt(attempt) for attempt in stored.attempts],
    }


def _attempt(attempt: Attempt) -> Json:
    fees = attempt.fees
    return {
        "number": attempt.number,
        "hash": attempt.prepared.hash.hex(),
        "mostWeiPerGas": None if fees is None else str(fees.highest_wei),
        "tipWeiPerGas": None if fees is None else str(fees.tip_wei),
        "paidWei": None if attempt.paid_wei is None else str(attempt.paid_wei),
        "signedAt": format_instant(attempt.signed_at),
        "sentAt": _instant(attempt.sent_at),
        "seenAt": _instant(attempt.seen_at),
        "minedAt": _instant(attempt.mined_at),
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else format_instant(at)
