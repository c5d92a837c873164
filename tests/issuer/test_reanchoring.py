"""A reorganisation takes back what was on the chain: it goes there again, once, and what was published follows."""

from __future__ import annotations

import json

import pytest

from issuer import epochs, pairing, reanchoring
from issuer.checking import Checker
from issuer.office import ANCHORING
from issuer.reanchoring import Depths, Ground, Place
from issuer.releasing import issued
from issuer.store import audit, tasks
from issuer.store.batches import Batch, BatchState, CredentialState
from issuer.store.tasks import StoredTask, TaskState
from jikin.anchoring.chain import AnchorSlot
from jikin.status.array import State
from jikin.values import Address, CertificateNumber
from tests.issuing_office import Bureau, rows

HERE, THERE = Place(100, 1_000), Place(101, 1_012)
DEPTHS = Depths(final=3, settled=10)
GROUNDS: dict[str, tuple[Place | None, int, Ground]] = {
    "it is nowhere": (None, 500, Ground.GONE),
    "it is in another block": (THERE, 500, Ground.MOVED),
    "it is in a block of the same number and another time": (Place(100, 1_001), 500, Ground.MOVED),
    "its own block is the newest": (HERE, 100, Ground.FRESH),
    "one confirmation is wanting": (HERE, 101, Ground.FRESH),
    "it has its confirmations": (HERE, 102, Ground.FINAL),
    "one block is wanting to settle it": (HERE, 108, Ground.FINAL),
    "it is as deep as asked for": (HERE, 109, Ground.SETTLED),
}


@pytest.mark.parametrize("case", GROUNDS)
def test_how_firmly_something_stands(case: str) -> None:
    found, newest, ground = GROUNDS[case]
    assert DEPTHS.judge(HERE, found, newest) is ground


# ------------------------------------------------------------------------------------------------------------ batches


def slot(bureau: Bureau, batch: Batch) -> AnchorSlot | None:
    assert batch.root is not None
    return bureau.chain.view().anchor(bureau.institution.issuer_id, batch.root)


def anchors(bureau: Bureau) -> int:
    account = Address.parse(bureau.office.key(bureau.institution, ANCHORING).public)
    record = bureau.chain.view().operator(bureau.institution.issuer_id, account)
    assert record is not None
    return record.sequence


def receipts(bureau: Bureau, batch: Batch) -> set[tuple[object, object]]:
    """Return block and time in the published receipts of *batch*."""
    folder = bureau.office.public(bureau.institution).path / "receipts"
    found = [
        json.loads((folder / one.digest.raw.hex()).read_bytes())
        for one in bureau.credentials(batch)
        if one.digest is not None
    ]
    return {(one["block"], one["time"]) for one in found}


def objections(bureau: Bureau, batch: Batch) -> set[str]:
    """Return what a stranger objects to the certificates of *batch* as they are handed out now."""
    checker = Checker.of(bureau.office, bureau.institution)
    ready = issued(bureau.office, bureau.institution, batch, bureau.credentials(batch))
    return {code for one in ready for code in checker.objections(one.document)}


def acts(bureau: Bureau) -> list[str]:
    with bureau.office.database.read() as connection:
        return [one.act for one in audit.entries(connection)]


@pytest.mark.parametrize("depth", range(2, 9))
def test_a_released_batch_whose_anchor_is_gone_is_anchored_again_under_the_same_root(
    bureau: Bureau, depth: int
) -> None:
    batch = bureau.issue(rows(3))
    bureau.chain.mine(depth - 2)
    bureau.chain.reorganise(depth)
    assert slot(bureau, batch) is None

    assert reanchoring.look_again(bureau.office) == 1
    waiting = bureau.batch(batch.id)
    assert (waiting.state, waiting.root) == (BatchState.PLANTED, batch.root)
    assert {one.state for one in bureau.credentials(batch)} == {CredentialState.RELEASED}
    assert reanchoring.look_again(bureau.office) == 0

    bureau.clock.now += 60
    again = bureau.run(waiting)
    there = slot(bureau, again)
    assert there is not None
    assert (again.state, again.root, again.released_at) == (BatchState.RELEASED, batch.root, batch.released_at)
    assert (again.anchored_block, again.anchored_at) == (there.block, there.time)
    assert anchors(bureau) == 1
    assert receipts(bureau, again) == {(there.block, there.time)}
    assert objections(bureau, again) == set()
    assert acts(bureau)[-2:] == ["anchor lost", "batch anchored again"]


