"""The durable jobs: one worker, resumed by the next, errors in the office's own tables, nothing personal in theirs."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, select, text

from issuer import jobs, logs
from issuer.issuing import Progress
from issuer.jobs import Worker
from issuer.store.batches import BatchState
from issuer.store.personal import personal_columns
from issuer.store.schema import metadata
from issuer.store.tables import credentials
from issuer.store.tasks import TaskState
from jikin.errors import OfficeError
from tests.issuing_office import HEADER, Bureau, row, rows

HOLDER = "황보비밀"


def test_a_worker_issues_and_tells_how_far_it_is(bureau: Bureau) -> None:
    batch = bureau.accept(rows(3))
    told: list[Progress] = []
    with Worker(bureau.office) as worker:
        worker.issue(batch.id, told.append)
    assert bureau.batch(batch.id).state is BatchState.RELEASED
    assert (told[-1].state, told[-1].verified) == (BatchState.RELEASED, 3)


def test_a_released_batch_is_left_alone(bureau: Bureau) -> None:
    batch = bureau.issue(rows(1))
    with Worker(bureau.office) as worker:
        worker.issue(batch.id)
    assert bureau.batch(batch.id) == batch


def test_an_error_stops_the_job_with_its_code_and_the_next_run_goes_on(bureau: Bureau) -> None:
    batch = bureau.accept(rows(2))
    bureau.chain.reachable = False
    impatient = replace(bureau.office, settings=replace(bureau.office.settings, chain_wait_seconds=1.0))
    impatient = replace(impatient, sleep=lambda _seconds: setattr(bureau.clock, "now", bureau.clock.now + 1))
    with Worker(impatient) as worker, pytest.raises(OfficeError) as caught:
        worker.issue(batch.id)
    assert caught.value.code == "chain.unreachable"
    stopped = bureau.batch(batch.id)
    assert stopped.error_code == "chain.unreachable"
    assert stopped.state is BatchState.PLANTED

    bureau.chain.reachable = True
    with Worker(bureau.office) as worker:
        worker.issue(batch.id)
    done = bureau.batch(batch.id)
    assert (done.state, done.error_code, done.attempt) == (BatchState.RELEASED, None, 2)


def test_a_mistake_of_the_program_is_told_by_place_and_kind_without_its_words(bureau: Bureau) -> None:
    batch = bureau.accept(rows(1))
    bureau.run(batch, until="sign_chunk")
    with bureau.office.database.write() as connection:
        connection.execute(credentials.update().values(record=[HOLDER]))  # no step expects a list there
    with Worker(bureau.office) as worker, pytest.raises(OfficeError) as caught:
        worker.issue(batch.id)
    assert caught.value.code == "office.mistake"
    assert "in issuing.py, line" in str(caught.value)
    assert HOLDER not in str(caught.value)
    assert _tables_with(bureau.office.settings.jobs_database_url, (HOLDER,)) == set()


def test_a_task_with_forged_approvals_is_refused_for_good(bureau: Bureau) -> None:
    from issuer.store import tasks

    numbers = bureau.numbers(bureau.issue(rows(1)))
    task = bureau.request(numbers)
    with bureau.office.database.write() as connection:
        tasks.set_state(connection, task.task.id, TaskState.APPROVED)
    with Worker(bureau.office) as worker:
        with pytest.raises(OfficeError) as caught:
            worker.publish(task.task.id)
        assert caught.value.code == "approval.missing"
    with bureau.office.database.read() as connection:
        assert tasks.by_id(connection, task.task.id).state is TaskState.REFUSED


def test_a_clock_that_was_set_back_holds_a_decided_task_up_and_refuses_it_not(bureau: Bureau) -> None:
    from issuer.store import tasks

    task = bureau.approve(bureau.request(bureau.numbers(bureau.issue(rows(1)))))
    bureau.clock.now -= 90
    with Worker(bureau.office) as worker, pytest.raises(OfficeError) as caught:
        worker.publish(task.task.id)
    assert caught.value.code == "office.clock"
    with bureau.office.database.read() as connection:
        assert tasks.by_id(connection, task.task.id).state is TaskState.APPROVED
    bureau.clock.now += 90
    with Worker(bureau.office) as worker:
        worker.publish(task.task.id)
    with bureau.office.database.read() as connection:
        assert tasks.by_id(connection, task.task.id).state is TaskState.DONE


def test_an_approved_task_is_published(bureau: Bureau) -> None:
    from issuer.store import tasks

    numbers = bureau.numbers(bureau.issue(rows(1)))
    task = bureau.approve(bureau.request(numbers))
    with Worker(bureau.office) as worker:
        worker.publish(task.task.id)
        worker.publish(task.task.id)
    with bureau.office.database.read() as connection:
        assert tasks.by_id(connection, task.task.id).state is TaskState.DONE


def test_a_second_worker_waits_for_the_first_and_then_says_so(bureau: Bureau) -> None:
    with Worker(bureau.office):
        second = Worker(bureau.office, wait_for_lock_seconds=0.1)
        with pytest.raises(OfficeError) as caught:
            second.__enter__()
    assert caught.value.code == "office.worker-busy"
    with Worker(bureau.office, wait_for_lock_seconds=0.1):
        pass


def test_a_worker_that_is_told_to_stop_leaves_the_batch_to_the_next(bureau: Bureau) -> None:
    batch = bureau.accept(rows(1))
    bureau.chain.automine = False
    waiting = threading.Event()
    slow = replace(bureau.office, sleep=lambda _seconds: waiting.set())

    def press_ctrl_c(_progress: Progress) -> None:
        if waiting.is_set():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Worker(slow) as worker:
        worker.issue(batch.id, press_ctrl_c)
    bureau.chain.automine = True
    with Worker(bureau.office) as worker:
        worker.issue(batch.id)
    assert bureau.batch(batch.id).state is BatchState.RELEASED


# ---------------------------------------------------------------------------------------------------- personal data


def test_a_holders_name_lies_only_where_the_list_of_personal_data_says(bureau: Bureau, tmp_path: Path) -> None:
    log = io.StringIO()
    logs.configure("DEBUG", log)
    bad = row(2, name_ko=HOLDER + "9", birth_date="2003-02-30")
    batch = bureau.accept("\n".join([HEADER, row(1, name_ko=HOLDER), bad]).encode())
    with Worker(bureau.office) as worker:
        worker.issue(batch.id)
    numbers = bureau.numbers(batch)
    task = bureau.approve(bureau.request(numbers))
    with Worker(bureau.office) as worker:
        worker.publish(task.task.id)
    logs.configure("WARNING")

    secrets = (HOLDER, numbers[0].symbols, str(numbers[0]))
    assert _tables_with(bureau.office.settings.database_url, secrets) == {
        ("credentials", "record"),
        ("credentials", "document"),
        ("credentials", "number"),
        ("rows", "faults"),
    }
    assert _tables_with(bureau.office.settings.jobs_database_url, secrets) == set()
    assert not any(secret in log.getvalue() for secret in secrets)
    assert log.getvalue().count("step done") >= len(jobs.ISSUE.steps)
    _check_files(tmp_path / "office", HOLDER)


def _tables_with(url: str, secrets: tuple[str, ...]) -> set[tuple[str, str]]:
    """Return table and column of every value in the database in which one of *secrets* stands."""
    engine, tables, found = create_engine(url), MetaData(), set()
    tables.reflect(engine)
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            for values in connection.execute(select(table)).mappings():
                for column, value in values.items():
                    plain = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    if any(secret in shown for shown in (plain, _unescaped(plain)) for secret in secrets):
                        found.add((table.name, column))
    engine.dispose()
    return found


def _unescaped(value: str) -> str:
    try:
        return json.dumps(json.loads(value), ensure_ascii=False)
    except ValueError:
        return value


def _check_files(folder: Path, name: str) -> None:
    """Assert that *name* stands in no file but the office's database (and its log of writes)."""
    spellings = (name.encode(), name.encode("cp949"), json.dumps(name).strip('"').encode())
    files = [path for path in folder.rglob("*") if path.is_file()]
    holding = {path.name for path in files if any(spelling in path.read_bytes() for spelling in spellings)}
    assert holding <= {"office.db", "office.db-wal"}
    assert {path.name for path in files} >= {"office.db", "jobs.db", "did.json"}


