"""Every contradiction that can be planted is found and named, on a real chain; a sound institution shows none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from issuer.office import ACCREDITOR, ANCHORING, OWNER, STATUS
from jikin.anchoring.acts import AnchorRoot, AnnulStatus, LeafKind, PublishStatus, Rights, SetOperator
from jikin.anchoring.changes import Change, pack
from jikin.anchoring.relayed import Signed, typed_data
from jikin.errors import FetchError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.status.array import State
from jikin.status.index import IndexPermutation
from jikin.status.publication import Publication
from jikin.status.root import array_root
from jikin.status.snapshot import StatusSnapshot
from jikin.values import Address, Digest, sha256
from jikin.verification.auditing.audit import Audit, audit
from jikin.verification.auditing.findings import RULES, AuditCode
from jikin.verification.auditing.gathering import Material, gather
from jikin.verification.auditing.public_files import FolderFiles, WebFiles
from jikin.verification.report import Outcome
from tests.audited_office import Audited
from tests.chain_fixtures import proven
from tests.lying_node import ask, relay

pytestmark = pytest.mark.chain
SOMETHING = Digest(sha256(b"a root of nothing"))


def codes(found: Audit) -> set[str]:
    return {one.code.value for one in found.findings}


# ------------------------------------------------------------------------------------------------------ in good order


def test_a_sound_institution_shows_no_contradiction(office: Audited) -> None:
    found = office.audit()
    assert found.findings == ()
    assert found.outcome is Outcome.PASSED
    (issuer,) = found.issuers
    (listed,) = issuer.lists
    assert (issuer.anchors, listed.epochs, listed.opened) == (1, 3, 3)


def test_the_chain_alone_is_audited_too_and_what_was_not_shown_is_no_contradiction(office: Audited) -> None:
    found = office.audit(alone=True)
    assert found.findings == ()
    (listed,) = found.issuers[0].lists
    assert (listed.epochs, listed.opened) == (3, 0)  # the notes were not shown, so no root could be opened


def test_an_audit_is_no_yes_or_no(office: Audited) -> None:
    with pytest.raises(TypeError):
        bool(office.audit(alone=True))


# --------------------------------------------------------------------------------------------- planted on the chain


def publish(office: Audited, *changes: Change, root: Digest = SOMETHING, purpose: str = STATUS) -> None:
    packed = pack(changes, 1 << 17)
    office.does(purpose, PublishStatus(office.issuer_id, office.list_id, office.head(), root, packed))


def a_wrong_status_root(office: Audited) -> None:
    publish(office, Change(office.entry(2), State.SUSPENDED))


def an_unrevoked_entry(office: Audited) -> None:
    publish(office, Change(office.entry(1), State.VALID))


def a_move_without_right(office: Audited) -> None:
    """A key that may only suspend tries to turn a revocation into a suspension."""
    suspender = office.writer(ANCHORING).account
    rights = Rights.ISSUE | Rights.SUSPEND
    office.does(OWNER, SetOperator(office.issuer_id, suspender, 1 << 39, rights))
    publish(office, Change(office.entry(1), State.SUSPENDED), purpose=ANCHORING)


def an_anchor_beside_the_books(office: Audited) -> None:
    office.does(ANCHORING, AnchorRoot(office.issuer_id, SOMETHING, 64, LeafKind.CREDENTIAL))


def an_entry_never_given_out(office: Audited) -> None:
    publish(office, Change(office.entry(77), State.REVOKED))


PLANTED: dict[str, tuple[Callable[[Audited], None], set[str]]] = {
    "a wrong status root": (a_wrong_status_root, {"audit.root-unopened", "audit.changes-unapproved"}),
    "an un-revoked entry": (an_unrevoked_entry, {"audit.unrevoked", "audit.changes-unapproved"}),
    "a move without right": (a_move_without_right, {"audit.move-without-right", "audit.changes-unapproved"}),
    "an anchor that no book and no file knows": (
        an_anchor_beside_the_books,
        {"audit.leaves-unpublished", "audit.counts-differ"},
    ),
    "an entry that was never given out": (an_entry_never_given_out, {"audit.index-foreign"}),
}


@pytest.mark.parametrize(("plant", "expected"), PLANTED.values(), ids=PLANTED.keys())
def test_what_is_planted_on_the_chain_is_found(
    office: Audited, plant: Callable[[Audited], None], expected: set[str]
) -> None:
    plant(office)
    found = office.audit()
    assert expected <= codes(found)
    assert found.outcome is Outcome.FAILED


def test_a_root_that_is_shown_to_stand_for_another_array_is_a_proven_contradiction(
    office: Audited, tmp_path: Path
) -> None:
    """The published notes open the root on record, and with another array than the changes make."""
    view = office.source().event_log().view
    before = StatusSnapshot.read(view, office.issuer_id, office.list_id)
    assert before is not None
    assert before.folded is not None
    notes = [note for epoch in office.books.epochs for note in epoch.notes]
    lying = before.folded.array.with_states({99: State.REVOKED})
    publication = Publication.make(before.lctx, before.epoch + 1, array_root(before.lctx, lying), notes)
    publish(office, Change(office.entry(2), State.SUSPENDED), root=publication.status_root(before.lctx))

    def show(folder: Path) -> None:
        (folder / "status" / office.list_id.raw.hex() / "notes").write_text(json.dumps(publication.to_json()))

    found = office.audit(files=office.copied(tmp_path / "public", show), books=None)
    assert "audit.root-wrong" in codes(found)


# ------------------------------------------------------------------------------------------- what two may take back


def annul(office: Audited, place: int) -> None:
    """Have the owner sign and the accreditor send that the end of a certificate is taken back, root and all."""
    view = office.source().event_log().view
    before = StatusSnapshot.read(view, office.issuer_id, office.list_id)
    assert before is not None
    assert before.folded is not None
    notes = [note for epoch in office.books.epochs for note in epoch.notes]
    array = before.folded.array.with_states({office.entry(place): State.VALID})
    made = Publication.make(before.lctx, before.epoch + 1, array_root(before.lctx, array), notes)
    changes = pack([Change(office.entry(place), State.VALID)], 1 << 17)
    root = made.status_root(before.lctx)
    status = PublishStatus(office.issuer_id, office.list_id, before.head.head, root, changes)
    key, deadline = office.bureau.office.key(office.bureau.institution, OWNER), view.block.time + 3600
    document = typed_data(view.pins, Signed.ANNULMENT, status, deadline)
    signature = office.bureau.office.keys.sign_typed_data(key.reference, document)
    office.does(ACCREDITOR, AnnulStatus(status, Address.parse(key.public), signature, deadline))


def test_an_end_that_owner_and_accreditor_took_back_within_a_week_is_no_contradiction(office: Audited) -> None:
    annul(office, 1)
    found = office.audit(files=None)  # the office has not published its lists anew
    assert found.findings == ()
    (listed,) = found.issuers[0].lists
    assert (listed.epochs, listed.opened) == (4, 4)


def test_what_was_final_and_is_taken_back_all_the_same_is_void_and_told(office: Audited) -> None:
    office.node.increase_time(7 * 86_400)
    annul(office, 1)
    found = office.audit(files=None)
    assert "audit.unrevoked" in codes(found)
    (listed,) = found.issuers[0].lists
    assert listed.snapshot is not None
    assert listed.snapshot.folded is not None
    assert listed.snapshot.folded.array.state(office.entry(1)) is State.REVOKED


# -------------------------------------------------------------------------------------------------- by a lying node


def test_an_epoch_that_the_node_hides_is_named_as_skipped(office: Audited) -> None:
    topic = office.source().interface.topic("StatusPublished").hex()  # type: ignore[attr-defined]

    def hide(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method != "eth_getLogs":
            return answer
        epochs = [log for log in answer["result"] if log["topics"][0] == topic]
        return answer | {"result": [log for log in answer["result"] if log not in epochs[1:2]]}

    with relay(office.node.url) as node:
        node.change = hide
        found = office.audit(url=node.url)
    (skipped,) = [one for one in found.findings if one.code is AuditCode.EPOCH_SKIPPED]
    assert skipped.where.endswith("epoch 2")
    assert found.outcome is Outcome.FAILED


@pytest.mark.parametrize("event", ["Anchored", "StatusListOpened"])
def test_an_event_that_the_node_hides_is_missed_by_the_storage(office: Audited, event: str) -> None:
    topic = office.source().interface.topic(event).hex()  # type: ignore[attr-defined]

    def hide(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method != "eth_getLogs":
            return answer
        return answer | {"result": [log for log in answer["result"] if log["topics"][0] != topic]}

    with relay(office.node.url) as node:
        node.change = hide
        assert "audit.event-hidden" in codes(office.audit(url=node.url))
        alone = office.audit(url=node.url, alone=True)
    # Without files or books the sequence numbers of the operators and the heads of the lists still tell.
    assert "audit.event-hidden" in codes(alone)


def test_changes_that_the_node_rewrites_do_not_lead_to_the_head(office: Audited) -> None:
    topic = office.source().interface.topic("StatusPublished").hex()  # type: ignore[attr-defined]
    revoked = pack([Change(office.entry(1), State.REVOKED)]).hex()
    suspended = pack([Change(office.entry(1), State.SUSPENDED)]).hex()

    def rewrite(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method != "eth_getLogs":
            return answer
        changed = [
            log | {"data": log["data"].replace(revoked, suspended)} if log["topics"][0] == topic else log
            for log in answer["result"]
        ]
        return answer | {"result": changed}

    with relay(office.node.url) as node:
        node.change = rewrite
        assert "audit.head-differs" in codes(office.audit(url=node.url))


def test_an_anchor_that_the_node_makes_larger_differs_from_the_storage(office: Audited) -> None:
    topic = office.source().interface.topic("Anchored").hex()  # type: ignore[attr-defined]

    def enlarge(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method != "eth_getLogs":
            return answer
        size, larger = (64).to_bytes(32, "big").hex(), (128).to_bytes(32, "big").hex()
        changed = [
            log | {"data": log["data"].replace(size, larger, 1)} if log["topics"][0] == topic else log
            for log in answer["result"]
        ]
        return answer | {"result": changed}

    with relay(office.node.url) as node:
        node.change = enlarge
        assert "audit.anchor-differs" in codes(office.audit(url=node.url, alone=True))


def test_a_node_that_shows_yesterdays_storage_too_is_caught_where_storage_is_proven(office: Audited) -> None:
    """Events and storage of before the last epoch fit together: one node alone is believed, and a second one is not."""
    history = office.source().event_log().view.status_history(office.issuer_id, office.list_id)
    assert history is not None
    before = history.epochs[-1].block - 1
    then = office.node.request("eth_getBlockByNumber", hex(before), False)
    assert isinstance(then, dict)

    def yesterday(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getLogs":
            return answer | {"result": [log for log in answer["result"] if int(log["blockNumber"], 16) <= before]}
        if method == "eth_call":
            question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": [params[0], {"blockHash": then["hash"]}]}
            return ask(office.node.url, json.dumps(question).encode())
        return answer

    did = office.bureau.institution.did
    with relay(office.node.url) as node:
        node.change = yesterday
        believed = audit(gather(office.source(node.url), (did,), Material()))
        pins = office.source().pins
        shown_twice = audit(gather(proven(node.url, pins, vouching=office.node.url), (did,), Material()))
    assert believed.findings == ()  # what one node says fits together, and is not so
    assert [one.code for one in shown_twice.findings] == [AuditCode.EPOCH_SKIPPED]


# ---------------------------------------------------------------------------------------------- in the public files


def only(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def cut_leaves(folder: Path) -> None:
    file = only(folder, "leaves/*")
    file.write_bytes(file.read_bytes()[:-32])


def other_leaves(folder: Path) -> None:
    file = only(folder, "leaves/*")
    file.write_bytes(file.read_bytes()[32:] + bytes(32))


def no_leaves(folder: Path) -> None:
    only(folder, "leaves/*").unlink()


def a_receipt_less(folder: Path) -> None:
    only(folder, "receipts/*").unlink()


def a_receipt_moved(folder: Path) -> None:
    """A receipt under the name of another certificate: its leaf is not the one that was anchored."""
    file = only(folder, "receipts/*")
    file.rename(file.with_name("ab" * 32))


def a_number_less(folder: Path) -> None:
    only(folder, "n/*").unlink()


def an_old_list(folder: Path) -> None:
    """The list for strangers says what held before the revocation."""
    (revocation,) = folder.glob("status/*/revocation")
    (suspension,) = folder.glob("status/*/suspension")
    revocation.write_bytes(suspension.read_bytes())


def nonsense(folder: Path) -> None:
    (notes,) = folder.glob("status/*/notes")
    notes.write_text("[1, 2")


FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a leaf is missing": (cut_leaves, "audit.leaves-differ"),
    "other leaves are published": (other_leaves, "audit.leaves-differ"),
    "no leaves are published": (no_leaves, "audit.leaves-unpublished"),
    "there is a receipt less than certificates": (a_receipt_less, "audit.counts-differ"),
    "a receipt is of another certificate": (a_receipt_moved, "audit.leaf-foreign"),
    "there is a number less than certificates": (a_number_less, "audit.counts-differ"),
    "a list for strangers is of an earlier epoch": (an_old_list, "audit.list-behind"),
    "a file cannot be read": (nonsense, "audit.file-unreadable"),
}


@pytest.mark.parametrize(("change", "expected"), FILES.values(), ids=FILES.keys())
def test_what_is_changed_in_the_public_files_is_found(
    founded: Audited, tmp_path: Path, change: Callable[[Path], None], expected: str
) -> None:
    found = founded.audit(files=founded.copied(tmp_path / "public", change))
    assert expected in codes(found)
    assert found.outcome is not Outcome.PASSED


def test_a_list_for_strangers_that_is_of_no_epoch_differs(founded: Audited, tmp_path: Path) -> None:
    from jikin.codec import bits

    def change(folder: Path) -> None:
        (file,) = folder.glob("status/*/revocation")
        document = json.loads(file.read_text())
        document["credentialSubject"]["encodedList"] = bits.compress(bytes([255]) + bytes((1 << 14) - 1))
        file.write_text(json.dumps(document))

    assert "audit.list-differs" in codes(founded.audit(files=founded.copied(tmp_path / "public", change)))


class Served:
    """The public files as the institution's site serves them: nothing is listed there."""

    def __init__(self, folder: Path, *, away: bool = False) -> None:
        self.folder, self.away = folder, away
        self.asked: list[str] = []

    def get(self, url: str, *, max_bytes: int) -> bytes:
        self.asked.append(url)
        if self.away:
            raise FetchError(f"{url} does not answer")
        file = self.folder / url.removeprefix("https://certs.exam.example/")
        if not file.is_file():
            raise FetchError(f"{url} is not there", code="fetch.not-found")
        return file.read_bytes()


