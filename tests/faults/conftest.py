"""A scene on SQLite and one on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgresql
from tests.faults.scene import Scene, opened


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Yield a scene on SQLite for all tests of a module."""
    with opened(tmp_path_factory.mktemp("scene")) as made:
        yield made


@pytest.fixture(scope="module")
def scene_with_joint_operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Yield a scene on SQLite whose institution has anchors and status changes sent together."""
    with opened(tmp_path_factory.mktemp("scene"), joint=True, JIKIN_BATCH_WAIT_SECONDS="3") as made:
        yield made


@pytest.fixture(scope="module")
def scene_on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Yield a scene on PostgreSQL for all tests of a module."""
    with postgresql.running() as server, opened(tmp_path_factory.mktemp("scene"), server.database()) as made:
        yield made
