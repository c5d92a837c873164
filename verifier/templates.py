"""What an employer can ask for without writing a query: one template for each credential type this service knows."""

from __future__ import annotations

from dataclasses import dataclass, field

from jikin.codec.contexts import Contexts
from jikin.credentials.types import CredentialType, CredentialTypes
from jikin.errors import DeskError
from jikin.openid4vc.candidate import types_of
from jikin.openid4vc.dcql import Query
from jikin.values import Json, JsonObject

QUERY_ID = "certificate"


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """Something to ask for: its *id* (that of the credential type), and its names by language."""

    id: str
    names: dict[str, str]
    _type: CredentialType = field(repr=False)

    def query(self, contexts: Contexts, purpose: str) -> Query:
        """Return the DCQL query that asks for one such credential, with what it is needed for."""
        sample: JsonObject = {"@context": list(self._type.contexts), "type": list(self._type.types)}
        iris = sorted(name for name in types_of(sample, contexts) if "://" in name)
        # Types alone do not tell one Open Badge from another; the schema that a credential names does.
        claims: list[Json] = [
            {"path": ["credentialSchema", "id"], "values": [self._type.schema_url]},
            {"path": _path(self._type.title_pointer)},
            {"path": _path(self._type.number_pointer)},
        ]
        asked: JsonObject = {
            "id": QUERY_ID,
            "format": "ldp_vc",
            "meta": {"type_values": [iris or list(self._type.types)]},
            "claims": claims,
        }
        sets: list[Json] = [{"options": [[QUERY_ID]], "purpose": purpose}] if purpose else []
        return Query.parse({"credentials": [asked], **({"credential_sets": sets} if sets else {})})


def offered(types: CredentialTypes) -> tuple[RequestTemplate, ...]:
    """Return a template for each of *types*, in the order of their ids."""
    known = (types.named(name) for name in sorted(types.ids))
    return tuple(RequestTemplate(one.id, {"ko": one.name.ko, "en": one.name.en}, one) for one in known)


def named(types: CredentialTypes, id: str) -> RequestTemplate:
    """Return the template called *id*; raises DeskError (``request.template``) that lists the known ones."""
    found = next((template for template in offered(types) if template.id == id), None)
    if found is None:
        raise DeskError(
            f"no template is called {id[:60]!r}; there are {', '.join(sorted(types.ids))}", code="request.template"
        )
    return found


def _path(pointer: str) -> list[Json]:
    return list(pointer.strip("/").split("/"))
