"""The whole verification in one call: read once, gather, judge."""

from __future__ import annotations

from jikin.verification.document import Document
from jikin.verification.gathering import gather_reading
from jikin.verification.judging import judge_reading
from jikin.verification.policy import Policy
from jikin.verification.reading import read
from jikin.verification.report import Report
from jikin.verification.sources import Session, Sources


def verify(
    document: Document, sources: Sources | Session, policy: Policy, now: int, *, at: int | None = None
) -> Report:
    """Return the report on *document* as of *now* (Unix second), or on whether it held at the earlier instant *at*.

    For a batch give one session (``sources.at_newest()``): 500 certificates then cost a handful of calls. Never raises
    for what a document says, nor for what a source raises on purpose.
    """
    session = sources if isinstance(sources, Session) else sources.at_newest()
    reading = read(document, session.sources.suites)
    evidence = gather_reading(reading, session, resources=policy.fetch_resources)
    return judge_reading(reading, evidence, policy, session.sources.suites, now, at=at)
