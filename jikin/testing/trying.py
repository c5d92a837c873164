"""A first look in ten lines: an institution of one's own, on a chain in memory, that issues, verifies and revokes.

Nothing is configured and nothing is pretended: keys are real and new, the registry follows the contract's rules, and a
badge is an Open Badges 3.0 credential with a receipt. When the program ends, all of it is gone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from jikin.anchoring.chain import Registry
from jikin.codec.contexts import Contexts
from jikin.credentials.profile import Names
from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import NoFetch
from jikin.errors import ValueRefusedError
from jikin.proofs.standard import standard_suites
from jikin.status.array import State
from jikin.testing.world import Institution, Issued, World
from jikin.values import JsonObject
from jikin.verification import policy as policies
from jikin.verification import reporting
from jikin.verification.document import Document
from jikin.verification.gathering import Sources
from jikin.verification.report import Outcome, Report, Weight
from jikin.verification.verifying import verify as judge

_TYPE = "course-completion"


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge as its holder has it: credential and receipt. *number* is printed on a certificate."""

    document: Document = field(repr=False)
    number: str

    @property
    def credential(self) -> JsonObject:
        """Return the secured credential as parsed JSON."""
        return self.document.credential

    def altered(self, old: str, new: str) -> Badge:
        """Return what a forger makes of it: every text *old* replaced by *new*, signature and receipt kept.

        Raises ValueRefusedError when *old* does not occur.
        """
        text = json.dumps(self.document.credential, ensure_ascii=False)
        if old not in text:
            raise ValueRefusedError(f"{old!r} does not occur in this badge")
        return Badge(Document(json.loads(text.replace(old, new)), self.document.receipt), self.number)


@dataclass(frozen=True, slots=True)
class Answer:
    """A report in a form that reads well at a prompt."""

    report: Report

    @property
    def outcome(self) -> Outcome:
        """Return passed, failed or unknown."""
        return self.report.outcome

    @property
    def failed(self) -> tuple[str, ...]:
        """Return the codes of the required findings that failed."""
        return tuple(
            finding.code
            for finding in self.report.findings
            if finding.outcome is Outcome.FAILED and finding.weight is Weight.REQUIRED
        )

    def sentence(self, language: str = "en") -> str:
        """Return the verdict in words, ``ko`` or ``en``."""
        return reporting.sentences(self.report, language)[0]


class Issuer:
    """An institution for trying out."""

    def __init__(self, institution: Institution) -> None:
        """Take an institution that is on record."""
        self._institution = institution
        self._issued: dict[str, Issued] = {}

    @classmethod
    def for_trying_out(cls, clock: Callable[[], int] = lambda: int(time.time())) -> Issuer:
        """Return an issuer with new keys, accredited on a new chain in memory whose blocks follow *clock*."""
        names = Names(ko="한빛직업학교", en="Hanbit Vocational School")
        return cls(World(clock).institution("hanbit.example", names, number_code="HANB", types=(_TYPE,)))

    @property
    def registry(self) -> Registry:
        """Return the registry it is accredited in: what a verifier has to trust."""
        return self._institution.world.chain

    def issue(self, title: str, to: str) -> Badge:
        """Return a badge for the achievement *title*, made out to the name *to*, signed and anchored."""
        today = datetime.fromtimestamp(self._institution.world.clock(), UTC).date()
        record = {"name": to, "course": title, "completed_on": today.isoformat()}
        (issued,) = self._institution.issue(_TYPE, [record])
        self._issued[str(issued.number)] = issued
        return Badge(issued.document, str(issued.number))

    def revoke(self, badge: Badge, reason: str) -> None:
        """Revoke the badge from now on; who holds it with its receipt can read the *reason*.

        Raises ValueRefusedError for a badge of somebody else.
        """
        issued = self._issued.get(badge.number)
        if issued is None:
            raise ValueRefusedError(f"no badge {badge.number} was issued here")
        self._institution.change(issued, State.REVOKED, reason)


def verify(badge: Badge, registry: Registry, *, clock: Callable[[], int] = lambda: int(time.time())) -> Answer:
    """Return what a stranger who trusts *registry*, and knows nothing else, finds out about *badge*.

    The issuer's web site is not asked: name, key and status come from the registry.
    """
    contexts = Contexts.packaged()
    sources = Sources(
        registry=registry,
        fetch=NoFetch(),
        did_methods=standard_methods(),
        suites=standard_suites(contexts),
        contexts=contexts,
    )
    return Answer(judge(badge.document, sources, policies.packaged("public"), clock()))
