"""Digital Bazaar's suites accept our ECDSA proofs and we theirs, whole and in part; neither takes a tampered one."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import pytest

from jikin.codec import multibase, multikey
from jikin.codec.contexts import Contexts
from jikin.proofs import securing
from jikin.proofs.ecdsa import EcdsaSigner
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, JsonObject, KeyType
from tests.badge_sample import badge
from tests.npm import ask
from tests.signers import SIGNERS

CONTEXTS = Contexts.packaged()
SUITES = standard_suites(CONTEXTS)
NOW = "2026-11-01T00:00:00Z"
ISSUER = "did:web:exam.example"
SECRET_HEADER = {KeyType.P256: b"\x86\x26", KeyType.P384: b"\x87\x26"}  # multicodec p256-priv, p384-priv
CURVES = {"P-256": KeyType.P256, "P-384": KeyType.P384}
MANDATORY = ("/issuer", "/validUntil", "/credentialSubject/achievement/name")
CHOSEN = ["/name", "/credentialSubject/result/1", "/credentialSubject/achievement/criteria/narrative"]
SD, RDFC = SUITES.selective("ecdsa-sd-2023"), SUITES.named("ecdsa-rdfc-2019")


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the issuer, as each side needs it."""

    signer: EcdsaSigner

    @classmethod
    def of(cls, kind: KeyType) -> Key:
        signer = SIGNERS[kind]
        assert isinstance(signer, EcdsaSigner)
        return cls(signer)

    @property
    def public(self) -> dict[str, Any]:
        text = multikey.encode(self.signer.public_key)
        return {
            "@context": "https://w3id.org/security/multikey/v1",
            "id": f"{ISSUER}#{text}",
            "type": "Multikey",
            "controller": ISSUER,
            "publicKeyMultibase": text,
        }

    @property
    def private(self) -> dict[str, Any]:
        header = SECRET_HEADER[self.signer.public_key.type]
        return self.public | {"secretKeyMultibase": multibase.encode(header + self.signer.export_secret())}

    def options(self, **more: Any) -> ProofOptions:
        return ProofOptions(DidUrl(self.public["id"]), created=1_780_000_000, **more)

    def accepts(self, document: JsonObject) -> bool:
        (statement,) = securing.statements(document, SUITES)
        return SUITES.named(statement.algorithm).verify(statement, self.signer.public_key)


KEYS = {curve: Key.of(kind) for curve, kind in CURVES.items()}
SD_KEY = KEYS["P-256"]


def documents() -> dict[str, Any]:
    methods = [key.public for key in KEYS.values()]
    controller = {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": ISSUER,
        "assertionMethod": [method["id"] for method in methods],
    }
    return {
        **{url: CONTEXTS.document(url) for url in CONTEXTS.urls},
        ISSUER: controller,
        **{method["id"]: method for method in methods},
    }


def listed() -> dict[str, Any]:
    """Return a badge with a list in it, which the standard's own skolemization has no words for."""
    document = badge()
    description = document["credentialSubject"]["achievement"]["resultDescription"][0]
    description["allowedValue"] = ["합격", "불합격", "합격"]
    return document


OURS = {
    **{curve: securing.secure(badge(), RDFC, key.options(), key.signer) for curve, key in KEYS.items()},
    "base": securing.secure(badge(), SD, SD_KEY.options(mandatory_pointers=MANDATORY), SD_KEY.signer),
    "base with a list": securing.secure(listed(), SD, SD_KEY.options(mandatory_pointers=MANDATORY), SD_KEY.signer),
}
PARTS: dict[str, JsonObject] = {
    "chosen": SD.derive(OURS["base"], CHOSEN, {}),
    "mandatory alone": SD.derive(OURS["base"], [], {}),
    "everything": SD.derive(OURS["base"], [""], {}),
    "a whole list": SD.derive(
        OURS["base with a list"], ["/credentialSubject/achievement/resultDescription/0/allowedValue"], {}
    ),
}


