"""Templates: JSON whose strings hold ``{field}`` placeholders. Values are data: put in once, never read again.

A string that is one placeholder becomes the value itself, whatever its kind; inside a longer string the value must be
text. What depends on an empty field is left out: a member, an element, or a whole object that says
``"$when": "field"``. An array left empty by that is left out too. There is nothing to evaluate: no expressions,
no loops, no access to anything but the named fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

from jikin.credentials.text import date_in_words
from jikin.errors import CredentialError
from jikin.values import Json, JsonObject

PLACEHOLDER = re.compile(r"\{(?P<field>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)(?::(?P<form>[a-z]+))?\}")
WHEN = "$when"
_FORMS = ("date",)


class _Absent:
    """Marks what is left out."""


_ABSENT = _Absent()


def empty(value: Json) -> bool:
    """Say whether a field counts as empty: absent, null, or the empty text."""
    return value is None or value == ""


def _refuse(message: str) -> CredentialError:
    return CredentialError(message, code="type.template")


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template: every placeholder in *body* names a field of its type."""

    body: Json

    @classmethod
    def parse(cls, body: Json, fields: Collection[str], where: str) -> Template:
        """Return the template; raises CredentialError (``type.template``) for unknown fields and stray braces."""
        _check(body, fields, where)
        return cls(body)

    def fill(self, values: Mapping[str, Json], language: str = "ko") -> Json:
        """Return the body with *values* put in, None when all of it is left out; ``:date`` forms use *language*."""
        filled = _fill(self.body, values, language)
        return None if isinstance(filled, _Absent) else filled

    def fill_object(self, values: Mapping[str, Json]) -> JsonObject:
        """Return the body, which is an object, with *values* put in; raises CredentialError when it is left out."""
        filled = self.fill(values)
        if not isinstance(filled, Mapping):
            raise _refuse("the template gives no object for these values")
        return filled

    def fill_text(self, values: Mapping[str, Json], language: str = "ko") -> str:
        """Return the body, a string or a list of alternatives, with *values* put in; empty when all are left out."""
        filled = self.fill(values, language)
        first = filled[0] if isinstance(filled, (list, tuple)) and filled else filled
        return first if isinstance(first, str) else ""


def _check(body: Json, fields: Collection[str], where: str) -> None:
    if isinstance(body, str):
        for match in PLACEHOLDER.finditer(body):
            if match["field"] not in fields:
                raise _refuse(f"{where} asks for {match[0]}; its fields are {', '.join(sorted(fields))}")
            if match["form"] and match["form"] not in _FORMS:
                raise _refuse(f"{where} asks for {match[0]}; the only form is :date")
        if set(PLACEHOLDER.sub("", body)) & set("{}"):
            raise _refuse(f"{where} has a brace that belongs to no placeholder: {body[:60]!r}")
    elif isinstance(body, Mapping):
        if WHEN in body and body[WHEN] not in fields:
            raise _refuse(f"{where} asks for $when {body[WHEN]!r}; its fields are {', '.join(sorted(fields))}")
        for name, member in body.items():
            if name != WHEN:
                _check(member, fields, f"{where}/{name}")
    elif isinstance(body, (list, tuple)):
        for position, member in enumerate(body):
            _check(member, fields, f"{where}/{position}")


def _fill(body: Json, values: Mapping[str, Json], language: str) -> Json | _Absent:
    if isinstance(body, str):
        return _fill_text(body, values, language)
    if isinstance(body, Mapping):
        when = body.get(WHEN)
        if isinstance(when, str) and empty(values.get(when)):
            return _ABSENT
        members = ((name, _fill(member, values, language)) for name, member in body.items() if name != WHEN)
        return {name: member for name, member in members if not isinstance(member, _Absent)}
    if isinstance(body, (list, tuple)):
        filled = (_fill(member, values, language) for member in body)
        kept = [member for member in filled if not isinstance(member, _Absent)]
        return _ABSENT if body and not kept else kept
    return body


def _fill_text(body: str, values: Mapping[str, Json], language: str) -> Json | _Absent:
    whole = PLACEHOLDER.fullmatch(body)
    if whole and not whole["form"]:
        value = values.get(whole["field"])
        return _ABSENT if empty(value) else value
    matches = list(PLACEHOLDER.finditer(body))
    if any(empty(values.get(match["field"])) for match in matches):
        return _ABSENT
    # One pass over the template's own text: braces that come in with a value stay what they are, text.
    return PLACEHOLDER.sub(_putting(values, language), body)


def _putting(values: Mapping[str, Json], language: str) -> Callable[[re.Match[str]], str]:
    def put(match: re.Match[str]) -> str:
        value = values[match["field"]]
        if not isinstance(value, str):
            raise _refuse(f"{match[0]} stands inside a text, and its value is no text")
        if match["form"] == "date":
            try:
                return date_in_words(date.fromisoformat(value), language)
            except ValueError as error:
                raise _refuse(f"{match[0]} needs a date such as 2026-06-12") from error
        return value

    return put
