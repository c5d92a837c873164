"""What a remote signer is told: one TOML file beside its keys. Secrets stand in files of their own, or in a token."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from jikin.errors import SettingsError, ValueRefusedError
from jikin.proofs.signers.remote_protocol import MIN_TOKEN, Purpose
from jikin.signer.rules import Rule, function_names
from jikin.values import Address, ChainId

T = TypeVar("T")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MEMBERS = frozenset(
    {"port", "token_file", "keys", "passphrase_file", "pkcs11_module", "pkcs11_pin_file", "chain", "registry", "key"}
)
_KEY_MEMBERS = frozenset({"name", "reference", "purposes", "functions"})


@dataclass(frozen=True, slots=True)
class KeySetting:
    """One key: how it is asked for, where its private half lies (``file:…``, ``pkcs11:…``), and what it signs."""

    name: str
    reference: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; relative paths were taken from the file's folder."""

    port: int
    token: str = field(repr=False)
    folder: Path
    passphrase_file: Path
    pkcs11_module: Path | None
    pkcs11_pin_file: Path | None
    keys: tuple[KeySetting, ...]

    def passphrase(self) -> str:
        """Return what opens the key files; raises SettingsError."""
        return _secret(self.passphrase_file)

    def pin(self) -> str:
        """Return the PIN of the token; raises SettingsError."""
        if self.pkcs11_pin_file is None:
            raise SettingsError("no PIN: pkcs11_pin_file is not set", code="settings.no-pin")
        return _secret(self.pkcs11_pin_file)


def load(path: Path, *, port: int | None = None) -> Settings:
    """Return the settings in the TOML file *path*; *port* wins over the file's. Raises SettingsError."""
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}", code="settings.file") from error
    _known(given, _MEMBERS, str(path))
    here = path.absolute().parent
    chain, registry = _maybe(given, "chain", ChainId.parse), _maybe(given, "registry", Address.parse)
    entries = given.get("key", [])
    if not isinstance(entries, list) or not entries:
        raise SettingsError(f"{path} names no key; right would be one [[key]] or more", code="settings.value")
    token = _secret(_path(here, given, "token_file", "token"))
    if len(token) < MIN_TOKEN:
        raise SettingsError(f"the token has {len(token)} characters; at least {MIN_TOKEN}", code="settings.value")
    keys = tuple(_key(entry, chain, registry) for entry in entries)
    if len({key.name for key in keys}) != len(keys):
        raise SettingsError("two keys have the same name", code="settings.value")
    chosen = port if port is not None else given.get("port", 8120)
    if not isinstance(chosen, int) or not 1 <= chosen <= 65_535:
        raise SettingsError(f"port is {chosen!r}; right would be 1 to 65535", code="settings.value")
    return Settings(
        port=chosen,
        token=token,
        folder=_path(here, given, "keys", "keys"),
        passphrase_file=_path(here, given, "passphrase_file", "passphrase"),
        pkcs11_module=_path(here, given, "pkcs11_module", "") if "pkcs11_module" in given else None,
        pkcs11_pin_file=_path(here, given, "pkcs11_pin_file", "") if "pkcs11_pin_file" in given else None,
        keys=keys,
    )


def _key(entry: object, chain: ChainId | None, registry: Address | None) -> KeySetting:
    if not isinstance(entry, Mapping):
        raise SettingsError("a key of the signer is a table [[key]]", code="settings.value")
    _known(entry, _KEY_MEMBERS, "a key")
    name, reference = entry.get("name"), entry.get("reference")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SettingsError(f"name of a key is {str(name)[:40]!r}; right would be anchoring", code="settings.value")
    if not isinstance(reference, str) or not reference.startswith(("file:", "pkcs11:")):
        raise SettingsError(f"the key {name} has no reference; right would be file:NAME", code="settings.value")
    try:
        purposes = frozenset(Purpose(word) for word in _words(entry, "purposes", name))
    except ValueError as error:
        known = ", ".join(Purpose)
        raise SettingsError(f"purposes of {name}: right would be some of {known}", code="settings.value") from error
    functions = frozenset(_words(entry, "functions", name))
    if unknown := functions - function_names():
        raise SettingsError(f"the registry has no function {', '.join(sorted(unknown))}", code="settings.value")
    if not purposes:
        raise SettingsError(f"the key {name} is given no purpose", code="settings.value")
    if purposes - {Purpose.ASSERTION} and (chain is None or registry is None):
        raise SettingsError(f"chain and registry are needed for the key {name}", code="settings.value")
    return KeySetting(name, reference, Rule(purposes, chain, registry, functions))


def _words(entry: Mapping[str, object], name: str, key: str) -> list[str]:
    found = entry.get(name, [])
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise SettingsError(f"{name} of the key {key} is a list of words", code="settings.value")
    return found


def _known(given: Mapping[str, object], known: frozenset[str], where: str) -> None:
    if unknown := set(given) - known:
        raise SettingsError(
            f"{where} has {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}", code="settings.unknown"
        )


def _path(here: Path, given: Mapping[str, object], name: str, default: str) -> Path:
    found = given.get(name, default)
    if not isinstance(found, str) or not found:
        raise SettingsError(f"{name} is a path", code="settings.value")
    return here / found


def _secret(path: Path) -> str:
    """Return the first line of *path*; its content stands in no error."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read", code="settings.file") from error
    if not lines or not lines[0].strip():
        raise SettingsError(f"{path} has an empty first line", code="settings.file")
    return lines[0].strip()


def _maybe(given: Mapping[str, object], name: str, parse: Callable[[str], T]) -> T | None:
    found = given.get(name)
    if found is None:
        return None
    try:
        return parse(str(found))
    except ValueRefusedError as error:
        raise SettingsError(f"{name}: {error}", code="settings.value") from error
