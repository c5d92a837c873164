"""Where published vectors and samples lie beside the checkout; tests that need them skip, with a word, without them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def standards() -> Path:
    """Return the folder of published vectors (JIKIN_STANDARDS, or ../shared/standards beside the checkout)."""
    named = os.environ.get("JIKIN_STANDARDS")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "standards"
    if not folder.is_dir():
        pytest.skip(f"published vectors are not at hand ({folder.name} folder absent)", allow_module_level=True)
    return folder
