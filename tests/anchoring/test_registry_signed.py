"""What one signs and another one sends: relayed epochs and annulments. The same on both chains."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account.messages import encode_typed_data

from jikin.anchoring.acts import AnnulStatus, PublishStatus, PublishStatusBySig, Rights, SetOperator
from jikin.anchoring.changes import MAX_CHANGES, Change, pack
from jikin.anchoring.memory import ACCOUNTS, MemoryChain, account_signature
from jikin.anchoring.memory_rules import ACCREDITOR_ROLE
from jikin.anchoring.relayed import Signed, signed_by, signed_digest, typed_data
from jikin.errors import AnchorError, RegistryRefusedError, ValueRefusedError
from jikin.status.array import State
from jikin.status.fold import FINAL_AFTER_SECONDS, fold
from jikin.values import Address, ChainId, Digest, ListId, keccak256, sha256
from tests.chain_fixtures import Bench, send
from tests.registry_office import (
    ACCREDITOR,
    ISSUING,
    LIST,
    OTHER_OWNER,
    OWNER,
    REVOKING,
    STRANGER,
    SUSPENDING,
    YEAR,
    Office,
    open_office,
    register,
    root,
)

REVOKE = pack([Change(5, 1), Change(6, 3)])
TAKE_BACK = pack([Change(5, 0), Change(6, 0)])
HOUR = 3600
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def with_list(bench: Bench) -> Office:
    office = open_office(bench)
    office.does(ISSUING, office.opens())
    return office


def relayed(
    office: Office, status: PublishStatus, who: int = REVOKING, signer: int | None = None, deadline: int | None = None
) -> PublishStatusBySig:
    until = office.now() + HOUR if deadline is None else deadline
    digest = signed_digest(office.view().pins, Signed.EPOCH, status, until)
    signature = office.bench.sign(who if signer is None else signer, digest)
    return PublishStatusBySig(status, office.account(who), signature, until)


def annulment(office: Office, status: PublishStatus, signer: int = OWNER, deadline: int | None = None) -> AnnulStatus:
    until = office.now() + HOUR if deadline is None else deadline
    digest = signed_digest(office.view().pins, Signed.ANNULMENT, status, until)
    return AnnulStatus(status, office.account(signer), office.bench.sign(signer, digest), until)


def refusal(refused: RegistryRefusedError) -> tuple[str, tuple[object, ...]]:
    return refused.name, refused.arguments


# ---------------------------------------------------------------------------------------------------- relayed


def test_anybody_relays_what_an_operator_signed(bench: Bench) -> None:
    office = with_list(bench)
    office.does(STRANGER, relayed(office, office.publishes(REVOKE)))
    history = office.view().status_history(office.id, LIST)
    assert history is not None
    (epoch,) = history.epochs
    assert (epoch.operator, epoch.rights) == (office.account(REVOKING), Rights.REVOKE | Rights.SUSPEND)
    assert fold(history).array.state(5) is State.REVOKED


def test_a_relayed_epoch_is_taken_once(bench: Bench) -> None:
    office = with_list(bench)
    act = relayed(office, office.publishes(REVOKE))
    office.does(STRANGER, act)
    expected = (office.id.raw, LIST.raw, act.status.previous_head.raw, office.head().head.raw)
    assert refusal(office.refused(STRANGER, act)) == ("StatusHeadMoved", expected)


def test_a_signature_ends_with_its_deadline(bench: Bench) -> None:
    office = with_list(bench)
    act = relayed(office, office.publishes(REVOKE))
    bench.advance(HOUR + 60)
    refused = office.refused(STRANGER, act)
    assert refused.name == "SignatureExpired"
    assert refused.arguments[1] == act.deadline


def test_the_rights_of_a_relayed_epoch_are_those_at_execution(bench: Bench) -> None:
    office = with_list(bench)
    act = relayed(office, office.publishes(REVOKE))
    account = office.account(REVOKING)
    office.does(OWNER, SetOperator(office.id, account, office.now() + YEAR, Rights.ISSUE))
    assert refusal(office.refused(STRANGER, act)) == ("RightMissing", (office.id.raw, account, 6, 1))
    office.does(OWNER, SetOperator(office.id, account, office.now() + YEAR, Rights.SUSPEND))
    assert refusal(office.refused(STRANGER, act)) == ("ChangeNeedsRevoke", (0, 5, 1, 4))
    office.does(OWNER, SetOperator(office.id, account, office.now(), Rights.REVOKE))
    assert office.refused(STRANGER, act).name == "OperatorExpired"


def test_whoever_may_not_do_it_cannot_have_it_relayed(bench: Bench) -> None:
    office = with_list(bench)
    status = office.publishes(REVOKE)
    refused = office.refused(STRANGER, relayed(office, status, STRANGER))
    assert refusal(refused) == ("RightMissing", (office.id.raw, office.account(STRANGER), 6, 0))
    in_anothers_name = relayed(office, status, REVOKING, signer=SUSPENDING)
    assert refusal(office.refused(STRANGER, in_anothers_name)) == ("SignatureRefused", (office.account(REVOKING),))


def test_nothing_of_a_relayed_epoch_can_be_changed(bench: Bench) -> None:
    office = with_list(bench)
    act = relayed(office, office.publishes(REVOKE))
    others = [
        replace(act, status=replace(act.status, list_id=ListId(sha256(b"another list")))),
        replace(act, status=replace(act.status, previous_head=root("another"))),
        replace(act, status=replace(act.status, status_root=root("another"))),
        replace(act, status=replace(act.status, changes=pack([Change(5, 1)]))),
        replace(act, deadline=act.deadline + 1),
        replace(act, signature=act.signature[:-1]),
        replace(act, signature=b""),
        replace(act, signature=bytes(65)),
        replace(act, signature=mirrored(act.signature)),
    ]
    for other in others:
        assert refusal(office.refused(STRANGER, other)) == ("SignatureRefused", (act.operator,))
    office.does(STRANGER, act)


def mirrored(signature: bytes) -> bytes:
    """Return the other signature that fits the same key and digest."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def test_a_contract_that_signs_nothing_has_nothing_relayed(bench: Bench) -> None:
    office = with_list(bench)
    contract = bench.contract()
    office.does(OWNER, SetOperator(office.id, contract, office.now() + YEAR, Rights.REVOKE))
    act = replace(relayed(office, office.publishes(REVOKE)), operator=contract)
    assert refusal(office.refused(STRANGER, act)) == ("SignatureRefused", (contract,))


