"""Is it still true? Our lists are folded from the chain; strangers' lists are W3C bitstring lists (SECURITY 2).

An ended state stands however old it is; that nothing has ended is only said while the block is young enough. Since when
an end counts is told by the issuer's note where the receipt's salt opens it, else by the block that recorded it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import Block, StatusHead
from jikin.credentials.model import Credential, StatusEntry
from jikin.credentials.sd_jwt_vc import STATUS_ENTRY_TYPE
from jikin.errors import StatusError
from jikin.status import token_list
from jikin.status.array import REVOKED_STATES, State
from jikin.status.bitstring import MIN_ENTRIES, BitstringEntry, Purpose, read_listed
from jikin.status.fold import FINAL_AFTER_SECONDS
from jikin.status.notes import Note
from jikin.status.opening import OpenedEntry
from jikin.status.snapshot import StatusSnapshot
from jikin.values import JsonObject, format_instant
from jikin.verification.checks.case import Case, Said
from jikin.verification.evidence import Missing, StatusEvidence
from jikin.verification.findings import Code

_ENDED = {
    State.REVOKED: Code.STATUS_REVOKED,
    State.SUSPENDED: Code.STATUS_SUSPENDED,
    State.REPLACED: Code.STATUS_REPLACED,
}
_BITS = {Purpose.REVOCATION.value: Code.STATUS_REVOKED, Purpose.SUSPENSION.value: Code.STATUS_SUSPENDED}
_TOKENS = {
    token_list.VALID: Code.STATUS_VALID,
    token_list.INVALID: Code.STATUS_REVOKED,
    token_list.SUSPENDED: Code.STATUS_SUSPENDED,
}
_LIST = "status list"
_OUT_OF_CERTIFICATE = Said(
    Code.STATUS_UNREADABLE, "the certificates that the status list is signed by are not valid now", source=_LIST
)
_MAY_END_AND_ANNUL = Rights.REVOKE | Rights.ANNUL
_NO_ANSWER = Missing("chain.unreachable", "the status was not asked for")
_NOT_ASKED = StatusEvidence(_NO_ANSWER, _NO_ANSWER, _NO_ANSWER)
_UNREACHABLE = ("chain.", "registry.", "fetch.", "pack.", "unavailable")


def check(case: Case) -> Iterator[Said]:
    """Say what every status entry says; two entries for one place in one list are one question."""
    if case.reading.credential is None:
        return
    if not case.reading.status:
        kind = case.reading.kind
        revocable = kind is not None and kind.revocable
        yield Said(Code.STATUS_MISSING if revocable else Code.STATUS_NOT_STATED, "the credential states no status")
        return
    seen: set[object] = set()
    for stated in case.reading.status:
        place, said = _entry(case, stated)
        if place not in seen:
            seen.add(place)
            yield from said


def _entry(case: Case, stated: StatusEntry) -> tuple[object, list[Said]]:
    """Return which place of which list *stated* asks for, and what there is to say about it."""
    if STATUS_ENTRY_TYPE in stated.types:
        return _token_entry(case, stated)
    try:
        entry = BitstringEntry.parse(stated.document)
    except StatusError as error:
        return stated.position, [Said(Code.STATUS_UNREADABLE, str(error))]
    known = case.evidence.status.get(stated.position, _NOT_ASKED)
    if isinstance(known.snapshot, Missing):
        return stated.position, [_missing(known.snapshot)]
    if known.opened is not None:
        return (known.opened.list_id, entry.index), [*_opened(case, known, known.opened), *_odd(entry)]
    snapshot = known.snapshot.value
    if snapshot is not None:
        return (snapshot.list_id, entry.index), [*_snapshot(case, known, snapshot, entry.index), *_odd(entry)]
    return (entry.url, entry.index, entry.size, entry.purpose), [*_foreign(case, known, entry), *_odd(entry)]


def _token_entry(case: Case, stated: StatusEntry) -> tuple[object, list[Said]]:
    """As ``_entry``, for an entry of a token status list."""
    if stated.index is None or stated.list_credential is None:
        return stated.position, [Said(Code.STATUS_UNREADABLE, "status_list has no idx and uri of a list")]
    known = case.evidence.status.get(stated.position, _NOT_ASKED)
    if isinstance(known.snapshot, Missing):
        return stated.position, [_missing(known.snapshot)]
    if known.opened is not None:
        return (known.opened.list_id, stated.index), list(_opened(case, known, known.opened))
    if (snapshot := known.snapshot.value) is not None:
        return (snapshot.list_id, stated.index), list(_snapshot(case, known, snapshot, stated.index))
    said = _OUT_OF_CERTIFICATE if _out_of_certificate(case, known) else _foreign_token(case, known, stated.index)
    return (stated.list_credential, stated.index), [said]


def _foreign_token(case: Case, known: StatusEvidence, index: int) -> Said:
    fact = known.token_list
    if isinstance(fact, Missing):
        return _missing(fact)
    listed = fact.value
    if listed is None:
        return Said(Code.STATUS_UNLISTED, "the issuer has no such list", on_chain=True)
    if listed.expires is not None and listed.expires <= case.now:
        return Said(Code.STATUS_UNREADABLE, f"the status list ended {format_instant(listed.expires)}", source=_LIST)
    try:
        value = listed.get(index)
    except StatusError as error:
        return Said(Code.STATUS_UNREADABLE, str(error), source=_LIST)
    code = _TOKENS.get(value)
    if code is None:  # a meaning that issuer and reader would have to have agreed on
        return Said(
            Code.STATUS_UNREADABLE, f"entry {index} has the value {value}, which says nothing here", source=_LIST
        )
    return Said(code, f"entry {index} of {listed.url[:200]} is {value}", source=_LIST)


def _missing(fact: Missing) -> Said:
    if fact.code == Code.STATUS_CONTRADICTION:
        return Said(Code.STATUS_CONTRADICTION, fact.detail)
    reachable = not fact.code.startswith(_UNREACHABLE)
    return Said(Code.STATUS_UNREADABLE if reachable else Code.STATUS_UNREACHABLE, fact.detail)


# --- strangers' lists ---


def _foreign(case: Case, known: StatusEvidence, entry: BitstringEntry) -> Iterator[Said]:
    """Say what a list says, and where it deviates from the Recommendation: a short list still answers for its bits."""
    fact = known.list_credential
    if isinstance(fact, Missing):
        yield _missing(fact)
        return
    if fact.value is None:
        yield Said(Code.STATUS_UNLISTED, f"the issuer has no list {entry.url[:200]}", on_chain=True)
        return
    try:
        listed = read_listed(fact.value, entry)
    except StatusError as error:
        yield Said(Code.STATUS_UNREADABLE, str(error), source=_LIST)
        return
    if _out_of_certificate(case, known):
        yield _OUT_OF_CERTIFICATE
        return
    if not _in_force(case, fact.value):
        yield Said(Code.STATUS_UNREADABLE, "the status list is not within its dates", source=_LIST)
        return
    detail = f"entry {entry.index} of {entry.url[:200]} is {listed.value}"
    code = _BITS.get(entry.purpose, Code.STATUS_VALID) if listed.value else Code.STATUS_VALID
    yield Said(code, detail, source=_LIST)
    if listed.too_short:
        few = f"it has {listed.entries:,} entries; the Recommendation demands {MIN_ENTRIES:,}"
        yield Said(Code.STATUS_LIST_TOO_SHORT, few, source=_LIST)
    if known.issuer_quoted:
        yield Said(Code.MODEL_ISSUER_QUOTED, "the iss of the status list's envelope is in quotation marks")
    name = fact.value.get("id", entry.url)
    if name != entry.url:
        yield Said(Code.STATUS_LIST_ID, f"it calls itself {str(name)[:200]!r}", source=_LIST)


def _odd(entry: BitstringEntry) -> Iterator[Said]:
    if entry.numeric:
        yield Said(Code.STATUS_INDEX_NUMBER, f"statusListIndex is the number {entry.index}, not a text")


def _out_of_certificate(case: Case, known: StatusEvidence) -> bool:
    return known.certified is not None and not known.certified.valid_at(case.now)


def _in_force(case: Case, listed: JsonObject) -> bool:
    credential = Credential.parse(listed)  # it was parsed before, when its proof was checked
    start, end = credential.valid_from, credential.valid_until
    return (start is None or start <= case.now) and (end is None or case.now < end)


# --- our lists ---


@dataclass(frozen=True, slots=True)
class _End:
    """The state at the instant asked about, and the last one on record with its dates (Unix seconds)."""

    state: State
    last: State
    effective: int
    recorded: int


def _snapshot(case: Case, known: StatusEvidence, snapshot: StatusSnapshot, index: int) -> Iterator[Said]:
    contradiction = snapshot.contradiction
    if contradiction is not None:
        yield _said(Code.STATUS_CONTRADICTION, contradiction)
    try:
        state = snapshot.state(index)
    except StatusError as error:
        if contradiction is None:
            yield _said(Code.STATUS_UNREADABLE, str(error))
        return
    note, why_not = _note(case, known, snapshot, state)
    end = _end(case, snapshot, index, note.effective if note is not None else known.stated_effective)
    if end.state is State.VALID:
        if contradiction is None:
            yield from _valid(case, snapshot, end)
        return
    dates = f"effective {format_instant(end.effective)}, recorded {format_instant(end.recorded)}"
    facts = {"effective": end.effective, "recorded": end.recorded}
    yield Said(_ENDED[end.state], f"{end.state.name.lower()}, {dates}", facts, "chain", on_chain=True)
    yield from _not_final(snapshot.final_at(index), snapshot.block)
    if end.state is State.SUSPENDED and _old(case, snapshot.block):
        yield _old_said(snapshot.block)
    if note is not None:
        yield Said(Code.STATUS_REASON, _reason_detail(note), {"reason": note.reason}, "note")
    elif why_not:
        yield Said(Code.STATUS_REASON_UNAVAILABLE, why_not, source="note")


def _not_final(final: int | None, block: Block) -> Iterator[Said]:
    """Say until when the end can be annulled, while it can: by the chain's clock, which the contract goes by."""
    if final is not None and block.time < final:
        detail = f"recorded within 7 days; final on {format_instant(final)}"
        yield Said(Code.STATUS_NOT_FINAL, detail, {"final": final}, "chain", on_chain=True)


