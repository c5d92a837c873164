"""RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2; RFC 7518, section 3.3): signatures of others are checked, none is made."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from jikin.codec import rsa_keys
from jikin.errors import CodecError
from jikin.proofs.scheme import HashName
from jikin.values import KeyType, PublicKey

ALGORITHMS: Mapping[str, HashName] = {"RS256": "sha256", "RS384": "sha384", "RS512": "sha512"}
"""JOSE's names, and what each hashes with."""

_HASHES: Mapping[HashName, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def verify(public: PublicKey, message: bytes, signature: bytes, hash_name: HashName = "sha256") -> bool:
    """Say whether *signature* over *message* is by *public*; keys of another kind or length are False."""
    if public.type is not KeyType.RSA:
        return False
    try:
        rsa_keys.opened(public).verify(signature, message, padding.PKCS1v15(), _HASHES[hash_name])
    except (InvalidSignature, CodecError):
        return False
    return True