def test_a_deadline_beyond_its_width_is_refused_before_it_is_signed(bench: Bench) -> None:
    office = with_list(bench)
    status = office.publishes(REVOKE)
    with pytest.raises(AnchorError):
        signed_digest(office.view().pins, Signed.EPOCH, status, 1 << 64)
    with pytest.raises(ValueRefusedError, match="64 bits"):
        office.writer(STRANGER).prepare(PublishStatusBySig(status, office.account(REVOKING), b"", 1 << 64))


# -------------------------------------------------------------------------------------------------- annulments


@pytest.mark.parametrize(("sender", "signer"), [(ACCREDITOR, OWNER), (OWNER, ACCREDITOR)], ids=["signed", "sent"])
def test_owner_and_accreditor_take_back_what_was_revoked(bench: Bench, sender: int, signer: int) -> None:
    office = with_list(bench)
    office.does(REVOKING, office.publishes(REVOKE))
    office.does(sender, annulment(office, office.publishes(TAKE_BACK), signer))
    history = office.view().status_history(office.id, LIST)
    assert history is not None
    assert (history.epochs[1].operator, history.epochs[1].rights) == (office.account(sender), Rights.ANNUL)
    folded = fold(history)
    assert [folded.array.state(index) for index in (5, 6)] == [State.VALID, State.VALID]
    assert not folded.void


