"""A certificate signed in the format it is asked for in: JSON with a Data Integrity proof, vc+jwt, or SD-JWT VC.

What is stored of a signed certificate is what is handed out: JSON, or the text of the JWT or of the SD-JWT with all
disclosures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from issuer.office import ASSERTION, POST_QUANTUM, Office
from issuer.publishing import Seal, to_bytes
from issuer.store import keys as key_rows
from issuer.store.batches import Credential, Signed
from issuer.store.institutions import Institution
from jikin.anchoring.digest import credential_digest
from jikin.codec import multikey
from jikin.credentials.profile import Profile
from jikin.credentials.types import CredentialType
from jikin.dids.web_fetch import NoFetch
from jikin.errors import CredentialError
from jikin.proofs.envelopes import enveloped, jws, sd_jwt_vc, vc_jwt
from jikin.status.token_list import status_claim
from jikin.values import CertificateNumber, Did, DidUrl, Digest, Json, JsonObject, PublicKey, Signer
from jikin.verification.document import Document

SD_JWT_VC = sd_jwt_vc.NAME
VC_JWT = vc_jwt.NAME
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class SelectiveSeal:
    """What signs SD-JWT VCs for an institution: key, and how a header names it."""

    signer: Signer
    method: DidUrl

    def sign(self, claims: JsonObject, disclosable: Sequence[str], holder: PublicKey) -> Signed:
        """Return the SD-JWT VC of *claims*, of which the *disclosable* ones can be left out, made out to *holder*."""
        text = sd_jwt_vc.issue(
            claims,
            [(name,) for name in disclosable if name in claims],
            self.signer,
            key_id=str(self.method),
            holder_key=holder,
        )
        data = text.encode("ascii")
        return Signed(data, credential_digest((sd_jwt_vc.SdJwtVc().open(data).statement,)))


@dataclass(frozen=True, slots=True)
class EnvelopeSeal:
    """What signs certificates as vc+jwt for an institution: key, and how a header names it."""

    signer: Signer
    method: DidUrl

    def sign(self, unsecured: JsonObject, issued_at: int) -> Signed:
        """Return the JWT of the credential *unsecured*, signed at *issued_at* (Unix seconds)."""
        text = vc_jwt.issue(unsecured, self.signer, key_id=str(self.method), issued_at=issued_at)
        data = text.encode("ascii")
        return Signed(data, credential_digest((vc_jwt.VcJwt().open(data).statement,)))


def keys_in_use(connection: Connection, institution: Institution) -> tuple[int, ...]:
    """Return which keys sign for the institution now, by row id."""
    found = [key_rows.find(connection, institution.id, purpose) for purpose in (ASSERTION, POST_QUANTUM)]
    return tuple(key.id for key in found if key is not None)


def public_keys(office: Office, institution: Institution) -> tuple[str, ...]:
    """Return the Multikey texts of the keys that the institution signs with, the classical one first."""
    with office.database.read() as connection:
        found = [key_rows.find(connection, institution.id, purpose) for purpose in (ASSERTION, POST_QUANTUM)]
    return tuple(key.public for key in found if key is not None)


def seals(office: Office, institution: Institution, suite: str, kind: CredentialType) -> tuple[Seal, ...]:
    """Return what signs Data Integrity proofs of a certificate of *kind*, in the order in which they sign.

    A hybrid type has two: each proof verifies without the other, so that one broken suite opens nothing. Raises
    UnknownSuiteError, and OfficeError for an institution without a second key.
    """
    first = office.seal(institution, suite)
    if kind.second_suite is None:
        return (first,)
    return first, office.seal(institution, kind.second_suite, POST_QUANTUM)


def envelope_seal(office: Office, institution: Institution) -> EnvelopeSeal:
    """Return what signs certificates as vc+jwt for the institution; raises OfficeError."""
    key = office.key(institution, ASSERTION)
    return EnvelopeSeal(office.keys.signer(key.reference), DidUrl(f"{institution.did}#{key.public}"))


def selective_seal(office: Office, institution: Institution) -> SelectiveSeal:
    """Return what signs SD-JWT VCs for the institution; raises OfficeError."""
    key = office.key(institution, ASSERTION)
    return SelectiveSeal(office.keys.signer(key.reference), DidUrl(f"{institution.did}#{key.public}"))


def algorithms(office: Office, institution: Institution) -> tuple[str, ...]:
    """Return the JOSE algorithms that the institution's key signs with."""
    key = multikey.decode(office.key(institution, ASSERTION).public)
    return tuple(name for name, scheme in jws.ALGORITHMS.items() if scheme.key_type is key.type)


def claims_of(
    credential: Credential, record: Mapping[str, str], kind: CredentialType, profile: Profile, list_url: str
) -> JsonObject:
    """Return the claims of the SD-JWT VC for a checked *record*; *list_url* is that of its token status list.

    ``iat`` is cut to the day: a finer one would tell a holder's copies apart from everybody else's.
    """
    names = {"ko": profile.names.ko, "en": profile.names.en}
    number = CertificateNumber(credential.number)
    claims: dict[str, Json] = {
        "iss": str(profile.did),
        "iat": credential.valid_from - credential.valid_from % _DAY,
        "vct": kind.claims.vct,
        "status": status_claim(list_url, credential.status_index),
    }
    if credential.valid_until is not None:
        claims["exp"] = credential.valid_until
    return {**claims, **kind.build_claims(record, issuer_name=names, number=number)}


def holder_key(office: Office, holder: str | None) -> PublicKey:
    """Return the key of the holder's DID, which spells it (did:key, did:jwk).

    Raises CredentialError (``model.holder``) for a DID that names no such key.
    """
    document = office.methods.resolve(Did(holder or ""), NoFetch())
    keys = {method.public_key for method in document.methods if "authentication" in method.relationships}
    if len(keys) != 1:
        raise CredentialError("an SD-JWT VC is made out to exactly one key", code="model.holder")
    return keys.pop()


def signed_json(document: JsonObject, digest: Digest) -> Signed:
    """Return a certificate with its proof as it is stored."""
    return Signed(to_bytes(document), digest)


def handed_out(data: bytes) -> Json:
    """Return a stored certificate as it goes to a holder: a JSON object, or the text of a JWT or SD-JWT VC."""
    if data.startswith(b"{"):
        found: JsonObject = json.loads(data)
        return found
    return data.decode("ascii")


def content_of(data: bytes) -> JsonObject:
    """Return what a stored certificate says: the credential, out of its JWT where it stands in one."""
    found = handed_out(data)
    return found if isinstance(found, Mapping) else vc_jwt.VcJwt().open(data).document


def as_file(data: bytes) -> bytes:
    """Return a stored certificate as a file of it: a vc+jwt inside the JSON object that carries it (VC 2.0, 4.13)."""
    if data.startswith(b"{") or b"~" in data:  # JSON, or an SD-JWT
        return data
    return to_bytes(enveloped.wrapped(data, VC_JWT))


def to_document(data: bytes) -> Document:
    """Return a stored certificate as a verification takes it, without receipt."""
    return Document.of(handed_out(data))
