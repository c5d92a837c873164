"""Instants are whole Unix seconds (UTC) everywhere in the library; texts are read and written here."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from jikin.errors import ValueRefusedError

_DATE_TIME_STAMP = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"T(?:(?P<time>(?!24)[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?|(?P<midnight>24:00:00)(?:\.0+)?)"
    r"(?P<zone>Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
)
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # the years 1 and 9999, all that can be written again


def parse_instant(text: str) -> int:
    """Return the Unix second of an xsd:dateTimeStamp such as ``2026-06-12T09:00:00Z`` (VC Data Model 2.0, 4.9).

    XML Schema 1.1 part 2, section 3.4.28, for the years 1 to 9999: fractions of a second are dropped, ``24:00:00`` is
    the next day's midnight. Refused with ValueRefusedError: a missing time zone or one beyond 14 hours, a lower-case
    letter, a leap second, an impossible date.
    """
    match = _DATE_TIME_STAMP.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueRefusedError(f"not a date and time: {str(text)[:60]!r}; right would be 2026-06-12T09:00:00Z")
    zone = "+00:00" if match["zone"] == "Z" else match["zone"]
    try:
        read = datetime.fromisoformat(f"{match['date']}T{match['time'] or '00:00:00'}{zone}")
        instant = (read - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    except (ValueError, OverflowError) as error:
        raise ValueRefusedError(f"no such date and time: {text[:60]!r} ({error})") from error
    instant += 0 if match["time"] else 86_400
    if not _FIRST <= instant <= _LAST:
        raise ValueRefusedError(f"{text[:60]!r} is beyond the years 1 to 9999")
    return instant


def format_instant(instant: int) -> str:
    """Return the Unix second *instant* as ``2026-06-12T09:00:00Z``."""
    return f"{datetime.fromtimestamp(instant, UTC).replace(tzinfo=None).isoformat()}Z"
