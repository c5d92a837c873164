"""In which formats a certificate can be received, and how a credential configuration is called in each.

A configuration is called like its credential type for Data Integrity (``ldp_vc``), and like the type with ``.sd-jwt``
for SD-JWT VC (``dc+sd-jwt``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_SUFFIX = ".sd-jwt"


class Format(StrEnum):
    """A format of OpenID4VCI 1.0 (appendix A)."""

    LDP_VC = "ldp_vc"
    SD_JWT_VC = "dc+sd-jwt"


@dataclass(frozen=True, slots=True)
class Configured:
    """What a credential configuration stands for: a credential type in a format."""

    type: str
    format: Format

    @classmethod
    def parse(cls, configuration: str) -> Configured:
        """Return what the configuration id stands for; whether there is such a type is for the caller to say."""
        if configuration.endswith(_SUFFIX):
            return cls(configuration.removesuffix(_SUFFIX), Format.SD_JWT_VC)
        return cls(configuration, Format.LDP_VC)

    @property
    def id(self) -> str:
        """Return the configuration id."""
        return self.type + (_SUFFIX if self.format is Format.SD_JWT_VC else "")
