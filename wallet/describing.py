"""What a certificate says, for people: what it is called, who issued it, its fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from jikin.badges.check_url import check_url
from jikin.credentials import claims, reading_back
from jikin.credentials.columns import Text
from jikin.credentials.model import Credential, Model
from jikin.credentials.structure import text_of
from jikin.credentials.text import visible
from jikin.credentials.types import CredentialType
from jikin.errors import DocumentError
from jikin.status.bitstring import list_id_of
from jikin.values import Json
from jikin.verification.report import Report
from wallet.app import Wallet
from wallet.values import Field

_MAX_TEXT = 200
_MAX_FIELDS = 40
_MAX_DEPTH = 6
# What programs need and people do not read.
_TECHNICAL = frozenset({"@context", "type", "id", "proof", "salt", "hashed", "identityType", "image", "logo"})
# Claims that make up the certificate itself, and say nothing that is not told in its own words.
_TECHNICAL_CLAIMS = claims.RESERVED - {"sub", "jti", "aud"}
_REGISTERED: Mapping[str, Text] = {"iat": Text("발급일", "Issued")}
_TITLE_EN = f"{claims.TITLE}_en"
Path = tuple[str | int | None, ...]


def title_of(credential: Credential) -> dict[str, str]:
    """Return what is certified, in ko and en; the same text in both where only one is known."""
    if credential.model is Model.SD_JWT_VC:
        return _claimed_title(credential)
    if credential.kind is not None:
        title = credential.kind.title_of(credential.document)
        return {"ko": visible(title.ko, _MAX_TEXT), "en": visible(title.en, _MAX_TEXT)}
    name = credential.title or type_of(credential)
    english = text_of(credential.document.get("name"), "en")
    return {"ko": name, "en": visible(english, _MAX_TEXT) if english else name}


def _claimed_title(credential: Credential) -> dict[str, str]:
    korean, english = credential.title, credential.document.get(_TITLE_EN)
    if korean is None:
        return kind_of(credential)
    return {"ko": korean, "en": visible(english, _MAX_TEXT) if english and isinstance(english, str) else korean}


def kind_of(credential: Credential) -> dict[str, str]:
    """Return what its type is called, in ko and en; of one that is not known here, the name it states."""
    if credential.kind is not None:
        return _labels(credential.kind.name)
    return dict.fromkeys(("ko", "en"), type_of(credential))


def type_of(credential: Credential) -> str:
    """Return the id of its credential type; of one that is not known here, the most telling name it states."""
    if credential.kind is not None:
        return credential.kind.id
    names = [name for name in credential.types if name != "VerifiableCredential"]
    return visible(names[-1] if names else "VerifiableCredential", _MAX_TEXT)


def issuer_of(credential: Credential, report: Report) -> dict[str, str]:
    """Return the issuer's names by its approved profile; the stated ones, or its id, where no profile is known."""
    if report.issuer.names is not None:
        return {"ko": report.issuer.names.ko, "en": report.issuer.names.en}
    stated = None if credential.model is Model.SD_JWT_VC else credential.document.get("issuer")
    name = stated.get("name") if isinstance(stated, Mapping) else None
    korean, english = text_of(name), text_of(name, "en")
    return {
        "ko": visible(korean or credential.issuer, _MAX_TEXT),
        "en": visible(english or korean or credential.issuer, _MAX_TEXT),
    }


def fields_of(credential: Credential) -> tuple[Field, ...]:
    """Return everything that a reader of the certificate sees; of an unknown type, what its subject holds.

    Its number stands apart and is not among them.
    """
    if credential.model is Model.SD_JWT_VC:
        apart = frozenset() if credential.number is None else frozenset({claims.NUMBER})
        return claims_of(credential, without=apart)[:_MAX_FIELDS]
    if credential.kind is not None:
        columns, record = credential.kind.columns, record_of(credential)
        return tuple(
            Field(_labels(columns[key].header), visible(value, _MAX_TEXT)) for key, value in record.items() if value
        )
    found = []
    for subject in credential.subjects:
        for path, value in _leaves(subject, (), 0):
            label = visible(" · ".join(path), _MAX_TEXT)
            found.append(Field({"ko": label, "en": label}, visible(value, _MAX_TEXT)))
            if len(found) == _MAX_FIELDS:
                return tuple(found)
    return tuple(found)


