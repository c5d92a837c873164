"""A request as it lies in the vault: who asks for what, and how far the answer has come.

OPEN      the holder has not answered
SENDING   the answer is made and was perhaps posted: only these very bytes are posted again
SENT      the verifier took it
DECLINED  the holder said no
REFUSED   the verifier took it not
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from jikin.openid4vc.client import Client, ClientTrust, Prefix
from jikin.openid4vc.dcql import Query
from jikin.openid4vc.request import VerifiedRequest
from jikin.values import Json, JsonObject
from wallet.members import objects, text, texts, whole
from wallet.values import Asker, Trust

SCHEMA = "request.1"


class RequestState(StrEnum):
    """How far the answer to a request has come."""

    OPEN = "open"
    SENDING = "sending"
    SENT = "sent"
    DECLINED = "declined"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A checked request. *until* is the Unix second after which it is not answered any more.

    *form* are the fields of the answer while it is being sent, *posts* how often that was tried, *line* the one in the
    activity log that tells of it.
    """

    state: RequestState
    at: int
    until: int
    asker: Asker = field(repr=False)
    request: VerifiedRequest = field(repr=False)
    form: Mapping[str, str] | None = field(repr=False, default=None)
    posts: int = 0
    line: str | None = None

    def ended(self, state: RequestState) -> Request:
        """Return the request as it ends: the answer itself is forgotten."""
        return replace(self, state=state, form=None)

    def to_json(self) -> JsonObject:
        """Return the record's content."""
        return {
            "state": self.state.value,
            "at": self.at,
            "until": self.until,
            "asker": {
                "client_id": self.asker.client_id,
                "name": dict(self.asker.name),
                "host": self.asker.host,
                "trust": self.asker.trust.value,
            },
            "request": _request_json(self.request),
            "form": None if self.form is None else dict(self.form),
            "posts": self.posts,
            "line": self.line,
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> Request:
        """Return what ``to_json`` wrote."""
        asker, form = objects(value["asker"]), value.get("form")
        return cls(
            state=RequestState(str(value["state"])),
            at=whole(value["at"]) or 0,
            until=whole(value["until"]) or 0,
            asker=Asker(str(asker["client_id"]), texts(asker["name"]), str(asker["host"]), Trust(str(asker["trust"]))),
            request=_request(value["request"]),
            form=texts(form) if isinstance(form, Mapping) else None,
            posts=whole(value.get("posts")) or 0,
            line=text(value.get("line")),
        )


def _request_json(request: VerifiedRequest) -> JsonObject:
    client = request.client
    return {
        "prefix": client.prefix.value,
        "client_id": client.id,
        "name": client.name,
        "trust": client.trust.value,
        "host": client.host,
        "response_uri": request.response_uri,
        "response_mode": request.response_mode,
        "nonce": request.nonce,
        "state": request.state,
        "query": request.query.to_json(),
        "metadata": request.metadata,
        "expires": request.expires,
    }


def _request(value: Json) -> VerifiedRequest:
    found = objects(value)
    client = Client(
        Prefix(str(found["prefix"])),
        str(found["client_id"]),
        text(found.get("name")),
        ClientTrust(str(found["trust"])),
        str(found["host"]),
    )
    return VerifiedRequest(
        client=client,
        response_uri=str(found["response_uri"]),
        response_mode=str(found["response_mode"]),
        nonce=str(found["nonce"]),
        state=text(found.get("state")),
        query=Query.parse(found["query"]),
        metadata=objects(found.get("metadata")),
        expires=whole(found.get("expires")),
    )
