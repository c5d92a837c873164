"""Turning any link of the demonstration false makes it stop, and the code of that very link is named.

A small edition of the story is played once on a real Hardhat node; then one link at a time is broken, in the files a
holder has or on the chain, and the chapter that verifies everything must refuse. Chain and files are put back then.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from issuer.app import build
from issuer.office import ACCREDITOR, OWNER
from issuer.office import Office as IssuingOffice
from issuer.settings import load
from jikin.anchoring.acts import Act, ApproveProfile, Invalidate, ProposeProfile, ReportKeyCompromised, SetAccreditation
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.evm import EvmRegistry, EvmWriter
from jikin.command import chapters
from jikin.command.chapters import Office, Officers
from jikin.command.stage import Stage
from jikin.command.story import CheckFailedError, Story
from jikin.credentials.profile import Profile
from jikin.values import DidUrl, KeyId
from tests.chain_fixtures import send

ROOT = Path(__file__).resolve().parents[2]
GOOD_ROWS = 10
pytestmark = pytest.mark.chain


@dataclass
class Played:
    """The small story, played up to the point where every certificate is verified."""

    stage: Stage
    examiner: Office
    officers: Officers
    office: IssuingOffice

    def everybody(self) -> None:
        chapters.everybody(self.stage, [self.examiner])

    def credential(self, which: int = 0) -> Path:
        return self.examiner.files(self.examiner.numbers[which])

    def receipt(self, which: int = 0) -> Path:
        return self.examiner.folder / f"{self.examiner.numbers[which]}.receipt.json"

    def act(self, purpose: str, act: Act) -> None:
        """Write *act* to the registry by the key that the office keeps for *purpose*."""
        institution = None if purpose == ACCREDITOR else self.office.institution("hrdk.example")
        registry = self.office.chain.registry
        assert isinstance(registry, EvmRegistry)
        account = self.office.keys.account(self.office.key(institution, purpose).file)
        send(EvmWriter(registry, account), act)

    @property
    def profile(self) -> Profile:
        return self.office.profile(self.office.institution("hrdk.example"))


def small_list(folder: Path) -> Path:
    """Write the shipped list cut down to its bad rows and a few good ones; return the root it lies under."""
    lines = (ROOT / "examples" / "data" / "exam-results.csv").read_text("utf-8").splitlines()
    bad = [17, 58, 121, 204, 266, 333, 401, 487]  # as tools/build_examples.py places them
    good = [number for number in range(2, 400, 25) if number not in bad][:GOOD_ROWS]
    data = folder / "examples" / "data"
    data.mkdir(parents=True)
    kept = [lines[0], *(lines[number - 1] for number in sorted([*bad, *good]))]
    (data / "exam-results.csv").write_text("\n".join(kept) + "\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("story")
    with HardhatNode(ROOT) as node:
        stage = Stage(Story(Console(file=io.StringIO())), small_list(folder / "root"), folder, node)
        chapters.chain(stage)
        officers = chapters.institutions(stage)
        examiner = chapters.exam_results(stage)
        settings = load({"JIKIN_DATA": str(stage.office), "JIKIN_RPC_URL": node.url})
        with build(settings) as office:
            yield Played(stage, examiner, officers, office)


@pytest.fixture
def undone(played: Played) -> Iterator[Played]:
    """Give the story, and put chain and files back afterwards."""
    kept = (*played.examiner.folder.glob("*.json"), played.stage.office / "registry.json")
    before = {path: path.read_bytes() for path in kept}
    snapshot = played.stage.node.snapshot()
    yield played
    played.stage.node.revert(snapshot)
    for path, data in before.items():
        path.unlink()
        path.write_bytes(data)


def rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(path.read_bytes())
    change(document)
    path.unlink()  # the folder that is handed in links to it
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")


def signature(played: Played) -> None:
    def other_digit(document: dict[str, Any]) -> None:
        value = document["proof"]["proofValue"]
        document["proof"]["proofValue"] = value[:20] + ("A" if value[20] != "A" else "B") + value[21:]

    rewrite(played.credential(), other_digit)


def claim(played: Played) -> None:
    rewrite(
        played.credential(),
        lambda document: document["credentialSubject"].update(licenseNumber=played.examiner.numbers[1]),
    )


def borrowed_receipt(played: Played) -> None:
    other = played.receipt(1).read_bytes()
    played.receipt().unlink()
    played.receipt().write_bytes(other)


def invented_root(played: Played) -> None:
    rewrite(played.receipt(), lambda receipt: receipt.update(root="0x" + "ab" * 32))


def later_accreditation(played: Played) -> None:
    now = played.office.chain.registry.view().block.time
    played.act(ACCREDITOR, SetAccreditation(played.profile.did.issuer_id, now + 86_400, now + 2 * 86_400))


def invalidated(played: Played) -> None:
    now = played.office.chain.registry.view().block.time
    played.act(ACCREDITOR, Invalidate(played.profile.did.issuer_id, now - 86_400))


def stolen_key(played: Played) -> None:
    method = DidUrl(json.loads(played.credential().read_bytes())["proof"]["verificationMethod"])
    now = played.office.chain.registry.view().block.time
    key_id = KeyId.of(method.fragment)
    played.act(OWNER, ReportKeyCompromised(played.profile.did.issuer_id, key_id, now - 86_400))


def another_type(played: Played) -> None:
    other = replace(played.profile, types=("course-completion",))
    played.act(OWNER, ProposeProfile(other.did.issuer_id, other.to_bytes()))
    played.act(ACCREDITOR, ApproveProfile(other.did.issuer_id, other.hash))


def other_code(played: Played) -> None:
    rewrite(played.stage.office / "registry.json", lambda pins: pins.update(codeHash="0x" + "ab" * 32))


def other_chain(played: Played) -> None:
    rewrite(played.stage.office / "registry.json", lambda pins: pins.update(chain="eip155:1"))


LINKS: dict[str, tuple[Callable[[Played], None], str]] = {
    "a digit of the signature": (signature, "proof.mismatch"),
    "a claim": (claim, "proof.mismatch"),
    "a borrowed receipt": (borrowed_receipt, "anchor.foreign"),
    "a root that was never anchored": (invented_root, "anchor.foreign"),
    "an accreditation that begins later": (later_accreditation, "issuer.unaccredited"),
    "an issuer declared invalid": (invalidated, "issuer.invalidated"),
    "a key stolen before": (stolen_key, "key.compromised"),
    "a profile without the type": (another_type, "issuer.type-not-approved"),
    "pins of other code": (other_code, "registry.mismatch"),
    "pins of another chain": (other_chain, "registry.mismatch"),
}


def test_the_unbroken_story_holds(played: Played) -> None:
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


def test_a_revoked_certificate_stops_the_story_under_its_own_code(played: Played) -> None:
    chapters.revocation(played.stage, played.examiner, played.officers)
    with pytest.raises(CheckFailedError, match=r"status\.revoked"):
        played.everybody()
