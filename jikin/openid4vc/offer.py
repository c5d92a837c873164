"""The credential offer: what an issuer hands out as a link or QR code (OpenID4VCI 1.0, section 4.1)."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field

from jikin.openid4vc import links
from jikin.openid4vc.door import Door
from jikin.openid4vc.errors import OAuthError, refuse
from jikin.openid4vc.members import Members, check_url
from jikin.values import Json, JsonObject

SCHEME = "openid-credential-offer"
SCHEMES = (SCHEME, "haip-vci")
PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
AUTHORIZATION_CODE = "authorization_code"
_CODE = "offer"
_MAX_BYTES = 1 << 16
_MAX_CODE = 4096


@dataclass(frozen=True, slots=True)
class TxCode:
    """What the transaction code looks like that comes by another way; *length* None: not said."""

    length: int | None = None
    input_mode: str = "numeric"
    description: str | None = None

    def to_json(self) -> JsonObject:
        """Return ``tx_code`` of an offer."""
        found: dict[str, Json] = {"input_mode": self.input_mode}
        if self.length is not None:
            found["length"] = self.length
        if self.description is not None:
            found["description"] = self.description
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialOffer:
    """An offer of the *configurations* of *issuer* (its identifier, to the letter).

    *pre_authorized_code* is a secret; *tx_code* None: no transaction code is asked for. *authorization_code* says
    whether the holder may sign in at the issuer instead; *issuer_state* belongs to that way.
    """

    issuer: str
    configurations: tuple[str, ...]
    pre_authorized_code: str | None = field(default=None, repr=False)
    tx_code: TxCode | None = None
    authorization_code: bool = False
    issuer_state: str | None = field(default=None, repr=False)
    authorization_server: str | None = None

    @classmethod
    def parse(cls, value: Json) -> CredentialOffer:
        """Return the offer in *value*; unknown members and grants are ignored.

        Raises ProtocolError (``openid.offer``), naming the member.
        """
        members = Members.of(value, "the offer", _CODE)
        configurations = members.texts("credential_configuration_ids")
        if len(set(configurations)) != len(configurations):
            members.refuse("credential_configuration_ids names one twice")
        grants = members.optional_object("grants")
        pre = grants.optional_object(PRE_AUTHORIZED) if grants else None
        code = grants.optional_object(AUTHORIZATION_CODE) if grants else None
        servers = {grant.optional_text("authorization_server") for grant in (pre, code) if grant} - {None}
        if len(servers) > 1:
            members.refuse("its grants name different authorization servers")
        return cls(
            issuer=members.url("credential_issuer", query=False),
            configurations=configurations,
            pre_authorized_code=pre.text("pre-authorized_code", most=_MAX_CODE) if pre else None,
            tx_code=_tx_code(pre.optional_object("tx_code")) if pre else None,
            authorization_code=code is not None or grants is None,
            issuer_state=code.optional_text("issuer_state", most=_MAX_CODE) if code else None,
            authorization_server=next(iter(servers), None),
        )

    def to_json(self) -> JsonObject:
        """Return the offer as JSON."""
        server: dict[str, Json] = {}
        if self.authorization_server is not None:
            server["authorization_server"] = self.authorization_server
        grants: dict[str, Json] = {}
        if self.pre_authorized_code is not None:
            pre: dict[str, Json] = {"pre-authorized_code": self.pre_authorized_code, **server}
            if self.tx_code is not None:
                pre["tx_code"] = self.tx_code.to_json()
            grants[PRE_AUTHORIZED] = pre
        if self.authorization_code:
            state: dict[str, Json] = {} if self.issuer_state is None else {"issuer_state": self.issuer_state}
            grants[AUTHORIZATION_CODE] = {**state, **server}
        return {
            "credential_issuer": self.issuer,
            "credential_configuration_ids": list(self.configurations),
            "grants": grants,
        }

    def to_uri(self, scheme: str = SCHEME) -> str:
        """Return the link that carries the whole offer; *scheme* may also be an https address of a wallet's page."""
        text = json.dumps(self.to_json(), ensure_ascii=False, separators=(",", ":"))
        return links.link(scheme, {"credential_offer": text})


def uri_by_reference(url: str, scheme: str = SCHEME) -> str:
    """Return the link that tells a wallet to fetch the offer at *url*: short enough for a QR code."""
    return links.link(scheme, {"credential_offer_uri": url})


@dataclass(frozen=True, slots=True)
class OfferRef:
    """Where an offer lies that a link names by reference."""

    url: str


def parse_uri(text: str) -> CredentialOffer | OfferRef:
    """Return what an offer link, or the content of an offer's QR code, says: the offer, or where it lies.

    Also a page's link with the offer's link as its parameter ``offer``. Raises ProtocolError (``openid.offer``).
    """
    found = links.parameters(text, SCHEMES, "offer", _CODE)
    if ("credential_offer" in found) == ("credential_offer_uri" in found):
        refuse(_CODE, "an offer link has exactly one of credential_offer and credential_offer_uri")
    if "credential_offer" in found:
        return CredentialOffer.parse(Members.parse(found["credential_offer"], "the offer", _CODE).value)
    url = found["credential_offer_uri"]
    try:
        check_url(url)
    except ValueError as error:
        refuse(_CODE, f"credential_offer_uri: {error}")
    return OfferRef(url)


class OfferDoor:
    """Reads offers, fetching those that are named by reference."""

    def __init__(self, door: Door) -> None:
        """Fetch through *door*."""
        self._door = door

    def read(self, text: str) -> CredentialOffer:
        """Return the offer of the link *text*; raises ProtocolError (``openid.offer``), FetchError."""
        found = parse_uri(text)
        if isinstance(found, CredentialOffer):
            return found
        answer = self._door.get(found.url, max_bytes=_MAX_BYTES)
        if answer.status != 200:
            refuse(
                "offer.gone",
                f"the issuer answers {answer.status} where the offer should lie; it may have expired or been used",
                oauth=OAuthError.INVALID_GRANT,
                hint="ask the issuer for a new offer",
            )
        return CredentialOffer.parse(Members.parse(answer.body, "the offer", _CODE).value)


def check_supported(offer: CredentialOffer, configurations: Collection[str]) -> None:
    """Return if the issuer's metadata has every configuration of *offer*; raises ProtocolError otherwise."""
    if unknown := [name for name in offer.configurations if name not in configurations]:
        refuse(_CODE, f"the offer names {unknown[0][:60]!r}, which the issuer's metadata does not have")


def _tx_code(members: Members | None) -> TxCode | None:
    if members is None:
        return None
    length = members.optional_integer("length")
    if length is not None and not 0 < length <= 64:
        members.refuse(f"length is between 1 and 64, got {length}")
    mode = members.optional_text("input_mode") or "numeric"
    # A mode that nobody knows is one more reason not to insist on digits.
    return TxCode(length, mode if mode == "numeric" else "text", members.optional_text("description", most=300))
