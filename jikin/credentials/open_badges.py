"""Open Badges 3.0 and CLR 2.0 as values: what was achieved, by which results, aligned to what, endorsed by whom.

Parsed once; from then on the document keeps its schema (``badge_schemas``) and agrees with itself (``badge_rules``).
Nothing in it is believed yet: proofs are looked at elsewhere.

>>> badge = OpenBadge.parse(document)
>>> badge.achievement.name, [result.value for result in badge.results]
('지게차운전기능사', ['85', '92'])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from jikin.credentials import badge_rules
from jikin.credentials.alignment import Alignment
from jikin.credentials.badge_rules import objects
from jikin.credentials.badge_schemas import BadgeFault, BadgeKind
from jikin.credentials.identity import Identity
from jikin.credentials.model import Credential
from jikin.credentials.structure import items, text_of
from jikin.errors import CredentialError
from jikin.values import Json, JsonObject

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Image:
    """A picture by its address, which may be a ``data:`` URL; *caption* is what it shows, for those who cannot see."""

    id: str
    caption: str | None

    @classmethod
    def of(cls, value: Json) -> Image | None:
        """Return the picture in *value*, None for none; a bare address is how older documents write it."""
        if isinstance(value, str):
            return cls(value, None)
        if isinstance(value, Mapping) and isinstance(value.get("id"), str):
            return cls(str(value["id"]), text_of(value.get("caption")))
        return None


@dataclass(frozen=True, slots=True)
class ResultDescription:
    """A possible result of an achievement; *levels* are names by the id of their rubric criterion level."""

    id: str
    name: str
    type: str
    allowed: tuple[str, ...]
    least: str | None
    most: str | None
    required: str | None
    levels: Mapping[str, str]
    alignments: tuple[Alignment, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """A result that was achieved: *value* as it stands, *level* the name of the level, *described* what it links to."""

    value: str | None = field(repr=False)
    level: str | None = field(repr=False)
    status: str | None = field(repr=False)
    described: ResultDescription | None
    alignments: tuple[Alignment, ...]


@dataclass(frozen=True, slots=True)
class Achievement:
    """What can be achieved. *creator* is the id of whoever defined it; *criteria* a text, *criteria_id* a page."""

    id: str
    name: str
    description: str | None
    type: str | None
    code: str | None
    creator: str | None
    criteria: str | None
    criteria_id: str | None
    image: Image | None
    tags: tuple[str, ...]
    alignments: tuple[Alignment, ...]
    results: tuple[ResultDescription, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows the achievement: a page by its id, a text, or both."""

    id: str | None
    name: str | None = field(repr=False)
    narrative: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AttachedEndorsement:
    """An endorsement that came inside a badge at *pointer*: a *credential*, or a compact *jws* that holds one.

    *holder* is the id of what carries it. Nothing of it is verified: it has a proof of its own, by its own issuer.
    """

    pointer: str
    holder: str | None
    credential: JsonObject | None = field(repr=False)
    jws: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenBadge:
    """An AchievementCredential, also called OpenBadgeCredential. *notes* are what is allowed and worth telling."""

    credential: Credential
    achievement: Achievement
    results: tuple[Result, ...]
    recipient: str | None = field(repr=False)
    identities: tuple[Identity, ...] = field(repr=False)
    evidence: tuple[Evidence, ...] = field(repr=False)
    image: Image | None
    endorsements: tuple[AttachedEndorsement, ...] = field(repr=False)
    notes: tuple[BadgeFault, ...]

    @classmethod
    def parse(cls, document: JsonObject) -> OpenBadge:
        """Return the badge in *document*; raises CredentialError (``badge.*``, ``model.*``) for the first fault."""
        credential, notes = _checked(document, BadgeKind.ACHIEVEMENT)
        subject = credential.subjects[0]
        achievement = _achievement(_one(subject, "achievement"))
        described = {one.id: one for one in achievement.results}
        return cls(
            credential=credential,
            achievement=achievement,
            results=_all(subject, "result", lambda one: _result(one, described)),
            recipient=_text(subject, "id"),
            identities=_all(subject, "identifier", Identity.parse),
            evidence=_all(document, "evidence", _evidence),
            image=Image.of(document.get("image")) or Image.of(subject.get("image")) or achievement.image,
            endorsements=tuple(attached_endorsements(document)),
            notes=notes,
        )

    @property
    def skills(self) -> tuple[Alignment, ...]:
        """Return every alignment to a node of a framework: the achievement's, then those of its results."""
        found = (*self.achievement.alignments, *(one for result in self.results for one in result.alignments))
        return tuple(dict.fromkeys(found))

    def is_about(self, plain: str) -> bool | None:
        """Say whether one of its identifiers is *plain* (an e-mail address, a name); None where it has none."""
        return any(identity.fits(plain) for identity in self.identities) if self.identities else None


@dataclass(frozen=True, slots=True)
class Endorsement:
    """An EndorsementCredential: its issuer speaks for *endorsed*, the id of a person, institution or achievement."""

    credential: Credential
    endorsed: str
    comment: str | None = field(repr=False)
    notes: tuple[BadgeFault, ...]

    @classmethod
    def parse(cls, document: JsonObject) -> Endorsement:
        """Return the endorsement in *document*; raises CredentialError (``badge.*``, ``model.*``)."""
        credential, notes = _checked(document, BadgeKind.ENDORSEMENT)
        subject = credential.subjects[0]
        return cls(credential, str(subject["id"]), text_of(subject.get("endorsementComment")), notes)


