"""A holder receives certificates over OpenID4VCI, from an institution that speaks it over HTTP."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest

from jikin.badges import qr
from jikin.errors import JikinError, ProtocolError, WalletError
from jikin.testing.clock import FixedClock
from jikin.testing.world import World
from tests.wallet.parties import RECORD, TYPE, Office, renamed
from wallet import accounts, activity, holding, receiving
from wallet.app import Wallet
from wallet.sessions import OpenVault
from wallet.values import Standing


def _receive(wallet: Wallet, vault: OpenVault, office: Office) -> str:
    seen = receiving.look(wallet, vault, office.offer())
    (held,) = receiving.receive(wallet, vault, seen.id, office.tx_code)
    return held.id


def test_an_offer_is_shown_before_anything_is_accepted(wallet: Wallet, vault: OpenVault, office: Office) -> None:
    seen = receiving.look(wallet, vault, office.offer())
    assert seen.titles == ({"ko": "국가기술자격증", "en": "National technical qualification"},)
    assert (seen.code_length, seen.code_description) == (4, "문자로 보낸 번호")
    assert office.calls == []
    assert holding.held(wallet, vault) == ()


def test_the_name_shown_is_the_registrys_and_not_what_the_issuer_calls_itself(
    wallet: Wallet, vault: OpenVault, office: Office
) -> None:
    seen = receiving.look(wallet, vault, office.offer())
    assert seen.accredited
    assert seen.issuer["ko"] == "한국산업인력공단"


def test_a_certificate_is_received_verified_and_kept(wallet: Wallet, vault: OpenVault, office: Office) -> None:
    held = holding.one(wallet, vault, _receive(wallet, vault, office))
    assert held.standing is Standing.PASSED
    assert held.issuer_accredited
    assert held.title == {"ko": "지게차운전기능사", "en": "Craftsman Forklift Operator"}
    assert held.type == TYPE
    assert held.receipt is not None
    assert {field.label["ko"]: field.value for field in held.fields}["성명"] == RECORD["name_ko"]
    assert office.events == ["credential_accepted"]
    assert activity.events(wallet, vault)[0].act == "received"


@pytest.mark.parametrize("form", ["by reference", "behind a page", "in a picture"])
def test_an_offer_comes_in_every_form(wallet: Wallet, vault: OpenVault, office: Office, form: str) -> None:
    link = office.offer(by_reference=True)
    if form == "behind a page":
        link = f"http://localhost:8102/receive?offer={quote(link, safe='')}"
    if form == "in a picture":
        link = receiving.from_picture(qr.png(link))
    seen = receiving.look(wallet, vault, link)
    assert len(receiving.receive(wallet, vault, seen.id, office.tx_code)) == 1


def test_two_certificates_are_made_out_to_two_keys(wallet: Wallet, vault: OpenVault, office: Office) -> None:
    _receive(wallet, vault, office)
    _receive(wallet, vault, office)
    assert len(office.issued) == 2


def test_receiving_twice_is_receiving_once(wallet: Wallet, vault: OpenVault, office: Office) -> None:
    link = office.offer()
    seen = receiving.look(wallet, vault, link)
    first = receiving.receive(wallet, vault, seen.id, office.tx_code)
    assert receiving.receive(wallet, vault, seen.id, office.tx_code) == first
    with pytest.raises(WalletError) as refused:
        receiving.look(wallet, vault, link)
    assert refused.value.code == "wallet.offer.used"
    assert len(holding.held(wallet, vault)) == 1


def test_two_windows_that_accept_at_once_receive_once(wallet: Wallet, vault: OpenVault, office: Office) -> None:
    seen = receiving.look(wallet, vault, office.offer())
    with ThreadPoolExecutor(3) as threads:
        came = list(threads.map(lambda _: receiving.receive(wallet, vault, seen.id, office.tx_code), range(3)))
    assert len({one.id for each in came for one in each}) == 1
    assert (len(office.issued), office.calls.count("token"), office.calls.count("credential")) == (1, 1, 1)


def test_a_vault_with_one_way_to_unlock_takes_nothing(wallet: Wallet, office: Office) -> None:
    accounts.create(wallet, "새사람", "비 오는 날의 우산 두 개")
    token = accounts.open_by_passphrase(wallet, "새사람", "비 오는 날의 우산 두 개")
    with accounts.open_by_token(wallet, token) as vault:
        seen = receiving.look(wallet, vault, office.offer())
        with pytest.raises(WalletError) as refused:
            receiving.receive(wallet, vault, seen.id, office.tx_code)
    assert refused.value.code == "wallet.one-way"
    assert office.calls == []


@pytest.mark.parametrize("code", [None, "", "1234", "49321"])
def test_a_wrong_transaction_code_can_be_tried_again(
    wallet: Wallet, vault: OpenVault, office: Office, code: str | None
) -> None:
    seen = receiving.look(wallet, vault, office.offer())
    with pytest.raises(WalletError) as refused:
        receiving.receive(wallet, vault, seen.id, code)
    assert refused.value.code == "wallet.tx-code"
    assert len(receiving.receive(wallet, vault, seen.id, "4932")) == 1


def test_an_offer_without_code_needs_none(wallet: Wallet, vault: OpenVault, office: Office) -> None:
    office.tx_code = None
    seen = receiving.look(wallet, vault, office.offer())
    assert seen.code_length is None
    assert len(receiving.receive(wallet, vault, seen.id)) == 1


def test_a_code_that_was_used_by_somebody_else_is_told(wallet: Wallet, vault: OpenVault, office: Office) -> None:
    office.tx_code = None
    seen = receiving.look(wallet, vault, office.offer())
    office.codes.clear()
    with pytest.raises(WalletError) as refused:
        receiving.receive(wallet, vault, seen.id)
    assert refused.value.code == "wallet.offer.gone"


# --- what is refused ---

SPOILT = {
    "another name is put in": (renamed, "wallet.credential.forged"),
    "the signature is taken off": (
        lambda credential: {name: value for name, value in credential.items() if name != "proof"},
        "wallet.credential.forged",
    ),
    "it is made out to somebody else": (
        lambda credential: {
            **credential,
            "credentialSubject": {**credential["credentialSubject"], "id": "did:key:z6MkrJVnaZkeFzdQyMZu1cg"},
        },
        "wallet.credential.not-yours",
    ),
    "it is made out to nobody": (
        lambda credential: {
            **credential,
            "credentialSubject": {n: v for n, v in credential["credentialSubject"].items() if n != "id"},
        },
        "wallet.credential.not-yours",
    ),
    "it is of another type than offered": (
        lambda credential: {**credential, "type": ["VerifiableCredential"]},
        "wallet.credential.other-type",
    ),
    "it is no certificate": (lambda _: {"hello": "there"}, "wallet.credential.malformed"),
    "it is a text": (lambda _: "eyJhbGciOiJub25lIn0.e30.", "wallet.credential.malformed"),
}


@pytest.mark.parametrize(("spoil", "code"), SPOILT.values(), ids=SPOILT.keys())
def test_a_certificate_is_refused_when(
    wallet: Wallet, vault: OpenVault, office: Office, spoil: object, code: str
) -> None:
    office.spoil = spoil  # type: ignore[assignment]
    seen = receiving.look(wallet, vault, office.offer())
    with pytest.raises(WalletError) as refused:
        receiving.receive(wallet, vault, seen.id, office.tx_code)
    assert refused.value.code == code
    assert holding.held(wallet, vault) == ()
    newest = activity.events(wallet, vault)[0]
    assert (newest.act, newest.detail["code"]) == ("refused", code)
    assert office.events == ["credential_failure"]


def test_metadata_of_another_issuer_is_refused(wallet: Wallet, vault: OpenVault, office: Office) -> None:
    office.named_identifier = "https://somebody.example"
    with pytest.raises(ProtocolError) as refused:
        receiving.look(wallet, vault, office.offer())
    assert refused.value.code == "openid.metadata.issuer"


def _offer_from(issuer: str) -> str:
    offer = {
        "credential_issuer": issuer,
        "credential_configuration_ids": ["x"],
        "grants": {"urn:ietf:params:oauth:grant-type:pre-authorized_code": {"pre-authorized_code": "c" * 24}},
    }
    return f"openid-credential-offer://?{urlencode({'credential_offer': json.dumps(offer)})}"


PRIVATE = ["https://169.254.169.254", "https://10.0.0.7", "https://[fd00::1]", "https://0.0.0.0", "http://192.168.0.1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_is_asked_for_an_offer(wallet: Wallet, vault: OpenVault, address: str) -> None:
    by_value, by_reference = _offer_from(address), f"openid-credential-offer://?credential_offer_uri={address}/o"
    for link in (by_value, by_reference):
        with pytest.raises(WalletError) as refused:
            receiving.look(wallet, vault, link)
        assert refused.value.code == "wallet.address"


@pytest.mark.parametrize("link", ["file:///etc/passwd", "openid-credential-offer://?credential_offer_uri=file:///x"])
def test_nothing_but_the_web_is_asked_for_an_offer(wallet: Wallet, vault: OpenVault, link: str) -> None:
    with pytest.raises(ProtocolError):
        receiving.look(wallet, vault, link)


def test_a_redirect_is_not_followed_for_an_offer(wallet: Wallet, vault: OpenVault, office: Office) -> None:
    from fastapi.responses import RedirectResponse

    from tests.wallet.parties import served

    def make(_address: str) -> object:
        from fastapi import FastAPI

        app = FastAPI(openapi_url=None)
        app.get("/o")(lambda: RedirectResponse(f"{office.address}/offers/x", 302))
        return app

    with served(make) as (_, address), pytest.raises(WalletError) as refused:  # type: ignore[arg-type]
        receiving.look(wallet, vault, f"openid-credential-offer://?credential_offer_uri={address}/o")
    assert refused.value.code == "wallet.address"


HOSTILE = {
    "empty": "",
    "no link": "hello",
    "deeply nested": f"openid-credential-offer://?credential_offer={quote('[' * 5000)}",
    "oversize": "openid-credential-offer://?credential_offer=" + "x" * 70_000,
    "both forms at once": "openid-credential-offer://?credential_offer=%7B%7D&credential_offer_uri=https://x.example",
    "a number for an issuer": "openid-credential-offer://?credential_offer=" + quote('{"credential_issuer":3}'),
    "an issuer with a fragment": _offer_from("https://x.example/#a"),
    "an issuer with a query": _offer_from("https://x.example/?a=b"),
    "a request": "openid4vp://?client_id=x",
}


@pytest.mark.parametrize("link", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_offer_is_refused_with_a_reason(wallet: Wallet, vault: OpenVault, link: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        receiving.look(wallet, vault, link)
    assert refused.value.code.startswith("openid.offer")


def test_a_configuration_that_the_issuer_does_not_have_is_refused(
    wallet: Wallet, vault: OpenVault, office: Office
) -> None:
    office.metadata = replace(office.metadata, configurations={})
    with pytest.raises(ProtocolError):
        receiving.look(wallet, vault, office.offer())


@pytest.mark.parametrize("format_", ["mso_mdoc", "dc+sd-jwt"], ids=["another", "SD-JWT VC of no type"])
def test_a_format_is_refused_that_is(wallet: Wallet, vault: OpenVault, office: Office, format_: str) -> None:
    other = replace(office.metadata.configurations[TYPE], format=format_)
    office.metadata = replace(office.metadata, configurations={TYPE: other})
    with pytest.raises(WalletError) as refused:
        receiving.look(wallet, vault, office.offer())
    assert refused.value.code == "wallet.offer.unsupported"


# --- what is kept, and marked ---


def test_an_expired_certificate_is_kept_and_marked(
    wallet: Wallet, vault: OpenVault, office: Office, clock: FixedClock
) -> None:
    office.days = 1
    held_id = _receive(wallet, vault, office)
    clock.advance(2 * 86_400)
    assert holding.one(wallet, vault, held_id).standing is Standing.EXPIRED
    (checked,) = holding.check_again(wallet, vault, [held_id])
    assert (checked.standing, checked.previous) == (Standing.EXPIRED, Standing.PASSED)


def test_a_certificate_received_while_the_chain_is_silent_is_kept_as_unknown(
    wallet: Wallet, vault: OpenVault, office: Office, world: World
) -> None:
    seen = receiving.look(wallet, vault, office.offer())
    spoil = office.spoil

    def fall_silent(credential: object) -> object:
        world.chain.reachable = False
        return spoil(credential)  # type: ignore[arg-type]

    office.spoil = fall_silent  # type: ignore[assignment]
    (held,) = receiving.receive(wallet, vault, seen.id, office.tx_code)
    assert held.standing is Standing.UNKNOWN
    world.chain.reachable = True
    (again,) = holding.check_again(wallet, vault)
    assert again.standing is Standing.PASSED
    assert again.receipt is not None


def test_a_certificate_whose_receipt_is_not_published_yet_waits(
    wallet: Wallet, vault: OpenVault, office: Office
) -> None:
    office.anchored = False
    held = holding.one(wallet, vault, _receive(wallet, vault, office))
    assert held.standing is Standing.WAITING
    ((_, issued),) = office.issued.items()
    office.publish_receipt(issued.document.credential, issued.receipt.to_json())
    (again,) = holding.check_again(wallet, vault)
    assert (again.standing, again.previous) == (Standing.PASSED, Standing.WAITING)


# --- deferred, interrupted ---


def test_a_deferred_certificate_is_waited_for(wallet: Wallet, vault: OpenVault, office: Office) -> None:
    office.deferrals = 2
    _receive(wallet, vault, office)
    assert office.calls.count("deferred") == 2


def test_a_certificate_that_takes_long_is_picked_up_later(wallet: Wallet, vault: OpenVault, office: Office) -> None:
    office.deferrals = 50
    seen = receiving.look(wallet, vault, office.offer())
    assert receiving.receive(wallet, vault, seen.id, office.tx_code) == ()
    assert [offer.id for offer in receiving.pending(wallet, vault)] == [seen.id]
    office.deferred = {name: (holder, 1) for name, (holder, _) in office.deferred.items()}
    assert len(receiving.pick_up(wallet, vault)) == 1
    assert receiving.pending(wallet, vault) == ()


@pytest.mark.parametrize("endpoint", ["token", "credential"])
def test_an_issuer_that_is_out_of_order_loses_nothing(
    wallet: Wallet, vault: OpenVault, office: Office, endpoint: str
) -> None:
    office.out = {endpoint}
    seen = receiving.look(wallet, vault, office.offer())
    with pytest.raises(WalletError) as refused:
        receiving.receive(wallet, vault, seen.id, office.tx_code)
    assert refused.value.code == "wallet.unreachable"
    office.out = set()
    assert len(receiving.receive(wallet, vault, seen.id, office.tx_code)) == 1
    assert len(office.issued) == 1


def test_a_nonce_that_was_used_up_is_asked_for_again(wallet: Wallet, vault: OpenVault, office: Office) -> None:
    accept = office._accept_nonce
    refused: list[str] = []

    def once(nonce: str) -> bool:
        if not refused:
            refused.append(nonce)
            return False
        return accept(nonce)

    office._accept_nonce = once  # type: ignore[method-assign]
    _receive(wallet, vault, office)
    assert office.calls.count("nonce") == 2


def test_a_picture_without_code_says_so() -> None:
    with pytest.raises(JikinError) as refused:
        receiving.from_picture(b"\x89PNG\r\n\x1a\n" + bytes(40))
    assert refused.value.code == "document.image"