# --- one entry of our lists, as a proof pack opens it ---


def _opened(case: Case, known: StatusEvidence, entry: OpenedEntry) -> Iterator[Said]:
    """Say how the entry stood at the pack's block; how it stood before no pack can tell."""
    note, why_not = _opened_note(case, entry)
    if entry.state is State.VALID:
        yield from _opened_valid(case, known.seen, entry)
        return
    effective = entry.since if note is None else note.effective
    if case.at is not None and (effective is None or case.at < effective):
        yield _said(Code.STATUS_UNREACHABLE, "it has ended, and a proof pack does not tell how it stood before")
        return
    facts = {} if effective is None else {"effective": effective, "recorded": entry.since or entry.head.time}
    detail = f"{entry.state.name.lower()} by epoch {entry.head.epoch} of list {entry.list_id}"
    yield Said(_ENDED[entry.state], detail, facts, "chain", on_chain=True)
    if entry.state in REVOKED_STATES and entry.since is not None:
        yield from _not_final(entry.since + FINAL_AFTER_SECONDS, entry.block)
    if entry.state is State.SUSPENDED and _old(case, entry.block):
        yield _old_said(entry.block)
    if note is not None:
        yield Said(Code.STATUS_REASON, _reason_detail(note), {"reason": note.reason}, "note")
    elif why_not:
        yield Said(Code.STATUS_REASON_UNAVAILABLE, why_not, source="note")


