"""What other systems issued, and what we say of it: every published sample has a verdict, pinned with its reason."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.sample_desk import POLICIES, verdicts
from tests.shared_standards import standards

STANDARDS = standards()
PINS: dict[str, Any] = json.loads((Path(__file__).parent / "samples.json").read_text("utf-8"))


def test_every_published_sample_is_pinned_with_a_reason() -> None:
    here = {
        str(path.relative_to(STANDARDS))
        for name in ("samples", "real-samples")
        for path in (STANDARDS / name).rglob("*")
        if path.is_file()
    }
    assert here == PINS.keys()
    assert all(len(pin["why"]) > 10 for pin in PINS.values())


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", PINS)
def test_the_verdict_on_a_published_sample_is_the_pinned_one(name: str, policy: str) -> None:
    found = [{"outcome": one.outcome, "codes": list(one.codes)} for one in verdicts(STANDARDS / name, policy)]
    assert found == PINS[name][policy]


def test_a_desk_that_refuses_everything_or_takes_everything_would_be_noticed() -> None:
    counted = Counter(one["outcome"] for pin in PINS.values() for one in pin["proof"])
    assert counted["passed"] >= 12
    assert counted["failed"] >= 30
    assert counted["unknown"] >= 60
    assert "passed" not in {one["outcome"] for pin in PINS.values() for one in pin["strict"]}  # nobody anchored them


# What the samples' makers labelled as broken is never passed, whatever the policy.
SIGNS = ("-err-", "badsignature", "tampered", "Expired", "evoked")
BROKEN = [name for name in PINS if any(sign in name for sign in SIGNS)]


@pytest.mark.parametrize("name", BROKEN)
def test_what_its_makers_call_broken_does_not_pass(name: str) -> None:
    assert "passed" not in {one["outcome"] for policy in POLICIES for one in PINS[name][policy]}
