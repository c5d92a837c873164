"""How tests run: the slowest files first, and property tests without a deadline per example; `make fuzz` runs more."""

from __future__ import annotations

import functools
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

# As the command does (jikin.command.entry): thousands of tests stay, and going through them again takes its time.
gc.set_threshold(50_000, 20, 20)
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


# Databases, key files, chains and browser profiles are written and forgotten: a third of the time went into waiting for
# the disk. So much room must be left there in memory.
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Let processes that run side by side work in memory, where there is room; a TMPDIR that is set is kept."""
    is_first = not hasattr(config, "workerinput") and getattr(config.option, "numprocesses", None)
    if is_first and "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES:
        folder = tempfile.mkdtemp(prefix="jikin-tests-", dir=_MEMORY)
        os.environ["TMPDIR"] = folder
        tempfile.tempdir = None
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_finish() -> None:
    """Have the collector pass over what stays anyway: modules, and thousands of tests."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _logs_of_an_earlier_test() -> None:
    """Forget where an earlier test had logs written: that was its own captured stream, which is closed by now."""
    stream = getattr(structlog.get_config()["logger_factory"], "_file", None)
    if stream is not None and stream.closed:
        structlog.reset_defaults()


@pytest.fixture
def logs_of_its_own() -> Iterator[None]:
    """A test that configures logs writes to its own captured stream, which is closed when the next one begins."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first; within a file, and among files of one kind, nothing changes."""
    folder = Path(__file__).parent

    @functools.cache
    def place(file: Path) -> int:
        path = file.relative_to(folder)
        return next((at for at, first in enumerate(_FIRST) if path.is_relative_to(first)), len(_FIRST))

    items.sort(key=lambda item: place(item.path))
