"""``jikin watch``: tells what happens at the registry and is not in the owner's own list."""

from __future__ import annotations

import shlex
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add ``watch`` to the command."""
    app.command("watch")(watch)


def watch(
    *,
    rpc_url: Annotated[
        str,
        typer.Option("--rpc-url", metavar="URL", envvar="JIKIN_RPC_URL", help="A node of one's own."),
    ],
    registry_file: Annotated[
        Path,
        typer.Option("--registry", metavar="FILE", envvar="JIKIN_REGISTRY_FILE", help="Which one: registry.json."),
    ],
    known: Annotated[
        str,
        typer.Option("--known", metavar="FILE|URL", help="The owner's list of what was meant."),
    ],
    issuer: Annotated[
        list[str] | None, typer.Option("--issuer", metavar="DID", help="Whom to watch, repeatable. [everybody]")
    ] = None,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Where it keeps its place.")] = Path("var/watch"),
    webhook: Annotated[
        str | None, typer.Option("--webhook", metavar="URL", envvar="JIKIN_WEBHOOK", help="Post every alert there.")
    ] = None,
    command: Annotated[
        str | None, typer.Option("--command", metavar="WORDS", help="Run this with every alert on its input.")
    ] = None,
    every: Annotated[float, typer.Option("--every", metavar="SECONDS", min=0.1, help="How often it looks.")] = 2.0,
    once: Annotated[
        bool, typer.Option("--once", help="Look once: 0 nothing to tell, 1 something told, 2 could not look.")
    ] = False,
) -> None:
    """Tell, one JSON line each, what happens at the registry and is not in the owner's own list, until Ctrl-C.

    Any key, operator, profile, anchor, epoch, owner or accreditation that nobody here meant; anchors and epochs that
    the node hides; and that it cannot see, when it cannot. The list has one act a line: a transaction's hash, or JSON.
    """
    from jikin.anchoring.evm import EvmRegistry
    from jikin.errors import JikinError, RegistryError, SettingsError, UnavailableError
    from jikin.values import Did
    from jikin.witness.place import Places
    from jikin.witness.settings import read_pins
    from jikin.witness.tellers import Lines, Program, Teller, Webhook, known_from
    from jikin.witness.watching import Watcher

    pins = read_pins(registry_file)
    tellers: list[Teller] = [Lines(typer.echo)]
    if webhook:
        tellers.append(Webhook(webhook))
    if command:
        tellers.append(Program(shlex.split(command)))
    issuers = frozenset(Did(text).issuer_id for text in issuer or ())
    read_known = known_from(known)
    places = Places(data / "watch.db", pins)
    watcher = Watcher(EvmRegistry(rpc_url, pins), places, issuers, read_known, tellers)
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    blind: JikinError | None = None
    told = 0
    while not ended.is_set():
        try:
            told, blind = watcher.round(), None
        except (UnavailableError, RegistryError, SettingsError) as error:
            told, blind = watcher.tell_blind(error), error
            typer.secho(f"jikin: {error} [{error.code}]", err=True)
        if once:
            break
        ended.wait(every)
    places.close()
    for number, handler in before.items():
        signal.signal(number, handler)
    if once:
        raise typer.Exit(2 if blind is not None else 1 if told else 0)
