"""Sets this checkout up: virtual environment, Node 22, npm packages, compiled contract, contexts, fonts.

Standard library only, because it runs before anything is installed. Each step is done again only when what it is made
from has changed (a stamp in .setup/ keeps the digest), and a lock lets two of them run at once without harm.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMPS = ROOT / ".setup"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE_BIN = ROOT / "tools" / "node" / "node_modules" / ".bin"


def environment() -> dict[str, str]:
    """Return the environment for npm and Hardhat: Node 22 first on the path, telemetry off."""
    return {
        **os.environ,
        "PATH": f"{NODE_BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "HARDHAT_DISABLE_TELEMETRY": "true",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
    }


def run(*command: str | Path, cwd: Path = ROOT, needed: bool = True) -> bool:
    """Run a command quietly and say whether it succeeded; when a *needed* one fails, show what it said and end."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode != 0 and needed:
        sys.stderr.write(done.stdout[-8000:] + done.stderr[-8000:])
        sys.exit(f"setup: {' '.join(str(part) for part in command)} ended with {done.returncode}")
    return done.returncode == 0


def digest(paths: Iterable[Path]) -> str:
    """Return one digest over the named files and every file below the named folders."""
    seen = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            seen.update(f"{file.relative_to(ROOT)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return seen.hexdigest()


def step(name: str, sources: list[str], makes: list[str], act: Callable[[], None]) -> None:
    """Do one step unless its sources are as they were and what it makes is still there."""
    stamp = STAMPS / name
    wanted = digest(ROOT / source for source in sources) + f"\n{ROOT}\n"
    if stamp.is_file() and stamp.read_text() == wanted and all((ROOT / made).exists() for made in makes):
        return
    begun = time.monotonic()
    print(f"setup: {name} …", file=sys.stderr, flush=True)
    stamp.unlink(missing_ok=True)
    act()
    stamp.write_text(wanted)
    print(f"setup: {name} done in {time.monotonic() - begun:.1f} s", file=sys.stderr, flush=True)


def python_packages() -> None:
    """Make the virtual environment and install exactly what the lock names."""
    if not PYTHON.exists():
        run(sys.executable, "-m", "venv", VENV)
    run(PYTHON, "-m", "pip", "install", "-q", "--require-hashes", "-r", "requirements/bootstrap.lock")
    run(PYTHON, "-m", "uv", "pip", "sync", "-q", "--python", PYTHON, "--require-hashes", "requirements/dev.lock")
    run(PYTHON, "-m", "uv", "pip", "install", "-q", "--python", PYTHON, "--no-deps", "--no-build-isolation", "-e", ".")


def node() -> None:
    """Install Node 22 for this checkout alone, as a registry package with its hash in the lock."""
    run("npm", "ci", cwd=ROOT / "tools" / "node")
    if not (NODE_BIN / "node").exists():
        sys.exit("setup: no Node 22 package for this machine; install Node 22 or newer and link it as " + str(NODE_BIN))


def npm_packages() -> None:
    """Install Hardhat, the compiler, OpenZeppelin, and the packages contexts and fonts are copied from."""
    run("npm", "ci")


def contract() -> None:
    """Compile the registry and write its ABI and bytecode for Python."""
    run("npm", "run", "compile")
    run(PYTHON, "tools/build_registry.py")


# Chromium without windows: the same pages in a quarter less of the processor's time than in a whole one.
HEADLESS = "chromium-headless-shell"
BROWSERS = (HEADLESS, "chromium", "chromium-browser", "google-chrome")
NO_HEADLESS = STAMPS / f"no {HEADLESS}"
TOKEN, TOKEN_PROGRAM = "softhsm2", "softhsm2-util"


def system_packages() -> None:
    """Install from the system's packages what only tests need and is missing; say so where we may not."""
    may_install = os.geteuid() == 0 and shutil.which("apt-get") is not None
    if may_install and not shutil.which(HEADLESS) and not NO_HEADLESS.exists() and not install(HEADLESS):
        NO_HEADLESS.touch()  # not every system packages it; a whole browser does as well
    missing = [] if any(map(shutil.which, BROWSERS)) else [("chromium", "the tests of the pages")]
    if not shutil.which(TOKEN_PROGRAM):
        missing.append((TOKEN, "the tests of keys in a hardware token"))
    for package, tests in missing:
        if not may_install:
            sys.stderr.write(f"setup: {package} is not installed: without it {tests} are skipped\n")
        else:
            install(package, needed=True)


def install(package: str, *, needed: bool = False) -> bool:
    """Install one of the system's packages and say whether it is there now; a *needed* one ends this otherwise."""
    begun = time.monotonic()
    print(f"setup: {package} from the system's packages …", file=sys.stderr, flush=True)
    quietly = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y")
    done = run(*quietly, "update", needed=needed) and run(
        *quietly, "install", "--no-install-recommends", package, needed=needed
    )
    how = "done" if done else "not possible"
    print(f"setup: {package} {how} in {time.monotonic() - begun:.1f} s", file=sys.stderr, flush=True)
    return done


def main() -> None:
    """Bring the checkout up to date; ``--browser`` also looks after a browser and a software token for the tests."""
    if sys.version_info < (3, 11):  # noqa: UP036 -- this file runs under whatever python3 is there
        sys.exit(f"setup: Python 3.11 or newer is needed, this is {sys.version.split()[0]}; set PYTHON=python3.11")
    if shutil.which("npm") is None:
        sys.exit("setup: npm was not found; Node 20 or newer is needed")
    STAMPS.mkdir(exist_ok=True)
    with (STAMPS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        locks = ["requirements/bootstrap.lock", "requirements/dev.lock"]
        step("python packages", [*locks, "pyproject.toml"], [".venv/bin/python", ".venv/bin/jikin"], python_packages)
        step("Node 22", ["tools/node/package-lock.json"], ["tools/node/node_modules/.bin/node"], node)
        step("npm packages", ["package-lock.json"], ["node_modules/hardhat/package.json"], npm_packages)
        step(
            "contract",
            ["contracts", "hardhat.config.js", "package-lock.json", "tools/build_registry.py"],
            ["jikin/_generated/registry.json"],
            contract,
        )
        step(
            "contexts",
            ["schemas/contexts", "tools/build_contexts.py", "package-lock.json", "requirements/dev.lock"],
            ["jikin/_generated/contexts"],
            lambda: run(PYTHON, "tools/build_contexts.py"),
        )
        step(
            "fonts",
            ["schemas/fonts", "tools/build_fonts.py", "package-lock.json"],
            ["jikin/_generated/fonts"],
            lambda: run(PYTHON, "tools/build_fonts.py"),
        )
        step(
            "web assets",
            ["schemas/web", "tools/build_web_assets.py", "package-lock.json"],
            ["jikin/_generated/web"],
            lambda: run(PYTHON, "tools/build_web_assets.py"),
        )
        if "--browser" in sys.argv[1:]:
            system_packages()


if __name__ == "__main__":
    main()
