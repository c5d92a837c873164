"""What an employer can ask for without writing a query: two templates for each credential type this service knows.

One asks for the whole certificate, the other for what an employer needs of it: the holder shows that and no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from jikin.codec.contexts import Contexts
from jikin.credentials.types import CredentialType, CredentialTypes
from jikin.errors import DeskError
from jikin.openid4vc.candidate import LDP_VC, SD_JWT_VC, types_of
from jikin.openid4vc.dcql import Query
from jikin.values import Json, JsonObject

QUERY_ID = "certificate"
_SELECTIVE = ".sd-jwt"
# Of the claims that a holder can leave out, what an employer needs to know whose certificate it is.
_NEEDED = frozenset({"name", "passed_on", "completed_on", "certified_on"})


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """Something to ask for: its *id* (that of the credential type, ``.sd-jwt`` behind it), its names by language."""

    id: str
    names: dict[str, str]
    _type: CredentialType = field(repr=False)

    def query(self, contexts: Contexts, purpose: str) -> Query:
        """Return the DCQL query that asks for one such credential, with what it is needed for."""
        asked = self._selective() if self.id.endswith(_SELECTIVE) else self._whole(contexts)
        sets: list[Json] = [{"options": [[QUERY_ID]], "purpose": purpose}] if purpose else []
        return Query.parse({"credentials": [asked], **({"credential_sets": sets} if sets else {})})

    def _whole(self, contexts: Contexts) -> JsonObject:
        sample: JsonObject = {"@context": list(self._type.contexts), "type": list(self._type.types)}
        iris = sorted(name for name in types_of(sample, contexts) if "://" in name)
        # Types alone do not tell one Open Badge from another; the schema that a credential names does.
        claims: list[Json] = [
            {"path": ["credentialSchema", "id"], "values": [self._type.schema_url]},
            {"path": _path(self._type.title_pointer)},
            {"path": _path(self._type.number_pointer)},
        ]
        return {
            "id": QUERY_ID,
            "format": LDP_VC,
            "meta": {"type_values": [iris or list(self._type.types)]},
            "claims": claims,
        }

    def _selective(self) -> JsonObject:
        wanted = (name for name, claim in self._type.claims.by_name.items() if claim.open or name in _NEEDED)
        # What is empty in a record has no claim: only what every certificate has can be demanded.
        claims: list[Json] = [{"path": [name]} for name in wanted if not name.endswith("_en")]
        return {
            "id": QUERY_ID,
            "format": SD_JWT_VC,
            "meta": {"vct_values": [self._type.claims.vct]},
            "claims": claims,
        }


def offered(types: CredentialTypes) -> tuple[RequestTemplate, ...]:
    """Return the templates for each of *types*, in the order of their ids: the whole certificate, then part of it."""
    found = []
    for kind in (types.named(name) for name in sorted(types.ids)):
        found.append(RequestTemplate(kind.id, {"ko": kind.name.ko, "en": kind.name.en}, kind))
        names = {"ko": f"{kind.name.ko} · 필요한 항목만", "en": f"{kind.name.en} · only what is needed"}
        found.append(RequestTemplate(f"{kind.id}{_SELECTIVE}", names, kind))
    return tuple(found)


def named(types: CredentialTypes, id: str) -> RequestTemplate:
    """Return the template called *id*; raises DeskError (``request.template``) that lists the known ones."""
    known = offered(types)
    found = next((template for template in known if template.id == id), None)
    if found is None:
        names = ", ".join(template.id for template in known)
        raise DeskError(f"no template is called {id[:60]!r}; there are {names}", code="request.template")
    return found


def _path(pointer: str) -> list[Json]:
    return list(pointer.strip("/").split("/"))
