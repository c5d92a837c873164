"""Pointers select what they name and what that means, in the document and in its statements (vc-di-ecdsa 3.4)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.codec import jsonld, rdfc
from jikin.codec.contexts import Contexts
from jikin.codec.labelled import Labelled
from jikin.errors import CanonicalizationError
from jikin.proofs import selection
from jikin.proofs.selection import canonicalize_and_group, hmac_labels, select
from tests.badge_sample import badge
from tests.codes import code_of
from tests.examples import tries
from tests.forging import pointers_into

CONTEXTS = Contexts.packaged()
KEY = bytes(range(32))

# --- pointers ---

POINTERS = {
    "": (),
    "/": ("",),
    "/issuer": ("issuer",),
    "/issuer/name": ("issuer", "name"),
    "/a~1b/c~0d": ("a/b", "c~d"),
    "/~01": ("~1",),
    "/__proto__/constructor": ("__proto__", "constructor"),
    "/이름/0": ("이름", "0"),
    "//": ("", ""),
}


@pytest.mark.parametrize(("pointer", "tokens"), POINTERS.items())
def test_a_pointer_is_read_as_rfc_6901_says(pointer: str, tokens: tuple[str, ...]) -> None:
    assert selection.tokens(pointer) == tokens


NO_POINTERS: dict[str, Any] = {
    "no slash": "issuer",
    "a tilde alone": "/a~",
    "a tilde before another digit": "/a~2",
    "a URL fragment": "#/issuer",
    "no text": 5,
    "nothing": None,
    "too long": "/" + "a" * selection.MAX_POINTER_CHARACTERS,
    "too deep": "/a" * 65,
    "the context": "/@context",
    "a part of the context": "/@context/0",
    "the proof": "/proof",
    "a part of the proof": "/proof/proofValue",
}


@pytest.mark.parametrize("pointer", NO_POINTERS.values(), ids=NO_POINTERS.keys())
def test_what_selects_nothing_is_refused(pointer: Any) -> None:
    assert code_of(selection.tokens, pointer) == "proof.selection"
    assert code_of(select, badge(), [pointer]) == "proof.selection"


def test_there_is_a_limit_to_the_number_of_pointers() -> None:
    most = ["/issuer"] * selection.MAX_POINTERS
    assert select(badge(), most) == select(badge(), ["/issuer"])
    assert code_of(select, badge(), [*most, "/name"]) == "proof.selection"


@given(st.text(max_size=30))
def test_any_text_is_a_pointer_or_refused(text: str) -> None:
    code = code_of(selection.tokens, text)
    assert code in (None, "proof.selection")
    if code is None:
        escaped = "".join(f"/{token.replace('~', '~0').replace('/', '~1')}" for token in selection.tokens(text))
        assert escaped == text


# --- selecting JSON ---

SMALL: dict[str, Any] = {
    "@context": ["https://one.example"],
    "id": "urn:example:1",
    "type": ["A", "B"],
    "name": "n",
    "one": {"id": "urn:example:2", "type": "C", "x": 1, "y": {"z": [True, None, {"id": "_:b", "w": 2}]}},
    "many": [{"n": 0}, {"n": 1}, {"n": 2}, [3, 4]],
    "a/b": {"c~d": "e"},
}
TOP = {"@context": ["https://one.example"], "id": "urn:example:1", "type": ["A", "B"]}
SELECTED: dict[str, tuple[list[str], dict[str, Any]]] = {
    "a literal": (["/name"], {"name": "n"}),
    "a member inside": (["/one/x"], {"one": {"id": "urn:example:2", "type": "C", "x": 1}}),
    "an object": (["/one/y"], {"one": {"id": "urn:example:2", "type": "C", "y": SMALL["one"]["y"]}}),
    "an element": (["/many/1"], {"many": [{"n": 1}]}),
    "elements in their own order": (["/many/2", "/many/0"], {"many": [{"n": 0}, {"n": 2}]}),
    "an element of an element": (["/many/3/1"], {"many": [[4]]}),
    "null": (["/one/y/z/1"], {"one": {"id": "urn:example:2", "type": "C", "y": {"z": [None]}}}),
    "what is inside and the whole": (["/many/1/n", "/many"], {"many": SMALL["many"]}),
    "the whole and what is inside": (["/many", "/many/1/n"], {"many": SMALL["many"]}),
    "the same twice": (["/name", "/name"], {"name": "n"}),
    "escaped names": (["/a~1b/c~0d"], {"a/b": {"c~d": "e"}}),
    "an id, which is shown anyway": (["/id"], {}),
    "one of several types, which are shown anyway": (
        ["/type/1", "/one/type"],
        {"one": {"id": "urn:example:2", "type": "C"}},
    ),
    "an id inside": (["/one/id"], {"one": {"id": "urn:example:2", "type": "C"}}),
    "an object on the way whose id is a blank node": (
        ["/one/y/z/2/w"],
        {"one": {"id": "urn:example:2", "type": "C", "y": {"z": [{"id": "_:b", "w": 2}]}}},
    ),
}


@pytest.mark.parametrize(("pointers", "shown"), SELECTED.values(), ids=SELECTED.keys())
def test_what_is_selected_is_shown_with_ids_and_types_on_the_way(pointers: list[str], shown: dict[str, Any]) -> None:
    before = copy.deepcopy(SMALL)
    part = select(SMALL, pointers)
    assert part == TOP | shown
    assert [*part] == [name for name in SMALL if name in part]  # in the order of the document
    assert before == SMALL


def test_the_empty_pointer_selects_everything_and_no_pointer_nothing() -> None:
    assert select(SMALL, [""]) == SMALL
    assert select(SMALL, ["", "/name"]) == SMALL
    assert select(SMALL, []) is None


NOWHERE = {
    "no such member": "/nobody",
    "a member of a text": "/name/length",
    "a member of a number": "/one/x/0",
    "beyond the end": "/many/4",
    "the end": "/many/-",
    "before the beginning": "/many/-1",
    "an index with a zero": "/many/01",
    "an index with a sign": "/many/+1",
    "an index in other digits": "/many/１",
    "an index without end": "/many/" + "9" * 400,
    "the name of an array's own member": "/many/length",
    "the prototype": "/__proto__",
    "the prototype's maker": "/constructor/name",
    "an attribute of Python's objects": "/__class__",
    "a member of null": "/one/y/z/1/0",
}


@pytest.mark.parametrize("pointer", NOWHERE.values(), ids=NOWHERE.keys())
def test_a_pointer_that_leads_nowhere_is_refused(pointer: str) -> None:
    for pointers in ([pointer], [pointer, ""], ["", pointer], ["/name", pointer]):
        assert code_of(select, SMALL, pointers) == "proof.selection"


def test_a_member_with_a_hostile_name_is_a_member() -> None:
    document = {"__proto__": {"constructor": 1}, "id": "urn:example:1"}
    assert select(document, ["/__proto__/constructor"]) == document


JSON_VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.text("ab/~0", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~0", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("ab/~0", max_size=3), JSON_VALUES, max_size=4), st.data())
def test_whatever_is_there_can_be_selected_and_nothing_else_comes_with_it(value: dict[str, Any], data: Any) -> None:
    there = pointers_into(value)
    if not there:
        return
    chosen = data.draw(st.lists(st.sampled_from(there), min_size=1, max_size=4))
    part = select(value, chosen)
    assert part is not None
    for pointer in chosen:
        assert followed_leaves(part) <= followed_leaves(value)
        if not any(token.isdigit() for token in selection.tokens(pointer)):
            assert follow(part, pointer) == follow(value, pointer)
    assert select(value, [*chosen, *there]) == value


def follow(value: Any, pointer: str) -> Any:
    for token in selection.tokens(pointer):
        value = value[token]
    return value


def followed_leaves(value: Any) -> set[str]:
    """Return the names and texts of *value*: more than in the whole cannot be in a part."""
    if isinstance(value, Mapping):
        return set(value) | {leaf for inner in value.values() for leaf in followed_leaves(inner)}
    if isinstance(value, list):
        return {leaf for inner in value for leaf in followed_leaves(inner)}
    return {repr(value)}


# --- labels: every node of a document has a name of its own ---

V2 = "https://www.w3.org/ns/credentials/v2"
VOCAB: dict[str, Any] = {
    "@vocab": "https://vocab.example/",
    "id": "@id",
    "type": "@type",
    "order": {"@container": "@list"},
    "shelf": {"@container": "@graph"},
    "made": {"@reverse": "maker"},
    "raw": {"@type": "@json"},
    "said": {"@container": "@language"},
    "by": {"@id": "by", "@container": "@id"},
    "kinds": {"@id": "kinds", "@container": "@type"},
    "in": "@nest",
    "beside": "@included",
    "uri": "@id",
}
LAID_OUT: dict[str, dict[str, Any]] = {
    "a badge": badge(),
    "nodes without ids": {"a": {"b": [{"c": 1}, {"c": 1}, {"c": {}}]}},
    "an empty node": {"a": {}, "b": [{}, {}]},
    "lists": {"order": ["x", {"n": 1}, "x"], "a": {"order": []}},
    "lists that are alike": {"a": [{"order": [1, 2]}, {"order": [1, 2]}], "b": [{"@list": [1]}, {"@list": [1]}]},
    "lists of lists": {"order": [["a", "b"], ["a", "b"], [], [["c"]]]},
    "a long list": {"order": [f"{number}" for number in range(500)]},
    "graphs around nodes": {"shelf": [{"n": 1}, {"id": "urn:example:2", "n": 2}, {"n": 1}]},
    "a graph of its own": {"a": {"@graph": [{"n": 1}, {"n": 2, "a": {"n": 3}}]}},
    "the default graph": {"@graph": [{"n": 1}, {"n": 2, "a": {"n": 3}}]},
    "a named graph at the top": {"n": 0, "@graph": [{"n": 1}]},
    "reversed properties": {"made": [{"n": 1}, {"n": 2}], "@reverse": {"knows": {"n": 3}}},
    "nodes named by the document": {"id": "_:n0", "a": [{"id": "_:n0.0", "n": 1}, {"id": "_:n1"}, {"n": 2}]},
    "texts that look like labels": {"raw": {"@id": "_:n0.0"}, "by": {"_:n1.0": {"n": "_:n2.0"}}, "a": {"n": 1}},
    "a type that is a blank node": {"type": "_:n0", "a": {"n": 1}},
    "maps by id, by type and by language": {
        "by": {"urn:example:1": {"n": 1}, "urn:example:2": {"n": 2}},
        "kinds": {"https://vocab.example/K": [{"n": 1}, {"n": 1}]},
        "said": {"ko": "가", "en": "a"},
    },
    "nested and included": {"in": {"n": 1, "a": {"n": 2}}, "beside": [{"n": 3}, {"n": 4}]},
    "values and sets": {"a": {"@set": [{"@value": "x"}, {"@value": "y", "@language": "en"}, {"n": 1}]}},
    "JSON literals": {"raw": {"id": "x", "list": [{"a": 1}]}, "a": {"@type": "@json", "@value": [{"b": 2}]}},
    "a context inside": {"a": {"@context": {"@vocab": "https://other.example/"}, "n": {"m": 1}}},
}


def laid_out(document: dict[str, Any]) -> dict[str, Any]:
    return document if "@context" in document else {"@context": VOCAB, **document}


each_layout = pytest.mark.parametrize("document", LAID_OUT.values(), ids=LAID_OUT.keys())


@each_layout
def test_a_labelled_document_states_what_the_document_states(document: dict[str, Any]) -> None:
    document = laid_out(document)
    right = rdfc.canonicalize(jsonld.to_quads(document, CONTEXTS))
    labelled = Labelled.of(document, CONTEXTS)
    assert rdfc.canonicalize(labelled.quads) == right
    assert rdfc.canonicalize(jsonld.to_quads(labelled.document, CONTEXTS)) == right
    assert labelled.bare(labelled.document) == document


@each_layout
def test_a_labelled_document_has_the_same_labels_each_time_and_in_each_part(document: dict[str, Any]) -> None:
    document = laid_out(document)
    labelled = Labelled.of(document, CONTEXTS)
    assert Labelled.of(document, CONTEXTS) == labelled
    assert set(labelled.stated_by(labelled.document)) == set(labelled.quads)
    for pointer in pointers_into(document):
        part = select(labelled.document, [pointer])
        assert part is not None
        try:
            stated = set(labelled.stated_by(part))
        except CanonicalizationError:  # such as a value object without its value
            continue
        if not stated <= set(labelled.quads):
            assert set(selection.tokens(pointer)) & {"order", "@list", "raw", "@value", "@type", "uri"}, pointer


# --- groups ---

GROUPS = {
    "issuer": ["/issuer"],
    "mine": ["/credentialSubject/result/0/value", "/credentialSubject/achievement/criteria", "/name"],
    "both": ["/issuer", "/credentialSubject/result/0/value", "/credentialSubject/achievement/criteria", "/name"],
    "none": [],
    "all": [""],
}


def test_groups_are_the_statements_of_what_is_selected() -> None:
    whole = canonicalize_and_group(badge(), CONTEXTS, hmac_labels(KEY), GROUPS)
    assert list(whole.nquads) == sorted(set(whole.nquads))
    everything = dict(enumerate(whole.nquads))
    matching = {name: set(group.matching) for name, group in whole.groups.items()}
    for group in whole.groups.values():
        assert dict(sorted({**group.matching, **group.non_matching}.items())) == everything
        assert list(group.matching) == sorted(group.matching)
        assert list(group.non_matching) == sorted(group.non_matching)
    assert matching["both"] == matching["issuer"] | matching["mine"]
    assert matching["none"] == set()
    assert matching["all"] == set(everything)
    assert whole.groups["none"].document is None
    assert whole.groups["all"].document == badge()
    assert whole.groups["mine"].document == select(badge(), GROUPS["mine"])


def test_what_a_group_shows_states_exactly_its_statements() -> None:
    """Whoever is shown the document finds the same N-Quads, by the label map alone."""
    whole = canonicalize_and_group(badge(), CONTEXTS, hmac_labels(KEY), GROUPS)
    for name, group in whole.groups.items():
        if group.document is not None:
            quads = jsonld.to_quads(group.document, CONTEXTS)
            labels = whole.label_map(name)
            shown = selection.relabel(quads, selection.given_labels(labels))
            assert shown.nquads == tuple(group.matching.values())
            assert len(shown.labels) == len(labels)


def test_labels_by_hmac_hang_on_the_key_and_tell_nothing_of_the_others() -> None:
    labels = hmac_labels(KEY)(["c14n0", "c14n1"])
    assert set(labels) == {"c14n0", "c14n1"}
    assert all(len(label) == 44 and label.startswith("u") for label in labels.values())
    assert hmac_labels(KEY)(["c14n1"]) == {"c14n1": labels["c14n1"]}
    assert hmac_labels(bytes(32))(["c14n0"]) != {"c14n0": labels["c14n0"]}


PARTS = {
    "a member of an object whose id is not called id": ({"a": {"uri": "urn:example:2", "n": 1}}, "/a/n"),
    "an element of a list": ({"order": ["a", "b", "c"], "n": 1}, "/order/1"),
    "a member of an element of a list": ({"order": [{"n": 1, "m": 2}]}, "/order/0/n"),
    "a member of a JSON value": ({"raw": {"a": 1, "b": 2}}, "/raw/a"),
    "a datatype without its value": ({"a": {"@value": "x", "@type": "urn:example:t"}}, "/a/@type"),
    "a text without its language": ({"a": {"@value": "x", "@language": "en"}}, "/a/@value"),
}


@pytest.mark.parametrize(("document", "pointer"), PARTS.values(), ids=PARTS.keys())
def test_a_part_that_says_another_thing_alone_is_refused(document: dict[str, Any], pointer: str) -> None:
    document = {"@context": VOCAB, "id": "urn:example:1", **document}
    group = {"group": [pointer]}
    assert code_of(canonicalize_and_group, document, CONTEXTS, hmac_labels(KEY), group) == "proof.selection"
    whole = {"group": [f"/{selection.tokens(pointer)[0]}"]}
    selected = canonicalize_and_group(document, CONTEXTS, hmac_labels(KEY), whole).groups["group"]
    assert selected.matching


def test_a_part_of_a_graph_around_a_node_can_be_selected() -> None:
    document = {"@context": VOCAB, "id": "urn:example:1", "shelf": [{"n": 1, "m": 2}, {"n": 1, "m": 3}]}
    group = canonicalize_and_group(document, CONTEXTS, hmac_labels(KEY), {"g": ["/shelf/1/n"]}).groups["g"]
    assert len(group.matching) == 2  # the graph that hangs on the document, and what stands in it
    assert len(group.non_matching) == 4


def test_one_context_stands_at_the_top() -> None:
    selection.check_one_context(badge())
    for inner in ({"a": {"@context": []}}, {"a": [{"b": {"@context": {}}}]}):
        assert code_of(selection.check_one_context, badge() | inner) == "proof.context"


@settings(max_examples=tries(40), deadline=None)
@given(st.lists(st.sampled_from(pointers_into(badge())), max_size=5))
def test_any_choice_is_shown_as_what_it_states(pointers: list[str]) -> None:
    groups = {"one": pointers[:2], "other": pointers[2:], "both": pointers}
    whole = canonicalize_and_group(badge(), CONTEXTS, hmac_labels(KEY), groups)
    one, other, both = (set(whole.groups[name].matching) for name in ("one", "other", "both"))
    assert both == one | other
    shown = whole.groups["both"].document
    if shown is not None:
        quads = jsonld.to_quads(shown, CONTEXTS)
        labels = selection.given_labels(whole.label_map("both"))
        assert selection.relabel(quads, labels).nquads == tuple(whole.groups["both"].matching.values())
