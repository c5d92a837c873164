"""Status lists: heads that chain, epochs that cannot get lost, rights that bind. The same on both chains."""

from __future__ import annotations

import pytest

from jikin.anchoring.acts import AnchorAndPublish, AnchorRoot, LeafKind, PublishStatus, Rights, SetOperator
from jikin.anchoring.chain import StatusEpoch, StatusHead
from jikin.anchoring.changes import MAX_CHANGES, Change, pack
from jikin.anchoring.statements import next_head, opening_head
from jikin.errors import ValueRefusedError
from jikin.values import Digest, ListId, sha256
from tests.chain_fixtures import Bench
from tests.registry_office import (
    ACCREDITOR,
    AUDITING,
    ISSUING,
    KEY_HASH,
    LIST,
    OTHER,
    OTHER_OWNER,
    OWNER,
    REVOKING,
    SUSPENDING,
    YEAR,
    Office,
    open_office,
    register,
    root,
)

REVOKE_FIVE = pack([Change(5, 1)])
SUSPEND_SIX = pack([Change(6, 2)])
ENTRIES = 1 << 17
HEARTBEAT = 20 * 3600


def with_list(bench: Bench) -> Office:
    office = open_office(bench)
    office.does(ISSUING, office.opens())
    return office


def test_a_list_opens_with_the_head_of_the_specification(bench: Bench) -> None:
    office = open_office(bench)
    assert office.view().status_history(office.id, LIST) is None
    mined = office.does(ISSUING, office.opens())
    pins = office.view().pins
    head = opening_head(
        chain=pins.chain,
        registry=pins.registry,
        issuer_id=office.id,
        list_id=LIST,
        entries=ENTRIES,
        index_key_hash=KEY_HASH,
    )
    assert office.head() == StatusHead(head, 0, mined.block.time, mined.block.number, ENTRIES)
    history = office.view().status_history(office.id, LIST)
    assert history is not None
    assert (history.entries, history.index_key_hash, history.epochs) == (ENTRIES, KEY_HASH, ())


def test_an_epoch_moves_the_head_as_the_specification_says(bench: Bench) -> None:
    office = with_list(bench)
    before = office.head()
    mined = office.does(REVOKING, office.publishes(REVOKE_FIVE))
    head = next_head(
        previous=before.head,
        epoch=1,
        status_root=root("state"),
        operator=office.account(REVOKING),
        rights=Rights.REVOKE | Rights.SUSPEND,
        changes=REVOKE_FIVE,
        time=mined.block.time,
        block=mined.block.number,
    )
    assert office.head() == StatusHead(head, 1, mined.block.time, mined.block.number, ENTRIES)


def test_the_history_is_every_epoch_from_the_opening(bench: Bench) -> None:
    office = with_list(bench)
    opened = office.head()
    mined = []
    for number, (who, changes) in enumerate(
        [(REVOKING, REVOKE_FIVE), (SUSPENDING, SUSPEND_SIX), (REVOKING, pack([Change(6, 0)]))]
    ):
        mined.append(office.does(who, office.publishes(changes, name=f"state {number}")))
        bench.mine(number * 3)  # empty stretches between epochs
    history = office.view().status_history(office.id, LIST)
    assert history is not None
    both = Rights.REVOKE | Rights.SUSPEND
    assert history.epochs == tuple(
        StatusEpoch(
            epoch=number + 1,
            previous_block=opened.block if number == 0 else mined[number - 1].block.number,
            status_root=root(f"state {number}"),
            operator=office.account(who),
            rights=rights,
            changes=changes,
            time=mined[number].block.time,
            block=mined[number].block.number,
        )
        for number, (who, rights, changes) in enumerate(
            [
                (REVOKING, both, REVOKE_FIVE),
                (SUSPENDING, Rights.SUSPEND, SUSPEND_SIX),
                (REVOKING, both, pack([Change(6, 0)])),
            ]
        )
    )


def test_heads_are_answered_in_the_order_asked(bench: Bench) -> None:
    office = with_list(bench)
    second, absent = ListId(sha256(b"another list")), ListId(sha256(b"no list"))
    office.does(REVOKING, office.opens(second, 22))
    heads = office.view().status_heads(office.id, [second, absent, LIST])
    assert [head.entries if head else None for head in heads] == [1 << 22, None, ENTRIES]
    assert office.view().status_heads(office.id, []) == ()


