"""Issuers, accreditation, profiles, operators and keys: the same on both chains, with the same refusals."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jikin.anchoring.acts import (
    Act,
    AddKey,
    AnchorRoot,
    ApproveProfile,
    Invalidate,
    LeafKind,
    OpenStatusList,
    ProposeProfile,
    PublishAuditHead,
    PublishStatus,
    RegisterIssuer,
    ReportKeyCompromised,
    RetireKey,
    Rights,
    SetAccreditation,
    SetAnchorsAll,
    SetOperator,
)
from jikin.anchoring.chain import IssuerRecord, KeyWindow, OperatorRecord
from jikin.anchoring.memory_rules import ACCREDITOR_ROLE
from jikin.errors import ValueRefusedError
from jikin.values import Address, Digest, IssuerId, KeyId, keccak256, sha256
from tests.chain_fixtures import Bench
from tests.registry_office import (
    ACCREDITOR,
    DID,
    ISSUING,
    KEY_HASH,
    LIST,
    OTHER,
    OTHER_ISSUING,
    OTHER_OWNER,
    OWNER,
    STRANGER,
    YEAR,
    Office,
    open_office,
    register,
    root,
)

NOBODY = Address(bytes(20))
MULTIKEY = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
KEY = KeyId.of(MULTIKEY)
DAY = 86_400


# ------------------------------------------------------------------------------------------------- registration


def test_a_registered_issuer_is_on_record(bench: Bench) -> None:
    office = Office(bench)
    assert office.view().issuer(office.id) is None
    now = office.now()
    office.does(ACCREDITOR, RegisterIssuer(DID.text, office.account(OWNER), now + 1000, now + 2000))
    assert office.view().issuer(office.id) == IssuerRecord(
        owner=office.account(OWNER),
        valid_from=now + 1000,
        valid_until=now + 2000,
        anchors_all=False,
        anchors_all_since=0,
        invalid_since=0,
        profile_hash=None,
    )


def test_an_accreditation_never_begins_before_the_registration(bench: Bench) -> None:
    office = Office(bench)
    mined = office.does(ACCREDITOR, RegisterIssuer(DID.text, office.account(OWNER), 1, office.now() + YEAR))
    record = office.view().issuer(office.id)
    assert record is not None
    assert record.valid_from == mined.block.time


def test_a_registry_with_a_delay_begins_accreditations_later(make_bench: Callable[[int], Bench]) -> None:
    office = Office(make_bench(DAY))
    mined = office.does(ACCREDITOR, RegisterIssuer(DID.text, office.account(OWNER), 1, office.now() + YEAR))
    record = office.view().issuer(office.id)
    assert record is not None
    assert record.valid_from == mined.block.time + DAY


def test_all_issuers_are_listed_in_the_order_of_registration(bench: Bench) -> None:
    office = Office(bench)
    assert office.view().issuers() == ()
    register(bench, OTHER, OTHER_OWNER)
    before = office.view()
    bench.mine(3)
    register(bench, DID)
    assert office.view().issuers() == (OTHER, DID)
    assert before.issuers() == (OTHER,)
    assert office.view().issuers() == (OTHER, DID)


def test_an_issuer_is_registered_once(bench: Bench) -> None:
    office = register(bench)
    again = RegisterIssuer(DID.text, office.account(STRANGER), office.now(), office.now() + YEAR)
    refused = office.refused(ACCREDITOR, again)
    assert (refused.name, refused.arguments) == (
        "IssuerAlreadyRegistered",
        (office.id.raw, office.account(OWNER)),
    )


WRONG_DIDS = {
    "": 0,
    "exam.example": 0,
    "did:": 4,
    "did::x": 4,
    "did:web": 7,
    "did:web:": 8,
    "did:web:Exam.example": 8,
    "did:web:exam.Example": 13,
    "did:web:localhost%3A8101": 19,
    "did:web::office": 8,
    "did:web:exam.example:": 21,
    "did:WEB:exam.example": 4,
    "did:web:exam.example#key": 20,
    "did:web:exam.example/path": 20,
    "did:web:exam.example office": 20,
    "did:key:z6Mk?x": 12,
    "did:key:시험": 8,
    "did:key:" + "z" * 2041: 2048,
}


@pytest.mark.parametrize(("did", "position"), WRONG_DIDS.items(), ids=[did[:30] or "nothing" for did in WRONG_DIDS])
def test_a_did_that_is_not_written_as_registered_is_refused(bench: Bench, did: str, position: int) -> None:
    office = Office(bench)
    refused = office.refused(ACCREDITOR, RegisterIssuer(did, office.account(OWNER), 0, office.now() + YEAR))
    assert (refused.name, refused.arguments) == ("DidRefused", (did, position))


RIGHT_DIDS = [
    "did:web:exam.example",
    "did:web:localhost%3a8101",
    "did:web:exam.example:Office:A",
    "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
    "did:ethr:0x1:0xAbC",
    "did:key:" + "z" * 2040,
]


def test_dids_as_registered_are_taken(bench: Bench) -> None:
    office = Office(bench)
    for did in RIGHT_DIDS:
        office.does(ACCREDITOR, RegisterIssuer(did, office.account(OWNER), 0, office.now() + YEAR))
        assert office.view().issuer(IssuerId(keccak256(did.encode()))) is not None
    assert [did.text for did in office.view().issuers()] == RIGHT_DIDS


def test_a_registration_without_owner_or_time_is_refused(bench: Bench) -> None:
    office = Office(bench)
    now = office.now()
    nobody = office.refused(ACCREDITOR, RegisterIssuer(DID.text, NOBODY, now, now + YEAR))
    assert (nobody.name, nobody.arguments) == ("AddressMissing", (office.id.raw,))
    past = office.refused(ACCREDITOR, RegisterIssuer(DID.text, office.account(OWNER), 1, 2))
    assert past.name == "AccreditationWindowEmpty"
    assert past.arguments[2] == 2


def test_numbers_beyond_the_contract_are_refused_before_they_are_sent(bench: Bench) -> None:
    office = register(bench)
    for act in (
        RegisterIssuer(DID.text, office.account(OWNER), 0, 1 << 40),
        AnchorRoot(office.id, root("batch"), 1 << 32, LeafKind.CREDENTIAL),
        SetOperator(office.id, office.account(ISSUING), -1, Rights.ISSUE),
        RegisterIssuer("did:key:\ud800", office.account(OWNER), 0, 1),
    ):
        with pytest.raises(ValueRefusedError):
            office.writer(ACCREDITOR).prepare(act)


# ------------------------------------------------------------------------------------------ what accreditors decide


def test_the_accreditation_window_moves(bench: Bench) -> None:
    office = register(bench)
    before = office.view().issuer(office.id)
    assert before is not None
    until = office.now() + 5
    office.does(ACCREDITOR, SetAccreditation(office.id, 0, until))
    after = office.view().issuer(office.id)
    assert after is not None
    assert (after.valid_from, after.valid_until) == (before.valid_from, until)


def test_an_accreditation_can_be_made_empty_but_not_backwards(bench: Bench) -> None:
    office = register(bench)
    record = office.view().issuer(office.id)
    assert record is not None
    refused = office.refused(ACCREDITOR, SetAccreditation(office.id, 0, record.valid_from - 1))
    assert (refused.name, refused.arguments) == (
        "AccreditationWindowEmpty",
        (office.id.raw, record.valid_from, record.valid_from - 1),
    )
    office.does(ACCREDITOR, SetAccreditation(office.id, 0, record.valid_from))


def test_anchors_all_is_set_once_and_for_ever(bench: Bench) -> None:
    office = register(bench)
    mined = office.does(ACCREDITOR, SetAnchorsAll(office.id))
    record = office.view().issuer(office.id)
    assert record is not None
    assert (record.anchors_all, record.anchors_all_since) == (True, mined.block.time)
    refused = office.refused(ACCREDITOR, SetAnchorsAll(office.id))
    assert (refused.name, refused.arguments) == ("AnchorsAllAlreadySet", (office.id.raw, mined.block.time))


def test_an_invalidation_only_moves_down(bench: Bench) -> None:
    office = register(bench)
    now = office.now()
    assert office.refused(ACCREDITOR, Invalidate(office.id, now + DAY)).name == "SinceOutOfRange"
    assert office.refused(ACCREDITOR, Invalidate(office.id, 0)).name == "SinceOutOfRange"
    office.does(ACCREDITOR, Invalidate(office.id, now))
    refused = office.refused(ACCREDITOR, Invalidate(office.id, now))
    assert (refused.name, refused.arguments) == ("SinceOnlyMovesDown", (now, now))
    office.does(ACCREDITOR, Invalidate(office.id, 1))
    record = office.view().issuer(office.id)
    assert record is not None
    assert record.invalid_since == 1


def test_decisions_about_an_unknown_issuer_are_refused(bench: Bench) -> None:
    office = Office(bench)
    for act in (
        SetAccreditation(office.id, 0, 1),
        SetAnchorsAll(office.id),
        Invalidate(office.id, 1),
        ApproveProfile(office.id, root("profile")),
    ):
        refused = office.refused(ACCREDITOR, act)
        assert (refused.name, refused.arguments) == ("IssuerUnknown", (office.id.raw,))


# --------------------------------------------------------------------------------------------------------- profiles


def test_an_approved_profile_is_read_from_the_chain(bench: Bench) -> None:
    office = register(bench)
    first, second = b'{"name":"exam"}', b'{"name":"exam 2"}'
    office.does(OWNER, ProposeProfile(office.id, first))
    assert office.view().approved_profile(office.id) is None
    office.does(ACCREDITOR, ApproveProfile(office.id, Digest(sha256(first))))
    approved = office.view()
    bench.mine(2)
    office.does(OWNER, ProposeProfile(office.id, second))
    assert office.view().approved_profile(office.id) == first
    office.does(ACCREDITOR, ApproveProfile(office.id, Digest(sha256(second))))
    assert office.view().approved_profile(office.id) == second
    assert approved.approved_profile(office.id) == first
    record = office.view().issuer(office.id)
    assert record is not None
    assert record.profile_hash == Digest(sha256(second))


def test_only_the_newest_proposal_can_be_approved(bench: Bench) -> None:
    office = register(bench)
    none = office.refused(ACCREDITOR, ApproveProfile(office.id, Digest(bytes(32))))
    assert (none.name, none.arguments) == ("ProfileNotProposed", (office.id.raw, bytes(32), bytes(32)))
    office.does(OWNER, ProposeProfile(office.id, b"first"))
    office.does(OWNER, ProposeProfile(office.id, b"second"))
    stale = office.refused(ACCREDITOR, ApproveProfile(office.id, Digest(sha256(b"first"))))
    assert (stale.name, stale.arguments) == ("ProfileNotProposed", (office.id.raw, sha256(b"first"), sha256(b"second")))
    office.does(ACCREDITOR, ApproveProfile(office.id, Digest(sha256(b"second"))))
    again = office.refused(ACCREDITOR, ApproveProfile(office.id, Digest(sha256(b"second"))))
    assert again.name == "ProfileAlreadyApproved"


def test_an_approval_waits_for_the_delay(make_bench: Callable[[int], Bench]) -> None:
    bench = make_bench(DAY)
    office = register(bench)
    proposed = office.does(OWNER, ProposeProfile(office.id, b"profile"))
    approve = ApproveProfile(office.id, Digest(sha256(b"profile")))
    early = office.refused(ACCREDITOR, approve)
    assert (early.name, early.arguments) == (
        "ProfileTooEarly",
        (office.id.raw, sha256(b"profile"), proposed.block.time + DAY),
    )
    bench.advance(DAY)
    office.does(ACCREDITOR, approve)
    assert office.view().approved_profile(office.id) == b"profile"


def test_a_profile_has_a_sensible_size(bench: Bench) -> None:
    office = register(bench)
    for profile in (b"", b"x" * 8193):
        refused = office.refused(OWNER, ProposeProfile(office.id, profile))
        assert (refused.name, refused.arguments) == ("ProfileSizeRefused", (office.id.raw, len(profile), 8192))
    office.does(OWNER, ProposeProfile(office.id, b"x" * 8192))


# -------------------------------------------------------------------------------------------------------- operators


def test_an_operator_has_what_the_owner_gave(bench: Bench) -> None:
    office = register(bench)
    account = office.account(ISSUING)
    assert office.view().operator(office.id, account) is None
    until = office.now() + YEAR
    office.does(OWNER, SetOperator(office.id, account, until, Rights.ISSUE | Rights.REVOKE))
    assert office.view().operator(office.id, account) == OperatorRecord(until, Rights.ISSUE | Rights.REVOKE, 0)
    office.does(ISSUING, office.anchors())
    office.does(OWNER, SetOperator(office.id, account, 5, Rights.NONE))
    assert office.view().operator(office.id, account) == OperatorRecord(5, Rights.NONE, 1)


def test_an_operator_is_somebody_with_rights_that_exist(bench: Bench) -> None:
    office = register(bench)
    assert office.refused(OWNER, SetOperator(office.id, NOBODY, 5, Rights.ISSUE)).name == "AddressMissing"
    refused = office.refused(OWNER, SetOperator(office.id, office.account(ISSUING), 5, Rights(17)))
    assert (refused.name, refused.arguments) == ("RightsUnknown", (office.id.raw, office.account(ISSUING), 17))


# ------------------------------------------------------------------------------------------------------------- keys


def test_a_key_counts_from_its_registration_until_it_retires(bench: Bench) -> None:
    office = register(bench)
    assert office.view().key_window(office.id, KEY) is None
    added = office.does(OWNER, AddKey(office.id, MULTIKEY))
    assert office.view().key_window(office.id, KEY) == KeyWindow(added.block.time, 0, 0)
    bench.advance(100)
    retired = office.does(OWNER, RetireKey(office.id, KEY))
    assert office.view().key_window(office.id, KEY) == KeyWindow(added.block.time, retired.block.time, 0)
    again = office.refused(OWNER, RetireKey(office.id, KEY))
    assert (again.name, again.arguments) == ("KeyAlreadyRetired", (office.id.raw, KEY.raw, retired.block.time))
    twice = office.refused(OWNER, AddKey(office.id, MULTIKEY))
    assert (twice.name, twice.arguments) == ("KeyAlreadyAdded", (office.id.raw, KEY.raw, added.block.time))


def test_a_key_has_a_sensible_size(bench: Bench) -> None:
    office = register(bench)
    for multikey in ("", "z" * 4097):
        refused = office.refused(OWNER, AddKey(office.id, multikey))
        assert (refused.name, refused.arguments) == ("KeySizeRefused", (office.id.raw, len(multikey), 4096))


def test_an_owner_reports_ninety_days_back_and_an_accreditor_any_time(bench: Bench) -> None:
    office = register(bench)
    office.does(OWNER, AddKey(office.id, MULTIKEY))
    now = office.now()
    too_far = office.refused(OWNER, ReportKeyCompromised(office.id, KEY, now - 91 * DAY))
    assert too_far.name == "SinceOutOfRange"
    office.does(OWNER, ReportKeyCompromised(office.id, KEY, now - 89 * DAY))
    up = office.refused(OWNER, ReportKeyCompromised(office.id, KEY, now - 88 * DAY))
    assert (up.name, up.arguments) == ("SinceOnlyMovesDown", (now - 88 * DAY, now - 89 * DAY))
    office.does(ACCREDITOR, ReportKeyCompromised(office.id, KEY, 1))
    window = office.view().key_window(office.id, KEY)
    assert window is not None
    assert window.compromised_since == 1


def test_an_unknown_key_is_refused(bench: Bench) -> None:
    office = register(bench)
    for who, act in (
        (OWNER, RetireKey(office.id, KEY)),
        (OWNER, ReportKeyCompromised(office.id, KEY, office.now())),
        (ACCREDITOR, ReportKeyCompromised(office.id, KEY, 1)),
    ):
        refused = office.refused(who, act)
        assert (refused.name, refused.arguments) == ("KeyUnknown", (office.id.raw, KEY.raw))


# ------------------------------------------------------------------------------------------- strangers and others


def acts_of_accreditors(office: Office) -> list[Act]:
    return [
        RegisterIssuer("did:web:third.example", office.account(STRANGER), 0, office.now() + YEAR),
        SetAccreditation(office.id, 0, 1),
        SetAnchorsAll(office.id),
        Invalidate(office.id, 1),
        ApproveProfile(office.id, Digest(sha256(b"profile"))),
    ]


def acts_of_owners(office: Office) -> list[Act]:
    return [
        ProposeProfile(office.id, b"profile"),
        SetOperator(office.id, office.account(STRANGER), office.now() + YEAR, Rights.ISSUE),
        AddKey(office.id, "z6MkAnother"),
        RetireKey(office.id, KEY),
    ]


def acts_of_operators(office: Office) -> list[Act]:
    return [
        office.anchors(),
        OpenStatusList(office.id, LIST, 17, KEY_HASH),
        PublishStatus(office.id, LIST, Digest(bytes(32)), root("state"), b""),
        PublishAuditHead(office.id, 1, root("audit")),
    ]


@pytest.mark.parametrize("who", [OWNER, ISSUING, STRANGER, OTHER_OWNER, OTHER_ISSUING])
def test_nobody_but_the_accreditor_accredits(bench: Bench, who: int) -> None:
    office = open_office(bench)
    for act in acts_of_accreditors(office):
        refused = office.refused(who, act)
        assert refused.name == "AccessControlUnauthorizedAccount"
        assert refused.arguments == (office.account(who), ACCREDITOR_ROLE)


@pytest.mark.parametrize("who", [ACCREDITOR, ISSUING, STRANGER, OTHER_OWNER, OTHER_ISSUING])
def test_nobody_but_the_owner_manages_an_issuer(bench: Bench, who: int) -> None:
    office = open_office(bench)
    office.does(OWNER, AddKey(office.id, MULTIKEY))
    register(bench, OTHER, OTHER_OWNER)
    for act in acts_of_owners(office):
        refused = office.refused(who, act)
        assert refused.name == "NotIssuerOwner"
        assert refused.arguments == (office.id.raw, office.account(who), office.account(OWNER))
    if who != ACCREDITOR:
        refused = office.refused(who, ReportKeyCompromised(office.id, KEY, office.now()))
        assert (refused.name, refused.arguments) == (
            "NotOwnerNorAccreditor",
            (office.id.raw, office.account(who), office.account(OWNER)),
        )


@pytest.mark.parametrize("who", [ACCREDITOR, OWNER, STRANGER, OTHER_OWNER, OTHER_ISSUING])
def test_nobody_but_an_operator_of_this_issuer_operates(bench: Bench, who: int) -> None:
    office = open_office(bench)
    other = register(bench, OTHER, OTHER_OWNER)
    everything = Rights.ISSUE | Rights.REVOKE | Rights.SUSPEND | Rights.AUDIT
    other.does(OTHER_OWNER, SetOperator(other.id, other.account(OTHER_ISSUING), other.now() + YEAR, everything))
    for act in acts_of_operators(office):
        refused = office.refused(who, act)
        assert refused.name == "RightMissing"
        assert refused.arguments[:2] == (office.id.raw, office.account(who))
        assert refused.arguments[3] == 0


def test_owners_of_unknown_issuers_are_nobody(bench: Bench) -> None:
    office = Office(bench)
    for act in acts_of_owners(office):
        refused = office.refused(OWNER, act)
        assert (refused.name, refused.arguments) == ("IssuerUnknown", (office.id.raw,))
