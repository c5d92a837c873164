"""Compact JWS: taken apart in the one way that is right, and made by a Signer (RFC 7515, 8037, 8725, 8812, 9864).

EdDSA (also under its newer name Ed25519), ES256, ES384, ES512 and ES256K are read and written; RS256, which badges of
Open Badges 3.0 carry, is read. What the header says of keys is handed on and never used to find one.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from jikin.codec import jwk, multibase, strict_json
from jikin.errors import CodecError, EnvelopeError, JsonError, MultibaseError
from jikin.proofs import ed25519, p256, p384, p521, rsa, secp256k1
from jikin.proofs.scheme import Scheme
from jikin.values import Form, Json, JsonObject, KeyType, PublicKey, SignedStatement, Signer

ALGORITHMS: Mapping[str, Scheme] = {
    "EdDSA": ed25519.SCHEME,
    "Ed25519": ed25519.SCHEME,
    "ES256": p256.SCHEME,
    "ES384": p384.SCHEME,
    "ES512": p521.SCHEME,
    "ES256K": secp256k1.SCHEME,
}
"""The algorithms that are read and written, each with how a signature under it is checked."""

READ_ONLY: Mapping[str, Callable[[PublicKey, bytes, bytes], bool]] = {"RS256": rsa.verify}
"""The algorithms that are read and never written, each with how a signature under it is checked."""

_NAMES = {
    KeyType.ED25519: "EdDSA",
    KeyType.P256: "ES256",
    KeyType.P384: "ES384",
    KeyType.P521: "ES512",
    KeyType.SECP256K1: "ES256K",
}
_MAX_BYTES = 1 << 20
_MAX_HEADER = 1 << 15
_MAX_HEADER_DEPTH = 8
_MAX_DEPTH = 64
_MAX_TEXT = 2048
_MAX_CERTIFICATES = 8
# What protects nothing (RFC 8725, section 3.1): no signature at all, or a secret that the reader would have to share.
_INSECURE = ("none", "HS")


@dataclass(frozen=True, slots=True)
class Jws:
    """A compact JWS taken apart; nothing of it is believed yet. *what* names it in messages."""

    header: JsonObject = field(repr=False)
    payload: bytes = field(repr=False)
    statement: SignedStatement = field(repr=False)
    what: str

    @property
    def type(self) -> str | None:
        """Return ``typ`` in lower case without ``application/``, None where it is absent."""
        return media_type(self.header.get("typ"))

    @property
    def content_type(self) -> str | None:
        """Return ``cty`` as ``type`` is returned."""
        return media_type(self.header.get("cty"))

    def check_type(self, *right: str) -> None:
        """Return if ``typ`` is one of *right* (RFC 8725, 3.11); raises EnvelopeError (``envelope.type``) otherwise."""
        if self.type not in right:
            raise EnvelopeError(
                f"typ of {self.what} is {str(self.header.get('typ'))[:60]!r}; right would be {' or '.join(right)}",
                code="envelope.type",
            )

    @property
    def key_id(self) -> str | None:
        """Return ``kid`` as it stands, None where it is absent; raises EnvelopeError for what is no text."""
        kid = self.header.get("kid")
        if kid is not None and (not isinstance(kid, str) or len(kid) > _MAX_TEXT):
            raise _header(f"kid of {self.what} is a text of at most {_MAX_TEXT} characters")
        return kid

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """Return the certificates of ``x5c``, DER, leaf first, none of them looked at; raises EnvelopeError."""
        chain = self.header.get("x5c")
        if chain is None:
            return ()
        if isinstance(chain, str) or not isinstance(chain, Sequence) or not 0 < len(chain) <= _MAX_CERTIFICATES:
            raise _header(f"x5c of {self.what} is a list of 1 to {_MAX_CERTIFICATES} certificates")
        try:
            certificates = tuple(base64.b64decode(one, validate=True) for one in chain if isinstance(one, str))
        except (binascii.Error, ValueError) as error:
            raise _header(f"a certificate of x5c of {self.what} is DER in base64: {error}") from error
        if len(certificates) != len(chain) or not all(certificates):
            raise _header(f"a certificate of x5c of {self.what} is DER in base64")
        return certificates

    @property
    def embedded_key(self) -> PublicKey | None:
        """Return the key of ``jwk`` in the header, None where there is none that is understood.

        Whoever made the token wrote it there: it says which key is meant, and not whose it is.
        """
        members = self.header.get("jwk")
        try:
            return jwk.decode(members) if isinstance(members, Mapping) else None
        except CodecError:
            return None

    def claims(self) -> JsonObject:
        """Return the payload as a JSON object; raises EnvelopeError (``envelope.malformed``) for what is none."""
        return parse_object(self.payload, f"the payload of {self.what}")


def read(token: str | bytes, what: str = "the JWS") -> Jws:
    """Return the compact JWS *token* (at most 1 MiB) taken apart; *what* names it in messages.

    Raises EnvelopeError: ``envelope.malformed``, ``envelope.too-long``; ``envelope.algorithm`` for ``none`` and HMAC;
    ``envelope.unsupported`` for another algorithm, a critical parameter or an unencoded payload (RFC 7797);
    ``envelope.header`` for a header member that cannot be right, a secret in ``jwk`` among them.
    """
    header, payload, signature = _parts(token, what)
    members = parse_object(header, f"the header of {what}", max_bytes=_MAX_HEADER, max_depth=_MAX_HEADER_DEPTH)
    algorithm = _algorithm(members, what)
    _check_critical(members, what)
    _check_texts(members, what)
    if "jwk" in members:
        _public_members(members["jwk"], f"jwk in the header of {what}", "envelope.header")
    text = token if isinstance(token, str) else token.decode("ascii")
    statement = SignedStatement(Form.JWS, algorithm, text.rpartition(".")[0].encode("ascii"), signature)
    return Jws(members, payload, statement, what)


def peek(data: bytes) -> tuple[JsonObject, JsonObject] | None:
    """Return header and claims of what looks like a compact JWS, None for anything else; never raises."""
    try:
        header, payload, _ = _parts(data, "it")
        members = parse_object(header, "it", max_bytes=_MAX_HEADER, max_depth=_MAX_HEADER_DEPTH)
        return members, parse_object(payload, "it")
    except EnvelopeError:
        return None


def sign(payload: bytes, signer: Signer, header: JsonObject) -> str:
    """Return the compact JWS of *payload* by *signer*; ``alg`` is put in front of *header* by the kind of key.

    *header* may give ``alg`` itself where a key has two names for its algorithm. Raises EnvelopeError
    (``envelope.signer``) for a key that signs no JWS, or not under the ``alg`` given.
    """
    kind = signer.public_key.type
    given = header.get("alg", _NAMES.get(kind))
    scheme = ALGORITHMS.get(given) if isinstance(given, str) else None
    if scheme is None or scheme.key_type is not kind:
        raise EnvelopeError(
            f"a {kind.value} key signs no JWS with alg {str(given)[:20]!r}; "
            f"keys that sign are {', '.join(one.value for one in _NAMES)}",
            code="envelope.signer",
        )
    rest = {name: value for name, value in header.items() if name != "alg"}
    signed = f"{_part(write({'alg': given, **rest}))}.{_part(payload)}"
    return f"{signed}.{_part(signer.sign(signed.encode('ascii')))}"


def verify(statement: SignedStatement, key: PublicKey) -> bool:
    """Say whether the signature of a JWS *statement* is by *key*; a key of the wrong kind is False."""
    if statement.form is not Form.JWS:
        return False
    scheme = ALGORITHMS.get(statement.algorithm)
    check = READ_ONLY.get(statement.algorithm) if scheme is None else scheme.verify
    return check is not None and check(key, statement.signed, statement.signature)


def public_key(value: Json, where: str) -> PublicKey | None:
    """Return the key of a JWK, None where it is of a kind that nothing here verifies with.

    Raises EnvelopeError (``envelope.key``) for a JWK that holds a secret or cannot be right; *where* names it.
    """
    members = _public_members(value, where, "envelope.key")
    try:
        return jwk.decode(members)
    except CodecError as error:
        if error.code == "codec.jwk.unsupported":
            return None
        raise EnvelopeError(f"{where}: {error}", code="envelope.key") from error


def x5c(certificates: Sequence[bytes]) -> list[str]:
    """Return DER *certificates* as the header ``x5c`` carries them."""
    return [base64.b64encode(one).decode("ascii") for one in certificates]


def media_type(value: Json) -> str | None:
    """Return a media type in lower case without ``application/`` (RFC 7515, 4.1.9), None for what is no text."""
    return value.lower().removeprefix("application/") if isinstance(value, str) else None


def write(value: Json) -> bytes:
    """Return *value* as compact JSON in UTF-8; raises EnvelopeError for what JSON cannot say (NaN, half surrogates)."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")
    except ValueError as error:
        raise EnvelopeError(f"this has no JSON form: {error}") from error


