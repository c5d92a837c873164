"""An invented institution on a registry: who is who among a bench's accounts, and its acts with sensible defaults."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from jikin.anchoring.acts import (
    Act,
    AnchorRoot,
    LeafKind,
    OpenStatusList,
    PublishStatus,
    RegisterIssuer,
    Rights,
    SetOperator,
)
from jikin.anchoring.chain import MinedTransaction, RegistryView, RegistryWriter, StatusHead
from jikin.errors import RegistryRefusedError
from jikin.values import Address, Did, Digest, IssuerId, ListId, sha256
from tests.chain_fixtures import Bench, send

ACCREDITOR, OWNER, ISSUING, REVOKING, SUSPENDING, AUDITING, STRANGER = range(7)
OTHER_OWNER, OTHER_ISSUING = 7, 8
DID = Did("did:web:exam.example")
OTHER = Did("did:web:school.example:office")
YEAR = 365 * 86_400
RIGHTS = {
    ISSUING: Rights.ISSUE,
    REVOKING: Rights.REVOKE | Rights.SUSPEND,
    SUSPENDING: Rights.SUSPEND,
    AUDITING: Rights.AUDIT,
}
LIST = ListId(sha256(b"a list"))
KEY_HASH = Digest(sha256(b"an index key"))


def root(name: str) -> Digest:
    return Digest(sha256(name.encode()))


@dataclass(frozen=True, slots=True)
class Office:
    """The institution's accounts on *bench*."""

    bench: Bench
    did: Did = DID

    @property
    def id(self) -> IssuerId:
        return self.did.issuer_id

    def view(self) -> RegistryView:
        return self.bench.registry.view()

    def now(self) -> int:
        return self.view().block.time

    def writer(self, who: int) -> RegistryWriter:
        return self.bench.writer(who)

    def account(self, who: int) -> Address:
        return self.writer(who).account

    def does(self, who: int, act: Act) -> MinedTransaction:
        return send(self.writer(who), act)

    def refused(self, who: int, act: Act) -> RegistryRefusedError:
        with pytest.raises(RegistryRefusedError) as refused:
            self.writer(who).prepare(act)
        return refused.value

    def head(self, list_id: ListId = LIST) -> StatusHead:
        (head,) = self.view().status_heads(self.id, [list_id])
        assert head is not None
        return head

    def anchors(self, name: str = "batch", size: int = 64) -> AnchorRoot:
        return AnchorRoot(self.id, root(name), size, LeafKind.CREDENTIAL)

    def opens(self, list_id: ListId = LIST, log2_entries: int = 17) -> OpenStatusList:
        return OpenStatusList(self.id, list_id, log2_entries, KEY_HASH)

    def publishes(self, changes: bytes, previous: Digest | None = None, name: str = "state") -> PublishStatus:
        head = self.head().head if previous is None else previous
        return PublishStatus(self.id, LIST, head, root(name), changes)


def register(bench: Bench, did: Did = DID, owner: int = OWNER) -> Office:
    """Register *did* from now on for ten years."""
    office = Office(bench, did)
    now = office.now()
    office.does(ACCREDITOR, RegisterIssuer(did.text, office.account(owner), now, now + 10 * YEAR))
    return office


def open_office(bench: Bench) -> Office:
    """Register the institution and give its operators their rights for a year."""
    office = register(bench)
    for who, rights in RIGHTS.items():
        office.does(OWNER, SetOperator(office.id, office.account(who), office.now() + YEAR, rights))
    return office
