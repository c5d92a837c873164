"""Tokens from the field and from specifications, through the formats of a standard installation."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from jikin.codec import jwk, multibase, multikey
from jikin.codec.contexts import Contexts
from jikin.credentials import sd_jwt_vc
from jikin.credentials.model import Credential
from jikin.errors import CredentialError, EnvelopeError
from jikin.proofs.envelope import Opened
from jikin.proofs.envelopes import cose_sign1, json_serialization
from jikin.proofs.envelopes.standard import standard_envelopes
from jikin.proofs.standard import standard_suites
from jikin.values import Did, KeyType, PublicKey
from tests.codes import code_of
from tests.envelope_samples import flipped, spoilt
from tests.shared_standards import standards

STANDARDS = standards()
SUITES = standard_suites(Contexts.packaged())
TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:~[A-Za-z0-9_.~-]*)?")


def tokens(path: str) -> list[bytes]:
    """Return the tokens in a file, in which a token may be broken into lines."""
    text = "".join((STANDARDS / path).read_text("utf-8").split())
    return [one.encode() for one in dict.fromkeys(TOKEN.findall(text))]


def only(path: str) -> bytes:
    (token,) = tokens(path)
    return token


def did_of(opened: Opened) -> PublicKey:
    """Return the key that a did:key or did:jwk spells."""
    did = Did(opened.issuer or "")
    if did.method == "key":
        return multikey.decode(did.identifier)
    return jwk.decode(json.loads(multibase.decode_base64url(did.identifier)))


def verifies(opened: Opened, key: PublicKey) -> bool:
    return SUITES.verifier(opened.format).verify(opened.statement, key)


# --- VC-JWT of walt.id ---

WALT = "real-samples/walt-id/openbadgecredential_sample"


@pytest.mark.parametrize("name", ["signed", "expired.signed"])
def test_badges_of_walt_id_verify_by_the_key_of_their_issuer(name: str) -> None:
    token = only(f"{WALT}.{name}.json")
    opened = SUITES.open(token)
    assert (opened.format, opened.content) == ("jwt_vc", "credential")
    assert verifies(opened, did_of(opened))
    assert not verifies(SUITES.open(spoilt(token, 2)), did_of(opened))
    assert opened.key_id is not None
    assert opened.key_id.startswith(opened.issuer or "?")


def test_their_claims_say_who_it_is_and_the_document_follows() -> None:
    opened = SUITES.open(only(f"{WALT}.signed.json"))
    unsigned = json.loads((STANDARDS / f"{WALT}.json").read_text())
    found = Credential.parse(opened.document)
    # the document in it still names the issuer of the template
    assert unsigned["issuer"]["id"] == "did:example:123"
    assert found.issuer == opened.issuer == opened.claims["iss"]
    assert found.subjects[0]["id"] == opened.claims["sub"]
    assert (found.valid_from, found.valid_until) == (opened.not_before, opened.expires)
    assert found.title == unsigned["name"]


def test_their_badge_with_a_bad_signature_does_not_verify() -> None:
    opened = SUITES.open(only(f"{WALT}.signed.badsignature.json"))
    assert not verifies(opened, did_of(opened))


LISTS = "vectors/status-list/walt-id"
QUOTED = [f"bitstringstatuslist/{name}" for name in ("revoked.json", "unrevoked.json", "custom-valid.json")]
QUOTED += [f"bitstringstatuslist/{name}" for name in ("custom-invalid.json", "wrong-list-encoding.json")]
QUOTED += [
    f"bitstringstatuslist/multi-status-{name}.json" for name in ("all-valid", "first-not-valid", "last-not-valid")
]
QUOTED += ["revocationlist2020/revoked.json", "revocationlist2020/unrevoked.json"]


@pytest.mark.parametrize("name", QUOTED)
def test_an_issuer_in_quotation_marks_is_read_and_can_be_told_apart(name: str) -> None:
    for token in tokens(f"{LISTS}/{name}"):
        opened = SUITES.open(token)
        assert opened.claims["iss"] == f'"{opened.issuer}"'
        assert verifies(opened, did_of(opened))


@pytest.mark.parametrize("name", ["revoked.07.ebsi", "revoked.42.ebsi", "revoked.waltid", "unrevoked.waltid"])
def test_their_older_lists_verify_and_have_dates_without_time_zone(name: str) -> None:
    opened = SUITES.open(only(f"{LISTS}/statuslist2021/{name}.json"))
    assert verifies(opened, did_of(opened))
    with pytest.raises(CredentialError) as refused:
        Credential.parse(opened.document)
    assert refused.value.code == "model.dates"


# --- SD-JWT VC of the German pilot ---

ANIMO = "real-samples/plugfest-and-eudi/animo-pid.sd.jwt"


def test_the_pid_of_the_german_pilot_is_read_with_its_certificate() -> None:
    token = only(ANIMO)
    opened = SUITES.open(token)
    # called by the older name
    assert opened.format == "dc+sd-jwt"
    assert (opened.issuer, opened.issued_at, opened.expires) == ("https://funke.animo.id", 1_724_630_769, None)
    assert opened.holder_key is not None
    (certificate,) = opened.certificates
    point = x509.load_der_x509_certificate(certificate).public_key()
    raw = point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    key = PublicKey(KeyType.P256, raw)
    assert verifies(opened, key)
    assert not verifies(opened, opened.holder_key)
    found = sd_jwt_vc.parse(opened.claims)
    assert found.types == ("https://example.bmi.bund.de/credential/pid/1.0",)
    assert len(json.dumps(opened.claims["age_equal_or_over"])) > 60


def test_the_pid_with_a_foreign_disclosure_is_refused() -> None:
    first, *parts = only(ANIMO).split(b"~")
    other = multibase.encode_base64url(b'["s","age_over_21",true]').encode()
    assert code_of(SUITES.open, b"~".join([first, *parts[:-1], other, b""])) == "envelope.disclosure.unreferenced"
    assert code_of(SUITES.open, b"~".join([first, *parts[:-1], parts[0], b""])) == "envelope.disclosure.twice"


# --- what is refused, politely ---


def test_a_european_digital_credential_is_refused_with_the_reason() -> None:
    data = (STANDARDS / "real-samples/europass/AA-Annex1-MC-signed.jsonld").read_bytes()
    with pytest.raises(EnvelopeError, match="JAdES") as refused:
        SUITES.open(data)
    assert refused.value.code == "envelope.unsupported"
    assert refused.value.hint is not None
    assert json_serialization.is_one(json.loads(data))
    # in compact form too: its critical parameters are not understood
    (signature,) = json.loads(data)["signatures"]
    compact = f"{signature['protected']}.e30.{signature['signature']}".encode()
    assert code_of(SUITES.open, compact) == "envelope.unknown"


@pytest.mark.parametrize("name", ["json_serialization_flattened", "json_serialization_general"])
def test_an_sd_jwt_as_json_is_refused_with_the_reason(name: str) -> None:
    path = STANDARDS / "vectors/sd-jwt/rfc9901-generated" / name / "sd_jwt_presentation.json"
    # the file breaks its texts into lines
    data = re.sub(r"\s+", " ", path.read_text()).encode()
    assert code_of(SUITES.open, data) == "envelope.unsupported"


REFUSED = {
    "samples/1edtech-validator/ob20/simple.jwt": "envelope.unknown",
    "samples/1edtech-validator/ob20/simple-not-revoked.jwt": "envelope.unknown",
    "vectors/oid4vci/1.0/wallet_attestation.jwt.txt": "envelope.unknown",
    "vectors/token-status-list/status_list_jwt_raw.md": "envelope.unknown",
    "vectors/oid4vp/1.0/sd_jwt_vcld/01/sd_jwt_jws_part.txt": "envelope.malformed",
    "vectors/oid4vp/1.0/sd_jwt_vcld/01/kb_jwt_serialized.txt": "envelope.unknown",
}


@pytest.mark.parametrize(("path", "code"), REFUSED.items(), ids=REFUSED.keys())
def test_tokens_of_other_kinds_and_algorithms_are_refused(path: str, code: str) -> None:
    assert code_of(SUITES.open, only(path)) == code


DRAFT = STANDARDS / "vectors" / "token-status-list"


@pytest.mark.parametrize("name", ["status_list_cwt", "referenced_token_cwt"])
def test_cbor_tokens_of_the_status_list_draft_are_taken_apart_and_are_no_credentials(name: str) -> None:
    data = bytes.fromhex("".join((DRAFT / f"{name}.md").read_text().split()))
    read = cose_sign1.read(data)
    assert (read.key_id, read.statement.algorithm) == ("12", "ES256")
    claims = cbor2.loads(read.payload)
    diagnosed = "".join(re.findall(r"^ *((?:[0-9a-f]{2} ?)+)", (DRAFT / f"{name}_diag.md").read_text(), re.MULTILINE))
    assert diagnosed.replace(" ", "") == data.hex()
    if name == "status_list_cwt":
        assert (read.type, claims[65533]["bits"]) == ("statuslist+cwt", 1)
        assert zlib.decompress(claims[65533]["lst"]) == b"\xb9\xa3"
    else:
        assert claims[65535]["status_list"] == {"idx": 0, "uri": "https://example.com/statuslists/1"}
    assert code_of(SUITES.open, data) == "envelope.malformed"


# --- examples of the protocols ---


def test_the_examples_of_openid4vci_are_read() -> None:
    (jwt,) = (SUITES.open(token) for token in tokens("vectors/oid4vci/1.0/credential_response_jwt_vc_json.txt"))
    assert (jwt.format, jwt.issuer) == ("jwt_vc", "https://credential-issuer.example.com")
    assert Credential.parse(jwt.document).issuer == jwt.issuer
    (sd_jwt,) = (SUITES.open(token) for token in tokens("vectors/oid4vci/1.0/credential_response_sd_jwt_vc.txt"))
    assert (sd_jwt.format, sd_jwt.key_id) == ("dc+sd-jwt", "doc-signer-05-25-2022")


def test_the_example_of_openid4vp_is_read_as_its_makers_say() -> None:
    folder: Path = STANDARDS / "vectors/oid4vp/1.0/sd_jwt_vcld/01"
    opened = SUITES.open(only("vectors/oid4vp/1.0/sd_jwt_vcld/01/sd_jwt_presentation.txt"))
    assert opened.claims == json.loads((folder / "verified_contents.json").read_text())
    assert opened.key_binding is not None
    assert opened.key_binding.hash_fits
    assert opened.holder_key is not None
    assert SUITES.verifier(opened.format).verify(opened.key_binding.statement, opened.holder_key)


def test_the_enveloped_example_of_the_data_model_suite_is_read() -> None:
    opened = SUITES.open(only("vectors/vcdm2-suite/presentation-enveloped-vc-ok.json"))
    assert opened.issuer == "https://example.edu/issuers/565049"


# --- the list of formats ---


def test_no_two_formats_recognise_one_sample() -> None:
    paths = [f"{WALT}.signed.json", ANIMO, *REFUSED, "vectors/oid4vci/1.0/credential_response_sd_jwt_vc.txt"]
    for path in paths:
        for token in tokens(path):
            assert sum(form.recognizes(token) for form in standard_envelopes()) <= 1, path


def test_formats_have_names_and_define_no_terms() -> None:
    forms = standard_envelopes()
    assert [form.name for form in forms] == ["dc+sd-jwt", "vc+sd-jwt", "vc+jwt", "jwt_vc", "vc+cose", "jose+json"]
    assert not any(form.defines_terms for form in forms)


ANY = {
    "nothing": b"",
    "a word": b"x",
    "JSON": b"{}",
    "an array": b"[1]",
    "half a text": b'{"payload":"',
}


@pytest.mark.parametrize("data", ANY.values(), ids=ANY.keys())
def test_what_is_no_envelope_is_not_taken_for_one(data: bytes) -> None:
    assert code_of(SUITES.open, data) == "envelope.malformed"


def test_a_format_verifies_its_own_statements_only() -> None:
    opened = SUITES.open(only(f"{WALT}.signed.json"))
    key = did_of(opened)
    verified = {form.name for form in standard_envelopes() if form.verify(opened.statement, key)}
    assert verified == {"dc+sd-jwt", "vc+sd-jwt", "vc+jwt", "jwt_vc"}
    assert not verifies(opened, PublicKey(key.type, flipped(key.raw)))
