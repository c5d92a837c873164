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
    JikinError,
    ProofError,
    UnknownSuiteError,
    ValueRefusedError,
)
from jikin.proofs import securing
from jikin.values import Did, DidUrl, Json, JsonObject, SignedStatement, format_instant, parse_instant
from jikin.verification.checks.case import Said
from jikin.verification.document import Document
from jikin.verification.evidence import Missing
from jikin.verification.findings import FINDINGS, Code
from jikin.verification.policy import Policy
from jikin.verification.reading import canonicalization_fault
from jikin.verification.report import Finding, Outcome, Report, Weight
from jikin.verification.sources import Session
from jikin.verification.verifying import verify

PURPOSE = "authentication"
_TYPE = "VerifiablePresentation"
_ENVELOPED = frozenset({"EnvelopedVerifiableCredential", "EnvelopedVerifiablePresentation"})
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

    *challenge* and *domain* are what the proof must have been made for: nonce and whole client_id of a request; None: a
    proof may carry any. *unsigned*: a presentation without proof is a legal answer too. *bound*: every credential must
    be made out to the DID that signed. Never raises for what a document says, nor for what a source raises on purpose.
    """
    judging = _Judging(session, policy, now, challenge, domain)
    said = list(judging.presentation(document, unsigned=unsigned))
    if bound and judging.credentials and judging.signers:
        said += judging.binding()
    return PresentationReport(
        findings=tuple(_finding(one, policy) for one in said),
        credentials=tuple(verify(Document(one), session, policy, now) for one in judging.credentials),
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
        self.credentials: list[JsonObject] = []
        self.signers: list[Did] = []

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
            if not isinstance(entry, Mapping):
                yield Said(Code.PRESENTATION_MALFORMED, f"verifiableCredential {position} is no object")
            elif _ENVELOPED & set(map(str, items(entry.get("type")))):
                yield Said(Code.PRESENTATION_UNKNOWN_KIND, f"verifiableCredential {position} is enveloped")
            else:
                self.credentials.append(entry)

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
            faults = [*self._signature(statement, method), *self._options(proof)]
            yield from faults or [Said(Code.PRESENTATION_VALID, f"{statement.algorithm} by {method}")]

    def _signature(self, statement: SignedStatement, method: DidUrl) -> Iterator[Said]:
        """Yield why the signature is not by a key of its DID; remember whose it is when it is."""
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
        if not self.session.sources.suites.named(statement.algorithm).verify(statement, found.public_key):
            yield Said(Code.PRESENTATION_ALTERED, f"the {statement.algorithm} signature is not by {method} over this")
            return
        if method.did not in self.signers:
            self.signers.append(method.did)

    def _options(self, proof: JsonObject) -> Iterator[Said]:
        """Yield why the proof was not made for this request at this time."""
        if proof.get("proofPurpose") != PURPOSE:
            yield Said(Code.PRESENTATION_PURPOSE, f"its purpose is {str(proof.get('proofPurpose'))[:80]!r}")
        if self.challenge is not None and proof.get("challenge") != self.challenge:
            yield Said(Code.PRESENTATION_CHALLENGE, "its challenge is not that of the request")
        if self.domain is not None and self.domain not in _texts(proof.get("domain")):
            yield Said(Code.PRESENTATION_DOMAIN, "its domain is not the one that asked")
        expires = proof.get("expires")
        if isinstance(expires, str) and (until := parse_instant(expires)) <= self.now:
            yield Said(Code.PRESENTATION_EXPIRED, f"expired at {format_instant(until)}", {"until": until})

    def binding(self) -> Iterator[Said]:
        """Yield whether every credential is made out to one that signed."""
        signers = {str(signer) for signer in self.signers}
        strange = [position for position, one in enumerate(self.credentials) if not signers & _subjects(one)]
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


def _subjects(credential: JsonObject) -> set[str]:
    """Return the ids of the subjects of a credential that nobody has judged yet."""
    subjects = items(credential.get("credentialSubject"))
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
