"""An office with an accredited institution and two officers, on a chain in memory, for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chain_fixtures import hardhat
from tests.issuing_office import Bureau, open_bureau

__all__ = ["hardhat"]


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    """Yield an office on a fresh chain in memory."""
    opened = open_bureau(tmp_path / "office")
    with opened.office:
        yield opened
