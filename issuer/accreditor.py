"""The accreditor's acts: who is registered, from when to when, under which name, and what of it is invalid.

Each names the issuer by its DID; whether it is an institution of this office makes no difference. The owner proposes a
profile, the accreditor reads it by its hash and approves it (SECURITY 3.1); the registry makes the accreditor wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from issuer import confusables
from issuer.acting import act_as
from issuer.office import ACCREDITOR, Office
from issuer.store import institutions
from issuer.store.institutions import Institution
from jikin.anchoring.acts import (
    Act,
    ApproveProfile,
    Invalidate,
    RegisterIssuer,
    ReportKeyCompromised,
    SetAccreditation,
    SetAnchorsAll,
)
from jikin.anchoring.chain import IssuerRecord, RegistryView
from jikin.credentials.profile import MAX_BYTES, Profile
from jikin.dids.method import Fetch
from jikin.dids.web import DidWeb
from jikin.errors import CredentialError, OfficeError, RegistryRefusedError, ValueRefusedError
from jikin.values import Address, Did, Digest, KeyId, format_instant, sha256


@dataclass(frozen=True, slots=True)
class Alike:
    """A name of a proposed profile that can be taken for the *name* of another accredited issuer, *did*."""

    proposed: str
    name: str
    did: Did


def issuer_named(office: Office, name: str | None) -> Did:
    """Return the DID that *name* is: a DID, or an institution of this office; raises OfficeError."""
    if name is not None and name.startswith("did:"):
        try:
            return Did(name)
        except ValueRefusedError as error:
            raise OfficeError(str(error), code="office.institution") from error
    return office.institution(name).did


def register(office: Office, did: Did, owner: Address, valid_from: int | None, valid_until: int) -> IssuerRecord:
    """Return the record of the issuer, registered; *valid_from* None: from now on. Takes effect after the delay."""
    now = office.chain.registry.view().block.time
    act = RegisterIssuer(did.registered, owner, now if valid_from is None else valid_from, valid_until)
    return _acted(office, did, act, f"{owner}")


def set_window(office: Office, did: Did, valid_from: int | None, valid_until: int | None) -> IssuerRecord:
    """Return the record with its accreditation moved; None keeps an end as it is."""
    record = _record(office, did)
    act = SetAccreditation(
        did.issuer_id,
        record.valid_from if valid_from is None else valid_from,
        record.valid_until if valid_until is None else valid_until,
    )
    return _acted(office, did, act, _now(office))


def set_anchors_all(office: Office, did: Did) -> IssuerRecord:
    """Return the record, from now on and for ever: a certificate of this issuer without an anchor does not pass."""
    return _acted(office, did, SetAnchorsAll(did.issuer_id), "once")


def invalidate(office: Office, did: Did, since: int) -> IssuerRecord:
    """Return the record: what this issuer anchored at or after *since* is invalid (fraud), and it anchors no more."""
    return _acted(office, did, Invalidate(did.issuer_id, since), since)


def report_compromised(office: Office, did: Did, multikey: str, since: int) -> IssuerRecord:
    """Return the record, with one of the issuer's keys counted as stolen since *since*, however far back that is."""
    return _acted(office, did, ReportKeyCompromised(did.issuer_id, KeyId.of(multikey), since), f"{multikey} {since}")


# ---------------------------------------------------------------------------------------------------------- profiles


def read_profile(office: Office, did: Did, profile_hash: Digest, fetch: Fetch) -> Profile:
    """Return the profile with that hash, as its owner publishes it; raises CredentialError ``profile``, FetchError.

    It is read from this office's own files where the institution is here, else from the site that the DID names:
    whoever approves reads what the hash stands for, and nothing else.
    """
    local = _local(office, did)
    if local is not None:
        data = next((one for one in (local.proposed, local.profile) if one and sha256(one) == profile_hash.raw), None)
        if data is None:
            raise OfficeError(f"no profile of {did} with the hash {profile_hash} is known here", code="office.profile")
    else:
        site = DidWeb(local=office.settings.local_scheme).url(did).removesuffix("/.well-known/did.json")
        url = f"{site.removesuffix('/did.json')}/profiles/{profile_hash.raw.hex()}"
        data = fetch.get(url, max_bytes=MAX_BYTES)
    if sha256(data) != profile_hash.raw:
        raise CredentialError(f"what {did} publishes under {profile_hash} has another hash", code="profile")
    profile = Profile.parse(data)
    if profile.did.registered != did.registered:
        raise CredentialError(f"the profile is of {profile.did}, not of {did}", code="profile")
    return profile


