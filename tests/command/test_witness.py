"""A log and three witnesses on a real chain: what they vouch for, what they refuse, and what kill -9 cannot undo."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from jikin.anchoring.chain import Block, RegistryPins
from jikin.anchoring.checkpoints import OpenedCheckpoint, origin_of
from jikin.anchoring.checkpoints_log import BlockLog
from jikin.anchoring.checkpoints_notes import LOG, WITNESS, Note, NoteKey, cosigned_at, sign
from jikin.anchoring.checkpoints_policy import WitnessPolicy, accept
from jikin.anchoring.devchain import AnvilNode
from jikin.anchoring.pins import pins_json
from jikin.codec import jcs
from jikin.command.main import main
from jikin.dids.authorities import system_authorities
from jikin.errors import CheckpointError, SettingsError
from jikin.proofs import keystore
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Address, ChainId, Digest
from jikin.witness.cosigning import Witness
from jikin.witness.doors import HttpWitness
from jikin.witness.keeping import Log
from jikin.witness.node import OwnNode
from jikin.witness.service import application, log_application, witness_application
from jikin.witness.settings import Settings, load
from jikin.witness.state import State
from jikin.witness.wire import AddCheckpoint, OldSizeError
from tests import lying_node
from tests.chain_fixtures import PROJECT
from tests.codes import code_of
from tests.examples import tries
from tests.lying_node import Relay
from tests.witnesses import FIRST, LOG_SIGNER, checkpoint, signer
from tests.witnesses import log as invented_log

DEPTH = 2
REGISTRY = Address.parse("0x5FbDB2315678afecb367f032d93F642f64180aa3")
PHRASE = "a passphrase of these tests"


@pytest.fixture(scope="module")
def anvil() -> Iterator[AnvilNode]:
    with AnvilNode(PROJECT) as node:
        node.request("evm_setIntervalMining", 0)  # no block comes between two looks but by the tests
        yield node


@pytest.fixture
def chain(anvil: AnvilNode) -> Iterator[AnvilNode]:
    """Yield the chain with five blocks at least; what a test did to it is undone."""
    before = anvil.snapshot()
    anvil.mine(5)
    yield anvil
    anvil.revert(before)


def pins_of(node: AnvilNode) -> RegistryPins:
    genesis = str(node.request("eth_getBlockByNumber", "0x0", False)["hash"])  # type: ignore[index, call-overload]
    code = Digest(sha256(b"whatever: witnesses vouch for blocks").digest())
    return RegistryPins(ChainId(31_337), REGISTRY, code, Digest.from_hex(genesis), 0)


@dataclass
class Standing:
    """One witness that runs: its application, its node's relay, and the door to it."""

    name: str
    relay: Relay
    witness: Witness
    client: TestClient
    door: HttpWitness


@dataclass
class Bench:
    """A log and three witnesses, each with a node (a relay) of its own."""

    node: AnvilNode
    pins: RegistryPins
    folder: Path
    log: Log
    relay: Relay
    witnesses: list[Standing]
    clock: list[int] = field(default_factory=lambda: [int(time.time())])

    @property
    def policy(self) -> WitnessPolicy:
        return WitnessPolicy(self.pins, tuple(each.door.key for each in self.witnesses), 2, 900)

    def newest(self) -> Block:
        assert self.log.state.published is not None
        return accept(self.log.state.published, self.policy, int(time.time())).trusted.block

    def forged(self, history: str, *, onto: int) -> AddCheckpoint:
        """Return a checkpoint signed by the log, with a block of an invented *history* as entry *onto* + 1."""
        log = self.log.state.log
        blocks = BlockLog(self.pins, [log.block(size) for size in range(1, onto + 1)])
        last = blocks.last
        number = 1 if last is None else last.number + 1
        at = 0 if last is None else last.time
        blocks.append(Block(number, Digest(sha256(history.encode()).digest()), at))
        text = blocks.checkpoint().text
        return AddCheckpoint(
            onto, blocks.consistency(onto, onto + 1), Note(text, (sign(text, blocks.origin, LOG_SIGNER),))
        )


