"""``jikin verify``: exit codes and output that programs rely on (INTERFACES 2)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def jikin(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environ}
    command = [sys.executable, "-m", "jikin.command", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    "words",
    [("verify",), ("verify", "--no-such-option", "x"), ("verify", "no-such-file.pdf"), ("no-such-command",),
     ("verify", "--at", "yesterday", "README.md")],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_ends_with_64(words: tuple[str, ...]) -> None:
    assert jikin(*words).returncode == 64


def test_what_is_no_certificate_ends_with_2_and_says_what_would_be(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir", "utf-8")
    done = jikin("verify", str(letter), "--offline", "--json")
    assert done.returncode == 2
    answer = json.loads(done.stdout)
    assert answer["outcome"] == "unknown"
    assert answer["findings"][0]["code"] == "document.unknown-kind"
    assert "hint" in answer


def test_a_broken_setting_is_one_json_document_with_code_and_hint(tmp_path: Path) -> None:
    done = jikin("verify", str(tmp_path), "--json", JIKIN_RPC_URL="http://127.0.0.1:9")
    assert done.returncode == 1
    assert json.loads(done.stdout)["code"] == "settings.chain"


def test_an_answer_is_also_written_into_a_file(tmp_path: Path) -> None:
    letter = tmp_path / "letter.json"
    letter.write_text("{}", "utf-8")
    report = tmp_path / "report.json"
    done = jikin("verify", str(letter), "--offline", "--report", str(report), "--lang", "ko")
    assert done.returncode == 2
    assert json.loads(report.read_text("utf-8"))["outcome"] == "unknown"
    assert "letter.json" in done.stdout


def test_an_offline_check_loads_no_chain_library(tmp_path: Path) -> None:
    letter = tmp_path / "letter.json"
    letter.write_text("{}", "utf-8")
    script = (
        "import sys\nfrom jikin.command.main import main\n"
        f"try: main(['verify', {str(letter)!r}, '--offline', '--json'])\nexcept SystemExit: pass\n"
        "print([m for m in ('eth_abi', 'dbos', 'sqlalchemy', 'typst') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_where_a_package_of_the_command_is_missing_it_says_what_to_install() -> None:
    script = "import sys; sys.modules['typer'] = None; from jikin.command.entry import run; run()"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'jikin[command]'" in done.stderr
    assert "Traceback" not in done.stderr
