"""Copies bound to a holder's key: anchored like everything else, one for one holder, ended with their number."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from issuer import copies, epochs, issuing, offering, releasing
from issuer.checking import Checker
from issuer.claiming import claim, nonce, pick_up
from issuer.formats import Configured, Format
from issuer.offering import Offered, Wishes
from issuer.store import batches, tasks
from issuer.store import copies as copy_store
from issuer.store.batches import BatchState, Credential, CredentialState, Origin
from issuer.store.tables import credentials
from issuer.store.tasks import TaskState
from jikin.codec import multibase
from jikin.credentials.record import NumberRecord
from jikin.errors import OfficeError, ProtocolError
from jikin.openid4vc import key_proof
from jikin.openid4vc.issuance import CredentialResponse, TokenRequest
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.envelopes import jws, sd_jwt
from jikin.proofs.envelopes.sd_jwt_vc import SdJwtVc
from jikin.status.array import State
from jikin.status.token_list import TokenList
from jikin.values import CertificateNumber, Json
from jikin.verification.document import Document
from tests.issuing_office import TYPE, Bureau, rows

OPEN = Wishes(tx_code=False)


def code_in(bureau: Bureau, offered: Offered) -> str:
    from urllib.parse import parse_qs, urlsplit

    (url,) = parse_qs(urlsplit(offered.uri).query)["credential_offer_uri"]
    found = offering.fetch(bureau.office, bureau.institution, url.rpartition("/")[2])
    assert found.pre_authorized_code is not None
    return found.pre_authorized_code


def token_for(bureau: Bureau, offered: Offered) -> str:
    request = TokenRequest(code_in(bureau, offered), offered.tx_code)
    return offering.redeem(bureau.office, bureau.institution, request).access_token


def proofs(bureau: Bureau, *signers: Ed25519Signer) -> Json:
    fresh = nonce(bureau.office, bureau.institution)
    base = bureau.office.profile(bureau.institution).base_url
    return key_proof.proofs_json([key_proof.make(one, base, fresh, bureau.clock()) for one in signers])


def ask(bureau: Bureau, token: str, *signers: Ed25519Signer, configuration: str = TYPE) -> CredentialResponse:
    body: Json = {"credential_configuration_id": configuration, "proofs": proofs(bureau, *signers)}
    return claim(bureau.office, bureau.institution, token, body)


def work_off(bureau: Bureau) -> None:
    """Do what the service's own thread does: collect copies, run the steps of what is unfinished."""
    while True:
        for batch in copies.unfinished(bureau.office):
            bureau.run(batch)
        if copies.collect(bureau.office) is None:
            return


def receive(
    bureau: Bureau, credential: Credential, *signers: Ed25519Signer, format: Format = Format.LDP_VC
) -> CredentialResponse:
    token = token_for(bureau, offering.offer(bureau.office, credential, replace(OPEN, format=format)))
    put_off = ask(bureau, token, *signers, configuration=Configured(TYPE, format).id)
    assert put_off.transaction_id is not None
    work_off(bureau)
    return pick_up(bureau.office, bureau.institution, token, lambda: put_off.transaction_id or "")


def issued(bureau: Bureau, count: int = 1, first: int = 1) -> list[Credential]:
    return list(bureau.credentials(bureau.issue(rows(count, first=first), f"list {first}")))


def every_copy(bureau: Bureau) -> list[Credential]:
    with bureau.office.database.read() as connection:
        found = connection.execute(select(credentials).where(credentials.c.copy_of.is_not(None)))
        return [batches.read(row) for row in found]


