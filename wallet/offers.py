"""An offer as it lies in the vault: how far receiving has come. Every step is written down before the next is taken.

    SEEN      looked at; nothing was asked for
    ACCEPTED  the holder said yes; the keys for what comes are made
    TOKEN     the code was exchanged; each part is fetched by itself
    DONE      every part is in the vault or was refused
    GONE      the issuer takes code or token no longer

A part is one credential configuration of the offer: OPEN, DEFERRED (the issuer is still making it), KEPT, REFUSED.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from jikin.credentials.text import visible
from jikin.openid4vc.candidate import SD_JWT_VC
from jikin.openid4vc.metadata import Configuration, Display, IssuerMetadata, ServerMetadata
from jikin.openid4vc.offer import CredentialOffer
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Json, JsonObject
from wallet import records
from wallet.members import b64, objects, text, text_list, texts, unb64, whole
from wallet.values import OfferSeen

SCHEMA = "offer.1"


class OfferState(StrEnum):
    """How far an offer has come."""

    SEEN = "seen"
    ACCEPTED = "accepted"
    TOKEN = "token"  # noqa: S105 -- a word, not a secret
    DONE = "done"
    GONE = "gone"


class PartState(StrEnum):
    """How far one certificate of an offer has come."""

    OPEN = "open"
    DEFERRED = "deferred"
    KEPT = "kept"
    REFUSED = "refused"


PENDING = frozenset({OfferState.ACCEPTED, OfferState.TOKEN})
UNFINISHED = frozenset({PartState.OPEN, PartState.DEFERRED})


@dataclass(frozen=True, slots=True)
class Part:
    """One certificate of an offer. *certificate* is the id it has in the vault: chosen early, so that it comes once.

    *vct* is the type of one that comes as SD-JWT VC; None: it comes as JSON, of the *types*. *seed* is the holder's key
    made for it alone; it is forgotten here when the certificate is kept. *lost* counts how often the issuer had
    forgotten a deferred certificate.
    """

    configuration: str
    types: tuple[str, ...]
    title: Mapping[str, str]
    bound: bool  # the issuer makes it out to a key of the holder
    certificate: str
    state: PartState = PartState.OPEN
    seed: str | None = field(repr=False, default=None)
    identifier: str | None = None
    transaction: str | None = field(repr=False, default=None)
    interval: int = 5
    lost: int = 0
    code: str | None = None  # why it was refused
    vct: str | None = None

    @property
    def signer(self) -> Ed25519Signer | None:
        """Return the holder's key for this certificate, None where none is bound."""
        return None if self.seed is None else Ed25519Signer.from_seed(unb64(self.seed))

    def with_key(self) -> Part:
        """Return the part with a fresh key, where one is bound: one key for one certificate links nothing."""
        return replace(self, seed=b64(Ed25519Signer.generate().export_seed())) if self.bound else self

    def to_json(self) -> JsonObject:
        """Return what is written into the vault."""
        return {
            "configuration": self.configuration,
            "types": list(self.types),
            "title": dict(self.title),
            "bound": self.bound,
            "certificate": self.certificate,
            "state": self.state.value,
            "seed": self.seed,
            "identifier": self.identifier,
            "transaction": self.transaction,
            "interval": self.interval,
            "lost": self.lost,
            "code": self.code,
            "vct": self.vct,
        }

    @classmethod
    def from_json(cls, value: Json) -> Part:
        """Return what ``to_json`` wrote."""
        members = objects(value)
        return cls(
            configuration=str(members["configuration"]),
            types=text_list(members["types"]),
            title=texts(members["title"]),
            bound=members["bound"] is True,
            certificate=str(members["certificate"]),
            state=PartState(str(members["state"])),
            seed=text(members.get("seed")),
            identifier=text(members.get("identifier")),
            transaction=text(members.get("transaction")),
            interval=whole(members.get("interval")) or 5,
            lost=whole(members.get("lost")) or 0,
            code=text(members.get("code")),
            vct=text(members.get("vct")),
        )


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the issuer is spoken to, as its metadata said when the holder looked at the offer."""

    token: str
    credential: str
    nonce: str | None
    deferred: str | None
    notification: str | None

    @classmethod
    def of(cls, issuer: IssuerMetadata, server: ServerMetadata) -> Endpoints:
        """Return the endpoints that *issuer* and its authorization *server* name."""
        return cls(
            server.token_endpoint,
            issuer.credential_endpoint,
            issuer.nonce_endpoint,
            issuer.deferred_credential_endpoint,
            issuer.notification_endpoint,
        )

    def to_json(self) -> JsonObject:
        """Return what is written into the vault."""
        return {
            "token": self.token,
            "credential": self.credential,
            "nonce": self.nonce,
            "deferred": self.deferred,
            "notification": self.notification,
        }

    @classmethod
    def from_json(cls, value: Json) -> Endpoints:
        """Return what ``to_json`` wrote."""
        found = objects(value)
        return cls(
            str(found["token"]),
            str(found["credential"]),
            text(found.get("nonce")),
            text(found.get("deferred")),
            text(found.get("notification")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An offer and what became of it. Code and access token are secrets, and forgotten when it is done."""

    state: OfferState
    at: int
    issuer_url: str = field(repr=False)
    issuer: Mapping[str, str] = field(repr=False)
    accredited: bool
    digest: str  # of the pre-authorized code: the same offer looked at twice is one
    code: str | None = field(repr=False)
    code_length: int | None
    code_description: str | None
    endpoints: Endpoints = field(repr=False)
    parts: tuple[Part, ...] = field(repr=False)
    access_token: str | None = field(repr=False, default=None)

    @property
    def is_pending(self) -> bool:
        """Say whether the holder accepted it and something is still to come."""
        return self.state in PENDING and any(part.state in UNFINISHED for part in self.parts)

    def seen(self, record_id: str) -> OfferSeen:
        """Return what is shown of it."""
        return OfferSeen(
            id=record_id,
            issuer_url=self.issuer_url,
            issuer=self.issuer,
            titles=tuple(part.title for part in self.parts),
            code_length=self.code_length,
            code_description=self.code_description,
            accredited=self.accredited,
        )

    def with_part(self, changed: Part) -> Offer:
        """Return the offer with *changed* in its place; done when nothing is still to come."""
        parts = tuple(changed if part.certificate == changed.certificate else part for part in self.parts)
        after = replace(self, parts=parts)
        return after if any(part.state in UNFINISHED for part in parts) else after.ended(OfferState.DONE)

    def ended(self, state: OfferState) -> Offer:
        """Return the offer as it ends: its secrets are forgotten."""
        parts = tuple(replace(part, seed=None, transaction=None) for part in self.parts)
        return replace(self, state=state, code=None, access_token=None, parts=parts)

    def to_json(self) -> JsonObject:
        """Return the record's content."""
        return {
            "state": self.state.value,
            "at": self.at,
            "issuer_url": self.issuer_url,
            "issuer": dict(self.issuer),
            "accredited": self.accredited,
            "digest": self.digest,
            "code": self.code,
            "code_length": self.code_length,
            "code_description": self.code_description,
            "endpoints": self.endpoints.to_json(),
            "parts": [part.to_json() for part in self.parts],
            "access_token": self.access_token,
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> Offer:
        """Return what ``to_json`` wrote."""
        parts = value["parts"]
        return cls(
            state=OfferState(str(value["state"])),
            at=whole(value["at"]) or 0,
            issuer_url=str(value["issuer_url"]),
            issuer=texts(value["issuer"]),
            accredited=value.get("accredited") is True,
            digest=str(value["digest"]),
            code=text(value.get("code")),
            code_length=whole(value.get("code_length")),
            code_description=text(value.get("code_description")),
            endpoints=Endpoints.from_json(value["endpoints"]),
            parts=tuple(Part.from_json(part) for part in parts) if isinstance(parts, (list, tuple)) else (),
            access_token=text(value.get("access_token")),
        )


def part_of(configuration: Configuration) -> Part:
    """Return the part of an offer that brings *configuration*."""
    return Part(
        configuration=configuration.id,
        types=configuration.types,
        title=names_of(configuration.display, configuration.id),
        bound=bool(configuration.proof_algorithms or configuration.binding),
        certificate=records.new_id(),
        vct=configuration.vct if configuration.format == SD_JWT_VC else None,
    )


def names_of(display: Sequence[Display], otherwise: str) -> dict[str, str]:
    """Return the names of an issuer's ``display`` in ko and en; *otherwise* where it has none."""
    by_language = {(entry.locale or "").partition("-")[0].lower(): entry.name for entry in reversed(display)}
    default = display[0].name if display else otherwise
    return {language: visible(by_language.get(language, default), 120) for language in ("ko", "en")}


def code_length(offer: CredentialOffer) -> int | None:
    """Return how long the transaction code is: None for none, 0 for a length that is not said."""
    return None if offer.tx_code is None else offer.tx_code.length or 0
