"""What a writer does besides preparing an act: both chains count, know, refuse and replace transactions alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jikin.anchoring.chain import Counts, Fees, PreparedTransaction, RegistryWriter
from jikin.anchoring.fees import raised
from jikin.errors import RegistryError
from tests.chain_fixtures import Bench
from tests.registry_office import ISSUING, Office, open_office


@pytest.fixture
def office(bench: Bench) -> Office:
    return open_office(bench)


@pytest.fixture
def writer(office: Office) -> RegistryWriter:
    return office.writer(ISSUING)


def signed(
    office: Office, writer: RegistryWriter, name: str, nonce: int, fees: Fees | None = None
) -> PreparedTransaction:
    return writer.sign(writer.plan(office.anchors(name)), nonce, fees or writer.fees())


def refusal(writer: RegistryWriter, transaction: PreparedTransaction) -> str:
    with pytest.raises(RegistryError) as refused:
        writer.broadcast(transaction)
    return refused.value.code


def test_transactions_are_counted_while_they_wait_and_when_mined(office: Office, writer: RegistryWriter) -> None:
    first = writer.counts()
    assert first.mined == first.waiting
    office.bench.hold_back()
    one = signed(office, writer, "one", first.waiting)
    assert not writer.knows(one.hash)
    writer.broadcast(one)
    assert writer.counts() == Counts(first.mined, first.waiting + 1)
    assert writer.knows(one.hash)
    assert writer.mined(one.hash) is None
    office.bench.mine()
    assert writer.counts() == Counts(first.mined + 1, first.waiting + 1)
    assert writer.knows(one.hash)
    assert writer.mined(one.hash) is not None


def test_a_replacement_needs_a_tenth_more_of_both_fees(office: Office, writer: RegistryWriter) -> None:
    nonce, suggested = writer.counts().waiting, writer.fees()
    fees = Fees(3 * suggested.highest_wei, suggested.tip_wei)  # the tip may rise alone and stay below the whole
    office.bench.hold_back()
    first = signed(office, writer, "one", nonce, fees)
    writer.broadcast(first)
    writer.broadcast(first)  # the same bytes again are no error
    enough = raised(fees, fees)
    for too_little in (
        Fees(fees.highest_wei + 1, fees.tip_wei + 1),
        replace(enough, tip_wei=fees.tip_wei),
        replace(enough, highest_wei=fees.highest_wei),
    ):
        assert refusal(writer, signed(office, writer, "two", nonce, too_little)) == "registry.underpriced"
    second = signed(office, writer, "two", nonce, enough)
    writer.broadcast(second)
    office.bench.mine(2)
    assert writer.mined(first.hash) is None
    assert writer.mined(second.hash) is not None
    assert refusal(writer, signed(office, writer, "three", nonce)) == "registry.nonce-used"


def test_what_does_nothing_uses_its_nonce_up_and_nothing_else(office: Office, writer: RegistryWriter) -> None:
    before = office.view().operator(office.id, writer.account)
    counts = writer.counts()
    filler = writer.sign(writer.nothing(), counts.waiting, writer.fees())
    writer.broadcast(filler)
    mined = writer.mined(filler.hash)
    assert mined is not None
    assert mined.succeeded
    assert writer.counts().mined == counts.mined + 1
    assert office.view().operator(office.id, writer.account) == before


def test_the_same_intent_is_the_same_bytes_and_another_nonce_or_fee_is_another_hash(
    office: Office, writer: RegistryWriter
) -> None:
    intent, fees = writer.plan(office.anchors("one")), writer.fees()
    assert writer.sign(intent, 7, fees) == writer.sign(intent, 7, fees)
    others = [writer.sign(intent, 8, fees), writer.sign(intent, 7, Fees(fees.highest_wei + 1, fees.tip_wei))]
    assert len({one.hash for one in (writer.sign(intent, 7, fees), *others)}) == 3


SUGGESTED = Fees(3_000, 1_000)
RAISES: dict[str, tuple[Fees, Fees]] = {
    "both by a tenth": (Fees(10_000, 5_000), Fees(11_000, 5_500)),
    "rounded upwards": (Fees(10_001, 11), Fees(11_002, 1_000)),
    "to what is suggested now": (Fees(100, 10), SUGGESTED),
    "one by a tenth, the other to what is suggested": (Fees(100, 2_000), Fees(3_000, 2_200)),
    "up to five times what is suggested": (Fees(13_636, 1), Fees(15_000, 1_000)),
}


@pytest.mark.parametrize("case", RAISES)
def test_fees_are_raised(case: str) -> None:
    before, after = RAISES[case]
    assert raised(before, SUGGESTED) == after


def test_beyond_five_times_what_is_suggested_nothing_is_raised() -> None:
    with pytest.raises(RegistryError) as refused:
        raised(Fees(13_637, 1), SUGGESTED)
    assert refused.value.code == "registry.fee-cap"
