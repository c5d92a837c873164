"""The shape of a credential, member by member (VC Data Model 2.0, section 4; 1.1, section 4).

These are the rules that need neither JSON-LD nor a network: what each member must look like. Terms that no context
defines and protected terms that are defined anew are found by JSON-LD safe mode, not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn

from jikin.credentials import editions
from jikin.credentials.integrity import Integrity
from jikin.errors import CredentialError, ValueRefusedError
from jikin.values import Json, JsonObject, parse_instant

CONTEXT_V2 = "https://www.w3.org/ns/credentials/v2"
CONTEXT_V1 = "https://www.w3.org/2018/credentials/v1"

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20\x7f-\x9f]+")
_TERM = re.compile(r"[^\s:/?#@\x00-\x20]+")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_FRACTION = re.compile(r"\.([0-9]+)")
_MAX_SHOWN = 80
# Of what a verifier may have to ask others about. A credential states one or two of each.
_MAX_ENTRIES = {"credentialStatus": 8, "credentialSchema": 16, "relatedResource": 64}


def refuse(code: str, message: str) -> NoReturn:
    """Raise CredentialError with the narrower code ``model.<code>``."""
    raise CredentialError(message, code=f"model.{code}")


def is_url(value: object) -> bool:
    """Say whether *value* is an absolute URL: a scheme, a colon, and no blank or control character (VC 2.0, 4.4)."""
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def shown(value: object) -> str:
    """Return *value* for a message: its JSON-like form, cut after 80 characters."""
    text = repr(value) if isinstance(value, (str, int, float, bool)) or value is None else f"a {kind(value)}"
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def kind(value: object) -> str:
    """Return what JSON calls the type of *value*."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Mapping):
        return "object"
    if isinstance(value, str):
        return "string"
    if isinstance(value, Sequence):
        return "array"
    return "null" if value is None else "number"


def items(value: Json) -> tuple[Json, ...]:
    """Return the members of an array, or the one value that stands without brackets."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(value)
    return (value,)


def check_context(document: JsonObject) -> str:
    """Return the base context's URL; refuse an absent, unordered or wrong ``@context`` (VC 2.0, 4.3)."""
    if "@context" not in document:
        refuse("context", f"the credential has no @context; its first must be {CONTEXT_V2}")
    context = document["@context"]
    if isinstance(context, str) or not isinstance(context, Sequence) or not context:
        refuse("context", f"@context must be an array with entries, got {shown(context)}")
    base = context[0]
    if base not in (CONTEXT_V2, CONTEXT_V1):
        refuse("context", f"the first @context must be {CONTEXT_V2} (or {CONTEXT_V1}), got {shown(base)}")
    for position, entry in enumerate(context):
        if not is_url(entry) and not isinstance(entry, Mapping):
            refuse("context", f"@context {position} must be a URL or an object of terms, got {shown(entry)}")
    return str(base)


def check_types(value: Json, where: str) -> tuple[str, ...]:
    """Return the types of the object *where*: terms or absolute URLs, at least one (VC 2.0, 4.5)."""
    if value is None:
        refuse("type", f"{where} has no type")
    types = items(value)
    if not types:
        refuse("type", f"the type of {where} is an empty array")
    for entry in types:
        if not isinstance(entry, str) or not (_TERM.fullmatch(entry) or is_url(entry)):
            refuse("type", f"a type of {where} must be a term or a URL, got {shown(entry)}")
    return tuple(str(entry) for entry in types)


def check_id(holder: JsonObject, where: str, *, required: bool = False) -> str | None:
    """Return the ``id`` of the object *where*: exactly one URL, or None where it may be absent (VC 2.0, 4.4)."""
    if "id" not in holder:
        if required:
            refuse("id", f"{where} has no id; it must be a URL")
        return None
    value = holder["id"]
    if not is_url(value):
        refuse("id", f"the id of {where} must be one URL, got {shown(value)}")
    return str(value)


