"""The verifier's request: made and signed by it, fetched and checked by the wallet (OpenID4VP 1.0, section 5).

Verifier: ``RequestObject.build(…)``, then ``sign`` and ``link`` (by reference), or ``to_link`` (unsigned).
Wallet: ``parse_uri`` → ``fetch`` → ``check``; ``receive`` does all three.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jikin.dids import key as did_key
from jikin.openid4vc import client as clients
from jikin.openid4vc import jose, links, response
from jikin.openid4vc.client import Client, ClientTrust, Prefix, RequestTrust
from jikin.openid4vc.dcql import Query
from jikin.openid4vc.door import Door
from jikin.openid4vc.errors import OAuthError, refuse
from jikin.openid4vc.members import Members, json_of
from jikin.openid4vc.response import DIRECT_POST, DIRECT_POST_JWT, ResponseKey
from jikin.values import DidUrl, Json, JsonObject, Signer

__all__ = ["Client", "ClientTrust", "Prefix", "RequestObject", "RequestRef", "RequestTrust", "VerifiedRequest"]

SCHEME = "openid4vp"
SCHEMES = (SCHEME, "haip-vp", "haip")
TYPE = "oauth-authz-req+jwt"
MEDIA_TYPE = f"application/{TYPE}"
AUDIENCE = "https://self-issued.me/v2"
LIFETIME_SECONDS = 600
VP_FORMATS: JsonObject = {
    "ldp_vc": {
        "proof_type_values": ["DataIntegrityProof"],
        "cryptosuite_values": [
            *("eddsa-rdfc-2022", "eddsa-jcs-2022", "ecdsa-rdfc-2019", "ecdsa-jcs-2019", "ecdsa-sd-2023"),
            *("bbs-2023", "mldsa44-jcs-2024"),
        ],
    },
    "dc+sd-jwt": {
        "sd-jwt_alg_values": ["EdDSA", "Ed25519", "ES256", "ES384"],
        "kb-jwt_alg_values": ["EdDSA", "Ed25519", "ES256", "ES384"],
    },
}
_CODE = "request"
_SKEW_SECONDS = 300  # how far a clock may run ahead
_GRACE_SECONDS = 60  # how long after its end a request is still taken
_MAX_BYTES = 1 << 17
_MODES = (DIRECT_POST, DIRECT_POST_JWT)
# Members that are JSON where a request travels as parameters of a link.
_JSON_PARAMETERS = ("dcql_query", "client_metadata", "transaction_data", "verifier_info")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestObject:
    """What a verifier asks. *client_id* with its prefix; *query* as DCQL; instants are Unix seconds.

    *response_key* is the public JWK an encrypted answer is made to (``ResponseKey.to_jwk``).
    """

    client_id: str
    response_uri: str
    query: Query
    nonce: str
    state: str
    issued_at: int
    expires: int
    response_mode: str = DIRECT_POST
    response_key: JsonObject | None = None
    client_name: str | None = None

    @classmethod
    def build(
        cls,
        *,
        client_id: str,
        response_uri: str,
        query: Query,
        nonce: str,
        state: str,
        now: int,
        lifetime: int = LIFETIME_SECONDS,
        response_key: ResponseKey | None = None,
        client_name: str | None = None,
    ) -> RequestObject:
        """Return a request that lasts *lifetime* seconds; with *response_key* the answer must come encrypted to it.

        *nonce* and *state* are fresh and unguessable (128 bits or more). Raises ProtocolError for a client_id that
        cannot be answered there.
        """
        clients.check_response_uri(client_id, response_uri)
        return cls(
            client_id=client_id,
            response_uri=response_uri,
            query=query,
            nonce=nonce,
            state=state,
            issued_at=now,
            expires=now + lifetime,
            response_mode=DIRECT_POST if response_key is None else DIRECT_POST_JWT,
            response_key=None if response_key is None else response_key.to_jwk(),
            client_name=client_name,
        )

    def to_json(self) -> JsonObject:
        """Return the parameters; ``aud``, ``iat`` and ``exp`` are added when it is signed."""
        metadata: dict[str, Json] = {"vp_formats_supported": VP_FORMATS}
        if self.client_name is not None:
            metadata["client_name"] = self.client_name
        if self.response_key is not None:
            metadata["jwks"] = {"keys": [self.response_key]}
            metadata["encrypted_response_enc_values_supported"] = list(response.ENCRYPTIONS)
        return {
            "response_type": "vp_token",
            "client_id": self.client_id,
            "response_mode": self.response_mode,
            "response_uri": self.response_uri,
            "nonce": self.nonce,
            "state": self.state,
            "dcql_query": self.query.to_json(),
            "client_metadata": metadata,
        }

    def sign(
        self,
        signer: Signer,
        *,
        kid: DidUrl | None = None,
        x5c: Sequence[bytes] = (),
        wallet_nonce: str | None = None,
    ) -> str:
        """Return the request object: a JWS by *signer*.

        *kid* names the key for decentralized_identifier (None: that of its did:key), *x5c* is the chain of certificates
        (DER, leaf first, without the root) for x509_san_dns and x509_hash. *wallet_nonce* is the one a wallet posted.
        """
        header: dict[str, Json] = {"typ": TYPE}
        if x5c:
            header["x5c"] = [base64.b64encode(certificate).decode("ascii") for certificate in x5c]
        else:
            header["kid"] = str(kid or did_key.method_of(signer.public_key))
        claims = {**self.to_json(), "aud": AUDIENCE, "iat": self.issued_at, "exp": self.expires}
        if wallet_nonce is not None:
            claims["wallet_nonce"] = wallet_nonce
        return jose.sign(header, claims, signer)

    def to_link(self, scheme: str = SCHEME) -> str:
        """Return the link that carries the whole request unsigned (prefix redirect_uri)."""
        fields = {name: _parameter(value) for name, value in self.to_json().items()}
        return links.link(scheme, fields)


def link(client_id: str, request_uri: str, *, method: str | None = None, scheme: str = SCHEME) -> str:
    """Return the link that tells a wallet to fetch the request object at *request_uri*.

    *method* "post" asks the wallet to post its nonce there; *scheme* may also be an https address of a wallet's page.
    """
    fields = {"client_id": client_id, "request_uri": request_uri}
    return links.link(scheme, fields if method is None else {**fields, "request_uri_method": method})


@dataclass(frozen=True, slots=True)
class RequestRef:
    """What a link says: where the request object lies, the object itself, or an unsigned request's parameters."""

    client_id: str
    request_uri: str | None = None
    post: bool = False
    request: str | None = field(default=None, repr=False)
    parameters: JsonObject = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRequest:
    """A request that held. What is shown goes to *response_uri*, with *nonce* as challenge and *client.id* as domain.

    *metadata* is the client's own word. *expires* None: it does not say.
    """

    client: Client
    response_uri: str
    response_mode: str
    nonce: str
    state: str | None
    query: Query
    metadata: JsonObject = field(default_factory=dict, repr=False)
    expires: int | None = None

    @classmethod
    def from_json(cls, value: JsonObject) -> VerifiedRequest:
        """Return the request that ``to_json`` gave, from the wallet's own store; raises ProtocolError for another."""
        members = Members(value, "a kept request", _CODE)
        client = members.object("client")
        if client.value.get("trust") not in set(ClientTrust):
            client.refuse("trust is of no known kind")
        return cls(
            client=Client(
                prefix=clients.prefix_of(client.text("id")),
                id=client.text("id"),
                name=client.optional_text("name"),
                trust=ClientTrust(client.text("trust")),
                host=client.text("host"),
            ),
            response_uri=members.url("response_uri"),
            response_mode=members.text("response_mode"),
            nonce=members.text("nonce"),
            state=members.optional_text("state"),
            query=Query.parse(members.value.get("query")),
            metadata=members.object("metadata").value,
            expires=members.optional_integer("expires"),
        )

    def to_json(self) -> JsonObject:
        """Return the request for the wallet's own store, so that it need not be fetched and checked again."""
        client = self.client
        return {
            "client": {"id": client.id, "name": client.name, "trust": client.trust.value, "host": client.host},
            "response_uri": self.response_uri,
            "response_mode": self.response_mode,
            "nonce": self.nonce,
            "state": self.state,
            "query": self.query.to_json(),
            "metadata": self.metadata,
            "expires": self.expires,
        }

    @property
    def purpose(self) -> str | None:
        """Return what the verifier says it asks for; nobody has checked it."""
        return next((one.purpose for one in self.query.sets if one.purpose), None)

    def answer(self, vp_token: Mapping[str, Sequence[Json]]) -> dict[str, str]:
        """Return the fields of the form to post to *response_uri*; encrypted where that was asked for."""
        if self.response_mode == DIRECT_POST:
            return response.encode(vp_token, self.state)
        return response.encrypt(vp_token, self.state, self.metadata.get("jwks"), self._encryptions)

    def refusal(self, error: OAuthError = OAuthError.ACCESS_DENIED) -> dict[str, str]:
        """Return the fields of the form that says that nothing is presented."""
        if self.response_mode == DIRECT_POST:
            return response.encode_error(error.value, self.state)
        payload: dict[str, Json] = {"error": error.value, **({} if self.state is None else {"state": self.state})}
        return {"response": response.encrypt_payload(payload, self.metadata.get("jwks"), self._encryptions)}

    @property
    def _encryptions(self) -> tuple[str, ...]:
        members = Members(self.metadata, "client_metadata", _CODE)
        return members.optional_texts("encrypted_response_enc_values_supported") or ()


