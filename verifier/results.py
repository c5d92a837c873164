"""What the asker learns of a request: as JSON for programs, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from jikin.credentials.claims import RESERVED
from jikin.credentials.structure import items
from jikin.values import Json, JsonObject
from jikin.verification import reporting
from jikin.verification.report import IssuerSummary, Outcome, Report, Subject
from verifier.checking import worst
from verifier.keeping import ShownAnswer, from_json
from verifier.store.requests import RequestState, StoredRequest


class Stage(StrEnum):
    """How far a request has come, as the asker sees it."""

    WAITING = "waiting"
    OPENED = "opened"
    DECLINED = "declined"
    EXPIRED = "expired"
    ANSWERED = "answered"


def stage_of(stored: StoredRequest, now: int) -> Stage:
    """Return how far *stored* has come at *now* (Unix second)."""
    if stored.state is RequestState.ANSWERED:
        return Stage.ANSWERED
    if now >= stored.expires_at:
        return Stage.EXPIRED
    if stored.declined_at is not None:
        return Stage.DECLINED
    return Stage.OPENED if stored.state is RequestState.OPENED else Stage.WAITING


def answers_of(stored: StoredRequest) -> tuple[ShownAnswer, ...]:
    """Return what was shown; nothing while nobody has answered."""
    return () if stored.result is None else from_json(stored.result)


def showing_report(answer: ShownAnswer) -> Report:
    """Return the findings about the showing itself as a report, to be told like every other."""
    checked_at = max((shown.report.checked_at for shown in answer.credentials), default=0)
    policy = answer.credentials[0].report.policy if answer.credentials else ""
    nobody = IssuerSummary(None, None, Outcome.UNKNOWN)
    return Report(Subject("presentation"), nobody, answer.findings, policy, checked_at)


def result_json(stored: StoredRequest, now: int) -> JsonObject:
    """Return the result of a request as INTERFACES 5 fixes it.

    *claims* are, by query id, the subjects of the credentials shown (of an SD-JWT VC what was disclosed of it): one
    object, or an array of several. While nobody has answered, the findings are those of the newest answer that was
    refused.
    """
    answers = answers_of(stored)
    outcome = worst(answer.outcome for answer in answers) if answers else Outcome.UNKNOWN
    return {
        "verified": outcome is Outcome.PASSED,
        "outcome": outcome.value,
        "state": stage_of(stored, now).value,
        "findings": _findings(answers) if answers else [_refused(code) for code in stored.refusal],
        "claims": {answer.query_id: _claims(answer) for answer in answers},
        "credentials": [
            {
                "query": answer.query_id,
                "types": list(_types(shown.credential)),
                **_report(shown.report),
            }
            for answer in answers
            for shown in answer.credentials
        ],
    }


def _findings(answers: Sequence[ShownAnswer]) -> list[Json]:
    reports = [report for answer in answers for report in _reports(answer)]
    return [finding for report in reports for finding in items(reporting.report_json(report)["findings"])]


def _reports(answer: ShownAnswer) -> list[Report]:
    return [showing_report(answer), *(shown.report for shown in answer.credentials)]


def _claims(answer: ShownAnswer) -> Json:
    subjects = [_subject(shown.credential) for shown in answer.credentials]
    return subjects[0] if len(subjects) == 1 else subjects


def _types(credential: JsonObject) -> tuple[str, ...]:
    stated = credential.get("vct", credential.get("type"))
    return tuple(map(str, items(stated)))


def _subject(credential: JsonObject) -> Json:
    if "vct" not in credential:
        return credential.get("credentialSubject")
    return {name: value for name, value in credential.items() if name not in RESERVED}


def _report(report: Report) -> JsonObject:
    whole = reporting.report_json(report)
    return {name: whole[name] for name in ("outcome", "subject", "issuer", "sentences")}


def _refused(code: str) -> JsonObject:
    return {
        "code": code,
        "outcome": Outcome.FAILED.value,
        "weight": "required",
        "detail": "an answer was not accepted for this; the request can still be answered",
    }
