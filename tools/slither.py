"""Lets Slither read the contract; the command behind `make slither`. It makes an environment of its own the first time.

Slither and the benchmarks need different versions of web3, so its packages have a lock of their own. It empties the
folder of compiled contracts before it reads them anew, so it works on a copy of the sources, beside whatever else runs.
Anything of medium or high impact ends this with exit code 1; what the contract's dependencies do is theirs.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys

from setup import PYTHON, ROOT, STAMPS, environment, run, step

ENVIRONMENT = STAMPS / "slither-environment"
PROJECT = STAMPS / "slither-project"
LOCK = "requirements/slither.lock"


def install() -> None:
    """Make the environment and install exactly what its lock names."""
    run(sys.executable, "-m", "venv", "--clear", "--without-pip", ENVIRONMENT)
    python = ENVIRONMENT / "bin" / "python"
    run(PYTHON, "-m", "uv", "pip", "sync", "-q", "--python", python, "--require-hashes", LOCK)


def copy() -> None:
    """Copy what is compiled: the contract and how, not its tests."""
    shutil.rmtree(PROJECT, ignore_errors=True)
    shutil.copytree(ROOT / "contracts", PROJECT / "contracts")
    for name in ("hardhat.config.js", "package.json"):
        shutil.copy(ROOT / name, PROJECT / name)
    (PROJECT / "node_modules").symlink_to(ROOT / "node_modules")


def main() -> None:
    """Install what is missing, run Slither with the arguments given besides, and end with its verdict."""
    STAMPS.mkdir(exist_ok=True)
    with (STAMPS / "slither.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        step("slither packages", [LOCK], [".setup/slither-environment/bin/slither"], install)
        copy()
        # Times are what the contract is about; no decision of its hangs on a second that a proposer could choose.
        wanted = ["--filter-paths", "node_modules/", "--exclude", "timestamp"]
        wanted += ["--exclude-informational", "--fail-medium"]
        command = [str(ENVIRONMENT / "bin" / "slither"), ".", *wanted, *sys.argv[1:]]
        sys.exit(subprocess.run(command, cwd=PROJECT, env=environment(), check=False).returncode)


if __name__ == "__main__":
    main()
