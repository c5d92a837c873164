"""Two persons change what a certificate is worth: requests, approvals, epochs, and every way around the rule."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from issuer import approving, epochs, releasing, revoking
from issuer.approving import Role
from issuer.checking import Checker
from issuer.store import tasks, trees
from issuer.store.batches import CredentialState
from issuer.store.tables import approvals as approvals_table
from issuer.store.tables import officers as officers_table
from issuer.store.tables import tasks as tasks_table
from issuer.store.tasks import StoredTask, TaskState
from jikin.credentials.record import NumberRecord
from jikin.errors import OfficeError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.status.array import State
from jikin.status.publication import Publication
from jikin.status.snapshot import StatusSnapshot
from jikin.values import CertificateNumber, Digest
from tests.issuing_office import Bureau, rows

DAY = 86_400


@pytest.fixture
def numbers(bureau: Bureau) -> list[CertificateNumber]:
    """Return the numbers of three released certificates."""
    return bureau.numbers(bureau.issue(rows(3)))


def publish(bureau: Bureau, task: StoredTask) -> StoredTask:
    epochs.publish(bureau.office, task.task.id)
    return read(bureau, task)


def read(bureau: Bureau, task: StoredTask) -> StoredTask:
    with bureau.office.database.read() as connection:
        return tasks.by_id(connection, task.task.id)


def state(bureau: Bureau, number: CertificateNumber) -> CredentialState:
    from issuer.store import batches

    with bureau.office.database.read() as connection:
        found = batches.by_number(connection, number.symbols)
    assert found is not None
    return found.state


def snapshot(bureau: Bureau) -> StatusSnapshot:
    with bureau.office.database.read() as connection:
        from issuer.store import institutions

        (one,) = institutions.every_status_list(connection, bureau.institution.id)
    found = StatusSnapshot.read(bureau.chain.view(), bureau.institution.issuer_id, one.list_id)
    assert found is not None
    return found


def findings(bureau: Bureau, number: CertificateNumber) -> tuple[str, ...]:
    """Return what a stranger who holds certificate and receipt is told."""
    from issuer.store import batches

    with bureau.office.database.read() as connection:
        found = batches.by_number(connection, number.symbols)
        assert found is not None
        batch = batches.by_id(connection, found.batch_id)
    (one,) = releasing.issued(bureau.office, bureau.institution, batch, [found])
    return Checker.of(bureau.office, bureau.institution).objections(one.document)


# --------------------------------------------------------------------------------------------------------- the way


def test_two_officers_revoke_and_everybody_sees_it(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    task = bureau.approve(bureau.request(numbers[:1]))
    done = publish(bureau, task)

    assert done.state is TaskState.DONE
    assert [state(bureau, number) for number in numbers] == [
        CredentialState.REVOKED,
        CredentialState.RELEASED,
        CredentialState.RELEASED,
    ]
    assert [findings(bureau, number) for number in numbers] == [("status.revoked",), (), ()]


def test_suspended_certificates_can_be_reinstated_and_then_revoked(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    for wanted, reason, seen in (
        (State.SUSPENDED, "under-investigation", ("status.suspended",)),
        (State.VALID, "investigation-closed", ()),
        (State.REVOKED, "forged-evidence", ("status.revoked",)),
    ):
        publish(bureau, bureau.approve(bureau.request(numbers[:1], wanted, reason)))
        assert findings(bureau, numbers[0]) == seen
    assert snapshot(bureau).epoch == 3


def test_one_request_can_name_several_certificates(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    publish(bureau, bureau.approve(bureau.request(numbers)))
    assert {findings(bureau, number) for number in numbers} == {("status.revoked",)}
    assert snapshot(bureau).epoch == 1


def test_the_note_opens_with_the_receipt_and_says_reason_and_date(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    bureau.clock.now += 3 * DAY
    bureau.chain.mine()
    since = bureau.clock.now - DAY
    publish(bureau, bureau.approve(bureau.request(numbers[:1], effective=since)))

    from issuer.store import batches

    with bureau.office.database.read() as connection:
        found = batches.by_number(connection, numbers[0].symbols)
        assert found is not None
        salt = trees.salts_of(connection, [found.id])[found.id]
    now = snapshot(bureau)
    public = bureau.office.public(bureau.institution).path
    file = json.loads((public / "status" / now.list_id.raw.hex() / "notes").read_text())
    publication = Publication.parse(file)
    assert now.check_opening(publication) is None
    sealed = publication.note(found.status_index)
    assert sealed is not None
    note = sealed.open(now.lctx, salt)
    assert (note.reason, note.effective, note.state) == ("issued-in-error", since, State.REVOKED)
    assert "issued-in-error" not in json.dumps(file)


def test_the_number_record_says_since_when(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.clock.now += DAY
    bureau.chain.mine()
    since = bureau.clock.now - 3600
    publish(bureau, bureau.approve(bureau.request(numbers[:1], effective=since)))
    file = bureau.office.public(bureau.institution).path / "n" / numbers[0].symbols
    assert NumberRecord.parse(json.loads(file.read_text())).effective == since


def test_without_a_date_the_change_counts_from_the_newest_block(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    task = bureau.request(numbers[:1])
    assert task.task.notes[0]["effective"] == bureau.chain.view().block.time


def test_the_day_of_issue_as_effective_date_means_from_the_issue_on(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    officer, signer = bureau.officers["park"]
    issued = bureau.credentials(bureau.batch(1))[0].valid_from
    midnight = issued - 3600
    asked = revoking.Request(numbers[:1], State.REVOKED, "issued-in-error", midnight, whole_day=True)
    (task,) = revoking.request(bureau.office, bureau.institution, officer, signer, asked)
    assert task.task.notes[0]["effective"] == issued

    the_day_before = revoking.Request(numbers[:1], State.REVOKED, "issued-in-error", midnight - DAY, whole_day=True)
    with pytest.raises(OfficeError):
        revoking.request(bureau.office, bureau.institution, officer, signer, the_day_before)


def test_an_erased_salt_means_no_note_and_the_change_still_counts(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    from issuer.store.tables import salts

    task = bureau.approve(bureau.request(numbers))
    with bureau.office.database.write() as connection:
        connection.execute(salts.delete().where(salts.c.credential_id == 2))
    assert publish(bureau, task).state is TaskState.DONE
    with bureau.office.database.read() as connection:
        assert len(tasks.notes_up_to(connection, task.status_list_id, 1)) == 2


# -------------------------------------------------------------------------------------------------- what is refused


def _unknown(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.request([CertificateNumber.random(2026, "KR12")])


def _of_another_institution(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.request([CertificateNumber.random(2026, "XX99")])


def _not_released(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    waiting = bureau.accept(rows(1, first=50), "second")
    bureau.run(waiting, until="plant")
    bureau.request(bureau.numbers(waiting))


def _revoked_before(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    publish(bureau, bureau.approve(bureau.request(numbers[:1])))
    bureau.request(numbers[:1])


def _revoked_for_good(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    publish(bureau, bureau.approve(bureau.request(numbers[:1])))
    bureau.request(numbers[:1], State.VALID, "suspension-ended")


def _not_suspended(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.request(numbers[:1], State.VALID, "suspension-ended")


def _in_the_future(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.request(numbers[:1], effective=bureau.chain.view().block.time + 1)


def _before_it_was_issued(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.request(numbers[:1], effective=bureau.clock.now - DAY)


def _unknown_reason(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.request(numbers[:1], reason="because")


def _reason_of_another_change(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.request(numbers[:1], State.REVOKED, "suspension-ended")


def _nothing(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.request([])


def _alone_but_not_a_suspension(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.request(numbers[:1], alone=True)


def _without_the_role(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.hire("choi", Role.APPROVE)
    bureau.request(numbers[:1], by="choi")


IMPOSSIBLE: dict[str, tuple[Callable[[Bureau, list[CertificateNumber]], None], str]] = {
    "an unknown number": (_unknown, "office.number-unknown"),
    "a number of another institution": (_of_another_institution, "office.number-unknown"),
    "a certificate that is still being issued": (_not_released, "office.not-released"),
    "one that is revoked already": (_revoked_before, "office.state"),
    "one that is revoked for good": (_revoked_for_good, "office.state"),
    "reinstating what was never suspended": (_not_suspended, "office.state"),
    "an effective date in the future": (_in_the_future, "office.effective"),
    "an effective date before it was issued": (_before_it_was_issued, "office.effective"),
    "an unknown reason": (_unknown_reason, "office.reason"),
    "the reason of another kind of change": (_reason_of_another_change, "office.reason"),
    "no number at all": (_nothing, "office.request"),
    "revoking alone": (_alone_but_not_a_suspension, "approval.missing"),
    "an officer without the role": (_without_the_role, "approval.role"),
}


@pytest.mark.parametrize("case", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_a_request_that_cannot_be_carried_out_is_refused_when_it_is_made(
    bureau: Bureau,
    numbers: list[CertificateNumber],
    case: tuple[Callable[[Bureau, list[CertificateNumber]], None], str],
) -> None:
    attempt, code = case
    with pytest.raises(OfficeError) as caught:
        attempt(bureau, numbers)
    assert caught.value.code == code


# ---------------------------------------------------------------------------------------------------- two persons


def test_the_same_officer_cannot_approve_the_own_request(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    task = bureau.request(numbers[:1])
    with pytest.raises(OfficeError) as caught:
        bureau.approve(task, by="park")
    assert caught.value.code == "approval.same-officer"


def test_the_worker_does_not_publish_a_request_alone(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    task = bureau.request(numbers[:1])
    with bureau.office.database.write() as connection:
        tasks.set_state(connection, task.task.id, TaskState.APPROVED)  # whoever can write the database can write this
    with pytest.raises(OfficeError) as caught:
        publish(bureau, task)
    assert caught.value.code == "approval.missing"
    assert snapshot(bureau).epoch == 0


def test_an_officer_without_the_role_cannot_approve(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.hire("choi", Role.REQUEST | Role.SUSPEND)
    with pytest.raises(OfficeError) as caught:
        bureau.approve(bureau.request(numbers[:1]), by="choi")
    assert caught.value.code == "approval.role"


def test_the_key_of_another_cannot_approve_in_an_officers_name(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    task = bureau.request(numbers[:1])
    lee, _ = bureau.officers["lee"]
    with pytest.raises(OfficeError) as caught:
        revoking.approve(bureau.office, lee, Ed25519Signer.generate(), task.task.id)
    assert caught.value.code == "approval.wrong-key"


def test_one_officer_alone_may_pull_the_emergency_brake(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.hire("choi", Role.SUSPEND)
    task = bureau.request(numbers[:1], State.SUSPENDED, "under-investigation", by="choi", alone=True)
    assert publish(bureau, task).state is TaskState.DONE
    assert findings(bureau, numbers[0]) == ("status.suspended",)


def test_without_the_role_nobody_pulls_the_emergency_brake(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    bureau.hire("choi", Role.REQUEST)
    with pytest.raises(OfficeError) as caught:
        bureau.request(numbers[:1], State.SUSPENDED, "under-investigation", by="choi", alone=True)
    assert caught.value.code == "approval.role"


# Each forges an approved task behind the office's back; the worker has to notice.
def _same_officer_twice(bureau: Bureau, task: StoredTask) -> None:
    park, signer = bureau.officers["park"]
    context = bureau.office.context(bureau.institution)
    forged = approving.approve(task.task, park, signer, part="approve", context=context, now=bureau.clock.now)
    _put_approval(bureau, task, forged.signature, officer_id=park.id)


def _one_key_for_two_names(bureau: Bureau, task: StoredTask) -> None:
    park, signer = bureau.officers["park"]
    lee, _ = bureau.officers["lee"]
    with bureau.office.database.write() as connection:
        connection.execute(officers_table.update().where(officers_table.c.id == lee.id).values(multikey="taken"))
        connection.execute(officers_table.update().where(officers_table.c.id == park.id).values(multikey=park.multikey))
    _put_approval(bureau, task, bytes(64), officer_id=lee.id)
    del signer


def _forged_signature(bureau: Bureau, task: StoredTask) -> None:
    _put_approval(bureau, task, bytes(64))


def _signature_of_another_task(bureau: Bureau, task: StoredTask) -> None:
    other = bureau.approve(bureau.request(bureau.numbers(bureau.batch(1))[1:2]))
    with bureau.office.database.read() as connection:
        stolen = tasks.approvals_of(connection, other.task.id)[1]
    _put_approval(bureau, task, stolen.signature, expires=stolen.expires)


def _signature_for_another_registry(bureau: Bureau, task: StoredTask) -> None:
    lee, signer = bureau.officers["lee"]
    elsewhere = Digest(bytes(32))
    made = approving.approve(task.task, lee, signer, part="approve", context=elsewhere, now=bureau.clock.now)
    _put_approval(bureau, task, made.signature, expires=made.expires)


def _later_end(bureau: Bureau, task: StoredTask) -> None:
    bureau.approve(task)
    _change_approvals(bureau, task, expires=task.task.expires + 60, at=task.task.expires)


def _too_old(bureau: Bureau, task: StoredTask) -> None:
    bureau.approve(task)
    bureau.clock.now += DAY + 1


def _signed_tomorrow(bureau: Bureau, task: StoredTask) -> None:
    bureau.approve(task)
    _change_approvals(bureau, task, at=bureau.clock.now + 60)


def _other_changes(bureau: Bureau, task: StoredTask) -> None:
    bureau.approve(task)
    changes = task.task.changes
    altered = changes[:2] + bytes([changes[2] ^ 4])
    note = dict(task.task.notes[0]) | {"index": int.from_bytes(altered, "big") >> 2}
    _change_task(bureau, task, changes=altered, notes=[note])


def _other_notes(bureau: Bureau, task: StoredTask) -> None:
    bureau.approve(task)
    _change_task(bureau, task, notes=[dict(task.task.notes[0]) | {"reason": "holder-request"}])


def _notes_that_speak_of_something_else(bureau: Bureau, task: StoredTask) -> None:
    lee, signer = bureau.officers["lee"]
    _change_task(bureau, task, notes=[])
    changed = read(bureau, task)
    context = bureau.office.context(bureau.institution)
    for name, part in (("park", "request"), ("lee", "approve")):
        officer, signer = bureau.officers[name]
        made = approving.approve(changed.task, officer, signer, part=part, context=context, now=bureau.clock.now)
        if part == "request":
            _change_approvals(bureau, task, signature=made.signature)
        else:
            _put_approval(bureau, task, made.signature, expires=made.expires)
    del lee


def _officer_who_left(bureau: Bureau, task: StoredTask) -> None:
    from issuer import accrediting

    bureau.approve(task)
    accrediting.remove_officer(bureau.office, bureau.institution, "lee")


def _role_taken_away(bureau: Bureau, task: StoredTask) -> None:
    bureau.approve(task)
    lee, _ = bureau.officers["lee"]
    with bureau.office.database.write() as connection:
        connection.execute(officers_table.update().where(officers_table.c.id == lee.id).values(roles=int(Role.REQUEST)))


def _unknown_kind(bureau: Bureau, task: StoredTask) -> None:
    bureau.approve(task)
    _change_approvals(bureau, task, kind="promise")


def _brake_for_a_revocation(bureau: Bureau, task: StoredTask) -> None:
    _change_task(bureau, task, break_glass=True)


def _put_approval(
    bureau: Bureau, task: StoredTask, signature: bytes, *, officer_id: int | None = None, expires: int | None = None
) -> None:
    lee, _ = bureau.officers["lee"]
    values = {
        "task_id": task.task.id,
        "officer_id": officer_id or lee.id,
        "part": "approve",
        "kind": "ed25519",
        "expires": expires or task.task.expires,
        "signature": signature,
        "at": bureau.clock.now,
    }
    with bureau.office.database.write() as connection:
        if officer_id == bureau.officers["park"][0].id:
            # The database itself refuses a second approval by one officer; a forger drops that rule first.
            connection.execute(approvals_table.delete())
            connection.execute(approvals_table.insert().values(values | {"part": "request"}))
            values["officer_id"] = lee.id
            connection.execute(approvals_table.insert().values(values))
        else:
            connection.execute(approvals_table.insert().values(values))


def _change_approvals(bureau: Bureau, task: StoredTask, **values: object) -> None:
    with bureau.office.database.write() as connection:
        connection.execute(approvals_table.update().where(approvals_table.c.task_id == task.task.id).values(values))


def _change_task(bureau: Bureau, task: StoredTask, **values: object) -> None:
    with bureau.office.database.write() as connection:
        connection.execute(tasks_table.update().where(tasks_table.c.id == task.task.id).values(values))


FORGERIES: dict[str, tuple[Callable[[Bureau, StoredTask], None], str]] = {
    "one officer's signature under two names": (_same_officer_twice, "approval.forged"),
    "a registered key that is none": (_one_key_for_two_names, "codec.multibase"),
    "a made-up signature": (_forged_signature, "approval.forged"),
    "the approval of another task": (_signature_of_another_task, "approval.forged"),
    "an approval for another registry": (_signature_for_another_registry, "approval.forged"),
    "an end that was moved": (_later_end, "office.clock"),
    "an approval older than a day": (_too_old, "approval.expired"),
    "an approval from the future": (_signed_tomorrow, "office.clock"),
    "other changes than were approved": (_other_changes, "approval.forged"),
    "other notes than were approved": (_other_notes, "approval.forged"),
    "notes that do not speak of the changes": (_notes_that_speak_of_something_else, "approval.malformed"),
    "an officer who has left": (_officer_who_left, "approval.not-an-officer"),
    "an officer who lost the role": (_role_taken_away, "approval.role"),
    "an unknown kind of approval": (_unknown_kind, "approval.kind"),
    "the emergency brake for a revocation": (_brake_for_a_revocation, "approval.missing"),
}


@pytest.mark.parametrize("case", FORGERIES.values(), ids=FORGERIES.keys())
def test_the_worker_refuses_a_forged_approval_and_publishes_nothing(
    bureau: Bureau, numbers: list[CertificateNumber], case: tuple[Callable[[Bureau, StoredTask], None], str]
) -> None:
    from jikin.errors import JikinError

    forge, code = case
    task = bureau.request(numbers[:1])
    forge(bureau, task)
    with bureau.office.database.write() as connection:
        tasks.set_state(connection, task.task.id, TaskState.APPROVED)
    with pytest.raises(JikinError) as caught:
        publish(bureau, task)
    assert caught.value.code == code
    assert snapshot(bureau).epoch == 0
    bureau.chain.mine()
    assert findings(bureau, numbers[0]) == ()


def test_a_task_is_used_once(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    task = bureau.approve(bureau.request(numbers[:1], State.SUSPENDED, "under-investigation"))
    publish(bureau, task)
    publish(bureau, bureau.approve(bureau.request(numbers[:1], State.VALID, "investigation-closed")))
    publish(bureau, task)  # nothing happens: it is done
    assert snapshot(bureau).epoch == 2

    with bureau.office.database.write() as connection:
        tasks.set_state(connection, task.task.id, TaskState.APPROVED)  # replayed by whoever writes the database
    with pytest.raises(OfficeError) as caught:
        publish(bureau, task)
    assert caught.value.code == "approval.used"
    assert snapshot(bureau).epoch == 2


def test_a_task_is_approved_once(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    task = bureau.approve(bureau.request(numbers[:1]))
    bureau.hire("choi")
    with pytest.raises(OfficeError) as caught:
        bureau.approve(task, by="choi")
    assert caught.value.code == "office.task-state"


def test_a_date_further_back_than_thirty_days_needs_the_registrar(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    issued = bureau.clock.now
    bureau.clock.now += 40 * DAY
    bureau.chain.mine()
    bureau.hire("seo", Role.REQUEST | Role.APPROVE)
    bureau.hire("kang", Role.REQUEST | Role.APPROVE)
    long_ago = bureau.request(numbers[:1], by="seo", effective=issued)
    with pytest.raises(OfficeError) as caught:
        bureau.approve(long_ago, by="kang")
    assert caught.value.code == "approval.backdating"

    recent = bureau.request(numbers[1:2], by="seo", effective=bureau.clock.now - 29 * DAY)
    assert publish(bureau, bureau.approve(recent, by="kang")).state is TaskState.DONE
    assert publish(bureau, bureau.approve(long_ago, by="lee")).state is TaskState.DONE


def test_states_that_moved_since_the_request_refuse_the_task(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    first = bureau.approve(bureau.request(numbers[:1]))
    second = bureau.approve(bureau.request(numbers[:1]))
    publish(bureau, first)
    with pytest.raises(OfficeError) as caught:
        publish(bureau, second)
    assert caught.value.code == "office.state"
    assert snapshot(bureau).epoch == 1


@pytest.mark.parametrize(("room", "sizes"), [(40_000, [7]), (3, [3, 3, 1]), (1, [1] * 7)])
def test_a_batch_ends_in_as_many_tasks_as_epochs_have_room(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch, room: int, sizes: list[int]
) -> None:
    from issuer import bulk

    monkeypatch.setattr(bulk, "MAX_CHANGES", room)
    batch = bureau.issue(rows(7))
    pieces = bulk.of_batch(bureau.office, bureau.institution, batch.id, {CredentialState.RELEASED})
    assert [len(piece) for piece in pieces] == sizes
    assert sorted(one.symbols for piece in pieces for one in piece) == sorted(
        one.symbols for one in bureau.numbers(batch)
    )
    for piece in pieces:
        epochs.publish(bureau.office, bureau.approve(bureau.request(piece)).task.id)
    with pytest.raises(OfficeError) as refused:
        bulk.of_batch(bureau.office, bureau.institution, batch.id, {CredentialState.RELEASED})
    assert refused.value.code == "office.not-released"
    with pytest.raises(OfficeError) as refused:
        bulk.of_batch(bureau.office, bureau.institution, batch.id + 1, {CredentialState.RELEASED})
    assert refused.value.code == "office.batch-unknown"
