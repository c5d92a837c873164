"""``jikin jose``: what the public suite of VC-JOSE-COSE asks for, with keys and documents of our own."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from jikin.codec import jwk
from jikin.codec.multibase import encode_base64url
from jikin.command import jose
from jikin.command.enveloping import disclosable_paths
from jikin.command.jose import Feature
from jikin.errors import SettingsError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.envelopes import jws, sd_jwt, vc_sd_jwt
from jikin.proofs.envelopes.enveloped import PRESENTATION, wrapped
from jikin.proofs.p256 import P256Signer
from jikin.proofs.p384 import P384Signer
from jikin.proofs.p521 import P521Signer
from jikin.proofs.secp256k1 import Secp256k1Signer
from jikin.values import KeyType, Signer
from tests.codes import code_of
from tests.envelope_samples import HOLDER, ISSUER, NOW, credential, flipped, presentation, signed

FEATURES = [feature.value for feature in Feature]
VOCABULARY = "https://www.w3.org/ns/credentials/examples/v2"


def secret_of(signer: Signer) -> bytes:
    if isinstance(signer, Ed25519Signer):
        return signer.export_seed()
    assert isinstance(signer, P256Signer | P384Signer | P521Signer | Secp256k1Signer)
    return signer.export_secret()


SIGNERS: dict[KeyType, Signer] = {
    KeyType.ED25519: Ed25519Signer.generate(),
    KeyType.P256: P256Signer.generate(),
    KeyType.P384: P384Signer.generate(),
    KeyType.P521: P521Signer.generate(),
    KeyType.SECP256K1: Secp256k1Signer.generate(),
}


def method(signer: Signer = SIGNERS[KeyType.P256], *, secret: bool = True) -> dict[str, Any]:
    """Return the verification method of *signer*."""
    public = dict(jwk.encode(signer.public_key))
    private = {**public, "d": encode_base64url(secret_of(signer))}
    known = {"id": f"{ISSUER}#key-1", "type": "JsonWebKey", "controller": ISSUER, "publicKeyJwk": public}
    return {**known, "secretKeyJwk": private} if secret else known


class Bench:
    """A folder in which the command runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, verb: str, feature: str, input: Any, key: Any = None, *options: str) -> Result:
        app = typer.Typer()
        jose.register(app)
        app.command("other")(lambda: None)
        text = input if isinstance(input, str | bytes) else json.dumps(input, ensure_ascii=False)
        (self.folder / "input").write_bytes(text if isinstance(text, bytes) else text.encode())
        (self.folder / "key").write_text(key if isinstance(key, str) else json.dumps(key or method()))
        paths = {name: str(self.folder / name) for name in ("input", "key", "output")}
        arguments = [part for name, path in paths.items() for part in (f"--{name}", path)]
        return CliRunner().invoke(app, ["jose", verb, *arguments, "--feature", feature, *options])

    def answer(self, verb: str, feature: str, input: Any, key: Any = None, *options: str) -> tuple[str, str]:
        result = self.run(verb, feature, input, key, *options)
        assert result.exit_code == 0, result.output
        document = json.loads((self.folder / "output").read_text())
        assert set(document) == {"result", "data"}
        return document["result"], document["data"]

    def good(self, verb: str, feature: str, input: Any, key: Any = None, *options: str) -> str:
        result, data = self.answer(verb, feature, input, key, *options)
        assert result == "success", data
        return data

    def code(self, verb: str, feature: str, input: Any, key: Any = None, *options: str) -> str:
        result, data = self.answer(verb, feature, input, key, *options)
        assert result == "failure", data
        return data.rpartition("[")[2].rstrip("]")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def document_for(feature: str) -> dict[str, Any]:
    if feature.startswith("credential"):
        return credential(**{"@context": [*credential()["@context"], VOCABULARY]})
    return presentation(verifiableCredential=[wrapped(b"eyJh.e30.AA", "vc+jwt")])


each_feature = pytest.mark.parametrize("feature", FEATURES)


