"""The narrow doors to a chain: a registry that is read as of one block, and a writer with one account.

"Asked, and there is none" is ``None``; "could not ask" is ChainUnavailableError. Every view answers as of one block, so
that what a report says holds at one moment. Times are Unix seconds, 0 in a record means "never" where it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from jikin.anchoring.acts import Act, Rights
from jikin.values import Address, ChainId, Did, Digest, IssuerId, KeyId, ListId


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its number, hash (32 bytes) and time."""

    number: int
    hash: Digest
    time: int


@dataclass(frozen=True, slots=True)
class RegistryPins:
    """Which registry is meant; anything else that answers is refused with RegistryMismatchError.

    *code_hash* is keccak-256 of the contract's deployed code, *genesis* the hash of block 0 (a development chain that
    was started anew has another one), *deploy_block* where reading events begins.
    """

    chain: ChainId
    registry: Address
    code_hash: Digest
    genesis: Digest
    deploy_block: int


@dataclass(frozen=True, slots=True)
class Successor:
    """``successor``: the registry that follows. No anchor whose time is *sealed_at* or later counts in this one."""

    registry: Address
    sealed_at: int


@dataclass(frozen=True, slots=True)
class IssuerRecord:
    """``issuers[issuerId]``: who owns it, the accreditation window, and what the accreditor decided."""

    owner: Address
    valid_from: int
    valid_until: int
    anchors_all: bool
    anchors_all_since: int  # 0: never set
    invalid_since: int  # 0: never
    profile_hash: Digest | None  # of the approved profile


@dataclass(frozen=True, slots=True)
class OperatorRecord:
    """``operators[issuerId][account]``."""

    valid_until: int
    rights: Rights
    sequence: int


@dataclass(frozen=True, slots=True)
class KeyWindow:
    """``keys[issuerId][keyId]``: a key counts at t iff added_at ≤ t < retired_at and t < compromised_since."""

    added_at: int
    retired_at: int  # 0: never
    compromised_since: int  # 0: never


@dataclass(frozen=True, slots=True)
class AnchorSlot:
    """``anchors[issuerId][root]``, written once; *time* and *block* by the contract."""

    time: int
    block: int
    tree_size: int
    sequence: int
    kind: int


@dataclass(frozen=True, slots=True)
class StatusHead:
    """``statusLists[issuerId][listId]``: the newest head; epoch 0 is the opening."""

    head: Digest
    epoch: int
    time: int
    block: int
    entries: int


@dataclass(frozen=True, slots=True)
class StatusEpoch:
    """One ``StatusPublished`` event with the time and number of its block; *changes* packed as STATEMENTS 7."""

    epoch: int
    previous_block: int
    status_root: Digest
    operator: Address
    rights: Rights
    changes: bytes
    time: int
    block: int


@dataclass(frozen=True, slots=True)
class StatusHistory:
    """The opening of a list and every epoch up to the view's block, oldest first."""

    entries: int
    index_key_hash: Digest
    epochs: tuple[StatusEpoch, ...]


@dataclass(frozen=True, slots=True)
class AuditHead:
    """``auditHeads[issuerId]``: the newest head of an issuer's log of acts; *size* acts lie under *root*."""

    root: Digest
    size: int
    time: int
    block: int


class RegistryView(Protocol):
    """The registry as of one block. Every method raises ChainUnavailableError when the chain does not answer."""

    @property
    def pins(self) -> RegistryPins:
        """Return which registry this is."""

    @property
    def block(self) -> Block:
        """Return the block as of which everything here is said."""

    def successor(self) -> Successor | None:
        """Return the registry that follows this one, now or from a moment to come; None if none is named."""

    def issuers(self) -> tuple[Did, ...]:
        """Return the DID of every issuer ever registered, in the order of registration (from the events)."""

    def issuer(self, issuer_id: IssuerId) -> IssuerRecord | None:
        """Return the issuer on record, None if it is not registered."""

    def approved_profile(self, issuer_id: IssuerId) -> bytes | None:
        """Return the bytes of the approved profile (their SHA-256 is its hash), None if none is approved."""

    def operator(self, issuer_id: IssuerId, account: Address) -> OperatorRecord | None:
        """Return the operator's rights, None if it never had any."""

    def key_window(self, issuer_id: IssuerId, key_id: KeyId) -> KeyWindow | None:
        """Return the key's window, None if the key is not registered."""

    def anchor(self, issuer_id: IssuerId, root: Digest) -> AnchorSlot | None:
        """Return the slot of *root*, None if this issuer never anchored it."""

    def status_heads(self, issuer_id: IssuerId, list_ids: Sequence[ListId]) -> tuple[StatusHead | None, ...]:
        """Return the heads of the lists, in the order asked, None for a list that was not opened."""

    def status_history(self, issuer_id: IssuerId, list_id: ListId) -> StatusHistory | None:
        """Return opening and epochs of the list from the events, None if it was not opened."""

    def audit_head(self, issuer_id: IssuerId) -> AuditHead | None:
        """Return the newest head of the issuer's log of acts, None while none was published."""


