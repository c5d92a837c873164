"""Did the registry answer at all?"""

from __future__ import annotations

from collections.abc import Iterator

from jikin.verification.checks.case import Case, Said
from jikin.verification.evidence import Missing
from jikin.verification.findings import Code


def check(case: Case) -> Iterator[Said]:
    """Say that there is no registry, that another one answered, or that the chain did not; nothing when it did."""
    if case.evidence.pins is None:
        yield Said(Code.REGISTRY_NONE, "no registry is configured")
    elif isinstance(case.evidence.block, Missing):
        mismatch = case.evidence.block.code.startswith("registry.")  # whichever of chain, block 0, address and code
        yield Said(Code.REGISTRY_MISMATCH if mismatch else Code.CHAIN_UNREACHABLE, case.evidence.block.detail)
