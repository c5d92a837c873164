"""Asking everybody outside what one document needs, and writing down what they said: the half that waits and fails.

What was asked and answered is ``Known``, what could not be asked is ``Missing``. Nothing is judged here but the proof
of a stranger's status list, without which the list would be no evidence.
"""

from __future__ import annotations

from collections.abc import Mapping

from jikin.anchoring.chain import AnchorSlot, IssuerRecord, KeyWindow
from jikin.anchoring.older import Reanchored
from jikin.anchoring.receipt import Receipt
from jikin.codec import jsonld, multikey
from jikin.credentials.model import Model, StatusEntry
from jikin.credentials.profile import Profile
from jikin.credentials.sd_jwt_vc import STATUS_ENTRY_TYPE
from jikin.errors import CanonicalizationError, MultibaseError
from jikin.proofs.certificates import Certified
from jikin.proofs.envelope import Opened
from jikin.status.bitstring import list_id_of
from jikin.status.notes import SealedNote
from jikin.status.snapshot import StatusSnapshot
from jikin.values import Did, DidUrl, Digest, JsonObject, KeyId, KeyType, ListId, PublicKey
from jikin.verification import token_lists
from jikin.verification.checks.anchor import computed_root, older_registry
from jikin.verification.checks.key import bound
from jikin.verification.checks.model import issuer_quoted
from jikin.verification.document import Document
from jikin.verification.evidence import Evidence, Fact, KeyEvidence, Known, Missing, StatusEvidence
from jikin.verification.findings import Code, Question
from jikin.verification.packed import PackedView
from jikin.verification.pinned import resources_of, schemas_of
from jikin.verification.reading import Fault, Reading, canonicalization_fault, envelope_method, read
from jikin.verification.signatures import certified, certified_signer, documented, signature_fault
from jikin.verification.sources import Opening, Session, Sources, asked

__all__ = ["Session", "Sources", "gather", "gather_reading"]

_UNREADABLE = Code.STATUS_UNREADABLE.value
_NO_NOTE: Fact[SealedNote | None] = Known(None)


def gather(document: Document, sources: Sources | Session) -> Evidence:
    """Return everything that could be learned about *document*; give a session to share answers with others.

    Never raises for what a document says, nor for what a source raises on purpose.
    """
    session = sources if isinstance(sources, Session) else sources.at_newest()
    return gather_reading(read(document, session.sources.suites), session)


def gather_reading(
    reading: Reading, session: Session, *, receipt: Fact[Receipt | None] | None = None, resources: bool = False
) -> Evidence:
    """Return everything that could be learned about a document that was read already.

    *receipt*: what is known of its receipt already; None: look for one. *resources*: files that it refers to are asked
    for.
    """
    return _Gathering(reading, session).evidence(receipt, resources=resources)