@dataclass(frozen=True, slots=True)
class Association:
    """How two achievements of a record belong together (``isParentOf``, ``precedes`` …), by their ids."""

    type: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Clr:
    """A Comprehensive Learner Record: *credentials* as they were given, each with a proof of its own to be checked.

    *partial*: it says of itself that it does not hold everything (None: it does not say).
    """

    credential: Credential
    credentials: tuple[JsonObject, ...] = field(repr=False)
    achievements: tuple[Achievement, ...]
    associations: tuple[Association, ...]
    recipient: str | None = field(repr=False)
    identities: tuple[Identity, ...] = field(repr=False)
    partial: bool | None
    endorsements: tuple[AttachedEndorsement, ...] = field(repr=False)
    notes: tuple[BadgeFault, ...]

    @classmethod
    def parse(cls, document: JsonObject) -> Clr:
        """Return the record in *document*; raises CredentialError (``badge.*``, ``model.*``)."""
        credential, notes = _checked(document, BadgeKind.CLR)
        subject, partial = credential.subjects[0], document.get("partial")
        return cls(
            credential=credential,
            credentials=_all(subject, "verifiableCredential", lambda one: one),
            achievements=_all(subject, "achievement", _achievement),
            associations=_all(
                subject,
                "association",
                lambda one: Association(str(one["associationType"]), str(one["sourceId"]), str(one["targetId"])),
            ),
            recipient=_text(subject, "id"),
            identities=_all(subject, "identifier", Identity.parse),
            partial=partial if isinstance(partial, bool) else None,
            endorsements=tuple(attached_endorsements(document)),
            notes=notes,
        )


def attached_endorsements(document: JsonObject) -> Iterator[AttachedEndorsement]:
    """Yield the endorsements that came inside *document*: beside it, at its achievements, and at the profiles in it."""
    yield from _attached(document, "")
    for where, issuer in objects(document, "issuer"):
        yield from _attached(issuer, where)
    for where, subject in objects(document, "credentialSubject"):
        for place, source in objects(subject, "source", where):
            yield from _attached(source, place)
        for place, achievement in objects(subject, "achievement", where):
            yield from _attached(achievement, place)
            for inner, creator in objects(achievement, "creator", place):
                yield from _attached(creator, inner)


def _attached(holder: JsonObject, base: str) -> Iterator[AttachedEndorsement]:
    name = _text(holder, "id")
    for where, credential in objects(holder, "endorsement", base):
        yield AttachedEndorsement(where, name, credential, None)
    written = holder.get("endorsementJwt")
    for position, text in enumerate(items(written) if written is not None else ()):
        if isinstance(text, str):
            where = f"{base}/endorsementJwt" + ("" if isinstance(written, str) else f"/{position}")
            yield AttachedEndorsement(where, name, None, text)


def _checked(document: JsonObject, kind: BadgeKind) -> tuple[Credential, tuple[BadgeFault, ...]]:
    found = badge_rules.examine(document, kind)
    for fault in found:
        if not fault.note:
            where = fault.pointer or "its top"
            # The fault's own sentence may quote personal data, and errors go into logs.
            raise CredentialError(f"the badge breaks its model at {where} ({fault.code})", code=fault.code)
    return Credential.parse(document), found


def _achievement(one: JsonObject) -> Achievement:
    criteria = _one(one, "criteria")
    return Achievement(
        id=str(one["id"]),
        name=text_of(one["name"]) or "",
        description=text_of(one.get("description")),
        type=_text(one, "achievementType"),
        code=_text(one, "humanCode"),
        creator=_text(_one(one, "creator"), "id"),
        criteria=text_of(criteria.get("narrative")),
        criteria_id=_text(criteria, "id"),
        image=Image.of(one.get("image")),
        tags=_texts(one, "tag"),
        alignments=_all(one, "alignment", Alignment.parse),
        results=_all(one, "resultDescription", _description),
    )


def _description(one: JsonObject) -> ResultDescription:
    return ResultDescription(
        id=str(one["id"]),
        name=text_of(one["name"]) or "",
        type=str(one["resultType"]),
        allowed=_texts(one, "allowedValue"),
        least=_text(one, "valueMin"),
        most=_text(one, "valueMax"),
        required=_text(one, "requiredValue") or _text(one, "requiredLevel"),
        levels={str(level["id"]): text_of(level["name"]) or "" for _, level in objects(one, "rubricCriterionLevel")},
        alignments=_all(one, "alignment", Alignment.parse),
    )


def _result(one: JsonObject, described: Mapping[str, ResultDescription]) -> Result:
    linked = described.get(_text(one, "resultDescription") or "")
    level = _text(one, "achievedLevel")
    return Result(
        value=_text(one, "value"),
        level=linked.levels.get(level) if linked and level else None,
        status=_text(one, "status"),
        described=linked,
        alignments=_all(one, "alignment", Alignment.parse),
    )


def _evidence(one: JsonObject) -> Evidence:
    return Evidence(_text(one, "id"), text_of(one.get("name")), text_of(one.get("narrative")))


def _all(holder: JsonObject, member: str, make: Callable[[JsonObject], T]) -> tuple[T, ...]:
    return tuple(make(entry) for _, entry in objects(holder, member))


def _one(holder: JsonObject, member: str) -> JsonObject:
    return next((entry for _, entry in objects(holder, member)), {})


def _text(holder: JsonObject, member: str) -> str | None:
    value = holder.get(member)
    return value if isinstance(value, str) else None


def _texts(holder: JsonObject, member: str) -> tuple[str, ...]:
    return tuple(one for one in items(holder.get(member)) if isinstance(one, str))
