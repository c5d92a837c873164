"""What the commands say, in Korean and English: the JSON files beside this, chosen when shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = ("ko", "en")


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return all texts of *language*, ko or en, by key."""
    found: dict[str, str] = json.loads(files(__name__).joinpath(f"{language}.json").read_bytes())
    return found


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        """Return the text *key* with *values* filled in."""
        return catalogue(self.language)[key].format_map(values)

    def error(self, code: str) -> str | None:
        """Return what an error code means in this language, None where there is nothing to add to its own words."""
        known = catalogue(self.language)
        while code:
            if f"error.{code}" in known:
                return known[f"error.{code}"]
            code = code.rpartition(".")[0]
        return None
