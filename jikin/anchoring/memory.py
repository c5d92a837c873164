"""A whole chain with a registry in memory: the contract's rules, its blocks, its clock, and the means to break them.

A full citizen for a first look, demonstrations and tests. Blocks are mined per transaction and by `mine()`; with an
*interval* the next look mines one when the clock has moved on, so that heads do not grow stale by themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from coincurve import PrivateKey

from jikin.anchoring.acts import Act
from jikin.anchoring.calls import call_of, readable_dids
from jikin.anchoring.chain import (
    AnchorSlot,
    AuditHead,
    Block,
    Counts,
    Fees,
    Intent,
    IssuerRecord,
    KeyWindow,
    MinedTransaction,
    OperatorRecord,
    PreparedTransaction,
    RegistryPins,
    StatusHead,
    StatusHistory,
    Successor,
)
from jikin.anchoring.events import EventLog
from jikin.anchoring.memory_frame import NOBODY, Answering
from jikin.anchoring.memory_pool import Pool, Sent, decode, encode_call, encode_head
from jikin.anchoring.memory_rules import Execution
from jikin.anchoring.memory_state import State
from jikin.codec.accounts import FIRST_V, address_of
from jikin.errors import ChainUnavailableError, RegistryError, RegistryRefusedError, ValueRefusedError
from jikin.values import Address, ChainId, Did, Digest, IssuerId, KeyId, ListId, keccak256

_KEYS = tuple(PrivateKey(keccak256(b"memory account %d" % number)) for number in range(10))
ACCOUNTS = tuple(Address(address_of(key.public_key.format())) for key in _KEYS)
_REGISTRY = Address(keccak256(b"memory registry")[12:])


def account_signature(account: Address, digest: Digest) -> bytes:
    """Return the signature (r ‖ s ‖ v) of one of `ACCOUNTS` over *digest*: their keys are known to everybody."""
    made = _KEYS[ACCOUNTS.index(account)].sign_recoverable(digest.raw, hasher=None)
    return made[:-1] + bytes([FIRST_V + made[-1]])


@dataclass(slots=True)
class _Record:
    """Where a transaction was mined, and whether the contract took it."""

    block: int
    succeeded: bool


class MemoryChain:
    """A Registry with its chain. *clock* returns Unix seconds; block times follow it and never fall.

    Of `ACCOUNTS` the first is the accreditor unless another is named; *delay* is the contract's. *contracts* are the
    accounts that are no keys, each with how it answers whether a signature is its own (ERC-1271). Set `reachable` to
    False and nothing answers; set `automine` to False and transactions wait for `mine()`. Nothing is paid here, but the
    *suggested* fees and the rule of replacement are a node's.
    """

    def __init__(
        self,
        clock: Callable[[], int],
        *,
        contracts: Mapping[Address, Answering] | None = None,
        chain: ChainId | None = None,
        accreditor: Address = ACCOUNTS[0],
        delay: int = 0,
        interval: int | None = None,
        name: str = "memory",
    ) -> None:
        """Start a chain whose registry is deployed in block 1; another *name* gives another genesis block."""
        self.reachable = True
        self.automine = True
        self.suggested = Fees(2_000_000_000, 1_000_000_000)
        self._clock = clock
        self._accreditor = accreditor
        self._delay = delay
        self._contracts = dict(contracts or {})
        self._interval = interval
        self._lock = threading.RLock()
        self._state = State()
        self._pool = Pool()
        self._mined: dict[Digest, _Record] = {}
        self._nonces: dict[Address, list[int]] = {}  # the block of each transaction, so that a reorg counts back
        self._reorgs = 0
        genesis = Block(0, Digest(keccak256(b"genesis of " + name.encode())), clock())
        self._blocks = [genesis]
        self._pins = RegistryPins(
            chain or ChainId(31337), _REGISTRY, Digest(keccak256(b"memory registry code")), genesis.hash, 1
        )
        self._add_block()

    @property
    def pins(self) -> RegistryPins:
        """Return which registry this is."""
        return self._pins

    @property
    def accreditor(self) -> Address:
        """Return the account that accredits issuers."""
        return self._accreditor

    def view(self) -> MemoryView:
        """Return the registry as of the newest block; raises ChainUnavailableError."""
        with self._lock:
            self._answer()
            return MemoryView(self, self._blocks[-1])

    def check(self) -> None:
        """Return when the chain answers: in memory no other registry can."""
        self.view()

    def event_log(self) -> EventLog:
        """Return the newest view and every event up to its block, for an audit."""
        with self._lock:
            view = self.view()
            return EventLog(view, self._state.events.until(None, view.block.number))

    def writer(self, account: Address) -> MemoryWriter:
        """Return the writer of *account*."""
        return MemoryWriter(self, account)

    def mine(self, count: int = 1) -> None:
        """Mine what waits, each transaction in its own block, and at least *count* blocks in all."""
        with self._lock:
            before = len(self._blocks)
            while (sent := self._pool.next(self._nonce)) is not None:
                self._execute(sent)
            for _ in range(count - (len(self._blocks) - before)):
                self._add_block()

    def reorganise(self, depth: int) -> None:
        """Drop the newest *depth* blocks with everything in them; their transactions are forgotten, not queued."""
        with self._lock:
            if not 0 < depth < len(self._blocks) - 1:
                raise ValueRefusedError(f"a chain of {len(self._blocks)} blocks cannot lose {depth} of them")
            del self._blocks[-depth:]
            self._reorgs += 1
            tip = self._blocks[-1].number
            self._state.forget_after(tip)
            self._mined = {at: record for at, record in self._mined.items() if record.block <= tip}
            self._nonces = {who: [at for at in blocks if at <= tip] for who, blocks in self._nonces.items()}

    # -------------------------------------------------------------------- what writers and views ask (package-wide)

    def _answer(self) -> None:
        if not self.reachable:
            raise ChainUnavailableError("the in-memory chain was switched off")
        if self._interval is not None and self._clock() - self._blocks[-1].time >= self._interval:
            self.mine()

    def _nonce(self, account: Address) -> int:
        return len(self._nonces.get(account, ()))

    def _next_time(self) -> int:
        return max(self._clock(), self._blocks[-1].time)

    def _try(self, account: Address, act: Act | None) -> None:
        """Apply *act* in the block to come; what it wrote stays until `_add_block` or is taken back."""
        if act is None:
            return
        Execution(
            state=self._state,
            pins=self._pins,
            accreditor=self._accreditor,
            delay=self._delay,
            sender=account,
            number=len(self._blocks),
            time=self._next_time(),
            contracts=self._contracts,
        ).run(act)

    def _take_back(self) -> None:
        self._state.forget_after(len(self._blocks) - 1)

    def _execute(self, sent: Sent) -> None:
        succeeded = True
        try:
            self._try(sent.account, sent.act)
        except RegistryRefusedError:
            succeeded = False  # mined all the same, as on every chain: the nonce is spent
            self._take_back()
        block = self._add_block(sent.hash)
        self._mined[sent.hash] = _Record(block.number, succeeded)
        self._nonces.setdefault(sent.account, []).append(block.number)

    def _add_block(self, transaction: Digest | None = None) -> Block:
        tip, time = self._blocks[-1], self._next_time()
        content = transaction.raw if transaction else b""
        seed = tip.hash.raw + time.to_bytes(8, "big") + self._reorgs.to_bytes(4, "big") + content
        block = Block(tip.number + 1, Digest(keccak256(seed)), time)
        self._blocks.append(block)
        return block


@dataclass(frozen=True, slots=True)
class MemoryView:
    """A RegistryView: the registry as of one block, also after later ones."""

    _chain: MemoryChain = field(repr=False)
    _block: Block

    @property
    def pins(self) -> RegistryPins:
        """Return which registry this is."""
        return self._chain.pins

    @property
    def block(self) -> Block:
        """Return the block as of which everything here is said."""
        return self._block

    def _state(self) -> State:
        if not self._chain.reachable:
            raise ChainUnavailableError("the in-memory chain was switched off")
        return self._chain._state

    def successor(self) -> Successor | None:
        """Return the registry that follows this one, now or from a moment to come; None if none is named."""
        with self._chain._lock:
            known = self._state().successor.read(None, self._block.number)
        return None if known is None or known.registry == NOBODY else known

    def issuers(self) -> tuple[Did, ...]:
        """Return the DID of every issuer ever registered, in the order of registration."""
        with self._chain._lock:
            return readable_dids(self._state().registrations.until(None, self._block.number))

    def issuer(self, issuer_id: IssuerId) -> IssuerRecord | None:
        """Return the issuer on record, None if it is not registered."""
        with self._chain._lock:
            record = self._state().issuers.read(issuer_id, self._block.number)
        if record is None:
            return None
        return IssuerRecord(
            owner=record.owner,
            valid_from=record.valid_from,
            valid_until=record.valid_until,
            anchors_all=record.anchors_all,
            anchors_all_since=record.anchors_all_since,
            invalid_since=record.invalid_since,
            profile_hash=record.profile_hash,
        )

    def approved_profile(self, issuer_id: IssuerId) -> bytes | None:
        """Return the bytes of the approved profile, None if none is approved."""
        with self._chain._lock:
            record = self._state().issuers.read(issuer_id, self._block.number)
        return record.profile if record else None

    def operator(self, issuer_id: IssuerId, account: Address) -> OperatorRecord | None:
        """Return the operator's rights, None if it never had any."""
        with self._chain._lock:
            return self._state().operators.read((issuer_id, account), self._block.number)

    def key_window(self, issuer_id: IssuerId, key_id: KeyId) -> KeyWindow | None:
        """Return the key's window, None if the key is not registered."""
        with self._chain._lock:
            return self._state().keys.read((issuer_id, key_id), self._block.number)

    def anchor(self, issuer_id: IssuerId, root: Digest) -> AnchorSlot | None:
        """Return the slot of *root*, None if this issuer never anchored it."""
        with self._chain._lock:
            return self._state().anchors.read((issuer_id, root), self._block.number)

    def status_heads(self, issuer_id: IssuerId, list_ids: Sequence[ListId]) -> tuple[StatusHead | None, ...]:
        """Return the heads of the lists, in the order asked, None for a list that was not opened."""
        with self._chain._lock:
            lists = self._state().lists
            return tuple(lists.read((issuer_id, list_id), self._block.number) for list_id in list_ids)

    def status_history(self, issuer_id: IssuerId, list_id: ListId) -> StatusHistory | None:
        """Return opening and epochs of the list, None if it was not opened."""
        where, block = (issuer_id, list_id), self._block.number
        with self._chain._lock:
            state = self._state()
            head, index_key_hash = state.lists.read(where, block), state.openings.read(where, block)
            if head is None or index_key_hash is None:
                return None
            return StatusHistory(head.entries, index_key_hash, state.epochs.until(where, block))

    def audit_head(self, issuer_id: IssuerId) -> AuditHead | None:
        """Return the newest head of the issuer's log of acts, None while none was published."""
        with self._chain._lock:
            return self._state().audits.read(issuer_id, self._block.number)


