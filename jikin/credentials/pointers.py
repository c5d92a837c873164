"""JSON Pointers (RFC 6901): the address of a member inside a document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jikin.errors import CredentialError
from jikin.values import Json

_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


def check(pointer: str) -> str:
    """Return *pointer* unchanged; raises CredentialError when it is no JSON Pointer."""
    if not isinstance(pointer, str) or not _POINTER.fullmatch(pointer):
        raise CredentialError(f"not a JSON Pointer: {str(pointer)[:80]!r}; right would be /member/member")
    return pointer


def resolve(document: Json, pointer: str) -> Json:
    """Return the value that *pointer* names in *document*, None where there is nothing.

    An array met where the pointer names a member is looked into when it holds exactly one object: JSON-LD writes a
    set of one either way. Raises CredentialError when *pointer* is none.
    """
    value = document
    for token in check(pointer).split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Sequence) and not isinstance(value, str):
            if _INDEX.fullmatch(name):
                value = value[int(name)] if int(name) < len(value) else None
                continue
            value = value[0] if len(value) == 1 else None
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
