"""The registry read from its storage words, each of them proven as of one block that somebody vouches for.

Where the words come from differs (a node's proofs, a proof pack); what they mean does not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

from jikin.anchoring import layout
from jikin.anchoring.chain import (
    AnchorSlot,
    AuditHead,
    Block,
    IssuerRecord,
    KeyWindow,
    OperatorRecord,
    RegistryPins,
    RegistryView,
    StatusHead,
    Successor,
)
from jikin.anchoring.trusted import TrustedBlock
from jikin.values import Address, Digest, IssuerId, KeyId, ListId


class SlotView(ABC):
    """The part of a RegistryView that the storage answers. Every method raises what ``_words`` raises."""

    def __init__(self, pins: RegistryPins, trusted: TrustedBlock) -> None:
        """Remember which registry is meant, and the block as of which everything is proven."""
        self._pins = pins
        self._trusted = trusted

    @abstractmethod
    def _words(self, slots: Sequence[Digest]) -> tuple[int, ...]:
        """Return the words in *slots*, each proven.

        Raises StateProofError when the proof does not hold, ChainUnavailableError when there is none.
        """

    @property
    def pins(self) -> RegistryPins:
        """Return which registry this is."""
        return self._pins

    @property
    def block(self) -> Block:
        """Return the block as of which everything here is said."""
        return self._trusted.block

    @property
    def trusted(self) -> TrustedBlock:
        """Return that block with who vouches for it."""
        return self._trusted

    def issuer(self, issuer_id: IssuerId) -> IssuerRecord | None:
        """Return the issuer on record, None if it is not registered."""
        found = self._issuer(issuer_id)
        return None if found is None else found[0]

    def operator(self, issuer_id: IssuerId, account: Address) -> OperatorRecord | None:
        """Return the operator's rights, None if it never had any."""
        return layout.operator_record(self._words(layout.operator_slots(issuer_id, account)))

    def key_window(self, issuer_id: IssuerId, key_id: KeyId) -> KeyWindow | None:
        """Return the key's window, None if the key is not registered."""
        return layout.key_window(self._words(layout.key_slots(issuer_id, key_id)))

    def anchor(self, issuer_id: IssuerId, root: Digest) -> AnchorSlot | None:
        """Return the slot of *root*, None if this issuer never anchored it."""
        return layout.anchor_slot(self._words(layout.anchor_slots(issuer_id, root)))

    def status_heads(self, issuer_id: IssuerId, list_ids: Sequence[ListId]) -> tuple[StatusHead | None, ...]:
        """Return the heads of the lists, in the order asked, None for a list that was not opened."""
        words = self._words([slot for list_id in list_ids for slot in layout.status_slots(issuer_id, list_id)])
        return tuple(layout.status_head(words[at : at + 2]) for at in range(0, len(words), 2))

    def audit_head(self, issuer_id: IssuerId) -> AuditHead | None:
        """Return the newest head of the issuer's log of acts, None while none was published."""
        return layout.audit_head(self._words(layout.audit_slots(issuer_id)))

    def successor(self) -> Successor | None:
        """Return the registry that follows this one and since when, None while there is none."""
        return layout.successor(self._words(layout.successor_slots()))

    def _issuer(self, issuer_id: IssuerId) -> tuple[IssuerRecord, int] | None:
        """Return the issuer and the block with the bytes of its approved profile."""
        return layout.issuer_record(self._words(layout.issuer_slots(issuer_id)))


class ProvingView(RegistryView, Protocol):
    """A view that hands its proofs on, so that others can check the same answers without asking anybody."""

    @property
    def header(self) -> bytes:
        """Return the RLP of the block's header."""

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """Return the nodes that prove everything that was asked for so far, each once, in the order of their bytes."""