class Registry(Protocol):
    """A registry that can be looked at."""

    @property
    def pins(self) -> RegistryPins:
        """Return which registry this is."""

    def view(self) -> RegistryView:
        """Return the registry as of the newest block.

        Raises ChainUnavailableError, or RegistryMismatchError when chain, genesis or code differ from the pins.
        """

    def check(self) -> None:
        """Compare everything that is pinned, the block of the deployment too. Raises as ``view``."""


@dataclass(frozen=True, slots=True)
class Fees:
    """Fees of EIP-1559 per unit of gas, in wei: the most that is paid, and the tip in it."""

    highest_wei: int
    tip_wei: int


@dataclass(frozen=True, slots=True)
class Intent:
    """What a transaction will do, before it has nonce, fees and signature: call *to* with *data*, on *gas* at most."""

    to: Address
    data: bytes
    gas: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many transactions of an account are *mined*, and that number with those that *wait* without a gap."""

    mined: int
    waiting: int


@dataclass(frozen=True, slots=True)
class PreparedTransaction:
    """A transaction signed and not yet sent. Store it before it is broadcast: a retry sends the same bytes."""

    raw: bytes
    hash: Digest
    nonce: int


@dataclass(frozen=True, slots=True)
class MinedTransaction:
    """A transaction in a block; *confirmations* counts that block as the first.

    *gas_used* times *price_wei* is what was paid; both are 0 on a chain without fees.
    """

    block: Block
    succeeded: bool
    confirmations: int
    gas_used: int = 0
    price_wei: int = 0


class RegistryWriter(Protocol):
    """One account that writes to the registry; one writer per account."""

    @property
    def account(self) -> Address:
        """Return the account that pays and is asked for its rights."""

    def prepare(self, act: Act) -> PreparedTransaction:
        """Return *act* as a signed transaction with the next nonce, tried out against the newest state first.

        Raises RegistryRefusedError when the contract would refuse it, ChainUnavailableError.
        """

    def plan(self, act: Act) -> Intent:
        """Return what a transaction for *act* would do, tried out against the newest state. Raises as ``prepare``."""

    def nothing(self) -> Intent:
        """Return what a transaction does that only uses its nonce up: nothing is sent from the account to itself."""

    def fees(self) -> Fees:
        """Return fees with which a transaction is mined soon, as the chain is now. Raises ChainUnavailableError."""

    def sign(self, intent: Intent, nonce: int, fees: Fees) -> PreparedTransaction:
        """Return *intent* signed; nothing is asked or sent."""

    def counts(self) -> Counts:
        """Return how many transactions of the account the chain has. Raises ChainUnavailableError."""

    def knows(self, transaction_hash: Digest) -> bool:
        """Say whether the chain has the transaction, mined or waiting. Raises ChainUnavailableError."""

    def broadcast(self, transaction: PreparedTransaction) -> None:
        """Send the bytes; sending what the chain already has is no error.

        Raises ChainUnavailableError when it is not known whether they arrived (send the same again), and RegistryError
        when they cannot be mined as things are: ``registry.nonce-used``, ``registry.underpriced``,
        ``registry.nonce-gap``, ``registry.funds``.
        """

    def mined(self, transaction_hash: Digest) -> MinedTransaction | None:
        """Return where the transaction was mined, None while it was not. Raises ChainUnavailableError."""
