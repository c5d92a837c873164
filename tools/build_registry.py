"""Write `jikin/_generated/registry.json` from what `hardhat compile` left in `artifacts/`.

The library reads this one file and needs neither Node nor the compiler:

    contract        name of the contract
    abi             as the compiler gives it
    bytecode        creation code, 0x and hexadecimal digits; constructor arguments are appended when deploying
    runtimeHash     keccak-256 of the runtime code with its immutables zeroed
    immutables      [{"start", "length"}] in the runtime code, in bytes, rising
    storageLayout   [{"label", "slot", "offset", "bytes", "type"}] of the contract's own state, and under "structs"
                    the members of every record: what state proofs rely on

Run it from anywhere: `python tools/build_registry.py`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import sha3

ROOT = Path(__file__).resolve().parent.parent
NAME = "CredentialRegistry"
SOURCE = f"contracts/{NAME}.sol"
TARGET = ROOT / "jikin" / "_generated" / "registry.json"
# Slots below belong to inherited code; the first one of our own is pinned in the interface.
FIRST_OWN_SLOT = 5


class BuildError(Exception):
    """What is missing, and what to run."""


def main() -> int:
    """Write the file and return 0; on anything missing print what to do and return 1."""
    try:
        registry = build(ROOT / "artifacts")
    except BuildError as error:
        print(f"build_registry: {error}", file=sys.stderr)
        return 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(registry, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {NAME}, runtime hash {registry['runtimeHash']}")
    return 0


def build(artifacts: Path) -> dict[str, Any]:
    """Return the content of the file for Hardhat's folder *artifacts*; raises BuildError."""
    artifact = _read(artifacts / SOURCE / f"{NAME}.json")
    ranges = sorted(
        (place for places in artifact["immutableReferences"].values() for place in places),
        key=lambda place: int(place["start"]),
    )
    runtime = bytearray.fromhex(artifact["deployedBytecode"].removeprefix("0x"))
    for place in ranges:
        stop = place["start"] + place["length"]
        if any(runtime[place["start"] : stop]):
            raise BuildError(f"{SOURCE}: the immutable at byte {place['start']} is not zero in the compiler's output")
    return {
        "contract": artifact["contractName"],
        "abi": artifact["abi"],
        "bytecode": artifact["bytecode"],
        "runtimeHash": "0x" + sha3.keccak_256(bytes(runtime)).hexdigest(),
        "immutables": [{"start": place["start"], "length": place["length"]} for place in ranges],
        **_layout(_compiled(artifacts, artifact)),
    }


def _compiled(artifacts: Path, artifact: dict[str, Any]) -> dict[str, Any]:
    """Return the compiler's own output for the contract, from the build that made *artifact*."""
    output = _read(artifacts / "build-info" / f"{artifact['buildInfoId']}.output.json")
    source = artifact["inputSourceName"]
    try:
        compiled: dict[str, Any] = output["output"]["contracts"][source][NAME]
    except KeyError as error:
        raise BuildError(f"the build of {source} has no {error}; run `npx hardhat compile --force`") from error
    if "storageLayout" not in compiled:
        raise BuildError("the build has no storageLayout; hardhat.config.js must ask for it in outputSelection")
    return compiled


def _layout(compiled: dict[str, Any]) -> dict[str, Any]:
    """Return the storage layout without the compiler's internal numbering of types."""
    layout = compiled["storageLayout"]
    types = layout["types"]

    def entry(variable: dict[str, Any]) -> dict[str, Any]:
        kind = types[variable["type"]]
        return {
            "label": variable["label"],
            "slot": int(variable["slot"]),
            "offset": variable["offset"],
            "bytes": int(kind["numberOfBytes"]),
            "type": kind["label"],
        }

    return {
        "storageLayout": [entry(v) for v in layout["storage"] if int(v["slot"]) >= FIRST_OWN_SLOT],
        "structs": {
            kind["label"].rpartition(".")[2]: [entry(member) for member in kind["members"]]
            for kind in types.values()
            if "members" in kind and "ICredentialRegistry." in kind["label"]
        },
    }


def _read(path: Path) -> dict[str, Any]:
    """Return the JSON object in *path*; raises BuildError when there is none."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BuildError(f"no {path.relative_to(ROOT)}; run `npx hardhat compile` first") from error
    except json.JSONDecodeError as error:
        raise BuildError(
            f"{path.relative_to(ROOT)} is not JSON ({error}); run `npx hardhat compile --force`"
        ) from error
    return content


if __name__ == "__main__":
    sys.exit(main())
