"""What an institution says of itself as a credential issuer (OpenID4VCI 1.0, section 12; RFC 8414).

One configuration for each credential type that its profile names, called like the type.
"""

from __future__ import annotations

from issuer import signing
from issuer.claiming import BATCH_SIZE
from issuer.formats import Configured, Format
from issuer.office import Office
from issuer.store.institutions import Institution
from jikin.credentials.columns import Text
from jikin.credentials.types import CredentialType
from jikin.openid4vc import key_proof
from jikin.openid4vc.claims import ClaimPath
from jikin.openid4vc.metadata import Claim, Configuration, Display, IssuerMetadata, ServerMetadata

TOKEN = "/token"  # noqa: S105  # a path
NONCE = "/nonce"
CREDENTIAL = "/credential"
DEFERRED = "/deferred"
NOTIFICATION = "/notification"
_NUMBER = Text("증명서 번호", "Certificate number")


def issuer_metadata(office: Office, institution: Institution) -> IssuerMetadata:
    """Return the credential issuer's metadata; its identifier is the institution's base URL."""
    profile = office.profile(institution)
    base = profile.base_url
    kinds = [office.types.named(type_id) for type_id in profile.types]
    return IssuerMetadata(
        credential_issuer=base,
        authorization_servers=(base,),
        credential_endpoint=base + CREDENTIAL,
        nonce_endpoint=base + NONCE,
        deferred_credential_endpoint=base + DEFERRED,
        notification_endpoint=base + NOTIFICATION,
        batch_size=BATCH_SIZE,
        display=_both(Text(profile.names.ko, profile.names.en)),
        configurations={
            one.id: one
            for kind in kinds
            for one in (_configuration(office, kind), _selective(office, institution, kind))
        },
    )


def server_metadata(office: Office, institution: Institution) -> ServerMetadata:
    """Return the authorization server's metadata: the institution itself, pre-authorised codes alone."""
    base = office.profile(institution).base_url
    return ServerMetadata(issuer=base, token_endpoint=base + TOKEN)


def _configuration(office: Office, kind: CredentialType) -> Configuration:
    return Configuration(
        id=kind.id,
        scope=kind.id,
        contexts=tuple(entry for entry in kind.contexts if isinstance(entry, str)),
        types=kind.types,
        signing=(office.settings.suite,),
        binding=key_proof.BINDING_METHODS,
        proof_algorithms=key_proof.ALGORITHMS,
        display=_both(kind.name),
        claims=(
            Claim(_path(kind.number_pointer), _both(_NUMBER), mandatory=True),
            *(Claim(_path(pointer), _both(label)) for pointer, label in kind.public_labels.items()),
        ),
    )


def _selective(office: Office, institution: Institution, kind: CredentialType) -> Configuration:
    """Return the configuration of the type as SD-JWT VC, whose holder chooses what is shown."""
    name = Configured(kind.id, Format.SD_JWT_VC).id
    return Configuration(
        id=name,
        format=Format.SD_JWT_VC,
        scope=name,
        vct=kind.claims.vct,
        signing=signing.algorithms(office, institution),
        binding=key_proof.BINDING_METHODS,
        proof_algorithms=key_proof.ALGORITHMS,
        display=_both(kind.name),
        claims=tuple(
            Claim((name,), _both(claim.label), mandatory=claim.open) for name, claim in kind.claims.by_name.items()
        ),
    )


def _both(text: Text) -> tuple[Display, ...]:
    return (Display(text.ko, "ko"), Display(text.en, "en"))


def _path(pointer: str) -> ClaimPath:
    """Return a JSON Pointer as a claims path: the same names, numbers for places in an array."""
    names = (part.replace("~1", "/").replace("~0", "~") for part in pointer.lstrip("/").split("/"))
    return tuple(int(name) if name.isdigit() else name for name in names)
