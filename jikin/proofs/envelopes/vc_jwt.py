"""``vc+jwt`` and ``vp+jwt``: the payload is the credential or presentation itself.

W3C Securing Verifiable Credentials using JOSE and COSE 1.0, section 3.1; the registered claims that Open Badges 3.0
(section 8.2) adds must say what the credential says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jikin.credentials.structure import items
from jikin.errors import EnvelopeError, ValueRefusedError
from jikin.proofs.envelope import Content, Opened
from jikin.proofs.envelopes import jws, registered
from jikin.proofs.envelopes.jws import Jws
from jikin.proofs.envelopes.registered import Registered
from jikin.values import Json, JsonObject, PublicKey, SignedStatement, Signer, parse_instant

NAME = "vc+jwt"
_TYPES: dict[str, Content] = {
    "vc+jwt": "credential",
    "vp+jwt": "presentation",
    # names of drafts
    "vc+ld+jwt": "credential",
    "vp+ld+jwt": "presentation",
    "vc+ld+json+jwt": "credential",
    "vp+ld+json+jwt": "presentation",
}
PLAIN_TYPES = frozenset({None, "jwt"})
"""What ``typ`` is where the payload alone says what the token is: absent, or JWT as in Open Badges 3.0."""


class VcJwt:
    """The envelope ``vc+jwt``, and ``vp+jwt`` for presentations."""

    name = NAME
    defines_terms = False

    def recognizes(self, data: bytes) -> bool:
        """Say whether *data* is a JWT whose ``typ`` is of this format, or a plain one with such a document in it."""
        found = jws.peek(data)
        if found is None:
            return False
        header, claims = found
        kind = jws.media_type(header.get("typ"))
        if kind in PLAIN_TYPES:
            return "vc" not in claims and "vp" not in claims and registered.is_w3c(claims)
        return kind in _TYPES

    def open(self, data: bytes) -> Opened:
        """Return the credential or presentation of *data*, registered claims left out of the document.

        Raises EnvelopeError; ``envelope.claims`` also for a ``vc`` or ``vp`` claim, which must not be there.
        """
        token = jws.read(data, "the JWT")
        claims = token.claims()
        if "vc" in claims or "vp" in claims:
            raise EnvelopeError("a vc+jwt has no claim vc or vp: the payload is the document", code="envelope.claims")
        content = content_of(token, _TYPES, claims)
        return opened(NAME, token, content, claims)

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:
        """Say whether the signature of *statement* is by *key*; a key of the wrong kind is False."""
        return jws.verify(statement, key)


def content_of(token: Jws, types: dict[str, Content], claims: JsonObject) -> Content:
    """Return what the token carries; raises EnvelopeError (``envelope.type``) where typ, cty and payload differ.

    *types*: what each ``typ`` of the format carries.
    """
    found = registered.content_of(claims)
    kind = token.type
    stated = found if kind is None else types.get(kind, found)
    other = {"vc": "credential", "vp": "presentation"}.get((token.content_type or "").partition("+")[0], found)
    if not stated == other == found:
        raise EnvelopeError(
            f"typ and cty of {token.what} promise a {stated} and a {other}, and a {found} is in it",
            code="envelope.type",
        )
    return found


def opened(name: str, token: Jws, content: Content, claims: JsonObject) -> Opened:
    """Return what a token of the W3C format *name* says, once its registered claims agree with the document in it."""
    said = Registered.of(claims)
    document = registered.without_claims(claims)
    said.check_agreement(document, content)
    _check_header_issuer(token, said)
    return Opened(
        format=name,
        content=content,
        document=document,
        claims=claims,
        statement=token.statement,
        key_id=token.key_id,
        issuer=said.issuer or registered.identifier(document.get("issuer" if content == "credential" else "holder")),
        issued_at=said.issued_at,
        not_before=said.not_before,
        expires=said.expires,
        certificates=token.certificates,
        holder_key=holder_key(claims),
        embedded_key=token.embedded_key,
    )


def holder_key(claims: JsonObject) -> PublicKey | None:
    """Return the key of ``cnf.jwk`` (RFC 7800), None where it names none that is understood; raises EnvelopeError."""
    confirmation = claims.get("cnf")
    if confirmation is None:
        return None
    if not isinstance(confirmation, Mapping):
        raise EnvelopeError("cnf is an object", code="envelope.claims")
    return jws.public_key(confirmation["jwk"], "cnf.jwk") if "jwk" in confirmation else None


def issue(
    document: JsonObject,
    signer: Signer,
    *,
    key_id: str | None = None,
    certificates: Sequence[bytes] = (),
    issued_at: int | None = None,
    claims: JsonObject | None = None,
) -> str:
    """Return the ``vc+jwt`` of a credential, or the ``vp+jwt`` of a presentation, signed by *signer*.

    ``iss``, ``sub``, ``jti``, ``nbf`` and ``exp`` are written as the document says (Open Badges 3.0, 8.2), *claims*
    (``nonce``, ``aud`` …) besides. *key_id* is ``kid``, *certificates* (DER, leaf first) are ``x5c``. Raises
    EnvelopeError for what ``open`` would refuse.
    """
    content = registered.content_of(document)
    short = "vc" if content == "credential" else "vp"
    header = key_header({"typ": f"{short}+jwt", "cty": short}, key_id, certificates)
    payload = {**document, **claims_of(document, content), **(claims or {})}
    if issued_at is not None:
        payload["iat"] = issued_at
    if "vc" in payload or "vp" in payload:
        raise EnvelopeError("a vc+jwt has no claim vc or vp: the payload is the document", code="envelope.claims")
    Registered.of(payload).check_agreement(document, content)
    return jws.sign(jws.write(payload), signer, header)


def key_header(header: JsonObject, key_id: str | None, certificates: Sequence[bytes]) -> JsonObject:
    """Return *header* with ``kid`` and ``x5c`` where there are such."""
    named: dict[str, Json] = dict(header)
    if key_id is not None:
        named["kid"] = key_id
    if certificates:
        named["x5c"] = jws.x5c(certificates)
    return named


def claims_of(document: JsonObject, content: Content) -> dict[str, Json]:
    """Return the registered claims that say what *document* says, those of its members that there are."""
    if content == "presentation":
        stated: dict[str, Json] = {
            "iss": registered.identifier(document.get("holder")),
            "jti": registered.identifier(document),
        }
    else:
        subjects = items(document.get("credentialSubject"))
        stated = {
            "iss": registered.identifier(document.get("issuer")),
            "sub": registered.identifier(subjects[0]) if len(subjects) == 1 else None,
            "jti": registered.identifier(document),
            "nbf": _second(document, "validFrom", "issuanceDate"),
            "exp": _second(document, "validUntil", "expirationDate"),
        }
    return {name: value for name, value in stated.items() if value is not None}


def _second(document: JsonObject, *members: str) -> int | None:
    for member in members:
        text = document.get(member)
        if isinstance(text, str):
            try:
                return parse_instant(text)
            except ValueRefusedError:
                return None
    return None


def _check_header_issuer(token: Jws, said: Registered) -> None:
    """Claims may stand in the header too (RFC 7519, 5.3), and then say the same."""
    if "iss" in token.header and token.header["iss"] != said.issuer:
        raise EnvelopeError("iss of the header is not the iss of the payload", code="envelope.issuer")
