"""COSE_Sign1: taken apart in the one way that is right, and made by a Signer (RFC 9052, sections 3 and 4; RFC 9053).

What strangers send is walked through before anything is decoded: shortest lengths, none of them open, no tags inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import cbor2

from jikin.errors import EnvelopeError
from jikin.proofs.envelopes.jws import ALGORITHMS as JOSE_ALGORITHMS
from jikin.proofs.envelopes.jws import media_type
from jikin.proofs.scheme import Scheme
from jikin.values import Form, KeyType, PublicKey, SignedStatement, Signer

Headers: TypeAlias = Mapping[int | str, object]

ALG, CRIT, CONTENT_TYPE, KID, CWT_CLAIMS, TYP, X5CHAIN = 1, 2, 3, 4, 15, 16, 33

ALGORITHMS: Mapping[int, tuple[str, Scheme]] = {
    -8: ("EdDSA", JOSE_ALGORITHMS["EdDSA"]),
    -7: ("ES256", JOSE_ALGORITHMS["ES256"]),
    -35: ("ES384", JOSE_ALGORITHMS["ES384"]),
    -36: ("ES512", JOSE_ALGORITHMS["ES512"]),
    -47: ("ES256K", JOSE_ALGORITHMS["ES256K"]),
    # fully specified (RFC 9864)
    -19: ("Ed25519", JOSE_ALGORITHMS["Ed25519"]),
    -9: ("ESP256", JOSE_ALGORITHMS["ES256"]),
    -51: ("ESP384", JOSE_ALGORITHMS["ES384"]),
    -52: ("ESP512", JOSE_ALGORITHMS["ES512"]),
}
"""COSE algorithm → its name, and how a signature under it is checked."""

_BY_NAME = dict(ALGORITHMS.values())
_NUMBERS = {KeyType.ED25519: -8, KeyType.P256: -7, KeyType.P384: -35, KeyType.P521: -36, KeyType.SECP256K1: -47}
_TAG = 0xD2  # 18 (RFC 9052, section 4.2)
_MAX_BYTES = 1 << 20
_MAX_HEADER = 1 << 15
_MAX_DEPTH = 8
_MAX_ITEMS = 4096
_MAX_CERTIFICATES = 8
_MAX_TEXT = 2048
# RFC 9053: message authentication by a secret that the reader would have to share
_MAC = range(4, 8)


@dataclass(frozen=True, slots=True)
class CoseSign1:
    """A COSE_Sign1 taken apart; nothing of it is believed yet. *headers* are the protected and the unprotected ones."""

    protected: Headers = field(repr=False)
    headers: Headers = field(repr=False)
    payload: bytes = field(repr=False)
    statement: SignedStatement = field(repr=False)

    @property
    def type(self) -> str | None:
        """Return ``typ`` (16, RFC 9596) in lower case without ``application/``, None where it is absent."""
        return self._media_type(TYP, "typ")

    @property
    def content_type(self) -> str | None:
        """Return the content type (3) as ``type`` is returned."""
        return self._media_type(CONTENT_TYPE, "content type")

    def _media_type(self, label: int, name: str) -> str | None:
        value = self.protected.get(label)
        if value is None:
            return None
        # a number is an entry of the CoAP registry, none of which is for credentials
        if not isinstance(value, str) or len(value) > _MAX_TEXT:
            raise _header(f"{name} of the COSE message is a media type")
        return media_type(value)

    @property
    def key_id(self) -> str | None:
        """Return ``kid`` (4) as UTF-8 text, None where it is absent; raises EnvelopeError for other bytes."""
        kid = self.headers.get(KID)
        if kid is None:
            return None
        if not isinstance(kid, bytes) or len(kid) > _MAX_TEXT:
            raise _header(f"kid of the COSE message is at most {_MAX_TEXT} bytes")
        try:
            return kid.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _header("kid of the COSE message is no text") from error

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """Return the certificates of ``x5chain`` (33, RFC 9360), DER, leaf first, none of them looked at."""
        chain = self.headers.get(X5CHAIN)
        if chain is None:
            return ()
        listed = [chain] if isinstance(chain, bytes) else chain
        if not isinstance(listed, list) or not 0 < len(listed) <= _MAX_CERTIFICATES:
            raise _header(f"x5chain is a list of 1 to {_MAX_CERTIFICATES} certificates")
        if not all(isinstance(one, bytes) for one in listed):
            raise _header("a certificate of x5chain is DER")
        return tuple(listed)


def looks_like_one(data: bytes) -> bool:
    """Say whether *data* begins as a COSE_Sign1 does: perhaps its tag, an array of four, a byte string."""
    start = data[1:3] if data[:1] == bytes([_TAG]) else data[:2]
    return len(start) == 2 and start[0] == 0x84 and start[1] >> 5 == 2


def read(data: bytes) -> CoseSign1:
    """Return the COSE_Sign1 *data* (at most 1 MiB), tagged or not, taken apart.

    Raises EnvelopeError: ``envelope.malformed``, ``envelope.too-long``, ``envelope.header``; ``envelope.algorithm`` for
    message authentication; ``envelope.unsupported`` for another algorithm or a critical header.
    """
    if len(data) > _MAX_BYTES:
        raise EnvelopeError(f"a COSE message of more than {_MAX_BYTES} bytes", code="envelope.too-long")
    if not looks_like_one(data):
        raise EnvelopeError("a COSE_Sign1 is an array of four, tagged 18 or not")
    message = _decode(data.removeprefix(bytes([_TAG])))
    if not isinstance(message, list) or len(message) != 4:
        raise EnvelopeError("a COSE_Sign1 is protected and unprotected headers, payload and signature")
    protected, unprotected, payload, signature = message
    if payload is None:
        raise _unsupported("the payload of the COSE message is detached, which is not read")
    if not all(isinstance(one, bytes) for one in (protected, payload, signature)):
        raise EnvelopeError("protected headers, payload and signature of a COSE_Sign1 are byte strings")
    if len(protected) > _MAX_HEADER:
        raise EnvelopeError(f"protected headers of more than {_MAX_HEADER} bytes", code="envelope.too-long")
    signed_headers = _headers(_decode(protected) if protected else {})
    other_headers = _headers(unprotected)
    if set(signed_headers) & set(other_headers):
        raise _header("a header stands in both the protected and the unprotected headers")
    name = _algorithm(signed_headers)
    _check_critical(signed_headers)
    statement = SignedStatement(Form.COSE, name, sig_structure(protected, payload), signature)
    return CoseSign1(signed_headers, {**other_headers, **signed_headers}, payload, statement)


def sign(payload: bytes, signer: Signer, headers: Headers) -> bytes:
    """Return the tagged COSE_Sign1 of *payload* by *signer*, all *headers* protected; ``alg`` is put in by the key.

    Raises EnvelopeError (``envelope.signer``) for a key of a kind that signs no COSE message here.
    """
    kind = signer.public_key.type
    if kind not in _NUMBERS:
        raise EnvelopeError(
            f"a {kind.value} key signs no COSE message; keys that sign are {', '.join(one.value for one in _NUMBERS)}",
            code="envelope.signer",
        )
    protected = cbor2.dumps({**headers, ALG: _NUMBERS[kind]}, canonical=True)
    signature = signer.sign(sig_structure(protected, payload))
    return bytes([_TAG]) + cbor2.dumps([protected, {}, payload, signature], canonical=True)


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """Return what a COSE_Sign1 signs (RFC 9052, section 4.4): deterministic CBOR, no external data."""
    return cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)


def verify(statement: SignedStatement, key: PublicKey) -> bool:
    """Say whether the signature of a COSE *statement* is by *key*; a key of the wrong kind is False."""
    scheme = _BY_NAME.get(statement.algorithm) if statement.form is Form.COSE else None
    return scheme is not None and scheme.verify(key, statement.signed, statement.signature)


def _algorithm(headers: Headers) -> str:
    number = headers.get(ALG)
    if isinstance(number, int) and number in _MAC:
        raise EnvelopeError(f"alg of the COSE message is {number}, which is no signature", code="envelope.algorithm")
    if number is None or isinstance(number, bool) or not isinstance(number, int | str):
        raise _header("the protected headers of a COSE_Sign1 name its algorithm (1)")
    if number not in ALGORITHMS or isinstance(number, str):
        raise _unsupported(f"alg of the COSE message is {str(number)[:20]}; read are {', '.join(map(str, ALGORITHMS))}")
    return ALGORITHMS[number][0]


def _check_critical(headers: Headers) -> None:
    if CRIT not in headers:
        return
    critical = headers[CRIT]
    labels: list[object] = critical if isinstance(critical, list) else []
    if not labels or any(type(one) not in (int, str) or one not in headers for one in labels):
        raise _header("crit is a list of labels that stand in the protected headers")
    # those that every reader understands need not be listed, but may be (RFC 9052, section 3.1)
    if others := [one for one in labels if one not in (ALG, CONTENT_TYPE, KID)]:
        raise _unsupported(f"the COSE message has critical headers that are not understood: {str(others)[:80]}")


def _headers(value: object) -> Headers:
    if not isinstance(value, dict):
        raise _header("the headers of a COSE message are a map")
    for label in value:
        # True and 1.0 would pass for 1
        if type(label) not in (int, str):
            raise _header("a label of a COSE header is a number or a text")
    return value


def _decode(data: bytes) -> object:
    """Return what deterministic CBOR says; raises EnvelopeError for any other bytes."""
    _check_form(data)
    try:
        value: object = cbor2.loads(data, max_depth=_MAX_DEPTH + 1, allow_indefinite=False, allow_duplicate_keys=False)
    except (cbor2.CBORError, ValueError, TypeError) as error:  # TypeError: a map that is a key
        raise EnvelopeError(f"not CBOR: {error}") from error
    return value


def _check_form(data: bytes) -> None:
    """Refuse all but one item of definite and shortest lengths, without tags, at most eight levels deep."""
    open_levels = [1]  # how many items are still to come at each level
    position = items = 0
    while open_levels:
        if not open_levels[-1]:
            open_levels.pop()
            continue
        open_levels[-1] -= 1
        items += 1
        if position >= len(data) or items > _MAX_ITEMS:
            raise EnvelopeError(f"the CBOR is cut off, or of more than {_MAX_ITEMS} items")
        major, position, argument = _head(data, position)
        if major in (2, 3):
            position += argument
        elif major in (4, 5):
            open_levels.append(argument * (major - 3))
            if len(open_levels) > _MAX_DEPTH:
                raise EnvelopeError(f"CBOR nested deeper than {_MAX_DEPTH} is not read")
        elif major == 6:
            raise EnvelopeError("a COSE message has no tags inside")
    if position != len(data):
        raise EnvelopeError("the CBOR is cut off, or bytes stand behind its end")


def _head(data: bytes, position: int) -> tuple[int, int, int]:
    """Return the major type of the item at *position*, where its head ends, and the argument in it."""
    major, info = data[position] >> 5, data[position] & 31
    position += 1
    if info < 24:
        return major, position, info
    size = 1 << (info - 24)
    if info > 27 or position + size > len(data):
        raise EnvelopeError("the CBOR is cut off, or of open length")
    argument = int.from_bytes(data[position : position + size], "big")
    # of floating-point numbers (major 7) the argument is no length
    if major != 7 and argument < (24 if size == 1 else 1 << (4 * size)):
        raise EnvelopeError("a number in the CBOR is longer than it need be")
    return major, position + size, argument


def _header(message: str) -> EnvelopeError:
    return EnvelopeError(message, code="envelope.header")


def _unsupported(message: str) -> EnvelopeError:
    return EnvelopeError(message, code="envelope.unsupported")
