"""The texts of one language, ready to be said."""

from __future__ import annotations

from typing import Protocol

from jikin.web.texts import Texts


class Say(Protocol):
    """Says the text called *key* with *values* filled in; raises KeyError for a text that does not exist."""

    def __call__(self, key: str, **values: object) -> str:
        """Return the text."""


def saying(texts: Texts, language: str) -> Say:
    """Return what says *texts* in *language*."""

    def say(key: str, **values: object) -> str:
        return texts.say(language, key, **values)

    return say
