"""Issuing over the VC API: one profile names one way to secure a credential; keys live in memory.

What would not verify for the shape of the credential is not issued: every credential is judged before it leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from jikin.conformance.keys import Keys
from jikin.conformance.lists import Lists
from jikin.credentials.model import Credential
from jikin.credentials.structure import CONTEXT_V1, items
from jikin.errors import ProofError, UnknownSuiteError
from jikin.proofs import deriving, securing
from jikin.proofs.envelopes import enveloped, vc_jwt
from jikin.proofs.suite import ProofOptions
from jikin.status.bitstring import Purpose
from jikin.values import Json, JsonObject, KeyType, format_instant
from jikin.verification.document import Document
from jikin.verification.findings import Code, Question
from jikin.verification.policy import Policy
from jikin.verification.report import Outcome
from jikin.verification.sources import Session
from jikin.verification.verifying import verify

DATA_INTEGRITY_V2 = "https://w3id.org/security/data-integrity/v2"
STATUS_V1 = "https://www.w3.org/ns/credentials/status/v1"
# What must be in order. Not the dates: a credential for next year is issued today. Not whose key it is: whoever checks
# it decides whom to trust, and a signature by a key that is not bound to the issuer is not even looked at. Not what the
# credential points at and is not at hand: whoever issues it says so.
_DEMANDED = frozenset({Question.MODEL, Question.PROOF})
_LEFT = frozenset({Code.PROOF_UNCHECKED, Code.PROOF_BASE, Code.MODEL_SCHEMA_UNCHECKED, Code.MODEL_RESOURCE_UNCHECKED})
VC_JWT = "vc+jwt"


@dataclass(frozen=True, slots=True)
class Profile:
    """A way to issue: with the cryptosuite or in the envelope *secured*, by the key of *kind*.

    *listed*: with an entry in a status list.
    """

    secured: str
    kind: KeyType = KeyType.ED25519
    listed: bool = False


PROFILES: Mapping[str, Profile] = {
    "eddsa-rdfc-2022": Profile("eddsa-rdfc-2022"),
    "eddsa-jcs-2022": Profile("eddsa-jcs-2022"),
    "ecdsa-rdfc-2019-p256": Profile("ecdsa-rdfc-2019", KeyType.P256),
    "ecdsa-rdfc-2019-p384": Profile("ecdsa-rdfc-2019", KeyType.P384),
    "ecdsa-jcs-2019-p256": Profile("ecdsa-jcs-2019", KeyType.P256),
    "ecdsa-jcs-2019-p384": Profile("ecdsa-jcs-2019", KeyType.P384),
    "ecdsa-sd-2023": Profile("ecdsa-sd-2023", KeyType.P256),
    "bbs-2023": Profile("bbs-2023", KeyType.BLS12_381_G2),
    "mldsa44-jcs-2024": Profile("mldsa44-jcs-2024", KeyType.ML_DSA_44),
    "status": Profile("eddsa-rdfc-2022", listed=True),
    "vc-jwt": Profile(VC_JWT, KeyType.P256),
}


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues: its keys, its status lists, and by what a new credential is judged."""

    keys: Keys
    lists: Lists
    policy: Policy
    session: Callable[[], Session] = field(repr=False)
    clock: Callable[[], int] = field(repr=False)

    def issue(self, profile: Profile, credential: JsonObject, options: Mapping[str, Json]) -> JsonObject:
        """Return *credential* secured as *profile* says, bare; in an envelope, the object that carries it.

        Raises CredentialError, CanonicalizationError, ProofError for a credential that would not verify, StatusError
        for a ``statusPurpose`` among *options* that is none.
        """
        now = self.clock()
        if "proof" in credential:
            raise ProofError("the credential has a proof already; right would be one without", code="proof.present")
        prepared = _with_v1_members(credential, now) if profile.secured != VC_JWT else credential
        Credential.parse(prepared)
        if profile.listed:
            prepared = self._listed(prepared, options)
        session = self.session()
        signed = self._secured(profile, prepared, options, session, now)
        self._judge(signed, session, now)
        return signed

    def _secured(
        self, profile: Profile, prepared: JsonObject, options: Mapping[str, Json], session: Session, now: int
    ) -> JsonObject:
        method, signer = self.keys.method(profile.kind), self.keys.signer(profile.kind)
        if profile.secured == VC_JWT:
            token = vc_jwt.issue(prepared, signer, key_id=str(method), issued_at=now)
            return enveloped.wrapped(token.encode("ascii"), VC_JWT)
        suite = session.sources.suites.named(profile.secured)
        pointers = deriving.pointers_of(options, "mandatoryPointers")
        return securing.secure(prepared, suite, ProofOptions(method, now, mandatory_pointers=pointers), signer)

    def derive(self, credential: Json, options: Mapping[str, Json]) -> JsonObject:
        """Return what *credential* (with its base proof) shows by the ``selectivePointers`` of *options*.

        Raises ProofError (``proof.selection``, ``proof.base``, ``proof.missing``), UnknownSuiteError,
        CanonicalizationError, CredentialError.
        """
        document = credential if isinstance(credential, Mapping) else {}
        pointers = deriving.pointers_of(options, "selectivePointers")
        return deriving.derive(document, pointers, self.session().sources.suites)

    def status_list(self, purpose: Purpose) -> JsonObject:
        """Return the list credential of *purpose* as it is now, secured."""
        now, session = self.clock(), self.session()
        suite = session.sources.suites.named("eddsa-rdfc-2022")
        options = ProofOptions(self.keys.method(KeyType.ED25519), now)
        return securing.secure(self.lists.credential(purpose), suite, options, self.keys.signer(KeyType.ED25519))

    def _listed(self, credential: JsonObject, options: Mapping[str, Json]) -> JsonObject:
        wanted = options.get("statusPurpose", Purpose.REVOCATION.value)
        purpose = next((one for one in Purpose if one.value == wanted), None)
        if purpose is None:
            known = ", ".join(one.value for one in Purpose)
            raise ProofError(f"statusPurpose is {str(wanted)[:40]!r}; right would be {known}", code="request.option")
        identifier = credential.get("id")
        entry = self.lists.entry(purpose, identifier if isinstance(identifier, str) else None)
        before = items(credential["credentialStatus"]) if "credentialStatus" in credential else ()
        listed: JsonObject = {**credential, "credentialStatus": [*before, entry] if before else entry}
        return _with_context(listed, STATUS_V1) if _is_v1(credential) else listed

    def _judge(self, signed: JsonObject, session: Session, now: int) -> None:
        for finding in verify(Document(signed), session, self.policy, now).findings:
            code = Code(finding.code)
            if finding.outcome is not Outcome.PASSED and code.question in _DEMANDED and code not in _LEFT:
                raise ProofError(finding.detail, code=finding.code)


def profile_named(name: str) -> Profile:
    """Return the profile called *name*; raises UnknownSuiteError, which names the known ones."""
    found = PROFILES.get(name)
    if found is None:
        raise UnknownSuiteError(name[:80], tuple(PROFILES))
    return found


def _is_v1(credential: JsonObject) -> bool:
    context = credential.get("@context")
    return isinstance(context, Sequence) and not isinstance(context, str) and context[:1] == [CONTEXT_V1]


def _with_v1_members(credential: JsonObject, now: int) -> JsonObject:
    """Return a VC 1.1 *credential* with what it lacks for Data Integrity; every other one as it is."""
    if not _is_v1(credential):
        return credential
    dated = {**credential} if "issuanceDate" in credential else {**credential, "issuanceDate": format_instant(now)}
    return _with_context(dated, DATA_INTEGRITY_V2)


def _with_context(credential: JsonObject, url: str) -> JsonObject:
    context = items(credential["@context"])
    return credential if url in context else {**credential, "@context": [*context, url]}
