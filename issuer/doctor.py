"""Looks for what would go wrong before the first certificate leaves: keys, DID document, registry, clock, fonts.

A check is right, wrong, or could not be made (None): a chain that does not answer makes no key wrong. What is right
today and had better be changed is advice: a single key that decides alone, rights that end soon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from issuer import accrediting, audit_log, reconciling
from issuer.accrediting import OPERATOR_RENEWAL_SECONDS, RIGHTS, SIGNING, operator_purposes
from issuer.approving import Role
from issuer.office import ACCREDITOR, ASSERTION, OWNER, POST_QUANTUM, Office
from issuer.store import institutions, workers
from issuer.store import keys as key_rows
from issuer.store.database import Database
from issuer.store.institutions import Institution
from issuer.store.keys import Key, KeyState
from jikin.anchoring.chain import RegistryView
from jikin.badges.fonts import FontFolder
from jikin.codec import multikey
from jikin.dids.method import DidDocument, Fetch
from jikin.dids.web_fetch import Mirrors, WebFetch
from jikin.errors import JikinError, OfficeError, UnavailableError
from jikin.values import Address, KeyId, format_instant

# What a few hundred batches cost on a chain for trying out; below it somebody should look.
_LOW_WEI = 10**16
SOON_SECONDS = OPERATOR_RENEWAL_SECONDS


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: its *name* (``keys.open``, stable), whether it is right, what was *found*, what is *right*.

    *ok* is None where it could not be looked at. *whose* is the institution's domain, empty for the office itself.
    *advice*: nothing is wrong, and *right* would be better.
    """

    name: str
    ok: bool | None
    found: str
    right: str
    whose: str = ""
    advice: bool = False


def examine(office: Office, *, fetch: Fetch | None = None) -> tuple[Check, ...]:
    """Return every check, in the order in which a person would go through them; never raises for what it finds.

    *fetch* asks the institutions' web sites; without one the web is asked, this machine's own ports included.
    """
    return tuple(_checks(office, fetch))


def _checks(office: Office, fetch: Fetch | None) -> Iterator[Check]:
    yield _schema(office)
    if not office.database.is_sqlite:
        yield workers_check(office.database, office.settings.worker_expiry_seconds)
    yield from _keys(office)
    yield _tried("fonts", lambda: f"{len(FontFolder.packaged().fonts)} fonts", "the certificate fonts are installed")
    yield _tried("contexts", lambda: f"{len(office.contexts.urls)} contexts", "the pinned JSON-LD contexts are there")
    view: RegistryView | None = None
    try:
        office.chain.registry.check()
        view = office.chain.registry.view()
    except UnavailableError as error:
        yield Check("chain", None, f"{error} [{error.code}]", "the chain answers at rpc_url")
    except JikinError as error:
        yield Check(
            "chain", False, f"{error} [{error.code}]", "chain, genesis, code and deployment are the pinned ones"
        )
    if view is not None:
        yield _chain(view)
        yield _pins(view)
        yield _clock(office, view)
        yield from _accreditor(office)
    with office.database.read() as connection:
        known = institutions.every(connection)
    if not known:
        yield Check("institution", False, "none is set up", "`jikin admin institution create` sets one up")
    for institution in known:
        yield from _institution(office, institution, view, fetch)


def _tried(name: str, look: Callable[[], str], right: str, whose: str = "") -> Check:
    try:
        return Check(name, True, look(), right, whose)
    except UnavailableError as error:
        return Check(name, None, f"{error} [{error.code}]", right, whose)
    except JikinError as error:
        return Check(name, False, f"{error} [{error.code}]", right, whose)


def _schema(office: Office) -> Check:
    found, newest = office.database.schema_versions()
    return Check("database.schema", found == newest, str(found), str(newest))


