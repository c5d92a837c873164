"""Claims over HTTP: nonces, key proofs, requests, waiting, and every abuse that has a name (OPENID4VC 5)."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select, text

from issuer.http import protocol
from issuer.store.holder_tables import nonces, offers
from issuer.store.tables import credentials
from jikin.openid4vc import key_proof
from jikin.openid4vc.offer import PRE_AUTHORIZED
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Json
from tests import issuing_office
from tests.issuing_office import TYPE, NewInstitution, open_bureau
from tests.issuing_service import (
    HERE,
    Counter,
    Holder,
    at_once,
    bearer,
    busy_counter,
    counter,
    offered,
    open_counter,
    postgres,
    ready,
    refused,
)

__all__ = ["busy_counter", "counter", "postgres"]


# -------------------------------------------------------------------------------------------------- nonces and proofs


def test_a_nonce_is_not_kept_by_anybody_and_is_long(counter: Counter) -> None:
    answer = counter.client.post("/hrdk/nonce")
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.json()["c_nonce"]) >= 43


def test_a_nonce_is_good_once(counter: Counter) -> None:
    holder = ready(counter)
    nonce = holder.nonce()
    assert holder.claim(holder.proof(nonce)).status_code == 202
    refused(holder.claim(holder.proof(nonce)), "invalid_nonce")


def test_a_nonce_used_by_many_at_once_is_good_for_one(busy_counter: Counter) -> None:
    holder = ready(busy_counter)
    proof = holder.proof()
    found = at_once(8, lambda _n: holder.claim(proof).status_code)
    assert sorted(found) == [202] + [400] * 7


def test_the_same_holder_at_once_with_many_nonces_gets_one_copy(busy_counter: Counter) -> None:
    holder = ready(busy_counter)
    proofs = [holder.proof() for _ in range(6)]
    assert at_once(6, lambda n: holder.claim(proofs[n]).status_code) == [202] * 6
    busy_counter.work_off()
    with busy_counter.bureau.office.database.read() as connection:
        found = connection.execute(select(credentials.c.id).where(credentials.c.copy_of.is_not(None))).all()
    assert len(found) == 1


def test_a_nonce_ends_after_five_minutes_and_is_forgotten(counter: Counter) -> None:
    holder = ready(counter)
    nonce = holder.nonce()
    counter.bureau.clock.now += 299
    late = ready(counter, first=50)
    counter.bureau.clock.now += 1
    refused(late.claim(late.proof(nonce)), "invalid_nonce")
    late.nonce()
    with counter.bureau.office.database.read() as connection:
        assert len(connection.execute(select(nonces)).all()) == 1


def test_a_nonce_of_another_issuer_is_refused(counter: Counter) -> None:
    holder = ready(counter)
    refused(holder.claim(holder.proof("c-nonce-from-elsewhere")), "invalid_nonce")


def test_a_proof_for_another_issuer_is_refused(counter: Counter) -> None:
    holder = ready(counter)
    refused(holder.claim(holder.proof(aud="https://other.example")), "invalid_proof")
    refused(holder.claim(holder.proof(aud=counter.base + "/")), "invalid_proof")


@pytest.mark.parametrize("off", [-400, 400])
def test_a_proof_of_another_time_is_refused(counter: Counter, off: int) -> None:
    holder = ready(counter)
    refused(holder.claim(holder.proof(now=counter.bureau.clock() + off)), "invalid_proof")


def forged(holder: Holder, header: dict[str, Json] | None = None, **claims: Json) -> str:
    """Return a proof with other header members or claims, signed all the same by the holder's key."""
    from base64 import urlsafe_b64decode, urlsafe_b64encode

    def decoded(part: str) -> dict[str, Json]:
        found: dict[str, Json] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return found

    def encoded(part: dict[str, Json]) -> str:
        kept = {name: value for name, value in part.items() if value is not None}
        return urlsafe_b64encode(json.dumps(kept).encode()).decode().rstrip("=")

    first, second, _ = holder.proof().split(".")
    signing = f"{encoded(decoded(first) | (header or {}))}.{encoded(decoded(second) | claims)}"
    return signing + "." + urlsafe_b64encode(holder.signer.sign(signing.encode())).decode().rstrip("=")


