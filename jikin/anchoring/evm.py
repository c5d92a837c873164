"""A registry on an EVM chain, read through one node. The node is believed as far as its answers fit together.

A view pins one block by its hash, so that a reorganisation between two questions cannot mix two histories. Events are
checked against the storage at that block: a profile by its hash, a list's epochs by the chain of heads.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from jikin.anchoring import artifact
from jikin.anchoring.accounts import ChainAccount
from jikin.anchoring.acts import Rights
from jikin.anchoring.calls import readable_dids
from jikin.anchoring.chain import (
    AnchorSlot,
    AuditHead,
    Block,
    IssuerRecord,
    KeyWindow,
    OperatorRecord,
    RegistryPins,
    StatusHead,
    StatusHistory,
    Successor,
)
from jikin.anchoring.events import EventLog
from jikin.anchoring.evm_abi import Interface, Record, senseless
from jikin.anchoring.evm_events import read_events
from jikin.anchoring.evm_history import KnownHistory, Registrations, read_history, read_profile
from jikin.anchoring.evm_nodes import connect
from jikin.anchoring.evm_pins import check_beginning, check_chain_and_code, check_deployment
from jikin.anchoring.evm_rpc import Refusal, Rpc, octets
from jikin.anchoring.evm_writer import EvmWriter, created, creation, mined
from jikin.errors import ChainUnavailableError, RegistryMismatchError
from jikin.values import Address, ChainId, Did, Digest, IssuerId, KeyId, ListId, keccak256

__all__ = ["EvmRegistry", "EvmView", "EvmWriter", "deploy", "read_pins"]

_NO_PROFILE = bytes(32)
_DEPLOY_SECONDS = 120.0
_POLL_SECONDS = 0.2


class EvmRegistry:
    """A Registry behind the node at *url*, or several joined by ``;``; whatever differs from *pins* is refused.

    *seconds* bound every question.
    """

    def __init__(self, url: str, pins: RegistryPins, *, seconds: float = 10.0) -> None:
        """Remember where to ask; nothing is asked yet."""
        self._rpc = connect(url, seconds, watched=(pins.registry,))
        self._pins = pins
        self._interface = Interface(artifact.load().abi)
        self._checked = False
        self._registrations = Registrations()
        self._histories: dict[tuple[IssuerId, ListId], KnownHistory] = {}

    @property
    def pins(self) -> RegistryPins:
        """Return which registry this is."""
        return self._pins

    @property
    def rpc(self) -> Rpc:
        """Return the node, for writers."""
        return self._rpc

    @property
    def interface(self) -> Interface:
        """Return the contract's ABI, for writers."""
        return self._interface

    def view(self) -> EvmView:
        """Return the registry as of the newest block.

        Chain id and code are compared once, and again after any trouble; the genesis block every time, because a
        development chain that is started anew keeps its number and often the contract's address.
        """
        try:
            newest = self._rpc.block("latest")
            check_beginning(self._rpc, self._pins)
            if not self._checked:
                check_chain_and_code(self._rpc, self._pins, newest)
                self._checked = True
        except (ChainUnavailableError, RegistryMismatchError):
            self._checked = False
            raise
        return EvmView(self, newest)

    def check(self) -> None:
        """Compare everything that is pinned, the block of the deployment too. Raises as ``view``."""
        self.view()
        check_deployment(self._rpc, self._pins)

    def event_log(self) -> EventLog:
        """Return the newest view and every event up to its block, for an audit."""
        view = self.view()
        return EventLog(view, read_events(self, view.block))

    def registered(self, block: Block) -> tuple[Did, ...]:
        """Return the DIDs registered up to *block*, for views."""
        return readable_dids(self._registrations.read(self, block))

    def history(self, issuer_id: IssuerId, list_id: ListId, head: StatusHead) -> StatusHistory:
        """Return the history of a list up to *head*, for views; what was read for an older head is not read again."""
        where = (issuer_id, list_id)
        history = read_history(self, issuer_id, list_id, head, self._histories.get(where))
        self._histories[where] = KnownHistory(head, history)
        return history

    def distrust(self) -> None:
        """Compare chain and code again before the next view: an answer looked odd."""
        self._checked = False


