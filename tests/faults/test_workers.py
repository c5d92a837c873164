"""Several workers on one PostgreSQL database: they share the work, and what a dead one was at is another's in time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, text

from issuer import combining, issuing
from issuer.store import batches, workers
from issuer.store.batches import Batch, BatchState
from tests.faults import truth
from tests.faults.scene import Scene, Working

pytestmark = [pytest.mark.chain, pytest.mark.postgres]
# The product's own: how long a worker may be silent.
ORDINARY = {"JIKIN_WORKER_BEAT_SECONDS": "5", "JIKIN_WORKER_EXPIRY_SECONDS": "30"}
LONGEST_SECONDS = 40.0
NAMES = ("seoul", "busan", "jeju")


def start(scene: Scene, **environ: str) -> dict[str, Working]:
    return {name: scene.work(**environ, JIKIN_EXECUTOR_ID=name) for name in NAMES}


def executors(scene: Scene, batch: Batch) -> list[str]:
    """Return the worker of every run of the batch's job, by its name."""
    engine = create_engine(scene.office.settings.jobs_database_url)
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT executor_id FROM dbos.workflow_status WHERE workflow_uuid LIKE :id ORDER BY created_at"),
            {"id": f"issue-{batch.id}-%"},
        )
        names = [str(row.executor_id).rpartition("-")[0] for row in found]
    engine.dispose()
    return names


def state(scene: Scene, batch: Batch) -> BatchState:
    with scene.office.database.read() as connection:
        return batches.by_id(connection, batch.id).state


def eventually(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait, without a block being mined."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def end(scene: Scene) -> None:
    for one in scene.workers:
        one.kill()
    scene.workers.clear()


def waiting_for_the_chain(scene: Scene, running: dict[str, Working]) -> tuple[Batch, str]:
    """Return a batch whose anchor waits for a block that nobody mines, and the name of the worker that is at it."""
    batch = scene.accept(3)
    eventually(lambda: state(scene, batch) is BatchState.PLANTED)
    name = executors(scene, batch)[-1]  # one that came late with its lease may have begun it before
    assert running[name].alive
    return batch, name


def test_the_work_of_one_of_three_that_is_killed_is_done_by_another_within_forty_seconds(
    scene_on_postgresql: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = scene_on_postgresql
    running = start(scene, **ORDINARY)
    batch, victim = waiting_for_the_chain(scene, running)
    running[victim].kill()
    killed = time.monotonic()
    assert scene.until(lambda: state(scene, batch) is BatchState.RELEASED, seconds=2 * LONGEST_SECONDS), scene.log()
    took = time.monotonic() - killed
    with capsys.disabled():
        print(f"\ntaken over and released {took:.1f} s after the kill")
    assert took <= LONGEST_SECONDS
    assert executors(scene, batch)[-1] != victim
    end(scene)
    scene.judge_releases()
    truth.read(scene).check()


def test_three_share_the_work_and_nobody_does_it_twice(scene_on_postgresql: Scene) -> None:
    scene = scene_on_postgresql
    start(scene)
    accepted = [scene.accept(2) for _ in range(9)]
    assert scene.until(lambda: not scene.unfinished()), scene.log()
    assert len({name for batch in accepted for name in executors(scene, batch)}) > 1
    end(scene)
    truth.read(scene).check()


def test_one_that_was_suspended_wakes_up_and_spoils_nothing(scene_on_postgresql: Scene) -> None:
    scene = scene_on_postgresql
    running = start(scene)
    batch, sleeper = waiting_for_the_chain(scene, running)
    os.kill(running[sleeper].pid, signal.SIGSTOP)
    others = {name: one for name, one in running.items() if name != sleeper}
    scene.workers = list(others.values())  # whoever sleeps is not woken between two blocks
    assert scene.until(lambda: state(scene, batch) is BatchState.RELEASED), scene.log()
    assert executors(scene, batch)[-1] in others

    os.kill(running[sleeper].pid, signal.SIGCONT)
    scene.workers = list(running.values())

    def back() -> bool:
        with scene.office.database.read() as connection:
            return {one.executor_id.rpartition("-")[0] for one in workers.every(connection)} == set(NAMES)

    assert scene.until(back), "the one that woke up does not work under a new lease"
    scene.accept(2)
    assert scene.until(lambda: not scene.unfinished()), scene.log()
    end(scene)
    truth.read(scene).check()


def test_two_at_the_same_step_of_a_batch_do_it_once(scene_on_postgresql: Scene) -> None:
    scene = scene_on_postgresql
    accepted = [scene.accept(4) for _ in range(4)]
    with ThreadPoolExecutor(2) as both:
        for batch in accepted:
            for step in (issuing.reserve, issuing.sign_chunk, issuing.sign_chunk, combining.plant):
                for one in [both.submit(step, scene.office, batch.id) for _ in range(2)]:
                    one.result()
            assert state(scene, batch) is BatchState.PLANTED
            with scene.office.database.read() as connection:
                made = batches.credentials_of(connection, batch.id)
                assert batches.by_id(connection, batch.id).count == len(made) == 4
            assert len({one.place for one in made}) == len({one.status_index for one in made}) == 4
    scene.work()
    assert scene.until(lambda: not scene.unfinished()), scene.log()
    end(scene)
    truth.read(scene).check()
