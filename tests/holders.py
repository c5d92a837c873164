"""A holder for tests: a key of their own, and certificates of the small world made out to its DID."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from jikin.anchoring.batch import new_salt
from jikin.dids import key as did_key
from jikin.openid4vc import presentation
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Did, DidUrl, JsonObject
from tests.small_world import CONTEXTS, Issued, SmallWorld

NONCE = "n-0S6_WzA2Mj-7wqXvQk3p"
CLIENT = "decentralized_identifier:did:web:employer.example"


@dataclass
class Holder:
    """Somebody with a wallet."""

    signer: Ed25519Signer = field(default_factory=Ed25519Signer.generate)

    @property
    def did(self) -> Did:
        return did_key.did_of(self.signer.public_key)

    @property
    def method(self) -> DidUrl:
        return did_key.method_of(self.signer.public_key)

    def certificate(self, world: SmallWorld, *, name: str = "김하늘", subject: str | None = None) -> Issued:
        """Return a certificate of *world* made out to this holder, signed and anchored."""
        unsecured, index = world.unsecured(name)
        content = unsecured["credentialSubject"]
        assert isinstance(content, dict)
        bound = {**unsecured, "credentialSubject": {"id": subject or str(self.did), **content}}
        issued = Issued(world.sign(bound), index, new_salt())
        world.anchor(issued)
        world.publish_receipt(issued)
        return issued

    def present(self, *credentials: JsonObject, now: int, nonce: str = NONCE, client_id: str = CLIENT) -> JsonObject:
        """Return a presentation of *credentials*."""
        shown: Sequence[JsonObject] = credentials
        return presentation.make(shown, self.signer, nonce=nonce, client_id=client_id, contexts=CONTEXTS, now=now)
