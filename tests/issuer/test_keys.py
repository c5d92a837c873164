"""The life of a signing key, end to end: office, contract on a node, published files, and a stranger's verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from issuer import accrediting, accreditor, doctor, signing_keys
from issuer.office import ACCREDITOR, ASSERTION
from issuer.store import audit
from issuer.store.batches import BatchState
from issuer.store.keys import Key, KeyState
from jikin.anchoring.devchain import HardhatNode
from jikin.dids.web_fetch import NoFetch
from jikin.errors import OfficeError
from jikin.values import KeyId, PublicKey, Signer
from jikin.verification.document import Document
from jikin.verification.report import Outcome
from tests.issuer.key_desk import DAY, HOUR, Desk, open_desk

pytestmark = pytest.mark.chain
PASSED: tuple[Outcome, set[str]] = (Outcome.PASSED, set())


@pytest.fixture(scope="module")
def desk(hardhat: HardhatNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Yield one office; every test lets another key sign first, so that none sees another's keys."""
    with open_desk(hardhat, tmp_path_factory.mktemp("keys") / "office") as opened:
        yield opened


@pytest.fixture
def key(desk: Desk) -> Key:
    """Return a signing key of this test's own, an hour old."""
    found = signing_keys.rotate(desk.office, desk.institution)
    desk.later(HOUR)
    return found


def window(desk: Desk, key: Key) -> tuple[int, int, int]:
    found = desk.office.chain.registry.view().key_window(desk.institution.issuer_id, KeyId.of(key.public))
    assert found is not None
    return found.added_at, found.retired_at, found.compromised_since


def shown(desk: Desk) -> dict[str, str | None]:
    """Return the keys of the DID document that may assert, each with its end."""
    document = desk.did_document()
    methods = {method["id"]: method for method in document["verificationMethod"]}
    assert set(methods) == set(document["assertionMethod"])
    return {id_.partition("#")[2]: method.get("expires") for id_, method in methods.items()}


def test_another_key_signs_and_the_earlier_certificates_stay_good(desk: Desk, key: Key) -> None:
    before = desk.issue()
    following = signing_keys.rotate(desk.office, desk.institution)
    after = desk.issue()
    assert desk.office.key(desk.institution, ASSERTION) == following
    assert [desk.json(one)["proof"]["verificationMethod"].partition("#")[2] for one in (before, after)] == [  # type: ignore[index,call-overload,union-attr]
        key.public,
        following.public,
    ]
    assert [desk.verdict(one) for one in (before, after)] == [PASSED, PASSED]
    assert {key.public, following.public} <= set(shown(desk))


def test_a_key_retires_when_all_that_it_signed_is_anchored_and_its_certificates_stay_good(desk: Desk, key: Key) -> None:
    old = desk.issue()
    signing_keys.rotate(desk.office, desk.institution)
    with pytest.raises(OfficeError, match="s must pass") as caught:
        signing_keys.retire(desk.office, desk.institution, key.public)
    assert caught.value.code == "office.key-waits"
    desk.later(HOUR)
    retired = signing_keys.retire(desk.office, desk.institution, key.public)
    assert retired.state is KeyState.RETIRED
    assert retired.retired_at == window(desk, key)[1] > 0
    assert shown(desk)[key.public] is not None
    assert desk.verdict(old) == PASSED
    assert signing_keys.retire(desk.office, desk.institution, key.public) == retired  # again changes nothing


def test_a_key_does_not_retire_while_a_batch_that_it_signed_waits_for_its_anchor(desk: Desk, key: Key) -> None:
    batch = desk.accept()
    desk.bureau.run(batch, until="plant")
    assert desk.bureau.batch(batch.id).state is BatchState.SIGNED
    signing_keys.rotate(desk.office, desk.institution)
    later = desk.accept()  # of the new key: nobody waits for it
    desk.bureau.run(later, until="plant")
    desk.later(HOUR)
    with pytest.raises(OfficeError, match=f"not anchored yet: {batch.id} ") as caught:
        signing_keys.retire(desk.office, desk.institution, key.public)
    assert caught.value.code == "office.key-waits"
    assert str(later.id) not in str(caught.value)
    certificate = desk.issue(desk.bureau.batch(batch.id))
    desk.later(HOUR)
    signing_keys.retire(desk.office, desk.institution, key.public)
    assert desk.verdict(certificate) == PASSED
    assert desk.verdict(desk.issue(desk.bureau.batch(later.id))) == PASSED


