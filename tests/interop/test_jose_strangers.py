"""Our JWTs, SD-JWTs and token lists, and those of npm jose, @sd-jwt, PyPI sd-jwt and openvc, read by each other."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from jwcrypto import jwk as their_jwk
from openvc.errors import OpenvcError
from openvc.keys import Ed25519SigningKey, P256SigningKey, P384SigningKey
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from openvc.proof.vc_jwt import VcJwtProofSuite
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from jikin.codec import jwk
from jikin.codec.contexts import Contexts
from jikin.codec.multibase import encode_base64url
from jikin.errors import JikinError
from jikin.proofs.envelopes import jws, jwt_vc, sd_jwt, sd_jwt_vc, vc_jwt
from jikin.proofs.standard import standard_suites
from jikin.status import token_list
from jikin.status.array import State, StatusArray
from jikin.status.token_list import TokenList
from tests.envelope_samples import ALL_SIGNERS, HOLDER, ISSUER, KEY_ID, SIGNER, credential, payload_of, spoilt
from tests.npm import ask

SUITES = standard_suites(Contexts.packaged())
NOW = 1_780_000_000
VCT = "https://exam.example/types/forklift"
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "iat": NOW,
    "exp": 4_000_000_000,
    "vct": VCT,
    "name": "김하늘",
    "address": {"city": "서울", "street": "종로 1"},
    "nationalities": ["KR", "DE"],
}
DISCLOSABLE: list[sd_jwt.Path] = [("name",), ("address", "street"), ("nationalities", 0)]
FRAME = {"_sd": ["name"], "address": {"_sd": ["street"]}, "nationalities": {"_sd": [0]}}
PUBLIC = dict(jwk.encode(SIGNER.public_key))
OURS = sd_jwt_vc.issue(CLAIMS, DISCLOSABLE, SIGNER, key_id=KEY_ID, holder_key=HOLDER.public_key)
SHOWN = sd_jwt.bind(
    sd_jwt.present(OURS, [("name",)]), HOLDER, audience="https://verifier.example", nonce="n-1", now=NOW
)
ARRAY = StatusArray.all_valid(1 << 17).with_states({3: State.REVOKED, 4: State.SUSPENDED, 131_071: State.REPLACED})
LIST: Any = token_list.list_claims(ARRAY, url="https://exam.example/lists/1", issued_at=NOW)["status_list"]
ALGORITHMS = ("EdDSA", "ES256", "ES384")


def tampered_claims(token: str) -> str:
    """Return a JWT in whose payload one name was changed, its signature as it was."""
    header, _, signature = token.split(".")
    claims = json.dumps(payload_of(token), ensure_ascii=False)
    forged = claims.replace("김하늘", "이도둑")
    assert forged != claims
    return f"{header}.{encode_base64url(forged.encode())}.{signature}"


def tampered_disclosure(token: str) -> str:
    """Return an SD-JWT in which the first disclosure says another value."""
    first, disclosure, *rest = token.split("~")
    salt, *name, _ = json.loads(base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))
    return "~".join([first, encode_base64url(json.dumps([salt, *name, "other"]).encode()), *rest])


def tasks() -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for name in ALGORITHMS:
        signer = ALL_SIGNERS[name]
        token, public = vc_jwt.issue(credential(), signer), dict(jwk.encode(signer.public_key))
        good = {"act": "verify_jws", "jwk": public, "token": token, "typ": "vc+jwt"}
        made[f"ours {name}"] = good
        made[f"ours {name}, signature"] = good | {"token": spoilt(token.encode(), 2).decode()}
        made[f"ours {name}, payload"] = good | {"token": tampered_claims(token)}
        made[f"ours {name}, type"] = good | {"typ": "kb+jwt"}
    for name in (*ALGORITHMS, "Ed25519"):
        header = {"typ": "vc+jwt", "cty": "vc", "kid": KEY_ID}
        made[f"theirs {name}"] = {"act": "sign_jws", "claims": credential(), "header": header, "kind": name}
    made["sd ours"] = {"act": "verify_sd", "token": SHOWN, "jwk": PUBLIC, "nonce": "n-1", "now": NOW}
    made["sd ours, whole"] = {"act": "verify_sd", "token": OURS, "jwk": PUBLIC, "now": NOW}
    made["sd ours, signature"] = made["sd ours, whole"] | {"jwk": dict(jwk.encode(HOLDER.public_key))}
    made["sd ours, nonce"] = made["sd ours"] | {"nonce": "n-2"}
    hidden = sd_jwt.present(OURS, []) + SHOWN.rpartition("~")[2]
    made["sd ours, binding moved"] = made["sd ours"] | {"token": hidden}
    made["sd theirs"] = {"act": "issue_sd", "claims": CLAIMS, "frame": FRAME, "kind": "ES256"}
    binding = {"aud": "https://verifier.example", "nonce": "n-9"}
    made["sd theirs, shown"] = {"act": "present_sd", "frame": {"name": True}, "binding": binding, "now": NOW}
    made["list ours"] = {"act": "read_list", **LIST}
    made["list theirs"] = {"act": "write_list", "bits": 2, "statuses": [0, 1, 2, 3] * 25}
    return made


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """What the JavaScript packages answer to every task, asked once."""
    named = tasks()
    said = ask("jose_strangers", {"tasks": list(named.values())})
    assert said["ok"], said
    return dict(zip(named, said["answers"], strict=True))


# --- npm jose ---


@pytest.mark.parametrize("name", ALGORITHMS)
def test_npm_jose_reads_ours_and_refuses_what_was_changed(answers: dict[str, Any], name: str) -> None:
    assert json.loads(answers[f"ours {name}"]["payload"])["credentialSubject"]["name"] == "김하늘"
    assert answers[f"ours {name}"]["header"]["typ"] == "vc+jwt"
    for change in ("signature", "payload", "type"):
        assert "error" in answers[f"ours {name}, {change}"], change


@pytest.mark.parametrize("name", [*ALGORITHMS, "Ed25519"])
def test_we_read_npm_jose_s_and_refuse_what_was_changed(answers: dict[str, Any], name: str) -> None:
    token, public = answers[f"theirs {name}"]["token"], jwk.decode(answers[f"theirs {name}"]["jwk"])
    opened = SUITES.open(token.encode())
    verifier = SUITES.verifier(opened.format)
    assert (opened.document, opened.statement.algorithm) == (credential(), name)
    assert verifier.verify(opened.statement, public)
    assert not verifier.verify(SUITES.open(spoilt(token.encode(), 2)).statement, public)
    assert not verifier.verify(SUITES.open(tampered_claims(token).encode()).statement, public)


# --- npm @sd-jwt ---


def test_npm_sd_jwt_vc_reads_ours_and_refuses_what_was_changed(answers: dict[str, Any]) -> None:
    shown = answers["sd ours"]
    assert shown["payload"] == sd_jwt.read(SHOWN).claims
    assert (shown["bound"]["aud"], shown["bound"]["nonce"]) == ("https://verifier.example", "n-1")
    assert answers["sd ours, whole"]["payload"] == sd_jwt.read(OURS).claims
    for change in ("signature", "nonce", "binding moved"):
        assert "error" in answers[f"sd ours, {change}"], change


def test_we_read_npm_sd_jwt_vc_s_and_refuse_what_was_changed(answers: dict[str, Any]) -> None:
    issued = answers["sd theirs"]
    opened = SUITES.open(issued["token"].encode())
    assert opened.format == "dc+sd-jwt"
    assert {name: value for name, value in opened.claims.items() if name != "cnf"} == CLAIMS
    assert opened.holder_key == jwk.decode(issued["holder"])
    assert SUITES.verifier("dc+sd-jwt").verify(opened.statement, jwk.decode(issued["jwk"]))
    shown = sd_jwt.read(sd_jwt.present(issued["token"], [("address", "street")])).claims
    assert (shown["address"], shown["nationalities"], "name" in shown) == (CLAIMS["address"], ["DE"], False)
    with pytest.raises(JikinError) as refused:
        SUITES.open(tampered_disclosure(issued["token"]).encode())
    assert refused.value.code == "envelope.disclosure.unreferenced"


def test_a_presentation_made_by_npm_sd_jwt_vc_is_read(answers: dict[str, Any]) -> None:
    opened = SUITES.open(answers["sd theirs, shown"]["token"].encode())
    shown = {name: opened.claims[name] for name in ("name", "address", "nationalities")}
    assert shown == {"name": "김하늘", "address": {"city": "서울"}, "nationalities": ["DE"]}
    assert opened.key_binding is not None
    assert (opened.key_binding.nonce, opened.key_binding.issued_at, opened.key_binding.hash_fits) == ("n-9", NOW, True)
    assert opened.holder_key is not None
    assert SUITES.verifier("dc+sd-jwt").verify(opened.key_binding.statement, opened.holder_key)
    assert not SUITES.verifier("dc+sd-jwt").verify(opened.key_binding.statement, HOLDER.public_key)


def test_token_lists_are_read_both_ways(answers: dict[str, Any]) -> None:
    assert answers["list ours"]["statuses"] == {"3": 1, "4": 2, "131071": 1}
    status = {"bits": 2, "lst": answers["list theirs"]["lst"]}
    found = TokenList.parse({"sub": "u:x", "iat": NOW, "status_list": status}, "u:x")
    assert [found.get(index) for index in range(100)] == [0, 1, 2, 3] * 25


# --- PyPI sd-jwt, the reference implementation ---


def test_the_reference_implementation_reads_ours_and_refuses_what_was_changed() -> None:
    def verified(token: str, key: dict[str, Any] = PUBLIC) -> dict[str, Any]:
        found: dict[str, Any] = SDJWTVerifier(
            token, lambda issuer, header: their_jwk.JWK(**key), "https://verifier.example", "n-1"
        ).get_verified_payload()
        return found

    assert verified(SHOWN) == sd_jwt.read(SHOWN).claims
    moved = sd_jwt.present(OURS, []) + SHOWN.rpartition("~")[2]
    refused = 0
    for token, key in ((SHOWN, dict(jwk.encode(HOLDER.public_key))), (moved, PUBLIC)):
        try:
            verified(token, key)
        except Exception:  # noqa: BLE001 -- theirs are of no common kind
            refused += 1
    assert refused == 2


def test_we_read_the_reference_implementation_s_and_refuse_what_was_changed() -> None:
    key, holder = their_jwk.JWK.generate(kty="EC", crv="P-256"), their_jwk.JWK.generate(kty="EC", crv="P-256")
    claims = {"iss": ISSUER, "vct": VCT, SDObj("name"): "김하늘", "list": [SDObj("a"), "b"]}
    issuer = SDJWTIssuer(
        claims, key, holder, "ES256", add_decoy_claims=True, extra_header_parameters={"typ": "dc+sd-jwt"}
    )
    holding = SDJWTHolder(issuer.sd_jwt_issuance)
    holding.create_presentation({"name": True, "list": [True]}, "n-1", "https://verifier.example", holder, "ES256")
    token = holding.sd_jwt_presentation
    opened = SUITES.open(token.encode())
    assert (opened.claims["name"], opened.claims["list"]) == ("김하늘", ["a", "b"])
    verifier = SUITES.verifier(opened.format)
    assert verifier.verify(opened.statement, jwk.decode(json.loads(key.export_public())))
    assert opened.key_binding is not None
    assert opened.holder_key == jwk.decode(json.loads(holder.export_public()))
    assert opened.key_binding.hash_fits
    assert verifier.verify(opened.key_binding.statement, opened.holder_key)
    with pytest.raises(JikinError):
        SUITES.open(tampered_disclosure(token).encode())


# --- PyPI openvc ---

THEIR_KEYS: dict[str, Callable[..., Any]] = {
    "EdDSA": Ed25519SigningKey.generate,
    "ES256": P256SigningKey.generate,
    "ES384": P384SigningKey.generate,
}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_openvc_reads_our_vc_jwt_and_refuses_what_was_changed(name: str) -> None:
    signer = ALL_SIGNERS[name]
    public = dict(jwk.encode(signer.public_key))
    old = credential(
        **{"@context": ["https://www.w3.org/2018/credentials/v1"], "validFrom": None, "validUntil": None},
        issuanceDate="2026-03-02T00:00:00Z",
    )
    token = jwt_vc.issue(old, signer, key_id=KEY_ID, issued_at=NOW)
    suite = VcJwtProofSuite()
    found = suite.verify(token, public_key_jwk=public)
    assert (found.issuer, found.credential["credentialSubject"]["name"]) == (ISSUER, "김하늘")
    for changed in (spoilt(token.encode(), 2).decode(), tampered_claims(token)):
        with pytest.raises(OpenvcError):
            suite.verify(changed, public_key_jwk=public)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_we_read_openvc_s_vc_jwt_and_refuse_what_was_changed(name: str) -> None:
    key = THEIR_KEYS[name](kid=KEY_ID)
    token = VcJwtProofSuite().sign(credential(validFrom=None, validUntil=None), signing_key=key)
    opened = SUITES.open(token.encode())
    assert (opened.format, opened.issuer, opened.key_id) == ("jwt_vc", ISSUER, KEY_ID)
    verifier, public = SUITES.verifier(opened.format), jwk.decode(key.public_jwk())
    assert verifier.verify(opened.statement, public)
    assert not verifier.verify(SUITES.open(spoilt(token.encode(), 2)).statement, public)
    assert not verifier.verify(SUITES.open(tampered_claims(token).encode()).statement, public)


def test_openvc_reads_our_sd_jwt_vc_and_refuses_what_was_changed() -> None:
    suite = SdJwtVcProofSuite()
    found = suite.verify(OURS, public_key_jwk=PUBLIC, expected_vct=VCT)
    assert found.claims["address"] == CLAIMS["address"]
    other = "~".join([*OURS.split("~")[:-1], encode_base64url(b'["s","x",1]'), ""])
    for changed in (other, tampered_disclosure(OURS), OURS.replace(".", ".A", 1)):
        with pytest.raises(OpenvcError):
            suite.verify(changed, public_key_jwk=PUBLIC)


def test_we_read_openvc_s_sd_jwt_vc_and_refuse_what_was_changed() -> None:
    key, holder = P256SigningKey.generate(kid=KEY_ID), Ed25519SigningKey.generate(kid="holder")
    suite = SdJwtVcProofSuite()
    issued = suite.issue(
        {"iss": ISSUER, "name": "김하늘", "age": 36},
        signing_key=key,
        disclosable=["name", "age"],
        holder_jwk=holder.public_jwk(),
        vct=VCT,
        decoys=2,
    )
    token = suite.create_presentation(issued, holder_key=holder, audience="https://verifier.example", nonce="n-1")
    opened = SUITES.open(token.encode())
    assert (opened.claims["name"], opened.claims["age"]) == ("김하늘", 36)
    verifier = SUITES.verifier(opened.format)
    assert verifier.verify(opened.statement, jwk.decode(key.public_jwk()))
    assert opened.key_binding is not None
    assert opened.holder_key == jwk.decode(holder.public_jwk())
    assert verifier.verify(opened.key_binding.statement, opened.holder_key)
    assert opened.key_binding.hash_fits
    changed = jws.read(spoilt(token.split("~")[0].encode(), 2))
    assert not jws.verify(changed.statement, jwk.decode(key.public_jwk()))
    with pytest.raises(JikinError):
        SUITES.open(tampered_disclosure(token).encode())
