"""The wallet's answer: ``vp_token`` as a form, or encrypted as one JWE (OpenID4VP 1.0, sections 8.1 to 8.5).

Encryption is ECDH-ES on P-256 with A128GCM or A256GCM, to a key the verifier made for this one request.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from jikin.codec import jwk, multibase
from jikin.errors import CodecError, MultibaseError
from jikin.openid4vc.errors import OAuthError, refusal, refuse
from jikin.openid4vc.members import Members, json_of
from jikin.proofs.p256 import P256Signer
from jikin.values import Json, JsonObject, KeyType

DIRECT_POST = "direct_post"
DIRECT_POST_JWT = "direct_post.jwt"
KEY_AGREEMENT = "ECDH-ES"
ENCRYPTIONS = ("A256GCM", "A128GCM")
DEFAULT_ENCRYPTION = "A128GCM"
_CODE = "response"
_MAX_JWE = 8 << 20
_MAX_STATE = 512
_MAX_ENTRIES = 64

VpToken: TypeAlias = Mapping[str, tuple[Json, ...]]
"""Query id → presentations, as they came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a wallet presents; *state* as in the request."""

    vp_token: VpToken = field(repr=False)
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """What a wallet posts when it does not present: *error* is the protocol's name, ``access_denied`` mostly."""

    error: str
    description: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted answer; *kid* says which key it is for, None where it names none."""

    jwe: str = field(repr=False)
    kid: str | None


@dataclass(frozen=True, slots=True)
class ResponseKey:
    """The key a verifier makes for the answer to one request; it can be kept as 32 secret bytes."""

    kid: str
    _key: P256Signer = field(repr=False)

    @classmethod
    def generate(cls) -> ResponseKey:
        """Return a fresh key; *kid* is drawn from it."""
        return cls._of(P256Signer.generate())

    @classmethod
    def from_secret(cls, secret: bytes) -> ResponseKey:
        """Return the key that ``export_secret`` gave; raises ValueRefusedError."""
        return cls._of(P256Signer.from_secret(secret))

    @classmethod
    def _of(cls, key: P256Signer) -> ResponseKey:
        return cls(multibase.encode_base64url(key.public_key.raw[1:17]), key)

    def export_secret(self) -> bytes:
        """Return the secret, 32 bytes: for the verifier's own store alone."""
        return self._key.export_secret()

    def to_jwk(self) -> JsonObject:
        """Return the public key as ``client_metadata.jwks`` shows it."""
        return {**jwk.encode(self._key.public_key), "kid": self.kid, "use": "enc", "alg": KEY_AGREEMENT}

    def _private(self) -> ECKey:
        members = {name: str(value) for name, value in jwk.encode(self._key.public_key).items()}
        secret = multibase.encode_base64url(self.export_secret())
        return ECKey.import_key({**members, "d": secret})


def encode(vp_token: Mapping[str, Sequence[Json]], state: str | None) -> dict[str, str]:
    """Return the fields of the form that answers in ``direct_post``."""
    fields = {"vp_token": _compact({query: list(shown) for query, shown in vp_token.items()})}
    return fields if state is None else {**fields, "state": state}


def encode_error(error: str, state: str | None, description: str | None = None) -> dict[str, str]:
    """Return the fields of the form that says that nothing is presented (``access_denied`` …)."""
    fields = {"error": error}
    if description is not None:
        fields["error_description"] = description
    return fields if state is None else {**fields, "state": state}


def encrypt(
    vp_token: Mapping[str, Sequence[Json]], state: str | None, jwks: Json, encryptions: Collection[str] = ()
) -> dict[str, str]:
    """Return the field of the form that answers in ``direct_post.jwt``.

    *jwks* is ``client_metadata.jwks`` of the request: the first usable key is taken, unusable ones are passed over.
    *encryptions* are its ``encrypted_response_enc_values_supported``; none: A128GCM. Raises ProtocolError
    (``openid.response.encryption``) when no key or no encryption is usable.
    """
    payload: dict[str, Json] = {"vp_token": {query: list(shown) for query, shown in vp_token.items()}}
    if state is not None:
        payload["state"] = state
    return {"response": encrypt_payload(payload, jwks, encryptions)}


def encrypt_payload(payload: JsonObject, jwks: Json, encryptions: Collection[str] = ()) -> str:
    """Return *payload* (an answer or an error) as a JWE; otherwise as ``encrypt``."""
    kid, key = usable_key(jwks)
    method = chosen_encryption(encryptions)
    header = {"alg": KEY_AGREEMENT, "enc": method, **({"kid": kid} if kid is not None else {})}
    return jwe.encrypt_compact(header, _compact(payload).encode("utf-8"), key, algorithms=[KEY_AGREEMENT, method])


