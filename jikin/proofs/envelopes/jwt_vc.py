"""``jwt_vc``: VC-JWT of the VC Data Model 1.1 (section 6.3.1), the credential in the claim ``vc``, or ``vp``.

The registered claims stand instead of the members of the document or beside them. Who and what (``iss``, ``sub``,
``jti``) is then as the claims say, since those are what the key is bound to; of two different times neither is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jikin.credentials.structure import CONTEXT_V2, items
from jikin.errors import EnvelopeError
from jikin.proofs.envelope import Content, Opened
from jikin.proofs.envelopes import jws, registered, vc_jwt
from jikin.proofs.envelopes.registered import Registered
from jikin.values import Json, JsonObject, PublicKey, SignedStatement, Signer, format_instant

NAME = "jwt_vc"
_CONTENTS: dict[str, Content] = {"vc": "credential", "vp": "presentation"}


class JwtVc:
    """The envelope ``jwt_vc``, for credentials and presentations."""

    name = NAME
    defines_terms = False

    def recognizes(self, data: bytes) -> bool:
        """Say whether *data* is a plain JWT with a claim ``vc`` or ``vp``."""
        found = jws.peek(data)
        if found is None:
            return False
        header, claims = found
        plain = jws.media_type(header.get("typ")) in vc_jwt.PLAIN_TYPES
        return plain and any(name in claims for name in _CONTENTS)

    def open(self, data: bytes) -> Opened:
        """Return the credential or presentation of *data* with what the registered claims say of it.

        Raises EnvelopeError; ``envelope.claims`` also for a time that the document states differently.
        """
        token = jws.read(data, "the JWT")
        claims = token.claims()
        (name, inner), *more = [(name, claims[name]) for name in _CONTENTS if name in claims] or [("vc", None)]
        if more or not isinstance(inner, Mapping):
            raise EnvelopeError("a VC-JWT has one claim vc or vp, an object", code="envelope.claims")
        said = Registered.of(registered.unquoted(claims))
        content = _CONTENTS[name]
        document = _credential(inner, said) if content == "credential" else _presentation(inner, said)
        if registered.content_of(document) != content:
            raise EnvelopeError(f"the claim {name} holds no {content}", code="envelope.type")
        member = document.get("issuer" if content == "credential" else "holder")
        return Opened(
            format=NAME,
            content=content,
            document=document,
            claims=claims,
            statement=token.statement,
            key_id=token.key_id,
            issuer=said.issuer or registered.identifier(member),
            issued_at=said.issued_at,
            not_before=said.not_before,
            expires=said.expires,
            certificates=token.certificates,
            holder_key=vc_jwt.holder_key(claims),
            embedded_key=token.embedded_key,
        )

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:
        """Say whether the signature of *statement* is by *key*; a key of the wrong kind is False."""
        return jws.verify(statement, key)


def issue(
    document: JsonObject,
    signer: Signer,
    *,
    key_id: str | None = None,
    certificates: Sequence[bytes] = (),
    issued_at: int | None = None,
    claims: JsonObject | None = None,
) -> str:
    """Return the VC-JWT of a credential or presentation, signed by *signer*: whole in ``vc`` or ``vp``, claims beside.

    *claims* (``nonce``, ``aud`` …) are added. Raises EnvelopeError.
    """
    content = registered.content_of(document)
    header = vc_jwt.key_header({"typ": "JWT"}, key_id, certificates)
    payload = {
        **vc_jwt.claims_of(document, content),
        **({} if issued_at is None else {"iat": issued_at}),
        **(claims or {}),
        "vc" if content == "credential" else "vp": document,
    }
    Registered.of(payload)
    return jws.sign(jws.write(payload), signer, header)


def _credential(inner: JsonObject, said: Registered) -> JsonObject:
    document: dict[str, Json] = dict(inner)
    second = items(inner.get("@context"))[0:1] == (CONTEXT_V2,)
    start, end = ("validFrom", "validUntil") if second else ("issuanceDate", "expirationDate")
    if said.issuer is not None:
        document["issuer"] = _with_id(inner.get("issuer"), said.issuer)
    if said.id is not None:
        document["id"] = said.id
    if said.subject is not None:
        document["credentialSubject"] = _with_subject(inner.get("credentialSubject"), said.subject)
    for claim, member, instant in (("nbf", start, said.not_before), ("exp", end, said.expires)):
        said.check_time(claim, instant, inner, (member,))
        if instant is not None and member not in inner:
            document[member] = format_instant(instant)
    return document


def _presentation(inner: JsonObject, said: Registered) -> JsonObject:
    document: dict[str, Json] = dict(inner)
    if said.issuer is not None:
        document["holder"] = _with_id(inner.get("holder"), said.issuer)
    if said.id is not None:
        document["id"] = said.id
    return document


def _with_id(value: Json, identifier: str) -> Json:
    return {**value, "id": identifier} if isinstance(value, Mapping) else identifier


def _with_subject(value: Json, subject: str) -> Json:
    """The claim speaks of one subject: among several it must be one of them."""
    subjects = items(value)
    if len(subjects) == 1:
        only = subjects[0]
        changed = {**(only if isinstance(only, Mapping) else {}), "id": subject}
        return changed if isinstance(value, Mapping) or value is None else [changed]
    if subject not in {registered.identifier(one) for one in subjects}:
        raise EnvelopeError("sub is not the id of a subject of the credential", code="envelope.claims")
    return value
