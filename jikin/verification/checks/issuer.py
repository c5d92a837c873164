"""Who issued it, and were they allowed to? Accreditation and approved types come from the registry alone.

The accreditation window is judged at the anchored time, like keys; what is not anchored has no time but now.
"""

from __future__ import annotations

from collections.abc import Iterator

from jikin.anchoring.chain import IssuerRecord
from jikin.credentials.profile import Names, Profile
from jikin.values import Did, format_instant
from jikin.verification.checks.case import Anchored, Anchoring, Case, Said, near
from jikin.verification.evidence import Known, Missing
from jikin.verification.findings import Code


def names(case: Case) -> Names | None:
    """Return the issuer's names as the accreditor approved them, None where no approved profile is known."""
    profile = _profile(case)
    return None if profile is None else profile.names


def check(case: Case, anchoring: Anchoring) -> Iterator[Said]:
    """Say whether the issuer was accredited at that time, and whether it may issue this type."""
    if case.reading.credential is None:
        return
    fact = case.evidence.issuer
    if isinstance(fact, Missing):
        yield Said(Code.ISSUER_UNKNOWN, fact.detail)
    elif case.evidence.pins is None:
        yield Said(Code.ISSUER_UNKNOWN, "no registry is configured")
    elif fact.value is None or case.reading.issuer is None:
        yield Said(Code.ISSUER_UNREGISTERED, f"{case.reading.credential.issuer[:120]} is not registered", on_chain=True)
    else:
        found = [*_window(case, anchoring, fact.value), *_type(case, case.reading.issuer)]
        yield from found or [
            Said(Code.ISSUER_ACCREDITED, f"{case.reading.issuer} was accredited", source="chain", on_chain=True)
        ]


def _said(code: Code, detail: str, **facts: int | str) -> Said:
    return Said(code, detail, facts, "chain", on_chain=True)


def _window(case: Case, anchoring: Anchoring, record: IssuerRecord) -> Iterator[Said]:
    """Yield what is wrong with the accreditation, nothing when it held.

    As with keys, the minute after the beginning of a window is as good as any other.
    """
    time = case.now if anchoring.slot is None else anchoring.slot.time
    seconds = case.policy.edge_seconds
    ends = [end for end in (record.invalid_since, record.valid_until) if end]
    undecided = anchoring.anchored is Anchored.UNKNOWN
    if undecided and (record.invalid_since or not record.valid_from <= time < record.valid_until):
        yield _said(Code.ISSUER_UNKNOWN, "the accreditation has ended, and when it was anchored is not known")
        return
    if record.invalid_since and anchoring.slot is None:
        yield _said(Code.ISSUER_INVALIDATED, "not anchored before", since=record.invalid_since)
        return
    for end in ends:
        if near(time, end, seconds):
            yield _said(Code.ISSUER_EDGE, f"within {seconds} s of {format_instant(end)}", since=end)
            return
    if record.invalid_since and time >= record.invalid_since:
        since = format_instant(record.invalid_since)
        yield _said(Code.ISSUER_INVALIDATED, f"what was anchored since {since} is invalid", since=record.invalid_since)
    elif time < record.valid_from and near(time, record.valid_from, seconds):
        yield _said(Code.ISSUER_EDGE, f"within {seconds} s of the beginning", since=record.valid_from)
    elif not record.valid_from <= time < record.valid_until:
        window = f"{format_instant(record.valid_from)} to {format_instant(record.valid_until)}"
        facts = {"from": record.valid_from, "until": record.valid_until}
        yield Said(Code.ISSUER_UNACCREDITED, f"accredited {window}", facts, "chain", on_chain=True)


def _type(case: Case, issuer: Did) -> Iterator[Said]:
    fact, kind = case.evidence.profile, case.reading.kind
    if isinstance(fact, Missing):
        yield Said(Code.ISSUER_UNKNOWN, f"the approved profile: {fact.detail}")
        return
    profile = fact.value
    if profile is None:
        yield _said(Code.ISSUER_TYPE_NOT_APPROVED, "no profile of this issuer is approved")
    elif profile.did.registered != issuer.registered:
        yield _said(Code.ISSUER_TYPE_NOT_APPROVED, f"the approved profile is of {profile.did}")
    elif kind is None:
        yield Said(Code.ISSUER_TYPE_UNKNOWN, "it names the schema of no credential type known here")
    elif kind.id not in profile.types:
        yield _said(Code.ISSUER_TYPE_NOT_APPROVED, f"approved for {', '.join(profile.types)}, not for {kind.id}")


def _profile(case: Case) -> Profile | None:
    fact, issuer = case.evidence.profile, case.reading.issuer
    if not isinstance(fact, Known) or fact.value is None or issuer is None:
        return None
    return fact.value if fact.value.did.registered == issuer.registered else None
