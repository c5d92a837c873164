"""Our schemas of Open Badges and CLR, and the published ones: the same verdicts, and a reason for every other one."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from jikin.badges import png, svg
from jikin.codec import multibase
from jikin.credentials import badge_schemas
from jikin.credentials.badge_schemas import BadgeKind
from tests.credential_samples import QUALIFICATION, credential
from tests.shared_standards import standards

OFFICIAL = {
    BadgeKind.ACHIEVEMENT: "ob3/ob_v3p0_anyachievementcredential_schema.json",  # both versions of the W3C model
    BadgeKind.ENDORSEMENT: "ob3/ob_v3p0_endorsementcredential_schema.json",
    BadgeKind.CLR: "clr2/clr_v2p0_clrcredential_schema.json",
    BadgeKind.PROFILE: "ob3/ob_v3p0_profile_schema.json",
}
SUBJECT_CLOSED = (
    "the published schema closes the subject of a 1.1 credential to other members and leaves that of 2.0 open; "
    "ours leaves both open, for whether a term is defined is JSON-LD's to say"
)
TYPE_AS_TEXT = (
    "the published schema takes any text for a type that stands without brackets; ours wants the right one either way"
)
# Sample → what ours says (the published schema says the opposite), and why.
DIFFERENCES = {
    "real-samples/dcc/v1Revoked.json": (True, SUBJECT_CLOSED),
    "real-samples/dcc/v1WithValidStatus.json": (True, SUBJECT_CLOSED),
    "samples/1edtech-validator/ob30/simple-err-credential-subject-achievement-result-description-type.json": (
        False,
        TYPE_AS_TEXT,
    ),
    "samples/1edtech-validator/ob30/simple-err-credential-subject-profile-type.json": (False, TYPE_AS_TEXT),
}
FOLDERS = ("samples/1edtech-validator/ob30", "samples/1edtech-validator/clr20", "real-samples/dcc")


@cache
def official(kind: BadgeKind) -> jsonschema_rs.Draft201909Validator:
    return jsonschema_rs.Draft201909Validator(json.loads((standards() / "schemas" / OFFICIAL[kind]).read_bytes()))


@cache
def ours(kind: BadgeKind) -> jsonschema_rs.Draft202012Validator:
    """Return our schema in a second, independent implementation of JSON Schema."""
    documents = {one: badge_schemas.schema(one) for one in BadgeKind}
    shapes = badge_schemas._documents()["shapes"]
    registry = jsonschema_rs.Registry([(str(one["$id"]), one) for one in (*documents.values(), shapes)])
    return jsonschema_rs.Draft202012Validator(documents[kind], registry=registry)


SAMPLES = [path for folder in FOLDERS for path in sorted((standards() / folder).rglob("*")) if path.is_file()]


def content(path: Path) -> Any:
    """Return the credential in a sample: JSON, the payload of a JWT, or what is baked into a picture."""
    data = path.read_bytes()
    if path.suffix in (".png", ".svg"):
        baked = png.read(data) if path.suffix == ".png" else svg.read(data)
        assert baked is not None
        data = baked.content.encode()
    if data.lstrip()[:1] == b"{":
        return json.loads(data)
    claims = json.loads(multibase.decode_base64url(data.decode().split(".")[1]))
    return claims.get("vc", claims)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_published_sample_is_judged_as_by_the_published_schema_or_for_a_written_reason(path: Path) -> None:
    document = content(path)
    kind = badge_schemas.kind_of(document) or BadgeKind.ACHIEVEMENT
    verdict = not badge_schemas.faults(document, kind)
    name = path.relative_to(standards()).as_posix()
    expected, reason = DIFFERENCES.get(name, (verdict, ""))
    assert verdict is expected
    assert official(kind).is_valid(document) is (not verdict if reason else verdict)
    assert ours(kind).is_valid(document) is verdict


def test_every_written_difference_is_about_a_sample_that_is_there() -> None:
    assert set(DIFFERENCES) <= {path.relative_to(standards()).as_posix() for path in SAMPLES}


def test_enough_samples_pass_and_enough_fail_for_the_comparison_to_mean_something() -> None:
    verdicts = []
    for path in SAMPLES:
        document = content(path)
        verdicts.append(not badge_schemas.faults(document, badge_schemas.kind_of(document) or BadgeKind.ACHIEVEMENT))
    assert (verdicts.count(True), verdicts.count(False)) == (29, 20)


# One change at a time in the fullest sample, at every kind of place in it: where do the schemas part?
OURS_STRICTER = {
    "object": "the published schema takes {language: text} for every text, type and address; no context defines that",
    "words": "the published schema takes any text where an address, a date or a type stands",
}
PROOF = {"proof": "what a proof says is judged by its cryptosuite"}
OURS_LAXER = {
    "absent": {"refreshService/id": "the W3C data model 2.0 no longer asks for this id"},
    "null": PROOF,
    "number": PROOF,
    "object": PROOF,
}
CHANGES: dict[str, Any] = {"absent": None, "null": None, "number": 7, "object": {"en": "x"}, "words": "two words"}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for name, member in value.items():
            yield from places(member, (*path, name))
    elif isinstance(value, list):
        for position, member in enumerate(value):
            yield from places(member, (*path, position))


def changed(document: Any, path: tuple[Any, ...], value: Any, *, remove: bool) -> Any:
    copied = copy.deepcopy(document)
    holder = copied
    for token in path[:-1]:
        holder = holder[token]
    if remove:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return copied


@pytest.mark.parametrize("change", CHANGES)
def test_one_change_anywhere_in_the_fullest_badge_is_judged_alike_or_for_a_written_reason(change: str) -> None:
    document = json.loads((standards() / "samples/1edtech-validator/ob30/complete.json").read_bytes())
    kinds = {}
    for path in places(document):
        named = tuple("#" if isinstance(token, int) else token for token in path)
        kinds.setdefault(named[-3:], path)
    judged = 0
    for named, path in kinds.items():
        if change == "absent" and named[-1] == "#":
            continue
        other = changed(document, path, CHANGES[change], remove=change == "absent")
        published, own = (one(BadgeKind.ACHIEVEMENT).is_valid(other) for one in (official, ours))
        judged += 1
        where = "/".join(named)
        if own and not published:
            assert any(place in where for place in OURS_LAXER.get(change, {})), where
        if published and not own:
            assert change in OURS_STRICTER, where
    assert judged > 150


def test_what_we_issue_keeps_our_schema_and_the_published_one() -> None:
    issued = credential(QUALIFICATION)
    assert badge_schemas.faults(issued, BadgeKind.ACHIEVEMENT) == ()
    assert official(BadgeKind.ACHIEVEMENT).is_valid(issued)
