"""SIGKILL while a list of certificates ends: run again, every row is reissued, published and told exactly once.

The command is a process of its own with the real job library, against a Hardhat node; the parent kills it when a given
state is durable in the database.
"""

from __future__ import annotations

import csv
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from jikin.anchoring.devchain import HardhatNode
from jikin.command import audit
from tests.issuing_office import TYPE, rows
from tests.office_command import Commands, set_up

pytestmark = pytest.mark.chain
COUNT = 6

# The newest task t, with its batch b of corrected certificates and its epoch e, where there are any.
NEWEST = (
    "SELECT count(*) FROM tasks t LEFT JOIN batches b ON b.id = t.batch_id LEFT JOIN epochs e ON e.task_id = t.id "
    "WHERE t.id = (SELECT max(id) FROM tasks) AND t.id = ? AND ({point})"
)
POINTS: dict[str, str] = {
    "the corrected ones are anchored": "b.state = 'anchored'",
    "the epoch is stored": "e.state = 'prepared'",
}


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory, hardhat: HardhatNode) -> Commands:
    """Return the commands of one office for all these tests; every test issues and ends a list of its own."""
    made = Commands(tmp_path_factory.mktemp("killed") / "office", hardhat.url)
    set_up(made)
    return made


def asked(commands: Commands, tmp_path: Path, first: int) -> tuple[int, list[str]]:
    """Issue a list, ask that it ends, half of it corrected; return the task and the numbers."""
    file = tmp_path / "rows.csv"
    file.write_bytes(rows(COUNT, first=first))
    commands.succeed("issue", "--type", TYPE, file)
    with closing(sqlite3.connect(commands.data / "office.db")) as database:
        found = database.execute("SELECT number FROM credentials ORDER BY id DESC LIMIT ?", [COUNT]).fetchall()
    numbers = [number for (number,) in found]
    text = io.StringIO()
    written = csv.writer(text)
    written.writerow(["번호", "영문성명"])
    written.writerows([number, "Park Seo-yeon" if place % 2 else ""] for place, number in enumerate(numbers))
    listed = tmp_path / "ending.csv"
    listed.write_text(text.getvalue(), "utf-8")
    answer = commands.succeed("revoke", "--list", listed, "--reason", "issued-in-error", "--officer", "park")
    (task,) = answer["tasks"]
    assert task["progress"] == {"rows": COUNT, "corrected": COUNT // 2, "reissued": 0, "told": 0}
    return int(task["task"]), numbers


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS.keys())
def test_a_list_that_was_killed_in_the_middle_ends_once_and_whole(
    commands: Commands, tmp_path: Path, point: str
) -> None:
    first = 1 + COUNT * (1 + list(POINTS.values()).index(point))
    task, numbers = asked(commands, tmp_path, first)
    told_before = len(list((commands.data / "outbox").glob("status-*.txt")))
    approve = ("approve", task, "--officer", "lee")
    killed = commands.kill_when(NEWEST.format(point=point), [task], *approve)
    assert killed, "the command ended before the state was seen"
    (done,) = commands.succeed(*approve)["tasks"]
    assert done["state"] == "done"
    assert done["progress"] == {"rows": COUNT, "corrected": COUNT // 2, "reissued": COUNT // 2, "told": COUNT}
    assert len(list((commands.data / "outbox").glob("status-*.txt"))) == told_before + COUNT
    with closing(sqlite3.connect(commands.data / "office.db")) as database:
        stored = database.execute("SELECT number, state FROM credentials WHERE copy_of IS NULL").fetchall()
        states = {number: state for number, state in stored if number in numbers}
        batches = database.execute(
            "SELECT b.state, b.count FROM batches b JOIN tasks t ON t.batch_id = b.id WHERE t.id = ?", [task]
        ).fetchall()
        epochs = database.execute("SELECT state FROM epochs WHERE task_id = ?", [task]).fetchall()
        anchors = database.execute(
            "SELECT count(*) FROM transactions x JOIN tasks t ON t.batch_id = x.batch_id "
            "WHERE t.id = ? AND x.state = 'final'",
            [task],
        ).fetchone()
    expected = {number: "replaced" if place % 2 else "revoked" for place, number in enumerate(numbers)}
    assert states == expected
    assert batches == [("released", COUNT // 2)]
    assert epochs == [("published",)]
    assert anchors == (1,)


def test_a_certificate_is_corrected_at_a_terminal_and_the_auditor_gets_books_that_hold(
    commands: Commands, tmp_path: Path, hardhat: HardhatNode
) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(rows(1, first=900))
    commands.succeed("issue", "--type", TYPE, file)
    with closing(sqlite3.connect(commands.data / "office.db")) as database:
        (number,) = database.execute("SELECT number FROM credentials ORDER BY id DESC LIMIT 1").fetchone()
    (task,) = commands.succeed("correct", number, "--set", "영문성명=Kim Ha-ram", "--officer", "park")["tasks"]
    assert (task["change"], task["reason"], task["state"]) == ("replaced", "corrected", "open")
    (done,) = commands.succeed("approve", task["task"], "--officer", "lee")["tasks"]
    assert done["progress"] == {"rows": 1, "corrected": 1, "reissued": 1, "told": 1}
    books, keys = tmp_path / "books.json", tmp_path / "keys.json"
    commands.succeed("books", "--out", books, "--index-keys", keys)
    assert books.stat().st_mode & 0o777 == keys.stat().st_mode & 0o777 == 0o600
    assert "Kim" not in books.read_text()
    (public,) = (path for path in (commands.data / "public").iterdir() if path.is_dir())
    options = {"--public": public, "--books": books, "--index-key": keys, "--issuer": "did:web:certs.exam.example"}
    words = [str(word) for pair in options.items() for word in pair]
    app = typer.Typer()
    app.callback()(lambda: None)
    audit.register(app)
    registry = str(commands.data / "registry.json")
    found = CliRunner().invoke(app, ["audit", "--rpc-url", hardhat.url, "--registry", registry, *words])
    assert found.exit_code == 0, found.output
