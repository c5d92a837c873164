"""The office looking at its own certificates as a stranger does: against the chain and its own public files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from issuer.office import Office
from issuer.store.institutions import Institution
from jikin.dids.web_fetch import Mirrors
from jikin.errors import ChainUnavailableError
from jikin.proofs.suite import Suites
from jikin.verification import policy
from jikin.verification.document import Document
from jikin.verification.evidence import Missing
from jikin.verification.gathering import Session, Sources, gather_reading
from jikin.verification.judging import judge_reading
from jikin.verification.policy import Policy
from jikin.verification.reading import read
from jikin.verification.report import Outcome, Report, Weight

_POLICY = "public"


@dataclass(frozen=True, slots=True)
class Checker:
    """Verifies certificates of one institution as of one block; make a new one for the next chunk."""

    session: Session
    suites: Suites
    policy: Policy
    clock: Callable[[], int]

    @classmethod
    def of(cls, office: Office, institution: Institution) -> Checker:
        """Return a checker that asks the chain now; raises ChainUnavailableError when it does not answer."""
        mirrors = Mirrors({f"{office.profile(institution).base_url}/": office.public(institution).path})
        session = Sources(
            registry=office.chain.registry,
            fetch=mirrors,
            did_methods=office.methods,
            suites=office.suites,
            contexts=office.contexts,
        ).at_newest()
        if isinstance(session.block, Missing):
            raise ChainUnavailableError(session.block.detail, code=session.block.code)
        return cls(session, office.suites, policy.packaged(_POLICY), office.clock)

    def report(self, document: Document) -> Report:
        """Return the report of the policy for public pages."""
        reading = read(document, self.suites)
        return judge_reading(reading, gather_reading(reading, self.session), self.policy, self.suites, self.clock())

    def objections(self, document: Document) -> tuple[str, ...]:
        """Return the codes of what keeps the certificate from passing; none: it passes."""
        report = self.report(document)
        found = tuple(
            finding.code
            for finding in report.findings
            if finding.weight is Weight.REQUIRED and finding.outcome is not Outcome.PASSED
        )
        return found if found or report.outcome is Outcome.PASSED else ("report.no-findings",)
