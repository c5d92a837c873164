"""Results under an embargo: nothing readable before the second, everything checkable after it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, select, update

from issuer import candidates, embargo, embargo_approval, embargo_opening, logs, two_persons
from issuer.approving import ALL_ROLES
from issuer.embargo import Wish
from issuer.jobs import Worker
from issuer.store import audit, batches, embargoes
from issuer.store.batches import BatchState
from issuer.store.embargo_tables import embargo_trees, sealed_rows
from issuer.store.embargo_tables import embargoes as table
from issuer.store.embargo_tables import openings as openings_table
from issuer.store.embargoes import Embargo, EmbargoState
from issuer.store.issue_tasks import TaskState
from issuer.store.tables import rows as rows_table
from issuer.timekeeping import Chore, Timekeeper
from jikin.anchoring.acts import LeafKind
from jikin.anchoring.embargo import Opening, check_opening, differences
from jikin.anchoring.merkle import Tree
from jikin.errors import AnchorError, JikinError, OfficeError, SettingsError
from jikin.values import Digest
from jikin.values.settings import Secret
from tests.issuer.test_officers import Person
from tests.issuing_office import HEADER, TYPE, Bureau, open_bureau, row
from tests.issuing_service import open_counter

HOUR = 3600
NONCES = re.compile(r'nonce="[^"]*"')  # of the page's own styles, another on each page
PASSED, FAILED = "황보합격", "제갈낙방"
CHORES = (Chore(embargo_opening.open_due), Chore(embargo.anchor_due), Chore(embargo.anchor_again))


def listed(*lines: str) -> bytes:
    """Return a list of candidates with a column of results."""
    return "\n".join([f"{HEADER},합격여부", *lines]).encode()


def candidate(number: int, *, passed: bool = True, **changes: str) -> str:
    given = {"name_ko": PASSED} if passed else {"name_ko": FAILED, "passed_on": ""}
    return row(number, **(given | changes)) + (",합격" if passed else ",불합격")


LIST = listed(candidate(1), candidate(2, passed=False), candidate(3), candidate(4, passed=False))


def wish(bureau: Bureau, until: int | None = None) -> Wish:
    return Wish(bureau.office.types.named(TYPE), "eddsa-rdfc-2022", until or bureau.clock.now + HOUR)


def sealed(bureau: Bureau, data: bytes = LIST, until: int | None = None) -> Embargo:
    asked = wish(bureau, until)
    return embargo.seal(bureau.office, bureau.institution, asked, data, embargo.look(bureau.office, asked, data))


def state(bureau: Bureau, one: Embargo) -> Embargo:
    return embargo.read(bureau.office, one.id)[0]


def announced(bureau: Bureau, one: Embargo) -> None:
    """Let the second come, for clock and chain."""
    bureau.clock.now = max(bureau.clock.now, one.until)
    bureau.chain.mine()


def released(bureau: Bureau, data: bytes = LIST) -> Embargo:
    one = sealed(bureau, data)
    embargo.anchor(bureau.office, one.id)
    announced(bureau, one)
    embargo_opening.open_list(bureau.office, one.id)
    return state(bureau, one)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(JikinError) as caught:
        act()
    return caught.value.code


# ------------------------------------------------------------------------------------------------------- the whole way


def test_passes_are_certified_at_the_second_and_fails_are_shown_to_be_unchanged(bureau: Bureau) -> None:
    one = sealed(bureau)
    embargo.anchor(bureau.office, one.id)
    anchored = state(bureau, one)
    slot = bureau.chain.view().anchor(bureau.institution.issuer_id, one.root)
    assert slot is not None
    assert (slot.kind, slot.tree_size, slot.time) == (LeafKind.EMBARGOED, 1024, anchored.anchored_at)
    assert slot.time < one.until

    announced(bureau, one)
    batch = embargo_opening.open_list(bureau.office, one.id)
    assert batch is not None
    done = bureau.run(batch)
    assert (done.state, done.count, done.bad) == (BatchState.RELEASED, 2, 0)
    assert {(cert.record or {})["name_ko"] for cert in bureau.credentials(done)} == {PASSED}
    certified = bureau.chain.view().anchor(bureau.institution.issuer_id, done.root or Digest(bytes(32)))
    assert certified is not None
    assert certified.kind == LeafKind.CREDENTIAL

    shown = list(embargo_opening.openings(bureau.office, bureau.institution, state(bureau, one)))
    assert [each.line for each in shown] == [2, 3, 4, 5]
    assert [each.opening.passed for each in shown] == [True, False, True, False]
    for each in shown:
        read = Opening.parse(json.loads(json.dumps(each.opening.to_json())))
        assert read == each.opening
        assert check_opening(read, bureau.chain.view()) == slot


def test_the_published_leaves_rebuild_the_root_and_show_a_round_number(bureau: Bureau) -> None:
    one = sealed(bureau)
    embargo.anchor(bureau.office, one.id)
    data = (bureau.office.public(bureau.institution).path / "leaves" / one.root.raw.hex()).read_bytes()
    tree = Tree.from_leaves(data)
    assert (tree.root, tree.size) == (one.root, 1024)
    assert len({data[at : at + 32] for at in range(0, len(data), 32)}) == 1024


def test_the_service_anchors_waits_and_opens_by_itself(bureau: Bureau) -> None:
    keeper = Timekeeper(bureau.office, CHORES)
    one = sealed(bureau)
    keeper.round()
    assert state(bureau, one).state is EmbargoState.ANCHORED
    keeper.round()
    assert state(bureau, one).state is EmbargoState.ANCHORED
    announced(bureau, one)
    keeper.round()
    opened = state(bureau, one)
    assert opened.state is EmbargoState.OPENED
    assert opened.batch_id is not None
    with Worker(bureau.office) as worker:
        worker.issue(opened.batch_id)
    assert bureau.batch(opened.batch_id).state is BatchState.RELEASED


def test_a_list_in_which_nobody_passed_is_opened_and_issues_nothing(bureau: Bureau) -> None:
    one = released(bureau, listed(candidate(1, passed=False)))
    assert (one.state, one.batch_id) == (EmbargoState.OPENED, None)
    assert len(list(embargo_opening.openings(bureau.office, bureau.institution, one))) == 1


def test_a_list_without_a_column_of_results_is_one_of_passes(bureau: Bureau) -> None:
    one = released(bureau, f"{HEADER}\n{row(1)}\n{row(2)}".encode())
    assert bureau.batch(one.batch_id or 0).count == 2


def test_whoever_passed_and_was_certified_before_is_not_certified_again(bureau: Bureau) -> None:
    bureau.issue(f"{HEADER}\n{row(1)}".encode())
    one = released(bureau, f"{HEADER}\n{row(1)}\n{row(2)}".encode())
    batch = bureau.batch(one.batch_id or 0)
    assert (batch.count, batch.repeated) == (1, 1)


def test_the_day_of_the_announcement_may_stand_in_the_list_before_it_comes(bureau: Bureau) -> None:
    until = bureau.clock.now + 40 * 86_400
    data = listed(candidate(1, passed_on="2026-10-30"))
    asked = wish(bureau, until)
    assert embargo.look(bureau.office, asked, data).bad == ()
    assert embargo.look(bureau.office, replace(asked, until=bureau.clock.now + HOUR), data).bad != ()


# -------------------------------------------------------------------------------------------------------------- sealing


def test_the_same_list_is_sealed_once_and_for_one_time(bureau: Bureau) -> None:
    one = sealed(bureau)
    assert sealed(bureau, until=one.until) == one
    assert code_of(lambda: sealed(bureau, until=one.until + 60)) == "office.key-reused"
    keys = [path.name for path in bureau.office.keys.folder.iterdir() if path.name.startswith("embargo-")]
    assert keys == [one.key_file]


FAULTY = {
    "a pass with a wrong date": candidate(9, birth_date="2003-02-30"),
    "a pass without a date of passing": candidate(9, passed_on=""),
    "a fail with a wrong date": candidate(9, passed=False, birth_date="2003-02-30"),
    "a result that is no word": row(9) + ",아마도",
    "an exam number that stands twice": candidate(1, name_ko="김하늘"),
    "a cell too many": candidate(9) + ",x",
}


@pytest.mark.parametrize("bad", FAULTY.values(), ids=FAULTY.keys())
def test_a_list_with_any_fault_is_not_sealed_at_all(bureau: Bureau, bad: str) -> None:
    data = listed(candidate(1), bad)
    asked = wish(bureau)
    looked = embargo.look(bureau.office, asked, data)
    assert [one.line for one in looked.bad] == [3]
    assert looked.bad[0].faults
    assert code_of(lambda: embargo.seal(bureau.office, bureau.institution, asked, data, looked)) == "embargo.rows"
    with bureau.office.database.read() as connection:
        assert embargoes.every(connection, bureau.institution.id) == ()


RESULTS = {"합격": True, " 불합격": False, "PASS": True, "Fail": False, "결시": False, "Ｙ": True}


@pytest.mark.parametrize(("word", "passed"), RESULTS.items(), ids=RESULTS.keys())
def test_results_are_read_as_offices_write_them(bureau: Bureau, word: str, passed: bool) -> None:
    data = "\n".join([f"{HEADER},합격 여부", row(1) + f",{word}"]).encode()
    (one,) = candidates.read(
        data, bureau.office.types.named(TYPE), bureau.office.limits, today=bureau.office.today
    ).candidates
    assert one.passed is passed


def test_a_time_that_has_come_is_refused(bureau: Bureau) -> None:
    assert code_of(lambda: sealed(bureau, until=bureau.clock.now)) == "embargo.until"


def test_another_size_hides_more(tmp_path: Path) -> None:
    opened = open_bureau(tmp_path / "office", embargo_leaves=4096)
    with opened.office:
        assert sealed(opened).tree_size == 4096


# ------------------------------------------------------------------------------------------------------- nothing before


def test_before_the_second_nothing_of_a_candidate_is_readable_anywhere(bureau: Bureau, tmp_path: Path) -> None:
    log = io.StringIO()
    logs.configure("DEBUG", log)
    one = sealed(bureau)
    Timekeeper(bureau.office, CHORES).round()
    with Worker(bureau.office):
        pass
    logs.configure("WARNING")
    assert state(bureau, one).state is EmbargoState.ANCHORED
    secrets = (PASSED, FAILED, "2602-000001", "1981-04-17", '"pass"', '"fail"', "합격")
    spelled = {
        form for text in secrets for form in (text.encode(), text.encode("cp949"), json.dumps(text)[1:-1].encode())
    }
    folder = bureau.office.settings.data
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not [form for form in spelled if form in content], path.name
    assert not [text for text in secrets if text in log.getvalue()]
    for url in (bureau.office.settings.database_url, bureau.office.settings.jobs_database_url):
        assert _values_with(url, secrets) == set()


def _values_with(url: str, secrets: tuple[str, ...]) -> set[tuple[str, str]]:
    engine, tables, found = create_engine(url), MetaData(), set()
    tables.reflect(engine)
    with engine.connect() as connection:
        for each in tables.sorted_tables:
            for values in connection.execute(select(each)).mappings():
                for column, value in values.items():
                    plain = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    if any(secret in plain for secret in secrets):
                        found.add((each.name, column))
    engine.dispose()
    return found


def test_neither_how_many_nor_who_passed_can_be_told_from_what_is_stored(bureau: Bureau) -> None:
    """Two lists, one of a single fail and one of many passes: every row, size and count is the same."""

    def stored(one: Embargo) -> dict[str, object]:
        with bureau.office.database.read() as connection:
            parts = embargoes.parts_of(connection, one.id)
            nodes = embargoes.tree_bytes(connection, one.id)
        public = {"root", "tag", "id", "sealed_key", "key_file", "created_at"}
        plain = {name: getattr(one, name) for name in one.__slots__ if name not in public}
        return plain | {"parts": [len(part) for part in parts], "nodes": len(nodes)}

    until = bureau.clock.now + HOUR
    few = sealed(bureau, listed(candidate(1, passed=False)), until)
    many = sealed(bureau, listed(*(candidate(number) for number in range(1, 41))), until)
    assert stored(few) == stored(many)
    with bureau.office.database.read() as connection:
        acts = [act.detail for act in audit.entries(connection) if act.act == "list sealed"]
    assert acts == [{"until": until, "size": 1024}] * 2


def test_every_page_and_count_is_what_it_was_before_the_list_was_sealed(bureau: Bureau) -> None:
    officer = Person(bureau, "박서연", ALL_ROLES).enrol()
    counter = open_counter(bureau)
    counter.client.cookies.set(counter.client.app.state.frame.cookie_name("officer"), officer.token)  # type: ignore[attr-defined]
    pages = ("/", "/claim", "/progress", "/admin", "/admin/batches", "/admin/certificates", "/admin/changes")

    def seen() -> dict[str, tuple[int, str]]:
        answers = {path: counter.client.get(path, headers={"accept": "text/html"}) for path in pages}
        return {path: (answer.status_code, NONCES.sub("", answer.text)) for path, answer in answers.items()}

    before = seen()
    assert {status for status, _ in before.values()} == {200}
    one = sealed(bureau)
    embargo.anchor(bureau.office, one.id)
    assert seen() == before
    with bureau.office.database.read() as connection:
        assert batches.every(connection, bureau.institution.id) == ()


def test_before_the_second_openings_are_refused(bureau: Bureau) -> None:
    one = sealed(bureau)
    embargo.anchor(bureau.office, one.id)
    one = state(bureau, one)
    assert code_of(lambda: embargo_opening.open_list(bureau.office, one.id)) == "embargo.sealed"
    assert code_of(lambda: list(embargo_opening.openings(bureau.office, bureau.institution, one))) == "embargo.sealed"


def test_a_list_that_was_never_anchored_is_not_opened(bureau: Bureau) -> None:
    one = sealed(bureau)
    announced(bureau, one)
    assert code_of(lambda: embargo_opening.open_list(bureau.office, one.id)) == "embargo.sealed"


# ------------------------------------------------------------------------------------------------------------ the clock


def test_neither_clock_alone_opens_a_list(bureau: Bureau) -> None:
    one = sealed(bureau)
    embargo.anchor(bureau.office, one.id)
    keeper, chain_time = Timekeeper(bureau.office, CHORES), bureau.chain.view().block.time

    bureau.clock.now = one.until + 10  # somebody sets the office's clock forward; the chain knows better
    assert bureau.chain.view().block.time == chain_time < one.until
    keeper.round()
    assert state(bureau, one).state is EmbargoState.ANCHORED

    bureau.chain.mine()  # a node that makes up a block of the future
    assert bureau.chain.view().block.time >= one.until
    bureau.clock.now = one.until - 1  # and the office's clock was set right, back by eleven seconds
    keeper.round()
    assert state(bureau, one).state is EmbargoState.ANCHORED

    bureau.clock.now = one.until
    keeper.round()
    assert state(bureau, one).state is EmbargoState.OPENED


def test_a_clock_that_jumps_back_while_a_list_waits_does_not_open_it_early(bureau: Bureau) -> None:
    one, keeper = sealed(bureau), Timekeeper(bureau.office, CHORES)
    embargo.anchor(bureau.office, one.id)
    for now in (one.until - 1, one.until - 7 * 86_400, one.until - 2, one.until - 1):
        bureau.clock.now = now
        keeper.round()
        assert state(bureau, one).state is EmbargoState.ANCHORED


def test_without_the_chain_nothing_is_opened_and_with_it_all_that_is_due(bureau: Bureau) -> None:
    one = sealed(bureau)
    embargo.anchor(bureau.office, one.id)
    announced(bureau, one)
    keeper = Timekeeper(bureau.office, CHORES)
    bureau.chain.reachable = False
    keeper.round()
    waiting = state(bureau, one)
    assert (waiting.state, waiting.error_code) == (EmbargoState.ANCHORED, "chain.unreachable")
    bureau.chain.reachable = True
    for _ in range(8):
        keeper.round()
    opened = state(bureau, one)
    assert (opened.state, opened.error_code) == (EmbargoState.OPENED, None)


def test_an_anchor_that_a_reorganisation_took_away_is_made_again_with_the_same_root(bureau: Bureau) -> None:
    keeper, one = Timekeeper(bureau.office, CHORES), sealed(bureau)
    keeper.round()
    before = state(bureau, one)
    assert before.anchored_block is not None
    bureau.chain.reorganise(bureau.chain.view().block.number - before.anchored_block + 1)
    assert bureau.chain.view().anchor(bureau.institution.issuer_id, one.root) is None
    keeper.round()
    assert state(bureau, one).state is EmbargoState.SEALED
    keeper.round()
    again = state(bureau, one)
    assert (again.state, again.root) == (EmbargoState.ANCHORED, one.root)
    announced(bureau, one)
    keeper.round()
    opened = state(bureau, one)
    shown = list(embargo_opening.openings(bureau.office, bureau.institution, opened))
    assert {check_opening(each.opening, bureau.chain.view()).block for each in shown} == {again.anchored_block}


def test_a_list_without_its_anchor_is_not_opened(bureau: Bureau) -> None:
    one = sealed(bureau)
    embargo.anchor(bureau.office, one.id)
    block = state(bureau, one).anchored_block
    assert block is not None
    bureau.chain.reorganise(bureau.chain.view().block.number - block + 1)
    announced(bureau, one)
    assert code_of(lambda: embargo_opening.open_list(bureau.office, one.id)) == "embargo.unanchored"


# ------------------------------------------------------------------------------------------------------------ tampering


def _earlier(bureau: Bureau, one: Embargo) -> None:
    with bureau.office.database.write() as connection:
        connection.execute(update(table).values(until=bureau.clock.now - 1))


def _other_root(bureau: Bureau, one: Embargo) -> None:
    with bureau.office.database.write() as connection:
        connection.execute(update(table).values(root=bytes(32)))


def _other_rows(bureau: Bureau, one: Embargo) -> None:
    with bureau.office.database.write() as connection:
        (part,) = embargoes.parts_of(connection, one.id)
        connection.execute(update(sealed_rows).values(ciphertext=part[:-1] + bytes([part[-1] ^ 1])))


def _rows_of_another_list(bureau: Bureau, one: Embargo) -> None:
    other = sealed(bureau, listed(candidate(1), candidate(2)))
    with bureau.office.database.write() as connection:
        (part,) = embargoes.parts_of(connection, other.id)
        connection.execute(
            update(table)
            .where(table.c.id == one.id)
            .values(sealed_key=other.sealed_key, key_file=other.key_file, slot_bytes=other.slot_bytes)
        )
        connection.execute(update(sealed_rows).where(sealed_rows.c.embargo_id == one.id).values(ciphertext=part))


def _other_leaves(bureau: Bureau, one: Embargo) -> None:
    with bureau.office.database.write() as connection:
        nodes = embargoes.tree_bytes(connection, one.id)
        connection.execute(
            update(embargo_trees).where(embargo_trees.c.part == 0).values(nodes=bytes(32) + nodes[32 : 1 << 16])
        )


TAMPERINGS = {
    "the time is moved to before": _earlier,
    "another root": _other_root,
    "a row is altered": _other_rows,
    "the rows of another list": _rows_of_another_list,
    "other leaves": _other_leaves,
}


@pytest.mark.parametrize("tamper", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_whoever_writes_to_the_database_opens_nothing_and_changes_nothing(
    bureau: Bureau, tamper: Callable[[Bureau, Embargo], None]
) -> None:
    one = sealed(bureau)
    embargo.anchor(bureau.office, one.id)
    tamper(bureau, one)
    announced(bureau, one)
    found = code_of(lambda: embargo_opening.open_list(bureau.office, one.id))
    assert found in {"embargo.tampered", "embargo.unanchored"}  # the second: another root than any the registry has
    with bureau.office.database.read() as connection:
        assert batches.every(connection, bureau.institution.id) == ()
        assert connection.execute(select(openings_table)).all() == []


def test_without_the_passphrase_of_embargoes_the_rows_stay_closed(tmp_path: Path) -> None:
    opened = open_bureau(tmp_path / "office", embargo_passphrase=Secret("아홉 시에"))
    with opened.office:
        one = sealed(opened)
        embargo.anchor(opened.office, one.id)
        announced(opened, one)
        without = replace(opened.office, settings=replace(opened.office.settings, embargo_passphrase=None))
        with pytest.raises(SettingsError):
            embargo_opening.open_list(without, one.id)
        assert embargo_opening.open_list(opened.office, one.id) is not None


def test_a_result_changed_between_opening_and_signing_is_not_certified(bureau: Bureau) -> None:
    one = released(bureau)
    with bureau.office.database.write() as connection:
        found = batches.source_rows(connection, one.batch_id or 0, "good")[0]
        forged = {**(found.record or {}), "name_ko": "이도둑"}
        connection.execute(update(rows_table).where(rows_table.c.line == found.line).values(record=forged))
    batch = bureau.batch(one.batch_id or 0)
    assert code_of(lambda: bureau.run(batch)) == "embargo.tampered"


def test_somebody_who_failed_is_not_slipped_among_the_passes(bureau: Bureau) -> None:
    one = released(bureau)
    with bureau.office.database.write() as connection:
        failed = next(each for each in embargoes.openings_of(connection, one.id) if each.record["result"] == "fail")
        connection.execute(
            rows_table.insert().values(
                batch_id=one.batch_id,
                line=failed.line,
                state="good",
                record=failed.record["columns"],
                record_hash=bytes(32),
                faults=[],
            )
        )
    assert code_of(lambda: bureau.run(bureau.batch(one.batch_id or 0))) == "embargo.tampered"


def test_the_key_is_destroyed_when_the_list_is_opened(bureau: Bureau) -> None:
    one = sealed(bureau)
    assert (bureau.office.keys.folder / one.key_file).stat().st_mode & 0o777 == 0o600
    embargo.anchor(bureau.office, one.id)
    announced(bureau, one)
    embargo_opening.open_list(bureau.office, one.id)
    assert not (bureau.office.keys.folder / one.key_file).exists()
    with bureau.office.database.read() as connection:
        assert connection.execute(select(sealed_rows)).all() == []
        assert connection.execute(select(table.c.sealed_key)).scalar_one() == b""


def test_opening_twice_makes_one_batch(bureau: Bureau) -> None:
    one = released(bureau)
    again = embargo_opening.open_list(bureau.office, one.id)
    assert again is not None
    assert again.id == one.batch_id
    with bureau.office.database.read() as connection:
        assert len(batches.every(connection, bureau.institution.id)) == 1


# ------------------------------------------------------------------------------------------------------------- openings


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bureau, Opening]]:
    """Yield an office with a released list, and the opening of one who failed."""
    bureau = open_bureau(tmp_path_factory.mktemp("opened") / "office")
    with bureau.office:
        one = released(bureau)
        shown = list(embargo_opening.openings(bureau.office, bureau.institution, one))
        yield bureau, next(each.opening for each in shown if not each.opening.passed)


FORGERIES: dict[str, tuple[Callable[[Opening], Opening], str]] = {
    "a fail that became a pass": (lambda o: replace(o, record={**o.record, "result": "pass"}), "mismatch"),
    "another announced time": (lambda o: replace(o, record={**o.record, "until": o.until + 1}), "mismatch"),
    "another salt": (lambda o: replace(o, salt=bytes(32)), "mismatch"),
    "another root": (lambda o: replace(o, root=Digest(bytes(32))), "mismatch"),
    "another place": (lambda o: replace(o, index=o.index ^ 1), "mismatch"),
    "another registry": (
        lambda o: replace(o, place=replace(o.place, registry=type(o.place.registry)(bytes(20)))),
        "foreign",
    ),
}


@pytest.mark.parametrize(("forge", "code"), FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_opening_is_refused(
    opened: tuple[Bureau, Opening], forge: Callable[[Opening], Opening], code: str
) -> None:
    bureau, opening = opened
    with pytest.raises(AnchorError) as caught:
        check_opening(forge(opening), bureau.chain.view())
    assert caught.value.code == f"anchor.opening.{code}"


def test_a_tree_that_was_never_anchored_as_sealed_results_proves_nothing(opened: tuple[Bureau, Opening]) -> None:
    """The same record in a tree of one's own: it leads to a root, and the registry does not have it."""
    from jikin.anchoring.embargo import result_leaf

    bureau, opening = opened
    alone = Tree([result_leaf(opening.place.context, opening.salt, opening.record)])
    made = Opening(opening.place, alone.root, 1, 0, (), opening.salt, opening.record)
    with pytest.raises(AnchorError) as caught:
        check_opening(made, bureau.chain.view())
    assert caught.value.code == "anchor.opening.absent"