_OTHER = "did:key:" + "#".join(["z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"] * 2)
_PRIVATE = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
}
_ABUSES: dict[str, tuple[dict[str, Json], dict[str, Json]]] = {
    "typ-jwt": ({"typ": "JWT"}, {}),
    "no-typ": ({"typ": None}, {}),
    "alg-none": ({"alg": "none"}, {}),
    "alg-hs256": ({"alg": "HS256"}, {}),
    "alg-es384": ({"alg": "ES384"}, {}),
    "unknown-crit": ({"crit": ["exp"], "exp": 1}, {}),
    "private-jwk": ({"kid": None, "jwk": _PRIVATE}, {}),
    "symmetric-jwk": ({"kid": None, "jwk": {"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}}, {}),
    "kid-and-jwk": ({"jwk": {name: value for name, value in _PRIVATE.items() if name != "d"}}, {}),
    "no-key": ({"kid": None}, {}),
    "x5c": ({"kid": None, "x5c": ["MIIB"]}, {}),
    "kid-of-another": (
        {"kid": _OTHER},
        {},
    ),
    "kid-of-a-web-site": ({"kid": "did:web:localhost%3A22#key"}, {}),
    "no-nonce": ({}, {"nonce": None}),
    "no-audience": ({}, {"aud": None}),
    "two-audiences": ({}, {"aud": ["http://localhost:8101/hrdk", "https://other.example"]}),
    "no-iat": ({}, {"iat": None}),
    "iss-of-an-anonymous-wallet": ({}, {"iss": "wallet"}),
}


@pytest.mark.parametrize("abuse", _ABUSES)
def test_a_proof_that_is_not_right_is_refused(counter: Counter, abuse: str) -> None:
    holder = ready(counter)
    header, said = _ABUSES[abuse]
    refused(holder.claim(forged(holder, header, **said)), "invalid_proof")


def test_a_spoilt_signature_is_refused(counter: Counter) -> None:
    holder = ready(counter)
    proof = holder.proof()
    spoilt = proof[:-6] + ("AAAAAA" if not proof.endswith("AAAAAA") else "BBBBBB")
    refused(holder.claim(spoilt), "invalid_proof")


def test_one_key_twice_in_a_request_is_refused(counter: Counter) -> None:
    holder = ready(counter)
    nonce = holder.nonce()
    refused(holder.claim(holder.proof(nonce), holder.proof(nonce, now=counter.bureau.clock() - 1)), "invalid_proof")


def test_four_keys_in_a_request_are_refused(counter: Counter) -> None:
    holder = ready(counter)
    nonce, now = holder.nonce(), counter.bureau.clock()
    made = [key_proof.make(Ed25519Signer.generate(), counter.base, nonce, now) for _ in range(4)]
    refused(holder.claim(*made), "invalid_proof")


# ---------------------------------------------------------------------------------------------------------- requests


def test_a_configuration_that_does_not_exist_is_refused(counter: Counter) -> None:
    refused(ready(counter).claim(configuration="passport"), "unknown_credential_configuration")


def test_a_configuration_that_the_token_is_not_for_is_refused(counter: Counter) -> None:
    holder = ready(counter)
    with counter.bureau.office.database.write() as connection:  # as if the offer had been of another kind
        connection.execute(offers.update().values(configuration="course-completion"))
    refused(holder.claim(), "credential_request_denied")


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"credential_configuration_id": None}, "invalid_credential_request"),
        ({"credential_identifier": "one"}, "invalid_credential_request"),
        ({"credential_configuration_id": None, "credential_identifier": "one"}, "unknown_credential_identifier"),
        ({"credential_response_encryption": {"enc": "A128GCM"}}, "invalid_encryption_parameters"),
        ({"proofs": None}, "invalid_proof"),
        ({"proofs": {}}, "invalid_proof"),
        ({"proofs": {"jwt": []}}, "invalid_proof"),
        ({"proofs": {"jwt": "x"}}, "invalid_proof"),
        ({"proofs": {"jwt": [1]}}, "invalid_proof"),
        ({"proofs": {"attestation": ["x"]}}, "invalid_proof"),
        ({"proofs": {"jwt": ["x"], "di_vp": ["x"]}}, "invalid_proof"),
        ({"proofs": None, "proof": {"proof_type": "jwt", "jwt": "x"}}, "invalid_proof"),
    ],
)
def test_a_credential_request_that_is_not_right_is_refused_in_the_standard_s_words(
    counter: Counter, members: dict[str, Json], error: str
) -> None:
    refused(ready(counter).claim(**members), error)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"null", b'{"a": 1, "a": 2}', b"[" * 5000, b"\xff\xfe"], ids=range(8)
)
@pytest.mark.parametrize("endpoint", ["credential", "deferred", "notification"])
def test_what_is_no_json_object_is_refused_in_the_standard_s_words(
    counter: Counter, endpoint: str, body: bytes
) -> None:
    answer = counter.client.post(
        f"/hrdk/{endpoint}", content=body, headers={"content-type": "application/json", **bearer("x")}
    )
    words = {"notification": "invalid_notification_request"}.get(endpoint, "invalid_credential_request")
    refused(answer, words)


