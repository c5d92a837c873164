"""Digests that a document states of something it points at: ``digestSRI`` and ``digestMultibase`` (VC 2.0, 5.3)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from jikin.codec import multibase
from jikin.errors import CredentialError, MultibaseError
from jikin.values import Json, JsonObject

# From the weakest to the strongest: of several digests of one resource the strongest kind counts (SRI, 3.3.4).
_LENGTHS = {"sha256": 32, "sha384": 48, "sha512": 64}
# Subresource Integrity, section 3.5: base64 of either alphabet, options behind a question mark are ignored.
_HASH_EXPRESSION = re.compile(r"(?P<name>sha256|sha384|sha512)-(?P<value>[A-Za-z0-9+/_-]+={0,2})(?:\?[!-~]*)?")
_MULTIBASE = re.compile(r"[A-Za-z0-9+/=_-]{2,200}")
# Codes of the multiformats registry; a multihash is the code and the length, each as a varint, and the digest.
_MULTIHASHES: Mapping[int, str] = {0x12: "sha256", 0x20: "sha384", 0x13: "sha512"}
_MAX_TEXT = 1000


@dataclass(frozen=True, slots=True)
class _Digests:
    """Digests of which one has to fit: all of one *algorithm*, from one member."""

    algorithm: str
    values: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Integrity:
    """What a document states of a resource's bytes. Each member that is there has to fit."""

    stated: tuple[_Digests, ...]
    unknown: bool = False  # a member states a digest of an algorithm that is not known here

    @classmethod
    def of(cls, holder: JsonObject, where: str) -> Integrity:
        """Return what the object *where* states; raises CredentialError (``model.resource``) for what is no digest."""
        stated, unknown = [], False
        for member, read in (("digestSRI", _sri), ("digestMultibase", _multihash)):
            if member not in holder:
                continue
            value = holder[member]
            try:
                digests = read(value)
            except ValueError as error:
                raise CredentialError(
                    f"{member} of {where} is no digest: {str(value)[:80]!r} ({error})", code="model.resource"
                ) from error
            if digests is None:
                unknown = True
            else:
                stated.append(digests)
        return cls(tuple(stated), unknown)

    @property
    def comparable(self) -> bool:
        """Say whether there is anything to compare, and nothing that cannot be."""
        return bool(self.stated) and not self.unknown

    def fits(self, data: bytes) -> bool:
        """Say whether every digest that can be compared is that of *data*."""
        return all(hashlib.new(one.algorithm, data).digest() in one.values for one in self.stated)

    def fits_published(self, digests: Mapping[str, str]) -> bool:
        """Say whether every digest that can be compared is among *digests*: algorithm → hexadecimal digits."""
        return all(digests.get(one.algorithm) in {value.hex() for value in one.values} for one in self.stated)


def _sri(value: Json) -> _Digests:
    """Return the strongest digests of Subresource Integrity metadata such as ``sha384-…``."""
    if not isinstance(value, str) or len(value) > _MAX_TEXT or not value.split():
        raise ValueError("right would be sha384- and the digest in base64")
    found: dict[str, set[bytes]] = {}
    for expression in value.split():
        match = _HASH_EXPRESSION.fullmatch(expression)
        if match is None:
            raise ValueError("right would be sha256-, sha384- or sha512- and the digest in base64")
        name, encoded = match["name"], match["value"].rstrip("=").replace("-", "+").replace("_", "/")
        try:
            digest = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        except binascii.Error as error:
            raise ValueError("not base64") from error
        if len(digest) != _LENGTHS[name]:
            raise ValueError(f"{name} makes {_LENGTHS[name]} bytes, this has {len(digest)}")
        found.setdefault(name, set()).add(digest)
    strongest = max(found, key=list(_LENGTHS).index)
    return _Digests(strongest, frozenset(found[strongest]))


def _multihash(value: Json) -> _Digests | None:
    """Return the digest of a multihash in multibase, None for an algorithm that is not known here.

    A bare digest without multihash header, as the W3C suite writes one, is told by its length.
    """
    if not isinstance(value, str) or not _MULTIBASE.fullmatch(value):
        raise ValueError("right would be a multihash in multibase, such as uEi…")
    try:
        data = multibase.decode(value)
    except MultibaseError as error:
        raise ValueError(str(error)[:80]) from error
    code, behind = _varint(data, 0)
    length, start = _varint(data, behind)
    whole = code is not None and length == len(data) - start > 0
    name = _MULTIHASHES.get(code) if whole and code is not None else None
    if name is not None and length == _LENGTHS[name]:
        return _Digests(name, frozenset({data[start:]}))
    for algorithm, size in _LENGTHS.items():
        if len(data) == size:
            return _Digests(algorithm, frozenset({data}))
    if not whole or name is not None:
        raise ValueError("its length is not that of the digest it announces")
    return None


def _varint(data: bytes, start: int) -> tuple[int | None, int]:
    """Return the unsigned varint at *start* and where it ends; None for one of more than four bytes, or cut off."""
    value = 0
    for place, byte in enumerate(data[start : start + 4]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, start + place + 1
    return None, start
