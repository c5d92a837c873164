"""A wallet answers a request only when it is shown who asks, for how long, and where the answer goes."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.dids import jwk as did_jwk
from jikin.dids import key as did_key
from jikin.dids.standard import standard_methods
from jikin.errors import FetchError, ProtocolError
from jikin.openid4vc import client as clients
from jikin.openid4vc import jose, request, response
from jikin.openid4vc.client import ClientTrust, Prefix, RequestTrust
from jikin.openid4vc.dcql import Query
from jikin.openid4vc.door import Answer
from jikin.openid4vc.request import RequestObject, RequestRef, VerifiedRequest, check, fetch, parse_uri, receive
from jikin.openid4vc.response import ResponseKey
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.p256 import P256Signer
from jikin.values import Did, DidUrl, Signer
from tests.examples import tries
from tests.openid4vc.certificates import Authority
from tests.openid4vc.small_door import SmallDoor
from tests.small_world import Web

NOW = 1_790_000_000
NONCE = "n-0S6_WzA2Mj-7wqXvQk3p"
DCQL: dict[str, Any] = {
    "credentials": [{"id": "course", "format": "ldp_vc", "meta": {"type_values": [["OpenBadgeCredential"]]}}]
}
QUERY = Query.parse(DCQL)
HOST = "employer.example"
RESPONSE_URI = f"https://{HOST}/responses/1"
REQUEST_URI = f"https://{HOST}/requests/1"
WEB_DID = Did("did:web:employer.example")
WEB_KEY = P256Signer.generate()
WEB_KID = DidUrl(f"{WEB_DID}#key-1")
AUTHORITY = Authority()


def trust() -> RequestTrust:
    web = Web()
    web.put(
        "https://employer.example/.well-known/did.json",
        {
            "id": str(WEB_DID),
            "verificationMethod": [
                {
                    "id": str(WEB_KID),
                    "type": "JsonWebKey",
                    "controller": str(WEB_DID),
                    "publicKeyJwk": dict(jose.jwk.encode(WEB_KEY.public_key)),
                },
                {
                    "id": f"{WEB_DID}#agree",
                    "type": "JsonWebKey",
                    "controller": str(WEB_DID),
                    "publicKeyJwk": dict(jose.jwk.encode(WEB_KEY.public_key)),
                },
            ],
            "assertionMethod": [str(WEB_KID)],
        },
    )
    return RequestTrust((AUTHORITY.root,), standard_methods(), web)


def build(client_id: str, **changes: Any) -> RequestObject:
    given = {
        "client_id": client_id,
        "response_uri": RESPONSE_URI,
        "query": QUERY,
        "nonce": NONCE,
        "state": "state-1",
        "now": NOW,
        **changes,
    }
    return RequestObject.build(**given)


def by_did(signer: Signer, did: Did, kid: DidUrl | None = None, **changes: Any) -> tuple[str, str]:
    client_id = f"decentralized_identifier:{did}"
    return client_id, build(client_id, **changes).sign(signer, kid=kid)


def judged(client_id: str, token: str | None, now: int = NOW, **changes: Any) -> VerifiedRequest:
    ref = RequestRef(client_id, REQUEST_URI)
    return check(ref, token, now, **{"trust": trust(), **changes})


def refused(client_id: str, token: str | None, **changes: Any) -> tuple[str, str]:
    with pytest.raises(ProtocolError) as caught:
        judged(client_id, token, **changes)
    assert caught.value.description.isascii()
    return caught.value.code, caught.value.oauth


def changed(**claims: Any) -> tuple[str, str]:
    """Return a signed request whose claims are changed, or left out where None."""
    client_id = f"decentralized_identifier:{WEB_DID}"
    whole = {**build(client_id).to_json(), "aud": request.AUDIENCE, "iat": NOW, "exp": NOW + 600, **claims}
    said = {name: value for name, value in whole.items() if value is not None}
    return client_id, jose.sign({"typ": request.TYPE, "kid": str(WEB_KID)}, said, WEB_KEY)


# --- who asks ---


@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
def test_a_request_signed_by_a_did_that_is_a_key(kind: str) -> None:
    signer: Signer = Ed25519Signer.generate() if kind == "Ed25519" else P256Signer.generate()
    found = judged(*by_did(signer, did_key.did_of(signer.public_key)))
    assert found.client.prefix is Prefix.DECENTRALIZED_IDENTIFIER
    assert found.client.trust is ClientTrust.VERIFIED
    assert found.client.did == did_key.did_of(signer.public_key)
    assert found.client.host == HOST
    did = did_jwk.did_of(signer.public_key)
    assert judged(*by_did(signer, did, DidUrl(f"{did}#0"))).client.did == did


def test_a_request_signed_by_a_did_of_the_web() -> None:
    found = judged(*by_did(WEB_KEY, WEB_DID, WEB_KID, client_name="한빛상사"))
    assert found.client.id == "decentralized_identifier:did:web:employer.example"
    assert found.client.value == "did:web:employer.example"
    assert found.client.name == "한빛상사"
    assert (found.nonce, found.state, found.expires) == (NONCE, "state-1", NOW + 600)
    assert found.response_uri == RESPONSE_URI
    assert found.query == QUERY


def test_a_did_that_does_not_answer_is_no_refusal() -> None:
    web = Web(reachable=False)
    with pytest.raises(FetchError):
        judged(*by_did(WEB_KEY, WEB_DID, WEB_KID), trust=RequestTrust((), standard_methods(), web))
    assert refused(*by_did(WEB_KEY, WEB_DID, WEB_KID), trust=RequestTrust((), standard_methods(), Web()))[0] == (
        "openid.client"
    )


def test_a_key_of_another_did_or_for_another_use_is_refused() -> None:
    thief = P256Signer.generate()
    for signer, kid in (
        (thief, None),
        (thief, WEB_KID),
        (WEB_KEY, DidUrl(f"{WEB_DID}#agree")),
        (WEB_KEY, DidUrl(f"{WEB_DID}#gone")),
    ):
        client_id, token = by_did(signer, WEB_DID, kid)
        assert refused(client_id, token)[0] in ("openid.client", "openid.request")


def test_a_request_signed_with_a_certificate_of_a_trusted_authority() -> None:
    signer, certificate = AUTHORITY.leaf(HOST)
    for client_id in (f"x509_san_dns:{HOST}", clients.x509_hash(certificate)):
        found = judged(client_id, build(client_id).sign(signer, x5c=[certificate]))
        assert found.client.trust is ClientTrust.VERIFIED
        assert found.client.prefix.value == client_id.partition(":")[0]
        assert found.client.did is None
    bare, plain = AUTHORITY.leaf(None)
    client_id = clients.x509_hash(plain)
    assert judged(client_id, build(client_id).sign(bare, x5c=[plain])).client.prefix is Prefix.X509_HASH


def test_a_certificate_that_does_not_prove_the_name_is_refused() -> None:
    signer, certificate = AUTHORITY.leaf(HOST)
    other, foreign = Authority("Other Root").leaf(HOST)
    old, expired = AUTHORITY.leaf(HOST, days=-1)
    power, authority = AUTHORITY.leaf(HOST, authority=True)
    strong, p384 = AUTHORITY.leaf(HOST, p384=True)
    named, elsewhere = AUTHORITY.leaf("else.example")
    client_id = f"x509_san_dns:{HOST}"
    asked = build(client_id)
    for key, chain in (
        (other, [foreign]),
        (old, [expired]),
        (power, [authority]),
        (strong, [p384]),
        (named, [elsewhere]),
        (signer, [b"no certificate"]),
        (signer, [certificate] * 6),
        (other, [certificate]),
    ):
        assert refused(client_id, asked.sign(key, x5c=chain))[0] in ("openid.client", "openid.request")
    assert refused(client_id, asked.sign(signer, x5c=[certificate]), trust=RequestTrust())[0] == "openid.client"
    assert refused(client_id, asked.sign(signer))[0] == "openid.request"  # no x5c
    hashed = clients.x509_hash(elsewhere)
    assert refused(hashed, build(hashed).sign(signer, x5c=[certificate]))[0] == "openid.client"


def test_the_answer_goes_to_the_certified_host_alone() -> None:
    signer, certificate = AUTHORITY.leaf(HOST)
    client_id = f"x509_san_dns:{HOST}"
    with pytest.raises(ProtocolError):
        build(client_id, response_uri="https://evil.example/r")
    claims = {
        **build(client_id).to_json(),
        "response_uri": "https://evil.example/r",
        "aud": request.AUDIENCE,
        "iat": NOW,
    }
    header = {"typ": request.TYPE, "x5c": [clients.base64.b64encode(certificate).decode()]}
    assert refused(client_id, jose.sign(header, claims, signer))[0] == "openid.client"


def test_an_unsigned_request_shows_nobody_and_answers_to_its_own_address() -> None:
    asked = build(f"redirect_uri:{RESPONSE_URI}")
    found = receive(asked.to_link(), SmallDoor(), NOW, trust=trust(), wallet_nonce="w")
    assert found.client.trust is ClientTrust.UNVERIFIED
    assert found.client.prefix is Prefix.REDIRECT_URI
    assert found.query == QUERY
    assert found.state == "state-1"
    with pytest.raises(ProtocolError):
        build("redirect_uri:https://evil.example/r")
    assert refused(asked.client_id, asked.sign(WEB_KEY))[0] == "openid.client"


def test_a_request_that_must_be_signed_is_not_taken_unsigned() -> None:
    asked = build(f"decentralized_identifier:{WEB_DID}")
    ref = parse_uri(asked.to_link())
    with pytest.raises(ProtocolError) as caught:
        check(ref, None, NOW, trust=trust())
    assert caught.value.oauth == "invalid_client"


@pytest.mark.parametrize(
    "client_id",
    [
        "employer",
        "",
        "https://employer.example",
        "verifier_attestation:employer",
        "openid_federation:https://employer.example",
        "origin:https://employer.example",
        "did:web:employer.example",
        "unknown:employer",
        "redirect_uri:",
        "X509_HASH:abc",
    ],
)
def test_other_prefixes_are_refused_with_the_reason(client_id: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        clients.prefix_of(client_id)
    assert caught.value.oauth == "invalid_client"
    assert len(str(caught.value)) > 30


# --- what it says ---

CLAIMS: dict[str, dict[str, Any]] = {
    "no response_type": {"response_type": None},
    "another response_type": {"response_type": "vp_token id_token"},
    "another client": {"client_id": f"decentralized_identifier:{WEB_DID}x"},
    "no client": {"client_id": None},
    "client without prefix": {"client_id": str(WEB_DID)},
    "no aud": {"aud": None},
    "another aud": {"aud": "https://wallet.example"},
    "no nonce": {"nonce": None},
    "nonce with a blank": {"nonce": "a b"},
    "nonce that is no ASCII": {"nonce": "논스"},
    "nonce that is a number": {"nonce": 7},
    "no response_uri": {"response_uri": None},
    "response_uri of another scheme": {"response_uri": "javascript:alert(1)"},
    "response_uri with a fragment": {"response_uri": RESPONSE_URI + "#x"},
    "no response_mode": {"response_mode": None},
    "fragment": {"response_mode": "fragment"},
    "dc_api": {"response_mode": "dc_api"},
    "redirect_uri": {"redirect_uri": "https://employer.example/back"},
    "a request inside": {"request": "x"},
    "a request_uri inside": {"request_uri": REQUEST_URI},
    "presentation_definition": {"presentation_definition": {}},
    "scope": {"scope": "course"},
    "no query": {"dcql_query": None},
    "a broken query": {"dcql_query": {"credentials": []}},
    "a query that is a text": {"dcql_query": json.dumps(DCQL)},
    "expired": {"exp": NOW - 61},
    "from the future": {"iat": NOW + 301},
    "not yet": {"nbf": NOW + 301},
    "exp that is a text": {"exp": "soon"},
    "state without end": {"state": "s" * 600},
    "encrypted without keys": {"response_mode": "direct_post.jwt", "client_metadata": {}},
    "encrypted without metadata": {"response_mode": "direct_post.jwt", "client_metadata": None},
    "metadata that is a text": {"client_metadata": "x"},
}


@pytest.mark.parametrize("what", CLAIMS)
def test_a_request_that_breaks_a_rule_is_refused(what: str) -> None:
    assert refused(*changed(**CLAIMS[what]))[0].startswith("openid.")


def test_transaction_data_of_an_unknown_type_has_its_own_name() -> None:
    assert refused(*changed(transaction_data=["e30"])) == ("openid.request", "invalid_transaction_data")


def test_what_a_wallet_must_not_care_about() -> None:
    found = judged(*changed(iss="https://someone.else", unknown={"a": 1}, state=None, exp=None))
    assert (found.state, found.expires) == (None, None)
    assert judged(*changed(state="s" * 64, nonce="n" * 43)).state == "s" * 64
    assert judged(*changed(client_metadata=None)).metadata == {}


def test_a_header_that_breaks_a_rule_is_refused() -> None:
    client_id, _ = changed()
    claims = {**build(client_id).to_json(), "aud": request.AUDIENCE}
    kid = str(WEB_KID)
    for header in (
        {"kid": kid},
        {"typ": "JWT", "kid": kid},
        {"typ": request.TYPE},
        {"typ": request.TYPE, "kid": "key-1"},
        {"typ": request.TYPE, "kid": kid, "alg": "none"},
        {"typ": request.TYPE, "kid": kid, "alg": "HS256"},
        {"typ": request.TYPE, "kid": kid, "alg": "EdDSA"},
        {"typ": request.TYPE, "kid": kid, "crit": ["x"], "x": 1},
    ):
        assert refused(client_id, jose.sign(header, claims, WEB_KEY))[0].startswith("openid.")


def test_a_request_expires_and_a_minute_is_forgiven() -> None:
    client_id, token = changed()
    assert judged(client_id, token, NOW + 659).expires == NOW + 600
    with pytest.raises(ProtocolError) as caught:
        judged(client_id, token, NOW + 660)
    assert caught.value.code == "openid.request.expired"


def test_a_posted_nonce_must_come_back() -> None:
    client_id = f"decentralized_identifier:{WEB_DID}"
    asked = build(client_id)
    ref = RequestRef(client_id, REQUEST_URI, post=True)
    token = asked.sign(WEB_KEY, kid=WEB_KID, wallet_nonce="w-1")
    assert check(ref, token, NOW, trust=trust(), wallet_nonce="w-1")
    for other in (asked.sign(WEB_KEY, kid=WEB_KID), asked.sign(WEB_KEY, kid=WEB_KID, wallet_nonce="w-2")):
        with pytest.raises(ProtocolError):
            check(ref, other, NOW, trust=trust(), wallet_nonce="w-1")


# --- links and fetching ---


def test_a_link_by_reference_comes_back_in_every_scheme() -> None:
    client_id = f"decentralized_identifier:{WEB_DID}"
    for scheme in ("openid4vp", "haip-vp", "https://wallet.example/present"):
        ref = parse_uri(request.link(client_id, REQUEST_URI, scheme=scheme))
        assert ref == RequestRef(client_id, REQUEST_URI, False)
    assert parse_uri(request.link(client_id, REQUEST_URI, method="post")).post
    page = f"http://localhost:8102/present?request={quote(request.link(client_id, REQUEST_URI), safe='')}"
    assert parse_uri(page) == RequestRef(client_id, REQUEST_URI, False)


def test_a_request_may_travel_in_the_link_itself() -> None:
    client_id, token = by_did(WEB_KEY, WEB_DID, WEB_KID)
    ref = parse_uri(f"openid4vp://?client_id={quote(client_id, safe='')}&request={token}")
    assert ref.request == token
    assert check(ref, fetch(ref, SmallDoor()), NOW, trust=trust()).client.id == client_id
    page = f"https://wallet.example/present?client_id={quote(client_id, safe='')}&request={token}"
    assert parse_uri(page) == ref


@pytest.mark.parametrize(
    "link",
    [
        "",
        "openid4vp://",
        "openid4vp://?client_id=",
        "openid4vp://?request_uri=https%3A%2F%2Fa.example",
        "openid4vp://?client_id=a&request_uri=https%3A%2F%2Fa.example&request=x",
        "openid4vp://?client_id=a&request_uri=file%3A%2F%2F%2Fetc%2Fpasswd",
        "openid4vp://?client_id=a&request_uri=https%3A%2F%2Fa.example%23frag",
        "openid4vp://?client_id=a&request_uri=https%3A%2F%2Fa.example&request_uri_method=put",
        "openid4vp://?client_id=a&request_uri_method=post",
        "openid4vp://?client_id=a&client_id=b",
        "openid4vp://?client_id=redirect_uri%3Ahttps%3A%2F%2Fa.example&dcql_query=%7B",
        "mdoc-openid4vp://?client_id=a",
        "javascript:alert(1)",
    ],
)
def test_a_link_that_is_no_request_is_refused(link: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        receive(link, SmallDoor(), NOW, trust=trust(), wallet_nonce="w")
    assert caught.value.code.startswith("openid.")


def test_a_request_is_fetched_by_get_and_by_post() -> None:
    client_id = f"decentralized_identifier:{WEB_DID}"
    asked = build(client_id)
    door = SmallDoor()
    door.put(REQUEST_URI, asked.sign(WEB_KEY, kid=WEB_KID).encode(), media=request.MEDIA_TYPE)
    link = request.link(client_id, REQUEST_URI)
    assert receive(link, door, NOW, trust=trust(), wallet_nonce="w").client.id == client_id
    posted: list[dict[str, str]] = []

    def answer(fields: Any) -> Answer:
        posted.append(dict(fields))
        token = asked.sign(WEB_KEY, kid=WEB_KID, wallet_nonce=fields["wallet_nonce"])
        return Answer(200, {"content-type": request.MEDIA_TYPE}, token.encode())

    door.forms[REQUEST_URI] = answer
    link = request.link(client_id, REQUEST_URI, method="post")
    assert receive(link, door, NOW, trust=trust(), wallet_nonce="w-1").client.id == client_id
    assert posted[0]["wallet_nonce"] == "w-1"
    assert json.loads(posted[0]["wallet_metadata"])["vp_formats_supported"]["ldp_vc"]
    assert [method for method, _ in door.asked] == ["GET", "POST"]


def test_a_request_that_is_gone_says_so_and_nobody_unanswerable_is_asked() -> None:
    client_id = f"decentralized_identifier:{WEB_DID}"
    with pytest.raises(ProtocolError) as caught:
        receive(request.link(client_id, REQUEST_URI), SmallDoor(), NOW, trust=trust(), wallet_nonce="w")
    assert caught.value.code == "openid.request.gone"
    door = SmallDoor()
    with pytest.raises(ProtocolError):
        receive(request.link("origin:https://x", REQUEST_URI), door, NOW, trust=trust(), wallet_nonce="w")
    assert door.asked == []


# --- answering ---


def test_a_checked_request_knows_how_it_is_answered() -> None:
    key = ResponseKey.generate()
    plain = judged(*by_did(WEB_KEY, WEB_DID, WEB_KID))
    found = response.parse_form(plain.answer({"course": [{"a": 1}]}))
    assert found == response.Answer({"course": ({"a": 1},)}, "state-1")
    assert plain.refusal() == {"error": "access_denied", "state": "state-1"}
    secret = judged(*by_did(WEB_KEY, WEB_DID, WEB_KID, response_key=key))
    assert secret.response_mode == "direct_post.jwt"
    for fields, expected in (
        (secret.answer({"course": [{"a": 1}]}), found),
        (secret.refusal(), response.Declined("access_denied", None, "state-1")),
    ):
        assert set(fields) == {"response"}
        sealed = response.parse_form(fields)
        assert isinstance(sealed, response.Sealed)
        assert response.decrypt(sealed, key) == expected
        header = json.loads(jose.multibase.decode_base64url(sealed.jwe.partition(".")[0]))
        assert header["enc"] == "A256GCM"


def test_a_checked_request_can_be_kept() -> None:
    key = ResponseKey.generate()
    found = judged(*by_did(WEB_KEY, WEB_DID, WEB_KID, response_key=key, client_name="한빛상사"))
    kept = VerifiedRequest.from_json(json.loads(json.dumps(found.to_json())))
    assert kept == found
    for broken in ({}, {**found.to_json(), "client": {"id": found.client.id, "trust": "sure"}}):
        with pytest.raises(ProtocolError):
            VerifiedRequest.from_json(broken)


def test_a_request_has_what_the_profile_asks_for_and_nothing_more() -> None:
    _, token = by_did(WEB_KEY, WEB_DID, WEB_KID, response_key=ResponseKey.generate())
    parts = jose.read(token, "it", "test")
    assert parts.header.value == {"alg": "ES256", "typ": "oauth-authz-req+jwt", "kid": str(WEB_KID)}
    claims = parts.claims().value
    assert set(claims) == {
        *("response_type", "client_id", "response_mode", "response_uri", "nonce", "state", "dcql_query"),
        *("client_metadata", "aud", "iat", "exp"),
    }
    metadata: Any = claims["client_metadata"]
    assert set(metadata) == {"vp_formats_supported", "jwks", "encrypted_response_enc_values_supported"}
    assert set(metadata["encrypted_response_enc_values_supported"]) == {"A128GCM", "A256GCM"}
    (jwk,) = metadata["jwks"]["keys"]
    assert (jwk["use"], jwk["alg"], "d" in jwk) == ("enc", "ECDH-ES", False)


# --- anything at all ---

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
NAMES = (
    *("response_type", "client_id", "response_mode", "response_uri", "nonce", "state", "dcql_query"),
    *("client_metadata", "aud", "iat", "exp", "nbf", "transaction_data"),
)


@given(st.dictionaries(st.sampled_from(NAMES), JSON, min_size=1, max_size=3))
@settings(max_examples=tries(150))
def test_no_signed_nonsense_raises_anything_but_a_refusal(claims: Any) -> None:
    with suppress(ProtocolError):
        judged(*changed(**claims))


@given(st.text(max_size=200), st.sampled_from(["", "openid4vp://?", "https://w.example/p?", "haip-vp://?client_id="]))
@settings(max_examples=tries(300))
def test_no_link_raises_anything_but_a_refusal(text: str, start: str) -> None:
    with suppress(ProtocolError):
        parse_uri(start + text)


@given(st.dictionaries(st.sampled_from(["typ", "kid", "x5c", "jwk", "alg", "crit"]), JSON))
@settings(max_examples=tries(150))
def test_no_header_raises_anything_but_a_refusal(header: Any) -> None:
    for client_id in (f"decentralized_identifier:{WEB_DID}", f"x509_san_dns:{HOST}"):
        token = jose.sign({"typ": request.TYPE, **header}, {"client_id": client_id}, WEB_KEY)
        with suppress(ProtocolError):
            judged(client_id, token)
