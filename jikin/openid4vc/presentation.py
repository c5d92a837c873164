"""Presentations a holder makes for one verifier: ``ldp_vp``, and SD-JWT VCs with key binding.

OpenID4VP 1.0, appendix B.1 with VC Data Model 2.0, 4.13; appendix B.3 with RFC 9901.

The proof's challenge is the request's nonce and its domain the whole client_id: shown to somebody else, or twice, it
proves nothing. Judging is in ``jikin.verification.presentations``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from jikin.codec.contexts import Contexts
from jikin.credentials.structure import CONTEXT_V2, items
from jikin.dids import key as did_key
from jikin.errors import EnvelopeError
from jikin.openid4vc.claims import ClaimPath
from jikin.openid4vc.errors import refusal, refuse
from jikin.proofs import securing
from jikin.proofs.envelopes import sd_jwt, sd_jwt_vc
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions, Suite
from jikin.values import DidUrl, Json, JsonObject, Signer

LDP_VP = "ldp_vp"
PURPOSE = "authentication"
TYPE = "VerifiablePresentation"
_MAX_CREDENTIALS = 64


def make(
    credentials: Sequence[JsonObject],
    holder_signer: Signer,
    *,
    method: DidUrl | None = None,
    nonce: str,
    client_id: str,
    contexts: Contexts,
    now: int,
) -> JsonObject:
    """Return the presentation of *credentials* by the holder whose key signs, for *client_id* alone.

    *method* names the key in the holder's DID; None: the one method of its did:key. *nonce* and *client_id* are the
    request's, to the letter (with prefix). *contexts* are those the credentials may name, *now* is a Unix second.
    Raises ProtocolError (``openid.presentation``) when there is nothing to present or the key signs no presentation,
    CanonicalizationError for a credential with terms nobody defines.
    """
    if not credentials or len(credentials) > _MAX_CREDENTIALS:
        refuse("presentation", f"a presentation shows 1 to {_MAX_CREDENTIALS} credentials, got {len(credentials)}")
    named = did_key.method_of(holder_signer.public_key) if method is None else method
    unsecured: dict[str, Json] = {
        "@context": [CONTEXT_V2],
        "type": [TYPE],
        "holder": str(named.did),
        "verifiableCredential": list(credentials),
    }
    options = ProofOptions(named, now, PURPOSE, nonce, client_id)
    return securing.secure(unsecured, _suite(holder_signer, contexts), options, holder_signer)


def make_selective(
    issued: str, shown: Collection[ClaimPath], holder_signer: Signer, *, nonce: str, client_id: str, now: int
) -> str:
    """Return the SD-JWT VC *issued* showing the claims at the paths *shown*, bound by the holder's key to one request.

    Of what can be left out nothing else is in it. *nonce* and *client_id* are the request's, to the letter; *now* is a
    Unix second. Raises EnvelopeError for a path that leads nowhere.
    """
    return sd_jwt.bind(sd_jwt.present(issued, shown), holder_signer, audience=client_id, nonce=nonce, now=now)


def credentials_in(presentation: Json) -> tuple[JsonObject, ...]:
    """Return the credentials that *presentation* shows; nothing of them is judged. A text is an SD-JWT VC: its claims.

    Raises ProtocolError (``openid.presentation``) for what is no presentation, or holds a credential that is no object.
    """
    if isinstance(presentation, str):
        try:
            return (sd_jwt_vc.SdJwtVc().open(presentation.encode("utf-8", "replace")).claims,)
        except EnvelopeError as error:
            raise refusal("presentation", f"a presentation that is a text is an SD-JWT VC: {error}") from error
    if not isinstance(presentation, Mapping):
        refuse("presentation", "a presentation in the format ldp_vc is a JSON object")
    if TYPE not in items(presentation.get("type")):
        refuse("presentation", f"the type of a presentation includes {TYPE}")
    value = presentation.get("verifiableCredential")
    found: list[JsonObject] = []
    for entry in () if value is None else items(value):
        if not isinstance(entry, Mapping):
            refuse("presentation", "a credential in a presentation in the format ldp_vc is a JSON object")
        found.append(entry)
    if not found or len(found) > _MAX_CREDENTIALS:
        refuse("presentation", f"a presentation shows 1 to {_MAX_CREDENTIALS} credentials, got {len(found)}")
    return tuple(found)


def _suite(signer: Signer, contexts: Contexts) -> Suite:
    suites = standard_suites(contexts)
    for name in suites.names:
        if "-rdfc-" in name and signer.public_key.type in suites.named(name).key_types:
            return suites.named(name)
    raise refusal("presentation", f"a {signer.public_key.type.value} key signs no presentation here; Ed25519 keys do")
