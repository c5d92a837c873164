"""A list under an embargo at its second: opened once, every row held against its anchored leaf; what candidates get.

Opening is one transaction. What it makes is a batch of the passes, and an opening for every candidate, passed or
failed, with which anybody sees that nothing was changed between sealing and release.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from issuer import embargo_approval, importing, sealing
from issuer.embargo import each_due, is_ripe, read
from issuer.office import Office
from issuer.sealing import Binding, Sealed
from issuer.store import audit, batches, embargoes
from issuer.store.batches import Batch, SourceRow
from issuer.store.embargoes import Embargo, EmbargoState, StoredOpening
from issuer.store.institutions import Institution
from jikin.anchoring.embargo import PASS, Opening, record_of, result_leaf
from jikin.anchoring.merkle import Tree, root_from_path
from jikin.anchoring.place import Place
from jikin.codec import strict_json
from jikin.errors import JsonError, OfficeError, SettingsError
from jikin.values import JsonObject, format_instant


def open_list(office: Office, embargo_id: int) -> Batch | None:
    """Return the batch of the passes, from here on issued like any other; None where nobody passed.

    All in one transaction: a process that is killed before it has opened nothing, one that is killed after it has
    opened everything. Raises OfficeError: ``embargo.sealed`` before the second, ``embargo.tampered`` when a row is not
    what was anchored.
    """
    sealed, institution = read(office, embargo_id)
    if sealed.state is EmbargoState.OPENED:
        return _batch(office, sealed)
    if sealed.state is not EmbargoState.ANCHORED or not is_ripe(office, sealed):
        raise _sealed(sealed)
    if office.chain.registry.view().anchor(institution.issuer_id, sealed.root) is None:
        raise OfficeError(
            f"embargo {sealed.id} lost its anchor in a reorganisation of the chain",
            code="embargo.unanchored",
            hint="it is anchored again and opened then",
        )
    with office.database.read() as connection:
        embargo_approval.check(connection, office, institution, sealed)
        parts = embargoes.parts_of(connection, sealed.id)
        tree = Tree.from_bytes(embargoes.tree_bytes(connection, sealed.id), sealed.tree_size)
    try:
        found = _opened(office, institution, sealed, parts, tree)
    except (OfficeError, SettingsError):
        current, _ = read(office, embargo_id)
        if current.state is EmbargoState.OPENED:  # another process was faster; rows and key are gone by now
            return _batch(office, current)
        raise
    with office.database.write() as connection:
        current = embargoes.find(connection, sealed.id, lock=True)
        if current.state is EmbargoState.ANCHORED:
            batch = _add_batch(connection, office, institution, current, found)
            batch_id = None if batch is None else batch.id
            embargoes.opened(connection, sealed.id, found, batch_id, office.clock())
            audit.record(
                connection,
                at=office.clock(),
                act="sealed list opened",
                subject=f"embargoes/{sealed.id}",
                institution_id=institution.id,
                candidates=len(found),
                batch=batch_id,
            )
    return _batch(office, read(office, sealed.id)[0])


def _sealed(sealed: Embargo) -> OfficeError:
    return OfficeError(
        f"embargo {sealed.id} is {sealed.state.value} until {format_instant(sealed.until)}", code="embargo.sealed"
    )


def _batch(office: Office, opened: Embargo) -> Batch | None:
    """Return what an opened list became; its key is destroyed, also when an earlier process was cut off before that."""
    with contextlib.suppress(FileNotFoundError):
        (office.keys.folder / opened.key_file).unlink()
    if opened.batch_id is None:
        return None
    with office.database.read() as connection:
        return batches.by_id(connection, opened.batch_id)


def _opened(
    office: Office, institution: Institution, sealed: Embargo, parts: Sequence[bytes], tree: Tree
) -> tuple[StoredOpening, ...]:
    """Return every candidate, each checked to be what its anchored leaf stands for; raises OfficeError."""
    if Tree.from_leaves(tree.leaves()).root != sealed.root:
        raise _tampered("the leaves do not make the anchored root")
    slots = sealing.open_slots(
        Sealed(tuple(parts), sealed.slot_bytes, sealed.sealed_key, sealed.key_file),
        sealed.tree_size,
        Binding(sealed.root, sealed.until),
        office.keys.folder,
        office.settings.embargo_key_passphrase(),
    )
    context = office.context(institution)
    found = tuple(_read_slot(place, slot) for place, slot in enumerate(slots) if slot)
    for one in found:
        if result_leaf(context, one.salt, one.record) != tree.leaf(one.place):
            raise _tampered(f"the row of line {one.line} is not what was anchored")
    return found


def _read_slot(place: int, slot: bytes) -> StoredOpening:
    try:
        value = strict_json.parse(slot)
        if not isinstance(value, dict):
            raise _tampered("a sealed row is no object")
        line, salt, record = value["line"], value["salt"], value["record"]
        if not isinstance(line, int) or not isinstance(salt, str) or not isinstance(record, dict):
            raise _tampered("a sealed row has other members")
        return StoredOpening(place, line, bytes.fromhex(salt), record)
    except (JsonError, KeyError, ValueError) as error:
        raise _tampered("a sealed row cannot be read") from error


def _tampered(found: str) -> OfficeError:
    return OfficeError(
        f"{found}; nothing was opened",
        code="embargo.tampered",
        hint="keep the database as it is and restore the embargo from a backup",
    )


def _add_batch(
    connection: Connection,
    office: Office,
    institution: Institution,
    sealed: Embargo,
    found: Sequence[StoredOpening],
) -> Batch | None:
    """Return the batch of the candidates who passed, as ``importing.accept`` would have made it; None for nobody."""
    passed = {one.line: _columns(one.record) for one in found if one.record.get("result") == PASS}
    if not passed:
        return None
    hashes = {line: importing.record_hash(sealed.type, record) for line, record in passed.items()}
    before = batches.issued_hashes(connection, institution.id, hashes.values())
    return batches.add(
        connection,
        institution_id=institution.id,
        type=sealed.type,
        suite=sealed.suite,
        idempotency_key=f"embargo {sealed.id}",
        source_digest=sealed.root.raw,
        source=[
            SourceRow(line, "repeated", None, None)
            if hashes[line] in before
            else SourceRow(line, "good", passed[line], hashes[line])
            for line in sorted(passed)
        ],
        at=office.clock(),
    )


def _columns(record: JsonObject) -> dict[str, str]:
    columns = record.get("columns")
    return {name: str(value) for name, value in columns.items()} if isinstance(columns, Mapping) else {}


def check_records(
    connection: Connection, office: Office, institution: Institution, batch: Batch, records: Mapping[int, JsonObject]
) -> None:
    """Refuse with OfficeError ``embargo.tampered`` to issue what does not stand under the anchored root.

    *records* are those about to be signed, by line. A batch that was under no embargo is none of this function's.
    """
    sealed = embargoes.of_batch(connection, batch.id)
    if sealed is None:
        return
    known = embargoes.openings_at(connection, sealed.id, list(records))
    released = _Released.of(connection, office, institution, sealed)
    for line, record in records.items():
        columns = {name: str(value) for name, value in record.items()}
        expected = record_of(sealed.type, passed=True, until=sealed.until, columns=columns)
        one = known.get(line)
        if one is None or not released.show(one, expected).stands:
            raise _tampered(f"the certificate of line {line} would say something else than what was anchored")


# ------------------------------------------------------------------------------------------------------------- openings


@dataclass(frozen=True, slots=True)
class Shown:
    """An opening with its candidate's line; *stands*: its record leads to the anchored root."""

    line: int
    opening: Opening = field(repr=False)
    stands: bool


