"""The second factor: whoever knows a holder's name and birth date may see the name, partly hidden, behind a number.

The issuer answers, and the same for an unknown number, a wrong name and somebody who asks too often. What was typed
goes to the issuer of the number and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from jikin.credentials.text import visible
from jikin.errors import FetchError, ProtocolError
from jikin.values import CertificateNumber
from jikin.verification.evidence import Missing
from jikin.verification.sources import Session
from verifier.opening import OpenDesk

_MAX_NAME = 100
_DATE = re.compile(r"(\d{4})[-./년 ]{0,2}(\d{1,2})[-./월 ]{0,2}(\d{1,2})일?")
_EIGHT = re.compile(r"\d{8}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The issuer's answer: the masked *name*, or None. *away*: nobody answered, which says nothing of the name."""

    name: str | None = field(repr=False)
    away: bool


_NO = Answer(None, away=False)


def ask(desk: OpenDesk, session: Session, number: CertificateNumber, name: str, birth_date: str) -> Answer:
    """Return what the issuer of *number* says of *name* and *birth_date*, as they were typed."""
    born = date_of(birth_date)
    typed = unicodedata.normalize("NFC", name.strip())
    if born is None or not 0 < len(typed) <= _MAX_NAME:
        return _NO
    profiles = session.profiles_with_code(number.issuer)
    if isinstance(profiles, Missing):
        return Answer(None, away=True)
    away = False
    for profile in profiles.value:
        url = f"{profile.base_url}/n/{number.symbols}/second-factor"
        try:
            said = desk.door.post_json(url, {"name": typed, "birth_date": born})
            body = said.json() if said.status == 200 else None
        except FetchError:
            away = True
            continue
        except ProtocolError:
            continue
        masked = body.get("name") if isinstance(body, Mapping) else None
        if isinstance(masked, str) and masked:
            return Answer(visible(masked, _MAX_NAME), away=False)
        away = away or said.status >= 500
    return Answer(None, away=away)


def date_of(text: str) -> str | None:
    """Return the date in *text* as ``2003-04-17``, None where there is none; whether the day exists is not asked."""
    tidy = unicodedata.normalize("NFKC", text).strip()
    if _EIGHT.fullmatch(tidy):
        return f"{tidy[:4]}-{tidy[4:6]}-{tidy[6:]}"
    match = _DATE.fullmatch(tidy)
    return None if match is None else f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}"
