"""RSA signatures of old badges: compact JWS under RS256, RS384 and RS512, by a key in PEM (RFC 7515; RFC 7518, 3.3).

Credentials are never signed in this way here. Which algorithm counts stands in a list of ours and not in the badge, and
a key is as long as keys have to be.
"""

from __future__ import annotations

import re

from jikin.codec import multibase, rsa_keys
from jikin.errors import BadgeError, CodecError, MultibaseError
from jikin.proofs import rsa
from jikin.proofs.envelopes import jws
from jikin.proofs.rsa import ALGORITHMS
from jikin.values import JsonObject

_COMPACT = re.compile(r"[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def looks_like(text: str) -> bool:
    """Say whether *text* is meant to be a compact JWS."""
    return _COMPACT.fullmatch(text) is not None


def payload(text: str) -> JsonObject:
    """Return the claims of a compact JWS, not verified; raises BadgeError (``badge.jws``) for what is none."""
    return _opened(text)[1]


def verify(text: str, pem: str) -> bool:
    """Say whether the compact JWS *text* is signed by the RSA key *pem*.

    Raises BadgeError: ``badge.jws`` for what is no JWS, or one with parameters that are not understood,
    ``badge.jws.algorithm`` for another algorithm than RS256, RS384, RS512, ``badge.jws.key`` for a key that is none,
    of another kind, or of less than 2048 or more than 8192 bits.
    """
    header, _ = _opened(text)
    name = header.get("alg")
    if not isinstance(name, str) or name not in ALGORITHMS:
        raise BadgeError(
            f"badges signed with {str(name)[:20]!r} are not checked; {', '.join(ALGORITHMS)} are",
            code="badge.jws.algorithm",
        )
    if "crit" in header or header.get("b64", True) is not True:
        raise BadgeError("the badge's signature has parameters that are not understood", code="badge.jws")
    signed, _, written = text.rpartition(".")
    try:
        key, signature = rsa_keys.of_pem(pem), multibase.decode_base64url(written)
    except MultibaseError as error:
        raise BadgeError(f"the badge's signature is no base64url: {error}", code="badge.jws") from error
    except CodecError as error:
        raise BadgeError(f"the key of the badge's signature: {error}", code="badge.jws.key") from error
    return rsa.verify(key, signed.encode("ascii"), signature, ALGORITHMS[name])


def _opened(text: str) -> tuple[JsonObject, JsonObject]:
    found = jws.peek(text.encode("ascii", "replace"))
    if found is None:
        raise BadgeError("this is no compact JWS with JSON in it", code="badge.jws")
    return found
