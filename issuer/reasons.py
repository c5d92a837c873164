"""Why a state is changed: a small closed list (``schemas/status/reasons.json``) with words in both languages.

The code goes into the note that the holder can open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import schemas
from jikin.credentials.columns import Text
from jikin.errors import OfficeError
from jikin.status.array import State

_FILE = "status/reasons.json"


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason: its code, the states it can lead to, and what it is called."""

    code: str
    states: frozenset[State]
    text: Text


@cache
def reasons() -> Mapping[str, Reason]:
    """Return every reason by its code."""
    return {
        code: Reason(code, frozenset(State[name.upper()] for name in entry["states"]), Text(entry["ko"], entry["en"]))
        for code, entry in json.loads(schemas.read(_FILE)).items()
    }


def check(code: str, state: State) -> Reason:
    """Return the reason *code*; raises OfficeError when there is none, or it does not lead to *state*."""
    known = reasons()
    fitting = ", ".join(reason.code for reason in known.values() if state in reason.states)
    if code not in known:
        raise OfficeError(f"no reason {code[:40]!r}; right would be one of {fitting}", code="office.reason")
    if state not in known[code].states:
        raise OfficeError(
            f"the reason {code} does not lead to the state {state.name.lower()}; right would be one of {fitting}",
            code="office.reason",
        )
    return known[code]
