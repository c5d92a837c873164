"""Words for what could not be judged: a file that is none, a badge of others, a code that is another, a slip."""

from __future__ import annotations

from collections.abc import Mapping

from jikin.errors import JikinError
from verifier.words import Say

# The code, or its first word, → the texts that tell it. Longer codes are looked up first.
_TEXTS: Mapping[str, str] = {
    "document.other-code": "fault.other-code",
    "document.nothing-found": "fault.nothing-found",
    "document.no-credential": "fault.no-credential",
    "document.unknown-kind": "fault.unknown-kind",
    "document.too-large": "fault.too-large",
    "document.time-limit": "fault.too-much",
    "document.memory-limit": "fault.too-much",
    "document.crashed": "fault.unreadable",
    "document.receipt-alone": "fault.receipt-alone",
    "document.receipt": "fault.receipt",
    "document.zip": "fault.zip",
    "document": "fault.unreadable",
    "badge.foreign": "fault.foreign-badge",
    "badge.foreign.open-badges-2-part": "fault.foreign-part",
    "badge": "fault.foreign-broken",
    "fetch": "fault.away",
    "number": "fault.number",
    "codec": "fault.unreadable",
    "anchor": "fault.receipt",
}

_FOREIGN = "badge.foreign."


def fault_words(fault: JikinError | None, say: Say) -> tuple[str, str, str]:
    """Return the verdict word for *fault*, why in a sentence, and what to do next."""
    key = "fault.unreadable" if fault is None else _key(fault.code)
    why = say(f"{key}.why")
    if fault is not None and fault.code.startswith(_FOREIGN):
        why = f"{say(f'imported.kind.{fault.code.removeprefix(_FOREIGN)}')} {why}"
    return say("verdict.unknown"), why, say(f"{key}.next")


def _key(code: str) -> str:
    while code not in _TEXTS:
        code, dot, _ = code.rpartition(".")
        if not dot:
            return "fault.unreadable"
    return _TEXTS[code]
