"""Hardware tokens: references are read strictly, PINs are tried once, keys do not come out, a lost login is renewed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import SettingsError
from jikin.proofs import ed25519
from jikin.proofs.signers import pkcs11
from jikin.proofs.signers.pkcs11 import TokenAccount, TokenSigner
from jikin.proofs.signers.pkcs11_uri import Pkcs11Uri
from jikin.values import KeyType
from tests.codes import code_of
from tests.soft_token import PIN, SoftToken, soft_token

__all__ = ["soft_token"]


def opened(token: SoftToken, reference: str) -> TokenSigner:
    return TokenSigner.open(Pkcs11Uri.parse(reference), pin=lambda: PIN)


GOOD = {
    "pkcs11:token=office;object=signing": Pkcs11Uri("office", None, "signing", None),
    "pkcs11:object=a%20b%3Bc;token=%EC%A7%81%EC%9D%B8": Pkcs11Uri("직인", None, "a b;c", None),
    "pkcs11:serial=00ff;id=%01%fe": Pkcs11Uri(None, "00ff", None, b"\x01\xfe"),
    "pkcs11:token=t;object=o;type=private?module-path=/usr/lib/x.so&pin-source=file:/run/pin": Pkcs11Uri(
        "t", None, "o", None, Path("/usr/lib/x.so"), Path("/run/pin")
    ),
}


@pytest.mark.parametrize(("text", "uri"), GOOD.items(), ids=GOOD.keys())
def test_a_reference_is_read_and_written_back_as_the_same_one(text: str, uri: Pkcs11Uri) -> None:
    assert Pkcs11Uri.parse(text) == uri
    assert Pkcs11Uri.parse(str(uri)) == uri


BAD = {
    "another scheme": "file:token=t;object=o",
    "no token": "pkcs11:object=o",
    "token and serial": "pkcs11:token=t;serial=1;object=o",
    "no key": "pkcs11:token=t",
    "a public key": "pkcs11:token=t;object=o;type=public",
    "an unknown attribute": "pkcs11:token=t;object=o;slot-id=1",
    "an attribute twice": "pkcs11:token=t;object=o;object=p",
    "a broken escape": "pkcs11:token=t;object=%4",
    "no UTF-8": "pkcs11:token=t;object=%ff",
    "a hidden character": "pkcs11:token=t;object=a%E2%80%8B",
    "an empty label": "pkcs11:token=;object=o",
    "a relative library": "pkcs11:token=t;object=o?module-path=x.so",
    "a command that gives the PIN": "pkcs11:token=t;object=o?pin-source=|/bin/cat",
    "not ASCII": "pkcs11:token=직인;object=o",
    "too long": "pkcs11:token=t;object=" + "o" * 2000,
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_a_reference_that_leaves_anything_open_is_refused(text: str) -> None:
    assert code_of(Pkcs11Uri.parse, text) == "signer.reference"


def test_a_pin_stands_in_no_reference_and_in_no_error() -> None:
    with pytest.raises(SettingsError) as caught:
        Pkcs11Uri.parse(f"pkcs11:token=t;object=o?pin-value={PIN}")
    assert caught.value.code == "signer.reference"
    assert PIN not in f"{caught.value} {caught.value.hint}"


labels = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(
    str.isprintable
)


@given(token=labels, label=labels, id=st.binary(min_size=1, max_size=8) | st.none())
def test_every_label_survives_being_written(token: str, label: str, id: bytes | None) -> None:
    uri = Pkcs11Uri(token, None, label, id)
    assert Pkcs11Uri.parse(str(uri)) == uri


def test_a_refused_pin_is_not_tried_again(soft_token: SoftToken) -> None:
    reference = soft_token.make("pin-test", KeyType.ED25519)
    asked: list[str] = []

    def wrong() -> str:
        asked.append("once")
        return "000000"

    pkcs11.forget_tokens()
    try:
        for _ in range(10):  # ten tries would lock the token
            with pytest.raises(SettingsError) as caught:
                TokenSigner.open(Pkcs11Uri.parse(reference), pin=wrong)
            assert caught.value.code == "signer.pin"
        assert asked == ["once"]
    finally:
        pkcs11.forget_tokens()
    assert ed25519.verify(opened(soft_token, reference).public_key, b"x", opened(soft_token, reference).sign(b"x"))


def test_a_login_that_was_lost_is_renewed(soft_token: SoftToken) -> None:
    signer = opened(soft_token, soft_token.make("lost-login", KeyType.P256))
    before = signer.public_key
    assert signer._token._session is not None
    signer._token._session.close()  # as when a token was pulled out and put back
    assert len(signer.sign(b"x")) == 64
    assert signer.public_key == before


def test_a_key_never_leaves_the_token(soft_token: SoftToken) -> None:
    from pkcs11 import Attribute, ObjectClass
    from pkcs11.exceptions import AttributeSensitive, PKCS11Error

    reference = soft_token.make("stays", KeyType.ED25519)
    signer = opened(soft_token, reference)
    signer.sign(b"x")
    session = signer._token._session
    assert session is not None
    (private,) = session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: "stays"})
    assert private[Attribute.EXTRACTABLE] is False
    with pytest.raises((AttributeSensitive, PKCS11Error)):
        _ = private[Attribute.VALUE]


def test_what_is_not_there_or_of_another_kind_is_named(soft_token: SoftToken) -> None:
    account = soft_token.make("an-account", KeyType.SECP256K1)
    signing = soft_token.make("a-signer", KeyType.ED25519)
    assert code_of(opened, soft_token, account) == "signer.kind"
    assert code_of(lambda: TokenAccount.open(Pkcs11Uri.parse(signing), pin=lambda: PIN)) == "signer.kind"
    assert code_of(opened, soft_token, soft_token.uri("nothing")) == "signer.no-key"
    assert code_of(opened, soft_token, soft_token.uri("a-signer", token="another")) == "signer.unreachable"
    missing = signing.replace(str(soft_token.module), "/nowhere/lib.so")
    assert code_of(opened, soft_token, missing) == "signer.module"
    without = Pkcs11Uri.parse(f"pkcs11:token={soft_token.label};object=a-signer")
    assert code_of(lambda: TokenSigner.open(without, pin=lambda: PIN)) == "signer.module"


def test_a_key_is_made_once_and_of_kinds_that_sign_here(soft_token: SoftToken) -> None:
    soft_token.make("once", KeyType.ED25519)
    assert code_of(soft_token.make, "once", KeyType.P256) == "signer.exists"
    assert code_of(soft_token.make, "kind", KeyType.P384) == "signer.kind"
    nameless = Pkcs11Uri("office", None, None, b"\x01", soft_token.module)
    assert code_of(lambda: pkcs11.generate(nameless, KeyType.ED25519, pin=lambda: PIN)) == "signer.reference"


def test_two_keys_of_one_name_are_no_key(soft_token: SoftToken) -> None:
    for number in (b"\x01", b"\x02"):
        uri = Pkcs11Uri(soft_token.label, None, f"same-{number.hex()}", number, soft_token.module)
        pkcs11.generate(uri, KeyType.ED25519, pin=lambda: PIN)
        found = TokenSigner.open(Pkcs11Uri(soft_token.label, None, None, number, soft_token.module), pin=lambda: PIN)
        assert found.public_key == TokenSigner.open(uri, pin=lambda: PIN).public_key
    again = Pkcs11Uri(soft_token.label, None, "other", b"\x01", soft_token.module)
    pkcs11.generate(again, KeyType.ED25519, pin=lambda: PIN)
    ambiguous = Pkcs11Uri(soft_token.label, None, None, b"\x01", soft_token.module)
    pkcs11.forget_tokens()
    assert code_of(lambda: TokenSigner.open(ambiguous, pin=lambda: PIN)) == "signer.no-key"
