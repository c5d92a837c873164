"""Offers over HTTP: the ordinary way, and every abuse of codes and tokens that has a name (OPENID4VC 5)."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy import select

from issuer import claiming, offering
from issuer.offering import Wishes
from issuer.pepper import tag
from issuer.store import audit
from issuer.store.holder_tables import claims, grants
from jikin.credentials.types import CredentialTypes
from jikin.errors import OfficeError
from jikin.openid4vc import key_proof
from jikin.openid4vc.metadata import IssuerMetadata, ServerMetadata
from jikin.openid4vc.offer import PRE_AUTHORIZED, CredentialOffer
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Json
from tests import issuing_office
from tests.issuing_office import TYPE, open_bureau, rows
from tests.issuing_service import (
    HERE,
    Counter,
    Holder,
    at_once,
    bearer,
    busy_counter,
    counter,
    dev_tokens,
    number_of,
    offer_url,
    offered,
    open_counter,
    postgres,
    refused,
)

__all__ = ["busy_counter", "counter", "postgres"]


# --------------------------------------------------------------------------------------------------- the ordinary way


def test_a_holder_receives_her_certificate_by_offer_and_transaction_code(counter: Counter) -> None:
    offer = offered(counter, tx_code=True)
    answer = Holder(counter).accept(offer["offer"], offer["tx_code"])
    (entry,) = answer["credentials"]  # type: ignore[misc]
    assert entry["credential"]["credentialSubject"]["id"].startswith("did:key:z6Mk")  # type: ignore[index,call-overload]
    assert "proof" in entry["credential"]  # type: ignore[index,call-overload]


def test_the_offer_is_a_short_link_by_reference_and_a_link_to_the_office_s_wallet(counter: Counter) -> None:
    offer = offered(counter)
    url = offer_url(offer["offer"])
    assert url.startswith("http://localhost:8101/hrdk/offers/")
    assert len(str(offer["offer"])) < 200
    assert str(offer["link"]).startswith("http://localhost:8102/receive?offer=openid-credential-offer%3A%2F%2F")
    answer = counter.client.get(url)
    assert answer.headers["cache-control"] == "no-store"
    found = CredentialOffer.parse(answer.json())
    assert found.issuer == counter.base
    assert found.configurations == (TYPE,)
    assert found.tx_code is None


def test_an_offer_says_how_long_its_code_is_and_nothing_of_the_holder(counter: Counter) -> None:
    offer = offered(counter, tx_code=True)
    answer = counter.client.get(offer_url(offer["offer"]))
    grant = answer.json()["grants"][PRE_AUTHORIZED]
    assert grant["tx_code"]["length"] == 6
    assert grant["tx_code"]["input_mode"] == "numeric"
    assert str(offer["tx_code"]) not in answer.text
    assert "이도윤" not in answer.text
    assert len(str(offer["tx_code"])) == 6


def test_issuer_and_server_metadata_lie_at_both_places_and_agree(counter: Counter) -> None:
    for name, parse in (
        ("openid-credential-issuer", IssuerMetadata.parse),
        ("oauth-authorization-server", ServerMetadata.parse),
    ):
        first = counter.get(f"/.well-known/{name}/hrdk")
        assert first == counter.get(f"/hrdk/.well-known/{name}") == counter.get(f"/.well-known/{name}")
        parse(first, counter.base)


def test_every_configuration_has_credential_metadata_in_both_languages(counter: Counter) -> None:
    metadata = IssuerMetadata.parse(counter.get("/.well-known/openid-credential-issuer/hrdk"), counter.base)
    assert list(metadata.configurations) == [TYPE, f"{TYPE}.sd-jwt"]
    selective = metadata.configurations[f"{TYPE}.sd-jwt"]
    assert (selective.format, selective.vct) == ("dc+sd-jwt", CredentialTypes.packaged().named(TYPE).claims.vct)
    assert selective.signing == ("EdDSA", "Ed25519")
    assert {one.locale for claim in selective.claims for one in claim.display} == {"ko", "en"}
    configuration = metadata.configurations[TYPE]
    assert configuration.format == "ldp_vc"
    assert configuration.signing == ("eddsa-rdfc-2022",)
    assert {one.locale for one in configuration.display} == {"ko", "en"}
    assert all({one.locale for one in claim.display} == {"ko", "en"} for claim in configuration.claims)
    assert (
        "credential_metadata"
        in counter.get("/hrdk/.well-known/openid-credential-issuer")["credential_configurations_supported"][TYPE]
    )  # type: ignore[index,call-overload]


def test_every_claim_that_the_metadata_names_stands_in_the_credential(counter: Counter) -> None:
    metadata = IssuerMetadata.parse(counter.get("/.well-known/openid-credential-issuer/hrdk"), counter.base)
    answer = Holder(counter).accept(offered(counter)["offer"])
    for claim in metadata.configurations[TYPE].claims:
        found = answer["credentials"][0]["credential"]  # type: ignore[index,call-overload]
        for name in claim.path:
            found = found[name]  # type: ignore[index,call-overload]
        assert found


def test_an_unknown_institution_has_no_metadata_and_no_endpoints(counter: Counter) -> None:
    assert counter.client.get("/.well-known/openid-credential-issuer/kosha").status_code == 404
    for name in ("token", "nonce", "credential", "deferred", "notification"):
        assert counter.client.post(f"/kosha/{name}", json={}).status_code == 404


def test_a_notification_is_kept_and_may_be_said_twice(counter: Counter) -> None:
    holder = Holder(counter)
    holder.accept(offered(counter)["offer"])
    said = {"notification_id": holder.notification(), "event": "credential_accepted"}
    for _ in range(2):
        kept = counter.client.post(holder.endpoint("notification"), json=said, headers=bearer(holder.access))
        assert kept.status_code == 204
    with counter.bureau.office.database.read() as connection:
        assert connection.execute(select(claims.c.event)).scalars().all() == [None, "credential_accepted"]


def test_a_wallet_that_is_put_off_on_purpose_picks_up_once(counter: Counter) -> None:
    holder = Holder(counter)
    holder.redeem(holder.code(offered(counter, deferred=True)["offer"]))
    put_off = holder.claim()
    assert put_off.status_code == 202
    transaction = put_off.json()["transaction_id"]
    assert put_off.json()["interval"] >= 1
    waits = holder.pick_up(transaction)
    assert waits.status_code == 202
    assert waits.json()["transaction_id"] == transaction
    counter.work_off()
    assert holder.pick_up(transaction).status_code == 200
    refused(holder.pick_up(transaction), "invalid_transaction_id")


def test_what_was_put_off_waits_a_day_though_the_token_is_good_for_minutes(counter: Counter) -> None:
    holder = Holder(counter)
    holder.redeem(holder.code(offered(counter, deferred=True)["offer"]))
    transaction = holder.claim().json()["transaction_id"]
    counter.bureau.clock.now += claiming.PICK_UP_SECONDS - 60
    refused(holder.claim(), "invalid_token", 401)
    counter.work_off()
    assert holder.pick_up(transaction).status_code == 200


def test_three_keys_get_three_copies_of_one_certificate_in_the_order_of_their_proofs(counter: Counter) -> None:
    first = Holder(counter)
    first.redeem(first.code(offered(counter)["offer"]))
    signers = [Ed25519Signer.generate() for _ in range(3)]
    nonce, now = first.nonce(), counter.bureau.clock()
    proofs = [key_proof.make(signer, counter.base, nonce, now) for signer in signers]
    put_off = first.claim(*proofs)
    counter.work_off()
    answer = first.pick_up(put_off.json()["transaction_id"]).json()
    subjects = [entry["credential"]["credentialSubject"]["id"] for entry in answer["credentials"]]
    assert subjects == [str(key_proof.check(p, counter.base, now).did) for p in proofs]


# ------------------------------------------------------------------------------------------------- codes and tokens


def test_a_code_is_good_once(counter: Counter) -> None:
    holder = Holder(counter)
    code = holder.code(offered(counter)["offer"])
    assert holder.redeem(code).status_code == 200
    refused(holder.redeem(code), "invalid_grant")


def test_a_code_redeemed_by_many_at_once_gives_one_token(busy_counter: Counter) -> None:
    code = Holder(busy_counter).code(offered(busy_counter)["offer"])
    found = at_once(8, lambda _n: Holder(busy_counter).redeem(code).status_code)
    assert sorted(found) == [200] + [400] * 7
    with busy_counter.bureau.office.database.read() as connection:
        assert len(connection.execute(select(grants)).all()) == 1


def test_an_unknown_code_is_refused_without_a_hint_of_others(counter: Counter) -> None:
    offered(counter)
    refused(Holder(counter).redeem("no-such-code"), "invalid_grant")


def test_an_expired_code_is_refused_and_its_offer_gone(counter: Counter) -> None:
    offer = offered(counter)
    holder = Holder(counter)
    code = holder.code(offer["offer"])
    counter.bureau.clock.now += offering.OFFER_SECONDS
    refused(holder.redeem(code), "invalid_grant")
    assert counter.client.get(offer_url(offer["offer"])).status_code == 404


def test_a_used_offer_is_gone(counter: Counter) -> None:
    offer = offered(counter)
    holder = Holder(counter)
    holder.redeem(holder.code(offer["offer"]))
    gone = counter.client.get(offer_url(offer["offer"]))
    assert gone.status_code == 404
    assert gone.json()["code"] == "office.offer.not-found"


def test_five_wrong_transaction_codes_kill_the_offer_also_for_the_right_one(counter: Counter) -> None:
    offer = offered(counter, tx_code=True)
    holder = Holder(counter)
    code = holder.code(offer["offer"])
    wrong = "000000" if offer["tx_code"] != "000000" else "000001"
    for _ in range(5):
        refused(holder.redeem(code, wrong), "invalid_grant")
    assert "dead" in refused(holder.redeem(code, offer["tx_code"]), "invalid_grant")
    assert counter.client.get(offer_url(offer["offer"])).status_code == 404


def test_four_wrong_transaction_codes_leave_the_offer_alive(counter: Counter) -> None:
    offer = offered(counter, tx_code=True)
    holder = Holder(counter)
    code = holder.code(offer["offer"])
    wrong = "000000" if offer["tx_code"] != "000000" else "000001"
    for _ in range(4):
        refused(holder.redeem(code, wrong), "invalid_grant")
    assert holder.redeem(code, offer["tx_code"]).status_code == 200


def test_transaction_codes_guessed_by_many_at_once_are_all_counted(busy_counter: Counter) -> None:
    offer = offered(busy_counter, tx_code=True)
    code = Holder(busy_counter).code(offer["offer"])
    guesses = [f"{n:06d}" for n in range(20) if f"{n:06d}" != offer["tx_code"]][:12]
    at_once(12, lambda n: Holder(busy_counter).redeem(code, guesses[n]).status_code)
    assert "dead" in refused(Holder(busy_counter).redeem(code, offer["tx_code"]), "invalid_grant")


def test_a_missing_transaction_code_is_no_guess(counter: Counter) -> None:
    offer = offered(counter, tx_code=True)
    holder = Holder(counter)
    code = holder.code(offer["offer"])
    for _ in range(6):
        refused(holder.redeem(code), "invalid_request")
    assert holder.redeem(code, offer["tx_code"]).status_code == 200


def test_a_transaction_code_that_nobody_asked_for_is_refused(counter: Counter) -> None:
    holder = Holder(counter)
    refused(holder.redeem(holder.code(offered(counter)["offer"]), "123456"), "invalid_request")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
        ({"grant_type": PRE_AUTHORIZED}, "invalid_request"),
        ({"grant_type": PRE_AUTHORIZED, "pre-authorized_code": "x" * 5000}, "invalid_request"),
    ],
    ids=["nothing", "password", "authorization-code", "no-code", "endless-code"],
)
def test_a_token_request_that_is_none_is_refused_in_the_standard_s_words(
    counter: Counter, fields: dict[str, str], error: str
) -> None:
    refused(counter.client.post("/hrdk/token", data=fields), error)


def test_a_token_request_as_json_is_refused(counter: Counter) -> None:
    refused(counter.client.post("/hrdk/token", json={"grant_type": PRE_AUTHORIZED}), "invalid_request")


def test_a_token_ends_after_five_minutes(counter: Counter) -> None:
    holder = Holder(counter)
    answer = holder.redeem(holder.code(offered(counter)["offer"]))
    assert answer.json()["expires_in"] == 300
    assert answer.json()["token_type"] == "Bearer"
    counter.bureau.clock.now += 300
    refused(holder.claim(), "invalid_token", 401)


@pytest.mark.parametrize("token", [None, "not-a-token", "x" * 5000], ids=["none", "invented", "endless"])
@pytest.mark.parametrize("endpoint", ["credential", "deferred", "notification"])
def test_without_a_good_token_the_answer_is_401_with_www_authenticate(
    counter: Counter, token: str | None, endpoint: str
) -> None:
    answer = counter.client.post(f"/hrdk/{endpoint}", json={"a": 1}, headers=bearer(token))
    refused(answer, "invalid_token", 401)
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_a_token_in_the_address_is_refused(counter: Counter) -> None:
    holder = Holder(counter)
    holder.redeem(holder.code(offered(counter)["offer"]))
    body = {"credential_configuration_id": TYPE, "proofs": {"jwt": [holder.proof()]}}
    answer = counter.client.post(f"{holder.endpoint('credential')}?access_token={holder.access}", json=body)
    refused(answer, "invalid_request")
    with_both = counter.client.post(
        f"{holder.endpoint('credential')}?access_token={holder.access}", json=body, headers=bearer(holder.access)
    )
    refused(with_both, "invalid_request")


# --------------------------------------------------------------------------------------------------- making offers


def test_offers_need_a_token_with_the_scope(counter: Counter) -> None:
    from issuer.tokens import make

    body = {"number": "x"}
    without = counter.client.post("/offers", json=body)
    assert (without.status_code, without.json()["code"]) == (401, "access.token")
    assert without.headers["www-authenticate"].startswith("Bearer")
    other = make(counter.bureau.office, "status only", ["status"]).token
    wrong = counter.client.post("/offers", json=body, headers=bearer(other))
    assert (wrong.status_code, wrong.json()["code"]) == (403, "access.scope")


def test_a_revoked_token_is_good_for_nothing(counter: Counter) -> None:
    from issuer import tokens

    made = tokens.make(counter.bureau.office, "one", ["offers"])
    tokens.revoke(counter.bureau.office, made.stored.id)
    assert counter.client.post("/offers", json={}, headers=bearer(made.token)).status_code == 401


def test_a_certificate_is_issued_to_a_subject_first_and_then_offered(counter: Counter) -> None:
    subject = dict(zip(issuing_office.HEADER.split(","), issuing_office.row(7).split(","), strict=True))
    offer = counter.offers(type=TYPE, subject=subject)  # type: ignore[arg-type]
    counter.work_off()
    answer = Holder(counter).accept(offer["offer"])
    credential = answer["credentials"][0]["credential"]  # type: ignore[index,call-overload]
    names = [one["identityHash"] for one in credential["credentialSubject"]["identifier"]]  # type: ignore[index,call-overload]
    assert subject["성명"] in names


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "offers.subject"),
        ({"type": TYPE}, "offers.subject"),
        ({"type": "passport", "subject": {}}, "type.unknown"),
        ({"type": "course-completion", "subject": {}}, "office.type-not-allowed"),
        ({"type": 7}, "request.invalid"),
        ({"type": TYPE, "subject": {"이름": "김하늘"}}, "office.subject"),
        ({"type": TYPE, "subject": {"혈액형": "A"}}, "office.subject"),
        ({"type": TYPE, "subject": {"이름": 7}}, "offers.subject"),
        ({"type": TYPE, "subject": "김하늘"}, "offers.subject"),
        ({"number": "26-KR12-AAAA-AAAA-AAAA-AA"}, "number.mistyped"),
        ({"number": 7}, "request.invalid"),
        ({"configurations": [TYPE, "other"]}, "offers.configurations"),
        ({"configurations": [TYPE], "type": "other"}, "offers.configurations"),
        ({"configurations": TYPE}, "offers.configurations"),
        ({"grant": "authorization_code"}, "offers.grant"),
        ({"tx_code": "yes"}, "request.invalid"),
    ],
)
def test_an_offer_that_cannot_be_made_is_refused_with_its_reason(
    counter: Counter, body: dict[str, Json], code: str
) -> None:
    answer = counter.client.post("/offers", json=body, headers=bearer(counter.token))
    assert 400 <= answer.status_code < 500
    assert answer.json()["code"] == code
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_number_that_nobody_has_cannot_be_offered(counter: Counter) -> None:
    from jikin.values import CertificateNumber

    for code in ("KR12", "ZZZZ"):
        body = {"number": str(CertificateNumber.random(26, code))}
        answer = counter.client.post("/offers", json=body, headers=bearer(counter.token))
        assert (answer.status_code, answer.json()["code"]) == (404, "office.number-unknown")


def test_the_development_token_has_an_invented_person_and_every_scope(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing_office, "NEW", HERE)
    bureau = open_bureau(tmp_path / "office", claim_wait_seconds=0.0, dev_tokens=dev_tokens(tmp_path))
    with bureau.office:
        counter = open_counter(bureau)
        counter.token = "dev-token-of-the-tests"
        offer = counter.offers(tx_code=True)
        counter.work_off()
        answer = Holder(counter).accept(offer["offer"], offer["tx_code"])
        assert len(answer["credentials"]) == 1  # type: ignore[arg-type]


def test_a_certificate_that_is_not_in_force_cannot_be_offered(counter: Counter) -> None:
    from issuer import epochs
    from jikin.values import CertificateNumber

    number = number_of(counter.bureau)
    task = counter.bureau.approve(counter.bureau.request([CertificateNumber.parse(number)]))
    epochs.publish(counter.bureau.office, task.task.id)
    answer = counter.client.post("/offers", json={"number": number}, headers=bearer(counter.token))
    assert (answer.status_code, answer.json()["code"]) == (409, "office.not-in-force")


# ------------------------------------------------------------------------------------------------------ what is kept


def test_no_code_token_nonce_or_transaction_stands_in_the_database(counter: Counter) -> None:
    offer = offered(counter, tx_code=True)
    holder = Holder(counter)
    code = holder.code(offer["offer"])
    holder.redeem(code, offer["tx_code"])
    nonce = holder.nonce()
    put_off = holder.claim(holder.proof())
    secrets = [
        code,
        holder.access,
        nonce,
        put_off.json()["transaction_id"],
        offer_url(offer["offer"]).rpartition("/")[2],
    ]
    secrets += [offer["tx_code"], counter.token]
    for name in ("office.db", "office.db-wal"):
        data = (counter.bureau.office.settings.data / name).read_bytes()
        assert not [secret for secret in secrets if str(secret).encode() in data]


def test_the_pepper_is_a_private_file_and_the_same_next_time(counter: Counter) -> None:
    office = counter.bureau.office
    first = tag(office, b"x")
    path = office.settings.path(office.settings.keys) / "pepper"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert tag(office, b"x") == first != tag(office, b"y")
    path.write_bytes(b"short")
    with pytest.raises(OfficeError) as caught:
        tag(office, b"x")
    assert caught.value.code == "office.key-file"


def test_an_offer_is_written_into_the_log_of_acts_without_its_secrets(counter: Counter) -> None:
    (batch,) = [counter.bureau.issue(rows(1))]
    (credential,) = counter.bureau.credentials(batch)
    officer, _ = counter.bureau.officers["park"]
    made = offering.offer(counter.bureau.office, credential, Wishes(officer_id=officer.id))
    with counter.bureau.office.database.read() as connection:
        (entry,) = [one for one in audit.entries(connection) if one.act == "certificate offered"]
    assert (entry.officer_id, entry.subject, entry.detail) == (officer.id, f"offers/{made.id}", {})


def test_nothing_secret_shows_in_a_repr(counter: Counter) -> None:
    (credential,) = counter.bureau.credentials(counter.bureau.issue(rows(1)))
    made = offering.offer(counter.bureau.office, credential)
    assert made.tx_code is not None
    assert made.tx_code not in repr(made)
    assert "offers/" not in repr(made)


def test_metrics_and_logs_know_routes_and_no_reference_number_or_transaction(counter: Counter) -> None:
    offer = offered(counter)
    holder = Holder(counter)
    holder.accept(offer["offer"])
    number = number_of(counter.bureau, first=90)
    counter.client.get(f"/hrdk/n/{number}")
    said = counter.client.get("/metrics").text
    assert 'route="/{org}/n/{number}"' in said
    assert 'route="/{org}/offers/{reference}"' in said
    assert number not in said
    assert offer_url(offer["offer"]).rpartition("/")[2] not in said
