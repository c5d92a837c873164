"""What a certificate says, for people: what it is called, who issued it, its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from jikin.badges.check_url import check_url
from jikin.credentials.columns import Text
from jikin.credentials.model import Credential
from jikin.credentials.structure import text_of
from jikin.credentials.text import visible
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


def title_of(credential: Credential) -> dict[str, str]:
    """Return what is certified, in ko and en; the same text in both where only one is known."""
    if credential.kind is not None:
        title = credential.kind.title_of(credential.document)
        return {"ko": visible(title.ko, _MAX_TEXT), "en": visible(title.en, _MAX_TEXT)}
    name = credential.title or type_of(credential)
    english = text_of(credential.document.get("name"), "en")
    return {"ko": name, "en": visible(english, _MAX_TEXT) if english else name}


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
    stated = credential.document.get("issuer")
    name = stated.get("name") if isinstance(stated, Mapping) else None
    korean, english = text_of(name), text_of(name, "en")
    return {
        "ko": visible(korean or credential.issuer, _MAX_TEXT),
        "en": visible(english or korean or credential.issuer, _MAX_TEXT),
    }


def fields_of(credential: Credential) -> tuple[Field, ...]:
    """Return everything that a reader of the certificate sees; of an unknown type, what its subject holds."""
    if credential.kind is not None:
        columns = credential.kind.columns
        record = credential.kind.read_back(credential.document)
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
