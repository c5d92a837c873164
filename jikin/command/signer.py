"""``jikin signer``: keys on a host of their own, that sign for an office what they were given for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add ``signer`` to the command."""
    app.command("signer")(signer)


def signer(
    *,
    config: Annotated[Path, typer.Option("--config", metavar="FILE", help="TOML: keys, purposes, token, registry.")],
    port: Annotated[int | None, typer.Option("--port", metavar="PORT", help="Where it listens. [8120]")] = None,
) -> None:
    """Sign for an office until Ctrl-C, on 127.0.0.1: put a server with a certificate in front of it."""
    from jikin.signer.service import application
    from jikin.signer.settings import load
    from jikin.web import logs
    from jikin.web.serving import serve

    logs.configure("INFO")
    settings = load(config, port=port)
    app = application(settings, lambda: int(time.time()))
    typer.echo(f"http://localhost:{settings.port}/keys/NAME for {', '.join(k.name for k in settings.keys)}", err=True)
    serve(app, port=settings.port)
