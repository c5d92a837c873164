"""What a document says of itself: everything that follows from its own bytes, read once for gathering and judging.

All of it is *unverified*: the issuer it names need not be its issuer. A reading never fails; what cannot be read is a
fault with the code under which the judgement will report it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from jikin.anchoring.digest import NOTHING, credential_digest
from jikin.anchoring.receipt import Receipt, is_receipt
from jikin.codec import multikey
from jikin.credentials import sd_jwt_vc
from jikin.credentials.model import Credential, StatusEntry
from jikin.credentials.types import CredentialType
from jikin.dids import jwk as did_jwk
from jikin.dids import key as did_key
from jikin.errors import (
    AnchorError,
    CanonicalizationError,
    CodecError,
    CredentialError,
    EnvelopeError,
    JikinError,
    MultibaseError,
    ProofError,
    UnknownSuiteError,
    ValueRefusedError,
    WorkLimitError,
)
from jikin.proofs import securing
from jikin.proofs.envelope import Opened
from jikin.proofs.envelopes import json_serialization
from jikin.proofs.envelopes.enveloped import contained, is_enveloped
from jikin.proofs.suite import Suites
from jikin.values import Did, DidUrl, Digest, Json, JsonObject, SignedStatement, parse_instant
from jikin.verification.document import Document
from jikin.verification.findings import Code
from jikin.verification.report import Subject

SD_JWT_VC = "dc+sd-jwt"
_ASSERTION = "assertionMethod"
# What an envelope can be wrong in without being broken.
UNKNOWN_ENVELOPES = frozenset({"envelope.unknown", "envelope.unsupported"})
# Canonicalisation errors of which the document is not the cause, or the cause is none of the model.
_UNKNOWN_VOCABULARY = frozenset({"codec.unknown-context", "codec.context-missing", "codec.context-changed"})
_UNDEFINED = frozenset(
    {
        "codec.undefined-term",
        "codec.undefined-type",
        "codec.keyword-like-term",
        "codec.dropped",
        "codec.relative-iri",
        "codec.ignored-term",
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something could not be read: the code it is reported under, and a sentence for programmers."""

    code: Code
    detail: str


@dataclass(frozen=True, slots=True)
class ReadProof:
    """One proof that could be read: what it signs, with which *suite*, by the key named *method*.

    *method* is None where the name is a URL but no DID URL. *created* and *expires* are Unix seconds, None where the
    proof states none.
    """

    suite: str
    method: DidUrl | None
    created: int | None
    expires: int | None
    statement: SignedStatement = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """A document read. *credential* is None exactly when there is a *fault*; then there are no proofs either.

    *contained_receipt* is a receipt that stands among its proofs; *receipt_fault* says why it cannot be read.
    """

    document: Document
    credential: Credential | None = field(repr=False)
    fault: Fault | None
    proofs: tuple[ReadProof | Fault, ...]
    opened: Opened | None = field(default=None, repr=False)
    contained_receipt: Receipt | None = field(default=None, repr=False)
    receipt_fault: str | None = None

    @property
    def receipt(self) -> Receipt | None:
        """Return the receipt that came with the document: beside it, else among its proofs."""
        return self.contained_receipt if self.document.receipt is None else self.document.receipt

    @property
    def content(self) -> JsonObject:
        """Return the credential as JSON: out of its envelope where it came in one."""
        return self.document.credential if self.opened is None else self.opened.document

    @property
    def is_credential(self) -> bool:
        """Say whether the document is the credential itself, and not a record that speaks of one."""
        return self.credential is not None and self.credential.document is self.content

    @property
    def sound_proofs(self) -> tuple[ReadProof, ...]:
        """Return the proofs that could be read."""
        return tuple(proof for proof in self.proofs if isinstance(proof, ReadProof))

    @property
    def issuer(self) -> Did | None:
        """Return the DID of the issuer it names, None where that is no DID."""
        return None if self.credential is None else self.credential.issuer_did

    @property
    def kind(self) -> CredentialType | None:
        """Return the credential type it states, None for one that this installation does not know."""
        return None if self.credential is None else self.credential.kind

    @property
    def status(self) -> tuple[StatusEntry, ...]:
        """Return its status entries."""
        return () if self.credential is None else self.credential.status

    @property
    def subject(self) -> Subject:
        """Return what a report is about."""
        if self.credential is None:
            return Subject("credential")
        number = self.credential.number
        return Subject("credential", None if number is None else str(number), self.credential.title)

    @property
    def statements(self) -> tuple[SignedStatement, ...] | None:
        """Return what all proofs sign, in their order; None when there is none, or one of them cannot be read."""
        found = tuple(proof.statement for proof in self.sound_proofs)
        return found if found and len(found) == len(self.proofs) else None

    @property
    def digest(self) -> Digest | None:
        """Return the anchor digest of the proofs that are there, None where it cannot be made of them alone."""
        try:
            return credential_digest(self.statements or (), NOTHING)
        except AnchorError:
            return None