def test_receipts_follow_an_anchor_that_others_have_mined_in_another_block(bureau: Bureau) -> None:
    from issuer.store import transactions

    batch = bureau.issue(rows(2))
    bureau.chain.reorganise(2)
    bureau.chain.mine(5)
    bureau.clock.now += 60
    with bureau.office.database.read() as connection:
        stored = transactions.live(connection, pairing.anchors_alone(batch))
    assert stored is not None
    account = Address.parse(bureau.office.key(bureau.institution, ANCHORING).public)
    bureau.chain.writer(account).broadcast(stored.prepared)
    there = slot(bureau, batch)
    assert there is not None
    assert there.block != batch.anchored_block
    assert "anchor.foreign" in objections(bureau, batch)

    assert reanchoring.look_again(bureau.office) == 1
    again = bureau.run(batch)
    assert again.anchored_block == there.block
    assert receipts(bureau, again) == {(there.block, there.time)}
    assert (anchors(bureau), objections(bureau, again)) == (1, set())


@pytest.mark.parametrize("before", ["verify_chunk", "release"])
def test_what_is_lost_before_the_release_is_anchored_again_and_not_released_until_then(
    bureau: Bureau, before: str
) -> None:
    batch = bureau.run(bureau.accept(rows(2)), until=before)
    bureau.chain.reorganise(2)
    assert slot(bureau, batch) is None
    done = bureau.run(batch)
    there = slot(bureau, done)
    assert there is not None
    assert done.state is BatchState.RELEASED
    assert bureau.chain.view().block.number - there.block + 1 >= bureau.office.settings.confirmations
    assert (anchors(bureau), receipts(bureau, done)) == (1, {(there.block, there.time)})


def test_what_was_revoked_meanwhile_stays_revoked_and_its_receipt_is_renewed_too(bureau: Bureau) -> None:
    batch = bureau.issue(rows(2))
    first, _ = bureau.numbers(batch)
    task = bureau.approve(bureau.request([first]))
    anchored = batch.anchored_block or 0
    epochs.publish(bureau.office, task.task.id)
    bureau.chain.reorganise(bureau.chain.view().block.number - anchored + 1)

    assert reanchoring.look_again(bureau.office) == 2  # the batch, and the epoch
    again = bureau.run(batch)
    epochs.publish(bureau.office, task.task.id)
    assert [one.state for one in bureau.credentials(batch)] == [CredentialState.REVOKED, CredentialState.RELEASED]
    assert len(receipts(bureau, again)) == 1
    assert objections(bureau, again) == {"status.revoked"}


def test_an_anchor_that_lies_deep_enough_is_not_asked_for_any_more(bureau: Bureau) -> None:
    batch = bureau.issue(rows(1))
    assert reanchoring.look_again(bureau.office) == 0
    assert bureau.batch(batch.id).settled_at is None
    bureau.chain.mine(bureau.office.settings.settle_blocks)
    assert reanchoring.look_again(bureau.office) == 0
    assert bureau.batch(batch.id).settled_at == bureau.office.clock()
    bureau.chain.reachable = False
    assert reanchoring.look_again(bureau.office) == 0


# ------------------------------------------------------------------------------------------------------------- epochs


def task_now(bureau: Bureau, stored: StoredTask) -> StoredTask:
    with bureau.office.database.read() as connection:
        return tasks.by_id(connection, stored.task.id)


