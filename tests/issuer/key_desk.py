"""An office on a Hardhat node, a verifier who knows nothing of it but its web site, and a thief who has its keys."""

from __future__ import annotations

import copy
import itertools
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from issuer import accrediting, app, development, releasing
from issuer.acting import act_as
from issuer.office import ANCHORING, Office
from issuer.store import batches
from issuer.store.batches import Batch
from issuer.store.institutions import Institution
from issuer.store.keys import Key
from jikin.anchoring import batch as planting
from jikin.anchoring.acts import AnchorRoot, LeafKind
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.digest import credential_digest
from jikin.anchoring.evm import EvmRegistry
from jikin.anchoring.merkle import Tree
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.statements import leaf
from jikin.dids.method import Fetch
from jikin.dids.web_fetch import Mirrors
from jikin.errors import FetchError
from jikin.proofs import securing
from jikin.proofs.suite import ProofOptions
from jikin.values import Did, DidUrl, JsonObject
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome, Report, Weight
from jikin.verification.sources import Sources
from jikin.verification.verifying import verify
from tests.chain_fixtures import undone
from tests.issuing_office import DOMAIN, NEW, Bureau, rows, settings

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Site:
    """A web site of which one folder does not answer."""

    site: Fetch
    silent: str | None

    def get(self, url: str, *, max_bytes: int) -> bytes:
        if self.silent is not None and f"/{self.silent}/" in url:
            raise FetchError(f"{url} does not answer")
        return self.site.get(url, max_bytes=max_bytes)


@dataclass
class Desk:
    """The office, and what is done with its certificates."""

    office: Office
    institution: Institution
    node: HardhatNode
    _lines: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def now(self) -> int:
        """Return the time of the newest block, which is everybody's clock here."""
        return self.office.chain.registry.view().block.time

    def later(self, seconds: int) -> None:
        self.node.increase_time(seconds)

    @property
    def bureau(self) -> Bureau:
        return Bureau(self.office, self.institution, None, None, {})  # type: ignore[arg-type]

    def accept(self, suite: str = "eddsa-rdfc-2022") -> Batch:
        """Take in a list of one good row."""
        line = next(self._lines)
        return self.bureau.accept(rows(1, line), f"list {line}", suite)

    def issue(self, batch: Batch | None = None) -> Document:
        """Issue one certificate; return it with its receipt."""
        released = self.bureau.run(batch or self.accept())
        with self.office.database.read() as connection:
            credentials = batches.credentials_of(connection, released.id)
        (issued,) = releasing.issued(self.office, self.institution, released, credentials)
        return issued.document

    def forge(self, document: Document, key: Key, *, created: int | None = None, anchored: bool = True) -> Document:
        """Return another certificate, signed with the office's key by whoever has it; anchored by its operator."""
        unsecured, _ = securing.split(self.json(document))
        forged: dict[str, Any] = copy.deepcopy(dict(unsecured))
        forged["id"] = f"urn:uuid:{uuid.uuid4()}"
        signer = self.office.keys.signer(key.reference)
        method = DidUrl(f"{self.institution.did}#{key.public}")
        suite = self.office.suites.named(self.office.settings.suite)
        options = ProofOptions(method, self.now if created is None else created)
        signed, statement = securing.sign(forged, suite, options, signer)
        if not anchored:
            return Document(signed)
        context, salt = self.office.context(self.institution), planting.new_salt()
        own = leaf(LeafKind.CREDENTIAL, context, salt, credential_digest((statement,)))
        filled = planting.fill(context, [own])
        tree, (place,) = Tree(filled.leaves), filled.indexes
        act = AnchorRoot(self.institution.issuer_id, tree.root, tree.size, LeafKind.CREDENTIAL)
        act_as(self.office, ANCHORING, self.institution, act, tree.root)
        slot = self.office.chain.registry.view().anchor(self.institution.issuer_id, tree.root)
        assert slot is not None
        pins = self.office.chain.registry.pins
        receipt = Receipt(
            chain=pins.chain,
            registry=pins.registry,
            issuer_id=self.institution.issuer_id,
            root=tree.root,
            tree_size=tree.size,
            index=place,
            path=tree.path(place),
            salt=salt,
            block=slot.block,
            time=slot.time,
        )
        return Document(signed, receipt)

    @staticmethod
    def json(document: Document) -> JsonObject:
        found = document.credential
        assert not isinstance(found, str | bytes)
        return found

    @staticmethod
    def receipt(document: Document) -> Receipt:
        assert isinstance(document.receipt, Receipt)
        return document.receipt

    def report(self, document: Document, policy: str = "public", silent: str | None = None) -> Report:
        """Return what a stranger's verifier reports, by its own node and the institution's web site.

        The folder *silent* of the site does not answer.
        """
        sources = Sources(
            registry=EvmRegistry(self.node.url, self.office.chain.registry.pins),
            fetch=Site(Mirrors({f"https://{DOMAIN}/": self.office.public(self.institution).path}), silent),
            did_methods=self.office.methods,
            suites=self.office.suites,
            contexts=self.office.contexts,
        )
        return verify(document, sources, packaged(policy), self.now)

    def verdict(
        self, document: Document, policy: str = "public", silent: str | None = None
    ) -> tuple[Outcome, set[str]]:
        """Return the outcome, and the codes of the required findings that are not passed."""
        report = self.report(document, policy, silent)
        open_ = {f.code for f in report.findings if f.weight is Weight.REQUIRED and f.outcome is not Outcome.PASSED}
        return report.outcome, open_

    def did_document(self) -> Any:
        base = self.office.public(self.institution).path
        return self.office.methods.resolve(Did(f"did:web:{DOMAIN}"), Mirrors({f"https://{DOMAIN}/": base})).document


@contextmanager
def open_desk(node: HardhatNode, folder: Path, **changes: object) -> Iterator[Desk]:
    """Yield an accredited institution on *node*; everything is undone there afterwards."""
    chosen = settings(folder, rpc_url=node.url, confirmations=1, **changes)
    with undone(node):
        found: list[Office] = []

        def clock() -> int:
            return found[0].chain.registry.view().block.time if found else int(time.time())

        with app.build(chosen) as plain:
            development.deploy(plain)
            office = replace(plain, clock=clock)
            found.append(office)
            institution = accrediting.prepare(office, NEW)
            development.fund_institution(office, institution)
            accrediting.register(office, institution)
            yield Desk(office, office.institution(), node)
