"""The look switches: dark, high contrast and big text, kept in a cookie and set on ``<html>`` by the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jikin.web.frame import Frame

COOKIE = "look"
CHOICES: Mapping[str, tuple[str, ...]] = {
    "theme": ("light", "dark"),
    "contrast": ("normal", "high"),
    "text": ("normal", "big"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody chose; an empty text leaves it to the system's wish."""

    theme: str = ""
    contrast: str = ""
    text: str = ""

    def choose(self, values: Mapping[str, str]) -> Look:
        """Return the look with those of *values* that are known switches in a known position."""
        chosen = {
            name: values[name] if values.get(name) in positions else getattr(self, name)
            for name, positions in CHOICES.items()
        }
        return Look(**chosen)

    def text_form(self) -> str:
        """Return the look as the cookie keeps it, ``theme.contrast.text``."""
        return f"{self.theme}.{self.contrast}.{self.text}"


def look_of(request: Request) -> Look:
    """Return the look of *request*; a cookie that makes no sense is as none."""
    frame: Frame = request.app.state.frame
    parts = request.cookies.get(frame.cookie_name(COOKIE), "").split(".")
    if len(parts) != len(CHOICES):
        return Look()
    return Look().choose(dict(zip(CHOICES, parts, strict=True)))