@pytest.fixture
def bench(chain: AnvilNode, tmp_path: Path) -> Iterator[Bench]:
    with standing(chain, tmp_path) as made:
        yield made


@contextmanager
def standing(chain: AnvilNode, folder: Path, quorum: int = 2) -> Iterator[Bench]:
    pins = pins_of(chain)
    log_key = NoteKey.of(origin_of(pins), LOG, LOG_SIGNER.public_key)
    with ExitStack() as stack:
        clock = [int(time.time())]
        witnesses = []
        for number in (1, 2, 3):
            name, relay = f"witness.example/{number}", stack.enter_context(lying_node.relay(chain.url))
            state = State(folder / str(number), pins)
            one = Witness(name, signer(name), log_key, OwnNode(relay.url, pins), state, DEPTH, lambda: clock[0])
            key = NoteKey.of(name, WITNESS, signer(name).public_key)
            app = witness_application(Settings(name=name), one, key, lambda: clock[0])
            client = stack.enter_context(TestClient(app))
            witnesses.append(Standing(name, relay, one, client, HttpWitness(key, "http://testserver", client)))
        relay = stack.enter_context(lying_node.relay(chain.url))
        state = State(folder / "log", pins)
        stack.callback(state.close)
        doors = [each.door for each in witnesses]
        log = Log(LOG_SIGNER, OwnNode(relay.url, pins), doors, state, DEPTH, quorum, lambda: clock[0])
        yield Bench(chain, pins, folder, log, relay, witnesses, clock)


