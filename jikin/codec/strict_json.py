"""JSON as strangers must send it (RFC 8259, I-JSON): one reading for everybody, or none.

Two parsers that disagree about the same bytes let a forger show one thing and sign another: duplicate names, NaN, lone
surrogates and numbers beyond a double are refused, and so is what would exhaust the reader.
"""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn, cast

from jikin.errors import JsonError
from jikin.values import Json

_SURROGATE = re.compile("[\ud800-\udfff]")
# A string, also one that never ends (so that each character is read once), or a bracket.
_TOKEN = re.compile(r'"(?:[^"\\]|\\(?:.|\Z))*(?:"|\Z)|[\[\]{}]', re.DOTALL)


def parse(data: bytes | str, *, max_bytes: int = 1 << 20, max_depth: int = 64) -> Json:
    """Return the value that *data* (UTF-8, at most *max_bytes* bytes) says.

    *max_depth* counts nested objects and arrays. Raises JsonError with the codes ``codec.json`` (not JSON),
    ``codec.json.duplicate-name``, ``codec.json.number``, ``codec.json.text`` (not Unicode), ``codec.json.too-deep``,
    ``codec.json.too-long``.
    """
    text = _text(data, max_bytes)
    _check_nesting(text, max_depth)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except JsonError:
        raise
    except ValueError as error:  # JSONDecodeError, and integers of more digits than Python converts
        raise JsonError(f"not JSON: {error}") from error
    _check(value, max_depth)
    return cast(Json, value)


def _text(data: bytes | str, max_bytes: int) -> str:
    # A str can only be longer in UTF-8: the cheap test first.
    if len(data) > max_bytes:
        raise JsonError(f"JSON of at most {max_bytes} bytes is read, got {len(data)}", code="codec.json.too-long")
    try:
        if isinstance(data, bytes):
            return data.decode("utf-8")
        size = len(data.encode("utf-8"))
    except UnicodeError as error:
        raise JsonError(f"not UTF-8: {error}", code="codec.json.text") from error
    if size > max_bytes:
        raise JsonError(f"JSON of at most {max_bytes} bytes is read, got {size}", code="codec.json.too-long")
    return data


def _check_nesting(text: str, max_depth: int) -> None:
    """Refuse deep nesting before the parser recurses into it.

    Some libraries raise Python's recursion limit so far that the parser would not raise RecursionError but end the
    whole process.
    """
    if text.count("[") + text.count("{") <= max_depth:
        return
    depth = 0
    for token in _TOKEN.finditer(text):
        bracket = text[token.start()]
        if bracket in "[{":
            depth += 1
            if depth > max_depth:
                raise _too_deep(max_depth)
        elif bracket in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonError(f"the name {twice[:80]!r} stands twice in one object", code="codec.json.duplicate-name")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise JsonError(f"JSON has no number {name}", code="codec.json.number")


def _too_deep(max_depth: int) -> JsonError:
    return JsonError(f"JSON nested deeper than {max_depth} is not read", code="codec.json.too-deep")


def _check(value: object, max_depth: int) -> None:
    # Level by level rather than by recursion: the depth is the stranger's choice.
    level = [value]
    depth = 0
    while level:
        below: list[object] = []
        containers = False
        for item in level:
            if isinstance(item, str):
                _check_text(item)
            elif isinstance(item, dict):
                containers = True
                for name in item:
                    _check_text(name)
                below.extend(item.values())
            elif isinstance(item, list):
                containers = True
                below.extend(item)
            elif isinstance(item, float) and not math.isfinite(item):
                raise JsonError("a number is beyond what a double can hold", code="codec.json.number")
        depth += containers
        if depth > max_depth:
            raise _too_deep(max_depth)
        level = below


def _check_text(text: str) -> None:
    if not text.isascii() and _SURROGATE.search(text):
        raise JsonError("a text holds half of a surrogate pair", code="codec.json.text")
