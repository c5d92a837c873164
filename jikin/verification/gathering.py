"""Asking everybody outside what one document needs, and writing down what they said: the half that waits and fails.

What was asked and answered is ``Known``, what could not be asked is ``Missing``. Nothing is judged here but the proof
of a stranger's status list, without which the list would be no evidence.
"""

from __future__ import annotations

from collections.abc import Mapping

from jikin.anchoring.chain import AnchorSlot, IssuerRecord, KeyWindow
from jikin.anchoring.receipt import Receipt
from jikin.codec import jsonld, multikey
from jikin.credentials.model import Model, StatusEntry
from jikin.credentials.profile import Profile
from jikin.credentials.sd_jwt_vc import STATUS_ENTRY_TYPE
from jikin.errors import CanonicalizationError, MultibaseError
from jikin.status.bitstring import list_id_of
from jikin.status.notes import SealedNote
from jikin.status.snapshot import StatusSnapshot
from jikin.values import Did, DidUrl, Digest, JsonObject, KeyId, KeyType, PublicKey
from jikin.verification import token_lists
from jikin.verification.checks.anchor import computed_root
from jikin.verification.checks.key import bound
from jikin.verification.checks.model import issuer_quoted
from jikin.verification.document import Document
from jikin.verification.evidence import Evidence, Fact, KeyEvidence, Known, Missing, StatusEvidence
from jikin.verification.findings import Code, Question
from jikin.verification.pinned import resources_of, schemas_of
from jikin.verification.reading import Fault, Reading, canonicalization_fault, read
from jikin.verification.signatures import documented, signature_fault
from jikin.verification.sources import Opening, Session, Sources

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
        return Evidence(
            pins=self.pins,
            block=self.session.block,
            issuer=self.record,
            profile=self.profile,
            keys={proof.method: self._key(proof.method) for proof in self.reading.sound_proofs if proof.method},
            anchors=self._anchors(receipt),
            status={entry.position: self._status(entry) for entry in self.reading.status},
            receipt=receipt,
            trusted=self.trusted,
            terms=self._terms(),
            schemas=schemas_of(self.reading, self.session),
            resources=resources_of(self.reading, self.session, ask=resources),
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
        given, base_url, digest = self.reading.document.receipt, self._base_url, self.reading.digest
        if given is not None:
            return Known(given, "document")
        if self.pins is not None and isinstance(self.profile, Missing):
            return Missing(self.profile.code, f"no receipt came with it; {self.profile.detail}")
        if base_url is None or digest is None:
            return Known(None)
        return self.session.receipt(base_url, digest)

    def _anchors(self, receipt: Fact[Receipt | None]) -> Mapping[Digest, Fact[AnchorSlot | None]]:
        if isinstance(receipt, Missing) or receipt.value is None or self.pins is None or self.issuer is None:
            return {}
        root = computed_root(self.reading, receipt.value, self.pins)
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
        if self.record.value is None:
            return Known(None, "chain")
        try:
            text, key = method.fragment, multikey.decode(method.fragment)
        except MultibaseError:
            if isinstance(documented_key, Missing) or documented_key.value is None:
                return documented_key if isinstance(documented_key, Missing) else Known(None, "chain")
            if documented_key.value.type is KeyType.ETHEREUM_ACCOUNT:
                return Known(None, "chain")  # an account is no key that the registry could hold
            text, key = multikey.encode(documented_key.value), documented_key.value
        window = self.session.key_window(self.issuer.issuer_id, KeyId.of(text))
        if isinstance(window, Missing):
            return window
        return Known(None if window.value is None else (key, window.value), "chain")

    # --- still true ---

    def _status(self, entry: StatusEntry) -> StatusEvidence:
        if self._registered:
            return self._own_list(entry)
        if self.pins is not None and isinstance(self.record, Missing):
            # The registry may know the issuer: a list from the web is no stand-in for the chain's.
            return StatusEvidence(self.record, self.record, self.record)
        if STATUS_ENTRY_TYPE in entry.types and entry.list_credential is not None:
            tokens = token_lists.fetched(entry.list_credential, self.issuer, self.trusted, self.session)
            return StatusEvidence(Known(None), Known(None), _NO_NOTE, token_list=tokens)
        return self._foreign_list(entry)

    def _own_list(self, entry: StatusEntry) -> StatusEvidence:
        list_id = list_id_of(entry.list_credential or "")
        if list_id is None or self.issuer is None:
            return StatusEvidence(Known(None, "chain"), Known(None), _NO_NOTE)
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
        fault = self._list_fault(reading)
        listed: Fact[JsonObject | None] = Known(reading.content, "web") if fault is None else fault
        return StatusEvidence(Known(None), listed, _NO_NOTE, issuer_quoted=issuer_quoted(reading))

    def _list_fault(self, listed: Reading) -> Missing | None:
        """Return why the list credential is no evidence, None if it is."""
        own = self.reading.credential
        if listed.credential is None or own is None:
            return Missing(_UNREADABLE, f"the status list: {listed.fault.detail if listed.fault else 'unread'}")
        if listed.credential.issuer != own.issuer:
            return Missing(_UNREADABLE, "the status list is of another issuer than the credential")
        why = signature_fault(listed, self.issuer, self.trusted, self.session)
        return None if why is None else Missing(why.code, f"the status list: {why.detail}")

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