def lies_about(number: int) -> Callable[[str, list[Any], dict[str, Any]], dict[str, Any]]:
    """Return a relay's lie: block *number* has another hash."""

    def change(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getBlockByNumber" and answer["result"] and int(answer["result"]["number"], 16) == number:
            answer["result"]["hash"] = "0x" + sha256(b"a lie").hexdigest()
        return answer

    return change


# ------------------------------------------------------------------------------------------------- what is vouched for


def test_three_witnesses_vouch_for_the_newest_deep_block(bench: Bench) -> None:
    done = bench.log.round()
    assert (done.size, done.cosigned, done.published, done.faults) == (1, 3, True, ())
    newest = int(str(bench.node.request("eth_blockNumber")), 16)
    assert bench.newest() == OwnNode(bench.node.url, bench.pins).at(newest - DEPTH + 1)
    bench.node.mine(3)
    assert bench.log.round().size == 2
    assert bench.newest().number == newest + 3 - DEPTH + 1


def test_a_checkpoint_that_is_not_new_is_cosigned_again_at_a_later_time(bench: Bench) -> None:
    bench.log.round()
    bench.clock[0] += 500
    assert bench.log.round() == bench.log.round()
    assert bench.log.state.published is not None
    found = accept(bench.log.state.published, bench.policy, bench.clock[0])
    assert (found.checkpoint.size, found.trusted.vouched_at) == (1, bench.clock[0])


def test_a_witness_that_was_away_is_brought_up_entry_by_entry(bench: Bench) -> None:
    away = bench.witnesses[2]
    away.relay.change = lambda _method, _params, _answer: 503
    for _ in range(4):
        bench.node.mine()
        done = bench.log.round()
        assert (done.cosigned, done.published) == (2, True)
        assert "witness.example/3" in done.faults[0]
    assert len(away.witness.state.log) == 0
    away.relay.change = lambda _method, _params, answer: answer
    assert bench.log.round().cosigned == 3
    seen = away.witness.state.log
    assert [seen.block(size) for size in range(1, 5)] == [bench.log.state.log.block(size) for size in range(1, 5)]


def test_a_witness_on_a_lying_node_does_not_cosign_and_the_others_do(bench: Bench) -> None:
    bench.log.round()
    bench.node.mine()
    number = int(str(bench.node.request("eth_blockNumber")), 16) - DEPTH + 1
    bench.witnesses[0].relay.change = lies_about(number)
    done = bench.log.round()
    assert (done.cosigned, done.published) == (2, True)
    assert "checkpoint.block" in done.faults[0]
    assert bench.newest().number == number


def test_a_log_on_a_lying_node_gets_no_cosignature(bench: Bench) -> None:
    bench.log.round()
    before = bench.newest()
    bench.node.mine()
    number = int(str(bench.node.request("eth_blockNumber")), 16) - DEPTH + 1
    bench.relay.change = lies_about(number)
    done = bench.log.round()
    assert (done.cosigned, done.published, len(done.faults)) == (0, False, 3)
    assert bench.newest() == before  # what is shown is what a quorum cosigned


def test_a_lying_log_and_one_lying_node_are_not_enough_for_a_false_block(bench: Bench) -> None:
    number = int(str(bench.node.request("eth_blockNumber")), 16) - DEPTH + 1
    bench.relay.change = bench.witnesses[1].relay.change = lies_about(number)
    done = bench.log.round()
    assert (done.cosigned, done.published) == (1, False)
    assert bench.log.state.published is None


def test_a_witness_that_never_answers_holds_nobody_up(bench: Bench) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        dead = HttpWitness(bench.witnesses[2].door.key, f"http://127.0.0.1:{silent.getsockname()[1]}")
        doors = [bench.witnesses[0].door, dead, bench.witnesses[1].door]
        log = bench.log
        hurried = Log(log.signer, log.blocks, doors, log.state, DEPTH, 2, log.clock, patience_seconds=3.0)
        for _ in range(2):
            bench.node.mine()
            done = hurried.round()
            assert (done.cosigned, done.published) == (2, True)
            assert done.faults == ("witness.example/3: it does not answer in time",)


def test_nothing_is_vouched_for_while_the_chain_is_another_or_began_anew(bench: Bench) -> None:
    first = bench.witnesses[0]
    first.relay.change = lies_about(0)
    assert bench.log.round().cosigned == 2
    assert not first.client.get("/readyz").json()["checks"]["node"]


def test_a_log_that_runs_shows_what_a_quorum_cosigned_and_says_whether_it_is_ready(bench: Bench) -> None:
    key = NoteKey.of(origin_of(bench.pins), LOG, LOG_SIGNER.public_key)
    given_settings = Settings(role="log", every_seconds=0.05)
    with TestClient(log_application(given_settings, bench.log, key, lambda: bench.clock[0])) as client:
        deadline = time.monotonic() + 20
        while client.get("/proof").status_code == 404:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        opened = OpenedCheckpoint.parse(client.get("/proof").content)
        assert accept(opened, bench.policy, bench.clock[0]).checkpoint.size == 1
        assert client.get("/key").text.strip() == str(key)
        assert client.get("/readyz").json()["checks"] == {"node": True, "published": True}
        assert client.post("/add-checkpoint", content=b"old 0\n").status_code in (404, 405)  # a log cosigns nothing
        for each in bench.witnesses[:2]:
            each.relay.change = lambda _method, _params, _answer: 503
        while client.get("/readyz").status_code == 200:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert client.get("/proof").status_code == 200  # what was cosigned is still shown, and grows old


# --------------------------------------------------------------------------------------------------------- the refusals


def refusal(standing: Standing, request: AddCheckpoint | bytes) -> tuple[int, str]:
    body = request if isinstance(request, bytes) else request.to_bytes()
    answer = standing.client.post("/add-checkpoint", content=body)
    return answer.status_code, answer.json()["code"] if "json" in answer.headers["content-type"] else answer.text


def request_for(log: Log, old: int, size: int) -> AddCheckpoint:
    text = log.state.log.checkpoint(size).text
    note = Note(text, (sign(text, log.state.log.origin, LOG_SIGNER),))
    return AddCheckpoint(old, log.state.log.consistency(old, size), note)


def test_a_second_hash_for_a_number_is_refused_even_if_the_log_signs_it_and_the_node_shows_it(bench: Bench) -> None:
    bench.log.round()
    bench.node.mine()
    bench.log.round()
    one = bench.witnesses[0]
    forged = bench.forged("a second history", onto=1)
    assert refusal(one, AddCheckpoint(2, forged.proof, forged.note))[1] == "checkpoint.inconsistent"
    stated = forged.checkpoint()
    same_size = bench.forged("another", onto=1)
    assert refusal(one, AddCheckpoint(2, (), same_size.note)) == (422, "checkpoint.inconsistent")
    assert stated.block.number <= bench.newest().number
    with pytest.raises(OldSizeError):
        one.witness.add_checkpoint(forged)


@settings(max_examples=tries(200), deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400), st.binary(min_size=1, max_size=3))
def test_whatever_is_sent_is_a_request_or_refused(start: bytes, place: int, change: bytes) -> None:
    opened = checkpoint(invented_log(), (FIRST,))
    sound = AddCheckpoint(4, invented_log().consistency(4, 5), opened.note).to_bytes()
    for sent in (start, sound[:place] + change + sound[place + len(change) :], start + sound):
        try:
            read = AddCheckpoint.parse(sent)
        except CheckpointError as error:
            assert error.code == "checkpoint.malformed"  # noqa: PT017  # the code of each is looked at
        else:
            assert read.to_bytes() == sent


