"""The stage of the demonstration: a folder, a local chain, and the `jikin` command as anybody would type it."""

from __future__ import annotations

import json
import multiprocessing
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import forkserver
from pathlib import Path

from jikin.anchoring.devchain import HardhatNode
from jikin.command.story import Story
from jikin.errors import JikinError
from jikin.values import Json

_SECONDS = 300
# Loaded once, in a process from which every command is then forked: starting Python and loading a chain library and a
# database takes longer than most commands.
_PRELOADED = ["jikin.command.main", "jikin.anchoring.evm", "issuer.app", "issuer.accrediting", "issuer.jobs"]
_KEPT_RUNS = 3


class CommandFailedError(JikinError):
    """A command of the demonstration ended with an exit code that was not expected."""

    code = "demo.command-failed"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered: its exit code and the one JSON document it printed."""

    exit_code: int
    document: Mapping[str, Json]

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes of the findings that did not pass and decide, of a report."""
        findings = self.document.get("findings", ())
        return tuple(
            str(finding["code"])
            for finding in (findings if isinstance(findings, Sequence) else ())
            if isinstance(finding, Mapping) and finding["outcome"] != "passed" and finding["weight"] == "required"
        )

    def sentence(self, language: str) -> str:
        """Return the verdict of a report in words."""
        sentences = self.document.get("sentences")
        said = sentences.get(language) if isinstance(sentences, Mapping) else None
        return str(said[0]) if isinstance(said, Sequence) and said else ""


@dataclass(slots=True)
class Stage:
    """Where the story plays. *mirrors* are the public folders of the institutions by the URL they stand for."""

    story: Story
    root: Path
    folder: Path
    node: HardhatNode
    mirrors: dict[str, Path] = field(default_factory=dict)

    @property
    def office(self) -> Path:
        """Return the folder of the issuing office."""
        return self.folder / "office"

    @property
    def examples(self) -> Path:
        """Return the folder of the lists that come with the project."""
        return self.root / "examples" / "data"

    def jikin(self, *words: str, expect: int | None = 0, secret: str | None = None, tell: bool = True) -> Said:
        """Run the `jikin` command with ``--json`` and return what it said; progress goes to the terminal.

        *secret* is the passphrase of the officer who acts, handed over in the environment. Raises CommandFailedError
        when it ends with another exit code than *expect* (None: any).
        """
        if tell:
            shown = " ".join(shlex.quote(word.replace(str(self.folder), "…")) for word in words)
            self.story.say(f"$ jikin {shown}")
        environment = self._settings()
        if secret is not None:
            environment["JIKIN_OFFICER_PASSPHRASE"] = secret
        output = self.folder / "answer.json"
        exit_code = _run_apart(words, environment, self.folder, output)
        answer = output.read_text("utf-8")
        if expect is not None and exit_code != expect:
            raise CommandFailedError(
                f"`jikin {' '.join(words)}` ended with {exit_code}, expected was {expect}: {answer[-2000:]}"
            )
        return Said(exit_code, json.loads(answer) if answer.strip() else {})

    def _settings(self) -> dict[str, str]:
        mirrors = ";".join(f"{url}={path}" for url, path in self.mirrors.items())
        settings = {
            "JIKIN_DATA": str(self.office),
            "JIKIN_RPC_URL": self.node.url,
            "JIKIN_MIRRORS": mirrors,
            "JIKIN_EXECUTOR_ID": "demo",
            "JIKIN_KEY_COST": "13",  # these keys guard nothing and are thrown away
            "JIKIN_POLL_SECONDS": "0.1",  # the chain is on this machine
            "JIKIN_PRINT_NOTE": "견본입니다. 사람과 번호는 지어낸 것이며 효력이 없습니다.",
        }
        registry = self.office / "registry.json"
        return {**settings, "JIKIN_REGISTRY_FILE": str(registry)} if registry.exists() else settings


def warm_up() -> None:
    """Begin loading what every command needs, in the background."""
    multiprocessing.set_forkserver_preload(_PRELOADED)
    forkserver.ensure_running()


def _run_apart(words: Sequence[str], environment: Mapping[str, str], folder: Path, output: Path) -> int:
    """Run the command in a process of its own, its answer going to *output*; return its exit code."""
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=_command, args=([*words, "--json"], dict(environment), folder, output))
    process.start()
    process.join(_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise CommandFailedError(f"`jikin {' '.join(words)}` did not end within {_SECONDS} seconds")
    return process.exitcode


def _command(words: list[str], environment: dict[str, str], folder: Path, output: Path) -> None:
    """Be the command: its environment, its folder, its standard output; ends with its exit code."""
    from jikin.command.main import main

    os.environ.update(environment)
    os.chdir(folder)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(descriptor, 1)
    main(words)


def new_folder(root: Path) -> Path:
    """Return a new folder for one run below ``var/demo`` of the checkout; all but the newest few are removed."""
    runs = root / "var" / "demo"
    runs.mkdir(parents=True, exist_ok=True)
    numbers = sorted(int(run.name) for run in runs.iterdir() if run.name.isdecimal())
    for number in numbers[:-_KEPT_RUNS]:
        shutil.rmtree(runs / str(number), ignore_errors=True)
    number = numbers[-1] + 1 if numbers else 1
    while True:
        folder = runs / str(number)
        try:
            folder.mkdir()  # two runs at once get two folders
        except FileExistsError:
            number += 1
        else:
            return folder
