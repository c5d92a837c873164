"""Reading everything that an audit holds against each other: the half that waits and fails.

The storage is asked about whatever events, files or books name, so that an act whose event is hidden still shows: by
its slot, by the head of its list, by the sequence number of its operator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jikin.anchoring.chain import RegistryView
from jikin.anchoring.events import AnchoredEvent, EpochEvent, EventLog, EventSource, OpenedEvent, OperatorEvent
from jikin.anchoring.statements import context_hash
from jikin.errors import StatusError
from jikin.status.index import IndexPermutation
from jikin.values import Did, Digest, ListId
from jikin.verification.auditing.books import Books
from jikin.verification.auditing.evidence import AuditEvidence, IssuerEvidence, Published
from jikin.verification.auditing.public_files import PublicFiles, read_published


@dataclass(frozen=True, slots=True)
class Material:
    """What came beside the chain about one issuer: its public *files*, its *books*, opened index keys by list."""

    files: PublicFiles | None = None
    books: Books | None = None
    permutations: Mapping[ListId, IndexPermutation] = field(default_factory=dict)


def gather(source: EventSource, issuers: Sequence[Did] | None, material: Material) -> AuditEvidence:
    """Return what was read of *issuers* (None: of all that are registered), as of the newest block.

    *material* is about exactly one issuer. Raises ChainUnavailableError, RegistryMismatchError, and StatusError
    (``status.books``) for books of another issuer or registry, or material without saying whose it is.
    """
    log = source.event_log()
    chosen = tuple(log.view.issuers()) if issuers is None else tuple(issuers)
    beside = material.files is not None or material.books is not None or bool(material.permutations)
    if beside and len(chosen) != 1:
        raise StatusError(
            f"files, books and index keys are of one issuer, and {len(chosen)} are audited",
            code="status.books",
            hint="name the issuer whose they are",
        )
    if material.books is not None:
        _check_books(material.books, log.view, chosen[0])
    read = tuple(_issuer(log, did, material if beside else Material()) for did in chosen)
    return AuditEvidence(log.view.pins, log.view.block, read)


def _check_books(books: Books, view: RegistryView, did: Did) -> None:
    pins = view.pins
    if (books.chain, books.registry, books.issuer) != (pins.chain, pins.registry, did):
        raise StatusError(
            f"the books are of {books.issuer} in {books.registry} on {books.chain}; "
            f"audited is {did} in {pins.registry} on {pins.chain}",
            code="status.books",
        )


def _issuer(log: EventLog, did: Did, material: Material) -> IssuerEvidence:
    view, id_ = log.view, did.issuer_id
    mine = [event for event in log.events if event.issuer_id == id_]
    anchored = tuple(event for event in mine if isinstance(event, AnchoredEvent))
    opened = {event.list_id: event for event in mine if isinstance(event, OpenedEvent)}
    rights = tuple(event for event in mine if isinstance(event, OperatorEvent))
    told = [event for event in mine if isinstance(event, EpochEvent)]
    list_ids = dict.fromkeys([*opened, *(event.list_id for event in told), *material.permutations])
    roots = dict.fromkeys(event.root for event in anchored)
    books = material.books
    if books is not None:
        list_ids |= dict.fromkeys([*(one.list_id for one in books.lists), *(one.list_id for one in books.epochs)])
        roots |= dict.fromkeys(one.root for one in books.batches)
    published = _published(view, did, material.files, roots, list_ids)
    if published is not None:
        list_ids |= dict.fromkeys([*published.notes, *published.bits])
        roots |= dict.fromkeys([*published.leaves, *(published.receipts or {})])
    accounts = dict.fromkeys([*(event.operator for event in anchored), *(event.account for event in rights)])
    return IssuerEvidence(
        did=did,
        anchored=anchored,
        opened=opened,
        epochs={one: tuple(event.epoch for event in told if event.list_id == one) for one in list_ids},
        rights=rights,
        slots={root: view.anchor(id_, root) for root in roots},
        heads=dict(zip(list_ids, view.status_heads(id_, tuple(list_ids)), strict=True)),
        operators={account: view.operator(id_, account) for account in accounts},
        published=published,
        books=books,
        permutations=material.permutations,
    )


def _published(
    view: RegistryView,
    did: Did,
    files: PublicFiles | None,
    roots: Mapping[Digest, None],
    list_ids: Mapping[ListId, None],
) -> Published | None:
    if files is None:
        return None
    context = context_hash(view.pins.chain, view.pins.registry, did.issuer_id)
    return read_published(files, context, roots, list_ids)
