"""The service's own hands: what is stored is done, also after a stop, and commands get their turn in between."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from issuer import lists, looking, officers, running
from issuer.approving import Officer, Role
from issuer.office import Office
from issuer.running import Runner
from issuer.store import tasks, uploads
from issuer.store.batches import BatchState
from issuer.store.tasks import TaskState
from jikin.errors import OfficeError
from tests.issuing_office import TYPE, Bureau, row, rows

PATIENCE = 30.0


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def runners(bureau: Bureau) -> Iterator[Callable[..., Runner]]:
    started: list[Runner] = []

    def start(office: Office | None = None, **more: object) -> Runner:
        runner = Runner(office or bureau.office, **more)  # type: ignore[arg-type]
        runner.start()
        started.append(runner)
        return runner

    yield start
    for runner in started:
        runner.stop()


@pytest.fixture
def clerk(bureau: Bureau) -> Officer:
    return officers.invite(bureau.office, bureau.institution, "한가온", Role.ISSUE | Role.REQUEST).officer


def test_what_was_accepted_is_issued_and_what_was_approved_is_published(
    bureau: Bureau, runners: Callable[..., Runner]
) -> None:
    first, second = bureau.accept(rows(2)), bureau.accept(rows(2, first=10), "list 2")
    runner = runners()
    eventually(lambda: bureau.batch(second.id).state is BatchState.RELEASED)
    assert bureau.batch(first.id).state is BatchState.RELEASED

    task = bureau.approve(bureau.request(bureau.numbers(first)))
    runner.nudge()

    def done() -> bool:
        with bureau.office.database.read() as connection:
            return tasks.by_id(connection, task.task.id).state is TaskState.DONE

    eventually(done)
    assert runner.alive


def test_a_stop_cuts_the_work_short_and_the_next_start_goes_on(bureau: Bureau, runners: Callable[..., Runner]) -> None:
    batch = bureau.accept(rows(2))
    bureau.chain.automine = False
    waits = threading.Event()
    first = runners(replace(bureau.office, sleep=lambda _seconds: waits.set()))
    assert waits.wait(PATIENCE)
    first.stop()
    assert not first.alive
    assert bureau.batch(batch.id).state is BatchState.PLANTED

    bureau.chain.automine = True
    runners()
    eventually(lambda: bureau.batch(batch.id).state is BatchState.RELEASED)
    assert bureau.batch(batch.id).error_code is None
    assert len(bureau.credentials(batch)) == 2


def test_a_chain_that_was_away_is_tried_again(
    bureau: Bureau, runners: Callable[..., Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_FIRST_PAUSE", 0.1)
    batch = bureau.accept(rows(1))
    bureau.chain.reachable = False
    office = replace(bureau.office, settings=replace(bureau.office.settings, chain_wait_seconds=1.0))
    runner = runners(office)
    eventually(lambda: bureau.batch(batch.id).error_code == "chain.unreachable")
    assert runner.alive
    bureau.chain.reachable = True
    eventually(lambda: bureau.batch(batch.id).state is BatchState.RELEASED)


def test_an_idle_runner_leaves_the_lock_to_commands(
    bureau: Bureau, runners: Callable[..., Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_IDLE_SECONDS", 1.0)
    batch = bureau.accept(rows(1))
    runners()
    eventually(lambda: bureau.batch(batch.id).state is BatchState.RELEASED)

    def free() -> bool:
        with (bureau.office.settings.data / "worker.lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    assert not free()
    eventually(free)


def test_an_anchor_that_a_reorganisation_took_away_is_brought_back_without_anybody_asking(
    bureau: Bureau, runners: Callable[..., Runner]
) -> None:
    office = replace(bureau.office, settings=replace(bureau.office.settings, settle_look_seconds=0.05))
    batch = bureau.accept(rows(1))
    bureau.chain.mine(8)
    runner = runners(office)
    eventually(lambda: bureau.batch(batch.id).state is BatchState.RELEASED)
    first = bureau.batch(batch.id)
    assert first.root is not None
    bureau.clock.now += 60
    bureau.chain.reorganise(2)

    def back() -> bool:
        slot = bureau.chain.view().anchor(bureau.institution.issuer_id, first.root)
        return slot is not None and bureau.batch(batch.id).state is BatchState.RELEASED

    eventually(back)
    assert runner.alive
    assert bureau.batch(batch.id).root == first.root
    assert bureau.batch(batch.id).anchored_at != first.anchored_at


def test_copies_are_collected_by_the_timer(bureau: Bureau, runners: Callable[..., Runner]) -> None:
    office = replace(bureau.office, settings=replace(bureau.office.settings, copy_wait_seconds=0.05))
    asked: list[Office] = []
    runners(office, collect=asked.append)
    eventually(lambda: len(asked) > 3)
    assert asked[0] is office


def test_a_mistake_in_one_round_does_not_end_the_thread(bureau: Bureau, runners: Callable[..., Runner]) -> None:
    calls: list[int] = []

    def collect(_office: Office) -> int | None:
        calls.append(1)
        raise ZeroDivisionError

    office = replace(bureau.office, settings=replace(bureau.office.settings, copy_wait_seconds=0.05))
    runner = runners(office, collect=collect)
    eventually(lambda: len(calls) > 2)
    assert runner.alive


# --------------------------------------------------------------------------------------------------------------- lists


def test_an_uploaded_list_becomes_one_batch_and_is_forgotten(bureau: Bureau, clerk: Officer) -> None:
    data = rows(3) + ("\n" + row(9, birth_date="2003-13-02")).encode()
    upload_id = lists.upload(bureau.office, clerk, TYPE, "합격자.csv", data)
    looked = lists.look(bureau.office, clerk, upload_id)
    assert (looked.preview.count("good"), looked.preview.count("bad")) == (3, 1)

    batch = lists.issue(bureau.office, clerk, upload_id)
    assert lists.issue(bureau.office, clerk, upload_id).id == batch.id  # pressing twice issues once
    assert lists.became(bureau.office, clerk, upload_id) == batch.id
    with bureau.office.database.read() as connection:
        assert uploads.by_id(connection, upload_id, clerk.institution_id).data is None
    with pytest.raises(OfficeError) as caught:
        lists.look(bureau.office, clerk, upload_id)
    assert caught.value.code == "office.list-issued"

    again = lists.upload(bureau.office, clerk, TYPE, "합격자.csv", data)
    assert lists.issue(bureau.office, clerk, again).id == batch.id
    seen = lists.batch(bureau.office, clerk, batch.id)
    assert (seen.name, seen.done, len(seen.bad)) == ("합격자.csv", False, 1)
    assert looking.overview(bureau.office, clerk).in_work[0].id == batch.id


def test_a_list_left_lying_is_forgotten_after_a_day_and_a_dropped_one_at_once(bureau: Bureau, clerk: Officer) -> None:
    first = lists.upload(bureau.office, clerk, TYPE, "a.csv", rows(1))
    second = lists.upload(bureau.office, clerk, TYPE, "b.csv", rows(1))
    lists.drop(bureau.office, clerk, second)
    bureau.clock.now += uploads.KEPT_SECONDS
    with bureau.office.database.write() as connection:
        uploads.forget(connection, bureau.office.clock())
    for upload_id in (first, second):
        with pytest.raises(OfficeError) as caught:
            lists.look(bureau.office, clerk, upload_id)
        assert caught.value.code == "office.list-unknown"


def test_lists_are_for_officers_who_issue_and_types_for_institutions_that_may(bureau: Bureau, clerk: Officer) -> None:
    reader = officers.invite(bureau.office, bureau.institution, "문시우", Role.APPROVE).officer
    with pytest.raises(OfficeError) as caught:
        lists.upload(bureau.office, reader, TYPE, "a.csv", rows(1))
    assert caught.value.code == "approval.role"
    with pytest.raises(OfficeError) as caught:
        lists.upload(bureau.office, clerk, "machine-safety-certification", "a.csv", rows(1))
    assert caught.value.code == "office.type-not-allowed"
    with pytest.raises(OfficeError) as caught:
        lists.upload(bureau.office, clerk, TYPE, "a.csv", b"\x89PNG\r\n\x1a\n")
    assert caught.value.code.startswith("csv.")
