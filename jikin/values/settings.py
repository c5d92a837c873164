"""Declared settings: one frozen dataclass says name, type, default, meaning and unit; one function reads them.

A setting NAME is taken, in this order, from what the command line gave, the variable ``JIKIN_NAME``, one TOML file, the
default. Secrets come by environment only and are never shown. Nothing here looks at the environment by itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, TypeVar, get_args, get_origin, get_type_hints

from jikin.errors import SettingsError

PREFIX = "JIKIN_"
LANGUAGES = ("ko", "en")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
Declared = TypeVar("Declared")


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that is never shown: not in repr, not in errors."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class About:
    """What a setting means, and its unit; stands in the annotation of the field it speaks of."""

    meaning: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One line of ``jikin settings``: *value* is text, hidden for secrets."""

    name: str
    value: str
    default: str
    meaning: str
    unit: str
    source: str


def declared(kind: type[Declared]) -> dict[str, tuple[type, About]]:
    """Return every setting of the dataclass *kind*: its type (what is not None) and what is said about it."""
    known = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if get_origin(hint) is Annotated:
            stated, about = get_args(hint)
            known[name] = (next((t for t in get_args(stated) if t is not type(None)), stated), about)
    return known


def collect(
    kind: type[Declared], environ: Mapping[str, str], file: Path | None, given: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, str]]:
    """Return the values set for *kind* and where each came from; what nobody set is left to the default.

    *given* holds typed values, None meaning "not given"; a *file* that does not exist is an empty one. Raises
    SettingsError, which names the setting, what was found and what would be right.
    """
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    known = declared(kind)
    secrets = {name for name, (stated, _) in known.items() if stated is Secret}
    written = {} if file is None else _read_file(file, set(known), secrets)
    for name, (stated, _) in known.items():
        variable = PREFIX + name.upper()
        if given.get(name) is not None:
            values[name], sources[name] = given[name], "command line"
        elif environ.get(variable):
            values[name], sources[name] = _typed(stated, environ[variable], variable), f"environment {variable}"
        elif name in written and file is not None:
            values[name], sources[name] = _typed(stated, written[name], f"{name} in {file}"), file.name
    return values, sources


def spoken(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the language of the locale, ko or en, and where that comes from, for the setting ``lang``."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return ("ko" if locale.startswith("ko") else "en"), "environment LANG"


def check_ranges(settings: object, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Raise SettingsError (``settings.range``) for a setting outside of the least and the most that it may be."""
    for name, (least, most) in ranges.items():
        value = getattr(settings, name)
        if not least <= value <= most:
            raise SettingsError(f"{name} is {value}; right would be {least} to {most}", code="settings.range")


def check_words(settings: object) -> None:
    """Raise SettingsError (``settings.value``) for a ``lang`` or ``log_level`` that there is not."""
    for name, words in (("lang", LANGUAGES), ("log_level", LOG_LEVELS)):
        value = getattr(settings, name)
        if value not in words:
            raise SettingsError(f"{name} is {value!r}; right would be {', '.join(words)}", code="settings.value")


def check_pair(settings: object, first: str, second: str) -> None:
    """Raise SettingsError (``settings.value``) where one of two settings stands without the other."""
    if (getattr(settings, first) is None) != (getattr(settings, second) is None):
        raise SettingsError(f"{first} and {second} belong together; one is missing", code="settings.value")


def listing(settings: object, sources: Mapping[str, str]) -> tuple[SettingLine, ...]:
    """Return every setting with its default, meaning, unit and where its value came from; secrets are hidden."""
    lines = []
    defaults = {f.name: f.default for f in fields(settings)}  # type: ignore[arg-type]  # a dataclass instance
    for name, (stated, about) in declared(type(settings)).items():
        value = getattr(settings, name)
        shown = ("set, not shown" if value else "not set") if stated is Secret else _shown(value)
        default = "" if stated is Secret else _shown(defaults[name])
        lines.append(SettingLine(name, shown, default, about.meaning, about.unit, sources.get(name, "default")))
    return tuple(lines)


def _shown(value: object) -> str:
    text = "" if value is None else str(value)
    # A database URL may carry a password.
    head, at, tail = text.rpartition("@")
    if at and "://" in head:
        scheme, _, login = head.partition("://")
        return f"{scheme}://{login.partition(':')[0]}:…@{tail}"
    return text


def _read_file(path: Path, known: set[str], secrets: set[str]) -> dict[str, object]:
    try:
        written: dict[str, object] = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} is not readable TOML: {error}", code="settings.file") from error
    if foreign := sorted(set(written) - known):
        raise SettingsError(
            f"{path} has settings that do not exist: {', '.join(foreign)}; known are {', '.join(sorted(known))}",
            code="settings.unknown",
        )
    if named := sorted(secrets & set(written)):
        raise SettingsError(
            f"{path} holds a secret ({', '.join(named)}); right would be a file of its own or the environment",
            code="settings.secret-in-file",
        )
    return written


def _typed(kind: type, value: object, where: str) -> object:
    """Return *value* as *kind*; raises SettingsError."""
    if kind is bool:
        if str(value).lower() in ("1", "true", "yes", "0", "false", "no"):
            return str(value).lower() in ("1", "true", "yes")
        raise SettingsError(f"{where} is {value!r}; right would be true or false", code="settings.value")
    if kind is not int and kind is not float:
        return kind(str(value))
    try:
        return kind(str(value))
    except ValueError as error:
        right = "a whole number" if kind is int else "a number"
        raise SettingsError(f"{where} is {value!r}; right would be {right}", code="settings.value") from error
