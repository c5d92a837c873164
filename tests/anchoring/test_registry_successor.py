"""A registry that is followed by another one: named, in force, sealed. The same on both chains."""

from __future__ import annotations

from collections.abc import Callable

from jikin.anchoring.acts import SealAnchoring, SetSuccessor
from jikin.anchoring.chain import Successor
from jikin.anchoring.changes import Change, pack
from jikin.anchoring.memory_rules import ACCREDITOR_ROLE
from jikin.values import Address, Did
from tests.chain_fixtures import Bench
from tests.registry_office import (
    ACCREDITOR,
    DID,
    ISSUING,
    LIST,
    OTHER,
    OTHER_OWNER,
    OWNER,
    REVOKING,
    STRANGER,
    Office,
    open_office,
    register,
)

DAY = 86_400
NOBODY = Address(bytes(20))


def test_a_successor_follows_at_once_where_there_is_no_delay(bench: Bench) -> None:
    office = open_office(bench)
    assert office.view().successor() is None
    before, following = office.view(), bench.contract()
    mined = office.does(ACCREDITOR, SetSuccessor(following))
    assert office.view().successor() == Successor(following, mined.block.time)
    assert before.successor() is None


def test_with_a_delay_it_can_be_named_anew_until_it_follows(make_bench: Callable[[int], Bench]) -> None:
    bench = make_bench(DAY)
    office = Office(bench)
    following = bench.contract()
    mined = office.does(ACCREDITOR, SetSuccessor(following))
    assert office.view().successor() == Successor(following, mined.block.time + DAY)
    office.does(ACCREDITOR, SetSuccessor(NOBODY))
    assert office.view().successor() is None
    again = office.does(ACCREDITOR, SetSuccessor(following))
    bench.advance(DAY)
    refused = office.refused(ACCREDITOR, SetSuccessor(NOBODY))
    assert (refused.name, refused.arguments) == ("RegistryIsSealed", (following, again.block.time + DAY))


def test_only_an_accreditor_names_it_and_only_another_contract_is_named(bench: Bench) -> None:
    office = open_office(bench)
    following = bench.contract()
    for who in (STRANGER, OWNER, ISSUING):
        refused = office.refused(who, SetSuccessor(following))
        assert (refused.name, refused.arguments) == (
            "AccessControlUnauthorizedAccount",
            (office.account(who), ACCREDITOR_ROLE),
        )
    for wrong in (office.view().pins.registry, office.account(STRANGER)):
        refused = office.refused(ACCREDITOR, SetSuccessor(wrong))
        assert (refused.name, refused.arguments) == ("SuccessorRefused", (wrong,))


def test_anybody_ends_an_issuers_anchoring_once_another_registry_follows(bench: Bench) -> None:
    office = open_office(bench)
    register(bench, OTHER, OTHER_OWNER)
    early = office.refused(STRANGER, SealAnchoring(office.id))
    assert (early.name, early.arguments[1]) == ("RegistryNotSealed", 0)
    office.does(ACCREDITOR, SetSuccessor(bench.contract()))
    office.does(STRANGER, SealAnchoring(office.id))
    for act, who in ((SealAnchoring(office.id), STRANGER), (office.anchors(), ISSUING)):
        refused = office.refused(who, act)
        assert (refused.name, refused.arguments) == ("IssuerIsSealed", (office.id.raw,))
    office.does(STRANGER, SealAnchoring(OTHER.issuer_id))
    unknown = office.refused(STRANGER, SealAnchoring(Did("did:web:nobody.example").issuer_id))
    assert unknown.name == "IssuerUnknown"


def test_until_somebody_seals_it_an_anchor_is_written_and_shows_that_it_came_too_late(bench: Bench) -> None:
    office = open_office(bench)
    office.does(ACCREDITOR, SetSuccessor(bench.contract()))
    office.does(ISSUING, office.anchors())
    slot, following = office.view().anchor(office.id, office.anchors().root), office.view().successor()
    assert slot is not None
    assert following is not None
    assert slot.time >= following.sealed_at


def test_open_lists_go_on_and_new_ones_open_in_the_registry_that_follows(bench: Bench) -> None:
    office = open_office(bench)
    office.does(ISSUING, office.opens())
    following = bench.contract()
    mined = office.does(ACCREDITOR, SetSuccessor(following))
    office.does(STRANGER, SealAnchoring(office.id))
    office.does(REVOKING, office.publishes(pack([Change(5, 1)])))
    (head,) = office.view().status_heads(office.id, [LIST])
    assert head is not None
    assert head.epoch == 1
    refused = office.refused(ISSUING, office.opens())
    assert (refused.name, refused.arguments) == ("RegistryIsSealed", (following, mined.block.time))
    assert office.did == DID
