"""Owner and accreditor are different people in different offices: one proposes, the other reads, compares, approves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import issuer.migrations
from issuer import accrediting, accreditor, app, ownership
from issuer.office import ACCREDITOR, OWNER, Office
from issuer.store import audit
from jikin.anchoring.acts import Rights
from jikin.anchoring.memory import MemoryChain
from jikin.credentials.profile import Profile
from jikin.dids.web_fetch import Mirrors, NoFetch
from jikin.errors import CredentialError, OfficeError, RegistryRefusedError
from jikin.values import Address, Digest
from tests.blank_database import lay
from tests.codes import code_of
from tests.issuing_office import DOMAIN, NEW, Bureau, Clock, MemoryDoor, settings

DELAY = 3600
YEAR = 365 * 86_400


@dataclass
class Two:
    """An accreditor's office and an owner's office, on one chain, a network apart."""

    clock: Clock
    chain: MemoryChain
    accreditor: Office
    owner: Office

    @property
    def web(self) -> Mirrors:
        """Return the owner's site as the accreditor reads it."""
        return Mirrors({f"https://{DOMAIN}/": self.owner.settings.path(self.owner.settings.public) / DOMAIN})

    def later(self, seconds: int) -> None:
        self.clock.now += seconds
        self.chain.mine()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    clock = Clock()
    doors = [MemoryDoor(), MemoryDoor()]
    for name in ("accreditor", "owner"):
        lay(tmp_path / name / "office.db", issuer.migrations)
    with ExitStack() as stack:
        offices = [
            stack.enter_context(app.build(settings(tmp_path / name), chain=door, clock=clock, sleep=lambda _s: None))
            for name, door in zip(("accreditor", "owner"), doors, strict=True)
        ]
        chain = MemoryChain(clock, accreditor=accrediting.ensure_accreditor(offices[0]), delay=DELAY)
        for door in doors:
            door.chain = chain
        yield Two(clock, chain, *offices)


def test_neither_can_do_the_others_part_and_together_they_accredit(two: Two) -> None:
    institution = accrediting.prepare(two.owner, NEW)
    with pytest.raises(OfficeError) as caught:
        accrediting.register(two.owner, institution)
    assert caught.value.code == "office.not-accredited"
    owner = Address.parse(two.owner.key(institution, OWNER).public)
    assert f"accreditation register did:web:{DOMAIN} --owner {owner}" in str(caught.value.hint)

    accreditor.register(two.accreditor, institution.did, owner, None, two.clock() + YEAR)
    accrediting.register(two.owner, two.owner.institution())
    view = two.chain.view()
    record = view.issuer(institution.issuer_id)
    assert record is not None
    assert (record.profile_hash, record.anchors_all) == (None, False)  # that is not the owner's to say

    proposed = NEW.profile()
    assert code_of(accreditor.approve_profile, two.accreditor, proposed) == "office.profile-too-early"
    two.later(DELAY)
    read = accreditor.read_profile(two.accreditor, institution.did, proposed.hash, two.web)
    assert accreditor.approve_profile(two.accreditor, read).profile_hash == proposed.hash
    assert accreditor.set_anchors_all(two.accreditor, institution.did).anchors_all
    assert Profile.parse(two.chain.view().approved_profile(institution.issuer_id) or b"") == proposed
    with two.accreditor.database.read() as connection:
        acts = [(one.act, one.subject) for one in audit.entries(connection)]
    assert acts == [
        (act, f"issuers/{institution.issuer_id}") for act in ("RegisterIssuer", "ApproveProfile", "SetAnchorsAll")
    ]


def test_an_owner_cannot_accredit_and_an_accreditor_cannot_propose(two: Two) -> None:
    institution = accrediting.prepare(two.owner, NEW)
    owner = Address.parse(two.owner.key(institution, OWNER).public)
    accreditor.register(two.accreditor, institution.did, owner, None, two.clock() + YEAR)
    assert code_of(accreditor.set_anchors_all, two.owner, institution.did) == "office.no-key"
    assert code_of(accreditor.approve_profile, two.owner, NEW.profile()) == "office.no-key"
    # With a key of its own in the accreditor's place an owner gets no further: the registry knows who accredits.
    accrediting.ensure_accreditor(two.owner)
    with pytest.raises(RegistryRefusedError, match="AccessControlUnauthorizedAccount"):
        accreditor.set_anchors_all(two.owner, institution.did)


