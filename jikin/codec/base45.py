"""Base45 (RFC 9285): bytes in the characters that QR codes hold most densely."""

from __future__ import annotations

from jikin.errors import MultibaseError

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE = {symbol: value for value, symbol in enumerate(_ALPHABET)}


def encode(data: bytes) -> str:
    """Return *data* in base45: three characters for two bytes, two for a last single one."""
    symbols: list[str] = []
    for start in range(0, len(data) - 1, 2):
        rest, first = divmod(data[start] * 256 + data[start + 1], 45)
        third, second = divmod(rest, 45)
        symbols += (_ALPHABET[first], _ALPHABET[second], _ALPHABET[third])
    if len(data) % 2:
        second, first = divmod(data[-1], 45)
        symbols += (_ALPHABET[first], _ALPHABET[second])
    return "".join(symbols)


def decode(text: str) -> bytes:
    """Return the bytes of the base45 *text*; raises MultibaseError (code ``codec.base45``)."""
    try:
        values = [_VALUE[symbol] for symbol in text]
    except KeyError as error:
        raise MultibaseError(f"{error.args[0]!r} is no base45 symbol", code="codec.base45") from None
    if len(values) % 3 == 1:
        raise MultibaseError("base45 of this length is cut off", code="codec.base45")
    data = bytearray()
    for start in range(0, len(values) - 2, 3):
        number = values[start] + 45 * values[start + 1] + 2025 * values[start + 2]
        if number > 0xFFFF:
            raise MultibaseError("three base45 characters stand for more than two bytes", code="codec.base45")
        data += number.to_bytes(2, "big")
    if len(values) % 3 == 2:
        number = values[-2] + 45 * values[-1]
        if number > 0xFF:
            raise MultibaseError("two base45 characters stand for more than one byte", code="codec.base45")
        data.append(number)
    return bytes(data)
