"""What is built from the contract is what its interface says: slots, bits, and who may call what."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jikin.values import keccak256

ROOT = Path(__file__).resolve().parents[2]
INTERFACE = (ROOT / "contracts" / "interfaces" / "ICredentialRegistry.sol").read_text(encoding="utf-8")
ACCESS_TESTS = (ROOT / "tests" / "contracts" / "Access.t.sol").read_text(encoding="utf-8")
RECORDS = ("Issuer", "Operator", "Key", "Anchor", "StatusList", "AuditHead", "Successor")

SLOT = re.compile(r"^/// +slot (\d+) +(.+)$", re.MULTILINE)
STRUCT = re.compile(r"struct (\w+) \{\n(.*?)\n    \}", re.DOTALL)
MEMBER = re.compile(r"^ +(\w+) (\w+);(?: // bits (\d+)–(\d+))?", re.MULTILINE)


@pytest.fixture(scope="module")
def registry() -> dict[str, Any]:
    """Return the generated file."""
    path = ROOT / "jikin" / "_generated" / "registry.json"
    assert path.exists(), "no jikin/_generated/registry.json: run `make setup`"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _plain(kind: str) -> str:
    """Drop names of keys and the compiler's qualifiers from a type."""
    kind = re.sub(r"struct |ICredentialRegistry\.", "", kind)
    return re.sub(r"(bytes32|address) \w+ =>", r"\1 =>", kind)


def test_every_mapping_lies_at_the_slot_the_interface_names(registry: dict[str, Any]) -> None:
    documented = {int(slot): kind.strip() for slot, kind in SLOT.findall(INTERFACE)}
    compiled = {variable["slot"]: _plain(variable["type"]) for variable in registry["storageLayout"]}
    assert {slot: _plain(kind) for slot, kind in documented.items()} == compiled
    assert sorted(compiled) == [5, 6, 7, 8, 9, 10, 11]
    assert all(variable["offset"] == 0 for variable in registry["storageLayout"])


@pytest.mark.parametrize("name", RECORDS)
def test_every_member_lies_at_the_bits_the_interface_names(registry: dict[str, Any], name: str) -> None:
    body = dict(STRUCT.findall(INTERFACE))[name]
    members = MEMBER.findall(body)
    compiled = registry["structs"][name]
    assert [label for _, label, _, _ in members] == [member["label"] for member in compiled]
    for (kind, label, low, high), member in zip(members, compiled, strict=True):
        assert kind == member["type"]
        first = 8 * member["offset"]
        last = first + 8 * member["bytes"] - 1
        if low:
            assert (int(low), int(high)) == (first, last), label
        else:  # a member without bits fills its slot, or stands alone in it
            assert member["offset"] == 0, label
            assert [other["slot"] for other in compiled].count(member["slot"]) == 1, label


def test_no_record_is_forgotten(registry: dict[str, Any]) -> None:
    assert set(registry["structs"]) == set(RECORDS) == set(dict(STRUCT.findall(INTERFACE)))


def test_every_function_that_writes_is_called_by_those_who_may_not(registry: dict[str, Any]) -> None:
    ours = set(re.findall(r"function (\w+)\(", INTERFACE))
    writing = {
        entry["name"]
        for entry in registry["abi"]
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    }
    called = set(re.findall(r"ICredentialRegistry\.(\w+),", ACCESS_TESTS))
    assert writing & ours - called == set()
    assert "anchor" in writing & ours  # the sets are not empty


def test_nothing_takes_ether_or_runs_foreign_code(registry: dict[str, Any]) -> None:
    assert not [entry for entry in registry["abi"] if entry.get("stateMutability") == "payable"]
    assert not [entry for entry in registry["abi"] if entry["type"] in ("receive", "fallback")]
    assert not set(_opcodes(registry)) & {0xF2, 0xF4, 0xFF}  # CALLCODE, DELEGATECALL, SELFDESTRUCT


def test_the_code_fits_on_a_chain(registry: dict[str, Any]) -> None:
    assert len(_runtime(registry)) <= 24_576  # EIP-170


def test_the_hash_is_that_of_the_code_without_immutables(registry: dict[str, Any]) -> None:
    runtime = _runtime(registry)
    for place in registry["immutables"]:
        assert not any(runtime[place["start"] : place["start"] + place["length"]])
    assert registry["runtimeHash"] == "0x" + keccak256(runtime).hex()


def test_without_artifacts_the_build_says_what_to_run(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    script = tools / "build_registry.py"
    script.write_bytes((ROOT / "tools" / "build_registry.py").read_bytes())
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "hardhat compile" in done.stderr
    assert "Traceback" not in done.stderr


def _runtime(registry: dict[str, Any]) -> bytes:
    """Return the runtime code of the artifact the file was made from."""
    artifact = ROOT / "artifacts" / "contracts" / "CredentialRegistry.sol" / "CredentialRegistry.json"
    if not artifact.exists():
        pytest.skip("no artifacts/: run `make setup`")
    runtime: str = json.loads(artifact.read_text(encoding="utf-8"))["deployedBytecode"]
    assert runtime.removeprefix("0x") in registry["bytecode"]
    return bytes.fromhex(runtime.removeprefix("0x"))


def _opcodes(registry: dict[str, Any]) -> list[int]:
    """Return the instructions of the runtime code, without the bytes that PUSH carries and without the metadata."""
    runtime = _runtime(registry)
    code = runtime[: -2 - int.from_bytes(runtime[-2:], "big")]
    found, at = [], 0
    while at < len(code):
        found.append(code[at])
        at += 1 + max(0, code[at] - 0x5F) if 0x60 <= code[at] <= 0x7F else 1
    return found
