"""The development node: where asked or beside it, and never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jikin.anchoring.devchain import HardhatNode
from jikin.errors import ChainUnavailableError, SettingsError
from tests.chain_fixtures import PROJECT

CHILD = """
import sys, time
from pathlib import Path
from jikin.anchoring.devchain import HardhatNode
node = HardhatNode(Path(sys.argv[1]))
node.start()
print(node.port, flush=True)
time.sleep(60)
"""


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.chain
def test_the_node_serves_the_chain_of_the_project(hardhat: HardhatNode) -> None:
    assert hardhat.url == f"http://127.0.0.1:{hardhat.port}"
    assert hardhat.request("eth_chainId") == "0x7a69"
    assert len(hardhat.accounts) == 10
    assert hardhat.accounts[0].address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    for account in hardhat.accounts:
        assert int(str(hardhat.request("eth_getBalance", account.address, "latest")), 16) > 10**21


@pytest.mark.chain
def test_a_refused_call_is_an_error_with_the_reason(hardhat: HardhatNode) -> None:
    with pytest.raises(ChainUnavailableError, match="no_such_method"):
        hardhat.request("no_such_method")


@pytest.mark.chain
def test_a_busy_port_is_left_alone_and_stopping_ends_it() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        wanted = busy.getsockname()[1]
        with HardhatNode(PROJECT, wanted) as node:
            assert wanted < node.port < wanted + 50
            assert node.request("eth_chainId") == "0x7a69"
        assert not answers(node.port)
        node.stop()


@pytest.mark.chain
def test_a_node_ends_with_the_program_that_started_it() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(PROJECT)], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    assert answers(port)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while answers(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not answers(port)


def test_a_project_without_node_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not installed") as refused:
        HardhatNode(tmp_path).start()
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
