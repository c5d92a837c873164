"""Trials for tests: ports of their own, a short list, and what runs ends with the test."""

from __future__ import annotations

import io
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from jikin.command import trial as trials
from jikin.command.stage import Stage
from jikin.command.story import Story
from jikin.command.trial import TrialPlan

ROOT = Path(__file__).resolve().parents[1]
BAD = (17, 58, 121, 204, 266, 333, 401, 487)  # as tools/build_examples.py places them
GOOD_ROWS = 10


def free_base() -> int:
    """Return a port base of which the three ports are free now."""
    while True:
        base = random.randrange(20_000, 30_000, 10)
        if all(_free(base + offset) for offset in (1, 2, 3)):
            return base


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def small_lists(folder: Path) -> Path:
    """Write the shipped lists, the exam results cut down to a few rows; return the root they lie under."""
    shipped = ROOT / "examples" / "data"
    lines = (shipped / "exam-results.csv").read_text("utf-8").splitlines()
    good = [number for number in range(2, 400, 25) if number not in BAD][:GOOD_ROWS]
    data = folder / "examples" / "data"
    data.mkdir(parents=True)
    kept = [lines[0], *(lines[number - 1] for number in sorted([*BAD, *good]))]
    (data / "exam-results.csv").write_text("\n".join(kept) + "\n", "utf-8")
    (data / "machines.csv").write_bytes((shipped / "machines.csv").read_bytes())
    return folder


@contextmanager
def staged(folder: Path, *, chain: str = "hardhat", tls: bool = False) -> Iterator[Stage]:
    """Give a stage with a chain; nothing is set up on it, and no service runs yet."""
    plan = TrialPlan(
        folder=folder / "trial",
        root=ROOT,
        port_base=free_base(),
        chain=chain,
        tls=tls,
        settings={"JIKIN_SESSION_SECONDS": "0"},
    )
    with trials.opened(plan) as trial:
        stage = Stage(Story(Console(file=io.StringIO())), small_lists(folder / "root"), trial)
        try:
            yield stage
        finally:
            stage.close()
