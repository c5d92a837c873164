"""Alignments: which node of a skills framework an achievement stands for (Open Badges 3.0, Alignment).

Korea's framework is NCS, the National Competency Standards: a tree of fields down to competency units, each unit with a
ten-digit code and the version of its text, ``0902010101_16v1``. An alignment keeps that code in ``targetCode``, so that
a skill is found again by its code and not by its wording.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jikin.credentials.structure import is_url, text_of
from jikin.errors import CredentialError
from jikin.values import JsonObject

NCS = "국가직무능력표준 (NCS)"
NCS_URL = "https://www.ncs.go.kr/"
_UNIT = re.compile(r"[0-9]{10}_[0-9]{2}v[0-9]{1,2}")
_NCS_NAMES = re.compile(r"\bNCS\b|국가직무능력표준")


@dataclass(frozen=True, slots=True)
class Alignment:
    """One node of a framework: *url* is its official page, *code* its identifier within *framework*."""

    name: str
    url: str
    framework: str | None = None
    code: str | None = None
    type: str | None = None
    description: str | None = None

    @classmethod
    def parse(cls, document: JsonObject) -> Alignment:
        """Return the alignment in *document*; raises CredentialError (``badge.alignment``) without name and page."""
        name, url = text_of(document.get("targetName")), document.get("targetUrl")
        if not name or not is_url(url):
            raise CredentialError("an alignment has a targetName and a targetUrl", code="badge.alignment")
        framework, description = (text_of(document.get(name)) for name in ("targetFramework", "targetDescription"))
        code, kind = (document.get(member) for member in ("targetCode", "targetType"))
        return cls(
            name,
            str(url),
            framework,
            code if isinstance(code, str) else None,
            kind if isinstance(kind, str) else None,
            description,
        )

    @classmethod
    def ncs_unit(cls, code: str, name: str, *, description: str | None = None, url: str = NCS_URL) -> Alignment:
        """Return the alignment to the NCS competency unit *code* (``0902010101_16v1``); raises CredentialError."""
        if not _UNIT.fullmatch(code):
            raise CredentialError(
                f"an NCS competency unit has a code such as 0902010101_16v1, got {code[:40]!r}", code="badge.alignment"
            )
        return cls(name, url, NCS, code, None, description)

    @property
    def ncs_code(self) -> str | None:
        """Return the code of the NCS competency unit, None for a node of another framework or another level."""
        if self.code is None or not self.framework or not _NCS_NAMES.search(self.framework):
            return None
        return self.code if _UNIT.fullmatch(self.code) else None

    def document(self) -> JsonObject:
        """Return the Alignment as Open Badges 3.0 writes it."""
        members = {
            "targetName": self.name,
            "targetUrl": self.url,
            "targetFramework": self.framework,
            "targetCode": self.code,
            "targetType": self.type,
            "targetDescription": self.description,
        }
        return {"type": ["Alignment"], **{name: value for name, value in members.items() if value is not None}}
