"""Who can be asked, and a session in which every question is asked once.

A ``Session`` looks at the registry as of one block and keeps every answer, also that there was none: 500 certificates
cost a handful of calls, and a source that is down is not waited for 500 times.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from cryptography import x509

from jikin.anchoring.chain import (
    AnchorSlot,
    Block,
    IssuerRecord,
    KeyWindow,
    Registry,
    RegistryPins,
    RegistryView,
    Successor,
)
from jikin.anchoring.checkpoints_source import WitnessedBlocks
from jikin.anchoring.older import Reanchored
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.slot_view import SlotView
from jikin.anchoring.trusted import Voucher
from jikin.codec import strict_json
from jikin.codec.contexts import Contexts
from jikin.credentials.data_schemas import MAX_SCHEMA_BYTES, DataSchema
from jikin.credentials.integrity import Integrity
from jikin.credentials.profile import Profile
from jikin.dids.method import DidDocument, DidMethods, Fetch
from jikin.errors import CodecError, CredentialError, FetchError, JikinError, RegistryMismatchError, UnavailableError
from jikin.proofs import certificates
from jikin.proofs.certificates import Certified
from jikin.proofs.suite import Suites
from jikin.status.pack import Pack
from jikin.status.publication import Publication
from jikin.status.snapshot import StatusSnapshot
from jikin.values import Did, Digest, IssuerId, Json, KeyId, ListId
from jikin.verification import seen_checkpoints
from jikin.verification.document import Document
from jikin.verification.evidence import Fact, Known, Missing
from jikin.verification.findings import Code
from jikin.verification.packed import PackedRegistry, PackedView, PackTrust
from jikin.verification.seen_checkpoints import SeenCheckpoints
from jikin.verification.seen_heads import SeenHeads
from jikin.verification.trust import Trust

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_MAX_RECEIPT = 1 << 16  # bytes; a path of 22 nodes and eight absent proofs take 4 KiB
_MAX_NOTES_FILE = 64 << 20  # bytes; about 150,000 notes
_MAX_DOCUMENT = 8 << 20  # bytes; a list of 2^25 random bits takes 6 MiB
_MAX_RESOURCE = 4 << 20  # bytes; pictures and PDFs that a credential refers to
_SILENT = frozenset({"fetch.timeout", "fetch.unreachable"})
_NO_REGISTRY = Missing(Code.REGISTRY_NONE.value, "no registry is configured")


def document_in(data: bytes) -> Document:
    """Return the secured document that *data* is: JSON, or an envelope; raises JsonError or CredentialError."""
    try:
        value = strict_json.parse(data, max_bytes=_MAX_DOCUMENT)
    except CodecError:
        # A JWT or SD-JWT as it is; JSON that is broken begins otherwise.
        if data.lstrip()[:1] in (b"{", b"["):
            raise
        return Document.of(data.strip())
    return Document.of(value)


def asked(ask: Callable[[], T], source: str) -> Fact[T]:
    """Return the answer of *ask*, or why there is none: whatever is raised on purpose. Bugs surface."""
    try:
        return Known(ask(), source)
    except JikinError as error:
        return Missing(error.code, str(error))


class _Answers(Generic[K, T]):
    """The answers to one kind of question, by what was asked."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._known: dict[K, Fact[T]] = {}

    def once(self, key: K, ask: Callable[[], T]) -> Fact[T]:
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = asked(ask, self._source)
        return known


