"""A Hardhat node on this machine, for development, demonstrations and tests: never for certificates that matter.

The node runs from the project's own `node_modules` under the project's own Node, in its own process group, and ends by
itself when the program that started it is gone, however that ended.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from jikin.errors import ChainUnavailableError, SettingsError
from jikin.values import Json

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

# Known to everybody who has ever started a development node: whoever sends money there loses it.
WELL_KNOWN_MNEMONIC = "test test test test test test test test test test test junk"
ACCOUNTS = 10
_HOST = "127.0.0.1"  # Hardhat itself would listen on every address when it believes it runs in a container
_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_ANSWER_SECONDS = 30.0
_KEPT_LINES = 200
_PORTS_TRIED = 50
_STARTED = re.compile(rf"JSON-RPC server at http://{re.escape(_HOST)}:([0-9]+)/")
# Runs inside the node before Hardhat: as soon as the parent is another one, the program that started it is dead.
_PRELOAD = (
    "data:text/javascript,process.env.HARDHAT_DISABLE_TELEMETRY='true';process.env.NO_COLOR='1';"
    "setInterval(()=>{{if(process.ppid!=={parent})process.exit(3)}},500).unref()"
)


class HardhatNode:
    """A context manager around one `hardhat node`: its `url`, its funded `accounts`, its clock and its end.

    *project_root* is the folder with `hardhat.config.js`; *port* the first one to try (the next free one is taken when
    it is busy), None: any free one. Raises SettingsError when the project's Node or Hardhat is not installed.
    """

    def __init__(self, project_root: Path, port: int | None = None) -> None:
        """Remember what to start; nothing runs yet."""
        self._root = project_root
        self._wanted = port
        self._node = project_root / "tools" / "node" / "node_modules" / ".bin" / "node"
        self._hardhat = project_root / "node_modules" / "hardhat" / "dist" / "src" / "cli.js"
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
        for needed in (self._node, self._hardhat):
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
                process.wait(_STOP_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
        if self._reader is not None:
            self._reader.join(_STOP_SECONDS)
        if process.stdout is not None:
            process.stdout.close()

    def __enter__(self) -> HardhatNode:
        """Start, and return the node itself."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

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

    def _ports(self) -> range:
        # Port 0 lets the system choose and Hardhat say which: no other program can take it in between.
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
        if "EADDRINUSE" in output:
            return False
        raise ChainUnavailableError(
            f"the Hardhat node did not answer within {_START_SECONDS:.0f} s; its last lines:\n{output[-2000:]}",
            hint="`npm ci` in the project's folder installs what it needs",
        )

    def _launch(self, port: int) -> None:
        # The network of this name in hardhat.config.js is the one `hardhat node` serves.
        command = ["--network", "node", "node", "--hostname", _HOST, "--port", str(port)]
        process = subprocess.Popen(
            [self._node, "--import", _PRELOAD.format(parent=os.getpid()), self._hardhat, *command],
            cwd=self._root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._process = process
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), name="hardhat-output", daemon=True)
        self._reader.start()

    def _read(self, stream: Iterable[str]) -> None:
        """Keep the last lines: the node writes some for every call, and would stand still at a full pipe."""
        for line in stream:
            self._lines.append(line.rstrip())
            if not self._listening.is_set() and (started := _STARTED.search(line)):
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


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True
