"""Static files: found at start, addressed by one digest over all of them, kept by browsers for a year.

The digest stands in the path (``/static/{version}/scan.js``) and not in each name, so that modules and style sheets
reach each other by relative addresses.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from starlette.responses import Response

from jikin.errors import SettingsError

OWN = Path(__file__).parent / "static"
GENERATED = Path(__file__).parent.parent / "_generated" / "web"
_KINDS: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
_PACKED = frozenset({".css", ".js", ".svg", ".wasm"})
_PACK_FROM = 1024
_YEAR = "public, max-age=31536000, immutable"
_ASK_AGAIN = "public, max-age=0, must-revalidate"


@dataclass(slots=True)
class _File:
    path: Path
    digest: str
    packed: bytes | None = None


@dataclass(frozen=True, slots=True)
class Assets:
    """Every static file of one service by its name; *version* is the digest over all of them."""

    version: str
    files: Mapping[str, _File] = field(repr=False)

    @classmethod
    def load(cls, folders: Sequence[Path]) -> Assets:
        """Return the files of *folders*; a later folder wins. Files of unknown kinds are left out."""
        files: dict[str, _File] = {}
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.suffix in _KINDS:
                    name = path.relative_to(folder).as_posix()
                    files[name] = _File(path, hashlib.sha256(path.read_bytes()).hexdigest())
        told = "".join(f"{name}\0{file.digest}\n" for name, file in sorted(files.items()))
        return cls(hashlib.sha256(told.encode()).hexdigest()[:12], files)

    def url(self, name: str) -> str:
        """Return the address of the file *name*; raises SettingsError where there is none."""
        if name not in self.files:
            raise SettingsError(
                f"there is no static file {name!r}", code="settings.asset", hint="run: python tools/build_web_assets.py"
            )
        return f"/static/{self.version}/{name}"

    def answer(self, path: str, *, packs: bool, known: str | None, headers: Mapping[str, str]) -> Response | None:
        """Return the answer for *path*, with or without the version in front; None where there is no such file.

        *packs*: the browser takes gzip; *known* is its If-None-Match.
        """
        version, _, rest = path.partition("/")
        immutable = version == self.version and bool(rest)
        name = rest if immutable else path
        file = self.files.get(name)
        if file is None:
            return None
        kept = {
            **headers,
            "cache-control": _YEAR if immutable else _ASK_AGAIN,
            "etag": f'"{file.digest[:32]}"',
            "vary": "accept-encoding",
        }
        if known is not None and kept["etag"] in known:
            return Response(status_code=304, headers=kept)
        suffix = PurePosixPath(name).suffix
        data = _packed(file) if packs and suffix in _PACKED else None
        if data is not None:
            kept["content-encoding"] = "gzip"
        return Response(file.path.read_bytes() if data is None else data, 200, kept, _KINDS[suffix])


def _packed(file: _File) -> bytes | None:
    if file.packed is None:
        data = file.path.read_bytes()
        file.packed = gzip.compress(data, 6, mtime=0) if len(data) >= _PACK_FROM else b""
    return file.packed or None
