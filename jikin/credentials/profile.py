"""The issuer's public profile: the name, domain and rights that an accreditor approves, by hash, on the chain.

The name shown to a verifier comes from here and never from the credential alone (security rules, section 3). The
bytes are the JCS form (RFC 8785), so that one profile has one hash; at most 600, because they travel in an event.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jikin.codec import jcs, strict_json
from jikin.credentials.text import invisible_characters
from jikin.errors import CodecError, CredentialError, NumberError, ValueRefusedError
from jikin.values import CertificateNumber, Did, Digest, Json, JsonObject, sha256

MAX_BYTES = 600
_MAX_NAME = 80
_MAX_TYPES = 16
_MEMBERS = frozenset({"v", "did", "names", "domain", "numberCode", "types"})
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A path lets several institutions share one host. This very machine is read over http, and over https where that is
# said: a trial set-up with certificates of its own.
_DOMAIN = re.compile(
    rf"(?:https://(?=localhost[:/]|localhost\Z))?{_LABEL}(?:\.{_LABEL})*(?::[1-9][0-9]{{0,4}})?(?:/{_LABEL}){{0,4}}"
)
_SCHEME = "https://"
_TYPE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def _refuse(message: str) -> CredentialError:
    return CredentialError(message, code="profile")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """An institution's name in Korean and in English; neither is ever empty."""

    ko: str
    en: str

    def __post_init__(self) -> None:
        """Refuse names that are empty, too long, untrimmed, not NFC, or that hide characters."""
        for language, name in (("ko", self.ko), ("en", self.en)):
            where = f"the issuer's name ({language})"
            if not isinstance(name, str) or not name:
                raise _refuse(f"{where} is empty")
            if len(name) > _MAX_NAME:
                raise _refuse(f"{where} has {len(name)} characters; at most {_MAX_NAME}")
            if name != unicodedata.normalize("NFC", name).strip():
                raise _refuse(f"{where} must be in Unicode form NFC, without blanks around it")
            if hidden := invisible_characters(name):
                raise _refuse(f"{where} hides {', '.join(hidden)}")

    def in_language(self, language: str) -> str:
        """Return the name in *language*: Korean for "ko", English for every other."""
        return self.ko if language == "ko" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A public issuer profile.

    *number_code* is the issuer's four symbols in certificate numbers; *types* are the ids of the credential types it
    may issue, sorted; *logo* is the SHA-256 of its picture, None for none.
    """

    did: Did
    names: Names
    domain: str
    number_code: str
    types: tuple[str, ...]
    logo: Digest | None = None

    def __post_init__(self) -> None:
        """Refuse with CredentialError (``profile``) what breaks the rules, and what would be too long."""
        if not isinstance(self.domain, str) or len(self.domain) > 253 or not _DOMAIN.fullmatch(self.domain):
            raise _refuse(
                f"not a domain: {str(self.domain)[:80]!r}; right would be certs.example, localhost:8101/exams"
            )
        try:
            CertificateNumber.random(0, self.number_code)  # the one place that knows which codes a number can carry
        except (NumberError, TypeError) as error:
            raise _refuse(f"the number code must be four letters or digits: {error}") from error
        if not self.types or len(self.types) > _MAX_TYPES or len(set(self.types)) != len(self.types):
            raise _refuse(f"a profile names 1 to {_MAX_TYPES} credential types, each once; got {len(self.types)}")
        if self.types != tuple(sorted(self.types)):
            raise _refuse("the credential types of a profile stand in alphabetical order")
        for name in self.types:
            if not isinstance(name, str) or not _TYPE.fullmatch(name):
                raise _refuse(f"not the id of a credential type: {str(name)[:80]!r}")
        if len(self.to_bytes()) > MAX_BYTES:
            raise _refuse(f"the profile has {len(self.to_bytes())} bytes; at most {MAX_BYTES} fit: shorten a name")

    @property
    def base_url(self) -> str:
        """Return where the issuer's public files lie: https, or http on this machine; without a slash at the end."""
        if self.domain.startswith(_SCHEME):
            return self.domain
        host = self.domain.partition("/")[0].partition(":")[0]
        return f"{'http' if host == 'localhost' else 'https'}://{self.domain}"

    @staticmethod
    def did_of(domain: str) -> Did:
        """Return the did:web of *domain*: a port's colon written as %3A, a path's slashes as colons."""
        host, *path = domain.removeprefix(_SCHEME).split("/")
        return Did(":".join(("did:web", host.replace(":", "%3A"), *path)))

    @property
    def hash(self) -> Digest:
        """Return SHA-256 of the bytes: what the registry keeps as the approved profile."""
        return Digest(sha256(self.to_bytes()))

    def to_json(self) -> JsonObject:
        """Return the JSON form; ``logo`` is left out when there is none."""
        found: dict[str, Json] = {
            "v": 1,
            "did": str(self.did),
            "names": {"ko": self.names.ko, "en": self.names.en},
            "domain": self.domain,
            "numberCode": self.number_code,
            "types": list(self.types),
        }
        return found if self.logo is None else {**found, "logo": self.logo.raw.hex()}

    def to_bytes(self) -> bytes:
        """Return the JCS form, at most 600 bytes: what is hashed and published."""
        return jcs.canonicalize(self.to_json())

    @classmethod
    def parse(cls, data: bytes) -> Profile:
        """Return the profile in *data*; raises CredentialError (``profile``).

        Only the bytes that :meth:`to_bytes` writes are accepted: a second spelling would have a second hash.
        """
        if len(data) > MAX_BYTES:
            raise _refuse(f"a profile has at most {MAX_BYTES} bytes, got {len(data)}")
        try:
            document = strict_json.parse(data, max_bytes=MAX_BYTES)
        except CodecError as error:
            raise _refuse(f"the profile is no JSON: {error}") from error
        profile = cls._from_json(document)
        if profile.to_bytes() != data:
            raise _refuse("the profile is not in its canonical form (RFC 8785)")
        return profile

    @classmethod
    def _from_json(cls, document: Json) -> Profile:
        if not isinstance(document, Mapping) or set(document) - {"logo"} != _MEMBERS:
            raise _refuse(f"a profile has the members {', '.join(sorted(_MEMBERS))} and perhaps logo")
        names, types, logo = document["names"], document["types"], document.get("logo")
        if document["v"] != 1 or isinstance(document["v"], bool):
            raise _refuse(f"this installation reads profiles of version 1, got {str(document['v'])[:20]}")
        if not isinstance(names, Mapping) or set(names) != {"ko", "en"}:
            raise _refuse("the names of a profile are exactly ko and en")
        if isinstance(types, str) or not isinstance(types, Sequence):
            raise _refuse("the types of a profile are an array")
        try:
            return cls(
                did=Did(_text(document["did"])),
                names=Names(ko=_text(names["ko"]), en=_text(names["en"])),
                domain=_text(document["domain"]),
                number_code=_text(document["numberCode"]),
                types=tuple(_text(name) for name in types),
                logo=Digest.from_hex(_text(logo)) if "logo" in document else None,
            )
        except ValueRefusedError as error:
            raise _refuse(str(error)) from error


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise _refuse(f"a text was expected in the profile, got {str(value)[:40]}")
    return value
