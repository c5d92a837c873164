"""What is in the vault: listed, looked at, checked again, printed, removed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jikin.credentials.parsing import parse
from jikin.errors import JikinError, WalletError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Json, JsonObject
from wallet import activity, checking, describing, packing, printing, records, reports
from wallet.app import Wallet
from wallet.checking import Checked
from wallet.members import b64, objects, text, unb64, whole
from wallet.records import Change, Record
from wallet.sessions import OpenVault
from wallet.values import Held, Standing

SCHEMA = "certificate.1"
# From one of these to another is no news for the holder: nothing about the certificate has changed.
_UNSETTLED = frozenset({Standing.UNKNOWN})
# What is told without asking again, however long ago it was learned.
_FOR_EVER = frozenset({Standing.REVOKED, Standing.REPLACED, Standing.EXPIRED})


@dataclass(frozen=True, slots=True)
class Kept:
    """A certificate as its record holds it. *seed* is the holder's key that it is made out to; None: it is to none.

    *envelope* is the text that it was issued as, where it came as one (SD-JWT VC); *credential* are its claims then.
    *pack* is its last proof pack, None while none was asked for.
    """

    credential: JsonObject = field(repr=False)
    checked: Checked = field(repr=False)
    settled: Standing  # the last standing that was no outage
    received_at: int
    issuer_url: str | None = field(repr=False)
    seed: str | None = field(repr=False)
    previous: Standing | None = None
    envelope: str | None = field(repr=False, default=None)
    pack: bytes | None = field(repr=False, default=None)

    @property
    def issued(self) -> Json:
        """Return the certificate as it was issued: a JSON object, or a text."""
        return self.credential if self.envelope is None else self.envelope

    def to_json(self) -> JsonObject:
        """Return the record's content."""
        return {
            "credential": self.credential,
            "envelope": self.envelope,
            "receipt": self.checked.receipt,
            "report": reports.to_json(self.checked.report),
            "standing": self.checked.standing.value,
            "settled": self.settled.value,
            "previous": None if self.previous is None else self.previous.value,
            "received_at": self.received_at,
            "issuer_url": self.issuer_url,
            "seed": self.seed,
            "pack": None if self.pack is None else b64(self.pack),
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> Kept:
        """Return what ``to_json`` wrote."""
        receipt, previous = value.get("receipt"), text(value.get("previous"))
        pack = text(value.get("pack"))  # records of an earlier version have none
        return cls(
            credential=objects(value["credential"]),
            checked=Checked(
                reports.from_json(value["report"]),
                Standing(str(value["standing"])),
                receipt if isinstance(receipt, Mapping) else None,
            ),
            settled=Standing(str(value["settled"])),
            received_at=whole(value["received_at"]) or 0,
            issuer_url=text(value.get("issuer_url")),
            seed=text(value.get("seed")),
            previous=None if previous is None else Standing(previous),
            envelope=text(value.get("envelope")),
            pack=None if pack is None else unb64(pack),
        )

    def after(self, found: Checked) -> Kept:
        """Return the certificate after another check: a change that the holder has not seen yet stays a notice."""
        standing = checking.kept(self.checked.standing, found.standing)
        checked = replace(found, standing=standing, receipt=found.receipt or self.checked.receipt)
        if standing in _UNSETTLED or standing is self.settled:
            return replace(self, checked=checked)
        before = self.previous or self.settled
        return replace(self, checked=checked, settled=standing, previous=None if before is standing else before)


def fresh(
    credential: JsonObject,
    checked: Checked,
    signer: Ed25519Signer | None,
    issuer_url: str | None,
    now: int,
    *,
    envelope: str | None = None,
) -> Kept:
    """Return a certificate as it is put into the vault, with the key of the holder that it is made out to.

    *envelope* is the text that it was issued as, where *credential* are the claims of one.
    """
    seed = None if signer is None else b64(signer.export_seed())
    return Kept(credential, checked, checked.standing, now, issuer_url, seed, envelope=envelope)


def held(wallet: Wallet, open: OpenVault) -> tuple[Held, ...]:
    """Return every certificate in the vault, the one received last first.

    What the sessions' watch found changed, and what a new session has not checked yet, is checked in the background:
    the next look shows it. What was learned longer ago than the policy allows is checked at once.
    """
    found = _fresh_enough(wallet, open, records.read(wallet.database, open, SCHEMA))
    shown = tuple(_held(wallet, record) for record in found)
    _keep_fresh(wallet, open, shown)
    return tuple(sorted(shown, key=lambda one: (one.received_at, one.id), reverse=True))


def one(wallet: Wallet, open: OpenVault, id: str) -> Held:
    """Return one certificate, as ``held`` does; raises WalletError ``wallet.not-found``."""
    for found in _fresh_enough(wallet, open, (_record(wallet, open, id),)):
        return _held(wallet, found)
    raise _not_found()


def remove(wallet: Wallet, open: OpenVault, id: str) -> None:
    """Remove a certificate and its key for good; raises WalletError ``wallet.not-found``."""
    gone = _held(wallet, _record(wallet, open, id))
    with records.changing(wallet.database, open) as change:
        change.remove(id)
        activity.note(change, wallet.clock(), activity.REMOVED, title=gone.title, party=gone.issuer["ko"])


def check_again(
    wallet: Wallet, open: OpenVault, ids: Collection[str] | None = None, *, quietly: bool = False
) -> tuple[Held, ...]:
    """Verify certificates as of now, those called *ids* or all, and return them as they stand.

    Where a standing has changed, ``previous`` says from what, until ``seen``. *quietly*: the log tells changes only.
    Raises WalletError ``wallet.not-found``.
    """
    found = records.read(wallet.database, open, SCHEMA)
    if ids is not None:
        wanted = set(ids)
        found = tuple(record for record in found if record.id in wanted)
        if len(found) != len(wanted):
            raise _not_found()
    session, now = wallet.trusting().at_newest(), wallet.clock()
    after = {}
    for record in found:
        before = Kept.from_json(record.value)
        checked = checking.check(wallet, session, before.issued, before.checked.receipt, now)
        after[record.id] = _repacked(wallet, before, before.after(checked))
    with records.changing(wallet.database, open) as change:
        for record in found:
            _write_check(change, record, after[record.id], now)
        if found and not quietly:
            activity.note(change, now, activity.CHECKED, detail={"count": len(found)})
    names = set(after)
    now_held = [_held(wallet, r) for r in records.read(wallet.database, open, SCHEMA) if r.id in names]
    _watch(wallet, open)
    return tuple(sorted(now_held, key=lambda one: (one.received_at, one.id), reverse=True))


def seen(wallet: Wallet, open: OpenVault, id: str) -> None:
    """Note that the holder has seen that the standing changed; raises WalletError ``wallet.not-found``."""
    if Kept.from_json(_record(wallet, open, id).value).previous is None:
        return
    with records.changing(wallet.database, open) as change:
        record = change.find(SCHEMA, id)
        if record is not None:
            change.replace(record, {**record.value, "previous": None})


def pack(wallet: Wallet, open: OpenVault, id: str) -> bytes:
    """Return the proof pack of a certificate: the one kept while it is young, else a fresh one, which is kept.

    Raises WalletError ``wallet.not-found``, ``wallet.no-pack``; DocumentError and what the chain raises where none is
    kept and none can be made.
    """
    kept = Kept.from_json(_record(wallet, open, id).value)
    found = packing.renewed(wallet, kept.pack, kept.issued, kept.checked.receipt)
    if found is None:
        return packing.made(wallet, kept.issued, kept.checked.receipt)  # raises why there is none
    if found != kept.pack:
        with records.changing(wallet.database, open) as change:
            record = change.find(SCHEMA, id)
            if record is not None:
                change.replace(record, {**record.value, "pack": b64(found)})
    return found


def _repacked(wallet: Wallet, before: Kept, after: Kept) -> Kept:
    """Return *after* with a pack that is not too old, where there was one, and with none from before a change."""
    if after.pack is None:
        return after
    kept = after.pack if after.settled is before.settled else None
    return replace(after, pack=packing.renewed(wallet, kept, after.issued, after.checked.receipt))


def pdf(wallet: Wallet, open: OpenVault, id: str, language: str = "ko") -> bytes:
    """Return the certificate as an A4 sheet in *language* (ko or en), with credential, receipt and proof pack inside.

    The pack is left out where none can be made. Raises WalletError: ``wallet.not-found``, ``wallet.no-print`` for a
    type that has no printed form; DocumentError for a page that cannot be set.
    """
    held = one(wallet, open, id)
    try:
        proof = None if wallet.proving is None or held.receipt is None else pack(wallet, open, id)
    except JikinError as error:
        wallet.tell("pack", error)
        proof = None
    return printing.sheet(wallet, held, language, proof)


def check_url(wallet: Wallet, held: Held) -> str | None:
    """Return what the certificate's QR code says: where anybody checks its number; None where it has none."""
    return describing.check_link(wallet, parse(held.credential, wallet.types))


def signer_of(wallet: Wallet, open: OpenVault, id: str) -> Ed25519Signer | None:
    """Return the holder's key that a certificate is made out to, None for one that is to nobody here."""
    seed = Kept.from_json(_record(wallet, open, id).value).seed
    return None if seed is None else _signer(seed)


def bound_ids(wallet: Wallet, open: OpenVault) -> frozenset[str]:
    """Return the ids of the certificates that are made out to a key of the holder, who can prove it."""
    found = records.read(wallet.database, open, SCHEMA)
    return frozenset(record.id for record in found if Kept.from_json(record.value).seed is not None)


def put(change: Change, id: str, kept: Kept) -> None:
    """Put a certificate into the vault as part of *change*."""
    change.add(SCHEMA, kept.to_json(), id)


def _fresh_enough(wallet: Wallet, open: OpenVault, found: Sequence[Record]) -> tuple[Record, ...]:
    """Return the records after a check of those whose standing is too old to be told: what holds then is not known."""
    limit = wallet.policy.status_age_seconds
    stale = {record.id for record in found if _is_stale(record, wallet.clock() - limit)}
    if not stale:
        return tuple(found)
    check_again(wallet, open, stale, quietly=True)
    names = {record.id for record in found}
    return tuple(record for record in records.read(wallet.database, open, SCHEMA) if record.id in names)


def _is_stale(record: Record, earliest: int) -> bool:
    checked = Kept.from_json(record.value).checked
    return checked.report.checked_at < earliest and checked.standing not in _FOR_EVER


def _record(wallet: Wallet, open: OpenVault, id: str) -> Record:
    found = records.find(wallet.database, open, SCHEMA, id)
    if found is None:
        raise _not_found()
    return found


def _not_found() -> WalletError:
    return WalletError("this vault holds no such certificate", code="wallet.not-found", hint="it may have been removed")


def _signer(seed: str) -> Ed25519Signer:
    return Ed25519Signer.from_seed(unb64(seed))


def _held(wallet: Wallet, record: Record) -> Held:
    kept = Kept.from_json(record.value)
    credential = parse(kept.credential, wallet.types)
    report = kept.checked.report
    standing = kept.checked.standing
    until = credential.valid_until
    if standing is Standing.PASSED and until is not None and until < wallet.clock():
        standing = Standing.EXPIRED  # it expires by the calendar, without any check
    number = credential.number
    return Held(
        id=record.id,
        type=describing.type_of(credential),
        title=describing.title_of(credential),
        issuer=describing.issuer_of(credential, report),
        issuer_accredited=report.issuer.accredited.value == "passed",
        number=None if number is None else str(number),
        issued_at=credential.valid_from,
        valid_until=until,
        standing=standing,
        report=report,
        fields=describing.fields_of(credential),
        credential=kept.credential,
        receipt=kept.checked.receipt,
        received_at=kept.received_at,
        checked_at=report.checked_at,
        previous=kept.previous,
        envelope=kept.envelope,
    )


def _write_check(change: Change, record: Record, after: Kept, now: int) -> None:
    """Write what a check found, unless the certificate was removed or checked by somebody else meanwhile."""
    current = change.find(SCHEMA, record.id)
    if current is None or current.version != record.version:
        return
    before = Kept.from_json(record.value)
    change.replace(current, after.to_json())
    if after.settled is not before.settled:
        credential = parse(after.credential)
        detail: dict[str, Json] = {"from": before.settled.value, "to": after.settled.value, "id": record.id}
        title, issuer = describing.title_of(credential), describing.issuer_of(credential, after.checked.report)
        activity.note(change, now, activity.CHANGED, title=title, party=issuer["ko"], detail=detail)


def _keep_fresh(wallet: Wallet, open: OpenVault, shown: tuple[Held, ...]) -> None:
    """See to it that what an open session shows is not older than the settings say."""
    every = wallet.settings.recheck_seconds
    if open.session is None or every <= 0:
        return
    due = set(wallet.sessions.take_due(open.session)) & {held.id for held in shown}
    if not wallet.sessions.is_watching(open.session):
        due |= {held.id for held in shown if wallet.clock() - held.checked_at >= every}
        _watch(wallet, open)
    if due:
        own = replace(open, key=open.key.copy())
        wallet.behind(lambda: _check_behind(wallet, own, due))


def _check_behind(wallet: Wallet, own: OpenVault, ids: Collection[str]) -> None:
    """Check with a key of its own, which is wiped at the end."""
    with own:
        present = {record.id for record in records.read(wallet.database, own, SCHEMA)}
        check_again(wallet, own, present & set(ids), quietly=True)


def _watch(wallet: Wallet, open: OpenVault) -> None:
    if open.session is None:
        return
    found = []
    for record in records.read(wallet.database, open, SCHEMA):
        kept = Kept.from_json(record.value)
        watched = checking.watched(record.id, kept.credential, kept.checked.standing)
        if watched is not None:
            found.append(watched)
    wallet.sessions.watch(open.session, tuple(found))
