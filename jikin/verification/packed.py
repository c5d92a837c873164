"""A proof pack as a registry: everything it proves as of its one block, and nothing else.

What is asked for and was left out is *left out*, never "there is none": leaving out the slot of a key that ended would
otherwise be the way to make it count (SECURITY 5.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jikin.anchoring import layout, storage_proof
from jikin.anchoring.chain import RegistryPins, StatusHistory
from jikin.anchoring.header import Header
from jikin.anchoring.slot_view import SlotView
from jikin.anchoring.trie import Nodes
from jikin.anchoring.trusted import BlockVoucher, TrustedBlock
from jikin.codec import strict_json
from jikin.errors import AnchorError, RegistryMismatchError, StateProofError
from jikin.status.opening import OpenedEntry, open_entry
from jikin.status.pack import Pack
from jikin.values import Did, Digest, IssuerId, KeyId, ListId, sha256
from jikin.verification.document import Document

_MISSING_NODE = "state-proof.missing-node"


@dataclass(frozen=True, slots=True)
class PackTrust:
    """What a verifier must know by itself to judge packs: which registry is meant, and who vouches for blocks."""

    pins: RegistryPins
    blocks: BlockVoucher


def document_of(pack: Pack) -> Document:
    """Return the secured document in *pack* with its receipt; raises JsonError, CredentialError."""
    if isinstance(pack.document, bytes):
        return Document.of(pack.document, pack.receipt)
    return Document.of(strict_json.parse(pack.document.encode("utf-8")), pack.receipt)


class PackedRegistry:
    """The Registry that a pack is, for the verifier's pins."""

    def __init__(self, pack: Pack, trust: PackTrust) -> None:
        """Remember the pack; it is opened by ``view``."""
        self._pack = pack
        self._trust = trust

    @property
    def pins(self) -> RegistryPins:
        """Return which registry is meant: the verifier's word, not the pack's."""
        return self._trust.pins

    def view(self) -> PackedView:
        """Return what the pack proves.

        Raises RegistryMismatchError for a pack of another registry, StateProofError when header or nodes do not hold,
        AnchorError when it leaves out whether the registry has a successor, and what the voucher raises when nobody
        vouches for its block.
        """
        pack, pins = self._pack, self._trust.pins
        if (pack.chain, pack.registry) != (pins.chain, pins.registry):
            raise RegistryMismatchError(
                f"the pack is of the registry {pack.registry} on {pack.chain}, expected {pins.registry} on {pins.chain}"
            )
        header = Header.parse(pack.header)
        return PackedView(pack, pins, self._trust.blocks.vouch(header.block, pack.checkpoint), header)

    def check(self) -> None:
        """Compare what the pack is of with the pins; raises as ``view``."""
        self.view()


class PackedView(SlotView):
    """A RegistryView over the words that a pack proves; all of its proofs are checked when it is made."""

    def __init__(self, pack: Pack, pins: RegistryPins, trusted: TrustedBlock, header: Header) -> None:
        """Check header and nodes; raises as ``PackedRegistry.view``, AnchorError where the successor is left out."""
        super().__init__(pins, trusted)
        self._pack = pack
        header.check(trusted.block)
        nodes = Nodes(pack.nodes)
        account = storage_proof.prove_registry(header, pins, nodes)
        self._known: dict[Digest, int] = {}
        for slot in slots_of(pack):
            try:
                self._known[slot] = storage_proof.prove_word(account.storage_root, slot, nodes)
            except StateProofError as error:
                if error.code != _MISSING_NODE:
                    raise
        nodes.check_all_used()
        self.successor()  # a registry that was sealed would be shown as if it were not

    def issuers(self) -> tuple[Did, ...]:
        """Refuse: a pack speaks of one issuer."""
        raise _left_out("the list of all issuers")

    def approved_profile(self, issuer_id: IssuerId) -> bytes | None:
        """Return the bytes of the approved profile, None if none is approved; raises AnchorError where left out."""
        record = self.issuer(issuer_id)
        if record is None or record.profile_hash is None:
            return None
        profile = self._pack.profile
        if profile is None:
            raise _left_out("the issuer's profile")
        if sha256(profile) != record.profile_hash.raw:
            raise StateProofError("the pack's profile is not the approved one", code="state-proof.profile")
        return profile

    def status_history(self, issuer_id: IssuerId, list_id: ListId) -> StatusHistory | None:  # noqa: ARG002
        """Refuse: a pack opens one entry of the newest head (``opened``)."""
        raise _left_out(f"the history of list {list_id}")

    def opened(self, issuer_id: IssuerId, list_id: ListId, index: int) -> OpenedEntry | None:
        """Return entry *index* of a list, None if it is proven that the list was never opened.

        Raises AnchorError (``pack.left-out``) where the pack does not open it, StatusError where it opens it wrongly.
        """
        (head,) = self.status_heads(issuer_id, (list_id,))
        if head is None:
            return None
        for proof in self._pack.entries:
            if (proof.list_id, proof.index) == (list_id, index):
                return open_entry(self.pins, issuer_id, head, self.block, proof)
        raise _left_out(f"entry {index} of list {list_id}")

    def key_named(self, method: str) -> str | None:
        """Return the Multikey text that the pack gives to a verification method.

        It is a claim: whether it is a key of the issuer's is for the registry to say, and the signature must fit it.
        """
        return dict(self._pack.keys).get(method)

    def _words(self, slots: Sequence[Digest]) -> tuple[int, ...]:
        if any(slot not in self._known for slot in slots):
            raise _left_out("a record of the registry")
        return tuple(self._known[slot] for slot in slots)


def slots_of(pack: Pack) -> Iterator[Digest]:
    """Yield the storage slots that the members of *pack* speak of: what its nodes have to prove."""
    yield from layout.issuer_slots(pack.issuer_id)
    for _method, multikey in pack.keys:
        yield from layout.key_slots(pack.issuer_id, KeyId(sha256(multikey.encode("utf-8"))))
    if pack.receipt is not None:
        yield from layout.anchor_slots(pack.issuer_id, pack.receipt.root)
    for entry in pack.entries:
        yield from layout.status_slots(pack.issuer_id, entry.list_id)
    yield from layout.successor_slots()


def _left_out(what: str) -> AnchorError:
    return AnchorError(f"the proof pack leaves out {what}", code="pack.left-out")
