"""Verifying over the VC API (W3C CCG): what a request says, and the answer; shared by every program that offers it.

    POST /credentials/verify     {"verifiableCredential": …, "options": {…}}
    POST /presentations/verify   {"verifiablePresentation": …, "options": {"challenge", "domain"}}

``options.checkpoint`` may be the newest checkpoint of the chain that the caller saw; ``checkpoint`` of an answer is the
verifier's own.

200 when it verifies, 400 otherwise, with the same members in either case. What decides is the policy that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jikin.badges import foreign
from jikin.credentials.structure import items
from jikin.errors import CredentialError
from jikin.values import Json, JsonObject
from jikin.verification import presentations, reporting, seen_checkpoints
from jikin.verification.document import Document
from jikin.verification.findings import FINDINGS, Code, Question
from jikin.verification.policy import Policy
from jikin.verification.report import Finding, IssuerSummary, Outcome, Report, Subject, Weight
from jikin.verification.sources import Session
from jikin.verification.verifying import verify
from jikin.web.bodies import JsonBody, described_json

CREDENTIAL = "verifiableCredential"
PRESENTATION = "verifiablePresentation"
_MAX_OPTION = 2000
_PROBLEMS = "https://www.w3.org/TR/vc-data-model#"
_PROBLEM_OF: Mapping[Question, str] = {
    Question.PROOF: "CRYPTOGRAPHIC_SECURITY_ERROR",
    Question.KEY: "CRYPTOGRAPHIC_SECURITY_ERROR",
    Question.PRESENTATION: "CRYPTOGRAPHIC_SECURITY_ERROR",
    Question.TIME: "RANGE_ERROR",
    Question.MODEL: "MALFORMED_VALUE_ERROR",
}
_STATUS_PROBLEM = "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"


@dataclass(frozen=True, slots=True)
class Judging:
    """By what is judged: whom to ask, which policy, and what time it is (Unix second)."""

    session: Session
    policy: Policy
    now: int


@dataclass(frozen=True, slots=True)
class VcAnswer:
    """The answer: its HTTP status and its body."""

    status: int
    body: JsonObject


def verify_credential(body: JsonObject, judging: Judging) -> VcAnswer:
    """Return the answer to ``POST /credentials/verify``; never raises for what *body* says."""
    value = body.get(CREDENTIAL)
    try:
        document = Document.of(value)
    except CredentialError:
        return _nothing(CREDENTIAL, judging)
    if told := _foreign(value, judging):
        return told
    _compare(body, judging)
    report = verify(document, judging.session, judging.policy, judging.now)
    return _answer([report], report.outcome)


def verify_presentation(body: JsonObject, judging: Judging) -> VcAnswer:
    """Return the answer to ``POST /presentations/verify``; never raises for what *body* says.

    *challenge* and *domain* of the options must match where they are given; without them an unsigned presentation is
    a legal request too.
    """
    value = body.get(PRESENTATION)
    if not isinstance(value, Mapping | str):
        return _nothing(PRESENTATION, judging)
    if told := _foreign(value, judging):
        return told
    _compare(body, judging)
    challenge, domain = (_option(body, name) for name in ("challenge", "domain"))
    found = presentations.verify_presentation(
        value,
        judging.session,
        judging.policy,
        judging.now,
        challenge=challenge,
        domain=domain,
        unsigned=challenge is None and domain is None,
        bound=False,
    )
    own = _bare_report("presentation", found.findings, judging)
    return _answer([own, *found.credentials], found.outcome)


def router(judging: Callable[[], AbstractContextManager[Judging]], guard: Callable[[Request], object]) -> APIRouter:
    """Return the two routes; *judging* lends what is judged by, *guard* lets a request pass or raises Problem."""
    routes = APIRouter(tags=["vc-api"], dependencies=[Depends(guard)])

    @routes.post(
        "/credentials/verify",
        summary="Verify a credential",
        openapi_extra=described_json(_schema(CREDENTIAL)),
        responses={400: {"description": "It does not verify, or cannot be told"}},
    )
    def credential(body: JsonBody) -> Response:
        with judging() as by:
            return _response(verify_credential(body, by))

    @routes.post(
        "/presentations/verify",
        summary="Verify a presentation",
        openapi_extra=described_json(_schema(PRESENTATION)),
        responses={400: {"description": "It does not verify, or cannot be told"}},
    )
    def presentation(body: JsonBody) -> Response:
        with judging() as by:
            return _response(verify_presentation(body, by))

    return routes


def _response(answer: VcAnswer) -> Response:
    return JSONResponse(answer.body, answer.status, {"cache-control": "no-store"})


def _schema(member: str) -> dict[str, object]:
    return {
        "type": "object",
        "required": [member],
        "properties": {member: {"type": ["object", "string"]}, "options": {"type": "object"}},
    }


def _answer(reports: Sequence[Report], outcome: Outcome) -> VcAnswer:
    findings = [one for report in reports for one in items(reporting.report_json(report)["findings"])]
    passed = outcome is Outcome.PASSED
    body: JsonObject = {
        "verified": passed,
        "outcome": outcome.value,
        "findings": findings,
        "problemDetails": [] if passed else list(_problems(reports)),
    }
    if newest := next((report.checkpoint for report in reports if report.checkpoint is not None), None):
        body = {**body, "checkpoint": newest}
    return VcAnswer(200 if passed else 400, body)


def _problems(reports: Iterable[Report]) -> Iterable[JsonObject]:
    for report in reports:
        for finding in reporting.in_order(report.findings):
            if finding.outcome is Outcome.PASSED or finding.weight is Weight.ADVISORY:
                continue
            question = Code(finding.code).question
            known = _PROBLEM_OF.get(question)
            kind = _STATUS_PROBLEM if question is Question.STATUS else f"{_PROBLEMS}{known or 'PARSING_ERROR'}"
            yield {"type": kind, "title": finding.code, "detail": finding.detail}


def _foreign(value: Json, judging: Judging) -> VcAnswer | None:
    """Return the answer about a document of another system, None about any other: it is not judged here, nor forged."""
    kind = foreign.recognise(value)
    if not kind.foreign:
        return None
    code = Code.PROOF_UNKNOWN_SUITE
    detail = str(foreign.refusal(kind))
    finding = Finding(code.value, FINDINGS[code].outcome, judging.policy.weight(code), detail)
    return _answer([_bare_report("document", (finding,), judging)], Outcome.UNKNOWN)


def _nothing(member: str, judging: Judging) -> VcAnswer:
    """Return the answer about what is neither a JSON object nor a text."""
    code = Code.MODEL_MALFORMED
    detail = f"{member} is no JSON object, and no text that carries one"
    finding = Finding(code.value, FINDINGS[code].outcome, judging.policy.weight(code), detail)
    return _answer([_bare_report("document", (finding,), judging)], Outcome.FAILED)


def _bare_report(kind: str, findings: tuple[Finding, ...], judging: Judging) -> Report:
    nobody = IssuerSummary(None, None, Outcome.UNKNOWN)
    return Report(Subject(kind), nobody, findings, judging.policy.name, judging.now)


def _compare(body: JsonObject, judging: Judging) -> None:
    """Hold the checkpoint that the caller saw last against ours; without one, or with what is none, do nothing."""
    if (theirs := _option(body, "checkpoint", seen_checkpoints.MAX_TEXT)) is not None:
        judging.session.compare(theirs)


def _option(body: JsonObject, name: str, longest: int = _MAX_OPTION) -> str | None:
    options = body.get("options")
    value = options.get(name) if isinstance(options, Mapping) else None
    return value if isinstance(value, str) and 0 < len(value) <= longest else None
