"""The texts of pages: one TOML file per language, tables become dotted keys, ``{name}`` marks what is filled in.

``{issuer:이/가}`` puts the Korean particle that fits the word before it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jikin.errors import SettingsError
from jikin.verification.texts import LANGUAGES, Noun, placeholders

__all__ = ["COMMON", "LANGUAGES", "Texts", "read_texts"]

COMMON = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one service over the common ones: language → key → text."""

    words: Mapping[str, Mapping[str, str]] = field(repr=False)

    @classmethod
    def load(cls, folder: Path) -> Texts:
        """Return the texts of *folder* (``ko.toml``, ``en.toml``) merged over the common ones; raises SettingsError."""
        return cls(
            {
                language: {
                    **read_texts(COMMON / f"{language}.toml"),
                    **({} if folder == COMMON else read_texts(folder / f"{language}.toml")),
                }
                for language in LANGUAGES
            }
        )

    def say(self, language: str, key: str, **values: object) -> str:
        """Return the text *key* in *language* with *values* filled in; raises KeyError for what does not exist."""
        return self.words[language][key].format_map({name: Noun(str(value)) for name, value in values.items()})

    def keys(self, language: str) -> frozenset[str]:
        """Return every key of *language*."""
        return frozenset(self.words[language])

    def placeholders(self, language: str, key: str) -> frozenset[str]:
        """Return the names that the text *key* wants filled in."""
        return placeholders(self.words[language][key])


def read_texts(file: Path) -> Mapping[str, str]:
    """Return the texts of one TOML file, nested tables as dotted keys; raises SettingsError (``settings.texts``)."""
    try:
        tree = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file} cannot be read as texts: {error}", code="settings.texts") from error
    flat: dict[str, str] = {}
    _flatten(tree, "", flat, file)
    return flat


def _flatten(table: Mapping[str, object], prefix: str, flat: dict[str, str], file: Path) -> None:
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict):
            _flatten(value, f"{key}.", flat, file)
        elif isinstance(value, str):
            flat[key] = value
        else:
            raise SettingsError(f"{file}: {key} is no text but {type(value).__name__}", code="settings.texts")
