"""A third-party wallet library receives from our running issuer: a real chain, the service's own thread, real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import httpx2
import pytest

from issuer import accrediting, app, development, service
from issuer.accrediting import NewInstitution
from issuer.office import Office
from jikin.anchoring.devchain import HardhatNode
from jikin.dids.web_fetch import WebFetch
from jikin.values import Json
from jikin.verification.document import Document
from jikin.verification.evidence import Missing
from jikin.verification.gathering import Sources, gather_reading
from jikin.verification.judging import judge_reading
from jikin.verification.policy import packaged
from jikin.verification.reading import read
from jikin.verification.report import Outcome
from tests.browser import free_port, running
from tests.chain_fixtures import hardhat
from tests.issuing_office import TYPE, settings
from tests.issuing_service import dev_tokens
from tests.npm import ask

__all__ = ["hardhat"]

pytestmark = pytest.mark.chain


@dataclass(frozen=True)
class Site:
    """A running issuer: its address, and the office behind it."""

    url: str
    office: Office


@pytest.fixture(scope="module")
def site(hardhat: HardhatNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield a running issuer with one institution at /hrdk."""
    port, folder = free_port(), tmp_path_factory.mktemp("issuer")
    chosen = replace(
        settings(folder / "office"),
        rpc_url=hardhat.url,
        base_url=f"http://localhost:{port}",
        port=port,
        dev_tokens=dev_tokens(folder),
        copy_wait_seconds=0.1,
        poll_seconds=0.2,
    )
    office = app.build(chosen)
    development.deploy(office)
    new = NewInstitution(f"localhost:{port}/hrdk", "한국견본공단", "Sample Agency of Korea", "KR12", (TYPE,), "견본")
    institution = accrediting.prepare(office, new)
    development.fund_institution(office, institution)
    accrediting.register(office, institution)
    with running(service.application_of(office), port) as url:
        yield Site(url, office)


@pytest.fixture
def issuer(site: Site) -> str:
    """Return the base URL of the issuer."""
    return site.url


def offer(issuer: str, **body: Json) -> dict[str, Json]:
    """Return what POST /offers answers."""
    headers = {"authorization": "Bearer dev-token-of-the-tests"}
    answer = httpx2.post(f"{issuer}/offers", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Json] = answer.json()
    return found


@pytest.mark.parametrize("key", ["Ed25519", "P-256"])
@pytest.mark.parametrize("binding", ["did:key", "jwk"])
def test_a_third_party_wallet_receives_a_credential_by_a_standard_of_version_1(
    issuer: str, key: str, binding: str
) -> None:
    made = offer(issuer, tx_code=True)
    answer = ask(
        "receiver", {"offer": made["offer"], "tx_code": made["tx_code"], "key": key, "binding": binding, "wait": 60}
    )
    assert answer["ok"], answer
    assert answer["version"] == "V1"
    assert answer["issuer"] == f"{issuer}/hrdk"
    assert answer["configuration"] == TYPE
    (credential,) = answer["credentials"]
    assert credential["credentialSubject"]["id"] == answer["holder"]
    assert answer["notified"] is True


def test_a_third_party_wallet_that_is_put_off_picks_its_credential_up(issuer: str) -> None:
    made = offer(issuer, deferred=True)
    answer = ask("receiver", {"offer": made["offer"], "wait": 60})
    assert answer["ok"], answer
    assert answer["deferred"] is True
    assert len(answer["credentials"]) == 1


def test_a_third_party_wallet_with_a_wrong_code_is_refused(issuer: str) -> None:
    made = offer(issuer, tx_code=True)
    wrong = "000000" if made["tx_code"] != "000000" else "000001"
    answer = ask("receiver", {"offer": made["offer"], "tx_code": wrong})
    assert not answer["ok"]
    assert "invalid_grant" in str(answer)


def test_what_the_third_party_wallet_received_passes_against_public_files_and_chain(site: Site) -> None:
    answer = ask("receiver", {"offer": offer(site.url)["offer"], "wait": 60})
    assert answer["ok"], answer
    office = site.office
    session = Sources(
        registry=office.chain.registry,
        fetch=WebFetch(allowed_hosts={site.url.removeprefix("http://")}),
        did_methods=office.methods,
        suites=office.suites,
        contexts=office.contexts,
    ).at_newest()
    assert not isinstance(session.block, Missing)
    reading = read(Document(answer["credentials"][0], None), office.suites)
    gathered = gather_reading(reading, session)
    now = max(session.block.value.time, office.clock())
    report = judge_reading(reading, gathered, packaged("public"), office.suites, now)
    assert report.outcome is Outcome.PASSED, report.findings
