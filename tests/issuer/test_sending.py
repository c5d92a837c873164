"""Writing to the registry exactly once, whatever becomes of transactions, blocks and the chain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from issuer import epochs, issuing
from issuer.office import ANCHORING, STATUS
from issuer.store import transactions
from issuer.store.batches import BatchState
from issuer.store.tables import epochs as epochs_table
from issuer.store.tables import notes as notes_table
from issuer.store.tasks import TaskState
from issuer.store.transactions import TransactionState
from jikin.anchoring.acts import AnchorRoot, LeafKind, PublishStatus
from jikin.anchoring.chain import AnchorSlot
from jikin.anchoring.changes import Change, pack
from jikin.errors import ChainUnavailableError, OfficeError, RegistryRefusedError
from jikin.values import Address, Digest, sha256
from tests.issuing_office import Bureau, rows


def account(bureau: Bureau, purpose: str) -> Address:
    return Address.parse(bureau.office.key(bureau.institution, purpose).public)


def sent(bureau: Bureau) -> list[transactions.Stored]:
    """Return what was stored for the status and anchoring accounts since the set-up."""
    with bureau.office.database.read() as connection:
        return [one for one in transactions.every(connection) if one.id > SET_UP]


SET_UP = 9  # transactions of accreditation: register, propose, approve, key, three operators, anchorsAll, list


def slot(bureau: Bureau, batch_id: int) -> AnchorSlot | None:
    root = bureau.batch(batch_id).root
    assert root is not None
    return bureau.chain.view().anchor(bureau.institution.issuer_id, root)


def anchors(bureau: Bureau) -> int:
    """Return how many roots this institution has anchored, by the sequence that the registry keeps."""
    record = bureau.chain.view().operator(bureau.institution.issuer_id, account(bureau, ANCHORING))
    assert record is not None
    return record.sequence


def test_the_set_up_is_what_these_tests_count_from(bureau: Bureau) -> None:
    with bureau.office.database.read() as connection:
        assert len(transactions.every(connection)) == SET_UP


def test_the_signed_bytes_are_stored_before_anything_is_sent(bureau: Bureau) -> None:
    batch = bureau.accept(rows(2))
    bureau.run(batch, until="anchor")
    (stored,) = sent(bureau)
    assert stored.state is TransactionState.SIGNED
    assert slot(bureau, batch.id) is None

    bureau.run(batch)
    (same,) = sent(bureau)
    assert same.prepared == stored.prepared
    assert same.state is TransactionState.FINAL
    assert anchors(bureau) == 1


def test_bytes_that_were_sent_before_a_crash_are_sent_again_and_anchor_once(bureau: Bureau) -> None:
    batch = bureau.accept(rows(2))
    bureau.run(batch, until="anchor")
    (stored,) = sent(bureau)
    bureau.chain.writer(account(bureau, ANCHORING)).broadcast(stored.prepared)  # and then the process died
    bureau.run(batch)
    assert anchors(bureau) == 1
    assert bureau.batch(batch.id).state is BatchState.RELEASED


def test_a_transaction_that_is_not_mined_is_waited_for_and_not_doubled(bureau: Bureau) -> None:
    batch = bureau.accept(rows(1))
    bureau.run(batch, until="anchor")
    bureau.chain.automine = False
    impatient = replace(
        bureau.office, settings=replace(bureau.office.settings, chain_wait_seconds=3.0), sleep=lambda _s: _tick(bureau)
    )
    with pytest.raises(OfficeError) as caught:
        issuing.anchor(impatient, batch.id)
    assert caught.value.code == "office.chain-waits"
    assert bureau.batch(batch.id).state is BatchState.PLANTED

    bureau.run(batch)
    assert anchors(bureau) == 1
    assert len(sent(bureau)) == 1


def _tick(bureau: Bureau) -> None:
    bureau.clock.now += 1


def test_a_chain_that_does_not_answer_puts_the_job_aside_and_loses_nothing(bureau: Bureau) -> None:
    batch = bureau.accept(rows(1))
    bureau.run(batch, until="anchor")
    bureau.chain.reachable = False
    impatient = replace(bureau.office, settings=replace(bureau.office.settings, chain_wait_seconds=3.0))
    impatient = replace(impatient, sleep=lambda _s: _tick(bureau))
    with pytest.raises(ChainUnavailableError):
        issuing.anchor(impatient, batch.id)

    bureau.chain.reachable = True
    assert bureau.run(batch).state is BatchState.RELEASED
    assert anchors(bureau) == 1


def test_a_chain_that_comes_back_while_the_job_waits_is_enough(bureau: Bureau) -> None:
    batch = bureau.accept(rows(1))
    bureau.run(batch, until="anchor")
    bureau.chain.reachable = False
    looks = iter(range(100))

    def sleep(_seconds: float) -> None:
        bureau.clock.now += 1
        if next(looks) == 3:
            bureau.chain.reachable = True
        if bureau.chain.reachable:
            bureau.chain.mine()

    issuing.anchor(replace(bureau.office, sleep=sleep), batch.id)
    assert bureau.batch(batch.id).state is BatchState.ANCHORED


def test_a_root_that_is_already_anchored_is_success_without_a_transaction(bureau: Bureau) -> None:
    batch = bureau.accept(rows(1))
    planted = bureau.run(batch, until="prepare_anchor")
    assert planted.root is not None
    assert planted.tree_size is not None
    writer = bureau.chain.writer(account(bureau, ANCHORING))
    writer.broadcast(
        writer.prepare(AnchorRoot(bureau.institution.issuer_id, planted.root, planted.tree_size, LeafKind.CREDENTIAL))
    )
    assert bureau.run(batch).state is BatchState.RELEASED
    assert sent(bureau) == []
    assert anchors(bureau) == 1


def test_a_nonce_taken_by_another_transaction_is_replaced_once_the_root_is_known_to_be_absent(bureau: Bureau) -> None:
    batch = bureau.accept(rows(1))
    bureau.run(batch, until="anchor")
    writer = bureau.chain.writer(account(bureau, ANCHORING))
    foreign = AnchorRoot(bureau.institution.issuer_id, Digest(sha256(b"another root")), 64, LeafKind.CREDENTIAL)
    writer.broadcast(writer.prepare(foreign))

    assert bureau.run(batch).state is BatchState.RELEASED
    first, second = sent(bureau)
    assert (first.state, second.state) == (TransactionState.REPLACED, TransactionState.FINAL)
    assert second.prepared.nonce == first.prepared.nonce + 1
    assert anchors(bureau) == 2  # the foreign one and ours, once


def test_a_reorganisation_that_removes_the_anchor_brings_the_same_root_back(bureau: Bureau) -> None:
    batch = bureau.accept(rows(1))
    bureau.run(batch, until="anchor")
    (stored,) = sent(bureau)
    bureau.chain.writer(account(bureau, ANCHORING)).broadcast(stored.prepared)
    assert slot(bureau, batch.id) is not None
    bureau.chain.reorganise(1)
    assert slot(bureau, batch.id) is None

    done = bureau.run(batch)
    assert done.state is BatchState.RELEASED
    found = slot(bureau, batch.id)
    assert found is not None
    assert found.block == done.anchored_block
    assert anchors(bureau) == 1
    assert [one.prepared for one in sent(bureau)] == [stored.prepared]


def test_an_operator_without_rights_is_told_by_the_registrys_own_error(bureau: Bureau) -> None:
    from issuer import accrediting
    from issuer.acting import act_as
    from jikin.anchoring.acts import Rights, SetOperator

    batch = bureau.accept(rows(1))
    view = bureau.chain.view()
    act = SetOperator(bureau.institution.issuer_id, account(bureau, ANCHORING), view.block.time + 1, Rights.NONE)
    act_as(bureau.office, "owner", bureau.institution, act, "taken away")
    with pytest.raises(RegistryRefusedError):
        bureau.run(batch)
    assert bureau.batch(batch.id).state is BatchState.PLANTED

    accrediting.register(bureau.office, bureau.institution)
    assert bureau.run(batch).state is BatchState.RELEASED
    assert anchors(bureau) == 1


def test_two_batches_under_one_account_get_two_nonces(bureau: Bureau) -> None:
    one, two = bureau.accept(rows(1), "one"), bureau.accept(rows(1, first=9), "two")
    bureau.run(one, until="anchor")
    bureau.run(two, until="anchor")
    first, second = sent(bureau)
    assert second.prepared.nonce == first.prepared.nonce + 1
    assert bureau.run(two).state is BatchState.RELEASED
    assert bureau.run(one).state is BatchState.RELEASED
    assert anchors(bureau) == 2


# ------------------------------------------------------------------------------------------------------------- epochs


def test_notes_are_stored_before_the_epoch_is_sent_and_stay_the_same_after_a_crash(bureau: Bureau) -> None:
    numbers = bureau.numbers(bureau.issue(rows(2)))
    task = bureau.approve(bureau.request(numbers[:1]))
    bureau.chain.automine = False
    impatient = replace(
        bureau.office, settings=replace(bureau.office.settings, chain_wait_seconds=2.0), sleep=lambda _s: _tick(bureau)
    )
    with pytest.raises(OfficeError):
        epochs.publish(impatient, task.task.id)
    stored = select(epochs_table.c.status_root, notes_table.c.ciphertext).join(notes_table)
    with bureau.office.database.read() as connection:
        before = connection.execute(stored).all()

    bureau.chain.mine()
    bureau.clock.now += 200_000  # the approvals have ended meanwhile: what was begun is finished
    epochs.publish(bureau.office, task.task.id)
    with bureau.office.database.read() as connection:
        after = connection.execute(stored).all()
    assert before == after
    (head,) = bureau.chain.view().status_heads(bureau.institution.issuer_id, [task.task.list_id])
    assert head is not None
    assert head.epoch == 1


def test_an_epoch_whose_place_was_taken_is_made_anew_on_the_new_head(bureau: Bureau) -> None:
    numbers = bureau.numbers(bureau.issue(rows(2)))
    task = bureau.approve(bureau.request(numbers[:1]))
    bureau.chain.automine = False
    impatient = replace(
        bureau.office, settings=replace(bureau.office.settings, chain_wait_seconds=2.0), sleep=lambda _s: _tick(bureau)
    )
    with pytest.raises(OfficeError):
        epochs.publish(impatient, task.task.id)
    # Ours waited for a block when the node forgot it, and another program with the same rights was faster.
    bureau.chain._pool.waiting.clear()
    bureau.chain.automine = True
    writer = bureau.chain.writer(account(bureau, STATUS))
    (head,) = bureau.chain.view().status_heads(bureau.institution.issuer_id, [task.task.list_id])
    assert head is not None
    other = PublishStatus(
        bureau.institution.issuer_id, task.task.list_id, head.head, Digest(bytes(32)), pack([Change(0, 2)])
    )
    writer.broadcast(writer.prepare(other))

    epochs.publish(bureau.office, task.task.id)
    with bureau.office.database.read() as connection:
        found = connection.execute(select(epochs_table).order_by(epochs_table.c.id)).all()
        assert connection.execute(select(notes_table.c.epoch)).all() == [(2,)]
    assert [(one.state, one.epoch) for one in found] == [("lost", 1), ("published", 2)]
    (now,) = bureau.chain.view().status_heads(bureau.institution.issuer_id, [task.task.list_id])
    assert now is not None
    assert now.epoch == 2


def test_two_tasks_of_one_list_are_published_one_after_the_other(bureau: Bureau) -> None:
    numbers = bureau.numbers(bureau.issue(rows(3)))
    tasks = [bureau.approve(bureau.request([number])) for number in numbers[:2]]
    for task in reversed(tasks):
        epochs.publish(bureau.office, task.task.id)
    (head,) = bureau.chain.view().status_heads(bureau.institution.issuer_id, [tasks[0].task.list_id])
    assert head is not None
    assert head.epoch == 2


def test_a_task_cut_off_after_its_epoch_was_sent_is_finished_by_the_next_one(bureau: Bureau) -> None:
    from issuer.store import tasks as task_store

    numbers = bureau.numbers(bureau.issue(rows(3)))
    first, second = (bureau.approve(bureau.request([number])) for number in numbers[:2])
    _, institution, status_list = epochs._read(bureau.office, first.task.id)
    epochs._prepare(bureau.office, first, institution, status_list)  # and then the process died

    epochs.publish(bureau.office, second.task.id)
    with bureau.office.database.read() as connection:
        states = [task_store.by_id(connection, one.task.id).state for one in (first, second)]
    assert states == [TaskState.DONE, TaskState.DONE]
