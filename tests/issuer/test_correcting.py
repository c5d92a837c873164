"""A certificate that says something wrong is replaced: two officers approve the right record, the first date stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from issuer import bulk, epochs, releasing, replacing, revoking, telling
from issuer.checking import Checker
from issuer.store import batches, task_rows, tasks, trees
from issuer.store.batches import BatchState, Credential, CredentialState
from issuer.store.tables import task_rows as task_rows_table
from issuer.store.tasks import StoredTask, TaskState
from jikin.credentials.record import NumberRecord
from jikin.errors import OfficeError
from jikin.status.array import State
from jikin.status.notes import Note
from jikin.status.publication import Publication
from jikin.status.snapshot import StatusSnapshot
from jikin.values import CertificateNumber
from tests.issuing_office import Bureau, open_bureau, rows

DAY = 86_400


@pytest.fixture
def numbers(bureau: Bureau) -> list[CertificateNumber]:
    """Return the numbers of three certificates that were released ten days ago."""
    found = bureau.numbers(bureau.issue(rows(3)))
    bureau.clock.now += 10 * DAY
    bureau.chain.mine()
    return found


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bureau, list[CertificateNumber]]]:
    """Yield one office with three certificates for everything that is refused: nothing there changes."""
    opened = open_bureau(tmp_path_factory.mktemp("settled") / "office")
    with opened.office:
        yield opened, opened.numbers(opened.issue(rows(3)))


def ask(
    bureau: Bureau,
    numbers: list[CertificateNumber],
    corrected: dict[CertificateNumber, dict[str, str]],
    *,
    state: State = State.REPLACED,
    reason: str = "issued-in-error",
) -> StoredTask:
    officer, signer = bureau.officers["park"]
    cells = {number.symbols: cells for number, cells in corrected.items()}
    asked = revoking.Request(numbers, state, reason, corrected=cells, tell=True)
    (task,) = revoking.request(bureau.office, bureau.institution, officer, signer, asked)
    return task


def correct(bureau: Bureau, number: CertificateNumber, **cells: str) -> StoredTask:
    return ask(bureau, [number], {number: cells}, reason="corrected")


def publish(bureau: Bureau, task: StoredTask) -> StoredTask:
    epochs.publish(bureau.office, bureau.approve(task).task.id)
    with bureau.office.database.read() as connection:
        return tasks.by_id(connection, task.task.id)


def by_number(bureau: Bureau, number: CertificateNumber) -> Credential:
    with bureau.office.database.read() as connection:
        found = batches.by_number(connection, number.symbols)
    assert found is not None
    return found


def replacement(bureau: Bureau, number: CertificateNumber) -> Credential:
    old = by_number(bureau, number)
    with bureau.office.database.read() as connection:
        return task_rows.replacements(connection, [old.id])[old.id]


def objections(bureau: Bureau, credential: Credential) -> tuple[str, ...]:
    """Return what a stranger who holds certificate and receipt is told."""
    with bureau.office.database.read() as connection:
        batch = batches.by_id(connection, credential.batch_id)
    (one,) = releasing.issued(bureau.office, bureau.institution, batch, [credential])
    return Checker.of(bureau.office, bureau.institution).objections(one.document)


def note_of(bureau: Bureau, credential: Credential) -> Note:
    """Return the note as the holder opens it with the receipt."""
    with bureau.office.database.read() as connection:
        from issuer.store import institutions

        status_list = institutions.status_list(connection, credential.status_list_id)
        salt = trees.salts_of(connection, [credential.id])[credential.id]
    snapshot = StatusSnapshot.read(bureau.chain.view(), bureau.institution.issuer_id, status_list.list_id)
    assert snapshot is not None
    file = bureau.office.public(bureau.institution).path / "status" / status_list.list_id.raw.hex() / "notes"
    publication = Publication.parse(json.loads(file.read_text()))
    assert snapshot.check_opening(publication) is None
    sealed = publication.note(credential.status_index)
    assert sealed is not None
    return sealed.open(snapshot.lctx, salt)


def record_of(bureau: Bureau, number: CertificateNumber) -> NumberRecord:
    file = bureau.office.public(bureau.institution).path / "n" / number.symbols
    return NumberRecord.parse(json.loads(file.read_text()))


# ------------------------------------------------------------------------------------------------------------ the way


def test_the_right_certificate_takes_the_place_and_keeps_the_first_date_of_issue(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    old = by_number(bureau, numbers[0])
    done = publish(bureau, correct(bureau, numbers[0], name_ko="김하람"))
    assert done.state is TaskState.DONE
    new = replacement(bureau, numbers[0])
    assert by_number(bureau, numbers[0]).state is CredentialState.REPLACED
    assert new.state is CredentialState.RELEASED
    assert (new.valid_from, new.valid_until) == (old.valid_from, old.valid_until)
    assert new.valid_from < bureau.clock.now - 9 * DAY
    assert new.number != old.number
    assert new.record == {**(old.record or {}), "name_ko": "김하람"}
    assert objections(bureau, by_number(bureau, numbers[0])) == ("status.replaced",)
    assert objections(bureau, new) == ()


def test_the_note_names_the_digest_of_what_took_the_place_and_the_number_record_its_number(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    publish(bureau, correct(bureau, numbers[0], name_ko="김하람"))
    new = replacement(bureau, numbers[0])
    note = note_of(bureau, by_number(bureau, numbers[0]))
    assert (note.state, note.reason, note.replacement) == (State.REPLACED, "corrected", new.digest)
    assert record_of(bureau, numbers[0]).replaced_by == CertificateNumber(new.number)
    assert record_of(bureau, CertificateNumber(new.number)).replaced_by is None


def test_the_holder_is_told_once_in_both_languages_with_the_new_number(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    task = correct(bureau, numbers[0], name_ko="김하람")
    done = publish(bureau, task)
    telling.notify(bureau.office, done)
    (notice,) = (bureau.office.settings.path(Path("outbox"))).glob("status-*.txt")
    text = notice.read_text("utf-8")
    new = str(CertificateNumber(replacement(bureau, numbers[0]).number))
    assert text.count(new) == 2
    assert "내용을 바로잡아 새로 발급했습니다" in text
    assert "keeps the first date of issue" in text
    assert notice.stat().st_mode & 0o777 == 0o600


def test_some_certificates_of_a_list_end_and_others_are_corrected_in_one_epoch(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    text = f"증명서 번호,성명,영문성명\n{numbers[0]},,\n{numbers[1]},이도훈,\n{numbers[2]},,Park Seo-yeon\n"
    listed = bulk.read(bureau.office, bureau.institution, text.encode())
    assert listed.numbers == tuple(numbers)
    officer, signer = bureau.officers["park"]
    asked = revoking.Request(listed.numbers, State.REVOKED, "issued-in-error", corrected=listed.corrected, tell=True)
    (task,) = revoking.request(bureau.office, bureau.institution, officer, signer, asked)
    assert telling.progress(bureau.office, task.task.id) == telling.Progress(3, 2, 0, 0)
    publish(bureau, task)
    assert telling.progress(bureau.office, task.task.id) == telling.Progress(3, 2, 2, 3)
    states = [by_number(bureau, number).state for number in numbers]
    assert states == [CredentialState.REVOKED, CredentialState.REPLACED, CredentialState.REPLACED]
    assert len(list(bureau.office.settings.path(Path("outbox")).glob("status-*.txt"))) == 3
    assert {replacement(bureau, number).batch_id for number in numbers[1:]} == {2}  # one batch, one anchor
    (head,) = bureau.chain.view().status_heads(bureau.institution.issuer_id, [task.task.list_id])
    assert head is not None
    assert head.epoch == 1


# ------------------------------------------------------------------------------------------------- cut off anywhere


class CutError(Exception):
    """The process ends here."""


@pytest.mark.parametrize(
    "where",
    [
        "replacing.issuing.sign_chunk",
        "replacing.issuing.anchor",
        "replacing.releasing.release",
        "replacing.task_rows.replaced",
        "telling.task_rows.notified",
        "epochs.tasks.published",
    ],
)
def test_a_correction_that_is_cut_off_anywhere_goes_on_and_issues_one_certificate(
    bureau: Bureau, numbers: list[CertificateNumber], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """The real step runs, and the process ends before anything is noted of it; what was stored is what counts."""
    task = bureau.approve(correct(bureau, numbers[0], name_ko="김하람"))
    with monkeypatch.context() as patched:
        _cut(patched, where)
        with pytest.raises(CutError):
            epochs.publish(bureau.office, task.task.id)
    epochs.publish(bureau.office, task.task.id)
    new = replacement(bureau, numbers[0])
    assert by_number(bureau, numbers[0]).state is CredentialState.REPLACED
    assert objections(bureau, new) == ()
    with bureau.office.database.read() as connection:
        made = [one for one in batches.every(connection, bureau.institution.id) if one.origin == "correction"]
    assert [(one.state, one.count) for one in made] == [(BatchState.RELEASED, 1)]
    assert len(list(bureau.office.settings.path(Path("outbox")).glob("status-*.txt"))) == 1
    (epoch,) = [one for one in _epochs(bureau, task) if one]
    assert epoch == 1


def _cut(patched: pytest.MonkeyPatch, where: str) -> None:
    import importlib

    module, *path, name = where.split(".")
    holder: object = importlib.import_module(f"issuer.{module}")
    steps = replacing._STEPS
    for part in path:
        holder = getattr(holder, part)
    real: Callable[..., object] = getattr(holder, name)

    def cut(*given: object, **named: object) -> object:
        real(*given, **named)
        raise CutError(where)

    if real in steps:
        patched.setattr(replacing, "_STEPS", tuple(cut if step is real else step for step in steps))
    else:
        patched.setattr(holder, name, cut)


def _epochs(bureau: Bureau, task: StoredTask) -> Iterator[int]:
    history = bureau.chain.view().status_history(bureau.institution.issuer_id, task.task.list_id)
    assert history is not None
    return (epoch.epoch for epoch in history.epochs)


# ---------------------------------------------------------------------------------------------------- what is refused


def test_a_record_that_was_changed_after_the_approval_is_not_issued(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    """Who can write into the database does not choose what is certified: the officers signed a commitment to it."""
    task = bureau.approve(correct(bureau, numbers[0], name_ko="김하람"))
    old = by_number(bureau, numbers[0])
    with bureau.office.database.write() as connection:
        forged = {**(old.record or {}), "name_ko": "이도둑"}
        connection.execute(task_rows_table.update().values(record=forged))
    with pytest.raises(OfficeError) as refused:
        epochs.publish(bureau.office, task.task.id)
    assert refused.value.code == "approval.forged"
    with bureau.office.database.read() as connection:
        assert len(batches.every(connection, bureau.institution.id)) == 1


def test_what_was_revoked_after_the_correction_was_approved_gets_no_successor(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    correction = bureau.approve(correct(bureau, numbers[0], name_ko="김하람"))
    epochs.publish(bureau.office, bureau.approve(bureau.request(numbers[:1])).task.id)
    with pytest.raises(OfficeError) as refused:
        epochs.publish(bureau.office, correction.task.id)
    assert refused.value.code == "office.state"
    with bureau.office.database.read() as connection:
        assert len(batches.every(connection, bureau.institution.id)) == 1


def test_nothing_is_issued_for_a_correction_that_one_person_approved(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    task = correct(bureau, numbers[0], name_ko="김하람")
    with bureau.office.database.write() as connection:
        tasks.set_state(connection, task.task.id, TaskState.APPROVED)
    with pytest.raises(OfficeError) as refused:
        epochs.publish(bureau.office, task.task.id)
    assert refused.value.code == "approval.missing"
    with bureau.office.database.read() as connection:
        assert len(batches.every(connection, bureau.institution.id)) == 1


def test_of_a_correction_that_was_declined_no_record_is_kept(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    task = correct(bureau, numbers[0], name_ko="김하람")
    officer, _ = bureau.officers["lee"]
    revoking.decline(bureau.office, officer, task.task.id)
    with bureau.office.database.read() as connection:
        assert [row.record for row in task_rows.of_task(connection, task.task.id)] == [None]


def test_once_it_is_issued_the_corrected_record_lies_in_one_place_alone(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    task = publish(bureau, correct(bureau, numbers[0], name_ko="김하람"))
    with bureau.office.database.read() as connection:
        assert [row.record for row in task_rows.of_task(connection, task.task.id)] == [None]
    assert "김하람" not in json.dumps([dict(note) for note in task.task.notes], ensure_ascii=False)


REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "nothing is named that it shall say": ({}, "office.correction"),
    "it says so already": ({"name_ko": "이도윤"}, "office.correction"),
    "there is no such column": ({"nickname": "하람"}, "office.correction"),
    "the value breaks the column's rule": ({"birth_date": "yesterday"}, "office.correction"),
}


@pytest.mark.parametrize(("cells", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_correction_that_cannot_be_right_is_refused_when_it_is_asked_for(
    settled: tuple[Bureau, list[CertificateNumber]], cells: dict[str, str], code: str
) -> None:
    bureau, numbers = settled
    with pytest.raises(OfficeError) as refused:
        correct(bureau, numbers[0], **cells)
    assert refused.value.code == code


def test_a_certificate_is_not_replaced_by_nothing(settled: tuple[Bureau, list[CertificateNumber]]) -> None:
    bureau, numbers = settled
    with pytest.raises(OfficeError) as refused:
        bureau.request(numbers[:1], State.REPLACED, "superseded")
    assert refused.value.code == "office.request"


def test_what_was_replaced_does_not_move_again(bureau: Bureau, numbers: list[CertificateNumber]) -> None:
    publish(bureau, correct(bureau, numbers[0], name_ko="김하람"))
    for state, reason in ((State.VALID, "suspension-ended"), (State.REVOKED, "issued-in-error")):
        with pytest.raises(OfficeError) as refused:
            bureau.request(numbers[:1], state, reason)
        assert refused.value.code == "office.state"


LISTS: dict[str, tuple[str, str]] = {
    "there is no column of numbers": ("성명\n김하람\n", "csv.columns"),
    "a number is mistyped": ("번호\n26-KR12-0000-0000-0000-00\n", "office.bulk"),
    "a number stands twice": ("번호\n{0}\n{0}\n", "office.bulk"),
    "a number with corrections is nobody's here": ("번호,성명\n{unknown},김하람\n", "office.number-unknown"),
    "a column belongs to no certificate": ("번호,별명\n{0},하람\n", "office.correction"),
}


@pytest.mark.parametrize(("text", "code"), LISTS.values(), ids=LISTS.keys())
def test_a_list_that_cannot_be_right_changes_nothing(
    settled: tuple[Bureau, list[CertificateNumber]], text: str, code: str
) -> None:
    bureau, numbers = settled
    unknown = CertificateNumber.random(2026, "KR12")
    with pytest.raises(OfficeError) as refused:
        bulk.read(bureau.office, bureau.institution, text.format(*numbers, unknown=unknown).encode())
    assert refused.value.code == code


# --------------------------------------------------------------------------------------------------- not too much a day


def test_one_officer_asks_for_no_more_changes_a_day_than_the_cap(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    capped = replace(bureau, office=replace(bureau.office, settings=_capped(bureau, 2)))
    capped.request(numbers[:2])
    with pytest.raises(OfficeError) as refused:
        capped.request(numbers[2:])
    assert refused.value.code == "office.cap"
    bureau.clock.now += DAY + 1
    bureau.chain.mine()
    capped.request(numbers[2:])


def test_the_worker_publishes_no_more_a_day_than_the_cap_whoever_wrote_the_tasks(
    bureau: Bureau, numbers: list[CertificateNumber]
) -> None:
    """Counted on the chain: what the same account published past this office counts too."""
    first, second = (bureau.approve(bureau.request([number])) for number in numbers[:2])
    capped = replace(bureau.office, settings=_capped(bureau, 1))
    epochs.publish(capped, first.task.id)
    with pytest.raises(OfficeError) as refused:
        epochs.publish(capped, second.task.id)
    assert refused.value.code == "office.cap"
    assert by_number(bureau, numbers[1]).state is CredentialState.RELEASED


def _capped(bureau: Bureau, most: int):  # type: ignore[no-untyped-def]
    return replace(bureau.office.settings, status_changes_per_day=most)
