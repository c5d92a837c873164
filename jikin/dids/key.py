"""did:key: the DID is the key (W3C CCG, did:key method 0.9)."""

from __future__ import annotations

from jikin.codec import multikey
from jikin.dids.document import RELATIONSHIPS
from jikin.dids.method import DidDocument, Fetch, VerificationMethod
from jikin.errors import DidError, MultibaseError
from jikin.values import Did, DidUrl, Json, PublicKey

# Signing keys sign in every role; an agreement key would be another key, which Jikin has no use for.
_ROLES = tuple(name for name in RELATIONSHIPS if name != "keyAgreement")
_CODES = {
    "codec.multikey.unsupported": "did.unsupported-public-key-type",
    "codec.multikey.length": "did.invalid-public-key-length",
}


def did_of(key: PublicKey) -> Did:
    """Return the did:key of *key*; raises MultibaseError for a key of the wrong length."""
    return Did(f"did:key:{multikey.encode(key)}")


def method_of(key: PublicKey) -> DidUrl:
    """Return the one verification method of the did:key of *key* (``did:key:z…#z…``)."""
    text = multikey.encode(key)
    return DidUrl(f"did:key:{text}#{text}")


class DidKey:
    """The method ``key``; resolves without asking anybody."""

    @property
    def name(self) -> str:
        """Return ``key``."""
        return "key"

    def resolve(self, did: Did, fetch: Fetch) -> DidDocument:  # noqa: ARG002  # the method's shape; nothing is fetched
        """Return the document that follows from *did* itself: one Multikey method, in every signing role.

        Raises DidError: ``did.invalid``, ``did.unsupported-public-key-type``, ``did.invalid-public-key-length``.
        """
        text = did.identifier
        try:
            key = multikey.decode(text)
        except MultibaseError as error:
            raise DidError(
                f"{did.text[:120]!r} is no did:key: {error}", code=_CODES.get(error.code, "did.invalid")
            ) from error
        method_id = DidUrl(f"{did}#{text}")
        method: dict[str, Json] = {
            "id": str(method_id),
            "type": "Multikey",
            "controller": str(did),
            "publicKeyMultibase": text,
        }
        document: dict[str, Json] = {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": str(did),
            "verificationMethod": [method],
            **{role: [str(method_id)] for role in _ROLES},
        }
        return DidDocument(did, (VerificationMethod(method_id, did, key, frozenset(_ROLES)),), document)
