"""Checking a document at hand loads no library for chains, and reading a chain none that signs: each takes its time."""

from __future__ import annotations

import subprocess
import sys

from tests.chain_fixtures import PROJECT

MODULES = sorted(
    path.stem for path in (PROJECT / "jikin" / "anchoring").glob("*.py") if not path.stem.startswith(("evm", "__"))
)


LIBRARIES = ("eth_abi", "eth_account", "requests", "web3")


def loaded_by(*modules: str) -> str:
    imports = "; ".join(f"import jikin.anchoring.{module}" for module in modules)
    program = f"import sys; {imports}; print(*[name for name in {LIBRARIES!r} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_whoever_reads_a_chain_loads_nothing_that_signs() -> None:
    assert loaded_by("evm", "evm_nodes", "evm_proven", "evm_erc1056") == "eth_abi requests"


def test_nothing_but_the_evm_modules_loads_a_library_for_chains() -> None:
    assert loaded_by(*MODULES) == ""
    assert {"receipt", "memory", "devchain"} <= set(MODULES)
