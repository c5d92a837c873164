"""Copy the JSON-LD contexts out of installed registry packages into jikin/_generated/contexts/.

Which file of which package answers for which URL stands in schemas/contexts/catalogue.json, with the SHA-256 of the
*parsed value* (white space differs between packages): json.dumps(value, sort_keys=True, separators=(",", ":")).
A value that differs is an error: a published context that was changed in place would change what signatures mean.
A package may carry its context as a JavaScript module (``module.exports = {…};``); the literal is read, not run.

Use: python tools/build_contexts.py [--check]     (--check writes nothing)
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "schemas" / "contexts" / "catalogue.json"
TARGET = ROOT / "jikin" / "_generated" / "contexts"


# Blanks, comments, texts, names, and what else an object literal is made of.
TOKEN = re.compile(
    r"""(?P<blank>\s+|//[^\n]*|/\*.*?\*/)|(?P<text>'(?:[^'\\\n]|\\')*'|"(?:[^"\\\n]|\\.)*")"""
    r"""|(?P<name>[A-Za-z_$][\w$]*)|(?P<sign>[][{}:,])""",
    re.DOTALL,
)
EXPORTS = "module.exports ="


class BuildError(Exception):
    """A context is missing, or is not the pinned one."""


def module_value(source: str) -> bytes:
    """Return as JSON what a JavaScript module exports where it is one literal (objects, arrays, texts, constants)."""
    begin = source.find(EXPORTS)
    if begin < 0:
        raise BuildError(f"a JavaScript module without {EXPORTS!r}")
    place, depth, found = begin + len(EXPORTS), 0, []
    while not found or depth:
        match = TOKEN.match(source, place)
        if match is None:
            raise BuildError(f"a literal that is not read: {source[place : place + 40]!r}")
        place = match.end()
        if match["text"]:
            text = match["text"]
            found.append(json.dumps(text[1:-1].replace("\\'", "'")) if text[0] == "'" else text)
        elif match["name"]:
            found.append(match["name"] if match["name"] in ("true", "false", "null") else json.dumps(match["name"]))
        elif match["sign"]:
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(match["sign"], 0)
            if match["sign"] in "]}" and found[-1] == ",":
                found.pop()
            found.append(match["sign"])
    return json.dumps(json.loads("".join(found)), indent=1).encode()


def value_digest(data: bytes) -> str:
    """Return the SHA-256 of the parsed value of *data*, in hexadecimal digits."""
    value = json.loads(data)
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def source(package: str, path: str) -> Path:
    """Return where *path* of *package* ("npm NAME VERSION" or "pypi NAME VERSION") is installed."""
    registry, name, _ = package.split(" ")
    if registry == "npm":
        folder = ROOT / "node_modules" / name
        manifest = folder / "package.json"
        found = json.loads(manifest.read_text(encoding="utf-8"))["version"] if manifest.is_file() else None
        place = folder / path
    elif registry == "pypi":
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            found, place = None, Path(path)
        else:
            found, place = installed.version, Path(str(installed.locate_file(path)))
    else:
        raise BuildError(f"{package}: the registry is npm or pypi, not {registry!r}")
    if found is None:
        raise BuildError(f"{package} is not installed: run the set-up first (npm ci, pip install)")
    if not place.is_file():
        raise BuildError(f"{package} (installed: {found}) has no file {path}")
    return place


def build(catalogue: dict[str, dict[str, str]], target: Path | None) -> int:
    """Check every context of *catalogue*, write them to *target* unless it is None; return how many there are."""
    files: dict[str, bytes] = {}
    for url, entry in catalogue.items():
        place = source(entry["package"], entry["path"])
        data = module_value(place.read_text("utf-8")) if place.suffix == ".js" else place.read_bytes()
        digest = value_digest(data)
        if digest != entry["sha256"]:
            raise BuildError(
                f"{url}: {entry['package']} · {entry['path']} is not the pinned context\n"
                f"  pinned {entry['sha256']}\n  found  {digest}\n"
                "  either the package changed, or the catalogue: compare before you pin another one"
            )
        if entry["file"] in files:
            raise BuildError(f"{url}: two contexts would be written to {entry['file']}")
        files[entry["file"]] = data
    if target is not None:
        target.mkdir(parents=True, exist_ok=True)
        for old in {path.name for path in target.iterdir()} - set(files):
            (target / old).unlink()
        for name, data in files.items():
            (target / name).write_bytes(data)
    return len(files)


def main(arguments: list[str]) -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="copy and check the packaged JSON-LD contexts")
    parser.add_argument("--check", action="store_true", help="check the packages only, write nothing")
    options = parser.parse_args(arguments)
    try:
        count = build(json.loads(CATALOGUE.read_text(encoding="utf-8")), None if options.check else TARGET)
    except BuildError as error:
        print(f"contexts: {error}", file=sys.stderr)
        return 1
    print(f"contexts: {count} checked" + ("" if options.check else f", copied to {TARGET.relative_to(ROOT)}"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
