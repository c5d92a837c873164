"""Policies are files that set weights and limits, and nothing else."""

import pytest

from jikin.errors import SettingsError
from jikin.verification.findings import FINDINGS, Code
from jikin.verification.policy import AnchorDemand, packaged, packaged_names, parse
from jikin.verification.report import Outcome, Weight

SOUND = """
meaning = "A policy for a test."
anchor = "always"
second_suites = ["mldsa44-jcs-2024"]

[limits]
status_age_seconds = 1
edge_seconds = 2
created_after_anchor_seconds = 3

[suite_cut_offs]
eddsa-rdfc-2022 = 2035-01-01

[weights]
issuer = "advisory"
"issuer.unregistered" = "required"
"""


def test_seven_policies_come_with_the_package() -> None:
    assert packaged_names() == ("archive", "offline", "pack", "post-quantum", "proof", "public", "strict")


def test_a_file_is_read_as_it_stands() -> None:
    policy = parse("test", SOUND.encode())
    assert policy.anchor is AnchorDemand.ALWAYS
    assert (policy.status_age_seconds, policy.edge_seconds, policy.created_after_anchor_seconds) == (1, 2, 3)
    assert policy.second_suites == ("mldsa44-jcs-2024",)
    assert policy.suite_cut_offs == {"eddsa-rdfc-2022": 2_051_222_400}


@pytest.mark.parametrize("stated", [True, False])
def test_a_policy_says_whether_files_that_a_credential_refers_to_are_asked_for(stated: bool) -> None:
    assert parse("test", f"fetch_resources = {str(stated).lower()}\n{SOUND}".encode()).fetch_resources is stated
    assert not parse("test", SOUND.encode()).fetch_resources
    assert [name for name in packaged_names() if packaged(name).fetch_resources] == ["strict"]


def test_what_deviates_from_a_standard_in_the_field_counts_where_the_standard_is_demanded() -> None:
    deviations = {Code.STATUS_LIST_TOO_SHORT, Code.STATUS_LIST_ID, Code.STATUS_INDEX_NUMBER, Code.MODEL_ISSUER_QUOTED}
    unchecked = {Code.MODEL_SCHEMA_UNCHECKED, Code.MODEL_RESOURCE_UNCHECKED}
    required = {
        name: {code for code in deviations | unchecked if packaged(name).weight(code) is Weight.REQUIRED}
        for name in packaged_names()
    }
    assert {name: codes for name, codes in required.items() if codes} == {
        "strict": deviations | unchecked,
        "proof": {Code.STATUS_LIST_TOO_SHORT, Code.STATUS_INDEX_NUMBER},
    }


def test_the_nearest_weight_counts() -> None:
    policy = parse("test", SOUND.encode())
    assert policy.weight(Code.ISSUER_UNREGISTERED) is Weight.REQUIRED
    assert policy.weight(Code.ISSUER_UNKNOWN) is Weight.ADVISORY
    assert policy.weight(Code.PROOF_MISMATCH) is Weight.REQUIRED
    assert policy.weight(Code.STATUS_REASON) is Weight.ADVISORY


def test_public_asks_for_accreditation_a_promised_anchor_and_a_status_of_fifteen_minutes() -> None:
    policy = packaged("public")
    assert policy.anchor is AnchorDemand.WHERE_PROMISED
    assert policy.status_age_seconds == 15 * 60
    advisory = {code for code in Code if policy.weight(code) is Weight.ADVISORY}
    assert advisory == {code for code, rule in FINDINGS.items() if rule.weight is Weight.ADVISORY}


def test_the_conformance_policy_takes_accreditation_as_a_note_and_nothing_else_that_is_failed() -> None:
    policy = packaged("proof")
    failed = {code for code, rule in FINDINGS.items() if rule.outcome is Outcome.FAILED}
    assert {code for code in failed if policy.weight(code) is Weight.ADVISORY} == {
        Code.ISSUER_UNREGISTERED,
        Code.ISSUER_UNACCREDITED,
        Code.ISSUER_INVALIDATED,
        Code.ISSUER_TYPE_NOT_APPROVED,
        Code.STATUS_MISSING,
    }


def test_what_was_found_false_decides_offline_too() -> None:
    policy = packaged("offline")
    failed = {code for code, rule in FINDINGS.items() if rule.outcome is Outcome.FAILED}
    assert {policy.weight(code) for code in failed} == {Weight.REQUIRED}


MALFORMED = {
    "no TOML": ("meaning = ", "not TOML"),
    "a setting nobody knows": (SOUND + "\n[more]\n", "no setting is called more"),
    "no limits": ("meaning = 'm'\nanchor = 'always'", "limits"),
    "a limit too many": (SOUND.replace("edge_seconds", "edge_minutes"), "limits"),
    "a limit below zero": (SOUND.replace("edge_seconds = 2", "edge_seconds = -2"), "edge_seconds"),
    "a limit that is true": (SOUND.replace("edge_seconds = 2", "edge_seconds = true"), "edge_seconds"),
    "another demand": (SOUND.replace('"always"', '"sometimes"'), "anchor is one of always"),
    "no meaning": (SOUND.replace('"A policy for a test."', "7"), "meaning"),
    "a weight for nothing": (SOUND.replace("issuer = ", "colour = "), "colour"),
    "another weight": (SOUND.replace('issuer = "advisory"', 'issuer = "optional"'), "required or advisory"),
    "a cut-off that is no day": (SOUND.replace("2035-01-01", "2035"), "cut-off"),
    "a flag that is a text": ('fetch_resources = "yes"\n' + SOUND, "fetch_resources"),
    "suites that are no texts": (SOUND.replace('["mldsa44-jcs-2024"]', "[5]"), "second_suites"),
}


@pytest.mark.parametrize(("text", "said"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_policy_that_cannot_be_right_is_refused_and_the_setting_named(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        parse("test", text.encode())
    assert refused.value.code == "policy"


def test_an_unknown_policy_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="archive, offline, pack, post-quantum, proof, public, strict") as refused:
        packaged("lenient")
    assert refused.value.code == "policy.unknown"


def test_the_policy_for_the_day_of_quantum_computers_asks_for_a_second_signature() -> None:
    from jikin.verification.verifying import verify
    from tests.small_world import SmallWorld

    world = SmallWorld()
    report = verify(world.issue().document, world.sources(), packaged("post-quantum"), world.time)
    assert report.outcome is Outcome.UNKNOWN
    assert [f.code for f in report.findings if f.outcome is not Outcome.PASSED] == ["proof.second-missing"]


def test_a_suite_is_relied_on_for_what_was_anchored_before_its_cut_off() -> None:
    from dataclasses import replace

    from jikin.verification.verifying import verify
    from tests.small_world import DAY, SmallWorld

    world = SmallWorld()
    issued = world.issue()
    for day, outcome in ((world.time + DAY, Outcome.PASSED), (world.time - DAY, Outcome.UNKNOWN)):
        policy = replace(packaged("archive"), suite_cut_offs={"eddsa-rdfc-2022": day})
        assert verify(issued.document, world.sources(), policy, world.time).outcome is outcome
