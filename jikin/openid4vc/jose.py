"""Compact JWS for the protocols: taken apart strictly, verified by joserfc under a named algorithm, made by a Signer.

EdDSA (also under its newer name Ed25519) and ES256, nothing else; RFC 7515, RFC 8037, RFC 9864.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, OKPKey

from jikin.codec import jwk, multibase
from jikin.errors import CodecError, MultibaseError
from jikin.openid4vc.errors import OAuthError, refusal
from jikin.openid4vc.members import Members
from jikin.values import Json, JsonObject, KeyType, PublicKey, Signer

if TYPE_CHECKING:
    from joserfc._rfc7515.model import JWSAlgModel

ALGORITHMS = ("ES256", "EdDSA", "Ed25519")
"""The algorithms that are read; the first two are advertised."""

PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members of a JWK that hold a secret."""

_KIND = {"ES256": KeyType.P256, "EdDSA": KeyType.ED25519, "Ed25519": KeyType.ED25519}
_NAME = {KeyType.P256: "ES256", KeyType.ED25519: "EdDSA"}
_MAX_CHARACTERS = 1 << 17
_MAX_HEADER = 1 << 15


class _Registry(jws.JWSRegistry):
    """joserfc's rules with room for a certificate chain in the header, and for parameters the caller checks."""

    max_header_length = _MAX_HEADER
    max_payload_length = _MAX_CHARACTERS

    def get_alg(self, name: str) -> JWSAlgModel:
        """Return the one algorithm that is allowed; EdDSA without joserfc's warning that it has a newer name."""
        if self.allowed is None or name not in self.allowed or name not in self.algorithms:
            raise UnsupportedAlgorithmError(f"alg {name!r} is not allowed here")
        return self.algorithms[name]


@dataclass(frozen=True, slots=True)
class Unverified:
    """A compact JWS taken apart; nothing of it is believed yet. *code* and *oauth* are those of its refusals."""

    token: str = field(repr=False)
    header: Members = field(repr=False)
    payload: bytes = field(repr=False)
    what: str
    code: str
    oauth: OAuthError

    @property
    def algorithm(self) -> str:
        """Return ``alg``, one of ALGORITHMS; raises ProtocolError for another, none and HMAC among them."""
        name = self.header.value.get("alg")
        if not isinstance(name, str) or name not in ALGORITHMS:
            self.header.refuse(f"alg is {str(name)[:20]!r}; right would be one of {', '.join(ALGORITHMS)}")
        return name

    def claims(self) -> Members:
        """Return the payload as a JSON object."""
        return Members.parse(self.payload, self.what, self.code, self.oauth)

    def check_type(self, right: str) -> None:
        """Return if ``typ`` is *right* (RFC 8725, section 3.11); raises ProtocolError otherwise."""
        found = self.header.value.get("typ")
        # application/ may be left out (RFC 7515, section 4.1.9)
        if not isinstance(found, str) or found.lower().removeprefix("application/") != right:
            self.header.refuse(f"typ is {str(found)[:60]!r}; right would be {right}")

    def check_crit(self) -> None:
        """Return if no header parameter is critical: there is none we would understand."""
        if "crit" in self.header.value:
            self.header.refuse("crit names parameters that are not understood here")

    def verify(self, key: PublicKey) -> None:
        """Return if the signature is by *key* under ``alg``; raises ProtocolError otherwise."""
        algorithm = self.algorithm
        self.check_crit()
        if _KIND[algorithm] is not key.type:
            raise refusal(
                self.code, f"{self.what}: alg {algorithm} does not fit a {key.type.value} key", oauth=self.oauth
            )
        registry = _Registry(algorithms=[algorithm], strict_check_header=False)
        try:
            jws.deserialize_compact(self.token, _imported(key), algorithms=None, registry=registry)
        except (JoseError, CodecError, ValueError) as error:
            raise refusal(
                self.code, f"{self.what}: its signature is not by the key it names", oauth=self.oauth
            ) from error


def read(token: Json, what: str, code: str, oauth: OAuthError = OAuthError.INVALID_REQUEST) -> Unverified:
    """Return the compact JWS *token* taken apart; *what* names it in refusals.

    Raises ProtocolError (``openid.<code>``) for what is no such text, longer than 128 KiB, or has no JSON header.
    """
    if not isinstance(token, str) or len(token) > _MAX_CHARACTERS or token.count(".") != 2:
        raise refusal(code, f"{what} is a compact JWS: header, payload and signature joined by dots", oauth=oauth)
    try:
        header, payload, _ = (multibase.decode_base64url(part) for part in token.split("."))
    except MultibaseError as error:
        raise refusal(code, f"{what}: {error}", oauth=oauth) from error
    if len(header) > _MAX_HEADER:
        raise refusal(code, f"{what}: its header has more than {_MAX_HEADER} bytes", oauth=oauth)
    return Unverified(token, Members.parse(header, f"the header of {what}", code, oauth), payload, what, code, oauth)


def algorithm_of(key: PublicKey) -> str:
    """Return the algorithm that *key* signs with, under its oldest name; raises ProtocolError for another kind."""
    try:
        return _NAME[key.type]
    except KeyError:
        raise refusal("key", f"a {key.type.value} key signs no JWS here; Ed25519 and P-256 keys do") from None


def sign(header: JsonObject, claims: JsonObject, signer: Signer) -> str:
    """Return the compact JWS of *claims* by *signer*; ``alg`` is put into *header* by the kind of key."""
    whole: dict[str, Json] = {"alg": algorithm_of(signer.public_key), **header}
    signed = f"{_part(whole)}.{_part(claims)}"
    return f"{signed}.{multibase.encode_base64url(signer.sign(signed.encode('ascii')))}"


def public_jwk(members: Members, *, allowed: Collection[KeyType] = tuple(_NAME)) -> PublicKey:
    """Return the public key of a JWK; raises the refusal of *members* for a secret, symmetric or unsupported one."""
    if secret := sorted(PRIVATE_MEMBERS & set(members.value)):
        members.refuse(f"it holds secret members ({', '.join(secret)}); a public key has none")
    try:
        key = jwk.decode(members.value)
    except CodecError as error:
        members.refuse(str(error))
    if key.type not in allowed:
        members.refuse(f"a {key.type.value} key is not used here; {', '.join(kind.value for kind in allowed)} are")
    return key


def _part(value: Mapping[str, Json]) -> str:
    return multibase.encode_base64url(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))


def _imported(key: PublicKey) -> ECKey | OKPKey:
    members: dict[str, str | list[str]] = {name: str(value) for name, value in jwk.encode(key).items()}
    return OKPKey.import_key(members) if key.type is KeyType.ED25519 else ECKey.import_key(members)
