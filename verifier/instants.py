"""The instant that somebody asks about: "was it good then?", by a moment or by a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from jikin.errors import ValueRefusedError
from jikin.values import format_instant, parse_instant
from jikin.verification.texts import SEOUL

_DAY = "%Y-%m-%d"


def asked_instant(text: str, now: int) -> int:
    """Return the Unix second that *text* names: ``2026-06-12T09:00:00Z``, or a day, ``2026-06-12``.

    A day means its end in Seoul: what was issued in the morning was good on that day, what ended during it was not any
    more. Today means now. Raises ValueRefusedError (``value.instant``) for another text and for the future, of which
    nobody knows anything.
    """
    try:
        day = datetime.strptime(text.strip(), _DAY).replace(tzinfo=SEOUL)
    except ValueError:
        instant = parse_instant(text.strip())
    else:
        if day.timestamp() > now:
            raise _future(text, now)
        instant = min(int((day + timedelta(days=1)).timestamp()) - 1, now)
    if instant > now:
        raise _future(text, now)
    return instant


def _future(text: str, now: int) -> ValueRefusedError:
    return ValueRefusedError(
        f"{text.strip()[:40]} lies in the future: it is {format_instant(now)}; right would be a time up to then",
        code="value.instant",
    )
