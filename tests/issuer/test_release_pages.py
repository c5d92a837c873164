"""Two persons and sealed lists in the console and over HTTP: what officers and programs see and do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from issuer import tokens, two_persons
from issuer.approving import Role
from issuer.store import embargoes
from issuer.store.batches import BatchState
from issuer.store.embargoes import EmbargoState
from issuer.timekeeping import Timekeeper
from issuer.tokens import Scope
from jikin.values import format_instant
from tests.issuer.test_embargo import CHORES, LIST, candidate, listed
from tests.issuer.test_officers import Person
from tests.issuing_office import TYPE, Bureau, open_bureau, rows
from tests.issuing_service import Counter, bearer, open_counter

HTML = {"accept": "text/html", "accept-language": "en"}


class Desk:
    """An officer at a browser: the console's pages, and a passkey."""

    def __init__(self, bureau: Bureau, name: str, roles: Role) -> None:
        self.person = Person(bureau, name, roles).enrol()
        self.counter: Counter = open_counter(bureau)
        frame = self.counter.client.app.state.frame  # type: ignore[attr-defined]
        self.counter.client.cookies.set(frame.cookie_name("officer"), self.person.token)

    def get(self, path: str, status: int = 200) -> str:
        answer = self.counter.client.get(path, headers=HTML, follow_redirects=False)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, path: str, status: int = 303, **more: object) -> str:
        answer = self.counter.client.post(path, headers=HTML, follow_redirects=False, **more)  # type: ignore[arg-type]
        assert answer.status_code == status, answer.text
        return answer.headers.get("location", answer.text)

    def sign(self, task: str) -> str:
        options = self.counter.client.post(f"{task}/options").json()
        return self.post(f"{task}/sign", data={"response": self.person.device.get(options)})

    def upload(self, data: bytes) -> str:
        preview = self.post("/admin/lists", data={"type": TYPE}, files={"file": ("list.csv", data)})
        return self.post(f"{preview}/issue")


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Bureau]:
    opened = open_bureau(tmp_path / "office")
    with opened.office:
        opened.institution = two_persons.demand(opened.office, opened.institution, ["list"])
        yield opened


def test_two_officers_release_a_list_in_the_console(strict: Bureau) -> None:
    clerk, chief = Desk(strict, "박서연", Role.ISSUE), Desk(strict, "이준호", Role.APPROVE)
    task = clerk.upload(rows(2))
    assert re.fullmatch(r"/admin/releases/\d+", task)
    page = clerk.get(task)
    assert "Sign this issue" in page
    assert "Sign this issue" not in chief.get(task)  # who asks signs first
    assert "Issue" in clerk.get("/admin")
    assert "Two officers have to sign" in clerk.get("/admin/batches/1")

    assert clerk.sign(task) == task
    assert "Sign this issue" not in clerk.get(task)
    assert task in chief.get("/admin")
    assert chief.sign(task) == "/admin/batches/1"
    assert strict.run(strict.batch(1)).state is BatchState.RELEASED
    assert "it was issued" in chief.get(task)
    log = chief.get("/admin/audit")
    for said in ("Issue requested", "Issue approved", "Two persons for issuing: declared"):
        assert said in log


def test_a_list_that_is_sent_back_is_not_issued(strict: Bureau) -> None:
    clerk, chief = Desk(strict, "박서연", Role.ISSUE), Desk(strict, "이준호", Role.APPROVE)
    task = clerk.upload(rows(1))
    clerk.sign(task)
    assert chief.post(f"{task}/decline") == "/admin/batches"
    assert "sent back" in chief.get(task)
    refusal = clerk.counter.client.post(f"{task}/options")
    assert (refusal.status_code, refusal.json()["code"]) == (409, "office.task-state")


def test_an_officer_seals_a_list_and_sees_nothing_of_it_afterwards(strict: Bureau) -> None:
    clerk, chief = Desk(strict, "박서연", Role.ISSUE), Desk(strict, "이준호", Role.APPROVE)
    assert "Announced at" in clerk.get("/admin/sealed/new")
    form = {"type": TYPE, "until": "2026-09-22T00:30"}
    task = clerk.post("/admin/sealed", data=form, files={"file": ("list.csv", LIST)})
    assert "1,024" in clerk.get(task)
    clerk.sign(task)
    chief.sign(task)
    Timekeeper(strict.office, CHORES).round()
    page = chief.get("/admin/sealed/1")
    assert "It opens by itself" in page
    assert "황보합격" not in page
    (sealed,) = embargoes_of(strict)
    assert format_instant(sealed.until) == "2026-09-21T15:30:00Z"  # as the clock stands in Seoul
    strict.clock.now = sealed.until
    strict.chain.mine()
    Timekeeper(strict.office, CHORES).round()
    assert "/admin/batches/1" in chief.get("/admin/sealed/1")