def chosen_encryption(encryptions: Collection[str]) -> str:
    """Return which of the *encryptions* a request names is used; raises ProtocolError when none can be."""
    for method in ENCRYPTIONS:
        if method in (encryptions or (DEFAULT_ENCRYPTION,)):
            return method
    raise refusal("response.encryption", f"the request names no encryption known here; {', '.join(ENCRYPTIONS)} are")


def usable_key(jwks: Json) -> tuple[str | None, ECKey]:
    """Return id and key of the first key of *jwks* that an answer can be encrypted to; raises ProtocolError."""
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    for members in keys if isinstance(keys, Sequence) and not isinstance(keys, str) else ():
        if not isinstance(members, Mapping):
            continue
        if members.get("use", "enc") != "enc" or members.get("alg", KEY_AGREEMENT) != KEY_AGREEMENT:
            continue
        try:
            key = jwk.decode(members)
        except CodecError:
            continue
        if key.type is KeyType.P256:
            kid = members.get("kid")
            public: dict[str, str | list[str]] = {name: str(value) for name, value in jwk.encode(key).items()}
            return (kid if isinstance(kid, str) else None), ECKey.import_key(public)
    raise refusal(
        "response.encryption", "the request asks for an encrypted answer and has no P-256 key to encrypt it to"
    )


def parse_form(fields: Mapping[str, str]) -> Answer | Declined | Sealed:
    """Return what the posted form says: an answer, that nothing is presented, or an encrypted one of either.

    Raises ProtocolError (``openid.response``) for what is none of these.
    """
    if "response" in fields:
        if "vp_token" in fields:
            refuse(_CODE, "the answer has both response and vp_token")
        return _sealed(fields["response"])
    if "error" in fields:
        return _declined(dict(fields))
    if "vp_token" not in fields:
        refuse(_CODE, "the answer has none of vp_token, response and error")
    token = json_of(fields["vp_token"], "vp_token", _CODE)
    return _answer({"vp_token": token, **({"state": fields["state"]} if "state" in fields else {})})


def decrypt(sealed: Sealed, key: ResponseKey, encryptions: Collection[str] = ENCRYPTIONS) -> Answer | Declined:
    """Return what the encrypted answer says, which must be encrypted to *key* with one of *encryptions*.

    What alg, enc and kid the JWE states is held against what the request published; apu and apv carry no authority.
    Raises ProtocolError (``openid.response``), the same for everything that does not open.
    """
    header = _jwe_header(sealed.jwe)
    method = header.get("enc")
    if header.get("alg") != KEY_AGREEMENT or not isinstance(method, str) or method not in encryptions:
        refuse(_CODE, f"the answer is encrypted with other algorithms than {KEY_AGREEMENT} and those requested")
    if header.get("kid") not in (None, key.kid):
        refuse(_CODE, "the answer is encrypted to another key than the one of this request")
    if "zip" in header or "crit" in header:
        refuse(_CODE, "the answer's header has zip or crit, which are not read")
    try:
        opened = jwe.decrypt_compact(sealed.jwe, key._private(), algorithms=[KEY_AGREEMENT, method])
    except (JoseError, ValueError, TypeError, KeyError):
        refuse(_CODE, "the answer cannot be decrypted with the key of this request")
    members = Members.parse(opened.plaintext or b"", "the decrypted answer", _CODE)
    return _declined(members.value) if "error" in members.value else _answer(members.value)


def _sealed(text: str) -> Sealed:
    if len(text) > _MAX_JWE or text.count(".") != 4:
        refuse(_CODE, "response is a compact JWE: five parts joined by dots")
    kid = _jwe_header(text).get("kid")
    return Sealed(text, kid if isinstance(kid, str) else None)


def _jwe_header(text: str) -> JsonObject:
    try:
        data = multibase.decode_base64url(text.partition(".")[0])
    except MultibaseError:
        refuse(_CODE, "the header of response is not base64url")
    return Members.parse(data, "the header of response", _CODE).value


def _answer(value: JsonObject) -> Answer:
    members = Members(value, "the answer", _CODE)
    token = members.object("vp_token")
    if not token.value or len(token.value) > _MAX_ENTRIES:
        token.refuse(f"it has between 1 and {_MAX_ENTRIES} members, one for each query answered")
    return Answer(
        {query: tuple(token.array(query)) for query in token.value}, members.optional_text("state", most=_MAX_STATE)
    )


def _declined(value: JsonObject) -> Declined:
    members = Members(value, "the answer", _CODE)
    error = members.text("error", most=100)
    known = error if error in set(OAuthError) else OAuthError.INVALID_REQUEST.value
    return Declined(known, _shown(value.get("error_description")), members.optional_text("state", most=_MAX_STATE))


def _shown(value: Json) -> str | None:
    return value[:300] if isinstance(value, str) else None


def _compact(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
