"""The books: whatever way certificates came to be, what the auditor gets counts them right and names nobody."""

from __future__ import annotations

import json

import pytest

from issuer import books, embargo, embargo_opening, epochs, jobs, offering
from issuer.store import batches
from issuer.store.batches import Batch
from issuer.store.tables import credentials, status_lists
from jikin.status.array import State
from jikin.verification.auditing.audit import Audit, audit
from jikin.verification.auditing.books import Books
from jikin.verification.auditing.gathering import Material, gather
from jikin.verification.auditing.public_files import FolderFiles
from tests.issuer import test_embargo
from tests.issuing_office import HEADER, TYPE, Bureau, row, rows


def audited(bureau: Bureau) -> Audit:
    """Return what an auditor finds who is shown everything, the books as they stand now."""
    shown = Material(
        FolderFiles(bureau.office.public(bureau.institution).path),
        books.write(bureau.office, bureau.institution),
        books.index_keys(bureau.office, bureau.institution),
    )
    return audit(gather(bureau.chain, (bureau.institution.did,), shown))


@pytest.fixture
def busy(bureau: Bureau) -> Bureau:
    """Return an office after a list, two single certificates, a suspension, a correction and a heartbeat."""
    numbers = bureau.numbers(bureau.issue(rows(3)))
    kind = bureau.office.types.named(TYPE)
    for number in (101, 102):
        subject = dict(zip(HEADER.split(","), row(number).split(","), strict=True))
        offering.offer_record(bureau.office, bureau.institution, kind, subject)
    for batch_id in (2, 3):
        for step in jobs.ISSUE.steps:
            while step(bureau.office, batch_id):
                pass
    suspended = bureau.request(numbers[:1], State.SUSPENDED, "under-investigation", alone=True)
    epochs.publish(bureau.office, suspended.task.id)
    from tests.issuer.test_correcting import correct

    epochs.publish(bureau.office, bureau.approve(correct(bureau, numbers[1], name_ko="김하람")).task.id)
    bureau.clock.now += 25 * 3600
    bureau.chain.mine()
    (one,) = {task.status_list_id for task in (suspended,)}
    epochs.heartbeat(bureau.office, one)
    return bureau


def test_an_office_that_did_a_bit_of_everything_has_books_that_hold(busy: Bureau) -> None:
    found = audited(busy)
    assert [str(one) for one in found.findings] == []
    (listed,) = found.issuers[0].lists
    assert (listed.epochs, listed.opened) == (3, 3)


def test_certificates_that_share_a_tree_are_counted_under_one_root(busy: Bureau) -> None:
    kept = books.write(busy.office, busy.institution)
    assert sorted(one.leaves for one in kept.batches) == [1, 2, 3]  # the two single ones share a tree
    assert (kept.numbers, kept.copies) == (6, 0)


def test_the_books_name_nobody_and_are_read_back_as_they_were_written(busy: Bureau) -> None:
    kept = books.write(busy.office, busy.institution)
    text = json.dumps(kept.to_json(), ensure_ascii=False)
    assert Books.parse(json.loads(text)) == kept
    with busy.office.database.read() as connection:
        stored = connection.execute(credentials.select()).all()
    for one in stored:
        assert one.number not in text
        assert one.digest.hex() not in text
        assert all(str(value) not in text for value in (one.record or {}).values() if len(str(value)) > 4)
    assert "under-investigation" not in text


def test_an_entry_that_was_reserved_for_nothing_shows_in_the_books_themselves(busy: Bureau) -> None:
    with busy.office.database.write() as connection:
        connection.execute(status_lists.update().values(reserved=status_lists.c.reserved + 1))
    assert {one.code.value for one in audited(busy).findings} == {"audit.counts-differ"}


def test_results_that_were_sealed_and_opened_leave_books_that_hold_before_and_after(bureau: Bureau) -> None:
    one = test_embargo.sealed(bureau)
    embargo.anchor(bureau.office, one.id)
    assert [str(found) for found in audited(bureau).findings] == []
    test_embargo.announced(bureau, one)
    embargo_opening.open_list(bureau.office, one.id)
    for batch in opened_batches(bureau):
        bureau.run(batch)
    kept = books.write(bureau.office, bureau.institution)
    assert kept.numbers == sum(one.leaves for one in kept.batches) > 0
    assert [str(found) for found in audited(bureau).findings] == []


def opened_batches(bureau: Bureau) -> tuple[Batch, ...]:
    with bureau.office.database.read() as connection:
        return batches.every(connection, bureau.institution.id)