def embargoes_of(bureau: Bureau) -> tuple[embargoes.Embargo, ...]:
    with bureau.office.database.read() as connection:
        return embargoes.every(connection, bureau.institution.id)


REFUSED = {
    "wrong rows": ({"type": TYPE, "until": "2026-12-01T09:00"}, listed(candidate(1, birth_date="2003-02-30")), "3"),
    "a time that has come": ({"type": TYPE, "until": "2020-12-01T09:00"}, LIST, "Announced at"),
    "no time": ({"type": TYPE, "until": "nine"}, LIST, "Announced at"),
    "another kind": ({"type": "no-such-kind", "until": "2026-12-01T09:00"}, LIST, "Announced at"),
}


@pytest.mark.parametrize(("form", "data", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_sealed_is_told_on_the_form_and_forgotten(
    bureau: Bureau, form: dict[str, str], data: bytes, said: str
) -> None:
    clerk = Desk(bureau, "박서연", Role.ISSUE)
    answer = clerk.counter.client.post(
        "/admin/sealed", data=form, files={"file": ("list.csv", data)}, headers=HTML, follow_redirects=False
    )
    assert 400 <= answer.status_code < 500
    assert said in answer.text
    assert embargoes_of(bureau) == ()


def test_only_who_may_issue_seals(bureau: Bureau) -> None:
    reader = Desk(bureau, "한가온", Role.REVIEW)
    form = {"type": TYPE, "until": "2026-12-01T09:00"}
    answer = reader.counter.client.post("/admin/sealed", data=form, files={"file": ("list.csv", LIST)})
    assert answer.status_code == 403
    assert embargoes_of(bureau) == ()


def test_a_program_seals_a_list_and_asks_how_it_stands(bureau: Bureau) -> None:
    counter = open_counter(bureau)
    program = bearer(tokens.make(bureau.office, "exam system", [Scope.ISSUE]).token)
    until = format_instant(bureau.clock.now + 3600)

    def send(data: bytes, **more: str):  # type: ignore[no-untyped-def]
        form = {"type": TYPE, "until": until} | more
        return counter.client.post("/embargoes", data=form, files={"file": ("list.csv", data)}, headers=program)

    made = send(LIST)
    assert made.status_code == 201, made.text
    assert send(LIST).json() == made.json()
    assert made.json()["treeSize"] == 1024
    assert send(LIST, until=format_instant(bureau.clock.now + 7200)).json()["code"] == "office.key-reused"
    wrong = send(listed(candidate(1), candidate(2, name_ko="")))
    assert wrong.status_code == 422
    assert wrong.headers["content-type"] == "application/problem+json"
    assert wrong.json()["code"] == "embargo.rows"
    assert "row 3: name_ko (" in wrong.json()["detail"]
    assert counter.client.post("/embargoes", data={"type": TYPE, "until": until}).status_code == 401

    Timekeeper(bureau.office, CHORES).round()
    found = counter.get(f"/embargoes/{made.json()['embargo']}", headers=program)
    assert (found["state"], found["batch"]) == ("anchored", None)
    assert set(found) == set(made.json())
    assert counter.client.get("/embargoes/77", headers=program).status_code == 404
    assert counter.client.get("/embargoes/1").status_code == 401
    assert json.dumps(found).count("1024") == 1


def test_a_large_list_is_taken_over_http_up_to_the_limit_of_uploads(bureau: Bureau) -> None:
    counter = open_counter(bureau)
    program = bearer(tokens.make(bureau.office, "exam system", [Scope.ISSUE]).token)
    form = {"type": TYPE, "until": format_instant(bureau.clock.now + 3600)}
    padded = LIST + b"\n" * (2 << 20)
    answer = counter.client.post("/embargoes", data=form, files={"file": ("list.csv", padded)}, headers=program)
    assert answer.status_code == 201, answer.text
    assert embargoes_of(bureau)[0].state is EmbargoState.SEALED