@each_feature
@pytest.mark.parametrize("kind", SIGNERS, ids=[kind.value for kind in SIGNERS])
def test_what_is_issued_verifies_under_its_key_alone(bench: Bench, feature: str, kind: KeyType) -> None:
    signer = SIGNERS[kind]
    secured = bench.good("issue", feature, document_for(feature), method(signer))
    public = method(signer, secret=False)
    assert json.loads(bench.good("verify", feature, secured + "\n", public)) == document_for(feature)
    for other in SIGNERS.values():
        if other is not signer:
            assert bench.code("verify", feature, secured, method(other, secret=False)) == "envelope.signature"
    data = bytearray(secured.encode())
    place = secured.find("~") - 3 if "~" in secured else -3
    data[place] = ord("A") if data[place] != ord("A") else ord("B")
    assert bench.code("verify", feature, bytes(data), public) == "envelope.signature"


@each_feature
def test_what_is_of_another_kind_does_not_verify(bench: Bench, feature: str) -> None:
    secured = bench.good("issue", feature, document_for(feature))
    for other in FEATURES:
        if other != feature:
            assert bench.code("verify", other, secured) in ("envelope.type", "envelope.malformed")
    assert bench.code("verify", feature, document_for(feature)).startswith("envelope.")
    assert bench.code("verify", feature, "").startswith("envelope.")


def test_headers_are_those_of_the_specification(bench: Bench) -> None:
    for feature in ("credential_jose", "credential_sdjwt", "presentation_jose", "presentation_sdjwt"):
        token = jws.read(bench.good("issue", feature, document_for(feature)).split("~")[0])
        short, kind = (feature[0] == "c" and "vc") or "vp", feature.split("_")[1].replace("jose", "jwt")
        assert (token.type, token.content_type) == (f"{short}+{kind.replace('sdjwt', 'sd-jwt')}", short)
        assert token.key_id == f"{ISSUER}#key-1"


def test_cose_travels_in_base64(bench: Bench) -> None:
    secured = bench.good("issue", "credential_cose", document_for("credential_cose"))
    data = base64.b64decode(secured + "=" * (-len(secured) % 4), validate=True)
    assert data[:2] == b"\xd2\x84"
    for text in (base64.b64encode(data), base64.b64encode(data).rstrip(b"=")):
        bench.good("verify", "credential_cose", text)
    assert bench.code("verify", "credential_cose", data.hex()) == "envelope.type"
    assert bench.code("verify", "credential_cose", data) == "envelope.malformed"
    flawed = base64.b64encode(flipped(data))
    assert bench.code("verify", "credential_cose", flawed) == "envelope.signature"


def test_chosen_claims_can_be_left_out(bench: Bench) -> None:
    document = document_for("credential_sdjwt")
    document["credentialSubject"] |= {"phones": [{"number": "1"}, {"number": "2"}], "address": {"city": "서울"}}
    paths = ["credentialSubject.name", "credentialSubject.phones[0]", "credentialSubject.address.city"]
    secured = bench.good("issue", "credential_sdjwt", document, None, "--sd", json.dumps(paths))
    assert secured.count("~") == 4
    part = sd_jwt.present(secured, [("credentialSubject", "name")])
    shown = json.loads(bench.good("verify", "credential_sdjwt", part))["credentialSubject"]
    assert shown == {"id": "did:example:haneul", "name": "김하늘", "phones": [{"number": "2"}], "address": {}}
    whole = presentation(verifiableCredential=[wrapped(secured.encode(), "vc+sd-jwt")])
    chosen = json.dumps(["holder", "verifiableCredential[0]"])
    bench.good("verify", "presentation_sdjwt", bench.good("issue", "presentation_sdjwt", whole, None, "--sd", chosen))


PATHS: dict[str, tuple[str, str]] = {
    "no JSON": ("[", "envelope.path"),
    "an object": ("{}", "envelope.path"),
    "a number": ("[1]", "envelope.path"),
    "two dots": ('["a..b"]', "envelope.path"),
    "half a bracket": ('["a[0"]', "envelope.path"),
    "a name in brackets": ('["a[b]"]', "envelope.path"),
    "nothing": ('[""]', "envelope.path"),
    "a claim that is not there": ('["credentialSubject.height"]', "envelope.path"),
    "what judging needs": ('["issuer"]', "envelope.disclosure.always-shown"),
}


@pytest.mark.parametrize(("paths", "code"), PATHS.values(), ids=PATHS.keys())
def test_paths_that_lead_nowhere_are_refused(bench: Bench, paths: str, code: str) -> None:
    assert bench.code("issue", "credential_sdjwt", document_for("credential_sdjwt"), None, "--sd", paths) == code


