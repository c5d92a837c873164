"""The one place where the wallet is put together."""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from jikin.anchoring.slot_view import ProvingView
from jikin.credentials.types import CredentialTypes
from jikin.dids.authorities import authorities
from jikin.errors import JikinError, SettingsError
from jikin.openid4vc.door import Door, WebDoor
from jikin.verification import policy as policies
from jikin.verification.assembly import (
    assemble,
    packing_view,
    read_roots,
    read_trust,
    witnessed_of,
)
from jikin.verification.plan import LOOPBACK_HOSTS
from jikin.verification.policy import Policy
from jikin.verification.sources import Sources
from jikin.web import logs
from jikin.web.database import Database
from jikin.web.limiting import Limiter
from jikin.web.passkeys import RelyingParty
from wallet.sessions import Sessions
from wallet.settings import Settings
from wallet.store import database as databases
from wallet.vault import Costs

_KEY_BYTES = 32
_WORKERS = 2
_NEWEST_CHECKPOINT = "newest-checkpoint"


@dataclass(frozen=True, slots=True)
class ServerKey:
    """The key under which names and ids are hashed before they are stored. Without its file nobody signs in again."""

    _secret: bytes = field(repr=False)

    def tag(self, purpose: str, value: bytes) -> bytes:
        """Return the keyed hash of *value* for *purpose*, 32 bytes."""
        return hmac.digest(self._secret, purpose.encode("ascii") + b"\x00" + value, hashlib.sha256)

    @classmethod
    def in_file(cls, path: Path) -> ServerKey:
        """Return the key in *path*, made when there is none; raises SettingsError for what is no key."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make_key(path)
            data = path.read_bytes()
        except OSError as error:
            raise SettingsError(f"key_file is {path}, which cannot be used: {error.strerror}") from error
        if len(data) != _KEY_BYTES:
            raise SettingsError(
                f"key_file is {path}, which holds {len(data)} bytes instead of {_KEY_BYTES}",
                code="settings.value",
                hint="restore it from a backup: without it nobody can sign in",
            )
        return cls(data)


def _make_key(path: Path) -> None:
    """Write a fresh key unless there is one; it appears whole or not at all, whoever else starts at the same time."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    with draft.open("r+b") as file:
        file.write(os.urandom(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first: its key counts
    finally:
        draft.unlink()


class Waiting:
    """Challenges that wait for a browser's answer: in memory, single use, five minutes."""

    _SECONDS = 300
    _MOST = 10_000

    def __init__(self, clock: Callable[[], int]) -> None:
        """Begin with none."""
        self._clock = clock
        self._kept: dict[str, tuple[int, bytes]] = {}
        self._lock = threading.Lock()

    def keep(self, name: str, value: bytes) -> None:
        """Keep *value* under *name*; an older one of that name is forgotten."""
        now = self._clock()
        with self._lock:
            self._kept = {n: kept for n, kept in self._kept.items() if kept[0] > now and n != name}
            if len(self._kept) >= self._MOST:  # the oldest make room: nobody fills the memory
                del self._kept[next(iter(self._kept))]
            self._kept[name] = (now + self._SECONDS, value)

    def take(self, name: str) -> bytes | None:
        """Return what waits under *name*, once; None when there is nothing, or it has waited too long."""
        with self._lock:
            until, value = self._kept.pop(name, (0, b""))
        return value if until > self._clock() else None


class Turns:
    """One piece of work at a time on the same thing: two windows do not answer the same request."""

    def __init__(self) -> None:
        """Begin with nobody at work."""
        self._at_work: dict[str, tuple[threading.Lock, int]] = {}
        self._guard = threading.Lock()

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """Wait for the turn on *name*, and have it until the block ends."""
        with self._guard:
            lock, users = self._at_work.get(name, (threading.Lock(), 0))
            self._at_work[name] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, users = self._at_work[name]
                if users == 1:
                    del self._at_work[name]
                else:
                    self._at_work[name] = (lock, users - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """Everything the verbs need: who can be asked, where things are kept, and what time it is (Unix seconds)."""

    settings: Settings
    database: Database = field(repr=False)
    key: ServerKey = field(repr=False)
    sources: Sources = field(repr=False)
    door: Door = field(repr=False)
    policy: Policy = field(repr=False)
    types: CredentialTypes = field(repr=False)
    sessions: Sessions = field(repr=False)
    attempts: Limiter = field(repr=False)
    passkeys: RelyingParty
    waiting: Waiting = field(repr=False)
    turns: Turns = field(repr=False)
    workers: Executor = field(repr=False)
    clock: Callable[[], int] = field(repr=False)
    sleep: Callable[[float], None] = field(repr=False, default=time.sleep)
    proving: Callable[[], ProvingView] | None = field(repr=False, default=None)  # None: no proof packs are made here

    @property
    def costs(self) -> Costs:
        """Return what a new passphrase costs to guess."""
        settings = self.settings
        return Costs(memory_kib=settings.argon2_memory_kib, time=settings.argon2_time, lanes=settings.argon2_lanes)

    @property
    def is_local(self) -> bool:
        """Say whether parties on this very machine are spoken to, over http."""
        return self.settings.allow_private

    def trusting(self) -> Sources:
        """Return the sources with trust entries and roots as they stand in their folder now."""
        if self.settings.trust is None:
            return self.sources
        folder = self.settings.trust
        return replace(self.sources, trust=read_trust(folder), roots=read_roots(folder))

    def behind(self, work: Callable[[], object]) -> None:
        """Do *work* in the background; that it failed is written down by the error's name alone."""
        self.workers.submit(work).add_done_callback(_tell_failure)

    def tell(self, event: str, error: JikinError) -> None:
        """Write down that something went wrong which nobody waits for, by its code alone."""
        logs.logger().info(event, code=error.code)

    def close(self) -> None:
        """Finish what is at work in the background and close the database; open vaults are forgotten."""
        self.workers.shutdown(cancel_futures=True)
        self.database.close()


def _tell_failure(done: Future[object]) -> None:
    error = None if done.cancelled() else done.exception()
    if isinstance(error, JikinError):
        logs.logger().info("background", code=error.code)
    elif error is not None:
        logs.logger().error("background", error=type(error).__name__, place=logs.error_place(error))


def build(
    settings: Settings,
    *,
    clock: Callable[[], int],
    sources: Sources | None = None,
    door: Door | None = None,
    workers: Executor | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Wallet:
    """Return the wallet that *settings* describe, its database migrated.

    *sources*, *door* and *workers* (what is done in the background) replace those of the settings. Raises SettingsError
    for what is missing or cannot be right, RegistryError for a broken ``registry.json``; the chain is not asked yet.
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    allowed = LOOPBACK_HOSTS if settings.allow_private else frozenset[str]()
    origin, plan = urlsplit(settings.base_url), settings.plan()
    witnessed = witnessed_of(plan, settings.witness_file, clock, kept=settings.data / _NEWEST_CHECKPOINT)
    return Wallet(
        settings=settings,
        database=databases.opened(settings.database_url),
        key=ServerKey.in_file(settings.path(settings.key_file)),
        sources=assemble(plan, witnessed=witnessed) if sources is None else sources,
        door=WebDoor(allowed, authorities(settings.ca_file)) if door is None else door,
        policy=policies.packaged(settings.policy),
        types=CredentialTypes.packaged(),
        sessions=Sessions(clock, settings.session_minutes * 60),
        attempts=Limiter(settings.sign_in_rates),
        passkeys=RelyingParty(origin.hostname or "localhost", "Jikin", f"{origin.scheme}://{origin.netloc}"),
        waiting=Waiting(clock),
        turns=Turns(),
        workers=ThreadPoolExecutor(_WORKERS, thread_name_prefix="wallet") if workers is None else workers,
        clock=clock,
        sleep=sleep,
        proving=None if plan.rpc_url is None else partial(packing_view, plan, witnessed),
    )