def test_lists_of_different_issuers_do_not_meet(bench: Bench) -> None:
    office = with_list(bench)
    other = register(bench, OTHER, OTHER_OWNER)
    assert other.view().status_heads(other.id, [LIST]) == (None,)
    assert other.view().status_history(other.id, LIST) is None
    other.does(OTHER_OWNER, SetOperator(other.id, other.account(OTHER_OWNER), other.now() + YEAR, Rights.ISSUE))
    other.does(OTHER_OWNER, other.opens())
    assert other.head().head != office.head().head


def test_a_list_is_opened_once(bench: Bench) -> None:
    office = with_list(bench)
    refused = office.refused(ISSUING, office.opens())
    assert (refused.name, refused.arguments) == (
        "StatusListAlreadyOpened",
        (office.id.raw, LIST.raw, office.head().head.raw),
    )


@pytest.mark.parametrize("log2_entries", [16, 23, 255])
def test_a_list_of_another_size_is_refused(bench: Bench, log2_entries: int) -> None:
    office = open_office(bench)
    refused = office.refused(ISSUING, office.opens(log2_entries=log2_entries))
    assert (refused.name, refused.arguments) == ("StatusListSizeRefused", (log2_entries, 17, 22))


def test_an_operator_without_the_right_opens_no_list(bench: Bench) -> None:
    office = open_office(bench)
    refused = office.refused(AUDITING, office.opens())
    assert (refused.name, refused.arguments) == ("RightMissing", (office.id.raw, office.account(AUDITING), 3, 8))


def test_an_epoch_for_another_head_is_refused(bench: Bench) -> None:
    office = with_list(bench)
    opened = office.head().head
    office.does(REVOKING, office.publishes(REVOKE_FIVE))
    refused = office.refused(SUSPENDING, office.publishes(SUSPEND_SIX, previous=opened))
    assert (refused.name, refused.arguments) == (
        "StatusHeadMoved",
        (office.id.raw, LIST.raw, opened.raw, office.head().head.raw),
    )


@pytest.mark.parametrize("previous", [bytes(32), sha256(b"some head")], ids=["head 0", "some head"])
@pytest.mark.parametrize("changes", [b"", REVOKE_FIVE], ids=["no changes", "a change"])
def test_an_epoch_of_a_list_that_was_never_opened_is_refused(bench: Bench, previous: bytes, changes: bytes) -> None:
    office = open_office(bench)
    refused = office.refused(REVOKING, office.publishes(changes, previous=Digest(previous)))
    assert (refused.name, refused.arguments) == ("StatusListUnknown", (office.id.raw, LIST.raw))


REFUSED_CHANGES = {
    "a remainder": (b"\x00\x00", "ChangesSizeRefused", (2, MAX_CHANGES)),
    "too many": (bytes(3 * MAX_CHANGES + 3), "ChangesSizeRefused", (3 * MAX_CHANGES + 3, MAX_CHANGES)),
    "the same entry twice": (bytes.fromhex("00000d00000e"), "ChangesNotRising", (1, 3, 3)),
    "entries falling": (bytes.fromhex("00000d00001100000d"), "ChangesNotRising", (2, 4, 3)),
    "an entry beyond the list": ((ENTRIES * 4 + 1).to_bytes(3, "big"), "ChangeOutOfRange", (ENTRIES, ENTRIES)),
}


@pytest.mark.parametrize(("changes", "name", "arguments"), REFUSED_CHANGES.values(), ids=REFUSED_CHANGES.keys())
def test_changes_that_break_the_rules_are_refused(
    bench: Bench, changes: bytes, name: str, arguments: tuple[int, ...]
) -> None:
    office = with_list(bench)
    refused = office.refused(REVOKING, office.publishes(changes))
    assert (refused.name, refused.arguments) == (name, arguments)


def test_many_changes_at_once_are_taken(bench: Bench) -> None:
    office = with_list(bench)
    changes = pack([Change(index * 3, index % 4) for index in range(1000)], ENTRIES)
    office.does(REVOKING, office.publishes(changes))
    history = office.view().status_history(office.id, LIST)
    assert history is not None
    assert history.epochs[0].changes == changes


@pytest.mark.parametrize("state", [1, 3])
def test_who_may_only_suspend_revokes_nothing(bench: Bench, state: int) -> None:
    office = with_list(bench)
    changes = pack([Change(1, 2), Change(9, state)])
    refused = office.refused(SUSPENDING, office.publishes(changes))
    assert (refused.name, refused.arguments) == ("ChangeNeedsRevoke", (1, 9, state, 4))
    office.does(SUSPENDING, office.publishes(SUSPEND_SIX))


def test_who_may_only_issue_publishes_no_status(bench: Bench) -> None:
    office = with_list(bench)
    refused = office.refused(ISSUING, office.publishes(SUSPEND_SIX))
    assert (refused.name, refused.arguments) == ("RightMissing", (office.id.raw, office.account(ISSUING), 6, 1))