def test_files_on_a_web_site_are_asked_for_by_name_and_say_the_same(founded: Audited) -> None:
    served = Served(founded.public)
    found = founded.audit(files=WebFiles("https://certs.exam.example/", served))
    assert found.findings == ()
    assert not [url for url in served.asked if "/n/" in url or "/receipts/" in url]  # nobody is looked up


def test_a_web_site_that_is_away_makes_the_audit_unknown_and_nothing_else(founded: Audited) -> None:
    found = founded.audit(files=WebFiles("https://certs.exam.example", Served(founded.public, away=True)))
    assert codes(found) == {"audit.file-unreadable", "audit.leaves-unpublished"}
    assert found.outcome is Outcome.UNKNOWN


# ------------------------------------------------------------------------------------------------------ in the books


def first_task(office: Audited, **changes: object) -> dict[str, object]:
    first, *others = office.books.tasks
    return {"tasks": (replace(first, **changes), *others)}


def other_changes(office: Audited) -> dict[str, object]:
    return first_task(office, changes=pack([Change(office.entry(3), State.SUSPENDED)], 1 << 17))


def one_person(office: Audited) -> dict[str, object]:
    return first_task(office, approvals=office.books.tasks[0].approvals[:1])


def the_same_person_twice(office: Audited) -> dict[str, object]:
    asked = office.books.tasks[0].approvals[0]
    return first_task(office, approvals=(asked, replace(asked, part="approve")))


