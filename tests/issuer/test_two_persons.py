"""Two persons issue: nothing is signed before two officers have signed exactly what will be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from issuer import approving, issuing, two_persons
from issuer.approvals_export import export
from issuer.approving import ACT_ISSUE, ALL_ROLES, Role
from issuer.issue_approval import IssueTask, Records, check, manifest
from issuer.jobs import Worker
from issuer.running import Runner
from issuer.store import audit, batches, institutions, issue_tasks
from issuer.store.batches import Batch, BatchState, CredentialState
from issuer.store.embargo_tables import issue_approvals
from issuer.store.embargo_tables import issue_tasks as tasks_table
from issuer.store.issue_tasks import StoredTask, TaskState
from issuer.store.tables import batches as batches_table
from issuer.store.tables import credentials
from issuer.store.tables import rows as rows_table
from jikin.anchoring.statements import context_hash
from jikin.codec import multikey
from jikin.errors import JikinError, OfficeError
from jikin.proofs import ed25519
from jikin.status.array import State
from jikin.values import Address, ChainId, Digest, IssuerId
from tests.issuer.test_officers import Person, code_of
from tests.issuing_office import Bureau, rows

DAY = 86_400


@pytest.fixture
def strict(bureau: Bureau) -> Bureau:
    """Return an office whose institution demands two persons for lists."""
    bureau.institution = two_persons.demand(bureau.office, bureau.institution, ["list"])
    return bureau


def task_of(bureau: Bureau, batch: Batch) -> StoredTask:
    found = two_persons.task_of(bureau.office, batch)
    assert found is not None
    return found


def sign(bureau: Bureau, stored: StoredTask, by: str) -> StoredTask:
    officer, signer = bureau.officers[by]
    return two_persons.approve(bureau.office, officer, signer, stored.task.id)


def released(bureau: Bureau, batch: Batch) -> StoredTask:
    stored = task_of(bureau, batch)
    sign(bureau, stored, "park")
    return sign(bureau, stored, "lee")


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(JikinError) as caught:
        act()
    return caught.value.code


# --------------------------------------------------------------------------------------------------------------- bytes


def test_the_challenge_is_the_hash_of_the_bytes_in_the_statements() -> None:
    uid, records = bytes(range(16)), Digest(b"\x07" * 32)
    said = manifest(uid=uid, type_id="t", count=2, sources=[b"\x01" * 32], records=records, suite="s")
    task = IssueTask(1, 1, uid, 1, None, said, 0, DAY, None)
    written = (
        '{"count":2,"policy":{"embargo":null,"suite":"s","task":"000102030405060708090a0b0c0d0e0f"},'
        f'"records":"{"07" * 32}","sources":["{"01" * 32}"],"type":"t"}}'
    )
    subject = hashlib.sha256(written.encode()).digest()
    assert task.about.raw == approving.subject(task).raw == subject
    signed = b"JKV1" + bytes(32) + b"\x02" + subject + DAY.to_bytes(8, "big")
    assert approving.challenge(Digest(bytes(32)), task.about, DAY, ACT_ISSUE) == hashlib.sha256(signed).digest()


def test_records_are_found_by_their_line_and_by_no_other() -> None:
    hashes = {line: bytes([line]) * 32 for line in (2, 3, 5, 9, 200)}
    records = Records.of(hashes)
    assert len(records) == 5
    assert {line: records.at(line) for line in range(1, 256)} == {line: hashes.get(line) for line in range(1, 256)}
    assert records.digest.raw == hashlib.sha256(records.raw).digest()
    assert Records(b"").at(1) is None


# ------------------------------------------------------------------------------------------------------------ the rule


def test_nothing_is_reserved_or_signed_before_two_officers_signed(strict: Bureau) -> None:
    batch = strict.accept(rows(3))
    assert refused(lambda: strict.run(batch)) == "approval.missing"
    stored = task_of(strict, batch)
    assert stored.state is TaskState.DRAFT
    assert sign(strict, stored, "park").state is TaskState.OPEN
    assert refused(lambda: strict.run(batch)) == "approval.missing"
    assert strict.credentials(batch) == ()
    assert sign(strict, stored, "lee").state is TaskState.APPROVED
    done = strict.run(batch)
    assert done.state is BatchState.RELEASED
    assert task_of(strict, done).state is TaskState.USED
    with strict.office.database.read() as connection:
        acts = [(act.act, act.officer_id) for act in audit.entries(connection) if act.subject.startswith("issue_tasks")]
    assert acts == [
        ("issue requested", strict.officers["park"][0].id),
        ("issue approved", strict.officers["lee"][0].id),
    ]


def test_where_it_is_not_demanded_one_person_is_enough(bureau: Bureau) -> None:
    assert bureau.issue(rows(1)).state is BatchState.RELEASED
    assert two_persons.task_of(bureau.office, bureau.accept(rows(1, first=9), key="list 2")) is None


def test_two_passkeys_of_two_persons_release_a_list(strict: Bureau) -> None:
    clerk = Person(strict, "박서연", Role.ISSUE).enrol()
    chief = Person(strict, "이준호", Role.APPROVE).enrol()
    batch = strict.accept(rows(2))
    stored = task_of(strict, batch)

    def by_passkey(person: Person) -> StoredTask:
        options = two_persons.signing_options(strict.office, person.officer, stored.task.id)
        return two_persons.sign(strict.office, person.officer, stored.task.id, person.device.get(options))

    assert code_of(by_passkey, chief) == "approval.role"  # who approves does not ask
    assert by_passkey(clerk).state is TaskState.OPEN
    assert code_of(by_passkey, clerk) == "approval.same-officer"
    assert by_passkey(chief).state is TaskState.APPROVED
    assert strict.run(batch).state is BatchState.RELEASED


def test_a_passkey_without_user_verification_releases_nothing(strict: Bureau) -> None:
    clerk = Person(strict, "박서연", Role.ISSUE).enrol()
    batch = strict.accept(rows(1))
    stored = task_of(strict, batch)
    options = two_persons.signing_options(strict.office, clerk.officer, stored.task.id)
    two_persons.sign(strict.office, clerk.officer, stored.task.id, clerk.device.get(options))
    sign(strict, stored, "lee")
    with strict.office.database.write() as connection:
        where = issue_approvals.c.part == "request"
        (data,) = connection.execute(select(issue_approvals.c.authenticator_data).where(where)).one()
        unverified = bytearray(data)
        unverified[32] &= ~0x04
        connection.execute(update(issue_approvals).where(where).values(authenticator_data=bytes(unverified)))
    assert refused(lambda: strict.run(batch)) == "approval.forged"


def test_one_person_under_two_names_with_one_key_is_one_person(strict: Bureau) -> None:
    batch = strict.accept(rows(1))
    stored = task_of(strict, batch)
    sign(strict, stored, "park")
    officer, signer = strict.officers["park"]
    double = replace(strict.officers["lee"][0], multikey=officer.multikey)
    with strict.office.database.read() as connection:
        given = issue_tasks.approvals_of(connection, stored.task.id)
        circumstances = two_persons._given(strict.office, strict.institution)
    context = strict.office.context(strict.institution)
    second = approving.approve(stored.task, double, signer, part="approve", context=context, now=strict.office.clock())
    with pytest.raises(OfficeError) as caught:
        check(stored.task, [*given, second], [officer, double], circumstances)
    assert caught.value.code == "approval.same-officer"


def test_who_may_not_issue_cannot_ask_and_who_may_not_approve_cannot_approve(strict: Bureau) -> None:
    strict.hire("asks", Role.ISSUE)
    strict.hire("reads", Role.REVIEW)
    stored = task_of(strict, strict.accept(rows(1)))
    assert refused(lambda: sign(strict, stored, "reads")) == "approval.role"
    sign(strict, stored, "park")
    assert refused(lambda: sign(strict, stored, "asks")) == "approval.role"


def test_what_is_signed_for_a_status_change_is_none_for_an_issue() -> None:
    about = Digest(b"\x01" * 32)
    assert approving.challenge(Digest(bytes(32)), about, 7, 1) != approving.challenge(Digest(bytes(32)), about, 7, 2)


# ------------------------------------------------------------------------------------------------------------ forgeries


def _row_changed(bureau: Bureau, batch: Batch) -> None:
    with bureau.office.database.write() as connection:
        found = batches.source_rows(connection, batch.id, "good")[0]
        forged = {**(found.record or {}), "name_ko": "이도둑"}
        connection.execute(
            update(rows_table)
            .where(rows_table.c.batch_id == batch.id, rows_table.c.line == found.line)
            .values(record=forged)
        )


def _row_added(bureau: Bureau, batch: Batch) -> None:
    with bureau.office.database.write() as connection:
        found = batches.source_rows(connection, batch.id, "good")[0]
        forged = {**(found.record or {}), "name_ko": "이도둑"}
        connection.execute(
            rows_table.insert().values(
                batch_id=batch.id, line=99, state="good", record=forged, record_hash=bytes(32), faults=[]
            )
        )


def _manifest_changed(bureau: Bureau, batch: Batch) -> None:
    stored = task_of(bureau, batch)
    with bureau.office.database.write() as connection:
        forged = {**stored.task.manifest, "count": 99}
        connection.execute(update(tasks_table).values(manifest=forged))


def _suite_changed(bureau: Bureau, batch: Batch) -> None:
    with bureau.office.database.write() as connection:
        from issuer.store.tables import batches as table

        connection.execute(update(table).values(suite="eddsa-jcs-2022"))


TAMPERINGS = {
    "a row says something else": (_row_changed, "approval.forged"),
    "a row is added": (_row_added, "approval.forged"),
    "the manifest says something else": (_manifest_changed, "approval.forged"),
    "another suite signs": (_suite_changed, "approval.forged"),
}


@pytest.mark.parametrize(("tamper", "code"), TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_what_was_changed_after_the_approval_is_not_issued(
    strict: Bureau, tamper: Callable[[Bureau, Batch], None], code: str
) -> None:
    batch = strict.accept(rows(3))
    released(strict, batch)
    tamper(strict, batch)
    assert refused(lambda: strict.run(strict.batch(batch.id))) == code
    assert strict.credentials(batch) == ()


def test_a_record_changed_between_reserving_and_signing_is_not_signed(strict: Bureau) -> None:
    batch = strict.accept(rows(3))
    released(strict, batch)
    strict.run(batch, until="sign_chunk")
    stored = strict.credentials(batch)[1]
    forged = {**(stored.record or {}), "name_ko": "이도둑"}
    with strict.office.database.write() as connection:
        connection.execute(update(credentials).where(credentials.c.id == stored.id).values(record=forged))
    assert refused(lambda: strict.run(strict.batch(batch.id))) == "approval.forged"
    assert {one.state for one in strict.credentials(batch)} == {CredentialState.RESERVED}


def test_a_batch_set_to_reserved_by_hand_is_not_signed(strict: Bureau) -> None:
    batch = strict.accept(rows(1))
    strict.institution = two_persons.demand(strict.office, strict.institution, [])
    strict.run(batch, until="sign_chunk")
    with strict.office.database.write() as connection:
        institutions.set_two_persons(connection, strict.institution.id, ["list"])
    assert refused(lambda: strict.run(strict.batch(batch.id))) == "approval.missing"


def test_states_set_by_hand_release_nothing(strict: Bureau) -> None:
    batch = strict.accept(rows(1))
    stored = task_of(strict, batch)
    with strict.office.database.write() as connection:
        issue_tasks.set_state(connection, stored.task.id, TaskState.APPROVED)
    assert refused(lambda: strict.run(batch)) == "approval.missing"


def test_an_approval_ends_after_a_day_and_the_list_is_asked_for_anew(strict: Bureau) -> None:
    batch = strict.accept(rows(1))
    first = released(strict, batch)
    strict.clock.now += DAY
    assert refused(lambda: strict.run(batch)) in {"approval.expired", "approval.missing"}
    again = task_of(strict, batch)
    assert again.task.id != first.task.id
    assert again.state is TaskState.DRAFT
    with strict.office.database.read() as connection:
        old = issue_tasks.find(connection, first.task.id)
    assert old is not None
    assert old.state is TaskState.REFUSED
    released(strict, batch)
    assert strict.run(batch).state is BatchState.RELEASED


def test_approvals_of_one_list_release_no_other_that_looks_the_same(strict: Bureau) -> None:
    """The same file under another key has another task inside its manifest."""
    first = strict.accept(rows(1))
    released(strict, first)
    second_uid = approving.new_uid()
    with strict.office.database.read() as connection:
        stored = issue_tasks.live(connection, batch_id=first.id)
        assert stored is not None
        given = issue_tasks.approvals_of(connection, stored.task.id)
        everybody = institutions.every_officer(connection, strict.institution.id)
    copied = replace(
        stored.task,
        uid=second_uid,
        manifest={**stored.task.manifest, "policy": {**stored.task.manifest["policy"], "task": second_uid.hex()}},  # type: ignore[dict-item]
    )
    with pytest.raises(OfficeError) as caught:
        check(copied, given, everybody, two_persons._given(strict.office, strict.institution))
    assert caught.value.code == "approval.forged"
    other = replace(stored.task, uid=second_uid)
    with pytest.raises(OfficeError) as caught:
        check(other, given, everybody, two_persons._given(strict.office, strict.institution))
    assert caught.value.code == "approval.malformed"


def test_a_task_is_used_once(strict: Bureau) -> None:
    batch = strict.accept(rows(1))
    released(strict, batch)
    issuing.reserve(strict.office, batch.id)
    with strict.office.database.write() as connection:
        from issuer.store.tables import batches as table

        connection.execute(update(table).values(state="accepted"))
        connection.execute(update(rows_table).values(record=dict(strict.credentials(batch)[0].record or {})))
    assert refused(lambda: issuing.reserve(strict.office, batch.id)) == "approval.used"
    assert len(strict.credentials(batch)) == 1


def test_an_officer_who_left_has_approved_nothing(strict: Bureau) -> None:
    from issuer import accrediting

    batch = strict.accept(rows(1))
    released(strict, batch)
    accrediting.remove_officer(strict.office, strict.institution, "lee")
    assert refused(lambda: strict.run(batch)) == "approval.not-an-officer"


def test_a_list_that_was_sent_back_waits_for_nobody(strict: Bureau) -> None:
    batch = strict.accept(rows(1))
    stored = task_of(strict, batch)
    two_persons.decline(strict.office, strict.officers["park"][0], stored.task.id)
    assert refused(lambda: sign(strict, stored, "park")) == "office.task-state"
    assert task_of(strict, batch).task.id != stored.task.id


# -------------------------------------------------------------------------------------------------------- the machinery


def test_the_runner_leaves_a_list_alone_until_it_was_released_and_then_issues_it(strict: Bureau) -> None:
    batch = strict.accept(rows(2))
    stored = task_of(strict, batch)
    runner = Runner(strict.office)
    assert runner._next() is None
    sign(strict, stored, "park")
    assert runner._next() is None
    sign(strict, stored, "lee")
    work = runner._next()
    assert work is not None
    assert (work.kind, work.id) == ("issue", batch.id)
    with Worker(strict.office) as worker:
        worker.issue(batch.id)
    assert strict.batch(batch.id).state is BatchState.RELEASED


def test_hashes_of_records_are_kept_until_the_batch_is_released_and_no_longer(strict: Bureau) -> None:
    batch = strict.accept(rows(2))
    stored = released(strict, batch)

    def kept() -> bytes | None:
        two_persons.forget_records(strict.office)
        with strict.office.database.read() as connection:
            return issue_tasks.records_of(connection, stored.task.id)

    assert len(kept() or b"") == 72
    strict.run(batch)
    assert kept() is None


def test_demands_name_origins_and_are_an_act(bureau: Bureau) -> None:
    with pytest.raises(OfficeError, match="application, list, offer") as caught:
        two_persons.demand(bureau.office, bureau.institution, ["copies"])
    assert caught.value.code == "office.origin"
    assert two_persons.demand(bureau.office, bureau.institution, ["offer", "list"]).two_persons == ("list", "offer")
    with bureau.office.database.read() as connection:
        last = audit.entries(connection)[-1]
    assert (last.act, last.detail) == ("two persons demanded", {"origins": ["list", "offer"]})


def test_nothing_that_is_being_issued_can_be_caught_by_a_new_demand(bureau: Bureau) -> None:
    bureau.run(bureau.accept(rows(1)), until="anchor")
    with pytest.raises(OfficeError) as caught:
        two_persons.demand(bureau.office, bureau.institution, ["list"])
    assert caught.value.code == "office.in-work"


def test_certificates_within_a_day_have_a_cap(bureau: Bureau) -> None:
    office = replace(bureau.office, settings=replace(bureau.office.settings, certificates_per_day=5))
    bureau.office = office
    bureau.issue(rows(3))
    batch = bureau.accept(rows(3, first=10), key="list 2")
    with pytest.raises(OfficeError, match="right would be 5 at most") as caught:
        bureau.run(batch)
    assert caught.value.code == "office.cap"
    assert bureau.credentials(batch) == ()
    bureau.clock.now += DAY
    assert bureau.run(batch).state is BatchState.RELEASED


def test_all_roles_hold_the_two_that_issuing_needs() -> None:
    assert Role.ISSUE | Role.APPROVE in ALL_ROLES


def test_what_other_programs_ask_for_waits_too_where_it_is_demanded(bureau: Bureau) -> None:
    bureau.institution = two_persons.demand(bureau.office, bureau.institution, ["offer"])
    batch = bureau.accept(rows(1))
    with bureau.office.database.write() as connection:
        connection.execute(update(batches_table).values(origin="offer"))
    assert refused(lambda: bureau.run(bureau.batch(batch.id))) == "approval.missing"
    (stored,) = two_persons.waiting(bureau.office, bureau.institution)  # the worker wrote down what is missing
    assert stored.task.batch_id == batch.id
    sign(bureau, stored, "park")
    sign(bureau, stored, "lee")
    assert bureau.run(bureau.batch(batch.id)).state is BatchState.RELEASED


# --------------------------------------------------------------------------------------------------- emergency brake


def test_one_officer_suspends_alone_and_nothing_else_and_it_stays_in_the_log(strict: Bureau) -> None:
    batch = strict.accept(rows(2))
    released(strict, batch)
    first, second = strict.numbers(strict.run(batch))
    task = strict.request([first], State.SUSPENDED, "under-investigation", alone=True)
    with Worker(strict.office) as worker:
        worker.publish(task.task.id)
    states = {one.number: one.state for one in strict.credentials(batch)}
    assert states == {first.symbols: CredentialState.SUSPENDED, second.symbols: CredentialState.RELEASED}
    for state, reason in ((State.REVOKED, "issued-in-error"), (State.VALID, "investigation-closed")):
        assert refused(lambda: strict.request([first], state, reason, alone=True)) == "approval.missing"  # noqa: B023
    strict.hire("asks", Role.REQUEST)
    asked = ([second], State.SUSPENDED, "under-investigation")
    assert refused(lambda: strict.request(*asked, by="asks", alone=True)) == "approval.role"
    with strict.office.database.read() as connection:
        (act,) = [act for act in audit.entries(connection) if act.act == "status change requested"]
    assert (act.detail, act.officer_id) == ({"changes": 1, "alone": True}, strict.officers["park"][0].id)
    exported = export(strict.office, strict.institution)
    (told,) = exported["status"]  # type: ignore[misc]
    assert (told["alone"], told["state"], len(told["approvals"])) == (True, "done", 1)  # type: ignore[index,arg-type,call-overload]


def test_the_export_is_enough_to_check_every_signature_again(strict: Bureau) -> None:
    """With the registry's context and the officers' keys alone, as an auditor has them."""
    batch = strict.accept(rows(1))
    released(strict, batch)
    numbers = strict.numbers(strict.run(batch))
    strict.approve(strict.request(numbers))
    told = json.loads(json.dumps(export(strict.office, strict.institution)))
    keys = {one["officer"]: multikey.decode(one["multikey"]) for one in told["officers"]}
    place = context_hash(
        ChainId.parse(told["chain"]), Address.parse(told["registry"]), IssuerId.from_hex(told["issuerId"])
    )
    (issue,), (status,) = told["issue"], told["status"]
    manifest = json.dumps(issue["manifest"], ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    subjects = {
        2: hashlib.sha256(manifest).digest(),
        1: hashlib.sha256(
            bytes.fromhex(status["uid"] + status["listId"][2:] + status["changes"] + status["notesHash"])
        ).digest(),
    }
    for act, task in ((2, issue), (1, status)):
        assert [one["part"] for one in task["approvals"]] == ["request", "approve"]
        assert len({one["officer"] for one in task["approvals"]}) == 2
        for one in task["approvals"]:
            signed = b"JKV1" + place.raw + bytes([act]) + subjects[act] + one["expires"].to_bytes(8, "big")
            challenge = hashlib.sha256(signed).digest()
            assert ed25519.verify(keys[one["officer"]], challenge, bytes.fromhex(one["signature"]))
    said = json.dumps(told)
    assert numbers[0].symbols not in said
    assert "issued-in-error" not in said