def test_a_copy_says_the_same_under_the_same_number_with_the_holder_as_its_subject(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    signer = Ed25519Signer.generate()
    answer = receive(bureau, original, signer)

    (document,) = answer.credentials
    assert isinstance(document, dict)
    stored = json.loads(original.document or b"")
    (copy,) = every_copy(bureau)
    subject = document["credentialSubject"]
    assert subject["id"] == copy.holder
    assert str(copy.holder).startswith("did:key:z6Mk")
    assert (
        subject["licenseNumber"] == stored["credentialSubject"]["licenseNumber"] == str(CertificateNumber(copy.number))
    )
    assert subject["achievement"] == stored["credentialSubject"]["achievement"]
    assert document["validFrom"] == stored["validFrom"]
    assert document["id"] != stored["id"]
    assert document["credentialStatus"] != stored["credentialStatus"]
    assert copy.digest != original.digest


def test_a_copy_passes_the_check_of_strangers_with_its_own_receipt(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    receive(bureau, original, Ed25519Signer.generate())

    (copy,) = every_copy(bureau)
    batch = bureau.batch(copy.batch_id)
    (one,) = releasing.issued(bureau.office, bureau.institution, batch, [copy])
    assert Checker.of(bureau.office, bureau.institution).objections(one.document) == ()
    assert (batch.origin, batch.state, batch.count) == (Origin.COPIES, BatchState.RELEASED, 1)
    assert copy.digest is not None
    public = bureau.office.public(bureau.institution).path
    assert (public / "receipts" / copy.digest.raw.hex()).is_file()


def test_the_record_of_a_number_names_the_original_whatever_copies_there_are(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    path = bureau.office.public(bureau.institution).path / "n" / original.number
    before = path.read_bytes()
    receive(bureau, original, Ed25519Signer.generate())
    assert path.read_bytes() == before


def test_a_copy_keeps_no_record_of_its_own(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    receive(bureau, original, Ed25519Signer.generate())
    (copy,) = every_copy(bureau)
    assert copy.record is None
    assert original.record is not None


def test_the_same_holder_gets_the_same_copy_with_every_offer(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    signer = Ed25519Signer.generate()
    first = receive(bureau, original, signer)
    token = token_for(bureau, offering.offer(bureau.office, original, OPEN))
    put_off = ask(bureau, token, signer)
    if put_off.transaction_id is not None:
        work_off(bureau)
        waited = put_off.transaction_id
        put_off = pick_up(bureau.office, bureau.institution, token, lambda: waited)
    again = ask(bureau, token, signer)
    assert first.credentials == put_off.credentials == again.credentials
    assert len(every_copy(bureau)) == 1


def test_copies_of_one_moment_share_a_batch_and_stand_in_the_list_of_their_originals(bureau: Bureau) -> None:
    originals = issued(bureau, 3)
    tokens = [token_for(bureau, offering.offer(bureau.office, one, OPEN)) for one in originals]
    for token in tokens:
        ask(bureau, token, Ed25519Signer.generate())
    work_off(bureau)
    made = every_copy(bureau)
    assert len({one.batch_id for one in made}) == 1
    assert {one.copy_of for one in made} == {one.id for one in originals}
    assert {one.status_list_id for one in made} == {one.status_list_id for one in originals}
    assert len({one.status_index for one in (*made, *originals)}) == 6


def test_one_offer_is_good_for_three_keys_and_no_more(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    answer = receive(bureau, original, *(Ed25519Signer.generate() for _ in range(3)))
    assert len({document["credentialSubject"]["id"] for document in answer.credentials}) == 3  # type: ignore[index,call-overload]
    token = token_for(bureau, offering.offer(bureau.office, original, OPEN))
    ask(bureau, token, *(Ed25519Signer.generate() for _ in range(3)))
    with pytest.raises(ProtocolError) as caught:
        ask(bureau, token, Ed25519Signer.generate())
    assert caught.value.oauth == "credential_request_denied"


# --------------------------------------------------------------------------------------------- ended with their number


def publish(bureau: Bureau, state: State = State.REVOKED, *numbers: CertificateNumber) -> None:
    reason = {State.REVOKED: "issued-in-error", State.SUSPENDED: "under-investigation"}.get(
        state, "investigation-closed"
    )
    task = bureau.approve(bureau.request(numbers, state, reason))
    epochs.publish(bureau.office, task.task.id)


def test_revoking_a_number_revokes_the_original_and_every_copy_in_one_task(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    receive(bureau, original, Ed25519Signer.generate())
    receive(bureau, original, Ed25519Signer.generate())
    publish(bureau, State.REVOKED, CertificateNumber(original.number))

    states = [one.state for one in every_copy(bureau)]
    assert states == [CredentialState.REVOKED] * 2
    checker = Checker.of(bureau.office, bureau.institution)
    for copy in every_copy(bureau):
        (one,) = releasing.issued(bureau.office, bureau.institution, bureau.batch(copy.batch_id), [copy])
        assert checker.objections(one.document) == ("status.revoked",)
    path = bureau.office.public(bureau.institution).path / "n" / original.number
    assert NumberRecord.parse(json.loads(path.read_text("utf-8"))).effective is not None


def test_a_certificate_that_was_revoked_is_neither_offered_nor_copied(bureau: Bureau) -> None:
    original, other = issued(bureau, 2)
    token = token_for(bureau, offering.offer(bureau.office, original, OPEN))
    late = token_for(bureau, offering.offer(bureau.office, other, OPEN))
    put_off = ask(bureau, late, Ed25519Signer.generate())
    publish(bureau, State.REVOKED, CertificateNumber(original.number), CertificateNumber(other.number))

    with pytest.raises(OfficeError) as refused:
        offering.offer(bureau.office, original, OPEN)
    assert refused.value.code == "office.not-in-force"
    with pytest.raises(ProtocolError) as denied:
        ask(bureau, token, Ed25519Signer.generate())
    assert denied.value.oauth == "credential_request_denied"
    work_off(bureau)
    with pytest.raises(ProtocolError) as denied:
        pick_up(bureau.office, bureau.institution, late, lambda: put_off.transaction_id or "")
    assert denied.value.oauth == "credential_request_denied"
    assert every_copy(bureau) == []


def test_no_copy_is_made_while_a_signed_request_waits_for_its_second_officer(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    token = token_for(bureau, offering.offer(bureau.office, original, OPEN))
    task = bureau.request([CertificateNumber(original.number)])
    put_off = ask(bureau, token, Ed25519Signer.generate())
    work_off(bureau)
    assert every_copy(bureau) == []
    assert (
        pick_up(bureau.office, bureau.institution, token, lambda: put_off.transaction_id or "").transaction_id
        is not None
    )

    bureau.clock.now += int(bureau.office.settings.approval_hours * 3600) + 1  # nobody approved
    work_off(bureau)
    assert [one.state for one in every_copy(bureau)] == [CredentialState.RELEASED]
    assert task.state is TaskState.OPEN


def test_a_change_that_leaves_out_a_copy_is_refused(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    task = bureau.approve(bureau.request([CertificateNumber(original.number)]))
    with bureau.office.database.write() as connection:  # a copy slips in: as if made in another process
        tasks.set_state(connection, task.task.id, TaskState.REFUSED)
    receive(bureau, original, Ed25519Signer.generate())
    with bureau.office.database.write() as connection:
        tasks.set_state(connection, task.task.id, TaskState.APPROVED)
    with pytest.raises(OfficeError, match="received a copy") as caught:
        epochs.publish(bureau.office, task.task.id)
    assert caught.value.code == "office.state"


def test_a_copy_that_is_revoked_while_it_is_made_is_never_released(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    token = token_for(bureau, offering.offer(bureau.office, original, OPEN))
    put_off = ask(bureau, token, Ed25519Signer.generate())
    batch_id = copies.collect(bureau.office)
    assert batch_id is not None
    bureau.run(bureau.batch(batch_id), until="verify_chunk")
    publish(bureau, State.REVOKED, CertificateNumber(original.number))
    work_off(bureau)

    (copy,) = every_copy(bureau)
    assert copy.state is CredentialState.REVOKED
    with pytest.raises(ProtocolError) as denied:
        pick_up(bureau.office, bureau.institution, token, lambda: put_off.transaction_id or "")
    assert denied.value.oauth == "credential_request_denied"


def test_a_suspended_and_reinstated_certificate_takes_its_copies_along(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    receive(bureau, original, Ed25519Signer.generate())
    number = CertificateNumber(original.number)
    publish(bureau, State.SUSPENDED, number)
    assert [one.state for one in every_copy(bureau)] == [CredentialState.SUSPENDED]
    publish(bureau, State.VALID, number)
    assert [one.state for one in every_copy(bureau)] == [CredentialState.RELEASED]


# ---------------------------------------------------------------------------------------------------------- cut off


@pytest.mark.parametrize("before", ["sign_chunk", "plant", "prepare_anchor", "anchor", "verify_chunk", "release"])
def test_a_batch_of_copies_goes_on_where_it_was_cut_off(bureau: Bureau, before: str) -> None:
    (original,) = issued(bureau)
    token = token_for(bureau, offering.offer(bureau.office, original, OPEN))
    put_off = ask(bureau, token, Ed25519Signer.generate())
    batch_id = copies.collect(bureau.office)
    assert batch_id is not None
    bureau.run(bureau.batch(batch_id), until=before)
    assert copies.collect(bureau.office) is None
    work_off(bureau)
    assert len(every_copy(bureau)) == 1
    answer = pick_up(bureau.office, bureau.institution, token, lambda: put_off.transaction_id or "")
    assert len(answer.credentials) == 1


def test_a_copy_of_what_was_erased_meanwhile_is_refused(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    token = token_for(bureau, offering.offer(bureau.office, original, OPEN))
    put_off = ask(bureau, token, Ed25519Signer.generate())
    with bureau.office.database.write() as connection:
        connection.execute(credentials.update().where(credentials.c.id == original.id).values(record=None))
    batch_id = copies.collect(bureau.office)
    assert batch_id is not None
    with pytest.raises(OfficeError) as caught:
        bureau.run(bureau.batch(batch_id))
    assert caught.value.code == batches.NOTHING_SIGNED
    with pytest.raises(ProtocolError):
        pick_up(bureau.office, bureau.institution, token, lambda: put_off.transaction_id or "")


def test_an_invented_person_is_issued_a_certificate_before_the_copy(bureau: Bureau) -> None:
    kind = bureau.office.types.named(TYPE)
    offered = offering.offer_record(bureau.office, bureau.institution, kind, None, OPEN)
    token = token_for(bureau, offered)
    put_off = ask(bureau, token, Ed25519Signer.generate())
    work_off(bureau)
    answer = pick_up(bureau.office, bureau.institution, token, lambda: put_off.transaction_id or "")
    assert len(answer.credentials) == 1
    with bureau.office.database.read() as connection:
        made = batches.every(connection, bureau.institution.id)
    assert [one.origin for one in made] == [Origin.OFFER, Origin.COPIES]


def test_a_record_that_stands_in_a_certificate_is_offered_as_it_is(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    kind = bureau.office.types.named(TYPE)
    subject = {name: str(value) for name, value in (original.record or {}).items()}
    offering.offer_record(bureau.office, bureau.institution, kind, subject, OPEN)
    with bureau.office.database.read() as connection:
        assert len(batches.every(connection, bureau.institution.id)) == 1


def test_issuing_knows_nothing_of_a_holder_for_an_original(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    assert "id" not in json.loads(original.document or b"")["credentialSubject"]
    assert original.holder is None
    assert issuing.batch_of(bureau.office, original.batch_id)[0].origin is Origin.LIST
    with bureau.office.database.read() as connection:
        assert copy_store.copies_of(connection, [original.id]) == ()


# --- copies of which the holder shows a part ---


def selective(bureau: Bureau, original: Credential, signer: Ed25519Signer) -> tuple[str, Credential]:
    answer = receive(bureau, original, signer, format=Format.SD_JWT_VC)
    (text,) = answer.credentials
    assert isinstance(text, str)
    (copy,) = (one for one in every_copy(bureau) if one.format == Format.SD_JWT_VC)
    return text, copy


def test_a_copy_as_sd_jwt_vc_says_the_same_and_is_made_out_to_the_holders_key(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    signer = Ed25519Signer.generate()
    text, copy = selective(bureau, original, signer)
    opened = SdJwtVc().open(text.encode())
    assert opened.holder_key == signer.public_key
    assert opened.claims["certificate_number"] == str(CertificateNumber(original.number))
    assert opened.claims["iss"] == str(bureau.institution.did)
    assert isinstance(opened.issued_at, int)
    assert opened.issued_at % 86_400 == 0
    record = original.record or {}
    assert opened.claims["birth_date"] == record["birth_date"]
    payload = json.loads(jws.read(text.split("~")[0]).payload)
    assert not {"name", "birth_date", "certificate_number"} & payload.keys()
    assert (copy.holder or "").startswith("did:key:z6Mk")


def test_such_a_copy_passes_the_check_of_strangers_whatever_is_shown_of_it(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    text, copy = selective(bureau, original, Ed25519Signer.generate())
    (one,) = releasing.issued(bureau.office, bureau.institution, bureau.batch(copy.batch_id), [copy])
    checker = Checker.of(bureau.office, bureau.institution)
    assert checker.objections(one.document) == ()
    for shown in ((), (("name",),), (("name",), ("passed_on",))):
        part = sd_jwt.present(text, shown)
        assert checker.objections(Document.of(part, one.receipt)) == ()
        assert "2003-04-17" not in part


@pytest.mark.parametrize("what", ["a claim", "a disclosure", "the signature"])
def test_such_a_copy_altered_is_noticed(bureau: Bureau, what: str) -> None:
    (original,) = issued(bureau)
    text, copy = selective(bureau, original, Ed25519Signer.generate())
    (one,) = releasing.issued(bureau.office, bureau.institution, bureau.batch(copy.batch_id), [copy])
    head, payload, rest = text.split(".", 2)
    signature, tilde, disclosures = rest.partition("~")
    if what == "a claim":
        claims = json.loads(multibase.decode_base64url(payload))
        changed = multibase.encode_base64url(json.dumps({**claims, "title": "기중기운전기능사"}).encode())
        text = f"{head}.{changed}.{rest}"
    elif what == "a disclosure":
        first, more = disclosures.split("~", 1)
        salt, name, _ = json.loads(multibase.decode_base64url(first))
        lie = multibase.encode_base64url(json.dumps([salt, name, "이도둑"]).encode())
        text = f"{head}.{payload}.{signature}~{lie}~{more}"
    else:
        text = f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}{tilde}{disclosures}"
    objections = Checker.of(bureau.office, bureau.institution).objections(Document.of(text, one.receipt))
    assert {"a claim": "proof.mismatch", "a disclosure": "proof.malformed", "the signature": "proof.mismatch"}[
        what
    ] in objections


def test_one_key_may_have_a_copy_in_each_format_and_each_once(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    signer = Ed25519Signer.generate()
    for wanted in (Format.LDP_VC, Format.SD_JWT_VC, Format.SD_JWT_VC, Format.LDP_VC):
        receive(bureau, original, signer, format=wanted)
    assert sorted(copy.format for copy in every_copy(bureau)) == ["dc+sd-jwt", "ldp_vc"]


def test_revoking_the_number_ends_the_copy_in_every_format(bureau: Bureau) -> None:
    (original,) = issued(bureau)
    text, copy = selective(bureau, original, Ed25519Signer.generate())
    publish(bureau, State.REVOKED, CertificateNumber(original.number))
    (one,) = releasing.issued(bureau.office, bureau.institution, bureau.batch(copy.batch_id), [copy])
    assert "status.revoked" in Checker.of(bureau.office, bureau.institution).objections(one.document)
    url = SdJwtVc().open(text.encode()).claims["status"]["status_list"]  # type: ignore[index,call-overload]
    listed = bureau.office.public(bureau.institution).path / "status" / url["uri"].split("/")[-2] / "token"  # type: ignore[index,union-attr,call-overload]
    token = jws.read(listed.read_bytes())
    token.check_type("statuslist+jwt")
    assert TokenList.parse(token.claims(), str(url["uri"])).get(int(url["idx"])) == 1  # type: ignore[index,call-overload]
