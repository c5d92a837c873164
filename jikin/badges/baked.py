"""What is baked into a picture, and which of several counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from jikin.errors import DocumentError

MAX_CONTENT_BYTES = 1 << 20
COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+")


class Edition(Enum):
    """The edition of Open Badges that a picture was baked by; 1.0 and 2.0 bake alike."""

    V3 = "3.0"
    V2 = "2.0"


class Form(Enum):
    """How the badge is written."""

    JSON = "json"
    JWS = "jws"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Baked:
    """A badge as it lay in a picture: JSON, a compact JWS, or (2.0) the address of the assertion. Not verified."""

    edition: Edition
    content: str = field(repr=False)

    @property
    def form(self) -> Form:
        """Return how the content is written, by its look alone."""
        if COMPACT.fullmatch(self.content):
            return Form.JWS
        return Form.ADDRESS if re.match(r"https?://", self.content) else Form.JSON


def single(found: Sequence[Baked]) -> Baked | None:
    """Return the one that counts, None for none; raises DocumentError (``document.ambiguous``) for two of one edition.

    A picture for old and new readers has one of each edition: then the newer counts. An empty place holds nothing.
    """
    for edition in Edition:
        fitting = [one for one in found if one.edition is edition]
        if len(fitting) > 1:
            raise DocumentError(
                f"{len(fitting)} badges of one kind are baked into this picture, and there may be only one",
                code="document.ambiguous",
            )
        if fitting and fitting[0].content:
            return fitting[0]
    return None
