"""What every check looks at, and what it may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from jikin.anchoring.chain import AnchorSlot, IssuerRecord
from jikin.proofs.suite import Suites
from jikin.verification.evidence import Evidence, Known
from jikin.verification.findings import Code
from jikin.verification.policy import Policy
from jikin.verification.reading import Reading


@dataclass(frozen=True, slots=True)
class Said:
    """One thing a check has to say; *on_chain*: it holds as of the block the chain was asked at.

    *proof*: texts that prove it to everybody, where there are such.
    """

    code: Code
    detail: str
    facts: Mapping[str, int | str] = field(default_factory=dict)
    source: str | None = None
    on_chain: bool = False
    proof: tuple[str, ...] = ()


class Anchored(Enum):
    """Whether the credential is anchored. NO: that is known, or nothing was shown that could lead to an anchor."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Anchoring:
    """What the anchor check found; keys and accreditation are judged at the time of *slot*."""

    anchored: Anchored
    slot: AnchorSlot | None
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One document before the judge. *now* is the judge's clock, *at* the instant asked about (None: now)."""

    reading: Reading
    evidence: Evidence
    policy: Policy
    suites: Suites
    now: int
    at: int | None = None

    @property
    def instant(self) -> int:
        """Return the instant asked about."""
        return self.now if self.at is None else self.at

    @property
    def record(self) -> IssuerRecord | None:
        """Return the issuer's record, None when there is none or it is not known."""
        fact = self.evidence.issuer
        return fact.value if isinstance(fact, Known) else None


def near(instant: int, edge: int, seconds: int) -> bool:
    """Say whether *instant* lies within *seconds* of *edge*."""
    return abs(instant - edge) < seconds
