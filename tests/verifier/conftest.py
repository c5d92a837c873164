"""A town and the verifier's service over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.chain_fixtures import hardhat
from tests.verifier_desk import Clock, Town, client, service

__all__ = ["hardhat"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def town(clock: Clock) -> Town:
    return Town(clock)


@pytest.fixture
def browser(town: Town, tmp_path: Path) -> Iterator[TestClient]:
    with client(service(town, tmp_path)) as opened:
        yield opened
