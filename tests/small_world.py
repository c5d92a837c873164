"""A small world for verification tests: a chain in memory, one accredited institution, its web server, real suites.

Nothing is mocked: the chain follows the contract's rules, certificates are signed, anchored and revoked as in earnest.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jikin.anchoring.acts import (
    Act,
    AddKey,
    AnchorRoot,
    ApproveProfile,
    LeafKind,
    OpenStatusList,
    ProposeProfile,
    PublishStatus,
    RegisterIssuer,
    Rights,
    SetAnchorsAll,
    SetOperator,
)
from jikin.anchoring.batch import fill, new_salt
from jikin.anchoring.chain import RegistryView
from jikin.anchoring.changes import Change, pack
from jikin.anchoring.digest import credential_digest
from jikin.anchoring.memory import ACCOUNTS, MemoryChain
from jikin.anchoring.merkle import Tree
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.statements import context_hash, leaf
from jikin.codec import multikey
from jikin.codec.contexts import Contexts
from jikin.credentials.profile import Names, Profile
from jikin.credentials.types import CredentialTypes
from jikin.dids.standard import standard_methods
from jikin.errors import FetchError
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.status.array import State
from jikin.status.bitstring import Purpose, entry_json, list_url
from jikin.status.index import IndexPermutation
from jikin.status.notes import Note, SealedNote, seal
from jikin.status.publication import Publication
from jikin.status.root import array_root
from jikin.status.snapshot import StatusSnapshot
from jikin.values import Address, CertificateNumber, Did, DidUrl, Digest, IssuerId, JsonObject, ListId
from jikin.verification.document import Document
from jikin.verification.sources import Sources
from tests.chain_fixtures import send

START = 1_790_000_000  # 2026-09-21T13:33:20Z, noon and more in Seoul
MINUTE, HOUR, DAY = 60, 3600, 86_400
ACCREDITOR, OWNER, OPERATOR = ACCOUNTS[:3]
CONTEXTS = Contexts.packaged()
SUITES = standard_suites(CONTEXTS)
TYPE = "course-completion"
LIST = ListId(b"\xa1" * 32)


@dataclass
class Web:
    """Files by URL: answers, or does not."""

    files: dict[str, bytes] = field(default_factory=dict)
    reachable: bool = True
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, *, max_bytes: int) -> bytes:
        self.asked.append(url)
        if not self.reachable:
            raise FetchError(f"{url!r} cannot be read: no answer", code="fetch.unreachable")
        body = self.files.get(url)
        if body is None or len(body) > max_bytes:
            raise FetchError(f"{url!r} cannot be read: there is none", code="fetch.not-found")
        return body

    def put(self, url: str, value: object) -> None:
        self.files[url] = json.dumps(value).encode()


@dataclass
class Issued:
    """A certificate as the institution keeps it."""

    credential: JsonObject
    index: int
    salt: bytes
    receipt: Receipt | None = None

    @property
    def document(self) -> Document:
        return Document(self.credential, self.receipt)

    def changed(self, **members: object) -> Issued:
        return replace(self, credential={**self.credential, **members})  # type: ignore[dict-item]


@dataclass
class CountingChain:
    """A registry that counts what is asked of the chain behind it."""

    chain: MemoryChain
    calls: int = 0

    @property
    def pins(self):  # type: ignore[no-untyped-def]
        return self.chain.pins

    def view(self) -> RegistryView:
        self.calls += 1
        return _CountingView(self, self.chain.view())  # type: ignore[return-value]


class _CountingView:
    def __init__(self, counter: CountingChain, view: RegistryView) -> None:
        self._counter, self._view = counter, view

    def __getattr__(self, name: str) -> object:
        found = getattr(self._view, name)
        if name not in {"pins", "block"}:
            self._counter.calls += 1
        return found


class SmallWorld:
    """One institution (did:web:certs.example), accredited for course completions, with a list of 2^17 entries."""

    def __init__(
        self,
        *,
        anchors_all: bool = True,
        types: Sequence[str] = (TYPE,),
        chain: Any = None,
        accounts: Sequence[Address] = ACCOUNTS,
    ) -> None:
        """Use *chain*, whose first *accounts* are accreditor, owner and operator, instead of one in memory."""
        self.time = START if chain is None else chain.view().block.time
        self.chain = chain or MemoryChain(lambda: self.time)
        self.accreditor, self.owner, self.operator = accounts[:3]
        self.web = Web()
        self.did = Did("did:web:certs.example")
        self.signer = Ed25519Signer.from_seed(b"\x01" * 32)
        self.profile = Profile(
            did=self.did,
            names=Names(ko="한빛직업능력원", en="Hanbit Skills Institute"),
            domain="certs.example",
            number_code="HB01",
            types=tuple(types),
        )
        self.permutation = IndexPermutation(b"\x02" * 32, 17)
        self.notes: list[SealedNote] = []
        self.served = 0
        self._register(anchors_all)
        self.publish_did_document()
        self.later(HOUR)

    # --- the chain ---

    def act(self, act: Act, account: Address | None = None) -> None:
        mined = send(self.chain.writer(account or self.operator), act)
        self.time = max(self.time, mined.block.time)

    def later(self, seconds: int) -> int:
        """Let *seconds* pass and one block be mined."""
        self.time += seconds
        if not isinstance(self.chain, MemoryChain):
            self.chain.advance(seconds)
        self.chain.mine()
        return self.time

    @property
    def issuer_id(self) -> IssuerId:
        return self.did.issuer_id

    @property
    def context(self) -> Digest:
        return context_hash(self.chain.pins.chain, self.chain.pins.registry, self.issuer_id)

    def _register(self, anchors_all: bool) -> None:
        self.act(RegisterIssuer(self.did.registered, self.owner, self.time, self.time + 365 * DAY), self.accreditor)
        if anchors_all:
            self.act(SetAnchorsAll(self.issuer_id), self.accreditor)
        self.approve(self.profile)
        self.act(AddKey(self.issuer_id, self.multikey(self.signer)), self.owner)
        rights = Rights.ISSUE | Rights.REVOKE | Rights.SUSPEND
        self.act(SetOperator(self.issuer_id, self.operator, self.time + 365 * DAY, rights), self.owner)
        self.act(OpenStatusList(self.issuer_id, LIST, 17, self.permutation.key_hash))

    def approve(self, profile: Profile) -> None:
        self.act(ProposeProfile(self.issuer_id, profile.to_bytes()), self.owner)
        self.act(ApproveProfile(self.issuer_id, profile.hash), self.accreditor)

    # --- the institution ---

    @staticmethod
    def multikey(signer: Ed25519Signer) -> str:
        return multikey.encode(signer.public_key)

    def method(self, signer: Ed25519Signer | None = None) -> DidUrl:
        return DidUrl(f"{self.did}#{self.multikey(signer or self.signer)}")

    def publish_did_document(self, *signers: Ed25519Signer) -> None:
        methods = [str(self.method(signer)) for signer in signers or (self.signer,)]
        self.web.put(
            "https://certs.example/.well-known/did.json",
            {
                "@context": ["https://www.w3.org/ns/did/v1"],
                "id": str(self.did),
                "verificationMethod": [
                    {
                        "id": method,
                        "type": "Multikey",
                        "controller": str(self.did),
                        "publicKeyMultibase": method.partition("#")[2],
                    }
                    for method in methods
                ],
                "assertionMethod": methods,
            },
        )

    def unsecured(self, name: str = "김하늘", *, days: int | None = None, kind: str = TYPE) -> tuple[JsonObject, int]:
        index = self.permutation.entry(self.served)
        self.served += 1
        credential = (
            CredentialTypes.packaged()
            .named(kind)
            .build(
                {
                    "name": name,
                    "name_en": "Kim Ha-neul",
                    "course": "지게차 안전 운전",
                    "course_en": "Safe forklift driving",
                    "hours": "40",
                    "completed_on": "2026-09-01",
                },
                issuer_did=self.did,
                issuer_name={"ko": self.profile.names.ko, "en": self.profile.names.en},
                number=CertificateNumber.random(2026, self.profile.number_code),
                credential_id=f"urn:uuid:{self.served:08d}-0000-4000-8000-000000000000",
                valid_from=self.time,
                valid_until=None if days is None else self.time + days * DAY,
                status_entries=[
                    entry_json(list_url(self.profile.base_url, LIST, purpose), purpose, index) for purpose in Purpose
                ],
                random=secrets.token_bytes,
            )
        )
        return credential, index

    def sign(
        self,
        unsecured: JsonObject,
        *,
        suite: str = "eddsa-rdfc-2022",
        signer: Ed25519Signer | None = None,
        method: DidUrl | None = None,
        created: int | None = None,
    ) -> JsonObject:
        signer = signer or self.signer
        options = ProofOptions(method or self.method(signer), self.time if created is None else created)
        return securing.secure(unsecured, SUITES.named(suite), options, signer)

    def anchor(self, *credentials: Issued, kind: LeafKind = LeafKind.CREDENTIAL) -> None:
        """Anchor *credentials* in one batch and give each its receipt."""
        leaves = [
            leaf(
                LeafKind.CREDENTIAL,
                self.context,
                issued.salt,
                credential_digest(securing.statements(issued.credential, SUITES)),
            )
            for issued in credentials
        ]
        batch = fill(self.context, leaves)
        tree = Tree(batch.leaves)
        self.act(AnchorRoot(self.issuer_id, tree.root, tree.size, kind))
        slot = self.chain.view().anchor(self.issuer_id, tree.root)
        assert slot is not None
        for issued, place in zip(credentials, batch.indexes, strict=True):
            issued.receipt = Receipt(
                chain=self.chain.pins.chain,
                registry=self.chain.pins.registry,
                issuer_id=self.issuer_id,
                root=tree.root,
                tree_size=tree.size,
                index=place,
                path=tree.path(place),
                salt=issued.salt,
                block=slot.block,
                time=slot.time,
            )

    def issue(self, name: str = "김하늘", *, days: int | None = None, suite: str = "eddsa-rdfc-2022") -> Issued:
        """Return a certificate, signed and anchored."""
        unsecured, index = self.unsecured(name, days=days)
        issued = Issued(self.sign(unsecured, suite=suite), index, new_salt())
        self.anchor(issued)
        return issued

    def publish_receipt(self, issued: Issued) -> None:
        assert issued.receipt is not None
        digest = credential_digest(securing.statements(issued.credential, SUITES))
        self.web.put(f"{self.profile.base_url}/receipts/{digest.raw.hex()}", issued.receipt.to_json())

    # --- status ---

    def snapshot(self) -> StatusSnapshot:
        snapshot = StatusSnapshot.read(self.chain.view(), self.issuer_id, LIST)
        assert snapshot is not None
        return snapshot

    def set_state(
        self,
        issued: Issued,
        state: State,
        *,
        reason: str = "부정행위 확인",
        effective: int | None = None,
        root: Digest | None = None,
        replacement: Digest | None = None,
        account: Address | None = None,
    ) -> Publication:
        """Publish one epoch in which *issued* gets *state*, with a note, on the chain and on the web."""
        before = self.snapshot()
        epoch = before.epoch + 1
        note = Note(issued.index, epoch, state, reason, self.time if effective is None else effective, replacement)
        self.notes.append(seal(note, before.lctx, issued.salt))
        assert before.folded is not None
        array = before.folded.array.with_states({issued.index: state})
        publication = Publication.make(before.lctx, epoch, array_root(before.lctx, array), self.notes)
        changes = pack([Change(issued.index, int(state))], before.entries)
        status_root = root or publication.status_root(before.lctx)
        self.act(PublishStatus(self.issuer_id, LIST, before.head.head, status_root, changes), account)
        self.publish_notes(publication)
        return publication

    def publish_notes(self, publication: Publication) -> None:
        self.web.put(f"{self.profile.base_url}/status/{LIST.raw.hex()}/notes", publication.to_json())

    # --- the verifier ---

    def sources(self, **changes: object) -> Sources:
        given = {
            "registry": self.chain,
            "fetch": self.web,
            "did_methods": standard_methods(),
            "suites": SUITES,
            "contexts": CONTEXTS,
        }
        return Sources(**{**given, **changes})  # type: ignore[arg-type]