def _opened_valid(case: Case, seen: StatusHead | None, entry: OpenedEntry) -> Iterator[Said]:
    if case.at is not None:
        yield _said(Code.STATUS_UNREACHABLE, "a proof pack does not tell how the certificate stood before its block")
    elif seen is not None and seen.epoch > entry.head.epoch:
        # Whoever was revoked keeps the pack from before: what was seen here since goes before it (SECURITY 5.1).
        detail = f"the pack is of epoch {entry.head.epoch}, and epoch {seen.epoch} of the list was seen here"
        yield Said(Code.STATUS_SUPERSEDED, detail, {"at": seen.time}, "cache")
    elif seen is not None and seen.epoch == entry.head.epoch and seen.head != entry.head.head:
        yield _said(Code.STATUS_CONTRADICTION, f"two heads of epoch {seen.epoch} were seen: {seen.head}, here another")
    elif not entry.folded and not entry.rights & _MAY_END_AND_ANNUL:
        # Whatever root a key publishes that may only suspend: it can bring nothing back to life (SECURITY 2.1).
        yield _said(
            Code.STATUS_UNREACHABLE, "who published last may not revoke, and the changes before did not come along"
        )
    elif _old(case, entry.block):
        yield _old_said(entry.block)
    else:
        yield _said(Code.STATUS_VALID, f"valid in epoch {entry.head.epoch} of list {entry.list_id}")
    if not entry.folded:
        yield _said(Code.STATUS_UNFOLDED, "the states are those that the issuer's operator published last")


