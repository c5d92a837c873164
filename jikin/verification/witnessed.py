"""Whose cosignatures vouch for blocks: the file in which a verifier says so, and the source of blocks made from it.

quorum = 2
max_age_seconds = 900
checkpoints = ["https://log.example/proof", "copies/newest.tlog-proof"]
witnesses = ["witness.example/1+1a2b3c4d+BB…", "witness.example/2+…", "witness.example/3+…"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jikin.anchoring.chain import RegistryPins
from jikin.anchoring.checkpoints_notes import MAX_NOTE_BYTES, NoteKey
from jikin.anchoring.checkpoints_policy import WitnessPolicy
from jikin.anchoring.checkpoints_source import CheckpointFile, CheckpointReader, NewestSeen, WitnessedBlocks
from jikin.dids.method import Fetch
from jikin.errors import CheckpointError, SettingsError

_MEMBERS = {"quorum": int, "max_age_seconds": int, "checkpoints": list, "witnesses": list}
_MAX_WITNESSES = 100


@dataclass(frozen=True, slots=True)
class CheckpointUrl:
    """A CheckpointReader of one URL, asked through *fetch*."""

    url: str
    fetch: Fetch

    @property
    def name(self) -> str:
        """Return the URL's host."""
        return self.url.split("/", 3)[2] if "://" in self.url else self.url

    def read(self) -> bytes:
        """Return the opened checkpoint there; raises FetchError."""
        return self.fetch.get(self.url, max_bytes=MAX_NOTE_BYTES)


@dataclass(frozen=True, slots=True)
class WitnessFile:
    """What the file says: the policy, and where checkpoints are read, URLs and files."""

    policy: WitnessPolicy
    checkpoints: tuple[str, ...]


def read_witness_file(file: Path, pins: RegistryPins) -> WitnessFile:
    """Return what *file* says about the registry of *pins*; raises SettingsError naming what is wrong."""
    try:
        said = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise _wrong(file, f"it cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong(file, f"it is no TOML: {error}") from error
    if set(said) != set(_MEMBERS):
        raise _wrong(file, f"it has exactly the members {', '.join(_MEMBERS)}, got {', '.join(sorted(said)) or 'none'}")
    for name, kind in _MEMBERS.items():
        if type(said[name]) is not kind:
            raise _wrong(file, f"{name} is {'a whole number' if kind is int else 'a list of texts'}")
    keys, places = said["witnesses"], said["checkpoints"]
    if not all(isinstance(each, str) for each in (*keys, *places)) or len(keys) > _MAX_WITNESSES:
        raise _wrong(file, f"witnesses and checkpoints are lists of texts, at most {_MAX_WITNESSES} witnesses")
    if not places:
        raise _wrong(file, "checkpoints names no place to read them")
    try:
        witnesses = tuple(NoteKey.parse(key) for key in keys)
        policy = WitnessPolicy(pins, witnesses, said["quorum"], said["max_age_seconds"])
    except CheckpointError as error:
        raise _wrong(file, str(error)) from error
    return WitnessFile(policy, tuple(places))


def witnessed(
    file: Path, pins: RegistryPins, fetch: Fetch, clock: Callable[[], int], *, kept: Path | None = None
) -> WitnessedBlocks:
    """Return the source of blocks that *file* describes; raises SettingsError.

    A place without a scheme is a file, beside *file* unless it is absolute. *clock*: the Unix second. *kept*: where the
    newest checkpoint seen outlives the process; without it an older one could be shown after a restart.
    """
    found = read_witness_file(file, pins)
    readers: list[CheckpointReader] = [
        CheckpointUrl(place, fetch) if "://" in place else CheckpointFile(file.parent / place)
        for place in found.checkpoints
    ]
    return WitnessedBlocks(found.policy, readers, clock, NewestSeen(kept))


def _wrong(file: Path, why: str) -> SettingsError:
    return SettingsError(f"the witnesses in {file.name}: {why}", code="settings.value")
