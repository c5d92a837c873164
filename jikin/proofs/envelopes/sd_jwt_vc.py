"""``dc+sd-jwt``: the SD-JWT VC, its claims of the type that ``vct`` names (draft-ietf-oauth-sd-jwt-vc, section 2).

Drafts before November 2024 called it ``vc+sd-jwt``, as W3C calls another format; ``vct`` tells which of the two it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from jikin.codec import jwk
from jikin.errors import EnvelopeError
from jikin.proofs.envelope import Opened
from jikin.proofs.envelopes import disclosures as sd
from jikin.proofs.envelopes import jws, sd_jwt, vc_jwt
from jikin.proofs.envelopes.disclosures import Path
from jikin.proofs.envelopes.registered import Registered
from jikin.proofs.envelopes.sd_jwt import SdJwt
from jikin.values import Json, JsonObject, PublicKey, SignedStatement, Signer

NAME = "dc+sd-jwt"
OLDER_NAME = "vc+sd-jwt"

ALWAYS_SHOWN = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"})
"""Claims that nobody may leave out: without them a credential would be valid longer, or for anybody (section 2.2.2)."""


class SdJwtVc:
    """The envelope ``dc+sd-jwt``."""

    name = NAME
    defines_terms = False

    def recognizes(self, data: bytes) -> bool:
        """Say whether the issuer's JWT in *data* is called ``dc+sd-jwt``, or by its older name and has a ``vct``."""
        found = jws.peek(data.split(b"~", 1)[0])
        if found is None:
            return False
        header, claims = found
        kind = jws.media_type(header.get("typ"))
        return kind == NAME or (kind == OLDER_NAME and "vct" in claims)

    def open(self, data: bytes) -> Opened:
        """Return the claims of *data*, as document too, with the holder's key and key binding.

        Raises EnvelopeError; ``envelope.claims`` also without ``vct``, ``envelope.disclosure.always-shown`` where a
        claim could be left out that must not.
        """
        read = sd_jwt.read(data, "the SD-JWT VC")
        read.jwt.check_type(NAME, OLDER_NAME)
        check_always_shown(read)
        if not isinstance(read.claims.get("vct"), str):
            raise EnvelopeError("an SD-JWT VC has a vct, which is a text", code="envelope.claims")
        said = Registered.of(read.claims)
        return Opened(
            format=NAME,
            content="credential",
            document=read.claims,
            claims=read.claims,
            statement=read.jwt.statement,
            key_id=read.jwt.key_id,
            issuer=said.issuer,
            issued_at=said.issued_at,
            not_before=said.not_before,
            expires=said.expires,
            certificates=read.jwt.certificates,
            holder_key=vc_jwt.holder_key(read.claims),
            key_binding=read.key_binding,
        )

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:
        """Say whether the signature of *statement* is by *key*; a key of the wrong kind is False."""
        return jws.verify(statement, key)


def check_always_shown(read: SdJwt) -> None:
    """Return if no claim of ALWAYS_SHOWN came in a disclosure; raises EnvelopeError otherwise."""
    if hidden := {path[0] for path in read.paths} & ALWAYS_SHOWN:
        raise _always_shown(hidden)


def issue(
    claims: JsonObject,
    disclosable: Collection[Path],
    signer: Signer,
    *,
    key_id: str | None = None,
    certificates: Sequence[bytes] = (),
    holder_key: PublicKey | None = None,
    decoys: int = 0,
    salt: Callable[[], str] = sd.fresh_salt,
) -> str:
    """Return the SD-JWT VC of *claims* (``iss``, ``vct`` …), with all disclosures, for the holder.

    *holder_key* becomes ``cnf.jwk``; *key_id* is ``kid``, *certificates* (DER, leaf first, without the root) are
    ``x5c``. Raises EnvelopeError as ``sd_jwt.issue``, and for what ``open`` would refuse.
    """
    if hidden := {path[0] for path in disclosable if path} & ALWAYS_SHOWN:
        raise _always_shown(hidden)
    if not isinstance(claims.get("vct"), str):
        raise EnvelopeError("an SD-JWT VC has a vct, which is a text", code="envelope.claims")
    bound: dict[str, Json] = {"cnf": {"jwk": jwk.encode(holder_key)}} if holder_key is not None else {}
    Registered.of(claims)
    header = vc_jwt.key_header({"typ": NAME}, key_id, certificates)
    return sd_jwt.issue({**claims, **bound}, disclosable, signer, header, decoys=decoys, salt=salt)


def _always_shown(hidden: Collection[str | int | None]) -> EnvelopeError:
    names = ", ".join(sorted(map(str, hidden)))
    return EnvelopeError(
        f"of an SD-JWT VC {names} cannot be disclosed selectively", code="envelope.disclosure.always-shown"
    )
