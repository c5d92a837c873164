"""Chains and their addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jikin.errors import ValueRefusedError

_CAIP2_EVM = re.compile(r"eip155:([1-9][0-9]{0,17})")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


@dataclass(frozen=True, slots=True, order=True)
class ChainId:
    """An EVM chain by its number (EIP-155); the text form is CAIP-2: ``eip155:31337``."""

    number: int

    def __post_init__(self) -> None:
        """Refuse numbers that no chain can have (the statements give it eight bytes)."""
        if not isinstance(self.number, int) or not 0 < self.number < 2**63:
            raise ValueRefusedError(f"a chain id is a positive number below 2^63, got {self.number!r}")

    @classmethod
    def parse(cls, text: str) -> ChainId:
        """Read CAIP-2 text such as ``eip155:31337``; raises ValueRefusedError."""
        match = _CAIP2_EVM.fullmatch(text)
        if match is None:
            raise ValueRefusedError(f"not an EVM chain id: {text[:80]!r}; right would be eip155:NUMBER (CAIP-2)")
        return cls(int(match[1]))

    def __str__(self) -> str:
        return f"eip155:{self.number}"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """An account or contract on an EVM chain, 20 bytes; the text form is lower-case hexadecimal."""

    raw: bytes

    def __post_init__(self) -> None:
        """Refuse every other length."""
        if not isinstance(self.raw, bytes) or len(self.raw) != 20:
            raise ValueRefusedError("an address is 20 bytes")

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read 0x and 40 hexadecimal digits in any case; raises ValueRefusedError."""
        if not _ADDRESS.fullmatch(text):
            raise ValueRefusedError(f"not an address: {text[:80]!r}; right would be 0x and 40 hexadecimal digits")
        return cls(bytes.fromhex(text[2:]))

    def __str__(self) -> str:
        return "0x" + self.raw.hex()
