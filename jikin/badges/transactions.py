"""The door to the chains that other systems write their roots to: one question, by transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from jikin.errors import ChainUnavailableError
from jikin.values import ChainId, Json


@dataclass(frozen=True, slots=True)
class Transaction:
    """What a transaction carries: its *data* (call data on EVM chains, the OP_RETURN payload on Bitcoin).

    *sender* is the address that sent or signed it, as that chain writes addresses; *mined_at* the time of its block
    (Unix seconds). Both are None where the source cannot say.
    """

    data: bytes
    sender: str | None = None
    mined_at: int | None = None


class TransactionData(Protocol):
    """A source for one chain."""

    def transaction(self, id: str) -> Transaction | None:
        """Return the confirmed transaction *id* (64 hexadecimal digits), None when the chain has no such one.

        Raises ChainUnavailableError when nobody answered.
        """


class Caller(Protocol):
    """Whatever asks a node by JSON-RPC (``jikin.anchoring.evm_rpc.Rpc`` does)."""

    def call(self, method: str, *params: Json) -> Json:
        """Return the result of *method*; raises ChainUnavailableError."""


class EvmTransactions:
    """Transactions of one EVM chain, asked from a node of that chain."""

    def __init__(self, rpc: Caller, chain: ChainId) -> None:
        """Ask *rpc*; that it is a node of *chain* is checked before the first answer counts."""
        self._rpc = rpc
        self._chain = chain
        self._checked = False

    def transaction(self, id: str) -> Transaction | None:
        """Return the mined transaction *id*, None for none or one that waits; raises ChainUnavailableError."""
        self._check_chain()
        answer = self._rpc.call("eth_getTransactionByHash", f"0x{id}")
        if answer is None:
            return None
        if not isinstance(answer, Mapping):
            raise _senseless()
        block = answer.get("blockNumber")
        if block is None:
            return None
        data, sender = answer.get("input"), answer.get("from")
        if not isinstance(data, str) or not data.startswith("0x") or not isinstance(sender, str):
            raise _senseless()
        try:
            return Transaction(bytes.fromhex(data[2:]), sender, self._time_of(block))
        except ValueError as error:
            raise _senseless() from error

    def _time_of(self, block: Json) -> int:
        answer = self._rpc.call("eth_getBlockByNumber", block, False)
        time = answer.get("timestamp") if isinstance(answer, Mapping) else None
        if not isinstance(time, str) or len(time) > 20:
            raise _senseless()
        return int(time, 16)

    def _check_chain(self) -> None:
        if self._checked:
            return
        answer = self._rpc.call("eth_chainId")
        if answer != hex(self._chain.number):
            raise ChainUnavailableError(
                f"the node that should be of {self._chain} is of {str(answer)[:40]}", code="chain.mismatch"
            )
        self._checked = True


def _senseless() -> ChainUnavailableError:
    return ChainUnavailableError("the node gave no sound answer about a transaction")
