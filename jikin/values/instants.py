"""Instants are whole Unix seconds (UTC) everywhere in the library; texts are read and written here."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from jikin.errors import ValueRefusedError

_DATE_TIME_STAMP = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})T(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})"
)


def parse_instant(text: str) -> int:
    """Return the Unix second of an xsd:dateTimeStamp such as ``2026-06-12T09:00:00Z`` (VC Data Model 2.0, 4.9).

    Fractions of a second are dropped; a missing time zone, a lower-case letter and an impossible date are refused
    with ValueRefusedError.
    """
    match = _DATE_TIME_STAMP.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueRefusedError(f"not a date and time: {str(text)[:60]!r}; right would be 2026-06-12T09:00:00Z")
    zone = "+00:00" if match["zone"] == "Z" else match["zone"]
    try:
        return int(datetime.fromisoformat(f"{match['date']}T{match['time']}{zone}").timestamp())
    except (ValueError, OverflowError) as error:
        raise ValueRefusedError(f"no such date and time: {text!r} ({error})") from error


def format_instant(instant: int) -> str:
    """Return the Unix second *instant* as ``2026-06-12T09:00:00Z``."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
