"""The contract's ABI: calls to bytes, answers, events and errors to values, all by the names of the interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError

from jikin.anchoring.calls import Call, Plain
from jikin.errors import ChainUnavailableError, RegistryRefusedError, SettingsError, ValueRefusedError
from jikin.values import Address, Digest, Json, JsonObject, keccak256

_ERROR_TEXT = keccak256(b"Error(string)")[:4]
_PANIC = keccak256(b"Panic(uint256)")[:4]


def senseless(what: str) -> ChainUnavailableError:
    """Return the error for an answer that cannot be the registry's: no verdict can rest on such a node."""
    return ChainUnavailableError(f"the node's answer makes no sense: {what}", code="chain.senseless")


class Record:
    """Named values of an answer or event; asking for a name that is not there, or of another type, is `senseless`."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, object]) -> None:
        """Keep *values*."""
        self._values = values

    def number(self, name: str) -> int:
        """Return an integer member."""
        value = self._values.get(name)
        if not isinstance(value, int):
            raise senseless(f"{name} is no number")
        return int(value)

    def octets(self, name: str) -> bytes:
        """Return a bytes member."""
        value = self._values.get(name)
        if not isinstance(value, bytes):
            raise senseless(f"{name} is no byte string")
        return value

    def text(self, name: str) -> str:
        """Return a string member."""
        value = self._values.get(name)
        if not isinstance(value, str):
            raise senseless(f"{name} is no text")
        return value

    def digest(self, name: str) -> Digest:
        """Return a bytes32 member."""
        return Digest(self.octets(name))

    def address(self, name: str) -> Address:
        """Return an address member."""
        value = self._values.get(name)
        if not isinstance(value, Address):
            raise senseless(f"{name} is no address")
        return value


@dataclass(frozen=True, slots=True)
class _Parameter:
    """One input or output: *type* as signatures spell it, with the members of a struct."""

    name: str
    type: str
    indexed: bool
    members: tuple[_Parameter, ...]

    def value(self, decoded: object) -> object:
        """Return what eth_abi decoded with our values in it: Address for addresses, Record for structs."""
        if self.type.endswith("[]") and isinstance(decoded, tuple | list):
            single = _Parameter(self.name, self.type[:-2], indexed=False, members=self.members)
            return tuple(single.value(entry) for entry in decoded)
        if self.members and isinstance(decoded, tuple | list):
            return _record(self.members, decoded)
        if self.type == "address" and isinstance(decoded, str):
            return Address.parse(decoded)
        return decoded


@dataclass(frozen=True, slots=True)
class _Entry:
    """One function, event or error."""

    name: str
    inputs: tuple[_Parameter, ...]
    outputs: tuple[_Parameter, ...]

    @property
    def hash(self) -> bytes:
        """Return keccak-256 of the signature: an event's topic, and in its first four bytes a selector."""
        return keccak256(f"{self.name}({','.join(each.type for each in self.inputs)})".encode("ascii"))


