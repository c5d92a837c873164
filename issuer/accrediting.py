"""Setting up an institution: its keys, its public files, and its place in the registry.

Owner and accreditor are different parties (SECURITY 3.1). An office that has only the owner's key does the owner's part
and says what waits for the accreditor; on a chain of one's own the office plays every part, each with an account of its
own: accreditor, owner, and three operators that may only anchor, only change the status, or only publish heads of the
log of acts. Every step looks at the registry first and does only what is missing, so that a set-up that was interrupted
is simply run again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from issuer import accreditor, approving
from issuer.acting import act_as
from issuer.approving import Officer, Role
from issuer.office import ACCREDITOR, ANCHORING, ASSERTION, AUDIT, JOINT, OWNER, POST_QUANTUM, STATUS, Office
from issuer.publishing import PublishedKey, did_document
from issuer.store import audit, institutions, officers
from issuer.store import keys as key_rows
from issuer.store.institutions import Institution, StatusList
from issuer.store.keys import Key, KeyState
from issuer.store.transactions import Purpose
from jikin.anchoring.acts import (
    AddKey,
    OpenStatusList,
    ProposeProfile,
    RegisterIssuer,
    Rights,
    SetAnchorsAll,
    SetOperator,
)
from jikin.anchoring.chain import RegistryView
from jikin.codec import multikey
from jikin.credentials.profile import Names, Profile
from jikin.errors import OfficeError
from jikin.status.array import StatusArray
from jikin.status.index import IndexPermutation, new_key
from jikin.values import Address, Did, Digest, JsonObject, KeyId, KeyType, ListId, PublicKey

_YEAR = 365 * 86_400
ACCREDITATION_SECONDS = 5 * _YEAR
OPERATOR_SECONDS = 2 * _YEAR
OPERATOR_RENEWAL_SECONDS = _YEAR // 4  # rights that end sooner are given anew when the set-up is run again
# Anchoring and status are different accounts: a thief of one cannot do the other's work (SECURITY 3.4).
RIGHTS: Mapping[str, Rights] = {
    ANCHORING: Rights.ISSUE,
    STATUS: Rights.REVOKE | Rights.SUSPEND,
    AUDIT: Rights.AUDIT,
    JOINT: Rights.ISSUE | Rights.REVOKE | Rights.SUSPEND,  # where it was chosen, for both in one transaction
}


@dataclass(frozen=True, slots=True)
class NewInstitution:
    """What is said of an institution when it is set up.

    The number code is its four symbols in certificate numbers, *seal* the 1 to 9 letters of its printed seal.
    """

    domain: str
    name_ko: str
    name_en: str
    number_code: str
    types: tuple[str, ...]
    seal: str = "직인"
    logo: Digest | None = None

    @property
    def did(self) -> Did:
        """Return its DID: did:web of the domain."""
        return Profile.did_of(self.domain)

    def profile(self) -> Profile:
        """Return its public profile; raises CredentialError for names, domain or types that cannot be."""
        return Profile(
            did=self.did,
            names=Names(ko=self.name_ko, en=self.name_en),
            domain=self.domain,
            number_code=self.number_code,
            types=tuple(sorted(self.types)),
            logo=self.logo,
        )


def ensure_accreditor(office: Office) -> Address:
    """Return the accreditor's account, made and stored when there is none."""
    with office.database.read() as connection:
        found = key_rows.find(connection, None, ACCREDITOR)
    return Address.parse((found or new_account(office, None, ACCREDITOR)).public)


def new_account(office: Office, institution: Institution | None, purpose: str) -> Key:
    """Return a fresh account for *purpose*, stored; it is the one in use from now on."""
    made = office.keys.new_account(purpose)
    with office.database.write() as connection:
        return key_rows.add(
            connection,
            institution_id=None if institution is None else institution.id,
            purpose=purpose,
            public=made.public,
            reference=made.reference,
            at=office.clock(),
        )