def read(document: Document, suites: Suites) -> Reading:
    """Return what *document* says of itself; *suites* are those whose proofs can be read."""
    given = document.credential
    if document.envelope is not None or is_enveloped(given) or json_serialization.is_one(given):
        return read_envelope(document, suites)
    try:
        credential = Credential.parse(document.credential)
    except CredentialError as error:
        code = Code.PROOF_MALFORMED if error.code == "model.proof" else Code.MODEL_MALFORMED
        return Reading(document, None, Fault(code, str(error)), ())
    try:
        unsecured, proofs = securing.split(document.credential)
    except ProofError as error:
        if error.code == Code.PROOF_MISSING:
            return Reading(document, credential, None, ())
        return Reading(document, None, Fault(Code.PROOF_MALFORMED, str(error)), ())
    signing = tuple(proof for proof in proofs if not is_receipt(proof))
    read_proofs = tuple(read_proof(unsecured, proof, signing, suites) for proof in signing)
    receipt, why = _contained_receipt([proof for proof in proofs if is_receipt(proof)])
    # A receipt beside the document counts; then it does not matter what is wrong with one inside.
    fault = why if document.receipt is None else None
    return Reading(document, credential, None, read_proofs, contained_receipt=receipt, receipt_fault=fault)


def _contained_receipt(proofs: Sequence[JsonObject]) -> tuple[Receipt | None, str | None]:
    """Return the receipt among the *proofs* of a document, and why there is none to be read."""
    if len(proofs) > 1:
        return None, f"the document carries {len(proofs)} receipts; right would be one"
    try:
        return (Receipt.parse_proof(proofs[0]) if proofs else None), None
    except JikinError as error:
        return None, f"the receipt among the proofs cannot be read: {error}"


def read_envelope(document: Document, suites: Suites) -> Reading:
    """Return what the credential in an envelope says of itself; its one signature is read as a proof is."""
    try:
        opened = suites.open(_packed(document))
    except EnvelopeError as error:
        code = Code.PROOF_UNKNOWN_SUITE if error.code in UNKNOWN_ENVELOPES else Code.PROOF_MALFORMED
        return Reading(document, None, Fault(code, str(error)), ())
    if opened.content != "credential":
        return Reading(document, None, Fault(Code.MODEL_MALFORMED, "this is a presentation, not a credential"), ())
    try:
        credential = parse_opened(opened)
        proof = ReadProof(
            suite=opened.format,
            method=envelope_method(opened, credential.issuer) or _embedded_method(opened),
            created=opened.issued_at,
            # An end that the credential states too is told as its own: the signature has not become any worse by it.
            expires=None if opened.expires == credential.valid_until else opened.expires,
            statement=opened.statement,
        )
    except JikinError as error:
        return Reading(document, None, Fault(Code.MODEL_MALFORMED, str(error)), ())
    return Reading(document, credential, None, (proof,), opened)


def _packed(document: Document) -> bytes:
    """Return the envelope of *document*; raises EnvelopeError."""
    if document.envelope is not None:
        return document.envelope
    if json_serialization.is_one(document.credential):
        json_serialization.refuse()
    return contained(document.credential)


def parse_opened(opened: Opened) -> Credential:
    """Return the credential in an envelope; ``nbf`` is its beginning where it states none. Raises CredentialError."""
    if opened.format == SD_JWT_VC:
        return sd_jwt_vc.parse(opened.claims)
    credential = Credential.parse(opened.document)
    return credential if credential.valid_from is not None else replace(credential, valid_from=opened.not_before)


