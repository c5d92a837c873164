"""Members of decoded CBOR, each taken as what it must be: for formats that strangers write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jikin.errors import ValueRefusedError


class Members:
    """The members of a map with text names."""

    def __init__(self, members: Mapping[str, object]) -> None:
        """Keep *members*."""
        self._members = members

    @classmethod
    def of(cls, value: object, always: frozenset[str], perhaps: frozenset[str]) -> Members:
        """Return the members of *value*: all of *always*, some of *perhaps*, no others; raises ValueRefusedError."""
        if not isinstance(value, Mapping):
            raise ValueRefusedError("a map was expected")
        names = {name for name in value if isinstance(name, str)}
        if len(names) != len(value) or not always <= names <= always | perhaps:
            missing, extra = sorted(always - names), sorted(names - always - perhaps)
            raise ValueRefusedError(f"members are missing ({', '.join(missing)}) or unknown ({', '.join(extra)[:100]})")
        return cls(value)

    def __getitem__(self, name: str) -> object:
        return self._members[name]

    def get(self, name: str, otherwise: object = None) -> object:
        """Return a member that may be left out."""
        return self._members.get(name, otherwise)


def whole(value: object, what: str, below: int) -> int:
    """Return a whole number from 0 to *below* exclusive; raises ValueRefusedError naming *what* it is."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < below:
        raise ValueRefusedError(f"{what} is a whole number below {below}")
    return value


def octets(value: object, what: str, most: int) -> bytes:
    """Return at most *most* bytes; raises ValueRefusedError naming *what* they are."""
    if not isinstance(value, bytes) or len(value) > most:
        raise ValueRefusedError(f"{what} is at most {most:,} bytes")
    return value


def fixed(value: object, size: int) -> bytes:
    """Return exactly *size* bytes; raises ValueRefusedError."""
    if not isinstance(value, bytes) or len(value) != size:
        raise ValueRefusedError(f"exactly {size} bytes were expected")
    return value


def text(value: object, what: str, most: int) -> str:
    """Return a text of 1 to *most* characters; raises ValueRefusedError naming *what* it is."""
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise ValueRefusedError(f"{what} is a text of at most {most:,} characters")
    return value


def listed(value: object, what: str, most: int, *, exactly: bool = False) -> Sequence[object]:
    """Return a list of at most, or *exactly*, *most* entries; raises ValueRefusedError naming *what* it is."""
    if not isinstance(value, list) or len(value) > most or (exactly and len(value) != most):
        raise ValueRefusedError(f"{what} is a list of {'exactly' if exactly else 'at most'} {most} entries")
    return value
