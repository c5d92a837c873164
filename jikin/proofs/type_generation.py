"""EIP-712 types for any JSON document ("Types Generation" of Ethereum EIP712 Signature 2021).

A member that is a text, true or false, or a whole number is a ``string``, ``bool`` or ``uint256``; an object is a
struct named after the member, with a capital; members stand in the order of RFC 8785. Beyond the specification, which
has no types for them: an array of objects of one shape is an array of their struct, numbers below zero are ``int256``,
and where two members of one name hold objects of different shape, the later struct gets a number (``Name2``). The types
travel inside the proof, so whoever reads it need not generate them. What has no type (null, a fraction, an array of
mixed shapes) is refused: it could not be signed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jikin.errors import ProofError
from jikin.proofs.typed_data import DOMAIN_TYPE, MAX_DEPTH, Field
from jikin.values import Json, JsonObject

_FOREIGN = re.compile(r"[^A-Za-z0-9_]")
_SIGNED_NUMBERS = {"int256", "uint256"}


def generate(document: JsonObject, primary_type: str) -> dict[str, tuple[Field, ...]]:
    """Return the types of *document*, which itself is of the type *primary_type*.

    Raises ProofError: ``proof.eip712.value``, naming the member that has no type; ``proof.eip712.too-large``.
    """
    generator = _Generator({DOMAIN_TYPE, primary_type})
    fields = generator.fields(document, "", 1)
    return {primary_type: fields, **dict(sorted(generator.structs.items()))}


class _Generator:
    """Names the structs of one document."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken
        self.structs: dict[str, tuple[Field, ...]] = {}

    def fields(self, document: JsonObject, path: str, depth: int) -> tuple[Field, ...]:
        """Return the members of an object, each with its type."""
        if depth > MAX_DEPTH:
            raise ProofError(f"typed data is nested {MAX_DEPTH} deep at most", code="proof.eip712.too-large")
        names = sorted(document, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return tuple(Field(name, self._type(name, document[name], f"{path}/{name[:80]}", depth)) for name in names)

    def _type(self, name: str, value: Json, path: str, depth: int) -> str:
        if isinstance(value, bool):
            return "bool"
        if isinstance(value, str):
            return "string"
        if isinstance(value, int):
            return "uint256" if value >= 0 else "int256"
        if isinstance(value, Mapping):
            return self._struct(name, self.fields(value, path, depth + 1))
        if isinstance(value, Sequence):
            return self._array(name, value, path, depth + 1)
        raise _typeless(path, "null" if value is None else "a fraction")

    def _array(self, name: str, value: Sequence[Json], path: str, depth: int) -> str:
        if depth > MAX_DEPTH:
            raise ProofError(f"typed data is nested {MAX_DEPTH} deep at most", code="proof.eip712.too-large")
        types = {self._type(name, element, path, depth) for element in value}
        if len(types) > 1 and types != _SIGNED_NUMBERS:
            raise _typeless(path, "an array of different things")
        # An empty array is hashed alike whatever its type.
        return ("string" if not types else "int256" if len(types) > 1 else types.pop()) + "[]"

    def _struct(self, name: str, fields: tuple[Field, ...]) -> str:
        """Return the name of the struct with *fields*, made of the member's *name*; equal structs share one."""
        letters = _FOREIGN.sub("", name)
        stem = letters[:1].upper() + letters[1:48]
        stem = stem if stem[:1].isalpha() else f"Type{stem}"
        found, number = stem, 1
        while found in self._taken or self.structs.get(found, fields) != fields:
            number += 1
            found = f"{stem}{number}"
        self.structs[found] = fields
        return found


def _typeless(path: str, found: str) -> ProofError:
    return ProofError(f"{path} is {found}, for which EIP-712 has no type", code="proof.eip712.value")
