"""Members of a JSON object that has exactly these, each of one form: what strangers' receipts are read with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jikin.errors import AnchorError, ValueRefusedError
from jikin.values import Address, ChainId, Json

HEX_32 = re.compile(r"0x[0-9a-f]{64}")
HEX_20 = re.compile(r"0x[0-9a-f]{40}")
U40 = 1 << 40


class Reader:
    """The members of *value*, which are exactly *names*; a refusal has the code ``<code>.<member>``.

    For an object inside of another one, *inside* is the member that refusals name instead.
    """

    def __init__(self, code: str, value: Json, names: Sequence[str], *, inside: str | None = None) -> None:
        """Refuse with AnchorError (``<code>.shape``) what is no object with these members."""
        self._code = code
        self._inside = inside
        if not isinstance(value, Mapping):
            raise self._refuse("shape", f"an object with {', '.join(names)} is expected, got {type(value).__name__}")
        if missing := [name for name in names if name not in value]:
            raise self._refuse("shape", f"there is no {', '.join(missing)}")
        if extra := sorted(str(name)[:40] for name in value if name not in names):
            raise self._refuse("shape", f"there can be no {', '.join(extra[:5])}; members are {', '.join(names)}")
        self._members = value

    def _refuse(self, member: str, message: str) -> AnchorError:
        return AnchorError(message, code=f"{self._code}.{self._inside or member}")

    def raw(self, member: str) -> Json:
        """Return the member as it stands."""
        return self._members[member]

    def version(self, known: int) -> None:
        """Refuse another version than *known* in the member ``v``."""
        if self.number("v") != known:
            raise self._refuse("v", f"version {known} is read here, not {self._members['v']!r}")

    def number(self, member: str, below: int = U40) -> int:
        """Return a whole number from 0 to *below* - 1."""
        value = self._members[member]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < below:
            raise self._refuse(member, f"{member} is a whole number below {below}, got {str(value)[:40]!r}")
        return value

    def bytes32(self, member: str) -> bytes:
        """Return 32 bytes: 0x and 64 lower-case digits."""
        return self._hex(member, self._members[member], HEX_32)

    def listed(self, member: str, most: int) -> Sequence[Json]:
        """Return a list of at most *most* values."""
        value = self._members[member]
        if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > most:
            raise self._refuse(member, f"{member} is a list of at most {most}")
        return value

    def digests(self, member: str, most: int) -> tuple[bytes, ...]:
        """Return a list of at most *most* values of 32 bytes."""
        return tuple(self._hex(member, each, HEX_32) for each in self.listed(member, most))

    def address(self, member: str) -> Address:
        """Return an address: 0x and 40 lower-case digits."""
        return Address(self._hex(member, self._members[member], HEX_20))

    def chain(self, member: str) -> ChainId:
        """Return a CAIP-2 chain id, "eip155:N"."""
        value = self._members[member]
        try:
            return ChainId.parse(value if isinstance(value, str) else "")
        except ValueRefusedError as error:
            raise self._refuse(member, str(error)) from error

    def _hex(self, member: str, value: Json, pattern: re.Pattern[str]) -> bytes:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self._refuse(member, f"{member} is 0x and lower-case hexadecimal of fixed length, got another value")
        return bytes.fromhex(value[2:])
