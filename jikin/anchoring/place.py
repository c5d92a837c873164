"""Where a proof belongs: an issuer, in one registry on one chain, as the JSON forms of proofs say it first."""

from __future__ import annotations

from dataclasses import dataclass

from jikin.anchoring.chain import RegistryView
from jikin.anchoring.members import Members
from jikin.anchoring.statements import context_hash
from jikin.errors import AnchorError
from jikin.values import Address, ChainId, Digest, IssuerId, JsonObject

VERSION = 1
MEMBERS = ("type", "v", "chain", "registry", "issuerId")


@dataclass(frozen=True, slots=True)
class Place:
    """An issuer in one registry on one chain."""

    chain: ChainId
    registry: Address
    issuer_id: IssuerId

    @property
    def context(self) -> Digest:
        """Return *ctx* (STATEMENTS 1)."""
        return context_hash(self.chain, self.registry, self.issuer_id)

    def to_json(self, kind: str) -> JsonObject:
        """Return the members with which a proof of the type *kind* begins."""
        return {
            "type": kind,
            "v": VERSION,
            "chain": str(self.chain),
            "registry": str(self.registry),
            "issuerId": self.issuer_id.hex(),
        }

    @classmethod
    def read(cls, members: Members, kind: str) -> Place:
        """Read what ``to_json`` writes; raises AnchorError."""
        members.constant("type", kind)
        members.constant("v", VERSION)
        return cls(members.chain("chain"), members.address("registry"), members.issuer_id("issuerId"))

    def check_in(self, view: RegistryView, kind: str) -> None:
        """Refuse with AnchorError ``anchor.<kind>.foreign`` a proof about another chain or registry than *view*'s."""
        if (self.chain, self.registry) != (view.pins.chain, view.pins.registry):
            raise AnchorError(
                f"the proof is about {self.chain} {self.registry}; asked is {view.pins.chain} {view.pins.registry}",
                code=f"anchor.{kind}.foreign",
            )
