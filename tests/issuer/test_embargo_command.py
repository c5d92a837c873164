"""The office's commands for embargoes, two persons and the log of acts, on a Hardhat node; killed in the middle too."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from jikin.anchoring.devchain import HardhatNode
from jikin.values import format_instant
from tests.issuer.test_embargo import candidate, listed
from tests.issuing_office import TYPE, rows
from tests.office_command import Commands, set_up

pytestmark = pytest.mark.chain


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory, hardhat: HardhatNode) -> Commands:
    made = Commands(tmp_path_factory.mktemp("sealed") / "office", hardhat.url, {"JIKIN_SIGN_CHUNK": "2"})
    set_up(made)
    for name in ("issuing", "approving"):
        role = {"issuing": "issue", "approving": "approve"}[name]
        made.succeed("admin", "officer", "add", name, "--role", role)
    return made


NEWEST = "SELECT count(*) FROM embargoes e LEFT JOIN batches b ON b.id = e.batch_id WHERE e.id = ? AND {point}"
SIGNED = "SELECT count(*) FROM credentials c WHERE c.batch_id = b.id AND c.state = 'signed'"
POINTS = {
    "before the list is opened": "e.state = 'anchored'",
    "when it was opened a moment ago": "e.state = 'opened' AND b.state = 'accepted'",
    "when some are signed": f"b.state = 'reserved' AND ({SIGNED}) > 0",
}


def chain_time(hardhat: HardhatNode) -> int:
    block = hardhat.request("eth_getBlockByNumber", "latest", False)
    assert isinstance(block, dict)
    return int(str(block["timestamp"]), 16)


def wait_until(hardhat: HardhatNode, second: int) -> None:
    deadline = time.monotonic() + 60
    while (time.time() < second or chain_time(hardhat) < second) and time.monotonic() < deadline:
        time.sleep(0.2)


def test_a_sealed_list_is_opened_at_its_second_and_survives_being_killed(
    commands: Commands, hardhat: HardhatNode, tmp_path: Path
) -> None:
    source = tmp_path / "results.csv"
    source.write_bytes(listed(*(candidate(number, passed=number % 3 != 0) for number in range(1, 10))))
    until = max(int(time.time()), chain_time(hardhat)) + 12
    issue = ("issue", "--type", TYPE, source, "--embargo-until", format_instant(until))
    sealed = commands.succeed(*issue)
    assert (sealed["state"], sealed["treeSize"], sealed["batch"]) == ("anchored", 1024, None)
    assert commands.succeed(*issue)["embargo"] == sealed["embargo"]
    number = sealed["embargo"]
    early = commands.run("embargo", "open", number)
    assert early.code == 1
    assert json.loads(early.err.splitlines()[-1])["code"] == "embargo.sealed"

    wait_until(hardhat, until)
    opening = ("embargo", "open", number)
    killed = [commands.kill_when(NEWEST.format(point=point), (number,), *opening) for point in POINTS.values()]
    assert killed == [True] * len(POINTS)
    done = commands.succeed(*opening)
    assert (done["state"], done["error"]) == ("opened", None)
    with closing(sqlite3.connect(f"file:{commands.data / 'office.db'}?mode=ro", uri=True)) as database:
        batch = database.execute("SELECT state, count FROM batches WHERE id = ?", (done["batch"],)).fetchone()
        numbers = database.execute("SELECT count(DISTINCT number), count(*) FROM credentials").fetchone()
        assert database.execute("SELECT count(*) FROM openings").fetchone() == (9,)
    assert (batch, numbers) == (("released", 6), (6, 6))

    shown = commands.succeed("embargo", "openings", number)
    folder = Path(shown["folder"])
    assert shown["openings"] == len(list(folder.iterdir())) == 9
    documents = commands.succeed("embargo", "list")["embargoes"]
    assert [one["embargo"] for one in documents] == [number]
    for line, result in ((2, "pass"), (4, "fail")):
        told = commands.succeed("embargo", "check", folder / f"row-{line}.opening.json")
        assert (told["result"], told["announced"]) == (result, format_instant(until))
        assert told["anchoredAt"] < told["announced"]


def test_an_opening_that_was_changed_is_refused_from_a_terminal(commands: Commands, tmp_path: Path) -> None:
    (first,) = (commands.data / "issued" / "embargo-1").glob("row-4.*")
    value = json.loads(first.read_bytes())
    value["record"]["result"] = "pass"
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(value), "utf-8")
    answer = commands.run("embargo", "check", forged)
    assert answer.code == 1
    assert json.loads(answer.err.splitlines()[-1])["code"] == "anchor.opening.mismatch"


def test_a_faulty_list_is_not_sealed_and_told_row_by_row(commands: Commands, tmp_path: Path) -> None:
    source = tmp_path / "results.csv"
    source.write_bytes(listed(candidate(21), candidate(22, birth_date="2003-02-30")))
    until = format_instant(int(time.time()) + 3600)
    answer = commands.run("issue", "--type", TYPE, source, "--embargo-until", until, "--out", tmp_path, "--json")
    assert answer.code == 3
    assert (answer.json["embargo"], answer.json["bad"]) == (None, 1)
    assert [row["row"] for row in answer.json["rows"]] == [3]
    assert "2003-02-30" in (tmp_path / "failures.csv").read_text("utf-8-sig")


def test_the_log_of_acts_is_published_proven_and_checked_from_a_terminal(commands: Commands, tmp_path: Path) -> None:
    kept = commands.succeed("admin", "audit-log", "--publish")
    proof = tmp_path / "act.json"
    proof.write_text(commands.run("admin", "audit-log", "--prove", 0).out, "utf-8")
    checked = commands.succeed("admin", "audit-log", "--check", proof)
    assert (checked["holds"], checked["head"]) == (True, kept)
    assert json.loads(proof.read_text("utf-8"))["act"]["act"] == "registry deployed"

    commands.succeed("admin", "officer", "add", "later", "--role", "review")
    head = commands.succeed("admin", "audit-log", "--publish")
    assert head["size"] == kept["size"] + 1
    growth = tmp_path / "growth.json"
    growth.write_text(commands.run("admin", "audit-log", "--consistency", kept["size"], head["size"]).out, "utf-8")
    checked = commands.succeed("admin", "audit-log", "--check", growth, "--kept", kept["root"])
    assert checked["head"] == head
    assert commands.run("admin", "audit-log", "--check", growth, "--kept", head["root"]).code == 1
    assert commands.succeed("admin", "audit-log")["faults"] == []

    with closing(sqlite3.connect(commands.data / "office.db")) as database:
        database.execute("UPDATE audit SET subject = 'nothing' WHERE seq = 3")
        database.commit()
        answer = commands.run("admin", "audit-log", "--json")
        assert answer.code == 1
        assert [fault["code"] for fault in answer.json["faults"]] == ["audit.changed", "audit.head", "audit.head"]


def test_two_officers_release_a_list_from_a_terminal(commands: Commands, tmp_path: Path) -> None:
    told = commands.succeed("admin", "institution", "two-persons", "--for", "list")
    assert told == {"twoPersons": ["list"]}
    source = tmp_path / "results.csv"
    source.write_bytes(rows(2, first=500))
    issue = ("issue", "--type", TYPE, source, "--no-pdf")
    waiting = commands.succeed(*issue)
    task = waiting["task"]
    assert (waiting["issued"], waiting["state"]) == (0, "draft")
    assert [one["task"] for one in commands.succeed("tasks")["tasks"]] == [task]

    (opened,) = commands.succeed("approve", task, "--officer", "issuing")["tasks"]
    assert opened["state"] == "open"
    alone = commands.run("approve", task, "--officer", "issuing")
    assert json.loads(alone.err.splitlines()[-1])["code"] == "approval.same-officer"
    (used,) = commands.succeed("approve", task, "--officer", "approving")["tasks"]
    assert used["state"] == "used"
    assert commands.succeed(*issue)["issued"] == 2

    exported = commands.succeed("admin", "approvals")
    (one,) = exported["issue"]
    assert [approval["part"] for approval in one["approvals"]] == ["request", "approve"]
    assert one["manifest"]["count"] == 2
    names = ("issuing", "approving", "park", "lee")
    assert not any(f'"{name}"' in json.dumps(exported) for name in names)
