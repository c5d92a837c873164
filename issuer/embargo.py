"""Results under an embargo: sealed and anchored before, opened at the set second, checkable for ever after.

    sealed → anchored → opened → the passes are a batch like any other

Until the second nothing of a list can be read: its rows lie encrypted, all of one length, among fillers; there are no
numbers, list entries, offers or notices; and no route or count knows of it (SECURITY 5.3). The second is the later of
the two at which the office's clock and the newest block reach it: neither a clock that was set forward nor a node that
makes up a block opens a list early, and a clock that jumps back opens nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from issuer import candidates, embargo_approval, importing, pepper, sealing
from issuer.approving import Officer
from issuer.candidates import Candidate, Read
from issuer.office import ANCHORING, Office
from issuer.sealing import Binding
from issuer.sending import Errand
from issuer.store import audit, embargoes, institutions
from issuer.store.embargoes import Embargo, EmbargoState
from issuer.store.institutions import Institution
from issuer.store.transactions import Purpose
from jikin.anchoring import batch as planting
from jikin.anchoring.acts import AnchorRoot, LeafKind
from jikin.anchoring.chain import RegistryView
from jikin.anchoring.embargo import record_of, result_leaf
from jikin.anchoring.merkle import Tree
from jikin.codec import jcs
from jikin.credentials.types import CredentialType
from jikin.errors import JikinError, OfficeError
from jikin.values import Json, JsonObject, format_instant

_TAG = b"JKE2"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: the kind of certificate, the suite that will sign, the announced second."""

    kind: CredentialType
    suite: str
    until: int


# ------------------------------------------------------------------------------------------------------------- sealing


def look(office: Office, wish: Wish, data: bytes) -> Read:
    """Return the candidates in the list *data*, or what is wrong with it; nothing is kept. Raises OfficeError.

    Dates are judged as of the day of the announcement: what was passed on that day lies in the future until then.
    """
    day = datetime.fromtimestamp(wish.until, ZoneInfo(office.settings.timezone)).date()
    return candidates.read(data, wish.kind, office.limits, today=day)


def known(office: Office, institution: Institution, wish: Wish, data: bytes) -> Embargo | None:
    """Return the embargo of this very list, None when it was not sealed before; raises OfficeError for another time."""
    with office.database.read() as connection:
        found = embargoes.tagged(connection, institution.id, _tag(office, wish, data))
    if found is not None and found.until != wish.until:
        raise OfficeError(
            f"this list is sealed until {format_instant(found.until)}; its time stands in every leaf",
            code="office.key-reused",
        )
    return found


def seal(
    office: Office,
    institution: Institution,
    wish: Wish,
    data: bytes,
    looked: Read,
    *,
    officer: Officer | None = None,
) -> Embargo:
    """Return the list *data*, sealed and stored; the same list is sealed once.

    Raises OfficeError: ``embargo.rows`` for a list with any fault, ``embargo.until`` for a time that has come,
    ``office.type-not-allowed``.
    """
    importing.may_issue(institution, wish.kind)
    office.suites.named(wish.suite)
    before = known(office, institution, wish, data)
    if before is not None:
        return before
    _check(office, wish, looked)
    tag, context = _tag(office, wish, data), office.context(institution)
    rows = [(one, planting.new_salt(), _record(wish, one)) for one in looked.candidates]
    leaves = [result_leaf(context, salt, record) for _, salt, record in rows]
    filled = planting.fill(context, leaves, least=office.settings.embargo_leaves)
    tree = Tree(filled.leaves)
    slots = [b""] * tree.size
    for (one, salt, record), place in zip(rows, filled.indexes, strict=True):
        slots[place] = jcs.canonicalize({"line": one.line, "salt": salt.hex(), "record": record})
    settings = office.settings
    sealed = sealing.seal(
        slots,
        Binding(tree.root, wish.until),
        office.keys.folder,
        settings.embargo_key_passphrase(),
        settings.key_cost,
    )
    with office.database.write() as connection:
        raced = embargoes.tagged(connection, institution.id, tag)
        if raced is None:
            stored = embargoes.add(
                connection,
                institution_id=institution.id,
                type=wish.kind.id,
                suite=wish.suite,
                tag=tag,
                until=wish.until,
                root=tree.root,
                tree_size=tree.size,
                slot_bytes=sealed.slot_bytes,
                key_file=sealed.key_file,
                sealed_key=sealed.sealed_key,
                parts=sealed.parts,
                nodes=tree.to_bytes(),
                at=office.clock(),
            )
            embargo_approval.draft(connection, office, institution, stored, officer)
            audit.record(
                connection,
                at=office.clock(),
                act="list sealed",
                subject=f"embargoes/{stored.id}",
                institution_id=institution.id,
                officer_id=None if officer is None else officer.id,
                until=wish.until,
                size=tree.size,  # never how many candidates there are
            )
            return stored
    (office.keys.folder / sealed.key_file).unlink()  # another process was faster; nothing is sealed under this key
    return raced


def _check(office: Office, wish: Wish, looked: Read) -> None:
    if looked.bad or not looked.candidates:
        raise OfficeError(
            f"{len(looked.bad)} rows of the list are wrong; a list under an embargo is sealed whole or not at all",
            code="embargo.rows",
            hint="correct them and send the list again: nothing of it was kept",
        )
    view = office.chain.registry.view()
    if wish.until <= max(office.clock(), view.block.time):
        raise OfficeError(
            f"the time {format_instant(wish.until)} has come already; right would be one in the future",
            code="embargo.until",
        )


