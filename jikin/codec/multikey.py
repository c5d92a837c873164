"""Multikey: a public key as text (W3C Controlled Identifiers 1.0, section 2.2.2; multicodec table)."""

from __future__ import annotations

from dataclasses import dataclass

from jikin.codec import multibase
from jikin.errors import MultibaseError
from jikin.values import KeyType, PublicKey


@dataclass(frozen=True, slots=True)
class _Kind:
    type: KeyType
    header: bytes  # the multicodec number as unsigned varint
    length: int  # of the raw key, bytes
    starts: frozenset[int] | None = None  # what the first byte may be (compressed points)


_POINT = frozenset({2, 3})
_KINDS = (
    _Kind(KeyType.ED25519, b"\xed\x01", 32),
    _Kind(KeyType.P256, b"\x80\x24", 33, _POINT),
    _Kind(KeyType.P384, b"\x81\x24", 49, _POINT),
    _Kind(KeyType.P521, b"\x82\x24", 67, _POINT),
    _Kind(KeyType.SECP256K1, b"\xe7\x01", 33, _POINT),
    _Kind(KeyType.BLS12_381_G2, b"\xeb\x01", 96),
    _Kind(KeyType.ML_DSA_44, b"\x90\x24", 1312),
)
_BY_TYPE = {kind.type: kind for kind in _KINDS}
_BY_HEADER = {kind.header: kind for kind in _KINDS}
_X25519 = b"\xec\x01"


def encode(key: PublicKey) -> str:
    """Return the Multikey text of *key* in base58 (header "z").

    Raises MultibaseError for a key of the wrong length, ``codec.multikey.unsupported`` for an Ethereum account.
    """
    kind = _BY_TYPE.get(key.type)
    if kind is None:
        raise MultibaseError(f"a key of kind {key.type.value} has no Multikey", code="codec.multikey.unsupported")
    _check(kind, key.raw)
    return multibase.encode(kind.header + key.raw, "z")


def encode_x25519(raw: bytes) -> str:
    """Return the Multikey text of an X25519 key, 32 bytes; raises MultibaseError (``codec.multikey.length``).

    Such a key agrees on secrets and verifies nothing: it is written, never read.
    """
    if len(raw) != 32:
        raise MultibaseError(f"an X25519 public key is 32 bytes, got {len(raw)}", code="codec.multikey.length")
    return multibase.encode(_X25519 + raw, "z")


def decode(text: str) -> PublicKey:
    """Return the key of a Multikey text in base58 (header "z").

    Ed25519, P-256, P-384, P-521, secp256k1, BLS12-381 G2 and ML-DSA-44. Whether a point lies on its curve is not
    looked at: see ``jikin.codec.points``. Raises MultibaseError, with ``codec.multikey.unsupported`` for another kind
    of key and ``codec.multikey.length`` for one of the wrong length.
    """
    if not text.startswith("z"):  # base64url would be a second text for the same key, and key ids hash the text
        raise MultibaseError(f"a Multikey text begins with z (base58), got {text[:1]!r}")
    data = multibase.decode(text)
    kind = _BY_HEADER.get(data[:2])
    if kind is None:
        raise MultibaseError(
            f"a Multikey of kind 0x{data[:2].hex()} is not supported; "
            f"this installation knows {', '.join(kind.type.value for kind in _KINDS)}",
            code="codec.multikey.unsupported",
        )
    raw = data[2:]
    _check(kind, raw)
    return PublicKey(kind.type, raw)


def _check(kind: _Kind, raw: bytes) -> None:
    if len(raw) != kind.length:
        raise MultibaseError(
            f"a {kind.type.value} public key is {kind.length} bytes, got {len(raw)}", code="codec.multikey.length"
        )
    if kind.starts is not None and raw[0] not in kind.starts:
        raise MultibaseError(f"a compressed {kind.type.value} point begins with 02 or 03, got {raw[0]:02x}")
