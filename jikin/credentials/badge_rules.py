"""What a badge must agree with itself about, beyond what a schema can say (Open Badges 3.0; CLR 2.0).

A result links to a description in the asserted achievement, its value lies within what that allows, an endorsement
endorses what carries it, an association joins achievements that are there. ``examine`` is the whole check of a badge:
its schema first, and these rules where the schema holds, so that no rule has to mind the shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from jikin.credentials import badge_schemas
from jikin.credentials.badge_schemas import MAX_FAULTS, BadgeFault, BadgeKind, pointer
from jikin.credentials.identity import Identity
from jikin.credentials.structure import items
from jikin.errors import CredentialError, ValueRefusedError
from jikin.values import Json, JsonObject, parse_instant

_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_MAX_CONTAINED = 200  # credentials looked into in one CLR
Found = Iterator[BadgeFault]


def examine(document: JsonObject, kind: BadgeKind | None = None) -> tuple[BadgeFault, ...]:
    """Return everything wrong with a badge (empty: nothing), at most 20 places, faults before notes.

    *kind* is what it says it is where that is not given; a document that is no badge has no fault. Raises
    CredentialError (``badge.too-deep``).
    """
    kind = kind or badge_schemas.kind_of(document)
    if kind is None:
        return ()
    broken = badge_schemas.faults(document, kind)
    if broken:
        return broken
    found = []
    for fault in _RULES[kind](document, ""):
        found.append(fault)
        if len(found) == MAX_FAULTS:
            break
    return tuple(sorted(found, key=lambda fault: (fault.note, fault.pointer)))


def objects(holder: JsonObject, member: str, base: str = "") -> Iterator[tuple[str, JsonObject]]:
    """Yield pointer and object of each entry of *member*, which stands alone or in an array; others are passed over."""
    value = holder.get(member)
    if isinstance(value, Mapping):
        yield pointer([member], base), value
    elif value is not None:
        for position, entry in enumerate(items(value)):
            if isinstance(entry, Mapping):
                yield pointer([member, position], base), entry


def _id(value: Json) -> str | None:
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else None


def _achievement_credential(document: JsonObject, base: str) -> Found:
    for where, subject in objects(document, "credentialSubject", base):
        yield from _recipient(subject, where)
        yield from _activity(subject, where)
        for inner, achievement in objects(subject, "achievement", where):
            yield from _descriptions(achievement, inner)
            yield from _results(subject, where, achievement)
            yield from _creator(document, achievement, inner)
            yield from _endorsed(achievement, inner, {_id(achievement), _id(achievement.get("creator"))})
            for place, creator in objects(achievement, "creator", inner):
                yield from _endorsed(creator, place, {_id(creator)})
    for where, issuer in objects(document, "issuer", base):
        yield from _endorsed(issuer, where, {_id(issuer)})
    yield from _endorsed(document, base, set(_named(document)))


def _named(document: JsonObject) -> Iterator[str | None]:
    """Yield the ids of what an endorsement beside the credential may speak of: it, its people and its achievement."""
    yield _id(document)
    yield _id(document.get("issuer"))
    for _, subject in objects(document, "credentialSubject"):
        yield from (_id(subject), _id(subject.get("source")))
        for _, achievement in objects(subject, "achievement"):
            yield from (_id(achievement), _id(achievement.get("creator")))


def _recipient(subject: JsonObject, base: str) -> Found:
    """Check who is meant: an id or an identifier, and hashes that hide something (AchievementSubject, ClrSubject)."""
    if "id" not in subject and not items(subject.get("identifier", ())):
        yield BadgeFault("badge.recipient", base, "nobody is named: a subject has an id, or at least one identifier")
    for where, entry in objects(subject, "identifier", base):
        try:
            if Identity.parse(entry).weak:
                message = "this hash hides nothing: it was made without a salt, or with MD5"
                yield BadgeFault("badge.identity-weak", where, message, note=True)
        except CredentialError as error:
            yield BadgeFault("badge.identity", where, str(error))


def _activity(subject: JsonObject, base: str) -> Found:
    start, end = (_instant(subject.get(name)) for name in ("activityStartDate", "activityEndDate"))
    if start is not None and end is not None and end < start:
        yield BadgeFault("badge.activity", f"{base}/activityEndDate", "the activity ends before it starts")


def _instant(value: Json) -> int | None:
    try:
        return parse_instant(value) if isinstance(value, str) else None
    except ValueRefusedError:
        return None


def _creator(document: JsonObject, achievement: JsonObject, base: str) -> Found:
    creator, issuer = _id(achievement.get("creator")), _id(document.get("issuer"))
    if creator is not None and creator != issuer:
        message = f"the achievement was created by {creator[:80]}, and is issued by {str(issuer)[:80]}"
        yield BadgeFault("badge.creator", f"{base}/creator", message, note=True)


def _descriptions(achievement: JsonObject, base: str) -> Found:
    """Check the descriptions of possible results: ids of their own, bounds in order, what is asked for possible."""
    seen: set[str] = set()
    for where, description in objects(achievement, "resultDescription", base):
        identifier = str(description["id"])
        if identifier in seen:
            yield BadgeFault("badge.result-twice", f"{where}/id", f"two result descriptions are called {identifier}")
        seen.add(identifier)
        least, most = (_bound(description, name) for name in ("valueMin", "valueMax"))
        if least is not None and most is not None and most < least:
            yield BadgeFault("badge.result-bounds", f"{where}/valueMax", "valueMax is below valueMin")
        if (asked := description.get("requiredValue")) is not None and (why := _outside(asked, description)):
            yield BadgeFault("badge.required-value", f"{where}/requiredValue", why)
        level = description.get("requiredLevel")
        if level is not None and level not in _levels(description):
            message = f"no rubric criterion level here is called {str(level)[:80]}"
            yield BadgeFault("badge.required-level", f"{where}/requiredLevel", message)


def _results(subject: JsonObject, base: str, achievement: JsonObject) -> Found:
    descriptions = {str(one["id"]): one for _, one in objects(achievement, "resultDescription")}
    for where, result in objects(subject, "result", base):
        link = result.get("resultDescription")
        described = descriptions.get(str(link)) if link is not None else None
        if link is not None and described is None:
            message = f"the achievement describes no result called {str(link)[:80]}"
            yield BadgeFault("badge.result-description", f"{where}/resultDescription", message)
        if described is not None:
            yield from _result(result, where, described)
        elif "achievedLevel" in result:
            message = "a level is achieved, and no result description says what levels there are"
            yield BadgeFault("badge.achieved-level", f"{where}/achievedLevel", message)


def _result(result: JsonObject, base: str, described: JsonObject) -> Found:
    value, level = result.get("value"), result.get("achievedLevel")
    if value is not None and (why := _outside(value, described)):
        yield BadgeFault("badge.result-value", f"{base}/value", why)
    if level is not None and level not in _levels(described):
        message = f"the result description has no rubric criterion level called {str(level)[:80]}"
        yield BadgeFault("badge.achieved-level", f"{base}/achievedLevel", message)
    if described.get("resultType") == "Status" and "status" not in result:
        yield BadgeFault("badge.result-status", base, "a result of type Status states its status")


def _levels(description: JsonObject) -> frozenset[str | None]:
    return frozenset(_id(level) for _, level in objects(description, "rubricCriterionLevel"))


def _bound(description: JsonObject, name: str) -> Decimal | None:
    value = description.get(name)
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def _outside(value: Json, described: JsonObject) -> str | None:
    """Return why *value* is none that the description allows, None where it is one."""
    text = str(value)
    if "allowedValue" in described and text not in (allowed := items(described["allowedValue"])):
        return f"the value {text[:40]!r} is none of {', '.join(str(one) for one in allowed)[:100]}"
    least, most = (_bound(described, name) for name in ("valueMin", "valueMax"))
    if least is None and most is None:
        return None
    number = text.removesuffix("%")
    if not _NUMBER.fullmatch(number):
        return f"the value {text[:40]!r} is no number, and its description has bounds"
    if (least is not None and Decimal(number) < least) or (most is not None and Decimal(number) > most):
        return (
            f"the value {text[:40]!r} lies outside {described.get('valueMin', '…')} to {described.get('valueMax', '…')}"
        )
    return None


def _endorsed(holder: JsonObject, base: str, meant: set[str | None]) -> Found:
    """Check that each endorsement that *holder* carries speaks of one of *meant*."""
    for where, endorsement in objects(holder, "endorsement", base):
        for place, subject in objects(endorsement, "credentialSubject", where):
            if _id(subject) not in meant:
                message = f"this endorses {str(_id(subject))[:80]}, which is not what carries it"
                yield BadgeFault("badge.endorsement-elsewhere", f"{place}/id", message)


def _endorsement_credential(document: JsonObject, base: str) -> Found:
    for where, subject in objects(document, "credentialSubject", base):
        if _id(subject) == _id(document.get("issuer")):
            yield BadgeFault(
                "badge.endorses-itself", f"{where}/id", "whoever endorses here endorses themselves", note=True
            )


def _clr_credential(document: JsonObject, base: str) -> Found:
    for where, subject in objects(document, "credentialSubject", base):
        yield from _recipient(subject, where)
        achievements = {_id(one) for _, one in objects(subject, "achievement")}
        for count, (inner, credential) in enumerate(objects(subject, "verifiableCredential", where)):
            if count == _MAX_CONTAINED:
                message = f"a record is looked into up to {_MAX_CONTAINED} credentials"
                yield BadgeFault("badge.clr-too-long", inner, message, note=True)
                break
            yield from _contained(credential, inner, subject)
            for _, holder in objects(credential, "credentialSubject"):
                achievements |= {_id(one) for _, one in objects(holder, "achievement")}
        for inner, achievement in objects(subject, "achievement", where):
            yield from _descriptions(achievement, inner)
        for inner, association in objects(subject, "association", where):
            for end in ("sourceId", "targetId"):
                if association[end] not in achievements:
                    message = f"no achievement in this record is called {str(association[end])[:80]}"
                    yield BadgeFault("badge.association", f"{inner}/{end}", message)
    yield from _endorsed(document, base, set(_named(document)))


def _contained(credential: JsonObject, base: str, holder: JsonObject) -> Found:
    """Check a credential inside a record: its own model, and that it is about the record's holder."""
    kind = badge_schemas.kind_of(credential)
    if kind in (BadgeKind.ACHIEVEMENT, BadgeKind.ENDORSEMENT):
        broken = badge_schemas.faults(credential, kind)
        yield from (BadgeFault(one.code, base + one.pointer, one.message) for one in broken)
        if not broken:
            yield from _RULES[kind](credential, base)
    for where, subject in objects(credential, "credentialSubject", base):
        ids = (_id(subject), _id(holder))
        if None not in ids and ids[0] != ids[1]:
            message = "this credential is about another id than the record that contains it"
            yield BadgeFault("badge.clr-subject", f"{where}/id", message, note=True)


def _profile(document: JsonObject, base: str) -> Found:
    yield from _endorsed(document, base, {_id(document)})


_RULES = {
    BadgeKind.ACHIEVEMENT: _achievement_credential,
    BadgeKind.ENDORSEMENT: _endorsement_credential,
    BadgeKind.CLR: _clr_credential,
    BadgeKind.PROFILE: _profile,
}
