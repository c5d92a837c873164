"""Digests of well-known resources as they were published, for ``relatedResource`` (VC Data Model 2.0, section 5.3).

A resource may have several editions; every one of them counts. What is not listed here cannot be compared, since
nothing is ever downloaded.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
from collections.abc import Mapping

import schemas
from jikin.codec import multibase
from jikin.errors import MultibaseError

_FILE = "contexts/editions.json"
# Multihash: code and length in front of the digest (multiformats registry).
_MULTIHASHES: Mapping[bytes, str] = {b"\x12\x20": "sha256", b"\x20\x30": "sha384", b"\x13\x40": "sha512"}


def differs(url: str, member: str, digest: str) -> bool:
    """Say whether *digest*, of the kind *member* (``digestSRI``, ``digestMultibase``), is of no known edition of *url*.

    A resource that is not known here never differs.
    """
    known = _editions().get(url)
    if known is None:
        return False
    stated = _sri(digest) if member == "digestSRI" else _multihash(digest)
    return stated is None or all(edition.get(stated[0]) != stated[1].hex() for edition in known)


def _sri(text: str) -> tuple[str, bytes] | None:
    """Return algorithm and digest of Subresource Integrity metadata such as ``sha384-…``, None when unreadable."""
    name, _, encoded = text.partition("?")[0].partition("-")
    try:
        return name, base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return None


def _multihash(text: str) -> tuple[str, bytes] | None:
    try:
        data = multibase.decode(text)
    except MultibaseError:
        return None
    name = _MULTIHASHES.get(data[:2])
    return None if name is None else (name, data[2:])


@functools.cache
def _editions() -> Mapping[str, list[dict[str, str]]]:
    found: Mapping[str, list[dict[str, str]]] = json.loads(schemas.read(_FILE))
    return found
