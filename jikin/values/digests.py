"""32-byte values: digests and the identifiers made of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeVar

import sha3

from jikin.errors import ValueRefusedError

Self32 = TypeVar("Self32", bound="Bytes32")


def sha256(data: bytes) -> bytes:
    """Return SHA-256 of *data*, 32 bytes (FIPS 180-4)."""
    return hashlib.sha256(data).digest()


def keccak256(data: bytes) -> bytes:
    """Return Keccak-256 of *data*, 32 bytes, with Ethereum's padding (not SHA3-256)."""
    digest: bytes = sha3.keccak_256(data).digest()
    return digest


@dataclass(frozen=True, slots=True, order=True)
class Bytes32:
    """Exactly 32 bytes; subclasses say of what."""

    raw: bytes

    def __post_init__(self) -> None:
        """Refuse every other length."""
        if not isinstance(self.raw, bytes) or len(self.raw) != 32:
            found = f"{len(self.raw)} bytes" if isinstance(self.raw, bytes) else type(self.raw).__name__
            raise ValueRefusedError(f"a {type(self).__name__} is 32 bytes, got {found}")

    @classmethod
    def from_hex(cls: type[Self32], text: str) -> Self32:
        """Read 64 hexadecimal digits, with or without 0x; raises ValueRefusedError."""
        digits = text.removeprefix("0x")
        try:
            raw = bytes.fromhex(digits)
        except ValueError:
            raw = b""
        if len(digits) != 64 or len(raw) != 32:  # fromhex alone would skip blanks inside
            raise ValueRefusedError(f"a {cls.__name__} is 64 hexadecimal digits, got {text[:80]!r}")
        return cls(raw)

    def hex(self) -> str:
        """Return 0x and 64 lower-case hexadecimal digits."""
        return "0x" + self.raw.hex()

    def __str__(self) -> str:
        return self.hex()


class Digest(Bytes32):
    """A SHA-256 digest, leaf, node or root."""

    __slots__ = ()


class IssuerId(Bytes32):
    """An issuer in the registry: keccak-256 of its DID (STATEMENTS 1)."""

    __slots__ = ()


class KeyId(Bytes32):
    """A key in the registry: SHA-256 of its multikey text (STATEMENTS 14)."""

    __slots__ = ()

    @classmethod
    def of(cls, multikey: str) -> KeyId:
        """Return the id of the key whose Multikey text is *multikey*."""
        return cls(sha256(multikey.encode("ascii")))


class ListId(Bytes32):
    """A status list in the registry: 32 random bytes (STATEMENTS 6)."""

    __slots__ = ()
