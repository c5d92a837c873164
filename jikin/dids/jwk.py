"""did:jwk: the DID is the key, as a JSON Web Key in base64url (did:jwk method)."""

from __future__ import annotations

from collections.abc import Mapping

from jikin.codec import jcs, jwk, multibase, strict_json
from jikin.dids.document import RELATIONSHIPS
from jikin.dids.method import DidDocument, Fetch, VerificationMethod
from jikin.errors import CodecError, DidError
from jikin.values import Did, DidUrl, Json, JsonObject, PublicKey

_ROLES = tuple(name for name in RELATIONSHIPS if name != "keyAgreement")
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_MAX_BYTES = 2048


def did_of(key: PublicKey) -> Did:
    """Return a did:jwk of *key*, its JWK in canonical JSON; raises CodecError for a kind of key without JWK."""
    return Did(f"did:jwk:{multibase.encode_base64url(jcs.canonicalize(jwk.encode(key)))}")


class DidJwk:
    """The method ``jwk``; resolves without asking anybody."""

    @property
    def name(self) -> str:
        """Return ``jwk``."""
        return "jwk"

    def resolve(self, did: Did, fetch: Fetch) -> DidDocument:  # noqa: ARG002  # the method's shape; nothing is fetched
        """Return the document that follows from *did* itself: one JsonWebKey method ``#0``, in every signing role.

        Raises DidError: ``did.invalid``, ``did.unsupported-public-key-type``.
        """
        members = _members(did)
        try:
            key = jwk.decode(members)
        except CodecError as error:
            code = "did.unsupported-public-key-type" if error.code == "codec.jwk.unsupported" else "did.invalid"
            raise DidError(f"{did.text[:120]!r} is no did:jwk: {error}", code=code) from error
        method_id = DidUrl(f"{did}#0")
        roles = () if members.get("use") == "enc" else _ROLES
        method: dict[str, Json] = {
            "id": str(method_id),
            "type": "JsonWebKey",
            "controller": str(did),
            "publicKeyJwk": dict(members),
        }
        document: dict[str, Json] = {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
            "id": str(did),
            "verificationMethod": [method],
            **{role: [str(method_id)] for role in roles},
        }
        return DidDocument(did, (VerificationMethod(method_id, did, key, frozenset(roles)),), document)


def _members(did: Did) -> JsonObject:
    try:
        members = strict_json.parse(multibase.decode_base64url(did.identifier), max_bytes=_MAX_BYTES)
    except CodecError as error:
        raise DidError(f"{did.text[:120]!r} is no did:jwk: {error}", code="did.invalid") from error
    if not isinstance(members, Mapping):
        raise DidError(f"{did.text[:120]!r} is no did:jwk: it holds no JSON object", code="did.invalid")
    if any(name in members for name in _PRIVATE):
        raise DidError("a did:jwk holds a private key, which is no longer a secret", code="did.invalid")
    return members