def test_a_heartbeat_comes_twenty_hours_after_the_last_epoch(bench: Bench) -> None:
    office = with_list(bench)
    mined = office.does(REVOKING, office.publishes(REVOKE_FIVE))
    early = office.refused(SUSPENDING, office.publishes(b""))
    assert (early.name, early.arguments) == (
        "HeartbeatTooEarly",
        (office.id.raw, LIST.raw, mined.block.time + HEARTBEAT),
    )
    bench.advance(HEARTBEAT)
    office.does(SUSPENDING, office.publishes(b""))
    assert office.head().epoch == 2


def test_revoking_goes_on_after_the_accreditation(bench: Bench) -> None:
    office = with_list(bench)
    bench.advance(11 * YEAR)
    office.does(OWNER, SetOperator(office.id, office.account(REVOKING), office.now() + YEAR, Rights.REVOKE))
    office.does(REVOKING, office.publishes(REVOKE_FIVE))
    assert office.head().epoch == 1


# ------------------------------------------------------------------------------------------------- both in one


def both_rights(office: Office) -> None:
    everything = Rights.ISSUE | Rights.REVOKE
    office.does(OWNER, SetOperator(office.id, office.account(ISSUING), office.now() + YEAR, everything))


def test_anchor_and_status_go_in_one_transaction(bench: Bench) -> None:
    office = with_list(bench)
    both_rights(office)
    mined = office.does(ISSUING, AnchorAndPublish(office.anchors(), office.publishes(REVOKE_FIVE)))
    slot = office.view().anchor(office.id, root("batch"))
    assert slot is not None
    assert slot.block == office.head().block == mined.block.number
    history = office.view().status_history(office.id, LIST)
    assert history is not None
    assert history.epochs[0].rights == Rights.ISSUE | Rights.REVOKE


def test_a_lost_status_race_leaves_the_anchor(bench: Bench) -> None:
    office = with_list(bench)
    both_rights(office)
    opened = office.head().head
    office.does(REVOKING, office.publishes(REVOKE_FIVE))
    office.does(ISSUING, AnchorAndPublish(office.anchors(), office.publishes(SUSPEND_SIX, previous=opened)))
    assert office.view().anchor(office.id, root("batch")) is not None
    assert office.head().epoch == 1


def test_an_equal_root_counts_as_anchored_and_another_size_does_not(bench: Bench) -> None:
    office = with_list(bench)
    both_rights(office)
    first = office.does(ISSUING, office.anchors())
    office.does(ISSUING, AnchorAndPublish(office.anchors(), office.publishes(REVOKE_FIVE)))
    slot = office.view().anchor(office.id, root("batch"))
    assert slot is not None
    assert (slot.block, slot.sequence, office.head().epoch) == (first.block.number, 1, 1)
    for other in (
        office.anchors(size=128),
        AnchorRoot(office.id, root("batch"), 64, LeafKind.EMBARGOED),
    ):
        refused = office.refused(ISSUING, AnchorAndPublish(other, office.publishes(SUSPEND_SIX)))
        assert (refused.name, refused.arguments) == (
            "RootAlreadyAnchored",
            (office.id.raw, root("batch").raw, first.block.time),
        )


def test_both_need_the_rights_of_both(bench: Bench) -> None:
    office = with_list(bench)
    act = AnchorAndPublish(office.anchors(), office.publishes(REVOKE_FIVE))
    issuing = office.refused(ISSUING, act)
    assert (issuing.name, issuing.arguments) == ("RightMissing", (office.id.raw, office.account(ISSUING), 6, 1))
    revoking = office.refused(REVOKING, act)
    assert (revoking.name, revoking.arguments) == ("RightMissing", (office.id.raw, office.account(REVOKING), 1, 6))


def test_both_for_a_list_that_was_never_opened_is_refused(bench: Bench) -> None:
    office = open_office(bench)
    both_rights(office)
    status = PublishStatus(office.id, LIST, Digest(bytes(32)), root("state"), REVOKE_FIVE)
    assert office.refused(ISSUING, AnchorAndPublish(office.anchors(), status)).name == "StatusListUnknown"
    assert office.view().anchor(office.id, root("batch")) is None


def test_both_are_of_one_issuer(bench: Bench) -> None:
    office = with_list(bench)
    other = register(bench, OTHER, OTHER_OWNER)
    with pytest.raises(ValueRefusedError):
        office.writer(ACCREDITOR).prepare(AnchorAndPublish(other.anchors(), office.publishes(REVOKE_FIVE)))
