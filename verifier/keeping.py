"""What was shown in answer to a request, as it is kept: reports as data; words are chosen when somebody reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jikin.anchoring.chain import Block
from jikin.anchoring.trusted import Voucher
from jikin.credentials.profile import Names
from jikin.errors import DeskError
from jikin.values import ChainId, Did, Digest, Json, JsonObject
from jikin.verification.presentations import PresentationReport
from jikin.verification.report import AsOf, Finding, IssuerSummary, Outcome, Report, Subject, Weight


@dataclass(frozen=True, slots=True)
class ShownCredential:
    """One credential that was shown, and the report on it."""

    credential: JsonObject = field(repr=False)
    report: Report


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """The answer to one query: who showed it, what there is to say of the showing itself, and what was shown."""

    query_id: str
    holder: Did | None = field(repr=False)
    findings: tuple[Finding, ...]
    credentials: tuple[ShownCredential, ...]

    @property
    def outcome(self) -> Outcome:
        """Return the outcome of the answer: any failed, else any unknown, else passed."""
        said = {finding.outcome for finding in self.findings if finding.weight is Weight.REQUIRED}
        said |= {shown.report.outcome for shown in self.credentials}
        if Outcome.FAILED in said:
            return Outcome.FAILED
        return Outcome.PASSED if said == {Outcome.PASSED} else Outcome.UNKNOWN


def shown_answer(query_id: str, report: PresentationReport, credentials: Sequence[JsonObject]) -> ShownAnswer:
    """Return the answer to the query *query_id*: its *report*, and the *credentials* in the order of their reports."""
    pairs = zip(credentials, report.credentials, strict=True)
    return ShownAnswer(
        query_id, report.holder, report.findings, tuple(ShownCredential(one, judged) for one, judged in pairs)
    )


def to_json(answers: Sequence[ShownAnswer]) -> JsonObject:
    """Return *answers* as they are kept."""
    return {
        "answers": [
            {
                "query": answer.query_id,
                "holder": None if answer.holder is None else str(answer.holder),
                "findings": [_finding_json(finding) for finding in answer.findings],
                "credentials": [
                    {"credential": shown.credential, "report": _report_json(shown.report)}
                    for shown in answer.credentials
                ],
            }
            for answer in answers
        ]
    }


def from_json(kept: JsonObject) -> tuple[ShownAnswer, ...]:
    """Return the answers that ``to_json`` kept; raises DeskError (``request.result``) for anything else."""
    try:
        return tuple(_answer(_object(entry)) for entry in _list(kept["answers"]))
    except (KeyError, TypeError, ValueError) as error:
        raise DeskError("the result as it is kept cannot be read", code="request.result") from error


def _answer(kept: JsonObject) -> ShownAnswer:
    return ShownAnswer(
        query_id=str(kept["query"]),
        holder=None if kept["holder"] is None else Did(str(kept["holder"])),
        findings=tuple(_finding(_object(entry)) for entry in _list(kept["findings"])),
        credentials=tuple(
            ShownCredential(_object(entry["credential"]), _report(_object(entry["report"])))
            for entry in map(_object, _list(kept["credentials"]))
        ),
    )


def _report_json(report: Report) -> JsonObject:
    names = report.issuer.names
    return {
        "kind": report.subject.kind,
        "number": report.subject.number,
        "title": report.subject.title,
        "issuer": None if report.issuer.did is None else str(report.issuer.did),
        "names": None if names is None else {"ko": names.ko, "en": names.en},
        "accredited": report.issuer.accredited.value,
        "findings": [_finding_json(finding) for finding in report.findings],
        "policy": report.policy,
        "checked_at": report.checked_at,
    }


def _report(kept: JsonObject) -> Report:
    names = kept["names"]
    return Report(
        subject=Subject(str(kept["kind"]), _text(kept["number"]), _text(kept["title"])),
        issuer=IssuerSummary(
            None if kept["issuer"] is None else Did(str(kept["issuer"])),
            None if names is None else Names(ko=str(_object(names)["ko"]), en=str(_object(names)["en"])),
            Outcome(kept["accredited"]),
        ),
        findings=tuple(_finding(_object(entry)) for entry in _list(kept["findings"])),
        policy=str(kept["policy"]),
        checked_at=_whole(kept["checked_at"]),
    )


def _finding_json(finding: Finding) -> JsonObject:
    as_of = finding.as_of
    block = None if as_of is None else as_of.block
    return {
        "code": finding.code,
        "outcome": finding.outcome.value,
        "weight": finding.weight.value,
        "detail": finding.detail,
        "source": finding.source,
        "facts": dict(finding.facts),
        "proof": list(finding.proof),
        "chain": None if as_of is None else str(as_of.chain),
        "block": None if block is None else [block.number, block.hash.hex(), block.time],
        "vouched_by": None if as_of is None or as_of.voucher is None else as_of.voucher.value,
    }


def _finding(kept: JsonObject) -> Finding:
    as_of = None
    if kept["block"] is not None:
        number, digest, time = _list(kept["block"])
        block = Block(_whole(number), Digest.from_hex(str(digest)), _whole(time))
        vouched_by = _text(kept.get("vouched_by"))  # results kept by an earlier version have none
        as_of = AsOf(ChainId.parse(str(kept["chain"])), block, None if vouched_by is None else Voucher(vouched_by))
    return Finding(
        code=str(kept["code"]),
        outcome=Outcome(kept["outcome"]),
        weight=Weight(kept["weight"]),
        detail=str(kept["detail"]),
        source=_text(kept["source"]),
        as_of=as_of,
        facts={
            name: value
            for name, value in _object(kept["facts"]).items()
            if isinstance(value, int | str) and not isinstance(value, bool)
        },
        proof=tuple(str(text) for text in _list(kept.get("proof", ()))),
    )


def _object(value: Json) -> JsonObject:
    if not isinstance(value, Mapping):
        raise TypeError("no object")
    return value


def _list(value: Json) -> Sequence[Json]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError("no list")
    return value


def _text(value: Json) -> str | None:
    return None if value is None else str(value)


def _whole(value: Json) -> int:
    if not isinstance(value, int):
        raise TypeError("no whole number")
    return value