def prepare(office: Office, new: NewInstitution) -> Institution:
    """Return the institution with its keys made and its DID document and profile written; nothing is on the chain yet.

    Run again for the same domain it keeps keys and seal, and a changed profile waits for the accreditor.
    """
    for type_id in new.types:
        office.types.named(type_id)
    profile = new.profile()
    now = office.clock()
    with office.database.write() as connection:
        known = {i.did: i for i in institutions.every(connection)}
        institution = known.get(profile.did)
        if institution is None:
            _check_code_is_free(new.number_code, known.values())
            institution = institutions.add(
                connection,
                did=profile.did,
                domain=new.domain,
                number_code=new.number_code,
                profile=profile.to_bytes(),
                seal=new.seal,
                at=now,
            )
            audit.record(
                connection,
                at=now,
                act="institution set up",
                subject=f"institutions/{institution.id}",
                institution_id=institution.id,
            )
        if profile.to_bytes() == institution.profile:
            institutions.set_profile(connection, institution.id, profile.to_bytes(), new.seal)
        else:
            institutions.propose_profile(connection, institution.id, profile.to_bytes())
    _ensure_keys(office, institution)
    institution = office.institution(institution.did.text)
    publish_did(office, institution)
    office.public(institution).profile(profile)
    return institution


def _check_code_is_free(code: str, known: Iterable[Institution]) -> None:
    taken = next((i for i in known if i.number_code == code), None)
    if taken is not None:
        raise OfficeError(
            f"the number code {code} belongs to {taken.domain}; right would be four symbols of its own",
            code="office.number-code",
        )


# What each signing key is; whatever else is kept for a purpose is an account on the chain.
SIGNING: Mapping[str, KeyType] = {ASSERTION: KeyType.ED25519, POST_QUANTUM: KeyType.ML_DSA_44}


def _signing_purposes(office: Office, institution: Institution) -> tuple[str, ...]:
    """Return what the institution needs signing keys for: a second one where a type of its profile is hybrid."""
    types = office.profile(institution).types
    hybrid = any(office.types.named(one).second_suite for one in types if one in office.types.ids)
    return (ASSERTION, POST_QUANTUM) if hybrid else (ASSERTION,)


def _ensure_keys(office: Office, institution: Institution) -> None:
    for purpose in (*_signing_purposes(office, institution), OWNER, ANCHORING, STATUS, AUDIT):
        with office.database.read() as connection:
            if key_rows.of(connection, institution.id, purpose):
                continue  # one that has ended is followed on purpose, never by the way
        if purpose not in SIGNING:
            new_account(office, institution, purpose)
            continue
        made = office.keys.new_signing_key(SIGNING[purpose])
        with office.database.write() as connection:
            key_rows.add(
                connection,
                institution_id=institution.id,
                purpose=purpose,
                public=made.public,
                reference=made.reference,
                at=office.clock(),
            )


def did_document_of(office: Office, institution: Institution) -> JsonObject:
    """Return the DID document as it should be published now.

    A retired key stays, with the end of its time: strangers who know no registry check old certificates by it. One that
    was stolen is gone, for whoever reads this document alone cannot tell old from forged.
    """
    with office.database.read() as connection:
        known = [key for purpose in SIGNING for key in key_rows.of(connection, institution.id, purpose)]
    shown = [key for key in known if key.state is not KeyState.COMPROMISED]
    return did_document(institution.did, [PublishedKey(key.public, key.retired_at) for key in shown])


def publish_did(office: Office, institution: Institution) -> None:
    """Write the DID document as it should be now."""
    office.public(institution).did_json(did_document_of(office, institution))


def operator_purposes(office: Office, institution: Institution) -> tuple[str, ...]:
    """Return what the institution has operators for; a joint one only where it was chosen."""
    with office.database.read() as connection:
        joint = key_rows.find(connection, institution.id, JOINT)
    return tuple(purpose for purpose in RIGHTS if purpose != JOINT or joint is not None)


def accounts(office: Office, institution: Institution) -> dict[str, Address]:
    """Return the institution's accounts on the chain by purpose: those that need funds."""
    purposes = (OWNER, *operator_purposes(office, institution))
    return {purpose: Address.parse(office.key(institution, purpose).public) for purpose in purposes}


