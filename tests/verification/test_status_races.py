"""What was revoked stays revoked, whoever comes first: epochs that race, blocks that vanish, keys that may not."""

from __future__ import annotations

import pytest

from jikin.anchoring.acts import PublishStatus, Rights, SetOperator
from jikin.anchoring.chain import PreparedTransaction
from jikin.anchoring.changes import Change, pack
from jikin.anchoring.memory import ACCOUNTS
from jikin.status.array import State
from jikin.status.publication import Publication
from jikin.status.root import array_root
from jikin.values import Address
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome, Report
from jikin.verification.verifying import verify
from tests.small_world import DAY, LIST, OPERATOR, OWNER, Issued, SmallWorld

SUSPENDER = ACCOUNTS[5]


@pytest.fixture
def world() -> SmallWorld:
    made = SmallWorld()
    made.act(SetOperator(made.issuer_id, SUSPENDER, made.time + DAY, Rights.SUSPEND), OWNER)
    return made


def judged(world: SmallWorld, issued: Issued) -> Report:
    return verify(issued.document, world.sources(), packaged("public"), world.time)


def codes(world: SmallWorld, issued: Issued) -> set[str]:
    return {finding.code for finding in judged(world, issued).findings}


def prepared(world: SmallWorld, issued: Issued, state: State, account: Address) -> PreparedTransaction:
    """Return the signed epoch in which *issued* gets *state*, made for the head and the array as they stand now."""
    before = world.snapshot()
    assert before.folded is not None
    array = before.folded.array.with_states({issued.index: state})
    root = Publication.make(before.lctx, before.epoch + 1, array_root(before.lctx, array), []).status_root(before.lctx)
    changes = pack([Change(issued.index, int(state))], before.entries)
    return world.chain.writer(account).prepare(PublishStatus(world.issuer_id, LIST, before.head.head, root, changes))


def test_an_epoch_made_before_a_revocation_does_not_overwrite_it(world: SmallWorld) -> None:
    """SECURITY 2.1: the array of the slower one does not know that anything was revoked meanwhile."""
    issued, other = world.issue(), world.issue("이다른")
    slower = prepared(world, other, State.SUSPENDED, SUSPENDER)
    world.set_state(issued, State.REVOKED)
    writer = world.chain.writer(SUSPENDER)
    writer.broadcast(slower)
    mined = writer.mined(slower.hash)
    assert mined is not None
    assert not mined.succeeded
    assert judged(world, issued).outcome is Outcome.FAILED
    assert "status.revoked" in codes(world, issued)
    assert judged(world, other).outcome is Outcome.PASSED


def test_after_a_reorganisation_no_epoch_stands_without_the_revocation_on_which_it_was_made(world: SmallWorld) -> None:
    """SECURITY 2.1: the later bytes come back first, and are worth nothing until the earlier ones are there."""
    issued, other = world.issue(), world.issue("이다른")
    first = prepared(world, issued, State.REVOKED, OPERATOR)
    revoking, suspending = world.chain.writer(OPERATOR), world.chain.writer(SUSPENDER)
    revoking.broadcast(first)
    second = prepared(world, other, State.SUSPENDED, SUSPENDER)
    suspending.broadcast(second)
    assert "status.revoked" in codes(world, issued)
    assert "status.suspended" in codes(world, other)
    world.chain.reorganise(2)
    assert world.snapshot().epoch == 0
    suspending.broadcast(second)
    lost = suspending.mined(second.hash)
    assert lost is not None
    assert not lost.succeeded
    assert world.snapshot().epoch == 0
    revoking.broadcast(first)
    suspending.broadcast(prepared(world, other, State.SUSPENDED, SUSPENDER))
    assert "status.revoked" in codes(world, issued)
    assert "status.suspended" in codes(world, other)
    assert world.snapshot().epoch == 2


@pytest.mark.parametrize("end", [State.REVOKED, State.REPLACED])
def test_a_key_that_may_only_suspend_brings_nobody_back(world: SmallWorld, end: State) -> None:
    """SECURITY 2.1: it publishes the change and the root of an array in which the certificate is valid."""
    issued, other = world.issue(), world.issue("이다른")
    world.set_state(issued, end)
    world.set_state(issued, State.VALID, account=SUSPENDER)
    report = judged(world, issued)
    assert report.outcome is Outcome.FAILED
    assert f"status.{end.name.lower()}" in codes(world, issued)
    assert "status.contradiction" in codes(world, other)
    assert judged(world, other).outcome is Outcome.UNKNOWN
