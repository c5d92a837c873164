"""Verifiers tell each other the newest head they saw: two histories are noticed, proven, and nothing is valid then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jikin.anchoring.checkpoints import OpenedCheckpoint
from jikin.anchoring.checkpoints_policy import WitnessPolicy, check_agreement
from jikin.anchoring.checkpoints_source import NewestSeen, WitnessedBlocks
from jikin.anchoring.evm_proven import ProvenRegistry
from jikin.anchoring.pins import pins_json
from jikin.codec import jcs
from jikin.errors import ChainUnavailableError, SettingsError
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome
from jikin.verification.reporting import report_json, verdict
from jikin.verification.sources import Session
from jikin.verification.verifying import verify
from jikin.verification.witnessed import witnessed
from jikin.web.vc_api import Judging, verify_credential
from tests.codes import code_of
from tests.small_world import SmallWorld
from tests.witnesses import FIRST, PINS, SECOND, THIRD, WITNESSES, Witness, checkpoint, log
from verifier.app import build
from verifier.settings import load
from wallet import app as wallets
from wallet import settings as wallet_settings


class Place:
    """Where checkpoints are published; a test writes to it."""

    name = "log.example"

    def __init__(self) -> None:
        self.data = b""

    def read(self) -> bytes:
        if not self.data:
            raise ChainUnavailableError("nobody answers")
        return self.data


class Town:
    """A world whose chain witnesses vouch for, and any number of verifiers in it."""

    def __init__(self) -> None:
        self.world = SmallWorld()
        registry = self.world.sources().registry
        assert registry is not None
        self.pins = registry.pins
        self.policy = WitnessPolicy(self.pins, tuple(each.key for each in WITNESSES), 2, 900)
        self.place = Place()
        self.blocks = self.verifier(self.place)

    def verifier(self, place: Place) -> WitnessedBlocks:
        return WitnessedBlocks(self.policy, [place], lambda: self.world.time, NewestSeen(), every_seconds=0)

    def seen(self, size: int, by: Sequence[Witness], history: str = "") -> OpenedCheckpoint:
        return checkpoint(log(size, history, self.pins), dict.fromkeys(by, self.world.time))

    def session(self, blocks: WitnessedBlocks | None = None) -> Session:
        return replace(self.world.sources(), witnessed=blocks or self.blocks).at_newest()

    def answer(self, **options: str) -> Any:
        issued = self.world.issue()
        self.world.publish_receipt(issued)
        document = issued.document
        judging = Judging(self.session(), packaged("public"), self.world.time)
        return verify_credential({"verifiableCredential": document.credential, "options": options}, judging)


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_report_says_which_checkpoint_the_verifier_saw_last(town: Town) -> None:
    newest = town.seen(5, (FIRST, SECOND))
    town.place.data = newest.to_bytes()
    report = verify(town.world.issue().document, town.session(), packaged("public"), town.world.time)
    assert report.outcome is Outcome.PASSED
    assert report_json(report)["checkpoint"] == newest.to_bytes().decode()


def test_a_verifier_without_witnesses_says_nothing_of_checkpoints(town: Town) -> None:
    report = verify(town.world.issue().document, town.world.sources(), packaged("public"), town.world.time)
    assert "checkpoint" not in report_json(report)


def test_the_answer_over_the_vc_api_carries_the_checkpoint_and_takes_the_callers(town: Town) -> None:
    town.place.data = town.seen(5, (FIRST, SECOND)).to_bytes()
    later = town.seen(7, (SECOND, THIRD)).to_bytes().decode()
    answer = town.answer(checkpoint=later)
    assert (answer.status, answer.body["checkpoint"]) == (200, town.place.data.decode())


def test_a_split_view_that_a_caller_brings_is_told_with_its_proof_and_nothing_is_valid(town: Town) -> None:
    town.place.data = town.seen(5, (FIRST, SECOND)).to_bytes()
    theirs = town.seen(5, (SECOND, THIRD), "a second history ").to_bytes().decode()
    answer = town.answer(checkpoint=theirs)
    assert (answer.status, answer.body["outcome"], answer.body["verified"]) == (400, "unknown", False)
    (found,) = [each for each in answer.body["findings"] if each["code"] == "chain.split-view"]
    assert (found["outcome"], found["weight"]) == ("unknown", "required")
    assert "block 50 is" in found["detail"]
    # The proof is public: whoever knows the witnesses checks it without us.
    first, second = (OpenedCheckpoint.parse(text.encode()) for text in found["proof"])
    assert code_of(check_agreement, first, second, town.policy) == "checkpoint.split-view"
    assert {first.to_bytes(), second.to_bytes()} == {town.place.data, theirs.encode()}
    # And it concerns everybody who asks from now on.
    report = verify(town.world.issue().document, town.session(), packaged("public"), town.world.time)
    assert report.outcome is Outcome.UNKNOWN
    assert verdict(report, "en").startswith("Cannot tell. Two different histories")
    assert verdict(report, "ko").startswith("확인할 수 없습니다. 등록부의 기록이")


def test_a_split_view_that_the_verifier_is_shown_itself_is_told(town: Town) -> None:
    town.place.data = town.seen(5, (FIRST, SECOND)).to_bytes()
    town.session()
    town.place.data = town.seen(6, (FIRST, SECOND, THIRD), "a second history ").to_bytes()
    assert town.answer().body["outcome"] == "passed"  # two sizes, two blocks: nothing contradicts itself yet
    town.place.data = town.seen(6, (FIRST, SECOND)).to_bytes()
    answer = town.answer()
    assert (answer.status, answer.body["outcome"]) == (400, "unknown")


def test_a_revoked_certificate_stays_failed_in_a_split_view(town: Town) -> None:
    from jikin.status.array import State

    issued = town.world.issue()
    town.world.set_state(issued, State.REVOKED)
    town.place.data = town.seen(5, (FIRST, SECOND)).to_bytes()
    session = town.session()
    session.compare(town.seen(5, (SECOND, THIRD), "a second history ").to_bytes().decode())
    report = verify(issued.document, session, packaged("public"), town.world.time)
    assert report.outcome is Outcome.FAILED


CLAIMS = {
    "no checkpoint": lambda _town: "no checkpoint",
    "a note below the quorum": lambda town: town.seen(5, (FIRST,), "a second history ").to_bytes().decode(),
    "a note of another registry": lambda _town: checkpoint(log(pins=PINS), WITNESSES).to_bytes().decode(),
    "a lone surrogate": lambda _town: "\ud800",
    "a text beyond the limit": lambda town: (
        town.seen(5, (SECOND, THIRD), "other ").to_bytes().decode() + "x" * (1 << 14)
    ),
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_mere_claim_makes_nobody_doubt(town: Town, claim: Any) -> None:
    town.place.data = town.seen(5, (FIRST, SECOND)).to_bytes()
    assert town.answer(checkpoint=claim(town)).body["outcome"] == "passed"


def test_two_verifiers_that_were_shown_two_histories_notice_it_from_one_report(town: Town) -> None:
    honest, cheated = Place(), Place()
    honest.data = town.seen(5, (FIRST, SECOND)).to_bytes()
    cheated.data = town.seen(5, (SECOND, THIRD), "a second history ").to_bytes()
    document = town.world.issue().document
    one, other = town.session(town.verifier(honest)), town.session(town.verifier(cheated))
    told = report_json(verify(document, one, packaged("public"), town.world.time))["checkpoint"]
    assert verify(document, other, packaged("public"), town.world.time).outcome is Outcome.PASSED
    other.compare(str(told))
    assert verify(document, other, packaged("public"), town.world.time).outcome is Outcome.UNKNOWN


# ------------------------------------------------------------------------------------------------------- the setting

FILE = """
quorum = 2
max_age_seconds = 900
checkpoints = ["newest.tlog-proof"]
witnesses = [{keys}]
"""


def written(folder: Path, text: str = FILE) -> Path:
    keys = ", ".join(f'"{each.key}"' for each in WITNESSES)
    (folder / "witnesses.toml").write_text(text.replace("{keys}", keys), "utf-8")
    return folder / "witnesses.toml"


def test_a_file_says_whose_cosignatures_count_and_where_checkpoints_are(town: Town, tmp_path: Path) -> None:
    (tmp_path / "newest.tlog-proof").write_bytes(town.seen(5, (FIRST, SECOND)).to_bytes())
    made = witnessed(written(tmp_path), town.pins, town.world.web, lambda: town.world.time)
    assert made.newest().block.number == 50
    url = "https://log.example/proof"
    text = FILE.replace("newest.tlog-proof", url)
    town.world.web.files[url] = town.seen(6, (FIRST, SECOND)).to_bytes()
    made = witnessed(written(tmp_path, text), town.pins, town.world.web, lambda: town.world.time)
    assert made.newest().block.number == 60


def test_the_verifiers_desk_is_built_with_its_witnesses(town: Town, tmp_path: Path) -> None:
    (tmp_path / "newest.tlog-proof").write_bytes(town.seen(5, (FIRST, SECOND)).to_bytes())
    (tmp_path / "registry.json").write_bytes(jcs.canonicalize(pins_json(town.pins)))
    environ = {
        "JIKIN_RPC_URL": "http://127.0.0.1:9",
        "JIKIN_REGISTRY_FILE": str(tmp_path / "registry.json"),
        "JIKIN_WITNESS_FILE": str(written(tmp_path)),
        "JIKIN_DATA": str(tmp_path),
    }
    desk = build(load(environ), lambda: town.world.time)
    assert desk.sources.witnessed is not None
    desk.sources.witnessed.newest()
    assert (tmp_path / "newest-checkpoint").read_bytes() == (tmp_path / "newest.tlog-proof").read_bytes()


def test_the_holders_wallet_is_built_with_them_as_well(town: Town, tmp_path: Path) -> None:
    (tmp_path / "newest.tlog-proof").write_bytes(town.seen(5, (FIRST, SECOND)).to_bytes())
    (tmp_path / "older").mkdir()
    for file in (tmp_path / "registry.json", tmp_path / "older" / "2026.json"):
        file.write_bytes(jcs.canonicalize(pins_json(town.pins)))
    environ = {
        "JIKIN_RPC_URL": "http://127.0.0.1:9",
        "JIKIN_REGISTRY_FILE": str(tmp_path / "registry.json"),
        "JIKIN_OLDER_REGISTRIES": str(tmp_path / "older"),
        "JIKIN_CHAIN_TRUST": "proof",
        "JIKIN_WITNESS_FILE": str(written(tmp_path)),
        "JIKIN_DATA": str(tmp_path / "wallet"),
    }
    wallet = wallets.build(wallet_settings.load(environ), clock=lambda: town.world.time)
    try:
        assert wallet.sources.older == (town.pins,)
        assert isinstance(wallet.sources.registry, ProvenRegistry)
        assert wallet.sources.witnessed is not None
        wallet.sources.witnessed.newest()
    finally:
        wallet.close()
    kept = tmp_path / "wallet" / "newest-checkpoint"
    assert kept.read_bytes() == (tmp_path / "newest.tlog-proof").read_bytes()
    for trust in ("blind", "RPC"):
        with pytest.raises(SettingsError, match="right would be rpc or proof"):
            wallet_settings.load({**environ, "JIKIN_CHAIN_TRUST": trust})


WRONG = {
    "no TOML": "quorum",
    "a further member": FILE + 'more = "x"\n',
    "a missing member": FILE.replace("quorum = 2\n", ""),
    "a quorum as text": FILE.replace("quorum = 2", 'quorum = "2"'),
    "a quorum of true": FILE.replace("quorum = 2", "quorum = true"),
    "a quorum of one": FILE.replace("quorum = 2", "quorum = 1"),
    "no place": FILE.replace('"newest.tlog-proof"', ""),
    "a key that is none": FILE.replace("{keys}", '"key"'),
    "one witness twice": FILE.replace("{keys}", f'"{FIRST.key}", "{FIRST.key}"'),
    "a number for a key": FILE.replace("{keys}", "1"),
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_file_that_cannot_be_right_is_refused(town: Town, tmp_path: Path, text: str) -> None:
    file = written(tmp_path, text)
    assert code_of(lambda: witnessed(file, town.pins, town.world.web, lambda: 0)) == "settings.value"


def test_a_file_that_is_not_there_is_refused(town: Town, tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert code_of(lambda: witnessed(missing, town.pins, town.world.web, lambda: 0)) == "settings.value"
