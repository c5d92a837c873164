"""Signers, tokens and ways to spoil them that the tests of envelopes share."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from jikin.codec.multibase import encode_base64url
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.envelopes import jws
from jikin.proofs.p256 import P256Signer
from jikin.proofs.p384 import P384Signer
from jikin.proofs.p521 import P521Signer
from jikin.proofs.secp256k1 import Secp256k1Signer
from jikin.values import Signer

ALL_SIGNERS: dict[str, Signer] = {
    "EdDSA": Ed25519Signer.generate(),
    "ES256": P256Signer.generate(),
    "ES384": P384Signer.generate(),
    "ES512": P521Signer.generate(),
    "ES256K": Secp256k1Signer.generate(),
}
SIGNER = ALL_SIGNERS["ES256"]
HOLDER = P256Signer.generate()
ISSUER = "https://exam.example/issuer"
KEY_ID = f"{ISSUER}#key-1"
NOW = 1_780_000_000


def credential(**changes: Any) -> dict[str, Any]:
    """Return a small credential of the data model 2.0 with *changes*; None leaves a member out."""
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": "urn:uuid:0b8e4c1e-6a3f-4c55-9d8e-2f6f1f0f7a11",
        "type": ["VerifiableCredential"],
        "issuer": {"id": ISSUER, "name": "한국시험원"},
        "validFrom": "2026-03-02T00:00:00Z",
        "validUntil": "2031-03-01T23:59:59Z",
        "credentialSubject": {"id": "did:example:haneul", "name": "김하늘"},
    } | changes
    return {name: value for name, value in document.items() if value is not None}


def presentation(**changes: Any) -> dict[str, Any]:
    """Return a small presentation with *changes*."""
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "holder": "did:example:haneul",
        "verifiableCredential": [],
    } | changes


def payload_of(token: str | bytes) -> dict[str, Any]:
    """Return the payload of a compact JWS, or of the one in front of an SD-JWT."""
    text = token if isinstance(token, str) else token.decode()
    part = text.split("~")[0].split(".")[1]
    value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert isinstance(value, dict)
    return value


def signed(claims: Mapping[str, Any], header: Mapping[str, Any] | None = None, signer: Signer = SIGNER) -> bytes:
    """Return a JWT of *claims*, whatever they say."""
    return jws.sign(json.dumps(claims, ensure_ascii=False).encode(), signer, dict(header or {})).encode()


def raw_token(header: str | bytes, payload: bytes = b"{}", signature: bytes = bytes(64)) -> bytes:
    """Return a compact JWS of any bytes, signed by nobody."""
    head = header.encode() if isinstance(header, str) else header
    return ".".join(map(encode_base64url, (head, payload, signature))).encode()


def spoilt(data: bytes, part: int, place: int = 0) -> bytes:
    """Return the compact JWS *data* with one bit turned in its *part* (0 header, 1 payload, 2 signature)."""
    parts = [base64.urlsafe_b64decode(one + b"=" * (-len(one) % 4)) for one in data.split(b".")]
    parts[part] = flipped(parts[part], place)
    return ".".join(map(encode_base64url, parts)).encode()


def flipped(data: bytes, place: int = -1) -> bytes:
    """Return *data* with one bit of the byte at *place* turned."""
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)
