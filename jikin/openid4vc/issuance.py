"""The messages of issuing: token, nonce, credential, deferred, notification (OpenID4VCI 1.0, sections 6 to 11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from jikin.openid4vc.door import Answer
from jikin.openid4vc.errors import OAuthError, refusal
from jikin.openid4vc.members import Members
from jikin.openid4vc.offer import PRE_AUTHORIZED
from jikin.values import Json, JsonObject

_CODE = "issuance"
_MAX_CODE = 4096
_MAX_CREDENTIALS = 64


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request for an access token with a pre-authorized code; both members are secrets."""

    code: str = field(repr=False)
    tx_code: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> TokenRequest:
        """Return the request in the form *fields*.

        Raises ProtocolError: ``unsupported_grant_type``, ``invalid_request``.
        """
        grant = fields.get("grant_type")
        if not grant:
            raise refusal(_CODE, "the token request has no grant_type")
        if grant != PRE_AUTHORIZED:
            raise refusal(
                _CODE, f"this grant_type is not taken; {PRE_AUTHORIZED} is", oauth=OAuthError.UNSUPPORTED_GRANT_TYPE
            )
        members = Members(dict(fields), "the token request", _CODE)
        return cls(members.text("pre-authorized_code", most=_MAX_CODE), fields.get("tx_code"))

    def to_form(self) -> dict[str, str]:
        """Return the fields of the form."""
        found = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": self.code}
        if self.tx_code is not None:
            found["tx_code"] = self.tx_code
        return found


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """An access token, how many seconds it lasts (None: not said), and the credential identifiers it is good for.

    *identifiers*: configuration id → identifiers; where there are some, a credential request names one of them.
    """

    access_token: str = field(repr=False)
    expires_in: int | None = None
    identifiers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, value: Json) -> TokenResponse:
        """Return the token in *value*; raises ProtocolError (``openid.issuance``)."""
        members = Members.of(value, "the token answer", _CODE)
        kind = members.text("token_type").lower()
        if kind != "bearer":
            members.refuse(f"token_type is {kind[:20]!r}; Bearer is what is used here")
        details = (
            members.objects("authorization_details", empty=True) if members.value.get("authorization_details") else ()
        )
        identifiers: dict[str, tuple[str, ...]] = {}
        for detail in details:
            name, known = (
                detail.optional_text("credential_configuration_id"),
                detail.optional_texts("credential_identifiers"),
            )
            if name is not None and known:
                identifiers[name] = known
        return cls(
            members.text("access_token", most=_MAX_CODE * 2), members.optional_integer("expires_in"), identifiers
        )

    def to_json(self) -> JsonObject:
        """Return the token answer; identifiers are not given out (OPENID4VC 2.2)."""
        found: dict[str, Json] = {"access_token": self.access_token, "token_type": "Bearer"}
        if self.expires_in is not None:
            found["expires_in"] = self.expires_in
        return found


def parse_nonce(value: Json) -> str:
    """Return the ``c_nonce`` of a nonce answer; raises ProtocolError."""
    return Members.of(value, "the nonce answer", _CODE).text("c_nonce", most=512)


@dataclass(frozen=True, slots=True)
class CredentialRequest:
    """A request for a credential: exactly one of *configuration* and *identifier*; *proofs* as it stands, unchecked."""

    configuration: str | None
    identifier: str | None = None
    proofs: Json = field(default=None, repr=False)

    @classmethod
    def parse(cls, value: Json) -> CredentialRequest:
        """Return the request in *value*; unknown members are ignored.

        Raises ProtocolError: ``invalid_credential_request``; ``invalid_encryption_parameters`` when it asks for an
        encrypted answer; ``invalid_proof`` for the ``proof`` of older drafts. Proofs are for ``key_proof.check_all``.
        """
        oauth = OAuthError.INVALID_CREDENTIAL_REQUEST
        members = Members.of(value, "the credential request", _CODE, oauth)
        configuration = members.optional_text("credential_configuration_id")
        identifier = members.optional_text("credential_identifier")
        if (configuration is None) == (identifier is None):
            members.refuse("it has exactly one of credential_configuration_id and credential_identifier")
        if members.value.get("credential_response_encryption") is not None:
            raise refusal(
                _CODE,
                "encrypted answers are not offered by this issuer",
                oauth=OAuthError.INVALID_ENCRYPTION_PARAMETERS,
            )
        if "proof" in members.value and "proofs" not in members.value:
            raise refusal(
                _CODE, "proof was replaced by proofs, an object of arrays by proof type", oauth=OAuthError.INVALID_PROOF
            )
        return cls(configuration, identifier, members.value.get("proofs"))

    def to_json(self) -> JsonObject:
        """Return the request as JSON."""
        found: dict[str, Json] = {}
        if self.configuration is not None:
            found["credential_configuration_id"] = self.configuration
        if self.identifier is not None:
            found["credential_identifier"] = self.identifier
        if self.proofs is not None:
            found["proofs"] = self.proofs
        return found


