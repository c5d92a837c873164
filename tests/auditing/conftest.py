"""One audited institution on the session's Hardhat node; whatever a test does to the chain is undone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jikin.anchoring.devchain import HardhatNode
from tests.audited_office import Audited, audited
from tests.chain_fixtures import hardhat, undone

__all__ = ["hardhat"]


@pytest.fixture(scope="module")
def founded(hardhat: HardhatNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    """Yield the institution as its auditor finds it in good order."""
    with undone(hardhat):
        made = audited(hardhat, tmp_path_factory.mktemp("audited") / "office")
        with made.bureau.office:
            yield made


@pytest.fixture
def office(founded: Audited, hardhat: HardhatNode) -> Iterator[Audited]:
    """Yield the institution; what a test does to the chain is undone."""
    with undone(hardhat):
        yield founded
