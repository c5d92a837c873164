"""Workers that share an office: each is known to be alive, and what a dead one left is another's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from issuer.doctor import workers_check
from issuer.leases import Leasehold, LockedFolder, Terms
from issuer.store import workers
from issuer.store.database import Database
from issuer.store.worker_tables import workers as table
from jikin.errors import OfficeError, SettingsError
from tests import postgresql
from tests.issuing_office import settings

QUICK = Terms(beat_seconds=0.1, expiry_seconds=0.6)
PATIENCE = 20.0


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('leases') / 'office.db'}"
        return
    with postgresql.running() as server:
        yield server.database()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    opened.migrate()
    yield opened
    with opened.write() as connection:
        workers.forget_expired(connection, -1)
    opened.close()


def alive(database: Database) -> list[str]:
    with database.read() as connection:
        return [one.executor_id for one in workers.every(connection)]


def eventually(true: object) -> None:
    assert callable(true)
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def silence(database: Database, executor_id: str, seconds: float) -> None:
    """Have the worker's last sign of life lie *seconds* further back."""
    with database.write() as connection:
        connection.execute(
            update(table).where(table.c.executor_id == executor_id).values(beat_at=table.c.beat_at - seconds)
        )


def test_a_lease_is_renewed_while_it_holds_and_never_once_it_has_expired(database: Database) -> None:
    with database.write() as connection:
        workers.begin(connection, "a")
        assert workers.beat(connection, "a", 30)
        assert not workers.beat(connection, "nobody", 30)
    silence(database, "a", 31)
    with database.write() as connection:
        assert not workers.beat(connection, "a", 30)


def test_times_of_leases_are_unix_seconds_of_the_databases_clock(database: Database) -> None:
    with database.write() as connection:
        workers.begin(connection, "a")
    silence(database, "a", 7)
    with database.read() as connection:
        (lease,) = workers.every(connection)
    assert abs(lease.began_at - time.time()) < 60
    assert 6.9 < lease.silent_seconds < 60


def test_who_was_silent_for_too_long_is_forgotten_and_the_others_stay(database: Database) -> None:
    with database.write() as connection:
        for name in ("a", "b", "c"):
            workers.begin(connection, name)
    silence(database, "b", 31)
    with database.write() as connection:
        assert workers.forget_expired(connection, 30) == ("b",)
    assert alive(database) == ["a", "c"]


def test_the_doctor_names_who_works_and_sees_who_has_fallen_silent(database: Database) -> None:
    assert workers_check(database, 30).ok is None
    with database.write() as connection:
        for name in ("a", "b"):
            workers.begin(connection, name)
    found = workers_check(database, 30)
    assert found.ok
    assert "a (0 s ago), b (0 s ago)" in found.found
    silence(database, "b", 31)
    assert not workers_check(database, 30).ok


def test_a_worker_stays_alive_as_long_as_it_works_and_is_gone_when_it_leaves(database: Database) -> None:
    lease = Leasehold("a", database, QUICK)
    assert not lease.held
    lease.take()
    time.sleep(2 * QUICK.expiry_seconds)
    assert lease.held
    assert alive(database) == ["a"]
    lease.leave()
    lease.leave()
    assert not lease.held
    assert alive(database) == []


def test_a_worker_that_was_taken_for_dead_knows_it_and_stops(database: Database) -> None:
    lease = Leasehold("a", database, QUICK)
    lease.take()
    silence(database, "a", 10)  # as after a suspension: the database's clock went on, this process did not
    eventually(lambda: not lease.held)
    lease.leave()


def test_a_worker_cut_off_from_its_database_stops_when_its_lease_ends(database: Database) -> None:
    other = Database(str(database._engine.url.render_as_string(hide_password=False)))
    lease = Leasehold("a", other, QUICK)
    lease.take()
    with database.write() as connection:
        table.drop(connection)
    try:
        eventually(lambda: not lease.held)
    finally:
        with database.write() as connection:
            table.create(connection)
    lease.leave()
    other.close()


def test_the_living_learn_who_lives_and_so_whose_work_is_left(database: Database) -> None:
    first, second = (Leasehold(name, database, QUICK) for name in ("a", "b"))
    first.take()
    second.take()
    told: list[frozenset[str]] = []
    second.watch(told.append)
    assert told == [{"a", "b"}]
    first._ended.set()  # it renews nothing any more, and takes no leave: as when it is killed
    eventually(lambda: told[-1] == {"b"})
    second.leave()
    first.leave()


def test_the_only_seat_of_a_folder_is_free_again_after_leaving(tmp_path: Path) -> None:
    first, second = (LockedFolder("office-1", tmp_path, 0.05) for _ in range(2))
    first.take()
    assert (first.held, second.held) == (True, False)
    with pytest.raises(OfficeError) as caught:
        second.take()
    assert caught.value.code == "office.worker-busy"
    first.leave()
    first.leave()
    second.take()
    assert second.held
    second.leave()


def test_an_expiry_shorter_than_three_beats_is_refused(tmp_path: Path) -> None:
    from issuer.settings import load

    with pytest.raises(SettingsError) as caught:
        load({"JIKIN_DATA": str(tmp_path), "JIKIN_WORKER_EXPIRY_SECONDS": "14"})
    assert caught.value.code == "settings.range"
    assert settings(tmp_path).worker_expiry_seconds == 30
