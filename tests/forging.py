"""Places in a document, and changing it in one of them, for tests that have to notice it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

Path = tuple[str | int, ...]


def flipped(text: str) -> str:
    """Return *text* with the character in its middle changed, to one that is also of the base58 alphabet."""
    middle = len(text) // 2
    return text[:middle] + ("2" if text[middle] != "2" else "3") + text[middle + 1 :]


def places(value: Any, path: Path = ()) -> list[Path]:
    """Return the path of every text in *value* but those under ``@context``."""
    if isinstance(value, str):
        return [path]
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in items if key != "@context" for place in places(inner, (*path, key))]


def put(document: dict[str, Any], path: Path, change: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a copy of *document* in which what stands at *path* went through *change*."""
    changed = copy.deepcopy(document)
    place: Any = changed
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = change(place[path[-1]])
    return changed


def pointers_into(value: Any, path: str = "") -> list[str]:
    """Return a JSON Pointer to everything in *value* but what is under ``@context``."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [
        pointer
        for token, inner in items
        if token != "@context"
        for pointer in pointers_into(inner, f"{path}/{str(token).replace('~', '~0').replace('/', '~1')}")
    ]
    return [path, *below] if path else below
