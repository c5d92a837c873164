"""A credential's fields read back by its type's template: what was put in when it was issued, as far as it shows.

A value that only stands in the credential as a hash does not come back. Nothing is judged here: whoever shows or prints
what was read has verified the credential before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jikin.credentials.templates import PLACEHOLDER, WHEN
from jikin.values import Json, JsonObject

_TEXT = r"(.+?)"
_MAX_TEXT = 4000  # longer than any text that a template makes; trying all ways to divide one costs its square
_DATE = r"([0-9]{4}-[0-9]{2}-[0-9]{2})"


def fields_of(body: Json, document: JsonObject) -> dict[str, str]:
    """Return the texts that *document* holds where the template *body* has placeholders, by field.

    A field that stands alone somewhere is read there rather than out of a longer text; what does not fit the template
    is passed over.
    """
    found: dict[str, str] = {}
    _read(body, document, found)
    return found


def _read(body: Json, value: Json, found: dict[str, str]) -> bool:
    """Put into *found* what *value* holds of *body*; says whether what is fixed in *body* is the same there."""
    if isinstance(body, str):
        return _read_text(body, value, found)
    if isinstance(body, Mapping):
        if not isinstance(value, Mapping):
            return False
        # All members are looked at: one that does not fit says nothing about the others.
        fits = [
            _read(member, value[name], found) if name in value else _may_be_absent(member)
            for name, member in body.items()
            if name != WHEN
        ]
        return all(fits)
    if isinstance(body, Sequence):
        return _read_elements(body, value, found)
    return body == value


def _read_elements(body: Sequence[Json], value: Json, found: dict[str, str]) -> bool:
    """Read an array: its elements stand in the template's order, and some may have been left out."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return False
    left = list(value)
    for element in body:
        tried = dict(found)
        if left and _read(element, left[0], tried):
            found.update(tried)
            del left[0]
        elif not _may_be_absent(element):
            return False
    return not left


def _read_text(body: str, value: Json, found: dict[str, str]) -> bool:
    matches = list(PLACEHOLDER.finditer(body))
    if not matches:
        return body == value
    alone = len(matches) == 1 and matches[0][0] == body
    if not isinstance(value, str):
        return alone  # a field whose value is no text
    if alone:
        found[matches[0]["field"]] = value
        return True
    if len(value) > _MAX_TEXT:
        return False
    pattern, end = "", 0
    for match in matches:
        pattern += re.escape(body[end : match.start()]) + (_DATE if match["form"] else _TEXT)
        end = match.end()
    read = re.fullmatch(pattern + re.escape(body[end:]), value, re.DOTALL)
    if read is None:
        return False
    for match, text in zip(matches, read.groups(), strict=True):
        found.setdefault(match["field"], text)
    return True


def _may_be_absent(body: Json) -> bool:
    """Say whether an empty field leaves *body* out."""
    if isinstance(body, str):
        return PLACEHOLDER.search(body) is not None
    if isinstance(body, Mapping):
        return WHEN in body
    return isinstance(body, Sequence) and all(_may_be_absent(element) for element in body)
