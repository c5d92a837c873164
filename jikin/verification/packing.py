"""Making a proof pack: everything a verifier would ask about one certificate, asked once and taken along.

What is asked is what gathering asks, so the view's proofs are the pack's. A pack is made of a certificate that stands
and of one that has ended: it only says how things are as of its block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from jikin.anchoring.chain import RegistryPins, StatusHistory
from jikin.anchoring.merkle import Tree
from jikin.anchoring.slot_view import ProvingView
from jikin.anchoring.statements import next_head, opening_head
from jikin.codec import jcs, multikey
from jikin.errors import DocumentError
from jikin.status.bitstring import list_id_of
from jikin.status.opening import CHUNK_ENTRIES, EntryProof, EpochProof, NoteProof
from jikin.status.pack import Pack
from jikin.status.publication import Publication
from jikin.status.root import CHUNK_BYTES, array_root, array_tree
from jikin.status.snapshot import StatusSnapshot
from jikin.values import Digest, IssuerId, ListId, keccak256
from jikin.verification.document import Document
from jikin.verification.evidence import Evidence, Fact, Known, Missing
from jikin.verification.gathering import gather_reading
from jikin.verification.reading import Reading, read
from jikin.verification.sources import Session, Sources

T = TypeVar("T")
_MAX_HISTORY = 4 << 10  # bytes; about 40 epochs with a few changes each
_EPOCH_BYTES = 80  # of an epoch in a pack, without its changes
_MAX_BEYOND = 12 << 10  # bytes beyond the document, with the history


class _At:
    """A registry that is looked at in one view."""

    def __init__(self, view: ProvingView) -> None:
        self._view = view

    @property
    def pins(self) -> RegistryPins:
        return self._view.pins

    def view(self) -> ProvingView:
        return self._view

    def check(self) -> None:
        """Return: the view was compared when it was proven."""


def make(document: Document, view: ProvingView, sources: Sources, *, checkpoint: bytes | None = None) -> Pack:
    """Return the pack of *document* as *view* proves it; *sources* are asked for notes and a receipt not at hand.

    *view* must be fresh: whatever it was asked for before would be in the pack, proving nothing. *checkpoint* is what
    vouches for its block. Raises DocumentError (``document.pack-incomplete``) naming what a pack needs and could not be
    had, ``document.pack`` for one that is too large, and what the chain raises.
    """
    session = Session(replace(sources, registry=_At(view)))
    reading = read(document, sources.suites)
    issuer = reading.issuer
    if reading.fault is not None or issuer is None:
        raise _incomplete("a credential whose issuer is a DID")
    evidence = gather_reading(reading, session)
    if _known(evidence.issuer, "the issuer's record") is None:
        raise _incomplete("an issuer that the registry knows")
    receipt = _known(evidence.receipt, "the receipt")
    entries = tuple(_entries(reading, evidence, view, session, issuer.issuer_id))
    profile = view.approved_profile(issuer.issuer_id)
    view.successor()
    return _light(
        Pack(
            chain=view.pins.chain,
            registry=view.pins.registry,
            issuer_id=issuer.issuer_id,
            document=_document(document),
            header=view.header,
            nodes=view.nodes,
            receipt=receipt,
            profile=profile,
            keys=tuple(_keys(evidence)),
            entries=entries,
            checkpoint=checkpoint,
        )
    )


def _light(pack: Pack) -> Pack:
    """Return *pack*, without the histories of its lists where they would make it heavy."""
    bare = replace(pack, entries=tuple(replace(entry, history=None) for entry in pack.entries))
    return pack if len(pack.to_bytes()) - len(pack.document) <= _MAX_BEYOND else bare


def _document(document: Document) -> str | bytes:
    if document.envelope is not None:
        return document.envelope
    return jcs.canonicalize(document.credential).decode("utf-8")


def _keys(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield the issuer's keys as the registry has them: without its slot a key is of nobody."""
    for method, key in sorted(evidence.keys.items(), key=lambda item: str(item[0])):
        registered = _known(key.registered, f"the key {method}")
        if registered is not None:
            yield str(method), multikey.encode(registered[0])


