"""Two trial institutions in one office: registry, accreditation, funds, and invitations for their officers.

Every step does only what is missing, through the verbs of `jikin admin`, so that a second start changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from jikin.credentials.profile import Profile
from jikin.values import Did

if TYPE_CHECKING:
    from issuer.office import Office
    from issuer.store.institutions import Institution


@dataclass(frozen=True, slots=True)
class Founding:
    """An institution to set up: last part of its path, names, number code, credential types, letters of its seal."""

    path: str
    name_ko: str
    name_en: str
    number_code: str
    types: tuple[str, ...]
    seal: str

    def domain(self, base_url: str) -> str:
        """Return its domain below the issuer's *base_url*, as its profile states it."""
        return f"{base_url.removeprefix('http://')}/{self.path}"


@dataclass(frozen=True, slots=True)
class Post:
    """An officer's place: login name and roles, as words of ``jikin admin officer``."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Founded:
    """An institution that stands; *invitations* are links by login name, for officers without a passkey."""

    founding: Founding
    did: Did
    base_url: str
    public: Path
    invitations: Mapping[str, str] = field(repr=False)


QUALIFICATION = "national-technical-qualification"
MACHINE = "machine-safety-certification"
INSTITUTIONS = (
    Founding(
        "hrdk",
        "한국산업인력공단",
        "Human Resources Development Service of Korea",
        "HRDK",
        (QUALIFICATION,),
        "견본직인",
    ),
    Founding(
        "kosha", "산업안전보건공단", "Korea Occupational Safety and Health Agency", "KSHA", (MACHINE,), "견본직인"
    ),
)
# Who asks is never who approves: two people, two passkeys.
OFFICERS = (
    Post("hong", ("issue", "request", "review")),
    Post("park", ("approve", "registrar", "suspend", "review")),
)


def found(
    environ: Mapping[str, str],
    foundings: Sequence[Founding],
    officers: Sequence[Post],
    told: Callable[[str], None],
    *,
    pinned: Callable[[], None] = lambda: None,
) -> tuple[Founded, ...]:
    """Return *foundings* as institutions of the office that *environ* describes; *told* gets a line for each step.

    *pinned* is called when the registry's pins are there: who only reads the registry can begin. The registry is
    deployed where none is pinned. Raises RegistryMismatchError where the chain is another than the one pinned,
    OfficeError where the chain gives no money away, ChainUnavailableError.
    """
    from issuer import app, development
    from issuer.settings import load

    settings = load(environ)
    development.ensure_passphrase(settings)
    with app.build(settings) as office:
        pins = development.deploy(office)
        told(f"registry {pins.registry} on chain {pins.chain}")
        pinned()
        return tuple(_found(office, founding, officers, told) for founding in foundings)


def _found(office: Office, founding: Founding, officers: Sequence[Post], told: Callable[[str], None]) -> Founded:
    from issuer import accrediting, development

    new = accrediting.NewInstitution(
        domain=founding.domain(office.settings.base_url),
        name_ko=founding.name_ko,
        name_en=founding.name_en,
        number_code=founding.number_code,
        types=founding.types,
        seal=founding.seal,
    )
    institution = accrediting.prepare(office, new)
    development.fund_institution(office, institution)
    accrediting.register(office, institution)
    profile: Profile = office.profile(institution)
    told(f"{founding.name_ko} is accredited as {institution.did}")
    invitations = _invitations(office, institution, officers)
    return Founded(founding, institution.did, profile.base_url, office.public(institution).path, invitations)


def _invitations(office: Office, institution: Institution, officers: Sequence[Post]) -> Mapping[str, str]:
    """Return a fresh link for each officer who has no passkey yet."""
    from issuer import approving
    from issuer import officers as verbs
    from issuer.store import institutions

    with office.database.read() as connection:
        known = {one.name: one for one in institutions.every_officer(connection, institution.id)}
    links = {}
    for post in officers:
        officer = known.get(post.name)
        if officer is not None and (officer.passkeys or officer.removed_at is not None):
            continue
        links[post.name] = verbs.invite(office, institution, post.name, approving.parse_roles(post.roles)).link
    return links


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return *environ* over what the system says, without any other setting of ours."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("JIKIN_")}, **environ}
