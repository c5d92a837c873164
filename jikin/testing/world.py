"""A world in memory: a chain, an accreditor, and institutions that issue, anchor and revoke by the real rules.

Nothing here is pretended but the network: signatures, canonical forms, trees, epochs and notes are those of the
product, and the chain is the registry's twin. What an institution publishes is kept by URL, and can be taken away.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from jikin.anchoring import batch as batches
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
from jikin.anchoring.changes import Change, pack
from jikin.anchoring.digest import NOTHING, credential_digest
from jikin.anchoring.memory import ACCOUNTS, MemoryChain
from jikin.anchoring.merkle import Tree
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.statements import context_hash, leaf
from jikin.codec import jcs, multikey
from jikin.codec.contexts import Contexts
from jikin.credentials.model import Credential
from jikin.credentials.profile import Names, Profile
from jikin.credentials.record import NumberRecord, PublicField, RecordAnchor
from jikin.credentials.structure import text_of
from jikin.credentials.types import CredentialTypes
from jikin.dids.standard import standard_methods
from jikin.errors import FetchError, ProofError, RegistryError
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions, Suite
from jikin.status import notes
from jikin.status.array import State, StatusArray
from jikin.status.bitstring import Purpose, entry_json, list_url
from jikin.status.index import IndexPermutation, new_key
from jikin.status.publication import Publication
from jikin.status.root import array_root, list_context
from jikin.values import Address, CertificateNumber, Did, DidUrl, Digest, JsonObject, ListId, Signer
from jikin.verification.document import Document
from jikin.verification.gathering import Sources

YEAR = 365 * 86_400
_LOG2_ENTRIES = 17
_ALL_RIGHTS = Rights.ISSUE | Rights.REVOKE | Rights.SUSPEND


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate as its holder has it, with what only the institution knows: the entry in its status list."""

    document: Document
    number: CertificateNumber
    index: int
    salt: bytes = field(repr=False)

    @property
    def receipt(self) -> Receipt:
        """Return the receipt that travels beside the credential."""
        assert self.document.receipt is not None  # noqa: S101 -- an institution hands out no certificate without one
        return self.document.receipt