def check_texts(holder: JsonObject, where: str) -> None:
    """Refuse a ``name`` or ``description`` that is neither a string nor language objects (VC 2.0, 4.6 and 11.1)."""
    for member in ("name", "description"):
        if member not in holder:
            continue
        value = holder[member]
        if isinstance(value, str):
            continue
        if not items(value):
            refuse("text", f"{member} of {where} is an empty array")
        for entry in items(value):
            _check_language_object(entry, f"{member} of {where}")


def _check_language_object(value: Json, where: str) -> None:
    if not isinstance(value, Mapping):
        refuse("text", f"{where} must be a string or language objects, got {shown(value)}")
    if foreign := sorted(set(value) - {"@value", "@language", "@direction"}):
        refuse(
            "text",
            f"{where} has {', '.join(foreign)[:_MAX_SHOWN]}; a language object has @value, @language, @direction",
        )
    if not isinstance(value.get("@value"), str):
        refuse("text", f"{where} needs an @value that is a string")
    language = value.get("@language")
    if "@language" in value and not (isinstance(language, str) and _LANGUAGE.fullmatch(language)):
        refuse("text", f"the @language of {where} must be a tag such as ko, got {shown(language)}")
    if value.get("@direction", "ltr") not in ("ltr", "rtl"):
        refuse("text", f"the @direction of {where} must be ltr or rtl, got {shown(value['@direction'])}")


def text_of(value: Json, language: str = "ko") -> str | None:
    """Return the text of a string or of language objects: in *language* where there is one, else the first."""
    if isinstance(value, str):
        return value
    entries = [entry for entry in items(value) if isinstance(entry, Mapping) and isinstance(entry.get("@value"), str)]
    if not entries:
        return None
    for entry in entries:
        if entry.get("@language") == language:
            return str(entry["@value"])
    return str(entries[0]["@value"])


def objects(document: JsonObject, member: str) -> Iterator[tuple[str, JsonObject]]:
    """Yield name and object of each entry of *member*; nothing when it is absent; refuse what is no object."""
    if member not in document:
        return
    value = document[member]
    many = items(value)
    if not many:
        refuse(_CODES.get(member, member), f"{member} is an empty array; leave it out instead")
    for position, entry in enumerate(many):
        where = member if len(many) == 1 else f"{member} {position}"
        if not isinstance(entry, Mapping):
            refuse(_CODES.get(member, member), f"{where} must be an object, got {shown(entry)}")
        yield where, entry


_CODES = {
    "credentialSubject": "subject",
    "credentialStatus": "status",
    "credentialSchema": "schema",
    "termsOfUse": "terms",
    "refreshService": "refresh",
    "relatedResource": "resource",
    "renderMethod": "render",
    "confidenceMethod": "confidence",
}


def typed_objects(
    document: JsonObject, member: str, *, id_required: bool = False, texts: bool = False
) -> tuple[JsonObject, ...]:
    """Return the objects of *member*, each with a type and a sound id (VC 2.0, 4.5: objects that need a type).

    *texts*: their ``name`` and ``description`` are those of the data model, and checked.
    """
    found = []
    for where, entry in objects(document, member):
        check_types(entry.get("type"), where)
        check_id(entry, where, required=id_required)
        if texts:
            check_texts(entry, where)
        found.append(entry)
    return tuple(found)


def few(entries: tuple[JsonObject, ...], member: str) -> tuple[JsonObject, ...]:
    """Return *entries* of *member*; refuse so many that one document would have half the web asked about it."""
    if len(entries) > _MAX_ENTRIES[member]:
        refuse(_CODES[member], f"{member} has {len(entries)} entries; at most {_MAX_ENTRIES[member]} are read")
    return entries


def check_subjects(document: JsonObject, *, texts: bool = False) -> tuple[JsonObject, ...]:
    """Return the subjects: at least one, none empty, each with at most one id (VC 2.0, 4.8)."""
    if document.get("credentialSubject") is None:
        refuse("subject", "the credential has no credentialSubject")
    subjects = []
    for where, subject in objects(document, "credentialSubject"):
        if not subject:
            refuse("subject", f"{where} is empty: it says nothing about anybody")
        check_id(subject, where)
        if texts:
            check_texts(subject, where)
        subjects.append(subject)
    return tuple(subjects)


