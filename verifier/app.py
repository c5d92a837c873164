"""The desk put together: the one place where a verifier's parts are chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jikin.badges.transactions import EvmTransactions, TransactionData
from jikin.verification import policy as policies
from jikin.verification.assembly import assemble, witnessed_of
from jikin.verification.policy import Policy
from jikin.verification.seen_heads import MemoryHeads, SeenHeads
from jikin.verification.sources import Sources
from verifier.head_file import HeadFile
from verifier.settings import Settings

# What is demanded online of the chain, and what is forgiven offline, fits no pack.
_NOT_FOR_PACKS = frozenset({"public", "offline"})
_NEWEST_CHECKPOINT = "newest-checkpoint"


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a check needs: who can be asked, by which policy it is judged, and what time it is (Unix seconds).

    *chains* are sources of transactions by chain (CAIP-2), for certificates of other systems that were anchored there.
    *pack_policy* is for proof packs, which are judged where the registry cannot be asked: what one leaves out is
    unknown, not a note.
    """

    sources: Sources
    policy: Policy
    clock: Callable[[], int] = field(repr=False)
    chains: Mapping[str, TransactionData] = field(default_factory=dict)
    pack_policy: Policy = field(default_factory=lambda: policies.packaged("pack"))


def build(settings: Settings, clock: Callable[[], int]) -> Desk:
    """Return the desk that *settings* describe; raises SettingsError, RegistryError for a broken ``registry.json``."""
    policy = policies.packaged("offline" if settings.offline and settings.policy == "public" else settings.policy)
    pack_policy = policies.packaged("pack") if policy.name in _NOT_FOR_PACKS else policy
    heads = MemoryHeads() if settings.heads is None else HeadFile(settings.heads)
    return Desk(_sources(settings, heads, clock), policy, clock, _chains(settings), pack_policy)


def _sources(settings: Settings, heads: SeenHeads, clock: Callable[[], int]) -> Sources:
    plan = settings.plan()
    kept = settings.data / _NEWEST_CHECKPOINT if settings.data.is_dir() else None
    blocks = witnessed_of(plan, settings.witness_file, clock, kept=kept)
    return assemble(plan, heads=heads, witnessed=blocks)


def _chains(settings: Settings) -> Mapping[str, TransactionData]:
    nodes = {} if settings.offline else settings.nodes()
    if not nodes:
        return {}
    from jikin.anchoring.evm_nodes import connect  # loads what no other check needs

    return {str(chain): EvmTransactions(connect(url), chain) for chain, url in nodes.items()}
