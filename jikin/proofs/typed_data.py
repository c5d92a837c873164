"""EIP-712 typed data: reading it from a stranger, and the 32-byte digest that an Ethereum account signs.

Only what every implementation hashes alike is accepted. Where libraries differ (a missing or null member, a number
given as text, a declared type that is not used, an array of another length than declared) one signature would fit
several readings, and one of them would be the forger's. A member that no declared type covers is not signed, so it is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jikin.errors import ProofError, ValueRefusedError
from jikin.values import Address, Json, JsonObject, keccak256

DOMAIN_TYPE = "EIP712Domain"
MAX_INTEGER = 2**53 - 1  # beyond, a double (and so every JavaScript reader) holds another number
_DOMAIN_FIELDS = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}
_MAX_TYPES = 64
_MAX_FIELDS = 512  # of all types together
_MAX_NAME = 128
MAX_DEPTH = 32
_MAX_VALUES = 20_000
_TYPE_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}")
# In the text that is hashed, commas and brackets part the members: in a name they could move a border.
_FIELD_NAME = re.compile(r"[^,()\[\]\x00-\x1f]+")
_REFERENCE = re.compile(r"([A-Za-z_$][A-Za-z0-9_$]{0,63})((?:\[(?:[1-9][0-9]{0,3})?\]){0,8})")
_DIMENSION = re.compile(r"\[([0-9]*)\]")
_NUMBER_TYPE = re.compile(r"(u?)int([1-9][0-9]{0,2})")
_BYTES_TYPE = re.compile(r"bytes([1-9]|[12][0-9]|3[0-2])?")
_ATOMIC_LIKE = re.compile(r"u?int[0-9]*|bytes[0-9]*|bool|address|string|function|u?fixed[0-9x]*")
_HEX = re.compile(r"0x((?:[0-9a-fA-F]{2})*)")


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a struct type: its *name* and the *type* of its value, such as ``uint256`` or ``Result[]``."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class TypedData:
    """A *message* of the type *primary_type* for the *domain*; *types* are all but that of the domain."""

    types: Mapping[str, Sequence[Field]]
    primary_type: str
    domain: JsonObject
    message: JsonObject

    def digest(self) -> bytes:
        """Return keccak-256 of 0x1901, the domain's hash and the message's: the 32 bytes that are signed (EIP-712).

        Raises ProofError: ``proof.eip712.domain``; ``proof.eip712.types`` for declarations that no value could have;
        ``proof.eip712.value`` for a member that is missing or no value of its type; ``proof.eip712.unsigned`` for a
        member that no type covers; ``proof.eip712.too-large`` beyond the limits of this reader.
        """
        domain = _Encoder({DOMAIN_TYPE: _domain_fields(self.domain)}).struct(DOMAIN_TYPE, self.domain, "domain", 1)
        encoder = _Encoder(self.types)
        encoder.check_use(self.primary_type)
        return keccak256(b"\x19\x01" + domain + encoder.struct(self.primary_type, self.message, "", 1))


def read(types: Json, domain: Json, primary_type: Json, message: JsonObject) -> TypedData:
    """Return the typed data that a stranger's JSON states, its shape checked; raises ProofError as ``digest`` does.

    *types* may declare ``EIP712Domain``; it then has exactly the members that *domain* has, in EIP-712's order.
    """
    if not isinstance(domain, Mapping):
        raise ProofError("the domain of typed data is an object", code="proof.eip712.domain")
    if not isinstance(primary_type, str):
        raise _wrong_types("primaryType is the name of a type")
    if not isinstance(types, Mapping) or len(types) > _MAX_TYPES:
        raise _wrong_types(f"the types are an object of at most {_MAX_TYPES} types, given by value")
    declared = {name: tuple(_fields(name, fields)) for name, fields in types.items()}
    if sum(map(len, declared.values())) > _MAX_FIELDS:
        raise ProofError(f"typed data has at most {_MAX_FIELDS} members", code="proof.eip712.too-large")
    stated = declared.pop(DOMAIN_TYPE, None)
    _check_references(declared)
    if stated is not None and stated != _domain_fields(domain):
        raise ProofError(f"{DOMAIN_TYPE} declares other members than the domain has", code="proof.eip712.domain")
    return TypedData(declared, primary_type, domain, message)


def types_json(types: Mapping[str, Sequence[Field]], domain: JsonObject) -> JsonObject:
    """Return *types*, and that of *domain*, as JSON: what a wallet or another verifier is given."""
    whole = {DOMAIN_TYPE: _domain_fields(domain), **types}
    return {name: [{"name": field.name, "type": field.type} for field in fields] for name, fields in whole.items()}


def _fields(type_name: str, fields: Json) -> Iterator[Field]:
    if not _TYPE_NAME.fullmatch(type_name) or _ATOMIC_LIKE.fullmatch(type_name):
        raise _wrong_types(f"{type_name[:80]!r} is no name of a struct type")
    if not isinstance(fields, Sequence) or isinstance(fields, str):
        raise _wrong_types(f"the members of {type_name} are an array")
    seen: set[str] = set()
    for field in fields:
        if not isinstance(field, Mapping) or set(field) != {"name", "type"}:
            raise _wrong_types(f"a member of {type_name} is an object with name and type")
        name, reference = field["name"], field["type"]
        if not isinstance(name, str) or len(name) > _MAX_NAME or not _FIELD_NAME.fullmatch(name) or name in seen:
            raise _wrong_types(f"{str(name)[:80]!r} is no name of a member of {type_name}, or twice there")
        if not isinstance(reference, str) or not _REFERENCE.fullmatch(reference):
            raise _wrong_types(f"{str(reference)[:80]!r} is no type for {type_name}.{name}")
        seen.add(name)
        yield Field(name, reference)


def _check_references(declared: Mapping[str, Sequence[Field]]) -> None:
    for name, fields in declared.items():
        for field in fields:
            core, _ = _parts(field.type)
            if core not in declared and not _is_atomic(core):
                raise _wrong_types(f"{name}.{field.name} is of the type {core!r}, neither declared nor EIP-712's own")


def _domain_fields(domain: JsonObject) -> tuple[Field, ...]:
    """Return the members of the domain in the order of EIP-712; at least one, and none of one's own."""
    fields = tuple(Field(name, kind) for name, kind in _DOMAIN_FIELDS.items() if name in domain)
    if not fields or len(fields) != len(domain):
        known = ", ".join(_DOMAIN_FIELDS)
        raise ProofError(f"the domain of typed data has some of {known} and nothing else", code="proof.eip712.domain")
    return fields


