"""Every behaviour of a registry is asked of both chains: in memory, and the contract on a Hardhat node."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.chain_fixtures import Bench, EvmBench, MemoryBench, hardhat, undone

__all__ = ["bench", "hardhat", "make_bench"]


@pytest.fixture(params=["memory", pytest.param("evm", marks=pytest.mark.chain)])
def make_bench(request: pytest.FixtureRequest) -> Iterator[Callable[[int], Bench]]:
    """Yield what makes a bench with a registry of the delay given."""
    if request.param == "memory":
        yield MemoryBench
        return
    node = request.getfixturevalue("hardhat")
    with undone(node):
        yield lambda delay: EvmBench(node, delay)


@pytest.fixture
def bench(make_bench: Callable[[int], Bench]) -> Bench:
    """Return a bench with a registry without delay."""
    return make_bench(0)
