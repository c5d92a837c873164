"""The canonical form of an RDF data set: RDFC-1.0 (W3C RDF Dataset Canonicalization), with a bounded amount of work.

Blank nodes have no names of their own. RDFC-1.0 gives each a name that follows from the data set alone, so that equal
data sets have equal text and equal hashes. For some graphs (many blank nodes that look alike) that takes more steps
than the age of the universe; a stranger may send such a graph, so every step is counted and the count has a limit.

Where a quad has three blank nodes, its graph among them, the specification may leave two nodes tied that are not alike
(section 4.8 takes neighbours one by one). Then the first one wins, here as in other implementations, and equal data
sets may have one of two texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from jikin.codec.nquads import Quad, line
from jikin.errors import CanonicalizationError, WorkLimitError

WORK_LIMIT = 100_000
"""Steps one call may take: sixteen times the hardest approved W3C vector (6,168), and about a third of a second."""

_MAX_DEPTH = 200  # blank nodes in a row that look alike; keeps Python's own stack out of reach
_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384}


def canonicalize(quads: Iterable[Quad], *, hash_name: str = "sha256", work_limit: int = WORK_LIMIT) -> str:
    """Return the canonical N-Quads of *quads*: blank nodes named c14n0, c14n1 …, lines sorted, duplicates dropped.

    *hash_name* is ``sha256`` or ``sha384``. Raises WorkLimitError for a graph that would cost more than *work_limit*
    steps, CanonicalizationError for another hash.
    """
    dataset = dict.fromkeys(quads)
    labels = _Canonicalizer(dataset, hash_name, work_limit).labels()
    if labels:
        lines = {line(Quad(*(labels.get(term, term) for term in quad))) for quad in dataset}
    else:
        lines = set(map(line, dataset))
    # str sorts by code point, which is what section 4.4.3 asks for.
    return "".join(sorted(lines))


def canonical_labels(
    quads: Iterable[Quad], *, hash_name: str = "sha256", work_limit: int = WORK_LIMIT
) -> Mapping[str, str]:
    """Return the issued identifiers map: each blank node (``_:x``) and its canonical name (``_:c14n0``).

    Raises as canonicalize does.
    """
    return _Canonicalizer(dict.fromkeys(quads), hash_name, work_limit).labels()


class _Issuer:
    """Section 4.5: names blank nodes in the order they are met."""

    __slots__ = ("issued", "prefix")

    def __init__(self, prefix: str, issued: Mapping[str, str] | None = None) -> None:
        self.prefix = prefix
        self.issued: dict[str, str] = dict(issued) if issued else {}

    def issue(self, node: str) -> str:
        name = self.issued.get(node)
        if name is None:
            name = self.issued[node] = f"{self.prefix}{len(self.issued)}"
        return name

    def copy(self) -> _Issuer:
        return _Issuer(self.prefix, self.issued)


class _Canonicalizer:
    """One run of section 4.4 over one data set."""

    def __init__(self, dataset: Iterable[Quad], hash_name: str, work_limit: int) -> None:
        if hash_name not in _HASHES:
            raise CanonicalizationError(f"RDFC-1.0 runs with sha256 or sha384 here, not {hash_name!r}")
        self._new_hash = _HASHES[hash_name]
        self._work_left = self._work_limit = work_limit
        self._quads_of: dict[str, list[Quad]] = {}
        for quad in dataset:
            for node in {quad.subject, quad.object, quad.graph}:
                if node.startswith("_:"):
                    self._quads_of.setdefault(node, []).append(quad)
        self._canonical = _Issuer("_:c14n")
        self._first_degree: dict[str, str] = {}

    def labels(self) -> Mapping[str, str]:
        """Steps 3 to 5: simple nodes first, then those whose first-degree hashes are shared."""
        alike: dict[str, list[str]] = {}
        for node in self._quads_of:
            alike.setdefault(self._hash_first_degree(node), []).append(node)
        shared: list[list[str]] = []
        for _, nodes in sorted(alike.items()):
            if len(nodes) == 1:
                self._canonical.issue(nodes[0])
            else:
                shared.append(nodes)
        for nodes in shared:
            found: list[tuple[str, _Issuer]] = []
            for node in nodes:
                if node in self._canonical.issued:
                    continue
                issuer = _Issuer("_:b")
                issuer.issue(node)
                found.append(self._hash_n_degree(node, issuer, 0))
            for _, issuer in sorted(found, key=lambda result: result[0]):
                for node in issuer.issued:
                    self._canonical.issue(node)
        return self._canonical.issued

    def _hash(self, text: str) -> str:
        return self._new_hash(text.encode("utf-8")).hexdigest()

    def _spend(self, steps: int) -> None:
        self._work_left -= steps
        if self._work_left < 0:
            raise WorkLimitError(
                f"this data set has no canonical form within {self._work_limit} steps: "
                f"its {len(self._quads_of)} blank nodes look too much alike",
                hint="give the nodes ids, or leave out the ones that repeat",
            )

    def _hash_first_degree(self, node: str) -> str:
        """Section 4.6: a node by its own quads, every blank node reduced to "this" and "another"."""
        lines = [
            line(
                Quad(
                    _masked(quad.subject, node),
                    quad.predicate,
                    _masked(quad.object, node),
                    _masked(quad.graph, node),
                )
            )
            for quad in self._quads_of[node]
        ]
        lines.sort()
        result = self._first_degree[node] = self._hash("".join(lines))
        return result

    def _hash_related(self, related: str, quad: Quad, issuer: _Issuer, position: str) -> str:
        """Section 4.7: a neighbour by where it stands, which predicate leads there, and what is known of it."""
        name = self._canonical.issued.get(related) or issuer.issued.get(related) or self._first_degree[related]
        predicate = "" if position == "g" else quad.predicate
        return self._hash(f"{position}{predicate}{name}")

    def _neighbours(self, node: str, issuer: _Issuer) -> list[tuple[str, list[str]]]:
        """Section 4.8, steps 1 to 3: the neighbours of *node* under their hashes, in the order of the hashes.

        A neighbour that several quads lead to stands there once for each. The text leaves it open; the implementations
        that signatures come from do so: a published badge with named graphs inside verifies in this way alone.
        (pyoxigraph and the Ruby one count it once, and name some blank nodes otherwise.)
        """
        groups: dict[str, list[str]] = {}
        for quad in self._quads_of[node]:
            for position, related in (("s", quad.subject), ("o", quad.object), ("g", quad.graph)):
                if related != node and related.startswith("_:"):
                    self._spend(1)
                    groups.setdefault(self._hash_related(related, quad, issuer, position), []).append(related)
        return sorted(groups.items())

    def _hash_n_degree(self, node: str, issuer: _Issuer, depth: int) -> tuple[str, _Issuer]:
        """Section 4.8: a node by all ways of walking on from it; the least text wins."""
        if depth > _MAX_DEPTH:
            raise WorkLimitError(f"more than {_MAX_DEPTH} blank nodes in a row look alike")
        data: list[str] = []
        for related_hash, nodes in self._neighbours(node, issuer):
            chosen_path = ""
            chosen_issuer = issuer
            for order in _orders(nodes):
                walked = self._walk(order, issuer, chosen_path, depth)
                if walked is not None:
                    chosen_path, chosen_issuer = walked
            data += (related_hash, chosen_path)
            issuer = chosen_issuer
        return self._hash("".join(data)), issuer

    def _walk(self, order: list[str], issuer: _Issuer, best: str, depth: int) -> tuple[str, _Issuer] | None:
        """Section 4.8, step 5.4: the path of one order of neighbours; None as soon as it cannot beat *best*."""
        self._spend(len(order))
        issuer = issuer.copy()
        path = ""
        unseen: list[str] = []
        for related in order:
            known = self._canonical.issued.get(related)
            if known is None:
                if related not in issuer.issued:
                    unseen.append(related)
                known = issuer.issue(related)
            path += known
            if best and len(path) >= len(best) and path > best:
                return None
        for related in unseen:
            result, deeper = self._hash_n_degree(related, issuer, depth + 1)
            path += f"{issuer.issue(related)}<{result}>"
            issuer = deeper
            if best and len(path) >= len(best) and path > best:
                return None
        return (path, issuer) if not best or path < best else None


def _orders(nodes: list[str]) -> Iterator[list[str]]:
    """Yield every different order of *nodes*, which may repeat (a graph of nine quads: its name, nine times)."""
    order = sorted(nodes)
    yield order
    while True:
        # The next order by the alphabet: raise the last element that can be raised, then start over behind it.
        head = len(order) - 2
        while head >= 0 and order[head] >= order[head + 1]:
            head -= 1
        if head < 0:
            return
        larger = len(order) - 1
        while order[larger] <= order[head]:
            larger -= 1
        order = [
            *order[:head],
            order[larger],
            *reversed([*order[head + 1 : larger], order[head], *order[larger + 1 :]]),
        ]
        yield order


def _masked(term: str, node: str) -> str:
    if not term.startswith("_:"):
        return term
    return "_:a" if term == node else "_:z"
