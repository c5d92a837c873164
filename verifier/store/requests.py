"""Requests and what became of them. Every step from one state to the next happens once, whoever else tries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update

from jikin.values import JsonObject
from verifier.store.tables import requests


class RequestState(StrEnum):
    """How far a request has come; that its time is over follows from the clock."""

    WAITING = "waiting"  # nobody has fetched it yet
    OPENED = "opened"  # a wallet has fetched it
    ANSWERED = "answered"


_OPEN = (RequestState.WAITING.value, RequestState.OPENED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """A request about to be stored; *owner* is the digest of the session or token that asked. Times: Unix seconds."""

    asked_as: str = field(repr=False)
    wallet_name: str = field(repr=False)
    owner: bytes = field(repr=False)
    template: str | None
    purpose: str = field(repr=False)
    query: JsonObject
    prefix: str
    response_mode: str
    client_id: str
    nonce: str = field(repr=False)
    state_code: str = field(repr=False)
    answer_key: bytes | None = field(repr=False)
    created_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest(NewRequest):
    """A request and its fate. *result* is personal; *refusal* are the codes of an answer that was not accepted.

    That somebody declined is noted and ends nothing: anybody who has seen the request can say so.
    """

    id: int
    state: RequestState
    opened_at: int | None
    declined_at: int | None
    answered_at: int | None
    result: JsonObject | None = field(repr=False)
    refusal: tuple[str, ...]

    def open_at(self, now: int) -> bool:
        """Say whether it can still be answered at *now* (Unix second)."""
        return self.state in _OPEN and now < self.expires_at


def add(connection: Connection, new: NewRequest) -> None:
    """Store a request."""
    connection.execute(
        insert(requests).values(
            asked_as=new.asked_as,
            wallet_name=new.wallet_name,
            owner=new.owner,
            template=new.template,
            purpose=new.purpose,
            query=new.query,
            prefix=new.prefix,
            response_mode=new.response_mode,
            client_id=new.client_id,
            nonce=new.nonce,
            state_code=new.state_code,
            answer_key=new.answer_key,
            state=RequestState.WAITING.value,
            created_at=new.created_at,
            expires_at=new.expires_at,
        )
    )


def asked_as(connection: Connection, name: str) -> StoredRequest | None:
    """Return the request that the front end knows as *name*, None if there is none."""
    return _one(connection, requests.c.asked_as == name)


def named_to_wallet(connection: Connection, name: str) -> StoredRequest | None:
    """Return the request that the wallet knows as *name*, None if there is none."""
    return _one(connection, requests.c.wallet_name == name)


def with_response_code(connection: Connection, digest: bytes) -> StoredRequest | None:
    """Return the answered request whose response code has this *digest*, None if there is none."""
    return _one(connection, requests.c.response_code == digest)


def mark_opened(connection: Connection, id: int, now: int) -> None:
    """Note that a wallet has fetched the request; the first time counts."""
    connection.execute(
        update(requests)
        .where(requests.c.id == id, requests.c.state == RequestState.WAITING.value)
        .values(state=RequestState.OPENED.value, opened_at=now)
    )


def settle(connection: Connection, id: int, *, result: JsonObject, response_code: bytes, now: int) -> bool:
    """Answer the request once: True for whoever came first. Its key is removed; no second answer can be read."""
    done = connection.execute(
        update(requests)
        .where(requests.c.id == id, requests.c.state.in_(_OPEN), requests.c.expires_at > now)
        .values(
            state=RequestState.ANSWERED.value,
            result=result,
            refusal=None,
            response_code=response_code,
            answer_key=None,
            answered_at=now,
        )
    )
    return done.rowcount == 1


def decline(connection: Connection, id: int, now: int) -> None:
    """Note that somebody declined."""
    connection.execute(update(requests).where(requests.c.id == id, requests.c.state.in_(_OPEN)).values(declined_at=now))


def refuse(connection: Connection, id: int, codes: Sequence[str]) -> None:
    """Note by its *codes* why an answer was not accepted; the request stays open for a right one."""
    connection.execute(
        update(requests).where(requests.c.id == id, requests.c.state.in_(_OPEN)).values(refusal=list(codes))
    )


def sweep(connection: Connection, *, answered_before: int, expired_before: int) -> int:
    """Remove requests answered, or run out unanswered, before these instants; return how many."""
    gone = connection.execute(
        delete(requests).where(
            or_(
                and_(requests.c.answered_at.is_not(None), requests.c.answered_at < answered_before),
                and_(requests.c.answered_at.is_(None), requests.c.expires_at < expired_before),
            )
        )
    )
    return gone.rowcount


def _one(connection: Connection, condition: Any) -> StoredRequest | None:  # a SQLAlchemy expression
    row = connection.execute(select(requests).where(condition)).one_or_none()
    return None if row is None else _stored(row)


def _stored(row: Row[Any]) -> StoredRequest:
    return StoredRequest(
        id=row.id,
        asked_as=row.asked_as,
        wallet_name=row.wallet_name,
        owner=bytes(row.owner),
        template=row.template,
        purpose=row.purpose,
        query=row.query,
        prefix=row.prefix,
        response_mode=row.response_mode,
        client_id=row.client_id,
        nonce=row.nonce,
        state_code=row.state_code,
        answer_key=None if row.answer_key is None else bytes(row.answer_key),
        state=RequestState(row.state),
        created_at=row.created_at,
        expires_at=row.expires_at,
        opened_at=row.opened_at,
        declined_at=row.declined_at,
        answered_at=row.answered_at,
        result=row.result,
        refusal=tuple(row.refusal or ()),
    )
