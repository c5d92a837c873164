"""The VC API of an office: what programs get signed, once and by the ordinary steps; receipts inside."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from issuer import looking, printing, signing
from issuer.jobs import Worker
from issuer.sheets import Press
from issuer.store import batches
from issuer.store.tables import batches as batches_table
from issuer.store.tables import credentials as credentials_table
from jikin.anchoring.receipt import PROOF_TYPE, Receipt
from jikin.credentials.record import NumberRecord
from jikin.errors import AnchorError
from jikin.status.array import State
from jikin.values import CertificateNumber, Form
from jikin.verification.document import Document
from jikin.verification.reading import read
from jikin.verification.report import Outcome
from tests import issuing_office
from tests.issuing_office import TYPE, open_bureau, rows
from tests.issuing_service import HERE, Counter, Holder, at_once, bearer, busy_counter, counter, open_counter, postgres
from tests.vc_portal import (
    HIDDEN,
    JSON,
    Portal,
    jwt,
    outcome,
    portal,
    portal_of,
    problem,
    settled,
)

__all__ = ["busy_counter", "counter", "jwt", "portal", "postgres", "settled"]

# -------------------------------------------------------------------------------------------------------------- issuing


@pytest.mark.parametrize("profile", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
def test_what_a_program_asks_for_is_issued_by_the_ordinary_steps_and_verifies(portal: Portal, profile: str) -> None:
    made = portal.issued(profile)
    assert made["proof"]["cryptosuite"] == profile
    assert made["issuer"]["id"] == str(portal.bureau.institution.did)
    assert made["credentialSchema"]["id"].endswith(f"{TYPE}/subject.schema.json")
    assert made["credentialStatus"]["type"] == "BitstringStatusListEntry"
    assert made["credentialSubject"]["achievement"]["name"] == "지게차운전기능사"
    number = CertificateNumber.parse(made["credentialSubject"]["licenseNumber"])
    said, codes = outcome(portal.bureau, Document(made))
    assert (said, {"anchor.present", "status.valid", "key.valid"} - codes) == (Outcome.PASSED, set())
    with portal.bureau.office.database.read() as connection:
        stored = batches.by_number(connection, number.symbols)
    assert stored is not None
    assert stored.record == HIDDEN | {
        "name_ko": "김하늘",
        "name_en": "",
        "qualification_code": "7875",
        "qualification_name": "",
        "exam_round": "",
        "score": "",
        "passed_on": "2026-05-29",
    }
    assert portal.counter.client.get(f"/hrdk/n/{number.symbols}").status_code == 200


def test_a_byte_changed_afterwards_is_noticed(settled: Portal) -> None:
    made = settled.again()
    made["credentialSubject"]["identifier"][0]["identityHash"] = "김하눌"
    said, codes = outcome(settled.bureau, Document(made))
    assert (said, "proof.mismatch" in codes) == (Outcome.FAILED, True)


def test_a_jwt_is_anchored_by_its_signature_and_comes_in_the_object_that_carries_it(jwt: Portal) -> None:
    made = jwt.again("vc-jwt")
    assert made["type"] == "EnvelopedVerifiableCredential"
    text = made["id"].removeprefix("data:application/vc+jwt,")
    for form in (made, text):
        said, codes = outcome(jwt.bureau, Document.of(form))
        assert (said, "anchor.present" in codes) == (Outcome.PASSED, True)
    reading = read(Document.of(text), jwt.bureau.office.suites)
    assert [one.statement.form for one in reading.sound_proofs] == [Form.JWS]
    head, payload, signature = text.split(".")
    broken = f"{head}.{payload}.{'B' if signature[0] != 'B' else 'C'}{signature[1:]}"
    assert "proof.mismatch" in outcome(jwt.bureau, Document.of(broken))[1]


def test_a_jwt_has_a_number_record_and_a_line_in_the_console_and_is_written_as_json(
    jwt: Portal, tmp_path: Path
) -> None:
    bureau = jwt.bureau
    with bureau.office.database.read() as connection:
        batch = batches.every(connection, bureau.institution.id)[0]
    (stored,) = bureau.credentials(batch)
    record = NumberRecord.parse(jwt.counter.get(f"/hrdk/n/{stored.number}"))
    assert (record.title["ko"], len(record.status)) == ("지게차운전기능사", 1)
    officer, _ = bureau.officers["park"]
    assert looking.listed(bureau.office, officer).lines[0].title.ko == "지게차운전기능사"
    office = replace(bureau.office, settings=replace(bureau.office.settings, check_at="https://check.example"))
    with Press(1, 1) as press:
        printer = printing.Printer(office, bureau.institution, press)
        printed = printing.write_batch(bureau.office, bureau.institution, batch, tmp_path, printer=printer)
    assert (printed.count, printed.unprinted) == (1, ())
    written = json.loads((tmp_path / f"{CertificateNumber(stored.number)}.json").read_bytes())
    assert outcome(bureau, Document(written))[0] is Outcome.PASSED


def test_a_holder_s_copy_of_a_jwt_says_the_same(jwt: Portal) -> None:
    with jwt.bureau.office.database.read() as connection:
        number = connection.execute(select(credentials_table.c.number)).scalars().first()
    offer = jwt.counter.offers(number=number)
    (entry,) = Holder(jwt.counter).accept(offer["offer"])["credentials"]  # type: ignore[misc]
    copied = entry["credential"]  # type: ignore[index,call-overload]
    assert copied["credentialSubject"]["licenseNumber"].replace("-", "") == number


def test_a_signed_jwt_is_stored_as_text_and_read_back_as_what_it_says(jwt: Portal) -> None:
    with jwt.bureau.office.database.read() as connection:
        document = bytes(
            connection.execute(select(credentials_table.c.document).order_by(credentials_table.c.id)).scalars().first()
            or b""
        )
    assert document.startswith(b"eyJ")
    assert signing.content_of(document)["issuer"]["id"] == str(jwt.bureau.institution.did)  # type: ignore[index,call-overload]
    assert signing.handed_out(document) == document.decode()
    assert json.loads(signing.as_file(document))["type"] == "EnvelopedVerifiableCredential"
    assert signing.as_file(b"{}") == b"{}"


def test_the_twin_path_of_the_institution_serves_the_same(settled: Portal) -> None:
    made = settled.again()
    body = {"credential": settled.credential(), "options": {"record": HIDDEN}}
    path = "issuers/eddsa-rdfc-2022/credentials/issue"
    answer = settled.counter.client.post(f"/hrdk/{path}", json=body, headers=bearer(settled.token))
    assert (answer.status_code, answer.json()) == (201, made)
    nobody = settled.counter.client.post(f"/kosha/{path}", json=body, headers=bearer(settled.token))
    assert problem(nobody) == (404, "institution.not-found")


def test_an_issued_certificate_s_own_content_can_be_asked_for_again_with_what_the_institution_set(
    settled: Portal,
) -> None:
    made = settled.again()
    again = {name: value for name, value in copy.deepcopy(made).items() if name != "proof"}
    del again["credentialSubject"]["identifier"][1:]  # the hash of the birth date has a salt of its own
    answer = settled.issue(again)
    assert (answer.status_code, answer.json()) == (201, made)


# ------------------------------------------------------------------------------------------------- the receipt inside


def test_an_anchored_certificate_carries_its_receipt_and_needs_nobody_else_for_it(portal: Portal) -> None:
    made = portal.issued("anchored")
    proof, receipt = made["proof"]
    assert proof["cryptosuite"] == "eddsa-rdfc-2022"
    assert receipt["type"] == PROOF_TYPE
    bare = {**made, "proof": proof}
    assert portal.issue().json() == bare
    suites = portal.bureau.office.suites
    reading = read(Document(made), suites)
    assert reading.statements == read(Document(bare), suites).statements
    assert reading.receipt == Receipt.parse_proof(receipt)
    for published in (portal.bureau.office.public(portal.bureau.institution).path / "receipts").iterdir():
        published.unlink()
    assert outcome(portal.bureau, Document(bare))[0] is Outcome.UNKNOWN
    said, codes = outcome(portal.bureau, Document(made))
    assert (said, "anchor.present" in codes, len([c for c in codes if c.startswith("proof.")])) == (
        Outcome.PASSED,
        True,
        1,
    )


def _hex_changed(value: str) -> str:
    return value[:-1] + ("0" if value[-1] != "0" else "1")


TAMPERED: dict[str, Callable[[dict[str, Any]], object]] = {
    "another salt": lambda receipt: receipt.update(salt=_hex_changed(receipt["salt"])),
    "another root": lambda receipt: receipt.update(root=_hex_changed(receipt["root"])),
    "another step of the path": lambda receipt: receipt["path"].__setitem__(0, _hex_changed(receipt["path"][0])),
    "a step too few": lambda receipt: receipt["path"].pop(),
    "another place": lambda receipt: receipt.update(index=receipt["index"] ^ 1),
    "another issuer": lambda receipt: receipt.update(issuerId=_hex_changed(receipt["issuerId"])),
    "another chain": lambda receipt: receipt.update(chain="eip155:1"),
    "another block": lambda receipt: receipt.update(block=receipt["block"] + 1),
    "a member too many": lambda receipt: receipt.update(proofPurpose="assertionMethod"),
    "a member missing": lambda receipt: receipt.pop("time"),
    "no receipt but its type": lambda receipt: [receipt.pop(name) for name in [*receipt] if name != "type"],
}


def test_a_tampered_receipt_inside_is_foreign_whatever_was_changed(settled: Portal) -> None:
    made = settled.again("anchored")
    for what, change in TAMPERED.items():
        changed = copy.deepcopy(made)
        change(changed["proof"][1])
        said, codes = outcome(settled.bureau, Document(changed))
        assert (said, "anchor.foreign" in codes) == (Outcome.FAILED, True), what
    twice = {**made, "proof": [*made["proof"], made["proof"][1]]}
    assert "anchor.foreign" in outcome(settled.bureau, Document(twice))[1]
    # A good one beside it counts, and what stands inside does not matter.
    beside = Receipt.parse_proof(made["proof"][1])
    assert outcome(settled.bureau, Document(twice, beside))[0] is Outcome.PASSED
    alone = {**made, "proof": made["proof"][1]}
    assert "proof.missing" in outcome(settled.bureau, Document(alone))[1]


def test_a_receipt_is_read_as_a_proof_of_its_type_alone(settled: Portal) -> None:
    receipt = settled.again("anchored")["proof"][1]
    assert Receipt.parse_proof(receipt).to_proof() == receipt
    for wrong in ({**receipt, "type": "DataIntegrityProof"}, {**receipt, "type": [PROOF_TYPE]}, {}):
        with pytest.raises(AnchorError) as caught:
            Receipt.parse_proof(wrong)
        assert caught.value.code == "anchor.receipt.type"


# ------------------------------------------------------------------------------------------------------ once, not twice


def test_the_same_key_or_the_same_credential_gets_the_same_certificate(settled: Portal) -> None:
    made = settled.again(key="order 1")
    for key in ("order 1", "order 2", None):
        assert settled.issue(key=key).json() == made


def test_a_request_that_is_repeated_while_it_waits_is_one_order(portal: Portal) -> None:
    for key in ("order 1", "order 1", "order 2", None):
        answer = portal.issue(key=key)
        assert problem(answer) == (503, "issue.pending")
        assert int(answer.headers["retry-after"]) >= 1
    assert portal.count(batches_table) == 1


def test_a_key_that_stood_for_something_else_is_refused(settled: Portal) -> None:
    settled.again(key="order 1")
    other = settled.credential(awardedDate="2026-05-30T00:00:00+09:00")
    assert problem(settled.issue(other, key="order 1")) == (409, "office.key-reused")
    assert problem(settled.issue(profile="vc-jwt", key="order 1")) == (409, "office.key-reused")


@pytest.mark.parametrize("key", ["", "k" * 181, "a\tb"])
def test_a_key_that_cannot_be_one_is_refused(settled: Portal, key: str) -> None:
    assert problem(settled.issue(key=key)) == (400, "issue.key")


def test_nobody_is_certified_twice_in_two_formats(settled: Portal) -> None:
    settled.again()
    assert problem(settled.issue(profile="vc-jwt")) == (409, "office.state")


def test_what_a_list_certified_before_is_that_certificate(portal: Portal) -> None:
    batch = portal.bureau.issue(rows(2))
    stored = portal.bureau.credentials(batch)[1]
    record = {name: str(stored.record[name]) for name in ("exam_number", "birth_date", "name_en")}  # type: ignore[index]
    wanted = portal.credential()
    wanted["credentialSubject"]["identifier"][0]["identityHash"] = stored.record["name_ko"]  # type: ignore[index]
    answer = portal.issue(wanted, options={"record": record})
    assert answer.status_code == 201, answer.text
    assert answer.json() == json.loads(stored.document or b"")
    assert portal.count() == 2


def test_what_was_revoked_can_be_certified_anew_and_what_is_suspended_cannot(portal: Portal) -> None:
    first = portal.issued()
    number = CertificateNumber.parse(first["credentialSubject"]["licenseNumber"])
    bureau = portal.bureau
    for state, reason in ((State.SUSPENDED, "under-investigation"), (State.REVOKED, "issued-in-error")):
        task = bureau.approve(bureau.request([number], state, reason))
        with Worker(bureau.office) as worker:
            worker.publish(task.task.id)
        if state is State.SUSPENDED:
            assert problem(portal.issue()) == (409, "office.state")
    second = portal.issued()
    assert second["credentialSubject"]["licenseNumber"] != str(number)
    assert portal.count() == 2


def test_the_same_asked_for_at_once_is_issued_once(busy_counter: Counter) -> None:
    portal = portal_of(busy_counter)
    assert set(at_once(6, lambda _: portal.issue().status_code)) == {503}
    assert portal.count(batches_table) == 1


def test_the_service_s_own_hands_issue_while_the_program_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuing_office, "NEW", HERE)
    bureau = open_bureau(tmp_path / "office")
    # The office's waits move its clock and mine a block; the program's takes a little real time as well.
    move = bureau.office.sleep
    office = replace(bureau.office, settings=replace(bureau.office.settings, claim_wait_seconds=900.0))

    def sleep(seconds: float) -> None:
        time.sleep(0.01)
        move(seconds)

    bureau.office = replace(office, sleep=sleep)
    with bureau.office:
        counter = open_counter(bureau)
        portal = portal_of(counter)
        with counter.client:
            answer = portal.issue(profile="anchored")
        assert answer.status_code == 201, answer.text
        assert outcome(bureau, Document(answer.json()))[0] is Outcome.PASSED


@given(st.dictionaries(st.sampled_from(["type", "v", "path", "salt", "chain", "index"]), JSON, max_size=6))
def test_whatever_stands_among_the_proofs_is_a_receipt_or_is_refused(proof: dict[str, Any]) -> None:
    with pytest.raises(AnchorError) as caught:
        Receipt.parse_proof({**proof, "type": PROOF_TYPE})
    assert caught.value.code.startswith("anchor.receipt.")


def test_the_office_says_who_signs_by_kind_of_key_to_those_who_may_issue(settled: Portal) -> None:
    client = settled.counter.client
    answer = client.get("/dids", headers=bearer(settled.token))
    assert answer.status_code == 200
    assert answer.json() == {"Ed25519": str(settled.bureau.institution.did)}
    assert client.get("/dids").status_code == 401
