"""``jikin verify``: the desk at a terminal. What checks is loaded when the command runs."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from jikin.errors import DocumentError, ValueRefusedError
from verifier.settings import load

if TYPE_CHECKING:
    from verifier.checking import Checked

EXIT = {"passed": 0, "failed": 1, "unknown": 2}  # by the outcome
_USAGE = 64


def register(app: typer.Typer) -> None:
    """Add ``verify`` to the command."""
    app.command("verify")(verify)


def verify(
    asked: Annotated[list[str], typer.Argument(metavar="FILE|LINK|NUMBER…", help="what to check")],
    *,
    rpc_url: Annotated[str | None, typer.Option(help="JSON-RPC endpoint of the chain")] = None,
    registry: Annotated[Path | None, typer.Option(help="registry.json: which registry is meant")] = None,
    trust: Annotated[str | None, typer.Option(help="rpc: believe the node; proof: have every answer proven")] = None,
    node: Annotated[list[str] | None, typer.Option(help="a further node that must have the same block")] = None,
    block: Annotated[
        list[str] | None, typer.Option(metavar="NUMBER:HASH:TIME", help="a block that is known to be right")
    ] = None,
    mirror: Annotated[list[str] | None, typer.Option(help="URL=FOLDER: a copy of an issuer's public files")] = None,
    policy: Annotated[str | None, typer.Option(help="which findings decide: public, proof, strict, offline …")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="ask nobody outside")] = False,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="was it good then? 2026-06-12, or with time and zone")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="also write the answer as JSON into this file")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
    lang: Annotated[str | None, typer.Option(help="ko or en")] = None,
) -> None:
    """Check certificates: PDF, picture, JSON, pack, folder, zip, link, number. Exit 0 genuine, 1 not, 2 cannot tell."""
    from verifier import checking
    from verifier.app import build

    given = {
        "rpc_url": rpc_url,
        "registry_file": registry,
        "chain_trust": trust,
        "chain_nodes": ";".join(node) if node else None,
        "chain_block": ";".join(block) if block else None,
        "mirrors": ";".join(mirror) if mirror else None,
        "policy": policy,
        "offline": offline or None,
        "lang": lang,
    }
    settings = load(os.environ, given=given)
    language = settings.lang
    desk = build(settings, lambda: int(time.time()))
    instant = _instant(at, desk.clock())
    session = desk.sources.at_newest()
    answers: list[Checked] = []
    console = Console(stderr=True)
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.completed} {task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress:
        task = progress.add_task("확인함" if language == "ko" else "checked", total=None)
        for one in asked:
            try:
                for answer in checking.check(one, desk, session, at=instant):
                    answers.append(answer)
                    progress.advance(task)
            except DocumentError as error:
                typer.secho(f"jikin verify: {error}", err=True)
                raise typer.Exit(_USAGE) from error
    document = checking.checked_json(answers[0]) if len(answers) == 1 else checking.summary_json(answers)
    text = json.dumps(document, ensure_ascii=False, indent=1)
    if report is not None:
        report.write_text(text + "\n", "utf-8")
    if as_json:
        typer.echo(text)
    else:
        _show(answers, language)
    raise typer.Exit(EXIT[checking.worst(answer.outcome for answer in answers).value])


def _show(answers: list[Checked], language: str) -> None:
    from jikin.verification.report import Outcome
    from verifier import showing

    console = Console()
    one = len(answers) == 1
    for answer in answers:
        (showing.show if one else showing.show_line)(answer, console, language)
    if not one:
        counts = {outcome: sum(answer.outcome is outcome for answer in answers) for outcome in Outcome}
        words = {
            "ko": "진본 {passed}, 진본 아님 {failed}, 알 수 없음 {unknown}",
            "en": "{passed} genuine, {failed} not genuine, {unknown} cannot tell",
        }
        console.print(words[language].format(**{outcome.value: count for outcome, count in counts.items()}))


def _instant(text: str | None, now: int) -> int | None:
    if text is None:
        return None
    from verifier.instants import asked_instant

    try:
        return asked_instant(text, now)
    except ValueRefusedError as error:
        typer.secho(f"jikin verify: --at: {error}", err=True)
        raise typer.Exit(_USAGE) from error