def _opened_note(case: Case, entry: OpenedEntry) -> tuple[Note | None, str]:
    if entry.state is State.VALID:
        return None, ""
    receipt = case.evidence.receipt
    if entry.note is None or isinstance(receipt, Missing) or receipt.value is None:
        return None, "the pack carries no note, or no receipt to open it with"
    try:
        note = entry.note.open(entry.lctx, receipt.value.salt)
    except StatusError as error:
        return None, str(error)
    fits = note.state is entry.state and note.effective <= entry.head.time
    return (note, "") if fits else (None, "the note speaks of another state, or of a date after its own epoch")


def _old(case: Case, block: Block) -> bool:
    return case.now - block.time > case.policy.status_age_seconds


def _old_said(block: Block) -> Said:
    detail = f"read at block {block.number} of {format_instant(block.time)}"
    return Said(Code.STATUS_STALE, detail, {"at": block.time}, "chain", on_chain=True)


def _said(code: Code, detail: str) -> Said:
    return Said(code, detail, source="chain", on_chain=True)


def _valid(case: Case, snapshot: StatusSnapshot, end: _End) -> Iterator[Said]:
    if _old(case, snapshot.block):
        yield _old_said(snapshot.block)
    else:
        yield _said(Code.STATUS_VALID, f"valid in epoch {snapshot.epoch} of list {snapshot.list_id}")
    if end.last is not State.VALID:
        detail = f"{end.last.name.lower()} since {format_instant(end.effective)}, after the instant asked about"
        yield Said(Code.STATUS_ENDED_LATER, detail, {"effective": end.effective}, "chain", on_chain=True)


def _end(case: Case, snapshot: StatusSnapshot, index: int, stated: int | None) -> _End:
    """Return what held at the instant asked about; *stated*: since when the issuer says that the end counts.

    Asked about now, every recorded move counts: a verifier's clock that runs behind the chain must not make a revoked
    credential valid.
    """
    moves = snapshot.moves(index)
    if not moves:
        return _End(State.VALID, State.VALID, 0, 0)
    epoch, last = moves[-1]
    effective = epoch.time if stated is None else min(stated, epoch.time)
    if case.at is None or case.at >= effective:
        return _End(last, last, effective, epoch.time)
    before = [(recorded, state) for recorded, state in moves[:-1] if recorded.time <= case.at]
    if not before or before[-1][1] is State.VALID:
        return _End(State.VALID, last, effective, epoch.time)
    return _End(before[-1][1], last, before[-1][0].time, before[-1][0].time)


def _note(case: Case, known: StatusEvidence, snapshot: StatusSnapshot, state: State) -> tuple[Note | None, str]:
    """Return the note on an ended *state*, or why it could not be read; an empty text: there is none to read."""
    if state is State.VALID:
        return None, ""
    if isinstance(known.note, Missing) or known.note.value is None:
        return None, known.note.detail if isinstance(known.note, Missing) else ""
    receipt = case.evidence.receipt
    if isinstance(receipt, Missing) or receipt.value is None:
        return None, "the note opens with the receipt, and there is none"
    try:
        note = known.note.value.open(snapshot.lctx, receipt.value.salt)
    except StatusError as error:
        return None, str(error)
    since = snapshot.since(note.index)
    fits = since is not None and note.state is state and note.effective <= since.time
    return (note, "") if fits else (None, "the note speaks of another state, or of a date after its own epoch")


def _reason_detail(note: Note) -> str:
    replaced = "" if note.replacement is None else f"; replaced by the credential with the digest {note.replacement}"
    return f"the note of epoch {note.epoch} opens with the receipt{replaced}"
