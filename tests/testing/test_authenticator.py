"""The software authenticator is judged by the `webauthn` package, as a relying party judges a real one."""

from __future__ import annotations

import hashlib
import json

import pytest
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import InvalidAuthenticationResponse, InvalidRegistrationResponse
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from jikin.testing.authenticator import AuthenticatorRefusedError, SoftwareAuthenticator

ORIGIN = "http://localhost:8101"
RP = "localhost"
CHALLENGE = bytes(range(32))


def creation(
    challenge: bytes = CHALLENGE, *, user: bytes = b"officer-1", exclude: tuple[bytes, ...] = (), **more: object
) -> str:
    options = generate_registration_options(
        rp_id=RP,
        rp_name="Jikin",
        user_name="hong",
        user_id=user,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=known) for known in exclude],
    )
    return json.dumps({**json.loads(options_to_json(options)), **more})


def request(challenge: bytes = CHALLENGE, *, allow: tuple[bytes, ...] = (), rp: str = RP, **more: object) -> str:
    options = generate_authentication_options(
        rp_id=rp,
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=known) for known in allow],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return json.dumps({**json.loads(options_to_json(options)), **more})


def registered(authenticator: SoftwareAuthenticator, **options: object) -> VerifiedRegistration:
    return verify_registration_response(
        credential=authenticator.create(creation(**options)),  # type: ignore[arg-type]
        expected_challenge=CHALLENGE,
        expected_rp_id=RP,
        expected_origin=ORIGIN,
        require_user_verification=True,
    )


@pytest.fixture
def authenticator() -> SoftwareAuthenticator:
    return SoftwareAuthenticator(ORIGIN)


def test_a_new_passkey_is_accepted_with_user_verification(authenticator: SoftwareAuthenticator) -> None:
    verified = registered(authenticator)
    assert verified.user_verified
    assert bytes_to_base64url(verified.credential_id) in authenticator.credential_ids


def test_an_assertion_is_accepted_and_the_count_grows(authenticator: SoftwareAuthenticator) -> None:
    key = registered(authenticator)
    counts = [
        verify_authentication_response(
            credential=authenticator.get(request(allow=allow)),
            expected_challenge=CHALLENGE,
            expected_rp_id=RP,
            expected_origin=ORIGIN,
            credential_public_key=key.credential_public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        ).new_sign_count
        for allow in ((), (key.credential_id,))
    ]
    assert counts == [1, 2]


def test_a_passkey_is_found_without_being_named_and_says_whose_it_is(authenticator: SoftwareAuthenticator) -> None:
    registered(authenticator)
    answer = json.loads(authenticator.get(request()))
    assert base64url_to_bytes(answer["response"]["userHandle"]) == b"officer-1"


def test_an_assertion_for_another_challenge_is_refused_by_the_relying_party(
    authenticator: SoftwareAuthenticator,
) -> None:
    key = registered(authenticator)
    with pytest.raises(InvalidAuthenticationResponse, match="challenge"):
        verify_authentication_response(
            credential=authenticator.get(request(bytes(32))),
            expected_challenge=CHALLENGE,
            expected_rp_id=RP,
            expected_origin=ORIGIN,
            credential_public_key=key.credential_public_key,
            credential_current_sign_count=0,
        )


def test_a_passkey_made_on_another_site_is_refused_by_the_relying_party() -> None:
    with pytest.raises(InvalidRegistrationResponse, match="origin"):
        registered(SoftwareAuthenticator("http://localhost:9999"))


def test_a_spoilt_signature_is_refused_by_the_relying_party(authenticator: SoftwareAuthenticator) -> None:
    key = registered(authenticator)
    answer = json.loads(authenticator.get(request()))
    other = SoftwareAuthenticator(ORIGIN)
    other.create(creation())
    answer["response"]["signature"] = json.loads(other.get(request()))["response"]["signature"]
    with pytest.raises(InvalidAuthenticationResponse, match="signature"):
        verify_authentication_response(
            credential=answer,
            expected_challenge=CHALLENGE,
            expected_rp_id=RP,
            expected_origin=ORIGIN,
            credential_public_key=key.credential_public_key,
            credential_current_sign_count=0,
        )


def test_the_browser_refuses_another_sites_options(authenticator: SoftwareAuthenticator) -> None:
    registered(authenticator)
    with pytest.raises(AuthenticatorRefusedError) as refused:
        authenticator.get(request(rp="evil.example"))
    assert refused.value.code == "authenticator.origin"


def test_an_excluded_passkey_is_not_made_twice(authenticator: SoftwareAuthenticator) -> None:
    key = registered(authenticator)
    with pytest.raises(AuthenticatorRefusedError) as refused:
        authenticator.create(creation(exclude=(key.credential_id,)))
    assert refused.value.code == "authenticator.excluded"


def test_without_a_fitting_passkey_there_is_no_assertion(authenticator: SoftwareAuthenticator) -> None:
    with pytest.raises(AuthenticatorRefusedError) as refused:
        authenticator.get(request())
    assert refused.value.code == "authenticator.none"


def test_prf_gives_the_same_32_bytes_for_the_same_salt_and_others_for_another(
    authenticator: SoftwareAuthenticator,
) -> None:
    def prf(answer: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(answer)["clientExtensionResults"]["prf"]
        return found

    def asked(salt: bytes) -> dict[str, object]:
        return {"extensions": {"prf": {"eval": {"first": bytes_to_base64url(salt)}}}}

    salt, other = hashlib.sha256(b"a").digest(), hashlib.sha256(b"b").digest()
    made = prf(authenticator.create(creation(**asked(salt))))
    assert made["enabled"] is True
    once = prf(authenticator.get(request(**asked(salt))))["results"]
    assert once == made["results"]
    assert len(base64url_to_bytes(once["first"])) == 32  # type: ignore[index]
    assert prf(authenticator.get(request(**asked(other))))["results"] != once


def test_prf_by_credential_takes_precedence(authenticator: SoftwareAuthenticator) -> None:
    key = registered(authenticator)
    one, two = bytes_to_base64url(bytes(32)), bytes_to_base64url(bytes([1] * 32))
    mine = {bytes_to_base64url(key.credential_id): {"first": two}}
    by_credential = authenticator.get(request(extensions={"prf": {"eval": {"first": one}, "evalByCredential": mine}}))
    plain = authenticator.get(request(extensions={"prf": {"eval": {"first": two}}}))
    results = [json.loads(answer)["clientExtensionResults"] for answer in (by_credential, plain)]
    assert results[0] == results[1]