def register(office: Office, institution: Institution) -> None:
    """Bring the institution into the registry: issuer, profile, keys, operators, ``anchorsAll``, status list.

    Where the accreditor's key is not here, the accreditor's steps are left out. Raises OfficeError
    ``office.not-accredited`` when the issuer waits for the accreditor, RegistryRefusedError when the registry does not
    allow a step, ChainUnavailableError.
    """
    for step in (_register_issuer, _approve_profile, _add_keys, _set_operators, _set_anchors_all):
        step(office, institution, office.chain.registry.view())
    ensure_status_list(office, institution)


def accredits(office: Office) -> bool:
    """Say whether the accreditor's key is in this office."""
    with office.database.read() as connection:
        return key_rows.find(connection, None, ACCREDITOR) is not None


def _register_issuer(office: Office, institution: Institution, view: RegistryView) -> None:
    if view.issuer(institution.issuer_id) is not None:
        return
    owner = Address.parse(office.key(institution, OWNER).public)
    if not accredits(office):
        raise OfficeError(
            f"{institution.did} is not registered yet, and the accreditor's key is not in this office",
            code="office.not-accredited",
            hint=f"ask the accreditor for `jikin admin accreditation register {institution.did} --owner {owner}`, "
            "then run this again",
        )
    now = view.block.time
    act = RegisterIssuer(institution.did.registered, owner, now, now + ACCREDITATION_SECONDS)
    act_as(office, ACCREDITOR, institution, act, view.block.number)


def _approve_profile(office: Office, institution: Institution, view: RegistryView) -> None:
    """Propose the profile that is wanted unless it is approved already; approve it where that is ours to do.

    Also here no name is approved that can be taken for another issuer's: raises OfficeError ``office.name-alike``.
    """
    wanted = Profile.parse(institution.proposed or institution.profile)
    record = view.issuer(institution.issuer_id)
    approved = None if record is None else record.profile_hash
    if approved != wanted.hash:
        act = ProposeProfile(institution.issuer_id, wanted.to_bytes())
        act_as(office, OWNER, institution, act, f"{wanted.hash} after {approved}")
        if not accredits(office):
            return
        accreditor.approve_profile(office, wanted)
    accreditor.adopt(office, institution.did)


def _add_keys(office: Office, institution: Institution, view: RegistryView) -> None:
    for purpose in _signing_purposes(office, institution):
        multikey = office.key(institution, purpose).public
        key_id = KeyId.of(multikey)
        if view.key_window(institution.issuer_id, key_id) is None:
            act_as(office, OWNER, institution, AddKey(institution.issuer_id, multikey), key_id)


def _set_operators(office: Office, institution: Institution, view: RegistryView) -> None:
    """Give each operator account its own rights; who may anchor may not revoke, but for a joint operator."""
    now = view.block.time
    for purpose in operator_purposes(office, institution):
        rights = RIGHTS[purpose]
        account = Address.parse(office.key(institution, purpose).public)
        record = view.operator(institution.issuer_id, account)
        if record is None or record.rights != rights or record.valid_until < now + OPERATOR_RENEWAL_SECONDS:
            act = SetOperator(institution.issuer_id, account, now + OPERATOR_SECONDS, rights)
            act_as(office, OWNER, institution, act, f"{account} {view.block.number}")


def _set_anchors_all(office: Office, institution: Institution, view: RegistryView) -> None:
    record = view.issuer(institution.issuer_id)
    if (record is None or not record.anchors_all) and accredits(office):
        act_as(office, ACCREDITOR, institution, SetAnchorsAll(institution.issuer_id), view.block.number)


def ensure_status_list(office: Office, institution: Institution, *, room: int = 1) -> StatusList:
    """Return the newest list that takes *room* more certificates, opened on the chain and published.

    Raises OfficeError ``office.status-list-full`` for more than fit a new list.
    """
    with office.database.read() as connection:
        known = institutions.every_status_list(connection, institution.id)
    current = next((one for one in reversed(known) if has_room(one, room)), None)
    if current is None:
        _check_room(room, office.settings.status_log2_entries)
        with office.database.write() as connection:
            current = institutions.add_status_list(
                connection,
                institution_id=institution.id,
                list_id=ListId(secrets.token_bytes(32)),
                log2_entries=office.settings.status_log2_entries,
                index_key=new_key(),
            )
    return current if current.opened_at is not None else open_status_list(office, institution, current)


