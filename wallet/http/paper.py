"""A certificate on the screen, in the order of the paper: kind, title, name, sentence, day, issuer with seal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jikin.credentials.parsing import parse
from jikin.credentials.text import visible
from jikin.errors import CredentialError
from jikin.values import JsonObject
from jikin.web.languages import day
from wallet import describing
from wallet.http.shown import Say, tongue
from wallet.printing import seal_letters
from wallet.values import Held, Standing

_MAX_NAME = 200
_UNSEALED = frozenset({Standing.FAILED, Standing.UNKNOWN, Standing.WAITING})
_ENDED = frozenset({Standing.REVOKED, Standing.REPLACED, Standing.EXPIRED, Standing.SUSPENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What the document shows.

    *seal* has its letters and where they stand on 48 × 48, none unless the issuer is vouched for; *ended*: it is grey.
    """

    kind: str
    title: str
    name: str | None = field(repr=False)
    body: tuple[str, ...]
    day: str | None
    signatory: tuple[str, ...]
    seal: tuple[tuple[str, float, float], ...]
    ended: bool


def paper(held: Held, language: str, say: Say) -> Paper:
    """Return *held* as a document, worded as its type is printed where the type is known."""
    texts = _printed(held, language)
    issuer = tongue(held.issuer, language)
    return Paper(
        kind=texts.get("title") or say("detail.document"),
        title=tongue(held.title, language),
        name=_name(held, language),
        body=tuple(texts.get("body", "").splitlines()),
        day=None if held.issued_at is None else day(held.issued_at, language),
        signatory=tuple((texts.get("signatory") or issuer).splitlines()),
        seal=_seal(held.issuer.get("ko", "")) if held.issuer_accredited and held.standing not in _UNSEALED else (),
        ended=held.standing in _ENDED,
    )


def _printed(held: Held, language: str) -> Mapping[str, str]:
    """Return title, body and signatory as the type lays them out; nothing where the type or its layout is not known."""
    credential = parse(held.credential)
    kind = credential.kind
    layout = None if kind is None else kind.layouts.get(language)
    if kind is None or layout is None:
        return {}
    values = kind.fields(describing.record_of(credential), held.issuer)
    filled: dict[str, str] = {}
    for part in ("title", "body", "signatory"):
        try:
            filled[part] = getattr(layout, part).fill_text(values, language)
        except CredentialError:  # it asks for what the printed sheet alone knows
            continue
    return filled


def _seal(issuer: str) -> tuple[tuple[str, float, float], ...]:
    """Return the letters of the printed seal in its columns, from the right one downwards."""
    letters = seal_letters(issuer)
    side = math.ceil(math.sqrt(len(letters)))
    step = 42 / side
    columns = math.ceil(len(letters) / side)
    left = 24 + step * (columns - 1) / 2
    return tuple(
        (letter, round(left - step * (place // side), 2), round(3 + step * (place % side + 0.82), 2))
        for place, letter in enumerate(letters)
    )


def _name(held: Held, language: str) -> str | None:
    """Return the holder's name as the certificate states it, best in *language*.

    In an Open Badge that is an IdentityObject (3.0); in an SD-JWT VC a claim.
    """
    if held.envelope is None:
        names = [name for name in _stated_names(held.credential.get("credentialSubject")) if name]
    else:
        stated = (held.credential.get(claim) for claim in ("name", "name_en"))
        names = [visible(name, _MAX_NAME) for name in stated if isinstance(name, str) and name]
    fitting = [name for name in names if name.isascii() is (language == "en")]
    return next(iter(fitting or names), None)


def _stated_names(subject: object) -> Iterator[str]:
    if not isinstance(subject, Mapping):
        return
    stated = subject.get("name")
    if isinstance(stated, str):
        yield stated
    for entry in _identities(subject):
        text = entry.get("identityHash")
        if entry.get("identityType") == "name" and entry.get("hashed") is False and isinstance(text, str):
            yield text


def has_hidden_birth_date(credential: JsonObject) -> bool:
    """Say whether a birth date lies in it as a salted hash: whoever has the certificate can try every day there is."""
    subject = credential.get("credentialSubject")
    return any(
        entry.get("identityType") == "ext:birthDate" and entry.get("hashed") is True for entry in _identities(subject)
    )


def _identities(subject: object) -> Iterator[Mapping[str, object]]:
    identifiers = subject.get("identifier") if isinstance(subject, Mapping) else None
    for entry in identifiers if isinstance(identifiers, (list, tuple)) else [identifiers]:
        if isinstance(entry, Mapping):
            yield entry
