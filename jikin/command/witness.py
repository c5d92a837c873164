"""``jikin witness``: a witness of blocks, or the log that witnesses cosign."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add ``witness`` to the command."""
    app.command("witness")(witness)


def witness(
    *,
    log: Annotated[
        bool, typer.Option("--log", help="Keep the log that witnesses cosign, instead of witnessing.")
    ] = False,
    show_key: Annotated[
        bool, typer.Option("--show-key", help="Print the key by which others know this one, and end.")
    ] = False,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The witness's name, such as witness.example/1.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", metavar="PORT", help="Where it listens. [8111]")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Folder of its key and of all it has said.")
    ] = None,
    rpc_url: Annotated[str | None, typer.Option("--rpc-url", metavar="URL", help="The node of one's own.")] = None,
    registry_file: Annotated[
        Path | None, typer.Option("--registry", metavar="FILE", help="Which registry is meant: registry.json.")
    ] = None,
    log_key: Annotated[
        str | None, typer.Option("--log-key", metavar="KEY", help="The key of the log that is witnessed.")
    ] = None,
) -> None:
    """Vouch for blocks until Ctrl-C: cosign the log's checkpoints after having seen every block on the own node.

    Everything else is set by JIKIN_… variables; JIKIN_PASSPHRASE opens the key file, which the first start makes.
    """
    from jikin.web.serving import serve
    from jikin.witness.service import application, own_key
    from jikin.witness.settings import load

    given = {
        "role": "log" if log else None,
        "name": name,
        "port": port,
        "data": data,
        "rpc_url": rpc_url,
        "registry_file": registry_file,
        "log_key": log_key,
    }
    settings = load(os.environ, given=given)
    if show_key:
        typer.echo(str(own_key(settings)[1]))
        return
    app = application(settings, lambda: int(time.time()))
    typer.echo(f"{settings.base_url}/proof  the newest checkpoint; Ctrl-C stops it", err=True)
    serve(app, port=settings.port)
