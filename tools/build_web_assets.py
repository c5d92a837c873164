"""Copy what the pages need from installed npm packages into jikin/_generated/web/: fonts, QR reader, Swagger UI.

Which file of which package stands in schemas/web/assets.json, with its SHA-256; a file that differs is an error. The
style sheet of the fonts is made from those of their packages: the same slices, by addresses of our own.

Use: python tools/build_web_assets.py [--check | --pin]
  --check   compares the packages with the pins and writes nothing
  --pin     writes the pins anew from the installed packages, after an update that somebody has looked at
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "schemas" / "web" / "assets.json"
PACKAGES = ROOT / "node_modules"
TARGET = ROOT / "jikin" / "_generated" / "web"
STYLE_SHEET = "fonts.css"

# family as the look's tokens call it, package, its style sheet
FONTS = (
    ("Pretendard", "pretendard", "dist/web/variable/pretendardvariable-dynamic-subset.css"),
    ("Nanum Myeongjo", "@fontsource/nanum-myeongjo", "700.css"),
    ("Nanum Myeongjo", "@fontsource/nanum-myeongjo", "800.css"),
)
OTHERS = (
    # The QR reader keeps its folders: its modules import each other by relative addresses.
    ("zxing/share.js", "zxing-wasm", "dist/es/share.js"),
    ("zxing/reader/index.js", "zxing-wasm", "dist/es/reader/index.js"),
    ("zxing/reader/zxing_reader.wasm", "zxing-wasm", "dist/reader/zxing_reader.wasm"),
    ("swagger/swagger-ui-bundle.js", "swagger-ui-dist", "swagger-ui-bundle.js"),
    ("swagger/swagger-ui.css", "swagger-ui-dist", "swagger-ui.css"),
    ("licences/pretendard-OFL.txt", "pretendard", "dist/LICENSE.txt"),
    ("licences/nanum-myeongjo-OFL.txt", "@fontsource/nanum-myeongjo", "LICENSE"),
    ("licences/zxing-wasm-MIT.txt", "zxing-wasm", "LICENSE"),
    ("licences/swagger-ui-Apache-2.0.txt", "swagger-ui-dist", "LICENSE"),
    ("licences/swagger-ui-NOTICE.txt", "swagger-ui-dist", "NOTICE"),
    ("licences/swagger-ui-bundle.txt", "swagger-ui-dist", "swagger-ui-bundle.js.LICENSE.txt"),
)
FACE = re.compile(r"@font-face\s*\{([^}]*)\}")
WOFF2 = re.compile(r"url\(([^)]+\.woff2)\)")

Pins = dict[str, list[dict[str, str]]]


class BuildError(Exception):
    """A file is missing, or is not the pinned one."""


def build(pins: Pins, packages: Path, target: Path | None) -> int:
    """Check every file of *pins* in *packages*, write them to *target* unless it is None; return how many there are."""
    sheets = [_read(entry, packages).decode("utf-8") for entry in pins["style_sheets"]]
    files = {entry["file"]: _read(entry, packages) for entry in pins["files"]}
    faces = [
        face
        for entry, sheet in zip(pins["style_sheets"], sheets, strict=True)
        for face in _faces(entry["family"], entry["package"], sheet)
    ]
    if missing := sorted({name for name, _ in faces} - set(files)):
        raise BuildError(f"the style sheets name fonts that are not pinned: {', '.join(missing[:3])} …")
    files[STYLE_SHEET] = ("\n".join(css for _, css in faces) + "\n").encode()
    if target is not None:
        _write(files, target)
    return len(files)


def pin(packages: Path) -> Pins:
    """Return pins for everything that is needed, as it lies in *packages*."""
    sheets: list[dict[str, str]] = []
    wanted: list[tuple[str, str, str]] = []
    for family, package, path in FONTS:
        sheet = packages / package / path
        sheets.append({"family": family, "package": package, "path": path, "sha256": _digest(sheet.read_bytes())})
        for name, source in _sources(package, sheet.read_text("utf-8")):
            wanted.append((name, package, (PurePosixPath(path).parent / source).as_posix()))
    files = [
        {"file": name, "package": package, "path": path, "sha256": _digest((packages / package / path).read_bytes())}
        for name, package, path in (*wanted, *OTHERS)
    ]
    return {"style_sheets": sheets, "files": files}


def _read(entry: dict[str, str], packages: Path) -> bytes:
    place = packages / entry["package"] / entry["path"]
    if not place.is_file():
        raise BuildError(f"{entry['package']} has no {entry['path']}: run the set-up first (npm ci)")
    data = place.read_bytes()
    if _digest(data) != entry["sha256"]:
        raise BuildError(
            f"{entry['package']} · {entry['path']} is not the pinned file\n"
            f"  pinned {entry['sha256']}\n  found  {_digest(data)}\n"
            "  look at what changed, then write the pins anew: python tools/build_web_assets.py --pin"
        )
    return data


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sources(package: str, sheet: str) -> list[tuple[str, str]]:
    """Return (our name, the package's relative path) for each slice of a style sheet."""
    folder = package.rpartition("/")[2]
    sources = [WOFF2.search(block) for block in FACE.findall(sheet)]
    return [(f"fonts/{folder}/{PurePosixPath(found[1]).name}", found[1]) for found in sources if found]


def _faces(family: str, package: str, sheet: str) -> list[tuple[str, str]]:
    """Return (our name, rule) for each slice of a style sheet."""
    faces = []
    for block, (name, _) in zip(FACE.findall(sheet), _sources(package, sheet), strict=True):
        weight = _property(block, "font-weight")
        letters = re.sub(r"\s+", "", _property(block, "unicode-range"))
        rule = (
            f'@font-face{{font-family:"{family}";font-style:normal;font-weight:{weight};font-display:swap;'
            f'src:url("{name}") format("woff2");unicode-range:{letters}}}'
        )
        faces.append((name, rule))
    return faces


def _property(block: str, name: str) -> str:
    found = re.search(rf"{name}:\s*([^;]+);", block)
    if found is None:
        raise BuildError(f"a font rule has no {name}")
    return found[1].strip()


def _write(files: dict[str, bytes], target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for old in [path for path in target.rglob("*") if path.is_file()]:
        if old.relative_to(target).as_posix() not in files:
            old.unlink()
    for name, data in files.items():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        # Never half a file under its name: a service that runs meanwhile reads it.
        draft = place.with_name(f".{place.name}.new")
        draft.write_bytes(data)
        draft.replace(place)


def main(arguments: list[str]) -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="copy and check the fonts and scripts of the pages")
    parser.add_argument("--check", action="store_true", help="check the packages only, write nothing")
    parser.add_argument("--pin", action="store_true", help="write the pins anew from the installed packages")
    options = parser.parse_args(arguments)
    try:
        if options.pin:
            pins = pin(PACKAGES)
            lines = {key: ",\n    ".join(json.dumps(entry) for entry in entries) for key, entries in pins.items()}
            text = ",\n".join(f'  "{key}": [\n    {value}\n  ]' for key, value in lines.items())
            PINS.parent.mkdir(parents=True, exist_ok=True)
            PINS.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")
        count = build(json.loads(PINS.read_text(encoding="utf-8")), PACKAGES, None if options.check else TARGET)
    except (BuildError, OSError) as error:
        print(f"web assets: {error}", file=sys.stderr)
        return 1
    print(f"web assets: {count} files {'checked' if options.check else 'written to ' + str(TARGET.relative_to(ROOT))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
