"""Offers are read from links and QR codes as strangers write them, and written as strangers read them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from jikin.errors import FetchError, ProtocolError
from jikin.openid4vc import offer as offers
from jikin.openid4vc.offer import CredentialOffer, OfferDoor, OfferRef, TxCode, parse_uri
from tests.openid4vc.small_door import SmallDoor

ISSUER = "https://certs.example/hrdk"
OFFER = CredentialOffer(
    issuer=ISSUER,
    configurations=("course-completion",),
    pre_authorized_code="oaKazRN8I0IbtZ0C7JuMn5",
    tx_code=TxCode(6, "numeric", "문자로 받은 여섯 자리"),
)
JSON: dict[str, Any] = {
    "credential_issuer": ISSUER,
    "credential_configuration_ids": ["course-completion"],
    "grants": {offers.PRE_AUTHORIZED: {"pre-authorized_code": "secret"}},
}


def refused(text: str) -> str:
    with pytest.raises(ProtocolError) as caught:
        parse_uri(text)
    return caught.value.code


def test_an_offer_comes_back_from_its_json_and_its_link() -> None:
    assert CredentialOffer.parse(OFFER.to_json()) == OFFER
    assert parse_uri(OFFER.to_uri()) == OFFER
    assert parse_uri(OFFER.to_uri("haip-vci")) == OFFER
    assert parse_uri(OFFER.to_uri("https://wallet.example/receive")) == OFFER


def test_the_code_is_no_part_of_what_is_printed() -> None:
    assert "oaKazRN8I0IbtZ0C7JuMn5" not in repr(OFFER)


def test_an_offer_by_reference_is_short_and_names_one_address() -> None:
    link = offers.uri_by_reference("https://certs.example/hrdk/offers/7")
    assert link.startswith("openid-credential-offer://?credential_offer_uri=https%3A%2F%2F")
    assert parse_uri(link) == OfferRef("https://certs.example/hrdk/offers/7")
    assert parse_uri(f"  {link}\n") == OfferRef("https://certs.example/hrdk/offers/7")


def test_a_page_of_a_wallet_may_carry_the_whole_link() -> None:
    inner = offers.uri_by_reference("https://certs.example/hrdk/offers/7")
    assert parse_uri(f"http://localhost:8102/receive?offer={quote(inner, safe='')}") == OfferRef(
        "https://certs.example/hrdk/offers/7"
    )


def test_grants_are_read_and_unknown_ones_passed_over() -> None:
    code = CredentialOffer.parse({**JSON, "grants": {"authorization_code": {"issuer_state": "s"}, "urn:x": {}}})
    assert (code.authorization_code, code.issuer_state, code.pre_authorized_code) == (True, "s", None)
    none = CredentialOffer.parse({name: value for name, value in JSON.items() if name != "grants"})
    assert (none.authorization_code, none.pre_authorized_code) == (True, None)
    pre = CredentialOffer.parse(JSON)
    assert (pre.authorization_code, pre.pre_authorized_code, pre.tx_code) == (False, "secret", None)
    both = CredentialOffer(
        issuer=ISSUER, configurations=("a",), pre_authorized_code="x", authorization_code=True, issuer_state="y"
    )
    assert CredentialOffer.parse(both.to_json()) == both


def test_a_transaction_code_of_a_new_kind_is_a_text() -> None:
    grants = {offers.PRE_AUTHORIZED: {"pre-authorized_code": "secret", "tx_code": {"input_mode": "emoji"}}}
    assert CredentialOffer.parse({**JSON, "grants": grants}).tx_code == TxCode(None, "text", None)
    empty = {offers.PRE_AUTHORIZED: {"pre-authorized_code": "secret", "tx_code": {}}}
    assert CredentialOffer.parse({**JSON, "grants": empty}).tx_code == TxCode()


BROKEN: dict[str, Any] = {
    "a list": [],
    "nothing": {},
    "issuer with a query": {**JSON, "credential_issuer": ISSUER + "?a=b"},
    "issuer with a fragment": {**JSON, "credential_issuer": ISSUER + "#a"},
    "issuer of another scheme": {**JSON, "credential_issuer": "ftp://certs.example"},
    "issuer with a password": {**JSON, "credential_issuer": "https://a:b@certs.example"},
    "issuer with a blank": {**JSON, "credential_issuer": "https://certs.example/ a"},
    "issuer that is no text": {**JSON, "credential_issuer": 7},
    "no configurations": {**JSON, "credential_configuration_ids": []},
    "configurations that are a text": {**JSON, "credential_configuration_ids": "a"},
    "one configuration twice": {**JSON, "credential_configuration_ids": ["a", "a"]},
    "a configuration that is a number": {**JSON, "credential_configuration_ids": [7]},
    "grants that are a text": {**JSON, "grants": "x"},
    "a grant that is a text": {**JSON, "grants": {offers.PRE_AUTHORIZED: "x"}},
    "no code": {**JSON, "grants": {offers.PRE_AUTHORIZED: {}}},
    "a code without end": {**JSON, "grants": {offers.PRE_AUTHORIZED: {"pre-authorized_code": "x" * 5000}}},
    "a code length of nothing": {
        **JSON,
        "grants": {offers.PRE_AUTHORIZED: {"pre-authorized_code": "x", "tx_code": {"length": 0}}},
    },
    "two servers": {
        **JSON,
        "grants": {
            offers.PRE_AUTHORIZED: {"pre-authorized_code": "x", "authorization_server": "https://a.example"},
            "authorization_code": {"authorization_server": "https://b.example"},
        },
    },
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_offer_is_refused(what: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        CredentialOffer.parse(BROKEN[what])
    assert caught.value.code == "openid.offer"


@pytest.mark.parametrize(
    "link",
    [
        "",
        "openid-credential-offer://",
        "openid4vp://?credential_offer_uri=https://a.example",
        "javascript:alert(1)",
        "file:///etc/passwd?credential_offer=%7B%7D",
        "openid-credential-offer://?credential_offer=%7B%7D&credential_offer_uri=https%3A%2F%2Fa.example",
        "openid-credential-offer://?credential_offer=%7B%7D",
        "openid-credential-offer://?credential_offer=%7B",
        "openid-credential-offer://?credential_offer_uri=file%3A%2F%2F%2Fetc%2Fpasswd",
        "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fa.example%23x",
        "openid-credential-offer://?credential_offer_uri=a&credential_offer_uri=b",
        "openid-credential-offer://[?credential_offer_uri=a",
        "openid-credential-offer://?a=%ff%fe",
        "openid-credential-offer://?" + "&".join(f"a{n}=1" for n in range(100)),
        "openid-credential-offer://?credential_offer=" + "a" * 70_000,
    ],
)
def test_a_link_that_is_no_offer_is_refused(link: str) -> None:
    assert refused(link) == "openid.offer"


def test_an_offer_is_fetched_where_it_lies() -> None:
    url = "https://certs.example/hrdk/offers/7"
    door = SmallDoor()
    door.put(url, OFFER.to_json())
    assert OfferDoor(door).read(offers.uri_by_reference(url)) == OFFER
    assert OfferDoor(SmallDoor()).read(OFFER.to_uri()) == OFFER
    with pytest.raises(ProtocolError) as caught:
        OfferDoor(SmallDoor()).read(offers.uri_by_reference(url))
    assert caught.value.code == "openid.offer.gone"
    door.put(url, b"<html>")
    with pytest.raises(ProtocolError):
        OfferDoor(door).read(offers.uri_by_reference(url))
    door.reachable = False
    with pytest.raises(FetchError):
        OfferDoor(door).read(offers.uri_by_reference(url))


def test_what_the_issuer_does_not_have_is_not_taken() -> None:
    offers.check_supported(OFFER, {"course-completion", "badge"})
    with pytest.raises(ProtocolError):
        offers.check_supported(OFFER, {"badge"})


def test_nothing_but_the_offer_stands_in_its_link() -> None:
    assert set(parse_qs(urlsplit(OFFER.to_uri()).query)) == {"credential_offer"}
