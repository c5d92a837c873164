"""Runs a Hardhat task of this checkout under Node 22; one at a time, because they share artifacts/ and cache/."""

from __future__ import annotations

import fcntl
import subprocess
import sys

from setup import ROOT, STAMPS, environment


def main() -> None:
    """Run `hardhat` with the arguments given and end with its exit code."""
    STAMPS.mkdir(exist_ok=True)
    with (STAMPS / "hardhat.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = ["npm", "exec", "--", "hardhat", *sys.argv[1:]]
        sys.exit(subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode)


if __name__ == "__main__":
    main()