def test_the_columns_marked_as_personal_are_real_ones() -> None:
    for table, columns in personal_columns().items():
        assert set(columns) <= set(metadata.tables[table].columns.keys())


def test_the_job_tables_hold_row_ids_and_nothing_else_of_the_office(bureau: Bureau) -> None:
    batch = bureau.accept(rows(1))
    with Worker(bureau.office) as worker:
        worker.issue(batch.id)
    engine = create_engine(bureau.office.settings.jobs_database_url)
    with engine.connect() as connection:
        inputs = connection.execute(text("SELECT inputs FROM workflow_input")).scalars().all()
        outputs = connection.execute(text("SELECT output FROM operation_outputs")).scalars().all()
    engine.dispose()
    assert [json.loads(one) for one in inputs] == [{"positionalArgs": [batch.id], "namedArgs": {}}]
    assert {json.loads(one) for one in outputs} == {0}


def test_a_log_record_keeps_only_what_may_be_written() -> None:
    log = io.StringIO()
    logs.configure("INFO", log)
    logs.logger().info("step done", step="issue.reserve", batch_id=7, name_ko=HOLDER, number="26KR12", record={"a": 1})
    logs.logger().debug("not shown at this level")
    logs.configure("WARNING")
    (line,) = log.getvalue().splitlines()
    written = json.loads(line)
    assert set(written) == {"event", "level", "timestamp", "step", "batch_id"}