def published(bureau: Bureau, number: CertificateNumber, state: State = State.REVOKED) -> StoredTask:
    reason = "issued-in-error" if state is State.REVOKED else "under-review"
    stored = bureau.approve(bureau.request([number], state, reason))
    epochs.publish(bureau.office, stored.task.id)
    assert task_now(bureau, stored).state is TaskState.DONE
    return stored


def head(bureau: Bureau) -> int:
    from issuer.store import institutions

    with bureau.office.database.read() as connection:
        (one,) = institutions.every_status_list(connection, bureau.institution.id)
    (found,) = bureau.chain.view().status_heads(bureau.institution.issuer_id, [one.list_id])
    assert found is not None
    return found.epoch


def test_an_epoch_that_is_gone_is_published_again_and_the_certificate_is_revoked_as_before(bureau: Bureau) -> None:
    batch = bureau.issue(rows(1))
    (number,) = bureau.numbers(batch)
    bureau.chain.mine(8)
    stored = published(bureau, number)
    bureau.chain.reorganise(2)
    assert head(bureau) == 0
    assert reanchoring.look_again(bureau.office) == 1
    assert task_now(bureau, stored).state is TaskState.APPROVED
    bureau.clock.now += 30
    epochs.publish(bureau.office, stored.task.id)
    assert (head(bureau), task_now(bureau, stored).state) == (1, TaskState.DONE)
    assert objections(bureau, bureau.batch(batch.id)) == {"status.revoked"}
    assert acts(bureau)[-2:] == ["epoch lost", "epoch published"]


def test_epochs_that_are_gone_together_are_published_again_in_their_order(bureau: Bureau) -> None:
    batch = bureau.issue(rows(3))
    numbers = bureau.numbers(batch)
    bureau.chain.mine(8)
    before = bureau.chain.view().block.number
    stored = [published(bureau, number) for number in numbers]
    bureau.chain.reorganise(bureau.chain.view().block.number - before)
    assert (head(bureau), reanchoring.look_again(bureau.office)) == (0, 3)
    bureau.clock.now += 30
    for one in reversed(stored):
        epochs.publish(bureau.office, one.task.id)
    assert head(bureau) == 3
    assert {task_now(bureau, one).state for one in stored} == {TaskState.DONE}
    assert objections(bureau, bureau.batch(batch.id)) == {"status.revoked"}
    assert reanchoring.look_again(bureau.office) == 0


def test_a_status_list_whose_opening_is_gone_is_opened_again_before_its_certificates_are_anchored_again(
    bureau: Bureau,
) -> None:
    from issuer.store import institutions

    batch = bureau.issue(rows(1))
    with bureau.office.database.read() as connection:
        (one,) = institutions.every_status_list(connection, bureau.institution.id)
    bureau.chain.reorganise(3)  # the set-up opened the list a block before the anchor
    assert bureau.chain.view().status_heads(bureau.institution.issuer_id, [one.list_id]) == (None,)
    assert reanchoring.look_again(bureau.office) == 1
    assert head(bureau) == 0
    again = bureau.run(batch)
    assert objections(bureau, again) == set()
    published(bureau, bureau.numbers(again)[0])
    assert objections(bureau, again) == {"status.revoked"}


def test_a_transaction_that_was_given_up_and_whose_nonce_is_free_again_does_not_stop_its_account(
    bureau: Bureau,
) -> None:
    from issuer.store import transactions
    from issuer.store.transactions import TransactionState

    batch = bureau.run(bureau.accept(rows(1)), until="anchor")
    with bureau.office.database.write() as connection:
        first = transactions.live(connection, pairing.anchors_alone(batch))
        assert first is not None
        transactions.change(connection, first, bureau.clock(), state=TransactionState.REPLACED)
    done = bureau.run(batch)  # the same act under the same nonce with the same fees: the same bytes
    with bureau.office.database.read() as connection:
        second = transactions.live(connection, pairing.anchors_alone(batch))
    assert second is not None
    assert second.id != first.id
    assert second.attempts[-1].prepared.hash == first.attempts[-1].prepared.hash
    assert (done.state, anchors(bureau)) == (BatchState.RELEASED, 1)
