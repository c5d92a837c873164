"""What was found in what people sent in: values, one for each document (``documents`` finds them)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from jikin.badges.foreign import Kind
from jikin.credentials.text import visible
from jikin.errors import JikinError
from jikin.status.pack import Pack
from jikin.values import CertificateNumber, JsonObject

_MAX_NAME = 300


@dataclass(frozen=True, slots=True)
class CredentialFound:
    """A credential, not yet verified, with its receipt where one came along.

    A credential that came as a JWT or SD-JWT is *envelope*, the compact text; *credential* is empty then. *pack* is the
    proof pack that it came in, or with.
    """

    credential: JsonObject = field(repr=False)
    receipt: JsonObject | None = field(repr=False)
    envelope: str | None = field(default=None, repr=False)
    pack: Pack | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NumberFound:
    """A certificate number from a QR code. *host* is where that code leads: whoever printed it chose it."""

    number: CertificateNumber = field(repr=False)
    host: str


@dataclass(frozen=True, slots=True)
class ForeignFound:
    """A badge or certificate of another system (``foreign``), which is not judged, and may be imported.

    *value* is its JSON; for Open Badges 2.0 also the JWS or address that lay in a picture.
    """

    kind: Kind
    value: JsonObject | str = field(repr=False)


Content: TypeAlias = CredentialFound | NumberFound | ForeignFound | JikinError


@dataclass(frozen=True, slots=True)
class SubmittedFile:
    """One thing that was sent in: its name, relative to what was opened, and what was found in it.

    The name is safe to show: characters that would steer a terminal or turn the writing direction are spelt out.
    """

    name: str
    content: Content

    def __post_init__(self) -> None:
        """Spell out the name's invisible characters: an archive can call its files anything."""
        object.__setattr__(self, "name", visible(self.name, _MAX_NAME))

    @property
    def credential(self) -> JsonObject | None:
        """Return the credential, empty for one in an envelope, None where none was found."""
        return self.content.credential if isinstance(self.content, CredentialFound) else None

    @property
    def envelope(self) -> str | None:
        """Return the compact text of a credential that came as a JWT or SD-JWT, None for any other."""
        return self.content.envelope if isinstance(self.content, CredentialFound) else None

    @property
    def receipt(self) -> JsonObject | None:
        """Return the receipt that came along, None where none did."""
        return self.content.receipt if isinstance(self.content, CredentialFound) else None

    @property
    def pack(self) -> Pack | None:
        """Return the proof pack that came along, None where none did."""
        return self.content.pack if isinstance(self.content, CredentialFound) else None

    @property
    def number(self) -> CertificateNumber | None:
        """Return the certificate number of a QR code, None where none was found."""
        return self.content.number if isinstance(self.content, NumberFound) else None

    @property
    def host(self) -> str | None:
        """Return the host that the QR code leads to, in lower case with its port; None where there is no code."""
        return self.content.host if isinstance(self.content, NumberFound) else None

    @property
    def fault(self) -> JikinError | None:
        """Return why nothing was found, None where something was."""
        return self.content if isinstance(self.content, JikinError) else None
