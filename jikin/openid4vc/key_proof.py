"""A holder's proof that a key is theirs, for the credential endpoint (OpenID4VCI 1.0, section 8.2, appendix F.1).

The key is named by ``kid`` (a verification method of a did:key or did:jwk) or shown as ``jwk``; the credential is then
made out to its DID.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TypeAlias

from jikin.dids import key as did_key
from jikin.dids.method import DidMethods
from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import NoFetch
from jikin.errors import DidError, FetchError, ValueRefusedError
from jikin.openid4vc import jose
from jikin.openid4vc.errors import OAuthError, refusal
from jikin.openid4vc.jose import Unverified
from jikin.openid4vc.members import Members
from jikin.values import Did, DidUrl, Json, JsonObject, PublicKey, Signer

TYPE = "openid4vci-proof+jwt"
PROOF_TYPE = "jwt"
ALGORITHMS = jose.ALGORITHMS
BINDING_METHODS = ("did:key", "did:jwk", "jwk")
IAT_SECONDS = 300

AcceptNonce: TypeAlias = Callable[[str], bool]
"""Says whether a nonce was given out, is fresh and was not used, and uses it up, all in one step."""

_CODE = "proof"
_PROOF = OAuthError.INVALID_PROOF
_METHODS = frozenset({"key", "jwk"})


@dataclass(frozen=True, slots=True)
class KeyProof:
    """A proof that held. *did* is the DID of the key: that of ``kid``, or the did:key of a ``jwk``."""

    did: Did
    public_key: PublicKey
    nonce: str | None = field(repr=False)
    issued_at: int


def make(
    signer: Signer, issuer: str, nonce: str | None, now: int, *, kid: DidUrl | None = None, client_id: str | None = None
) -> str:
    """Return the proof (a compact JWS) that the key of *signer* is the holder's.

    *issuer* is the credential issuer's identifier as it stands in its metadata, *nonce* its c_nonce. *kid* names the
    key, by default the one method of its did:key. *client_id* is left out for an anonymous pre-authorized flow.
    """
    header = {"typ": TYPE, "kid": str(kid or did_key.method_of(signer.public_key))}
    claims: dict[str, Json] = {"aud": issuer, "iat": now}
    if nonce is not None:
        claims["nonce"] = nonce
    if client_id is not None:
        claims["iss"] = client_id
    return jose.sign(header, claims, signer)


def check(
    jwt: Json,
    issuer: str,
    now: int,
    *,
    accept_nonce: AcceptNonce | None = None,
    algorithms: Collection[str] = ALGORITHMS,
    client_id: str | None = None,
) -> KeyProof:
    """Return what the proof *jwt* shows, made for *issuer* at about *now* (Unix second).

    *accept_nonce* says whether its nonce is good, and is asked once all before it held; None: no nonce is demanded and
    the caller judges the one returned. *client_id* is whose access token it is, None for anonymous pre-authorized
    access: then ``iss`` must be absent. Raises ProtocolError, ``openid.proof`` with ``invalid_proof`` for everything
    but a nonce that is not good: ``openid.proof.nonce`` with ``invalid_nonce``.
    """
    token = jose.read(jwt, "the key proof", _CODE, _PROOF)
    token.check_type(TYPE)
    if token.algorithm not in algorithms:
        token.header.refuse(f"alg is {token.algorithm}; this issuer takes {', '.join(algorithms)}")
    did, key = _named_key(token)
    token.verify(key)
    claims = token.claims()
    _check_audience(claims, issuer)
    nonce = _checked_nonce(claims, accept_nonce)
    issued_at = claims.integer("iat")
    if abs(issued_at - now) > IAT_SECONDS:
        claims.refuse(f"iat is {abs(issued_at - now)} seconds off; at most {IAT_SECONDS} are allowed")
    _check_client(claims, client_id)
    return KeyProof(did, key, nonce, issued_at)


def check_all(
    proofs: Json,
    issuer: str,
    now: int,
    *,
    accept_nonce: AcceptNonce,
    batch_size: int = 1,
    algorithms: Collection[str] = ALGORITHMS,
    client_id: str | None = None,
) -> tuple[KeyProof, ...]:
    """Return what each proof of ``proofs`` in a credential request shows (OpenID4VCI 1.0, section 8.2).

    *proofs* is an object with the one proof type ``jwt``, whose value holds 1 to *batch_size* proofs of distinct keys
    and of one nonce, which is used up once. Raises as ``check`` does.
    """
    members = Members.of(proofs, "proofs", _CODE, _PROOF)
    if set(members.value) != {PROOF_TYPE}:
        members.refuse(f"it holds exactly one proof type, and {PROOF_TYPE} is the one taken here")
    tokens = members.texts(PROOF_TYPE)
    if len(tokens) > batch_size:
        members.refuse(f"it holds {len(tokens)} proofs; at most {batch_size} are taken at once")
    used: list[str] = []

    def accept_once(nonce: str) -> bool:
        if used:
            return nonce == used[0]
        used.append(nonce)
        return accept_nonce(nonce)

    checked = tuple(
        check(token, issuer, now, accept_nonce=accept_once, algorithms=algorithms, client_id=client_id)
        for token in tokens
    )
    if len({proof.public_key for proof in checked}) != len(checked):
        members.refuse("two of the proofs are of one key")
    return checked


def _named_key(token: Unverified) -> tuple[Did, PublicKey]:
    header = token.header
    named = [name for name in ("kid", "jwk", "x5c") if name in header.value]
    if len(named) != 1:
        header.refuse(f"it names the key by exactly one of kid, jwk and x5c, got {', '.join(named) or 'none'}")
    if "key_attestation" in header.value or named == ["x5c"]:
        header.refuse("certificates and key attestations are not taken here; name the key by kid (a DID) or jwk")
    if named == ["jwk"]:
        key = jose.public_jwk(header.object("jwk"))
        return did_key.did_of(key), key
    return _key_of_did(header)


def _key_of_did(header: Members) -> tuple[Did, PublicKey]:
    try:
        url = DidUrl(header.text("kid"))
    except ValueRefusedError as error:
        header.refuse(f"kid is no DID URL: {error}")
    if url.did.method not in _METHODS:
        header.refuse(f"kid is of the DID method {url.did.method!r}; taken are {', '.join(sorted(_METHODS))}")
    key = resolve_method(url, standard_methods())
    if key is None:
        header.refuse("kid names no key of its DID that may authenticate")
    return url.did, key


def resolve_method(url: DidUrl, methods: DidMethods) -> PublicKey | None:
    """Return the authentication key that *url* names in a DID which is itself the key; nobody is asked.

    None when the DID has no such key. A bare did:key or did:jwk, without fragment, has just one.
    """
    try:
        document = methods.resolve(url.did, NoFetch())
    except (DidError, FetchError) as error:
        raise refusal(_CODE, f"kid: {error}", oauth=_PROOF) from error
    for method in document.methods:
        if (method.id == url or str(url) == str(url.did)) and "authentication" in method.relationships:
            return method.public_key
    return None


def _check_audience(claims: Members, issuer: str) -> None:
    audience = claims.value.get("aud")
    if audience not in (issuer, [issuer]):
        claims.refuse("aud is not the identifier of this issuer, to the letter")


def _checked_nonce(claims: Members, accept: AcceptNonce | None) -> str | None:
    nonce = claims.optional_text("nonce", most=512)
    if accept is None:
        return nonce
    if nonce is None:
        claims.refuse("it has no nonce; fetch one from the nonce endpoint")
    if not accept(nonce):
        raise refusal(
            "proof.nonce",
            "the nonce of the key proof was not given out here, was used before, or is too old",
            oauth=OAuthError.INVALID_NONCE,
            hint="fetch a new nonce and make the proof again",
        )
    return nonce


def _check_client(claims: Members, client_id: str | None) -> None:
    issuer = claims.value.get("iss")
    if client_id is None and issuer is not None:
        claims.refuse("iss is left out where the wallet is anonymous")
    if client_id is not None and issuer is not None and issuer != client_id:
        claims.refuse("iss is not the client the access token was given to")


def proofs_json(tokens: Collection[str]) -> JsonObject:
    """Return ``proofs`` of a credential request for *tokens*."""
    return {PROOF_TYPE: list(tokens)}
