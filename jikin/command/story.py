"""Tells what a long command does as it happens, on standard error, and counts what was checked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from jikin.errors import JikinError


class CheckFailedError(JikinError):
    """Something the story relies on did not hold."""

    code = "demo.check-failed"


class Story:
    """A story in chapters. ``check`` states a fact, shows it, and ends the story when it does not hold."""

    def __init__(self, console: Console) -> None:
        """Begin now; everything is written to *console*."""
        self.console = console
        self.passed = 0
        self._begun = time.monotonic()
        self._chapter = 0

    @property
    def seconds(self) -> float:
        """Return how long the story has lasted."""
        return time.monotonic() - self._begun

    def chapter(self, title: str) -> None:
        """Begin a new chapter."""
        self._chapter += 1
        self.console.print()
        self.console.print(f"[bold]{self._chapter}. {escape(title)}[/bold]  [dim]{self.seconds:.1f} s[/dim]")

    def say(self, line: str) -> None:
        """Tell one line."""
        self.console.print(f"   {escape(line)}", soft_wrap=True)

    def check(self, fact: str, holds: bool, found: object = "") -> None:
        """Show that *fact* holds and count it; raises CheckFailedError, with what was *found*, when it does not."""
        if not holds:
            self.console.print(f"   [bold red]✗[/bold red] {escape(fact)}", soft_wrap=True)
            raise CheckFailedError(f"this did not hold: {fact}; found {found!r}")
        self.passed += 1
        self.console.print(f"   [green]✓[/green] {escape(fact)}", soft_wrap=True)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Return a progress display in the story's manner: what, bar, how many, how long."""
        columns = (
            TextColumn("   {task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console) as progress:
            yield progress
