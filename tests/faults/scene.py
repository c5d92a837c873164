"""An institution on a chain whose blocks are mined by hand, with workers that are killed while time stands still.

Whatever is judged or done to the chain happens while every worker is stopped (SIGSTOP): so that "released before its
confirmations" is decided exactly, and not by who was faster.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import cast

import issuer.migrations
from issuer import accrediting, app, development, ownership
from issuer.office import ANCHORING, JOINT, Office
from issuer.settings import load
from issuer.store import batches, tasks
from issuer.store.batches import Batch, BatchState, CredentialState
from issuer.store.tasks import TaskState
from jikin.anchoring.devchain import AnvilNode, DevelopmentNode
from jikin.anchoring.memory import MemoryChain
from jikin.values import Address, CertificateNumber
from tests.blank_database import lay
from tests.faults.worker import PRELOADED, Trap, be_a_worker
from tests.issuing_office import NEW, Bureau, Clock, rows, single
from tests.lying_node import Relay, relay

PROJECT = Path(__file__).resolve().parents[2]
CONFIRMATIONS = 3
FAR_SECONDS = 240  # so far a clock jumps; a proof may be created ten minutes after its anchor, by the clocks of both
PATIENCE = 90.0
_READY_SECONDS = 60.0


class HandNode(AnvilNode):
    """Anvil that mines when it is told to, and nothing by itself."""

    def start(self) -> None:
        """Start it; while the office is founded every transaction is mined at once."""
        DevelopmentNode.start(self)

    def _command(self, port: int) -> list[str | Path]:
        words = super()._command(port)
        cut = words.index("--block-time")
        return [*words[:cut], *words[cut + 3 :]]  # without --block-time SECONDS --mixed-mining

    def by_hand(self) -> None:
        """From now on mine nothing but by ``mine``."""
        self.request("evm_setAutomine", False)


@dataclass
class Working:
    """A worker process."""

    process: BaseProcess
    trap: Trap | None

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.is_alive()

    def kill(self) -> None:
        """Kill it with SIGKILL, wherever it is."""
        if self.alive:
            os.kill(self.pid, signal.SIGKILL)
        self.process.join()

    def end(self) -> None:
        """Have it end as a service does."""
        os.kill(self.pid, signal.SIGTERM)
        self.process.join(30)
        assert self.process.exitcode == 0

    @property
    def sprung(self) -> bool:
        """Say whether its trap has killed it."""
        self.process.join(5)
        return self.trap is not None and self.trap.sprung.exists() and self.process.exitcode == -signal.SIGKILL


@dataclass
class Scene:
    """Everything together; ``tick`` is one block."""

    folder: Path
    node: HandNode
    relay: Relay
    bureau: Bureau
    environ: dict[str, str]
    workers: list[Working] = field(default_factory=list)
    early: list[str] = field(default_factory=list)  # releases before their confirmations
    tempting_seconds: float = 0.3
    releases: int = 0
    accepted: int = 0
    revoked: set[str] = field(default_factory=set)
    _seen: set[tuple[int, int | None]] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _traps: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def office(self) -> Office:
        return self.bureau.office

    # --------------------------------------------------------------------------------------------------- what is done

    def accept(self, count: int) -> Batch:
        """Take in a list of *count* invented people."""
        number = next(self._numbers)
        self.accepted += count
        return self.bureau.accept(rows(count, first=number * 1000), f"list {number}")

    def accept_one(self) -> Batch:
        """Take in a single certificate, as a program asks for it: it waits for others to be anchored with."""
        self.accepted += 1
        return single(self.bureau, next(self._numbers) * 1000)

    def revoke(self, number: CertificateNumber) -> None:
        """Have two officers decide that a certificate is revoked."""
        self.bureau.approve(self.bureau.request([number]))
        self.revoked.add(number.symbols)

    def ensure_work(self, *, revoking: bool) -> None:
        """See to it that there is something to issue and, if *revoking*, to revoke: a worker does that first."""
        if len(self.unfinished()) < 2:
            self.accept(3)
        if revoking and not self.undone():
            released = [one for one in self.released() if one.symbols not in self.revoked]
            if released:
                self.revoke(released[0])

    def ensure_both(self) -> None:
        """See to it that a certificate and a status change wait at the same time."""
        released = [one for one in self.released() if one.symbols not in self.revoked]
        if not released:
            self.ensure_work(revoking=False)
        elif not self.undone():
            self.accept_one()
            self.revoke(released[0])

    # -------------------------------------------------------------------------------------------------------- workers

    def work(self, question: str | None = None, moment: str = "after", **environ: str) -> Working:
        """Start a worker, which kills itself at *question* if there is one."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        trap = None if question is None else Trap(question, moment, self.folder / f"sprung-{next(self._traps)}")
        arguments = (self.environ | environ, self.folder, trap)
        process = context.Process(target=be_a_worker, args=arguments, daemon=True)
        process.start()
        working = Working(process, trap)
        self.workers.append(working)
        deadline = time.monotonic() + _READY_SECONDS
        while not (self.folder / f"ready-{working.pid}").exists() and working.alive:
            assert time.monotonic() < deadline, "the worker did not begin"
            time.sleep(0.005)
        return working

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop every worker meanwhile."""
        stopped = [one for one in self.workers if one.alive]
        for one in stopped:
            _signal(one, signal.SIGSTOP)
        for one in stopped:
            _await_stopped(one)
        try:
            yield
        finally:
            for one in stopped:
                _signal(one, signal.SIGCONT)

    # ----------------------------------------------------------------------------------------------------------- time

    def tick(self, harm: Callable[[], None] = lambda: None) -> None:
        """Let the workers work for a moment; then judge what was released, perhaps do *harm*, and mine a block."""
        time.sleep(0.05)
        self._tempt()
        with self.frozen():
            self.judge_releases()
            harm()
            self.node.mine()

    def _tempt(self) -> None:
        """Leave an anchor without its confirmations alone for a while: whoever releases too early does it now."""
        deadline = time.monotonic() + self.tempting_seconds
        while time.monotonic() < deadline and self._young():
            time.sleep(0.05)

    def _young(self) -> bool:
        """Say whether a batch that is not released is anchored with too few confirmations."""
        rooted = [one for one in self.unfinished() if one.root is not None]
        if not rooted:
            return False
        view = self.office.chain.registry.view()
        slots = [view.anchor(self.bureau.institution.issuer_id, one.root) for one in rooted if one.root is not None]
        return any(slot is not None and view.block.number - slot.block + 1 < CONFIRMATIONS for slot in slots)

    def until(
        self, true: Callable[[], bool], *, seconds: float = PATIENCE, ensure: Callable[[], None] | None = None
    ) -> bool:
        """Tick until *true*; False when that took too long. *ensure* sees to it that there is something to do."""
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                return False
            if ensure is not None:
                ensure()
            self.tick()
        return True

    def judge_releases(self) -> None:
        """Compare what became released since the last look with the chain itself."""
        with self.office.database.read() as connection:
            found = batches.every(connection, self.bureau.institution.id)
        fresh = [
            one for one in found if one.state is BatchState.RELEASED and (one.id, one.anchored_block) not in self._seen
        ]
        if not fresh:
            return
        view = self.office.chain.registry.view()
        for one in fresh:
            self._seen.add((one.id, one.anchored_block))
            self.releases += 1
            assert one.root is not None
            slot = view.anchor(self.bureau.institution.issuer_id, one.root)
            depth = 0 if slot is None else view.block.number - slot.block + 1
            if slot is None or slot.block != one.anchored_block or depth < CONFIRMATIONS:
                self.early.append(f"batch {one.id}: noted block {one.anchored_block}, on chain {slot}, depth {depth}")

    # -------------------------------------------------------------------------------------------------- what there is

    def unfinished(self) -> list[Batch]:
        with self.office.database.read() as connection:
            every = batches.every(connection, self.bureau.institution.id)
        return [one for one in every if one.state is not BatchState.RELEASED]

    def undone(self) -> int:
        with self.office.database.read() as connection:
            return len(tasks.in_state(connection, TaskState.APPROVED))

    def released(self) -> list[CertificateNumber]:
        with self.office.database.read() as connection:
            every = batches.every(connection, self.bureau.institution.id)
            return [
                CertificateNumber(one.number)
                for batch in every
                for one in batches.credentials_of(connection, batch.id, state=CredentialState.RELEASED)
            ]

    def state(self) -> str:
        """Return where everything stands, for messages."""
        with self.office.database.read() as connection:
            every = batches.every(connection, self.bureau.institution.id)
            approved = tasks.in_state(connection, TaskState.APPROVED)
        waiting = [f"batch {one.id} {one.state} {one.error_code}" for one in every if one.settled_at is None]
        waiting += [f"task {one.task.id} {one.error_code}" for one in approved]
        return "; ".join(waiting) + "\n"

    def set_clock(self, seconds: int) -> None:
        """Set the workers' clock off by so much."""
        (self.folder / "clock").write_text(str(seconds))

    def log(self) -> str:
        path = self.folder / "worker.log"
        return path.read_text()[-3000:] if path.exists() else ""