class Interface:
    """The contract's functions, events and errors, made from its ABI."""

    def __init__(self, abi: Sequence[JsonObject]) -> None:
        """Index *abi*; raises SettingsError when it is none."""
        kinds: dict[str, dict[str, _Entry]] = {"function": {}, "event": {}, "error": {}, "constructor": {}}
        for described in abi:
            kind = described.get("type")
            if isinstance(kind, str) and kind in kinds:
                entry = _entry(described)
                kinds[kind][entry.name] = entry
        self._functions, self._events, self._constructor = kinds["function"], kinds["event"], kinds["constructor"]
        # Nodes pass a custom error on as selector and arguments; its name is known here alone.
        self._errors = {entry.hash[:4]: entry for entry in kinds["error"].values()}

    def selectors(self) -> Mapping[bytes, str]:
        """Return the names of the functions by their selectors, 4 bytes."""
        return {entry.hash[:4]: name for name, entry in self._functions.items()}

    def call_data(self, call: Call) -> bytes:
        """Return selector and encoded arguments; raises ValueRefusedError for what does not fit the ABI."""
        entry = self._entry(self._functions, call.function)
        types = [each.type for each in entry.inputs]
        if types != list(call.types):
            raise SettingsError(f"{call.function} takes {types} in this ABI, the library passes {list(call.types)}")
        return self.view_data(call.function, *call.values)

    def view_data(self, function: str, *values: Plain | Sequence[Plain]) -> bytes:
        """Return selector and encoded arguments; raises ValueRefusedError for what does not fit the ABI."""
        entry = self._entry(self._functions, function)
        return entry.hash[:4] + _encoded(entry, values)

    def constructor_data(self, *values: Plain) -> bytes:
        """Return the encoded arguments that follow the creation code."""
        return _encoded(self._entry(self._constructor, "constructor"), values)

    def answer(self, function: str, data: bytes) -> Record:
        """Return the struct that *function* answered."""
        value = self._answer(function, data)
        if not isinstance(value, Record):
            raise senseless(f"{function} answered no struct")
        return value

    def answers(self, function: str, data: bytes) -> tuple[Record, ...]:
        """Return the list of structs that *function* answered."""
        value = self._answer(function, data)
        if not isinstance(value, tuple):
            raise senseless(f"{function} answered no list")
        return tuple(entry for entry in value if isinstance(entry, Record))

    def topic(self, event: str) -> Digest:
        """Return the first topic of the logs of *event*."""
        return Digest(self._entry(self._events, event).hash)

    def event(self, event: str, topics: Sequence[Digest], data: bytes) -> Record:
        """Return the members of a log of *event*, indexed ones included."""
        entry = self._entry(self._events, event)
        indexed = [each for each in entry.inputs if each.indexed]
        plain = [each for each in entry.inputs if not each.indexed]
        if not topics or topics[0].raw != entry.hash or len(topics) != len(indexed) + 1:
            raise senseless(f"a log that is no {event}")
        try:
            values = [decode([each.type], topic.raw)[0] for each, topic in zip(indexed, topics[1:], strict=True)]
            return _record((*indexed, *plain), [*values, *decode([each.type for each in plain], data)])
        except (DecodingError, ValueError) as error:
            raise senseless(f"a log of {event} that cannot be read") from error

    def refusal(self, data: bytes) -> RegistryRefusedError:
        """Return the contract's error that *data* carries, with its name and arguments."""
        if data[:4] == _ERROR_TEXT:
            return RegistryRefusedError("Error", _decoded(["string"], data[4:]))
        if data[:4] == _PANIC:
            return RegistryRefusedError("Panic", _decoded(["uint256"], data[4:]))
        entry = self._errors.get(data[:4])
        if entry is None:
            return RegistryRefusedError("Unknown", (data,))
        decoded = _decoded([each.type for each in entry.inputs], data[4:])
        pairs = zip(entry.inputs, decoded, strict=True)
        return RegistryRefusedError(entry.name, tuple(each.value(value) for each, value in pairs))

    def _answer(self, function: str, data: bytes) -> object:
        (output,) = self._entry(self._functions, function).outputs
        try:
            return output.value(decode([output.type], data)[0])
        except (DecodingError, ValueError) as error:
            raise senseless(f"{function} answered {len(data)} bytes that cannot be read") from error

    @staticmethod
    def _entry(entries: Mapping[str, _Entry], name: str) -> _Entry:
        if name not in entries:
            raise SettingsError(f"the registry's ABI has no {name}", hint="run `make setup` in the project's folder")
        return entries[name]


def _encoded(entry: _Entry, values: Sequence[Plain | Sequence[Plain]]) -> bytes:
    try:
        return encode([each.type for each in entry.inputs], list(values))
    except (EncodingError, TypeError, ValueError) as error:
        raise ValueRefusedError(f"{entry.name}: {error}") from error


def _decoded(types: Sequence[str], data: bytes) -> tuple[object, ...]:
    try:
        return tuple(decode(types, data))
    except (DecodingError, ValueError) as error:
        raise senseless("an error whose arguments cannot be read") from error


def _record(parameters: Sequence[_Parameter], values: Sequence[object]) -> Record:
    return Record({each.name: each.value(value) for each, value in zip(parameters, values, strict=True)})


def _entry(described: JsonObject) -> _Entry:
    return _Entry(
        str(described.get("name", described.get("type"))),
        _parameters(described, "inputs"),
        _parameters(described, "outputs"),
    )


def _parameters(described: JsonObject, name: str) -> tuple[_Parameter, ...]:
    listed: Json = described.get(name, ())
    if isinstance(listed, str) or not isinstance(listed, Sequence):
        return ()
    return tuple(_parameter(each) for each in listed if isinstance(each, Mapping))


def _parameter(described: JsonObject) -> _Parameter:
    members = _parameters(described, "components")
    kind = str(described.get("type"))
    if kind.startswith("tuple"):
        kind = f"({','.join(each.type for each in members)}){kind.removeprefix('tuple')}"
    return _Parameter(str(described.get("name")), kind, described.get("indexed") is True, members)
