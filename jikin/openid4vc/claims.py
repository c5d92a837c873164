"""Claims paths: where in a credential a claim stands (OpenID4VP 1.0, section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from jikin.values import Json

ClaimPath: TypeAlias = tuple[str | int | None, ...]
"""Texts name members, whole numbers elements, None every element of an array."""

_MAX_ELEMENTS = 32
_MAX_SELECTED = 10_000


def path_of(value: Sequence[Json]) -> ClaimPath | None:
    """Return a claims path (texts, whole numbers from 0 on, null), None for what is none, is empty or too long."""
    found: list[str | int | None] = []
    for element in value:
        if isinstance(element, bool) or not (element is None or isinstance(element, (str, int))):
            return None
        if isinstance(element, int) and element < 0:
            return None
        found.append(element)
    return tuple(found) if 0 < len(found) <= _MAX_ELEMENTS else None


def select(document: Json, path: ClaimPath) -> tuple[Json, ...] | str:
    """Return the values that *path* selects in *document*, at least one; else why there is none (section 7.1)."""
    selected: list[Json] = [document]
    for element in path:
        below: list[Json] = []
        for value in selected:
            step = _step(value, element)
            if isinstance(step, str):
                return step
            below += step
        if not below or len(below) > _MAX_SELECTED:
            return f"it has no claim {_name(element)} where it is asked for"
        selected = below
    return tuple(selected)


def _step(value: Json, element: str | int | None) -> Sequence[Json] | str:
    if isinstance(element, str):
        if not isinstance(value, Mapping):
            return f"{_name(element)} is asked for in what is no object"
        return [value[element]] if element in value else []
    if isinstance(value, str) or not isinstance(value, Sequence):
        return f"{_name(element)} is asked for in what is no array"
    if element is None:
        return value
    return [value[element]] if element < len(value) else []


def _name(element: str | int | None) -> str:
    return "every element" if element is None else f"element {element}" if isinstance(element, int) else element[:60]
