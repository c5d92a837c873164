"""One account that writes to a registry on an EVM chain: try out, sign, send, look where it was mined.

A transaction is signed before it is sent, so that a retry sends the same bytes (DESIGN 4.2). One writer per account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from jikin.anchoring.accounts import ChainAccount
from jikin.anchoring.acts import Act
from jikin.anchoring.calls import call_of
from jikin.anchoring.chain import MinedTransaction, PreparedTransaction
from jikin.anchoring.evm_abi import Interface
from jikin.anchoring.evm_rpc import Node, Refusal, Rpc, digest, members, octets, quantity
from jikin.errors import ChainUnavailableError, JikinError, RegistryError, RegistryRefusedError
from jikin.values import Address, Digest, Json, JsonObject, keccak256

if TYPE_CHECKING:
    from eth_account.types import TransactionDictType

_GAS_MARGIN_PERCENT = 10
_BUMP_PERCENT = 10  # nodes refuse a replacement that raises less
_FEE_CAP_FACTOR = 5  # times the suggestion: a mistake must not drain the account
_DEFAULT_TIP_WEI = 1_000_000_000

# Words in nodes' messages, as they have no codes for these; first match wins.
_ALREADY_SENT = ("already known", "known transaction", "already imported", "alreadyknown")
_CLASSES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("underpriced", "fee too low to replace"), "registry.underpriced", "wait for it, or replace it with a higher fee"),
    (("nonce too low", "nonce is too low", "expected nonce to be at least"), "registry.nonce-used", "prepare anew"),
    (("nonce too high", "nonce is too high", "nonce gap"), "registry.nonce-gap", "send the earlier one first"),
    (("insufficient funds", "enough funds", "insufficient balance"), "registry.funds", "fund the account"),
)


@dataclass(frozen=True, slots=True)
class Fees:
    """Fees of EIP-1559 per unit of gas, in wei: the most that is paid, and the tip in it."""

    highest_wei: int
    tip_wei: int


class EvmWriter:
    """A RegistryWriter: *account* signs, *registry* says where to."""

    def __init__(self, registry: Node, account: ChainAccount) -> None:
        """Remember registry and account; nothing is asked yet."""
        self._registry = registry
        self._signer = account
        self._account = Address.parse(str(account.address))

    @property
    def account(self) -> Address:
        """Return the account that pays and is asked for its rights."""
        return self._account

    def prepare(self, act: Act) -> PreparedTransaction:
        """Return *act* as a signed transaction with the next nonce, tried out against the newest state first.

        Raises RegistryRefusedError when the contract would refuse it, RegistryMismatchError, ChainUnavailableError.
        """
        self._registry.view()  # a signature must never reach another registry than the pinned one
        rpc, interface, pins = self._registry.rpc, self._registry.interface, self._registry.pins
        data = interface.call_data(call_of(act))
        gas = _try_out(rpc, interface, {"from": str(self._account), "to": str(pins.registry), "data": _hex(data)})
        return _sign(
            self._signer,
            chain_id=pins.chain.number,
            nonce=rpc.transaction_count(self._account),
            to=pins.registry,
            data=data,
            gas=gas,
            fees=suggested_fees(rpc),
        )

    def replace(self, transaction: PreparedTransaction) -> PreparedTransaction:
        """Return the same act under the same nonce with higher fees, for a transaction that is stuck.

        Both fees rise by a tenth at least and to what the node suggests now. Raises RegistryError
        `registry.fee-cap` when that would be more than five times the suggestion.
        """
        known = TypedTransaction.from_bytes(HexBytes(transaction.raw)).as_dict()
        suggested = suggested_fees(self._registry.rpc)
        fees = Fees(
            max(_bumped(int(known["maxFeePerGas"])), suggested.highest_wei),
            max(_bumped(int(known["maxPriorityFeePerGas"])), suggested.tip_wei),
        )
        if fees.highest_wei > _FEE_CAP_FACTOR * suggested.highest_wei:
            raise RegistryError(
                f"a replacement would pay {fees.highest_wei} wei a unit of gas, {_FEE_CAP_FACTOR} times the suggested "
                f"{suggested.highest_wei} at most",
                code="registry.fee-cap",
            )
        return _sign(
            self._signer,
            chain_id=self._registry.pins.chain.number,
            nonce=transaction.nonce,
            to=self._registry.pins.registry,
            data=bytes(known["data"]),
            gas=int(known["gas"]),
            fees=fees,
        )

    def broadcast(self, transaction: PreparedTransaction) -> None:
        """Send the bytes; sending what the chain already has is no error.

        Raises ChainUnavailableError when it is not known whether they arrived (send the same again), and RegistryError
        when these bytes cannot be mined as things are: `registry.nonce-used` (another transaction has the nonce:
        prepare anew), `registry.underpriced`, `registry.nonce-gap`, `registry.funds`.
        """
        rpc = self._registry.rpc
        answer = rpc.ask("eth_sendRawTransaction", _hex(transaction.raw))
        if not isinstance(answer, Refusal) or _contains(answer.message, _ALREADY_SENT):
            return
        # A development node refuses with the contract's error, or a nonce already spent, and has mined it all the same.
        if rpc.call("eth_getTransactionByHash", transaction.hash.hex()) is not None:
            return
        raise _not_sent(answer, transaction)

    def mined(self, transaction_hash: Digest) -> MinedTransaction | None:
        """Return where the transaction was mined, None while it was not; raises ChainUnavailableError."""
        return mined(self._registry.rpc, transaction_hash)


def mined(rpc: Rpc, transaction_hash: Digest) -> MinedTransaction | None:
    """Return where a transaction was mined, None while it was not; raises ChainUnavailableError."""
    answer = rpc.call("eth_getTransactionReceipt", transaction_hash.hex())
    if answer is None:
        return None
    receipt = members(answer)
    newest = rpc.block("latest")
    number = quantity(receipt.get("blockNumber"))
    if number > newest.number:
        return None
    block = rpc.block(number)
    if block.hash != digest(receipt.get("blockHash")):
        return None  # a reorganisation between two questions: the next look says more
    return MinedTransaction(block, quantity(receipt.get("status")) == 1, newest.number - number + 1)


def suggested_fees(rpc: Rpc) -> Fees:
    """Return fees with which a transaction is mined soon: twice the base fee and the suggested tip."""
    tip = rpc.ask("eth_maxPriorityFeePerGas")
    tip_wei = _DEFAULT_TIP_WEI if isinstance(tip, Refusal) else quantity(tip)
    base = members(rpc.call("eth_getBlockByNumber", "latest", False)).get("baseFeePerGas")
    return Fees(2 * (quantity(base) if base is not None else 0) + tip_wei, tip_wei)


def creation(rpc: Rpc, interface: Interface, account: ChainAccount, code: bytes) -> PreparedTransaction:
    """Return the signed transaction that creates a contract of *code*, constructor arguments included."""
    sender = Address.parse(str(account.address))
    return _sign(
        account,
        chain_id=rpc.chain_id(),
        nonce=rpc.transaction_count(sender),
        to=None,
        data=code,
        gas=_try_out(rpc, interface, {"from": str(sender), "data": _hex(code)}),
        fees=suggested_fees(rpc),
    )


def created(rpc: Rpc, transaction_hash: Digest) -> Address:
    """Return the address of the contract that a mined transaction created; raises ChainUnavailableError."""
    receipt = members(rpc.call("eth_getTransactionReceipt", transaction_hash.hex()))
    return Address(octets(receipt.get("contractAddress")))


def _try_out(rpc: Rpc, interface: Interface, request: JsonObject) -> int:
    """Return the gas limit for *request* after a call without consequences; raises the contract's refusal."""
    answer: Json = None
    for method in ("eth_call", "eth_estimateGas"):
        said = rpc.ask(method, request, "pending")
        if isinstance(said, Refusal):
            raise _refused(interface, said, method)
        answer = said
    return quantity(answer) * (100 + _GAS_MARGIN_PERCENT) // 100  # of the last: eth_estimateGas


