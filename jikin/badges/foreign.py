"""What else people bring: badges and certificates of other systems, recognised by their look.

A certificate of another system is not forged because it is not ours. ``recognise`` says what it is, so that whoever
judges can answer with that and with why it is not judged, rather than with what is missing from it. Those that can be
imported are looked at by ``open_badges_2``, ``blockcerts`` and ``open_attestation``: what holds of them is told, and
they are never called genuine.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from jikin.credentials.structure import CONTEXT_V1, CONTEXT_V2, items
from jikin.errors import BadgeError
from jikin.values import Json, JsonObject


class Kind(Enum):
    """What a document is; the value is its reason code, part of the public interface."""

    CREDENTIAL = "credential"  # ours to judge: W3C's data model, with whatever is in it
    UNKNOWN = "unknown"
    OPEN_BADGES_1 = "foreign.open-badges-1"
    OPEN_BADGES_2 = "foreign.open-badges-2"
    OPEN_BADGES_2_PART = "foreign.open-badges-2-part"
    BLOCKCERTS_1 = "foreign.blockcerts-1"
    BLOCKCERTS_2 = "foreign.blockcerts-2"
    BLOCKCERTS_3 = "foreign.blockcerts-3"
    OPEN_ATTESTATION_2 = "foreign.open-attestation-2"
    OPEN_ATTESTATION_3 = "foreign.open-attestation-3"
    EUROPEAN_DIGITAL_CREDENTIAL = "foreign.european-digital-credential"
    SMART_HEALTH_CARD = "foreign.smart-health-card"
    ANONCREDS = "foreign.anoncreds"
    ATTESTATION_SERVICE = "foreign.attestation-service"

    @property
    def foreign(self) -> bool:
        """Say whether this is a document of another system, which is not judged here."""
        return self.value.startswith("foreign.")

    @property
    def importable(self) -> bool:
        """Say whether an importer can say what holds of it."""
        return self in _IMPORTABLE


_IMPORTABLE = frozenset(
    {
        Kind.OPEN_BADGES_2,
        Kind.BLOCKCERTS_2,
        Kind.BLOCKCERTS_3,
        Kind.OPEN_ATTESTATION_2,
        Kind.OPEN_ATTESTATION_3,
    }
)
_NAMES: Mapping[Kind, str] = {
    Kind.OPEN_BADGES_1: "a badge of Open Badges 1",
    Kind.OPEN_BADGES_2: "a badge of Open Badges 2.0",
    Kind.OPEN_BADGES_2_PART: "a description of a badge or issuer (Open Badges 2.0), and no badge",
    Kind.BLOCKCERTS_1: "a Blockcerts certificate of version 1",
    Kind.BLOCKCERTS_2: "a Blockcerts certificate of version 2",
    Kind.BLOCKCERTS_3: "a Blockcerts certificate of version 3",
    Kind.OPEN_ATTESTATION_2: "an OpenCerts or OpenAttestation document of version 2",
    Kind.OPEN_ATTESTATION_3: "an OpenAttestation document of version 3",
    Kind.EUROPEAN_DIGITAL_CREDENTIAL: "a European Digital Credential (Europass)",
    Kind.SMART_HEALTH_CARD: "a SMART Health Card",
    Kind.ANONCREDS: "an AnonCreds credential",
    Kind.ATTESTATION_SERVICE: "an attestation of the Ethereum Attestation Service",
}
_PARTS_2 = frozenset({"BadgeClass", "Issuer", "Profile", "CryptographicKey", "RevocationList", "Endorsement"})
_MERKLE_2019 = "MerkleProof2019"


def recognise(value: Json) -> Kind:
    """Return what the parsed JSON *value* is, by its look alone; never raises.

    ``CREDENTIAL`` is everything that follows W3C's data model and is secured in a way that can be judged here, which
    is for the proofs to say; ``UNKNOWN`` is no credential of a system known here.
    """
    if not isinstance(value, Mapping):
        return Kind.UNKNOWN
    contexts, types = _texts(value, "@context"), _texts(value, "type") | _texts(value, "_type")
    for kind, looks in _LOOKS:
        if looks(value, contexts, types):
            return kind
    return Kind.CREDENTIAL if contexts & {CONTEXT_V1, CONTEXT_V2} or "credentialSubject" in value else Kind.UNKNOWN


def refusal(kind: Kind) -> BadgeError:
    """Return the answer to a document of another system: what it is, and that it is not judged here.

    The code is ``badge.`` and the kind's own: ``badge.foreign.open-badges-2``.
    """
    hint = (
        "It can be imported: what holds of it is told, without calling it genuine."
        if kind.importable
        else "Check it where its issuer says."
    )
    name = _NAMES.get(kind, "a document of another system")
    return BadgeError(f"this is {name}; it is not judged here", code=f"badge.{kind.value}", hint=hint)


def _texts(value: JsonObject, member: str) -> frozenset[str]:
    return frozenset(one for one in items(value.get(member)) if isinstance(one, str))


def _object(value: JsonObject, member: str) -> JsonObject:
    found = value.get(member)
    return found if isinstance(found, Mapping) else {}


def _proofs(value: JsonObject) -> list[JsonObject]:
    return [proof for proof in items(value.get("proof")) if isinstance(proof, Mapping)]


def _open_attestation_2(value: JsonObject, _contexts: frozenset[str], _types: frozenset[str]) -> bool:
    return "data" in value and _object(value, "signature").get("type") == "SHA3MerkleProof"


def _open_attestation_3(value: JsonObject, _contexts: frozenset[str], types: frozenset[str]) -> bool:
    # "4.0" documents of the same house are plain W3C credentials, and judged as such.
    merkle = any(str(proof.get("type", "")).startswith("OpenAttestationMerkleProof") for proof in _proofs(value))
    return merkle or ("OpenAttestationCredential" in types and "openattestation.com/3." in str(value.get("version")))


def _blockcerts_3(value: JsonObject, _contexts: frozenset[str], _types: frozenset[str]) -> bool:
    # With another proof beside it there is something to judge.
    proofs = _proofs(value)
    return bool(proofs) and all(is_merkle_2019(proof) for proof in proofs)


def is_merkle_2019(proof: JsonObject) -> bool:
    """Say whether *proof* is a Blockcerts proof: the older type of its own, or the cryptosuite of the newer."""
    return _MERKLE_2019 in _texts(proof, "type") or proof.get("cryptosuite") == "merkle-proof-2019"


def _blockcerts_2(value: JsonObject, _contexts: frozenset[str], _types: frozenset[str]) -> bool:
    return "MerkleProof2017" in _texts(_object(value, "signature"), "type")


def _blockcerts_1(value: JsonObject, _contexts: frozenset[str], types: frozenset[str]) -> bool:
    document = _object(value, "document")
    return "receipt" in value and "certificate" in document and ("CertificateDocument" in types or not types)


def _open_badges_2(value: JsonObject, _contexts: frozenset[str], types: frozenset[str]) -> bool:
    return "Assertion" in types and "badge" in value and "verification" in value


def _open_badges_1(value: JsonObject, _contexts: frozenset[str], _types: frozenset[str]) -> bool:
    return "badge" in value and "recipient" in value and ("verify" in value or "uid" in value)


def _open_badges_2_part(_value: JsonObject, contexts: frozenset[str], types: frozenset[str]) -> bool:
    return any("openbadges/v2" in context for context in contexts) and bool(types & _PARTS_2)


def _european(value: JsonObject, contexts: frozenset[str], types: frozenset[str]) -> bool:
    if "EuropeanDigitalCredential" in types or any("data.europa.eu/snb" in context for context in contexts):
        return True
    payload = value.get("payload")  # sealed as JAdES in JSON, the credential as text inside
    return "signatures" in value and isinstance(payload, str) and "EuropeanDigitalCredential" in payload[:2000]


def _smart_health_card(value: JsonObject, _contexts: frozenset[str], _types: frozenset[str]) -> bool:
    inner = items(value.get("verifiableCredential"))
    return set(value) == {"verifiableCredential"} and all(isinstance(one, str) for one in inner)


def _anoncreds(value: JsonObject, _contexts: frozenset[str], _types: frozenset[str]) -> bool:
    return {"schema_id", "cred_def_id", "values"} <= set(value)


def _attestation_service(value: JsonObject, _contexts: frozenset[str], _types: frozenset[str]) -> bool:
    domain = _object(_object(value, "sig"), "domain")
    return str(domain.get("name", "")).startswith("EAS")


# The more particular look first: a Blockcerts certificate is an Open Badges assertion as well.
_LOOKS = (
    (Kind.OPEN_ATTESTATION_2, _open_attestation_2),
    (Kind.OPEN_ATTESTATION_3, _open_attestation_3),
    (Kind.BLOCKCERTS_3, _blockcerts_3),
    (Kind.BLOCKCERTS_2, _blockcerts_2),
    (Kind.BLOCKCERTS_1, _blockcerts_1),
    (Kind.OPEN_BADGES_2, _open_badges_2),
    (Kind.OPEN_BADGES_1, _open_badges_1),
    (Kind.EUROPEAN_DIGITAL_CREDENTIAL, _european),
    (Kind.OPEN_BADGES_2_PART, _open_badges_2_part),
    (Kind.SMART_HEALTH_CARD, _smart_health_card),
    (Kind.ANONCREDS, _anoncreds),
    (Kind.ATTESTATION_SERVICE, _attestation_service),
)
