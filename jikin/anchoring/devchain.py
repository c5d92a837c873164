"""A chain on this machine, for development, demonstrations and tests: never for certificates that matter.

A node runs from the project's own `node_modules`, in its own process group, and ends by itself when the program that
started it is gone, however that ended. `HardhatNode` begins anew every time; `AnvilNode` can keep its chain in a file.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import math
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from jikin.errors import ChainUnavailableError, SettingsError
from jikin.values import Json

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

# Known to everybody who has ever started a development node: whoever sends money there loses it.
WELL_KNOWN_MNEMONIC = "test test test test test test test test test test test junk"
ACCOUNTS = 10
_HOST = "127.0.0.1"  # Hardhat itself would listen on every address when it believes it runs in a container
_START_SECONDS = 30.0
_JOIN_SECONDS = 5.0
_ANSWER_SECONDS = 30.0
_KEPT_LINES = 200
_PORTS_TRIED = 50
_LOOK_SECONDS = 1.0
_LOOK_BACK = 120
_DUMP_SECONDS = 60.0
# Anvil keeps the states of its last 500 blocks, each with the hashes of all blocks before it, and older ones on disk: a
# block every second takes 300 MB of memory within half an hour. So it is slow while nothing happens, and for a while
# after every transaction, when somebody waits for confirmations, a block comes every second.
_IDLE_SECONDS = 12
_AWAKE_SECONDS = 30.0
_NOTHING_ON_DISK = ("--max-persisted-states", "0")
# Starts a program and ends it when this process (the first argument) is no longer the parent.
_TETHER = """
import os, signal, subprocess, sys
parent = int(sys.argv[1])
for number in (signal.SIGTERM, signal.SIGINT):
    # The whole group gets it, the child too, which may still write. Before the child is there: one that answers sooner
    # than this program goes on must find it deaf already. No SIG_IGN, which the child would inherit.
    signal.signal(number, lambda *_: None)
child = subprocess.Popen(sys.argv[2:])
while True:
    try:
        sys.exit(child.wait(0.5))
    except subprocess.TimeoutExpired:
        if os.getppid() != parent:
            child.terminate()
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
            sys.exit(3)
