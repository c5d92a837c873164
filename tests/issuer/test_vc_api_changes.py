"""Changes of state over the VC API: a token asks, officers decide."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from issuer import asking, cli, looking, officers, revoking
from issuer.approving import Officer, Role
from issuer.jobs import Worker
from issuer.store import audit, tasks
from issuer.store.tables import tasks as tasks_table
from issuer.store.tasks import TaskState
from jikin.anchoring.pins import pins_json
from jikin.errors import JikinError
from jikin.proofs import keystore
from jikin.status.array import State
from jikin.testing.authenticator import SoftwareAuthenticator
from jikin.values import CertificateNumber, JsonObject
from jikin.verification.document import Document
from jikin.verification.report import Outcome
from tests.issuing_office import Bureau
from tests.issuing_service import Holder, counter
from tests.vc_portal import (
    JSON,
    Changes,
    Portal,
    outcome,
    portal,
    problem,
    settled,
)

__all__ = ["counter", "portal", "settled"]

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
def test_what_cannot_be_asked_for_is_refused(settled: Portal, changes: Changes, status: int, code: str) -> None:
    entry = dict(entry_of(settled.again()))
    entry["statusPurpose"] = changes.get("purpose", entry["statusPurpose"])
    entry["statusListIndex"] = changes.get("index", entry["statusListIndex"])
    entry["statusListCredential"] = changes.get("list", entry["statusListCredential"])
    body: dict[str, Any] = {"reason": "issued-in-error"}
    if changes:
        body |= {"credentialStatus": entry} | {name: changes[name] for name in ("reason", "status") if name in changes}
    if "number" in changes:
        body["credentialId"] = changes["number"]
    assert problem(settled.ask(body)) == (status, code)


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


def test_at_a_terminal_the_first_officer_requests_and_is_told_what_comes_next(
    portal: Portal, asked: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bureau, data = portal.bureau, portal.bureau.office.settings.data
    (data / "registry.json").write_text(json.dumps(pins_json(bureau.chain.pins)))
    (data / "officers").mkdir(mode=0o700)
    now = int(time.time())  # a command has the machine's clock
    with bureau.office.database.write() as connection:
        connection.execute(tasks_table.update().values(created_at=now, expires=now + 3600))
    officer, signer = bureau.officers["park"]
    keystore.save(data / "officers" / "park.pem", signer, "담당자 암호", log2_cost=12)
    for name, value in {
        "JIKIN_DATA": str(data),
        "JIKIN_PASSPHRASE": "견본 암호",
        "JIKIN_OFFICER_PASSPHRASE": "담당자 암호",
        "LANG": "en_US.UTF-8",
        "LC_ALL": "",
    }.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> str:
        app = typer.Typer(pretty_exceptions_enable=False)
        cli.register(app)
        app(list(words), standalone_mode=False)
        return capsys.readouterr().out

    assert json.loads(run("tasks", "--json"))["tasks"][0]["state"] == "draft"
    said = run("approve", str(asked), "--officer", "park")
    assert f"jikin approve {asked}" in said
    assert json.loads(run("tasks", "--json"))["tasks"][0]["state"] == "open"
    assert [one.officer_id for one in revoking.approvals(bureau.office, asked)] == [officer.id]


NAMES = st.sampled_from(["credentialId", "credentialStatus", "status", "reason", "statusPurpose", "statusListIndex"])


@given(st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON, max_size=4), max_size=5))
def test_whatever_is_asked_for_is_read_or_refused(body: dict[str, Any]) -> None:
    refused = None
    try:
        assert isinstance(asking.parse(body), asking.Wish)
    except JikinError as error:
        refused = error.code
    assert refused is None or refused.startswith(("status.", "number."))
