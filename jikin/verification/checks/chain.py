"""Did the registry answer at all, and who says that its answers are true?"""

from __future__ import annotations

from collections.abc import Iterator

from jikin.verification.checks.case import Case, Said
from jikin.verification.evidence import Missing
from jikin.verification.findings import Code

# What the code of a missing block begins with → what it means; what is not here could not be asked.
_BLOCK = {
    "registry.": Code.REGISTRY_MISMATCH,  # whichever of chain, block 0, address and code
    "state-proof": Code.CHAIN_UNPROVEN,
    "pack.": Code.CHAIN_UNPROVEN,
    "checkpoint": Code.CHAIN_CONTRADICTION,
    "chain.no-checkpoint": Code.CHAIN_UNVOUCHED,
    "chain.disagree": Code.CHAIN_DISAGREE,
}


def check(case: Case) -> Iterator[Said]:
    """Say that there is no registry, that another one answered, or none; and whether its answers were proven.

    Two histories that witnesses vouch for are told besides, with the proof: what the chain said is then no answer.
    """
    block, pins, voucher = case.evidence.block, case.evidence.pins, case.evidence.voucher
    if (split := case.evidence.checkpoints.split) is not None:
        yield Said(Code.CHAIN_SPLIT_VIEW, split.why, proof=(split.first, split.second))
    if pins is None:
        yield Said(Code.REGISTRY_NONE, "no registry is configured")
    elif isinstance(block, Missing) and split is not None and block.code == "checkpoint.split-view":
        return  # said above
    elif isinstance(block, Missing):
        code = next((code for start, code in _BLOCK.items() if block.code.startswith(start)), Code.CHAIN_UNREACHABLE)
        yield Said(code, block.detail)
    elif (fault := case.evidence.unproven()) is not None:
        yield Said(Code.CHAIN_UNPROVEN, fault, source="chain")
    elif voucher is not None and not case.policy.accepts(voucher):
        known = ", ".join(case.policy.vouchers)
        yield Said(Code.CHAIN_UNVOUCHED, f"block {block.value.number} is vouched for by {voucher}; accepted: {known}")
    elif voucher is not None:
        facts: dict[str, int | str] = {"at": block.value.time, voucher.value: f"{block.value.number:,}"}
        detail = f"proven as of block {block.value.number} {block.value.hash}, vouched for by {voucher}"
        yield Said(Code.CHAIN_PROVEN, detail, facts, "chain", on_chain=True)
