"""From a list of results to released certificates: every step, its order, and what it leaves behind."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from issuer import issuing, jobs, releasing
from issuer.checking import Checker
from issuer.store import audit, batches, tables, trees
from issuer.store.batches import BatchState, CredentialState
from issuer.store.tables import credentials, salts
from jikin.anchoring.merkle import Tree, root_from_path
from jikin.anchoring.statements import uint
from jikin.credentials.model import Credential
from jikin.credentials.record import NumberRecord
from jikin.errors import OfficeError
from jikin.status.index import IndexPermutation
from jikin.values import CertificateNumber, Digest
from tests.issuing_office import Bureau, row, rows

STATES = [
    ("reserve", BatchState.ACCEPTED),
    ("sign_chunk", BatchState.RESERVED),
    ("plant", BatchState.SIGNED),
    ("prepare_anchor", BatchState.PLANTED),
    ("anchor", BatchState.PLANTED),
    ("verify_chunk", BatchState.ANCHORED),
    ("release", BatchState.VERIFIED),
    (None, BatchState.RELEASED),
]


def test_a_good_list_becomes_certificates_that_verify(bureau: Bureau) -> None:
    batch = bureau.issue(rows(5))

    assert (batch.state, batch.count, batch.bad) == (BatchState.RELEASED, 5, 0)
    checker = Checker.of(bureau.office, bureau.institution)
    issued = releasing.issued(bureau.office, bureau.institution, batch, bureau.credentials(batch))
    assert [checker.objections(one.document) for one in issued] == [()] * 5


@pytest.mark.parametrize(("before", "state"), STATES, ids=[str(name) for name, _ in STATES])
def test_every_step_leads_to_its_state_and_may_be_run_again(
    bureau: Bureau, before: str | None, state: BatchState
) -> None:
    batch = bureau.accept(rows(3))
    reached = bureau.run(batch, until=before)
    assert reached.state is state
    again = bureau.run(batch, until=before)
    assert again == replace(reached)
    assert bureau.run(batch).state is BatchState.RELEASED


def test_number_and_entry_are_durable_before_anything_is_signed(bureau: Bureau) -> None:
    batch = bureau.accept(rows(4))
    bureau.run(batch, until="sign_chunk")

    reserved = bureau.credentials(batch)
    assert {one.state for one in reserved} == {CredentialState.RESERVED}
    assert all(one.document is None for one in reserved)
    assert len({one.number for one in reserved}) == 4
    assert len({one.status_index for one in reserved}) == 4
    numbers = [one.number for one in reserved]
    bureau.run(batch)
    assert [one.number for one in bureau.credentials(batch)] == numbers


def test_entries_follow_the_keyed_permutation_without_gaps(bureau: Bureau) -> None:
    first, second = bureau.issue(rows(3), "one"), bureau.issue(rows(3, first=100), "two")
    with bureau.office.database.read() as connection:
        from issuer.store import institutions

        (status_list,) = institutions.every_status_list(connection, bureau.institution.id)
    permutation = IndexPermutation(status_list.index_key, status_list.log2_entries)
    entries = [one.status_index for batch in (first, second) for one in bureau.credentials(batch)]
    assert [permutation.serial(entry) for entry in entries] == list(range(6))
    assert status_list.reserved == 6


def test_the_credential_says_number_issuer_and_the_status_purposes_of_its_type(bureau: Bureau) -> None:
    batch = bureau.issue(rows(1))
    (stored,) = bureau.credentials(batch)
    model = Credential.parse(json.loads(stored.document or b""), bureau.office.types)

    assert model.number == CertificateNumber(stored.number)
    assert model.issuer_did == bureau.institution.did
    purposes = list(bureau.office.types.named(batch.type).status_purposes)
    assert [entry.purpose for entry in model.status] == purposes
    assert "revocation" in purposes
    assert {entry.index for entry in model.status} == {stored.status_index}


def test_leaves_are_filled_up_and_shuffled(bureau: Bureau) -> None:
    batch = bureau.issue(rows(40))
    assert batch.tree_size == 64
    places = [one.place for one in bureau.credentials(batch)]
    assert len(set(places)) == 40
    assert places != sorted(places, key=lambda place: place or 0)


def test_the_published_leaves_rebuild_the_anchored_root(bureau: Bureau) -> None:
    batch = bureau.issue(rows(3))
    assert batch.root is not None
    path = bureau.office.public(bureau.institution).path / "leaves" / batch.root.raw.hex()
    assert Tree.from_leaves(path.read_bytes()).root == batch.root
    slot = bureau.chain.view().anchor(bureau.institution.issuer_id, batch.root)
    assert slot is not None
    assert (slot.tree_size, slot.block) == (batch.tree_size, batch.anchored_block)


def test_nothing_is_released_before_the_confirmations_asked_for(bureau: Bureau) -> None:
    batch = bureau.accept(rows(1))
    bureau.run(batch, until="anchor")
    bureau.run(batch, until="verify_chunk")
    anchored = bureau.batch(batch.id).anchored_block
    assert anchored is not None
    assert bureau.chain.view().block.number - anchored + 1 >= bureau.office.settings.confirmations == 2


def test_a_receipt_and_a_number_record_are_published_for_every_certificate(bureau: Bureau) -> None:
    batch = bureau.issue(rows(3))
    public = bureau.office.public(bureau.institution).path
    for one in bureau.credentials(batch):
        assert one.digest is not None
        assert (public / "receipts" / one.digest.raw.hex()).is_file()
        text = (public / "n" / one.number).read_text("utf-8")
        record = NumberRecord.parse(json.loads(text))
        assert record.number == CertificateNumber(one.number)
        assert record.anchor.root == batch.root
        name = (one.record or {})["name_ko"]
        assert str(name) not in text
        assert "1980-04-17" not in text


def test_a_certificate_that_does_not_verify_holds_the_batch_back(bureau: Bureau) -> None:
    batch = bureau.accept(rows(3))
    bureau.run(batch, until="verify_chunk")
    with bureau.office.database.write() as connection:
        stored = bureau.credentials(batch)[1]
        forged = (
            (stored.document or b"")
            .replace("이도윤".encode(), "이도둑".encode())
            .replace("박서연".encode(), "이도둑".encode())
        )
        assert forged != stored.document
        connection.execute(credentials.update().where(credentials.c.id == stored.id).values(document=forged))

    with pytest.raises(OfficeError, match=r"proof\.mismatch") as caught:
        bureau.run(batch)
    assert caught.value.code == "office.self-check"
    assert bureau.batch(batch.id).state is BatchState.ANCHORED
    assert CredentialState.RELEASED not in {one.state for one in bureau.credentials(batch)}
    assert not (bureau.office.public(bureau.institution).path / "receipts").exists()


def test_a_row_from_which_no_credential_can_be_made_fails_alone(bureau: Bureau) -> None:
    batch = bureau.accept(rows(3))
    bureau.run(batch, until="sign_chunk")
    with bureau.office.database.write() as connection:
        stored = bureau.credentials(batch)[1]
        broken = dict(stored.record or {}) | {"qualification_code": "0000"}
        connection.execute(credentials.update().where(credentials.c.id == stored.id).values(record=broken))

    done = bureau.run(batch)
    assert (done.state, done.count, done.bad) == (BatchState.RELEASED, 2, 1)
    with bureau.office.database.read() as connection:
        (bad,) = batches.source_rows(connection, batch.id, "bad")
    assert bad.faults[0].code == "row.unsignable"
    states = [one.state for one in bureau.credentials(batch)]
    assert states == [CredentialState.RELEASED, CredentialState.FAILED, CredentialState.RELEASED]


def test_salts_lie_in_their_own_table_and_are_all_different(bureau: Bureau) -> None:
    batch = bureau.issue(rows(4))
    with bureau.office.database.read() as connection:
        kept = trees.salts_of(connection, [one.id for one in bureau.credentials(batch)])
        assert connection.execute(select(func.count()).select_from(salts)).scalar_one() == 4
    assert len(set(kept.values())) == 4
    assert {len(salt) for salt in kept.values()} == {32}


def test_the_jcs_suite_can_be_chosen(bureau: Bureau) -> None:
    batch = bureau.run(bureau.accept(rows(1), suite="eddsa-jcs-2022"))
    (stored,) = bureau.credentials(batch)
    assert json.loads(stored.document or b"")["proof"]["cryptosuite"] == "eddsa-jcs-2022"
    assert batch.state is BatchState.RELEASED


def test_a_batch_larger_than_a_status_list_takes_is_refused_before_anything_is_reserved(bureau: Bureau) -> None:
    batch = bureau.accept(rows(1))
    with bureau.office.database.write() as connection:
        from issuer.store.tables import batches as table

        connection.execute(table.update().where(table.c.id == batch.id).values(count=98_305))
    with pytest.raises(OfficeError, match="98,304") as caught:
        issuing.reserve(bureau.office, batch.id)
    assert caught.value.code == "office.status-list-full"
    assert bureau.credentials(batch) == ()


def test_a_list_that_is_three_quarters_full_is_followed_by_a_new_one(bureau: Bureau) -> None:
    with bureau.office.database.write() as connection:
        from issuer.store.tables import status_lists

        connection.execute(status_lists.update().values(reserved=98_303))
    batch = bureau.issue(rows(2))
    with bureau.office.database.read() as connection:
        from issuer.store import institutions

        lists = institutions.every_status_list(connection, bureau.institution.id)
    assert [one.reserved for one in lists] == [98_303, 2]
    assert {one.status_list_id for one in bureau.credentials(batch)} == {lists[1].id}
    assert batch.state is BatchState.RELEASED


def test_acts_are_logged_without_anything_personal(bureau: Bureau) -> None:
    batch = bureau.issue(rows(2))
    with bureau.office.database.read() as connection:
        entries = audit.entries(connection)
    acts = [entry.act for entry in entries]
    assert acts[:2] == ["institution set up", "RegisterIssuer"]
    assert acts[-2:] == ["batch accepted", "batch released"]
    assert entries[-1].detail == {"count": 2}
    text = repr(entries)
    for one in bureau.credentials(batch):
        assert str((one.record or {})["name_ko"]) not in text
        assert one.number not in text


def test_progress_counts_signed_and_verified(bureau: Bureau) -> None:
    batch = bureau.accept(rows(3))
    assert issuing.progress(bureau.office, batch.id).signed == 0
    bureau.run(batch, until="plant")
    assert issuing.progress(bureau.office, batch.id).signed == 3
    assert issuing.progress(bureau.office, batch.id).verified == 0
    bureau.run(batch)
    now = issuing.progress(bureau.office, batch.id)
    assert (now.state, now.signed, now.verified) == (BatchState.RELEASED, 3, 3)


def test_the_job_runs_exactly_these_steps_in_this_order() -> None:
    assert [step.__name__ for step in jobs.ISSUE.steps] == [str(name) for name, _ in STATES[:-1]]


def test_rows_keep_no_record_once_the_certificate_is_reserved(bureau: Bureau) -> None:
    batch = bureau.accept(rows(2) + ("\n" + row(9, birth_date="2003-02-30")).encode())
    with bureau.office.database.read() as connection:
        assert all(one.record for one in batches.source_rows(connection, batch.id, "good"))
    bureau.run(batch)
    with bureau.office.database.read() as connection:
        assert [one.record for one in batches.source_rows(connection, batch.id, "good")] == [None, None]
        (bad,) = batches.source_rows(connection, batch.id, "bad")
    assert bad.record is None
    assert [fault.column for fault in bad.faults] == ["birth_date"]


@pytest.mark.parametrize("size", [1, 2, 3, 700, 30_001])
def test_a_path_is_the_same_read_alone_or_with_many(bureau: Bureau, size: int) -> None:
    """A small tree is read whole in any case; of a large one, a single path is read from the parts it lies in."""
    batch = bureau.accept(rows(1))
    tree = Tree(Digest(hashlib.sha256(uint(place, 4)).digest()) for place in range(size))
    stored = tree.to_bytes()
    parts = [stored[start : start + (1 << 16)] for start in range(0, len(stored), 1 << 16)]
    with bureau.office.database.write() as connection:
        values = [{"batch_id": batch.id, "part": part, "nodes": nodes} for part, nodes in enumerate(parts)]
        connection.execute(tables.trees.insert(), values)
    places = sorted({0, size // 3, size // 2, size - 1})
    expected = [tree.path(place) for place in places]
    with bureau.office.database.read() as connection:
        assert [trees.paths(connection, batch.id, size, [place])[0] for place in places] == expected
        assert trees.paths(connection, batch.id, size, places * 100) == expected * 100
    for place, path in zip(places, expected, strict=True):
        assert root_from_path(tree.leaf(place), place, size, path) == tree.root
