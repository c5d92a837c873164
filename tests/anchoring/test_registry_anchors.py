"""Anchors and audit heads: the same on both chains, with the same refusals."""

from __future__ import annotations

import pytest

from jikin.anchoring.acts import (
    AnchorRoot,
    Invalidate,
    LeafKind,
    PublishAuditHead,
    Rights,
    SetAccreditation,
    SetOperator,
)
from jikin.anchoring.chain import AnchorSlot, AuditHead
from tests.chain_fixtures import Bench
from tests.registry_office import (
    ACCREDITOR,
    AUDITING,
    ISSUING,
    OTHER,
    OTHER_ISSUING,
    OTHER_OWNER,
    OWNER,
    REVOKING,
    YEAR,
    open_office,
    register,
    root,
)


def test_an_anchored_root_is_on_record_with_time_block_and_size(bench: Bench) -> None:
    office = open_office(bench)
    assert office.view().anchor(office.id, root("batch")) is None
    mined = office.does(ISSUING, office.anchors(size=512))
    assert office.view().anchor(office.id, root("batch")) == AnchorSlot(
        time=mined.block.time, block=mined.block.number, tree_size=512, sequence=1, kind=1
    )


def test_roots_of_one_operator_are_counted_without_gaps(bench: Bench) -> None:
    office = open_office(bench)
    for number, kind in enumerate((LeafKind.CREDENTIAL, LeafKind.EMBARGOED, LeafKind.OLDER_REGISTRY), start=1):
        office.does(ISSUING, AnchorRoot(office.id, root(f"batch {number}"), 1 << 22, kind))
        slot = office.view().anchor(office.id, root(f"batch {number}"))
        assert slot is not None
        assert (slot.sequence, slot.kind) == (number, int(kind))
    operator = office.view().operator(office.id, office.account(ISSUING))
    assert operator is not None
    assert operator.sequence == 3


def test_a_root_is_anchored_once(bench: Bench) -> None:
    office = open_office(bench)
    mined = office.does(ISSUING, office.anchors())
    refused = office.refused(ISSUING, office.anchors(size=128))
    assert (refused.name, refused.arguments) == (
        "RootAlreadyAnchored",
        (office.id.raw, root("batch").raw, mined.block.time),
    )


def test_nobody_can_take_another_issuers_root(bench: Bench) -> None:
    office = open_office(bench)
    other = register(bench, OTHER, OTHER_OWNER)
    other.does(OTHER_OWNER, SetOperator(other.id, other.account(OTHER_ISSUING), other.now() + YEAR, Rights.ISSUE))
    other.does(OTHER_ISSUING, other.anchors())
    assert office.view().anchor(office.id, root("batch")) is None
    office.does(ISSUING, office.anchors())
    assert office.view().anchor(office.id, root("batch")) is not None


@pytest.mark.parametrize("size", [0, (1 << 22) + 1])
def test_a_tree_of_an_impossible_size_is_refused(bench: Bench, size: int) -> None:
    office = open_office(bench)
    refused = office.refused(ISSUING, office.anchors(size=size))
    assert (refused.name, refused.arguments) == ("TreeSizeRefused", (size, 1 << 22))


def test_a_root_of_fillers_is_refused(bench: Bench) -> None:
    office = open_office(bench)
    refused = office.refused(ISSUING, AnchorRoot(office.id, root("batch"), 64, LeafKind.FILLER))
    assert (refused.name, refused.arguments) == ("AnchorKindRefused", (2,))


def test_an_operator_needs_the_very_right(bench: Bench) -> None:
    office = open_office(bench)
    anchor = office.refused(REVOKING, office.anchors())
    assert (anchor.name, anchor.arguments) == ("RightMissing", (office.id.raw, office.account(REVOKING), 1, 6))
    audit = office.refused(ISSUING, PublishAuditHead(office.id, 1, root("audit")))
    assert (audit.name, audit.arguments) == ("RightMissing", (office.id.raw, office.account(ISSUING), 8, 1))


def test_an_operator_whose_time_is_over_is_refused(bench: Bench) -> None:
    office = open_office(bench)
    until = office.now() + 1000
    office.does(OWNER, SetOperator(office.id, office.account(ISSUING), until, Rights.ISSUE))
    office.does(ISSUING, office.anchors("in time"))
    bench.advance(1001)
    refused = office.refused(ISSUING, office.anchors("late"))
    assert (refused.name, refused.arguments) == ("OperatorExpired", (office.id.raw, office.account(ISSUING), until))


def test_an_issuer_anchors_only_while_it_is_accredited(bench: Bench) -> None:
    office = open_office(bench)
    until = office.now() + 1000
    office.does(ACCREDITOR, SetAccreditation(office.id, 0, until))
    office.does(ISSUING, office.anchors("in time"))
    bench.advance(1001)
    refused = office.refused(ISSUING, office.anchors("late"))
    assert refused.name == "NotAccredited"
    assert refused.arguments[3] == until
    office.does(ACCREDITOR, SetAccreditation(office.id, office.now() + 1000, office.now() + YEAR))
    assert office.refused(ISSUING, office.anchors("early")).name == "NotAccredited"


def test_an_invalidated_issuer_anchors_nothing(bench: Bench) -> None:
    office = open_office(bench)
    office.does(ACCREDITOR, Invalidate(office.id, 7))
    refused = office.refused(ISSUING, office.anchors())
    assert (refused.name, refused.arguments) == ("IssuerIsInvalidated", (office.id.raw, 7))


def test_the_audit_log_only_grows(bench: Bench) -> None:
    office = open_office(bench)
    assert office.view().audit_head(office.id) is None
    mined = office.does(AUDITING, PublishAuditHead(office.id, 5, root("audit")))
    head = office.view().audit_head(office.id)
    assert head == AuditHead(root("audit"), 5, mined.block.time, mined.block.number)
    refused = office.refused(AUDITING, PublishAuditHead(office.id, 5, root("audit again")))
    assert (refused.name, refused.arguments) == ("AuditHeadNotGrown", (office.id.raw, 5, 5))
    office.does(AUDITING, PublishAuditHead(office.id, 6, root("audit again")))
    nothing = office.refused(AUDITING, PublishAuditHead(office.id, 0, root("audit")))
    assert nothing.name == "AuditHeadNotGrown"