def _refused(interface: Interface, refusal: Refusal, method: str) -> JikinError:
    if refusal.data is not None:
        return interface.refusal(refusal.data)
    for words, code, hint in _CLASSES:
        if _contains(refusal.message, words):
            return RegistryError(f"{method}: {refusal.message[:200]}", code=code, hint=hint)
    if refusal.reverted:
        return RegistryRefusedError("Reverted", (refusal.message[:200],))
    return ChainUnavailableError(f"the node refused {method}: {refusal.message[:200]}", code="chain.refused")


def _not_sent(refusal: Refusal, transaction: PreparedTransaction) -> JikinError:
    for words, code, hint in _CLASSES:
        if _contains(refusal.message, words):
            return RegistryError(
                f"transaction {transaction.hash} with nonce {transaction.nonce} was not taken: {refusal.message[:200]}",
                code=code,
                hint=hint,
            )
    # Anything else (limits, overload, a node's own trouble) may be gone at the next try.
    return ChainUnavailableError(
        f"the node did not take the transaction: {refusal.message[:200]}", code="chain.refused"
    )


def _sign(
    account: ChainAccount, *, chain_id: int, nonce: int, to: Address | None, data: bytes, gas: int, fees: Fees
) -> PreparedTransaction:
    fields: TransactionDictType = {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "value": 0,
        "data": data,
        "gas": gas,
        "maxFeePerGas": fees.highest_wei,
        "maxPriorityFeePerGas": fees.tip_wei,
    }
    if to is not None:
        fields["to"] = to.raw
    raw = bytes(account.sign_transaction(fields).raw_transaction)
    return PreparedTransaction(raw, Digest(keccak256(raw)), nonce)


def _bumped(fee: int) -> int:
    return fee + -(-fee * _BUMP_PERCENT // 100)


def _contains(message: str, words: tuple[str, ...]) -> bool:
    lower = message.lower()
    return any(word in lower for word in words)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
