"""did:jwk: the DID is the key, as a JSON Web Key in base64url (did:jwk method)."""

from __future__ import annotations

from collections.abc import Mapping

from jikin.codec import jcs, jwk, multibase, points, strict_json
from jikin.dids import document as documents
from jikin.dids.document import RELATIONSHIPS, SIGNING
from jikin.dids.method import DidDocument, Fetch
from jikin.errors import CodecError, DidError
from jikin.values import Did, Json, JsonObject, PublicKey

_MAX_BYTES = 2048
# Keys that no suite here verifies with, so that their document is shown and has no method to use.
_READABLE = frozenset({"X25519", "Bls12381G1", "Bls12381G2", "BLS12381G1", "BLS12381G2"})
_AGREES = frozenset({"X25519"})


def did_of(key: PublicKey) -> Did:
    """Return a did:jwk of *key*, its JWK in canonical JSON; raises CodecError for a kind of key without JWK."""
    return Did(f"did:jwk:{multibase.encode_base64url(jcs.canonicalize(jwk.encode(key)))}")


def key_of(did: Did) -> PublicKey:
    """Return the key that a did:jwk spells; raises DidError for one that is none, CodecError for a kind without use."""
    return jwk.decode(_members(did))


class DidJwk:
    """The method ``jwk``; resolves without asking anybody."""

    @property
    def name(self) -> str:
        """Return ``jwk``."""
        return "jwk"

    def resolve(self, did: Did, fetch: Fetch) -> DidDocument:  # noqa: ARG002  # the method's shape; nothing is fetched
        """Return the document that follows from *did* itself: one JsonWebKey method ``#0``.

        Its roles follow from ``use``: all but keyAgreement for ``sig``, keyAgreement alone for ``enc``, all without it.

        Raises DidError: ``did.invalid``, ``did.unsupported-public-key-type``.
        """
        members = _members(did)
        method_id = f"{did}#0"
        method: dict[str, Json] = {
            "id": method_id,
            "type": "JsonWebKey",
            "controller": str(did),
            "publicKeyJwk": dict(members),
        }
        document: dict[str, Json] = {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
            "id": str(did),
            "verificationMethod": [method],
            **{role: [method_id] for role in _roles(members)},
        }
        return documents.read(did, document)


def _roles(members: JsonObject) -> tuple[str, ...]:
    use = members.get("use")
    roles = SIGNING if use == "sig" else ("keyAgreement",) if use == "enc" else RELATIONSHIPS
    return tuple(role for role in roles if role == "keyAgreement") if _curve(members) in _AGREES else roles


def _curve(members: JsonObject) -> str:
    curve = members.get("crv")
    return curve if isinstance(curve, str) else ""


def _members(did: Did) -> JsonObject:
    """Return the JWK in *did*, a public key of a kind that is known; raises DidError."""
    try:
        members = strict_json.parse(multibase.decode_base64url(did.identifier), max_bytes=_MAX_BYTES)
    except CodecError as error:
        raise _invalid(did, str(error)) from error
    if not isinstance(members, Mapping):
        raise _invalid(did, "it holds no JSON object")
    if jwk.is_private(members):
        raise DidError("a did:jwk holds a private key, which is no longer a secret", code="did.invalid")
    if _curve(members) in _READABLE:
        return members
    try:
        points.check(jwk.decode(members))
    except CodecError as error:
        code = "did.unsupported-public-key-type" if error.code == "codec.jwk.unsupported" else "did.invalid"
        raise DidError(f"{did.text[:120]!r} is no did:jwk: {error}", code=code) from error
    return members


def _invalid(did: Did, why: str) -> DidError:
    return DidError(f"{did.text[:120]!r} is no did:jwk: {why}", code="did.invalid")
