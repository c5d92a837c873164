"""Another program of an institution: a token, and what it asks of the office over the VC API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import strategies as st
from sqlalchemy import func, select

from issuer import tokens
from issuer.checking import Checker
from issuer.store.tables import batches as batches_table
from issuer.store.tables import credentials as credentials_table
from issuer.store.tables import tasks as tasks_table
from issuer.tokens import Scope
from jikin.verification.document import Document
from jikin.verification.report import Outcome
from tests import issuing_office
from tests.issuing_office import Bureau, open_bureau
from tests.issuing_service import HERE, Counter, bearer, open_counter

V2 = "https://www.w3.org/ns/credentials/v2"
BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
HIDDEN = {"exam_number": "2602-000001", "birth_date": "1990-04-17"}
MACHINE = "machine-safety-certification"
Changes = Mapping[str, Any]


@dataclass
class Portal:
    """Another program of the institution: a token, and the requests it makes."""

    counter: Counter
    token: str

    @property
    def bureau(self) -> Bureau:
        return self.counter.bureau

    def credential(self, **changes: Any) -> dict[str, Any]:
        """Return what a program wants certified; a change to ``...`` leaves the member out."""
        made: dict[str, Any] = {
            "@context": [V2, BADGES],
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "issuer": str(self.bureau.institution.did),
            "awardedDate": "2026-05-29T00:00:00+09:00",
            "credentialSubject": {
                "type": ["AchievementSubject"],
                "identifier": [
                    {"type": "IdentityObject", "hashed": False, "identityHash": "김하늘", "identityType": "name"}
                ],
                "achievement": {"type": ["Achievement"], "humanCode": "7875"},
            },
            **changes,
        }
        return {name: value for name, value in made.items() if value is not ...}

    def issue(self, credential: Any = None, profile: str = "eddsa-rdfc-2022", *, key: str | None = None, **more: Any):  # type: ignore[no-untyped-def]
        body = {"credential": credential or self.credential(), "options": {"record": HIDDEN}} | more
        headers = bearer(self.token) | ({} if key is None else {"idempotency-key": key})
        return self.counter.client.post(f"/issuers/{profile}/credentials/issue", json=body, headers=headers)

    def issued(self, profile: str = "eddsa-rdfc-2022", **more: Any) -> dict[str, Any]:
        """Return a certificate that was asked for twice: the office worked in between."""
        first = self.issue(profile=profile, **more)
        assert first.status_code == 503, first.text
        self.counter.work_off()
        answer = self.issue(profile=profile, **more)
        assert answer.status_code == 201, answer.text
        assert answer.headers["cache-control"] == "no-store"
        found: dict[str, Any] = answer.json()
        return found

    def again(self, profile: str = "eddsa-rdfc-2022", **more: Any) -> dict[str, Any]:
        """Return what was issued before, asked for once more."""
        answer = self.issue(profile=profile, **more)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def ask(self, body: Any):  # type: ignore[no-untyped-def]
        return self.counter.client.post("/credentials/status", json=body, headers=bearer(self.token))

    def count(self, what: Any = credentials_table) -> int:
        with self.bureau.office.database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(what)).scalar_one())


@pytest.fixture
def portal(counter: Counter) -> Portal:
    return portal_of(counter)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Yield a portal for which one certificate was issued; nothing that a test asks of it may change anything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(issuing_office, "NEW", HERE)
        bureau = open_bureau(tmp_path_factory.mktemp("settled") / "office", claim_wait_seconds=0.0)
    with bureau.office:
        portal = portal_of(open_counter(bureau))
        portal.issued(key="order 1")
        yield portal
        assert (portal.count(), portal.count(batches_table), portal.count(tasks_table)) == (1, 1, 0)


@pytest.fixture(scope="module")
def jwt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Yield a portal for which one certificate was issued as vc+jwt."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(issuing_office, "NEW", HERE)
        bureau = open_bureau(tmp_path_factory.mktemp("jwt") / "office", claim_wait_seconds=0.0)
    with bureau.office:
        portal = portal_of(open_counter(bureau))
        portal.issued("vc-jwt")
        yield portal


def portal_of(counter: Counter) -> Portal:
    made = tokens.make(counter.bureau.office, "exam portal", [Scope.ISSUE, Scope.STATUS])
    return Portal(counter, made.token)


def outcome(bureau: Bureau, document: Document) -> tuple[Outcome, set[str]]:
    report = Checker.of(bureau.office, bureau.institution).report(document)
    return report.outcome, {finding.code for finding in report.findings}


def problem(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    return answer.status_code, answer.json()["code"]


# Any JSON at all.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
