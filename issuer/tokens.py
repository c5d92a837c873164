"""Access of other programs: bearer tokens with scopes, made on the office's machine, kept as digests only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from issuer.office import Office
from issuer.store import api_tokens, audit
from issuer.store.api_tokens import StoredToken
from jikin.errors import OfficeError
from jikin.web.tokens import EVERY, Scopes, TokenDigest, new_token, read_dev_tokens

_SERVICE = "issuer"
_MAX_NAME = 60


class Scope(StrEnum):
    """What a token may do."""

    OFFERS = "offers"  # make offers of certificates
    ISSUE = "issue"  # sign credentials (VC API)
    STATUS = "status"  # ask for changes of state
    TRANSACTIONS = "transactions"  # follow what the office sends to the chain
    AUDIT = "audit"  # read proofs about the log of acts


@dataclass(frozen=True, slots=True)
class Access:
    """What a request may do; *trying_out*: with the development token, for which there are invented people.

    *token_id* is the row id of the token, None for the development token.
    """

    scopes: Scopes
    trying_out: bool = False
    token_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token as made: shown once, to be kept by whoever uses it."""

    token: str = field(repr=False)
    stored: StoredToken


def make(office: Office, name: str, scopes: Sequence[str]) -> NewToken:
    """Return a fresh token called *name*; raises OfficeError for an unknown scope or a name that cannot be."""
    if unknown := sorted(set(scopes) - {*Scope, EVERY}):
        raise OfficeError(
            f"no scope {unknown[0][:40]!r}; right would be {', '.join(Scope)} or {EVERY} for all", code="office.scope"
        )
    if not scopes:
        raise OfficeError("a token needs at least one scope", code="office.scope")
    if not 0 < len(name) <= _MAX_NAME or not name.isprintable():
        raise OfficeError(f"a token's name has 1 to {_MAX_NAME} printable characters", code="office.token-name")
    token, now = new_token(), office.clock()
    with office.database.write() as connection:
        stored = api_tokens.add(connection, name, TokenDigest.of(token).raw, sorted(set(scopes)), now)
        audit.record(
            connection, at=now, act="token made", subject=f"api_tokens/{stored.id}", scopes=list(stored.scopes)
        )
    return NewToken(token, stored)


def revoke(office: Office, token_id: int) -> StoredToken:
    """Return the token, which is good for nothing from now on; raises OfficeError ``office.token-unknown``."""
    now = office.clock()
    with office.database.write() as connection:
        stored = api_tokens.revoke(connection, token_id, now)
        if stored is None:
            raise OfficeError(f"there is no token {token_id} in use", code="office.token-unknown")
        audit.record(connection, at=now, act="token revoked", subject=f"api_tokens/{token_id}")
    return stored


def every(office: Office) -> tuple[StoredToken, ...]:
    """Return all tokens, oldest first, also those that were revoked."""
    with office.database.read() as connection:
        return api_tokens.every(connection)


def access(office: Office, token: str | None) -> Access | None:
    """Return what *token* allows, None for an unknown or revoked one."""
    if token is None:
        return None
    known = TokenDigest.of(token)
    if office.settings.dev_tokens is not None:
        own = read_dev_tokens(office.settings.path(office.settings.dev_tokens)).get(_SERVICE)
        if own is not None and known.matches(own):
            return Access(Scopes(frozenset({EVERY})), trying_out=True)
    with office.database.read() as connection:
        stored = api_tokens.by_digest(connection, known.raw)
    return None if stored is None else Access(Scopes(frozenset(stored.scopes)), token_id=stored.id)
