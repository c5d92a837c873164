"""An anchor and a status change that wait at the same time share one transaction, where an institution chose that."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from issuer import ownership, pairing, planning, reanchoring, sharing
from issuer.accrediting import RIGHTS
from issuer.checking import Checker
from issuer.office import ANCHORING, JOINT, STATUS
from issuer.releasing import issued
from issuer.store import institutions, tasks, transactions
from issuer.store.batches import Batch, BatchState
from issuer.store.tasks import Epoch, StoredTask, TaskState
from jikin.anchoring.acts import Act, PublishStatus, Rights
from jikin.anchoring.chain import Intent, RegistryWriter
from jikin.errors import OfficeError
from jikin.status.publication import Publication
from jikin.status.root import array_root
from jikin.values import Address
from tests.issuer.test_correcting import correct
from tests.issuing_office import Bureau, rows, single


@pytest.fixture
def joined(bureau: Bureau) -> Bureau:
    """A bureau whose institution has a joint operator."""
    ownership.replace_operator(bureau.office, bureau.institution, JOINT)
    return bureau


def sent(bureau: Bureau) -> list[str]:
    """Return what the transactions of anchors and status changes are for, oldest first."""
    wanted = (pairing.BOTH, "AnchorRoot", "PublishStatus")
    with bureau.office.database.read() as connection:
        return [one.purpose.act for one in transactions.every(connection) if one.purpose.act in wanted]


def task(bureau: Bureau, stored: StoredTask) -> StoredTask:
    with bureau.office.database.read() as connection:
        return tasks.by_id(connection, stored.task.id)


def epoch(bureau: Bureau, stored: StoredTask) -> Epoch:
    with bureau.office.database.read() as connection:
        found = tasks.epoch_of(connection, stored.task.id)
    assert found is not None
    return found


def objections(bureau: Bureau, batch: Batch) -> list[set[str]]:
    checker = Checker.of(bureau.office, bureau.institution)
    ready = issued(bureau.office, bureau.institution, batch, bureau.credentials(batch))
    return [set(checker.objections(one.document)) for one in ready]


def revoked(bureau: Bureau, first: Batch, which: int = 0) -> StoredTask:
    """Return an approved task that revokes one certificate of *first*."""
    return bureau.approve(bureau.request([bureau.numbers(first)[which]]))


def on_chain(bureau: Bureau, batch: Batch) -> int:
    """Return the block in which *batch* is anchored."""
    assert batch.root is not None
    slot = bureau.chain.view().anchor(bureau.institution.issuer_id, batch.root)
    assert slot is not None
    return slot.block


def test_a_batch_takes_along_a_status_change_that_waits(joined: Bureau) -> None:
    first = joined.issue(rows(2))
    stored = revoked(joined, first)
    second = joined.issue(rows(2, first=50), "list 2")
    assert (second.state, task(joined, stored).state) == (BatchState.RELEASED, TaskState.APPROVED)
    sharing.publish(joined.office, stored.task.id)

    assert task(joined, stored).state is TaskState.DONE
    assert epoch(joined, stored).block == on_chain(joined, second)
    assert sent(joined) == ["AnchorRoot", pairing.BOTH]
    assert objections(joined, first) == [{"status.revoked"}, set()]
    assert objections(joined, second) == [set(), set()]


def test_a_status_change_takes_along_single_certificates_that_wait(joined: Bureau) -> None:
    first = joined.issue(rows(2))
    waiting = [single(joined, number) for number in (50, 51)]
    stored = revoked(joined, first)
    sharing.publish(joined.office, stored.task.id)

    planted = [joined.batch(one.id) for one in waiting]
    assert {one.state for one in planted} == {BatchState.PLANTED}
    assert {on_chain(joined, one) for one in planted} == {epoch(joined, stored).block}
    done = [joined.run(one) for one in planted]
    assert {one.state for one in done} == {BatchState.RELEASED}
    assert sent(joined) == ["AnchorRoot", pairing.BOTH]
    assert [objections(joined, one) for one in done] == [[set()], [set()]]


def test_a_tree_that_was_left_lying_goes_with_the_next_status_change(joined: Bureau) -> None:
    first = joined.issue(rows(2))
    left = joined.run(joined.accept(rows(2, first=50), "list 2"), until="prepare_anchor")
    stored = revoked(joined, first)
    sharing.publish(joined.office, stored.task.id)
    assert joined.run(left).anchored_block == epoch(joined, stored).block
    assert sent(joined) == ["AnchorRoot", pairing.BOTH]


def test_without_a_joint_operator_each_goes_alone_with_its_own_account(bureau: Bureau) -> None:
    first = bureau.issue(rows(2))
    stored = revoked(bureau, first)
    single(bureau, 50)
    bureau.issue(rows(2, first=60), "list 2")
    sharing.publish(bureau.office, stored.task.id)
    assert task(bureau, stored).state is TaskState.DONE
    assert sent(bureau) == ["AnchorRoot", "AnchorRoot", "PublishStatus"]


def test_what_waits_alone_goes_alone(joined: Bureau) -> None:
    first = joined.issue(rows(2))
    sharing.publish(joined.office, revoked(joined, first).task.id)
    assert sent(joined) == ["AnchorRoot", "PublishStatus"]
    with joined.office.database.read() as connection:
        accounts = {str(one.account) for one in transactions.every(connection) if one.purpose.act in sent(joined)}
    assert accounts == {joined.office.key(joined.institution, purpose).public for purpose in (ANCHORING, STATUS)}


def test_what_is_under_way_alone_stays_alone(joined: Bureau) -> None:
    first = joined.issue(rows(2))
    begun = joined.run(joined.accept(rows(2, first=50), "list 2"), until="anchor")
    sharing.publish(joined.office, revoked(joined, first).task.id)
    joined.run(begun)
    assert sent(joined) == ["AnchorRoot", "AnchorRoot", "PublishStatus"]


def test_an_epoch_whose_place_is_taken_is_passed_over_and_made_anew(joined: Bureau) -> None:
    first = joined.issue(rows(3))
    stored = revoked(joined, first)
    begun = joined.run(joined.accept(rows(2, first=50), "list 2"), until="anchor")  # signed with the epoch, not sent
    lost = epoch(joined, stored)
    elsewhere(joined, lost)

    done = joined.run(begun)
    assert done.state is BatchState.RELEASED
    sharing.publish(joined.office, stored.task.id)
    made = epoch(joined, stored)
    assert (task(joined, stored).state, made.epoch) == (TaskState.DONE, lost.epoch + 1)
    assert made.id != lost.id
    assert sent(joined) == ["AnchorRoot", pairing.BOTH, "PublishStatus"]
    assert objections(joined, first) == [{"status.revoked"}, set(), set()]
    assert on_chain(joined, done) < (made.block or 0)


def elsewhere(bureau: Bureau, before: Epoch) -> None:
    """Publish an epoch that changes nothing past this office, with its own account."""
    view = bureau.chain.view()
    with bureau.office.database.read() as connection:
        status_list = institutions.status_list(connection, before.status_list_id)
    snapshot = planning.snapshot_now(view, bureau.institution, status_list)
    array = planning.array_now(view, bureau.institution, status_list)
    made = Publication.make(snapshot.lctx, snapshot.epoch + 1, array_root(snapshot.lctx, array), [])
    act = PublishStatus(
        bureau.institution.issuer_id,
        status_list.list_id,
        before.previous_head,
        made.status_root(snapshot.lctx),
        b"",
    )
    bureau.clock.now += 21 * 3600  # the contract takes none that is earlier
    bureau.chain.mine()
    writer = bureau.chain.writer(Address.parse(bureau.office.key(bureau.institution, STATUS).public))
    writer.broadcast(writer.prepare(act))


REASONS = {
    "its rights were taken away": lambda bureau: ownership.remove_operator(
        bureau.office, bureau.institution, joint_account(bureau)
    ),
    "it may only anchor": lambda bureau: ownership.set_operator(
        bureau.office, bureau.institution, joint_account(bureau), Rights.ISSUE, bureau.clock.now + 10**6
    ),
    "its rights have ended": lambda bureau: ownership.set_operator(
        bureau.office, bureau.institution, joint_account(bureau), RIGHTS[JOINT], bureau.clock.now + 1
    ),
    "the institution has separated them again": lambda bureau: ownership.end_joint_operator(
        bureau.office, bureau.institution
    ),
}


def joint_account(bureau: Bureau) -> Address:
    return Address.parse(bureau.office.key(bureau.institution, JOINT).public)


@pytest.mark.parametrize("reason", REASONS)
def test_each_goes_alone_where_the_joint_operator_cannot(joined: Bureau, reason: str) -> None:
    first = joined.issue(rows(2))
    REASONS[reason](joined)
    joined.clock.now += 60
    joined.chain.mine()
    stored = revoked(joined, first)
    assert joined.issue(rows(2, first=50), "list 2").state is BatchState.RELEASED
    sharing.publish(joined.office, stored.task.id)
    assert task(joined, stored).state is TaskState.DONE
    assert sent(joined) == ["AnchorRoot", "AnchorRoot", "PublishStatus"]


def test_a_pair_that_an_ended_operator_left_unsent_goes_in_two_and_once(joined: Bureau) -> None:
    first = joined.issue(rows(2))
    stored = revoked(joined, first)
    begun = joined.run(joined.accept(rows(2, first=50), "list 2"), until="anchor")
    assert sent(joined) == ["AnchorRoot", pairing.BOTH]
    ownership.end_joint_operator(joined.office, joined.institution)
    assert joined.run(begun).state is BatchState.RELEASED
    sharing.publish(joined.office, stored.task.id)
    assert sent(joined) == ["AnchorRoot", pairing.BOTH, "AnchorRoot", "PublishStatus"]
    assert objections(joined, first) == [{"status.revoked"}, set()]


def test_a_pair_that_cannot_be_paid_for_goes_in_two(joined: Bureau) -> None:
    first = joined.issue(rows(2))
    stored = revoked(joined, first)
    begun = joined.run(joined.accept(rows(2, first=50), "list 2"), until="anchor")
    with joined.office.database.write() as connection:
        (pair,) = [one for one in transactions.every(connection) if one.purpose.act == pairing.BOTH]
        transactions.change(connection, pair, joined.clock.now, error_code="registry.funds")
    assert joined.run(begun).state is BatchState.RELEASED
    sharing.publish(joined.office, stored.task.id)
    assert sent(joined) == ["AnchorRoot", pairing.BOTH, "AnchorRoot", "PublishStatus"]
    assert task(joined, stored).state is TaskState.DONE


@pytest.mark.parametrize("depth", range(2, 9))
def test_both_go_there_again_after_a_reorganisation(joined: Bureau, depth: int) -> None:
    first = joined.issue(rows(2))
    joined.chain.mine(20)
    stored = revoked(joined, first)
    batch = joined.issue(rows(2, first=50), "list 2")
    sharing.publish(joined.office, stored.task.id)
    newest = joined.chain.view().block.number
    joined.chain.reorganise(max(depth, newest - on_chain(joined, batch) + 1))

    assert reanchoring.look_again(joined.office) == 2
    again = joined.run(joined.batch(batch.id))
    sharing.publish(joined.office, stored.task.id)
    with joined.office.database.read() as connection:
        if (waiting := tasks.prepared_of(connection, joined.institution.id)) != ():
            pytest.fail(f"an epoch waits still: {waiting}")
    assert (again.state, again.root) == (BatchState.RELEASED, batch.root)
    assert epoch(joined, stored).block == again.anchored_block == on_chain(joined, again)
    assert sent(joined) == ["AnchorRoot", pairing.BOTH]
    assert objections(joined, first) == [{"status.revoked"}, set()]


def test_changes_by_the_joint_operator_count_against_the_same_allowance(joined: Bureau) -> None:
    first = joined.issue(rows(3))
    stored = revoked(joined, first)
    joined.issue(rows(1, first=50), "list 2")
    sharing.publish(joined.office, stored.task.id)
    another = revoked(joined, first, 1)
    strict = replace(joined.office, settings=replace(joined.office.settings, status_changes_per_day=1))
    with pytest.raises(OfficeError, match="1 changes were published within 24 hours") as refused:
        sharing.publish(strict, another.task.id)
    assert refused.value.code == "office.cap"


@dataclass
class Faster:
    """The writer of an account; a moment before it tries out its first status change, others publish the same."""

    inner: RegistryWriter
    other: RegistryWriter
    done: bool = False

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def plan(self, act: Act) -> Intent:
        if isinstance(act, PublishStatus) and not self.done:
            self.done = True
            self.other.broadcast(self.other.prepare(act))
        return self.inner.plan(act)


def test_an_epoch_that_others_bring_there_a_moment_before_is_not_lost(
    joined: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = joined.issue(rows(2))
    stored = revoked(joined, first)
    writer = joined.office.chain.writer
    other = joined.chain.writer(joint_account(joined))
    monkeypatch.setattr(joined.office.chain, "writer", lambda *given: Faster(writer(*given), other))
    sharing.publish(joined.office, stored.task.id)

    made = epoch(joined, stored)
    assert (task(joined, stored).state, made.epoch, made.state) == (TaskState.DONE, 1, "published")
    assert sent(joined) == ["AnchorRoot"]  # nothing of ours was needed
    assert objections(joined, first) == [{"status.revoked"}, set()]


def test_a_status_change_that_waits_for_a_corrected_certificate_is_not_taken_along(joined: Bureau) -> None:
    first = joined.issue(rows(2))
    (number, _) = joined.numbers(first)
    stored = joined.approve(correct(joined, number, name_ko="김바다"))
    assert joined.issue(rows(2, first=50), "list 2").state is BatchState.RELEASED
    assert sent(joined) == ["AnchorRoot", "AnchorRoot"]
    sharing.publish(joined.office, stored.task.id)
    assert task(joined, stored).state is TaskState.DONE
    assert objections(joined, first) == [{"status.replaced"}, set()]


def test_operators_are_listed_with_the_joint_one_only_where_it_was_chosen(bureau: Bureau) -> None:
    office, institution = bureau.office, bureau.institution
    assert {one.purpose for one in ownership.operators(office, institution)} == {"anchoring", "status", "audit"}
    key = ownership.replace_operator(office, institution, JOINT)
    found = {one.purpose: one for one in ownership.operators(office, institution)}
    assert str(found[JOINT].account) == key.public
    assert found[JOINT].record is not None
    assert found[JOINT].record.rights == Rights.ISSUE | Rights.REVOKE | Rights.SUSPEND
    ownership.end_joint_operator(office, institution)
    ownership.end_joint_operator(office, institution)  # run again it finds nothing left to do
    assert {one.purpose for one in ownership.operators(office, institution)} == {"anchoring", "status", "audit"}
    ended = bureau.chain.view().operator(institution.issuer_id, Address.parse(key.public))
    assert ended is not None
    assert ended.rights == Rights.NONE