def test_a_witness_refuses_by_the_statuses_of_the_protocol(bench: Bench) -> None:
    for _ in range(3):
        bench.node.mine()
        bench.log.round()
    one, log = bench.witnesses[0], bench.log
    sound = request_for(log, 3, 3)
    assert one.client.post("/add-checkpoint", content=sound.to_bytes()).status_code == 200
    answer = one.client.post("/add-checkpoint", content=request_for(log, 2, 3).to_bytes())
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (409, "text/x.tlog.size", "3\n")
    assert refusal(one, request_for(log, 0, 1)) == (409, "3\n")
    assert refusal(one, b"old 3\n\nno note\n") == (400, "checkpoint.malformed")
    assert refusal(one, sound.to_bytes().replace(b"old 3", b"old 4")) == (400, "checkpoint.malformed")
    assert refusal(one, sound.to_bytes().replace(b"old 3", b"old 03")) == (400, "checkpoint.malformed")
    unsigned = Note(sound.note.text, (sign(sound.note.text, log.state.log.origin, signer("a stranger")),))
    assert refusal(one, AddCheckpoint(3, (), unsigned)) == (403, "checkpoint.log-signature")
    line = sound.note.signatures[0]
    broken = Note(sound.note.text, (type(line)(line.name, line.key_id, bytes(64)),))
    assert refusal(one, AddCheckpoint(3, (), broken)) == (403, "checkpoint.log-signature")
    text = sound.note.text.replace("31337", "1")
    assert refusal(one, AddCheckpoint(3, (), Note(text, sound.note.signatures))) == (404, "checkpoint.origin")
    nodes = tuple(Digest(sha256(b"%d" % n).digest()) for n in range(2))
    assert refusal(one, AddCheckpoint(3, nodes, sound.note)) == (422, "checkpoint.inconsistent")


def test_entries_are_not_vouched_for_unseen(bench: Bench) -> None:
    away = bench.witnesses[2]
    away.relay.change = lambda _method, _params, _answer: 503
    for _ in range(3):
        bench.node.mine()
        bench.log.round()
    away.relay.change = lambda _method, _params, answer: answer
    assert refusal(away, request_for(bench.log, 0, 3)) == (422, "checkpoint.step")
    assert refusal(away, request_for(bench.log, 0, 1)) == (200, str(away_line(away)))


def away_line(standing: Standing) -> str:
    assert standing.witness.state.published is not None
    return str(standing.witness.state.published.note.signatures[-1])


