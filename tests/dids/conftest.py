"""Every behaviour of did:ethr is asked of both registries: in memory, and the contract on a Hardhat node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jikin.anchoring.devchain import HardhatNode
from jikin.values import Address
from tests.chain_fixtures import hardhat, undone
from tests.erc1056_bench import Bench, EvmBench, MemoryBench, deployed

__all__ = ["bench", "erc1056", "hardhat"]


@pytest.fixture(scope="session")
def erc1056(hardhat: HardhatNode) -> Address:
    """Return the address of the registry; each test undoes what it did to it."""
    return deployed(hardhat)


@pytest.fixture(params=["memory", pytest.param("evm", marks=pytest.mark.chain)])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Yield a registry without any change."""
    if request.param == "memory":
        yield MemoryBench()
        return
    node, address = request.getfixturevalue("hardhat"), request.getfixturevalue("erc1056")
    with undone(node):
        yield EvmBench(node, address)
