"""The office's commands, each in a process of its own: run to the end, or killed in the middle.

The processes are forked from one in which everything is loaded: starting Python and loading a chain library and a
database takes longer than most commands.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import signal
import sqlite3
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

gc.set_threshold(50_000, 20, 20)  # as jikin.command.entry does
_SECONDS = 180
_PRELOADED = ["tests.office_command", "jikin.anchoring.evm", "issuer.app", "issuer.accrediting", "issuer.jobs"]


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


@dataclass(frozen=True, slots=True)
class Running:
    """A command under way; what it says goes into files."""

    process: BaseProcess
    said: Path

    def kill(self) -> bool:
        """Kill it with SIGKILL; says whether it was still alive."""
        pid = self.process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self.process.join()
        return self.process.exitcode == -signal.SIGKILL

    def answer(self) -> Answer:
        """Wait until it ends and return what it said."""
        self.process.join(_SECONDS)
        assert self.process.exitcode is not None, "the command did not end"
        out, err = ((self.said / name).read_text("utf-8") for name in ("out", "err"))
        return Answer(self.process.exitcode, out, err)


@dataclass
class Commands:
    """The commands of one office: folder *data*, chain at *rpc_url*, further environment."""

    data: Path
    rpc_url: str
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: object) -> Running:
        """Start a command and return at once."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("JIKIN_", "LC_"))}
        mine = {
            "JIKIN_DATA": str(self.data),
            "JIKIN_RPC_URL": self.rpc_url,
            "JIKIN_KEY_COST": "12",
            "JIKIN_OFFICER_PASSPHRASE": "견본 암호",
            "LANG": "en_US.UTF-8",
        }
        said = Path(tempfile.mkdtemp(prefix="jikin-tests-"))
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_PRELOADED)
        words = [str(argument) for argument in arguments]
        process = context.Process(target=_be, args=(words, kept | mine | self.environment, said))
        process.start()
        return Running(process, said)

    def run(self, *arguments: object) -> Answer:
        """Run a command to its end."""
        return self.start(*arguments).answer()

    def succeed(self, *arguments: object) -> Any:
        """Run a command with ``--json``, which must succeed, and return its answer."""
        answer = self.run(*arguments, "--json")
        assert answer.code == 0, answer.err
        return answer.json

    def kill_when(self, question: str, values: Sequence[object], *arguments: object) -> bool:
        """Start a command and kill it with SIGKILL as soon as *question* to the office's database counts something.

        Says whether it was killed; False when it ended by itself before. The database is asked about a thousand times a
        second; nothing but what is durable is looked at.
        """
        running = self.start(*arguments)
        deadline = time.monotonic() + _SECONDS
        with closing(sqlite3.connect(f"file:{self.data / 'office.db'}?mode=ro", uri=True)) as database:
            while running.process.is_alive() and time.monotonic() < deadline:
                if database.execute(question, values).fetchone()[0]:
                    return running.kill()
                time.sleep(0.001)
        if running.process.is_alive():
            running.kill()
        return False


def _be(words: Sequence[str], environment: Mapping[str, str], said: Path) -> None:
    """Be the command: its environment, its output; ends with its exit code, errors as one JSON line."""
    import typer

    from issuer import cli
    from jikin.errors import JikinError

    os.environ.clear()
    os.environ.update(environment)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(said / name, os.O_WRONLY | os.O_CREAT, 0o600), number)
    warnings.simplefilter("error")
    app = typer.Typer(pretty_exceptions_enable=False)
    cli.register(app)
    try:
        code = app(list(words), standalone_mode=False)
    except JikinError as error:
        print(json.dumps({"code": error.code, "detail": str(error), "hint": error.hint}), file=sys.stderr)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


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
