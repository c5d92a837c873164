"""``vc+cose`` and ``vp+cose``: a COSE_Sign1 whose payload is the credential or presentation as JSON.

W3C Securing Verifiable Credentials using JOSE and COSE 1.0, section 3.3; CWT claims in the header: RFC 9597.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jikin.errors import EnvelopeError
from jikin.proofs.envelope import Content, Opened
from jikin.proofs.envelopes import cose_sign1, jws, registered
from jikin.proofs.envelopes.cose_sign1 import CONTENT_TYPE, CWT_CLAIMS, KID, TYP, X5CHAIN, CoseSign1
from jikin.proofs.envelopes.registered import Registered
from jikin.values import Json, JsonObject, PublicKey, SignedStatement, Signer

NAME = "vc+cose"
_TYPES: dict[str, Content] = {"vc+cose": "credential", "vp+cose": "presentation"}
_CONTENT_TYPES: dict[str, Content] = {"vc": "credential", "vp": "presentation"}
_CLAIMS = {1: "iss", 2: "sub", 3: "aud", 4: "exp", 5: "nbf", 6: "iat"}


class VcCose:
    """The envelope ``vc+cose``, and ``vp+cose`` for presentations."""

    name = NAME
    defines_terms = False

    def recognizes(self, data: bytes) -> bool:
        """Say whether *data* begins as a COSE_Sign1 does."""
        return cose_sign1.looks_like_one(data)

    def open(self, data: bytes) -> Opened:
        """Return the credential or presentation of *data*; the CWT claims of its header are among the claims.

        Raises EnvelopeError; ``envelope.type`` where ``typ``, content type and payload differ.
        """
        message = cose_sign1.read(data)
        document = jws.parse_object(message.payload, "the payload of the COSE message")
        content = _content(message, document)
        claims = _cwt_claims(message)
        said = Registered.of(claims)
        said.check_agreement(document, content)
        member = document.get("issuer" if content == "credential" else "holder")
        return Opened(
            format=NAME,
            content=content,
            document=document,
            claims={**document, **claims},
            statement=message.statement,
            key_id=message.key_id,
            issuer=said.issuer or registered.identifier(member),
            issued_at=said.issued_at,
            not_before=said.not_before,
            expires=said.expires,
            certificates=message.certificates,
        )

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:
        """Say whether the signature of *statement* is by *key*; a key of the wrong kind is False."""
        return cose_sign1.verify(statement, key)


def issue(
    document: JsonObject, signer: Signer, *, key_id: str | None = None, certificates: Sequence[bytes] = ()
) -> bytes:
    """Return the ``vc+cose`` of a credential, or the ``vp+cose`` of a presentation, signed by *signer*.

    *key_id* is ``kid``, *certificates* (DER, leaf first) are ``x5chain``. Raises EnvelopeError.
    """
    short = "vc" if registered.content_of(document) == "credential" else "vp"
    headers: dict[int | str, object] = {
        CONTENT_TYPE: f"application/{short}",
        TYP: f"application/{short}+cose",
    }
    if key_id is not None:
        headers[KID] = key_id.encode("utf-8")
    if certificates:
        headers[X5CHAIN] = certificates[0] if len(certificates) == 1 else list(certificates)
    return cose_sign1.sign(jws.write(document), signer, headers)


def _content(message: CoseSign1, document: JsonObject) -> Content:
    found = registered.content_of(document)
    stated = _TYPES.get(message.type) if message.type is not None else found
    other = _CONTENT_TYPES.get((message.content_type or "").partition("+")[0], found)
    if not stated == other == found:
        raise EnvelopeError(
            f"typ and content type of the COSE message are {str(message.type)[:60]!r} and "
            f"{str(message.content_type)[:60]!r}, and a {found} is in it",
            code="envelope.type",
        )
    return found


def _cwt_claims(message: CoseSign1) -> dict[str, Json]:
    claims = message.protected.get(CWT_CLAIMS, {})
    if not isinstance(claims, Mapping) or not all(type(label) in (int, str) for label in claims):
        raise EnvelopeError("the CWT claims of a COSE header are a map", code="envelope.claims")
    named = {name: claims[number] for number, name in _CLAIMS.items() if number in claims}
    if any(not isinstance(value, int | float | str) for value in named.values()):
        raise EnvelopeError("a CWT claim of a COSE header is a text or a number", code="envelope.claims")
    return named