def test_results_anchored_after_the_announced_second_prove_nothing(bureau: Bureau) -> None:
    one = sealed(bureau)
    announced(bureau, one)  # nobody anchored it in time
    embargo.anchor(bureau.office, one.id)
    embargo_opening.open_list(bureau.office, one.id)
    shown = next(iter(embargo_opening.openings(bureau.office, bureau.institution, state(bureau, one))))
    with pytest.raises(AnchorError) as caught:
        check_opening(shown.opening, bureau.chain.view())
    assert caught.value.code == "anchor.opening.late"


def test_a_certificate_is_compared_with_the_record_that_was_anchored(bureau: Bureau) -> None:
    one = released(bureau)
    done = bureau.run(bureau.batch(one.batch_id or 0))
    openings = {each.line: each.opening for each in embargo_opening.openings(bureau.office, bureau.institution, one)}
    kind = bureau.office.types.named(TYPE)
    first, second = (
        (openings[cert.line], kind.read_back(json.loads(cert.document or b""))) for cert in bureau.credentials(done)
    )
    assert differences(*first) == differences(*second) == ()
    assert differences(first[0], {**first[1], "name_ko": "이도둑"}) == ("name_ko",)
    failed = next(opening for opening in openings.values() if not opening.passed)
    assert differences(failed, first[1])[0] == "result"


