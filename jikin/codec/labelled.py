"""Documents whose every node has a name, so that what a part states can be found in what the whole states.

W3C Data Integrity ECDSA Cryptosuites 1.0, section 3.4, names the nodes without id by URNs ("skolemization"), compacts
the result, and makes blank nodes of the URNs again. Here each such object of the document gets a blank node label as
its ``@id``, which nothing on the way replaces: one expansion instead of an expansion and a compaction, and the document
keeps its layout, so that a pointer leads to the same place before and after.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from jikin.codec import jsonld, rdf
from jikin.codec.contexts import Contexts
from jikin.codec.nquads import Quad
from jikin.values import Json, JsonObject

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NIL = f"{_RDF}nil"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A document with a label on each node that has no id, and what it states.

    *document* is a copy of the document in which such objects have ``"@id": "_:…"``. Labels are the same each time.
    """

    document: JsonObject
    quads: tuple[Quad, ...]
    _prefix: str
    _contexts: Contexts = field(repr=False)

    @classmethod
    def of(cls, document: JsonObject, contexts: Contexts) -> Labelled:
        """Return *document* labelled; raises CanonicalizationError as ``jsonld.to_quads`` does."""
        expansion = jsonld.expand(document, contexts, with_origins=True)
        prefix = _free_prefix(expansion.document)
        stated = {id(node) for node in _nodes(expansion.expanded)}
        numbers = itertools.count()
        for source, node in expansion.origins:
            # What expansion made and did not use (the object around a graph, a map of reverse properties) is no node.
            if id(node) in stated and "@id" not in node:
                source["@id"] = node["@id"] = f"{prefix}.{next(numbers)}"
        plain = cast(JsonObject, expansion.document)
        return cls(plain, _quads(expansion.expanded, prefix), prefix, contexts)

    def stated_by(self, part: JsonObject) -> tuple[Quad, ...]:
        """Return what a *part* of the labelled document states, in the labels of the whole.

        *part* has some of the members of ``document``, their arrays some of the elements; each object keeps its id and
        types. Raises CanonicalizationError.
        """
        return _quads(jsonld.expand(part, self._contexts).expanded, self._prefix)

    def bare(self, part: JsonObject) -> JsonObject:
        """Return a copy of a *part* of the labelled document without the labels."""
        return {name: self._bare(value) for name, value in part.items() if not self._is_label(name, value)}

    def _bare(self, value: Json) -> Json:
        if isinstance(value, Mapping):
            return self.bare(value)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self._bare(item) for item in value]
        return value

    def _is_label(self, name: str, value: Json) -> bool:
        return name == "@id" and isinstance(value, str) and value.startswith(f"{self._prefix}.")


def _nodes(expanded: object) -> Iterator[dict[str, object]]:
    """Yield the node objects of an *expanded* document."""
    below = [expanded]
    while below:
        item = below.pop()
        if isinstance(item, list):
            below.extend(item)
        elif isinstance(item, dict) and "@value" not in item:
            if "@list" not in item:
                yield item
            for name, value in item.items():
                if name == "@reverse" and isinstance(value, dict):
                    below.extend(value.values())
                elif name not in ("@id", "@type"):
                    below.append(value)


def _free_prefix(document: object) -> str:
    """Return the first of ``_:n0``, ``_:n1`` … that no text of *document* begins with, up to its first dot."""
    taken: set[str] = set()
    below = [document]
    while below:
        item = below.pop()
        if isinstance(item, str):
            if item.startswith("_:n"):
                taken.add(item.partition(".")[0])
        elif isinstance(item, dict):
            below.extend(item)
            below.extend(item.values())
        elif isinstance(item, list):
            below.extend(item)
    return next(name for name in map("_:n{}".format, itertools.count()) if name not in taken)


def _quads(expanded: object, prefix: str) -> tuple[Quad, ...]:
    items = expanded if isinstance(expanded, list) else [expanded]
    namer = _Namer(prefix)
    for item in items:
        if isinstance(item, dict):
            namer.node(item)
    return rdf.quads(items, keep_labels=True)


class _Namer:
    """Names what has no object of its own in the document: the graphs around nodes, and the cells of lists.

    Their names follow from where they stand and what they hold, so that a part of the document gives the same ones.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._uses: dict[str, int] = {}

    def node(self, node: dict[str, object]) -> None:
        """Name what is below *node*, whose own name is set."""
        if "@id" not in node:
            node["@id"] = self._name("node", node)
        for key, value in node.items():
            if key in ("@id", "@type"):
                continue
            if key == "@reverse" and isinstance(value, dict):
                for name, items in value.items():
                    value[name] = self._values(node["@id"], name, items)
            else:
                node[key] = self._values(node["@id"], key, value)

    def _values(self, subject: object, predicate: str, values: object) -> object:
        if not isinstance(values, list):
            return values
        return [self._value(subject, predicate, value) for value in values]

    def _value(self, subject: object, predicate: str, value: object) -> object:
        if not isinstance(value, dict) or "@value" in value:
            return value
        if value.keys() == {"@list"}:
            return self._collection(subject, predicate, value["@list"])
        if "@list" in value:
            return value  # with more than a list in it: the RDF step says what is wrong
        if "@id" not in value:
            value["@id"] = self._name("graph", [subject, predicate, _held(value)])
        self.node(value)
        return value

    def _collection(self, subject: object, predicate: str, values: object) -> object:
        """Return a list written out as nodes (RDF Schema 1.1, section 5.2): a cell for each item."""
        items = self._values(subject, predicate, values if isinstance(values, list) else [values])
        if not isinstance(items, list) or not items:
            return {"@id": _NIL}
        name = self._name("list", [subject, predicate, items])
        cells: list[dict[str, object]] = [
            {"@id": f"{name}.{number}", f"{_RDF}first": [item], f"{_RDF}rest": [{"@id": f"{name}.{number + 1}"}]}
            for number, item in enumerate(items)
        ]
        cells[-1][f"{_RDF}rest"] = [{"@id": _NIL}]
        # Beside the first one, not inside each other: a list may be longer than Python's stack is deep.
        return {**cells[0], "@included": cells[1:]}

    def _name(self, kind: str, about: object) -> str:
        """Return a name that follows from *about*; of two that are alike the second gets another one."""
        digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode("ascii")).hexdigest()[:32]
        number = self._uses[digest] = self._uses.get(digest, 0) + 1
        return f"{self._prefix}.{kind}.{digest}.{number}"


def _held(graph: dict[str, object]) -> object:
    """Return the ids of the nodes in a *graph* object: what tells it from another, also when shown in part."""
    nodes = graph.get("@graph")
    return [node.get("@id") for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else graph
