"""The watcher on a real chain: what the owner meant is silent, everything else is told within a block."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from jikin.anchoring import artifact
from jikin.anchoring.acts import (
    Act,
    AddKey,
    ApproveProfile,
    Invalidate,
    ProposeProfile,
    PublishAuditHead,
    ReportKeyCompromised,
    RetireKey,
    Rights,
    SetAccreditation,
    SetAnchorsAll,
    SetOperator,
)
from jikin.anchoring.chain import PreparedTransaction, RegistryPins
from jikin.anchoring.changes import Change, pack
from jikin.anchoring.devchain import AnvilNode, DevelopmentNode
from jikin.anchoring.evm import EvmRegistry, EvmWriter
from jikin.anchoring.pins import pins_json
from jikin.codec import jcs
from jikin.command.main import main
from jikin.errors import ChainUnavailableError, SettingsError, UnavailableError
from jikin.status.array import State
from jikin.values import Digest, KeyId, sha256
from jikin.witness.known import NEEDED, Known
from jikin.witness.place import Places
from jikin.witness.tellers import Lines, Program, Webhook, known_from
from jikin.witness.watching import Watcher
from tests import lying_node
from tests.chain_fixtures import PROJECT, EvmBench, deployed
from tests.codes import code_of
from tests.lying_node import Relay
from tests.registry_office import (
    ACCREDITOR,
    AUDITING,
    DID,
    ISSUING,
    LIST,
    OTHER,
    OWNER,
    REVOKING,
    STRANGER,
    YEAR,
    Office,
    open_office,
    register,
    root,
)

MULTIKEY = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
KEY = KeyId.of(MULTIKEY)
PROFILE = b'{"name":"Exam Institute"}'


class Patient(EvmWriter):
    """A writer that waits until what it sent is mined: anvil answers a moment before."""

    def broadcast(self, transaction: PreparedTransaction) -> None:
        super().broadcast(transaction)
        deadline = time.monotonic() + 10
        while self.mined(transaction.hash) is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)


class Bench(EvmBench):
    """A bench on anvil."""

    def writer(self, number: int) -> Patient:
        return Patient(self.evm, self.node.accounts[number])


class Still(AnvilNode):
    """An anvil that mines when it is told to, and with every transaction."""

    def start(self) -> None:
        DevelopmentNode.start(self)
        self.request("evm_setIntervalMining", 0)


@pytest.fixture(scope="module")
def anvil() -> Iterator[AnvilNode]:
    with Still(PROJECT) as node:
        node.request("evm_setAutomine", True)
        yield node


@pytest.fixture(scope="module")
def ready(anvil: AnvilNode, tmp_path_factory: pytest.TempPathFactory) -> tuple[RegistryPins, Path]:
    """Return a registry with an office at work, and the folder of a watcher to whom everything so far is known."""
    bench = Bench(anvil, deployed(anvil))  # type: ignore[arg-type]  # either development node will do
    office = open_office(bench)
    register(bench, OTHER)
    office.does(REVOKING, office.opens())
    office.does(OWNER, AddKey(office.id, MULTIKEY))
    office.does(OWNER, ProposeProfile(office.id, PROFILE))
    office.does(ISSUING, office.anchors("the first"))
    office.does(REVOKING, office.publishes(pack([Change(1, State.REVOKED)])))
    made = Watch(anvil, office, Relay(anvil.url), tmp_path_factory.mktemp("known"))
    made.list.write_text("")
    made.watcher().round()
    meant = sorted({each["transaction"] for each in made.told})
    made.list.write_text("\n".join(["# what was meant", "", *meant, ""]))
    watcher = made.watcher()
    assert watcher.round() == 0
    assert watcher.places.unjudged() == ()
    watcher.places.close()
    return bench.evm.pins, made.folder


@dataclass
class Watch:
    """A watcher over an office, with everything it told, and the list of what the owner meant."""

    node: AnvilNode
    office: Office
    relay: Relay
    folder: Path
    told: list[dict[str, Any]] = field(default_factory=list)

    @property
    def list(self) -> Path:
        return self.folder / "known.txt"

    def watcher(self, *tellers: Any) -> Watcher:
        """Return a watcher started anew, with the place it kept."""
        pins = self.office.bench.registry.pins
        lines = Lines(lambda text: self.told.append(json.loads(text)))
        places = Places(self.folder / "watch.db", pins)
        issuers = frozenset({self.office.id})
        return Watcher(
            EvmRegistry(self.relay.url, pins), places, issuers, known_from(str(self.list)), [lines, *tellers]
        )

    def means(self, who: int, act: Act) -> None:
        """Do *act* as the owner does: written down before it is sent."""
        writer = self.office.writer(who)
        prepared = writer.prepare(act)
        with self.list.open("a") as file:
            file.write(f"{prepared.hash}\n")
        writer.broadcast(prepared)
        assert writer.mined(prepared.hash) is not None


@pytest.fixture
def watch(anvil: AnvilNode, ready: tuple[RegistryPins, Path], tmp_path: Path) -> Iterator[Watch]:
    """Yield a watcher to whom everything so far is known; what a test does to the chain is undone."""
    pins, folder = ready
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    before = anvil.snapshot()
    bench = Bench(anvil, pins)  # type: ignore[arg-type]
    with lying_node.relay(anvil.url) as relay:
        yield Watch(anvil, Office(bench), relay, tmp_path)
    anvil.revert(before)


FOREIGN: dict[str, tuple[int, Callable[[Office], Act], dict[str, Any]]] = {
    "KeyAdded": (OWNER, lambda office: AddKey(office.id, "z6MkAnother"), {"keyId": str(KeyId.of("z6MkAnother"))}),
    "KeyRetired": (OWNER, lambda office: RetireKey(office.id, KEY), {"keyId": str(KEY)}),
    "KeyCompromised": (OWNER, lambda office: ReportKeyCompromised(office.id, KEY, office.now() - 1), {}),
    "OperatorSet": (
        OWNER,
        lambda office: SetOperator(office.id, office.account(STRANGER), office.now() + YEAR, Rights.ISSUE),
        {"rights": 1},
    ),
    "ProfileProposed": (OWNER, lambda office: ProposeProfile(office.id, b'{"name":"x"}'), {}),
    "ProfileApproved": (
        ACCREDITOR,
        lambda office: ApproveProfile(office.id, Digest(sha256(PROFILE))),
        {"profileHash": "0x" + sha256(PROFILE).hex()},
    ),
    "AccreditationChanged": (
        ACCREDITOR,
        lambda office: SetAccreditation(office.id, office.now(), 2**33),
        {},
    ),
    "AnchorsAllSet": (ACCREDITOR, lambda office: SetAnchorsAll(office.id), {}),
    "IssuerInvalidated": (ACCREDITOR, lambda office: Invalidate(office.id, office.now() - 1), {}),
    "Anchored": (ISSUING, lambda office: office.anchors("forged"), {"root": str(root("forged")), "sequence": 2}),
    "StatusListOpened": (REVOKING, lambda office: office.opens(type(LIST)(sha256(b"other"))), {}),
    "StatusPublished": (REVOKING, lambda office: office.publishes(pack([Change(5, State.REVOKED)])), {"epoch": 2}),
    "AuditHeadPublished": (AUDITING, lambda office: PublishAuditHead(office.id, 1, root("audit")), {"size": 1}),
}


@pytest.mark.parametrize("event", FOREIGN)
def test_an_act_that_is_not_in_the_owners_list_is_told_within_a_block(watch: Watch, event: str) -> None:
    watcher = watch.watcher()
    who, act, stated = FOREIGN[event]
    mined = watch.office.does(who, act(watch.office))
    assert watcher.round() == 1
    (told,) = watch.told
    assert (told["kind"], told["event"], told["block"]) == ("act", event, mined.block.number)
    assert told["block_hash"] == str(mined.block.hash)
    assert told["issuer"] == str(watch.office.id)
    assert {name: told["members"][name] for name in stated} == stated
    assert watcher.round() == 0  # once


def call(watch: Watch, who: int, function: str, *values: Any) -> None:
    """Call the contract by a function that is no act of the library."""
    data = watch.office.bench.evm.interface.view_data(function, *values)  # type: ignore[attr-defined]
    request = {"from": str(watch.office.account(who)), "to": str(watch.office.bench.registry.pins.registry)}
    sent = watch.node.request("eth_sendTransaction", {**request, "data": "0x" + data.hex()})
    while watch.node.request("eth_getTransactionReceipt", sent) is None:
        time.sleep(0.005)


def test_a_change_of_owner_is_told_when_it_is_offered_and_when_it_is_taken(watch: Watch) -> None:
    watcher = watch.watcher()
    thief = watch.office.account(STRANGER)
    call(watch, OWNER, "transferIssuerOwnership", watch.office.id.raw, str(thief))
    assert watcher.round() == 1
    call(watch, STRANGER, "acceptIssuerOwnership", watch.office.id.raw)
    assert watcher.round() == 1
    assert [each["event"] for each in watch.told] == ["IssuerOwnershipOffered", "IssuerOwnershipTransferred"]
    assert watch.told[1]["members"]["owner"] == str(thief)


def test_a_new_accreditor_concerns_everybody_and_another_issuers_key_does_not(watch: Watch) -> None:
    watcher = watch.watcher()
    other = Office(watch.office.bench, OTHER)
    other.does(OWNER, AddKey(other.id, MULTIKEY))
    assert watcher.round() == 0
    from jikin.values import keccak256

    call(watch, ACCREDITOR, "grantRole", keccak256(b"ACCREDITOR_ROLE"), str(watch.office.account(STRANGER)))
    assert watcher.round() == 1
    assert (watch.told[0]["event"], watch.told[0]["issuer"]) == ("RoleGranted", None)


def test_what_the_owner_wrote_down_before_is_silent(watch: Watch) -> None:
    watcher = watch.watcher()
    watch.means(OWNER, AddKey(watch.office.id, "z6MkAnother"))
    watch.means(ISSUING, watch.office.anchors("meant"))
    watch.means(REVOKING, watch.office.publishes(pack([Change(7, State.SUSPENDED)])))
    assert watcher.round() == 0


def test_an_act_may_be_written_down_by_what_it_says(watch: Watch) -> None:
    entries = [
        {"event": "KeyAdded", "keyId": str(KeyId.of("z6MkAnother")).upper().replace("0X", "0x")},
        {"event": "Anchored", "root": str(root("meant"))},
        {"event": "StatusPublished", "listId": str(LIST), "epoch": 2, "statusRoot": str(root("state"))},
    ]
    with watch.list.open("a") as file:
        file.writelines(json.dumps(entry) + "\n" for entry in entries)
    watch.office.does(OWNER, AddKey(watch.office.id, "z6MkAnother"))
    watch.office.does(ISSUING, watch.office.anchors("meant"))
    watch.office.does(REVOKING, watch.office.publishes(pack([Change(7, State.REVOKED)])))
    watcher = watch.watcher()
    assert watcher.round() == 0
    watch.office.does(ISSUING, watch.office.anchors("another"))
    assert watcher.round() == 1


def test_an_entry_names_events_and_members_that_the_contract_has() -> None:
    events = {
        str(entry["name"]): {member["name"] for member in entry["inputs"]}
        for entry in artifact.load().abi
        if entry["type"] == "event"
    }
    for event, needed in NEEDED.items():
        assert set(needed) <= events[event], event
    # By its transaction alone is known what an owner does not mean by itself: a lost race.
    assert {name for name, members in events.items() if "issuerId" in members} - set(NEEDED) == {"StatusSkipped"}


WRONG = {
    "no JSON": "KeyAdded",
    "no event": '{"keyId": "0x00"}',
    "an act that would stand for every anchor": '{"event": "Anchored"}',
    "an operator without its rights": '{"event": "OperatorSet", "account": "0x00", "validUntil": 1}',
    "an event that is known by its transaction alone": '{"event": "RoleGranted", "account": "0x00"}',
    "a member that is a list": '{"event": "Anchored", "root": ["0x00"]}',
    "half a hash": "0x5c504ed432cb51138bcf09aa5e8a410d",
}


@pytest.mark.parametrize("line", WRONG.values(), ids=WRONG)
def test_a_line_that_says_too_little_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(SettingsError, match="line 2 of") as refused:
        Known.parse(f"# a list\n{line}\n")
    assert refused.value.code == "watch.known"


# ------------------------------------------------------------------------------------------------ what a node can hide


def without(event: str, watch: Watch) -> Callable[[str, list[Any], dict[str, Any]], dict[str, Any]]:
    """Return a relay's lie: logs of *event* are left out."""
    topic = str(watch.office.bench.evm.interface.topic(event))  # type: ignore[attr-defined]

    def change(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getLogs":
            answer["result"] = [log for log in answer["result"] if log["topics"][0] != topic]
        return answer

    return change


def test_an_anchor_that_the_node_hides_is_told_by_the_operators_sequence(watch: Watch) -> None:
    watcher = watch.watcher()
    watch.relay.change = without("Anchored", watch)
    watch.office.does(ISSUING, watch.office.anchors("hidden"))
    assert watcher.round() == 1
    (told,) = watch.told
    assert (told["kind"], told["what"], told["counted"], told["seen"]) == ("hidden", "anchors", 2, 1)
    assert told["of"] == str(watch.office.account(ISSUING))
    assert watcher.round() == 0


def test_an_epoch_that_the_node_hides_is_told_by_the_lists_head(watch: Watch) -> None:
    watcher = watch.watcher()
    watch.relay.change = without("StatusPublished", watch)
    watch.office.does(REVOKING, watch.office.publishes(pack([Change(5, State.REVOKED)])))
    assert watcher.round() == 1
    (told,) = watch.told
    assert (told["kind"], told["what"], told["of"]) == ("hidden", "epochs", str(LIST))
    assert (told["counted"], told["seen"]) == (2, 1)


def test_a_node_that_answers_once_with_the_state_of_the_next_block_raises_no_alarm(watch: Watch) -> None:
    """What anvil does now and then: while a block is being added, the newest but one has its state already."""
    watcher = watch.watcher()
    asked: list[str] = []

    def change(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getLogs" and not asked:
            watch.office.does(ISSUING, watch.office.anchors("second"))
            asked.append("")
        if method == "eth_call" and asked:
            asked.append(params[0]["data"])
            if asked.count(params[0]["data"]) == 1:
                return {**answer, "result": watch.node.request("eth_call", params[0], "latest")}
        return answer

    watch.office.does(ISSUING, watch.office.anchors("first"))
    watch.relay.change = change
    assert watcher.round() == 1
    assert len(asked) > len(set(asked))  # it looked twice
    assert watcher.round() == 1
    assert [(each["kind"], each["members"]["root"]) for each in watch.told] == [
        ("act", str(root("first"))),
        ("act", str(root("second"))),
    ]


def test_a_node_that_answers_nothing_is_told_once_and_nothing_is_missed(watch: Watch) -> None:
    watcher = watch.watcher()
    watch.relay.change = lambda _method, _params, _answer: 503
    watch.office.does(ISSUING, watch.office.anchors("in the dark"))
    for expected in (1, 0):
        with pytest.raises(ChainUnavailableError) as blind:
            watcher.round()
        assert watcher.tell_blind(blind.value) == expected
    assert watch.told[0]["kind"] == "blind"
    watch.relay.change = lambda _method, _params, answer: answer
    assert watcher.round() == 1
    assert watch.told[1]["members"]["root"] == str(root("in the dark"))


def test_no_list_is_no_empty_list_and_nothing_is_judged_without_it(watch: Watch) -> None:
    watcher = watch.watcher()
    kept = watch.list.read_text()
    watch.list.unlink()
    watch.office.does(ISSUING, watch.office.anchors("meanwhile"))
    with pytest.raises(UnavailableError) as blind:
        watcher.round()
    assert blind.value.code == "watch.known-unreachable"
    assert watch.told == []
    watch.list.write_text(kept)
    assert watcher.round() == 1


# -------------------------------------------------------------------------------------------- restarts, reorganisations


def test_its_place_is_kept_and_what_was_read_is_not_read_again(watch: Watch) -> None:
    watch.office.does(ISSUING, watch.office.anchors("told before"))
    first = watch.watcher()
    assert first.round() == 1
    first.places.close()
    watch.office.does(ISSUING, watch.office.anchors("told after"))
    watch.relay.asked.clear()
    again = watch.watcher()
    assert again.round() == 1
    assert [each["members"]["root"] for each in watch.told] == [str(root("told before")), str(root("told after"))]
    assert watch.relay.asked["eth_getLogs"] == 1


def test_an_act_that_a_reorganisation_removed_is_told_as_undone_and_told_again_when_it_comes_back(watch: Watch) -> None:
    watcher = watch.watcher()
    before = watch.node.snapshot()
    watch.office.does(ISSUING, watch.office.anchors("forged"))
    watch.node.mine()
    assert watcher.round() == 1
    watch.node.revert(before)
    watch.node.mine(3)
    assert watcher.round() == 1
    watch.office.does(ISSUING, watch.office.anchors("forged"))
    assert watcher.round() == 1
    first, undone, again = watch.told
    assert (first["kind"], undone["kind"], again["kind"]) == ("act", "undone", "act")
    assert {name: undone[name] for name in ("block", "block_hash")} == {
        name: first[name] for name in ("block", "block_hash")
    }
    assert again["block"] > first["block"]


def test_a_chain_that_became_shorter_is_followed(watch: Watch) -> None:
    watcher = watch.watcher()
    before = watch.node.snapshot()
    watch.node.mine(5)
    watcher.round()
    watch.node.revert(before)
    assert watcher.round() == 0
    newest = watch.office.view().block
    assert watcher.places.blocks()[0] == newest


def test_a_reorganisation_while_it_reads_mixes_no_two_histories(watch: Watch) -> None:
    """The chain is rewritten between two of its questions, in every place once."""
    watcher = watch.watcher()
    for after in range(1, 8):
        watch.node.mine(2)
        left = [after]

        def change(_method: str, _params: list[Any], answer: dict[str, Any], left: list[int] = left) -> dict[str, Any]:
            left[0] -= 1
            if left[0] == 0:
                watch.node.request("anvil_reorg", 2, [])
            return answer

        watch.relay.change = change
        with contextlib.suppress(ChainUnavailableError):  # a block it asked about had gone: the next round looks again
            watcher.round()
        watch.relay.change = lambda _method, _params, answer: answer
        watcher.round()
        rpc = EvmRegistry(watch.node.url, watch.office.bench.registry.pins).rpc
        kept = watcher.places.blocks()
        assert kept[0] == rpc.block("latest")
        assert all(rpc.block(block.number) == block for block in kept[:10])
    assert watch.told == []


def test_a_place_about_another_registry_is_refused(watch: Watch) -> None:
    pins = watch.office.bench.registry.pins
    anew = RegistryPins(pins.chain, pins.registry, pins.code_hash, Digest(sha256(b"anew")), 0)
    assert code_of(Places, watch.folder / "watch.db", anew) == "watch.other-chain"


# ------------------------------------------------------------------------------------------------------- who is told


class Inbox:
    """A webhook that answers with the statuses it is given."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.got: list[dict[str, Any]] = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                inbox.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(inbox.statuses.pop(0))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook?token=secret"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def test_an_alert_that_did_not_arrive_is_told_again(watch: Watch) -> None:
    inbox = Inbox(500, 204)
    try:
        watcher = watch.watcher(Webhook(inbox.url))
        watch.office.does(ISSUING, watch.office.anchors("forged"))
        with pytest.raises(UnavailableError) as failed:
            watcher.round()
        assert "secret" not in f"{failed.value} {watcher}"
        assert watcher.round() == 1
        assert [each["event"] for each in inbox.got] == ["Anchored", "Anchored"]
    finally:
        inbox.close()


def test_a_command_gets_the_alert_on_its_input(watch: Watch) -> None:
    script = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    watcher = watch.watcher(Program([sys.executable, "-c", script, str(watch.folder / "alert.json")]))
    watch.office.does(ISSUING, watch.office.anchors("forged"))
    assert watcher.round() == 1
    assert json.loads((watch.folder / "alert.json").read_text())["members"]["root"] == str(root("forged"))


def test_a_command_that_fails_is_run_again() -> None:
    with pytest.raises(UnavailableError, match="ended with 3"):
        Program([sys.executable, "-c", "raise SystemExit(3)"]).tell("{}")
    with pytest.raises(UnavailableError, match="cannot be run"):
        Program(["/nonexistent/program"]).tell("{}")


def test_the_command_runs_until_it_is_told_to_stop_and_tells_within_seconds(
    watch: Watch, capsys: pytest.CaptureFixture[str]
) -> None:
    (watch.folder / "registry.json").write_bytes(jcs.canonicalize(pins_json(watch.office.bench.registry.pins)))
    words = ["watch", "--rpc-url", watch.node.url, "--registry", str(watch.folder / "registry.json"), "--every", "0.2"]
    words += ["--known", str(watch.list), "--data", str(watch.folder), "--issuer", str(DID)]
    inbox = Inbox(200)
    seconds: list[float] = []
    ended_by_itself = threading.Event()

    def thief() -> None:
        watch.office.does(ISSUING, watch.office.anchors("forged"))
        begun = time.monotonic()
        while not inbox.got and time.monotonic() < begun + 60:
            time.sleep(0.01)
        seconds.append(time.monotonic() - begun)
        if not ended_by_itself.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    acting = threading.Thread(target=thief)
    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    acting.start()
    try:
        with pytest.raises(SystemExit) as ended:
            main([*words, "--webhook", inbox.url])
    finally:
        ended_by_itself.set()
        acting.join()
        inbox.close()
    assert ended.value.code == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told == inbox.got
    assert [each.get("event", each) for each in told] == ["Anchored"]
    assert seconds[0] < 30  # a round takes a fraction of a second; the rest is for a busy machine
    assert handlers == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))


def test_the_command_says_by_its_exit_code_whether_there_was_something(
    watch: Watch, capsys: pytest.CaptureFixture[str]
) -> None:
    (watch.folder / "registry.json").write_bytes(jcs.canonicalize(pins_json(watch.office.bench.registry.pins)))
    words = ["watch", "--once", "--rpc-url", watch.relay.url, "--registry", str(watch.folder / "registry.json")]
    words += ["--known", str(watch.list), "--issuer", str(DID), "--data", str(watch.folder)]

    def run() -> tuple[object, str]:
        with pytest.raises(SystemExit) as ended:
            main(words)
        return ended.value.code, capsys.readouterr().out

    assert run() == (0, "")
    watch.office.does(ISSUING, watch.office.anchors("forged"))
    code, out = run()
    assert (code, json.loads(out)["event"]) == (1, "Anchored")
    assert run() == (0, "")
    watch.relay.change = lambda _method, _params, _answer: 503
    code, out = run()
    assert (code, json.loads(out)["kind"]) == (2, "blind")
