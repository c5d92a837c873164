"""Data that crosses borders: the JSON-LD context catalogue, credential types, policies. No code but the reader."""

from __future__ import annotations

from importlib.resources import files
from pathlib import PurePosixPath


def read(path: str) -> bytes:
    """Return the bytes of the data file *path*, for example ``contexts/catalogue.json``.

    *path* is relative to this package, with forward slashes. Raises FileNotFoundError when there is no such file, also
    for a path that would leave the package.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        raise FileNotFoundError(f"no data file {path!r} in the schemas package")
    return files(__name__).joinpath(*parts).read_bytes()


def names(folder: str) -> tuple[str, ...]:
    """Return the sorted names of what lies in the data folder *folder*; raises FileNotFoundError for no such folder."""
    place = files(__name__).joinpath(*PurePosixPath(folder).parts)
    if not place.is_dir():
        raise FileNotFoundError(f"no data folder {folder!r} in the schemas package")
    return tuple(sorted(entry.name for entry in place.iterdir() if entry.name != "__pycache__"))
