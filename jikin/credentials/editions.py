"""Digests of well-known resources as they were published, for ``relatedResource`` (VC Data Model 2.0, section 5.3).

A resource may have several editions; every one of them counts. What is not listed here cannot be compared without
being at hand.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping

import schemas
from jikin.credentials.integrity import Integrity

_FILE = "contexts/editions.json"


def known(url: str) -> bool:
    """Say whether the published bytes of *url* are known by their digests."""
    return url in _editions()


def fits(url: str, integrity: Integrity) -> bool:
    """Say whether *integrity* is that of an edition of *url*; a resource that is not known here has none."""
    return any(integrity.fits_published(edition) for edition in _editions().get(url, ()))


@functools.cache
def _editions() -> Mapping[str, list[dict[str, str]]]:
    found: Mapping[str, list[dict[str, str]]] = json.loads(schemas.read(_FILE))
    return found
