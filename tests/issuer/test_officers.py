"""Officers come in by invitation and passkey, sign what two persons decide, and nothing else works."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from issuer import accrediting, looking, officers, revoking
from issuer.approving import Officer, Role
from issuer.jobs import Worker
from issuer.revoking import Request
from issuer.store import tasks
from issuer.store.batches import CredentialState
from issuer.store.tables import approvals as approvals_table
from issuer.store.tasks import TaskState
from jikin.errors import JikinError, OfficeError, ProtocolError
from jikin.status.array import State
from jikin.testing.authenticator import SoftwareAuthenticator
from jikin.values import CertificateNumber
from tests.issuing_office import Bureau, rows

ORIGIN = "http://localhost:8101"
DAY = 86_400


class Person:
    """Somebody with a device of their own."""

    def __init__(self, bureau: Bureau, name: str, roles: Role, origin: str = ORIGIN) -> None:
        self.office, self.bureau = bureau.office, bureau
        self.device = SoftwareAuthenticator(origin)
        self.invited = officers.invite(bureau.office, bureau.institution, name, roles)
        self.token = ""

    def enrol(self) -> Person:
        options = officers.creation_options(self.office, self.invited.code)
        self.token = officers.enrol(self.office, self.invited.code, self.device.create(options))
        return self

    @property
    def officer(self) -> Officer:
        return officers.signed_in(self.office, self.token)

    def sign_in(self) -> str:
        return officers.sign_in(self.office, self.device.get(officers.request_options(self.office)))

    def draft(self, number: CertificateNumber, state: State = State.REVOKED, *, alone: bool = False) -> int:
        reason = {
            State.REVOKED: "issued-in-error",
            State.SUSPENDED: "under-investigation",
            State.VALID: "investigation-closed",
        }[state]
        asked = Request([number], state, reason, alone=alone)
        (stored,) = revoking.draft(self.office, self.bureau.institution, self.officer, asked)
        return stored.task.id

    def sign(self, task_id: int) -> TaskState:
        options = revoking.signing_options(self.office, self.officer, task_id)
        return revoking.sign(self.office, self.officer, task_id, self.device.get(options)).state


@pytest.fixture
def clerk(bureau: Bureau) -> Person:
    return Person(bureau, "박서연", Role.ISSUE | Role.REQUEST | Role.SUSPEND).enrol()


@pytest.fixture
def chief(bureau: Bureau) -> Person:
    return Person(bureau, "이준호", Role.APPROVE).enrol()


@pytest.fixture
def number(bureau: Bureau) -> CertificateNumber:
    return bureau.numbers(bureau.issue(rows(1)))[0]


def code_of(act: object, *arguments: object) -> str:
    with pytest.raises(JikinError) as caught:
        act(*arguments)  # type: ignore[operator]
    return caught.value.code


# ------------------------------------------------------------------------------------------------------------ coming in


def test_an_invitation_becomes_a_passkey_and_the_passkey_signs_in(clerk: Person) -> None:
    assert clerk.invited.link == f"{ORIGIN}/admin/enrol#{clerk.invited.code}"
    assert clerk.officer.name == "박서연"
    again = clerk.sign_in()
    assert again != clerk.token
    assert officers.signed_in(clerk.office, again).id == clerk.officer.id
    officers.sign_out(clerk.office, again)
    assert code_of(officers.signed_in, clerk.office, again) == "officer.signed-out"
    assert clerk.officer.name == "박서연"  # another session of the same person goes on


def test_an_invitation_works_once_and_for_a_while(bureau: Bureau, clerk: Person) -> None:
    assert code_of(officers.creation_options, clerk.office, clerk.invited.code) == "invitation.gone"
    late = Person(bureau, "한가온", Role.APPROVE)
    bureau.clock.now = late.invited.expires
    assert code_of(officers.creation_options, late.office, late.invited.code) == "invitation.gone"
    assert code_of(officers.invited, late.office, "guessed") == "invitation.gone"


def test_a_newer_invitation_ends_the_older_one_and_keeps_the_roles(bureau: Bureau) -> None:
    first = Person(bureau, "한가온", Role.APPROVE)
    again = officers.invite(bureau.office, bureau.institution, "한가온")
    assert again.officer.roles == Role.APPROVE
    assert code_of(officers.invited, bureau.office, first.invited.code) == "invitation.gone"
    assert officers.invited(bureau.office, again.code).name == "한가온"
    assert code_of(officers.invite, bureau.office, bureau.institution, "한가온", Role.ISSUE) == "office.role"
    assert code_of(officers.invite, bureau.office, bureau.institution, "문시우") == "office.role"


def test_a_challenge_is_answered_once_and_in_time(clerk: Person, bureau: Bureau) -> None:
    answer = clerk.device.get(officers.request_options(clerk.office))
    officers.sign_in(clerk.office, answer)
    assert code_of(officers.sign_in, clerk.office, answer) == "officer.challenge"
    late = clerk.device.get(officers.request_options(clerk.office))
    bureau.clock.now += officers.CHALLENGE_SECONDS
    assert code_of(officers.sign_in, clerk.office, late) == "officer.challenge"


def test_an_answer_for_one_purpose_is_none_for_another(bureau: Bureau, clerk: Person) -> None:
    new, other = Person(bureau, "한가온", Role.APPROVE), Person(bureau, "문시우", Role.APPROVE)
    made = new.device.create(officers.creation_options(new.office, new.invited.code))
    assert code_of(officers.enrol, other.office, other.invited.code, made) == "officer.challenge"
    made = new.device.create(officers.creation_options(new.office, new.invited.code))
    assert code_of(officers.sign_in, new.office, made) == "officer.challenge"


@pytest.mark.parametrize(
    "answer", ["", "[]", "{}", '{"response":{"clientDataJSON":"e30"}}', '{"response":{"clientDataJSON":7}}', "[" * 9000]
)
def test_what_is_no_answer_is_refused(bureau: Bureau, answer: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        officers.sign_in(bureau.office, answer)
    assert caught.value.code == "passkey.refused"


def test_a_passkey_of_another_site_or_of_nobody_does_not_sign_in(bureau: Bureau, clerk: Person) -> None:
    stranger = SoftwareAuthenticator(ORIGIN)
    new = Person(bureau, "한가온", Role.APPROVE)
    stranger.create(officers.creation_options(new.office, new.invited.code))
    answer = stranger.get(officers.request_options(bureau.office))
    assert code_of(officers.sign_in, bureau.office, answer) == "officer.passkey-unknown"

    clerk.device.origin = "http://localhost:8102"
    elsewhere = clerk.device.get(officers.request_options(bureau.office))
    assert code_of(officers.sign_in, bureau.office, elsewhere) == "passkey.refused"


def test_who_leaves_is_signed_out_at_once_and_cannot_come_back(bureau: Bureau, clerk: Person) -> None:
    accrediting.remove_officer(bureau.office, bureau.institution, "박서연")
    assert code_of(officers.signed_in, clerk.office, clerk.token) == "officer.signed-out"
    assert code_of(clerk.sign_in) == "officer.passkey-unknown"
    assert code_of(officers.invite, bureau.office, bureau.institution, "박서연", Role.ISSUE) == "office.officer"


def test_a_session_ends_after_its_hours(bureau: Bureau, clerk: Person) -> None:
    bureau.clock.now += 8 * 3600 - 1
    assert clerk.officer.name == "박서연"
    bureau.clock.now += 1
    assert code_of(officers.signed_in, clerk.office, clerk.token) == "officer.signed-out"


def test_neither_codes_nor_tokens_lie_in_the_database(bureau: Bureau, clerk: Person) -> None:
    data: Path = bureau.office.settings.data
    stored = b"".join(path.read_bytes() for path in data.rglob("office.db*"))
    assert clerk.invited.code.encode() not in stored
    assert clerk.token.encode() not in stored
    assert "박서연" not in repr(clerk.officer)
    assert clerk.invited.code not in repr(clerk.invited)


# -------------------------------------------------------------------------------------------------------- two passkeys


def test_two_officers_revoke_with_their_passkeys(
    bureau: Bureau, clerk: Person, chief: Person, number: CertificateNumber
) -> None:
    task_id = clerk.draft(number)
    assert clerk.sign(task_id) is TaskState.OPEN
    assert chief.sign(task_id) is TaskState.APPROVED
    with Worker(bureau.office) as worker:
        worker.publish(task_id)
    seen = looking.look(bureau.office, chief.officer, looking.find(bureau.office, chief.officer, str(number)), "ko")
    assert seen.line.state is CredentialState.REVOKED
    assert [name for _, name in seen.changes[0].signatures] == ["박서연", "이준호"]
    assert seen.changes[0].published is not None


def test_who_asks_never_approves_however_many_passkeys(
    bureau: Bureau, clerk: Person, number: CertificateNumber
) -> None:
    task_id = clerk.draft(number)
    clerk.sign(task_id)
    assert code_of(clerk.sign, task_id) == "approval.same-officer"
    assert revoking.part_of(looking.change(bureau.office, clerk.officer, task_id).stored, clerk.officer) is None


def test_a_key_file_and_a_passkey_of_two_officers_are_two_persons(
    bureau: Bureau, chief: Person, number: CertificateNumber
) -> None:
    task = bureau.request([number])
    assert chief.sign(task.task.id) is TaskState.APPROVED
    with Worker(bureau.office) as worker:
        worker.publish(task.task.id)


def test_roles_are_asked_for_by_the_verbs(
    bureau: Bureau, clerk: Person, chief: Person, number: CertificateNumber
) -> None:
    assert code_of(chief.draft, number) == "approval.role"
    task_id = clerk.draft(number)
    clerk.sign(task_id)
    reader = Person(bureau, "문시우", Role.REVIEW).enrol()
    assert code_of(reader.sign, task_id) == "approval.role"
    assert code_of(revoking.decline, bureau.office, reader.officer, task_id) == "approval.role"


def test_a_draft_belongs_to_who_wrote_it_and_does_not_wait_for_ever(
    bureau: Bureau, clerk: Person, chief: Person, number: CertificateNumber
) -> None:
    task_id = clerk.draft(number)
    assert code_of(looking.change, bureau.office, chief.officer, task_id) == "office.task-unknown"
    assert code_of(chief.sign, task_id) == "approval.role"
    assert looking.changes(bureau.office, chief.officer) == ()
    bureau.clock.now += tasks.DRAFT_SECONDS
    assert code_of(clerk.sign, task_id) == "approval.expired"
    with bureau.office.database.write() as connection:
        tasks.end_unsigned(connection, bureau.office.clock())
        assert tasks.by_id(connection, task_id).state is TaskState.REFUSED


def test_a_request_is_sent_back_or_taken_back(
    bureau: Bureau, clerk: Person, chief: Person, number: CertificateNumber
) -> None:
    first, second = clerk.draft(number), clerk.draft(number)
    clerk.sign(first)
    assert revoking.decline(bureau.office, chief.officer, first).error_code == revoking.DECLINED
    assert revoking.decline(bureau.office, clerk.officer, second).error_code == revoking.WITHDRAWN
    assert code_of(chief.sign, first) == "office.task-state"


def test_one_officer_alone_suspends_in_an_emergency_and_nothing_else(
    bureau: Bureau, clerk: Person, number: CertificateNumber
) -> None:
    assert code_of(lambda: clerk.draft(number, alone=True)) == "approval.missing"
    task_id = clerk.draft(number, State.SUSPENDED, alone=True)
    assert clerk.sign(task_id) is TaskState.APPROVED
    with Worker(bureau.office) as worker:
        worker.publish(task_id)


def test_an_assertion_holds_for_its_own_task_alone(
    bureau: Bureau, clerk: Person, chief: Person, number: CertificateNumber
) -> None:
    first, second = clerk.draft(number), clerk.draft(number, State.SUSPENDED)
    clerk.sign(first)
    clerk.sign(second)
    answer = chief.device.get(revoking.signing_options(bureau.office, chief.officer, second))
    assert code_of(revoking.sign, bureau.office, chief.officer, first, answer) == "passkey.refused"
    assert revoking.sign(bureau.office, chief.officer, second, answer).state is TaskState.APPROVED


def test_another_officers_passkey_does_not_sign_for_me(
    bureau: Bureau, clerk: Person, chief: Person, number: CertificateNumber
) -> None:
    task_id = clerk.draft(number)
    clerk.sign(task_id)
    other = Person(bureau, "한가온", Role.APPROVE).enrol()
    options = dict(revoking.signing_options(bureau.office, chief.officer, task_id), allowCredentials=[])
    answer = other.device.get(options)
    assert code_of(revoking.sign, bureau.office, chief.officer, task_id, answer) == "approval.wrong-key"


def _flag_of_verification(values: dict[str, object]) -> dict[str, object]:
    data = bytearray(values["authenticator_data"])  # type: ignore[arg-type]
    data[32] &= ~0x04
    return {"authenticator_data": bytes(data)}


def _origin(values: dict[str, object]) -> dict[str, object]:
    stated = json.loads(values["client_data"])  # type: ignore[arg-type]
    return {"client_data": json.dumps(stated | {"origin": "https://certs.example"}).encode()}


FORGERIES = {
    "the user was not verified": _flag_of_verification,
    "another site": _origin,
    "another relying party": lambda v: {"authenticator_data": bytes(32) + v["authenticator_data"][32:]},
    "another challenge": lambda v: {"client_data": v["client_data"].replace(b'"challenge":"', b'"challenge":"A')},
    "another signature": lambda v: {"signature": v["signature"][:-1] + bytes([v["signature"][-1] ^ 1])},
    "no assertion at all": lambda v: {"passkey_id": None},
    "the other officer's passkey": lambda v: {"passkey_id": 1},
    "another kind": lambda v: {"kind": "ed25519"},
    "client data that are no JSON": lambda v: {"client_data": b"["},
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_the_worker_judges_each_assertion_again(
    bureau: Bureau, clerk: Person, chief: Person, number: CertificateNumber, forge: object
) -> None:
    task_id = clerk.draft(number)
    clerk.sign(task_id)
    chief.sign(task_id)
    where = (approvals_table.c.task_id == task_id) & (approvals_table.c.part == "approve")
    with bureau.office.database.write() as connection:
        row = connection.execute(approvals_table.select().where(where)).one()
        connection.execute(approvals_table.update().where(where).values(**forge(dict(row._mapping))))  # type: ignore[operator]
    with Worker(bureau.office) as worker:
        assert code_of(worker.publish, task_id) == "approval.forged"
    assert looking.change(bureau.office, clerk.officer, task_id).stored.state is TaskState.REFUSED


def test_another_base_url_makes_approvals_of_this_one_void(
    bureau: Bureau, clerk: Person, chief: Person, number: CertificateNumber
) -> None:
    task_id = clerk.draft(number)
    clerk.sign(task_id)
    chief.sign(task_id)
    moved = replace(bureau.office, settings=replace(bureau.office.settings, base_url="http://localhost:9101"))
    with Worker(moved) as worker:
        assert code_of(worker.publish, task_id) == "approval.forged"


def test_an_office_of_another_institution_sees_nothing_of_it(
    bureau: Bureau, clerk: Person, number: CertificateNumber
) -> None:
    stranger = replace(clerk.officer, institution_id=99)
    found = looking.find(bureau.office, clerk.officer, str(number))
    with pytest.raises(OfficeError):
        looking.find(bureau.office, stranger, str(number))
    assert code_of(looking.look, bureau.office, stranger, found, "ko") == "office.certificate-unknown"
    assert looking.listed(bureau.office, stranger).lines == ()
