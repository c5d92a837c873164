"""A development node in the form of a MemoryChain, so that a SmallWorld can live on the contract."""

from __future__ import annotations

from jikin.anchoring.chain import RegistryPins, RegistryView, RegistryWriter
from jikin.values import Address
from tests.chain_fixtures import EvmBench


class OnNode:
    """The bench in the form of a MemoryChain."""

    def __init__(self, bench: EvmBench) -> None:
        self.bench = bench
        self.accounts = [bench.writer(number).account for number in range(6)]

    @property
    def pins(self) -> RegistryPins:
        return self.bench.registry.pins

    def view(self) -> RegistryView:
        return self.bench.registry.view()

    def writer(self, account: Address) -> RegistryWriter:
        return self.bench.writer(self.accounts.index(account))

    def advance(self, seconds: int) -> None:
        self.bench.advance(seconds)

    def mine(self) -> None:
        self.bench.mine()
