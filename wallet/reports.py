"""A verification report as it lies in the vault: written and read back whole."""

from __future__ import annotations

from collections.abc import Mapping

from jikin.anchoring.chain import Block
from jikin.anchoring.trusted import Voucher
from jikin.credentials.profile import Names
from jikin.values import ChainId, Did, Digest, Json, JsonObject
from jikin.verification.report import AsOf, Finding, IssuerSummary, Outcome, Report, Subject, Weight
from wallet.members import numbers_and_texts, objects, text, whole


def to_json(report: Report) -> JsonObject:
    """Return every member of *report*."""
    issuer = report.issuer
    return {
        "subject": {"kind": report.subject.kind, "number": report.subject.number, "title": report.subject.title},
        "issuer": {
            "did": None if issuer.did is None else str(issuer.did),
            "names": None if issuer.names is None else {"ko": issuer.names.ko, "en": issuer.names.en},
            "accredited": issuer.accredited.value,
        },
        "findings": [_finding_json(finding) for finding in report.findings],
        "policy": report.policy,
        "checked_at": report.checked_at,
        "asked_about": report.asked_about,
    }


def from_json(value: Json) -> Report:
    """Return the report that ``to_json`` wrote."""
    members = objects(value)
    subject, issuer = objects(members["subject"]), objects(members["issuer"])
    did, names = text(issuer.get("did")), issuer.get("names")
    findings = members["findings"]
    return Report(
        subject=Subject(str(subject["kind"]), text(subject.get("number")), text(subject.get("title"))),
        issuer=IssuerSummary(
            None if did is None else Did(did),
            Names(ko=str(names["ko"]), en=str(names["en"])) if isinstance(names, Mapping) else None,
            Outcome(issuer["accredited"]),
        ),
        findings=tuple(_finding(entry) for entry in findings) if isinstance(findings, (list, tuple)) else (),
        policy=str(members["policy"]),
        checked_at=whole(members["checked_at"]) or 0,
        asked_about=whole(members.get("asked_about")),
    )


def _finding_json(finding: Finding) -> JsonObject:
    block = None if finding.as_of is None else finding.as_of.block
    return {
        "code": finding.code,
        "outcome": finding.outcome.value,
        "weight": finding.weight.value,
        "detail": finding.detail,
        "source": finding.source,
        "chain": None if finding.as_of is None else str(finding.as_of.chain),
        "block": None if block is None else [block.number, block.time, block.hash.hex()],
        "vouched_by": None if finding.as_of is None or finding.as_of.voucher is None else finding.as_of.voucher.value,
        "facts": dict(finding.facts),
    }


def _finding(value: Json) -> Finding:
    members = objects(value)
    chain, block = text(members.get("chain")), members.get("block")
    as_of = None
    if chain is not None and isinstance(block, (list, tuple)):
        number, time, hashed = block
        vouched_by = text(members.get("vouched_by"))
        as_of = AsOf(
            ChainId.parse(chain),
            Block(whole(number) or 0, Digest.from_hex(str(hashed)), whole(time) or 0),
            None if vouched_by is None else Voucher(vouched_by),
        )
    return Finding(
        code=str(members["code"]),
        outcome=Outcome(members["outcome"]),
        weight=Weight(members["weight"]),
        detail=str(members["detail"]),
        source=text(members.get("source")),
        as_of=as_of,
        facts=numbers_and_texts(members.get("facts")),
    )
