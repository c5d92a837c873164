"""A query finds what fits and says why the rest does not; an answer is held against it again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec.contexts import Contexts
from jikin.errors import ProtocolError
from jikin.openid4vc.candidate import Candidate, types_of
from jikin.openid4vc.claims import path_of, select
from jikin.openid4vc.dcql import Query

CONTEXTS = Contexts.packaged()
BADGE_IRI = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential"
DEGREE: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "credentialSubject": {
        "id": "did:key:z6Mk",
        "licenseNumber": "HB01",
        "hours": 40,
        "active": True,
        "results": [{"value": "A", "score": 90}, {"value": "B", "score": 70}, {"other": 1}],
        "name": None,
    },
}
HELD = Candidate.of("one", DEGREE, CONTEXTS)
PLAIN = Candidate.of("two", {**DEGREE, "type": ["VerifiableCredential"]}, CONTEXTS)
LOOSE = Candidate.of("three", DEGREE, CONTEXTS, bound=False)


def one(**members: Any) -> dict[str, Any]:
    return {"id": "q", "format": "ldp_vc", "meta": {"type_values": [["OpenBadgeCredential"]]}, **members}


def query(*credentials: dict[str, Any], **members: Any) -> Query:
    return Query.parse({"credentials": list(credentials), **members})


def fits(**members: Any) -> list[str]:
    matches = query(one(**members)).match([HELD, PLAIN, LOOSE])
    found = matches.by_query["q"]
    assert {candidate.id for candidate in found.fitting} | set(found.unmet) == {"one", "two", "three"}
    return [candidate.id for candidate in found.fitting]


# --- types ---


def test_types_are_known_by_short_name_and_by_iri() -> None:
    assert types_of(DEGREE, CONTEXTS) == {
        "VerifiableCredential",
        "OpenBadgeCredential",
        BADGE_IRI,
        "https://www.w3.org/2018/credentials#VerifiableCredential",
    }


def test_a_type_that_nobody_defines_does_not_hide_the_others() -> None:
    found = types_of({**DEGREE, "type": ["OpenBadgeCredential", "Strange"]}, CONTEXTS)
    assert found == {"OpenBadgeCredential", "Strange", BADGE_IRI}
    assert types_of({"type": "A"}, CONTEXTS) == {"A"}
    assert types_of({"type": 7, "@context": 7}, CONTEXTS) == frozenset()
    assert types_of({"@context": ["https://unknown.example"], "type": ["A"]}, CONTEXTS) == {"A"}


@pytest.mark.parametrize(
    "types",
    [
        [[BADGE_IRI]],
        [["OpenBadgeCredential"]],
        [["VerifiableCredential", BADGE_IRI]],
        [["urn:other"], [BADGE_IRI]],
    ],
)
def test_a_credential_of_all_types_of_one_alternative_fits(types: Any) -> None:
    assert fits(meta={"type_values": types}) == ["one"]


def test_what_is_of_none_of_the_types_does_not_fit() -> None:
    assert fits(meta={"type_values": [["urn:other"]]}) == []
    assert fits(meta={"type_values": [["OpenBadgeCredential", "urn:other"]]}) == []
    assert fits(meta={"type_values": [["VerifiableCredential"]]}) == ["one", "two"]
    assert fits(meta={}) == ["one", "two"]


def test_a_credential_without_the_holders_key_fits_only_where_none_is_asked_for() -> None:
    assert fits(require_cryptographic_holder_binding=False) == ["one", "three"]


def test_formats_that_are_not_held_match_nothing_and_the_reason_is_said() -> None:
    for form in ("dc+sd-jwt", "mso_mdoc", "jwt_vc_json", "ldp_vc2"):
        matches = query(one(format=form, meta={"vct_values": ["x"]})).match([HELD])
        assert matches.by_query["q"].fitting == ()
        assert form in matches.by_query["q"].unmet["one"]
        assert not matches.satisfiable


def test_authorities_that_cannot_be_shown_match_nothing() -> None:
    assert fits(trusted_authorities=[{"type": "aki", "values": ["x"]}]) == []


# --- claims ---


@pytest.mark.parametrize(
    ("path", "values", "fitting"),
    [
        (["credentialSubject", "licenseNumber"], None, True),
        (["credentialSubject", "licenseNumber"], ["HB01"], True),
        (["credentialSubject", "licenseNumber"], ["x", "HB01"], True),
        (["credentialSubject", "licenseNumber"], ["x"], False),
        (["credentialSubject", "hours"], [40], True),
        (["credentialSubject", "hours"], ["40"], False),
        (["credentialSubject", "active"], [True], True),
        (["credentialSubject", "active"], [1], False),
        (["credentialSubject", "active"], [False], False),
        (["credentialSubject", "name"], None, True),
        (["credentialSubject", "absent"], None, False),
        (["credentialSubject", "results", 0, "value"], ["A"], True),
        (["credentialSubject", "results", 1, "value"], ["A"], False),
        (["credentialSubject", "results", 3, "value"], None, False),
        (["credentialSubject", "results", None, "value"], ["B"], True),
        (["credentialSubject", "results", None, "value"], ["C"], False),
        (["credentialSubject", "results", None, "score"], [70], True),
        (["credentialSubject", "results", None], None, True),
        (["credentialSubject", None], None, False),
        (["credentialSubject", 0], None, False),
        (["credentialSubject", "licenseNumber", "x"], None, False),
        (["credentialSubject", "licenseNumber", None], None, False),
        (["credentialSubject", "results", "value"], None, False),
        (["type", None], ["OpenBadgeCredential"], True),
    ],
)
def test_a_claim_is_found_by_its_path_and_its_value_in_kind(path: Any, values: Any, fitting: bool) -> None:
    claim = {"path": path} if values is None else {"path": path, "values": values}
    assert fits(claims=[claim]) == (["one"] if fitting else [])


def test_a_path_selects_every_element_that_has_the_member() -> None:
    path = path_of(["credentialSubject", "results", None, "score"])
    assert path is not None
    assert select(DEGREE, path) == (90, 70)


def test_all_claims_are_needed_unless_sets_give_a_choice() -> None:
    number = {"id": "n", "path": ["credentialSubject", "licenseNumber"]}
    absent = {"id": "a", "path": ["credentialSubject", "absent"]}
    hours = {"id": "h", "path": ["credentialSubject", "hours"]}
    assert fits(claims=[number, hours]) == ["one"]
    assert fits(claims=[number, absent]) == []
    assert fits(claims=[number, absent, hours], claim_sets=[["a"], ["n", "h"]]) == ["one"]
    assert fits(claims=[number, absent], claim_sets=[["a"], ["a", "n"]]) == []
    chosen = query(one(claims=[number, absent, hours], claim_sets=[["a", "n"], ["h"], ["n"]])).credentials[0]
    assert [claim.id for claim in chosen.claims_of(HELD)] == ["h"]  # type: ignore[union-attr]


# --- sets ---


def named(*ids: str) -> list[dict[str, Any]]:
    types = {"badge": [["OpenBadgeCredential"]], "any": [["VerifiableCredential"]], "no": [["urn:other"]]}
    return [one(id=name, meta={"type_values": types[name]}) for name in ids]


def test_without_sets_every_query_is_required() -> None:
    matches = query(*named("badge", "any")).match([HELD])
    assert matches.satisfiable
    assert matches.required() == {"badge", "any"}
    assert matches.least() == {"badge": ("one",), "any": ("one",)}
    missing = query(*named("badge", "no")).match([HELD])
    assert not missing.satisfiable
    with pytest.raises(ProtocolError, match="no"):
        missing.least()


def test_the_best_option_that_can_be_answered_is_required_and_optional_sets_are_not() -> None:
    asked = query(
        *named("badge", "any", "no"),
        credential_sets=[
            {"options": [["no"], ["no", "badge"], ["any"]], "purpose": "채용"},
            {"options": [["badge"]], "required": False},
        ],
    )
    matches = asked.match([HELD])
    assert matches.satisfiable
    assert matches.required() == {"any"}
    assert matches.least() == {"any": ("one",)}
    assert matches.options(asked.sets[0]) == (("any",),)
    assert asked.sets[0].purpose == "채용"
    matches.check_choice({"any": ["one"], "badge": ["one"]})


def test_where_nothing_is_required_the_first_thing_that_can_be_shown_is() -> None:
    asked = query(*named("badge", "no"), credential_sets=[{"options": [["no"], ["badge"]], "required": False}])
    assert asked.match([HELD]).least() == {"badge": ("one",)}
    assert not asked.match([]).satisfiable


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"badge": []},
        {"badge": ["one"]},
        {"badge": ["one"], "any": ["gone"]},
        {"badge": ["two"], "any": ["two"]},
        {"badge": ["one", "one"], "any": ["two"]},
        {"badge": ["one"], "any": ["one", "two"]},
        {"badge": ["one"], "any": ["two"], "more": ["one"]},
    ],
)
def test_a_choice_that_does_not_answer_the_query_is_refused(choice: Any) -> None:
    matches = query(*named("badge", "any")).match([HELD, PLAIN])
    matches.check_choice({"badge": ["one"], "any": ["two"]})
    with pytest.raises(ProtocolError) as caught:
        matches.check_choice(choice)
    assert caught.value.code == "openid.dcql.choice"


def test_several_may_be_chosen_where_the_query_says_so() -> None:
    matches = query(one(multiple=True, meta={})).match([HELD, PLAIN])
    matches.check_choice({"q": ["one", "two"]})


# --- the verifier's side ---


def refused(asked: Query, presented: Any) -> str:
    with pytest.raises(ProtocolError) as caught:
        asked.check_answer(presented)
    return caught.value.code


def test_an_answer_is_held_against_the_query_again() -> None:
    asked = query(*named("badge", "any"))
    asked.check_answer({"badge": [HELD], "any": [PLAIN]})
    assert refused(asked, {"badge": [HELD]}) == "openid.dcql.incomplete"
    assert refused(asked, {"badge": [PLAIN], "any": [PLAIN]}) == "openid.dcql.unmet"
    assert refused(asked, {"badge": [LOOSE], "any": [PLAIN]}) == "openid.dcql.unmet"
    assert refused(asked, {"badge": [HELD], "any": [PLAIN], "more": [HELD]}) == "openid.dcql.unasked"
    assert refused(asked, {"badge": [HELD, HELD], "any": [PLAIN]}) == "openid.dcql.unasked"
    assert refused(asked, {"badge": [], "any": [PLAIN]}) == "openid.dcql.unasked"
    assert refused(asked, {}) == "openid.dcql.incomplete"
    query(one(multiple=True)).check_answer({"q": [HELD, HELD]})


def test_a_withheld_value_is_noticed() -> None:
    asked = query(one(claims=[{"path": ["credentialSubject", "licenseNumber"], "values": ["HB01"]}]))
    other = Candidate.of("x", {**DEGREE, "credentialSubject": {"licenseNumber": "HB02"}}, CONTEXTS)
    asked.check_answer({"q": [HELD]})
    assert refused(asked, {"q": [other]}) == "openid.dcql.unmet"


# --- what is no query ---

BROKEN: list[Any] = [
    None,
    [],
    {},
    {"credentials": []},
    {"credentials": [7]},
    {"credentials": [{}]},
    {"credentials": [one(id="")]},
    {"credentials": [one(id="a b")]},
    {"credentials": [one(id="é")]},
    {"credentials": [one(format=7)]},
    {"credentials": [one(meta=None)]},
    {"credentials": [one(meta=[])]},
    {"credentials": [one(meta={"type_values": []})]},
    {"credentials": [one(meta={"type_values": ["A"]})]},
    {"credentials": [one(meta={"type_values": [[]]})]},
    {"credentials": [one(meta={"type_values": [[7]]})]},
    {"credentials": [one(multiple="yes")]},
    {"credentials": [one(require_cryptographic_holder_binding=1)]},
    {"credentials": [one(trusted_authorities=[])]},
    {"credentials": [one(), one()]},
    {"credentials": [one(claims=[])]},
    {"credentials": [one(claims=[{}])]},
    {"credentials": [one(claims=[{"path": []}])]},
    {"credentials": [one(claims=[{"path": [-1]}])]},
    {"credentials": [one(claims=[{"path": [True]}])]},
    {"credentials": [one(claims=[{"path": [1.5]}])]},
    {"credentials": [one(claims=[{"path": "a"}])]},
    {"credentials": [one(claims=[{"path": ["a"] * 33}])]},
    {"credentials": [one(claims=[{"path": ["a"], "values": []}])]},
    {"credentials": [one(claims=[{"path": ["a"], "values": [None]}])]},
    {"credentials": [one(claims=[{"path": ["a"], "values": [1.5]}])]},
    {"credentials": [one(claims=[{"path": ["a"], "id": "x"}, {"path": ["b"], "id": "x"}])]},
    {"credentials": [one(claims=[{"path": ["a"], "id": "x"}], claim_sets=[["y"]])]},
    {"credentials": [one(claims=[{"path": ["a"], "id": "x"}], claim_sets=[])]},
    {"credentials": [one(claim_sets=[["x"]])]},
    {"credentials": [one()], "credential_sets": []},
    {"credentials": [one()], "credential_sets": [{}]},
    {"credentials": [one()], "credential_sets": [{"options": []}]},
    {"credentials": [one()], "credential_sets": [{"options": [["other"]]}]},
    {"credentials": [one()], "credential_sets": [{"options": ["q"]}]},
    {"credentials": [one()], "credential_sets": [{"options": [["q"]], "required": 7}]},
    {"credentials": [one(id=f"q{n}") for n in range(65)]},
]


@pytest.mark.parametrize("document", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_query_is_refused_with_the_member_named(document: Any) -> None:
    with pytest.raises(ProtocolError) as caught:
        Query.parse(document)
    assert caught.value.code == "openid.dcql"
    assert caught.value.oauth == "invalid_request"


def test_unknown_members_are_passed_over_and_kept() -> None:
    document = {"credentials": [one(unknown=1)], "unknown": {"a": 1}}
    assert Query.parse(document).to_json() == document


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.lists(st.none() | st.integers(0, 3) | st.text(max_size=5), min_size=1, max_size=4))
def test_a_path_selects_or_says_why_not_in_any_document(document: Any, path: Any) -> None:
    read = path_of(path)
    assert read is not None
    found = select(document, read)
    assert found if isinstance(found, str) else len(found) > 0


@given(st.sampled_from(["id", "format", "meta", "claims", "claim_sets", "multiple", "trusted_authorities"]), JSON)
def test_no_broken_member_raises_anything_but_a_refusal(member: str, value: Any) -> None:
    try:
        asked = Query.parse({"credentials": [one(**{member: value})]})
    except ProtocolError:
        return
    asked.match([HELD, PLAIN, LOOSE])