class _Encoder:
    """Hashes values of the declared types; counts what it does, for the value comes from a stranger."""

    def __init__(self, types: Mapping[str, Sequence[Field]]) -> None:
        self._types = types
        self._type_hashes: dict[str, bytes] = {}
        self._values = 0

    def check_use(self, primary_type: str) -> None:
        """Refuse a type that the primary type does not lead to: it says something nobody signed."""
        if primary_type not in self._types:
            raise _wrong_types(f"the primaryType {primary_type[:80]!r} is not declared")
        if unused := sorted(set(self._types) - self._reached(primary_type)):
            raise _wrong_types(f"no member of {primary_type} is of the type {unused[0]!r}")

    def struct(self, type: str, value: Json, path: str, depth: int) -> bytes:
        """Return hashStruct of *value*, 32 bytes."""
        self._count(depth)
        if not isinstance(value, Mapping):
            raise _wrong_value(path, value, f"an object of the type {type}")
        fields = self._types[type]
        if foreign := sorted(set(value) - {field.name for field in fields}):
            raise ProofError(
                f"{_join(path, foreign[0])} is not in the type {type}, so it is not signed",
                code="proof.eip712.unsigned",
            )
        encoded = [self._type_hash(type)]
        for field in fields:
            place = _join(path, field.name)
            if field.name not in value:
                raise ProofError(f"{place} is missing; the type {type} has it", code="proof.eip712.value")
            encoded.append(self._member(field.type, value[field.name], place, depth))
        return keccak256(b"".join(encoded))

    def _member(self, type: str, value: Json, path: str, depth: int) -> bytes:
        core, dimensions = _parts(type)
        if dimensions:
            return self._array(core, dimensions, value, path, depth + 1)
        if core in self._types:
            return self.struct(core, value, path, depth + 1)
        self._count(depth)
        return _atom(core, value, path)

    def _array(self, core: str, dimensions: Sequence[str], value: Json, path: str, depth: int) -> bytes:
        """Return the hash of the elements' encodings; the last dimension is the outermost."""
        self._count(depth)
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise _wrong_value(path, value, "an array")
        length = dimensions[-1]
        if length and len(value) != int(length):
            raise _wrong_value(path, value, f"an array of {length}")
        inner = core + "".join(f"[{dimension}]" for dimension in dimensions[:-1])
        elements = (self._member(inner, element, f"{path}[{n}]", depth) for n, element in enumerate(value))
        return keccak256(b"".join(elements))

    def _count(self, depth: int) -> None:
        self._values += 1
        if self._values > _MAX_VALUES or depth > MAX_DEPTH:
            raise ProofError(
                f"typed data holds at most {_MAX_VALUES} values, nested {MAX_DEPTH} deep", code="proof.eip712.too-large"
            )

    def _type_hash(self, type: str) -> bytes:
        """Return typeHash: of the type, then the types it leads to, sorted by name."""
        if type not in self._type_hashes:
            names = [type, *sorted(self._reached(type) - {type})]
            text = "".join(
                f"{name}({','.join(f'{field.type} {field.name}' for field in self._types[name])})" for name in names
            )
            self._type_hashes[type] = keccak256(_utf8(text, type))
        return self._type_hashes[type]

    def _reached(self, type: str) -> set[str]:
        """Return the struct types that *type* leads to, itself included."""
        reached, below = {type}, [type]
        while below:
            for field in self._types[below.pop()]:
                core, _ = _parts(field.type)
                if core in self._types and core not in reached:
                    reached.add(core)
                    below.append(core)
        return reached


