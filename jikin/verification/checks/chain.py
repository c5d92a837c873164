"""Did the registry answer at all?"""

from __future__ import annotations

from collections.abc import Iterator

from jikin.verification.checks.case import Case, Said
from jikin.verification.evidence import Missing
from jikin.verification.findings import Code


def check(case: Case) -> Iterator[Said]:
    """Say that there is no registry, another one answered, the chain did not or contradicts itself; else nothing."""
    if case.evidence.pins is None:
        yield Said(Code.REGISTRY_NONE, "no registry is configured")
    elif isinstance(case.evidence.block, Missing):
        yield Said(_code(case.evidence.block), case.evidence.block.detail)


def _code(missing: Missing) -> Code:
    if missing.code.startswith("registry."):  # whichever of chain, block 0, address and code
        return Code.REGISTRY_MISMATCH
    return Code.CHAIN_DISAGREE if missing.code == Code.CHAIN_DISAGREE else Code.CHAIN_UNREACHABLE
