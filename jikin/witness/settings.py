"""What can be set for a witness and for a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from jikin.anchoring.chain import RegistryPins
from jikin.anchoring.checkpoints_notes import LOG, WITNESS, NoteKey
from jikin.anchoring.pins import parse_pins
from jikin.codec import strict_json
from jikin.errors import CheckpointError, CodecError, SettingsError
from jikin.values.settings import About, Secret, check_ranges, collect

_RANGES: Mapping[str, tuple[float, float]] = {
    "port": (0, 65_535),
    "depth": (1, 10_000),
    "quorum": (1, 100),
    "every_seconds": (0.05, 86_400),
}


class Role(StrEnum):
    """What the program is: the value is the word in settings."""

    WITNESS = "witness"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set."""

    role: Annotated[str, About("witness: cosigns what its own node shows too; log: keeps the list of blocks")] = (
        "witness"
    )
    port: Annotated[int, About("port on this machine's own address")] = 8111
    name: Annotated[str, About("the witness's name in its signatures, such as witness.example/1; a log has none")] = ""
    rpc_url: Annotated[str, About("JSON-RPC endpoint of the node of one's own", "URL")] = ""
    registry_file: Annotated[Path | None, About("which registry and chain are meant (registry.json)", "path")] = None
    data: Annotated[Path, About("folder of the key and of everything that was said", "path")] = Path("var/witness")
    depth: Annotated[int, About("blocks that confirm a block before it is vouched for, itself the first")] = 3
    log_key: Annotated[str, About("key of the log that is witnessed: NAME+ID+BASE64, as `--show-key` prints it")] = ""
    witnesses: Annotated[str, About("the log's witnesses: KEY URL, several joined by ;")] = ""
    quorum: Annotated[int, About("witnesses that must have cosigned before the log shows a checkpoint")] = 2
    every_seconds: Annotated[float, About("how often the log adds a block and asks its witnesses", "seconds")] = 30.0
    log_level: Annotated[str, About("least severe log record: DEBUG, INFO, WARNING, ERROR")] = "WARNING"
    passphrase: Annotated[Secret | None, About("opens the key file", "environment only")] = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def base_url(self) -> str:
        """Return where the program is reached on this machine."""
        return f"http://localhost:{self.port}"

    @property
    def is_log(self) -> bool:
        """Say whether this is the keeper of a log."""
        return self.role == Role.LOG

    def pins(self) -> RegistryPins:
        """Return which registry is meant; raises SettingsError, RegistryError."""
        if self.registry_file is None:
            raise SettingsError("registry_file is not set: which chain is meant?", code="settings.value")
        return read_pins(self.registry_file)

    def key_of_log(self) -> NoteKey:
        """Return the key of the log that is witnessed; raises SettingsError."""
        return _key(self.log_key, LOG, "log_key")

    def doors(self) -> tuple[tuple[NoteKey, str], ...]:
        """Return key and address of each witness; raises SettingsError, also for one key that stands twice."""
        found = []
        for one in filter(None, (part.strip() for part in self.witnesses.split(";"))):
            key, _, url = one.partition(" ")
            found.append((_key(key, WITNESS, "witnesses"), url.strip()))
        if len({key.raw for key, _ in found}) < len(found):
            raise SettingsError("witnesses names one key twice; it is one witness", code="settings.value")
        return tuple(found)


def load(environ: Mapping[str, str], *, given: Mapping[str, object] | None = None) -> Settings:
    """Return the settings from *given* (None means not given), *environ* and the defaults; raises SettingsError."""
    file = environ.get("JIKIN_SETTINGS")
    values, sources = collect(Settings, environ, Path(file) if file else None, given or {})
    settings = Settings(**values, sources=sources)  # type: ignore[arg-type]  # each was typed by its own annotation
    if settings.role not in tuple(Role):
        raise SettingsError(f"role is {settings.role!r}; right would be witness or log", code="settings.value")
    check_ranges(settings, _RANGES)
    return settings


def read_pins(file: Path) -> RegistryPins:
    """Return the pins in *file* (``registry.json``); raises SettingsError, RegistryError."""
    try:
        return parse_pins(strict_json.parse(file.read_bytes()))
    except OSError as error:
        raise SettingsError(
            f"registry_file is {file}, which cannot be read: {error.strerror}", code="settings.value"
        ) from error
    except CodecError as error:
        raise SettingsError(f"registry_file is {file}, which is no JSON: {error}", code="settings.value") from error


def _key(text: str, kind: int, setting: str) -> NoteKey:
    try:
        key = NoteKey.parse(text)
    except CheckpointError as error:
        raise SettingsError(f"{setting}: {error}", code="settings.value") from error
    if key.type != kind:
        raise SettingsError(f"{setting} is the key of another kind of signer: {key.name}", code="settings.value")
    return key