class _Gathering:
    """The questions that one document asks."""

    def __init__(self, reading: Reading, session: Session) -> None:
        self.reading = reading
        self.session = session
        self.issuer: Did | None = reading.issuer
        self.pins = session.pins
        self.record: Fact[IssuerRecord | None] = Known(None)
        self.profile: Fact[Profile | None] = Known(None)
        if self.issuer is not None:
            self.record = session.issuer(self.issuer.issuer_id)
            if isinstance(self.record, Missing):
                self.profile = self.record
            elif self.record.value is not None:
                self.profile = session.profile(self.issuer.issuer_id)
        stated = None if reading.credential is None else reading.credential.issuer
        self.trusted = None if stated is None else session.sources.trust.get(stated)

    def evidence(self, receipt: Fact[Receipt | None] | None, *, resources: bool) -> Evidence:
        """Ask everything and return it."""
        receipt = self._receipt() if receipt is None else receipt
        given = None if isinstance(receipt, Missing) else receipt.value
        reanchored = self._reanchored(given)
        return Evidence(
            pins=self.pins,
            block=self.session.block,
            issuer=self.record,
            profile=self.profile,
            keys={proof.method: self._key(proof.method) for proof in self.reading.sound_proofs if proof.method},
            anchors=self._anchors(given, reanchored),
            status={entry.position: self._status(entry) for entry in self.reading.status},
            receipt=receipt,
            trusted=self.trusted,
            terms=self._terms(),
            schemas=schemas_of(self.reading, self.session),
            resources=resources_of(self.reading, self.session, ask=resources),
            certified=self._certified(),
            voucher=self.session.voucher,
            successor=Known(None) if given is None else self.session.successor(),
            older=self.session.sources.older,
            reanchored=reanchored,
            checkpoints=self.session.checkpoints,
        )

    @property
    def _registered(self) -> bool:
        return isinstance(self.record, Known) and self.record.value is not None

    @property
    def _base_url(self) -> str | None:
        return self.profile.value.base_url if isinstance(self.profile, Known) and self.profile.value else None

    # --- since when ---

    def _receipt(self) -> Fact[Receipt | None]:
        """Return the receipt that came along, else the one the issuer publishes."""
        given, base_url, digest = self.reading.receipt, self._base_url, self.reading.digest
        if given is not None:
            return Known(given, "document")
        if self.reading.receipt_fault is not None:
            return Known(None, "document")  # the check of the anchor says what is wrong with it
        if self.pins is not None and isinstance(self.profile, Missing):
            return Missing(self.profile.code, f"no receipt came with it; {self.profile.detail}")
        if base_url is None or digest is None:
            return Known(None)
        return self.session.receipt(base_url, digest)

    def _reanchored(self, receipt: Receipt | None) -> Fact[Reanchored | None]:
        """Return where the root of an older registry's receipt was anchored again; nobody is asked for another one."""
        if receipt is None or older_registry(receipt, self.session.sources.older) is None:
            return Known(None)
        if self._base_url is None:
            return Missing("fetch.unreachable", "where the issuer publishes its older roots is not known")
        return self.session.reanchored(self._base_url, receipt.root)

    def _anchors(
        self, receipt: Receipt | None, reanchored: Fact[Reanchored | None]
    ) -> Mapping[Digest, Fact[AnchorSlot | None]]:
        if receipt is None or self.pins is None or self.issuer is None:
            return {}
        root = computed_root(self.reading, receipt, self.pins)
        if isinstance(reanchored, Known) and reanchored.value is not None:
            root = reanchored.value.root_under(self.pins)
        return {} if root is None else {root: self.session.anchor(self.issuer.issuer_id, root)}

    # --- whose key ---

    def _key(self, method: DidUrl) -> KeyEvidence:
        if not bound(method, self.issuer, self.trusted):
            # A stranger's key is not looked up: its page would only learn that it is being checked.
            return KeyEvidence(Known(None), frozenset(), Known(None))
        fact = documented(method, self.session)
        if isinstance(fact, Missing):
            return KeyEvidence(fact, frozenset(), self._registered_key(method, fact))
        found = fact.value
        key = Known(None if found is None else found.public_key, fact.source)
        relationships = frozenset[str]() if found is None else found.relationships
        return KeyEvidence(key, relationships, self._registered_key(method, key))

    def _registered_key(
        self, method: DidUrl, documented_key: Fact[PublicKey | None]
    ) -> Fact[tuple[PublicKey, KeyWindow] | None]:
        """Return the key as the registry vouches for it: by the multikey in the name, else by the documented key."""
        if self.pins is None or self.issuer is None:
            return Known(None)
        if isinstance(self.record, Missing):
            return self.record
        named = Known(None) if self.record.value is None else self._key_named(method, documented_key)
        if isinstance(named, Missing):
            return named
        if named.value is None:
            return Known(None, "chain")
        text, key = named.value
        window = self.session.key_window(self.issuer.issuer_id, KeyId.of(text))
        if isinstance(window, Missing):
            return window
        return Known(None if window.value is None else (key, window.value), "chain")

    def _key_named(self, method: DidUrl, documented_key: Fact[PublicKey | None]) -> Fact[tuple[str, PublicKey] | None]:
        """Return the multikey by which the registry would know a key; a proof pack tells it itself."""
        packed = self.session.packed
        text = None if packed is None else packed.key_named(str(method))
        if text is None:
            return _named(method, documented_key)
        try:
            return Known((text, multikey.decode(text)), "pack")
        except MultibaseError as error:
            return Missing(error.code, f"the key that the pack gives to {method}: {error}")

    def _certified(self) -> Fact[Certified | None]:
        """Return the key by the certificates of the envelope, where it names its key by them alone.

        Neither a registry that knows the issuer nor a configured entry for it is overruled by an authority.
        """
        opened, own = self.reading.opened, self.reading.credential
        if opened is None or own is None or not self._only_certified(opened, own.issuer):
            return Known(None)
        if self.pins is not None and isinstance(self.record, Missing):
            return self.record
        if self._registered:
            return Missing("certificate.registered", "the registry tells this issuer's keys, and certificates do not")
        found = certified(opened.certificates, own.issuer, self.session)
        return found if isinstance(found, Missing) else Known(found.value, found.source)

    def _only_certified(self, opened: Opened, issuer: str) -> bool:
        """Say whether the key of an envelope can be told by its certificates alone: no name of a key goes before."""
        return bool(opened.certificates) and not self.trusted and envelope_method(opened, issuer) is None

    # --- still true ---

    def _status(self, entry: StatusEntry) -> StatusEvidence:
        if self._registered:
            return self._own_list(entry)
        if self.pins is not None and isinstance(self.record, Missing):
            # The registry may know the issuer: a list from the web is no stand-in for the chain's.
            return StatusEvidence(self.record, self.record, self.record)
        if STATUS_ENTRY_TYPE in entry.types and entry.list_credential is not None:
            return self._token_list(entry.list_credential)
        return self._foreign_list(entry)

    def _token_list(self, url: str) -> StatusEvidence:
        stated = "" if self.reading.credential is None else self.reading.credential.issuer
        tokens, key = token_lists.fetched(url, stated, self.trusted, self.session)
        return StatusEvidence(Known(None), Known(None), _NO_NOTE, token_list=tokens, certified=key)

    def _own_list(self, entry: StatusEntry) -> StatusEvidence:
        list_id = list_id_of(entry.list_credential or "")
        if list_id is None or self.issuer is None:
            return StatusEvidence(Known(None, "chain"), Known(None), _NO_NOTE)
        if (packed := self.session.packed) is not None:
            return self._packed_entry(packed, self.issuer, list_id, entry.index)
        fact = self.session.snapshot(self.issuer.issuer_id, list_id)
        if isinstance(fact, Missing) or fact.value is None:
            return StatusEvidence(fact, Known(None), _NO_NOTE)
        snapshot = fact.value
        if snapshot.folded is None or snapshot.epoch == 0:
            return StatusEvidence(fact, Known(None), _NO_NOTE)
        opening = self._opening(snapshot)
        if isinstance(opening, Missing):
            return StatusEvidence(fact, Known(None), opening)
        if opening.value.contradiction is not None:
            snapshot = snapshot.contradicted(opening.value.contradiction)
        index = entry.index if entry.index is not None and entry.index < snapshot.entries else None
        note = None if index is None else snapshot.note(opening.value.publication, index)
        return StatusEvidence(Known(snapshot, fact.source), Known(None), Known(note, opening.source))

    def _packed_entry(self, packed: PackedView, issuer: Did, list_id: ListId, index: int | None) -> StatusEvidence:
        if index is None:
            return StatusEvidence(Known(None), Missing(_UNREADABLE, "the status entry names no index"), _NO_NOTE)
        fact = asked(lambda: packed.opened(issuer.issuer_id, list_id, index), "pack")
        if isinstance(fact, Missing):
            return StatusEvidence(fact, fact, fact)
        heads, entry = self.session.sources.heads, fact.value
        seen = None if heads is None else heads.newest(issuer.issuer_id, list_id)
        note = Known(None if entry is None else entry.note, "pack")
        return StatusEvidence(Known(None, "pack"), Known(None), note, opened=entry, seen=seen)

    def _opening(self, snapshot: StatusSnapshot) -> Fact[Opening]:
        base_url = self._base_url
        if base_url is None:
            return Missing("fetch.unreachable", "where the issuer publishes its notes is not known")
        return self.session.opening(base_url, snapshot)

    def _foreign_list(self, entry: StatusEntry) -> StatusEvidence:
        """Return the W3C list credential that *entry* names, if a key of the credential's issuer signed it."""
        if entry.list_credential is None:
            return StatusEvidence(Known(None), Missing(_UNREADABLE, "the status entry names no list"), _NO_NOTE)
        fact = self.session.secured(entry.list_credential)
        if isinstance(fact, Missing):
            return StatusEvidence(Known(None), fact, _NO_NOTE)
        reading = read(fact.value, self.session.sources.suites)
        signer = self._list_signer(reading)
        if isinstance(signer, Missing):
            return StatusEvidence(Known(None), signer, _NO_NOTE)
        listed: Fact[JsonObject | None] = Known(reading.content, "web")
        return StatusEvidence(
            Known(None), listed, _NO_NOTE, issuer_quoted=issuer_quoted(reading), certified=signer.value
        )

    def _list_signer(self, listed: Reading) -> Fact[Certified | None]:
        """Return by which certified key the list credential is, None for a documented one; Missing: no evidence."""
        own = self.reading.credential
        if listed.credential is None or own is None:
            return Missing(_UNREADABLE, f"the status list: {listed.fault.detail if listed.fault else 'unread'}")
        if listed.credential.issuer != own.issuer:
            return Missing(_UNREADABLE, "the status list is of another issuer than the credential")
        opened = listed.opened
        if opened is not None and self._only_certified(opened, own.issuer):
            signer = certified_signer(listed.sound_proofs[0], opened.certificates, own.issuer, self.session)
            if isinstance(signer, Known):
                return Known(signer.value, signer.source)
            return Missing(signer.code, f"the status list: {signer.detail}")
        why = signature_fault(listed, self.issuer, self.trusted, self.session)
        return Known(None) if why is None else Missing(why.code, f"the status list: {why.detail}")

    # --- what does it mean ---

    def _terms(self) -> Fact[str | None]:
        """Return which term has no definition, where no RDF canonical form has already said so."""
        proofs = self.reading.proofs
        told = any(
            proof.code.question is Question.MODEL
            if isinstance(proof, Fault)
            else self.session.sources.suites.verifier(proof.suite).defines_terms
            for proof in proofs
        )
        own = self.reading.credential
        if told or own is None or not self.reading.is_credential or own.model is Model.SD_JWT_VC:
            return Known(None)  # an SD-JWT VC has no JSON-LD terms
        document = {name: value for name, value in self.reading.content.items() if name != "proof"}
        try:
            jsonld.to_quads(document, self.session.sources.contexts)
        except CanonicalizationError as error:
            fault = canonicalization_fault(error)
            failed = fault.code in {Code.MODEL_UNDEFINED_TERM, Code.MODEL_MALFORMED}
            return Known(fault.detail) if failed else Missing(error.code, fault.detail)
        return Known(None)


def _named(method: DidUrl, documented_key: Fact[PublicKey | None]) -> Fact[tuple[str, PublicKey] | None]:
    """Return the multikey by which the registry would know a key, None where it can hold none of its kind."""
    try:
        return Known((method.fragment, multikey.decode(method.fragment)))
    except MultibaseError:
        if isinstance(documented_key, Missing):
            return documented_key
    key = documented_key.value
    if key is None or key.type in (KeyType.ETHEREUM_ACCOUNT, KeyType.RSA):
        return Known(None)  # the registry holds Multikeys, and these have none
    return Known((multikey.encode(key), key))
