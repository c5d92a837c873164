"""What issuer and authorization server say of themselves (OpenID4VCI 1.0, section 12; RFC 8414)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jikin.openid4vc import key_proof
from jikin.openid4vc.claims import ClaimPath, path_of
from jikin.openid4vc.door import Door
from jikin.openid4vc.errors import OAuthError, refusal, refuse
from jikin.openid4vc.members import Members, check_url
from jikin.openid4vc.offer import PRE_AUTHORIZED
from jikin.values import Json, JsonObject

LDP_VC = "ldp_vc"
ISSUER_WELL_KNOWN = "openid-credential-issuer"
SERVER_WELL_KNOWN = "oauth-authorization-server"
_CODE = "metadata"
_MAX_BYTES = 1 << 19
_MAX_CONFIGURATIONS = 500


def well_known_url(identifier: str, name: str) -> str:
    """Return where the metadata *name* of the issuer or server *identifier* lies: put in after the host.

    ``https://h/tenant`` → ``https://h/.well-known/<name>/tenant``. Raises ProtocolError for what is no identifier.
    """
    try:
        parts = check_url(identifier, query=False)
    except ValueError as error:
        raise refusal(_CODE, f"an issuer identifier: {error}") from error
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}/.well-known/{name}{path}"


@dataclass(frozen=True, slots=True)
class Display:
    """How something is called in one language; *locale* is a BCP 47 tag (``ko``), None: the default."""

    name: str
    locale: str | None = None
    description: str | None = None
    logo_uri: str | None = None

    def to_json(self) -> JsonObject:
        """Return one entry of ``display``."""
        found: dict[str, Json] = {"name": self.name}
        if self.locale is not None:
            found["locale"] = self.locale
        if self.description is not None:
            found["description"] = self.description
        if self.logo_uri is not None:
            found["logo"] = {"uri": self.logo_uri}
        return found


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim a credential holds: its *path* from the credential's root, and its names."""

    path: ClaimPath
    display: tuple[Display, ...] = ()
    mandatory: bool = False

    def to_json(self) -> JsonObject:
        """Return one entry of ``claims``."""
        found: dict[str, Json] = {"path": list(self.path), "mandatory": self.mandatory}
        if self.display:
            found["display"] = [entry.to_json() for entry in self.display]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One kind of credential an issuer offers. *contexts* and *types* are those of ``credential_definition``.

    *vct* is the type of an SD-JWT VC (``dc+sd-jwt``), which has no such definition.

    *signing* are the cryptosuites (``ldp_vc``) or algorithms of the issuer's proofs, *binding* the ways a holder's key
    may be named, *proof_algorithms* what key proofs of the type ``jwt`` are signed with; both empty: no key is bound.
    """

    id: str
    format: str = LDP_VC
    scope: str | None = None
    contexts: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    vct: str | None = None
    signing: tuple[str, ...] = ()
    binding: tuple[str, ...] = ()
    proof_algorithms: tuple[str, ...] = ()
    display: tuple[Display, ...] = ()
    claims: tuple[Claim, ...] = ()

    def to_json(self) -> JsonObject:
        """Return the entry of ``credential_configurations_supported``, with the ``credential_metadata`` of 1.0."""
        found: dict[str, Json] = {"format": self.format}
        if self.scope is not None:
            found["scope"] = self.scope
        if self.vct is not None:
            found["vct"] = self.vct
        else:
            definition: dict[str, Json] = {"type": list(self.types)}
            if self.contexts:
                definition = {"@context": list(self.contexts), **definition}
            found["credential_definition"] = definition
        if self.signing:
            found["credential_signing_alg_values_supported"] = list(self.signing)
        if self.binding and self.proof_algorithms:
            found["cryptographic_binding_methods_supported"] = list(self.binding)
            found["proof_types_supported"] = {
                key_proof.PROOF_TYPE: {"proof_signing_alg_values_supported": list(self.proof_algorithms)}
            }
        found["credential_metadata"] = {
            "display": [entry.to_json() for entry in self.display],
            "claims": [claim.to_json() for claim in self.claims],
        }
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerMetadata:
    """What a credential issuer says of itself. *credential_issuer* is its identifier, compared to the letter.

    *authorization_servers* empty: the issuer is its own. *batch_size* 1: one credential at a time.
    """

    credential_issuer: str
    credential_endpoint: str
    configurations: Mapping[str, Configuration]
    nonce_endpoint: str | None = None
    deferred_credential_endpoint: str | None = None
    notification_endpoint: str | None = None
    authorization_servers: tuple[str, ...] = ()
    batch_size: int = 1
    display: tuple[Display, ...] = ()

    @classmethod
    def parse(cls, value: Json, identifier: str) -> IssuerMetadata:
        """Return the metadata in *value*, which must be that of *identifier*; unknown members are ignored.

        A configuration that cannot be read is left out. Raises ProtocolError (``openid.metadata``).
        """
        members = Members.of(value, "the issuer's metadata", _CODE)
        _check_identifier(members, "credential_issuer", identifier)
        listed = members.object("credential_configurations_supported").value
        if len(listed) > _MAX_CONFIGURATIONS:
            members.refuse(f"it has more than {_MAX_CONFIGURATIONS} configurations")
        batch = members.optional_object("batch_credential_issuance")
        return cls(
            credential_issuer=identifier,
            credential_endpoint=members.url("credential_endpoint"),
            nonce_endpoint=members.optional_url("nonce_endpoint"),
            deferred_credential_endpoint=members.optional_url("deferred_credential_endpoint"),
            notification_endpoint=members.optional_url("notification_endpoint"),
            authorization_servers=members.optional_texts("authorization_servers") or (),
            batch_size=max(1, batch.integer("batch_size")) if batch else 1,
            display=_displays(members.value.get("display")),
            configurations={
                name: configuration for name, entry in listed.items() if (configuration := _configuration(name, entry))
            },
        )

    def to_json(self) -> JsonObject:
        """Return the metadata as JSON."""
        found: dict[str, Json] = {"credential_issuer": self.credential_issuer}
        if self.authorization_servers:
            found["authorization_servers"] = list(self.authorization_servers)
        found["credential_endpoint"] = self.credential_endpoint
        endpoints = {
            "nonce_endpoint": self.nonce_endpoint,
            "deferred_credential_endpoint": self.deferred_credential_endpoint,
            "notification_endpoint": self.notification_endpoint,
        }
        found |= {name: url for name, url in endpoints.items() if url is not None}
        if self.batch_size > 1:
            found["batch_credential_issuance"] = {"batch_size": self.batch_size}
        if self.display:
            found["display"] = [entry.to_json() for entry in self.display]
        found["credential_configurations_supported"] = {
            name: configuration.to_json() for name, configuration in self.configurations.items()
        }
        return found

    @property
    def server(self) -> str:
        """Return the identifier of the authorization server to ask: the first named, else the issuer itself."""
        return self.authorization_servers[0] if self.authorization_servers else self.credential_issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMetadata:
    """What an authorization server says of itself."""

    issuer: str
    token_endpoint: str
    authorization_endpoint: str | None = None
    pushed_authorization_request_endpoint: str | None = None
    grant_types: tuple[str, ...] = (PRE_AUTHORIZED,)
    anonymous_pre_authorized: bool = True
    response_types: tuple[str, ...] = ("code",)
    code_challenge_methods: tuple[str, ...] = ("S256",)
    token_endpoint_auth_methods: tuple[str, ...] = ("none",)
    extra: JsonObject = field(default_factory=dict)

    @classmethod
    def parse(cls, value: Json, identifier: str) -> ServerMetadata:
        """Return the metadata in *value*, which must be that of *identifier*; unknown members are ignored.

        Raises ProtocolError (``openid.metadata``).
        """
        members = Members.of(value, "the authorization server's metadata", _CODE)
        _check_identifier(members, "issuer", identifier)
        return cls(
            issuer=identifier,
            token_endpoint=members.url("token_endpoint"),
            authorization_endpoint=members.optional_url("authorization_endpoint"),
            pushed_authorization_request_endpoint=members.optional_url("pushed_authorization_request_endpoint"),
            # RFC 8414, section 2: what an absent list of grants stands for
            grant_types=members.optional_texts("grant_types_supported") or ("authorization_code", "implicit"),
            anonymous_pre_authorized=members.boolean("pre-authorized_grant_anonymous_access_supported", default=False),
            response_types=members.optional_texts("response_types_supported") or (),
            code_challenge_methods=members.optional_texts("code_challenge_methods_supported") or (),
            token_endpoint_auth_methods=members.optional_texts("token_endpoint_auth_methods_supported") or ("none",),
        )

    def to_json(self) -> JsonObject:
        """Return the metadata as JSON; *extra* members are added as they are."""
        found: dict[str, Json] = {"issuer": self.issuer, "token_endpoint": self.token_endpoint}
        if self.authorization_endpoint is not None:
            found["authorization_endpoint"] = self.authorization_endpoint
            found["authorization_response_iss_parameter_supported"] = True
        if self.pushed_authorization_request_endpoint is not None:
            found["pushed_authorization_request_endpoint"] = self.pushed_authorization_request_endpoint
        found["response_types_supported"] = list(self.response_types)
        found["grant_types_supported"] = list(self.grant_types)
        found["code_challenge_methods_supported"] = list(self.code_challenge_methods)
        found["token_endpoint_auth_methods_supported"] = list(self.token_endpoint_auth_methods)
        found["pre-authorized_grant_anonymous_access_supported"] = self.anonymous_pre_authorized
        return {**found, **self.extra}


def fetch_issuer(door: Door, identifier: str) -> IssuerMetadata:
    """Return the metadata of the issuer *identifier*; raises ProtocolError (``openid.metadata``), FetchError."""
    return IssuerMetadata.parse(_fetched(door, identifier, ISSUER_WELL_KNOWN), identifier)


def fetch_server(door: Door, metadata: IssuerMetadata, named: str | None = None) -> ServerMetadata:
    """Return the metadata of the authorization server of an issuer.

    *named* is the one an offer names, which must be among the issuer's. Raises ProtocolError, FetchError.
    """
    identifier = metadata.server if named is None else named
    if identifier not in (metadata.authorization_servers or (metadata.credential_issuer,)):
        refuse(_CODE, "the offer names an authorization server that the issuer's metadata does not have")
    return ServerMetadata.parse(_fetched(door, identifier, SERVER_WELL_KNOWN), identifier)


def _fetched(door: Door, identifier: str, name: str) -> Json:
    answer = door.get(well_known_url(identifier, name), max_bytes=_MAX_BYTES)
    if answer.status != 200:
        refuse(f"{_CODE}.absent", f"the issuer answers {answer.status} where its metadata should lie ({name})")
    return Members.parse(answer.body, f"the metadata {name}", _CODE).value


def _check_identifier(members: Members, name: str, identifier: str) -> None:
    if members.value.get(name) != identifier:
        raise refusal(
            f"{_CODE}.issuer",
            f"{members.where}: {name} is not the identifier it was asked for, to the letter",
            oauth=OAuthError.INVALID_REQUEST,
        )


def _configuration(name: str, value: Json) -> Configuration | None:
    if not isinstance(value, Mapping) or not isinstance(value.get("format"), str):
        return None
    definition = value.get("credential_definition")
    definition = definition if isinstance(definition, Mapping) else {}
    about = value.get("credential_metadata")
    # Before 1.0 these stood in the configuration itself.
    about = about if isinstance(about, Mapping) else value
    proof_types = value.get("proof_types_supported")
    jwt = proof_types.get(key_proof.PROOF_TYPE) if isinstance(proof_types, Mapping) else None
    scope = value.get("scope")
    return Configuration(
        id=name,
        format=str(value["format"]),
        scope=scope if isinstance(scope, str) else None,
        contexts=_texts(definition.get("@context")),
        types=_texts(definition.get("type")),
        vct=_text(value, "vct"),
        signing=_texts(value.get("credential_signing_alg_values_supported")),
        binding=_texts(value.get("cryptographic_binding_methods_supported")),
        proof_algorithms=_texts(jwt.get("proof_signing_alg_values_supported")) if isinstance(jwt, Mapping) else (),
        display=_displays(about.get("display")),
        claims=_claims(about.get("claims")),
    )


def _displays(value: Json) -> tuple[Display, ...]:
    found = []
    for entry in _objects(value):
        logo = entry.get("logo")
        name = _text(entry, "name")
        if name is not None:
            uri = _text(logo, "uri") if isinstance(logo, Mapping) else None
            found.append(Display(name, _text(entry, "locale"), _text(entry, "description"), uri))
    return tuple(found)


def _claims(value: Json) -> tuple[Claim, ...]:
    found = []
    for entry in _objects(value):
        path = entry.get("path")
        if isinstance(path, Sequence) and not isinstance(path, str) and (read := path_of(path)):
            found.append(Claim(read, _displays(entry.get("display")), entry.get("mandatory") is True))
    return tuple(found)


def _objects(value: Json) -> list[JsonObject]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [entry for entry in value if isinstance(entry, Mapping)]


def _texts(value: Json) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    return tuple(entry for entry in value if isinstance(entry, str))


def _text(value: JsonObject, name: str) -> str | None:
    found = value.get(name)
    return found if isinstance(found, str) and found else None
