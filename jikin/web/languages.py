"""Which language a request reads, and days and moments in the words of that language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from starlette.requests import Request

from jikin.verification.texts import LANGUAGES, SEOUL, date_text, local_time

if TYPE_CHECKING:
    from jikin.web.frame import Frame

Language = Literal["ko", "en"]
DEFAULT: Language = "ko"
COOKIE = "lang"
_NO_BREAK = "\u00a0"
_MAX_HEADER = 400
_MAX_ENTRIES = 20


def language_of(request: Request) -> Language:
    """Return the language of *request*: by ``?lang=``, cookie, Accept-Language (RFC 9110, 12.5.4), else Korean."""
    asked = asked_language(request)
    if asked is not None:
        return asked
    frame: Frame = request.app.state.frame
    kept = request.cookies.get(frame.cookie_name(COOKIE), "")
    if kept in LANGUAGES:
        return cast(Language, kept)
    return accepted_language(request.headers.get("accept-language", ""))


def asked_language(request: Request) -> Language | None:
    """Return what ``?lang=`` asks for, None when it asks for nothing known; it is kept in a cookie."""
    asked = request.query_params.get("lang", "")
    return cast(Language, asked) if asked in LANGUAGES else None


def accepted_language(header: str) -> Language:
    """Return the best known language of an Accept-Language header; the default where it names none we know."""
    best: Language = DEFAULT
    weight = 0.0
    for entry in header[:_MAX_HEADER].split(",")[:_MAX_ENTRIES]:
        tag, _, parameters = entry.partition(";")
        primary = tag.strip().lower().split("-")[0]
        quality = _quality(parameters)
        if primary in LANGUAGES and quality > weight:
            best, weight = cast(Language, primary), quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0


def day(instant: int, language: str) -> str:
    """Return the day of *instant* (Unix second) in Seoul: ``2026년 6월 12일`` or ``12 June 2026``; it never breaks."""
    return date_text(instant, language, SEOUL).replace(" ", _NO_BREAK)


def moment(instant: int, language: str) -> str:
    """Return day and time of *instant* in Seoul: ``2026년 6월 12일 09시 04분`` or ``12 June 2026, 09:04``."""
    local = local_time(instant)
    if language == "ko":
        return f"{day(instant, language)} {local:%H}시{_NO_BREAK}{local:%M}분"
    return f"{day(instant, language)}, {local:%H:%M}"
