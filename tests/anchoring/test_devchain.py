"""The development nodes: where asked or beside it, never left behind; what anvil keeps is there the next time."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jikin.anchoring import devchain
from jikin.anchoring.devchain import AnvilNode, DevelopmentNode, HardhatNode
from jikin.errors import ChainUnavailableError, SettingsError
from tests.chain_fixtures import PROJECT

KINDS = (HardhatNode, AnvilNode)
STRANGER = "0x00000000000000000000000000000000000000aa"
CHILD = """
import sys, time
from pathlib import Path
from jikin.anchoring import devchain
node = getattr(devchain, sys.argv[2])(Path(sys.argv[1]), *([None, Path(sys.argv[3])] if sys.argv[3:] else []))
node.start()
print(node.port, flush=True)
time.sleep(60)
"""


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ended(port: int) -> bool:
    deadline = time.monotonic() + 10
    while answers(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not answers(port)


def child(*words: str) -> tuple[subprocess.Popen[str], int]:
    """Start a program that starts a node; return it and the node's port."""
    parent = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(PROJECT), *words], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


def kill(parent: subprocess.Popen[str]) -> None:
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert parent.stdout is not None
    parent.stdout.close()


def pay(node: DevelopmentNode, wei: int) -> None:
    paid = node.request("eth_sendTransaction", {"from": node.accounts[0].address, "to": STRANGER, "value": hex(wei)})
    deadline = time.monotonic() + 5
    while node.request("eth_getTransactionReceipt", paid) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def balance(node: DevelopmentNode) -> int:
    return int(str(node.request("eth_getBalance", STRANGER, "latest")), 16)


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def node(request: pytest.FixtureRequest) -> Iterator[DevelopmentNode]:
    with request.param(PROJECT) as started:
        yield started


@pytest.mark.chain
def test_the_node_serves_the_chain_of_the_project(node: DevelopmentNode) -> None:
    assert node.url == f"http://127.0.0.1:{node.port}"
    assert node.request("eth_chainId") == "0x7a69"
    assert len(node.accounts) == 10
    assert node.accounts[0].address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    for account in node.accounts:
        assert int(str(node.request("eth_getBalance", account.address, "latest")), 16) > 10**21


@pytest.mark.chain
def test_a_refused_call_is_an_error_with_the_reason(node: DevelopmentNode) -> None:
    with pytest.raises(ChainUnavailableError, match=r"no_such_method|Method not found"):
        node.request("no_such_method")


@pytest.mark.chain
def test_a_transaction_is_mined_at_once_and_blocks_follow_by_themselves(node: DevelopmentNode) -> None:
    before = balance(node)
    pay(node, 7)
    assert balance(node) == before + 7
    mined = int(str(node.request("eth_blockNumber")), 16)
    deadline = time.monotonic() + 10
    while int(str(node.request("eth_blockNumber")), 16) < mined + 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.chain
def test_the_clock_runs_ahead_when_told(node: DevelopmentNode) -> None:
    node.increase_time(3600)
    block = node.request("eth_getBlockByNumber", "latest", False)
    assert isinstance(block, dict)
    assert int(str(block["timestamp"]), 16) >= time.time() + 3590


@pytest.mark.chain
def test_going_back_to_a_snapshot_undoes_what_came_after(node: DevelopmentNode) -> None:
    before, snapshot = balance(node), node.snapshot()
    pay(node, 5)
    node.revert(snapshot)
    assert balance(node) == before


@pytest.mark.chain
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_busy_port_is_left_alone_and_stopping_ends_it(kind: type[DevelopmentNode]) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        wanted = busy.getsockname()[1]
        with kind(PROJECT, wanted) as node:
            assert wanted < node.port < wanted + 50
            assert node.request("eth_chainId") == "0x7a69"
        assert not answers(node.port)
        node.stop()


@pytest.mark.chain
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_node_ends_with_the_program_that_started_it(kind: type[DevelopmentNode]) -> None:
    parent, port = child(kind.__name__)
    assert answers(port)
    kill(parent)
    assert ended(port)


@pytest.mark.chain
def test_a_kept_chain_is_there_the_next_time(tmp_path: Path) -> None:
    state = tmp_path / "chain" / "state.json"
    beginnings = set()
    for time_around in range(1, 7):
        with AnvilNode(PROJECT, state=state) as node:
            pay(node, 100)
            assert balance(node) == 100 * time_around
            block = node.request("eth_getBlockByNumber", "0x0", False)
            assert isinstance(block, dict)
            beginnings.add(block["hash"])
        time.sleep(1)  # a block 0 of the next second is another one
    assert len(beginnings) == 1
    assert [path.name for path in state.parent.iterdir()] == ["state.json"]


@pytest.mark.chain
def test_a_chain_is_kept_when_the_program_that_started_it_is_killed(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    parent, port = child("AnvilNode", str(state))
    node = AnvilNode(PROJECT)
    node.port = port
    pay(node, 100)
    kill(parent)
    assert ended(port)
    with AnvilNode(PROJECT, state=state) as again:
        assert balance(again) == 100


_BUSY_MACHINE = """
import subprocess, time
class Slow(subprocess.Popen):
    def __init__(self, *words):
        super().__init__(*words)
        time.sleep(0.5)
subprocess.Popen = Slow
"""


def test_a_node_that_is_told_to_end_at_once_is_waited_for_until_it_has_written(tmp_path: Path) -> None:
    """On a busy machine it may answer, and be told, before the program that holds it goes on."""
    written = tmp_path / "state.json"
    script = f'trap "" TERM; kill -TERM 0; sleep 0.8; echo kept > "{written}"'
    words = [sys.executable, "-I", "-S", "-c", _BUSY_MACHINE + devchain._TETHER, str(os.getpid()), "sh", "-c", script]
    held = subprocess.Popen(words, start_new_session=True)
    assert held.wait(20) == 0
    assert written.read_text() == "kept\n"


@pytest.mark.chain
def test_a_killed_node_loses_seconds_only(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with AnvilNode(PROJECT, state=state) as node:
        pay(node, 100)
        time.sleep(3)
        process = node._process
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)
    with AnvilNode(PROJECT, state=state) as again:
        assert balance(again) == 100


@pytest.mark.chain
def test_a_chain_that_was_half_written_at_the_end_is_not_taken(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with AnvilNode(PROJECT, state=state) as node:
        pay(node, 100)
    state.with_name("state.json.leaving").write_text(state.read_text()[:1000])
    with AnvilNode(PROJECT, state=state) as again:
        assert balance(again) == 100
    assert json.loads(state.read_bytes())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_project_without_node_says_what_to_do(kind: type[DevelopmentNode], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not installed") as refused:
        kind(tmp_path).start()
    assert refused.value.hint is not None
    assert "make setup" in refused.value.hint


@pytest.mark.chain
def test_a_node_that_cannot_start_shows_what_it_said(tmp_path: Path) -> None:
    (tmp_path / "tools").symlink_to(PROJECT / "tools")
    (tmp_path / "node_modules").symlink_to(PROJECT / "node_modules")
    (tmp_path / "hardhat.config.js").write_text("throw new Error('no such setting');")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    with pytest.raises(ChainUnavailableError, match="no such setting"):
        HardhatNode(tmp_path).start()
