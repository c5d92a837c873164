"""``jikin demo``: the main job on real-looking input, from an empty folder to the last forged certificate."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from jikin.errors import SettingsError

_PAGES_EACH = 12  # as many as there are kinds of examination


def register(app: typer.Typer) -> None:
    """Add ``demo`` to the command."""
    app.command("demo")(demo)


def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the chain running until Ctrl-C, to try things out.")
    ] = False,
) -> None:
    """Play the whole story on a local chain; ends with the number of checks, or at the first that does not hold."""
    story = play(_checkout(), Console(stderr=True), keep=keep)
    typer.echo(story)


def play(root: Path, console: Console, *, keep: bool) -> str:
    """Return the last line of the story played in the checkout *root*; raises JikinError where a check fails."""
    from jikin.anchoring.devchain import HardhatNode
    from jikin.command import chapters
    from jikin.command.stage import Stage, new_folder, warm_up
    from jikin.command.story import Story

    warm_up()
    story = Story(console)
    with HardhatNode(root) as node:
        stage = Stage(story, root, new_folder(root), node)
        chapters.chain(stage)
        officers = chapters.institutions(stage)
        examiner = chapters.exam_results(stage)
        offices = (examiner, chapters.machines(stage))
        chapters.paper(stage, offices, each=_PAGES_EACH)
        chapters.everybody(stage, offices)
        chapters.revocation(stage, examiner, officers)
        chapters.forgeries(stage, examiner)
        chapters.outage(stage, examiner, stop=not keep)
        story.chapter("Where everything lies")
        for what, where in (
            ("certificates", examiner.folder),
            ("pictures of them", stage.folder / "pictures"),
            ("the bad rows", examiner.folder / "failures.csv"),
            ("what the institutions publish", stage.office / "public"),
        ):
            story.say(f"{what}: {where}")
        last = f"demo: {story.passed} checks passed in {story.seconds:.0f} s"
        if keep:
            story.say("")
            story.say("try it yourself:")
            story.say(f"export JIKIN_RPC_URL={node.url} JIKIN_REGISTRY_FILE={stage.office / 'registry.json'}")
            story.say(f"jikin verify {examiner.folder / examiner.numbers[1]}.pdf")
            story.say(f"{last}; Ctrl-C ends the chain")
            _until_interrupted()
    return last


def _checkout() -> Path:
    root = Path(__file__).resolve().parents[2]
    if not (root / "hardhat.config.js").is_file():
        raise SettingsError(
            "the demonstration needs the project's checkout: its local chain and its lists are not in the package",
            code="settings.checkout",
            hint="clone the project and run `make demo`",
        )
    return root


def _until_interrupted() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
