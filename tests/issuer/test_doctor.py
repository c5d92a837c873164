"""The doctor finds what would go wrong: each link broken on its own is named by its own check."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from issuer import accrediting, doctor
from issuer.acting import act_as
from issuer.doctor import Check
from issuer.keyring import KeyRing
from issuer.office import ANCHORING, ASSERTION, Chain
from issuer.store.tables import institutions as institutions_table
from issuer.store.tables import keys as keys_table
from jikin.anchoring.acts import (
    AcceptOwnership,
    ReportKeyCompromised,
    Rights,
    SetAccreditation,
    SetOperator,
    TransferOwnership,
)
from jikin.dids.web_fetch import Mirrors, NoFetch
from jikin.errors import RegistryMismatchError
from jikin.values import Address, KeyId
from tests.issuing_office import DOMAIN, NEW, Bureau


def examine(bureau: Bureau, **changes: object) -> dict[str, Check]:
    """Return the checks by name; the web site is the public folder, as if somebody served it."""
    # A doctor opens every key file; this office has just made them and still knows them.
    fresh = KeyRing(bureau.office.keys.folder, bureau.office.keys.passphrase)
    changes = {"keys": fresh} | changes
    web = Mirrors({f"https://{DOMAIN}/": bureau.office.public(bureau.institution).path})
    return {check.name: check for check in doctor.examine(replace(bureau.office, **changes), fetch=web)}


def test_a_sound_office_has_nothing_wrong(bureau: Bureau) -> None:
    checks = examine(bureau)
    assert {name: check.ok for name, check in checks.items() if check.ok is not True} == {}
    assert len(checks) == 31
    assert {name for name, check in checks.items() if check.advice} == {"accreditor.single", "owner.single"}


def test_a_site_that_does_not_answer_is_not_called_wrong(bureau: Bureau) -> None:
    checks = {check.name: check.ok for check in doctor.examine(bureau.office, fetch=NoFetch())}
    assert checks["domain"] is None
    assert False not in checks.values()


def test_a_chain_that_does_not_answer_is_not_called_wrong(bureau: Bureau) -> None:
    bureau.chain.reachable = False
    checks = examine(bureau)
    assert checks["chain"].ok is None
    assert "registry.issuer" not in checks
    assert False not in {check.ok for check in checks.values()}


class _OtherChain:
    """A door behind which another registry answers."""

    def __init__(self, door: Chain) -> None:
        self._door = door

    @property
    def registry(self) -> object:
        raise RegistryMismatchError("the node serves chain eip155:1, expected eip155:31337")

    def __getattr__(self, name: str) -> object:
        return getattr(self._door, name)


def test_another_registry_than_the_pinned_one_is_wrong(bureau: Bureau) -> None:
    check = examine(bureau, chain=_OtherChain(bureau.office.chain))["chain"]
    assert check.ok is False
    assert "eip155:1," in check.found


def _send(bureau: Bureau, purpose: str, act: object) -> None:
    act_as(bureau.office, purpose, bureau.institution, act, "broken by a test")  # type: ignore[arg-type]


def _anchoring_file(bureau: Bureau) -> Path:
    name = bureau.office.key(bureau.institution, ANCHORING).reference.removeprefix("file:")
    return bureau.office.keys.folder / name


def _key_file_of_another(bureau: Bureau) -> None:
    made = bureau.office.keys.new_signing_key()
    with bureau.office.database.write() as connection:
        connection.execute(
            keys_table.update().where(keys_table.c.purpose == ASSERTION).values(reference=made.reference)
        )


def _key_file_gone(bureau: Bureau) -> None:
    _anchoring_file(bureau).unlink()


def _key_file_open_to_all(bureau: Bureau) -> None:
    _anchoring_file(bureau).chmod(0o644)


def _did_document_without_the_key(bureau: Bureau) -> None:
    file = bureau.office.public(bureau.institution).path / ".well-known" / "did.json"
    document = json.loads(file.read_text())
    file.write_text(json.dumps(document | {"verificationMethod": [], "assertionMethod": []}))


def _did_document_gone(bureau: Bureau) -> None:
    (bureau.office.public(bureau.institution).path / ".well-known" / "did.json").write_text("no JSON")


def _accreditation_ended(bureau: Bureau) -> None:
    now = bureau.chain.view().block.time
    _send(bureau, "accreditor", SetAccreditation(bureau.institution.issuer_id, now - 100, now))


def _profile_not_the_approved_one(bureau: Bureau) -> None:
    changed = replace(NEW, name_ko="다른 이름").profile().to_bytes()
    with bureau.office.database.write() as connection:
        connection.execute(institutions_table.update().values(profile=changed))


def _key_compromised(bureau: Bureau) -> None:
    key = KeyId.of(bureau.office.key(bureau.institution, ASSERTION).public)
    now = bureau.chain.view().block.time
    _send(bureau, "owner", ReportKeyCompromised(bureau.institution.issuer_id, key, now))


def _rights_taken_away(bureau: Bureau) -> None:
    account = Address.parse(bureau.office.key(bureau.institution, ANCHORING).public)
    now = bureau.chain.view().block.time
    _send(bureau, "owner", SetOperator(bureau.institution.issuer_id, account, now + 99, Rights.AUDIT))


def _no_second_officer(bureau: Bureau) -> None:
    accrediting.remove_officer(bureau.office, bureau.institution, "lee")


def _clock_ahead(bureau: Bureau) -> None:
    bureau.clock.now += 120


def _lists_full(bureau: Bureau) -> None:
    with bureau.office.database.write() as connection:
        connection.execute(text("UPDATE status_lists SET reserved = 98304"))


def _schema_of_another_program(bureau: Bureau) -> None:
    with bureau.office.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))


BROKEN: dict[str, tuple[Callable[[Bureau], None], set[str]]] = {
    "a key file that holds another key": (_key_file_of_another, {"keys.assertion"}),
    "a key file that is gone": (_key_file_gone, {"keys.anchoring"}),
    "a key file that others can read": (_key_file_open_to_all, {"keys.mode"}),
    "a DID document without the key": (_did_document_without_the_key, {"did.published", "domain"}),
    "a DID document that is none": (_did_document_gone, {"did.published", "domain"}),
    "an accreditation that has ended": (_accreditation_ended, {"registry.issuer"}),
    "a profile that was not approved": (_profile_not_the_approved_one, {"registry.profile"}),
    "a key reported as compromised": (_key_compromised, {"registry.key", "keys.ended"}),
    "an operator without its rights": (_rights_taken_away, {"operator.anchoring"}),
    "no second officer": (_no_second_officer, {"officers"}),
    "a clock that runs ahead": (_clock_ahead, {"clock"}),
    "status lists that are full": (_lists_full, {"status.list"}),
    "a database of another program": (_schema_of_another_program, {"database.schema"}),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_named_and_nothing_else(
    bureau: Bureau, case: tuple[Callable[[Bureau], None], set[str]]
) -> None:
    break_it, names = case
    break_it(bureau)
    wrong = {name: check for name, check in examine(bureau).items() if check.ok is False}
    assert set(wrong) == names
    assert all(check.found and check.right for check in wrong.values())


def _advice(bureau: Bureau) -> set[str]:
    checks = examine(bureau).values()
    assert all(check.ok for check in checks if check.advice)
    return {check.name for check in checks if check.advice} - {"accreditor.single", "owner.single"}


def test_what_ends_within_three_months_is_advice_and_not_wrong(bureau: Bureau) -> None:
    soon = bureau.chain.view().block.time + 80 * 86_400
    account = Address.parse(bureau.office.key(bureau.institution, ANCHORING).public)
    _send(bureau, "owner", SetOperator(bureau.institution.issuer_id, account, soon, Rights.ISSUE))
    assert _advice(bureau) == {"operator.anchoring"}
    _send(bureau, "accreditor", SetAccreditation(bureau.institution.issuer_id, soon - 90 * 86_400, soon))
    assert _advice(bureau) == {"operator.anchoring", "registry.issuer"}
    accrediting.register(bureau.office, bureau.institution)  # what the advice says
    assert _advice(bureau) == {"registry.issuer"}


def test_an_owner_on_record_whose_key_is_not_here_is_wrong(bureau: Bureau) -> None:
    account = Address(bytes(range(20)))
    _send(bureau, "owner", TransferOwnership(bureau.institution.issuer_id, account))
    bureau.chain.writer(account).broadcast(
        bureau.chain.writer(account).prepare(AcceptOwnership(bureau.institution.issuer_id))
    )
    wrong = {name for name, check in examine(bureau).items() if check.ok is False}
    assert wrong == {"registry.owner"}
