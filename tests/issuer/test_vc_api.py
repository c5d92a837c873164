"""The VC API of an office: what programs get signed, what is refused by name, and what they may only ask for."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from issuer import issuing, looking, officers, printing, revoking, signing, tokens
from issuer.approving import Officer, Role
from issuer.checking import Checker
from issuer.jobs import Worker
from issuer.sheets import Press
from issuer.store import audit, batches, tasks
from issuer.store.tables import batches as batches_table
from issuer.store.tables import credentials as credentials_table
from issuer.store.tasks import TaskState
from issuer.tokens import Scope
from jikin.anchoring.receipt import PROOF_TYPE, Receipt
from jikin.credentials.record import NumberRecord
from jikin.errors import AnchorError, CredentialError, JikinError
from jikin.status.array import State
from jikin.testing.authenticator import SoftwareAuthenticator
from jikin.values import CertificateNumber, Form, JsonObject
from jikin.verification.document import Document
from jikin.verification.reading import read
from jikin.verification.report import Outcome
from tests import issuing_office
from tests.issuing_office import TYPE, Bureau, open_bureau, rows
from tests.issuing_service import HERE, Counter, Holder, at_once, bearer, busy_counter, counter, open_counter, postgres

__all__ = ["busy_counter", "counter", "postgres"]

V2 = "https://www.w3.org/ns/credentials/v2"
BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
HIDDEN = {"exam_number": "2602-000001", "birth_date": "1990-04-17"}
MACHINE = "machine-safety-certification"
Changes = Mapping[str, Any]


@dataclass
class Portal:
    """Another program of the institution: a token, and the requests it makes."""

    counter: Counter
    token: str

    @property
    def bureau(self) -> Bureau:
        return self.counter.bureau

    def credential(self, **changes: Any) -> dict[str, Any]:
        """Return what a program wants certified; a change to ``...`` leaves the member out."""
        made: dict[str, Any] = {
            "@context": [V2, BADGES],
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "issuer": str(self.bureau.institution.did),
            "awardedDate": "2026-05-29T00:00:00+09:00",
            "credentialSubject": {
                "type": ["AchievementSubject"],
                "identifier": [
                    {"type": "IdentityObject", "hashed": False, "identityHash": "김하늘", "identityType": "name"}
                ],
                "achievement": {"type": ["Achievement"], "humanCode": "7875"},
            },
            **changes,
        }
        return {name: value for name, value in made.items() if value is not ...}

    def issue(self, credential: Any = None, profile: str = "eddsa-rdfc-2022", *, key: str | None = None, **more: Any):  # type: ignore[no-untyped-def]
        body = {"credential": credential or self.credential(), "options": {"record": HIDDEN}} | more
        headers = bearer(self.token) | ({} if key is None else {"idempotency-key": key})
        return self.counter.client.post(f"/issuers/{profile}/credentials/issue", json=body, headers=headers)

    def issued(self, profile: str = "eddsa-rdfc-2022", **more: Any) -> dict[str, Any]:
        """Return a certificate that was asked for twice: the office worked in between."""
        first = self.issue(profile=profile, **more)
        assert first.status_code == 503, first.text
        self.counter.work_off()
        answer = self.issue(profile=profile, **more)
        assert answer.status_code == 201, answer.text
        assert answer.headers["cache-control"] == "no-store"
        found: dict[str, Any] = answer.json()
        return found

    def ask(self, body: Any):  # type: ignore[no-untyped-def]
        return self.counter.client.post("/credentials/status", json=body, headers=bearer(self.token))

    def count(self, what: Any = credentials_table) -> int:
        with self.bureau.office.database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(what)).scalar_one())


@pytest.fixture
def portal(counter: Counter) -> Portal:
    return portal_of(counter)


def portal_of(counter: Counter) -> Portal:
    made = tokens.make(counter.bureau.office, "exam portal", [Scope.ISSUE, Scope.STATUS])
    return Portal(counter, made.token)


def outcome(bureau: Bureau, document: Document) -> tuple[Outcome, set[str]]:
    report = Checker.of(bureau.office, bureau.institution).report(document)
    return report.outcome, {finding.code for finding in report.findings}


def problem(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    return answer.status_code, answer.json()["code"]


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
        "name_ko": "김하늘", "name_en": "", "qualification_code": "7875", "qualification_name": "",
        "exam_round": "", "score": "", "passed_on": "2026-05-29",
    }
    assert portal.counter.client.get(f"/hrdk/n/{number.symbols}").status_code == 200


def test_a_byte_changed_afterwards_is_noticed(portal: Portal) -> None:
    made = portal.issued()
    made["credentialSubject"]["identifier"][0]["identityHash"] = "김하눌"
    said, codes = outcome(portal.bureau, Document(made))
    assert (said, "proof.mismatch" in codes) == (Outcome.FAILED, True)


def test_a_jwt_is_anchored_by_its_signature_and_comes_in_the_object_that_carries_it(portal: Portal) -> None:
    made = portal.issued("vc-jwt")
    assert made["type"] == "EnvelopedVerifiableCredential"
    text = made["id"].removeprefix("data:application/vc+jwt,")
    for form in (made, text):
        said, codes = outcome(portal.bureau, Document.of(form))
        assert (said, "anchor.present" in codes) == (Outcome.PASSED, True)
    reading = read(Document.of(text), portal.bureau.office.suites)
    assert [one.statement.form for one in reading.sound_proofs] == [Form.JWS]
    head, payload, signature = text.split(".")
    broken = f"{head}.{payload}.{'B' if signature[0] != 'B' else 'C'}{signature[1:]}"
    assert "proof.mismatch" in outcome(portal.bureau, Document.of(broken))[1]


def test_a_jwt_has_a_number_record_and_a_line_in_the_console_and_is_written_as_json(
    portal: Portal, tmp_path: Path
) -> None:
    portal.issued("vc-jwt")
    bureau = portal.bureau
    with bureau.office.database.read() as connection:
        (batch,) = batches.every(connection, bureau.institution.id)
    (stored,) = bureau.credentials(batch)
    record = NumberRecord.parse(portal.counter.get(f"/hrdk/n/{stored.number}"))
    assert (record.title["ko"], len(record.status)) == ("지게차운전기능사", 1)
    officer, _ = bureau.officers["park"]
    assert looking.listed(bureau.office, officer).lines[0].title.ko == "지게차운전기능사"
    with Press(1, 1) as press:
        printer = printing.Printer(bureau.office, bureau.institution, press)
        printed = printing.write_batch(bureau.office, bureau.institution, batch, tmp_path, printer=printer)
    assert (printed.count, printed.unprinted) == (1, ())
    written = json.loads((tmp_path / f"{CertificateNumber(stored.number)}.json").read_bytes())
    assert outcome(bureau, Document(written))[0] is Outcome.PASSED


def test_a_holder_s_copy_of_a_jwt_says_the_same(portal: Portal) -> None:
    portal.issued("vc-jwt")
    with portal.bureau.office.database.read() as connection:
        number = connection.execute(select(credentials_table.c.number)).scalar_one()
    offer = portal.counter.offers(number=number)
    (entry,) = Holder(portal.counter).accept(offer["offer"])["credentials"]  # type: ignore[misc]
    copied = entry["credential"]  # type: ignore[index,call-overload]
    assert copied["credentialSubject"]["licenseNumber"].replace("-", "") == number


def test_the_twin_path_of_the_institution_serves_the_same(portal: Portal) -> None:
    made = portal.issued()
    body = {"credential": portal.credential(), "options": {"record": HIDDEN}}
    path = "issuers/eddsa-rdfc-2022/credentials/issue"
    answer = portal.counter.client.post(f"/hrdk/{path}", json=body, headers=bearer(portal.token))
    assert (answer.status_code, answer.json()) == (201, made)
    nobody = portal.counter.client.post(f"/kosha/{path}", json=body, headers=bearer(portal.token))
    assert problem(nobody) == (404, "institution.not-found")


def test_an_issued_certificate_s_own_content_can_be_asked_for_again_with_what_the_institution_set(
    portal: Portal,
) -> None:
    made = portal.issued()
    again = {name: value for name, value in made.items() if name != "proof"}
    del again["credentialSubject"]["identifier"][1:]  # the hash of the birth date has a salt of its own
    answer = portal.issue(again)
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


def test_a_tampered_receipt_inside_is_foreign_whatever_was_changed(portal: Portal) -> None:
    made = portal.issued("anchored")
    for what, change in TAMPERED.items():
        changed = copy.deepcopy(made)
        change(changed["proof"][1])
        said, codes = outcome(portal.bureau, Document(changed))
        assert (said, "anchor.foreign" in codes) == (Outcome.FAILED, True), what
    twice = {**made, "proof": [*made["proof"], made["proof"][1]]}
    assert "anchor.foreign" in outcome(portal.bureau, Document(twice))[1]
    # A good one beside it counts, and what stands inside does not matter.
    beside = Receipt.parse_proof(made["proof"][1])
    assert outcome(portal.bureau, Document(twice, beside))[0] is Outcome.PASSED
    alone = {**made, "proof": made["proof"][1]}
    assert "proof.missing" in outcome(portal.bureau, Document(alone))[1]


def test_a_receipt_is_read_as_a_proof_of_its_type_alone(portal: Portal) -> None:
    receipt = portal.issued("anchored")["proof"][1]
    assert Receipt.parse_proof(receipt).to_proof() == receipt
    for wrong in ({**receipt, "type": "DataIntegrityProof"}, {**receipt, "type": [PROOF_TYPE]}, {}):
        with pytest.raises(AnchorError) as caught:
            Receipt.parse_proof(wrong)
        assert caught.value.code == "anchor.receipt.type"


# ------------------------------------------------------------------------------------------------------ once, not twice


def test_the_same_key_or_the_same_credential_gets_the_same_certificate(portal: Portal) -> None:
    made = portal.issued(key="order 1")
    for key in ("order 1", "order 2", None):
        assert portal.issue(key=key).json() == made
    assert portal.count() == 1


def test_a_request_that_is_repeated_while_it_waits_is_one_order(portal: Portal) -> None:
    for key in ("order 1", "order 1", "order 2", None):
        answer = portal.issue(key=key)
        assert problem(answer) == (503, "issue.pending")
        assert int(answer.headers["retry-after"]) >= 1
    assert portal.count(batches_table) == 1


def test_a_key_that_stood_for_something_else_is_refused(portal: Portal) -> None:
    portal.issued(key="order 1")
    other = portal.credential(awardedDate="2026-05-30T00:00:00+09:00")
    assert problem(portal.issue(other, key="order 1")) == (409, "office.key-reused")
    assert problem(portal.issue(profile="vc-jwt", key="order 1")) == (409, "office.key-reused")
    assert portal.count(batches_table) == 1


@pytest.mark.parametrize("key", ["", "k" * 181, "a\tb"])
def test_a_key_that_cannot_be_one_is_refused(portal: Portal, key: str) -> None:
    assert problem(portal.issue(key=key)) == (400, "issue.key")


def test_nobody_is_certified_twice_in_two_formats(portal: Portal) -> None:
    portal.issued()
    assert problem(portal.issue(profile="vc-jwt")) == (409, "office.state")
    assert portal.count() == 1


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
    # Real time for the waiting program; the worker's waits move the office's clock, and mine.
    office = replace(bureau.office, settings=replace(bureau.office.settings, claim_wait_seconds=900.0))

    def sleep(seconds: float) -> None:
        time.sleep(0.01)
        bureau.office.sleep(seconds)

    bureau.office = replace(office, sleep=sleep)
    with bureau.office:
        counter = open_counter(bureau)
        portal = portal_of(counter)
        with counter.client:
            answer = portal.issue(profile="anchored")
            with bureau.office.database.read() as connection:
                print([(b.state, b.error_code, b.error) for b in batches.every(connection, bureau.institution.id)])
        assert answer.status_code == 201, answer.text
        assert outcome(bureau, Document(answer.json()))[0] is Outcome.PASSED


# ------------------------------------------------------------------------------------------------------------ refusals


def _subject(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda credential: credential["credentialSubject"].update(changes)


def _achievement(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda credential: credential["credentialSubject"]["achievement"].update(changes)


def _top(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda credential: credential.update(changes)


LOST: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a term of use": (_top(termsOfUse={"type": "Terms"}), "/termsOfUse"),
    "evidence": (_top(evidence=[{"type": ["Evidence"]}]), "/evidence"),
    "another context": (_top(**{"@context": [V2, BADGES, "https://terms.example/v1"]}), "/@context/2"),
    "another type": (
        _top(type=["VerifiableCredential", "OpenBadgeCredential", "DrivingLicence"]),
        "/type/2",
    ),
    "a member of the subject": (_subject(shoeSize="270"), "/credentialSubject/shoeSize"),
    "a member whose name has a slash": (_subject(**{"a/b~": 1}), "/credentialSubject/a~1b~0"),
    "a holder's DID": (_subject(id="did:example:holder"), "/credentialSubject/id"),
    "the name of another qualification": (_achievement(name="천공기운전기능사"), "/credentialSubject/achievement/name"),
    "a value of another kind": (
        _achievement(criteria={"narrative": True}),
        "/credentialSubject/achievement/criteria/narrative",
    ),
    "an array in place of an object": (_achievement(criteria=[{}, {}]), "/credentialSubject/achievement/criteria/1"),
    "an object in place of a text": (_achievement(fieldOfStudy={}), "/credentialSubject/achievement/fieldOfStudy"),
    "a salted hash of the caller's": (
        lambda credential: credential["credentialSubject"]["identifier"].append(
            {
                "type": "IdentityObject", "hashed": True, "identityHash": "sha256$00", "salt": "00",
                "identityType": "ext:birthDate",
            }
        ),
        "/credentialSubject/identifier/1",
    ),
    "another name of the issuer": (
        lambda credential: credential.update(issuer={"id": credential["issuer"], "name": "다른 기관"}),
        "/issuer/name",
    ),
}


@pytest.mark.parametrize(("change", "pointer"), LOST.values(), ids=LOST.keys())
def test_what_the_type_does_not_say_is_refused_by_its_name(
    portal: Portal, change: Callable[[dict[str, Any]], object], pointer: str
) -> None:
    credential = portal.credential()
    change(credential)
    answer = portal.issue(credential)
    assert problem(answer) == (400, "issue.member"), answer.text
    assert answer.json()["detail"].startswith(f"{pointer} ")
    assert portal.count(batches_table) == 0


REFUSED: dict[str, tuple[Changes, Changes, str]] = {
    "no context": ({"@context": ...}, {}, "model.context"),
    "no subject": ({"credentialSubject": ...}, {}, "model.subject"),
    "another issuer": ({"issuer": "did:web:elsewhere.example"}, {}, "issue.issuer"),
    "a proof": ({"proof": {"type": "DataIntegrityProof"}}, {}, "proof.present"),
    "a schema that nobody knows": (
        {"credentialSchema": {"id": "https://schemas.example/1", "type": "JsonSchema"}},
        {},
        "issue.type",
    ),
    "a beginning in the future": ({"validFrom": "2030-01-01T00:00:00Z"}, {}, "issue.dates"),
    "an end where the type has none": ({"validUntil": "2030-01-01T00:00:00Z"}, {}, "issue.dates"),
    "a date that is none": ({"awardedDate": "2026-02-30T00:00:00+09:00"}, {}, "issue.record"),
    "a column that is missing": ({}, {"record": {"exam_number": "2602-000001"}}, "issue.record"),
    "a column that there is not": ({}, {"record": HIDDEN | {"shoe_size": "270"}}, "issue.record"),
    "a column named twice": ({}, {"record": HIDDEN | {"생년월일": "1990-04-17"}}, "issue.record"),
    "a column that contradicts the credential": ({}, {"record": HIDDEN | {"passed_on": "2026-05-30"}}, "issue.record"),
    "cells that are no texts": ({}, {"record": {"exam_number": 7}}, "issue.option"),
    "an option that nobody keeps": ({}, {"record": HIDDEN, "mandatoryPointers": ["/issuer"]}, "issue.option"),
}


@pytest.mark.parametrize(("changes", "options", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_issued_is_refused_with_its_reason(
    portal: Portal, changes: Changes, options: Changes, code: str
) -> None:
    answer = portal.issue(portal.credential(**changes), options=options or {"record": HIDDEN})
    assert problem(answer) == (400, code), answer.text
    assert portal.count(batches_table) == 0


def test_headers_in_either_language_name_columns_and_an_equal_cell_is_no_contradiction(portal: Portal) -> None:
    record = {"수검번호": "2602-000001", "생년월일": "1990. 4. 17", "passed_on": "2026-05-29"}
    assert problem(portal.issue(options={"record": record, "mandatoryPointers": []})) == (503, "issue.pending")


@pytest.mark.parametrize("body", [{}, {"credential": "a text"}, {"credential": {}, "options": []}])
def test_a_body_that_is_none_is_refused(portal: Portal, body: JsonObject) -> None:
    answer = portal.counter.client.post("/issuers/vc-jwt/credentials/issue", json=body, headers=bearer(portal.token))
    assert problem(answer) == (400, "request.missing" if not body else "request.invalid")


def test_an_unknown_profile_names_the_known_ones(portal: Portal) -> None:
    answer = portal.issue(profile="bbs-2023")
    assert problem(answer) == (404, "issuer.profile")
    assert "eddsa-rdfc-2022, eddsa-jcs-2022, vc-jwt, anchored" in answer.json()["hint"]


@pytest.mark.parametrize(
    ("path", "scope"), [("/issuers/vc-jwt/credentials/issue", "issue"), ("/credentials/status", "status")]
)
def test_each_path_wants_a_token_of_its_own_scope(counter: Counter, path: str, scope: str) -> None:
    answer = counter.client.post(path, json={})
    assert problem(answer) == (401, "access.token")
    assert f"--scope {scope}" in answer.json()["hint"]
    other = counter.client.post(path, json={}, headers=bearer(counter.token))  # a token for offers
    assert problem(other) == (403, "access.scope")


def test_a_type_that_the_institution_may_not_issue_is_not_issued(portal: Portal) -> None:
    kind = portal.bureau.office.types.named(MACHINE)
    schema = {"id": kind.schema_url, "type": "JsonSchema", "digestSRI": kind.schema_digest}
    answer = portal.issue(portal.credential(credentialSchema=schema))
    assert problem(answer) == (409, "office.type-not-allowed")


def test_an_end_that_outlasts_the_type_s_own_is_no_reason_to_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing_office, "NEW", replace(HERE, types=(TYPE, MACHINE, "course-completion")))
    bureau = open_bureau(tmp_path / "office", claim_wait_seconds=0.0)
    with bureau.office:
        portal = portal_of(open_counter(bureau))
        kind = bureau.office.types.named(MACHINE)
        made = portal.credential(
            **{"@context": list(kind.contexts), "awardedDate": ..., "validFrom": "2026-01-01T00:00:00Z"},
            type=list(kind.types),
            credentialSubject={
                "type": "CertifiedMachine",
                "machineKindCode": next(iter(kind.tables["machine"])),
                "model": "KG-3",
                "serialNumberFrom": "A-1",
                "manufacturer": {"name": {"@value": "견본기계", "@language": "ko"}, "country": "KR"},
                "standard": "위험기계 안전인증 고시",
                "certifiedOn": "2026-05-29",
            },
        )
        options = {"record": {"application_number": "2026-0001"}}
        early = portal.issue(made | {"validUntil": "2029-01-01T00:00:00Z"}, options=options)
        assert problem(early) == (400, "issue.dates")
        late = portal.issue(made | {"validUntil": "2030-01-01T00:00:00Z"}, options=options)
        assert problem(late) == (503, "issue.pending"), late.text
        portal.counter.work_off()
        issued = portal.issue(made, options=options).json()
        assert issued["validUntil"].startswith("2029-09-")
        assert {one["statusPurpose"] for one in issued["credentialStatus"]} == {"revocation", "suspension"}

        # What two types could say is told apart by the schema alone.
        unclear = portal.credential(credentialSubject={"type": ["AchievementSubject"]}, awardedDate=...)
        assert problem(portal.issue(unclear, options={})) == (400, "issue.type")


def test_a_record_of_which_no_credential_can_be_made_is_told(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem(portal.issue(key="order 1"))[0] == 503

    def broken(*_arguments: object) -> JsonObject:
        raise CredentialError("it cannot be made", code="type.build")

    monkeypatch.setattr(issuing, "_unsecured", broken)
    with pytest.raises(JikinError):
        portal.counter.work_off()
    assert problem(portal.issue(key="order 1")) == (400, "issue.failed")


def test_an_erased_certificate_is_not_handed_out_again(portal: Portal) -> None:
    portal.issued(key="order 1")
    with portal.bureau.office.database.write() as connection:
        connection.execute(credentials_table.update().values(record=None, record_hash=None, document=None))
    assert problem(portal.issue(key="order 1")) == (410, "office.erased")


def test_the_vc_api_is_described(portal: Portal) -> None:
    paths = portal.counter.get("/openapi.json")["paths"]
    for path in ("/issuers/{profile}/credentials/issue", "/{org}/issuers/{profile}/credentials/issue"):
        operation = paths[path]["post"]  # type: ignore[index,call-overload]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema["required"] == ["credential"]
        assert "Idempotency-Key" in {one["name"] for one in operation["parameters"]}
        assert {"201", "4XX", "503"} <= set(operation["responses"])
    assert {"200", "202", "403", "4XX"} <= set(paths["/credentials/status"]["post"]["responses"])  # type: ignore[index,call-overload]


# -------------------------------------------------------------------------------------------------- changes of state


def entry_of(made: JsonObject) -> JsonObject:
    entry: JsonObject = made["credentialStatus"]  # type: ignore[assignment]
    return entry


def test_a_token_asks_and_two_officers_revoke(portal: Portal) -> None:
    made, bureau = portal.issued(), portal.bureau
    body = {"credentialStatus": entry_of(made), "status": True, "reason": "issued-in-error"}
    answer = portal.ask(body)
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "waiting"
    (told,) = answer.json()["tasks"]
    assert (told["state"], told["signatures"], told["needed"]) == ("draft", 0, 2)
    assert told["decide"].endswith(f"/admin/changes/{told['task']}")
    assert outcome(bureau, Document(made))[0] is Outcome.PASSED
    with bureau.office.database.read() as connection:
        (act,) = [one for one in audit.entries(connection) if one.act == "status change asked for"]
    assert (act.officer_id, act.detail) == (None, {"token": 2})

    officer, signer = bureau.officers["park"]
    requested = revoking.approve(bureau.office, officer, signer, told["task"])
    assert requested.state is TaskState.OPEN
    assert portal.ask(body).json()["tasks"][0] | {"signatures": 0, "state": "draft"} == told
    with pytest.raises(JikinError) as caught:
        revoking.approve(bureau.office, officer, signer, told["task"])
    assert caught.value.code == "approval.same-officer"
    other, other_signer = bureau.officers["lee"]
    assert revoking.approve(bureau.office, other, other_signer, told["task"]).state is TaskState.APPROVED
    with Worker(bureau.office) as worker:
        worker.publish(told["task"])
    assert "status.revoked" in outcome(bureau, Document(made))[1]
    done = portal.ask(body)
    assert (done.status_code, done.json()) == (200, {"state": "done", "tasks": []})


def test_asking_again_opens_nothing_new_and_asking_otherwise_waits(portal: Portal) -> None:
    made = portal.issued()
    number = made["credentialSubject"]["licenseNumber"]
    first = portal.ask({"credentialId": number, "reason": "issued-in-error"})
    for body in (
        {"credentialStatus": [entry_of(made)], "reason": "forged-evidence"},
        {"credentialId": number, "credentialStatus": {**entry_of(made), "status": "1"}, "reason": "issued-in-error"},
    ):
        assert portal.ask(body).json() == first.json()
    suspension = {"credentialId": number, "credentialStatus": {"statusPurpose": "suspension"}}
    assert problem(portal.ask(suspension | {"reason": "under-investigation"})) == (409, "office.state")
    with portal.bureau.office.database.read() as connection:
        assert len(tasks.every(connection, portal.bureau.institution.id)) == 1


@pytest.mark.parametrize("state", ["suspended", "valid"])
def test_a_suspension_and_its_end_can_be_asked_for(portal: Portal, state: str) -> None:
    made, bureau = portal.issued(), portal.bureau
    number = CertificateNumber.parse(made["credentialSubject"]["licenseNumber"])
    entry = {**entry_of(made), "statusPurpose": "suspension"}
    if state == "valid":
        task = bureau.approve(bureau.request([number], State.SUSPENDED, "under-investigation"))
        with Worker(bureau.office) as worker:
            worker.publish(task.task.id)
        body = {"credentialStatus": entry, "status": False, "reason": "investigation-closed"}
    else:
        body = {"credentialStatus": entry, "status": "true", "reason": "under-investigation"}
    (told,) = portal.ask(body).json()["tasks"]
    with bureau.office.database.read() as connection:
        (note,) = tasks.by_id(connection, told["task"]).task.notes
    assert note["state"] == int(State[state.upper()])


def test_a_copy_s_entry_stands_for_the_certificate_and_all_its_copies(portal: Portal) -> None:
    made = portal.issued()
    offer = portal.counter.offers(number=made["credentialSubject"]["licenseNumber"])
    (received,) = Holder(portal.counter).accept(offer["offer"])["credentials"]  # type: ignore[misc]
    entry = entry_of(received["credential"])  # type: ignore[index,call-overload]
    assert entry != entry_of(made)
    (told,) = portal.ask({"credentialStatus": entry, "reason": "issued-in-error"}).json()["tasks"]
    with portal.bureau.office.database.read() as connection:
        assert len(tasks.by_id(connection, told["task"]).task.notes) == 2


ASKED_WRONGLY: dict[str, tuple[Changes, int, str]] = {
    "nothing": ({}, 400, "status.entry"),
    "no reason": ({"reason": None}, 400, "status.reason"),
    "a reason that leads elsewhere": ({"reason": "suspension-ended"}, 400, "status.reason"),
    "back from a revocation": ({"status": False}, 403, "status.forbidden"),
    "a status that is none": ({"status": 7}, 400, "status.entry"),
    "a purpose that is none": ({"purpose": "message"}, 400, "status.entry"),
    "an index that is none": ({"index": "-1"}, 400, "status.entry"),
    "an index far outside": ({"index": "9999999"}, 404, "office.number-unknown"),
    "another list": ({"list": "https://elsewhere.example/status/1"}, 404, "office.number-unknown"),
    "a number that is none": ({"number": "26-KR12"}, 400, "number.mistyped"),
    "a number of nobody": ({"number": "0" * 20}, 404, "office.number-unknown"),
    "a number that is no text": ({"number": 7}, 400, "status.entry"),
}


@pytest.mark.parametrize(("changes", "status", "code"), ASKED_WRONGLY.values(), ids=ASKED_WRONGLY.keys())
def test_what_cannot_be_asked_for_is_refused(portal: Portal, changes: Changes, status: int, code: str) -> None:
    entry = dict(entry_of(portal.issued()))
    entry["statusPurpose"] = changes.get("purpose", entry["statusPurpose"])
    entry["statusListIndex"] = changes.get("index", entry["statusListIndex"])
    entry["statusListCredential"] = changes.get("list", entry["statusListCredential"])
    body: dict[str, Any] = {"reason": "issued-in-error"}
    if changes:
        body |= {"credentialStatus": entry} | {name: changes[name] for name in ("reason", "status") if name in changes}
    if "number" in changes:
        body["credentialId"] = changes["number"]
    assert problem(portal.ask(body)) == (status, code)
    with portal.bureau.office.database.read() as connection:
        assert tasks.every(connection, portal.bureau.institution.id) == ()


# ----------------------------------------------------------------------------------------- what officers make of it


@pytest.fixture
def asked(portal: Portal) -> int:
    """Return the task of a revocation that a program asked for."""
    made = portal.issued()
    answer = portal.ask({"credentialStatus": entry_of(made), "reason": "issued-in-error"})
    return int(answer.json()["tasks"][0]["task"])


class Passkey:
    """An officer with a passkey."""

    def __init__(self, bureau: Bureau, name: str, roles: Role) -> None:
        self.office, self.device = bureau.office, SoftwareAuthenticator("http://localhost:8101")
        invited = officers.invite(bureau.office, bureau.institution, name, roles)
        made = self.device.create(officers.creation_options(bureau.office, invited.code))
        self.token = officers.enrol(bureau.office, invited.code, made)
        self.officer: Officer = officers.signed_in(bureau.office, self.token)

    def sign(self, task_id: int) -> TaskState:
        options = revoking.signing_options(self.office, self.officer, task_id)
        return revoking.sign(self.office, self.officer, task_id, self.device.get(options)).state


def test_officers_see_what_a_program_asked_for_and_sign_it_in_two_parts(portal: Portal, asked: int) -> None:
    bureau = portal.bureau
    clerk, chief = Passkey(bureau, "박서연", Role.REQUEST), Passkey(bureau, "이준호", Role.APPROVE)
    for officer in (clerk.officer, chief.officer):
        assert [one.stored.task.id for one in looking.changes(bureau.office, officer)] == [asked]
    assert revoking.part_of(looking.change(bureau.office, clerk.officer, asked).stored, clerk.officer) == "request"
    assert revoking.part_of(looking.change(bureau.office, chief.officer, asked).stored, chief.officer) is None
    assert looking.next_draft(bureau.office, clerk.officer) is None
    with pytest.raises(JikinError) as caught:
        chief.sign(asked)
    assert caught.value.code == "approval.role"
    assert clerk.sign(asked) is TaskState.OPEN
    assert chief.sign(asked) is TaskState.APPROVED


def test_the_console_says_that_a_program_asked(portal: Portal, asked: int) -> None:
    clerk, client = Passkey(portal.bureau, "박서연", Role.REQUEST), portal.counter.client
    client.cookies.set(client.app.state.frame.cookie_name("officer"), clerk.token)  # type: ignore[attr-defined]
    for path in ("/admin/changes", f"/admin/changes/{asked}"):
        page = client.get(path, headers={"accept": "text/html", "accept-language": "en"})
        assert page.status_code == 200, page.text
        assert "A connected program" in page.text


def test_a_request_of_a_program_is_sent_back_by_an_officer_who_may_request(portal: Portal, asked: int) -> None:
    bureau = portal.bureau
    reader = bureau.hire("moon", Role.REVIEW)
    with pytest.raises(JikinError) as caught:
        revoking.decline(bureau.office, reader, asked)
    assert caught.value.code == "approval.role"
    clerk = bureau.hire("han", Role.REQUEST)
    assert revoking.decline(bureau.office, clerk, asked).error_code == revoking.DECLINED


def test_an_officer_without_the_role_takes_nothing_up(portal: Portal, asked: int) -> None:
    chief = portal.bureau.hire("han", Role.APPROVE)
    with pytest.raises(JikinError) as caught:
        revoking.approve(portal.bureau.office, chief, portal.bureau.officers["han"][1], asked)
    assert caught.value.code == "approval.role"


def test_it_waits_as_long_as_a_request_and_not_for_ever(portal: Portal, asked: int) -> None:
    bureau = portal.bureau
    officer, signer = bureau.officers["park"]

    def tidied() -> TaskState:
        with bureau.office.database.write() as connection:
            tasks.end_unsigned(connection, bureau.office.clock())
            return tasks.by_id(connection, asked).state

    bureau.clock.now += tasks.DRAFT_SECONDS + 1
    assert tidied() is TaskState.DRAFT
    with bureau.office.database.read() as connection:
        stored = tasks.by_id(connection, asked)
        entry = int(str(stored.task.notes[0]["index"]))
        blocked = tasks.named_in_open(connection, stored.status_list_id, [entry], bureau.office.clock())
    assert blocked == {entry}
    bureau.clock.now = stored.task.expires
    with bureau.office.database.read() as connection:
        assert not tasks.named_in_open(connection, stored.status_list_id, [entry], bureau.office.clock())
    with pytest.raises(JikinError) as caught:
        revoking.approve(bureau.office, officer, signer, asked)
    assert caught.value.code == "approval.expired"
    assert tidied() is TaskState.REFUSED


def test_a_signed_jwt_is_stored_as_text_and_read_back_as_what_it_says(portal: Portal) -> None:
    portal.issued("vc-jwt")
    with portal.bureau.office.database.read() as connection:
        document = bytes(connection.execute(select(credentials_table.c.document)).scalar_one())
    assert document.startswith(b"eyJ")
    assert signing.content_of(document)["issuer"]["id"] == str(portal.bureau.institution.did)  # type: ignore[index,call-overload]
    assert signing.handed_out(document) == document.decode()
    assert json.loads(signing.as_file(document))["type"] == "EnvelopedVerifiableCredential"
    assert signing.as_file(b"{}") == b"{}"
