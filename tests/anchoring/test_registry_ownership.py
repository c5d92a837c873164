"""An issuer changes hands in two steps, so that no wrong address ever owns one: the same on both chains."""

from __future__ import annotations

from jikin.anchoring.acts import AcceptOwnership, AddKey, TransferOwnership
from jikin.values import Address
from tests.chain_fixtures import Bench
from tests.registry_office import ACCREDITOR, OTHER_OWNER, OWNER, STRANGER, Office, register

MULTIKEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"


def owner(office: Office) -> Address:
    record = office.view().issuer(office.id)
    assert record is not None
    return record.owner


def test_an_offer_alone_changes_nothing_and_accepting_it_everything(bench: Bench) -> None:
    office = register(bench)
    office.does(OWNER, TransferOwnership(office.id, office.account(OTHER_OWNER)))
    assert owner(office) == office.account(OWNER)
    office.does(OTHER_OWNER, AcceptOwnership(office.id))
    assert owner(office) == office.account(OTHER_OWNER)
    office.does(OTHER_OWNER, AddKey(office.id, MULTIKEY))
    assert office.refused(OWNER, TransferOwnership(office.id, office.account(OWNER))).name == "NotIssuerOwner"
    assert office.refused(OTHER_OWNER, AcceptOwnership(office.id)).name == "NotPendingOwner"


def test_only_whom_it_was_offered_to_accepts(bench: Bench) -> None:
    office = register(bench)
    nobody = Address(bytes(20))
    refused = office.refused(STRANGER, AcceptOwnership(office.id))
    assert (refused.name, refused.arguments) == (
        "NotPendingOwner",
        (office.id.raw, office.account(STRANGER), nobody),
    )
    office.does(OWNER, TransferOwnership(office.id, office.account(OTHER_OWNER)))
    for who in (STRANGER, OWNER, ACCREDITOR):
        refused = office.refused(who, AcceptOwnership(office.id))
        assert refused.arguments == (office.id.raw, office.account(who), office.account(OTHER_OWNER))


def test_a_later_offer_takes_the_earlier_one_back(bench: Bench) -> None:
    office = register(bench)
    office.does(OWNER, TransferOwnership(office.id, office.account(OTHER_OWNER)))
    office.does(OWNER, TransferOwnership(office.id, Address(bytes(20))))
    assert office.refused(OTHER_OWNER, AcceptOwnership(office.id)).name == "NotPendingOwner"
    assert office.refused(STRANGER, TransferOwnership(office.id, office.account(STRANGER))).name == "NotIssuerOwner"
    assert owner(office) == office.account(OWNER)
