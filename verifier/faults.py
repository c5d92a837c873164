"""Words for what could not be judged: a file that is none, a code that is another, a number with a slip."""

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
    "number": "fault.number",
    "codec": "fault.unreadable",
    "anchor": "fault.receipt",
}


def fault_words(fault: JikinError | None, say: Say) -> tuple[str, str, str]:
    """Return the verdict word for *fault*, why in a sentence, and what to do next."""
    key = "fault.unreadable" if fault is None else _key(fault.code)
    return say("verdict.unknown"), say(f"{key}.why"), say(f"{key}.next")


def _key(code: str) -> str:
    while code not in _TEXTS:
        code, dot, _ = code.rpartition(".")
        if not dot:
            return "fault.unreadable"
    return _TEXTS[code]