def claims_of(credential: Credential, *, without: frozenset[str] = frozenset()) -> tuple[Field, ...]:
    """Return everything that the claims of an SD-JWT VC say, in the order of its type; nothing but *without* left out.

    Claims that the type does not know come after, by their names; what the format itself needs is not among them.
    """
    document, kind = credential.document, credential.kind
    listed = () if kind is None else tuple(kind.claims.by_name)
    known = [name for name in listed if name in document and name not in without]
    others = sorted(set(document) - set(listed) - _TECHNICAL_CLAIMS - without)
    return tuple(
        Field(_claim_label(kind, path), visible(value, _MAX_TEXT))
        for name in (*known, *others)
        for path, value in _claim_leaves(document[name], (name,))
    )


def labels_of(kind: CredentialType | None, paths: Sequence[Path]) -> tuple[Mapping[str, str], ...]:
    """Return what the claims at *paths* of a certificate of the type *kind* are called, each name once."""
    found = {tuple(label.items()): label for label in (_claim_label(kind, path) for path in paths)}
    return tuple(found.values())


def record_of(credential: Credential) -> dict[str, str]:
    """Return the record that a certificate of a known type was made from, as far as it shows; of no other, nothing."""
    kind = credential.kind
    if kind is None:
        return {}
    if credential.model is not Model.SD_JWT_VC:
        return kind.read_back(credential.document)
    templates = {name: claim.value.body for name, claim in kind.claims.by_name.items()}
    found = reading_back.fields_of(templates, credential.document)
    return {key: found[key] for key in kind.columns if key in found}


def check_link(wallet: Wallet, credential: Credential) -> str | None:
    """Return what the certificate's code says: where anybody checks its number; None where it has none."""
    number = credential.number
    base = check_base(wallet, credential)
    if number is None or base is None:
        return None
    try:
        return check_url(base, number)
    except DocumentError:
        return None


def check_base(wallet: Wallet, credential: Credential) -> str | None:
    """Return the site where its number is checked: the verifier of the settings, else the issuer's own."""
    if wallet.settings.verifier_url:
        return wallet.settings.verifier_url
    for entry in credential.status:
        if entry.list_credential is not None and list_id_of(entry.list_credential) is not None:
            parts = urlsplit(entry.list_credential)
            return f"{parts.scheme}://{parts.netloc}"
    return None


def subject_ids(credential: Credential) -> tuple[str, ...]:
    """Return the ids of whom it is made out to."""
    return tuple(subject_id for subject in credential.subjects if isinstance(subject_id := subject.get("id"), str))


def _labels(text: Text) -> dict[str, str]:
    return {"ko": text.ko, "en": text.en}


def _claim_label(kind: CredentialType | None, path: Path) -> dict[str, str]:
    """Return what a claim is called; of one inside another, both names."""
    first, rest = str(path[0]), [step for step in path[1:] if isinstance(step, str)]
    claim = None if kind is None else kind.claims.by_name.get(first)
    known = _REGISTERED.get(first) if claim is None else claim.label
    top = _labels(Text(first, first) if known is None else known)
    return {language: visible(" · ".join((name, *rest)), _MAX_TEXT) for language, name in top.items()}


def _claim_leaves(value: Json, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield every value of a claim. How deep it can be was limited when it was read."""
    if isinstance(value, Mapping) and value:
        for name, member in value.items():
            yield from _claim_leaves(member, (*path, name))
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        for member in value:
            yield from _claim_leaves(member, path)
    else:
        yield path, value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _leaves(value: Json, path: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], str]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, Mapping):
        if "@value" in value:
            yield from _leaves(value["@value"], path, depth + 1)
            return
        for name, member in value.items():
            if name not in _TECHNICAL:
                yield from _leaves(member, (*path, name), depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for member in value:
            yield from _leaves(member, path, depth + 1)
    elif value is not None and path:
        yield path, str(value)
