"""Selective disclosure: which statements of a document JSON Pointers select (W3C vc-di-ecdsa 1.0, section 3.4).

The issuer names by pointers what a holder always shows, the holder by more pointers what else. Both become N-Quads of
the whole document. Its blank nodes bear labels that are replaced: canonical ones would tell how many there are, and
change with what is shown. ecdsa-sd-2023 and bbs-2023 differ in the labels, so what makes them is passed in.

    whole = canonicalize_and_group(document, contexts, hmac_labels(key), {"mandatory": ["/issuer"]})
    whole.groups["mandatory"].matching      # index in whole.nquads -> N-Quad
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from jikin.codec import multibase, rdfc
from jikin.codec.contexts import Contexts
from jikin.codec.labelled import Labelled
from jikin.codec.nquads import Quad, line
from jikin.errors import CanonicalizationError, ProofError, WorkLimitError
from jikin.values import Json, JsonObject

MAX_POINTERS = 256
MAX_POINTER_CHARACTERS = 512

LabelMap: TypeAlias = Mapping[str, str]
"""Canonical names of blank nodes (``c14n0``) and the labels that take their place (``u3Lv2…``, ``b4``)."""

LabelMapFactory: TypeAlias = Callable[[Sequence[str]], LabelMap]
"""Gives each of a document's canonical names a label; no two the same."""

_MAX_TOKENS = 64  # as deep as documents are read
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
_INDEX = re.compile(r"0|[1-9][0-9]{0,5}")
# What an object on the way to a selected member keeps: its meaning hangs on its types, and it is known by its id.
_KEPT = frozenset({"@context", "id", "@id", "type", "@type"})
# A context is always shown, and a proof is not part of what it secures.
_NOT_SELECTED = ("@context", "proof")


def tokens(pointer: str) -> tuple[str, ...]:
    """Return the reference tokens of a JSON *pointer* (RFC 6901), unescaped; none for the whole document.

    Raises ProofError (``proof.selection``) for what is no pointer, or is longer than the limits.
    """
    if not isinstance(pointer, str) or len(pointer) > MAX_POINTER_CHARACTERS or not _POINTER.fullmatch(pointer):
        right = f"a JSON Pointer such as /issuer/name, at most {MAX_POINTER_CHARACTERS} characters"
        raise _refuse(f"{str(pointer)[:80]!r} selects nothing; right would be {right}")
    found = tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])
    if len(found) > _MAX_TOKENS:
        raise _refuse(f"a pointer leads at most {_MAX_TOKENS} levels down, got {len(found)}")
    if found[:1] and found[0] in _NOT_SELECTED:
        raise _refuse(f"{found[0]} is not selected: a context is always shown, a proof is none of the statements")
    return found


def select(document: JsonObject, pointers: Iterable[str]) -> JsonObject | None:
    """Return what *pointers* select of *document*, in its order; None when there are none (section 3.4.13).

    Objects on the way keep ``id``, ``type`` and ``@context``, arrays close up over what is left out. The result shares
    values with *document*. Raises ProofError (``proof.selection``) for a pointer that is none or leads nowhere.
    """
    root: _Place | None = None
    for count, pointer in enumerate(pointers, start=1):
        if count > MAX_POINTERS:
            raise _refuse(f"at most {MAX_POINTERS} pointers select, got more")
        place = root = root or _Place()
        for token in tokens(pointer):
            place = place.below.setdefault(token, _Place())
        place.whole = True
    if root is None:
        return None
    return cast(JsonObject, root.part(document, ""))  # the part of an object is an object


@dataclass(slots=True)
class _Place:
    """Where pointers lead: *whole* when one ends here, *below* where others go on."""

    whole: bool = False
    below: dict[str, _Place] = field(default_factory=dict)

    def part(self, value: Json, path: str) -> Json:
        """Return what is selected of *value*, which *path* leads to."""
        found: dict[str, Json] = {}
        for token, place in self.below.items():
            further = f"{path}/{token}"
            found[token] = place.part(_member(value, token, further), further)
        if self.whole:
            return value
        if isinstance(value, Mapping):
            kept = {name: member for name, member in value.items() if name in found or name in _KEPT}
            return {name: member if name in _KEPT else found[name] for name, member in kept.items()}
        return [found[token] for token in sorted(found, key=int)]


def _member(value: Json, token: str, path: str) -> Json:
    if isinstance(value, Mapping) and token in value:
        return value[token]
    elements = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    if _INDEX.fullmatch(token) and int(token) < len(elements):
        return elements[int(token)]
    raise _refuse(f"the document has nothing at {path[:80]!r}")


def check_one_context(document: JsonObject) -> None:
    """Return if *document* has its only ``@context`` at the top, which section 3.4 takes for granted.

    Another implementation would lay out a document with contexts inside anew, and not find what a pointer names.
    Raises ProofError (``proof.context``).
    """
    below: list[Json] = list(document.values())
    while below:
        item = below.pop()
        if isinstance(item, Mapping):
            if "@context" in item:
                raise ProofError("what is disclosed selectively has one @context, at the top", code="proof.context")
            below.extend(item.values())
        elif isinstance(item, Sequence) and not isinstance(item, str):
            below.extend(item)