@pytest.fixture
def accredited(two: Two) -> Two:
    """Return the two with the institution accredited and its profile approved."""
    institution = accrediting.prepare(two.owner, NEW)
    owner = Address.parse(two.owner.key(institution, OWNER).public)
    accreditor.register(two.accreditor, institution.did, owner, None, two.clock() + YEAR)
    accrediting.register(two.owner, two.owner.institution())
    two.later(DELAY)
    accreditor.approve_profile(two.accreditor, NEW.profile())
    return two


def test_a_proposed_name_is_not_in_use_before_it_is_approved(accredited: Two) -> None:
    owner, institution = accredited.owner, accredited.owner.institution()
    renamed = replace(NEW, name_ko="한국표본공단").profile()
    ownership.propose_profile(owner, institution, renamed)
    accredited.later(DELAY)
    assert owner.profile(owner.institution()) == NEW.profile()
    assert not accreditor.adopt(owner, institution.did)
    read = accreditor.read_profile(accredited.accreditor, institution.did, renamed.hash, accredited.web)
    accreditor.approve_profile(accredited.accreditor, read)
    assert owner.profile(owner.institution()) == NEW.profile()  # the owner's office has not looked yet
    assert accreditor.adopt(owner, institution.did)
    assert owner.profile(owner.institution()) == renamed
    assert not accreditor.adopt(owner, institution.did)


def test_what_is_approved_is_what_was_read(accredited: Two) -> None:
    owner, institution = accredited.owner, accredited.owner.institution()
    renamed = replace(NEW, name_ko="한국표본공단").profile()
    ownership.propose_profile(owner, institution, renamed)
    folder = accredited.web.get(f"https://{DOMAIN}/profiles/{renamed.hash.raw.hex()}", max_bytes=600)
    assert folder == renamed.to_bytes()
    file = owner.public(institution).path / "profiles" / renamed.hash.raw.hex()
    file.write_bytes(NEW.profile().to_bytes())  # the site shows another one under that hash
    with pytest.raises(CredentialError, match="another hash"):
        accreditor.read_profile(accredited.accreditor, institution.did, renamed.hash, accredited.web)
    other = replace(NEW, domain="other.example", number_code="XX99").profile()
    file.with_name(other.hash.raw.hex()).write_bytes(other.to_bytes())
    with pytest.raises(CredentialError, match=r"is of did:web:other\.example"):
        accreditor.read_profile(accredited.accreditor, institution.did, other.hash, accredited.web)
    missing = Digest(bytes(32))
    assert code_of(accreditor.read_profile, accredited.accreditor, institution.did, missing, accredited.web) == (
        "fetch.not-found"
    )


def test_a_profile_that_was_replaced_after_it_was_read_is_not_approved(accredited: Two) -> None:
    owner, institution = accredited.owner, accredited.owner.institution()
    first, second = (replace(NEW, name_ko=name).profile() for name in ("한국표본공단", "한국모형공단"))
    ownership.propose_profile(owner, institution, first)
    accredited.later(DELAY)
    ownership.propose_profile(owner, institution, second)
    accredited.later(DELAY)
    assert code_of(accreditor.approve_profile, accredited.accreditor, first) == "office.profile"


ALIKE = {
    "the same in Korean": ("한국 견본 공단", "Another Agency"),
    "Cyrillic letters": ("다른공단", "Sаmple Аgency of Korea"),
    "the English name as the Korean one": ("SampIe Agency of Korea", "Another Agency"),
}


@pytest.mark.parametrize("names", ALIKE.values(), ids=ALIKE.keys())
def test_a_name_that_can_be_taken_for_another_issuers_is_not_approved(
    accredited: Two, tmp_path: Path, names: tuple[str, str]
) -> None:
    ko, en = names
    forger = replace(NEW, domain="forger.example", number_code="FF99", name_ko=ko, name_en=en)
    door = MemoryDoor()
    door.chain = accredited.chain
    with app.build(settings(tmp_path / "forger"), chain=door, clock=accredited.clock) as office:
        institution = accrediting.prepare(office, forger)
        owner = Address.parse(office.key(institution, OWNER).public)
        accreditor.register(accredited.accreditor, institution.did, owner, None, accredited.clock() + YEAR)
        ownership.propose_profile(office, institution, forger.profile())
    accredited.later(DELAY)
    with pytest.raises(OfficeError) as caught:
        accreditor.approve_profile(accredited.accreditor, forger.profile())
    assert caught.value.code == "office.name-alike"
    assert f"did:web:{DOMAIN}" in str(caught.value)
    (found,) = accreditor.look_alikes(accredited.accreditor, forger.profile())
    assert found.did.text == f"did:web:{DOMAIN}"
    record = accreditor.approve_profile(accredited.accreditor, forger.profile(), although_alike=True)
    assert record.profile_hash == forger.profile().hash


