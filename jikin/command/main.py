"""The `jikin` command put together: one Typer application from the services' own commands, and one way to fail.

Exit codes: 0 done or passed, 1 failed, 2 unknown, 3 some rows failed, 64 wrong usage. An error that is part of the
product is one line of what was found and what would be right, with its code; with ``--json`` it is one JSON document.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from issuer import cli as issuer_commands
from jikin import __version__
from jikin.command import audit as audit_command
from jikin.command import badges as badge_commands
from jikin.command import canon as canon_command
from jikin.command import conformance as conformance_command
from jikin.command import demo as demo_command
from jikin.command import jose as jose_command
from jikin.command import packs as pack_commands
from jikin.command import serve as serve_command
from jikin.command import signer as signer_command
from jikin.command import up as up_command
from jikin.command import watch as watch_command
from jikin.command import witness as witness_command
from jikin.errors import JikinError
from verifier import cli as verifier_commands
from wallet import cli as wallet_commands

USAGE = 64
FAILED = 1
INTERRUPTED = 130


def application() -> typer.Typer:
    """Return the whole command; every service registers its own part."""
    app = typer.Typer(
        name="jikin",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    issuer_commands.register(app)
    wallet_commands.register(app)
    verifier_commands.register(app)
    demo_command.register(app)
    up_command.register(app)
    serve_command.register(app)
    conformance_command.register(app)
    signer_command.register(app)
    witness_command.register(app)
    watch_command.register(app)
    jose_command.register(app)
    canon_command.register(app)
    badge_commands.register(app)
    pack_commands.register(app)
    audit_command.register(app)

    app.callback()(_whole)
    app.command("version")(version)

    return app


def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _version_alone(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


def _whole(
    _: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version.", callback=_version_alone, is_eager=True)
    ] = False,
) -> None:
    """Certificates and badges that nobody can forge: issue, present, verify, revoke."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = application()(given, standalone_mode=False)
    except TyperException as error:
        typer.secho(f"jikin: {error.format_message()}", err=True)
        typer.echo(f"       `jikin {given[0] if given else ''} --help` says how".replace("  --", " --"), err=True)
        sys.exit(USAGE)
    except (Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except JikinError as error:
        _show(error, as_json="--json" in given)
        sys.exit(FAILED)
    sys.exit(code if isinstance(code, int) else 0)


def _show(error: JikinError, *, as_json: bool) -> None:
    if as_json:
        problem = {"code": error.code, "detail": str(error), "hint": error.hint}
        typer.echo(json.dumps({name: text for name, text in problem.items() if text}, ensure_ascii=False))
        return
    typer.secho(f"jikin: {error} [{error.code}]", err=True)
    if error.hint:
        typer.secho(f"       {error.hint}", err=True)