def look_alikes(office: Office, profile: Profile) -> tuple[Alike, ...]:
    """Return which names of *profile* can be taken for a name of another registered issuer; raises as the chain."""
    view = office.chain.registry.view()
    found = []
    for did, other in _approved(view):
        if did.registered == profile.did.registered:
            continue
        names = (other.names.ko, other.names.en)
        for proposed in dict.fromkeys((profile.names.ko, profile.names.en)):
            taken = confusables.alike(proposed, names)
            if taken is not None:
                found.append(Alike(proposed, taken, did))
    return tuple(found)


def _approved(view: RegistryView) -> Sequence[tuple[Did, Profile]]:
    found = []
    for did in view.issuers():
        data = view.approved_profile(did.issuer_id)
        if data is not None:
            try:
                found.append((did, Profile.parse(data)))
            except CredentialError:
                continue  # approved with another program: it has no name that anybody is shown
    return found


def approve_profile(office: Office, profile: Profile, *, although_alike: bool = False) -> IssuerRecord:
    """Return the record of the issuer with *profile* approved.

    Raises OfficeError ``office.name-alike`` for a name that can be taken for another issuer's, unless *although_alike*
    says that a person has looked; ``office.profile-too-early`` before the registry's delay is over;
    ``office.profile`` when the owner has proposed another one, or none.
    """
    alike = look_alikes(office, profile)
    if alike and not although_alike:
        one = alike[0]
        raise OfficeError(
            f"{one.proposed!r} can be taken for {one.name!r} of {one.did}",
            code="office.name-alike",
            hint="ask for another name; if both really are to stand side by side: --although-alike",
        )
    act = ApproveProfile(profile.did.issuer_id, profile.hash)
    try:
        record = _acted(office, profile.did, act, _now(office))
    except RegistryRefusedError as error:
        raise _refused(profile, error) from error
    adopt(office, profile.did)
    return record


def _refused(profile: Profile, error: RegistryRefusedError) -> OfficeError:
    if error.name == "ProfileTooEarly":
        when = format_instant(int(str(error.arguments[2])))
        return OfficeError(
            f"the profile can be approved from {when} on", code="office.profile-too-early", hint="run it again then"
        )
    return OfficeError(
        f"the owner of {profile.did} has not proposed {profile.hash}: {error}",
        code="office.profile",
        hint="the owner runs `jikin admin profile propose`",
    )


def adopt(office: Office, did: Did) -> bool:
    """Take a profile into use that waited for its approval and has it; say whether one was taken."""
    local = _local(office, did)
    if local is None or local.proposed is None:
        return False
    record = office.chain.registry.view().issuer(did.issuer_id)
    if record is None or record.profile_hash is None or record.profile_hash.raw != sha256(local.proposed):
        return False
    with office.database.write() as connection:
        institutions.set_profile(connection, local.id, local.proposed, local.seal)
    return True


# ------------------------------------------------------------------------------------------------------------ inside


def _local(office: Office, did: Did) -> Institution | None:
    with office.database.read() as connection:
        known = institutions.every(connection)
    return next((one for one in known if one.did.registered == did.registered), None)


def _record(office: Office, did: Did) -> IssuerRecord:
    record = office.chain.registry.view().issuer(did.issuer_id)
    if record is None:
        raise OfficeError(f"the registry does not know {did}", code="office.not-accredited")
    return record


def _now(office: Office) -> int:
    return office.chain.registry.view().block.number


def _acted(office: Office, did: Did, act: Act, tag: object) -> IssuerRecord:
    act_as(office, ACCREDITOR, _local(office, did), act, tag, issuer=did)
    return _record(office, did)
