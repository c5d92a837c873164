"""A registry whose node need not be believed: every word of storage is proven at a block that somebody vouches for.

A node that lies about a value, an old head, a header or the code gives proofs that do not hold. Of events, which no
state proof covers, only what the storage confirms is used: a profile by its hash, a list's epochs by the chain of
heads, registrations by the issuer on record, an operator's roots by its count of them. A node can still say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from jikin.anchoring import evm_proofs, storage_proof
from jikin.anchoring.chain import AnchorSlot, RegistryPins, StatusHistory
from jikin.anchoring.events import EventLog
from jikin.anchoring.evm import EvmRegistry
from jikin.anchoring.evm_abi import senseless
from jikin.anchoring.evm_events import read_events
from jikin.anchoring.evm_history import read_profile
from jikin.anchoring.evm_logs import logs_forwards
from jikin.anchoring.evm_rpc import members
from jikin.anchoring.header import Header
from jikin.anchoring.slot_view import SlotView
from jikin.anchoring.trusted import BlockSource, TrustedBlock
from jikin.errors import ChainUnavailableError
from jikin.values import Address, Did, Digest, IssuerId, ListId

_SLOTS_AT_ONCE = 64


class ProvenRegistry:
    """A Registry behind the node at *url*, checked against the blocks of *source*."""

    def __init__(self, url: str, pins: RegistryPins, source: BlockSource, *, seconds: float = 10.0) -> None:
        """Remember whom to ask and whom to believe; nothing is asked yet."""
        self._events = EvmRegistry(url, pins, seconds=seconds)
        self._source = source

    @property
    def pins(self) -> RegistryPins:
        """Return which registry this is."""
        return self._events.pins

    @property
    def events(self) -> EvmRegistry:
        """Return the node as it is believed nowhere else: for events, whose readers check them."""
        return self._events

    def view(self) -> ProvenView:
        """Return the registry as of the newest block that is vouched for.

        Raises ChainUnavailableError (``chain.no-checkpoint``, ``chain.block-missing`` when the node is of another
        chain or behind), CheckpointError when those who vouch contradict each other, StateProofError when the node
        shows another header, RegistryMismatchError when another contract is proven.
        """
        trusted = self._source.newest()
        return ProvenView(self, trusted, self._header(trusted))

    def event_log(self) -> EventLog:
        """Return the newest view and every event up to its block, for an audit: what is missing, the storage shows."""
        view = self.view()
        return EventLog(view, read_events(self._events, view.block))

    def check(self) -> None:
        """Compare everything that is pinned, the block of the deployment too; the node's word is taken for that."""
        self._events.check()

    def _header(self, trusted: TrustedBlock) -> Header:
        answer = self._events.rpc.call("eth_getBlockByHash", trusted.block.hash.hex(), False)
        if answer is None:
            raise ChainUnavailableError(
                f"the node does not have block {trusted.block.number} {trusted.block.hash}, which is vouched for",
                code="chain.block-missing",
            )
        header = Header.of_answer(members(answer))
        header.check(trusted.block)
        return header


class ProvenView(SlotView):
    """A RegistryView: everything proven as of one block. Answers are kept, for at one block they cannot change."""

    def __init__(self, registry: ProvenRegistry, trusted: TrustedBlock, header: Header) -> None:
        """Prove the contract itself; raises as ``ProvenRegistry.view``."""
        super().__init__(registry.pins, trusted)
        self._registry = registry
        self._header = header
        self._known: dict[Digest, int] = {}
        self._profiles: dict[IssuerId, bytes] = {}
        nodes = self._ask(()).account()
        self._account = storage_proof.prove_registry(header, registry.pins, nodes)
        nodes.check_all_used()
        self._nodes = set(nodes.raw)

    @property
    def header(self) -> bytes:
        """Return the RLP of the block's header."""
        return self._header.raw

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """Return the nodes that prove everything this view was asked for so far, each once, sorted: for proof packs."""
        return tuple(sorted(self._nodes))

    def issuers(self) -> tuple[Did, ...]:
        """Return the DID of every issuer ever registered, in the order of registration (from the events).

        Each is on record; one whose event the node hides is missing here, and its number is *unknown* then.
        """
        found = self._registry.events.registered(self.block)
        if ghosts := [did for did in found if self.issuer(did.issuer_id) is None]:
            raise senseless(f"an event registers {ghosts[0]}, which is not on record")
        return found

    def approved_profile(self, issuer_id: IssuerId) -> bytes | None:
        """Return the bytes of the approved profile, None if none is approved; they are checked against its hash."""
        found = self._issuer(issuer_id)
        if found is None or found[0].profile_hash is None:
            return None
        if issuer_id not in self._profiles:
            self._profiles[issuer_id] = read_profile(self._registry.events, issuer_id, found[0].profile_hash, found[1])
        return self._profiles[issuer_id]

    def status_history(self, issuer_id: IssuerId, list_id: ListId) -> StatusHistory | None:
        """Return opening and epochs of the list from the events, None if it was not opened.

        The epochs lead, head by head, to the proven head: an event that is hidden or invented leads elsewhere.
        """
        (head,) = self.status_heads(issuer_id, (list_id,))
        return None if head is None else self._registry.events.history(issuer_id, list_id, head)

    def anchored_roots(self, issuer_id: IssuerId, account: Address) -> tuple[tuple[Digest, AnchorSlot], ...]:
        """Return every root that operator *account* ever anchored for the issuer, in the order of its count.

        Roots come from the events and are on record each; the proven count has no gap (SECURITY 1.5). Raises
        ChainUnavailableError when the node hides one.
        """
        record = self.operator(issuer_id, account)
        found: dict[int, tuple[Digest, AnchorSlot]] = {}
        for root in self._roots(issuer_id, account):
            slot = self.anchor(issuer_id, root)
            if slot is None:
                raise senseless(f"an event anchors {root}, which is not on record")
            found[slot.sequence] = (root, slot)
        count = 0 if record is None else record.sequence
        if missing := sorted(set(range(1, count + 1)) - set(found)):
            raise senseless(f"operator {account} anchored {count} roots, and the events leave out number {missing[0]}")
        return tuple(found[number] for number in range(1, count + 1))

    def _roots(self, issuer_id: IssuerId, account: Address) -> list[Digest]:
        events = self._registry.events
        topics = [events.interface.topic("Anchored").hex(), issuer_id.hex()]
        found = []
        for log in logs_forwards(events, topics, self.pins.deploy_block, self.block.number):
            event = events.interface.event("Anchored", log.topics, log.data)
            if event.address("operator") == account:
                found.append(event.digest("root"))
        return found

    def _words(self, slots: Sequence[Digest]) -> tuple[int, ...]:
        unknown = [slot for slot in dict.fromkeys(slots) if slot not in self._known]
        for at in range(0, len(unknown), _SLOTS_AT_ONCE):
            self._prove(unknown[at : at + _SLOTS_AT_ONCE])
        return tuple(self._known[slot] for slot in slots)

    def _prove(self, slots: Sequence[Digest]) -> None:
        answer = self._ask(slots)
        for position, slot in enumerate(slots):
            nodes = answer.slot(position)
            word = storage_proof.prove_word(self._account.storage_root, slot, nodes)
            nodes.check_all_used()
            self._known[slot] = word
            self._nodes.update(nodes.raw)

    def _ask(self, slots: Sequence[Digest]) -> evm_proofs.StateAnswer:
        return evm_proofs.ask(self._registry.events.rpc, self.pins.registry, slots, self.block.number)
