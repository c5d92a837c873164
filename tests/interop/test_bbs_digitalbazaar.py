"""bbs-2023 credentials of ours and of the npm packages @digitalbazaar are shown and verified by each other.

Their suite knows the baseline; holder binding and pseudonyms are held against the published vectors alone.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from jikin.codec import multibase, multikey
from jikin.codec.contexts import Contexts
from jikin.proofs import securing
from jikin.proofs.bbs.signer import BbsSigner
from jikin.proofs.bbs_2023 import BbsStatement
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, JsonObject, parse_instant
from tests.badge_sample import badge
from tests.codes import code_of
from tests.npm import ask

CONTEXTS = Contexts.packaged()
SUITES = standard_suites(CONTEXTS)
SUITE = SUITES.selective("bbs-2023")
SIGNER = BbsSigner.from_material(bytes(range(32)))
KEY = SIGNER.public_key
DID = "did:web:exam.example"
METHOD = f"{DID}#{multikey.encode(KEY)}"
NOW = "2026-06-12T09:00:00Z"
MANDATORY = ["/issuer", "/validFrom", "/validUntil"]
POINTERS = ["/credentialSubject/achievement/name", "/credentialSubject/result/1"]
HEADER = b"nonce of the verifier"


def documents() -> dict[str, Any]:
    known: dict[str, Any] = {url: CONTEXTS.document(url) for url in CONTEXTS.urls}
    key = {"id": METHOD, "type": "Multikey", "controller": DID, "publicKeyMultibase": multikey.encode(KEY)}
    context = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]
    known[METHOD] = {"@context": context[1], **key}
    known[DID] = {"@context": context, "id": DID, "verificationMethod": [key], "assertionMethod": [METHOD]}
    return known


def ours() -> JsonObject:
    options = ProofOptions(DidUrl(METHOD), created=parse_instant(NOW), mandatory_pointers=tuple(MANDATORY))
    return securing.secure(badge(), SUITE, options, SIGNER)


def forged(document: JsonObject) -> dict[str, Any]:
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    changed["credentialSubject"]["achievement"]["name"] = "굴착기운전기능사"
    return changed


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    """What the others issued, derived and judged, in one run: each of their signatures takes a third of a second."""
    base = ours()
    shown = SUITE.derive(base, POINTERS, {"presentation_header": HEADER})
    secret = multibase.encode(b"\x8a\x26" + SIGNER.export_secret())  # multicodec bls12_381-g2-priv
    key = {**documents()[METHOD], "secretKeyMultibase": secret}
    answer = ask(
        "digitalbazaar_bbs",
        {
            "documents": documents(),
            "now": NOW,
            "issue": {"theirs": {"credential": badge(), "key": key, "mandatory": MANDATORY}},
            "derive": {
                "of theirs": {"credential": "theirs", "pointers": POINTERS, "header": HEADER.hex()},
                "of ours": {"credential": base, "pointers": POINTERS, "header": ""},
            },
            "verify": {"ours": shown, "ours, forged": forged(shown)},
        },
    )
    assert answer["ok"], answer
    return answer


def accepts(document: JsonObject) -> bool:
    (statement,) = securing.statements(document, SUITES)
    return SUITE.verify(statement, KEY)


def test_the_others_accept_what_we_show(theirs: dict[str, Any]) -> None:
    assert theirs["verdicts"]["ours"] == "verified"


def test_the_others_refuse_what_we_show_when_it_was_changed(theirs: dict[str, Any]) -> None:
    assert theirs["verdicts"]["ours, forged"] != "verified"
    assert "not at hand" not in theirs["verdicts"]["ours, forged"]


@pytest.mark.parametrize(("name", "header"), [("of theirs", HEADER), ("of ours", b"")])
def test_we_accept_what_the_others_show_and_refuse_it_changed(theirs: dict[str, Any], name: str, header: bytes) -> None:
    shown = theirs["derived"][name]
    assert accepts(shown)
    assert not accepts(forged(shown))
    (statement,) = securing.statements(shown, SUITES)
    assert isinstance(statement, BbsStatement)
    assert statement.presentation_header == header


def test_both_show_the_same_part_of_one_credential(theirs: dict[str, Any]) -> None:
    by_us = SUITE.derive(ours(), POINTERS, {})
    by_them = theirs["derived"]["of ours"]
    unsecured, _ = securing.split(by_us)
    assert unsecured == {name: value for name, value in by_them.items() if name != "proof"}


def test_a_base_proof_of_the_others_is_read_and_shown_by_us(theirs: dict[str, Any]) -> None:
    base = theirs["issued"]["theirs"]
    assert accepts(base)
    assert accepts(SUITE.derive(base, POINTERS, {"presentation_header": HEADER}))
    changed = forged(base)
    assert not accepts(changed)
    mandatory = copy.deepcopy(base) | {"validUntil": "2099-01-01T00:00:00Z"}
    assert code_of(SUITE.derive, mandatory, POINTERS, {}) == "proof.base"