def test_a_block_that_is_not_deep_enough_is_not_vouched_for_yet(bench: Bench) -> None:
    newest = OwnNode(bench.node.url, bench.pins).newest()
    blocks = BlockLog(bench.pins, [newest])
    text = blocks.checkpoint().text
    request = AddCheckpoint(0, (), Note(text, (sign(text, blocks.origin, LOG_SIGNER),)))
    assert refusal(bench.witnesses[0], request) == (503, "checkpoint.too-early")
    bench.node.mine()
    assert refusal(bench.witnesses[0], request)[0] == 200


def test_everybody_can_read_checkpoint_opening_and_key(bench: Bench) -> None:
    one = bench.witnesses[0]
    origin_hash = sha256(origin_of(bench.pins).encode()).hexdigest()
    assert one.client.get("/proof").status_code == 404
    bench.log.round()
    opened = OpenedCheckpoint.parse(one.client.get("/proof").content)
    opened.check(bench.pins)
    assert one.client.get("/checkpoint").content == opened.note.to_bytes()
    assert one.client.get(f"/{origin_hash}/checkpoint").content == opened.note.to_bytes()
    assert one.client.get(f"/{'0' * 64}/checkpoint").status_code == 404
    key = NoteKey.parse(one.client.get("/key").text.strip())
    assert key == one.door.key
    (line,) = [each for each in opened.note.signatures if key.signed(each)]
    assert cosigned_at(opened.note.text, line, key) == bench.clock[0]


# ------------------------------------------------------------------------------------------------- reorganisation, kill


def test_a_reorganisation_above_the_depth_changes_nothing(bench: Bench) -> None:
    bench.log.round()
    before = bench.newest()
    bench.node.request("anvil_reorg", 1, [])
    assert bench.log.round().cosigned == 3
    assert bench.newest() == before


def test_after_a_reorganisation_below_the_depth_nobody_signs_any_more(bench: Bench) -> None:
    bench.log.round()
    was = bench.newest()
    bench.node.request("anvil_reorg", 4, [])
    with pytest.raises(CheckpointError, match="reorganisation") as stopped:
        bench.log.round()
    assert stopped.value.code == "checkpoint.block"
    # Nor do the witnesses, whatever the log brings: neither the old block again, nor the one that took its place.
    for one in bench.witnesses:
        assert refusal(one, request_for(bench.log, 1, 1)) == (422, "checkpoint.block")
        replaced = BlockLog(bench.pins, [OwnNode(bench.node.url, bench.pins).at(was.number)])
        text = replaced.checkpoint().text
        second = Note(text, (sign(text, replaced.origin, LOG_SIGNER),))
        assert replaced.last != was
        assert refusal(one, AddCheckpoint(1, (), second)) == (422, "checkpoint.inconsistent")
        assert refusal(one, AddCheckpoint(0, (), second)) == (409, "1\n")


class WatchedSigner:
    """A signer that looks, in the moment it is asked to sign, what another process would find on the disk."""

    def __init__(self, file: Path, own: Ed25519Signer) -> None:
        self.file, self.own = file, own
        self.found: list[int] = []

    @property
    def public_key(self) -> Any:
        return self.own.public_key

    def sign(self, message: bytes) -> bytes:
        import sqlite3

        with sqlite3.connect(self.file) as database:
            self.found.append(database.execute("SELECT max(number) FROM entries").fetchone()[0])
        database.close()
        return self.own.sign(message)


def test_a_block_is_on_the_disk_before_it_is_signed(bench: Bench, tmp_path: Path) -> None:
    bench.log.round()
    state = State(tmp_path / "watched", bench.pins)
    watched = WatchedSigner(tmp_path / "watched" / "state.db", signer("watched"))
    one = bench.witnesses[0].witness
    witness = Witness("watched.example", watched, one.log_key, one.blocks, state, DEPTH, one.clock)
    witness.add_checkpoint(request_for(bench.log, 0, 1))
    assert watched.found == [bench.newest().number]
    state.close()


def test_two_processes_cannot_have_one_state(bench: Bench) -> None:
    with pytest.raises(SettingsError) as refused:
        State(bench.folder / "1", bench.pins)
    assert refused.value.code == "witness.running"


