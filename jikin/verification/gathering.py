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
from jikin.dids.method import VerificationMethod
from jikin.errors import CanonicalizationError, MultibaseError
from jikin.status.bitstring import list_id_of
from jikin.status.notes import SealedNote
from jikin.status.snapshot import StatusSnapshot
from jikin.values import Did, DidUrl, Digest, JsonObject, KeyId, PublicKey
from jikin.verification.checks.anchor import computed_root
from jikin.verification.checks.key import RELATIONSHIP, bound
from jikin.verification.document import Document
from jikin.verification.evidence import Evidence, Fact, KeyEvidence, Known, Missing, StatusEvidence
from jikin.verification.findings import Code, Question
from jikin.verification.reading import Fault, Reading, ReadProof, canonicalization_fault, read
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


def gather_reading(reading: Reading, session: Session, *, receipt: Fact[Receipt | None] | None = None) -> Evidence:
    """Return everything that could be learned about a document that was read already.

    *receipt*: what is known of its receipt already; None: look for one.
    """
    return _Gathering(reading, session).evidence(receipt)


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

    def evidence(self, receipt: Fact[Receipt | None] | None) -> Evidence:
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
        documented = self._documented(method)
        if isinstance(documented, Missing):
            return KeyEvidence(documented, frozenset(), self._registered_key(method, documented))
        found = documented.value
        key = Known(None if found is None else found.public_key, documented.source)
        relationships = frozenset[str]() if found is None else found.relationships
        return KeyEvidence(key, relationships, self._registered_key(method, key))

    def _documented(self, method: DidUrl) -> Fact[VerificationMethod | None]:
        document = self.session.did_document(method.did)
        if isinstance(document, Missing):
            return document
        found = document.value.method(method)
        # A method that another DID controls is for that DID's document to show.
        own = found is not None and found.controller == method.did
        return Known(found if own else None, document.source)

    def _registered_key(
        self, method: DidUrl, documented: Fact[PublicKey | None]
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
            if isinstance(documented, Missing) or documented.value is None:
                return documented if isinstance(documented, Missing) else Known(None, "chain")
            text, key = multikey.encode(documented.value), documented.value
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
        return StatusEvidence(Known(None), self._foreign_list(entry), _NO_NOTE)

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

    def _foreign_list(self, entry: StatusEntry) -> Fact[JsonObject | None]:
        """Return the W3C list credential that *entry* names, if a key of the credential's issuer signed it."""
        if entry.list_credential is None:
            return Missing(_UNREADABLE, "the status entry names no list")
        fact = self.session.document(entry.list_credential)
        if isinstance(fact, Missing):
            return fact
        if not isinstance(fact.value, Mapping):
            return Missing(_UNREADABLE, "the status list is no JSON object")
        fault = self._list_fault(fact.value)
        return Known(fact.value, "web") if fault is None else fault

    def _list_fault(self, listed: JsonObject) -> Missing | None:
        """Return why the list credential is no evidence, None if it is."""
        reading = read(Document(listed), self.session.sources.suites)
        own = self.reading.credential
        if reading.credential is None or own is None:
            return Missing(_UNREADABLE, f"the status list: {reading.fault.detail if reading.fault else 'unread'}")
        if reading.credential.issuer != own.issuer:
            return Missing(_UNREADABLE, "the status list is of another issuer than the credential")
        if not reading.proofs:
            return Missing(_UNREADABLE, "the status list has no proof")
        return next((fault for proof in reading.proofs if (fault := self._list_proof_fault(proof))), None)

    def _list_proof_fault(self, proof: ReadProof | Fault) -> Missing | None:
        if isinstance(proof, Fault):
            return Missing(_UNREADABLE, f"the status list: {proof.detail}")
        if proof.method is None or not bound(proof.method, self.issuer, self.trusted):
            return Missing(_UNREADABLE, "the status list is signed by a key of somebody else")
        documented = self._documented(proof.method)
        if isinstance(documented, Missing):
            return documented
        method = documented.value
        if method is None or RELATIONSHIP not in method.relationships:
            return Missing(_UNREADABLE, "the status list is signed by a key that its issuer does not name")
        fits = self.session.sources.suites.verifier(proof.suite).verify(proof.statement, method.public_key)
        return None if fits else Missing(_UNREADABLE, "the signature of the status list does not fit")

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
