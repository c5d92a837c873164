"""A presentation is made for one asker and one request, by the key of its holder."""

from __future__ import annotations

from typing import Any

import pytest

from jikin.dids import jwk as did_jwk
from jikin.errors import CanonicalizationError, ProtocolError
from jikin.openid4vc import presentation
from jikin.proofs.bbs.signer import BbsSigner
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.p256 import P256Signer
from jikin.values import DidUrl
from tests.holders import CLIENT, NONCE, Holder
from tests.small_world import CONTEXTS, SmallWorld

WORLD = SmallWorld()
HOLDER = Holder()
CERTIFICATE = HOLDER.certificate(WORLD).credential


def make(*credentials: Any, **changes: Any) -> Any:
    given = {"nonce": NONCE, "client_id": CLIENT, "contexts": CONTEXTS, "now": WORLD.time, **changes}
    return presentation.make(credentials, given.pop("signer", HOLDER.signer), **given)


def test_it_has_the_shape_of_the_data_model() -> None:
    made = make(CERTIFICATE)
    assert set(made) == {"@context", "type", "holder", "verifiableCredential", "proof"}
    assert made["@context"] == ["https://www.w3.org/ns/credentials/v2"]
    assert made["type"] == ["VerifiablePresentation"]
    assert made["holder"] == str(HOLDER.did)
    assert made["verifiableCredential"] == [CERTIFICATE]
    proof = made["proof"]
    assert {name: proof[name] for name in ("cryptosuite", "proofPurpose", "challenge", "domain")} == {
        "cryptosuite": "eddsa-rdfc-2022",
        "proofPurpose": "authentication",
        "challenge": NONCE,
        "domain": CLIENT,
    }
    assert proof["verificationMethod"] == str(HOLDER.method)


def test_the_key_may_be_named_by_another_did() -> None:
    did = did_jwk.did_of(HOLDER.signer.public_key)
    made = make(CERTIFICATE, method=DidUrl(f"{did}#0"))
    assert made["holder"] == str(did)


def test_what_is_shown_can_be_read_back() -> None:
    assert presentation.credentials_in(make(CERTIFICATE, CERTIFICATE)) == (CERTIFICATE, CERTIFICATE)
    single = {**make(CERTIFICATE), "verifiableCredential": CERTIFICATE}
    assert presentation.credentials_in(single) == (CERTIFICATE,)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "eyJ.e30.x",
        [],
        {},
        {"type": "VerifiableCredential"},
        {"type": "VerifiablePresentation"},
        {"type": "VerifiablePresentation", "verifiableCredential": []},
        {"type": "VerifiablePresentation", "verifiableCredential": ["eyJ.e30.x"]},
        {"type": "VerifiablePresentation", "verifiableCredential": [{}] * 65},
    ],
)
def test_what_is_no_presentation_is_refused(value: Any) -> None:
    with pytest.raises(ProtocolError) as caught:
        presentation.credentials_in(value)
    assert caught.value.code == "openid.presentation"


def test_nothing_and_too_much_are_not_presented() -> None:
    for credentials in ((), (CERTIFICATE,) * 65):
        with pytest.raises(ProtocolError):
            make(*credentials)


def test_a_key_that_signs_no_presentation_is_refused_by_name() -> None:
    with pytest.raises(ProtocolError, match="BLS12-381"):
        make(CERTIFICATE, signer=BbsSigner.generate())


def test_a_p_256_key_signs_with_the_ecdsa_suite() -> None:
    assert make(CERTIFICATE, signer=P256Signer.generate())["proof"]["cryptosuite"] == "ecdsa-rdfc-2019"


def test_contexts_are_never_fetched() -> None:
    strange = {**CERTIFICATE, "@context": [*CERTIFICATE["@context"], "https://evil.example/context"]}  # type: ignore[misc]
    with pytest.raises(CanonicalizationError):
        make(strange)


def test_two_presentations_of_one_certificate_differ() -> None:
    one, two = make(CERTIFICATE), make(CERTIFICATE, nonce="another-nonce", signer=Ed25519Signer.generate())
    assert one["proof"]["proofValue"] != two["proof"]["proofValue"]
