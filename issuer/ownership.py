"""The owner's acts beside keys: a profile proposed, the issuer handed over, operators set and taken away.

An owner's account that may be known to others is followed by another in two steps, offered and accepted, so that no
mistyped address ever owns an issuer.
"""

from __future__ import annotations

from dataclasses import dataclass

from issuer.accrediting import OPERATOR_SECONDS, RIGHTS, operator_purposes
from issuer.acting import act_as
from issuer.office import JOINT, OWNER, Office
from issuer.store import audit, institutions
from issuer.store import keys as key_rows
from issuer.store.institutions import Institution
from issuer.store.keys import Key
from jikin.anchoring.acts import AcceptOwnership, ProposeProfile, Rights, SetOperator, TransferOwnership
from jikin.anchoring.chain import OperatorRecord
from jikin.credentials.profile import Profile
from jikin.errors import OfficeError
from jikin.values import Address


@dataclass(frozen=True, slots=True)
class Operator:
    """An account that may act for the institution, as the registry has it; *purpose* where the office keeps its key."""

    account: Address
    record: OperatorRecord | None
    purpose: str | None


def propose_profile(office: Office, institution: Institution, profile: Profile) -> Profile:
    """Return the profile, proposed to the registry and published under its hash; the one in use stays in use."""
    for type_id in profile.types:
        office.types.named(type_id)
    if profile.did != institution.did or profile.number_code != institution.number_code:
        raise OfficeError(
            "DID and number code of an institution never change: certificates carry them", code="office.profile"
        )
    office.public(institution).profile(profile)
    block = office.chain.registry.view().block.number
    act_as(office, OWNER, institution, ProposeProfile(institution.issuer_id, profile.to_bytes()), block)
    with office.database.write() as connection:
        institutions.propose_profile(connection, institution.id, profile.to_bytes())
    return profile


def offer(office: Office, institution: Institution, account: Address) -> None:
    """Offer the issuer to *account*, which owns it as soon as it accepts."""
    block = office.chain.registry.view().block.number
    act_as(office, OWNER, institution, TransferOwnership(institution.issuer_id, account), f"{account} {block}")


def accept(office: Office, institution: Institution) -> Address:
    """Return the office's newest owner account, which has accepted what was offered to it."""
    account = Address.parse(office.key(institution, OWNER).public)
    block = office.chain.registry.view().block.number
    act_as(office, OWNER, institution, AcceptOwnership(institution.issuer_id), f"{account} {block}")
    return account


def new_owner(office: Office, institution: Institution, reference: str | None = None) -> Key:
    """Return an owner account that is prepared and owns nothing yet: fresh, or the one that *reference* names.

    It has to be funded before it can accept. One that an earlier run left is taken up.
    """
    record = office.chain.registry.view().issuer(institution.issuer_id)
    owner = None if record is None else str(record.owner)
    with office.database.read() as connection:
        known = key_rows.of(connection, institution.id, OWNER)
    waiting = next((key for key in reversed(known) if key.retired_at is None and key.public != owner), None)
    if waiting is not None and reference in (None, waiting.reference):
        return waiting
    made = office.keys.new_account(OWNER) if reference is None else office.keys.found_account(reference)
    with office.database.write() as connection:
        return key_rows.add(
            connection,
            institution_id=institution.id,
            purpose=OWNER,
            public=made.public,
            reference=made.reference,
            at=office.clock(),
            active=False,
        )


def replace_owner(office: Office, institution: Institution, new: Key) -> Address:
    """Return the account of *new*, which owns the issuer from now on; the accounts before have no say any more.

    Cut off anywhere it is run again: what the registry says decides what is left to do.
    """
    account = Address.parse(new.public)
    record = office.chain.registry.view().issuer(institution.issuer_id)
    if record is None or record.owner != account:
        if new.active_at is None:
            offer(office, institution, account)
            with office.database.write() as connection:
                key_rows.activate(connection, new, office.clock())
        accept(office, institution)
    with office.database.read() as connection:
        known = key_rows.of(connection, institution.id, OWNER)
    for old in known:
        if old.id != new.id and old.retired_at is None:
            _retire(office, institution, old)
    return account


def operators(office: Office, institution: Institution) -> tuple[Operator, ...]:
    """Return the accounts whose keys this office keeps, with the rights they have now."""
    view = office.chain.registry.view()
    found = []
    for purpose in operator_purposes(office, institution):
        account = Address.parse(office.key(institution, purpose).public)
        found.append(Operator(account, view.operator(institution.issuer_id, account), purpose))
    return tuple(found)


def set_operator(office: Office, institution: Institution, account: Address, rights: Rights, valid_until: int) -> None:
    """Give *account* these rights until *valid_until*; no rights take them away at once."""
    block = office.chain.registry.view().block.number
    act = SetOperator(institution.issuer_id, account, valid_until, rights)
    act_as(office, OWNER, institution, act, f"{account} {block}")


def remove_operator(office: Office, institution: Institution, account: Address) -> None:
    """Take all rights from *account*."""
    set_operator(office, institution, account, Rights.NONE, 0)


def replace_operator(office: Office, institution: Institution, purpose: str, reference: str | None = None) -> Key:
    """Return the account that does *purpose* from now on: fresh, or the one that *reference* names.

    The old one loses its rights first: after a theft every minute counts. Raises OfficeError ``office.operator``.
    """
    if purpose not in RIGHTS:
        raise OfficeError(
            f"no operator is called {purpose[:40]!r}; there are {', '.join(RIGHTS)}", code="office.operator"
        )
    _end_operators(office, institution, purpose)
    made = office.keys.new_account(purpose) if reference is None else office.keys.found_account(reference)
    with office.database.write() as connection:
        key = key_rows.add(
            connection,
            institution_id=institution.id,
            purpose=purpose,
            public=made.public,
            reference=made.reference,
            at=office.clock(),
        )
    now = office.chain.registry.view().block.time
    set_operator(office, institution, Address.parse(key.public), RIGHTS[purpose], now + OPERATOR_SECONDS)
    return key


def end_joint_operator(office: Office, institution: Institution) -> None:
    """Have anchors and status changes done by two accounts again: the joint one loses its rights and is out of use.

    What it has under way still arrives or is sent by the others.
    """
    _end_operators(office, institution, JOINT)


def _end_operators(office: Office, institution: Institution, purpose: str) -> None:
    with office.database.read() as connection:
        known = key_rows.of(connection, institution.id, purpose)
    for old in known:
        account = Address.parse(old.public)
        record = office.chain.registry.view().operator(institution.issuer_id, account)
        if record is not None and record.rights is not Rights.NONE:
            remove_operator(office, institution, account)
        if old.retired_at is None:
            _retire(office, institution, old)


def _retire(office: Office, institution: Institution, key: Key) -> None:
    with office.database.write() as connection:
        key_rows.retire(connection, key, office.clock())
        audit.record(
            connection,
            at=office.clock(),
            act="account retired",
            subject=f"keys/{key.id}",
            institution_id=institution.id,
        )