def test_a_state_about_another_chain_is_refused(bench: Bench, tmp_path: Path) -> None:
    State(tmp_path / "one", bench.pins).close()
    pins = bench.pins
    anew = RegistryPins(pins.chain, pins.registry, pins.code_hash, Digest(sha256(b"anew").digest()), 0)
    assert code_of(State, tmp_path / "one", anew) == "witness.other-chain"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# Loads everything once; for each line it is told it forks a witness, whose process id it answers.
NURSERY = """
import os, signal, sys, time
from jikin.web.serving import serve
from jikin.witness.service import application
from jikin.witness.settings import load
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    child = os.fork()
    if not child:
        settings = load(os.environ)
        serve(application(settings, lambda: int(time.time())), port=settings.port)
        os._exit(0)
    print(child, flush=True)
"""


class Nursery:
    """Starts the same witness again and again, each time in a process of its own."""

    def __init__(self, environ: dict[str, str], port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            cwd=PROJECT,
            env={**environ, "JIKIN_PORT": str(port)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def start(self) -> int:
        """Return the process id of a witness that answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        child = int(self._process.stdout.readline())
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{self.url}/healthz", trust_env=False, verify=system_authorities())
                return child
            except httpx.TransportError:
                assert time.monotonic() < deadline, "the witness does not answer"
                time.sleep(0.02)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def state_after(folder: Path, pins: RegistryPins) -> State:
    """Return the state as soon as the process that was killed has let go of it."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return State(folder, pins)
        except SettingsError:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def rewritten(chain: AnvilNode, number: int, history: int) -> None:
    """Replace every block of the chain from that number on, however many there are by now."""
    chain.request("anvil_setCoinbase", f"0x{history + 1:040x}")  # empty blocks of one second would be the same
    newest = int(str(chain.request("eth_blockNumber")), 16)
    chain.request("anvil_reorg", newest - number + 2, [])  # one more: the chain does not stand still meanwhile


def test_a_witness_that_was_killed_does_not_vouch_for_a_second_hash(chain: AnvilNode, tmp_path: Path) -> None:
    """kill -9 as soon as the request is out, again and again, each time after another reorganisation of the chain."""
    pins = pins_of(chain)
    (tmp_path / "registry.json").write_bytes(jcs.canonicalize(pins_json(pins)))
    (tmp_path / "data").mkdir()
    own = Ed25519Signer.generate()
    keystore.save(tmp_path / "data" / "key.pem", own, PHRASE, log2_cost=10)
    key = NoteKey.of("killed.example", WITNESS, own.public_key)
    environ = {
        **os.environ,
        "JIKIN_NAME": key.name,
        "JIKIN_RPC_URL": chain.url,
        "JIKIN_REGISTRY_FILE": str(tmp_path / "registry.json"),
        "JIKIN_DATA": str(tmp_path / "data"),
        "JIKIN_LOG_KEY": str(NoteKey.of(origin_of(pins), LOG, LOG_SIGNER.public_key)),
        "JIKIN_PASSPHRASE": PHRASE,
        "JIKIN_DEPTH": "1",
    }
    port = free_port()
    nursery = Nursery(environ, port)
    chain.mine(2)  # what is rewritten lies above the registry
    number = OwnNode(chain.url, pins).newest().number
    chain.mine()  # what is vouched for has one block upon it
    offered: set[str] = set()
    given: set[str] = set()
    written: list[int] = []
    try:
        for attempt in range(4):
            block = OwnNode(chain.url, pins).at(number)
            text = BlockLog(pins, [block]).checkpoint().text
            offered.add(text)
            body = AddCheckpoint(0, (), Note(text, (sign(text, origin_of(pins), LOG_SIGNER),))).to_bytes()
            child = nursery.start()
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.settimeout(5)
                head = f"POST /add-checkpoint HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + body)
                time.sleep(0.002 * attempt**2)  # the later it is killed, the more has been done
                if attempt == 3:
                    connection.recv(1)  # and at last it is killed when it has answered
                os.kill(child, signal.SIGKILL)
            state = state_after(tmp_path / "data", pins)
            written.append(len(state.log))
            if state.published is not None:
                given.add(state.published.checkpoint.text)
            state.close()
            rewritten(chain, number, attempt)
        assert len(offered) == 4  # four histories
        assert len(given) == 1  # of which one was vouched for
        assert written == sorted(written)
        child = nursery.start()
        answers = [
            httpx.post(
                f"{nursery.url}/add-checkpoint",
                content=AddCheckpoint(old, (), Note(text, (sign(text, origin_of(pins), LOG_SIGNER),))).to_bytes(),
                trust_env=False,
            ).status_code
            for text in sorted(offered)
            for old in (0, 1)
        ]
        assert set(answers) == {409, 422}
        os.kill(child, signal.SIGKILL)
    finally:
        nursery.close()


# ------------------------------------------------------------------------------------------------------------ settings


def test_the_key_is_made_once_and_shown(
    chain: AnvilNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "registry.json").write_bytes(jcs.canonicalize(pins_json(pins_of(chain))))
    monkeypatch.setenv("JIKIN_PASSPHRASE", PHRASE)
    monkeypatch.setenv("JIKIN_REGISTRY_FILE", str(tmp_path / "registry.json"))
    shown = []
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            main(["witness", "--show-key", "--name", "witness.example/한", "--data", str(tmp_path / "data")])
        assert ended.value.code == 0
        shown.append(capsys.readouterr().out.strip())
    assert shown[0] == shown[1]
    assert NoteKey.parse(shown[0]).name == "witness.example/한"
    assert (tmp_path / "data" / "key.pem").stat().st_mode & 0o777 == 0o600


WRONG = {
    "another role": ({"JIKIN_ROLE": "watcher"}, "settings.value"),
    "a depth of none": ({"JIKIN_DEPTH": "0"}, "settings.range"),
}


@pytest.mark.parametrize(("environ", "code"), WRONG.values(), ids=WRONG)
def test_settings_that_cannot_be_right_are_refused(environ: dict[str, str], code: str) -> None:
    assert code_of(load, environ) == code


def test_a_log_refuses_one_witness_under_two_names_and_keys_of_another_kind() -> None:
    def doors(text: str) -> str | None:
        return code_of(load({"JIKIN_WITNESSES": text}).doors)

    one = NoteKey.of("one.example", WITNESS, LOG_SIGNER.public_key)
    two = NoteKey.of("two.example", WITNESS, LOG_SIGNER.public_key)
    other = NoteKey.of("two.example", LOG, LOG_SIGNER.public_key)
    assert doors(f"{one} http://127.0.0.1:1; {two} http://127.0.0.1:2") == "settings.value"
    assert doors(f"{other} http://127.0.0.1:1") == "settings.value"
    assert load({"JIKIN_WITNESSES": f"{one} http://127.0.0.1:1"}).doors() == ((one, "http://127.0.0.1:1"),)


def test_a_log_with_fewer_witnesses_than_its_quorum_does_not_start(chain: AnvilNode, tmp_path: Path) -> None:
    (tmp_path / "registry.json").write_bytes(jcs.canonicalize(pins_json(pins_of(chain))))
    keystore.save(tmp_path / "key.pem", LOG_SIGNER, PHRASE, log2_cost=10)
    given_settings = load(
        {
            "JIKIN_ROLE": "log",
            "JIKIN_PASSPHRASE": PHRASE,
            "JIKIN_REGISTRY_FILE": str(tmp_path / "registry.json"),
            "JIKIN_DATA": str(tmp_path),
            "JIKIN_RPC_URL": chain.url,
            "JIKIN_WITNESSES": f"{NoteKey.of('one.example', WITNESS, LOG_SIGNER.public_key)} http://127.0.0.1:1",
        }
    )
    with pytest.raises(SettingsError, match="quorum is 2, and 1 witnesses are set"):
        application(given_settings, lambda: 0)