def workers_check(database: Database, expiry_seconds: float) -> Check:
    """Return who works on the office, and how long ago each last said so."""
    with database.read() as connection:
        leases = workers.every(connection)
    found = ", ".join(f"{one.executor_id} ({one.silent_seconds:.0f} s ago)" for one in leases)
    late = [one for one in leases if one.silent_seconds > expiry_seconds]
    # Nobody at work is no fault: a command is a worker of its own. One that is late is forgotten by the first that
    # looks: where it stands here still, nobody is alive to look.
    fine = not late if leases else None
    return Check("workers", fine, found or "none", "workers that have spoken a moment ago")


def _keys(office: Office) -> Iterator[Check]:
    with office.database.read() as connection:
        keys = [key for key in key_rows.every(connection) if key.state in (KeyState.PREPARED, KeyState.ACTIVE)]
    for key in keys:
        yield _tried(f"keys.{key.purpose}", partial(_open, office, key), "the key file opens and holds this key")
    folder = office.keys.folder
    loose = [path.name for path in sorted(folder.glob("*")) if path.stat().st_mode & 0o077] if folder.is_dir() else []
    passphrase = office.settings.path(office.settings.passphrase_file)
    if passphrase.is_file() and passphrase.stat().st_mode & 0o077:
        loose.append(str(Path(passphrase.name)))
    yield Check("keys.mode", not loose, ", ".join(loose) or "readable for you alone", "readable for you alone (0600)")


def _open(office: Office, key: Key) -> str:
    if key.purpose in (ASSERTION, POST_QUANTUM):
        public = multikey.encode(office.keys.signer(key.reference).public_key)
    else:
        public = str(Address.parse(office.keys.account(key.reference).address))
    if public != key.public:
        raise _wrong(f"{key.reference} holds {public}, registered is {key.public}")
    return public


def _wrong(message: str) -> OfficeError:
    return OfficeError(message, code="doctor.disagrees")


def _chain(view: RegistryView) -> Check:
    pins = view.pins
    return Check(
        "chain", True, f"{pins.chain} {pins.registry} block {view.block.number}", "the pinned registry answers"
    )


def _pins(view: RegistryView) -> Check:
    """Show what is pinned: the view could only be had because chain, genesis and code are these."""
    pins = view.pins
    found = f"code {pins.code_hash}, genesis {pins.genesis}, from block {pins.deploy_block}"
    return Check(
        "chain.pins",
        pins.deploy_block <= view.block.number,
        found,
        f"the registry was deployed before block {view.block.number}; compare these with the accreditor's",
    )


def _accreditor(office: Office) -> Iterator[Check]:
    """Say whether the accreditor's key is here, and whether it decides alone."""
    with office.database.read() as connection:
        key = key_rows.find(connection, None, ACCREDITOR)
    if key is not None:
        yield _single(office, "accreditor.single", Address.parse(key.public), "")


def _single(office: Office, name: str, account: Address, whose: str) -> Check:
    """Say whether *account* is one key (SECURITY 3.1): whoever has it decides alone."""
    better = "a contract that several persons sign for (ERC-1271)"
    try:
        contract = office.chain.is_contract(account)
    except JikinError as error:
        return Check(name, None, f"{error} [{error.code}]", better, whose)
    found = f"{account} is {'a contract' if contract else 'a single key'}"
    return Check(name, True, found, better, whose, advice=not contract)


def _clock(office: Office, view: RegistryView) -> Check:
    apart, most = office.clock() - view.block.time, office.settings.clock_skew_seconds
    return Check(
        "clock", abs(apart) <= most, f"{apart} s ahead of the newest block", f"within {most} s of the newest block"
    )


def _institution(
    office: Office, institution: Institution, view: RegistryView | None, fetch: Fetch | None
) -> Iterator[Check]:
    whose = institution.domain
    yield _officers(office, institution)
    yield _published(office, institution)
    if view is not None:
        yield _accreditation(institution, view)
        yield from _owner(office, institution, view)
        yield _profile(office, institution, view)
        yield _signing_key(office, institution, view)
        yield _ended_keys(office, institution, view)
        yield from _operators(office, institution, view)
        yield _status_list(office, institution, view)
        yield _audit_log(office, institution)
        yield from _reconciled(office, institution)
    web = fetch if fetch is not None else WebFetch(allowed_hosts=("localhost", "127.0.0.1"))
    yield _tried(
        "domain", lambda: _agreement(office, institution, web), "the web site shows the published DID document", whose
    )