def _signal(one: Working, number: signal.Signals) -> None:
    try:
        os.kill(one.pid, number)
    except ProcessLookupError:
        one.process.join(5)


def _await_stopped(one: Working) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{one.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state in "TtZXx":
            return
        time.sleep(0.0005)


@contextmanager
def opened(folder: Path, database: str = "", *, joint: bool = False, **environ: str) -> Iterator[Scene]:
    """Yield a scene on a fresh chain: an accredited institution and two officers, nothing issued yet.

    *joint*: the institution has chosen to have anchors and status changes sent together.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clock").write_text("0")
    with ExitStack() as stack:
        node = stack.enter_context(HandNode(PROJECT))
        between = stack.enter_context(relay(node.url))
        mine = {
            "JIKIN_DATA": str(folder / "office"),
            "JIKIN_DATABASE": database,
            "JIKIN_PASSPHRASE": "견본 암호",
            "JIKIN_KEY_COST": "12",
            "JIKIN_CONFIRMATIONS": str(CONFIRMATIONS),
            "JIKIN_POLL_SECONDS": "0.05",
            "JIKIN_CHAIN_WAIT_SECONDS": "30",
            "JIKIN_SIGN_CHUNK": "2",
            "JIKIN_SETTLE_LOOK_SECONDS": "0.2",
            "JIKIN_SETTLE_BLOCKS": "24",
            "JIKIN_WORKER_BEAT_SECONDS": "0.2",
            "JIKIN_WORKER_EXPIRY_SECONDS": "1.5",
            "JIKIN_LANG": "en",
        } | environ
        if not database:
            lay(folder / "office" / "office.db", issuer.migrations)
        direct = load(mine | {"JIKIN_RPC_URL": node.url})
        office = stack.enter_context(app.build(direct, sleep=lambda _seconds: node.mine()))
        development.deploy(office)
        institution = accrediting.prepare(office, NEW)
        development.fund_institution(office, institution)
        accrediting.register(office, institution)
        if joint:
            ownership.replace_operator(office, institution, JOINT)
            development.fund_institution(office, institution)
        bureau = Bureau(office, office.institution(), cast(MemoryChain, None), Clock(), {})
        bureau.hire("park")
        bureau.hire("lee")
        node.by_hand()
        scene = Scene(folder, node, between, bureau, mine | {"JIKIN_RPC_URL": between.url})
        try:
            yield scene
        finally:
            for one in scene.workers:
                one.kill()


def anchoring_account(scene: Scene) -> Address:
    """Return the account that anchors."""
    return Address.parse(scene.office.key(scene.bureau.institution, ANCHORING).public)
