"""Vaults that are open: in memory only, and only half of each key (security rules, 6.3)."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType

from jikin.errors import WalletError
from wallet import vault
from wallet.vault import Key


@dataclass(frozen=True, slots=True)
class SessionToken:
    """The browser's half of an open session: the value of its cookie."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenVault:
    """A vault opened for one piece of work. Use it as a context manager, or call ``close``: the key is wiped then.

    *session* names the session it came from (a digest of its token), None when an API token opened it.
    """

    id: str
    key: Key = field(repr=False)
    session: str | None = field(repr=False, default=None)

    def close(self) -> None:
        """Wipe the key."""
        self.key.wipe()

    def __enter__(self) -> OpenVault:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Watched:
    """Where the state of one certificate can be asked for, without anything that says whose it is.

    *record* is the certificate's id in the vault, *state* the entry's value at the last check.
    """

    record: str
    issuer: str
    list_credential: str
    index: int
    state: int


@dataclass(frozen=True, slots=True)
class _Session:
    vault: str
    kept: bytes = field(repr=False)
    used_at: int
    watched: tuple[Watched, ...] | None = None
    due: frozenset[str] = frozenset()


class Sessions:
    """The open sessions of this process; safe to share between threads."""

    def __init__(self, clock: Callable[[], int], idle_seconds: int) -> None:
        """Begin with none; a session that was not used for *idle_seconds* is over."""
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._sessions: dict[str, _Session] = {}
        self._lock = threading.Lock()

    def begin(self, vault_id: str, key: Key) -> SessionToken:
        """Return the token of a new session of the vault; *key* stays the caller's, to be wiped."""
        token, kept = vault.split(key)
        with self._lock:
            self._sessions[_name(token)] = _Session(vault_id, kept, self._clock())
        return SessionToken(token)

    def open(self, token: str) -> OpenVault:
        """Return the vault of the session; raises WalletError (``wallet.signed-out``) for none, or one that is over."""
        name, now = _name(token), self._clock()
        with self._lock:
            self._sweep(now)
            session = self._sessions.get(name)
            if session is None:
                raise WalletError("nobody is signed in here", code="wallet.signed-out", hint="sign in again")
            self._sessions[name] = replace(session, used_at=now)
        return OpenVault(session.vault, vault.join(token, session.kept), name)

    def end(self, token: str) -> None:
        """End the session; ending none is no error."""
        with self._lock:
            self._sessions.pop(_name(token), None)

    def end_all_of(self, vault_id: str, *, but: str | None = None) -> None:
        """End every session of a vault *but* the one of that name: after a change of its ways to unlock."""
        with self._lock:
            self._sessions = {n: s for n, s in self._sessions.items() if s.vault != vault_id or n == but}

    def watch(self, name: str, watched: tuple[Watched, ...]) -> None:
        """Keep what the session's certificates are watched by."""
        with self._lock:
            session = self._sessions.get(name)
            if session is not None:
                self._sessions[name] = replace(session, watched=watched)

    def is_watching(self, name: str) -> bool:
        """Say whether anything was said of what the session watches, be it nothing."""
        with self._lock:
            session = self._sessions.get(name)
            return session is not None and session.watched is not None

    def watched(self) -> Mapping[str, tuple[Watched, ...]]:
        """Return what each open session watches, by session."""
        with self._lock:
            self._sweep(self._clock())
            return {name: session.watched for name, session in self._sessions.items() if session.watched}

    def mark_due(self, name: str, records: frozenset[str]) -> None:
        """Note that the states of these certificates have changed: they are checked with the next request."""
        with self._lock:
            session = self._sessions.get(name)
            if session is not None:
                self._sessions[name] = replace(session, due=session.due | records)

    def take_due(self, name: str) -> frozenset[str]:
        """Return which certificates of the session are to be checked, once."""
        with self._lock:
            session = self._sessions.get(name)
            if session is None:
                return frozenset()
            self._sessions[name] = replace(session, due=frozenset())
            return session.due

    def _sweep(self, now: int) -> None:
        over = [name for name, session in self._sessions.items() if now - session.used_at > self._idle_seconds]
        for name in over:
            del self._sessions[name]


def _name(token: str) -> str:
    return hashlib.sha256(b"jikin/wallet/session/" + token.encode("utf-8")).hexdigest()