def _reconciled(office: Office, institution: Institution) -> Iterator[Check]:
    """Say what the last reconciliation found; an office that runs no service has none, and nothing is wrong."""
    right = "books and registry agree, looked at within two days"
    last = reconciling.last(office, institution)
    if last is None:
        return
    codes, late = last.detail.get("codes"), office.clock() - last.at > 2 * reconciling.EVERY_SECONDS
    said = "everything agrees" if not codes else ", ".join(map(str, codes if isinstance(codes, list) else [codes]))
    yield Check(
        "books",
        not codes and (None if late else True),
        f"{said} on {format_instant(last.at)}",
        right if not codes else f"{right}; `jikin audit` with the books names each",
        institution.domain,
    )


def _officers(office: Office, institution: Institution) -> Check:
    with office.database.read() as connection:
        officers = [o for o in institutions.every_officer(connection, institution.id) if o.removed_at is None]
    pairs = any(
        Role.REQUEST in first.roles and Role.APPROVE in second.roles and first.id != second.id
        for first in officers
        for second in officers
    )
    return Check(
        "officers",
        pairs,
        f"{len(officers)} registered",
        "one who may request and another who may approve",
        institution.domain,
    )


def _published(office: Office, institution: Institution) -> Check:
    base = office.profile(institution).base_url
    mirror = Mirrors({f"{base}/": office.public(institution).path})
    return _tried(
        "did.published",
        lambda: _agreement(office, institution, mirror),
        "the public folder has the DID document with the signing key",
        institution.domain,
    )


def _agreement(office: Office, institution: Institution, fetch: Fetch) -> str:
    """Return what was found when the DID document names the signing key for assertions; raises JikinError."""
    resolved: DidDocument = office.methods.resolve(institution.did, fetch)
    public = office.key(institution, ASSERTION).public
    method = next((m for m in resolved.methods if m.id.fragment == public), None)
    if method is None or "assertionMethod" not in method.relationships:
        raise _wrong(f"the DID document has {len(resolved.methods)} keys, and {public} is none for assertions")
    if method.public_key != multikey.decode(public):
        raise _wrong(f"the DID document gives another key under the name {public}")
    return str(method.id)


def _accreditation(institution: Institution, view: RegistryView) -> Check:
    record = view.issuer(institution.issuer_id)
    right = "registered and accredited now, with anchorsAll"
    if record is None:
        return Check("registry.issuer", False, "not registered", right, institution.domain)
    now = view.block.time
    fine = record.valid_from <= now < record.valid_until and record.anchors_all and not record.invalid_since
    found = (
        f"accredited {format_instant(record.valid_from)} to {format_instant(record.valid_until)}, "
        f"anchorsAll {'set' if record.anchors_all else 'not set'}"
    )
    soon = fine and record.valid_until < now + SOON_SECONDS
    if soon:
        right = "an accreditation that does not end within three months"
    return Check("registry.issuer", fine, found, right, institution.domain, advice=soon)


def _owner(office: Office, institution: Institution, view: RegistryView) -> Iterator[Check]:
    """Say whether the office's owner account is the owner on record, and whether it decides alone."""
    whose, right = institution.domain, "the owner on record is this office's owner account"
    record = view.issuer(institution.issuer_id)
    if record is None:
        return
    try:
        account = Address.parse(office.key(institution, OWNER).public)
    except JikinError as error:
        yield Check("registry.owner", False, f"{error} [{error.code}]", right, whose)
        return
    yield Check("registry.owner", record.owner == account, str(record.owner), right, whose)
    yield _single(office, "owner.single", record.owner, whose)