def _parts(type: str) -> tuple[str, list[str]]:
    """Return the innermost type, and the array dimensions as they are written ("" for any length)."""
    core, bracket, rest = type.partition("[")
    return core, _DIMENSION.findall(bracket + rest)


def _is_atomic(type: str) -> bool:
    """Say whether *type* is one of EIP-712's own: ``int`` and ``uint`` for short are not."""
    number = _NUMBER_TYPE.fullmatch(type)
    if number is not None:
        return int(number[2]) % 8 == 0 and int(number[2]) <= 256
    return type in ("string", "bool", "address") or _BYTES_TYPE.fullmatch(type) is not None


def _atom(type: str, value: Json, path: str) -> bytes:
    """Return the 32 bytes of an atomic value, or the hash of a dynamic one (EIP-712, "Definition of encodeData")."""
    if type == "string":
        if not isinstance(value, str):
            raise _wrong_value(path, value, "a text")
        return keccak256(_utf8(value, path))
    if type == "bool":
        if not isinstance(value, bool):
            raise _wrong_value(path, value, "true or false")
        return int(value).to_bytes(32, "big")
    if type == "address":
        try:
            return bytes(12) + Address.parse(value if isinstance(value, str) else "").raw
        except ValueRefusedError as error:
            raise _wrong_value(path, value, "an address") from error
    if number := _NUMBER_TYPE.fullmatch(type):
        return _integer(bool(number[1]), int(number[2]), value, path)
    if type == "bytes":
        return keccak256(_bytes(None, value, path))
    return _bytes(int(type.removeprefix("bytes")), value, path).ljust(32, b"\0")


def _integer(unsigned: bool, bits: int, value: Json, path: str) -> bytes:
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    low, high = max(low, -MAX_INTEGER), min(high, MAX_INTEGER)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _wrong_value(path, value, f"a whole number from {low} to {high}")
    return value.to_bytes(32, "big", signed=True)


def _bytes(length: int | None, value: Json, path: str) -> bytes:
    digits = _HEX.fullmatch(value) if isinstance(value, str) else None
    raw = None if digits is None else bytes.fromhex(digits[1])
    if raw is None or length not in (None, len(raw)):
        raise _wrong_value(path, value, f"0x and {2 * length if length else 'pairs of'} hexadecimal digits")
    return raw


def _utf8(text: str, path: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ProofError(f"{path} holds half a character", code="proof.eip712.value") from error


def _join(path: str, name: str) -> str:
    return f"{path}.{name[:80]}" if path else name[:80]


def _wrong_types(message: str) -> ProofError:
    return ProofError(message, code="proof.eip712.types")


def _wrong_value(path: str, value: Json, right: str) -> ProofError:
    # The value itself is not repeated: it may be a person's name.
    return ProofError(f"{path or 'the message'} is {_kind(value)}; right would be {right}", code="proof.eip712.value")


def _kind(value: Json) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true or false"
    if isinstance(value, int | float):
        return "another number"
    return "another text" if isinstance(value, str) else "an object" if isinstance(value, Mapping) else "another array"
