"""What a certificate says, as rows somebody compares with the paper or the plate in the hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jikin.credentials.claims import NUMBER, RESERVED
from jikin.credentials.columns import Text
from jikin.credentials.model import Credential, Model
from jikin.credentials.record import NumberRecord
from jikin.credentials.text import visible
from jikin.credentials.types import CredentialType, CredentialTypes
from jikin.errors import ValueRefusedError
from jikin.values import Json, parse_instant
from jikin.verification.findings import Code
from jikin.verification.report import Report
from jikin.web import languages
from verifier.words import Say

_MAX_VALUE = 300
_MAX_NAMES = 2
_MAX_CLAIMS = 40
_TOLD = frozenset({"name", "name_en", NUMBER})
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# A machine has a plate; people compare these with it first.
_MACHINE = "machine-safety-certification"
_BIRTH_DATE = "birth_date"
_ENDS = frozenset({Code.STATUS_REVOKED, Code.STATUS_SUSPENDED, Code.STATUS_REPLACED})


@dataclass(frozen=True, slots=True)
class Fact:
    """One row: a label, a value for people, and whether it is a certificate number."""

    label: str
    value: str = field(repr=False)
    number: bool = False


def of(
    report: Report, credential: Credential | None, record: NumberRecord | None, language: str, say: Say
) -> tuple[Fact, ...]:
    """Return what *credential*, or else the public *record* of its number, says; rows without a value are left out."""
    names = _names(credential)
    public = tuple(_public(credential, record, language))
    number = report.subject.number
    rows = [Fact(say("facts.name"), " · ".join(names))] if names else []
    first = public[:1] if names else public
    rows += first or _title(report, say)
    if number is not None:
        rows.append(Fact(say("facts.number"), number, number=True))
    rows += public[len(first) :]
    rows += _dates(credential, record, language, say)
    rows += _ended(report, language, say)
    if report.issuer.names is not None:
        rows.append(Fact(say("facts.issuer"), report.issuer.names.in_language(language)))
    return tuple(row for row in rows if row.value)


def is_machine(credential: Credential | None, record: NumberRecord | None) -> bool:
    """Say whether it is about a machine, which has a plate to compare with."""
    kind = kind_of(credential, record)
    return kind is not None and kind.id == _MACHINE


def has_holder_name(record: NumberRecord | None) -> bool:
    """Say whether certificates of this kind are a person's, whose masked name can be asked for."""
    kind = kind_of(None, record)
    return kind is not None and _BIRTH_DATE in kind.columns


def kind_of(credential: Credential | None, record: NumberRecord | None) -> CredentialType | None:
    """Return the credential type that it states, None where this installation knows none of it."""
    if credential is not None:
        return credential.kind
    types = CredentialTypes.packaged()
    return types.named(record.type) if record is not None and record.type in types.ids else None


def until(credential: Credential | None, record: NumberRecord | None) -> int | None:
    """Return the Unix second at which it ends by its own words, None for never."""
    if credential is not None:
        return credential.valid_until
    return None if record is None else record.valid_until


def said(value: Json, language: str) -> str:
    """Return a claim's value for people: a text, the one in *language* of several, a day for a date."""
    if isinstance(value, Mapping):
        value = value.get("@value", value.get("name"))
    if isinstance(value, Sequence) and not isinstance(value, str):
        entries = [entry for entry in value if isinstance(entry, Mapping)]
        fitting = [entry for entry in entries if entry.get("@language") == language] or entries
        value = fitting[0].get("@value") if fitting else ", ".join(one for one in value if isinstance(one, str))
    if value is None or isinstance(value, bool | Mapping):
        return ""
    return day_of(visible(str(value), _MAX_VALUE), language)


def day_of(text: str, language: str) -> str:
    """Return a date, or a date and time, as a day in words; every other text unchanged."""
    try:
        instant = parse_instant(f"{text}T00:00:00+09:00" if _DAY.fullmatch(text) else text)
    except ValueRefusedError:
        return text
    return languages.day(instant, language)


def _names(credential: Credential | None) -> tuple[str, ...]:
    """Return the names of the holder: as Open Badges identifies people, or as the subject's own name."""
    if credential is None or not credential.subjects:
        return ()
    subject = credential.subjects[0]
    identifiers = subject.get("identifier")
    listed = identifiers if isinstance(identifiers, Sequence) and not isinstance(identifiers, str) else [identifiers]
    found = [
        visible(str(entry["identityHash"]), _MAX_VALUE)
        for entry in listed
        if isinstance(entry, Mapping) and entry.get("identityType") == "name" and entry.get("hashed") is False
        if isinstance(entry.get("identityHash"), str)
    ]
    own = subject.get("name")
    return tuple(found[:_MAX_NAMES]) or ((visible(own, _MAX_VALUE),) if isinstance(own, str) else ())


def _public(credential: Credential | None, record: NumberRecord | None, language: str) -> Iterator[Fact]:
    kind = kind_of(credential, record)
    if credential is not None and credential.model is Model.SD_JWT_VC:
        yield from _disclosed(credential, language)
        return
    title = None if kind is None else kind.public_labels.get(kind.title_pointer)
    if credential is not None and kind is not None:
        for pointer, value in credential.public.items():
            label = kind.public_labels[pointer]
            shown = _in(kind.title_of(credential.document), language) if label is title else said(value, language)
            yield Fact(_in(label, language), visible(shown, _MAX_VALUE))
    elif record is not None:
        for field_ in record.public:
            named = title is not None and field_.label.get("ko") == title.ko
            yield Fact(
                field_.label.get(language, ""),
                visible(record.title[language], _MAX_VALUE) if named else said(field_.value, language),
            )


def _disclosed(credential: Credential, language: str) -> Iterator[Fact]:
    """Yield what was disclosed of an SD-JWT VC, with the labels of its type where that is known; the title first."""
    claims = credential.document
    if credential.kind is None:
        names = [name for name in claims if name not in RESERVED]
        yield from (Fact(visible(name, _MAX_VALUE), said(claims[name], language)) for name in names[:_MAX_CLAIMS])
        return
    for name, claim in credential.kind.claims.by_name.items():
        base = name.removesuffix("_en")
        translated = name != base and base in credential.kind.claims.by_name
        if name in _TOLD or translated or name not in claims:
            continue  # told in rows of their own, or as the English of another claim
        english = claims.get(f"{name}_en") if language == "en" else None
        yield Fact(_in(claim.label, language), said(claims[name] if english is None else english, language))


def _in(text: Text, language: str) -> str:
    return text.ko if language == "ko" else text.en


def _ended(report: Report, language: str, say: Say) -> Iterator[Fact]:
    """Yield since when it has no effect, where that is known."""
    since = next(
        (one.facts["effective"] for one in report.findings if one.code in _ENDS and "effective" in one.facts), None
    )
    if isinstance(since, int):
        yield Fact(say("facts.ended"), languages.day(since, language))


def _title(report: Report, say: Say) -> tuple[Fact, ...]:
    title = report.subject.title
    return () if title is None else (Fact(say("facts.what"), visible(title, _MAX_VALUE)),)


def _dates(credential: Credential | None, record: NumberRecord | None, language: str, say: Say) -> Iterator[Fact]:
    start = record.valid_from if record is not None else None if credential is None else credential.valid_from
    end = until(credential, record)
    if start is not None:
        yield Fact(say("facts.issued"), languages.day(start, language))
    if end is not None:
        yield Fact(say("facts.until"), languages.day(end, language))
