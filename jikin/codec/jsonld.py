"""JSON-LD documents to RDF quads in safe mode: everything the document says is in the quads, or there are none.

A signature over RDF covers what the contexts make of a document. Whatever they leave out (an undefined term, a relative
id, a misspelt type) would look signed and be free to change, so it is refused (Data Integrity 1.0, "Securing Data
Losslessly").
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jikin.codec import rdf
from jikin.codec.contexts import Contexts
from jikin.codec.nquads import Quad
from jikin.errors import CanonicalizationError, WorkLimitError
from jikin.values import JsonObject

_MAX_DEPTH = 64
_MAX_VALUES = 20_000  # texts, numbers, objects and arrays in one document: about half a second
_MAX_CONTEXTS = 256  # contexts named in one document, all nodes together
_MAX_CONTEXT_MEMBERS = 1000  # members of the context objects a document brings along
_MAX_INTEGER = 2**53 - 1  # beyond, a double (and so every JavaScript reader) holds another number
_KEYWORD_LIKE = re.compile(r"@[a-zA-Z]+")
_KEYWORDS = frozenset(
    f"@{word}"
    for word in (
        *("base", "container", "context", "direction", "graph", "id", "included", "index", "json", "language", "list"),
        *("nest", "none", "propagate", "protected", "reverse", "set", "type", "value", "version", "vocab"),
    )
)


def to_quads(document: JsonObject, contexts: Contexts) -> tuple[Quad, ...]:
    """Return the quads that *document* states.

    Numbers, base direction (i18n datatype) and JSON literals as in JSON-LD 1.1; language tags in lower case. Raises
    CanonicalizationError, naming the term: ``codec.undefined-term``, ``codec.undefined-type``, ``codec.relative-iri``,
    ``codec.invalid-iri``, ``codec.unknown-context``, ``codec.protected-term``, ``codec.keyword-like-term``,
    ``codec.dropped`` …; WorkLimitError for contexts beyond the limits.
    """
    return rdf.quads(expand(document, contexts).expanded)


@dataclass(frozen=True, slots=True)
class Expansion:
    """A document expanded. *document* is a copy of it in plain dicts and lists; *origins* is filled when asked for.

    *origins*: objects of the copy, each with the object of *expanded* it became; nodes and values alike.
    """

    document: dict[str, object]
    expanded: object
    origins: list[tuple[dict[str, object], dict[str, object]]]


def expand(document: JsonObject, contexts: Contexts, *, with_origins: bool = False) -> Expansion:
    """Return *document* in expanded form (JSON-LD 1.1 API, section 5.1); raises as ``to_quads`` does."""
    from jikin.codec import expansion

    reader = _Reader(contexts)
    plain = reader.document(document, 1)
    origins: expansion.Origins = []
    try:
        expanded = expansion.expand(plain, contexts, inline=reader.inline, origins=origins if with_origins else None)
    except CanonicalizationError as error:
        if error.code != "codec.ignored-term":
            raise
        raise _ignored(plain) from error
    return Expansion(plain, expanded, origins)


class _Reader:
    """Copies a document into plain dicts and lists, and refuses what would harm or mislead the processor."""

    def __init__(self, contexts: Contexts) -> None:
        self.inline = False
        self._contexts = contexts
        self._values = 0
        self._named = 0
        self._members = 0

    def document(self, value: object, depth: int) -> dict[str, object]:
        """Return the plain copy of an object at nesting *depth*."""
        if depth > _MAX_DEPTH:
            raise CanonicalizationError(f"nested deeper than {_MAX_DEPTH}", code="codec.too-deep")
        if not isinstance(value, Mapping):
            raise CanonicalizationError("a JSON-LD document is an object", code="codec.jsonld")
        copy: dict[str, object] = {}
        for name, member in value.items():
            if not isinstance(name, str):
                raise CanonicalizationError("the names of an object are texts", code="codec.jsonld")
            if name == "@context":
                self._context(member, depth)
            copy[name] = self._value(member, depth)
        return copy

    def _value(self, value: object, depth: int) -> object:
        self._values += 1
        if self._values > _MAX_VALUES:
            raise WorkLimitError(f"a document holds at most {_MAX_VALUES} values")
        if value is None or isinstance(value, str | bool):
            return value
        if isinstance(value, int | float):
            return _number(value)
        if isinstance(value, Mapping):
            return self.document(value, depth + 1)
        if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
            if depth >= _MAX_DEPTH:
                raise CanonicalizationError(f"nested deeper than {_MAX_DEPTH}", code="codec.too-deep")
            return [self._value(item, depth + 1) for item in value]
        raise CanonicalizationError(f"JSON has no {type(value).__name__}", code="codec.jsonld")

    def _context(self, value: object, depth: int) -> None:
        """Check the value of a ``@context``: known names, or objects within the limits."""
        if depth > _MAX_DEPTH:
            raise CanonicalizationError(f"nested deeper than {_MAX_DEPTH}", code="codec.too-deep")
        for entry in value if isinstance(value, list | tuple) else [value]:
            self._named += 1
            if self._named > _MAX_CONTEXTS:
                raise WorkLimitError(f"a document names at most {_MAX_CONTEXTS} contexts")
            if isinstance(entry, str):
                if entry not in self._contexts:
                    self._contexts.document(entry)  # raises, with the words of the catalogue
            elif isinstance(entry, Mapping):
                self.inline = True
                self._context_object(entry, depth)
            elif entry is None:
                self.inline = True  # clears the contexts above it
            else:
                raise CanonicalizationError("a context is a URL, an object or null", code="codec.jsonld")

    def _context_object(self, entry: Mapping[str, object], depth: int) -> None:
        for name, definition in entry.items():
            self._term(name, definition)
            if name == "@context":
                self._context(definition, depth + 1)
            elif isinstance(definition, Mapping):
                for key, value in definition.items():
                    self._term("" if key == "@prefix" else key, value)  # a keyword inside a definition only
                    if key == "@context":
                        self._context(value, depth + 1)

    def _term(self, name: str, definition: object) -> None:
        self._members += 1
        if self._members > _MAX_CONTEXT_MEMBERS:
            raise WorkLimitError(f"a document brings at most {_MAX_CONTEXT_MEMBERS} context members along")
        if name == "@import":
            # pyld would merge the document's terms into its only copy of the imported context, for everybody after.
            raise CanonicalizationError("a context that imports another is not read", code="codec.context-import")
        for text in (name, definition):
            if isinstance(text, str) and _looks_like_keyword(text):
                raise _keyword_like(text)


def _number(value: int | float) -> int | float:
    if isinstance(value, int) and abs(value) > _MAX_INTEGER:
        raise CanonicalizationError(
            f"the integer {str(value)[:40]} is not the same number for every reader (beyond 2^53); write it as text",
            code="codec.number",
        )
    if not math.isfinite(value):
        raise CanonicalizationError("JSON has no NaN and no infinity", code="codec.number")
    return value


def _looks_like_keyword(text: str) -> bool:
    return text.startswith("@") and text not in _KEYWORDS and _KEYWORD_LIKE.fullmatch(text) is not None


def _keyword_like(term: str) -> CanonicalizationError:
    return CanonicalizationError(
        f"{term[:80]!r} looks like a JSON-LD keyword and is none: it would be ignored", code="codec.keyword-like-term"
    )


def _ignored(value: object) -> CanonicalizationError:
    """Return the error for a term the processor ignores, by name where the name shows it."""
    below = [value]
    while below:
        item = below.pop()
        if isinstance(item, dict):
            for name in item:
                if _looks_like_keyword(name):
                    return _keyword_like(name)
            below.extend(item.values())
        elif isinstance(item, list):
            below.extend(item)
    return CanonicalizationError(
        "a term that the document's contexts map to null would be ignored", code="codec.undefined-term"
    )
