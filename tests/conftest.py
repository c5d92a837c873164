"""How property tests run: without a deadline per example, because a slow minute is no defect; `make fuzz` runs more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

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