def check_issuer(document: JsonObject, *, texts: bool = False) -> str:
    """Return the issuer's id, whether it stands alone or in an object (VC 2.0, 4.7)."""
    issuer = document.get("issuer")
    if issuer is None:
        refuse("issuer", "the credential has no issuer")
    if isinstance(issuer, Mapping):
        identifier = issuer.get("id")
        if not is_url(identifier):
            refuse("issuer", f"the issuer's id must be a URL, got {shown(identifier)}")
        if texts:
            check_texts(issuer, "issuer")
        return str(identifier)
    if not is_url(issuer):
        refuse("issuer", f"the issuer must be a URL or an object with one, got {shown(issuer)}")
    return str(issuer)


def check_instant(document: JsonObject, member: str) -> int | None:
    """Return the Unix second of the date *member*, None when it is absent (VC 2.0, 4.9)."""
    if member not in document:
        return None
    value = document[member]
    if not isinstance(value, str):
        refuse("dates", f"{member} must be a date and time such as 2026-06-12T09:00:00Z, got {shown(value)}")
    try:
        return parse_instant(value)
    except ValueRefusedError as error:
        raise CredentialError(f"{member}: {error}", code="model.dates") from error


def check_order(start: int | None, end: int | None, names: tuple[str, str]) -> None:
    """Refuse an end before the start; equal instants are allowed (VC 2.0, 4.9)."""
    if start is not None and end is not None and end < start:
        refuse("dates", f"{names[1]} is before {names[0]}")


def check_order_of(document: JsonObject, start: int | None, end: int | None, names: tuple[str, str]) -> None:
    """Refuse an end before the start, the fractions of their seconds included (VC 2.0, 4.9)."""
    check_order(start, end, names)
    if start is not None and start == end and fraction(document[names[1]]) < fraction(document[names[0]]):
        refuse("dates", f"{names[1]} is a fraction of a second before {names[0]}")


def fraction(value: Json) -> str:
    """Return the digits behind the decimal point of a date, without zeros at their end; they compare like texts."""
    found = _FRACTION.search(value) if isinstance(value, str) else None
    return found[1].rstrip("0") if found else ""


def check_absent(document: JsonObject, members: Sequence[str], instead: str) -> None:
    """Refuse members of the other model version: under JCS nobody would notice that they are never read."""
    for member in members:
        if member in document:
            refuse("dates", f"{member} belongs to another version of the data model; this one says {instead}")


def check_proofs(document: JsonObject) -> None:
    """Refuse proofs that are no typed objects; what a proof says is judged elsewhere (Data Integrity 1.0, 2.1)."""
    for where, proof in objects(document, "proof"):
        try:
            check_types(proof.get("type"), where)
        except CredentialError as error:
            raise CredentialError(str(error), code="model.proof") from error


def check_resources(document: JsonObject) -> tuple[JsonObject, ...]:
    """Return the related resources: each with a URL of its own and a digest (VC 2.0, 5.3).

    A digest of a well-known resource is compared with its published editions at once.
    """
    seen: set[str] = set()
    found = []
    for where, resource in objects(document, "relatedResource"):
        identifier = str(check_id(resource, where, required=True))
        if identifier in seen:
            refuse("resource", f"relatedResource names {shown(identifier)} twice")
        seen.add(identifier)
        if "mediaType" in resource and not isinstance(resource["mediaType"], str):
            refuse("resource", f"mediaType of {where} must be a string, got {shown(resource['mediaType'])}")
        integrity = Integrity.of(resource, where)
        if not integrity.stated and not integrity.unknown:
            refuse("resource", f"{where} has neither digestSRI nor digestMultibase")
        if editions.known(identifier) and not editions.fits(identifier, integrity):
            refuse("resource", f"{where} states a digest that is not that of {shown(identifier)}")
        found.append(resource)
    return few(tuple(found), "relatedResource")
