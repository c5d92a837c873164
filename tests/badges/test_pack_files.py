"""Packs as files: made and taken apart at a terminal, attached to the printed sheet, checked with nobody to ask."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pikepdf
import pytest
from typer.testing import CliRunner

from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.pins import pins_json
from jikin.badges.certificate import credential_attachment, pack_attachment, receipt_attachment, render
from jikin.badges.documents import open_document
from jikin.codec import jcs
from jikin.command.main import application
from jikin.errors import DocumentError, SettingsError
from jikin.status.array import State
from jikin.status.pack import Pack
from tests.chain_fixtures import PROJECT, EvmBench, undone
from tests.credential_samples import QUALIFICATION, page
from tests.small_world import LIST, Issued, SmallWorld
from tests.world_on_node import OnNode
from verifier.head_file import HeadFile

pytestmark = pytest.mark.chain


@dataclass(frozen=True)
class Folder:
    """What a holder and a verifier have on disk, and the institution that issued it."""

    path: Path
    world: SmallWorld
    url: str

    @property
    def chain(self) -> list[str]:
        return ["--rpc-url", self.url, "--registry", str(self.path / "registry.json"), *self.mirror]

    @property
    def mirror(self) -> list[str]:
        return ["--mirror", f"https://certs.example={self.path / 'mirror'}"]

    def mirrored(self) -> None:
        """Copy what the institution publishes."""
        for url, body in self.world.web.files.items():
            file = self.path / "mirror" / urlsplit(url).path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)

    def certificate(self, issued: Issued, name: str) -> Path:
        assert issued.receipt is not None
        file = self.path / f"{name}.json"
        file.write_text(json.dumps({"credential": issued.credential, "receipt": issued.receipt.to_json()}), "utf-8")
        return file


def jikin(*words: str | Path) -> tuple[int, dict[str, object]]:
    """Run the command and return exit code and the JSON document it printed."""
    result = CliRunner().invoke(application(), [str(word) for word in words] + ["--json"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    found: dict[str, object] = json.loads(result.stdout)
    return result.exit_code, found


@pytest.fixture(scope="module")
def folder(hardhat: HardhatNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    with undone(hardhat):
        chain = OnNode(EvmBench(hardhat))
        world = SmallWorld(chain=chain, accounts=chain.accounts)
        folder = Folder(tmp_path_factory.mktemp("packs"), world, hardhat.url)
        (folder.path / "registry.json").write_text(json.dumps(pins_json(chain.pins)), "utf-8")
        yield folder


@pytest.fixture(scope="module")
def packed(folder: Folder) -> dict[str, str]:
    """A sound certificate and its pack, and one that is revoked after its pack was made; the blocks of both."""
    sound, revoked = today(folder.world, "김하늘"), today(folder.world, "이다른")
    pins = {}
    for name, issued in (("sound", sound), ("early", revoked)):
        file = folder.certificate(issued, name)
        code, told = jikin("pack", file, "-o", folder.path / f"{name}.pack", *folder.chain)
        assert code == 0
        pins[name] = str(told["pin"])
    folder.world.set_state(revoked, State.REVOKED)
    folder.mirrored()
    code, told = jikin("pack", folder.path / "early.json", "-o", folder.path / "late.pack", *folder.chain)
    return {**pins, "late": str(told["pin"])}


def today(world: SmallWorld, name: str) -> Issued:
    """Issue a certificate that is valid by the clock of this machine, which the chain's is ahead of."""
    world.time = int(time.time()) - 600
    return world.issue(name)


def verify(folder: Folder, name: str | Path, *pins: str, more: tuple[str, ...] = ()) -> tuple[int, set[str]]:
    blocks = [word for pin in pins for word in ("--block", pin)]
    registry = ("--registry", str(folder.path / "registry.json"))
    code, report = jikin("verify", folder.path / name, "--offline", *registry, *blocks, *more)
    findings: list[dict[str, str]] = report["findings"]  # type: ignore[assignment]
    return code, {finding["code"] for finding in findings if finding["outcome"] != "passed"}


def test_a_pack_is_made_and_verified_offline_at_a_terminal(folder: Folder, packed: dict[str, str]) -> None:
    assert verify(folder, "sound.pack", packed["sound"]) == (0, set())
    assert verify(folder, "late.pack", packed["late"]) == (1, {"status.revoked"})
    assert verify(folder, "early.pack", packed["early"]) == (0, set())


def test_without_the_pack_or_the_block_offline_says_less(folder: Folder, packed: dict[str, str]) -> None:
    code, codes = verify(folder, "sound.pack", packed["late"])
    assert (code, "chain.unvouched" in codes) == (2, True)
    code, codes = verify(folder, "sound.json", packed["sound"])
    assert "registry.none" in codes


def test_online_a_pack_is_judged_by_asking(folder: Folder, packed: dict[str, str]) -> None:
    code, report = jikin("verify", folder.path / "early.pack", *folder.chain)
    assert code == 1
    assert "status.revoked" in str(report)
    other = folder.url.replace("127.0.0.1", "localhost")  # another name is all that is needed to stand for another node
    code, report = jikin("verify", folder.path / "sound.pack", *folder.chain, "--trust", "proof", "--node", other)
    assert (code, "chain.proven" in str(report)) == (0, True)


