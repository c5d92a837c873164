"""The office holds registry and books against each other every day, and says what differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from issuer import accrediting, doctor, pairing, reconciling
from issuer.doctor import Check
from issuer.office import ANCHORING
from issuer.reconciling import reconcile, reconcile_due
from issuer.store import audit, transactions
from issuer.store.tables import credentials, salts, status_lists
from jikin.anchoring.acts import AnchorRoot, LeafKind
from jikin.values import Address, Digest
from jikin.verification.auditing.findings import AuditCode
from tests.issuing_office import NEW, Bureau, rows, single

DAY = 86_400


def looks(bureau: Bureau) -> int:
    with bureau.office.database.read() as connection:
        return sum(one.act == reconciling.ACT for one in audit.entries(connection))


def books_checks(bureau: Bureau) -> list[Check]:
    return [one for one in doctor.examine(bureau.office) if one.name == "books"]


def books_check(bureau: Bureau) -> Check:
    (check,) = books_checks(bureau)
    return check


def test_what_agrees_is_noted_and_nothing_else(bureau: Bureau) -> None:
    bureau.issue(rows(3))
    assert books_checks(bureau) == []  # nobody has looked yet
    assert reconcile(bureau.office, bureau.institution) == ()
    last = reconciling.last(bureau.office, bureau.institution)
    assert last is not None
    assert (last.detail["findings"], last.detail["codes"], last.detail["anchors"]) == (0, [], 1)
    assert books_check(bureau).ok is True


def test_it_is_done_once_a_day_and_again_after_a_restart_only_when_it_is_due(bureau: Bureau) -> None:
    reconcile_due(bureau.office)
    reconcile_due(bureau.office)
    assert looks(bureau) == 1
    bureau.clock.now += DAY - 1
    reconcile_due(bureau.office)
    assert looks(bureau) == 1
    bureau.clock.now += 1
    reconcile_due(bureau.office)
    assert looks(bureau) == 2


def anchor_beside_the_books(bureau: Bureau) -> None:
    writer = bureau.chain.writer(Address.parse(bureau.office.key(bureau.institution, ANCHORING).public))
    act = AnchorRoot(bureau.institution.issuer_id, Digest(b"\x07" * 32), 64, LeafKind.CREDENTIAL)
    writer.broadcast(writer.prepare(act))


def take_a_row_out(bureau: Bureau) -> None:
    with bureau.office.database.write() as connection:
        connection.execute(salts.delete().where(salts.c.credential_id == 1))
        connection.execute(credentials.delete().where(credentials.c.id == 1))


def reserve_for_nothing(bureau: Bureau) -> None:
    with bureau.office.database.write() as connection:
        connection.execute(status_lists.update().values(reserved=status_lists.c.reserved + 1))


PLANTED: dict[str, Callable[[Bureau], None]] = {
    "an anchor that the books do not know": anchor_beside_the_books,
    "a certificate that the books no longer know": take_a_row_out,
    "an entry that was reserved for nothing": reserve_for_nothing,
}


@pytest.mark.parametrize("case", PLANTED)
def test_counts_that_differ_are_told(bureau: Bureau, case: str) -> None:
    bureau.issue(rows(3))
    assert reconcile(bureau.office, bureau.institution) == ()
    PLANTED[case](bureau)
    bureau.clock.now += DAY
    reconcile_due(bureau.office)
    last = reconciling.last(bureau.office, bureau.institution)
    assert last is not None
    assert last.detail["codes"] == [AuditCode.COUNTS_DIFFER.value]
    check = books_check(bureau)
    assert check.ok is False
    assert AuditCode.COUNTS_DIFFER.value in check.found


def test_a_tree_that_is_anchored_before_the_books_say_so_differs_from_nothing(bureau: Bureau) -> None:
    bureau.issue(rows(2))
    batch = single(bureau, 50)
    begun = bureau.run(batch, until="anchor")
    with bureau.office.database.read() as connection:
        stored = transactions.live(connection, pairing.anchors_alone(begun))
    assert stored is not None
    writer = bureau.chain.writer(Address.parse(bureau.office.key(bureau.institution, ANCHORING).public))
    writer.broadcast(stored.prepared)
    assert reconcile(bureau.office, bureau.institution) == ()
    bureau.run(begun)
    assert reconcile(bureau.office, bureau.institution) == ()


def test_a_look_that_nobody_repeated_for_two_days_is_no_longer_good(bureau: Bureau) -> None:
    reconcile(bureau.office, bureau.institution)
    bureau.clock.now += 2 * DAY + 1
    assert books_check(bureau).ok is None


def test_an_institution_that_waits_for_its_accreditor_differs_from_nothing(bureau: Bureau) -> None:
    waiting = accrediting.prepare(bureau.office, replace(NEW, domain="other.example", number_code="XX99"))
    assert reconcile(bureau.office, waiting) == ()
