"""Open Badges 3.0 and CLR 2.0: what a badge says, where it breaks its schema, where it disagrees with itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from jikin.credentials import badge_making, badge_rules, badge_schemas
from jikin.credentials.alignment import Alignment
from jikin.credentials.badge_schemas import BadgeKind
from jikin.credentials.identity import Identity, identity_hash
from jikin.credentials.open_badges import Association, Clr, Endorsement, OpenBadge, attached_endorsements
from jikin.errors import CredentialError
from jikin.values import Did
from tests.badge_sample import badge
from tests.codes import code_of
from tests.credential_samples import TYPES, credential
from tests.shared_standards import standards

# The schema


FORMS = {
    "a badge": (badge(), BadgeKind.ACHIEVEMENT),
    "a badge by its other name": (
        badge() | {"type": ["VerifiableCredential", "AchievementCredential"]},
        BadgeKind.ACHIEVEMENT,
    ),
    "another credential": ({"type": ["VerifiableCredential"]}, None),
    "two kinds at once": ({"type": ["OpenBadgeCredential", "ClrCredential"]}, None),
    "a type that is a text": ({"type": "EndorsementCredential"}, BadgeKind.ENDORSEMENT),
    "no type": ({}, None),
    "a type that is a number": ({"type": [7]}, None),
}


@pytest.mark.parametrize(("document", "kind"), FORMS.values(), ids=FORMS.keys())
def test_a_document_says_of_which_kind_it_is(document: dict[str, Any], kind: BadgeKind | None) -> None:
    assert badge_schemas.kind_of(document) is kind


def test_our_schemas_are_schemas_and_refer_to_nothing_outside() -> None:
    for name, document in badge_schemas._documents().items():
        Draft202012Validator.check_schema(document)
        assert document["$id"] == f"https://jikin.example/schemas/badges/{name}.schema.json"


def test_a_fault_names_its_place() -> None:
    broken = badge()
    broken["credentialSubject"]["achievement"]["alignment"][0]["targetUrl"] = "not an address"
    (fault,) = badge_schemas.faults(broken, BadgeKind.ACHIEVEMENT)
    assert (fault.code, fault.pointer) == ("badge.schema", "/credentialSubject/achievement/alignment/0/targetUrl")


def test_a_fault_does_not_show_its_words_in_a_repr() -> None:
    broken = badge()
    broken["credentialSubject"]["identifier"][0]["identityHash"] = "haneul@mail.example"
    (fault,) = badge_schemas.faults(broken, BadgeKind.ACHIEVEMENT)
    assert "haneul" in fault.message
    assert "haneul" not in repr(fault)


def test_a_thousand_faults_are_told_in_twenty() -> None:
    broken = badge()
    broken["credentialSubject"]["achievement"]["tag"] = [7] * 1000
    assert len(badge_schemas.faults(broken, BadgeKind.ACHIEVEMENT)) == 20


def test_a_member_with_a_slash_is_escaped_in_its_pointer() -> None:
    assert badge_schemas.pointer(["a/b", 0, "c~d"], "/x") == "/x/a~1b/0/c~0d"


@pytest.mark.parametrize(("depth", "code"), [(30, None), (32, "badge.too-deep"), (5_000, "badge.too-deep")])
def test_organisations_within_organisations_end_somewhere(depth: int, code: str | None) -> None:
    profile: dict[str, Any] = {"id": "https://a.example", "type": "Profile"}
    for _ in range(depth):
        profile = {"id": "https://a.example", "type": "Profile", "parentOrg": profile}
    assert code_of(badge_schemas.faults, profile, BadgeKind.PROFILE) == code


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    kind=st.sampled_from(BadgeKind), member=st.sampled_from(["type", "credentialSubject", "issuer", "id"]), value=JSON
)
def test_any_json_has_faults_or_none_and_never_another_error(kind: BadgeKind, member: str, value: Any) -> None:
    for fault in badge_schemas.faults({**badge(), member: value}, kind):
        assert fault.code == "badge.schema"


# What a badge says


def test_a_badge_is_read_with_its_achievement_results_and_skills() -> None:
    read = OpenBadge.parse(badge())
    assert read.achievement.name == "지게차운전기능사"
    assert read.achievement.criteria == "필기 60점, 실기 60점 이상을 받은 사람에게 준다."
    assert [(one.described.name if one.described else None, one.value) for one in read.results] == [
        ("필기", "85"),
        ("실기", "92"),
    ]
    assert [skill.ncs_code for skill in read.skills] == ["0902010101_16v1"]
    assert read.recipient == "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
    assert read.notes == ()


def test_a_badge_shows_no_result_and_no_person_in_a_repr() -> None:
    shown = repr(OpenBadge.parse(badge()))
    assert "'85'" not in shown
    assert "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2" not in shown
    assert "b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399" not in shown


def test_the_fullest_published_badge_is_read_when_its_one_slip_is_mended() -> None:
    document = json.loads((standards() / "samples/1edtech-validator/ob30/complete.json").read_bytes())
    assert code_of(OpenBadge.parse, document) == "badge.achieved-level"  # the level belongs to another description
    document["credentialSubject"]["result"][1]["resultDescription"] = "urn:uuid:a70ddc6a-4c4a-4bd8-8277-cb97c79f40c5"
    read = OpenBadge.parse(document)
    assert [one.level for one in read.results] == [None, "Mastery", None]
    assert [one.value for one in read.identities] == ["student@1edtech.edu", "somebody@gmail.com"]
    assert read.is_about("somebody@gmail.com")
    assert len(read.evidence) == 2
    assert [(one.pointer, one.holder) for one in read.endorsements] == [
        ("/endorsement/0", "http://1edtech.edu/credentials/3732"),
        ("/issuer/endorsement/0", "https://1edtech.edu/issuers/565049"),
        ("/credentialSubject/achievement/endorsement/0", "https://1edtech.edu/achievements/degree"),
        ("/credentialSubject/achievement/creator/endorsement/0", "https://1edtech.edu/issuers/565049"),
        ("/credentialSubject/achievement/creator/endorsement/1", "https://1edtech.edu/issuers/565049"),
    ]
    assert [code_of(Endorsement.parse, one.credential) for one in read.endorsements] == [None] * 5


def test_an_endorsement_as_jwt_is_found_where_it_is() -> None:
    document = badge() | {"endorsementJwt": "aaaa.bbbb.cccc"}
    document["issuer"]["endorsementJwt"] = ["aaaa.bbbb.dddd"]
    found = list(attached_endorsements(document))
    assert [(one.pointer, one.jws) for one in found] == [
        ("/endorsementJwt", "aaaa.bbbb.cccc"),
        ("/issuer/endorsementJwt/0", "aaaa.bbbb.dddd"),
    ]
    assert "aaaa.bbbb" not in repr(found)


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.id)
def test_a_badge_of_ours_agrees_with_itself(kind: Any) -> None:
    assert badge_rules.examine(credential(kind)) == ()


# Where a badge disagrees with itself


def subject(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["credentialSubject"]
    return found


def first_result(document: dict[str, Any], **members: Any) -> None:
    subject(document)["result"][0] |= members


def first_description(document: dict[str, Any], **members: Any) -> None:
    subject(document)["achievement"]["resultDescription"][0] |= members


def endorse(document: dict[str, Any], endorsed: str, where: str = "") -> None:
    made = badge_making.endorsement(
        credential_id="urn:uuid:0b8e4c1e-6a3f-4c55-9d8e-2f6f1f0f7a12",
        issuer=Did("did:web:builders.example"),
        issuer_name="건설사 협의회",
        name="추천",
        endorsed=endorsed,
        comment="현장에서 믿고 맡긴다.",
        valid_from=1_772_409_600,
    )
    holder: dict[str, Any] = document
    for token in where.split("/")[1:]:
        holder = holder[token]
    holder["endorsement"] = [made]


LEVELS = [
    {"id": "urn:uuid:7b1f0c62-0d0f-4a6b-8d5c-1f2e3d4c5b03", "type": ["RubricCriterionLevel"], "name": "능숙"},
    {"id": "urn:uuid:7b1f0c62-0d0f-4a6b-8d5c-1f2e3d4c5b04", "type": ["RubricCriterionLevel"], "name": "보통"},
]
Change = Callable[[dict[str, Any]], object]
RESULT = "/credentialSubject/result/0"
DESCRIPTION = "/credentialSubject/achievement/resultDescription"
FAULTS: dict[str, tuple[Change, str, str]] = {
    "a result of a description that is not there": (
        lambda one: first_result(one, resultDescription="urn:uuid:7b1f0c62-0d0f-4a6b-8d5c-000000000000"),
        "badge.result-description",
        f"{RESULT}/resultDescription",
    ),
    "a score above the highest": (lambda one: first_result(one, value="101"), "badge.result-value", f"{RESULT}/value"),
    "a score below the lowest": (lambda one: first_result(one, value="-0.5"), "badge.result-value", f"{RESULT}/value"),
    "a score in words": (lambda one: first_result(one, value="잘함"), "badge.result-value", f"{RESULT}/value"),
    "a grade that is none of those allowed": (
        lambda one: (first_description(one, allowedValue=["C", "B", "A"]), first_result(one, value="E")),
        "badge.result-value",
        f"{RESULT}/value",
    ),
    "bounds the wrong way round": (
        lambda one: first_description(one, valueMin="100", valueMax="90"),
        "badge.result-bounds",
        f"{DESCRIPTION}/0/valueMax",
    ),
    "a required score that nobody can reach": (
        lambda one: first_description(one, requiredValue="160"),
        "badge.required-value",
        f"{DESCRIPTION}/0/requiredValue",
    ),
    "a required level that is not there": (
        lambda one: first_description(one, requiredLevel=LEVELS[0]["id"]),
        "badge.required-level",
        f"{DESCRIPTION}/0/requiredLevel",
    ),
    "a level of another description": (
        lambda one: first_result(one, achievedLevel=LEVELS[0]["id"]),
        "badge.achieved-level",
        f"{RESULT}/achievedLevel",
    ),
    "a level, and no description linked": (
        lambda one: (subject(one)["result"][0].pop("resultDescription"), first_result(one, achievedLevel="urn:x:1")),
        "badge.achieved-level",
        f"{RESULT}/achievedLevel",
    ),
    "a result of type Status without one": (
        lambda one: first_description(one, resultType="Status"),
        "badge.result-status",
        RESULT,
    ),
    "two descriptions of one name": (
        lambda one: first_description(one, id="urn:uuid:7b1f0c62-0d0f-4a6b-8d5c-1f2e3d4c5b02"),
        "badge.result-twice",
        f"{DESCRIPTION}/1/id",
    ),
    "nobody meant": (
        lambda one: (subject(one).pop("id"), subject(one).pop("identifier")),
        "badge.recipient",
        "/credentialSubject",
    ),
    "nobody meant, in an empty list": (
        lambda one: (subject(one).pop("id"), subject(one).update(identifier=[])),
        "badge.recipient",
        "/credentialSubject",
    ),
    "an activity that ends before it starts": (
        lambda one: subject(one).update(
            activityStartDate="2026-02-02T00:00:00Z", activityEndDate="2026-02-01T23:59:59Z"
        ),
        "badge.activity",
        "/credentialSubject/activityEndDate",
    ),
    "an endorsement of somebody else, beside the badge": (
        lambda one: endorse(one, "https://other.example/"),
        "badge.endorsement-elsewhere",
        "/endorsement/0/credentialSubject/id",
    ),
    "an endorsement of the badge, at the issuer": (
        lambda one: endorse(one, one["id"], "/issuer"),
        "badge.endorsement-elsewhere",
        "/issuer/endorsement/0/credentialSubject/id",
    ),
    "a member that the schema forbids": (
        lambda one: subject(one)["identifier"][0].update(hashed="yes"),
        "badge.schema",
        "/credentialSubject/identifier/0/hashed",
    ),
}


@pytest.mark.parametrize(("change", "code", "pointer"), FAULTS.values(), ids=FAULTS.keys())
def test_a_badge_that_disagrees_with_itself_is_told_where(change: Change, code: str, pointer: str) -> None:
    document = badge()
    change(document)
    found = badge_rules.examine(document)
    assert (code, pointer) in {(fault.code, fault.pointer) for fault in found}
    assert not found[0].note
    assert code_of(OpenBadge.parse, document) == found[0].code


ALLOWED: dict[str, Change] = {
    "the highest score": lambda one: first_result(one, value="100"),
    "the lowest score": lambda one: first_result(one, value="0"),
    "half a point": lambda one: first_result(one, value="59.5"),
    "a percent sign": lambda one: first_result(one, value="85%"),
    "a level of its own description": lambda one: (
        first_description(one, rubricCriterionLevel=LEVELS, requiredLevel=LEVELS[1]["id"]),
        first_result(one, achievedLevel=LEVELS[0]["id"]),
    ),
    "a result without a link": lambda one: subject(one)["result"][0].pop("resultDescription"),
    "an identifier alone": lambda one: subject(one).pop("id"),
    "an id alone": lambda one: subject(one).pop("identifier"),
    "an endorsement of the badge": lambda one: endorse(one, one["id"]),
    "an endorsement of the achievement, beside the badge": lambda one: endorse(one, subject(one)["achievement"]["id"]),
    "an endorsement of the issuer, at the issuer": lambda one: endorse(one, one["issuer"]["id"], "/issuer"),
    "an endorsement of the achievement, at the achievement": lambda one: endorse(
        one, subject(one)["achievement"]["id"], "/credentialSubject/achievement"
    ),
    "one result without brackets": lambda one: subject(one).update(result=subject(one)["result"][0]),
}


@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_a_badge_may_say_is_no_fault(change: Change) -> None:
    document = badge()
    change(document)
    assert badge_rules.examine(document) == ()
    OpenBadge.parse(document)


def test_an_achievement_of_another_creator_is_noted_and_no_fault() -> None:
    document = badge()
    subject(document)["achievement"]["creator"] = {"id": "did:web:other.example", "type": ["Profile"]}
    (note,) = OpenBadge.parse(document).notes
    assert (note.code, note.note) == ("badge.creator", True)


def test_a_hash_without_salt_is_noted() -> None:
    document = badge()
    subject(document)["identifier"][0].pop("salt")
    assert [fault.code for fault in badge_rules.examine(document)] == ["badge.identity-weak"]


def test_an_error_says_where_and_never_quotes_the_badge() -> None:
    document = badge()
    first_result(document, value="비밀")
    with pytest.raises(CredentialError) as refused:
        OpenBadge.parse(document)
    assert f"{RESULT}/value" in str(refused.value)
    assert "비밀" not in str(refused.value)


# Identities


def test_a_published_hash_fits_its_address_and_no_other() -> None:
    # The recipient of the 1EdTech validator's samples.
    published = Identity(
        "emailAddress",
        hashed=True,
        value="sha256$ecf5409f3f4b91ab60cc5ef4c02aef7032354375e70cf4d8e43f6a1d29891942",
        salt="deadsea",
    )
    assert published.fits("nobody@example.org")
    assert not published.fits("nobody@example.com")
    assert not published.weak


def test_a_hashed_identity_is_made_read_and_checked() -> None:
    made = Identity.hashed_of("haneul@mail.example", "emailAddress", salt="7f3q9xk4m2w8")
    assert Identity.parse(made.document()) == made
    assert made.fits("haneul@mail.example")
    assert not made.fits("Haneul@mail.example")
    assert "haneul" not in repr(made)
    assert "7f3q9xk4m2w8" not in repr(made)


def test_a_plain_identity_is_compared_as_it_stands() -> None:
    plain = Identity("name", hashed=False, value="김하늘")
    assert (plain.fits("김하늘"), plain.fits("김하"), plain.weak) == (True, False, False)
    assert Identity.parse(plain.document()) == plain


def test_hashes_of_old_issuers_are_checked_and_called_weak() -> None:
    old = Identity(
        "emailAddress", hashed=True, value=identity_hash("a@b.example", "salt", algorithm="md5"), salt="salt"
    )
    assert (old.fits("a@b.example"), old.weak) == (True, True)
    upper = Identity("emailAddress", hashed=True, value=identity_hash("a@b.example", "").upper().replace("SHA", "sha"))
    assert (upper.fits("a@b.example"), upper.weak) == (True, True)


NO_IDENTITIES: dict[str, dict[str, Any]] = {
    "no type": {"hashed": False, "identityHash": "a"},
    "hashed in words": {"identityType": "name", "hashed": "no", "identityHash": "a"},
    "a hash that is none": {"identityType": "name", "hashed": True, "identityHash": "a"},
    "a hash of another kind": {"identityType": "name", "hashed": True, "identityHash": "sha1$" + "0" * 40},
    "nothing": {"identityType": "name", "hashed": False, "identityHash": ""},
    "a salt that is a number": {"identityType": "name", "hashed": False, "identityHash": "a", "salt": 7},
    "a book": {"identityType": "name", "hashed": False, "identityHash": "a" * 5000},
}


@pytest.mark.parametrize("document", NO_IDENTITIES.values(), ids=NO_IDENTITIES.keys())
def test_what_is_no_identity_is_refused(document: dict[str, Any]) -> None:
    assert code_of(Identity.parse, document) == "badge.identity"


def test_a_short_salt_is_not_made() -> None:
    assert code_of(lambda: Identity.hashed_of("a", "name", salt="short")) == "badge.identity"


# Skills


def test_an_ncs_unit_is_written_and_found_again_by_its_code() -> None:
    unit = Alignment.ncs_unit("0902010101_16v1", "지게차 운전")
    assert Alignment.parse(unit.document()) == unit
    assert unit.ncs_code == "0902010101_16v1"


OTHER_NODES = {
    "a field of NCS, no unit": Alignment("건설", "https://www.ncs.go.kr/", "NCS", "09"),
    "the same code in another framework": Alignment("x", "https://a.example/", "SNCSX", "0902010101_16v1"),
    "no framework": Alignment("x", "https://a.example/", None, "0902010101_16v1"),
    "no code": Alignment("x", "https://a.example/", "NCS"),
}


@pytest.mark.parametrize("node", OTHER_NODES.values(), ids=OTHER_NODES.keys())
def test_another_node_has_no_ncs_unit(node: Alignment) -> None:
    assert node.ncs_code is None


def test_what_is_no_alignment_is_refused() -> None:
    assert code_of(Alignment.parse, {"targetName": "x", "targetUrl": "no address"}) == "badge.alignment"
    assert code_of(Alignment.parse, {"targetUrl": "https://a.example/"}) == "badge.alignment"
    assert code_of(Alignment.ncs_unit, "0902", "지게차 운전") == "badge.alignment"


# Endorsements and records made


def test_an_endorsement_is_made_and_read() -> None:
    document = badge()
    endorse(document, document["id"])
    read = Endorsement.parse(document["endorsement"][0])
    assert (read.endorsed, read.comment) == (document["id"], "현장에서 믿고 맡긴다.")


def test_whoever_endorses_themselves_is_noted() -> None:
    document = badge()
    endorse(document, "did:web:builders.example")
    assert [note.code for note in Endorsement.parse(document["endorsement"][0]).notes] == ["badge.endorses-itself"]


def record(**changes: Any) -> Any:
    given: dict[str, Any] = {
        "credential_id": "urn:uuid:0b8e4c1e-6a3f-4c55-9d8e-2f6f1f0f7a13",
        "issuer": Did("did:web:exam.example"),
        "issuer_name": "한국시험원",
        "name": "경력 증명",
        "credentials": [badge()],
        "recipient": badge()["credentialSubject"]["id"],
        "valid_from": 1_772_409_600,
        "partial": True,
    }
    return badge_making.learner_record(**given | changes)


def test_a_learner_record_is_made_and_read() -> None:
    forklift = badge()["credentialSubject"]["achievement"]["id"]
    read = Clr.parse(record(associations=[Association("isRelatedTo", forklift, forklift)]))
    assert read.credentials == (badge(),)
    assert read.associations == (Association("isRelatedTo", forklift, forklift),)
    assert read.partial is True
    assert read.notes == ()


def test_the_published_learner_record_is_read() -> None:
    document = json.loads((standards() / "samples/1edtech-validator/clr20/simple.json").read_bytes())
    read = Clr.parse(document)
    assert [one.name for one in read.achievements] == ["Achievement 1", "Achievement 2"]
    assert [one.type for one in read.associations] == ["isParentOf"]
    assert [OpenBadge.parse(one).achievement.name for one in read.credentials] == ["Teamwork"]


def test_a_record_notes_a_badge_about_another_id() -> None:
    assert [note.code for note in Clr.parse(record(recipient="did:web:somebody.example")).notes] == [
        "badge.clr-subject"
    ]


def test_a_broken_badge_breaks_its_record_at_its_place() -> None:
    broken = badge()
    first_result(broken, value="101")
    with pytest.raises(CredentialError) as refused:
        record(credentials=[broken])
    assert refused.value.code == "badge.result-value"
    assert "/credentialSubject/verifiableCredential/0/credentialSubject/result/0/value" in str(refused.value)


RECORDS = {
    "an association of what is not there": (
        {"associations": [Association("isPartOf", "urn:x:1", "urn:x:2")]},
        "badge.association",
    ),
    "an association of no known kind": ({"associations": [Association("likes", "urn:x:1", "urn:x:2")]}, "badge.schema"),
    "no credentials": ({"credentials": []}, "badge.schema"),
    "nobody's": ({"recipient": None}, "badge.recipient"),
    "an end before the beginning": ({"valid_until": 1}, "badge.dates"),
    "an id that is none": ({"credential_id": "7"}, "badge.schema"),
}


@pytest.mark.parametrize(("changes", "code"), RECORDS.values(), ids=RECORDS.keys())
def test_a_record_that_would_break_its_model_is_not_made(changes: dict[str, Any], code: str) -> None:
    assert code_of(lambda: record(**changes)) == code


def test_a_record_for_a_person_known_by_an_address_needs_no_id() -> None:
    known = Identity.hashed_of("haneul@mail.example", "emailAddress", salt="7f3q9xk4m2w8")
    assert Clr.parse(record(recipient=None, identities=[known])).identities == (known,)


# Any input


@given(st.sampled_from(["result", "achievement", "identifier", "id", "type"]), JSON)
def test_any_subject_is_a_badge_or_a_credential_error(member: str, value: Any) -> None:
    document = badge()
    subject(document)[member] = value
    code = code_of(OpenBadge.parse, document)
    assert code is None or code.startswith(("badge.", "model."))


@given(JSON)
def test_any_json_is_a_record_or_a_credential_error(value: Any) -> None:
    document = record()
    for other in (
        {**document, "credentialSubject": value},
        {**document, "credentialSubject": {**document["credentialSubject"], "verifiableCredential": value}},
    ):
        code = code_of(Clr.parse, other)
        assert code is None or code.startswith(("badge.", "model."))
