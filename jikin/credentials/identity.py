"""Who a badge is about, by something others know of that person: an address, a number, a name, or a salted hash of it.

Open Badges 3.0, IdentityObject and IdentityHash; the ``recipient`` of Open Badges 2.0 has the same hash. A hash hides
an address only from those who cannot guess it: whoever has a list of addresses and the salt finds it again.

>>> made = Identity.hashed_of("haneul@mail.example", "emailAddress", salt="7f3q9xk4m2w8")
>>> made.fits("haneul@mail.example"), made.fits("other@mail.example")
(True, False)
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from jikin.errors import CredentialError
from jikin.values import JsonObject

MIN_SALT = 8  # characters of a salt that we make
_HASH = re.compile(r"(sha256)\$([0-9a-fA-F]{64})|(md5)\$([0-9a-fA-F]{32})")
_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Identity:
    """One identifier of a recipient: *type* says of what kind, *value* is itself or its hash (``sha256$…``)."""

    type: str
    hashed: bool
    value: str = field(repr=False)
    salt: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse with CredentialError (``badge.identity``) an empty or endless value, and a hash that is none."""
        if not self.value or len(self.value) > _MAX or len(self.salt or "") > _MAX:
            raise _refused("an identity has 1 to 2000 characters")
        if self.hashed and not _HASH.fullmatch(self.value):
            raise _refused("a hashed identity is sha256$ and 64 hexadecimal digits")

    @classmethod
    def hashed_of(cls, plain: str, type: str, *, salt: str) -> Identity:
        """Return the salted hash of *plain*; *salt* is random text of the issuer's, at least 8 characters."""
        if len(salt) < MIN_SALT:
            raise _refused(f"a salt has at least {MIN_SALT} characters, got {len(salt)}")
        return cls(type, hashed=True, value=identity_hash(plain, salt), salt=salt)

    @classmethod
    def parse(cls, document: JsonObject) -> Identity:
        """Return the identity of an IdentityObject; raises CredentialError (``badge.identity``)."""
        kind, hashed, value = (document.get(name) for name in ("identityType", "hashed", "identityHash"))
        salt = document.get("salt")
        if not isinstance(kind, str) or not isinstance(hashed, bool) or not isinstance(value, str):
            raise _refused("an IdentityObject has identityType, hashed and identityHash")
        if not (salt is None or isinstance(salt, str)):
            raise _refused("the salt of an IdentityObject is a text")
        return cls(kind, hashed, value, salt)

    @property
    def weak(self) -> bool:
        """Say whether the hash hides nothing: made without a salt, or with MD5."""
        return self.hashed and (not self.salt or self.value.startswith("md5$"))

    def fits(self, plain: str) -> bool:
        """Say whether this is the identity *plain*, compared in constant time."""
        if not self.hashed:
            return hmac.compare_digest(self.value.encode(), plain.encode("utf-8", "replace"))
        algorithm = self.value.partition("$")[0]
        made = identity_hash(plain, self.salt or "", algorithm=algorithm)
        return hmac.compare_digest(self.value.lower(), made)

    def document(self) -> JsonObject:
        """Return the IdentityObject (Open Badges 3.0)."""
        written: dict[str, str | bool] = {
            "type": "IdentityObject",
            "hashed": self.hashed,
            "identityHash": self.value,
            "identityType": self.type,
        }
        if self.salt is not None:
            written["salt"] = self.salt
        return written


def identity_hash(plain: str, salt: str, *, algorithm: str = "sha256") -> str:
    """Return algorithm, ``$`` and the hexadecimal hash of *plain* followed by *salt* in UTF-8 (IdentityHash).

    *algorithm* is ``sha256``, or ``md5`` to check what old issuers made.
    """
    data = (plain + salt).encode("utf-8", "replace")
    made = hashlib.md5(data, usedforsecurity=False) if algorithm == "md5" else hashlib.sha256(data)
    return f"{made.name}${made.hexdigest()}"


def _refused(message: str) -> CredentialError:
    return CredentialError(message, code="badge.identity")
