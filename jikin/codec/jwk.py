"""Public keys as JSON Web Keys (RFC 7517, RFC 7518, RFC 8037, RFC 8812), and their thumbprints (RFC 7638)."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from jikin.codec import jcs, multibase, rsa_keys
from jikin.errors import CodecError, MultibaseError
from jikin.values import JsonObject, KeyType, PublicKey, sha256

_CURVES: dict[str, tuple[KeyType, ec.EllipticCurve]] = {
    "P-256": (KeyType.P256, ec.SECP256R1()),
    "P-384": (KeyType.P384, ec.SECP384R1()),
    "P-521": (KeyType.P521, ec.SECP521R1()),
    "secp256k1": (KeyType.SECP256K1, ec.SECP256K1()),
}
THUMBPRINT = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:"
"""How the URI of a JWK thumbprint begins (RFC 9278)."""

_MAX_NUMBER = 1400  # characters of 8192 bits in base64url
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


def decode(jwk: JsonObject) -> PublicKey:
    """Return the public key of *jwk*: Ed25519 (OKP), P-256, P-384, P-521, secp256k1 (EC, checked, compressed), or RSA.

    Raises CodecError: ``codec.jwk.unsupported`` for another kind, or RSA of less than 2048 or more than 8192 bits,
    ``codec.jwk`` for members that are missing, of the wrong length, or a point off its curve.
    """
    kind, curve = jwk.get("kty"), jwk.get("crv")
    if kind == "OKP" and curve == "Ed25519":
        return PublicKey(KeyType.ED25519, _coordinate(jwk, "x", 32))
    if kind == "EC" and isinstance(curve, str) and curve in _CURVES:
        return _point(jwk, *_CURVES[curve])
    if kind == "RSA":
        return _rsa(jwk)
    raise CodecError(
        f"a JWK of kty {str(kind)[:20]!r} and crv {str(curve)[:20]!r} is not supported; "
        f"Ed25519, {', '.join(_CURVES)} and RSA are",
        code="codec.jwk.unsupported",
    )


def is_private(jwk: JsonObject) -> bool:
    """Say whether *jwk* holds a private or shared key, so that it is no secret any more where it can be read."""
    return any(name in jwk for name in _PRIVATE)


def encode(key: PublicKey) -> JsonObject:
    """Return *key* as a JWK with its public members only; raises CodecError for a kind without one, or a bad point."""
    if key.type is KeyType.ED25519:
        return {"kty": "OKP", "crv": "Ed25519", "x": multibase.encode_base64url(key.raw)}
    if key.type is KeyType.RSA:
        numbers = rsa_keys.opened(key).public_numbers()
        return {"kty": "RSA", "n": _unsigned(numbers.n), "e": _unsigned(numbers.e)}
    for name, (curve_type, curve) in _CURVES.items():
        if key.type is curve_type:
            x, y = _coordinates(key, curve)
            return {"kty": "EC", "crv": name, "x": multibase.encode_base64url(x), "y": multibase.encode_base64url(y)}
    raise CodecError(f"a {key.type.value} key has no JWK here", code="codec.jwk.unsupported")


def thumbprint(key: PublicKey) -> str:
    """Return the URI of the JWK thumbprint of *key* (RFC 7638, RFC 9278); raises CodecError as ``encode`` does."""
    return THUMBPRINT + multibase.encode_base64url(sha256(jcs.canonicalize(encode(key))))


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


def _rsa(jwk: JsonObject) -> PublicKey:
    try:
        return rsa_keys.of_numbers(_number(jwk, "n"), _number(jwk, "e"))
    except CodecError as error:
        code = "codec.jwk.unsupported" if error.code == "codec.rsa.length" else "codec.jwk"
        raise CodecError(f"a JWK of kty 'RSA': {error}", code=code) from error


def _number(jwk: JsonObject, name: str) -> int:
    """Return a number as JWK writes it (Base64urlUInt, RFC 7518, section 2): without zeros in front."""
    value = jwk.get(name)
    try:
        data = multibase.decode_base64url(value) if isinstance(value, str) and len(value) <= _MAX_NUMBER else b""
    except MultibaseError as error:
        raise CodecError(f"{name} of a JWK: {error}", code="codec.jwk") from error
    if not data or data[0] == 0:
        raise CodecError(f"{name} of a JWK is a number in base64url, in as few bytes as it needs", code="codec.jwk")
    return int.from_bytes(data, "big")


def _unsigned(number: int) -> str:
    return multibase.encode_base64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))
