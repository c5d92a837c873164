"""Copy the certificate fonts and their licence texts out of installed npm packages into jikin/_generated/fonts/.

Which file of which package stands in schemas/fonts/fonts.json, with its SHA-256. A file that differs is an error: other
bytes are another typeface, and a printed certificate would change without anybody having decided it.

Use: python tools/build_fonts.py [--check]     (--check writes nothing)
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "schemas" / "fonts" / "fonts.json"
PACKAGES = ROOT / "node_modules"
TARGET = ROOT / "jikin" / "_generated" / "fonts"


class BuildError(Exception):
    """A font is missing, or is not the pinned one."""


def build(pins: dict[str, list[dict[str, str]]], packages: Path, target: Path | None) -> int:
    """Check every file of *pins* in *packages*, write them to *target* unless it is None; return how many there are."""
    files: dict[str, bytes] = {}
    for entry in [*pins["fonts"], *pins["licences"]]:
        place = packages / entry["package"] / entry["path"]
        if not place.is_file():
            raise BuildError(f"{entry['package']} has no {entry['path']}: run the set-up first (npm ci)")
        data = place.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if digest != entry["sha256"]:
            raise BuildError(
                f"{entry['package']} · {entry['path']} is not the pinned file\n"
                f"  pinned {entry['sha256']}\n  found  {digest}\n"
                "  look at certificates printed with the new font before you pin it"
            )
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
    parser = argparse.ArgumentParser(description="copy and check the fonts of printed certificates")
    parser.add_argument("--check", action="store_true", help="check the packages only, write nothing")
    options = parser.parse_args(arguments)
    try:
        count = build(json.loads(PINS.read_text(encoding="utf-8")), PACKAGES, None if options.check else TARGET)
    except BuildError as error:
        print(f"fonts: {error}", file=sys.stderr)
        return 1
    print(f"fonts: {count} files {'checked' if options.check else 'written to ' + str(TARGET.relative_to(ROOT))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