def tampered(document: JsonObject) -> dict[str, dict[str, Any]]:
    """Return forgeries of *document*, by what was forged."""
    genuine: dict[str, Any] = copy.deepcopy(dict(document))
    value = multibase.decode(genuine["proof"]["proofValue"])
    cut = bytes([*value[:40], value[40] ^ 1, *value[41:]])
    proof_value = multibase.encode(cut, genuine["proof"]["proofValue"][0])
    return {
        "another name": genuine | {"issuer": genuine["issuer"] | {"name": "다른시험원"}},
        "a claim more": genuine | {"awardedDate": "2020-01-01T00:00:00Z"},
        "a claim less": {name: member for name, member in genuine.items() if name != "validUntil"},
        "another time": genuine | {"proof": genuine["proof"] | {"created": "2026-05-28T20:26:41Z"}},
        "another signature": genuine | {"proof": genuine["proof"] | {"proofValue": proof_value}},
    }


FORGED = {
    f"{name}: {what}": (suite, forgery)
    for name, suite, document in [
        *((curve, "ecdsa-rdfc-2019", OURS[curve]) for curve in CURVES),
        ("chosen", "ecdsa-sd-2023", PARTS["chosen"]),
    ]
    for what, forgery in tampered(document).items()
}


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    """What one run of their packages says and makes."""
    verify: dict[str, Any] = {}
    for curve in CURVES:
        verify[curve] = {"suite": "ecdsa-rdfc-2019", "credential": OURS[curve]}
    for name, part in PARTS.items():
        verify[name] = {"suite": "ecdsa-sd-2023", "credential": part}
    for name, (suite, forgery) in FORGED.items():
        verify[name] = {"suite": suite, "credential": forgery}
    issue: dict[str, Any] = {
        curve: {"suite": "ecdsa-rdfc-2019", "credential": badge(), "key": key.private} for curve, key in KEYS.items()
    }
    issue["base"] = {
        "suite": "ecdsa-sd-2023",
        "credential": badge(),
        "key": SD_KEY.private,
        "mandatory": list(MANDATORY),
    }
    derive = {
        "from theirs": {"credential": "base", "pointers": CHOSEN},
        "from ours": {"credential": OURS["base"], "pointers": CHOSEN},
    }
    answer = ask(
        "digitalbazaar",
        {"documents": documents(), "now": NOW, "issue": issue, "derive": derive, "verify": verify},
    )
    assert answer["ok"], answer
    return answer


@pytest.mark.parametrize("name", [*CURVES, *PARTS])
def test_they_accept_what_we_signed_and_derived(name: str, theirs: dict[str, Any]) -> None:
    assert theirs["verdicts"][name] == "verified"


@pytest.mark.parametrize("name", FORGED)
def test_they_and_we_refuse_what_was_tampered_with(name: str, theirs: dict[str, Any]) -> None:
    _, forgery = FORGED[name]
    assert "signature" in theirs["verdicts"][name].lower()
    assert not any(key.accepts(forgery) for key in KEYS.values())


@pytest.mark.parametrize("curve", CURVES)
def test_we_accept_what_they_signed_and_nothing_changed_in_it(curve: str, theirs: dict[str, Any]) -> None:
    document = theirs["issued"][curve]
    assert KEYS[curve].accepts(document)
    for forgery in tampered(document).values():
        assert not KEYS[curve].accepts(forgery)
    assert not any(key.accepts(document) for name, key in KEYS.items() if name != curve)


def test_we_accept_what_they_derived_and_nothing_changed_in_it(theirs: dict[str, Any]) -> None:
    for document in (theirs["issued"]["base"], *theirs["derived"].values()):
        assert SD_KEY.accepts(document)
        for forgery in tampered(document).values():
            assert not SD_KEY.accepts(forgery)


def test_of_one_base_proof_they_and_we_derive_the_same_bytes(theirs: dict[str, Any]) -> None:
    assert theirs["derived"]["from ours"] == PARTS["chosen"]
    assert theirs["derived"]["from theirs"] == SD.derive(theirs["issued"]["base"], CHOSEN, {})