class EvmView:
    """A RegistryView: everything as of one block. Answers are kept, for at one block they cannot change."""

    def __init__(self, registry: EvmRegistry, block: Block) -> None:
        """Remember registry and block."""
        self._registry = registry
        self._block = block
        self._answers: dict[bytes, bytes] = {}
        self._profiles: dict[IssuerId, bytes] = {}

    @property
    def pins(self) -> RegistryPins:
        """Return which registry this is."""
        return self._registry.pins

    @property
    def block(self) -> Block:
        """Return the block as of which everything here is said."""
        return self._block

    def successor(self) -> Successor | None:
        """Return the registry that follows this one, now or from a moment to come; None if none is named."""
        found = self._ask("successor")
        registry = found.address("registry")
        return Successor(registry, found.number("sealedAt")) if any(registry.raw) else None

    def issuers(self) -> tuple[Did, ...]:
        """Return the DID of every issuer ever registered, in the order of registration (from the events)."""
        return self._registry.registered(self._block)

    def issuer(self, issuer_id: IssuerId) -> IssuerRecord | None:
        """Return the issuer on record, None if it is not registered."""
        found = self._issuer(issuer_id)
        if found is None:
            return None
        profile_hash = found.digest("profileHash")
        return IssuerRecord(
            owner=found.address("owner"),
            valid_from=found.number("validFrom"),
            valid_until=found.number("validUntil"),
            anchors_all=bool(found.number("flags") & 1),
            anchors_all_since=found.number("anchorsAllSince"),
            invalid_since=found.number("invalidSince"),
            profile_hash=profile_hash if profile_hash.raw != _NO_PROFILE else None,
        )

    def approved_profile(self, issuer_id: IssuerId) -> bytes | None:
        """Return the bytes of the approved profile, None if none is approved; they are checked against its hash."""
        found = self._issuer(issuer_id)
        if found is None or found.octets("profileHash") == _NO_PROFILE:
            return None
        if issuer_id not in self._profiles:
            self._profiles[issuer_id] = read_profile(
                self._registry,
                issuer_id,
                found.digest("profileHash"),
                found.number("profileBlock"),
            )
        return self._profiles[issuer_id]

    def operator(self, issuer_id: IssuerId, account: Address) -> OperatorRecord | None:
        """Return the operator's rights, None if it never had any."""
        found = self._ask("operator", issuer_id.raw, account.raw)
        if not found.number("version"):
            return None
        return OperatorRecord(found.number("validUntil"), Rights(found.number("rights")), found.number("sequence"))

    def key_window(self, issuer_id: IssuerId, key_id: KeyId) -> KeyWindow | None:
        """Return the key's window, None if the key is not registered."""
        found = self._ask("keyWindow", issuer_id.raw, key_id.raw)
        if not found.number("addedAt"):
            return None
        return KeyWindow(found.number("addedAt"), found.number("retiredAt"), found.number("compromisedSince"))

    def anchor(self, issuer_id: IssuerId, root: Digest) -> AnchorSlot | None:
        """Return the slot of *root*, None if this issuer never anchored it."""
        found = self._ask("anchorOf", issuer_id.raw, root.raw)
        if not found.number("time"):
            return None
        return AnchorSlot(
            time=found.number("time"),
            block=found.number("blockNumber"),
            tree_size=found.number("treeSize"),
            sequence=found.number("sequence"),
            kind=found.number("kind"),
        )

    def status_heads(self, issuer_id: IssuerId, list_ids: Sequence[ListId]) -> tuple[StatusHead | None, ...]:
        """Return the heads of the lists, in the order asked, None for a list that was not opened."""
        interface = self._registry.interface
        data = interface.view_data("statusHeads", issuer_id.raw, [list_id.raw for list_id in list_ids])
        found = interface.answers("statusHeads", self._call(data))
        if len(found) != len(list_ids):
            raise senseless(f"{len(found)} heads for {len(list_ids)} lists")
        return tuple(_head(each) if each.number("entries") else None for each in found)

    def status_history(self, issuer_id: IssuerId, list_id: ListId) -> StatusHistory | None:
        """Return opening and epochs of the list from the events, None if it was not opened.

        The epochs are checked to lead, head by head, to the head in the contract's storage.
        """
        (head,) = self.status_heads(issuer_id, (list_id,))
        if head is None:
            return None
        return self._registry.history(issuer_id, list_id, head)

    def audit_head(self, issuer_id: IssuerId) -> AuditHead | None:
        """Return the newest head of the issuer's log of acts, None while none was published."""
        found = self._ask("auditHead", issuer_id.raw)
        if not found.number("size"):
            return None
        return AuditHead(found.digest("root"), found.number("size"), found.number("time"), found.number("blockNumber"))

    def _issuer(self, issuer_id: IssuerId) -> Record | None:
        found = self._ask("issuer", issuer_id.raw)
        return found if any(found.address("owner").raw) else None

    def _ask(self, function: str, *values: bytes) -> Record:
        interface = self._registry.interface
        return interface.answer(function, self._call(interface.view_data(function, *values)))

    def _call(self, data: bytes) -> bytes:
        if data not in self._answers:
            self._answers[data] = self._call_node(data)
        return self._answers[data]

    def _call_node(self, data: bytes) -> bytes:
        request = {"to": str(self.pins.registry), "data": "0x" + data.hex()}
        try:
            answer = self._registry.rpc.ask("eth_call", request, {"blockHash": self._block.hash.hex()})
            if isinstance(answer, Refusal):
                # Views revert never: the block is gone (a reorganisation), or the node has pruned its state.
                raise ChainUnavailableError(
                    f"the node cannot say anything as of block {self._block.number}: {answer.message[:200]}",
                    code="chain.refused",
                )
            return octets(answer)
        except ChainUnavailableError:
            self._registry.distrust()
            raise