def test_an_institutions_own_new_name_may_look_like_its_old_one(accredited: Two) -> None:
    renamed = replace(NEW, name_en="SAMPLE AGENCY OF KOREA").profile()
    ownership.propose_profile(accredited.owner, accredited.owner.institution(), renamed)
    accredited.later(DELAY)
    assert accreditor.approve_profile(accredited.accreditor, renamed).profile_hash == renamed.hash


# --------------------------------------------------------------------------------- one office that plays every part


def test_accreditation_moves_and_ends(bureau: Bureau) -> None:
    did, now = bureau.institution.did, bureau.chain.view().block.time
    moved = accreditor.set_window(bureau.office, did, now + 10, now + 100)
    assert (moved.valid_from, moved.valid_until) == (now + 10, now + 100)
    ended = accreditor.set_window(bureau.office, did, None, now + 50)
    assert (ended.valid_from, ended.valid_until) == (now + 10, now + 50)
    with pytest.raises(OfficeError) as caught:
        accreditor.set_window(bureau.office, accreditor.issuer_named(bureau.office, "did:web:x.example"), None, now)
    assert caught.value.code == "office.not-accredited"


def test_did_and_number_code_never_change(bureau: Bureau) -> None:
    for changed in (replace(NEW, domain="other.example"), replace(NEW, number_code="XX99")):
        assert code_of(ownership.propose_profile, bureau.office, bureau.institution, changed.profile()) == (
            "office.profile"
        )


def owner_on_record(bureau: Bureau) -> Address:
    record = bureau.chain.view().issuer(bureau.institution.issuer_id)
    assert record is not None
    return record.owner


def test_ownership_is_offered_and_accepted_and_the_old_account_has_no_say(bureau: Bureau) -> None:
    office, institution = bureau.office, bureau.institution
    old = office.key(institution, OWNER)
    new = ownership.new_owner(office, institution)
    assert office.key(institution, OWNER) == old  # prepared is not in use
    assert ownership.new_owner(office, institution) == new  # and is made once
    account = ownership.replace_owner(office, institution, new)
    assert owner_on_record(bureau) == account == Address.parse(new.public) != Address.parse(old.public)
    assert office.key(institution, OWNER).id == new.id
    ownership.propose_profile(office, institution, replace(NEW, name_ko="한국표본공단").profile())
    assert ownership.new_owner(office, institution).id != old.id


def test_a_change_of_owners_that_was_cut_off_is_finished_by_running_it_again(bureau: Bureau) -> None:
    office, institution = bureau.office, bureau.institution
    new = ownership.new_owner(office, institution)
    ownership.offer(office, institution, Address.parse(new.public))  # cut off here
    again = ownership.new_owner(office, institution)
    assert again == new
    assert ownership.replace_owner(office, institution, again) == owner_on_record(bureau)


def test_a_new_operator_replaces_the_old_one_which_loses_its_rights_first(bureau: Bureau) -> None:
    office, institution = bureau.office, bureau.institution
    anchoring, status, _audit = ownership.operators(office, institution)
    key = ownership.replace_operator(office, institution, "anchoring")
    after = {one.purpose: one for one in ownership.operators(office, institution)}
    assert after["anchoring"].account == Address.parse(key.public) != anchoring.account
    assert after["anchoring"].record is not None
    assert after["anchoring"].record.rights == Rights.ISSUE
    assert after["status"] == status
    old = bureau.chain.view().operator(institution.issuer_id, anchoring.account)
    assert old is not None
    assert old.rights == Rights.NONE
    assert code_of(ownership.replace_operator, office, institution, ACCREDITOR) == "office.operator"


def test_an_office_that_plays_every_part_compares_names_as_well(bureau: Bureau) -> None:
    other = accrediting.prepare(bureau.office, replace(NEW, domain="other.example", number_code="XX99"))
    with pytest.raises(OfficeError) as caught:
        accrediting.register(bureau.office, other)
    assert caught.value.code == "office.name-alike"
    profile = accreditor.read_profile(bureau.office, other.did, bureau.office.profile(other).hash, NoFetch())
    accreditor.approve_profile(bureau.office, profile, although_alike=True)  # a person has looked
    accrediting.register(bureau.office, other)
    assert bureau.chain.view().approved_profile(other.issuer_id) == profile.to_bytes()
