"""Judging presentations: did the holder sign this, for this request, and does every credential in it hold?

VC Data Model 2.0, section 4.13; Data Integrity 1.0, section 4.4 with the purpose ``authentication``; OpenID4VP 1.0,
appendix B.1. The credentials are judged one by one exactly as if they had been handed in alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jikin.codec import jsonld
from jikin.credentials import structure
from jikin.credentials.structure import items
from jikin.errors import (
    CanonicalizationError,
    CredentialError,
    EnvelopeError,
    JikinError,
    ProofError,
    UnknownSuiteError,
    ValueRefusedError,
)
from jikin.proofs import securing
from jikin.proofs.envelope import Opened
from jikin.proofs.envelopes.enveloped import contained, is_enveloped
from jikin.values import Did, DidUrl, Json, JsonObject, SignedStatement, format_instant, parse_instant
from jikin.verification.checks.case import Said
from jikin.verification.document import Document
from jikin.verification.evidence import Missing
from jikin.verification.findings import FINDINGS, Code
from jikin.verification.gathering import gather_reading
from jikin.verification.judging import judge_reading
from jikin.verification.policy import Policy
from jikin.verification.reading import UNKNOWN_ENVELOPES, Reading, canonicalization_fault, envelope_method, read
from jikin.verification.report import Finding, Outcome, Report, Weight
from jikin.verification.sources import Session

PURPOSE = "authentication"
_TYPE = "VerifiablePresentation"
_KEY_BINDING_SECONDS = 300  # OpenID4VP: a key binding is made for the request at hand
_MAX_CREDENTIALS = 64


@dataclass(frozen=True, slots=True)
class PresentationReport:
    """The answer about a presentation: its own *findings*, and a report for each of its *credentials*, in their order.

    *holder* is the DID that signed it, None where nobody did or the signature does not fit. *checked_at* is a Unix
    second.
    """

    findings: tuple[Finding, ...]
    credentials: tuple[Report, ...]
    holder: Did | None
    policy: str
    checked_at: int

    @property
    def outcome(self) -> Outcome:
        """Return the outcome of the whole: any failed, else any unknown, else passed; nothing judged is unknown."""
        said = {finding.outcome for finding in self.findings if finding.weight is Weight.REQUIRED}
        said |= {report.outcome for report in self.credentials}
        if Outcome.FAILED in said:
            return Outcome.FAILED
        return Outcome.PASSED if said == {Outcome.PASSED} else Outcome.UNKNOWN

    def __bool__(self) -> bool:
        """Refuse to be a yes or no."""
        raise TypeError("a report can also say 'unknown': compare report.outcome")


def verify_presentation(
    document: Json,
    session: Session,
    policy: Policy,
    now: int,
    *,
    challenge: str | None,
    domain: str | None,
    unsigned: bool = False,
    bound: bool = True,
) -> PresentationReport:
    """Return the report on the presentation *document* as of *now* (Unix second).

    A JSON object is a presentation with proofs, or one that carries an envelope; a text is a VP-JWT, or an SD-JWT with
    key binding, which presents the one credential it is. *challenge* and *domain* are what it must have been made for:
    nonce and whole client_id of a request; None: it may carry any. *unsigned*: a presentation without proof is a legal
    answer too. *bound*: every credential must be made out to the DID that signed. Never raises for what a document
    says, nor for what a source raises on purpose.
    """
    judging = _Judging(session, policy, now, challenge, domain)
    said = list(judging.whole(document, unsigned=unsigned))
    if bound and judging.credentials and judging.signers:
        said += judging.binding()
    suites = session.sources.suites
    return PresentationReport(
        findings=tuple(_finding(one, policy) for one in said),
        credentials=tuple(
            judge_reading(reading, gather_reading(reading, session), policy, suites, now)
            for reading in judging.credentials
        ),
        holder=next(iter(judging.signers), None),
        policy=policy.name,
        checked_at=now,
    )


class _Judging:
    """One presentation before the judge: what was found of it so far."""

    def __init__(self, session: Session, policy: Policy, now: int, challenge: str | None, domain: str | None) -> None:
        self.session = session
        self.policy = policy
        self.now = now
        self.challenge = challenge
        self.domain = domain
        self.credentials: list[Reading] = []
        self.signers: list[Did] = []

    def whole(self, document: Json, *, unsigned: bool) -> Iterator[Said]:
        """Yield what there is to say of the presentation itself, whichever way it came."""
        try:
            if isinstance(document, Mapping) and is_enveloped(document):
                yield from self._envelope(contained(document))
            elif isinstance(document, str):
                yield from self._envelope(Document.of(document).envelope or b"")
            else:
                yield from self.presentation(document, unsigned=unsigned)
        except CredentialError as error:
            yield Said(Code.PRESENTATION_MALFORMED, str(error))
        except EnvelopeError as error:
            unknown = error.code in UNKNOWN_ENVELOPES
            yield Said(Code.PRESENTATION_UNKNOWN_KIND if unknown else Code.PRESENTATION_MALFORMED, str(error))

    def _envelope(self, data: bytes) -> Iterator[Said]:
        """Yield what there is to say of a VP-JWT or of an SD-JWT with key binding; raises EnvelopeError."""
        suites = self.session.sources.suites
        opened = suites.open(data)
        if opened.content == "credential":
            self.credentials.append(read(Document({}, None, data), suites))
            yield from self._key_binding(opened)
            return
        shown, holder = _shape(opened.document)
        yield from self._contained(shown)
        yield from self._terms(shown)
        method = envelope_method(opened, holder or opened.issuer or "")
        if method is None:
            yield Said(Code.PRESENTATION_KEY_UNBOUND, "the JWT names no key of the holder's DID")
            return
        faults = [
            *self._signature(opened.format, opened.statement, method),
            *self._made_for(opened.claims.get("nonce"), opened.claims.get("aud")),
            *self._lifetime(opened.expires),
        ]
        yield from faults or [Said(Code.PRESENTATION_VALID, f"{opened.format} by {method}")]
        if holder is not None and self.signers and holder not in {str(signer) for signer in self.signers}:
            yield Said(Code.PRESENTATION_HOLDER, f"it names the holder {holder[:200]!r} and is signed by another")

    def _key_binding(self, opened: Opened) -> Iterator[Said]:
        """Yield whether the holder's key, which the issuer signed for (``cnf``), signed this for this request.

        RFC 9901, section 7.3. That the issuer signed at all is judged with the credential.
        """
        binding, key = opened.key_binding, opened.holder_key
        if binding is None:
            yield Said(Code.PRESENTATION_UNSIGNED, f"the {opened.format} is shown without key binding")
            return
        if key is None:
            yield Said(Code.PRESENTATION_UNBOUND, "the credential is made out to no key (cnf)")
            return
        faults = list(self._made_for(binding.nonce, binding.audience))
        if not self.session.sources.suites.verifier(opened.format).verify(binding.statement, key):
            faults.append(Said(Code.PRESENTATION_ALTERED, "the key binding is not signed by the key of the credential"))
        if not binding.hash_fits:
            faults.append(Said(Code.PRESENTATION_ALTERED, "the key binding was made for other disclosures (sd_hash)"))
        if abs(binding.issued_at - self.now) > _KEY_BINDING_SECONDS:
            faults.append(
                Said(
                    Code.PRESENTATION_EXPIRED,
                    f"the key binding was made at {format_instant(binding.issued_at)}",
                    {"until": binding.issued_at + _KEY_BINDING_SECONDS},
                )
            )
        yield from faults or [
            Said(Code.PRESENTATION_VALID, "the key binding fits"),
            Said(Code.PRESENTATION_BOUND, "it is signed by the key that the credential is made out to"),
        ]

    def presentation(self, document: Json, *, unsigned: bool) -> Iterator[Said]:
        """Yield what there is to say of the presentation itself."""
        try:
            shown, holder = _shape(document)
        except CredentialError as error:
            yield Said(Code.PRESENTATION_MALFORMED, str(error))
            return
        try:
            unsecured, proofs = securing.split(shown)
        except ProofError as error:
            if error.code != Code.PROOF_MISSING:
                yield Said(Code.PRESENTATION_MALFORMED, str(error))
                return
            unsecured, proofs = shown, ()
        yield from self._contained(shown)
        if proofs:
            for proof in proofs:
                yield from self._proof(unsecured, proof, proofs)
            if not any(self._defines_terms(proof) for proof in proofs):
                yield from self._terms(unsecured)
            if self.signers and holder is not None and holder not in {str(signer) for signer in self.signers}:
                yield Said(Code.PRESENTATION_HOLDER, f"it names the holder {holder[:200]!r} and is signed by another")
        else:
            yield from self._unsigned(unsecured, allowed=unsigned)

    def _contained(self, document: JsonObject) -> Iterator[Said]:
        value = document.get("verifiableCredential")
        entries = () if value is None else items(value)
        if not entries:
            yield Said(Code.PRESENTATION_EMPTY, "verifiableCredential is absent or empty")
        if len(entries) > _MAX_CREDENTIALS:
            yield Said(Code.PRESENTATION_MALFORMED, f"it holds more than {_MAX_CREDENTIALS} credentials")
            return
        for position, entry in enumerate(entries):
            if isinstance(entry, Mapping | str):
                self.credentials.append(read(Document.of(entry), self.session.sources.suites))
            else:
                yield Said(Code.PRESENTATION_MALFORMED, f"verifiableCredential {position} is no credential")

    def _unsigned(self, document: JsonObject, *, allowed: bool) -> Iterator[Said]:
        if not allowed:
            yield Said(Code.PRESENTATION_UNSIGNED, "the presentation has no proof")
            return
        yield Said(Code.PRESENTATION_NOT_SIGNED, "the presentation has no proof, and none was asked for")
        yield from self._terms(document)

    def _defines_terms(self, proof: JsonObject) -> bool:
        try:
            return self.session.sources.suites.of(proof).defines_terms
        except ProofError:
            return False

    def _terms(self, document: JsonObject) -> Iterator[Said]:
        """Yield which term has no definition, where no RDF canonical form was made that would have told."""
        try:
            jsonld.to_quads(document, self.session.sources.contexts)
        except CanonicalizationError as error:
            fault = canonicalization_fault(error)
            yield Said(_own(fault.code), fault.detail)

    def _proof(self, unsecured: JsonObject, proof: JsonObject, proofs: Sequence[JsonObject]) -> Iterator[Said]:
        suites = self.session.sources.suites
        try:
            statement = securing.statement(unsecured, proof, proofs, suites)
            method = DidUrl(str(proof.get("verificationMethod")))
        except UnknownSuiteError as error:
            yield Said(Code.PRESENTATION_UNKNOWN_SUITE, str(error))
        except CanonicalizationError as error:
            fault = canonicalization_fault(error)
            yield Said(_own(fault.code), fault.detail)
        except ValueRefusedError as error:
            yield Said(Code.PRESENTATION_KEY_UNBOUND, f"verificationMethod: {error}")
        except JikinError as error:
            yield Said(Code.PRESENTATION_MALFORMED, str(error))
        else:
            faults = [*self._signature(statement.algorithm, statement, method), *self._options(proof)]
            yield from faults or [Said(Code.PRESENTATION_VALID, f"{statement.algorithm} by {method}")]

    def _signature(self, name: str, statement: SignedStatement, method: DidUrl) -> Iterator[Said]:
        """Yield why the signature is not by a key of its DID; remember whose it is when it is.

        *name* is that of the cryptosuite or envelope format.
        """
        document = self.session.did_document(method.did)
        if isinstance(document, Missing):
            silent = document.code.startswith("fetch.") and document.code != "fetch.not-found"
            code = Code.PRESENTATION_KEY_UNKNOWN if silent else Code.PRESENTATION_KEY_UNBOUND
            yield Said(code, f"{method}: {document.detail}")
            return
        found = document.value.method(method)
        if found is None:
            yield Said(Code.PRESENTATION_KEY_UNBOUND, f"the DID document has no {method}", source="did document")
            return
        if PURPOSE not in found.relationships:
            yield Said(Code.PRESENTATION_PURPOSE, f"{method} is not for {PURPOSE}", source="did document")
        if not self.session.sources.suites.verifier(name).verify(statement, found.public_key):
            yield Said(Code.PRESENTATION_ALTERED, f"the {name} signature is not by {method} over this")
            return
        if method.did not in self.signers:
            self.signers.append(method.did)

    def _options(self, proof: JsonObject) -> Iterator[Said]:
        """Yield why the proof was not made for this request at this time."""
        if proof.get("proofPurpose") != PURPOSE:
            yield Said(Code.PRESENTATION_PURPOSE, f"its purpose is {str(proof.get('proofPurpose'))[:80]!r}")
        yield from self._made_for(proof.get("challenge"), proof.get("domain"))
        expires = proof.get("expires")
        yield from self._lifetime(parse_instant(expires) if isinstance(expires, str) else None)

    def _made_for(self, challenge: Json, domain: Json) -> Iterator[Said]:
        if self.challenge is not None and challenge != self.challenge:
            yield Said(Code.PRESENTATION_CHALLENGE, "its challenge is not that of the request")
        if self.domain is not None and self.domain not in _texts(domain):
            yield Said(Code.PRESENTATION_DOMAIN, "its domain is not the one that asked")

    def _lifetime(self, until: int | None) -> Iterator[Said]:
        if until is not None and until <= self.now:
            yield Said(Code.PRESENTATION_EXPIRED, f"expired at {format_instant(until)}", {"until": until})

    def binding(self) -> Iterator[Said]:
        """Yield whether every credential that can be read is made out to one that signed."""
        signers = {str(signer) for signer in self.signers}
        readable = [(position, one) for position, one in enumerate(self.credentials) if one.credential is not None]
        strange = [position for position, one in readable if not signers & _subjects(one)]
        if not readable:
            return
        if strange:
            shown = ", ".join(map(str, strange[:5]))
            yield Said(Code.PRESENTATION_UNBOUND, f"verifiableCredential {shown}: its subject is not whoever signed")
        else:
            yield Said(Code.PRESENTATION_BOUND, "every credential is made out to the DID that signed")


def _shape(document: Json) -> tuple[JsonObject, str | None]:
    """Return the presentation and the holder it names; raises CredentialError when it is none (VC 2.0, 4.13)."""
    if not isinstance(document, Mapping):
        structure.refuse("shape", f"a presentation is a JSON object, got a {structure.kind(document)}")
    structure.check_context(document)
    if _TYPE not in structure.check_types(document.get("type"), "the presentation"):
        structure.refuse("type", f"the type of a presentation includes {_TYPE}")
    structure.check_id(document, "the presentation")
    structure.check_proofs(document)
    holder = document.get("holder")
    if isinstance(holder, Mapping):
        return document, structure.check_id(holder, "the holder", required=True)
    if "holder" in document and not structure.is_url(holder):
        structure.refuse("holder", "the holder is a URL, or an object with one as its id")
    return document, None if holder is None else str(holder)


def _subjects(reading: Reading) -> set[str]:
    """Return the ids of the subjects of a credential that nobody has judged yet."""
    subjects = items(reading.content.get("credentialSubject"))
    return {str(subject["id"]) for subject in subjects if isinstance(subject, Mapping) and "id" in subject}


def _texts(value: Json) -> tuple[Json, ...]:
    return () if value is None else items(value)


def _own(code: Code) -> Code:
    """A presentation without canonical form because it breaks JSON-LD is malformed; its terms keep their own codes."""
    return Code.PRESENTATION_MALFORMED if code is Code.MODEL_MALFORMED else code


def _finding(said: Said, policy: Policy) -> Finding:
    return Finding(
        code=said.code.value,
        outcome=FINDINGS[said.code].outcome,
        weight=policy.weight(said.code),
        detail=said.detail,
        source=said.source,
        facts=dict(said.facts),
    )