def test_what_was_seen_online_is_remembered_offline(
    folder: Folder, packed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIKIN_HEADS", str(folder.path / "seen" / "heads.json"))
    assert verify(folder, "early.pack", packed["early"]) == (0, set())
    assert jikin("verify", folder.path / "sound.pack", *folder.chain)[0] == 0
    assert verify(folder, "early.pack", packed["early"]) == (2, {"status.superseded"})
    file = folder.path / "seen" / "heads.json"
    head = HeadFile(file).newest(folder.world.issuer_id, LIST)
    assert head is not None
    assert head == folder.world.snapshot().head
    assert [entry.name for entry in file.parent.iterdir()] == ["heads.json"]
    for broken in ("{}", "[1]", '[{"issuer": "0x"}]', "no JSON"):
        file.write_text(broken, "utf-8")
        with pytest.raises(SettingsError):
            HeadFile(file)


def test_a_pack_is_taken_apart(folder: Folder, packed: dict[str, str]) -> None:
    code, told = jikin("unpack", folder.path / "sound.pack", "-o", folder.path / "parts")
    assert code == 0
    assert told["pin"] == packed["sound"]
    assert sorted(file.name for file in (folder.path / "parts").iterdir()) == [
        "credential.json",
        "header.rlp",
        "profile.json",
        "receipt.json",
    ]
    stated = json.loads((folder.path / "sound.json").read_text("utf-8"))
    assert json.loads((folder.path / "parts" / "credential.json").read_text("utf-8")) == stated["credential"]
    assert json.loads((folder.path / "parts" / "receipt.json").read_text("utf-8")) == stated["receipt"]
    with pytest.raises(DocumentError, match="holds no proof pack"):
        jikin("unpack", folder.path / "sound.json")


def test_no_pack_is_made_without_a_chain_or_of_what_is_no_certificate(folder: Folder, packed: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        jikin("pack", folder.path / "sound.json", "-o", folder.path / "none.pack")
    with pytest.raises(DocumentError):
        jikin("pack", folder.path / "registry.json", "-o", folder.path / "none.pack", *folder.chain)
    assert not (folder.path / "none.pack").exists()


# ------------------------------------------------------------------------------------------------------ on the sheet


@pytest.fixture(scope="module")
def sheet(folder: Folder, packed: dict[str, str]) -> Path:
    stated = json.loads((folder.path / "sound.json").read_text("utf-8"))
    pack = (folder.path / "sound.pack").read_bytes()
    inside = [
        credential_attachment(jcs.canonicalize(stated["credential"])),
        receipt_attachment(jcs.canonicalize(stated["receipt"])),
        pack_attachment(pack),
    ]
    file = folder.path / "sheet.pdf"
    file.write_bytes(render(page(QUALIFICATION), inside))
    return file


def test_a_pack_in_the_sheet_is_the_same_bytes_and_verifies_offline(
    folder: Folder, packed: dict[str, str], sheet: Path
) -> None:
    (entry,) = open_document(sheet)
    assert entry.pack == Pack.parse((folder.path / "sound.pack").read_bytes())
    assert entry.receipt is not None
    with pikepdf.open(sheet) as document:
        names = {str(spec.filename) for spec in document.attachments.values()}
    assert names == {"credential.json", "receipt.json", "proof-pack.cbor"}
    assert verify(folder, "sheet.pdf", packed["sound"]) == (0, set())


def test_a_pack_of_another_certificate_in_the_sheet_is_left_aside(
    folder: Folder, packed: dict[str, str], tmp_path: Path
) -> None:
    stated = json.loads((folder.path / "early.json").read_text("utf-8"))
    for foreign in ((folder.path / "sound.pack").read_bytes(), b"no pack"):
        file = tmp_path / "sheet.pdf"
        inside = [credential_attachment(jcs.canonicalize(stated["credential"])), pack_attachment(foreign)]
        file.write_bytes(render(page(QUALIFICATION), inside))
        (entry,) = open_document(file)
        assert entry.credential == stated["credential"]
        assert entry.pack is None


def test_a_broken_pack_is_a_fault_with_a_name(folder: Folder, packed: dict[str, str]) -> None:
    data = (folder.path / "sound.pack").read_bytes()
    (entry,) = open_document(data[:-1], name="cut.pack")
    assert isinstance(entry.fault, DocumentError)
    assert entry.fault.code == "document.pack"


def test_checking_a_pack_offline_loads_no_chain_library(folder: Folder, packed: dict[str, str]) -> None:
    words = ["verify", str(folder.path / "sound.pack"), "--offline", "--json", "--block", packed["sound"]]
    words += ["--registry", str(folder.path / "registry.json")]
    script = (
        "import sys\nfrom jikin.command.main import main\n"
        f"try: main({words!r})\nexcept SystemExit as end: print(end.code, file=sys.stderr)\n"
        "print([m for m in ('eth_abi', 'dbos', 'sqlalchemy', 'typst') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stderr.strip().splitlines()[-2:] == ["0", "[]"]
