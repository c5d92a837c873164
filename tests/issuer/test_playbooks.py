"""The page on lost and stolen keys: every command in it exists with these options, and the main ways are walked."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from issuer import app, cli
from issuer.checking import Checker
from issuer.settings import Settings
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.receipt import Receipt
from jikin.values import format_instant
from jikin.values.settings import Secret
from jikin.verification.document import Document
from tests.chain_fixtures import undone
from tests.issuing_office import HEADER, TYPE, row, rows
from tests.office_command import Commands, set_up

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "playbooks.md").read_text("utf-8")
WAYS = {
    title: [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    for title, _, text in (section.partition("\n") for section in PAGE.split("\n## ")[1:])
}
LINES = [line for way in WAYS.values() for line in way]


@pytest.mark.parametrize("line", dict.fromkeys(LINES))
def test_every_step_is_a_command_with_these_options(line: str) -> None:
    office = typer.Typer()
    cli.register(office)
    command: Any = get_command(office)
    program, *words = shlex.split(line)
    assert program == "jikin"
    while words and hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_the_page_says_something_of_every_key_that_an_office_has() -> None:
    from issuer.accrediting import RIGHTS, SIGNING
    from issuer.office import ACCREDITOR, OWNER

    table = {line.split("|")[1].strip() for line in PAGE.splitlines() if line.startswith("| ")}
    assert {*RIGHTS, OWNER, ACCREDITOR, "signing", "officer"} <= table
    assert SIGNING


@dataclass
class Walk:
    """An office whose commands are those of the page, with its own names put in."""

    commands: Commands
    node: HardhatNode
    lines: Iterator[int]

    def way(self, title: str, **names: str) -> list[Any]:
        """Walk the whole way of the section *title*; return the answers."""
        return [self.step(line, **names) for line in WAYS[title]]

    def step(self, line: str, **names: str) -> Any:
        words = shlex.split(line)[1:]
        return self.commands.succeed(*(names.get(word, word) for word in words))

    def issue(self) -> str:
        """Issue one certificate and return its number."""
        number = next(self.lines)
        source = self.commands.data.parent / f"list-{number}.csv"
        source.write_text("\n".join([HEADER, row(number)]), "utf-8")
        told = self.commands.succeed("issue", "--type", TYPE, source)
        return str(told["certificates"][0]["number"])

    def objections(self, number: str) -> tuple[str, ...]:
        """Return what a stranger objects to in a certificate."""
        settings = Settings(data=self.commands.data, rpc_url=self.node.url, passphrase=Secret("unused"))
        (file,) = (self.commands.data / "issued").rglob(f"{number}.json")
        receipt = Receipt.parse(json.loads(file.with_suffix(".receipt.json").read_text()))
        with app.build(settings) as office:
            document = Document(json.loads(file.read_text()), receipt)
            return Checker.of(office, office.institution()).objections(document)

    @property
    def key(self) -> str:
        """Return the key that signs now."""
        keys = self.commands.succeed("admin", "key", "list")["keys"]
        return next(str(one["key"]) for one in reversed(keys) if one["state"] == "active")

    @property
    def newest(self) -> int:
        return int(self.node.request("eth_getBlockByNumber", "latest", False)["timestamp"], 16)  # type: ignore[index,call-overload]


@pytest.fixture(scope="module")
def walk(hardhat: HardhatNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    folder = tmp_path_factory.mktemp("playbooks")
    with undone(hardhat):
        commands = Commands(folder / "office", hardhat.url)
        set_up(commands)
        yield Walk(commands, hardhat, iter(range(1, 100)))


@pytest.mark.chain
def test_a_signing_key_changes_in_good_order(walk: Walk) -> None:
    before, old = walk.issue(), walk.key
    rotate, listing, retire = WAYS["A signing key changes in good order"]
    assert walk.step(rotate)["key"] != old
    walk.node.increase_time(180)
    walk.step(listing)
    assert walk.step(retire, OLD_KEY=old)["state"] == "retired"
    assert [walk.objections(number) for number in (before, walk.issue())] == [(), ()]


@pytest.mark.chain
def test_a_stolen_signing_key_takes_only_what_came_later_with_it(walk: Walk) -> None:
    number, old = walk.issue(), walk.key
    way = WAYS["A signing key is stolen"]
    first, further = way[:3], way[3]
    since = format_instant(walk.newest - 1000)
    told = [walk.step(line, OLD_KEY=old, SINCE=since) for line in first]
    assert told[0]["anchoredSince"] >= 1
    assert told[2]["records"] >= 1
    assert walk.objections(number) == ("key.compromised",)
    assert walk.objections(walk.issue()) == ()
    earlier = format_instant(walk.newest - 200 * 86_400)
    walk.step(further, OLD_KEY=old, SINCE=earlier, ISSUER="KR12")
    keys = {one["key"]: one for one in walk.commands.succeed("admin", "key", "list")["keys"]}
    assert keys[old]["compromisedSince"] == earlier


@pytest.mark.chain
def test_accounts_are_replaced_and_the_work_goes_on(walk: Walk) -> None:
    before = {one["purpose"]: one["account"] for one in walk.commands.succeed("admin", "operator", "list")["operators"]}
    walk.way("The anchoring account is lost or stolen")
    walk.step(WAYS["The status account is lost or stolen"][0])
    assert "joint" not in before
    walk.way("The joint account is lost or stolen")
    walk.step(WAYS["The owner's key is stolen"][0])
    after = {one["purpose"]: one["account"] for one in walk.commands.succeed("admin", "operator", "list")["operators"]}
    assert [after[purpose] == before[purpose] for purpose in ("anchoring", "status", "audit")] == [False, False, True]
    assert "joint" in after
    assert walk.objections(walk.issue()) == ()
    health = walk.commands.run("doctor", "--json").json
    assert {one["name"] for one in health["checks"] if one["ok"] is False} <= {"clock"}  # the chain's was put forward


@pytest.mark.chain
def test_a_batch_that_is_wrong_is_stopped_at_once_and_ended_by_two(walk: Walk, tmp_path: Path) -> None:
    source = tmp_path / "wrong.csv"
    source.write_bytes(rows(5, first=700))
    told = walk.commands.succeed("issue", "--type", TYPE, source, "--no-pdf")
    wrong = [str(one["number"]) for one in told["certificates"]]
    suspend, revoke, tasks, approve = WAYS["A list was issued that is wrong"]
    names = {"BATCH": str(told["batch"]), "NAME": "park", "OTHER": "lee"}
    walk.step(suspend, **names)
    assert {walk.objections(number) for number in wrong} == {("status.suspended",)}
    walk.step(revoke, **names)
    (waiting,) = walk.step(tasks)["tasks"]
    walk.step(approve, TASK=str(waiting["task"]), **names)
    assert {walk.objections(number) for number in wrong} == {("status.revoked",)}
    again = walk.commands.run(
        "revoke", wrong[0], "--batch", names["BATCH"], *shlex.split(revoke)[4:6], "--officer", "park"
    )
    assert (again.code, json.loads(again.err)["code"]) == (1, "office.request")  # neither way is taken for the other
    ended = walk.commands.run("suspend", "--batch", names["BATCH"], *shlex.split(suspend)[4:6], "--officer", "park")
    assert json.loads(ended.err)["code"] == "office.not-released"


@pytest.mark.chain
def test_what_is_on_the_chain_is_looked_at_again_when_it_is_asked_for(walk: Walk) -> None:
    number = walk.issue()
    recheck, _doctor = WAYS["The chain was reorganised deeper than expected"]
    assert walk.step(recheck, SINCE=format_instant(walk.newest - 86_400))["returned"] == 0
    assert walk.objections(number) == ()


@pytest.mark.chain
def test_an_officer_is_followed_by_another(walk: Walk) -> None:
    removed, invited = walk.way("An officer's key or passkey is lost or stolen", NAME="park", NEW_NAME="choi")
    assert removed["name"] == "park"
    assert invited["link"].startswith("http")


@pytest.mark.chain
def test_an_institution_that_commits_fraud_anchors_no_more(walk: Walk) -> None:
    number = walk.issue()
    since = format_instant(walk.newest - 1000)
    (told,) = walk.way("An institution commits fraud", ISSUER="KR12", SINCE=since)
    assert told["invalidSince"] == since
    assert walk.objections(number) == ("issuer.invalidated",)
    source = walk.commands.data.parent / "last.csv"
    source.write_text("\n".join([HEADER, row(98)]), "utf-8")
    refused = walk.commands.run("issue", "--type", TYPE, source, "--json")
    assert refused.code != 0
    assert "IssuerIsInvalidated" in refused.out + refused.err
