"""Our JSON Schemas of Open Badges 3.0 and CLR 2.0 (``schemas/badges``): what kind a document is, where it breaks it.

Written from the published data models. Both versions of the W3C model are read: a 1.1 credential has ``issuanceDate``
where a 2.0 one has ``validFrom``. What no schema can say, such as a result that names a description which is not there,
stands in ``badge_rules``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

import schemas
from jikin.credentials.structure import items
from jikin.errors import CredentialError
from jikin.values import Json, JsonObject

MAX_FAULTS = 20
MAX_DEPTH = 32
_Schema = bool | Mapping[str, Any]  # as jsonschema names it
_FOLDER = "badges"
_SUFFIX = ".schema.json"


class BadgeKind(Enum):
    """What Open Badges and CLR describe; the value is the name of its schema's file."""

    ACHIEVEMENT = "achievement-credential"
    ENDORSEMENT = "endorsement-credential"
    CLR = "clr-credential"
    PROFILE = "profile"


_TYPES = {
    "OpenBadgeCredential": BadgeKind.ACHIEVEMENT,
    "AchievementCredential": BadgeKind.ACHIEVEMENT,
    "EndorsementCredential": BadgeKind.ENDORSEMENT,
    "ClrCredential": BadgeKind.CLR,
}


@dataclass(frozen=True, slots=True)
class BadgeFault:
    """One place where a badge breaks its model: a JSON Pointer, a stable code, a sentence.

    *note*: allowed, and worth telling. The sentence may quote personal data and stays out of reprs.
    """

    code: str
    pointer: str
    message: str = field(repr=False)
    note: bool = False


def kind_of(document: JsonObject) -> BadgeKind | None:
    """Return what *document* says it is by its ``type``, None for another credential or for two kinds at once."""
    found = {_TYPES[name] for name in items(document.get("type")) if isinstance(name, str) and name in _TYPES}
    return found.pop() if len(found) == 1 else None


def schema(kind: BadgeKind) -> JsonObject:
    """Return the JSON Schema (2020-12) of *kind*; it refers to the others by their file names."""
    return _documents()[kind.value]


def faults(document: JsonObject, kind: BadgeKind) -> tuple[BadgeFault, ...]:
    """Return where *document* breaks the schema of *kind* (empty: nowhere), at most 20 places, by pointer.

    All have the code ``badge.schema``. Raises CredentialError (``badge.too-deep``) for a document nested deeper than
    any badge is, 32 levels.
    """
    _check_depth(document)
    found: set[BadgeFault] = set()  # two rules may say the same
    for error in _validator(kind).iter_errors(document):
        found.add(BadgeFault("badge.schema", pointer(error.absolute_path), error.message[:200]))
        if len(found) == MAX_FAULTS:
            break
    return tuple(sorted(found, key=lambda fault: (fault.pointer, fault.message)))


def pointer(path: Iterable[str | int], base: str = "") -> str:
    """Return the JSON Pointer (RFC 6901) of *path* below *base*."""
    return base + "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in path)


def _check_depth(document: JsonObject) -> None:
    # Profiles contain profiles, and endorsements are credentials again: the validator goes down with them, and where
    # Python's stack ends it would not raise an error but end the process.
    level: list[Json] = [document]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _containers(value)]
        if not level:
            return
    raise CredentialError(f"a badge is nested up to {MAX_DEPTH} levels, this one deeper", code="badge.too-deep")


def _containers(value: Json) -> Iterator[Json]:
    members = value.values() if isinstance(value, Mapping) else value if isinstance(value, Sequence) else ()
    yield from (one for one in members if isinstance(one, Mapping | Sequence) and not isinstance(one, str))


@cache
def _documents() -> dict[str, JsonObject]:
    names = [name for name in schemas.names(_FOLDER) if name.endswith(_SUFFIX)]
    return {name.removesuffix(_SUFFIX): json.loads(schemas.read(f"{_FOLDER}/{name}")) for name in names}


@cache
def _validator(kind: BadgeKind) -> Draft202012Validator:
    # Resolved among these documents alone: a schema is never fetched.
    registry: Registry[_Schema] = Registry().with_resources(
        (str(document["$id"]), Resource.from_contents(document)) for document in _documents().values()
    )
    return Draft202012Validator(schema(kind), registry=registry)
