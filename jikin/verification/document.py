"""What is judged, and what it says of itself before anything is believed."""

from __future__ import annotations

from dataclasses import dataclass, field

from jikin.anchoring.receipt import Receipt
from jikin.values import JsonObject


@dataclass(frozen=True, slots=True)
class Document:
    """A secured *credential* as parsed JSON, and the *receipt* that came with it, if one did.

    Nothing of it is checked yet. Its content may be personal and stays out of reprs.
    """

    credential: JsonObject = field(repr=False)
    receipt: Receipt | None = None
