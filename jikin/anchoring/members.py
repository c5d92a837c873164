"""Reading the JSON forms of proofs: exactly these members, each of one form, or a refusal that names the member."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jikin.errors import AnchorError, ValueRefusedError
from jikin.values import Address, ChainId, Digest, IssuerId, Json, JsonObject

_HEX_32 = re.compile(r"0x[0-9a-f]{64}")
_HEX_20 = re.compile(r"0x[0-9a-f]{40}")
_MOST_NODES = 64


@dataclass(frozen=True, slots=True)
class Members:
    """The members of one JSON object of the kind called *kind* ("log", "opening"); every reader raises AnchorError.

    The code is ``anchor.<kind>.<member>``, or ``anchor.<kind>.shape`` for what is not that object at all.
    """

    kind: str
    values: Mapping[str, Json]

    @classmethod
    def of(cls, kind: str, value: Json, names: Sequence[str]) -> Members:
        """Return the members of *value*, which must be an object with exactly *names*."""
        if not isinstance(value, Mapping) or set(value) != set(names):
            raise AnchorError(
                f"an object with exactly {', '.join(names)} is expected, got "
                f"{', '.join(sorted(map(str, value)))[:200] if isinstance(value, Mapping) else type(value).__name__}",
                code=f"anchor.{kind}.shape",
            )
        return cls(kind, value)

    def number(self, name: str, below: int) -> int:
        """Return a whole number from 0 to *below* - 1."""
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < below:
            raise self._refuse(name, f"a whole number below {below}")
        return value

    def octets(self, name: str) -> bytes:
        """Return 32 bytes, written as 0x and 64 lower-case digits."""
        return bytes.fromhex(self._hex(self.values[name], name, _HEX_32))

    def digest(self, name: str) -> Digest:
        """Return a digest."""
        return Digest(self.octets(name))

    def issuer_id(self, name: str) -> IssuerId:
        """Return an issuer's id in the registry."""
        return IssuerId(self.octets(name))

    def digests(self, name: str) -> tuple[Digest, ...]:
        """Return a list of digests, as many as a proof can have."""
        value = self.values[name]
        if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > _MOST_NODES:
            raise self._refuse(name, f"a list of at most {_MOST_NODES}")
        return tuple(Digest(bytes.fromhex(self._hex(each, name, _HEX_32))) for each in value)

    def object(self, name: str) -> JsonObject:
        """Return a JSON object."""
        value = self.values[name]
        if not isinstance(value, Mapping):
            raise self._refuse(name, "an object")
        return dict(value)

    def chain(self, name: str) -> ChainId:
        """Return a chain (CAIP-2)."""
        try:
            return ChainId.parse(str(self.values[name]))
        except ValueRefusedError as error:
            raise self._refuse(name, "a chain such as eip155:31337") from error

    def address(self, name: str) -> Address:
        """Return an account or contract, written as 0x and 40 lower-case digits."""
        return Address(bytes.fromhex(self._hex(self.values[name], name, _HEX_20)))

    def constant(self, name: str, wanted: Json) -> None:
        """Refuse any value but *wanted*."""
        if self.values[name] != wanted or isinstance(self.values[name], bool) != isinstance(wanted, bool):
            raise self._refuse(name, repr(wanted))

    def _hex(self, value: Json, name: str, pattern: re.Pattern[str]) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self._refuse(name, "0x and lower-case hexadecimal of fixed length")
        return value[2:]

    def _refuse(self, name: str, right: str) -> AnchorError:
        found = str(self.values[name])[:80]
        return AnchorError(f"{name} is {found!r}; right would be {right}", code=f"anchor.{self.kind}.{name}")
