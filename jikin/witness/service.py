"""The log and the witness as web applications, put together here from their settings."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter, FastAPI

from jikin.anchoring.checkpoints import origin_of
from jikin.anchoring.checkpoints_notes import LOG, WITNESS, NoteKey
from jikin.errors import JikinError, SettingsError
from jikin.proofs import keystore
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.web import logs
from jikin.web.app import Lifespan, create
from jikin.web.frame import Frame
from jikin.web.texts import Texts
from jikin.witness import http
from jikin.witness.cosigning import Witness
from jikin.witness.doors import HttpWitness
from jikin.witness.keeping import Log
from jikin.witness.node import Blocks, OwnNode
from jikin.witness.settings import Settings
from jikin.witness.state import State

_HERE = Path(__file__).parent
_KEY_FILE = "key.pem"


def own_key(settings: Settings) -> tuple[Ed25519Signer, NoteKey]:
    """Return the program's key, which is made at the first start, and as others have to know it; SettingsError."""
    passphrase = "" if settings.passphrase is None else settings.passphrase.text
    path = settings.data / _KEY_FILE
    if not path.exists():
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        keystore.save(path, Ed25519Signer.generate(), passphrase)
    signer = keystore.load(path, passphrase)
    if not isinstance(signer, Ed25519Signer):
        raise SettingsError(f"the key file {path} holds another kind of key than Ed25519", code="keystore.kind")
    if settings.is_log:
        return signer, NoteKey.of(origin_of(settings.pins()), LOG, signer.public_key)
    if not settings.name:
        raise SettingsError(
            "name is not set: by which name is the witness known?",
            code="settings.value",
            hint="set JIKIN_NAME to an address of yours without https://, such as witness.example/1",
        )
    return signer, NoteKey.of(settings.name, WITNESS, signer.public_key)


def application(settings: Settings, clock: Callable[[], int]) -> FastAPI:
    """Return the application that *settings* describe; raises SettingsError, RegistryError where it cannot work."""
    logs.configure(settings.log_level)
    pins = settings.pins()
    blocks = OwnNode(settings.rpc_url, pins)
    signer, key = own_key(settings)
    if settings.is_log:
        doors = [HttpWitness(known, url) for known, url in settings.doors()]
        if len(doors) < settings.quorum:
            raise SettingsError(
                f"quorum is {settings.quorum}, and {len(doors)} witnesses are set", code="settings.value"
            )
        state = State(settings.data, pins)
        log = Log(signer, blocks, doors, state, settings.depth, settings.quorum, clock)
        return log_application(settings, log, key, clock)
    log_key = settings.key_of_log()
    state = State(settings.data, pins)
    witness = Witness(key.name, signer, log_key, blocks, state, settings.depth, clock)
    return witness_application(settings, witness, key, clock)


def witness_application(settings: Settings, witness: Witness, key: NoteKey, clock: Callable[[], int]) -> FastAPI:
    """Return the application of *witness*, whose state is closed when it ends."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        witness.state.close()

    routers = (http.cosigning(witness), http.showing(witness.state, lambda: str(key)))
    return _create(settings, routers, lambda: {"node": _answers(witness.blocks)}, lifespan, clock)


def log_application(settings: Settings, log: Log, key: NoteKey, clock: Callable[[], int]) -> FastAPI:
    """Return the application of *log*, whose rounds run in a thread as long as the application does."""
    rounds = _Rounds(log, settings.every_seconds)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        rounds.start()
        yield
        rounds.stop()
        log.state.close()

    return _create(
        settings,
        (http.showing(log.state, lambda: str(key)),),
        lambda: {"node": _answers(log.blocks), "published": rounds.published},
        lifespan,
        clock,
    )


@dataclass(slots=True)
class _Rounds:
    """The rounds of a log, one after the other; what is in the way of one is logged, and the next may do better."""

    log: Log
    seconds: float
    published: bool = False
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="log-rounds", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                done = self.log.round()
                self.published = done.published
                if done.faults:
                    logs.logger().warning("log round", count=done.cosigned, state="; ".join(done.faults)[:500])
            except JikinError as error:
                self.published = False
                logs.logger().error("log round", code=error.code)
            if self._ended.wait(self.seconds):
                return


def _answers(blocks: Blocks) -> bool:
    try:
        blocks.newest()
    except JikinError:
        return False
    return True


def _create(
    settings: Settings,
    routers: Sequence[APIRouter],
    ready: Callable[[], Mapping[str, bool]],
    lifespan: Lifespan,
    clock: Callable[[], int],
) -> FastAPI:
    frame = Frame(
        name=settings.role,
        base_url=settings.base_url,
        texts=Texts.load(_HERE / "texts"),
        templates=_HERE / "texts",
        clock=clock,
        trusted_https=False,
    )
    return create(frame, routers, ready=ready, lifespan=lifespan)
