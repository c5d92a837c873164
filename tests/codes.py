"""What a call answers: the code of the error it raises on purpose, or None. Anything else it raises fails the test."""

from __future__ import annotations

from collections.abc import Callable

from jikin.errors import JikinError


def code_of(call: Callable[..., object], *arguments: object) -> str | None:
    """Return the code of the JikinError that *call* raises, None when it raises none."""
    try:
        call(*arguments)
    except JikinError as error:
        return error.code
    return None
