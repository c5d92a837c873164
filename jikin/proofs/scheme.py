"""What a signature scheme is to the suites: a kind of key, its hash, and how a signature is checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from jikin.values import KeyType, PublicKey

HashName: TypeAlias = Literal["sha256", "sha384", "sha512"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to sign: *hash* is what a suite hashes with before signing, *signature_bytes* the length of a signature.

    *verify* says whether a signature over a message is by a key, and answers False for keys of another kind or length.
    """

    key_type: KeyType
    hash: HashName
    signature_bytes: int
    verify: Callable[[PublicKey, bytes, bytes], bool]

    def digest(self, data: bytes) -> bytes:
        """Return the hash of *data*: 32 bytes (SHA-256), 48 (SHA-384) or 64 (SHA-512)."""
        return hashlib.new(self.hash, data).digest()