def parse_uri(text: str) -> RequestRef:
    """Return what a request link, or the content of a request's QR code, says.

    ``openid4vp://``, ``haip-vp://``, an https page with the same parameters, or a page with the whole link as its
    parameter ``request``. Raises ProtocolError (``openid.request``).
    """
    found = links.parameters(text, SCHEMES, "request", _CODE)
    members = Members(found, "the request link", _CODE)
    client_id = members.text("client_id")
    method = found.get("request_uri_method", "get")
    if "request_uri" not in found:
        if "request_uri_method" in found:
            members.refuse("request_uri_method stands without request_uri")
        if "request" in found:
            return RequestRef(client_id, request=found["request"])
        return RequestRef(client_id, parameters=_unsigned(found))
    if "request" in found:
        members.refuse("it has both request and request_uri")
    if method not in ("get", "post"):
        refuse(
            _CODE,
            f"request_uri_method is get or post, got {method[:20]!r}",
            oauth=OAuthError.INVALID_REQUEST_URI_METHOD,
        )
    return RequestRef(client_id, members.url("request_uri"), method == "post")


def fetch(ref: RequestRef, door: Door, *, wallet_nonce: str | None = None) -> str | None:
    """Return the request object that *ref* names, None for an unsigned request, which has none.

    *wallet_nonce* is posted where the verifier takes it. Raises ProtocolError (``openid.request.gone``), FetchError.
    """
    if ref.request_uri is None:
        return ref.request
    accept = {"accept": MEDIA_TYPE}
    if ref.post:
        fields = {} if wallet_nonce is None else {"wallet_nonce": wallet_nonce}
        answer = door.post_form(ref.request_uri, {**fields, "wallet_metadata": _parameter(WALLET_METADATA)}, accept)
    else:
        answer = door.get(ref.request_uri, MEDIA_TYPE, _MAX_BYTES)
    if answer.status != 200:
        refuse(
            "request.gone",
            f"the verifier answers {answer.status} where its request should lie; it may have expired or been answered",
            hint="ask the verifier for a new request",
        )
    return answer.text().strip()


