"""What a credential type says as flat claims, for SD-JWT VC: ``claims.json`` of its folder.

    {"vct": URL, "claims": {name: {"value": template, "ko": label, "en": label, "open": true?}}}

The holder chooses which claims are shown; those that are *open* always are. ``certificate_number`` and ``title`` are
claims of every type: number and title are read there whatever the type.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from jikin.credentials.columns import Text
from jikin.credentials.loading import Node
from jikin.credentials.structure import is_url
from jikin.credentials.templates import Template
from jikin.errors import CredentialError
from jikin.values import Json

NUMBER = "certificate_number"
TITLE = "title"
_NAMED = ("vct", "claims")
# The format's own claims: none of ours may be called like them (SD-JWT VC, section 2.2.2).
RESERVED = frozenset(
    {"iss", "iat", "nbf", "exp", "sub", "jti", "aud", "cnf", "vct", "status", "_sd", "_sd_alg", "...", "vct#integrity"}
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: its label, what fills it, and whether it is always shown."""

    label: Text
    value: Template
    open: bool


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a type, in the order in which people read them, and its ``vct``."""

    vct: str
    by_name: Mapping[str, Claim]

    @property
    def disclosable(self) -> tuple[str, ...]:
        """Return the names of the claims that a holder may leave out."""
        return tuple(name for name, claim in self.by_name.items() if not claim.open)

    def fill(self, values: Mapping[str, Json]) -> dict[str, Json]:
        """Return the claims with *values* put in; a claim whose field is empty is left out."""
        filled = {name: claim.value.fill(values) for name, claim in self.by_name.items()}
        return {name: value for name, value in filled.items() if value is not None}


def read(top: Node, fields: Collection[str]) -> Claims:
    """Return the claims that the file *top* describes, whose templates may use *fields*.

    Raises CredentialError (``type.file``, ``type.template``) that names the file at fault.
    """
    top.only(_NAMED)
    vct = top.text("vct")
    if not is_url(vct):
        raise CredentialError(f"{top.where}: vct is a URL", code="type.file")
    found = {}
    for name, entry in top.node("claims").nodes().items():
        always = entry.raw.get("open", False)
        entry.only({"value", "ko", "en", *(["open"] if "open" in entry.raw else [])})
        if name in RESERVED or not isinstance(always, bool):
            raise CredentialError(
                f"{entry.where}: the name is the format's own, or open is no boolean", code="type.file"
            )
        template = Template.parse(entry.raw["value"], fields, entry.where)
        found[name] = Claim(Text(entry.text("ko"), entry.text("en")), template, always)
    if missing := {NUMBER, TITLE} - found.keys():
        raise CredentialError(f"{top.where} has no claim {', '.join(sorted(missing))}", code="type.file")
    return Claims(vct, found)