@dataclass(frozen=True, slots=True)
class CredentialResponse:
    """The answer to a credential request: *credentials*, or a *transaction_id* to ask again with after *interval* s.

    A deferred answer is better without *notification_id*: the engine inside Credo (0.4.6) refuses it there.
    """

    credentials: tuple[Json, ...] = field(default=(), repr=False)
    notification_id: str | None = field(default=None, repr=False)
    transaction_id: str | None = field(default=None, repr=False)
    interval: int | None = None

    @property
    def status(self) -> int:
        """Return the HTTP status: 200, or 202 while the credential is not ready."""
        return 202 if self.transaction_id is not None else 200

    @classmethod
    def parse(cls, value: Json) -> CredentialResponse:
        """Return the answer in *value*; raises ProtocolError (``openid.issuance``)."""
        members = Members.of(value, "the credential answer", _CODE)
        transaction = members.optional_text("transaction_id")
        if (transaction is None) == (members.value.get("credentials") is None):
            members.refuse("it has exactly one of credentials and transaction_id")
        if transaction is not None:
            return cls(transaction_id=transaction, interval=members.optional_integer("interval"))
        entries = members.objects("credentials")
        if len(entries) > _MAX_CREDENTIALS:
            members.refuse(f"it holds more than {_MAX_CREDENTIALS} credentials")
        for entry in entries:
            if not isinstance(entry.value.get("credential"), (str, Mapping)):
                entry.refuse("credential is an object or a text")
        return cls(tuple(entry.value["credential"] for entry in entries), members.optional_text("notification_id"))

    def to_json(self) -> JsonObject:
        """Return the answer as JSON."""
        if self.transaction_id is not None:
            return {"transaction_id": self.transaction_id, "interval": self.interval or 5}
        found: dict[str, Json] = {"credentials": [{"credential": credential} for credential in self.credentials]}
        if self.notification_id is not None:
            found["notification_id"] = self.notification_id
        return found


def parse_deferred_request(value: Json) -> str:
    """Return the ``transaction_id`` of a deferred credential request; raises ProtocolError."""
    members = Members.of(value, "the deferred request", _CODE, OAuthError.INVALID_CREDENTIAL_REQUEST)
    return members.text("transaction_id")


class NotificationEvent(StrEnum):
    """What a wallet tells the issuer (OpenID4VCI 1.0, section 11)."""

    ACCEPTED = "credential_accepted"
    FAILURE = "credential_failure"
    DELETED = "credential_deleted"


@dataclass(frozen=True, slots=True)
class Notification:
    """What became of the credential that *id* was given for."""

    id: str = field(repr=False)
    event: NotificationEvent

    @classmethod
    def parse(cls, value: Json) -> Notification:
        """Return the notification in *value*; raises ProtocolError (``invalid_notification_request``)."""
        members = Members.of(value, "the notification", _CODE, OAuthError.INVALID_NOTIFICATION_REQUEST)
        event = members.text("event")
        if event not in set(NotificationEvent):
            members.refuse(f"event is one of {', '.join(NotificationEvent)}, got {event[:40]!r}")
        return cls(members.text("notification_id"), NotificationEvent(event))

    def to_json(self) -> JsonObject:
        """Return the notification as JSON."""
        return {"notification_id": self.id, "event": self.event.value}


def raise_for_error(answer: Answer, asked: str) -> None:
    """Return for an answer of status 2xx; else raise ProtocolError with what the other side says in ``error``.

    *asked* names what was asked for, in words. The code is ``openid.refused``; ``error_description`` is the stranger's
    text and is shown cut to 200 characters.
    """
    if 200 <= answer.status < 300:
        return
    oauth, why = OAuthError.INVALID_REQUEST.value, ""
    if answer.media_type.endswith("json"):
        said = answer.json()
        if isinstance(said, Mapping):
            oauth = _word(said.get("error")) or oauth
            description = said.get("error_description")
            why = f": {description[:200]}" if isinstance(description, str) else ""
    error = refusal("refused", f"{asked} was refused ({answer.status}, {oauth}){why}")
    error.oauth = oauth
    raise error


def _word(value: Json) -> str | None:
    return value if isinstance(value, str) and value.isascii() and value.isidentifier() and len(value) <= 60 else None