def _ended_keys(office: Office, institution: Institution, view: RegistryView) -> Check:
    """Hold the ended keys of the office against the registry: what ended on one side alone is wrong."""
    with office.database.read() as connection:
        keys = [key for purpose in SIGNING for key in key_rows.of(connection, institution.id, purpose)]
    wrong, ended = [], 0
    for key in keys:
        window = view.key_window(institution.issuer_id, KeyId.of(key.public))
        here = key.state in (KeyState.RETIRED, KeyState.COMPROMISED)
        ended += here
        there = window is not None and bool(window.retired_at or window.compromised_since)
        stolen = window is not None and bool(window.compromised_since) != (key.state is KeyState.COMPROMISED)
        if here != there or (stolen and there):
            wrong.append(f"{key.public} is {key.state} here and {'ended' if there else 'open'} in the registry")
    found = "; ".join(wrong) or f"{len(keys)} keys, {ended} ended"
    return Check("keys.ended", not wrong, found, "office and registry agree which keys have ended", institution.domain)


def _profile(office: Office, institution: Institution, view: RegistryView) -> Check:
    record, ours = view.issuer(institution.issuer_id), office.profile(institution).hash
    found = None if record is None else record.profile_hash
    return Check("registry.profile", found == ours, str(found), str(ours), institution.domain)


def _signing_key(office: Office, institution: Institution, view: RegistryView) -> Check:
    right = "registered, neither retired nor compromised"
    try:
        public = office.key(institution, ASSERTION).public
    except JikinError as error:
        return Check("registry.key", False, str(error), right, institution.domain)
    window = view.key_window(institution.issuer_id, KeyId.of(public))
    if window is None:
        return Check("registry.key", False, "not registered", right, institution.domain)
    fine = not window.compromised_since and not (window.retired_at and window.retired_at <= view.block.time)
    return Check("registry.key", fine, f"added {format_instant(window.added_at)}", right, institution.domain)


def _operators(office: Office, institution: Institution, view: RegistryView) -> Iterator[Check]:
    for purpose in operator_purposes(office, institution):
        rights = RIGHTS[purpose]
        name = f"operator.{purpose}"
        try:
            account = Address.parse(office.key(institution, purpose).public)
            record = view.operator(institution.issuer_id, account)
            balance = office.chain.balance_wei(account)
        except JikinError as error:
            yield Check(
                name, None, f"{error} [{error.code}]", "the account has its rights and funds", institution.domain
            )
            continue
        held = None if record is None else record.rights
        until = 0 if record is None else record.valid_until
        fine = held is not None and rights in held and until > view.block.time
        soon = fine and until < view.block.time + SOON_SECONDS
        yield Check(
            name,
            fine,
            f"{account}: rights {'none' if held is None else int(held)}, until {format_instant(until)}",
            "`jikin admin institution create` again: it renews rights that end soon"
            if soon
            else f"rights {int(rights)}, not ended",
            institution.domain,
            advice=soon,
        )
        yield Check(
            f"{name}.funds",
            balance is None or balance >= _LOW_WEI,
            "no fees" if balance is None else f"{balance} wei",
            f"{_LOW_WEI} wei or more",
            institution.domain,
        )


def _audit_log(office: Office, institution: Institution) -> Check:
    right = "every act is there, unchanged, under the registry's head"
    try:
        standing = audit_log.examine(office, institution)
    except JikinError as error:
        return Check("audit.log", None, f"{error} [{error.code}]", right, institution.domain)
    found = ", ".join(fault.code for fault in standing.faults) or f"{standing.size} acts"
    return Check("audit.log", not standing.faults, found, right, institution.domain)


def _status_list(office: Office, institution: Institution, view: RegistryView) -> Check:
    with office.database.read() as connection:
        lists = institutions.every_status_list(connection, institution.id)
    heads = view.status_heads(institution.issuer_id, [one.list_id for one in lists])
    open_with_room = [
        one for one, head in zip(lists, heads, strict=True) if head is not None and accrediting.has_room(one, 1)
    ]
    found = f"{len(lists)} lists, {len(open_with_room)} open with room"
    return Check("status.list", bool(open_with_room), found, "one open list with room", institution.domain)
