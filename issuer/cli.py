"""The office's commands, put into the `jikin` command by one call. Heavy parts are loaded when a command runs."""

from __future__ import annotations

import typer

from issuer.commands import admin, books, embargo, issue, status


def register(app: typer.Typer) -> None:
    """Put every command of the office into *app*."""
    for group in (issue, embargo, status, books, admin):
        group.register(app)