def test_after_seven_days_it_is_published_and_void(bench: Bench) -> None:
    office = with_list(bench)
    office.does(REVOKING, office.publishes(REVOKE))
    bench.advance(FINAL_AFTER_SECONDS)
    office.does(ACCREDITOR, annulment(office, office.publishes(TAKE_BACK)))
    history = office.view().status_history(office.id, LIST)
    assert history is not None
    folded = fold(history)
    assert [folded.array.state(index) for index in (5, 6)] == [State.REVOKED, State.REPLACED]
    assert len(folded.void) == 2


def test_neither_owner_nor_accreditor_annuls_alone_or_with_somebody_else(bench: Bench) -> None:
    office = with_list(bench)
    status = office.publishes(TAKE_BACK)
    owner = office.account(OWNER)
    for signer in (OWNER, STRANGER, REVOKING):
        refused = office.refused(OWNER, annulment(office, status, signer))
        assert refusal(refused) == (
            "AccessControlUnauthorizedAccount",
            (office.account(signer), ACCREDITOR_ROLE),
        )
    for signer in (ACCREDITOR, STRANGER, OTHER_OWNER):
        refused = office.refused(ACCREDITOR, annulment(office, status, signer))
        assert refusal(refused) == ("NotIssuerOwner", (office.id.raw, office.account(signer), owner))
    for sender in (STRANGER, REVOKING):
        refused = office.refused(sender, annulment(office, status))
        assert refusal(refused) == (
            "AccessControlUnauthorizedAccount",
            (office.account(sender), ACCREDITOR_ROLE),
        )


def test_one_account_that_is_both_annuls_nothing(bench: Bench) -> None:
    office = register(bench, owner=ACCREDITOR)
    office.does(ACCREDITOR, SetOperator(office.id, office.account(ACCREDITOR), office.now() + YEAR, Rights.ISSUE))
    office.does(ACCREDITOR, office.opens())
    refused = office.refused(ACCREDITOR, annulment(office, office.publishes(TAKE_BACK), ACCREDITOR))
    assert refusal(refused) == ("AnnulmentNeedsTwo", (office.id.raw, office.account(ACCREDITOR)))


WRONG_ANNULMENTS = {
    "it revokes": (pack([Change(5, 0), Change(6, 1)]), "AnnulmentStateRefused", (1, 6, 1)),
    "it suspends": (pack([Change(5, 2)]), "AnnulmentStateRefused", (0, 5, 2)),
    "it replaces": (pack([Change(5, 3)]), "AnnulmentStateRefused", (0, 5, 3)),
    "it says nothing": (b"", "ChangesSizeRefused", (0, MAX_CHANGES)),
    "it falls": (pack([Change(6, 0)]) + pack([Change(5, 0)]), "ChangesNotRising", (1, 6, 5)),
    "it leaves the list": (pack([Change(1 << 17, 0)]), "ChangeOutOfRange", (1 << 17, 1 << 17)),
}


@pytest.mark.parametrize(("changes", "name", "arguments"), WRONG_ANNULMENTS.values(), ids=WRONG_ANNULMENTS.keys())
def test_an_annulment_takes_back_and_does_nothing_else(
    bench: Bench, changes: bytes, name: str, arguments: tuple[int, ...]
) -> None:
    office = with_list(bench)
    refused = office.refused(ACCREDITOR, annulment(office, office.publishes(changes)))
    assert refusal(refused) == (name, arguments)


def test_a_signature_over_an_epoch_is_none_over_an_annulment(bench: Bench) -> None:
    office = with_list(bench)
    status, until = office.publishes(TAKE_BACK), office.now() + HOUR
    epoch = bench.sign(OWNER, signed_digest(office.view().pins, Signed.EPOCH, status, until))
    refused = office.refused(ACCREDITOR, AnnulStatus(status, office.account(OWNER), epoch, until))
    assert refusal(refused) == ("SignatureRefused", (office.account(OWNER),))


