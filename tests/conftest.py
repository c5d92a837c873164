"""How tests run: the slowest files first, and property tests without a deadline per example; `make fuzz` runs more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

# What takes longest is begun first: whoever runs files side by side does not wait for the last of them at the end.
_FIRST = (
    "journeys/test_story_in_a_browser.py",
    "pages/test_wallet_pages.py",
    "pages/test_verifier_pages.py",
    "faults",
    "pages",
    "journeys",
    "command",
    "web/test_pages_in_a_browser.py",
    "issuer",
    "fuzz",
    "anchoring",
    "wallet",
)
# A slow minute is no defect.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("patient", _PATIENT)
settings.register_profile("fuzz", _PATIENT, max_examples=2000)
settings.load_profile("patient")


@pytest.fixture
def logs_of_its_own() -> Iterator[None]:
    """A test that configures logs writes to its own captured stream, which is closed when the next one begins."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first; within a file, and among files of one kind, nothing changes."""
    folder = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(folder)
        return next((at for at, first in enumerate(_FIRST) if path.is_relative_to(first)), len(_FIRST))

    items.sort(key=place)
