"""``jikin demo``: the main job on real-looking input over HTTP, from an empty folder to the chain's end."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from jikin.command.serve import Service
from jikin.errors import SettingsError

if TYPE_CHECKING:
    from jikin.command.chapters.holder import Wallet
    from jikin.command.chapters.machines import Paper
    from jikin.command.stage import Stage


def register(app: typer.Typer) -> None:
    """Add ``demo`` to the command."""
    app.command("demo")(demo)


def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave chain and services running until Ctrl-C, to try things out.")
    ] = False,
    port_base: Annotated[
        int, typer.Option("--port-base", metavar="PORT", help="Issuer at PORT+1, wallet +2, verifier +3.")
    ] = 8100,
) -> None:
    """Play the whole story on a local chain; ends with the number of checks, or at the first that does not hold."""
    typer.echo(play(_checkout(), Console(stderr=True), keep=keep, port_base=port_base))


def play(root: Path, console: Console, *, keep: bool, port_base: int = 8100) -> str:
    """Return the last line of the story played in the checkout *root*; raises JikinError where a check fails."""
    from jikin.command import trial as trials
    from jikin.command.chapters import endings, holder, machines, office, proofs
    from jikin.command.child import warm_up
    from jikin.command.stage import Stage, new_folder
    from jikin.command.story import Story
    from jikin.command.trial import TrialPlan

    warm_up()
    story = Story(console)
    plan = TrialPlan(
        folder=new_folder(root),
        root=root,
        port_base=port_base,
        chain="hardhat",
        settings={"JIKIN_SESSION_SECONDS": "0"},
    )
    with trials.opened(plan) as trial:
        stage = Stage(story, root, trial)
        examiner, machinery = office.accreditation(stage)
        office.officers(stage, (examiner, machinery))
        issued = office.exam_results(stage, examiner)
        office.everybody(stage, issued)
        wallet = holder.receives(stage, issued)
        holder.shows(stage, wallet)
        holder.shows_a_part(stage, wallet)
        certificate = machines.application(stage, machinery)
        printed = machines.paper(stage, machinery, certificate)
        endings.revocation(stage, issued, wallet)
        endings.forgeries(stage, wallet, printed)
        proofs.without_anybody(stage, printed, examiner)
        endings.outage(stage, printed, chain_too=not keep)
        _where(stage, wallet, printed)
        last = f"demo: {story.passed} checks passed in {story.seconds:.0f} s"
        stage.close()
        if keep:
            story.say(f"{last}; Ctrl-C ends everything")
            _until_interrupted()
    return last


def _where(stage: Stage, wallet: Wallet, printed: Paper) -> None:
    """Tell where everything is."""
    story = stage.story
    story.chapter("Where everything is")
    story.say(f"issuer    {stage.url(Service.ISSUER, '/admin')}")
    story.say(f"wallet    {stage.url(Service.WALLET)}   {wallet.name}, passphrase: {wallet.passphrase}")
    story.say(f"verifier  {stage.url(Service.VERIFIER, f'/n/{printed.certificate.number}')}")
    story.say(f"certificate as PDF: {printed.pdf}")
    story.say(f"picture of its page: {printed.picture}")
    story.say(f"what the institutions publish: {stage.trial.plan.office / 'public'}")
    story.say(f"logs of the services: {stage.folder / 'logs'}")


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
