"""The certificate fonts: all there, pinned, and known by the characters they draw."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

import schemas
from jikin.badges.fonts import FontFolder
from jikin.errors import DocumentError

FONTS = FontFolder.packaged()
PINS = json.loads(schemas.read("fonts/fonts.json"))


def builder() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "tools" / "build_fonts.py"
    spec = importlib.util.spec_from_file_location("build_fonts", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_family_draws_all_11172_syllables() -> None:
    syllables = "".join(chr(code) for code in range(0xAC00, 0xD7A4))
    assert len(syllables) == 11_172
    for family in ("NanumMyeongjo", "NanumMyeongjoExtraBold", "Noto Sans KR"):
        assert FONTS.missing(syllables, [family]) == ()


def test_hanja_are_in_the_sans_family_and_emoji_in_none() -> None:
    assert FONTS.missing("金漢字", ["NanumMyeongjo"]) == ("金", "漢", "字")
    assert FONTS.missing("金漢字 é ä ñ", ["Noto Sans KR"]) == ()
    assert FONTS.missing("김하늘 😀😀 𠀀", ["NanumMyeongjo", "Noto Sans KR"]) == ("😀", "𠀀")


def test_blanks_and_line_ends_need_no_glyph() -> None:
    assert FONTS.missing(" \u00a0\n", ["NanumMyeongjo"]) == ()


def test_a_family_that_is_not_there_is_named_with_the_ones_that_are() -> None:
    with pytest.raises(DocumentError, match=r"Pretendard.*NanumMyeongjo") as refused:
        FONTS.missing("가", ["Pretendard"])
    assert refused.value.code == "document.fonts"


def test_a_missing_folder_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="is missing") as refused:
        FontFolder.open(tmp_path / "nowhere")
    assert refused.value.code == "document.fonts"
    assert "build_fonts" in str(refused.value.hint)


def copied(tmp_path: Path) -> Path:
    folder = tmp_path / "fonts"
    shutil.copytree(FONTS.path, folder)
    return folder


def test_a_missing_font_is_named(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "NotoSansKR_600SemiBold.ttf").unlink()
    with pytest.raises(DocumentError, match="Noto Sans KR 600"):
        FontFolder.open(folder)


@pytest.mark.parametrize("data", [b"", b"\0\1\0\0", b"\0\1\0\0\0\1" + bytes(30)])
def test_a_broken_font_is_named(tmp_path: Path, data: bytes) -> None:
    folder = copied(tmp_path)
    (folder / "NanumMyeongjo_700Bold.ttf").write_bytes(data)
    with pytest.raises(DocumentError, match="NanumMyeongjo_700Bold"):
        FontFolder.open(folder)


def test_the_generated_folder_holds_the_pinned_files_and_their_licences() -> None:
    listed = {entry["file"] for entry in [*PINS["fonts"], *PINS["licences"]]}
    assert {path.name for path in FONTS.path.iterdir()} == listed
    for entry in PINS["licences"]:
        assert "SIL OPEN FONT LICENSE" in (FONTS.path / entry["file"]).read_text(encoding="utf-8").upper()


def test_the_tool_copies_exactly_what_is_pinned_and_nothing_else(tmp_path: Path) -> None:
    tool = builder()
    target = tmp_path / "fonts"
    target.mkdir()
    (target / "old.ttf").write_bytes(b"old")
    assert tool.build(PINS, tool.PACKAGES, target) == 6
    assert {p.name: p.read_bytes() for p in target.iterdir()} == {p.name: p.read_bytes() for p in FONTS.path.iterdir()}


def test_the_tool_refuses_a_font_that_is_not_the_pinned_one(tmp_path: Path) -> None:
    tool = builder()
    entry = PINS["licences"][0]
    place = tmp_path / entry["package"] / entry["path"]
    place.parent.mkdir(parents=True)
    place.write_text("another licence", encoding="utf-8")
    with pytest.raises(tool.BuildError, match="not the pinned file"):
        tool.build({"fonts": [], "licences": [entry]}, tmp_path, None)
    with pytest.raises(tool.BuildError, match="run the set-up"):
        tool.build(PINS, tmp_path / "empty", None)
