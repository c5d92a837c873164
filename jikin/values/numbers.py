"""Certificate numbers: printed, typed, forgiving, and checked (STATEMENTS 13).

A number is 20 Crockford base32 symbols: two for the year, four for the issuer, twelve random (60 bits), two check
symbols. Printed ``26-KR12-7F3Q-9XK4-M2W8-37``. The check symbols make the word a multiple of (x−α)(x−α²) over GF(32):
every single wrong symbol, every swap of neighbours and every pair of wrong symbols is noticed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from jikin.errors import NumberError

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {symbol: value for value, symbol in enumerate(_ALPHABET)}
_LOOK_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_LENGTH = 20
_GROUPS = ((0, 2), (2, 6), (6, 10), (10, 14), (14, 18), (18, 20))

# GF(32) with x^5 + x^2 + 1 and α = 2.
_EXP = [1]
for _ in range(30):
    _next = _EXP[-1] << 1
    _EXP.append(_next ^ 0b100101 if _next & 0b100000 else _next)
_LOG = {value: power for power, value in enumerate(_EXP)}
# (x−α)(x−α²) = x² + (α+α²)x + α³
_G1 = _EXP[1] ^ _EXP[2]
_G0 = _EXP[3]


def _times(a: int, b: int) -> int:
    return 0 if a == 0 or b == 0 else _EXP[(_LOG[a] + _LOG[b]) % 31]


def _remainder(values: list[int]) -> tuple[int, int]:
    """Divide the word (first symbol = highest power) by the generator; return the remainder, high symbol first."""
    high = low = 0
    for value in values:
        carry = high
        high, low = low ^ _times(carry, _G1), value ^ _times(carry, _G0)
    return high, low


def check_symbols(body: str) -> str:
    """Return the two symbols that check *body*, a text of the alphabet: wrong and swapped symbols are noticed."""
    high, low = _remainder([_VALUE[symbol] for symbol in body] + [0, 0])
    return _ALPHABET[high] + _ALPHABET[low]


def random_symbols(count: int) -> str:
    """Return *count* random symbols of the alphabet, five bits each, from the system's source."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def tidy_symbols(text: str) -> str:
    """Return a typed number as symbols: upper-case, without blanks and hyphens, O as 0, I and L as 1; not checked."""
    return text.strip().upper().translate(_LOOK_ALIKE)


@dataclass(frozen=True, slots=True, order=True)
class CertificateNumber:
    """A certificate number; *symbols* are its 20 symbols without hyphens. Personal data, though not a secret."""

    symbols: str

    def __post_init__(self) -> None:
        """Refuse a wrong length, a foreign letter and check symbols that do not hold."""
        if len(self.symbols) != _LENGTH:
            raise NumberError(f"a certificate number has {_LENGTH} letters and digits, found {len(self.symbols)}")
        if foreign := sorted(set(self.symbols) - set(_ALPHABET)):
            raise NumberError(f"a certificate number has no {' '.join(foreign)}; letters are A to Z without I L O U")
        if _remainder([_VALUE[symbol] for symbol in self.symbols]) != (0, 0):
            raise NumberError("a letter or digit of this number is wrong: its last two check it, and they do not agree")

    @classmethod
    def parse(cls, text: str) -> CertificateNumber:
        """Read a typed number; case, blanks and hyphens do not matter, O is 0, I and L are 1; raises NumberError."""
        if len(text) > 64:
            raise NumberError(f"a certificate number has {_LENGTH} letters and digits, found {len(text)}")
        return cls(tidy_symbols(text))

    @classmethod
    def random(cls, year: int, issuer: str) -> CertificateNumber:
        """Return a fresh number for the calendar *year* and the four-symbol *issuer* code; 60 bits from the system.

        The caller keeps numbers unique. Raises NumberError when *issuer* is not four symbols of the alphabet.
        """
        if len(issuer) != 4 or set(issuer) - set(_ALPHABET):
            raise NumberError(f"an issuer code is four of {_ALPHABET}, got {issuer!r}")
        body = f"{year % 100:02d}{issuer}{random_symbols(12)}"
        return cls(body + check_symbols(body))

    @property
    def issuer(self) -> str:
        """Return the four-symbol issuer code."""
        return self.symbols[2:6]

    def __str__(self) -> str:
        return "-".join(self.symbols[start:end] for start, end in _GROUPS)
