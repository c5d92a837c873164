"""Whatever strangers send, a verification ends in a report, and only what was issued and anchored passes."""

import copy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jikin.anchoring.receipt import Receipt
from jikin.errors import AnchorError, JikinError
from jikin.verification import trust
from jikin.verification.document import Document
from jikin.verification.findings import FINDINGS, Code
from jikin.verification.gathering import gather_reading
from jikin.verification.judging import judge_reading
from jikin.verification.policy import packaged, packaged_names
from jikin.verification.reading import read
from jikin.verification.report import Outcome
from jikin.verification.reporting import report_json
from jikin.verification.verifying import verify
from tests.examples import tries
from tests.small_world import SUITES, Issued, SmallWorld

WORLD = SmallWorld()
ISSUED = WORLD.issue()
OTHER: Issued = WORLD.issue("이다른", suite="eddsa-jcs-2022")
SESSION = WORLD.sources().at_newest()
POLICIES = [packaged(name) for name in packaged_names()]

TEXTS = st.text(max_size=20) | st.sampled_from(
    [
        "https://www.w3.org/ns/credentials/v2",
        "VerifiableCredential",
        "did:web:certs.example",
        "DataIntegrityProof",
        "eddsa-rdfc-2022",
        "eddsa-jcs-2022",
        "2026-09-21T00:00:00Z",
        "assertionMethod",
        "BitstringStatusListEntry",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=25,
)
MEMBERS = st.sampled_from(sorted(ISSUED.credential))
RECEIPTS = st.sampled_from([None, ISSUED.receipt, OTHER.receipt])
HARD = settings(max_examples=tries(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def judged(credential: Any, receipt: Receipt | None) -> set[Outcome]:
    outcomes = set()
    document = Document(credential, receipt)
    reading = read(document, SUITES)
    evidence = gather_reading(reading, SESSION)
    for policy in POLICIES:
        report = judge_reading(reading, evidence, policy, SUITES, WORLD.time)
        report_json(report)
        assert {Code(finding.code) for finding in report.findings} <= set(FINDINGS)
        assert all(finding.outcome is FINDINGS[Code(finding.code)].outcome for finding in report.findings)
        outcomes.add(report.outcome)
    return outcomes


@HARD
@given(st.dictionaries(TEXTS | MEMBERS, JSON, max_size=8), RECEIPTS)
def test_no_object_passes(credential: Any, receipt: Receipt | None) -> None:
    assert Outcome.PASSED not in judged(credential, receipt)


@HARD
@given(MEMBERS, JSON, RECEIPTS)
def test_no_certificate_passes_with_a_member_replaced(member: str, value: Any, receipt: Receipt | None) -> None:
    for issued in (ISSUED, OTHER):
        if value != issued.credential[member]:
            assert Outcome.PASSED not in judged({**issued.credential, member: value}, receipt)


def _places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [way] if way else []
    if isinstance(value, dict):
        for name, member in value.items():
            found += _places(member, (*way, name))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            found += _places(member, (*way, index))
    return found


def _changed(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    changed = copy.deepcopy(value)
    place = changed
    for step in way[:-1]:
        place = place[step]
    place[way[-1]] = new
    return changed


PLACES = {name: _places(issued.credential) for name, issued in (("rdf", ISSUED), ("json", OTHER))}


@HARD
@given(st.sampled_from(["rdf", "json"]), st.data(), JSON)
def test_no_certificate_passes_with_any_place_changed(kind: str, data: st.DataObject, value: Any) -> None:
    issued = ISSUED if kind == "rdf" else OTHER
    way = data.draw(st.sampled_from(PLACES[kind]))
    place: Any = issued.credential
    for step in way:
        place = place[step]
    # JSON-LD reads a single value and a list of it alike, and no value as an absent one: nothing is said otherwise.
    if kind == "rdf" and (value in ([], None, [place]) or (isinstance(value, dict) and not value)):
        return
    if value == place and type(value) is type(place):
        return
    changed = _changed(issued.credential, way, value)
    public = verify(Document(changed, issued.receipt), SESSION, packaged("public"), WORLD.time)
    assert public.outcome is not Outcome.PASSED, way


def test_the_untouched_certificates_pass() -> None:
    for issued in (ISSUED, OTHER):
        report = verify(issued.document, SESSION, packaged("public"), WORLD.time)
        assert report.outcome is Outcome.PASSED


@HARD
@given(st.sampled_from(sorted(ISSUED.receipt.to_json())), JSON)  # type: ignore[union-attr]
def test_no_receipt_passes_with_a_member_replaced(member: str, value: Any) -> None:
    assert ISSUED.receipt is not None
    genuine = ISSUED.receipt.to_json()
    if value == genuine[member]:
        return
    try:
        receipt = Receipt.parse({**genuine, member: value})
    except AnchorError:
        return
    report = verify(Document(ISSUED.credential, receipt), SESSION, packaged("public"), WORLD.time)
    assert report.outcome is not Outcome.PASSED


@HARD
@given(JSON)
def test_no_web_page_breaks_a_verification(value: Any) -> None:
    world = SmallWorld()
    issued = world.issue()
    for url in ("https://certs.example/.well-known/did.json", f"https://certs.example/status/{'a1' * 32}/notes"):
        world.web.put(url, value)
    report = verify(issued.document, world.sources(), packaged("public"), world.time)
    assert report.outcome is Outcome.PASSED  # the chain vouches for the key, and the list is folded from its events


@given(JSON)
def test_no_trust_file_breaks_the_reader(value: Any) -> None:
    for document in (value, {"issuers": value}, {"issuers": {"did:web:a.example": value}}):
        try:
            entries = trust.parse(document)
        except JikinError:
            continue
        assert all(key.startswith("did:") for keys in trust.merged([entries, entries]).values() for key in keys)