def _entries(
    reading: Reading, evidence: Evidence, view: ProvingView, session: Session, issuer_id: IssuerId
) -> Iterator[EntryProof]:
    """Yield what opens each place of each list that the credential names, once."""
    seen: set[tuple[ListId, int]] = set()
    for stated in reading.status:
        list_id = list_id_of(stated.list_credential or "")
        if list_id is None or stated.index is None or (list_id, stated.index) in seen:
            continue
        seen.add((list_id, stated.index))
        snapshot = _known(evidence.status[stated.position].snapshot, "the status list")
        history = view.status_history(issuer_id, list_id)
        if snapshot is None or history is None:
            continue  # never opened, which the proof of its slots shows
        opened = _opened(snapshot, history, evidence, session, stated.index)
        weight = sum(len(epoch.changes) + _EPOCH_BYTES for epoch in history.epochs)
        short = 0 < weight <= _MAX_HISTORY
        yield EntryProof(list_id, stated.index, opened, history if short else None)


def _opened(
    snapshot: StatusSnapshot, history: StatusHistory, evidence: Evidence, session: Session, index: int
) -> EpochProof | Digest:
    if not history.epochs:
        return history.index_key_hash
    if snapshot.folded is None or snapshot.contradiction is not None:
        raise _incomplete(f"a status list that does not contradict itself ({snapshot.contradiction})")
    newest, array = history.epochs[-1], snapshot.folded.array
    publication = _publication(snapshot, evidence, session)
    tree, number = array_tree(snapshot.lctx, array), index // CHUNK_ENTRIES
    return EpochProof(
        previous=_head_before(snapshot, history, session),
        operator=newest.operator,
        rights=newest.rights,
        changes_hash=Digest(keccak256(newest.changes)),
        array_root=tree.root,
        notes_root=publication.notes_root,
        note_count=len(publication.notes),
        chunk=array.raw[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES],
        path=tree.path(number),
        note=_note(snapshot, publication, index),
    )


def _publication(snapshot: StatusSnapshot, evidence: Evidence, session: Session) -> Publication:
    """Return the file that opens the newest status root: the issuer's, or, where it has no notes, our own."""
    profile = evidence.profile.value if isinstance(evidence.profile, Known) else None
    opening: Fact[Publication] = Missing("fetch.unreachable", "where the issuer publishes its notes is not known")
    if profile is not None:
        found = session.opening(profile.base_url, snapshot)
        opening = found if isinstance(found, Missing) else Known(found.value.publication)
        if isinstance(found, Known) and found.value.contradiction is not None:
            raise _incomplete(f"a status list that does not contradict itself ({found.value.contradiction})")
    if isinstance(opening, Known):
        return opening.value
    assert snapshot.folded is not None  # noqa: S101  # asked for by the caller
    bare = Publication.make(snapshot.lctx, snapshot.epoch, array_root(snapshot.lctx, snapshot.folded.array), ())
    if bare.status_root(snapshot.lctx) != snapshot.epochs[-1].status_root:
        raise _incomplete(f"the issuer's notes on its status list ({opening.detail})")
    return bare


def _head_before(snapshot: StatusSnapshot, history: StatusHistory, session: Session) -> Digest:
    pins = session.pins
    assert pins is not None  # noqa: S101  # the session's registry is the view
    head = opening_head(
        chain=pins.chain,
        registry=pins.registry,
        issuer_id=snapshot.issuer_id,
        list_id=snapshot.list_id,
        entries=history.entries,
        index_key_hash=history.index_key_hash,
    )
    for epoch in history.epochs[:-1]:
        head = next_head(
            previous=head,
            epoch=epoch.epoch,
            status_root=epoch.status_root,
            operator=epoch.operator,
            rights=epoch.rights,
            changes=epoch.changes,
            time=epoch.time,
            block=epoch.block,
        )
    return head


def _note(snapshot: StatusSnapshot, publication: Publication, index: int) -> NoteProof | None:
    """Return the note on the present state of the entry, None where it is valid or has none."""
    note = snapshot.note(publication, index)
    if note is None or not snapshot.state(index):
        return None
    tree = Tree(other.leaf(snapshot.lctx) for other in publication.notes)
    position = publication.notes.index(note)
    return NoteProof(note, position, tree.path(position))


def _known(fact: Fact[T], what: str) -> T:
    if isinstance(fact, Missing):
        raise _incomplete(f"{what} ({fact.detail})")
    return fact.value


def _incomplete(what: str) -> DocumentError:
    return DocumentError(
        f"a proof pack needs {what}",
        code="document.pack-incomplete",
        hint="Check the certificate itself first, connected; then make the pack.",
    )
