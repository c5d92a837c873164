"""Applications for machine certificates: receipt numbers, steps, two officers, one batch; and tokens and notices."""

from __future__ import annotations

import io
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from issuer import applying, copies, logs, tokens
from issuer.applying import TYPE as MACHINE
from issuer.approving import Role
from issuer.notices import notifier
from issuer.store import applications, audit
from issuer.store.applications import Application, ApplicationState
from issuer.store.batches import BatchState, Origin
from jikin.errors import OfficeError
from tests import issuing_office
from tests.issuing_office import Bureau, NewInstitution, open_bureau

CELLS = {
    "machine_code": "A04",
    "model": "HL-30D",
    "serial_from": "HL30D-2600001",
    "maker_ko": "한울리프트(주)",
    "maker_country": "KR",
    "standard": "안전인증 고시 별표 3",
}
RECEIVED, REVIEWED = ApplicationState.RECEIVED, ApplicationState.REVIEWED
CERTIFIED, REFUSED = ApplicationState.CERTIFIED, ApplicationState.REFUSED


@pytest.fixture
def bureau(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bureau]:
    """Yield an office whose institution certifies machines; park and lee are reviewers."""
    new = NewInstitution("certs.kosha.example", "한국안전견본", "Safety Sample", "KR77", (MACHINE,), "안전")
    monkeypatch.setattr(issuing_office, "NEW", new)
    opened = open_bureau(tmp_path / "office")
    with opened.office:
        yield opened


def made(bureau: Bureau, contact: str = "", **changes: str) -> Application:
    office = bureau.office
    answer = applying.apply(office, bureau.institution, CELLS | changes, contact, notifier(office))
    assert answer.receipt is not None, answer.faults
    with office.database.read() as connection:
        found = applications.by_receipt(connection, answer.receipt.replace("-", ""))
    assert found is not None
    return found


def move(bureau: Bureau, application: Application, who: str, after: ApplicationState, note: str = "") -> Application:
    officer, _ = bureau.officers[who]
    return applying.step(bureau.office, officer, application.id, after, note, notifier=notifier(bureau.office))


def outbox(bureau: Bureau) -> list[Path]:
    return sorted(bureau.office.settings.path(Path("outbox")).glob("*.txt"))


# ----------------------------------------------------------------------------------------------------- receipt numbers


def test_a_receipt_number_is_typed_forgivingly(bureau: Bureau) -> None:
    receipt = applying.printed(made(bureau).receipt)
    symbols = receipt.replace("-", "")
    for typed in (
        receipt,
        receipt.lower(),
        symbols,
        receipt.replace("-", " "),
        f" {receipt} ",
        receipt.replace("0", "o"),
    ):
        assert applying.parse_receipt(typed) == symbols
        assert applying.progress(bureau.office, typed) is not None


def test_a_wrong_symbol_of_a_receipt_number_is_noticed(bureau: Bureau) -> None:
    receipt = made(bureau).receipt
    for place in range(3, len(receipt)):
        other = "A" if receipt[place] != "A" else "B"
        assert applying.parse_receipt(receipt[:place] + other + receipt[place + 1 :]) is None
    for typed in ("", "S26", "x" * 100, "S26-UUUU-UUUU-UU", "한글", receipt + "0"):
        assert applying.parse_receipt(typed) is None
        assert applying.progress(bureau.office, typed) is None


# ------------------------------------------------------------------------------------------------------------ applying


def test_what_is_missing_is_told_column_by_column_and_nothing_is_kept(bureau: Bureau) -> None:
    office = bureau.office
    answer = applying.apply(office, bureau.institution, {"machine_code": "A04"}, "", notifier(office))
    assert answer.receipt is None
    assert {fault.column for fault in answer.faults} == {
        "model",
        "serial_from",
        "maker_ko",
        "maker_country",
        "standard",
    }
    officer, _ = bureau.officers["park"]
    assert applying.listed(office, officer) == ()


def test_columns_of_the_office_are_not_taken_from_the_form(bureau: Bureau) -> None:
    application = made(bureau, application_number="S99-FORGED", certified_on="1999-01-01")
    record = application.record or {}
    assert record.get("application_number", "") == ""
    assert record.get("certified_on", "") == ""


def test_an_institution_that_certifies_no_machines_takes_no_applications(tmp_path: Path) -> None:
    opened = open_bureau(tmp_path / "exams")
    with opened.office:
        assert applying.taker(opened.office) is None
        with pytest.raises(OfficeError) as caught:
            applying.apply(opened.office, opened.institution, CELLS, "", notifier(opened.office))
    assert caught.value.code == "office.type-not-allowed"


def test_the_progress_says_machine_and_stage_and_nothing_of_company_or_officers(bureau: Bureau) -> None:
    application = made(bureau, "kim@example.test")
    move(bureau, application, "park", RECEIVED, "전화함")
    found = applying.progress(bureau.office, application.receipt)
    assert found is not None
    assert (found.state, found.model, found.machine) == (RECEIVED, "HL-30D", {"ko": "지게차", "en": "Forklift truck"})
    assert [state for state, _ in found.steps] == [ApplicationState.APPLIED, RECEIVED]
    for secret in ("한울", "kim@", "park", "전화함"):
        assert secret not in repr(found)


# --------------------------------------------------------------------------------------------------------- the steps


