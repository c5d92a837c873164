"""Every behaviour of a registry is asked of both chains: in memory, and the contract on a Hardhat node.

The contract is read twice: as the node answers, and by state proofs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from jikin.anchoring.chain import RegistryPins
from jikin.anchoring.devchain import HardhatNode
from tests.chain_fixtures import Bench, EvmBench, MemoryBench, ProvenBench, deployed, hardhat, undone

__all__ = ["bench", "hardhat", "make_bench", "registry_without_delay"]


# What is written, and what is refused when it is: the same transactions whichever way they are read back.
_WRITING = re.compile(
    "refused|nobody|nothing|needs|transaction|nonce|signature|relay|deadline|sensible|impossible|sent|preparing|only"
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Ask the registry that is read by proofs only what is about reading."""
    writing = {item for item in items if "[proven" in item.name and _WRITING.search(item.name)}
    config.hook.pytest_deselected(items=list(writing))
    items[:] = [item for item in items if item not in writing]


@pytest.fixture(scope="session")
def registry_without_delay(hardhat: HardhatNode) -> RegistryPins:
    """Return the registry that most tests use; each undoes what it did to it."""
    return deployed(hardhat)


@pytest.fixture(
    params=["memory", pytest.param("evm", marks=pytest.mark.chain), pytest.param("proven", marks=pytest.mark.chain)]
)
def make_bench(request: pytest.FixtureRequest) -> Iterator[Callable[[int], Bench]]:
    """Yield what makes a bench with a registry of the delay given."""
    if request.param == "memory":
        yield MemoryBench
        return
    node, without_delay = request.getfixturevalue("hardhat"), request.getfixturevalue("registry_without_delay")
    with undone(node):
        kind = ProvenBench if request.param == "proven" else EvmBench
        yield lambda delay: kind(node, deployed(node, delay) if delay else without_delay)


@pytest.fixture
def bench(make_bench: Callable[[int], Bench]) -> Bench:
    """Return a bench with a registry without delay."""
    return make_bench(0)
