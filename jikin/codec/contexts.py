"""The JSON-LD contexts this installation knows, pinned by digest. Nothing is ever downloaded.

A context decides what a signed document means. A name that is not in the catalogue is an error, and a file that is not
the pinned one is an error, so that nobody can change the meaning of what was signed.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path, PurePosixPath

import schemas
from jikin.codec import strict_json
from jikin.errors import CanonicalizationError, JsonError
from jikin.values import JsonObject

_CATALOGUE = "contexts/catalogue.json"


class Contexts:
    """Contexts by URL; an unchangeable value. ``Contexts.packaged()`` has those that come with Jikin."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        """Take the JSON text of each context by its URL; ``packaged`` and ``with_folder`` check before they do."""
        self._texts = dict(texts)
        self.derived: dict[type, object] = {}
        """What readers worked out from these contexts and keep with them (processed contexts), by their own type."""

    @classmethod
    def packaged(cls) -> Contexts:
        """Return the contexts of the catalogue, each checked against its digest (once per process).

        Raises CanonicalizationError with ``codec.context-missing`` (the set-up step has not run) or
        ``codec.context-changed``.
        """
        return _packaged()

    def with_folder(self, folder: Path) -> Contexts:
        """Return these contexts and those that ``INDEX.json`` in *folder* lists.

        ``INDEX.json`` is an array of ``{"url", "file", "sha256"}``; the last part of *file* is the name in the folder,
        *sha256* is over the bytes of the file. A URL that is already known keeps its document; of two entries for one
        URL the later counts. Raises CanonicalizationError as ``packaged`` does.
        """
        texts: dict[str, bytes] = {}
        for entry in _index(folder):
            name = PurePosixPath(entry["file"]).name
            text = _read(folder, name, entry["url"])
            if hashlib.sha256(text).hexdigest() != entry["sha256"]:
                raise _changed(entry["url"], name)
            texts[entry["url"]] = text
        return Contexts(texts | self._texts)

    @property
    def urls(self) -> tuple[str, ...]:
        """Return the URLs of all known contexts, sorted."""
        return tuple(sorted(self._texts))

    def __contains__(self, url: object) -> bool:
        return url in self._texts

    def data(self, url: str) -> bytes | None:
        """Return the JSON text of the context at *url* as it is installed here, None where it is not known.

        White space may differ from what its owner publishes.
        """
        return self._texts.get(url)

    def document(self, url: str) -> JsonObject:
        """Return a fresh copy of the document at *url*; raises CanonicalizationError, ``codec.unknown-context``."""
        text = self._texts.get(url)
        if text is None:
            raise CanonicalizationError(
                f"the context {url[:200]!r} is not in the catalogue, and none is ever downloaded",
                code="codec.unknown-context",
                hint="an operator can add pinned contexts from a folder",
            )
        value = json.loads(text)
        if not isinstance(value, dict):
            raise CanonicalizationError(f"the context {url[:200]!r} is no JSON object", code="codec.context-changed")
        return value


@functools.cache
def _packaged() -> Contexts:
    catalogue = json.loads(schemas.read(_CATALOGUE))
    texts: dict[str, bytes] = {}
    folder = files("jikin").joinpath("_generated", "contexts")
    for url, entry in catalogue.items():
        file = folder.joinpath(entry["file"])
        if not file.is_file():
            raise _missing(url, entry["file"])
        text = file.read_bytes()
        if _value_digest(text, url) != entry["sha256"]:
            raise _changed(url, entry["file"])
        texts[url] = text
    return Contexts(texts)


def _value_digest(text: bytes, url: str) -> str:
    # Over the parsed value: copies of one context differ in white space from package to package.
    try:
        value = json.loads(text)
    except ValueError:
        raise _changed(url, "its file") from None
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _index(folder: Path) -> list[dict[str, str]]:
    try:
        index = strict_json.parse((folder / "INDEX.json").read_bytes())
    except OSError as error:
        raise _missing("INDEX.json", str(folder)) from error
    except JsonError as error:
        raise CanonicalizationError(
            f"INDEX.json of the contexts folder: {error}", code="codec.context-missing"
        ) from error
    if not isinstance(index, list):
        raise CanonicalizationError("INDEX.json of the contexts folder is no array", code="codec.context-missing")
    entries: list[dict[str, str]] = []
    for entry in index:
        texts = {name: entry.get(name) for name in ("url", "file", "sha256")} if isinstance(entry, dict) else {}
        checked = {name: value for name, value in texts.items() if isinstance(value, str)}
        if len(checked) != 3:
            raise CanonicalizationError(
                "an entry of INDEX.json has no url, file and sha256 as texts", code="codec.context-missing"
            )
        entries.append(checked)
    return entries


def _read(folder: Path, name: str, url: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except (OSError, ValueError) as error:
        raise _missing(url, name) from error


def _missing(url: str, file: str) -> CanonicalizationError:
    return CanonicalizationError(
        f"the context {url!r} is not installed ({file} is not there)",
        code="codec.context-missing",
        hint="run the set-up step: tools/build_contexts.py",
    )


def _changed(url: str, file: str) -> CanonicalizationError:
    return CanonicalizationError(
        f"the context {url!r} is not the pinned one ({file} has another digest)", code="codec.context-changed"
    )