def hmac_labels(key: bytes) -> LabelMapFactory:
    """Return what labels a blank node by the HMAC-SHA-256 under *key* of its canonical name (section 3.4.4)."""

    def labels(names: Sequence[str]) -> LabelMap:
        return {name: multibase.encode(hmac.digest(key, name.encode("ascii"), "sha256"), "u") for name in names}

    return labels


def given_labels(label_map: LabelMap) -> LabelMapFactory:
    """Return what labels blank nodes as *label_map* says (section 3.4.3); what it does not name keeps its name."""
    return lambda names: {name: label_map.get(name, name) for name in names}


@dataclass(frozen=True, slots=True)
class Relabelled:
    """A data set in canonical form with other labels: *nquads*, sorted, each with its line feed.

    *labels* leads from each blank node of the data set (``_:x``) to its label, *places* from each quad to its index.
    """

    nquads: tuple[str, ...]
    labels: Mapping[str, str] = field(repr=False)
    places: Mapping[Quad, int] = field(repr=False)


def relabel(quads: Iterable[Quad], factory: LabelMapFactory) -> Relabelled:
    """Return *quads* in canonical form with the labels that *factory* makes (section 3.4.1).

    Raises WorkLimitError for a graph that has no canonical form within the limits.
    """
    dataset = dict.fromkeys(quads)
    names = {node: name[2:] for node, name in rdfc.canonical_labels(dataset).items()}
    new = factory(tuple(names.values()))
    labels = {node: f"_:{new[name]}" for node, name in names.items()}
    lines = {quad: line(Quad(*(labels.get(term, term) for term in quad))) for quad in dataset}
    nquads = tuple(sorted(set(lines.values())))
    index = {nquad: number for number, nquad in enumerate(nquads)}
    return Relabelled(nquads, labels, {quad: index[nquad] for quad, nquad in lines.items()})


@dataclass(frozen=True, slots=True)
class Group:
    """What some pointers select: the N-Quads of the whole document by their index, *matching* or not, in order.

    *document* is what they select as JSON (None for no pointers), *quads* what that states, in labels of its own.
    """

    matching: Mapping[int, str] = field(repr=False)
    non_matching: Mapping[int, str] = field(repr=False)
    document: JsonObject | None = field(repr=False)
    quads: tuple[Quad, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grouped:
    """A document in canonical form with replaced labels, and what each group of pointers selects of it."""

    nquads: tuple[str, ...] = field(repr=False)
    labels: Mapping[str, str] = field(repr=False)
    groups: Mapping[str, Group]

    def label_map(self, group: str) -> dict[str, str]:
        """Return by which label each blank node of a group's ``document`` was signed, by its canonical name.

        The names (``c14n0``) are those that whoever is shown this document finds (section 3.5.4).
        """
        names = rdfc.canonical_labels(self.groups[group].quads)
        return {name[2:]: self.labels[node][2:] for node, name in names.items()}


def canonicalize_and_group(
    document: JsonObject, contexts: Contexts, factory: LabelMapFactory, groups: Mapping[str, Iterable[str]]
) -> Grouped:
    """Return *document* in canonical form with labels by *factory*, grouped by the pointers of *groups* (3.4.16).

    The document is canonicalized once, whatever the number of groups. Raises CanonicalizationError, WorkLimitError;
    ProofError (``proof.selection``) for a pointer that leads nowhere, or to a part that says another thing alone.
    """
    labelled = Labelled.of(document, contexts)
    whole = relabel(labelled.quads, factory)
    return Grouped(
        whole.nquads, whole.labels, {name: _group(labelled, whole, pointers) for name, pointers in groups.items()}
    )


def _group(labelled: Labelled, whole: Relabelled, pointers: Iterable[str]) -> Group:
    part = select(labelled.document, pointers)
    quads = () if part is None else _stated(labelled, part)
    chosen = {whole.places.get(quad) for quad in quads}
    if None in chosen:
        # Part of a list or of a JSON literal is another list or literal, which nobody signed.
        raise _refuse("a list or a JSON value is selected in part; right would be whole, or not at all")
    matching: dict[int, str] = {}
    non_matching: dict[int, str] = {}
    for index, nquad in enumerate(whole.nquads):
        (matching if index in chosen else non_matching)[index] = nquad
    return Group(matching, non_matching, None if part is None else labelled.bare(part), quads)


def _stated(labelled: Labelled, part: JsonObject) -> tuple[Quad, ...]:
    try:
        return tuple(dict.fromkeys(labelled.stated_by(part)))
    except WorkLimitError:
        raise
    except CanonicalizationError as error:  # the whole has a canonical form, so it is the choice that is wrong
        raise _refuse(f"what is selected does not stand alone: {error}") from error


def _refuse(message: str) -> ProofError:
    return ProofError(message, code="proof.selection")