class _PatientOnce:
    """A Fetch that waits for a silent host once: what timed out there is not asked again."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._silent: dict[str, FetchError] = {}

    def get(self, url: str, *, max_bytes: int) -> bytes:
        host = "/".join(url.split("/", 3)[:3])
        if host in self._silent:
            raise self._silent[host]
        try:
            return self._fetch.get(url, max_bytes=max_bytes)
        except FetchError as error:
            if error.code in _SILENT:
                self._silent[host] = error
            raise


@dataclass(frozen=True, slots=True)
class Opening:
    """The file that opens a list's newest status root, and the contradiction it proves, if it does."""

    publication: Publication
    contradiction: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Who can be asked.

    *registry* None: there is none. *trust*: configured entries, issuer → accepted keys. *schemas*: documents that the
    operator vouches for, URL → bytes (JSON Schemas and credentials that carry one). *roots*: the authorities whose
    certificates (``x5c``) are believed. *packs*: what proof packs are judged by where no registry can be asked (None:
    they are not). *heads*: the newest heads that were seen here.
    certificates (``x5c``) are believed. *older*: registries that *registry* follows; they are not asked, and receipts
    of theirs hold where the issuer anchored their roots again. *witnessed*: checkpoints of witnesses, None: none are
    looked for.
    """

    registry: Registry | None
    fetch: Fetch
    did_methods: DidMethods
    suites: Suites
    contexts: Contexts
    trust: Trust = field(default_factory=dict)
    schemas: Mapping[str, bytes] = field(default_factory=dict)
    roots: tuple[x509.Certificate, ...] = ()
    packs: PackTrust | None = None
    heads: SeenHeads | None = None

    older: tuple[RegistryPins, ...] = ()
    witnessed: WitnessedBlocks | None = None

    def of_pack(self, pack: Pack) -> Session | None:
        """Return a session that looks at the registry as *pack* proves it, None where packs are not judged here."""
        return None if self.packs is None else Session(replace(self, registry=PackedRegistry(pack, self.packs)))

    def at_newest(self) -> Session:
        """Return a session that looks at the registry as of its newest block: one for a batch of documents."""
        return Session(self)


class Session:
    """The sources as of one block, every answer kept. For one thread at a time.

    A session may be used again later: what it knows is as of its block, and the policy says how old that may be.
    """

    def __init__(self, sources: Sources) -> None:
        """Take a look at the registry now; that it does not answer is noted, not raised."""
        self.sources = sources
        self._fetch = _PatientOnce(sources.fetch)
        self._view: Fact[RegistryView] = _NO_REGISTRY
        if sources.registry is not None:
            self._view = asked(sources.registry.view, "chain")
        self._checkpoints = SeenCheckpoints() if sources.witnessed is None else seen_checkpoints.look(sources.witnessed)
        self._silent: UnavailableError | None = None
        self._issuers = _Answers[IssuerId, IssuerRecord | None]("chain")
        self._profiles = _Answers[IssuerId, Profile | None]("chain")
        self._codes = _Answers[str, tuple[Profile, ...]]("chain")
        self._keys = _Answers[tuple[IssuerId, KeyId], KeyWindow | None]("chain")
        self._anchors = _Answers[tuple[IssuerId, Digest], AnchorSlot | None]("chain")
        self._successors = _Answers[str, Successor | None]("chain")
        self._lists = _Answers[tuple[IssuerId, ListId], StatusSnapshot | None]("chain")
        self._did_documents = _Answers[Did, DidDocument]("did document")
        self._receipts = _Answers[str, Receipt | None]("issuer")
        self._reanchored = _Answers[str, Reanchored | None]("issuer")
        self._openings = _Answers[tuple[IssuerId, ListId], Opening]("issuer")
        self._documents = _Answers[str, Json]("web")
        self._secured = _Answers[str, Document]("web")
        self._pinned = _Answers[tuple[str, Integrity], bytes]("web")
        self._schemas = _Answers[tuple[str, Integrity], DataSchema]("web")
        self._resources = _Answers[str, bytes]("web")
        self._certified = _Answers[tuple[bytes, ...], Certified]("certificate")

    @property
    def pins(self) -> RegistryPins | None:
        """Return which registry is asked, None if none is configured."""
        return None if self.sources.registry is None else self.sources.registry.pins

    @property
    def block(self) -> Fact[Block]:
        """Return the block as of which the registry is asked."""
        return self._view if isinstance(self._view, Missing) else Known(self._view.value.block, "chain")

    @property
    def voucher(self) -> Voucher | None:
        """Return who vouches for that block, at which all is proven; None: the node is taken at its word."""
        view = None if isinstance(self._view, Missing) else self._view.value
        return view.trusted.voucher if isinstance(view, SlotView) else None

    @property
    def checkpoints(self) -> SeenCheckpoints:
        """Return the newest head that witnesses vouch for, and the split view that came to light, if one did."""
        return self._checkpoints

    def compare(self, checkpoint: str) -> None:
        """Hold what another verifier saw last against what was seen here; from a split view on nothing is valid."""
        if self.sources.witnessed is not None:
            self._checkpoints = seen_checkpoints.compare(self._checkpoints, self.sources.witnessed, checkpoint)

    def issuer(self, issuer_id: IssuerId) -> Fact[IssuerRecord | None]:
        """Return the issuer's record."""
        return self._on_chain(self._issuers, issuer_id, lambda view: view.issuer(issuer_id))

    def profile(self, issuer_id: IssuerId) -> Fact[Profile | None]:
        """Return the approved profile; its bytes have the hash on record."""
        return self._on_chain(self._profiles, issuer_id, lambda view: self._read_profile(view, issuer_id))

    def profiles_with_code(self, number_code: str) -> Fact[tuple[Profile, ...]]:
        """Return the approved profiles of the issuers whose certificate numbers carry *number_code*."""
        return self._on_chain(self._codes, number_code, lambda view: self._read_codes(view, number_code))

    def key_window(self, issuer_id: IssuerId, key_id: KeyId) -> Fact[KeyWindow | None]:
        """Return the window of one of the issuer's keys."""
        return self._on_chain(self._keys, (issuer_id, key_id), lambda view: view.key_window(issuer_id, key_id))

    def anchor(self, issuer_id: IssuerId, root: Digest) -> Fact[AnchorSlot | None]:
        """Return the slot of one of the issuer's roots."""
        return self._on_chain(self._anchors, (issuer_id, root), lambda view: view.anchor(issuer_id, root))

    def successor(self) -> Fact[Successor | None]:
        """Return the registry that follows this one."""
        return self._on_chain(self._successors, "successor", lambda view: view.successor())

    def snapshot(self, issuer_id: IssuerId, list_id: ListId) -> Fact[StatusSnapshot | None]:
        """Return one of the issuer's lists, folded."""
        return self._on_chain(self._lists, (issuer_id, list_id), lambda view: self._read_list(view, issuer_id, list_id))

    @property
    def packed(self) -> PackedView | None:
        """Return the view where the registry is a proof pack, None where a chain is asked."""
        view = None if isinstance(self._view, Missing) else self._view.value
        return view if isinstance(view, PackedView) else None

    def did_document(self, did: Did) -> Fact[DidDocument]:
        """Return the DID document of *did*."""
        return self._did_documents.once(did, lambda: self.sources.did_methods.resolve(did, self._fetch))

    def receipt(self, base_url: str, digest: Digest) -> Fact[Receipt | None]:
        """Return the receipt that an issuer publishes under *base_url* for the credential with *digest*."""
        url = f"{base_url}/receipts/{digest.raw.hex()}"
        return self._receipts.once(url, lambda: self._read_receipt(url))

    def reanchored(self, base_url: str, root: Digest) -> Fact[Reanchored | None]:
        """Return where the issuer under *base_url* says that it anchored the *root* of an older registry again."""
        url = f"{base_url}/roots/{root.raw.hex()}"
        return self._reanchored.once(url, lambda: self._read_reanchored(url))

    def opening(self, base_url: str, snapshot: StatusSnapshot) -> Fact[Opening]:
        """Return the file with the notes of one list, held against the list's status root on the chain."""
        url = f"{base_url}/status/{snapshot.list_id.raw.hex()}/notes"
        return self._openings.once((snapshot.issuer_id, snapshot.list_id), lambda: self._read_opening(url, snapshot))

    def document(self, url: str) -> Fact[Json]:
        """Return the JSON document at *url*."""
        return self._documents.once(url, lambda: self._json(url, _MAX_DOCUMENT))

    def secured(self, url: str) -> Fact[Document]:
        """Return the secured document at *url*: JSON, or an envelope."""
        return self._secured.once(url, lambda: document_in(self._fetch.get(url, max_bytes=_MAX_DOCUMENT)))

    def at_hand(self, url: str, integrity: Integrity) -> bytes | None:
        """Return the operator's document that is meant: by its name and every digest stated, else by its digest."""
        known = self.sources.schemas.get(url)
        if known is not None and not integrity.unknown and integrity.fits(known):
            return known
        if not integrity.comparable:
            return None
        return next((data for data in self.sources.schemas.values() if integrity.fits(data)), None)

    def pinned(self, url: str, integrity: Integrity) -> Fact[bytes]:
        """Return the document that is at hand; else what lies at *url*, if it has the digest that *integrity* states.

        What no digest is stated of is not asked for: whatever came would prove nothing.
        """
        return self._pinned.once((url, integrity), lambda: self._read_pinned(url, integrity))

    def schema(self, url: str, integrity: Integrity) -> Fact[DataSchema]:
        """Return the JSON Schema that is meant, found as ``pinned`` finds it."""
        data = self.pinned(url, integrity)
        if isinstance(data, Missing):
            return data
        return self._schemas.once((url, integrity), lambda: DataSchema.parse(data.value))

    def resource(self, url: str) -> Fact[bytes]:
        """Return the bytes at *url*, at most 4 MiB."""
        return self._resources.once(url, lambda: self._fetch.get(url, max_bytes=_MAX_RESOURCE))

    def certified(self, chain: tuple[bytes, ...]) -> Fact[Certified]:
        """Return the key that *chain* (DER, leaf first) gives to those it names, by a root that is trusted here."""
        return self._certified.once(chain, lambda: certificates.certified(chain, self.sources.roots))

    def _read_pinned(self, url: str, integrity: Integrity) -> bytes:
        found = self.at_hand(url, integrity)
        if found is None:
            if not integrity.comparable:
                raise CredentialError(
                    f"{url[:200]!r} is not at hand, and no digest says which document is meant",
                    code="schema.not-at-hand",
                )
            found = self._fetch.get(url, max_bytes=MAX_SCHEMA_BYTES)
            if not integrity.fits(found):
                raise CredentialError(
                    f"what lies at {url[:200]!r} has another digest than the credential states", code="schema.changed"
                )
        return found

    def _read_list(self, view: RegistryView, issuer_id: IssuerId, list_id: ListId) -> StatusSnapshot | None:
        snapshot = StatusSnapshot.read(view, issuer_id, list_id)
        if snapshot is not None and self.sources.heads is not None:
            self.sources.heads.note(issuer_id, list_id, snapshot.head)
        return snapshot

    def _read_receipt(self, url: str) -> Receipt | None:
        try:
            return Receipt.parse(self._json(url, _MAX_RECEIPT))
        except FetchError as error:
            if error.code != "fetch.not-found":
                raise
            return None

    def _read_reanchored(self, url: str) -> Reanchored | None:
        try:
            return Reanchored.parse(self._json(url, _MAX_RECEIPT))
        except FetchError as error:
            if error.code != "fetch.not-found":
                raise
            return None

    def _read_opening(self, url: str, snapshot: StatusSnapshot) -> Opening:
        publication = Publication.parse(self._json(url, _MAX_NOTES_FILE))
        return Opening(publication, snapshot.check_opening(publication))

    def _read_profile(self, view: RegistryView, issuer_id: IssuerId) -> Profile | None:
        data = view.approved_profile(issuer_id)
        if data is None:
            return None
        profile, record = Profile.parse(data), self.issuer(issuer_id)
        if isinstance(record, Known) and record.value is not None and record.value.profile_hash != profile.hash:
            raise RegistryMismatchError("the profile's bytes have another hash than the approved one")
        return profile

    def _read_codes(self, view: RegistryView, number_code: str) -> tuple[Profile, ...]:
        found: list[Profile] = []
        for did in view.issuers():
            profile = self.profile(did.issuer_id)
            if isinstance(profile, Missing):
                # An issuer whose profile cannot be read gives out no numbers; a silent chain is another matter.
                if self._silent is not None:
                    raise self._silent
            elif profile.value is not None and profile.value.number_code == number_code:
                found.append(profile.value)
        return tuple(found)

    def _on_chain(self, answers: _Answers[K, T], key: K, ask: Callable[[RegistryView], T]) -> Fact[T]:
        view = self._view
        return view if isinstance(view, Missing) else answers.once(key, lambda: self._ask(view.value, ask))

    def _ask(self, view: RegistryView, ask: Callable[[RegistryView], T]) -> T:
        """Ask, unless the chain fell silent before: every further call would wait for its time-out again."""
        if self._silent is not None:
            raise self._silent
        try:
            return ask(view)
        except UnavailableError as error:
            self._silent = error
            raise

    def _json(self, url: str, max_bytes: int) -> Json:
        return strict_json.parse(self._fetch.get(url, max_bytes=max_bytes), max_bytes=max_bytes)