def other_notes(office: Audited) -> dict[str, object]:
    return first_task(office, notes_hash=SOMETHING)


def alone_and_no_suspension(office: Audited) -> dict[str, object]:
    revoking = office.books.tasks[1]
    first, _, last = office.books.tasks
    return {"tasks": (first, replace(revoking, alone=True, approvals=revoking.approvals[:1]), last)}


def an_invented_officer(office: Audited) -> dict[str, object]:
    stranger = Ed25519Signer.generate()
    first, *others = office.books.officers
    from jikin.codec import multikey

    return {"officers": (replace(first, multikey=multikey.encode(stranger.public_key)), *others)}


def a_task_twice(office: Audited) -> dict[str, object]:
    first, second, third = office.books.epochs
    return {"epochs": (first, replace(second, tasks=(*second.tasks, *first.tasks)), third)}


def an_epoch_left_out(office: Audited) -> dict[str, object]:
    return {"epochs": office.books.epochs[1:]}


def a_stale_approval(office: Audited) -> dict[str, object]:
    approvals = office.books.tasks[0].approvals
    return first_task(office, approvals=tuple(replace(one, expires=one.expires - 10 * 86_400) for one in approvals))


def an_entry_more(office: Audited) -> dict[str, object]:
    (listed,) = office.books.lists
    return {"lists": (replace(listed, reserved=listed.reserved + 1),)}