WALLET_METADATA: JsonObject = {
    "vp_formats_supported": VP_FORMATS,
    "client_id_prefixes_supported": [prefix.value for prefix in Prefix],
    "request_object_signing_alg_values_supported": list(jose.ALGORITHMS),
    "response_types_supported": ["vp_token"],
    "response_modes_supported": list(_MODES),
}
"""What the wallet says it can do when it posts for a request."""


def check(
    ref: RequestRef,
    request_object: str | None,
    now: int,
    *,
    trust: RequestTrust,
    wallet_nonce: str | None = None,
) -> VerifiedRequest:
    """Return the request of *ref* when it holds at *now*; *request_object* is what ``fetch`` returned.

    *wallet_nonce* is the one that was posted, if one was. Raises ProtocolError: ``openid.client`` when it is not shown
    who asks, ``openid.request`` for everything else; FetchError when a DID document could not be asked for.
    """
    if request_object is None:
        prefix = clients.prefix_of(ref.client_id)
        if prefix is not Prefix.REDIRECT_URI:
            refuse("client", f"a request with the prefix {prefix} must be signed", oauth=OAuthError.INVALID_CLIENT)
        return _checked(Members(ref.parameters, "the request", _CODE), ref.client_id, ClientTrust.UNVERIFIED)
    token = jose.read(request_object, "the request object", _CODE)
    token.check_type(TYPE)
    token.verify(clients.signing_key(ref.client_id, token.header, trust, now))
    claims = token.claims()
    if claims.value.get("client_id") != ref.client_id:
        claims.refuse("its client_id is not that of the link")
    expires = _check_times(claims, now)
    if claims.value.get("aud") not in (AUDIENCE, [AUDIENCE]):
        claims.refuse(f"aud is not {AUDIENCE}")
    if wallet_nonce is not None and ref.post and claims.value.get("wallet_nonce") != wallet_nonce:
        claims.refuse("wallet_nonce is not the one the wallet posted")
    return _checked(claims, ref.client_id, ClientTrust.VERIFIED, expires)


