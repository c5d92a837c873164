"""Transactions of a chain in memory: their bytes, and the pool in which they wait for a block as on every node."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jikin.anchoring.acts import Act
from jikin.anchoring.calls import Plain, act_of
from jikin.anchoring.chain import Fees
from jikin.anchoring.fees import RAISE_PERCENT
from jikin.errors import ValueRefusedError
from jikin.values import Address, Digest, keccak256


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction as sent; without *act* it only uses its nonce up."""

    hash: Digest
    account: Address
    nonce: int
    act: Act | None
    fees: Fees

    def may_replace(self, other: Sent) -> bool:
        """Say whether both fees are so much higher that a node lets this one take the place of *other*."""
        pairs = ((self.fees.highest_wei, other.fees.highest_wei), (self.fees.tip_wei, other.fees.tip_wei))
        return all(100 * ours >= (100 + RAISE_PERCENT) * theirs for ours, theirs in pairs)


@dataclass(slots=True)
class Pool:
    """Transactions that wait for a block, or for an earlier one of the same account."""

    waiting: dict[tuple[Address, int], Sent] = field(default_factory=dict)

    def next(self, nonce_of: Callable[[Address], int]) -> Sent | None:
        """Take out a transaction whose turn it is, None if there is none."""
        turn = next((place for place in self.waiting if place[1] == nonce_of(place[0])), None)
        return self.waiting.pop(turn) if turn else None

    def take(self, sent: Sent) -> bool:
        """Let *sent* wait, in the place of one with lower fees; False when one with its nonce waits already."""
        place = (sent.account, sent.nonce)
        other = self.waiting.setdefault(place, sent)
        if other != sent and not sent.may_replace(other):
            return False
        self.waiting[place] = sent
        return True


def encode_head(account: Address, nonce: int, fees: Fees) -> bytes:
    """Return the first line of a transaction: who, in which turn, for which fees."""
    head = [str(account), nonce, fees.highest_wei, fees.tip_wei]
    return json.dumps(head, separators=(",", ":")).encode() + b"\n"


def encode_call(function: str, values: Sequence[Plain]) -> bytes:
    """Return the bytes of a call: its name and values as JSON, one form only."""
    plain = [{"hex": value.hex()} if isinstance(value, bytes) else value for value in values]
    return json.dumps([function, plain], ensure_ascii=True, separators=(",", ":")).encode()


def decode(raw: bytes) -> Sent:
    """Return the transaction in *raw*: a line with account, nonce and fees, then the call, if there is one.

    Raises ValueRefusedError.
    """
    try:
        head, _, call = raw.partition(b"\n")
        account, nonce, highest, tip = json.loads(head)
        fees = Fees(int(highest), int(tip))
        return Sent(Digest(keccak256(raw)), Address.parse(account), int(nonce), _decode_call(call), fees)
    except (ValueError, TypeError, KeyError) as error:
        raise ValueRefusedError("these bytes are no transaction of an in-memory chain") from error


def _decode_call(call: bytes) -> Act | None:
    if not call:
        return None
    function, values = json.loads(call)
    plain: tuple[Plain, ...] = tuple(
        bytes.fromhex(value["hex"]) if isinstance(value, dict) else value for value in values
    )
    return act_of(function, plain)