# ---------------------------------------------------------------------------------------------------------- two persons


@pytest.fixture
def strict(bureau: Bureau) -> Bureau:
    bureau.institution = two_persons.demand(bureau.office, bureau.institution, ["list"])
    return bureau


def test_a_sealed_list_is_anchored_only_after_two_persons_signed(strict: Bureau) -> None:
    one = sealed(strict)
    keeper = Timekeeper(strict.office, CHORES)
    keeper.round()
    assert state(strict, one).state is EmbargoState.SEALED
    assert code_of(lambda: embargo.anchor(strict.office, one.id)) == "approval.missing"
    stored = embargo_approval.task_of(strict.office, one)
    assert stored is not None
    assert stored.task.manifest["records"] == one.root.raw.hex()
    assert stored.task.manifest["count"] == 1024
    for name in ("park", "lee"):
        officer, signer = strict.officers[name]
        two_persons.approve(strict.office, officer, signer, stored.task.id)
    keeper.round()
    assert state(strict, one).state is EmbargoState.ANCHORED
    announced(strict, one)
    strict.clock.now += 7 * 86_400  # the release may be long after the day for which an approval holds
    strict.chain.mine()
    keeper.round()
    done = state(strict, one)
    assert done.state is EmbargoState.OPENED
    assert strict.run(strict.batch(done.batch_id or 0)).state is BatchState.RELEASED
    used = embargo_approval.task_of(strict.office, done)
    assert used is not None
    assert used.state is TaskState.USED


def test_another_time_than_the_approved_one_opens_nothing(strict: Bureau) -> None:
    one = sealed(strict)
    stored = embargo_approval.task_of(strict.office, one)
    assert stored is not None
    for name in ("park", "lee"):
        officer, signer = strict.officers[name]
        two_persons.approve(strict.office, officer, signer, stored.task.id)
    embargo.anchor(strict.office, one.id)
    with strict.office.database.write() as connection:
        connection.execute(update(table).values(until=strict.clock.now - 1))
    assert code_of(lambda: embargo_opening.open_list(strict.office, one.id)) == "approval.forged"


def test_errors_are_the_offices_own(bureau: Bureau) -> None:
    with pytest.raises(OfficeError) as caught:
        embargo.read(bureau.office, 7)
    assert caught.value.code == "embargo.unknown"
