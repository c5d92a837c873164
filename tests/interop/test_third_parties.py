"""Our messages and those of the npm packages @openid4vc, which most JavaScript wallets use, are read by each other."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from jikin.dids import jwk as did_jwk
from jikin.openid4vc import client as clients
from jikin.openid4vc import key_proof, presentation, request, response
from jikin.openid4vc.candidate import Candidate
from jikin.openid4vc.client import ClientTrust, Prefix, RequestTrust
from jikin.openid4vc.dcql import Query
from jikin.openid4vc.issuance import CredentialRequest, CredentialResponse, Notification, TokenRequest, TokenResponse
from jikin.openid4vc.metadata import Claim, Configuration, Display, IssuerMetadata, ServerMetadata
from jikin.openid4vc.offer import CredentialOffer, TxCode, uri_by_reference
from jikin.openid4vc.request import RequestObject, receive
from jikin.openid4vc.response import ResponseKey
from jikin.proofs.p256 import P256Signer
from jikin.values import DidUrl, JsonObject, Signer
from jikin.verification.policy import packaged
from jikin.verification.presentations import verify_presentation
from jikin.verification.report import Outcome
from tests.holders import Holder
from tests.npm import ask
from tests.openid4vc.certificates import Authority
from tests.openid4vc.small_door import SmallDoor
from tests.small_world import CONTEXTS, MINUTE, SmallWorld

NONCE = "n-0S6_WzA2Mj-7wqXvQk3p"
RESPONSE_URI = "https://employer.example/responses/1"
REQUEST_URI = "https://employer.example/requests/1"
BADGE = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential"
DCQL: dict[str, Any] = {
    "credentials": [
        {
            "id": "course",
            "format": "ldp_vc",
            "meta": {"type_values": [[BADGE]]},
            "claims": [{"path": ["credentialSubject", "achievement", "name"]}],
        }
    ]
}
WORLD = SmallWorld()
HOLDER = Holder()
CERTIFICATE = HOLDER.certificate(WORLD).credential
WORLD.later(MINUTE)
NOW = WORLD.time
MODES = ["direct_post", "direct_post.jwt"]


def ok(script: str, document: Any) -> dict[str, Any]:
    answer = ask(script, document)
    assert answer["ok"], answer
    return answer


# --- their verifier, our wallet ---


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("prefix", ["decentralized_identifier", "redirect_uri"])
def test_a_third_party_verifier_is_answered_by_our_wallet(prefix: str, mode: str) -> None:
    asked = ok(
        "verifier",
        {
            "act": "request",
            "prefix": prefix,
            "response_mode": mode,
            "response_uri": RESPONSE_URI,
            "request_uri": REQUEST_URI,
            "dcql_query": DCQL,
            "nonce": NONCE,
            "state": "state-1",
            "iat": NOW,
            "exp": NOW + 300,
        },
    )
    door = SmallDoor()
    if asked["object"] is not None:
        door.put(REQUEST_URI, asked["object"].encode(), media=request.MEDIA_TYPE)
    found = receive(asked["link"], door, NOW, trust=RequestTrust(), wallet_nonce="w")
    signed = prefix == "decentralized_identifier"
    assert found.client.trust is (ClientTrust.VERIFIED if signed else ClientTrust.UNVERIFIED)
    choice = found.query.match([Candidate.of("one", CERTIFICATE, CONTEXTS)]).least()
    assert choice == {"course": ("one",)}
    shown = presentation.make(
        [CERTIFICATE], HOLDER.signer, nonce=found.nonce, client_id=found.client.id, contexts=CONTEXTS, now=NOW
    )
    fields = found.answer({"course": [shown]})
    read = ok("verifier", {"act": "answer", "payload": asked["payload"], "keys": asked["keys"], "fields": fields})
    assert read["presentations"] == {"course": [json.loads(json.dumps(shown))]}
    assert read["nonce"] == NONCE


# --- our verifier, their wallet ---


def our_request(prefix: Prefix, key: ResponseKey | None) -> tuple[RequestObject, str | None]:
    """Return a request of ours and its signed object, None where it is not signed."""
    signer: Signer = P256Signer.generate()
    x5c: list[bytes] = []
    kid = None
    if prefix is Prefix.DECENTRALIZED_IDENTIFIER:
        did = did_jwk.did_of(signer.public_key)
        client_id, kid = f"{prefix}:{did}", DidUrl(f"{did}#0")
    elif prefix is Prefix.REDIRECT_URI:
        client_id = f"{prefix}:{RESPONSE_URI}"
    else:
        signer, certificate = Authority(now=NOW).leaf("employer.example")
        x5c = [certificate]
        client_id = clients.x509_hash(certificate) if prefix is Prefix.X509_HASH else f"{prefix}:employer.example"
    asked = RequestObject.build(
        client_id=client_id,
        response_uri=RESPONSE_URI,
        query=Query.parse(DCQL),
        nonce=NONCE,
        state="state-1",
        # their clock is the real one, so the request is of any time
        now=2_000_000_000,
        response_key=key,
        client_name="한빛상사",
    )
    return asked, None if prefix is Prefix.REDIRECT_URI else asked.sign(signer, kid=kid, x5c=x5c)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("prefix", Prefix)
def test_our_request_is_read_and_answered_by_a_third_party_wallet(prefix: Prefix, mode: str) -> None:
    key = ResponseKey.generate() if mode == "direct_post.jwt" else None
    asked, token = our_request(prefix, key)
    link = asked.to_link() if token is None else request.link(asked.client_id, REQUEST_URI)
    answers = {REQUEST_URI: {"headers": {"content-type": request.MEDIA_TYPE}, "body": token or ""}}
    shown: JsonObject = HOLDER.present(CERTIFICATE, now=NOW, nonce=NONCE, client_id=asked.client_id)
    seen = ok("wallet", {"link": link, "answers": answers, "vp_token": {"course": [shown]}})
    assert seen["client"] == {"prefix": prefix.value, "id": asked.client_id}
    assert seen["query"] == DCQL
    assert seen["version"] == 100
    answer = response.parse_form(seen["fields"])
    if key is not None:
        assert isinstance(answer, response.Sealed)
        assert answer.kid == key.kid
        answer = response.decrypt(answer, key)
    assert isinstance(answer, response.Answer)
    assert answer.state == "state-1"
    (came,) = answer.vp_token["course"]
    credentials = presentation.credentials_in(came)
    asked.query.check_answer({"course": [Candidate.of("0", one, CONTEXTS) for one in credentials]})
    session = WORLD.sources().at_newest()
    report = verify_presentation(came, session, packaged("public"), NOW, challenge=NONCE, domain=asked.client_id)
    assert report.outcome is Outcome.PASSED


# --- our issuer, their wallet ---

ISSUER = "https://certs.example/hrdk"
COURSE = Configuration(
    id="course-completion",
    scope="course-completion",
    contexts=("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"),
    types=("VerifiableCredential", "OpenBadgeCredential"),
    signing=("eddsa-rdfc-2022",),
    binding=key_proof.BINDING_METHODS,
    proof_algorithms=("ES256", "EdDSA"),
    display=(Display("수료증", "ko"), Display("Course completion", "en")),
    claims=(Claim(("credentialSubject", "licenseNumber"), (Display("번호", "ko"),), True),),
)
METADATA = IssuerMetadata(
    credential_issuer=ISSUER,
    credential_endpoint=ISSUER + "/credential",
    nonce_endpoint=ISSUER + "/nonce",
    deferred_credential_endpoint=ISSUER + "/deferred",
    notification_endpoint=ISSUER + "/notification",
    batch_size=2,
    display=(Display("한빛직업능력원", "ko"),),
    configurations={COURSE.id: COURSE},
)
OFFER = CredentialOffer(
    issuer=ISSUER,
    configurations=(COURSE.id,),
    pre_authorized_code="code-1",
    tx_code=TxCode(6, "numeric", "A code sent by text message"),
)


def our_answers(*, deferred: bool) -> dict[str, Any]:
    given = CredentialResponse((CERTIFICATE,), "note-1")
    later = CredentialResponse(transaction_id="later-1", interval=1)
    # Openid4vciClient 0.4.6 refuses a notification_id beside credentials in a deferred answer.
    ready = CredentialResponse((CERTIFICATE,))
    server = ServerMetadata(issuer=ISSUER, token_endpoint=ISSUER + "/token")
    first = later if deferred else given
    return {
        f"{ISSUER}/offers/1": {"body": OFFER.to_json()},
        "https://certs.example/.well-known/openid-credential-issuer/hrdk": {"body": METADATA.to_json()},
        "https://certs.example/.well-known/oauth-authorization-server/hrdk": {"body": server.to_json()},
        f"{ISSUER}/token": {"body": TokenResponse("token-1", 300).to_json()},
        f"{ISSUER}/nonce": {"body": {"c_nonce": NONCE}},
        f"{ISSUER}/credential": {"status": first.status, "body": first.to_json()},
        f"{ISSUER}/deferred": {"body": ready.to_json()},
        f"{ISSUER}/notification": {"status": 204, "headers": {}, "body": ""},
    }


@pytest.mark.parametrize("deferred", [False, True], ids=["at once", "deferred"])
@pytest.mark.parametrize("binding", ["did:key", "did:jwk", "jwk"])
@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
def test_a_third_party_wallet_receives_from_our_messages(kind: str, binding: str, deferred: bool) -> None:
    got = ok(
        "receiver",
        {
            "offer": uri_by_reference(f"{ISSUER}/offers/1"),
            "tx_code": "123456",
            "answers": our_answers(deferred=deferred),
            "key": kind,
            "binding": binding,
            "issued_at": NOW,
        },
    )
    assert got["issuer"] == ISSUER
    assert got["version"] == "V1"
    assert got["credentials"] == [json.loads(json.dumps(CERTIFICATE))]
    assert got["deferred"] is deferred
    asked = {entry["url"]: entry for entry in got["asked"]}
    token = TokenRequest.parse(dict(parse_qsl(asked[f"{ISSUER}/token"]["body"])))
    assert (token.code, token.tx_code) == ("code-1", "123456")
    wanted = CredentialRequest.parse(json.loads(asked[f"{ISSUER}/credential"]["body"]))
    assert wanted.configuration == COURSE.id
    (proof,) = key_proof.check_all(wanted.proofs, ISSUER, NOW, accept_nonce=lambda nonce: nonce == NONCE)
    assert str(proof.did) == got["holder"]
    assert got["notified"] is not deferred
    if deferred:
        return
    told = Notification.parse(json.loads(asked[f"{ISSUER}/notification"]["body"]))
    assert (told.id, told.event.value) == ("note-1", "credential_accepted")


def test_without_its_transaction_code_their_wallet_does_not_go_on() -> None:
    got = ask("receiver", {"offer": OFFER.to_uri(), "answers": our_answers(deferred=False)})
    assert not got["ok"]
    assert "tx_code" in got["error"]


def test_a_changed_request_of_ours_is_refused_by_their_wallet_too() -> None:
    asked, token = our_request(Prefix.DECENTRALIZED_IDENTIFIER, None)
    assert token is not None
    head, _, tail = token.split(".")
    claims = {**asked.to_json(), "response_uri": "https://evil.example/", "exp": 2_000_000_600}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    answers = {REQUEST_URI: {"headers": {"content-type": request.MEDIA_TYPE}, "body": f"{head}.{body}.{tail}"}}
    assert not ask("wallet", {"link": request.link(asked.client_id, REQUEST_URI), "answers": answers})["ok"]