def _head(found: Record) -> StatusHead:
    return StatusHead(
        head=found.digest("head"),
        epoch=found.number("epoch"),
        time=found.number("time"),
        block=found.number("blockNumber"),
        entries=found.number("entries"),
    )


def read_pins(url: str, address: Address, deploy_block: int) -> RegistryPins:
    """Return pins for the registry at *address*, which the node at *url* is believed to show truly this one time.

    Raises ChainUnavailableError, and RegistryMismatchError when the code there is not this library's contract.
    """
    rpc = connect(url)
    code = rpc.code(address, rpc.block("latest"))
    if not artifact.load().matches(code):
        found = f"code that hashes to {Digest(keccak256(code))}" if code else "no code"
        raise RegistryMismatchError(
            f"{address} has {found}, which is not the {artifact.load().contract} of this installation",
            code="registry.mismatch.code",
        )
    return RegistryPins(ChainId(rpc.chain_id()), address, Digest(keccak256(code)), rpc.block(0).hash, deploy_block)


def deploy(url: str, account: ChainAccount, delay: int) -> RegistryPins:
    """Deploy a registry from *account*, which becomes admin and first accreditor, and return its pins.

    *delay* is how many seconds registrations and approvals wait; 0 is for a chain for trying out. Waits until the
    deployment is mined. Raises ChainUnavailableError, or RegistryRefusedError when the constructor refuses.
    """
    rpc = connect(url)
    built = artifact.load()
    interface = Interface(built.abi)
    arguments = interface.constructor_data(delay, Address.parse(str(account.address)).raw)
    transaction = creation(rpc, interface, account, built.bytecode + arguments)
    rpc.call("eth_sendRawTransaction", "0x" + transaction.raw.hex())
    deadline = time.monotonic() + _DEPLOY_SECONDS
    while (found := mined(rpc, transaction.hash)) is None:
        if time.monotonic() > deadline:
            raise ChainUnavailableError(f"the deployment {transaction.hash} is not mined after {_DEPLOY_SECONDS:.0f} s")
        time.sleep(_POLL_SECONDS)
    return read_pins(url, created(rpc, transaction.hash), found.block.number)
