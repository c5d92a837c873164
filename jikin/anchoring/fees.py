"""What a transaction may pay: how much more when it is stuck, and where raising ends."""

from __future__ import annotations

from jikin.anchoring.chain import Fees
from jikin.errors import RegistryError

RAISE_PERCENT = 10  # nodes refuse a replacement that raises less, in either fee
CAP_FACTOR = 5  # times the suggestion: a mistake must not drain the account


def raised(before: Fees, suggested: Fees) -> Fees:
    """Return the fees of a replacement: both a tenth higher than *before* at least, and what is suggested now.

    Raises RegistryError ``registry.fee-cap`` when that would be more than five times the suggestion.
    """
    fees = Fees(
        max(_more(before.highest_wei), suggested.highest_wei),
        max(_more(before.tip_wei), suggested.tip_wei),
    )
    if fees.highest_wei > CAP_FACTOR * suggested.highest_wei:
        raise RegistryError(
            f"a replacement would pay {fees.highest_wei} wei a unit of gas, {CAP_FACTOR} times the suggested "
            f"{suggested.highest_wei} at most",
            code="registry.fee-cap",
            hint="it is sent again as it is; look why the chain does not take it",
        )
    return fees


def _more(fee: int) -> int:
    return fee + -(-fee * RAISE_PERCENT // 100)
