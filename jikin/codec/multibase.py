"""Base58 (Bitcoin alphabet) and base64url without padding, bare and with their multibase headers "z" and "u".

W3C Controlled Identifiers 1.0, section 2.4. Every reader accepts exactly one text per byte string.
"""

from __future__ import annotations

import base64
import binascii
import re

from jikin.errors import MultibaseError

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUE = {symbol: value for value, symbol in enumerate(_BASE58)}
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
# Base58 is a number of quadratic cost: keys and signatures are short (ML-DSA-44 signatures 3,306 characters).
_MAX_BASE58 = 8192


def encode_base58btc(data: bytes) -> str:
    """Return *data* in base58, bare (no multibase header)."""
    zeros = len(data) - len(data.lstrip(b"\0"))
    number = int.from_bytes(data, "big")
    symbols: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        symbols.append(_BASE58[digit])
    return "1" * zeros + "".join(reversed(symbols))


def decode_base58btc(text: str) -> bytes:
    """Return the bytes of the bare base58 *text*; raises MultibaseError."""
    if len(text) > _MAX_BASE58:
        raise MultibaseError(f"base58 of at most {_MAX_BASE58} characters is read, got {len(text)}")
    number = 0
    for symbol in text:
        value = _VALUE.get(symbol)
        if value is None:
            raise MultibaseError(f"{symbol!r} is no base58 symbol")
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_base64url(data: bytes) -> str:
    """Return *data* in base64url without padding (RFC 4648, section 5), bare."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> bytes:
    """Return the bytes of the bare base64url *text* without padding.

    Raises MultibaseError, also for padding and for bits left over in the last character (a second text for the same
    bytes would let anybody make a second copy of a signed thing).
    """
    if not _BASE64URL.fullmatch(text):
        raise MultibaseError("base64url has letters, digits, - and _ only, without padding")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise MultibaseError(f"not base64url: {error}") from error
    if encode_base64url(data) != text:
        raise MultibaseError("base64url with bits left over in its last character")
    return data


def encode(data: bytes, header: str = "z") -> str:
    """Return *data* with its multibase *header*: "z" base58btc, "u" base64url; raises MultibaseError for others."""
    if header == "z":
        return "z" + encode_base58btc(data)
    if header == "u":
        return "u" + encode_base64url(data)
    raise MultibaseError(f"multibase header {header!r} is not supported; z and u are")


def decode(text: str) -> bytes:
    """Return the bytes of the multibase *text*, by its header "z" or "u"; raises MultibaseError."""
    header, body = text[:1], text[1:]
    if header == "z":
        return decode_base58btc(body)
    if header == "u":
        return decode_base64url(body)
    raise MultibaseError(f"multibase header {header!r} is not supported; z and u are")