@dataclass(frozen=True, slots=True)
class _Released:
    """A list with its tree, from which openings are made."""

    place: Place
    sealed: Embargo
    tree: Tree = field(repr=False)

    @classmethod
    def of(cls, connection: Connection, office: Office, institution: Institution, sealed: Embargo) -> _Released:
        pins = office.chain.registry.pins
        tree = Tree.from_bytes(embargoes.tree_bytes(connection, sealed.id), sealed.tree_size)
        return cls(Place(pins.chain, pins.registry, institution.issuer_id), sealed, tree)

    def show(self, one: StoredOpening, record: JsonObject) -> Shown:
        """Return the opening of *one* with *record*, which need not be what was anchored."""
        path = self.tree.path(one.place)
        leaf = result_leaf(self.place.context, one.salt, record)
        stands = root_from_path(leaf, one.place, self.sealed.tree_size, path) == self.sealed.root
        opening = Opening(
            self.place, self.sealed.root, self.sealed.tree_size, one.place, path, salt=one.salt, record=record
        )
        return Shown(one.line, opening, stands)


def openings(office: Office, institution: Institution, sealed: Embargo) -> Iterator[Shown]:
    """Yield the opening of every candidate of a released list, by line; each is for its candidate alone.

    Raises OfficeError ``embargo.sealed`` before the release, ``embargo.tampered``.
    """
    if sealed.state is not EmbargoState.OPENED:
        raise _sealed(sealed)
    with office.database.read() as connection:
        released = _Released.of(connection, office, institution, sealed)
        found = tuple(embargoes.openings_of(connection, sealed.id))
    for one in found:
        shown = released.show(one, one.record)
        if not shown.stands:
            raise _tampered(f"the opening of line {one.line} does not lead to the anchored root")
        yield shown


def open_due(office: Office) -> None:
    """Open every list whose second has come."""

    def may(sealed: Embargo) -> bool:
        return office.clock() >= sealed.until and is_ripe(office, sealed)

    each_due(office, EmbargoState.ANCHORED, may, open_list)
