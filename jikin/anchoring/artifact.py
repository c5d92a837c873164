"""The compiled contract as the library carries it: ABI, creation code, and what its deployed code must hash to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from jikin.errors import SettingsError, ValueRefusedError
from jikin.values import Digest, Json, JsonObject, keccak256

_FILE = Path(__file__).resolve().parent.parent / "_generated" / "registry.json"


@dataclass(frozen=True, slots=True)
class Artifact:
    """What `tools/build_registry.py` wrote: *runtime_hash* is keccak-256 of the runtime code with immutables zeroed.

    *immutables* are (start, length) in the runtime code, in bytes; the constructor fills them, so they differ from one
    deployment to the next while the code is the same.
    """

    contract: str
    abi: tuple[JsonObject, ...] = field(repr=False)
    bytecode: bytes = field(repr=False)
    runtime_hash: Digest
    immutables: tuple[tuple[int, int], ...]

    def matches(self, code: bytes) -> bool:
        """Say whether *code*, as deployed, is this contract: the same bytes but for the immutables."""
        if not code or any(start + length > len(code) for start, length in self.immutables):
            return False
        zeroed = bytearray(code)
        for start, length in self.immutables:
            zeroed[start : start + length] = bytes(length)
        return keccak256(bytes(zeroed)) == self.runtime_hash.raw


@lru_cache(maxsize=1)
def load() -> Artifact:
    """Return the artifact of this installation; raises SettingsError when it was not built or cannot be read."""
    try:
        return parse(json.loads(_FILE.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise _unusable("is missing") from error
    except (OSError, ValueError) as error:
        raise _unusable(f"cannot be read: {error}") from error


def parse(value: Json) -> Artifact:
    """Return the artifact that the parsed `registry.json` states; raises SettingsError."""
    if not isinstance(value, Mapping):
        raise _unusable("is no object")
    contract, abi, bytecode = (value.get(name) for name in ("contract", "abi", "bytecode"))
    runtime_hash, immutables = value.get("runtimeHash"), value.get("immutables")
    if not (isinstance(contract, str) and isinstance(bytecode, str) and isinstance(runtime_hash, str)):
        raise _unusable("lacks contract, bytecode or runtimeHash")
    try:
        return Artifact(
            contract,
            _objects(abi),
            bytes.fromhex(bytecode.removeprefix("0x")),
            Digest.from_hex(runtime_hash),
            tuple((_number(place, "start"), _number(place, "length")) for place in _objects(immutables)),
        )
    except (ValueError, ValueRefusedError) as error:
        raise _unusable(f"cannot be read: {error}") from error


def _unusable(what: str) -> SettingsError:
    return SettingsError(
        f"the compiled registry ({_FILE.parent.name}/{_FILE.name}) {what}",
        code="settings.registry-artifact",
        hint="run `make setup` in the project's folder",
    )


def _objects(value: Json) -> tuple[JsonObject, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _unusable("has no list of abi or immutables")
    return tuple(entry for entry in value if isinstance(entry, Mapping))


def _number(value: JsonObject, name: str) -> int:
    number = value.get(name)
    if not isinstance(number, int) or number < 0:
        raise ValueError(f"{name} is a number")
    return number