def test_only_sd_jwt_leaves_claims_out(bench: Bench) -> None:
    for feature in ("credential_jose", "credential_cose"):
        chosen = '["credentialSubject.name"]'
        assert bench.code("issue", feature, document_for(feature), None, "--sd", chosen) == "envelope.path"
    assert disclosable_paths("") == ()
    assert disclosable_paths('["@context[1].x"]') == (("@context", 1, "x"),)


def changed(feature: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (document_for(feature) | changes).items() if value is not None}


MODELS: dict[str, tuple[str, Callable[[], Any], str]] = {
    "no context": ("credential_jose", lambda: changed("credential_jose", **{"@context": None}), "model.context"),
    "the context of 1.1": (
        "credential_jose",
        lambda: changed(
            "credential_jose",
            **{"@context": ["https://www.w3.org/2018/credentials/v1"], "validFrom": None, "validUntil": None},
            issuanceDate="2026-03-02T00:00:00Z",
        ),
        "model.context",
    ),
    "no issuer": ("credential_cose", lambda: changed("credential_cose", issuer=None), "model.issuer"),
    "no subject": ("credential_sdjwt", lambda: changed("credential_sdjwt", credentialSubject=None), "model.subject"),
    "a date that is none": ("credential_jose", lambda: changed("credential_jose", validFrom="today"), "model.dates"),
    "no type": ("credential_jose", lambda: changed("credential_jose", type=["Other"]), "model.type"),
    "terms that nobody defines": (
        "credential_jose",
        lambda: changed("credential_jose", madeUp={"a": 1}, alsoMadeUp=2),
        "model.terms",
    ),
    "a presentation of another type": (
        "presentation_jose",
        lambda: changed("presentation_jose", type="Other"),
        "model.type",
    ),
    "a presentation of 1.1": (
        "presentation_cose",
        lambda: changed("presentation_cose", **{"@context": ["https://www.w3.org/2018/credentials/v1"]}),
        "model.context",
    ),
    "a holder that is no URL": (
        "presentation_sdjwt",
        lambda: changed("presentation_sdjwt", holder="me"),
        "model.holder",
    ),
    "an id that is no URL": ("presentation_jose", lambda: changed("presentation_jose", id="x"), "model.id"),
    "a credential that is bare": (
        "presentation_jose",
        lambda: changed("presentation_jose", verifiableCredential=[credential()]),
        "model.type",
    ),
    "a credential that is a text": (
        "presentation_jose",
        lambda: changed("presentation_jose", verifiableCredential="eyJ"),
        "model.type",
    ),
    "a presentation in a presentation": (
        "presentation_jose",
        lambda: changed("presentation_jose", verifiableCredential=[wrapped(b"a", "vp+jwt", kind=PRESENTATION)]),
        "model.type",
    ),
    "a credential that is nowhere": (
        "presentation_cose",
        lambda: changed("presentation_cose", verifiableCredential=[wrapped(b"a", "vc+jwt") | {"id": "nowhere"}]),
        "envelope.data-url",
    ),
    "no JSON": ("credential_jose", lambda: "{", "envelope.malformed"),
    "an array": ("credential_jose", list, "envelope.malformed"),
}


@pytest.mark.parametrize(("feature", "make", "code"), MODELS.values(), ids=MODELS.keys())
def test_what_breaks_the_data_model_is_not_issued(
    bench: Bench, feature: str, make: Callable[[], Any], code: str
) -> None:
    assert bench.code("issue", feature, make()) == code


@pytest.mark.parametrize(
    ("name", "make", "code"),
    [
        ("a bad date", lambda: changed("credential_jose", validFrom="today"), "model.dates"),
        ("a claim vc", lambda: changed("credential_jose", vc="oops", vp="no"), "envelope.claims"),
        ("another issuer", lambda: changed("credential_jose", iss="https://other.example"), "envelope.issuer"),
    ],
)
def test_what_breaks_the_data_model_does_not_verify(
    bench: Bench, name: str, make: Callable[[], Any], code: str
) -> None:
    token = signed(make(), {"typ": "vc+jwt"}, SIGNERS[KeyType.P256])
    assert bench.code("verify", "credential_jose", token) == code, name


def test_another_type_does_not_verify(bench: Bench) -> None:
    token = signed(document_for("credential_jose"), {"typ": "bad+typ", "cty": "bad+cty"}, SIGNERS[KeyType.P256])
    assert bench.code("verify", "credential_jose", token) == "envelope.type"


