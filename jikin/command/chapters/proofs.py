"""Nobody has to be believed: a certificate that proves itself without a network, and a registry that anybody audits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jikin.command.chapters.endings import genuine
from jikin.command.chapters.machines import Paper
from jikin.command.founding import Founded
from jikin.command.stage import Stage, objects, packed
from jikin.values import Json, JsonObject

_MOST_BYTES = 12 * 1024  # beyond the credential
_GENUINE, _NOT, _CONTRADICTION = 0, 1, 1
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a command ended: its exit code and the JSON it printed."""

    code: int
    told: JsonObject


def without_anybody(stage: Stage, printed: Paper, examiner: Founded) -> None:
    """A proof pack is judged with the network unplugged; the registry is audited by somebody who knows nobody."""
    story = stage.story
    story.chapter("Nobody has to be believed")
    pack, block = _packed(stage, printed)
    plain = ("--offline", "--registry", str(_registry(stage)), "--block", block)
    unplugged = _jikin("verify", str(pack), *plain)
    story.check("judged with the network unplugged: genuine", unplugged.code == _GENUINE, unplugged.told)
    altered = pack.with_name("altered.pack")
    altered.write_bytes(_altered(pack.read_bytes()))
    refused = _jikin("verify", str(altered), *plain)
    story.check("with one digit of the machine changed: not genuine", refused.code == _NOT, refused.told)
    _audits(stage, examiner)


def _packed(stage: Stage, printed: Paper) -> tuple[Path, str]:
    """Return the proof pack of the printed certificate, and its block as a verifier sets it down in advance."""
    credential, receipt = genuine(printed)
    file = printed.pdf.with_name("with-receipt.json")
    file.write_bytes(packed(credential, receipt))
    pack = file.with_name(f"{printed.certificate.number}.pack")
    chain = ("--rpc-url", stage.trial.rpc_url, "--registry", str(_registry(stage)))
    made = _jikin("pack", str(file), "-o", str(pack), *chain)
    size = pack.stat().st_size - len(json.dumps(credential, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))
    story, told = stage.story, f"{size / 1024:.1f} KiB of proof for issuer, key, anchor and status as of one block"
    story.check(told, made.code == _GENUINE and size <= _MOST_BYTES, (made.told, size))
    return pack, str(made.told["pin"])


def _audits(stage: Stage, examiner: Founded) -> None:
    """Everything that the registry ever said fits together, and one leaf that was exchanged does not."""
    story = stage.story
    public = examiner.public
    who = ("--rpc-url", stage.trial.rpc_url, "--registry", str(_registry(stage)), "--issuer", str(examiner.did))
    sound = _jikin("audit", *who, "--public", str(public))
    found = _objections(sound.told)
    story.check("an audit replays every event, and nothing contradicts", sound.code == _GENUINE and not found, found)
    copy = stage.folder / "tampered"
    shutil.copytree(public, copy)
    leaves = max((copy / "leaves").iterdir(), key=lambda path: path.stat().st_size)
    content = bytearray(leaves.read_bytes())
    content[0] ^= 1
    leaves.write_bytes(content)
    wrong = _jikin("audit", *who, "--public", str(copy))
    codes = _objections(wrong.told)
    story.check(f"one leaf exchanged: {', '.join(codes)}", wrong.code == _CONTRADICTION and bool(codes), wrong.told)


def _objections(told: JsonObject) -> list[str]:
    """Return the codes of what an audit found and does not pass."""
    found = [one for issuer in objects(told.get("issuers")) for one in objects(issuer.get("findings"))]
    return [str(one.get("code")) for one in found if one.get("outcome") != "passed"]


def _registry(stage: Stage) -> Path:
    return stage.trial.plan.office / "registry.json"


def _altered(data: bytes) -> bytes:
    """Return a pack whose machine has another model: one character of the credential is changed."""
    place = data.index(b'"model"') + len(b'"model":"')
    changed = bytearray(data)
    changed[place] = ord("Z") if changed[place] != ord("Z") else ord("Y")
    return bytes(changed)


def _jikin(*arguments: str) -> _Ended:
    """Return how ``jikin ARGUMENTS --json`` ended, with nothing of this process's own settings."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("JIKIN_")}
    ended = subprocess.run(
        [sys.executable, "-m", "jikin.command", *arguments, "--json"],
        env=environ,
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    try:
        told: Json = json.loads(ended.stdout)
    except ValueError:
        told = {"said": ended.stderr.decode("utf-8", "replace")[-500:]}
    return _Ended(ended.returncode, told if isinstance(told, Mapping) else {"answers": told})