def test_the_key_that_signs_now_does_not_retire(desk: Desk, key: Key) -> None:
    with pytest.raises(OfficeError) as caught:
        signing_keys.retire(desk.office, desk.institution, key.public)
    assert caught.value.code == "office.key-in-use"
    assert window(desk, key)[1] == 0


def test_what_a_retired_key_signs_and_anchors_afterwards_falls(desk: Desk, key: Key) -> None:
    old = desk.issue()
    signing_keys.rotate(desk.office, desk.institution)
    desk.later(HOUR)
    signing_keys.retire(desk.office, desk.institution, key.public)
    desk.later(HOUR)
    assert desk.verdict(desk.forge(old, key)) == (Outcome.FAILED, {"key.retired"})
    backdated = desk.forge(old, key, created=desk.now - 3 * HOUR, anchored=False)
    assert desk.verdict(backdated) == (Outcome.FAILED, {"key.retired", "anchor.missing-receipt"})


def test_what_was_anchored_before_a_theft_stays_good_and_what_came_later_falls(desk: Desk, key: Key) -> None:
    before = desk.issue()
    desk.later(HOUR)
    stolen_at = desk.now
    desk.later(HOUR)
    after = desk.issue()
    forged = desk.forge(before, key)
    unanchored = desk.forge(before, key, created=stolen_at - HOUR, anchored=False)
    assert [desk.verdict(one) for one in (before, after, forged)] == [PASSED, PASSED, PASSED]
    done = signing_keys.report_compromised(desk.office, desk.institution, key.public, stolen_at)
    assert done.anchored >= 1
    assert window(desk, key)[2] == stolen_at
    assert key.public not in shown(desk)  # who reads the DID document alone cannot tell old from forged
    assert desk.verdict(before) == PASSED
    assert desk.verdict(after) == desk.verdict(forged) == (Outcome.FAILED, {"key.compromised"})
    assert desk.verdict(unanchored) == (Outcome.FAILED, {"key.compromised", "anchor.missing-receipt"})
    with pytest.raises(OfficeError) as caught:
        desk.office.key(desk.institution, ASSERTION)
    assert caught.value.code == "office.no-key"  # the office itself signs nothing more with it
    signing_keys.rotate(desk.office, desk.institution)
    assert desk.verdict(desk.issue()) == PASSED


def test_an_anchor_that_nobody_can_see_now_leaves_a_stolen_keys_certificate_unknown(desk: Desk, key: Key) -> None:
    before = desk.issue()
    desk.later(HOUR)
    signing_keys.report_compromised(desk.office, desk.institution, key.public, desk.now)
    signing_keys.rotate(desk.office, desk.institution)
    bare = Document(before.credential)
    outcome, codes = desk.verdict(bare, silent="receipts")
    assert outcome is Outcome.UNKNOWN
    assert "key.unknown" in codes
    assert desk.verdict(bare) == PASSED  # with the receipt that the issuer publishes it is as good as before


EDGES = {"59 s before the theft": 59, "in the very second": 0, "59 s after": -59}


@pytest.mark.parametrize("seconds", EDGES.values(), ids=EDGES.keys())
def test_within_a_minute_of_a_theft_nobody_can_say(desk: Desk, key: Key, seconds: int) -> None:
    document = desk.issue()
    desk.later(HOUR)
    since = (
        document.receipt["time"] + seconds if isinstance(document.receipt, dict) else document.receipt.time + seconds
    )
    signing_keys.report_compromised(desk.office, desk.institution, key.public, since)
    signing_keys.rotate(desk.office, desk.institution)
    assert desk.verdict(document) == (Outcome.UNKNOWN, {"key.edge"})


def test_signatures_that_were_not_anchored_when_the_theft_was_noticed_are_made_anew(desk: Desk, key: Key) -> None:
    batch = desk.accept()
    desk.bureau.run(batch, until="plant")
    done = signing_keys.report_compromised(desk.office, desk.institution, key.public, desk.now)
    assert (done.unsigned, done.stuck) == (1, ())
    following = signing_keys.rotate(desk.office, desk.institution)
    document = desk.issue(desk.bureau.batch(batch.id))
    assert following.public in str(desk.json(document)["proof"])
    assert desk.verdict(document) == PASSED


class Interrupted:
    """The office's signer, during whose first signature somebody else does *something*."""

    def __init__(self, signer: Signer, something: Callable[[], object]) -> None:
        self.signer = signer
        self.something: Callable[[], object] | None = something

    @property
    def public_key(self) -> PublicKey:
        return self.signer.public_key

    def sign(self, message: bytes) -> bytes:
        something, self.something = self.something, None
        if something is not None:
            something()
        return self.signer.sign(message)


