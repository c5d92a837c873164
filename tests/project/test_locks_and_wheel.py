"""The project as others get it: locks with hashes and no addresses, a wheel that needs no Node."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
NPM_LOCKS = [ROOT / "package-lock.json", ROOT / "tools" / "node" / "package-lock.json"]


@pytest.mark.parametrize("lock", [*PYTHON_LOCKS, *NPM_LOCKS], ids=lambda path: path.name)
def test_a_lock_names_no_download_address(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert not re.findall(r'"resolved"|https?://\S+\.(?:whl|tgz|tar\.gz)|--(?:extra-)?index-url|--find-links', text)


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=lambda path: path.name)
def test_every_python_package_is_locked_with_a_hash(lock: Path) -> None:
    entries = re.split(r"^(?=[a-z0-9])", lock.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.split("==")[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_every_npm_package_is_locked_with_a_hash() -> None:
    for lock in NPM_LOCKS:
        text = lock.read_text("utf-8")
        assert text.count('"integrity"') > 3 or lock.parent.name == "node"
        assert text.count('"integrity"') >= text.count('"node_modules/') - text.count('"inBundle"')


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


WHEEL_CARRIES = {
    "the registry's ABI and bytecode": r"jikin/_generated/registry\.json",
    "the JSON-LD contexts": r"jikin/_generated/contexts/credentials-v2\.jsonld",
    "the fonts of the printed certificate": r"jikin/_generated/fonts/.*\.ttf",
    "the licences of those fonts": r"jikin/_generated/fonts/.*(?i:licen[cs]e|OFL).*",
    "the context catalogue": r"schemas/contexts/catalogue\.json",
    "the HRDK type": r"schemas/credentials/national-technical-qualification/type\.json",
    "the KOSHA type": r"schemas/credentials/machine-safety-certification/type\.json",
    "the policies": r"schemas/policies/public\.toml",
    "the print template": r"jikin/badges/templates/certificate\.typ",
    "the Korean sentences": r"jikin/verification/texts/ko\.json",
    "the database migrations": r"issuer/migrations/versions/\w+\.py",
    "the marks that it is typed": r"(jikin|issuer|wallet|verifier|schemas)/py\.typed",
}


@pytest.mark.parametrize("pattern", WHEEL_CARRIES.values(), ids=WHEEL_CARRIES.keys())
def test_the_wheel_carries(wheel: zipfile.ZipFile, pattern: str) -> None:
    assert [name for name in wheel.namelist() if re.fullmatch(pattern, name)]


def test_the_wheel_carries_no_tests_and_no_node(wheel: zipfile.ZipFile) -> None:
    folders = {name.split("/")[0] for name in wheel.namelist()}
    assert not folders & {"tests", "node_modules", "contracts", "tools", "bench", "docs"}


def test_the_core_does_not_load_what_only_a_chain_or_a_document_needs() -> None:
    heavy = ("requests", "eth_abi", "eth_account", "typst", "pikepdf", "sqlalchemy", "dbos", "typer")
    script = f"import sys, jikin.verification.verifying; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
