"""Public keys as JSON Web Keys (RFC 7517, RFC 7518, RFC 8037, RFC 8812)."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from jikin.codec import multibase
from jikin.errors import CodecError, MultibaseError
from jikin.values import JsonObject, KeyType, PublicKey

_CURVES: dict[str, tuple[KeyType, ec.EllipticCurve]] = {
    "P-256": (KeyType.P256, ec.SECP256R1()),
    "P-384": (KeyType.P384, ec.SECP384R1()),
    "P-521": (KeyType.P521, ec.SECP521R1()),
    "secp256k1": (KeyType.SECP256K1, ec.SECP256K1()),
}
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


def decode(jwk: JsonObject) -> PublicKey:
    """Return the public key of *jwk*: Ed25519 (OKP), P-256, P-384, P-521 or secp256k1 (EC, checked and compressed).

    Raises CodecError: ``codec.jwk.unsupported`` for another kind, ``codec.jwk`` for members that are missing, of the
    wrong length, or a point off its curve.
    """
    kind, curve = jwk.get("kty"), jwk.get("crv")
    if kind == "OKP" and curve == "Ed25519":
        return PublicKey(KeyType.ED25519, _coordinate(jwk, "x", 32))
    if kind == "EC" and isinstance(curve, str) and curve in _CURVES:
        return _point(jwk, *_CURVES[curve])
    raise CodecError(
        f"a JWK of kty {str(kind)[:20]!r} and crv {str(curve)[:20]!r} is not supported; "
        f"Ed25519, {', '.join(_CURVES)} are",
        code="codec.jwk.unsupported",
    )


def is_private(jwk: JsonObject) -> bool:
    """Say whether *jwk* holds a private or shared key, so that it is no secret any more where it can be read."""
    return any(name in jwk for name in _PRIVATE)


def encode(key: PublicKey) -> JsonObject:
    """Return *key* as a JWK with its public members only; raises CodecError for a kind without one, or a bad point."""
    if key.type is KeyType.ED25519:
        return {"kty": "OKP", "crv": "Ed25519", "x": multibase.encode_base64url(key.raw)}
    for name, (curve_type, curve) in _CURVES.items():
        if key.type is curve_type:
            x, y = _coordinates(key, curve)
            return {"kty": "EC", "crv": name, "x": multibase.encode_base64url(x), "y": multibase.encode_base64url(y)}
    raise CodecError(f"a {key.type.value} key has no JWK here", code="codec.jwk.unsupported")


def _coordinates(key: PublicKey, curve: ec.EllipticCurve) -> tuple[bytes, bytes]:
    size = (curve.key_size + 7) // 8
    try:
        numbers = ec.EllipticCurvePublicKey.from_encoded_point(curve, key.raw).public_numbers()
    except ValueError as error:
        raise CodecError(f"the bytes of a key are no point of {key.type.value}", code="codec.jwk") from error
    return numbers.x.to_bytes(size, "big"), numbers.y.to_bytes(size, "big")


def _point(jwk: JsonObject, type: KeyType, curve: ec.EllipticCurve) -> PublicKey:
    size = (curve.key_size + 7) // 8
    x, y = _coordinate(jwk, "x", size), _coordinate(jwk, "y", size)
    try:
        ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), curve).public_key()
    except ValueError as error:
        raise CodecError(f"the point of a JWK does not lie on {type.value}", code="codec.jwk") from error
    return PublicKey(type, bytes([2 + (y[-1] & 1)]) + x)


def _coordinate(jwk: JsonObject, name: str, size: int) -> bytes:
    value = jwk.get(name)
    try:
        data = multibase.decode_base64url(value) if isinstance(value, str) else b""
    except MultibaseError as error:
        raise CodecError(f"{name} of a JWK: {error}", code="codec.jwk") from error
    if len(data) != size:
        raise CodecError(f"{name} of a JWK is {size} bytes in base64url, got {len(data)}", code="codec.jwk")
    return data
