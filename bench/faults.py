"""Kill workers at every persisted step, twenty times each, in a storm; the command behind `make faults`.

    python bench/faults.py                   both databases, and an institution that sends anchors and status changes
                                             together; writes bench/results/faults.json; exit 1 when anything is
                                             doubled, early, without its entry in a status list, or lost
    python bench/faults.py --each N          N kills at each step and in each campaign, instead of ten
    python bench/faults.py --seed N          another storm

What goes wrong, and when, is decided by the seed, which is written beside the counts. How far a worker comes in
between is not: it takes the time it takes.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import postgresql  # noqa: E402
from tests.faults.campaign import Campaign, schedule  # noqa: E402
from tests.faults.points import JOINT, POINTS  # noqa: E402
from tests.faults.scene import CONFIRMATIONS, opened  # noqa: E402
from tests.faults.storm import Storm  # noqa: E402

RESULT = ROOT / "bench" / "results" / "faults.json"
SEED = 1_203
EACH = 10
CAMPAIGNS = ("sqlite", "postgresql", "joint")
_SILENCES = 10


def main() -> int:
    """Run the campaigns, print and write what came of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=EACH, metavar="N", help="kills at each step and in each campaign")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help="decides what goes wrong, and when")
    parser.add_argument("--minutes", type=float, default=math.inf, metavar="N", help="kill nobody after so long")
    parser.add_argument("--only", choices=CAMPAIGNS, help="one campaign; nothing is written")
    asked = parser.parse_args()
    wanted = (asked.only,) if asked.only else CAMPAIGNS
    with ProcessPoolExecutor(len(wanted)) as pool:  # most of the time is waiting
        begun = {name: pool.submit(campaign, name, asked.seed + at, asked) for at, name in enumerate(wanted)}
        found = {name: one.result() for name, one in begun.items()}
    print(json.dumps(found, indent=2))
    good = all(one["wrong"] is None for one in found.values())
    if good and not asked.only:
        RESULT.write_text(json.dumps({"confirmations": CONFIRMATIONS, "campaigns": found}, indent=2) + "\n")
    return 0 if good else 1


def campaign(name: str, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Return the counts of one campaign: on a database, or with a joint operator (on SQLite)."""
    print(f"{name}: seed {seed}", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jikin-faults-")))
        url = stack.enter_context(postgresql.running()).database() if name == "postgresql" else ""
        scene = stack.enter_context(opened(folder, url, joint=name == "joint"))
        run = Campaign(scene, Storm(scene, seed, silences=_SILENCES))
        planned = schedule(seed, asked.each, tuple(JOINT if name == "joint" else POINTS))
        true = run.run(planned, lambda line: print(f"{name}: {line}", flush=True), longest=60 * asked.minutes)
        return {
            "seed": seed,
            "kills": dict(sorted(run.kills.items())),
            "killsElsewhere": run.elsewhere,
            "killsInAll": run.kills.total() + run.elsewhere,
            "faults": dict(sorted(Counter(run.storm.counts).items())),
            "truth": true.to_json(),
            "wrong": true.wrong(),
            "seconds": round(run.seconds),
        }


if __name__ == "__main__":
    sys.exit(main())
