"""Turning any link of the demonstration false makes it stop, and the code of that very link is named.

A small edition of the story is played once over HTTP on a real Hardhat node; then one link at a time is broken, in what
the issuer publishes or on the chain, and the chapter that looks everything up must refuse. All is put back then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from issuer.app import build
from issuer.office import ACCREDITOR, OWNER
from issuer.office import Office as IssuingOffice
from issuer.settings import load
from jikin.anchoring.acts import Act, ApproveProfile, Invalidate, ProposeProfile, ReportKeyCompromised, SetAccreditation
from jikin.anchoring.evm import EvmRegistry, EvmWriter
from jikin.command.chapters import endings, holder, machines, office
from jikin.command.chapters.office import Issued
from jikin.command.child import ServiceDiedError
from jikin.command.serve import Service
from jikin.command.stage import Stage
from jikin.command.story import CheckFailedError
from jikin.credentials.profile import Profile
from jikin.values import DidUrl, KeyId
from tests.chain_fixtures import send
from tests.trial_fixtures import GOOD_ROWS, staged

pytestmark = [pytest.mark.chain, pytest.mark.timeout(900)]


@dataclass
class Played:
    """The small story, played up to the point where every certificate is looked up."""

    stage: Stage
    issued: Issued
    office: IssuingOffice

    def everybody(self) -> None:
        office.everybody(self.stage, self.issued)

    @property
    def name(self) -> str:
        return str(self.issued.institution.did)

    @property
    def records(self) -> list[Path]:
        """The signed records of the certificate numbers, as the issuer publishes them."""
        return sorted((self.issued.institution.public / "n").iterdir())

    @property
    def pins(self) -> Path:
        return self.stage.trial.plan.office / "registry.json"

    def act(self, purpose: str, act: Act) -> None:
        """Write *act* to the registry by the key that the office keeps for *purpose*."""
        institution = None if purpose == ACCREDITOR else self.office.institution(self.name)
        registry = self.office.chain.registry
        assert isinstance(registry, EvmRegistry)
        account = self.office.keys.account(self.office.key(institution, purpose).reference)
        send(EvmWriter(registry, account), act)

    @property
    def profile(self) -> Profile:
        return self.office.profile(self.office.institution(self.name))

    @property
    def now(self) -> int:
        return self.office.chain.registry.view().block.time


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with staged(tmp_path_factory.mktemp("story")) as stage:
        institutions = office.accreditation(stage)
        office.officers(stage, institutions)
        issued = office.exam_results(stage, institutions[0])
        settings = load({"JIKIN_DATA": str(stage.trial.plan.office), "JIKIN_RPC_URL": stage.trial.rpc_url})
        with build(settings) as opened:
            yield Played(stage, issued, opened)


@pytest.fixture
def undone(played: Played) -> Iterator[Played]:
    """Give the story, and put chain and files back afterwards."""
    before = {path: path.read_bytes() for path in played.records}
    node = played.stage.trial.node
    assert node is not None
    snapshot = node.snapshot()
    yield played
    node.revert(snapshot)
    for path, data in before.items():
        path.write_bytes(data)


def rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")


def signature(played: Played) -> None:
    def other_digit(document: dict[str, Any]) -> None:
        value = document["proof"]["proofValue"]
        document["proof"]["proofValue"] = value[:20] + ("A" if value[20] != "A" else "B") + value[21:]

    rewrite(played.records[0], other_digit)


def another_certificates_record(played: Played) -> None:
    played.records[0].write_bytes(played.records[1].read_bytes())


def no_record(played: Played) -> None:
    played.records[0].unlink()


def later_accreditation(played: Played) -> None:
    act = SetAccreditation(played.profile.did.issuer_id, played.now + 86_400, played.now + 2 * 86_400)
    played.act(ACCREDITOR, act)


def invalidated(played: Played) -> None:
    played.act(ACCREDITOR, Invalidate(played.profile.did.issuer_id, played.now - 86_400))


def stolen_key(played: Played) -> None:
    method = DidUrl(json.loads(played.records[0].read_bytes())["proof"]["verificationMethod"])
    key_id = KeyId.of(method.fragment)
    played.act(OWNER, ReportKeyCompromised(played.profile.did.issuer_id, key_id, played.now - 86_400))


def another_type(played: Played) -> None:
    other = replace(played.profile, types=("course-completion",))
    played.act(OWNER, ProposeProfile(other.did.issuer_id, other.to_bytes()))
    played.act(ACCREDITOR, ApproveProfile(other.did.issuer_id, other.hash))


LINKS: dict[str, tuple[Callable[[Played], None], str]] = {
    "a digit of the signature": (signature, "number.unreadable"),
    "the record of another number": (another_certificates_record, "number.unreadable"),
    "a record that is not there": (no_record, "number.not-found"),
    "an accreditation that begins later": (later_accreditation, "issuer.unaccredited"),
    "an issuer declared invalid": (invalidated, "issuer.invalidated"),
    # The record is signed by that key too: then it says nothing at all.
    "a key stolen before": (stolen_key, "number.unreadable"),
    "a profile without the type": (another_type, "issuer.type-not-approved"),
}
PINS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "of other code": (lambda pins: pins.update(codeHash="0x" + "ab" * 32), "registry.mismatch.code"),
    "of another chain": (lambda pins: pins.update(chain="eip155:1"), "registry.mismatch.chain"),
}


def test_the_unbroken_story_holds(played: Played) -> None:
    assert len(played.issued.certificates) == GOOD_ROWS
    before = played.stage.story.passed
    played.everybody()
    assert played.stage.story.passed == before + 1


@pytest.mark.parametrize(("spoil", "code"), LINKS.values(), ids=LINKS.keys())
def test_a_broken_link_stops_the_story_under_its_own_code(
    undone: Played, spoil: Callable[[Played], None], code: str
) -> None:
    spoil(undone)
    with pytest.raises(CheckFailedError, match=code.replace(".", r"\.")):
        undone.everybody()


@pytest.mark.parametrize(("change", "code"), PINS.values(), ids=PINS.keys())
def test_a_verifier_that_means_another_registry_does_not_start_and_says_why(
    played: Played, change: Callable[[dict[str, Any]], None], code: str
) -> None:
    verifier, before = played.stage.trial.children[Service.VERIFIER], played.pins.read_bytes()
    verifier.stop()
    verifier.log.write_bytes(b"")
    try:
        rewrite(played.pins, change)
        verifier.start()
        with pytest.raises(ServiceDiedError):
            verifier.wait_until_ready()
        assert code in verifier.log.read_text("utf-8")
    finally:
        verifier.stop()
        played.pins.write_bytes(before)
        played.stage.trial.start(Service.VERIFIER)
    played.everybody()


def test_the_rest_of_the_story_holds_and_a_revoked_certificate_stops_it_under_its_own_code(played: Played) -> None:
    """Wallet, employer, machine, paper, revocation, forgeries and outages, over HTTP; nothing may follow them."""
    stage = played.stage
    wallet = holder.receives(stage, played.issued)
    holder.shows(stage, wallet)
    machinery = stage.trial.institutions[1]
    printed = machines.paper(stage, machinery, machines.application(stage, machinery))
    endings.revocation(stage, played.issued, wallet)
    with pytest.raises(CheckFailedError, match=r"status\.revoked"):
        played.everybody()
    endings.forgeries(stage, wallet, printed)
    endings.outage(stage, printed, chain_too=True)