def receive(text: str, door: Door, now: int, *, trust: RequestTrust, wallet_nonce: str) -> VerifiedRequest:
    """Return the request that the link *text* leads to, fetched and checked; raises as ``fetch`` and ``check`` do."""
    ref = parse_uri(text)
    clients.prefix_of(ref.client_id)  # whom we would not answer is not asked either
    found = fetch(ref, door, wallet_nonce=wallet_nonce)
    return check(ref, found, now, trust=trust, wallet_nonce=wallet_nonce)


def _checked(members: Members, client_id: str, trust: ClientTrust, expires: int | None = None) -> VerifiedRequest:
    _check_parameters(members)
    response_uri = members.url("response_uri")
    clients.check_response_uri(client_id, response_uri)
    mode = members.value.get("response_mode")
    metadata = members.optional_object("client_metadata")
    if mode == DIRECT_POST_JWT:
        response.usable_key(metadata.value.get("jwks") if metadata else None)
        encryptions = metadata.optional_texts("encrypted_response_enc_values_supported") if metadata else None
        response.chosen_encryption(encryptions or ())
    name = metadata.value.get("client_name") if metadata else None
    client = Client(
        prefix=clients.prefix_of(client_id),
        id=client_id,
        name=name[:100] if isinstance(name, str) and name else None,
        trust=trust,
        host=urlsplit(response_uri).netloc,
    )
    return VerifiedRequest(
        client=client,
        response_uri=response_uri,
        response_mode=str(mode),
        nonce=_nonce(members),
        state=members.optional_text("state", most=512),
        query=Query.parse(members.value.get("dcql_query")),
        metadata=metadata.value if metadata else {},
        expires=expires,
    )


def _check_parameters(members: Members) -> None:
    """Refuse what a wallet must refuse; unknown parameters are ignored, and so is ``iss`` (section 5.8)."""
    value = members.value
    if value.get("response_type") != "vp_token":
        refuse(_CODE, "response_type is vp_token", oauth=OAuthError.UNSUPPORTED_RESPONSE_TYPE)
    if value.get("response_mode") not in _MODES:
        members.refuse(f"response_mode is one of {', '.join(_MODES)}")
    for name in ("redirect_uri", "request", "request_uri"):
        if name in value:
            members.refuse(f"{name} has no place in it")
    for name in ("presentation_definition", "presentation_definition_uri", "scope"):
        if name in value:
            members.refuse(f"it asks by {name}; dcql_query is what is read here")
    if value.get("transaction_data") is not None:
        refuse(_CODE, "transaction_data is of no type known here", oauth=OAuthError.INVALID_TRANSACTION_DATA)


def _nonce(members: Members) -> str:
    nonce = members.text("nonce", most=512)
    if not nonce.isascii() or not nonce.isprintable() or " " in nonce:
        members.refuse("nonce is a text of ASCII letters, digits and signs")
    return nonce


def _check_times(claims: Members, now: int) -> int | None:
    """Return when the request expires; raises ProtocolError for one that has, or is not yet valid."""
    expires, issued, start = (claims.optional_integer(name) for name in ("exp", "iat", "nbf"))
    if expires is not None and now >= expires + _GRACE_SECONDS:
        refuse("request.expired", "the request has expired", hint="ask the verifier for a new request")
    for instant in (issued, start):
        if instant is not None and instant > now + _SKEW_SECONDS:
            claims.refuse("it is from the future (iat or nbf)")
    return expires


def _unsigned(found: Mapping[str, str]) -> JsonObject:
    return {name: json_of(value, name, _CODE) if name in _JSON_PARAMETERS else value for name, value in found.items()}


def _parameter(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