class PublishedFiles:
    """What institutions publish, by URL; a Fetch. Set `reachable` to False and nobody answers."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.files: dict[str, bytes] = {}
        self.reachable = True

    def get(self, url: str, *, max_bytes: int) -> bytes:
        """Return the file at *url*; raises FetchError."""
        if not self.reachable:
            raise FetchError(f"{url} does not answer")
        body = self.files.get(url)
        if body is None:
            raise FetchError(f"{url} does not exist", code="fetch.not-found")
        if len(body) > max_bytes:
            raise FetchError(f"{url} is larger than {max_bytes} bytes", code="fetch.too-large")
        return body

    def publish(self, url: str, value: JsonObject) -> None:
        """Put a JSON document at *url*."""
        self.files[url] = jcs.canonicalize(value)


class World:
    """Chain, accreditor, published files, and everything a verifier is put together with."""

    def __init__(self, clock: Callable[[], int]) -> None:
        """Start a chain whose block times follow *clock* (Unix seconds)."""
        self.clock = clock
        self.chain = MemoryChain(clock, interval=1)
        self.files = PublishedFiles()
        self.contexts = Contexts.packaged()
        self.suites = standard_suites(self.contexts)
        self.types = CredentialTypes.packaged()
        self._accounts = iter(ACCOUNTS[1:])

    @property
    def sources(self) -> Sources:
        """Return what a verifier in this world can ask."""
        return Sources(
            registry=self.chain,
            fetch=self.files,
            did_methods=standard_methods(),
            suites=self.suites,
            contexts=self.contexts,
        )

    def send(self, account: Address, act: Act) -> None:
        """Write *act* to the registry; raises RegistryRefusedError."""
        writer = self.chain.writer(account)
        transaction = writer.prepare(act)
        writer.broadcast(transaction)
        mined = writer.mined(transaction.hash)
        if mined is None or not mined.succeeded:
            raise RegistryError("the transaction was not mined")

    def institution(
        self,
        domain: str = "hrdk.example",
        names: Names | None = None,
        *,
        number_code: str = "HRDK",
        types: Sequence[str] = ("national-technical-qualification",),
        anchors_all: bool = True,
        post_quantum: bool = False,
    ) -> Institution:
        """Return a new institution: registered, accredited for ten years, profile approved, key added, list open.

        *post_quantum*: it has a second key, ML-DSA-44, beside its Ed25519 key.
        """
        profile = Profile(
            did=Profile.did_of(domain),
            names=names or Names(ko="한국산업인력공단", en="Human Resources Development Service of Korea"),
            domain=domain,
            number_code=number_code,
            types=tuple(sorted(types)),
        )
        quantum = Mldsa44Signer.generate() if post_quantum else None
        institution = Institution(self, profile, next(self._accounts), quantum)
        now = self.chain.view().block.time
        owner, id_ = institution.account, profile.did.issuer_id
        acts: list[tuple[Address, Act]] = [
            (self.chain.accreditor, RegisterIssuer(profile.did.registered, owner, now, now + 10 * YEAR)),
            (owner, ProposeProfile(id_, profile.to_bytes())),
            (self.chain.accreditor, ApproveProfile(id_, profile.hash)),
            (owner, SetOperator(id_, owner, now + YEAR, _ALL_RIGHTS)),
            *((owner, AddKey(id_, multikey.encode(signer.public_key))) for signer in institution.signers.values()),
            (
                owner,
                OpenStatusList(id_, institution.list_id, _LOG2_ENTRIES, institution.permutation.key_hash),
            ),
        ]
        if anchors_all:
            acts.append((self.chain.accreditor, SetAnchorsAll(id_)))
        for account, act in acts:
            self.send(account, act)
        institution.publish()
        return institution


class Institution:
    """An institution of the world. Its account is owner and operator at once."""

    def __init__(self, world: World, profile: Profile, account: Address, quantum: Mldsa44Signer | None = None) -> None:
        """Make keys and a status list for *profile*; ``World.institution`` puts them on record.

        *quantum* is a second key of its own.
        """
        self.world = world
        self.profile = profile
        self.account = account
        self.signer = Ed25519Signer.generate()
        self.quantum = quantum
        self.list_id = ListId(os.urandom(32))
        self.permutation = IndexPermutation(new_key(), _LOG2_ENTRIES)
        self._next_serial = 0
        self._states: dict[int, State] = {}
        self._epoch = 0
        self._notes: list[notes.SealedNote] = []

    @property
    def did(self) -> Did:
        """Return its DID."""
        return self.profile.did

    @property
    def multikey(self) -> str:
        """Return the Multikey text of the key it signs with."""
        return multikey.encode(self.signer.public_key)

    @property
    def method(self) -> DidUrl:
        """Return the verification method it signs with."""
        return DidUrl(f"{self.did}#{self.multikey}")

    @property
    def signers(self) -> Mapping[DidUrl, Signer]:
        """Return what it signs with, by verification method. A key of 1312 bytes is no name: it is called by one."""
        more = {} if self.quantum is None else {DidUrl(f"{self.did}#post-quantum"): self.quantum}
        return {self.method: self.signer, **more}

    @property
    def context(self) -> Digest:
        """Return *ctx* of its leaves and lists."""
        pins = self.world.chain.pins
        return context_hash(pins.chain, pins.registry, self.did.issuer_id)

    def unsecured(
        self,
        type_id: str,
        record: Mapping[str, str],
        *,
        number: CertificateNumber | None = None,
        valid_until: int | None = None,
        index: int = 0,
    ) -> JsonObject:
        """Return the credential for a record of the type, with *index* as its status entry, not yet signed."""
        now = self.world.clock()
        return self.world.types.named(type_id).build(
            record,
            issuer_did=self.did,
            issuer_name={"ko": self.profile.names.ko, "en": self.profile.names.en},
            number=number or CertificateNumber.random(2026, self.profile.number_code),
            credential_id=f"urn:uuid:{uuid.uuid4()}",
            valid_from=now,
            valid_until=valid_until,
            status_entries=[
                entry_json(list_url(self.profile.base_url, self.list_id, purpose), purpose, index)
                for purpose in map(Purpose, self.world.types.named(type_id).status_purposes)
            ],
            random=os.urandom,
        )

    def sign(self, unsecured: JsonObject, *suites: str) -> JsonObject:
        """Return *unsecured* with a proof of each of *suites* (none: ``eddsa-rdfc-2022``) by this institution's keys.

        Raises ProofError for a suite that takes none of its keys.
        """
        layers = [self._layer(self.world.suites.named(name)) for name in suites or ("eddsa-rdfc-2022",)]
        return securing.secure_all(unsecured, layers)[0]

    def _layer(self, suite: Suite) -> tuple[Suite, ProofOptions, Signer]:
        for method, signer in self.signers.items():
            if signer.public_key.type in suite.key_types:
                return suite, ProofOptions(method, self.world.clock()), signer
        raise ProofError(f"{self.did} has no key for {suite.name}")

    def anchor(self, credentials: Sequence[JsonObject | str]) -> list[Receipt]:
        """Anchor secured *credentials*, JSON or envelopes, as one batch and return their receipts in the same order."""
        return self.anchor_digests([self.digest(credential) for credential in credentials])

    def anchor_digests(self, digests: Sequence[Digest], *, full: bytes = NOTHING) -> list[Receipt]:
        """Anchor certificates by their digests; *full* as in STATEMENTS 3, for certificates shown in part."""
        salts = [batches.new_salt() for _ in digests]
        leaves = [
            leaf(LeafKind.CREDENTIAL, self.context, salt, digest) for digest, salt in zip(digests, salts, strict=True)
        ]
        filled = batches.fill(self.context, leaves)
        tree = Tree(filled.leaves)
        id_ = self.did.issuer_id
        self.world.send(self.account, AnchorRoot(id_, tree.root, tree.size, LeafKind.CREDENTIAL))
        slot = self.world.chain.view().anchor(id_, tree.root)
        if slot is None:
            raise RegistryError("the root is not on record after it was anchored")
        pins = self.world.chain.pins
        return [
            Receipt(
                chain=pins.chain,
                registry=pins.registry,
                issuer_id=id_,
                root=tree.root,
                tree_size=tree.size,
                index=place,
                path=tree.path(place),
                salt=salt,
                full=full,
                block=slot.block,
                time=slot.time,
            )
            for place, salt in zip(filled.indexes, salts, strict=True)
        ]

    def digest(self, credential: JsonObject | str) -> Digest:
        """Return the anchor digest of a secured credential; a text is an envelope (JWT, SD-JWT)."""
        if isinstance(credential, str):
            return credential_digest((self.world.suites.open(credential.encode()).statement,))
        return credential_digest(securing.statements(credential, self.world.suites))

    def issue(
        self,
        type_id: str,
        records: Sequence[Mapping[str, str]],
        *,
        suites: Sequence[str] = ("eddsa-rdfc-2022",),
        valid_until: int | None = None,
    ) -> list[Issued]:
        """Issue one certificate for each record, with a proof of each of *suites*, anchored as one batch."""
        numbers = [CertificateNumber.random(2026, self.profile.number_code) for _ in records]
        indexes = [self.permutation.entry(self._next_serial + offset) for offset in range(len(records))]
        self._next_serial += len(records)
        credentials = [
            self.sign(self.unsecured(type_id, record, number=number, valid_until=valid_until, index=index), *suites)
            for record, number, index in zip(records, numbers, indexes, strict=True)
        ]
        return [
            Issued(Document(credential, receipt), number, index, receipt.salt)
            for credential, receipt, number, index in zip(
                credentials, self.anchor(credentials), numbers, indexes, strict=True
            )
        ]

    def change(self, issued: Issued, state: State, reason: str, effective: int | None = None) -> None:
        """Publish one status epoch that moves the certificate to *state*, with a note for its holder."""
        view = self.world.chain.view()
        (head,) = view.status_heads(self.did.issuer_id, [self.list_id])
        if head is None:
            raise RegistryError("the status list was never opened")
        since = view.block.time if effective is None else effective
        note = notes.Note(issued.index, head.epoch + 1, state, reason, since)
        self._notes.append(notes.seal(note, self._lctx, issued.salt))
        self._states[issued.index] = state
        self._epoch = head.epoch + 1
        changes = pack([Change(issued.index, int(state))])
        root = self._publication.status_root(self._lctx)
        self.world.send(self.account, PublishStatus(self.did.issuer_id, self.list_id, head.head, root, changes))
        self.publish()

    def record(self, issued: Issued, type_id: str, *, effective: int | None = None) -> NumberRecord:
        """Return what the number of a certificate tells anybody; *effective*: since when it has ended, if it has."""
        kind = self.world.types.named(type_id)
        model = Credential.parse(issued.document.credential, self.world.types)
        receipt = issued.receipt
        anchored = leaf(LeafKind.CREDENTIAL, self.context, issued.salt, self.digest(issued.document.credential))
        labels, title = kind.public_labels, kind.title_of(issued.document.credential)
        return NumberRecord(
            number=issued.number,
            type=type_id,
            title={"ko": title.ko, "en": title.en},
            issuer=self.did,
            valid_from=model.valid_from or self.world.clock(),
            valid_until=model.valid_until,
            public=tuple(
                PublicField({"ko": labels[pointer].ko, "en": labels[pointer].en}, text_of(value) or str(value))
                for pointer, value in model.public.items()
            ),
            status=tuple(entry.document for entry in model.status),
            anchor=RecordAnchor(receipt.root, anchored, receipt.index, receipt.tree_size, receipt.path),
            effective=effective,
        )

    def publish_record(self, record: NumberRecord, signer: Ed25519Signer | None = None) -> None:
        """Sign *record* (with another key than the institution's, if *signer* is given) and publish it."""
        chosen = signer or self.signer
        method = DidUrl(f"{self.did}#{multikey.encode(chosen.public_key)}")
        options = ProofOptions(method, self.world.clock())
        document = securing.secure(record.to_json(), self.world.suites.named("eddsa-jcs-2022"), options, chosen)
        self.world.files.publish(f"{self.profile.base_url}/n/{record.number.symbols}", document)

    def publish(self) -> None:
        """Publish the DID document and the notes."""
        base = self.profile.base_url
        self.world.files.publish(f"{base}/.well-known/did.json", self.did_document())
        self.world.files.publish(f"{base}/status/{self.list_id.raw.hex()}/notes", self._publication.to_json())

    def did_document(self) -> JsonObject:
        """Return the DID document with the keys it signs with."""
        return {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": str(self.did),
            "verificationMethod": [
                {
                    "id": str(method),
                    "type": "Multikey",
                    "controller": str(self.did),
                    "publicKeyMultibase": multikey.encode(signer.public_key),
                }
                for method, signer in self.signers.items()
            ],
            "assertionMethod": [str(method) for method in self.signers],
        }

    @property
    def _lctx(self) -> Digest:
        return list_context(self.context, self.list_id, 1 << _LOG2_ENTRIES)

    @property
    def _publication(self) -> Publication:
        array = StatusArray.all_valid(1 << _LOG2_ENTRIES).with_states(self._states)
        return Publication.make(self._lctx, self._epoch, array_root(self._lctx, array), self._notes)
