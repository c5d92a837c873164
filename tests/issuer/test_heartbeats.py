"""A list that nothing changes is confirmed on the chain once a day, by the office on its own."""

from __future__ import annotations

import json
import time

import pytest

from issuer import epochs, heartbeats, revoking
from issuer.running import Runner
from issuer.store import institutions, tasks
from issuer.store.institutions import StatusList
from jikin.status.array import State
from jikin.status.publication import Publication
from jikin.status.snapshot import StatusSnapshot
from tests.issuing_office import Bureau, rows

HOUR = 3600


def the_list(bureau: Bureau) -> StatusList:
    with bureau.office.database.read() as connection:
        (found,) = institutions.every_status_list(connection, bureau.institution.id)
    return found


def snapshot(bureau: Bureau) -> StatusSnapshot:
    return revoking.snapshot_now(bureau.chain.view(), bureau.institution, the_list(bureau))


def pass_hours(bureau: Bureau, hours: int) -> None:
    bureau.clock.now += hours * HOUR
    bureau.chain.mine()


@pytest.fixture
def revoked(bureau: Bureau) -> Bureau:
    """Return the office after one certificate of two was revoked."""
    numbers = bureau.numbers(bureau.issue(rows(2)))
    epochs.publish(bureau.office, bureau.approve(bureau.request(numbers[:1])).task.id)
    return bureau


def test_before_a_day_has_passed_nothing_is_due_and_nothing_is_published(revoked: Bureau) -> None:
    pass_hours(revoked, 23)
    assert heartbeats.due(revoked.office) == ()
    epochs.heartbeat(revoked.office, the_list(revoked).id)
    assert snapshot(revoked).epoch == 1


def test_after_a_day_an_epoch_without_changes_says_the_same_as_before(revoked: Bureau) -> None:
    before = snapshot(revoked)
    pass_hours(revoked, 24)
    (due,) = heartbeats.due(revoked.office)
    epochs.heartbeat(revoked.office, due)
    after = snapshot(revoked)
    assert after.epoch == 2
    assert after.epochs[-1].changes == b""
    assert before.folded is not None
    assert after.folded is not None
    assert after.folded.array == before.folded.array
    file = revoked.office.public(revoked.institution).path / "status" / after.list_id.raw.hex() / "notes"
    publication = Publication.parse(json.loads(file.read_text()))
    assert after.check_opening(publication) is None  # the notes of before open the new root too
    assert len(publication.notes) == 1
    assert heartbeats.due(revoked.office) == ()


def test_a_change_is_as_good_as_a_heartbeat(revoked: Bureau) -> None:
    pass_hours(revoked, 23)
    numbers = revoked.numbers(revoked.batch(1))
    epochs.publish(
        revoked.office, revoked.approve(revoked.request(numbers[1:], State.SUSPENDED, "holder-request")).task.id
    )
    pass_hours(revoked, 2)
    assert heartbeats.due(revoked.office) == ()


def test_a_heartbeat_that_was_stored_and_cut_off_goes_out_once(
    revoked: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    pass_hours(revoked, 25)
    status_list = the_list(revoked)

    class CutError(Exception):
        """The process ends here."""

    def cut(*_given: object, **_named: object) -> None:
        raise CutError

    with monkeypatch.context() as patched:
        patched.setattr(epochs.tasks, "published", cut)
        with pytest.raises(CutError):
            epochs.heartbeat(revoked.office, status_list.id)
    assert snapshot(revoked).epoch == 2  # it is on the chain, and the office has not noted it
    assert heartbeats.due(revoked.office) == (status_list.id,)
    epochs.heartbeat(revoked.office, status_list.id)
    assert snapshot(revoked).epoch == 2
    with revoked.office.database.read() as connection:
        assert tasks.prepared_on(connection, status_list.id) is None
    assert heartbeats.due(revoked.office) == ()


def test_a_revocation_that_waits_behind_a_heartbeat_is_published_after_it(
    revoked: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    pass_hours(revoked, 25)
    with monkeypatch.context() as patched:
        patched.setattr(epochs, "_complete", lambda *_given: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            epochs.heartbeat(revoked.office, the_list(revoked).id)
    assert snapshot(revoked).epoch == 1
    numbers = revoked.numbers(revoked.batch(1))
    epochs.publish(revoked.office, revoked.approve(revoked.request(numbers[1:])).task.id)
    after = snapshot(revoked)
    assert [len(epoch.changes) // 3 for epoch in after.epochs] == [1, 0, 1]


def test_the_service_confirms_its_lists_by_itself(revoked: Bureau) -> None:
    pass_hours(revoked, 30)
    runner = Runner(revoked.office)
    runner.start()
    try:
        deadline = time.monotonic() + 20
        while snapshot(revoked).epoch < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert snapshot(revoked).epoch == 2
    finally:
        runner.stop()