def a_number_more(office: Audited) -> dict[str, object]:
    return {"numbers": office.books.numbers + 1}


def a_leaf_more(office: Audited) -> dict[str, object]:
    (batch,) = office.books.batches
    return {"batches": (replace(batch, leaves=batch.leaves + 1),)}


def a_batch_never_anchored(office: Audited) -> dict[str, object]:
    (batch,) = office.books.batches
    return {"batches": (batch, replace(batch, root=SOMETHING, leaves=0))}


BOOKS: dict[str, tuple[Callable[[Audited], dict[str, object]], str]] = {
    "other changes were approved than were published": (other_changes, "audit.changes-unapproved"),
    "an epoch has no task": (an_epoch_left_out, "audit.changes-unapproved"),
    "one person approved": (one_person, "audit.approval-invalid"),
    "the same person signed twice": (the_same_person_twice, "audit.approval-invalid"),
    "other notes were approved": (other_notes, "audit.approval-invalid"),
    "one person alone revoked": (alone_and_no_suspension, "audit.approval-invalid"),
    "an officer has another key": (an_invented_officer, "audit.approval-invalid"),
    "an approval had ended long before": (a_stale_approval, "audit.approval-invalid"),
    "an approval was used twice": (a_task_twice, "audit.task-reused"),
    "an entry was reserved for nothing": (an_entry_more, "audit.counts-differ"),
    "a number was given out for nothing": (a_number_more, "audit.counts-differ"),
    "a leaf was anchored for nothing": (a_leaf_more, "audit.counts-differ"),
    "a batch was never anchored": (a_batch_never_anchored, "audit.counts-differ"),
}