def test_a_certified_machine_is_issued_in_a_batch_of_one(bureau: Bureau) -> None:
    application = made(bureau)
    for who, after in (("park", RECEIVED), ("park", REVIEWED), ("lee", CERTIFIED)):
        application = move(bureau, application, who, after)
    (batch,) = copies.unfinished(bureau.office)
    assert (batch.origin, batch.count, batch.type) == (Origin.APPLICATION, 1, MACHINE)
    assert bureau.run(batch).state is BatchState.RELEASED
    (credential,) = bureau.credentials(batch)
    record = credential.record or {}
    assert record["application_number"] == applying.printed(application.receipt)
    assert record["certified_on"] == bureau.office.today.isoformat()
    detail = applying.detail(bureau.office, bureau.officers["park"][0], application.id)
    assert detail.certificate is not None
    assert detail.certificate.id == credential.id
    assert [who for _, who in detail.steps] == [None, "park", "park", "lee"]


def test_who_reviewed_does_not_decide(bureau: Bureau) -> None:
    application = made(bureau)
    move(bureau, application, "park", RECEIVED)
    move(bureau, application, "park", REVIEWED)
    for after in (CERTIFIED, REFUSED):
        with pytest.raises(OfficeError) as caught:
            move(bureau, application, "park", after)
        assert caught.value.code == "approval.same-officer"
    assert copies.unfinished(bureau.office) == ()
    assert applying.detail(bureau.office, bureau.officers["lee"][0], application.id).application.state is REVIEWED


@pytest.mark.parametrize("after", [REVIEWED, CERTIFIED, REFUSED, ApplicationState.APPLIED])
def test_no_step_is_left_out(bureau: Bureau, after: ApplicationState) -> None:
    application = made(bureau)
    with pytest.raises(OfficeError) as caught:
        move(bureau, application, "park", after)
    assert caught.value.code == "office.application.state"


def test_a_decision_is_final(bureau: Bureau) -> None:
    application = made(bureau)
    for who, after in (("park", RECEIVED), ("park", REVIEWED), ("lee", REFUSED)):
        move(bureau, application, who, after)
    with pytest.raises(OfficeError):
        move(bureau, application, "lee", CERTIFIED)
    assert copies.unfinished(bureau.office) == ()


def test_without_the_role_nobody_sees_or_moves_an_application(bureau: Bureau) -> None:
    application = made(bureau)
    clerk = bureau.hire("clerk", Role.ISSUE | Role.APPROVE)
    for act in (
        lambda: applying.listed(bureau.office, clerk),
        lambda: applying.detail(bureau.office, clerk, application.id),
        lambda: move(bureau, application, "clerk", RECEIVED),
    ):
        with pytest.raises(OfficeError) as caught:
            act()
        assert caught.value.code == "approval.role"


def test_an_application_of_nobody_or_of_another_institution_is_not_found(bureau: Bureau) -> None:
    officer, _ = bureau.officers["park"]
    with pytest.raises(OfficeError) as caught:
        applying.detail(bureau.office, officer, 99)
    assert caught.value.code == "office.application.not-found"


def test_every_step_stands_in_the_log_of_acts_by_number_alone(bureau: Bureau) -> None:
    application = made(bureau, "kim@example.test")
    move(bureau, application, "park", RECEIVED, "한울리프트에 전화함")
    with bureau.office.database.read() as connection:
        acts = [one for one in audit.entries(connection) if one.subject == f"applications/{application.id}"]
    assert [(one.act, one.officer_id) for one in acts] == [
        ("application made", None),
        ("application moved on", bureau.officers["park"][0].id),
    ]
    assert "한울" not in repr(acts)


def test_notices_are_private_files_and_go_only_to_whoever_left_an_address(bureau: Bureau) -> None:
    log = io.StringIO()
    logs.configure("DEBUG", log)
    silent = made(bureau)
    move(bureau, silent, "park", RECEIVED)
    assert outbox(bureau) == []
    told = made(bureau, "kim@example.test", serial_from="HL30D-2600002")
    move(bureau, told, "park", RECEIVED)
    logs.configure("WARNING")
    texts = [path.read_text("utf-8") for path in outbox(bureau)]
    assert len(texts) == 2
    assert all("kim@example.test" in text and applying.printed(told.receipt) in text for text in texts)
    assert {stat.S_IMODE(path.stat().st_mode) for path in outbox(bureau)} == {0o600}
    assert "kim@example.test" not in log.getvalue()


# ------------------------------------------------------------------------------------------------------------- tokens


def test_a_token_is_shown_once_and_kept_as_a_digest(bureau: Bureau) -> None:
    made_token = tokens.make(bureau.office, "exam portal", ["offers"])
    assert made_token.token not in repr(made_token)
    found = tokens.access(bureau.office, made_token.token)
    assert found is not None
    assert (found.scopes.allow("offers"), found.scopes.allow("status"), found.trying_out) == (True, False, False)
    data = (bureau.office.settings.data / "office.db").read_bytes()
    wal = bureau.office.settings.data / "office.db-wal"
    assert made_token.token.encode() not in data + (wal.read_bytes() if wal.exists() else b"")


def test_an_unknown_empty_or_revoked_token_allows_nothing(bureau: Bureau) -> None:
    made_token = tokens.make(bureau.office, "one", ["*"])
    tokens.revoke(bureau.office, made_token.stored.id)
    for token in (made_token.token, "", "invented", None):
        assert tokens.access(bureau.office, token) is None
    with pytest.raises(OfficeError) as caught:
        tokens.revoke(bureau.office, made_token.stored.id)
    assert caught.value.code == "office.token-unknown"


@pytest.mark.parametrize(
    ("name", "scopes", "code"),
    [("x", [], "office.scope"), ("x", ["everything"], "office.scope"), ("", ["offers"], "office.token-name")],
)
def test_a_token_that_cannot_be_is_refused(bureau: Bureau, name: str, scopes: list[str], code: str) -> None:
    with pytest.raises(OfficeError) as caught:
        tokens.make(bureau.office, name, scopes)
    assert caught.value.code == code
    assert tokens.every(bureau.office) == ()
