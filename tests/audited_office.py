"""A real office on a real chain, as an auditor meets it: three epochs, public files, books, opened index keys."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from issuer import accrediting, app, books, development, epochs
from issuer.office import ACCREDITOR, ANCHORING, STATUS
from jikin.anchoring.acts import Act
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.events import EventSource
from jikin.anchoring.evm import EvmRegistry, EvmWriter
from jikin.status.array import State
from jikin.status.index import IndexPermutation
from jikin.values import Address, CertificateNumber, Digest, IssuerId, ListId
from jikin.verification.auditing.audit import Audit, audit
from jikin.verification.auditing.books import Books
from jikin.verification.auditing.gathering import Material, gather
from jikin.verification.auditing.public_files import FolderFiles
from tests.chain_fixtures import send
from tests.issuing_office import NEW, Bureau, Clock, rows, settings


class ChainClock(Clock):
    """The chain's own time: what an office on a chain whose clock was moved lives by."""

    def __init__(self, node: HardhatNode) -> None:
        super().__init__()
        self._node = node

    def __call__(self) -> int:
        block = self._node.request("eth_getBlockByNumber", "latest", False)
        assert isinstance(block, dict)
        return int(str(block["timestamp"]), 16)


def open_on(node: HardhatNode, folder: Path, **changes: object) -> Bureau:
    """Return a founded bureau with two officers on a fresh registry of *node*."""
    clock = ChainClock(node)
    chosen = settings(folder, rpc_url=node.url, confirmations=1, **changes)
    office = app.build(chosen, clock=clock, sleep=lambda _seconds: node.mine())
    development.deploy(office)
    institution = accrediting.prepare(office, NEW)
    development.fund(
        node.url, [Address.parse(office.key(institution, what).public) for what in ("owner", ANCHORING, STATUS)]
    )
    accrediting.register(office, institution)
    bureau = Bureau(office, office.institution(), None, clock, {})  # type: ignore[arg-type]  # nobody asks for it here
    bureau.hire("park")
    bureau.hire("lee")
    return bureau


@dataclass(frozen=True)
class Audited:
    """An institution and everything that can be shown to its auditor."""

    node: HardhatNode
    bureau: Bureau
    public: Path
    books: Books
    permutations: dict[ListId, IndexPermutation]
    numbers: tuple[CertificateNumber, ...]

    @property
    def issuer_id(self) -> IssuerId:
        return self.bureau.institution.issuer_id

    @property
    def list_id(self) -> ListId:
        (list_id,) = self.permutations
        return list_id

    def source(self, url: str | None = None) -> EventSource:
        return EvmRegistry(url or self.node.url, self.bureau.office.chain.registry.pins)

    def writer(self, purpose: str) -> EvmWriter:
        key = self.bureau.office.key(None if purpose == ACCREDITOR else self.bureau.institution, purpose)
        registry = EvmRegistry(self.node.url, self.bureau.office.chain.registry.pins)
        return EvmWriter(registry, self.bureau.office.keys.account(key.reference))

    def does(self, purpose: str, act: Act) -> None:
        """Have the account kept for *purpose* act past its office."""
        send(self.writer(purpose), act)

    def head(self) -> Digest:
        (head,) = self.source().event_log().view.status_heads(self.issuer_id, [self.list_id])
        assert head is not None
        return head.head

    def entry(self, place: int) -> int:
        """Return the list entry of the certificate that was issued as number *place*."""
        return self.permutations[self.list_id].entry(place)

    def audit(self, *, url: str | None = None, alone: bool = False, **changes: object) -> Audit:
        """Return the audit with everything that is shown, or with *alone* the chain; *changes* replace material."""
        shown = Material(FolderFiles(self.public), self.books, self.permutations)
        material = Material() if alone else replace(shown, **changes)  # type: ignore[arg-type]
        return audit(gather(self.source(url), (self.bureau.institution.did,), material))

    def copied(self, folder: Path, change: Callable[[Path], None]) -> FolderFiles:
        """Return a copy of the public files after *change*."""
        shutil.copytree(self.public, folder)
        change(folder)
        return FolderFiles(folder)


def audited(node: HardhatNode, folder: Path) -> Audited:
    """Return an office that issued four certificates, suspended one, reinstated it, and revoked another."""
    bureau = open_on(node, folder)
    numbers = bureau.numbers(bureau.issue(rows(4)))
    for state, reason, place in (
        (State.SUSPENDED, "under-investigation", 0),
        (State.REVOKED, "forged-evidence", 1),
        (State.VALID, "investigation-closed", 0),
    ):
        task = bureau.approve(bureau.request([numbers[place]], state, reason))
        epochs.publish(bureau.office, task.task.id)
    return Audited(
        node=node,
        bureau=bureau,
        public=bureau.office.public(bureau.institution).path,
        books=books.write(bureau.office, bureau.institution),
        permutations=dict(books.index_keys(bureau.office, bureau.institution)),
        numbers=tuple(numbers),
    )