@pytest.mark.parametrize(("change", "expected"), BOOKS.values(), ids=BOOKS.keys())
def test_what_is_changed_in_the_books_is_found(
    founded: Audited, change: Callable[[Audited], dict[str, object]], expected: str
) -> None:
    found = founded.audit(books=replace(founded.books, **change(founded)))  # type: ignore[arg-type]
    assert expected in codes(found)
    assert found.outcome is Outcome.FAILED


def test_another_index_key_than_the_one_committed_to_is_told(founded: Audited) -> None:
    other = {founded.list_id: IndexPermutation(bytes(32), 17)}
    assert codes(founded.audit(permutations=other)) == {"audit.index-key-differs"}


def test_a_published_entry_that_the_permutation_never_gave_out_is_told(founded: Audited) -> None:
    (listed,) = founded.books.lists
    fewer = replace(founded.books, lists=(replace(listed, reserved=2),), numbers=2)
    assert "audit.index-foreign" in codes(founded.audit(books=fewer))


# ------------------------------------------------------------------------------------------------------------- words


def test_every_code_has_words_in_both_languages_and_none_of_them_passes_but_the_note() -> None:
    assert set(RULES) == set(AuditCode)
    assert all(rule.ko and rule.en for rule in RULES.values())
    assert [code.value for code, rule in RULES.items() if rule.outcome is Outcome.PASSED] == ["audit.heartbeat-late"]


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FetchError):
        FolderFiles(tmp_path / "nothing")


def test_every_code_is_explained_in_the_documentation() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "auditing.md").read_text("utf-8")
    for code, rule in RULES.items():
        assert f"| `{code.value}` | " in text
        assert f" | {rule.en} |" in text
