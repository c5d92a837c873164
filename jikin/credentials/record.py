"""The public record of a certificate number: what anybody who holds the number may learn, without the credential.

An issuer publishes one signed record per released certificate at ``/n/{20 symbols}``. It names type, title, dates,
the fields the type declares public, the status entries and the anchored leaf with its path. It has neither the holder's
name nor the leaf's salt nor the credential's digest: a record can be checked against the chain and identifies nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jikin.errors import CredentialError, JikinError
from jikin.values import CertificateNumber, Did, Digest, Json, JsonObject, format_instant, parse_instant

VERSION = 1
_REQUIRED = ("v", "number", "type", "title", "issuer", "validFrom", "public", "credentialStatus", "anchor")
_OPTIONAL = ("validUntil", "effective", "replacedBy")
_ANCHOR = ("root", "leaf", "index", "treeSize", "path")
_MAX_PATH = 22
_MAX_PUBLIC = 32
_MAX_TEXT = 1000


@dataclass(frozen=True, slots=True)
class RecordAnchor:
    """Where the certificate's leaf stands in an anchored tree."""

    root: Digest
    leaf: Digest
    index: int
    tree_size: int
    path: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class PublicField:
    """One field the type declares public: its label in ko and en, and its value."""

    label: Mapping[str, str]
    value: str


@dataclass(frozen=True, slots=True)
class NumberRecord:
    """What the issuer says of one number. Instants are Unix seconds.

    *effective*: since when it is revoked or suspended, if it is. *replaced_by*: the corrected
    certificate, if there is one.
    """

    number: CertificateNumber
    type: str
    title: Mapping[str, str]
    issuer: Did
    valid_from: int
    valid_until: int | None
    public: tuple[PublicField, ...]
    status: tuple[JsonObject, ...]
    anchor: RecordAnchor
    effective: int | None = None
    replaced_by: CertificateNumber | None = None

    def to_json(self) -> JsonObject:
        """Return the record without its proof, ready to be signed."""
        optional = {
            "validUntil": None if self.valid_until is None else format_instant(self.valid_until),
            "effective": None if self.effective is None else format_instant(self.effective),
            "replacedBy": None if self.replaced_by is None else str(self.replaced_by),
        }
        return {
            "v": VERSION,
            "number": str(self.number),
            "type": self.type,
            "title": dict(self.title),
            "issuer": str(self.issuer),
            "validFrom": format_instant(self.valid_from),
            **{name: value for name, value in optional.items() if value is not None},
            "public": [{"label": dict(field.label), "value": field.value} for field in self.public],
            "credentialStatus": list(self.status),
            "anchor": {
                "root": self.anchor.root.hex(),
                "leaf": self.anchor.leaf.hex(),
                "index": self.anchor.index,
                "treeSize": self.anchor.tree_size,
                "path": [step.hex() for step in self.anchor.path],
            },
        }

    @classmethod
    def parse(cls, value: Json) -> NumberRecord:
        """Read a record (a ``proof`` member is left aside); raises CredentialError (``number.record``)."""
        record = _object(value, "the record", required=_REQUIRED, optional=(*_OPTIONAL, "proof"))
        if record["v"] != VERSION:
            raise _refuse(f"records of version {VERSION} are read here, not {record['v']!r}")
        try:
            return cls(
                number=CertificateNumber.parse(_text(record["number"], "number")),
                type=_text(record["type"], "type"),
                title=_languages(record["title"], "title"),
                issuer=Did(_text(record["issuer"], "issuer")),
                valid_from=parse_instant(_text(record["validFrom"], "validFrom")),
                valid_until=_instant(record, "validUntil"),
                public=tuple(_public(entry) for entry in _list(record["public"], "public", _MAX_PUBLIC)),
                status=tuple(_status(entry) for entry in _list(record["credentialStatus"], "credentialStatus", 8)),
                anchor=_anchor(record["anchor"]),
                effective=_instant(record, "effective"),
                replaced_by=(
                    CertificateNumber.parse(_text(record["replacedBy"], "replacedBy"))
                    if "replacedBy" in record
                    else None
                ),
            )
        except CredentialError:
            raise
        except JikinError as error:
            raise _refuse(str(error)) from error


def _refuse(message: str) -> CredentialError:
    return CredentialError(f"not a number record: {message}", code="number.record")


def _object(value: Json, what: str, *, required: Sequence[str], optional: Sequence[str] = ()) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise _refuse(f"{what} is an object, found {type(value).__name__}")
    if missing := [name for name in required if name not in value]:
        raise _refuse(f"{what} lacks {', '.join(missing)}")
    if extra := sorted(str(name)[:40] for name in value if name not in (*required, *optional)):
        raise _refuse(f"{what} has no {', '.join(extra[:5])}")
    return value


def _text(value: Json, what: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise _refuse(f"{what} is a text of at most {_MAX_TEXT} characters")
    return value


def _list(value: Json, what: str, most: int) -> Sequence[Json]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > most:
        raise _refuse(f"{what} is a list of at most {most}")
    return value


def _number(value: Json, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1 << _MAX_PATH:
        raise _refuse(f"{what} is a whole number of at most {1 << _MAX_PATH}")
    return value


def _languages(value: Json, what: str) -> Mapping[str, str]:
    texts = _object(value, what, required=("ko", "en"))
    return {language: _text(text, f"{what}.{language}") for language, text in texts.items()}


def _instant(record: Mapping[str, Json], name: str) -> int | None:
    return parse_instant(_text(record[name], name)) if name in record else None


def _public(value: Json) -> PublicField:
    entry = _object(value, "a public field", required=("label", "value"))
    return PublicField(_languages(entry["label"], "label"), _text(entry["value"], "value"))


def _status(value: Json) -> JsonObject:
    if not isinstance(value, Mapping):
        raise _refuse("a status entry is an object")
    return value


def _anchor(value: Json) -> RecordAnchor:
    anchor = _object(value, "anchor", required=_ANCHOR)
    return RecordAnchor(
        root=Digest.from_hex(_text(anchor["root"], "root")),
        leaf=Digest.from_hex(_text(anchor["leaf"], "leaf")),
        index=_number(anchor["index"], "index"),
        tree_size=_number(anchor["treeSize"], "treeSize"),
        path=tuple(Digest.from_hex(_text(step, "path")) for step in _list(anchor["path"], "path", _MAX_PATH)),
    )
