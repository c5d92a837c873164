"""Commands that have options in common: said once, in the function that makes of them what every command works with."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Concatenate, TypeVar

Made = TypeVar("Made")


def command(
    work: Callable[Concatenate[Made, ...], None], given: Callable[..., AbstractContextManager[Made]]
) -> Callable[..., None]:
    """Return *work* as typer registers it: with options of its own, and behind them those of *given*.

    *given* makes of its options the first argument of *work*, and keeps it open while *work* runs.
    """
    own = list(inspect.signature(work, eval_str=True).parameters.values())[1:]
    shared = list(inspect.signature(given, eval_str=True).parameters.values())
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *shared)]

    def run(**options: object) -> None:
        with given(**{each.name: options.pop(each.name) for each in shared}) as made:
            work(made, **options)

    run.__doc__ = work.__doc__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run
