"""Is it within its own dates? VC Data Model 2.0, section 4.9."""

from __future__ import annotations

from collections.abc import Iterator

from jikin.values import format_instant
from jikin.verification.checks.case import Case, Said
from jikin.verification.findings import Code


def check(case: Case) -> Iterator[Said]:
    """Say whether the instant asked about lies from validFrom up to, and not at, validUntil."""
    credential = case.reading.credential
    if credential is None:
        return
    start, end, at = credential.valid_from, credential.valid_until, case.instant
    if start is not None and at < start:
        yield Said(Code.TIME_NOT_YET_VALID, f"valid from {format_instant(start)}", {"from": start})
    elif end is not None and at >= end:
        yield Said(Code.TIME_EXPIRED, f"valid until {format_instant(end)}", {"until": end})
    else:
        yield Said(Code.TIME_VALID, f"{format_instant(at)} is within its dates")
