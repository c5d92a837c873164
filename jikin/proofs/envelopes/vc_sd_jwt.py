"""``vc+sd-jwt`` and ``vp+sd-jwt``: a W3C credential or presentation as the claims of an SD-JWT.

W3C Securing Verifiable Credentials using JOSE and COSE 1.0, section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from jikin.codec import jwk
from jikin.errors import EnvelopeError
from jikin.proofs.envelope import Content, Opened
from jikin.proofs.envelopes import disclosures as sd
from jikin.proofs.envelopes import jws, registered, sd_jwt, vc_jwt
from jikin.proofs.envelopes.disclosures import Path
from jikin.proofs.envelopes.registered import Registered
from jikin.proofs.envelopes.sd_jwt_vc import check_always_shown
from jikin.values import Json, JsonObject, PublicKey, SignedStatement, Signer

NAME = "vc+sd-jwt"
_TYPES: dict[str, Content] = {
    "vc+sd-jwt": "credential",
    "vp+sd-jwt": "presentation",
    # names of drafts
    "vc+ld+json+sd-jwt": "credential",
    "vp+ld+json+sd-jwt": "presentation",
}
ALWAYS_SHOWN = frozenset(
    {
        "@context",
        "type",
        "issuer",
        "validFrom",
        "validUntil",
        "issuanceDate",
        "expirationDate",
        "credentialStatus",
        "credentialSchema",
        "relatedResource",
        "termsOfUse",
    }
)
"""Members of a credential that are never made disclosable here: judging needs them (section 3.2.1)."""


class VcSdJwt:
    """The envelope ``vc+sd-jwt`` of W3C, and ``vp+sd-jwt`` for presentations."""

    name = NAME
    defines_terms = False

    def recognizes(self, data: bytes) -> bool:
        """Say whether *data* has a ``typ`` of this format and no ``vct``, or a tilde, a plain one and a document."""
        token, tilde, _ = data.partition(b"~")
        found = jws.peek(token)
        if found is None:
            return False
        header, claims = found
        kind = jws.media_type(header.get("typ"))
        if kind in _TYPES:
            return "vct" not in claims
        return bool(tilde) and kind in vc_jwt.PLAIN_TYPES and registered.is_w3c(claims)

    def open(self, data: bytes) -> Opened:
        """Return the credential or presentation of *data* as disclosed, with the holder's key and key binding.

        Raises EnvelopeError.
        """
        read = sd_jwt.read(data)
        check_always_shown(read)
        if "vc" in read.claims or "vp" in read.claims:
            raise EnvelopeError(
                "a vc+sd-jwt has no claim vc or vp: the payload is the document", code="envelope.claims"
            )
        content = vc_jwt.content_of(read.jwt, _TYPES, read.claims)
        opened = vc_jwt.opened(NAME, read.jwt, content, read.claims)
        return replace(opened, key_binding=read.key_binding)

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:
        """Say whether the signature of *statement* is by *key*; a key of the wrong kind is False."""
        return jws.verify(statement, key)


def issue(
    document: JsonObject,
    disclosable: Collection[Path],
    signer: Signer,
    *,
    key_id: str | None = None,
    certificates: Sequence[bytes] = (),
    holder_key: PublicKey | None = None,
    issued_at: int | None = None,
    decoys: int = 0,
    salt: Callable[[], str] = sd.fresh_salt,
) -> str:
    """Return the ``vc+sd-jwt`` of a credential (``vp+sd-jwt`` of a presentation) with all its disclosures.

    *disclosable* are paths in *document*; of a credential those in ALWAYS_SHOWN are refused
    (``envelope.disclosure.always-shown``). *holder_key* becomes ``cnf.jwk``. Raises EnvelopeError as ``sd_jwt.issue``.
    """
    content = registered.content_of(document)
    hidden = {path[0] for path in disclosable if path} & ALWAYS_SHOWN
    if content == "credential" and hidden:
        names = ", ".join(sorted(map(str, hidden)))
        raise EnvelopeError(f"of a credential {names} stay disclosed", code="envelope.disclosure.always-shown")
    short = "vc" if content == "credential" else "vp"
    claims: dict[str, Json] = dict(document)
    if holder_key is not None:
        claims["cnf"] = {"jwk": jwk.encode(holder_key)}
    if issued_at is not None:
        claims["iat"] = issued_at
    Registered.of(claims).check_agreement(document, content)
    header = vc_jwt.key_header({"typ": f"{short}+sd-jwt", "cty": short}, key_id, certificates)
    return sd_jwt.issue(claims, disclosable, signer, header, decoys=decoys, salt=salt)
