"""One account that writes to a registry on an EVM chain: try out, sign, send, look where it was mined.

A transaction is signed before it is sent, so that a retry sends the same bytes (DESIGN 4.2). One writer per account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jikin.anchoring.accounts import ChainAccount
from jikin.anchoring.acts import Act
from jikin.anchoring.calls import call_of
from jikin.anchoring.chain import Counts, Fees, Intent, MinedTransaction, PreparedTransaction
from jikin.anchoring.evm_abi import Interface
from jikin.anchoring.evm_rpc import Node, Refusal, Rpc, digest, members, octets, quantity
from jikin.anchoring.fees import raised
from jikin.errors import ChainUnavailableError, JikinError, RegistryError, RegistryRefusedError
from jikin.values import Address, Digest, Json, JsonObject, keccak256

if TYPE_CHECKING:
    from eth_account.types import TransactionDictType

_GAS_MARGIN_PERCENT = 10
_GAS_OF_NOTHING = 21_000  # what every transaction costs
_DEFAULT_TIP_WEI = 1_000_000_000

# Words in nodes' messages, as they have no codes for these; first match wins.
_ALREADY_SENT = ("already known", "known transaction", "already imported", "alreadyknown")
_CLASSES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("underpriced", "fee too low to replace"), "registry.underpriced", "wait for it, or replace it with a higher fee"),
    (("nonce too low", "nonce is too low", "expected nonce to be at least"), "registry.nonce-used", "prepare anew"),
    (("nonce too high", "nonce is too high", "nonce gap"), "registry.nonce-gap", "send the earlier one first"),
    (("insufficient funds", "enough funds", "insufficient balance"), "registry.funds", "fund the account"),
)


class EvmWriter:
    """A RegistryWriter: *account* signs, *registry* says where to, *most_wei* how much a unit of gas may cost."""

    def __init__(self, registry: Node, account: ChainAccount, *, most_wei: int | None = None) -> None:
        """Remember registry and account; nothing is asked yet."""
        self._registry = registry
        self._signer = account
        self._account = Address.parse(str(account.address))
        self._most_wei = most_wei

    @property
    def account(self) -> Address:
        """Return the account that pays and is asked for its rights."""
        return self._account

    def prepare(self, act: Act) -> PreparedTransaction:
        """Return *act* as a signed transaction with the next nonce, tried out against the newest state first.

        Raises RegistryRefusedError when the contract would refuse it, RegistryMismatchError, ChainUnavailableError.
        """
        return self.sign(self.plan(act), self.counts().waiting, self.fees())

    def plan(self, act: Act) -> Intent:
        """Return what a transaction for *act* would do, tried out against the newest state. Raises as ``prepare``.

        Its limit of gas is what the node estimates and a tenth more.
        """
        self._registry.view()  # a signature must never reach another registry than the pinned one
        rpc, interface, pins = self._registry.rpc, self._registry.interface, self._registry.pins
        data = interface.call_data(call_of(act))
        gas = _try_out(rpc, interface, {"from": str(self._account), "to": str(pins.registry), "data": _hex(data)})
        return Intent(pins.registry, data, gas)

    def nothing(self) -> Intent:
        """Return what a transaction does that only uses its nonce up: nothing is sent from the account to itself."""
        return Intent(self._account, b"", _GAS_OF_NOTHING)

    def fees(self) -> Fees:
        """Return fees with which a transaction is mined soon: twice the base fee and the suggested tip.

        A node that lies about them, or a mistake, costs *most_wei* a unit of gas at most.
        """
        suggested = suggested_fees(self._registry.rpc)
        if self._most_wei is None or suggested.highest_wei <= self._most_wei:
            return suggested
        return Fees(self._most_wei, min(suggested.tip_wei, self._most_wei))

    def sign(self, intent: Intent, nonce: int, fees: Fees) -> PreparedTransaction:
        """Return *intent* signed for the pinned chain; nothing is asked or sent.

        Raises RegistryError `registry.fee-cap` for fees that are never signed here.
        """
        if self._most_wei is not None and fees.highest_wei > self._most_wei:
            raise RegistryError(
                f"{fees.highest_wei} wei a unit of gas; {self._most_wei} at most are signed for {self._account}",
                code="registry.fee-cap",
                hint="raise the limit when the chain has become that dear",
            )
        return _sign(
            self._signer,
            chain_id=self._registry.pins.chain.number,
            nonce=nonce,
            to=intent.to,
            data=intent.data,
            gas=intent.gas,
            fees=fees,
        )

    def counts(self) -> Counts:
        """Return how many transactions of the account the node has. Raises ChainUnavailableError."""
        rpc = self._registry.rpc
        mined_count = rpc.transaction_count(self._account, "latest")
        return Counts(mined_count, max(mined_count, rpc.transaction_count(self._account)))

    def replace(self, transaction: PreparedTransaction) -> PreparedTransaction:
        """Return the same act under the same nonce with higher fees, for a transaction that is stuck.

        Both fees rise by a tenth at least and to what the node suggests now. Raises RegistryError
        `registry.fee-cap` when that would be more than five times the suggestion.
        """
        from eth_account.typed_transactions.typed_transaction import TypedTransaction
        from hexbytes import HexBytes

        known = TypedTransaction.from_bytes(HexBytes(transaction.raw)).as_dict()
        before = Fees(int(known["maxFeePerGas"]), int(known["maxPriorityFeePerGas"]))
        intent = Intent(Address(bytes(known["to"])), bytes(known["data"]), int(known["gas"]))
        return self.sign(intent, transaction.nonce, raised(before, self.fees()))

    def knows(self, transaction_hash: Digest) -> bool:
        """Say whether the node has the transaction, mined or waiting. Raises ChainUnavailableError."""
        return self._registry.rpc.call("eth_getTransactionByHash", transaction_hash.hex()) is not None

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
        if self.knows(transaction.hash):
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
    used, price = receipt.get("gasUsed"), receipt.get("effectiveGasPrice")
    return MinedTransaction(
        block,
        quantity(receipt.get("status")) == 1,
        newest.number - number + 1,
        gas_used=0 if used is None else quantity(used),
        price_wei=0 if price is None else quantity(price),
    )


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


def _contains(message: str, words: tuple[str, ...]) -> bool:
    lower = message.lower()
    return any(word in lower for word in words)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
