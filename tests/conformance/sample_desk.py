"""The desk at which published samples are judged: with the samples' own contexts and pages, no chain, no network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jikin.codec.contexts import Contexts
from jikin.dids.standard import standard_methods
from jikin.errors import FetchError
from jikin.proofs.standard import standard_suites
from jikin.values import parse_instant
from jikin.verification import policy
from jikin.verification.report import Weight
from jikin.verification.sources import Sources
from tests.shared_standards import standards
from verifier import checking
from verifier.app import Desk

# Most samples were made between 2021 and 2026: what has expired by this day has expired for good.
NOW = parse_instant("2026-11-21T00:00:00Z")
POLICIES = ("proof", "strict")


@dataclass(frozen=True)
class Pages:
    """The samples' own web: what their addresses show, by URL; everything else does not answer."""

    files: Mapping[str, Path] = field(default_factory=dict)

    def get(self, url: str, *, max_bytes: int) -> bytes:
        if url not in self.files:
            raise FetchError(f"{url} does not answer", code="fetch.unreachable")
        data = self.files[url].read_bytes()
        if len(data) > max_bytes:
            raise FetchError(f"{url} is too long", code="fetch.too-long")
        return data


@dataclass(frozen=True)
class Verdict:
    """What came out for one document by one policy: the outcome, and the codes that decide or remark, sorted."""

    outcome: str
    codes: tuple[str, ...]


@cache
def desk(policy_name: str) -> Desk:
    root = standards()
    contexts = Contexts.packaged().with_folder(root / "contexts")
    pages, trust = _world(root)
    sources = Sources(
        registry=None,
        fetch=pages,
        did_methods=standard_methods(),
        suites=standard_suites(contexts),
        contexts=contexts,
        trust=trust,
    )
    return Desk(sources, policy.packaged(policy_name), lambda: NOW)


def _world(root: Path) -> tuple[Pages, dict[str, tuple[str, ...]]]:
    """Return where the samples' pages lie, and which keys their issuers' own pages would name."""
    told: dict[str, Any] = json.loads((Path(__file__).parent / "sample_world.json").read_text("utf-8"))
    pages = {url: root / name for url, name in told["pages"].items()}
    return Pages(pages), {issuer: tuple(keys) for issuer, keys in told["trust"].items()}


def verdicts(path: Path, policy_name: str) -> Iterator[Verdict]:
    """Yield the verdict on every document in the file at *path*."""
    here = desk(policy_name)
    session = here.sources.at_newest()
    for found in checking.check_upload(path.name, path.read_bytes(), here, session):
        if found.report is None:
            yield Verdict(found.outcome.value, (found.fault.code if found.fault else "document",))
            continue
        told = {
            finding.code
            for finding in found.report.findings
            if finding.outcome.value != "passed" and finding.weight is Weight.REQUIRED
        }
        yield Verdict(found.report.outcome.value, tuple(sorted(told)))
