"""``jikin conformance``: the VC API profile for public conformance suites, on this machine alone."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add ``conformance`` to the command."""
    app.command("conformance")(conformance)


def conformance(
    *,
    port: Annotated[int | None, typer.Option("--port", metavar="PORT", help="Where it listens. [8110]")] = None,
    trust: Annotated[
        Path | None, typer.Option("--trust", metavar="DIR", help="Further trusted issuers: *.json, and *.pem roots.")
    ] = None,
) -> None:
    """Serve the VC API profile until Ctrl-C: keys in memory, 127.0.0.1 only, requests through a proxy refused."""
    from jikin.conformance.service import application
    from jikin.conformance.settings import load
    from jikin.web import logs
    from jikin.web.serving import serve

    logs.configure("WARNING")
    settings = load(os.environ, given={"port": port, "trust": trust})
    app = application(settings, lambda: int(time.time()))
    typer.echo(f"{settings.base_url}  issue, verify, resolve; Ctrl-C stops it", err=True)
    serve(app, port=settings.port)
