"""What an enveloping proof is: a text or bytes that carry the document inside what is signed (JWS, SD-JWT, COSE).

W3C Securing Verifiable Credentials using JOSE and COSE 1.0; RFC 9901 (SD-JWT). An envelope format is one file and one
line beside the cryptosuites: whoever judges treats its one signature as it treats a Data Integrity proof.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from jikin.values import JsonObject, PublicKey, SignedStatement

Content: TypeAlias = Literal["credential", "presentation"]


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """The holder's signature under an SD-JWT (KB-JWT, RFC 9901, section 4.3); nothing of it is verified.

    *hash_fits*: its ``sd_hash`` is that of what was presented. *issued_at* is a Unix second.
    """

    statement: SignedStatement = field(repr=False)
    audience: str
    nonce: str
    issued_at: int
    hash_fits: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope taken apart. Its shape is sound (RFC 9901, 7.1, for SD-JWT); no signature has been looked at.

    *format* is the format's name. *claims* are the signed claims, disclosures put in their places. *document* is what
    they say as a credential or presentation: the claims themselves, the ``vc`` or ``vp`` of VC-JWT 1.1 with what the
    registered claims say of it, and for SD-JWT VC the claims (their model is the ``vct``'s, not W3C's). *key_id* is the
    ``kid`` as it stands. *certificates* are those of ``x5c``, DER, leaf first. *holder_key* is the key of ``cnf``,
    *embedded_key* that of ``jwk`` in the header: anybody can write either there.
    *not_before*, *expires* and *issued_at* are Unix seconds of the registered claims.
    """

    format: str
    content: Content
    document: JsonObject = field(repr=False)
    claims: JsonObject = field(repr=False)
    statement: SignedStatement = field(repr=False)
    key_id: str | None = None
    issuer: str | None = None
    issued_at: int | None = None
    not_before: int | None = None
    expires: int | None = None
    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    holder_key: PublicKey | None = None
    embedded_key: PublicKey | None = None
    key_binding: KeyBinding | None = field(default=None, repr=False)


class EnvelopeFormat(Protocol):
    """A way to put a document into what is signed."""

    @property
    def name(self) -> str:
        """Return the format's name: its media type without ``application/``, for example ``vc+jwt``."""

    @property
    def defines_terms(self) -> bool:
        """Return False: no JSON-LD is processed, so undefined terms have to be looked for."""

    def recognizes(self, data: bytes) -> bool:
        """Say whether *data* is meant to be of this format, by its own header or shape alone; never raises."""

    def open(self, data: bytes) -> Opened:
        """Return *data* taken apart; raises EnvelopeError for what breaks the format's rules."""

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:
        """Say whether the signature of *statement* is by *key*; a key of the wrong kind is False."""