def open_status_list(office: Office, institution: Institution, current: StatusList) -> StatusList:
    """Return the list, opened on the chain and published; the same bytes are sent again where they were sent before."""
    (head,) = office.chain.registry.view().status_heads(institution.issuer_id, [current.list_id])
    if head is None:
        permutation = IndexPermutation(current.index_key, current.log2_entries)
        act = OpenStatusList(institution.issuer_id, current.list_id, current.log2_entries, permutation.key_hash)
        outbox = office.outbox(institution, STATUS, confirmations=1)
        outbox.deliver(Purpose(f"OpenStatusList {current.list_id}"), act)
        (head,) = office.chain.registry.view().status_heads(institution.issuer_id, [current.list_id])
    if head is None:
        raise OfficeError("the status list is not on the chain after it was opened", code="office.status-list")
    office.public(institution).status_list(
        office.profile(institution),
        current.list_id,
        StatusArray.all_valid(head.entries),
        seal=office.seal(institution, office.settings.suite),
        valid_from=head.time,
        created=office.clock(),
    )
    with office.database.write() as connection:
        institutions.status_list_opened(connection, current.id, office.clock())
        audit.record(
            connection,
            at=office.clock(),
            act="status list opened",
            subject=f"status_lists/{current.id}",
            institution_id=institution.id,
        )
        return institutions.status_list(connection, current.id)


def _check_room(room: int, log2_entries: int) -> None:
    most = (3 << log2_entries) // 4
    if room > most:
        raise OfficeError(
            f"the batch has {room:,} certificates; a status list of 2^{log2_entries} entries takes {most:,}",
            code="office.status-list-full",
            hint="split the file, or raise status_log2_entries",
        )


def has_room(status_list: StatusList, count: int) -> bool:
    """Say whether *count* more entries fit: a list is shared until it is three quarters full (SECURITY 2.5)."""
    return (status_list.reserved + count) * 4 <= 3 << status_list.log2_entries


def add_officer(office: Office, institution: Institution, name: str, roles: Role, public_key: PublicKey) -> Officer:
    """Return the officer, registered with the public key that verifies their approvals; raises OfficeError.

    The private key is the officer's own and never seen here.
    """
    approving.check_name(name)
    if roles is Role.NONE:
        raise OfficeError("an officer needs at least one role", code="office.role")
    if public_key.type is not KeyType.ED25519:
        raise OfficeError(
            f"an officer's key is of the kind Ed25519, this one is {public_key.type.value}", code="office.officer"
        )
    text = multikey.encode(public_key)
    with office.database.write() as connection:
        known = institutions.every_officer(connection, institution.id)
        if any(officer.name == name for officer in known):
            raise OfficeError(
                "an officer of this name is or was registered; names are used once", code="office.officer"
            )
        if any(officer.multikey == text for officer in known):
            raise OfficeError("this key belongs to another officer; each has a key of their own", code="office.officer")
        officer = institutions.add_officer(
            connection, institution_id=institution.id, name=name, roles=roles, multikey=text, at=office.clock()
        )
        audit.record(
            connection,
            at=office.clock(),
            act="officer added",
            subject=f"officers/{officer.id}",
            institution_id=institution.id,
            roles=int(roles),
        )
    return officer


def remove_officer(office: Office, institution: Institution, name: str) -> Officer:
    """Return the officer who was let go: from now on their approvals do not count; raises OfficeError."""
    now = office.clock()
    with office.database.write() as connection:
        officer = institutions.officer_named(connection, institution.id, name)
        institutions.remove_officer(connection, officer.id, now)
        officers.end_sessions_of(connection, officer.id)
        audit.record(
            connection,
            at=now,
            act="officer removed",
            subject=f"officers/{officer.id}",
            institution_id=institution.id,
        )
    return officer