def parse_object(
    data: bytes, what: str, *, max_bytes: int = _MAX_BYTES, max_depth: int = _MAX_DEPTH
) -> Mapping[str, Json]:
    """Return the JSON object that *data* says; raises EnvelopeError (``envelope.malformed``) for what is none."""
    try:
        value = strict_json.parse(data, max_bytes=max_bytes, max_depth=max_depth)
    except JsonError as error:
        raise EnvelopeError(f"{what} is no JSON that can be read in one way only: {error}") from error
    if not isinstance(value, Mapping):
        raise EnvelopeError(f"{what} is no JSON object")
    return value


def _parts(token: str | bytes, what: str) -> tuple[bytes, bytes, bytes]:
    if len(token) > _MAX_BYTES:
        raise EnvelopeError(f"{what} has more than {_MAX_BYTES} bytes", code="envelope.too-long")
    try:
        text = token if isinstance(token, str) else token.decode("ascii")
        parts = tuple(multibase.decode_base64url(part) for part in text.split(".", 3))
    except (UnicodeDecodeError, MultibaseError) as error:
        raise EnvelopeError(f"{what} is no compact JWS: {error}") from error
    if len(parts) != 3:
        raise EnvelopeError(f"{what} is header, payload and signature joined by dots")
    return parts


def _part(data: bytes) -> str:
    return multibase.encode_base64url(data)


