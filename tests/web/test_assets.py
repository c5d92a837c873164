"""Static files: kept for a year under an address that changes with them; copied from pinned packages only."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from jikin.errors import SettingsError
from jikin.web import assets
from tests.web import gallery
from tools import build_web_assets as builder

client = TestClient(gallery.application()[0], base_url="http://localhost:8109")


@pytest.fixture(scope="module")
def files() -> assets.Assets:
    return assets.Assets.load((assets.GENERATED, assets.OWN))


def test_a_file_under_its_version_is_kept_for_a_year(files: assets.Assets) -> None:
    answer = client.get(files.url("site.css"))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"


def test_a_file_without_version_is_asked_for_again(files: assets.Assets) -> None:
    for path in ("/static/site.css", "/static/000000000000/site.css"):
        answer = client.get(path)
        if answer.status_code == 200:
            assert answer.headers["cache-control"] == "public, max-age=0, must-revalidate"
            again = client.get(path, headers={"if-none-match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
    assert client.get("/static/000000000000/site.css").status_code == 404


def test_the_version_changes_with_any_file(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    first = assets.Assets.load((tmp_path,)).version
    (tmp_path / "a.js").write_text("2")
    assert assets.Assets.load((tmp_path,)).version != first


def test_packed_or_not_the_bytes_are_the_same(files: assets.Assets) -> None:
    name = "components.css"
    original = files.files[name].path.read_bytes()
    packed = client.get(files.url(name), headers={"accept-encoding": "gzip"})
    plain = client.get(files.url(name), headers={"accept-encoding": "identity"})
    assert packed.content == plain.content == original
    raw = files.answer(name, packs=True, known=None, headers={})
    assert raw is not None
    assert gzip.decompress(raw.body) == original
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(
    "path", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "/etc/passwd", "a\x00b", ".site.css.new"]
)
def test_nothing_beside_the_listed_files_is_served(path: str) -> None:
    assert client.get(f"/static/{path.replace(chr(0), '%00')}").status_code in (404, 405)


def test_what_the_style_sheets_and_modules_name_is_there(files: assets.Assets) -> None:
    for name in files.files:
        if name.endswith(".css") and not name.startswith("swagger/"):
            text = files.files[name].path.read_text("utf-8")
            for address in re.findall(r'url\("([^"]+)"\)', text):
                assert address in files.files, (name, address)
        if name.endswith(".js") and "/" not in name:
            text = files.files[name].path.read_text("utf-8")
            for address in re.findall(r'from "\./([^"]+)"', text):
                assert address in files.files, (name, address)
    assert "zxing/reader/zxing_reader.wasm" in files.files


def test_every_font_file_is_used_and_licences_lie_beside(files: assets.Assets) -> None:
    sheet = files.files["fonts.css"].path.read_text("utf-8")
    fonts = {name for name in files.files if name.endswith(".woff2")}
    assert set(re.findall(r'url\("([^"]+)"\)', sheet)) == fonts
    for licence in ("pretendard-OFL", "nanum-myeongjo-OFL", "zxing-wasm-MIT", "swagger-ui-Apache-2.0"):
        assert f"licences/{licence}.txt" in files.files


def test_our_own_style_sheets_reach_nothing_outside(files: assets.Assets) -> None:
    for name in ("tokens.css", "components.css", "site.css", "docs.css", "fonts.css"):
        text = files.files[name].path.read_text("utf-8")
        assert not re.search(r"https?:|@import|data:", text), name


def test_an_unknown_file_is_named() -> None:
    with pytest.raises(SettingsError, match=r"nothing\.css"):
        assets.Assets.load((assets.OWN,)).url("nothing.css")


def _package(folder: Path) -> builder.Pins:
    (folder / "p").mkdir()
    (folder / "p" / "a.js").write_text("1")
    digest = builder._digest(b"1")
    return {"style_sheets": [], "files": [{"file": "a.js", "package": "p", "path": "a.js", "sha256": digest}]}


def test_pinned_files_are_copied_and_others_removed(tmp_path: Path) -> None:
    pins = _package(tmp_path)
    target = tmp_path / "out"
    (target / "old").mkdir(parents=True)
    (target / "old" / "b.js").write_text("x")
    assert builder.build(pins, tmp_path, target) == 2
    assert sorted(p.name for p in target.rglob("*") if p.is_file()) == ["a.js", "fonts.css"]


def test_a_file_that_differs_from_its_pin_is_refused(tmp_path: Path) -> None:
    pins = _package(tmp_path)
    (tmp_path / "p" / "a.js").write_text("2")
    with pytest.raises(builder.BuildError, match="not the pinned file"):
        builder.build(pins, tmp_path, None)
    (tmp_path / "p" / "a.js").unlink()
    with pytest.raises(builder.BuildError, match="npm ci"):
        builder.build(pins, tmp_path, None)


def test_the_pins_are_those_of_the_installed_packages() -> None:
    if not builder.PACKAGES.is_dir():
        pytest.skip("no npm packages")
    assert json.loads(builder.PINS.read_text("utf-8")) == builder.pin(builder.PACKAGES)
