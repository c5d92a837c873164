"""Every behaviour of a registry is asked of both chains: in memory, and the contract on a Hardhat node.

The contract is read twice: as the node answers, and by state proofs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from jikin.anchoring.chain import RegistryPins
from jikin.anchoring.devchain import HardhatNode
from tests.chain_fixtures import Bench, EvmBench, MemoryBench, ProvenBench, deployed, hardhat, undone

__all__ = ["bench", "hardhat", "make_bench", "registry_without_delay"]


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