def _algorithm(header: JsonObject, what: str) -> str:
    name = header.get("alg")
    if not isinstance(name, str):
        raise _header(f"alg of {what} is a text")
    if name.lower().startswith(_INSECURE[0]) or name.upper().startswith(_INSECURE[1]):
        raise EnvelopeError(f"alg of {what} is {name[:20]!r}, which protects nothing", code="envelope.algorithm")
    if name not in ALGORITHMS and name not in READ_ONLY:
        raise _unsupported(f"alg of {what} is {name[:20]!r}; read are {', '.join((*ALGORITHMS, *READ_ONLY))}")
    return name


def _check_critical(header: JsonObject, what: str) -> None:
    if "crit" in header:
        critical = header["crit"]
        names = [] if isinstance(critical, str) or not isinstance(critical, Sequence) else list(critical)
        if not names or any(not isinstance(name, str) or name not in header for name in names):
            raise _header(f"crit of {what} is a list of names that stand in the header")
        raise _unsupported(f"{what} has critical parameters that are not understood: {', '.join(map(str, names))[:80]}")
    if header.get("b64", True) is not True:
        raise _unsupported(f"the payload of {what} is not encoded (b64), which is not read")


def _check_texts(header: JsonObject, what: str) -> None:
    for name in ("typ", "cty"):
        value = header.get(name, "")
        if not isinstance(value, str) or len(value) > _MAX_TEXT:
            raise _header(f"{name} of {what} is a text of at most {_MAX_TEXT} characters")


def _public_members(value: Json, where: str, code: str) -> JsonObject:
    if not isinstance(value, Mapping):
        raise EnvelopeError(f"{where} is an object", code=code)
    if value.get("kty") == "oct" or jwk.is_private(value):
        raise EnvelopeError(f"{where} holds a secret; a public key has none", code=code)
    return value


def _header(message: str) -> EnvelopeError:
    return EnvelopeError(message, code="envelope.header")


def _unsupported(message: str) -> EnvelopeError:
    return EnvelopeError(message, code="envelope.unsupported")
