"""The office's commands as a program of its own: run to the end, or started and killed in the middle.

`python -m tests.office_command ARGUMENTS` is the `jikin` command with the office's part alone.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
_SECONDS = 180
# Compiled modules are kept between the runs of one session: starting a program is most of its time otherwise.
_COMPILED = tempfile.mkdtemp(prefix="jikin-tests-")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.out, self.err
        return json.loads(self.out)


@dataclass
class Commands:
    """The commands of one office: folder *data*, chain at *rpc_url*, further environment."""

    data: Path
    rpc_url: str
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: object, **environment: str) -> subprocess.Popen[str]:
        """Start a command and return at once."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("JIKIN_", "PYTHON", "LC_"))}
        mine = {
            "JIKIN_DATA": str(self.data),
            "JIKIN_RPC_URL": self.rpc_url,
            "JIKIN_KEY_COST": "12",
            "JIKIN_OFFICER_PASSPHRASE": "견본 암호",
            "LANG": "en_US.UTF-8",
            "PYTHONPYCACHEPREFIX": _COMPILED,
            "PYTHONWARNINGS": "error",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "tests.office_command", *map(str, arguments)],
            cwd=PROJECT,
            env=kept | mine | self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: object, **environment: str) -> Answer:
        """Run a command to its end."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=_SECONDS)
        return Answer(process.returncode, out, err)

    def succeed(self, *arguments: object, **environment: str) -> Any:
        """Run a command with ``--json``, which must succeed, and return its answer."""
        answer = self.run(*arguments, "--json", **environment)
        assert answer.code == 0, answer.err
        return answer.json

    def kill_when(self, reached: Callable[[sqlite3.Connection], bool], *arguments: object) -> bool:
        """Start a command and kill it with SIGKILL as soon as the office's database shows that *reached*.

        Says whether it was killed; False when it ended by itself before. *reached* is asked about a thousand times
        a second and looks at what is durable, nothing else.
        """
        process = self.start(*arguments)
        deadline = time.monotonic() + _SECONDS
        try:
            with sqlite3.connect(f"file:{self.data / 'office.db'}?mode=ro", uri=True) as connection:
                while process.poll() is None and time.monotonic() < deadline:
                    if reached(connection):
                        os.killpg(process.pid, signal.SIGKILL)
                        process.wait()
                        return process.returncode == -signal.SIGKILL
                    time.sleep(0.001)
            connection.close()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        return False


def set_up(commands: Commands, *, domain: str = "certs.exam.example") -> None:
    """Deploy the registry, accredit one institution, register two officers."""
    from tests.issuing_office import TYPE

    commands.succeed("admin", "deploy")
    commands.succeed(
        *("admin", "institution", "create", "--domain", domain, "--name-ko", "한국견본공단"),
        *("--name-en", "Sample Agency of Korea", "--code", "KR12", "--type", TYPE, "--seal", "견본직인"),
    )
    for name in ("park", "lee"):
        roles = [word for role in ("request", "approve", "suspend") for word in ("--role", role)]
        commands.succeed("admin", "officer", "add", name, *roles)


def main() -> None:
    """Run the office's commands as `jikin` does, errors as one JSON line on standard error."""
    import typer

    from issuer import cli
    from jikin.errors import JikinError

    app = typer.Typer(pretty_exceptions_enable=False)
    cli.register(app)
    try:
        code = app(standalone_mode=False)
    except JikinError as error:
        print(json.dumps({"code": error.code, "detail": str(error), "hint": error.hint}), file=sys.stderr)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