def _tag(office: Office, wish: Wish, data: bytes) -> bytes:
    return pepper.tag(office, _TAG, wish.kind.id.encode("utf-8"), b"\n", data)


def _record(wish: Wish, one: Candidate) -> JsonObject:
    return record_of(wish.kind.id, passed=one.passed, until=wish.until, columns=one.columns)


# ------------------------------------------------------------------------------------------------------------ anchoring


def anchor(office: Office, embargo_id: int) -> None:
    """Bring the root of a sealed list onto the chain and publish its leaves; a list anchored before is left alone.

    Raises OfficeError (``approval.…``) where two persons are demanded and have not signed, ChainUnavailableError.
    """
    sealed, institution = read(office, embargo_id)
    if sealed.state is not EmbargoState.SEALED:
        return
    embargo_approval.use(office, institution, sealed)

    def done_at(view: RegistryView) -> int | None:
        slot = view.anchor(institution.issuer_id, sealed.root)
        return None if slot is None else slot.block

    act = AnchorRoot(institution.issuer_id, sealed.root, sealed.tree_size, LeafKind.EMBARGOED)
    errand = Errand(Purpose(f"AnchorRoot embargo {sealed.id}"), lambda _view: act, done_at)
    slot = office.outbox(institution, ANCHORING).carry_out(errand).anchor(institution.issuer_id, sealed.root)
    if slot is None or slot.tree_size != sealed.tree_size:
        raise OfficeError("the registry shows the root with another tree size", code="office.anchor-differs")
    with office.database.read() as connection:
        nodes = embargoes.tree_bytes(connection, sealed.id)
    office.public(institution).leaves(sealed.root, Tree.from_bytes(nodes, sealed.tree_size).leaves())
    with office.database.write() as connection:
        embargoes.anchored(connection, sealed.id, block=slot.block, time=slot.time)
        audit.record(
            connection,
            at=office.clock(),
            act="sealed list anchored",
            subject=f"embargoes/{sealed.id}",
            institution_id=institution.id,
            block=slot.block,
        )


def read(office: Office, embargo_id: int) -> tuple[Embargo, Institution]:
    """Return the embargo with that row id and its institution; raises OfficeError ``embargo.unknown``."""
    with office.database.read() as connection:
        found = embargoes.find(connection, embargo_id)
        return found, institutions.by_id(connection, found.institution_id)


def is_ripe(office: Office, sealed: Embargo) -> bool:
    """Say whether the second has come, by the office's clock and by the newest block; raises ChainUnavailableError."""
    return office.clock() >= sealed.until and office.chain.registry.view().block.time >= sealed.until


# --------------------------------------------------------------------------------------------------------------- chores


def anchor_due(office: Office) -> None:
    """Anchor every sealed list that may be; one that waits for two persons is left alone."""

    def may(sealed: Embargo) -> bool:
        return embargo_approval.is_released(office, sealed)

    each_due(office, EmbargoState.SEALED, may, anchor)


def anchor_again(office: Office) -> None:
    """Put a list whose anchor a reorganisation has taken away back to where it is anchored, with the same root."""

    def gone(sealed: Embargo) -> bool:
        _, institution = read(office, sealed.id)
        return office.chain.registry.view().anchor(institution.issuer_id, sealed.root) is None

    each_due(office, EmbargoState.ANCHORED, gone, _unanchor)


def _unanchor(office: Office, embargo_id: int) -> None:
    sealed, institution = read(office, embargo_id)
    with office.database.write() as connection:
        embargoes.unanchored(connection, embargo_id)
        audit.record(
            connection,
            at=office.clock(),
            act="sealed list lost its anchor",
            subject=f"embargoes/{embargo_id}",
            institution_id=institution.id,
            block=sealed.anchored_block,
        )


def each_due(
    office: Office, state: EmbargoState, may: Callable[[Embargo], bool], do: Callable[[Office, int], object]
) -> None:
    """Do what is due with every list in *state*; one that fails is noted and holds up no other."""
    with office.database.read() as connection:
        waiting = embargoes.in_state(connection, state)
    failed: JikinError | None = None
    for sealed in waiting:
        try:
            if may(sealed):
                do(office, sealed.id)
        except JikinError as error:
            failed = failed or error
            with office.database.write() as connection:
                embargoes.note_error(connection, sealed.id, error.code)
    if failed is not None:
        raise failed


def to_json(sealed: Embargo) -> dict[str, Json]:
    """Return what may be told of an embargo at any time: nothing of its rows, not even how many there are."""
    return {
        "embargo": sealed.id,
        "state": sealed.state.value,
        "type": sealed.type,
        "until": format_instant(sealed.until),
        "root": sealed.root.hex(),
        "treeSize": sealed.tree_size,
        "block": sealed.anchored_block,
        "anchoredAt": None if sealed.anchored_at is None else format_instant(sealed.anchored_at),
        "openedAt": None if sealed.opened_at is None else format_instant(sealed.opened_at),
        "batch": sealed.batch_id,
        "error": sealed.error_code,
    }
