"""JSON Schemas that credentials name in ``credentialSchema`` (VC 2.0, 4.11; VC JSON Schema Specification).

Whoever makes a credential chooses the schema, so a schema is a stranger's program: nothing it points at outside itself
is ever read, its regular expressions cannot explode (``codec.patterns``), and the steps it may take are counted. What
goes beyond that is refused; the credential then has not been checked against it, which is neither good nor bad.

>>> schema = DataSchema.parse(b'{"$schema": "https://json-schema.org/draft/2020-12/schema", "required": ["issuer"]}')
>>> [fault.message for fault in schema.faults({})]
["'issuer' is a required property"]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import attrs
from jsonschema import Draft7Validator, Draft201909Validator, Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]  # published without types
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import specification_with

from jikin.codec import strict_json
from jikin.codec.patterns import Pattern
from jikin.credentials.types import SubjectFault
from jikin.errors import CodecError, CredentialError
from jikin.values import Json, JsonObject

JSON_SCHEMA_TYPES = frozenset(
    {
        "JsonSchema",
        "JsonSchemaValidator2018",
        "JsonSchemaValidator2020",
        "1EdTechJsonSchemaValidator2019",
        "FullJsonSchemaValidator2021",
    }
)
"""Types of ``credentialSchema`` that stand for a JSON Schema at the URL; which dialect says its own ``$schema``."""

SCHEMA_CREDENTIAL_TYPE = "JsonSchemaCredential"
"""The type of a ``credentialSchema`` that is a credential with the JSON Schema inside."""

MAX_SCHEMA_BYTES = 256 * 1024
_MAX_VALUES = 5000  # in one schema: holding it against the rules of its dialect takes about a second
_MAX_STEPS = 100_000  # for one document: about a second; a whole badge against its schema takes 11,000
_MAX_STEPS_OF_SCHEMA = 400_000  # for one schema against its dialect: that of Open Badges takes about 170,000
_MAX_LEVELS = 200  # keywords within keywords
_MAX_FAULTS = 20
# What the library stumbles over instead of refusing: numbers beyond a double, references that are no URLs.
_STUMBLES = (RecursionError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
_REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
_UNEVALUATED = frozenset({"unevaluatedItems", "unevaluatedProperties"})

_PUBLISHED: Registry[Any] = REGISTRY  # the dialects themselves: the only schemas that any schema finds

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


class _Run:
    """One evaluation: what it has cost so far, and the expressions it has met."""

    def __init__(self, size: int, patterns: dict[str, Pattern], limit: int) -> None:
        self.size = size
        self._limit = limit
        self._patterns = patterns
        self._steps = 0
        self._level = 0

    def spend(self, steps: int) -> None:
        """Count *steps*; raises CredentialError when there are too many."""
        self._steps += steps
        if self._steps > self._limit:
            raise _refused(f"evaluating it takes more than {self._limit} steps", "too-costly")

    @contextmanager
    def level(self) -> Iterator[None]:
        """Count one keyword within another."""
        self._level += 1
        if self._level > _MAX_LEVELS:
            raise _refused(f"its keywords lie more than {_MAX_LEVELS} deep in each other", "too-costly")
        try:
            yield
        finally:
            self._level -= 1

    def matches(self, text: str, value: str) -> bool:
        """Say whether the expression *text* is found in *value*."""
        pattern = self._patterns.get(text)
        if pattern is None:
            try:
                pattern = self._patterns[text] = Pattern(text)
            except CodecError as error:
                raise _refused(str(error), "pattern") from error
            self.spend(pattern.size)
        return pattern.found_in(value, self.spend)


_run: ContextVar[_Run] = ContextVar("run")


def _counted(name: str, keyword: Keyword) -> Keyword:
    """Return *keyword*, which from now on pays for what it looks at."""

    def count(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        run = _run.get()
        with run.level():
            run.spend(_price(name, value, instance, run.size))
            yield from keyword(validator, value, instance, schema) or ()

    return count


def _price(name: str, value: Any, instance: Any, size: int) -> int:
    steps = 1
    for looked_at in (value, instance):
        steps += len(looked_at) if isinstance(looked_at, dict | list) else 0
    if name == "uniqueItems" and isinstance(instance, list) and not all(isinstance(one, str) for one in instance):
        steps += len(instance) ** 2  # each with each, where they cannot be sorted
    if name in _REFERENCES:
        steps += 4
    if name in _UNEVALUATED:
        steps += size  # the library looks through all that stands beside it
    return steps


# --- the keywords with regular expressions, on our matcher ---


def _pattern(validator: Any, value: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not _run.get().matches(value, instance):
        yield ValidationError(f"{instance[:80]!r} does not match {value[:80]!r}")


def _pattern_properties(validator: Any, value: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    for text, subschema in value.items():
        for name, member in instance.items():
            if _run.get().matches(text, name):
                yield from validator.descend(member, subschema, path=name, schema_path=text)


def _additional_properties(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    extras = [
        name for name in instance if name not in named and not any(_run.get().matches(text, name) for text in patterns)
    ]
    if validator.is_type(value, "object"):
        for name in extras:
            yield from validator.descend(instance[name], value, path=name)
    elif not value and extras:
        yield ValidationError(f"{', '.join(map(repr, sorted(extras)))[:200]} must not be there")


_OURS: Mapping[str, Keyword] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
}


def _bounded(dialect: type[Validator]) -> type[Validator]:
    keywords: Mapping[str, Keyword] = {**dialect.VALIDATORS, **_OURS}
    counted = {name: _counted(name, keyword) for name, keyword in keywords.items()}
    made: type[Validator] = extend(dialect, counted)  # type: ignore[no-untyped-call]
    # The library's own would go on with an unbounded validator wherever a schema inside says its dialect again.
    made.evolve = attrs.evolve  # type: ignore[method-assign, assignment]
    return made


_DIALECTS: Mapping[str, type[Validator]] = {
    "https://json-schema.org/draft/2020-12/schema": _bounded(Draft202012Validator),
    "https://json-schema.org/draft/2019-09/schema": _bounded(Draft201909Validator),
    "http://json-schema.org/draft-07/schema": _bounded(Draft7Validator),
}


@dataclass(frozen=True, slots=True)
class DataSchema:
    """A JSON Schema that can be evaluated."""

    dialect: str
    _validator: Validator = field(repr=False)
    _size: int = field(repr=False)
    _patterns: dict[str, Pattern] = field(repr=False, default_factory=dict)

    @classmethod
    def parse(cls, data: bytes) -> DataSchema:
        """Return the schema that *data* is, at most 256 KiB of JSON; raises CredentialError as ``of`` does."""
        if len(data) > MAX_SCHEMA_BYTES:
            raise _refused(f"it has {len(data)} bytes; at most {MAX_SCHEMA_BYTES} are read", "too-costly")
        try:
            value = strict_json.parse(data)
        except CodecError as error:
            raise _refused(str(error), "malformed") from error
        return cls.of(value)

    @classmethod
    def of(cls, value: Json) -> DataSchema:
        """Return the schema *value*; raises CredentialError.

        ``schema.malformed`` for what is no schema, ``schema.dialect`` for one that does not say that it is written in
        2020-12, 2019-09 or draft-07, ``schema.too-costly`` for one beyond the limits.
        """
        if not isinstance(value, dict):
            raise _refused("it is no JSON object", "malformed")
        stated = value.get("$schema")
        name = stated.removesuffix("#") if isinstance(stated, str) else ""
        dialect = _DIALECTS.get(name)
        if dialect is None:
            known = ", ".join(_DIALECTS)
            raise _refused(f"its $schema is {str(stated)[:80]!r}; read are {known}", "dialect")
        names, size = _measured(value)
        if size > _MAX_VALUES:
            raise _refused(f"it has {size} values; at most {_MAX_VALUES} are read", "too-costly")
        if names & _UNEVALUATED and "patternProperties" in names:
            raise _refused("unevaluated… beside patternProperties is not read", "too-costly")
        meta = cls(name, dialect(dialect.META_SCHEMA, registry=_PUBLISHED), size)
        if faults := meta._faults(value, _MAX_STEPS_OF_SCHEMA):
            raise _refused(f"it breaks the rules of {name} at {faults[0].pointer or '/'}", "malformed")
        return cls(name, dialect(value, registry=_registry(value, name)), size)

    def faults(self, document: JsonObject) -> tuple[SubjectFault, ...]:
        """Return where *document* breaks the schema (empty: nowhere), at most 20 places.

        Raises CredentialError: ``schema.reference`` for a schema elsewhere that would be needed, ``schema.pattern`` for
        an expression that is not read, ``schema.too-costly``.
        """
        return self._faults(document, _MAX_STEPS)

    def _faults(self, document: JsonObject, limit: int) -> tuple[SubjectFault, ...]:
        token = _run.set(_Run(self._size, self._patterns, limit))
        try:
            return tuple(sorted(self._found(document), key=lambda fault: fault.pointer))
        except Unresolvable as error:
            raise _refused(f"it refers to {str(error.ref)[:120]!r}, which is not part of it", "reference") from error
        except CredentialError:
            raise
        except _STUMBLES as error:
            raise _refused(f"it cannot be evaluated ({type(error).__name__})", "too-costly") from error
        finally:
            _run.reset(token)

    def _found(self, document: JsonObject) -> list[SubjectFault]:
        found = []
        for error in self._validator.iter_errors(document):
            pointer = "".join(f"/{token}" for token in error.absolute_path)
            found.append(SubjectFault(pointer, error.message[:200]))
            if len(found) == _MAX_FAULTS:
                break
        return found


def _registry(schema: JsonObject, dialect: str) -> Registry[Any]:
    """Return the published dialects and all that *schema* itself defines: nothing is ever retrieved.

    Its anchors are looked for once, here, and not again for each reference.
    """
    try:
        resource = specification_with(dialect).create_resource(schema)
        found: Registry[Any] = _PUBLISHED.with_resource(resource.id() or "", resource).crawl()
        return found
    except _STUMBLES as error:
        raise _refused(f"its identifiers are none ({type(error).__name__})", "malformed") from error


def _measured(schema: object) -> tuple[frozenset[str], int]:
    """Return the names in *schema* and the number of values in it."""
    names: set[str] = set()
    size = 0
    below = [schema]
    while below:
        value = below.pop()
        size += 1
        if isinstance(value, dict):
            names |= value.keys()
            below += value.values()
        elif isinstance(value, list):
            below += value
    return frozenset(names), size


def _refused(message: str, code: str) -> CredentialError:
    return CredentialError(f"the schema cannot be used: {message}", code=f"schema.{code}")
