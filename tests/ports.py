"""Ports for services that tests start: several in a row, free now, and no other test process takes them meanwhile."""

from __future__ import annotations

import os
import random
import re
import socket

HOST = "127.0.0.1"
# Below those that the system gives away by itself. Each test process has every sixteenth ten of them.
_FIRST, _END, _PROCESSES = 1100, 3200, 16


def free_base(count: int = 3) -> int:
    """Return a multiple of ten after which *count* (at most nine) ports are free."""
    chance, own = random.SystemRandom(), _own_number()
    for _ in range(200):
        base = 10 * (chance.randrange(_FIRST, _END, _PROCESSES) + own)
        if all(_is_free(base + number) for number in range(1, count + 1)):
            return base
    raise AssertionError(f"there are no {count} free ports in a row")


def _own_number() -> int:
    """Return which of the test processes that run at once this one is."""
    digits = re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or "0"
    return int(digits) % _PROCESSES


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