def envelope_method(opened: Opened, issuer: str) -> DidUrl | None:
    """Return the verification method that an envelope names, None where that is no DID URL.

    ``kid`` may be whole, a fragment, or absent where the issuer's DID spells its one key (did:key, did:jwk).
    """
    kid = opened.key_id
    try:
        if kid is not None and kid.startswith("did:"):
            return DidUrl(kid)
        did = Did(issuer)
        if kid:
            return DidUrl(f"{did.text}#{kid.removeprefix('#')}")
        if did.method == "key":
            return DidUrl(f"{did.text}#{did.identifier}")
        return DidUrl(f"{did.text}#0") if did.method == "jwk" else None
    except ValueRefusedError:
        return None


def _embedded_method(opened: Opened) -> DidUrl | None:
    """Return the key in an envelope's own header as the did:jwk it spells, None where there is none.

    Open Badges 3.0 (section 8.2.3) names keys so for issuers without a DID. As with keys in the fragment of a web
    address, it counts only where a configured trust entry names that key for the issuer, never by itself.
    """
    try:
        return None if opened.embedded_key is None else DidUrl(f"{did_jwk.did_of(opened.embedded_key)}#0")
    except (CodecError, ValueRefusedError):
        return None


def canonicalization_fault(error: CanonicalizationError) -> Fault:
    """Return under which code a document without canonical form is reported."""
    if isinstance(error, WorkLimitError):
        return Fault(Code.MODEL_TOO_COSTLY, str(error))
    if error.code in _UNKNOWN_VOCABULARY:
        return Fault(Code.MODEL_UNKNOWN_CONTEXT, str(error))
    return Fault(Code.MODEL_UNDEFINED_TERM if error.code in _UNDEFINED else Code.MODEL_MALFORMED, str(error))


def read_proof(
    unsecured: JsonObject, proof: JsonObject, proofs: tuple[JsonObject, ...], suites: Suites
) -> ReadProof | Fault:
    """Return one *proof* of the document *unsecured* as the checks look at it; *proofs* are all of the document's."""
    try:
        statement = securing.statement(unsecured, proof, proofs, suites)
        if proof.get("proofPurpose") != _ASSERTION:
            return Fault(
                Code.PROOF_PURPOSE, f"its purpose is {str(proof.get('proofPurpose'))[:80]!r}, not {_ASSERTION}"
            )
        return ReadProof(
            suite=statement.algorithm,
            method=_method(proof),
            created=_instant(proof, "created"),
            expires=_instant(proof, "expires"),
            statement=statement,
        )
    except UnknownSuiteError as error:
        return Fault(Code.PROOF_UNKNOWN_SUITE, str(error))
    except CanonicalizationError as error:
        return canonicalization_fault(error)
    except JikinError as error:
        return Fault(Code.PROOF_MALFORMED, str(error))


def _method(proof: JsonObject) -> DidUrl | None:
    """Return the verification method; None for one that is a URL but no DID URL: nobody vouches for it.

    Some issuers spell the key in the fragment of a web address (``https://…#z6Mk…``). That is read as the did:key it
    spells: it counts only where a configured trust entry names that key for the issuer, never by itself.
    """
    method: Json = proof.get("verificationMethod")
    if isinstance(method, Mapping) or not isinstance(method, str) or not method:
        raise ProofError("verificationMethod names the key by its URL")
    try:
        if not method.startswith("did:"):
            return did_key.method_of(multikey.decode(method.partition("#")[2]))
        url = DidUrl(method)
        if url.did.method == "key" and not url.fragment:
            # Some issuers name a did:key without the fragment; it has one key for this, so there is no doubt.
            return DidUrl(f"{url.did.text}#{url.did.identifier}")
        return url
    except (ValueRefusedError, MultibaseError):
        return None


def _instant(proof: JsonObject, name: str) -> int | None:
    value: Json = proof.get(name)
    if value is None and name not in proof:
        return None
    if not isinstance(value, str):
        raise ProofError(f"{name} is a date and time")
    return parse_instant(value)
