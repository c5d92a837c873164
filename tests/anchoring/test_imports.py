"""Verifying a document that is at hand needs no chain library: it would cost most of a second to load."""

from __future__ import annotations

import subprocess
import sys

from tests.chain_fixtures import PROJECT

MODULES = sorted(
    path.stem for path in (PROJECT / "jikin" / "anchoring").glob("*.py") if not path.stem.startswith(("evm", "__"))
)


def test_nothing_but_the_evm_modules_loads_web3() -> None:
    imports = "; ".join(f"import jikin.anchoring.{module}" for module in MODULES)
    program = (
        f"import sys; {imports}; print([name for name in ('web3', 'eth_account', 'eth_abi') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert {"receipt", "memory", "devchain"} <= set(MODULES)