def test_what_a_key_signs_at_the_very_moment_of_its_report_is_dropped(desk: Desk, key: Key) -> None:
    def report() -> None:
        signing_keys.report_compromised(desk.office, desk.institution, key.public, desk.now)
        signing_keys.rotate(desk.office, desk.institution)

    batch = desk.accept()
    signer = desk.office.keys.signer(key.reference)
    desk.office.keys._signers[key.reference] = Interrupted(signer, report)
    document = desk.issue(batch)
    assert key.public not in str(desk.json(document)["proof"])
    assert desk.verdict(document) == PASSED


def test_the_owner_reaches_back_ninety_days_and_the_accreditor_further(desk: Desk, key: Key) -> None:
    with pytest.raises(OfficeError) as caught:
        signing_keys.report_compromised(desk.office, desk.institution, key.public, desk.now - 91 * DAY)
    assert caught.value.code == "office.compromise"
    assert desk.office.key(desk.institution, ASSERTION) == key  # nothing was done by halves
    since = desk.now - 200 * DAY
    done = signing_keys.report_compromised(desk.office, desk.institution, key.public, since, by=ACCREDITOR)
    assert done.key.state is KeyState.COMPROMISED
    assert window(desk, key)[2] == since
    signing_keys.rotate(desk.office, desk.institution)


def test_after_a_theft_lists_and_records_are_signed_anew_and_numbers_are_believed_again(desk: Desk, key: Key) -> None:
    document = desk.issue()
    records = desk.office.public(desk.institution).path / "n"
    number = next(path for path in records.iterdir() if key.public in path.read_text())
    signing_keys.report_compromised(desk.office, desk.institution, key.public, desk.now)
    following = signing_keys.rotate(desk.office, desk.institution)
    assert signing_keys.sign_records(desk.office, desk.institution) >= 1
    assert following.public in number.read_text()
    status = desk.office.public(desk.institution).path / "status"
    lists = [path for path in status.rglob("*") if path.name in ("revocation", "suspension")]
    assert lists
    assert all(following.public in path.read_text() for path in lists)
    assert desk.verdict(document)[1] <= {"key.edge"}


def test_what_was_cut_off_in_the_middle_of_a_rotation_goes_on_with_the_same_key(desk: Desk, key: Key) -> None:
    prepared = signing_keys._prepared(desk.office, desk.institution, None, ASSERTION)
    assert desk.office.key(desk.institution, ASSERTION) == key  # prepared is not in use
    assert desk.verdict(desk.issue()) == PASSED
    finished = signing_keys.rotate(desk.office, desk.institution)
    assert (finished.id, finished.state) == (prepared.id, KeyState.ACTIVE)


def test_every_act_on_a_key_is_in_the_log_and_no_secret_is(desk: Desk, key: Key) -> None:
    signing_keys.rotate(desk.office, desk.institution)
    desk.later(HOUR)
    signing_keys.retire(desk.office, desk.institution, key.public)
    with desk.office.database.read() as connection:
        acts = [one.act for one in audit.entries(connection) if one.subject == f"keys/{key.id}"]
    assert acts == ["key prepared", "key activated", "key retired"]
    checks = {check.name: check for check in doctor.examine(desk.office, fetch=NoFetch())}
    assert checks["registry.key"].ok
    assert checks["keys.ended"].ok


def test_accreditation_that_ended_leaves_what_was_anchored_inside(desk: Desk, key: Key) -> None:
    inside = desk.issue()
    desk.later(HOUR)
    did = desk.institution.did
    record = accreditor.set_window(desk.office, did, None, desk.now)
    desk.later(HOUR)
    assert desk.verdict(inside) == PASSED
    assert desk.verdict(desk.forge(inside, key, anchored=False))[1] >= {"issuer.unaccredited"}
    accreditor.set_window(desk.office, did, None, record.valid_until + accrediting.ACCREDITATION_SECONDS)
    assert desk.verdict(desk.issue()) == PASSED


def test_what_was_anchored_since_a_fraud_is_invalid_and_the_issuer_anchors_no_more(
    hardhat: HardhatNode, desk: Desk, key: Key
) -> None:
    before = desk.issue()
    desk.later(HOUR)
    fraud = desk.now
    desk.later(HOUR)
    after = desk.issue()
    snapshot = hardhat.snapshot()
    accreditor.invalidate(desk.office, desk.institution.did, fraud)
    assert desk.verdict(before) == PASSED
    assert desk.verdict(after) == (Outcome.FAILED, {"issuer.invalidated"})
    with pytest.raises(Exception, match="IssuerIsInvalidated"):
        desk.forge(before, key)
    hardhat.revert(snapshot)
