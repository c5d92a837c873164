"""DIDs and DID URLs (W3C DID 1.0, section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jikin.errors import ValueRefusedError
from jikin.values.digests import IssuerId, keccak256

_IDCHAR = r"(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})"
_DID = re.compile(rf"did:(?P<method>[a-z0-9]+):(?P<id>(?:{_IDCHAR}*:)*{_IDCHAR}+)")
_DID_URL = re.compile(rf"(?P<did>{_DID.pattern})(?P<rest>[/?#][^\s]*)?")
_MAX_CHARACTERS = 2048  # a did:key of ML-DSA-44 has 1,807
_MAX_URL_CHARACTERS = 4096  # and names its method by the same text once more


@dataclass(frozen=True, slots=True, order=True)
class Did:
    """A DID without path, query or fragment; the method-specific id is kept as written."""

    text: str

    def __post_init__(self) -> None:
        """Refuse what the DID syntax does not allow."""
        if not isinstance(self.text, str) or len(self.text) > _MAX_CHARACTERS or not _DID.fullmatch(self.text):
            raise ValueRefusedError(f"not a DID: {str(self.text)[:80]!r}; right would be did:method:identifier")

    @property
    def method(self) -> str:
        """Return the method name, for example "web"."""
        return self.text.split(":", 2)[1]

    @property
    def identifier(self) -> str:
        """Return the method-specific identifier."""
        return self.text.split(":", 2)[2]

    @property
    def registered(self) -> str:
        """Return the text that registries hash: as written, but a did:web host in lower case (STATEMENTS 1)."""
        if self.method != "web":
            return self.text
        host, colon, path = self.identifier.partition(":")
        return f"did:web:{host.lower()}{colon}{path}"

    @property
    def issuer_id(self) -> IssuerId:
        """Return keccak-256 of the registered text (STATEMENTS 1)."""
        return IssuerId(keccak256(self.registered.encode("ascii")))

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, order=True)
class DidUrl:
    """A DID URL: a DID, perhaps followed by path, query and fragment."""

    text: str

    def __post_init__(self) -> None:
        """Refuse what the DID URL syntax does not allow."""
        if not isinstance(self.text, str) or len(self.text) > _MAX_URL_CHARACTERS or not _DID_URL.fullmatch(self.text):
            raise ValueRefusedError(f"not a DID URL: {str(self.text)[:80]!r}; right would be did:method:identifier#key")

    @property
    def did(self) -> Did:
        """Return the DID in front."""
        return Did(re.split("[/?#]", self.text, maxsplit=1)[0])

    @property
    def fragment(self) -> str:
        """Return what stands after #, or the empty text."""
        return self.text.partition("#")[2]

    def __str__(self) -> str:
        return self.text
