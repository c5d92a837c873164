"""Expanded JSON-LD to RDF (JSON-LD 1.1 API, section 8), without losing anything on the way.

Base direction goes into the i18n datatype, as the published eddsa-rdfc-2022 implementations do; with the default it
would be dropped, and with it a signed part of the text.
"""

from __future__ import annotations

import re
from typing import cast

from jikin.codec import jcs, nquads
from jikin.codec.nquads import Quad
from jikin.errors import CanonicalizationError
from jikin.values import Json

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE, _FIRST, _REST, _NIL = (f"<{_RDF}{name}>" for name in ("type", "first", "rest", "nil"))
_XSD = "http://www.w3.org/2001/XMLSchema#"
_DOUBLE = f"{_XSD}double"
_I18N = "https://www.w3.org/ns/i18n#"
_TRAILING = re.compile(r"(\d)0*E\+?(-)?0*(\d)")


def quads(expanded: object, *, keep_labels: bool = False) -> tuple[Quad, ...]:
    """Return the quads that *expanded* states, in document order; duplicates may occur.

    *keep_labels*: blank nodes keep the labels that *expanded* gives them; then every node has to have an id, and lists
    have to be written out as nodes. Raises CanonicalizationError for relative references (``codec.relative-iri``,
    ``codec.undefined-type``), blank predicates, keywords where RDF has no place for them, invalid IRIs, language tags
    and numbers.
    """
    writer = _Writer(keep_labels=keep_labels)
    for item in _list(expanded):
        writer.node(_object(item), "")
    return tuple(writer.quads)


class _Writer:
    def __init__(self, *, keep_labels: bool) -> None:
        self.quads: list[Quad] = []
        self._keep_labels = keep_labels
        self._blanks = 0
        self._named: dict[str, str] = {}  # the document's own blank node labels

    def node(self, node: dict[str, object], graph: str) -> str:
        """Write what *node* states into *graph* and return its term."""
        subject = self._resource(node["@id"]) if "@id" in node else self._blank()
        for key, value in node.items():
            if key != "@id":
                self._member(subject, key, value, graph)
        return subject

    def _member(self, subject: str, key: str, value: object, graph: str) -> None:
        if key == "@type":
            for name in _list(value):
                self._state(subject, _TYPE, self._type(name), graph)
        elif key in ("@graph", "@included"):
            # What a node holds as a graph is named by the node; what it includes stands beside it.
            for inner in _list(value):
                self.node(_object(inner), subject if key == "@graph" else graph)
        elif key == "@reverse":
            for name, nodes in _object(value).items():
                for inner in _list(nodes):
                    self._state(self.node(_object(inner), graph), _predicate(name), subject, graph)
        else:
            predicate = _predicate(key)
            for item in _list(value):
                self._state(subject, predicate, self._value(_object(item), graph), graph)

    def _state(self, subject: str, predicate: str, value: str, graph: str) -> None:
        self.quads.append(Quad(subject, predicate, value, graph))

    def _value(self, item: dict[str, object], graph: str) -> str:
        if "@value" in item:
            return _literal(item)
        if "@list" in item:
            _only(item, {"@list"})
            return self._collection(_list(item["@list"]), graph)
        return self.node(item, graph)

    def _collection(self, items: list[object], graph: str) -> str:
        """Write rdf:first and rdf:rest of *items* and return the head."""
        if not items:
            return _NIL
        cells = [self._blank() for _ in items]
        for cell, item, rest in zip(cells, items, [*cells[1:], _NIL], strict=True):
            self._state(cell, _FIRST, self._value(_object(item), graph), graph)
            self._state(cell, _REST, rest, graph)
        return cells[0]

    def _blank(self) -> str:
        self._blanks += 1
        return f"_:n{self._blanks}"

    def _resource(self, name: object) -> str:
        if not isinstance(name, str):  # None: pyld's answer to an id such as "@foo"
            raise CanonicalizationError("an id that looks like a keyword", code="codec.keyword-like-term")
        if name.startswith("_:"):
            if self._keep_labels:
                return name
            if name not in self._named:
                self._named[name] = self._blank()
            return self._named[name]
        return nquads.iri(name)

    def _type(self, name: object) -> str:
        try:
            return self._resource(name)
        except CanonicalizationError as error:
            if error.code != "codec.relative-iri":
                raise
            raise CanonicalizationError(
                f"the type {str(name)[:200]!r} is not defined by the document's contexts",
                code="codec.undefined-type",
                hint="add the context that defines it, or leave the type out",
            ) from error


def _predicate(name: str) -> str:
    if name.startswith("@"):
        raise CanonicalizationError(
            f"{name!r} has no place in RDF here: what it holds would not be signed", code="codec.keyword"
        )
    if name.startswith("_:"):
        raise CanonicalizationError(f"{name[:80]!r}: a blank node cannot be a predicate", code="codec.blank-predicate")
    return nquads.iri(name)


def _literal(item: dict[str, object]) -> str:
    """Return the term of a value object (section 8.2.2)."""
    _only(item, {"@value", "@type", "@language", "@direction"})
    value, datatype = item["@value"], item.get("@type")
    if datatype == "@json":
        text = jcs.canonicalize(cast(Json, value)).decode("utf-8")
        return nquads.literal(text, datatype=f"{_RDF}JSON")
    if datatype is not None and not isinstance(datatype, str):
        raise CanonicalizationError("a value has one datatype", code="codec.jsonld")
    if isinstance(value, str):
        return _typed_text(value, datatype) if datatype else _text(value, item)
    if isinstance(value, bool):
        return nquads.literal("true" if value else "false", datatype=datatype or f"{_XSD}boolean")
    if isinstance(value, int | float):
        return _number(value, datatype)
    raise CanonicalizationError("a value is a text, a number, true or false", code="codec.jsonld")


def _number(value: int | float, datatype: str | None) -> str:
    if datatype == _DOUBLE or abs(value) >= 1e21 or value != int(value):
        return nquads.literal(_double(value), datatype=datatype or _DOUBLE)
    return nquads.literal(str(int(value)), datatype=datatype or f"{_XSD}integer")


def _text(value: str, item: dict[str, object]) -> str:
    language, direction = str(item.get("@language", "")), item.get("@direction")
    plain = nquads.literal(value, language=language)  # refuses what is no language tag
    if direction is None:
        return plain
    return nquads.literal(value, datatype=f"{_I18N}{language}_{direction}")


def _typed_text(value: str, datatype: str) -> str:
    # The standard keeps the text of a double as written; the processors most signatures come from rewrite it. Where
    # the two readings differ there are two hashes for one document, so there is none here.
    if datatype == _DOUBLE:
        try:
            canonical = _double(float(value))
        except ValueError:
            canonical = value
        if canonical != value:
            raise CanonicalizationError(
                f"the text {value[:80]!r} for a double is read in two ways; a number, or {canonical!r}, is read in one",
                code="codec.double-as-text",
            )
    return nquads.literal(value, datatype=datatype)


def _double(value: float) -> str:
    """Return the canonical xsd:double text: 15 digits behind the point, trailing zeros dropped (section 8.6)."""
    return _TRAILING.sub(r"\1E\2\3", f"{value:1.15E}")


def _only(item: dict[str, object], allowed: set[str]) -> None:
    if extra := item.keys() - allowed:
        raise CanonicalizationError(
            f"{min(extra)!r} has no place in RDF here: what it holds would not be signed", code="codec.keyword"
        )


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise CanonicalizationError("a value stands where a node belongs", code="codec.jsonld")
    return value


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
