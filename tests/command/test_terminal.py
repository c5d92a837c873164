"""Commands with options in common: typer sees one list, the work sees what was made of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from jikin.terminal import command

closed: list[str] = []


@contextmanager
def given(
    *,
    folder: Annotated[str, typer.Option("--folder", help="Where.")] = "here",
    loud: Annotated[bool, typer.Option("--loud")] = False,
) -> Iterator[str]:
    try:
        yield folder.upper() if loud else folder
    finally:
        closed.append(folder)


def count(
    made: str,
    *,
    word: Annotated[str, typer.Argument(metavar="WORD", help="What is counted.")],
    times: Annotated[int, typer.Option("--times", help="How often.")] = 1,
) -> None:
    """Count a word."""
    if times < 0:
        raise ValueError("less than none")
    typer.echo(f"{made} {word} {times}")


@pytest.fixture
def app() -> typer.Typer:
    closed.clear()
    made = typer.Typer()
    made.command("count")(command(count, given))
    return made


def test_the_work_gets_its_own_options_and_what_was_made_of_the_others(app: typer.Typer) -> None:
    ran = CliRunner().invoke(app, ["--folder", "there", "seal", "--times", "3", "--loud"])
    assert (ran.exit_code, ran.output) == (0, "THERE seal 3\n")
    assert CliRunner().invoke(app, ["seal"]).output == "here seal 1\n"


def test_help_tells_what_the_work_does_and_its_own_options_first(app: typer.Typer) -> None:
    shown = CliRunner().invoke(app, ["--help"], terminal_width=100).output
    assert "Count a word." in shown
    places = [shown.index(text) for text in ("What is counted.", "How often.", "Where.")]
    assert places == sorted(places)


def test_what_was_made_is_closed_when_the_work_fails(app: typer.Typer) -> None:
    ran = CliRunner().invoke(app, ["seal", "--times", "-1"])
    assert isinstance(ran.exception, ValueError)
    assert closed == ["here"]


def test_a_wrong_value_is_refused_before_anything_is_opened(app: typer.Typer) -> None:
    assert CliRunner().invoke(app, ["seal", "--times", "often"]).exit_code == 2
    assert closed == []