def test_a_signature_for_another_chain_or_registry_is_refused(bench: Bench) -> None:
    office = with_list(bench)
    status, until, pins = office.publishes(TAKE_BACK), office.now() + HOUR, office.view().pins
    for elsewhere in (replace(pins, chain=ChainId(1)), replace(pins, registry=office.account(STRANGER))):
        signature = bench.sign(OWNER, signed_digest(elsewhere, Signed.ANNULMENT, status, until))
        refused = office.refused(ACCREDITOR, AnnulStatus(status, office.account(OWNER), signature, until))
        assert refusal(refused) == ("SignatureRefused", (office.account(OWNER),))


def test_nobody_is_given_the_right_to_annul(bench: Bench) -> None:
    office = open_office(bench)
    for rights in (Rights.ANNUL, Rights.ANNUL | Rights.REVOKE):
        act = SetOperator(office.id, office.account(STRANGER), office.now() + YEAR, rights)
        expected = (office.id.raw, office.account(STRANGER), int(rights))
        assert refusal(office.refused(OWNER, act)) == ("RightsUnknown", expected)


# ------------------------------------------------------------------------------------------- in memory, and apart


def test_in_memory_a_contract_answers_for_its_signature() -> None:
    contract = Address(keccak256(b"two of three")[12:])
    known: set[tuple[bytes, bytes]] = set()
    chain = MemoryChain(
        lambda: 1_780_000_000, contracts={contract: lambda digest, signature: (digest.raw, signature) in known}
    )
    office = with_list(_OnChain(chain))
    office.does(OWNER, SetOperator(office.id, contract, office.now() + YEAR, Rights.REVOKE))
    status, until = office.publishes(REVOKE), office.now() + HOUR
    act = PublishStatusBySig(status, contract, b"two signatures", until)
    assert office.refused(STRANGER, act).name == "SignatureRefused"
    known.add((signed_digest(chain.pins, Signed.EPOCH, status, until).raw, b"two signatures"))
    office.does(STRANGER, act)


class _OnChain:
    """The least of a bench that an office needs."""

    def __init__(self, chain: MemoryChain) -> None:
        self.registry = chain

    def writer(self, number: int) -> object:
        return self.registry.writer(ACCOUNTS[number])


@pytest.mark.parametrize("signed", Signed)
def test_the_typed_data_that_a_wallet_shows_hashes_to_what_is_signed(signed: Signed) -> None:
    chain = MemoryChain(lambda: 1_780_000_000)
    nothing = Digest(sha256(b"a head"))
    office = open_office(_OnChain(chain))
    status = PublishStatus(office.id, LIST, nothing, root("state"), REVOKE)
    encoded = encode_typed_data(full_message=typed_data(chain.pins, signed, status, 1_780_003_600))
    theirs = keccak256(b"\x19" + encoded.version + encoded.header + encoded.body)
    assert theirs == signed_digest(chain.pins, signed, status, 1_780_003_600).raw


def test_a_signature_is_told_apart_from_every_other() -> None:
    digest = Digest(sha256(b"signed"))
    signature = account_signature(ACCOUNTS[0], digest)
    assert signed_by(ACCOUNTS[0], digest, signature)
    assert not signed_by(ACCOUNTS[1], digest, signature)
    assert not signed_by(ACCOUNTS[0], Digest(sha256(b"another")), signature)
    assert not signed_by(ACCOUNTS[0], digest, mirrored(signature))
    assert not any(signed_by(ACCOUNTS[0], digest, signature[:-1] + bytes([v])) for v in (0, 1, 29))


def test_what_is_sent_in_memory_is_what_was_signed() -> None:
    chain = MemoryChain(lambda: 1_780_000_000)
    office = with_list(_OnChain(chain))
    status, until = office.publishes(REVOKE), office.now() + HOUR
    signature = account_signature(ACCOUNTS[REVOKING], signed_digest(chain.pins, Signed.EPOCH, status, until))
    send(chain.writer(ACCOUNTS[STRANGER]), PublishStatusBySig(status, ACCOUNTS[REVOKING], signature, until))
    assert office.head().epoch == 1
