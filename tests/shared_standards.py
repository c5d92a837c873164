"""Where published vectors and samples lie beside the checkout; tests that need them skip, with a word, without them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def folder() -> Path | None:
    """Return the folder of published vectors (JIKIN_STANDARDS, or ../shared/standards), None where it is absent."""
    named = os.environ.get("JIKIN_STANDARDS")
    found = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "standards"
    return found if found.is_dir() else None


def standards() -> Path:
    """Return the folder of published vectors; the module that asks is skipped, with a word, where it is absent."""
    found = folder()
    if found is None:
        pytest.skip("published vectors are not at hand (shared/standards is absent)", allow_module_level=True)
    return found