def test_a_body_beyond_a_megabyte_is_refused(counter: Counter) -> None:
    answer = counter.client.post("/hrdk/credential", json={"x": "x" * (1 << 20)}, headers=bearer("x"))
    assert answer.status_code == 413


def test_a_transaction_id_of_another_offer_is_refused(counter: Counter) -> None:
    first, second = ready(counter), ready(counter, first=50)
    transaction = first.claim().json()["transaction_id"]
    counter.work_off()
    refused(second.pick_up(transaction), "invalid_transaction_id")
    refused(second.pick_up("no-such-transaction"), "invalid_transaction_id")
    refused(second.pick_up(7), "invalid_credential_request")
    assert first.pick_up(transaction).status_code == 200


def test_a_notification_id_of_another_offer_is_refused(counter: Counter) -> None:
    first = Holder(counter)
    first.accept(offered(counter)["offer"])
    own = first.notification()
    second = ready(counter, first=50)
    for said, error in (
        ({"notification_id": own, "event": "credential_deleted"}, "invalid_notification_id"),
        ({"notification_id": "invented", "event": "credential_deleted"}, "invalid_notification_id"),
        ({"notification_id": own, "event": "stolen"}, "invalid_notification_request"),
        ({"event": "credential_deleted"}, "invalid_notification_request"),
    ):
        endpoint = counter.client.post(second.endpoint("notification"), json=said, headers=bearer(second.access))
        refused(endpoint, error)


def test_a_token_of_one_institution_is_none_at_another(tmp_path: Path, counter: Counter) -> None:
    from issuer import accrediting

    other = NewInstitution("localhost:8101/kosha", "한국안전견본", "Safety Sample", "KR77", (TYPE,), "안전")
    accrediting.prepare(counter.bureau.office, other)
    holder = ready(counter)
    body = {"credential_configuration_id": TYPE, "proofs": {"jwt": [holder.proof()]}}
    refused(counter.client.post("/kosha/credential", json=body, headers=bearer(holder.access)), "invalid_token", 401)
    fresh = Holder(counter)
    code = fresh.code(offered(counter, first=80)["offer"])
    refused(
        counter.client.post("/kosha/token", data={"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code}),
        "invalid_grant",
    )


# ------------------------------------------------------------------------------------------------------------- waiting


def test_a_wallet_waits_for_the_release_and_gets_the_credential_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing_office, "NEW", HERE)
    bureau = open_bureau(tmp_path / "office", claim_wait_seconds=3000.0)
    with bureau.office:
        counter = open_counter(bureau)
        holder = ready(counter)
        stop = threading.Event()

        def office_works() -> None:
            while not stop.is_set():
                counter.work_off()
                time.sleep(0.05)

        worker = threading.Thread(target=office_works)
        worker.start()
        try:
            assert holder.claim().status_code == 200
        finally:
            stop.set()
            worker.join()


def test_a_wallet_that_is_killed_after_its_request_asks_again_and_nothing_is_doubled(counter: Counter) -> None:
    holder = ready(counter)
    holder.claim()
    counter.work_off()
    assert holder.claim().status_code == 200  # its first answer was lost
    assert holder.claim().status_code == 200
    with counter.bureau.office.database.read() as connection:
        copied = connection.execute(text("SELECT count(*) FROM credentials WHERE copy_of IS NOT NULL")).scalar_one()
    assert copied == 1


def test_a_chain_that_is_away_puts_wallets_off_and_loses_nothing(counter: Counter) -> None:
    holder = ready(counter)
    counter.bureau.chain.reachable = False
    put_off = holder.claim()
    assert put_off.status_code == 202
    assert holder.pick_up(put_off.json()["transaction_id"]).status_code == 202
    counter.bureau.chain.reachable = True
    counter.work_off()
    assert holder.pick_up(put_off.json()["transaction_id"]).status_code == 200


def test_browsers_of_other_sites_may_be_wallets(counter: Counter) -> None:
    answer = counter.client.options("/hrdk/credential")
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert (
        counter.client.get("/hrdk/.well-known/openid-credential-issuer").headers["access-control-allow-origin"] == "*"
    )


def test_the_endpoints_of_the_metadata_are_those_that_answer(counter: Counter) -> None:
    paths = {route.path for router in (protocol.router, protocol.offers_router) for route in router.routes}  # type: ignore[attr-defined]
    metadata = counter.get("/.well-known/openid-credential-issuer/hrdk")
    for name in ("credential_endpoint", "nonce_endpoint", "deferred_credential_endpoint", "notification_endpoint"):
        assert "/{org}" + str(metadata[name]).removeprefix(counter.base) in paths
