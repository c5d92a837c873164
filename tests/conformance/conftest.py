from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from jikin.conformance.service import application
from jikin.conformance.settings import Settings

NOW = 1_790_000_000
BASE = "http://localhost:8110"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(application(Settings(), lambda: NOW), base_url=BASE) as found:
        yield found
