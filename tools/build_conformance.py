"""Writes docs/conformance.md from a run of the tests that read published vectors and samples.

    python tools/build_conformance.py           runs those tests and writes the page
    python tools/build_conformance.py REPORT…   uses reports that ``pytest -p tests.standards_report`` wrote

The page says of every folder of vectors how many of its files tests have read and what came out, and of every sample
the verdict with its reason as ``tests/conformance/samples.json`` pins it. A file that no test reads is named.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.shared_standards import folder  # noqa: E402

PAGE = ROOT / "docs" / "conformance.md"
PINS = ROOT / "tests" / "conformance" / "samples.json"
TESTS = (
    *("tests/anchoring", "tests/badges", "tests/codec", "tests/conformance", "tests/credentials", "tests/dids"),
    *("tests/openid4vc", "tests/proofs", "tests/status", "tests/verification", "tests/command/test_jose.py"),
)
# What is left alone, and why.
APART = {
    "vectors/merkle-rfc6962/subtree": "proofs of another draft (Merkle tree certificates), which nothing here uses",
    "vectors/merkle-openzeppelin": "trees of sorted keccak pairs; ours are those of RFC 9162 with SHA-256",
    "vectors/oid4vci": "examples with members left out; the messages are tested with third-party packages",
    "vectors/oid4vp": "examples with members left out; the messages are tested with third-party packages",
}
# A test whose name says so expects a refusal.
_NEGATIVE = re.compile(
    r"refus|forg|alter|changed|broken|damaged|tamper|nothing|not_|never|no_|unknown|wrong|fail|invalid"
)


def run() -> dict[str, dict[str, object]]:
    """Return the report of a fresh run; ends with the tests' own words when one fails."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.standards_report", f"--standards-report={report}"]
        done = subprocess.run([*command, *TESTS], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stdout[-4000:])
        found: dict[str, dict[str, object]] = json.loads(report.read_text("utf-8"))
        return found


def merged(reports: list[str]) -> dict[str, dict[str, object]]:
    """Return several reports as one: a run on several processes writes one for each."""
    reads: defaultdict[str, set[str]] = defaultdict(set)
    outcomes: dict[str, object] = {}
    for name in reports:
        found = json.loads(Path(name).read_text("utf-8"))
        for file, tests in found["reads"].items():
            reads[file] |= set(tests)
        outcomes |= found["outcomes"]
    return {"reads": {name: sorted(tests) for name, tests in sorted(reads.items())}, "outcomes": outcomes}


def groups(files: list[str]) -> dict[str, list[str]]:
    """Return the vectors by folder."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in files:
        parts = name.split("/")
        if parts[0] == "vectors":
            found["/".join(parts[:2])].append(name)
    return dict(sorted(found.items()))


def outcomes(tests: set[str], known: dict[str, str]) -> Counter[str]:
    """Return how many tests accept, how many refuse, and how many did not pass; a module stands for all its tests."""
    counted: Counter[str] = Counter()
    for name, outcome in known.items():
        if name in tests or name.partition("::")[0] in tests:
            kind = "refuse" if _NEGATIVE.search(name.partition("::")[2]) else "accept"
            counted[kind if outcome == "passed" else outcome] += 1
    return counted


def vectors(standards: Path, report: dict[str, dict[str, object]]) -> list[str]:
    """Return the table of vectors."""
    reads: dict[str, list[str]] = report["reads"]  # type: ignore[assignment]
    known: dict[str, str] = report["outcomes"]  # type: ignore[assignment]
    every = sorted(str(path.relative_to(standards)) for path in standards.rglob("*") if path.is_file())
    rows, unread = [], []
    for group, files in groups(every).items():
        read = [name for name in files if name in reads]
        tests = {test for name in read for test in reads[name]}
        counted = outcomes(tests, known)
        failed = sum(count for kind, count in counted.items() if kind not in ("accept", "refuse", "skipped"))
        rows.append(
            f"| `{group}` | {len(files)} | {len(read)} | {counted['accept']} | {counted['refuse']} | {failed} |"
        )
        unread += [name for name in files if name not in reads and not name.startswith(tuple(APART))]
    lines = ["| folder | files | read | tests that expect it to hold | tests that expect a refusal | failed |"]
    lines += ["|---|---:|---:|---:|---:|---:|", *rows, ""]
    lines += ["Read by no test, and why:", "", *(f"- `{name}`: {why}" for name, why in APART.items()), ""]
    if unread:
        lines += [f"Nor are these {len(unread)} files:", "", *(f"- `{name}`" for name in unread), ""]
    return lines


def samples() -> list[str]:
    """Return the table of samples, as it is pinned."""
    pins = json.loads(PINS.read_text("utf-8"))
    lines = ["| sample | policy `proof` | findings | policy `strict` | why |", "|---|---|---|---|---|"]
    for name, pin in sorted(pins.items()):
        proof, strict = pin["proof"], pin["strict"]
        said = "<br>".join(" ".join(f"`{code}`" for code in one["codes"]) for one in proof) or "nothing found"
        lines.append(
            f"| `{name}` | {', '.join(one['outcome'] for one in proof)} | {said} | "
            f"{', '.join(one['outcome'] for one in strict)} | {pin['why']} |"
        )
    return [*lines, ""]


def main(arguments: list[str]) -> int:
    """Run from the command line; return the exit code."""
    standards = folder()
    if standards is None:
        print("conformance: the published vectors are not at hand (shared/standards)", file=sys.stderr)
        return 1
    report = merged(arguments) if arguments else run()
    lines = [
        "# Conformance",
        "",
        "Generated by `python tools/build_conformance.py` from a run of the tests. Published vectors and samples are",
        "read where they lie beside the checkout (`../shared/standards`); tests that need them skip without them.",
        "",
        "## Vectors",
        "",
        *vectors(standards, report),
        "## Samples",
        "",
        "What other systems issued, judged by us: accreditation and anchors are notes under the policy `proof`;",
        "`strict` demands them and counts every deviation. Pinned by `tests/conformance/test_samples.py`.",
        "",
        *samples(),
    ]
    PAGE.write_text("\n".join(lines), "utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
