"""The desk put together: the one place where a verifier's parts are chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jikin.badges.transactions import EvmTransactions, TransactionData
from jikin.verification import policy as policies
from jikin.verification.assembly import assemble
from jikin.verification.policy import Policy
from jikin.verification.sources import Sources
from verifier.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a check needs: who can be asked, by which policy it is judged, and what time it is (Unix seconds).

    *chains* are sources of transactions by chain (CAIP-2), for certificates of other systems that were anchored there.
    """

    sources: Sources
    policy: Policy
    clock: Callable[[], int] = field(repr=False)
    chains: Mapping[str, TransactionData] = field(default_factory=dict)


def build(settings: Settings, clock: Callable[[], int]) -> Desk:
    """Return the desk that *settings* describe; raises SettingsError, RegistryError for a broken ``registry.json``."""
    policy = policies.packaged("offline" if settings.offline and settings.policy == "public" else settings.policy)
    return Desk(assemble(settings.plan()), policy, clock, _chains(settings))


def _chains(settings: Settings) -> Mapping[str, TransactionData]:
    nodes = {} if settings.offline else settings.nodes()
    if not nodes:
        return {}
    from jikin.anchoring.evm_nodes import connect  # loads web3, which no other check needs

    return {str(chain): EvmTransactions(connect(url), chain) for chain, url in nodes.items()}