@dataclass(frozen=True, slots=True)
class MemoryWriter:
    """A RegistryWriter: one account of a MemoryChain."""

    _chain: MemoryChain = field(repr=False)
    _account: Address

    @property
    def account(self) -> Address:
        """Return the account that is asked for its rights."""
        return self._account

    def prepare(self, act: Act) -> PreparedTransaction:
        """Return *act* with the next nonce, tried out against the newest state; raises RegistryRefusedError."""
        with self._chain._lock:
            return self.sign(self.plan(act), self._chain._nonce(self._account), self.fees())

    def plan(self, act: Act) -> Intent:
        """Return what a transaction for *act* would do, tried out against the newest state. Raises as ``prepare``."""
        chain = self._chain
        with chain._lock:
            chain._answer()
            call = call_of(act)  # before it is tried: a number that the contract has no room for never gets there
            try:
                chain._try(self._account, act)
            finally:
                chain._take_back()
        return Intent(_REGISTRY, encode_call(call.function, call.values), 0)

    def nothing(self) -> Intent:
        """Return what a transaction does that only uses its nonce up."""
        return Intent(self._account, b"", 0)

    def fees(self) -> Fees:
        """Return the suggested fees; raises ChainUnavailableError."""
        self._chain._answer()
        return self._chain.suggested

    def sign(self, intent: Intent, nonce: int, fees: Fees) -> PreparedTransaction:
        """Return *intent* as the bytes of a transaction; nothing is asked or sent."""
        raw = encode_head(self._account, nonce, fees) + intent.data
        return PreparedTransaction(raw, Digest(keccak256(raw)), nonce)

    def counts(self) -> Counts:
        """Return how many transactions of the account are mined, and wait without a gap."""
        chain = self._chain
        with chain._lock:
            chain._answer()
            mined = waiting = chain._nonce(self._account)
            while (self._account, waiting) in chain._pool.waiting:
                waiting += 1
            return Counts(mined, waiting)

    def knows(self, transaction_hash: Digest) -> bool:
        """Say whether the transaction is mined or waits."""
        chain = self._chain
        with chain._lock:
            chain._answer()
            waits = any(sent.hash == transaction_hash for sent in chain._pool.waiting.values())
            return waits or transaction_hash in chain._mined

    def broadcast(self, transaction: PreparedTransaction) -> None:
        """Send the bytes; sending what the chain already has is no error.

        Raises ChainUnavailableError, and RegistryError when another transaction of the account has the nonce: mined
        (`registry.nonce-used`: these bytes never will be) or waiting (`registry.underpriced`).
        """
        chain = self._chain
        with chain._lock:
            chain._answer()
            sent = decode(transaction.raw)
            if sent.hash in chain._mined:
                return
            if sent.nonce < chain._nonce(sent.account):
                raise RegistryError(
                    f"nonce {sent.nonce} of {sent.account} was used by another transaction",
                    code="registry.nonce-used",
                    hint="prepare the act anew",
                )
            if not chain._pool.take(sent):
                raise RegistryError(
                    f"another transaction with nonce {sent.nonce} of {sent.account} waits for a block",
                    code="registry.underpriced",
                    hint="wait for it, or replace it with a higher fee",
                )
            if chain.automine and sent.nonce == chain._nonce(sent.account):
                chain.mine()

    def mined(self, transaction_hash: Digest) -> MinedTransaction | None:
        """Return where the transaction was mined, None while it was not; raises ChainUnavailableError."""
        chain = self._chain
        with chain._lock:
            chain._answer()
            record = chain._mined.get(transaction_hash)
            if record is None:
                return None
            block = chain._blocks[record.block]
            return MinedTransaction(block, record.succeeded, len(chain._blocks) - record.block)
