"""Reading the members of a stranger's message: each of the kind it must be, or a refusal that names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from jikin.codec import strict_json
from jikin.errors import JsonError, ProtocolError
from jikin.openid4vc.errors import OAuthError, refusal
from jikin.values import Json, JsonObject

_MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Members:
    """The members of one object of a message; *where* names it in refusals, *code* and *oauth* are theirs."""

    value: JsonObject
    where: str
    code: str
    oauth: OAuthError = OAuthError.INVALID_REQUEST

    @classmethod
    def of(cls, value: Json, where: str, code: str, oauth: OAuthError = OAuthError.INVALID_REQUEST) -> Members:
        """Return the members of *value*; raises ProtocolError when it is no object."""
        if not isinstance(value, Mapping):
            raise refusal(code, f"{where} is a JSON object, got {kind(value)}", oauth=oauth)
        return cls(value, where, code, oauth)

    @classmethod
    def parse(cls, data: bytes | str, where: str, code: str, oauth: OAuthError = OAuthError.INVALID_REQUEST) -> Members:
        """Return the members of the JSON object in *data*; raises ProtocolError for what is none, or beyond limits."""
        return cls.of(json_of(data, where, code, oauth), where, code, oauth)

    def refuse(self, message: str) -> NoReturn:
        """Raise the refusal of this object."""
        raise refusal(self.code, f"{self.where}: {message}", oauth=self.oauth)

    def text(self, name: str, *, most: int = 2048) -> str:
        """Return the text *name*, not empty and at most *most* characters."""
        value = self.value.get(name)
        if not isinstance(value, str) or not value:
            self.refuse(f"{name} is a text, got {kind(value)}")
        if len(value) > most:
            self.refuse(f"{name} has at most {most} characters, got {len(value)}")
        return value

    def optional_text(self, name: str, *, most: int = 2048) -> str | None:
        """Return the text *name*, None when it is absent or null."""
        return None if self.value.get(name) is None else self.text(name, most=most)

    def texts(self, name: str, *, empty: bool = False) -> tuple[str, ...]:
        """Return the texts of the array *name*; an empty array is refused unless *empty*."""
        return tuple(self._each_text(name, entry) for entry in self.array(name, empty=empty))

    def optional_texts(self, name: str, *, empty: bool = True) -> tuple[str, ...] | None:
        """Return the texts of the array *name*, None when it is absent or null."""
        return None if self.value.get(name) is None else self.texts(name, empty=empty)

    def _each_text(self, name: str, entry: Json) -> str:
        if not isinstance(entry, str) or not entry:
            self.refuse(f"{name} is an array of texts, and one is {kind(entry)}")
        return entry

    def array(self, name: str, *, empty: bool = False) -> Sequence[Json]:
        """Return the array *name*."""
        value = self.value.get(name)
        if isinstance(value, str) or not isinstance(value, Sequence):
            self.refuse(f"{name} is an array, got {kind(value)}")
        if not value and not empty:
            self.refuse(f"{name} is an empty array")
        return value

    def object(self, name: str) -> Members:
        """Return the members of the object *name*."""
        return Members.of(self.value.get(name), f"{name} of {self.where}", self.code, self.oauth)

    def optional_object(self, name: str) -> Members | None:
        """Return the members of the object *name*, None when it is absent or null."""
        return None if self.value.get(name) is None else self.object(name)

    def objects(self, name: str, *, empty: bool = False) -> tuple[Members, ...]:
        """Return the objects of the array *name*."""
        return tuple(
            Members.of(entry, f"{name} {position} of {self.where}", self.code, self.oauth)
            for position, entry in enumerate(self.array(name, empty=empty))
        )

    def integer(self, name: str) -> int:
        """Return the whole number *name*; one written as 5.0 counts as whole."""
        value = self.value.get(name)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(f"{name} is a whole number, got {kind(value)}")
        return value

    def optional_integer(self, name: str) -> int | None:
        """Return the whole number *name*, None when it is absent or null."""
        return None if self.value.get(name) is None else self.integer(name)

    def boolean(self, name: str, *, default: bool) -> bool:
        """Return true or false as *name* says, *default* when it is absent."""
        value = self.value.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(f"{name} is true or false, got {kind(value)}")
        return value

    def url(self, name: str, *, query: bool = True) -> str:
        """Return the http or https URL *name*, without fragment; without query unless *query*."""
        value = self.text(name)
        try:
            check_url(value, query=query)
        except ValueError as error:
            self.refuse(f"{name}: {error}")
        return value

    def optional_url(self, name: str) -> str | None:
        """Return the URL *name*, None when it is absent or null."""
        return None if self.value.get(name) is None else self.url(name)


def check_url(value: str, *, query: bool = True) -> SplitResult:
    """Return the parts of the absolute http or https URL *value*; raises ValueError that says what is wrong.

    Whether http may be asked at all is the door's to say (only for hosts an operator allows).
    """
    shown_value = shown(value)
    if not value.isascii() or any(sign <= " " or sign in '"<>\\^`{|}\x7f' for sign in value):
        raise ValueError(f"{shown_value} has signs that a URL cannot have")
    try:
        parts = urlsplit(value)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ValueError(f"{shown_value} is no URL") from error
    if parts.scheme not in ("https", "http") or not named:
        raise ValueError(f"{shown_value} is no https URL")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a URL with a user name or password is not used")
    if "#" in value:
        raise ValueError(f"{shown_value} has a fragment")
    if "?" in value and not query:
        raise ValueError(f"{shown_value} has a query")
    return parts


def json_of(data: bytes | str, where: str, code: str, oauth: OAuthError = OAuthError.INVALID_REQUEST) -> Json:
    """Return the JSON value of *data*; raises ProtocolError for what is none, or beyond the limits."""
    try:
        return strict_json.parse(data)
    except JsonError as error:
        raise _not_json(where, code, oauth, error) from error


def _not_json(where: str, code: str, oauth: OAuthError, error: JsonError) -> ProtocolError:
    return refusal(code, f"{where} cannot be read: {error}", oauth=oauth)


def kind(value: object) -> str:
    """Return what JSON calls *value*, for a message: never the value itself, which may be a secret."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a text" if value else "an empty text"
    if isinstance(value, Mapping):
        return "an object"
    return "an array" if isinstance(value, Sequence) else "a number"


def shown(value: str) -> str:
    """Return the beginning of *value* in quotes, for a message; what follows ``?`` or ``#`` may be secret."""
    cut = value.partition("?")[0].partition("#")[0]
    return repr(cut if len(cut) <= _MAX_SHOWN else cut[: _MAX_SHOWN - 3] + "...")
