"""Reading what the vault itself wrote: members of a record, each of its kind. A record opened is one of ours."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from jikin.values import Json, JsonObject


def objects(value: Json) -> JsonObject:
    """Return *value* where it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def text(value: Json) -> str | None:
    """Return *value* where it is a text, else None."""
    return value if isinstance(value, str) else None


def texts(value: Json) -> dict[str, str]:
    """Return the members of *value* that are texts."""
    return {name: member for name, member in objects(value).items() if isinstance(member, str)}


def text_list(value: Json) -> tuple[str, ...]:
    """Return the texts of the array *value*."""
    listed = value if isinstance(value, (list, tuple)) else ()
    return tuple(entry for entry in listed if isinstance(entry, str))


def whole(value: Json) -> int | None:
    """Return *value* where it is a whole number, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def numbers_and_texts(value: Json) -> dict[str, int | str]:
    """Return the members of *value* that are whole numbers or texts."""
    return {name: member for name, member in objects(value).items() if isinstance(member, (int, str))}


def b64(data: bytes) -> str:
    """Return *data* in base64url without padding."""
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def unb64(value: str) -> bytes:
    """Return the bytes that base64url *value* says; raises ValueError."""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