def test_no_clock_is_looked_at(bench: Bench) -> None:
    claims = document_for("credential_jose") | {
        "validFrom": "1990-01-01T00:00:00Z",
        "validUntil": "1991-01-01T00:00:00Z",
    }
    bench.good("verify", "credential_jose", bench.good("issue", "credential_jose", claims))
    worded = signed(claims | {"iat": "1990-01-01T00:00:00Z", "exp": 1}, {"typ": "vc+jwt"}, SIGNERS[KeyType.P256])
    bench.good("verify", "credential_jose", worded)


def test_a_key_binding_is_the_holder_s(bench: Bench) -> None:
    document = document_for("credential_sdjwt")
    names = [("credentialSubject", "name")]
    token = vc_sd_jwt.issue(document, names, SIGNERS[KeyType.P256], holder_key=HOLDER.public_key)
    bound = sd_jwt.bind(token, HOLDER, audience="x", nonce="n", now=NOW)
    bench.good("verify", "credential_sdjwt", bound)
    by_another = sd_jwt.bind(token, SIGNERS[KeyType.P256], audience="x", nonce="n", now=NOW)
    elsewhere = sd_jwt.present(token, []) + bound.rpartition("~")[2]
    unbound = vc_sd_jwt.issue(document, [], SIGNERS[KeyType.P256])
    nobody_s = sd_jwt.bind(unbound, HOLDER, audience="x", nonce="n", now=NOW)
    for forged in (by_another, elsewhere, nobody_s):
        assert bench.code("verify", "credential_sdjwt", forged) == "envelope.key-binding"


def key(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (method() | changes).items() if value is not None}


KEYS: dict[str, tuple[Any, str]] = {
    "no JSON": ("{", "envelope.malformed"),
    "no key": (key(publicKeyJwk=None, secretKeyJwk=None), "codec"),
    "no secret": (key(secretKeyJwk=None), "codec"),
    "the secret of another": (key(secretKeyJwk=method(SIGNERS[KeyType.ED25519])["secretKeyJwk"]), "codec"),
    "a secret that is a text": (key(secretKeyJwk="x"), "codec"),
    "a secret without d": (key(secretKeyJwk=method()["publicKeyJwk"]), "value"),
    "a d of another": (
        key(secretKeyJwk=method()["publicKeyJwk"] | {"d": encode_base64url(secret_of(HOLDER))}),
        "codec",
    ),
    "a key of an unknown kind": (key(publicKeyJwk={"kty": "AKP"}, secretKeyJwk=None), "codec.jwk.unsupported"),
    "an id that is a number": (key(id=5), "codec"),
}


@pytest.mark.parametrize(("wrong", "code"), KEYS.values(), ids=KEYS.keys())
def test_a_key_that_is_none_signs_nothing(bench: Bench, wrong: Any, code: str) -> None:
    result, data = bench.answer("issue", "credential_jose", document_for("credential_jose"), wrong)
    assert (result, data.rpartition("[")[2].rstrip("]")) == ("failure", code)
    assert encode_base64url(secret_of(SIGNERS[KeyType.P256])) not in data


def test_a_public_key_may_be_left_out_where_the_secret_is(bench: Bench) -> None:
    bench.good("issue", "credential_jose", document_for("credential_jose"), key(publicKeyJwk=None, id=None))


def test_files_that_are_not_there_are_told(bench: Bench, tmp_path: Path) -> None:
    paths = (tmp_path / "absent", tmp_path / "key", tmp_path / "output")
    (tmp_path / "key").write_text(json.dumps(method()))
    jose.verify(input=paths[0], key=paths[1], feature=Feature.CREDENTIAL_JOSE, output=paths[2])
    assert "[settings.file]" in json.loads(paths[2].read_text())["data"]
    nowhere = tmp_path / "no" / "output"

    def write_nowhere() -> None:
        jose.verify(input=paths[0], key=paths[1], feature=Feature.CREDENTIAL_JOSE, output=nowhere)

    assert code_of(write_nowhere) == SettingsError("", code="settings.file").code


def test_an_unknown_feature_is_wrong_usage(bench: Bench) -> None:
    assert bench.run("issue", "credential_pgp", {}).exit_code == 2