"""


class DevelopmentNode(ABC):
    """A context manager around one node: its `url`, its funded `accounts`, its clock and its end.

    *project_root* is the project's folder; *port* the first one to try (the next free one is taken when it is busy),
    None: any free one. The chain id is 31337; a transaction is mined at once, and then a block every second.
    """

    name: str
    _started: re.Pattern[str]
    _stop_seconds = 5.0

    def __init__(self, project_root: Path, port: int | None = None) -> None:
        """Remember what to start; nothing runs yet."""
        self._root = project_root
        self._wanted = port
        self._process: subprocess.Popen[str] | None = None
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._listening = threading.Event()
        self._reader: threading.Thread | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Return the address of the JSON-RPC server."""
        return f"http://{_HOST}:{self.port}"

    @cached_property
    def accounts(self) -> tuple[LocalAccount, ...]:
        """Return the ten funded accounts of the well-known mnemonic, with their private keys. Development only."""
        from eth_account import Account
        from eth_account.hdaccount import key_from_seed, seed_from_mnemonic

        seed = seed_from_mnemonic(WELL_KNOWN_MNEMONIC, "")
        return tuple(Account.from_key(key_from_seed(seed, f"m/44'/60'/0'/0/{number}")) for number in range(ACCOUNTS))

    def start(self) -> None:
        """Start the node and return when it answers; raises ChainUnavailableError with the tail of its output."""
        for needed in self._needed():
            if not needed.exists():
                raise SettingsError(
                    f"{needed.relative_to(self._root)} is not installed",
                    code="settings.node-missing",
                    hint="run `make setup` in the project's folder",
                )
        for port in self._ports():
            if self._start_on(port):
                return
        raise ChainUnavailableError(f"none of the ports {self._wanted} and the next {_PORTS_TRIED} is free")

    def stop(self) -> None:
        """End the node and whatever it started; stopping twice is no error."""
        process, self._process = self._process, None
        if process is None:
            return
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, how)  # the group's id is its first process's: start_new_session below
            try:
                process.wait(self._stop_seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        if self._reader is not None:
            self._reader.join(_JOIN_SECONDS)
        if process.stdout is not None:
            process.stdout.close()

    def __enter__(self) -> Self:
        """Start, and return the node itself."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def alive(self) -> bool:
        """Say whether the node runs."""
        return self._process is not None and self._process.poll() is None

    def output(self) -> str:
        """Return the last lines the node wrote, for messages."""
        return "\n".join(self._lines)

    # ------------------------------------------------------------------------------------- for tests and demos

    def request(self, method: str, *params: Json) -> Json:
        """Return the result of one JSON-RPC call; raises ChainUnavailableError when there is none."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        connection = http.client.HTTPConnection(_HOST, self.port, timeout=_ANSWER_SECONDS)
        try:
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            answer: object = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ChainUnavailableError(f"the development node does not answer {method}: {error}") from error
        finally:
            connection.close()
        if not isinstance(answer, dict) or "result" not in answer:
            raise ChainUnavailableError(f"the development node refused {method}: {str(answer)[:500]}")
        result: Json = answer["result"]
        return result

    def mine(self, count: int = 1) -> None:
        """Mine *count* empty blocks."""
        for _ in range(count):
            self.request("evm_mine")

    def increase_time(self, seconds: int) -> None:
        """Let the chain's clock run ahead by *seconds* more, and mine a block then."""
        self.request("evm_increaseTime", seconds)
        self.mine()

    def snapshot(self) -> str:
        """Return the name of the present state, for ``revert``."""
        return str(self.request("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Go back to *snapshot*: the blocks since then are gone, as in a reorganisation."""
        self.request("evm_revert", snapshot)

    # ------------------------------------------------------------------------------------------------ starting

    @abstractmethod
    def _needed(self) -> tuple[Path, ...]:
        """Return the files without which nothing can start."""

    @abstractmethod
    def _command(self, port: int) -> list[str | Path]:
        """Return the command line for *port* (0: any), which ends when this process is gone."""

    def _ports(self) -> range:
        # Port 0 lets the system choose and the node say which: no other program can take it in between.
        return range(1) if self._wanted is None else range(self._wanted, self._wanted + _PORTS_TRIED)

    def _start_on(self, port: int) -> bool:
        """Start on *port* (0: any); False when it is taken; ChainUnavailableError for any other failure."""
        if port and not _is_free(port):
            return False
        self._lines.clear()
        self._listening.clear()
        self._launch(port)
        if self._wait_until_it_answers():
            return True
        output = self.output()
        self.stop()
        if "EADDRINUSE" in output or "Address already in use" in output:
            return False
        raise ChainUnavailableError(
            f"the {self.name} node did not answer within {_START_SECONDS:.0f} s; its last lines:\n{output[-2000:]}",
            hint="`npm ci` in the project's folder installs what it needs",
        )

    def _launch(self, port: int) -> None:
        process = subprocess.Popen(
            self._command(port),
            cwd=self._root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._process = process
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), name="node-output", daemon=True)
        self._reader.start()

    def _read(self, stream: Iterable[str]) -> None:
        """Keep the last lines: the node writes some for every call, and would stand still at a full pipe."""
        for line in stream:
            self._lines.append(line.rstrip())
            if not self._listening.is_set() and (started := self._started.search(line)):
                self.port = int(started[1])
                self._listening.set()

    def _wait_until_it_answers(self) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            if self._listening.wait(0.05):
                with contextlib.suppress(ChainUnavailableError):
                    self.request("eth_chainId")
                    return True
        if self._reader is not None:
            self._reader.join(1.0)  # what it said before it died
        return False


class HardhatNode(DevelopmentNode):
    """`hardhat node`: the local chain that people meet. It keeps nothing.

    *project_root* is the folder with `hardhat.config.js`. Raises SettingsError when the project's Node or Hardhat is
    not installed.
    """

    name = "Hardhat"
    _started = re.compile(rf"JSON-RPC server at http://{re.escape(_HOST)}:([0-9]+)/")
    # Runs inside the node before Hardhat: when the parent is another one, the program that started it is dead.
    _preload = (
        "data:text/javascript,process.env.HARDHAT_DISABLE_TELEMETRY='true';process.env.NO_COLOR='1';"
        "setInterval(()=>{{if(process.ppid!=={parent})process.exit(3)}},500).unref()"
    )

    def _needed(self) -> tuple[Path, ...]:
        return (
            self._root / "tools" / "node" / "node_modules" / ".bin" / "node",
            self._root / "node_modules" / "hardhat" / "dist" / "src" / "cli.js",
        )

    def _command(self, port: int) -> list[str | Path]:
        node, hardhat = self._needed()
        # The network of this name in hardhat.config.js is the one `hardhat node` serves.
        words = ("--network", "node", "node", "--hostname", _HOST, "--port", str(port))
        return [node, "--import", self._preload.format(parent=os.getpid()), hardhat, *words]


class AnvilNode(DevelopmentNode):
    """`anvil`: a chain that is up at once and, with *state*, is there again the next time.

    *state* is the file in which the chain is kept: written soon after every transaction, once a minute, and when the
    node ends. A node that is killed loses the last two seconds at most. Raises SettingsError when anvil is not
    installed.
    """

    name = "anvil"
    _started = re.compile(rf"Listening on {re.escape(_HOST)}:([0-9]+)")
    _stop_seconds = 15.0  # it writes its chain down, which takes a moment for a long one

    def __init__(self, project_root: Path, port: int | None = None, state: Path | None = None) -> None:
        """Remember what to start; nothing runs yet."""
        super().__init__(project_root, port)
        self._state = state
        self._pulse: _Pulse | None = None

    def start(self) -> None:
        """Start the node with the chain that was kept, if any, and go on keeping it; errors as of every node."""
        if self._state is not None:
            self._state.parent.mkdir(parents=True, exist_ok=True)
            _take_over(_leaving(self._state), self._state)
        super().start()
        self._pulse = _Pulse(self, self._state)
        self._pulse.start()

    def stop(self) -> None:
        """End the node; what it wrote at its end becomes the chain that is kept."""
        if self._pulse is not None:
            self._pulse.stop()
            self._pulse = None
        super().stop()
        if self._state is not None:
            _take_over(_leaving(self._state), self._state)

    def reorganise(self, depth: int) -> None:
        """Put as many empty blocks in the place of the newest *depth*; what was in them is forgotten, not queued."""
        self.request("anvil_reorg", depth, [])

    def _needed(self) -> tuple[Path, ...]:
        kind = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
        package = f"anvil-{platform.system().lower()}-{kind}"
        return (self._root / "node_modules" / "@foundry-rs" / package / "bin" / "anvil",)

    def _command(self, port: int) -> list[str | Path]:
        (anvil,) = self._needed()
        words = ["--host", _HOST, "--port", str(port), "--chain-id", "31337", "--hardfork", "prague"]
        words += ["--mnemonic", WELL_KNOWN_MNEMONIC, "--accounts", str(ACCOUNTS)]
        words += ["--block-time", str(_IDLE_SECONDS), "--mixed-mining", *_NOTHING_ON_DISK]
        if self._state is not None:
            words += ["--dump-state", str(_leaving(self._state))]
            words += ["--load-state", str(self._state)] if self._state.exists() else []
        return [sys.executable, "-I", "-S", "-c", _TETHER, str(os.getpid()), anvil, *words]


class _Pulse(threading.Thread):
    """Mines a block every second for a while after each transaction, and writes the chain into *file*, if there is one.

    Written is after transactions, else once a minute; a long chain, which takes longer to write, less often.
    """

    def __init__(self, node: AnvilNode, file: Path | None) -> None:
        super().__init__(name="chain-pulse", daemon=True)
        self._node = node
        self._file = file
        self._ended = threading.Event()
        self._seen = -1
        self._written, self._took = -math.inf, 0.0

    def stop(self) -> None:
        """Mine and write nothing any more."""
        self._ended.set()
        self.join()

    def run(self) -> None:
        """Look every second."""
        busy_until, unwritten = -math.inf, False
        while not self._ended.wait(_LOOK_SECONDS):
            with contextlib.suppress(ChainUnavailableError):  # it is just ending, or busy: the next look tells
                if self._new_transactions():
                    busy_until, unwritten = time.monotonic() + _AWAKE_SECONDS, True
                if self._write_now(unwritten=unwritten):
                    unwritten = False
                if time.monotonic() < busy_until:
                    self._node.mine()

    def _new_transactions(self) -> bool:
        newest = int(str(self._node.request("eth_blockNumber")), 16)
        first = max(self._seen, newest - _LOOK_BACK) + 1
        self._seen = newest
        return any(self._transactions(number) for number in range(first, newest + 1))

    def _write_now(self, *, unwritten: bool) -> bool:
        begun = time.monotonic()
        pause = max(_LOOK_SECONDS, 10 * self._took) if unwritten else max(_DUMP_SECONDS, 10 * self._took)
        if self._file is None or begun - self._written < pause:
            return False
        # Hexadecimal of gzip over RPC, plain JSON in a file for --load-state.
        dumped = str(self._node.request("anvil_dumpState")).removeprefix("0x")
        _write(self._file, gzip.decompress(bytes.fromhex(dumped)))
        self._written = time.monotonic()
        self._took = self._written - begun
        return True

    def _transactions(self, number: int) -> int:
        return int(str(self._node.request("eth_getBlockTransactionCountByNumber", hex(number))), 16)


def _write(path: Path, state: bytes) -> None:
    """Write a dumped *state* whole or not at all; raises ValueError for what is none."""
    data = json.dumps(_with_one_beginning(json.loads(state)), separators=(",", ":")).encode()
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _with_one_beginning(state: dict[str, Any]) -> dict[str, Any]:
    """Return *state* with the block 0 of the chain alone.

    Anvil makes a block 0 at every start, adds it to the loaded ones, and may later take it for the chain's own.
    """
    beginnings: list[Any] = []
    later: list[Any] = []
    for block in state["blocks"]:
        (later if int(block["header"]["number"], 16) else beginnings).append(block)
    beginnings.sort(key=lambda block: int(block["header"]["timestamp"], 16))
    return {**state, "blocks": [*beginnings[:1], *later]}


def _leaving(state: Path) -> Path:
    """Return the file that a node writes at its end: apart, for a write that is cut short would spoil the chain."""
    return state.with_name(state.name + ".leaving")


def _take_over(leaving: Path, state: Path) -> None:
    """Put *leaving* in the place of *state* when it is whole; in any case it is gone afterwards."""
    with contextlib.suppress(FileNotFoundError):
        with contextlib.suppress(ValueError, KeyError):
            _write(state, leaving.read_bytes())
        leaving.unlink()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True
