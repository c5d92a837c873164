"""Setting an institution up: what is made, what is registered, and that running it again does only what is missing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from issuer import accrediting
from issuer.approving import Role
from issuer.office import ANCHORING, ASSERTION, AUDIT, OWNER, STATUS
from issuer.store import institutions, keys, transactions
from jikin.anchoring.acts import Rights
from jikin.codec import multikey
from jikin.credentials.profile import Profile
from jikin.dids.web_fetch import Mirrors
from jikin.errors import CredentialError, JikinError, OfficeError, SettingsError
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer, verify
from jikin.status.bitstring import BitstringEntry, read_entry
from jikin.values import Address, Did, KeyId, KeyType, PublicKey
from tests.issuing_office import DOMAIN, NEW, Bureau


def test_the_registry_knows_issuer_profile_key_operators_and_list(bureau: Bureau) -> None:
    view, issuer_id = bureau.chain.view(), bureau.institution.issuer_id
    record = view.issuer(issuer_id)
    assert record is not None
    assert record.anchors_all
    assert record.valid_from <= view.block.time < record.valid_until
    assert Profile.parse(view.approved_profile(issuer_id) or b"") == NEW.profile()
    assert view.key_window(issuer_id, KeyId.of(bureau.office.key(bureau.institution, ASSERTION).public)) is not None
    rights = {}
    for purpose in (ANCHORING, STATUS):
        operator = view.operator(issuer_id, Address.parse(bureau.office.key(bureau.institution, purpose).public))
        assert operator is not None
        rights[purpose] = operator.rights
    assert rights == {ANCHORING: Rights.ISSUE, STATUS: Rights.REVOKE | Rights.SUSPEND}
    with bureau.office.database.read() as connection:
        (status_list,) = institutions.every_status_list(connection, bureau.institution.id)
    (head,) = view.status_heads(issuer_id, [status_list.list_id])
    assert head is not None
    assert (head.epoch, head.entries) == (0, 1 << 17)


def test_every_part_is_played_with_an_account_of_its_own(bureau: Bureau) -> None:
    accounts = accrediting.accounts(bureau.office, bureau.institution)
    assert set(accounts) == {OWNER, ANCHORING, STATUS, AUDIT}
    assert len({*accounts.values(), bureau.chain.accreditor}) == 5


def test_the_did_document_names_the_signing_key_by_its_own_text(bureau: Bureau) -> None:
    public = bureau.office.public(bureau.institution).path
    resolved = bureau.office.methods.resolve(Did(f"did:web:{DOMAIN}"), Mirrors({f"https://{DOMAIN}/": public}))
    (method,) = resolved.methods
    key = bureau.office.key(bureau.institution, ASSERTION).public
    assert method.id.fragment == key == multikey.encode(method.public_key)
    assert "assertionMethod" in method.relationships
    assert (public / "profiles" / NEW.profile().hash.raw.hex()).read_bytes() == NEW.profile().to_bytes()


def test_the_w3c_lists_of_a_fresh_list_are_signed_and_all_valid(bureau: Bureau) -> None:
    folder = bureau.office.public(bureau.institution).path / "status"
    key = multikey.decode(bureau.office.key(bureau.institution, ASSERTION).public)
    (lists,) = folder.iterdir()
    for purpose in ("revocation", "suspension"):
        document = json.loads((lists / purpose).read_text())
        (statement,) = securing.statements(document, bureau.office.suites)
        assert bureau.office.suites.named(statement.algorithm).verify(statement, key)
        assert read_entry(document, BitstringEntry(purpose, 77, document["id"])) == 0
        assert document["id"] == f"https://{DOMAIN}/status/{lists.name}/{purpose}"


def test_setting_up_again_changes_nothing(bureau: Bureau) -> None:
    def everything() -> tuple[object, ...]:
        with bureau.office.database.read() as connection:
            return keys.every(connection), transactions.every(connection)

    before = everything()
    again = accrediting.prepare(bureau.office, NEW)
    accrediting.register(bureau.office, again)
    assert again == bureau.institution
    assert everything() == before


def test_a_changed_name_is_proposed_and_approved_anew(bureau: Bureau) -> None:
    renamed = replace(NEW, name_ko="한국견본공사")
    accrediting.register(bureau.office, accrediting.prepare(bureau.office, renamed))
    found = bureau.chain.view().approved_profile(bureau.institution.issuer_id)
    assert Profile.parse(found or b"").names.ko == "한국견본공사"


def test_a_second_institution_needs_a_number_code_of_its_own(bureau: Bureau) -> None:
    other = replace(NEW, domain="other.example")
    with pytest.raises(OfficeError) as caught:
        accrediting.prepare(bureau.office, other)
    assert caught.value.code == "office.number-code"
    made = accrediting.prepare(bureau.office, replace(other, number_code="XX99"))
    with pytest.raises(OfficeError) as caught:
        bureau.office.institution()
    assert caught.value.code == "office.institution"
    assert bureau.office.institution("XX99") == made
    assert bureau.office.institution("other.example") == made
    assert bureau.office.public(made).path != bureau.office.public(bureau.institution).path


WRONG = {
    "a domain that is none": (replace(NEW, domain="not a domain"), JikinError),
    "an empty name": (replace(NEW, name_en=""), CredentialError),
    "a code with a letter that numbers lack": (replace(NEW, number_code="KRIL"), CredentialError),
    "an unknown credential type": (replace(NEW, types=("driving-licence",)), CredentialError),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_an_institution_that_cannot_be_is_refused_before_anything_is_made(
    bureau: Bureau, case: tuple[accrediting.NewInstitution, type[JikinError]]
) -> None:
    new, kind = case
    with pytest.raises(kind):
        accrediting.prepare(bureau.office, new)
    with bureau.office.database.read() as connection:
        assert len(institutions.every(connection)) == 1


def test_a_port_is_part_of_the_did_with_its_colon_escaped() -> None:
    assert str(replace(NEW, domain="localhost:8101").did) == "did:web:localhost%3A8101"


def test_an_officer_has_a_name_and_a_key_that_nobody_else_has(bureau: Bureau) -> None:
    _, signer = bureau.officers["park"]
    fresh = Ed25519Signer.generate().public_key
    for name, key in (("park", fresh), ("choi", signer.public_key), ("", fresh), ("a" * 41, fresh), ("a\nb", fresh)):
        with pytest.raises(OfficeError) as caught:
            accrediting.add_officer(bureau.office, bureau.institution, name, Role.REQUEST, key)
        assert caught.value.code == "office.officer"
    with pytest.raises(OfficeError):
        accrediting.add_officer(bureau.office, bureau.institution, "choi", Role.NONE, fresh)
    other_kind = PublicKey(KeyType.P256, b"\x02" + bytes(32))
    with pytest.raises(OfficeError, match="Ed25519"):
        accrediting.add_officer(bureau.office, bureau.institution, "choi", Role.REQUEST, other_kind)
    accrediting.remove_officer(bureau.office, bureau.institution, "park")
    with pytest.raises(OfficeError):
        accrediting.add_officer(bureau.office, bureau.institution, "park", Role.REQUEST, fresh)


def test_key_files_are_encrypted_and_readable_for_their_owner_alone(bureau: Bureau) -> None:
    files = sorted(bureau.office.keys.folder.iterdir())
    assert len(files) == 6
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    signing = bureau.office.key(bureau.institution, ASSERTION)
    seed = bureau.office.keys.signer(signing.reference)
    assert verify(multikey.decode(signing.public), b"x", seed.sign(b"x"))


def test_a_wrong_passphrase_opens_no_key_and_is_not_quoted(bureau: Bureau) -> None:
    from issuer.keyring import KeyRing

    ring = KeyRing(bureau.office.keys.folder, lambda: "falsch-geheim")
    with pytest.raises(SettingsError) as signing:
        ring.signer(bureau.office.key(bureau.institution, ASSERTION).reference)
    with pytest.raises(OfficeError) as account:
        ring.account(bureau.office.key(bureau.institution, OWNER).reference)
    for caught in (signing, account):
        assert "falsch-geheim" not in f"{caught.value} {caught.value.hint}"
    assert account.value.code == "office.key-file"
