"""The gas on record is what the contract costs, holds its bars, and stands beside what others cost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULT: dict[str, Any] = json.loads((ROOT / "bench" / "results" / "gas.json").read_text(encoding="utf-8"))


@pytest.mark.chain
def test_a_new_measurement_holds_every_bar_and_agrees_with_the_file() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / "gas.py", "--check"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "BROKEN" not in done.stdout


@pytest.mark.parametrize(
    "ratio",
    [
        "anchor / EAS attest",
        "publishStatus of 1 / EAS revokeOffchain",
        "publishStatus of 1 / TradeTrust revoke",
        "publishStatus of 100, each / EAS revokeOffchain",
        "publishStatusBySig of 1 / EAS revokeByDelegation",
    ],
)
def test_it_takes_less_than_the_published_contracts_of_others(ratio: str) -> None:
    assert RESULT["ratios"][ratio] < 1


def test_an_anchor_alone_takes_more_than_a_bare_timestamp_and_less_than_a_quarter_more() -> None:
    """It checks operator, accreditation and seal, and counts; the others' calls check nothing of the kind."""
    assert 1 < RESULT["ratios"]["anchor / EAS timestamp"] < 1.25
    assert 1 < RESULT["ratios"]["anchor / TradeTrust issue"] < 1.25
