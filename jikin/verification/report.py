"""What a verification says: findings, their outcome, and a report that can be stored, sent and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from jikin.anchoring.chain import Block
from jikin.anchoring.trusted import Voucher
from jikin.credentials.profile import Names
from jikin.values import ChainId, Did


class Outcome(Enum):
    """Yes, no, cannot tell. A chain that does not answer makes neither a valid nor a forged certificate."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Weight(Enum):
    """Whether a finding decides (required) or is shown as a note (advisory); the policy sets it."""

    REQUIRED = "required"
    ADVISORY = "advisory"


@dataclass(frozen=True, slots=True)
class AsOf:
    """The moment a finding from the chain speaks of; *voucher*: who vouches for the block, None: the node alone."""

    chain: ChainId
    block: Block
    voucher: Voucher | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. *code* is stable; *outcome* follows from the code (``findings.py``).

    *detail* is for whoever handed the document in and may quote it: it stays out of logs. *facts* fill the placeholders
    of the code's sentence: a number is an instant (Unix second), a text stands as it is. *proof* are texts that prove
    the finding to everybody, where there are such.
    """

    code: str
    outcome: Outcome
    weight: Weight
    detail: str
    source: str | None = None
    as_of: AsOf | None = None
    facts: Mapping[str, int | str] = field(default_factory=dict)
    proof: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Subject:
    """What was judged: its kind ("credential"), the certificate number and title where it states them."""

    kind: str
    number: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class IssuerSummary:
    """Who issued it: the DID it states, and the names that the approved profile gives (never the credential's own)."""

    did: Did | None
    names: Names | None
    accredited: Outcome

    @property
    def name(self) -> str | None:
        """Return the Korean name of the approved profile, None where no approved profile is known."""
        return None if self.names is None else self.names.ko


@dataclass(frozen=True, slots=True)
class Report:
    """The answer. *checked_at* and *asked_about* (None: the same) are Unix seconds; sentences are chosen when shown.

    *checkpoint*: the newest that witnesses vouched for, as the verifier saw it, to be compared with what others saw.
    """

    subject: Subject
    issuer: IssuerSummary
    findings: tuple[Finding, ...]
    policy: str
    checked_at: int
    asked_about: int | None = None
    checkpoint: str | None = field(default=None, repr=False)

    @property
    def outcome(self) -> Outcome:
        """Return the outcome of the required findings: any failed, else any unknown, else passed; none is unknown."""
        said = {finding.outcome for finding in self.findings if finding.weight is Weight.REQUIRED}
        if Outcome.FAILED in said:
            return Outcome.FAILED
        return Outcome.PASSED if said == {Outcome.PASSED} else Outcome.UNKNOWN

    def __bool__(self) -> bool:
        """Refuse to be a yes or no."""
        raise TypeError("a report can also say 'unknown': compare report.outcome")
