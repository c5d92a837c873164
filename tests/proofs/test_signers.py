"""One behaviour wherever a key lies: in a file, in a hardware token, with a signer on another host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from jikin.anchoring.accounts import AccountSigner, SignerAccount
from jikin.codec.accounts import ORDER
from jikin.codec.contexts import Contexts
from jikin.errors import ValueRefusedError
from jikin.proofs import ed25519, ethereum_account, keystore, p256, securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.envelopes import jws
from jikin.proofs.p256 import P256Signer
from jikin.proofs.signers.pkcs11 import TokenAccount, TokenSigner
from jikin.proofs.signers.pkcs11_uri import Pkcs11Uri
from jikin.proofs.signers.remote import RemoteAccount, RemoteSigner
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.signer.keys import FileAccount
from jikin.values import Address, DidUrl, KeyType, PublicKey, Signer, keccak256
from tests.remote_signer import CHAIN, PASSPHRASE, REGISTRY, account_file, key_file, running
from tests.soft_token import PIN, SoftToken, soft_token

__all__ = ["soft_token"]
PLACES = ("file", "token", "remote", "remote token")
KINDS = {"Ed25519": KeyType.ED25519, "P-256": KeyType.P256}
FRESH = {KeyType.ED25519: Ed25519Signer.generate, KeyType.P256: P256Signer.generate}


class Keys:
    """Every kind of key in every place, each opened once."""

    def __init__(self, folder: Path, token: Callable[[], SoftToken], stack: ExitStack) -> None:
        self.folder = folder
        self.token = token
        self.stack = stack
        self._known: dict[tuple[str, str], Any] = {}

    def signer(self, place: str, kind: str) -> Signer:
        return self._once(place, kind, lambda: self._signer(place, KINDS[kind]))

    def account(self, place: str) -> AccountSigner:
        return self._once(place, "account", lambda: self._account(place))

    def _once(self, place: str, kind: str, make: Callable[[], Any]) -> Any:
        if (place, kind) not in self._known:
            self._known[place, kind] = make()
        return self._known[place, kind]

    def _signer(self, place: str, kind: KeyType) -> Signer:
        name = f"{place}-{kind.value}".replace(" ", "-").lower()
        folder = self.folder / name
        folder.mkdir()
        if place == "file":
            key_file(folder, "key.pem", FRESH[kind]())
            return keystore.load(folder / "key.pem", PASSPHRASE)
        if place == "token":
            return TokenSigner.open(Pkcs11Uri.parse(self.token().make(name, kind)), pin=lambda: PIN)
        reference = key_file(folder, "key.pem", FRESH[kind]()) if place == "remote" else self.token().make(name, kind)
        return RemoteSigner.open(self._door(folder, place, reference, "assertion"))

    def _account(self, place: str) -> AccountSigner:
        name = f"{place}-account".replace(" ", "-")
        folder = self.folder / name
        folder.mkdir()
        if place == "file":
            account_file(folder, "account.json")
            return FileAccount.open(folder / "account.json", PASSPHRASE)
        if place == "token":
            return TokenAccount.open(Pkcs11Uri.parse(self.token().make(name, KeyType.SECP256K1)), pin=lambda: PIN)
        reference = (
            account_file(folder, "account.json") if place == "remote" else self.token().make(name, KeyType.SECP256K1)
        )
        return RemoteAccount.open(self._door(folder, place, reference, "transaction", "typed-data"))

    def _door(self, folder: Path, place: str, reference: str, *purposes: str) -> Any:
        more: dict[str, object] = {}
        if "token" in place:
            more["pkcs11_pin_file"] = str(self.token().pin_file)
        key = {"name": "one", "reference": reference, "purposes": list(purposes)}
        return self.stack.enter_context(running(folder, [key], **more)).door("one")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Keys]:
    with ExitStack() as stack:
        yield Keys(tmp_path_factory.mktemp("signers"), lambda: request.getfixturevalue("soft_token"), stack)


@pytest.fixture(params=[(place, kind) for place in PLACES for kind in KINDS], ids=lambda one: f"{one[1]} in a {one[0]}")
def signer(request: pytest.FixtureRequest, keys: Keys) -> Signer:
    return keys.signer(*request.param)


@pytest.fixture(params=PLACES, ids=lambda place: f"in a {place}")
def account(request: pytest.FixtureRequest, keys: Keys) -> AccountSigner:
    return keys.account(request.param)


def holds(public: PublicKey, message: bytes, signature: bytes) -> bool:
    return (ed25519.verify if public.type is KeyType.ED25519 else p256.verify)(public, message, signature)


@pytest.mark.parametrize("message", [b"x", bytes(64), "직인".encode() * 5000], ids=["one byte", "64 zeros", "long"])
def test_a_signature_is_by_the_key_that_is_shown_and_over_the_message_alone(signer: Signer, message: bytes) -> None:
    signature = signer.sign(message)
    assert len(signature) == 64
    assert holds(signer.public_key, message, signature)
    assert not holds(signer.public_key, message + b"x", signature)


def test_a_credential_and_a_token_are_signed_as_with_a_key_in_memory(signer: Signer) -> None:
    suites = standard_suites(Contexts.packaged())
    ed = signer.public_key.type is KeyType.ED25519
    suite = suites.named("eddsa-jcs-2022" if ed else "ecdsa-jcs-2019")
    options = ProofOptions(DidUrl("did:web:certs.exam.example#key"), 1_790_000_000)
    document = {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"]}
    _, statement = securing.sign(document, suite, options, signer)
    assert suite.verify(statement, signer.public_key)
    text = jws.sign(b"{}", signer, {"typ": "vc+jwt"})
    read = jws.read(text.encode(), "the token")
    assert holds(signer.public_key, read.statement.signed, read.statement.signature)


def test_nothing_of_the_key_stands_in_its_repr(signer: Signer, account: AccountSigner) -> None:
    for shown in (repr(signer), repr(account)):
        assert PIN not in shown
        assert PASSPHRASE not in shown
        assert "a-common-token" not in shown


def transaction(**changes: object) -> dict[str, Any]:
    selector = keccak256(b"anchor(bytes32,bytes32,uint32,uint8)")[:4]
    plain: dict[str, Any] = {
        "type": 2,
        "chainId": CHAIN.number,
        "nonce": 7,
        "to": REGISTRY.raw,
        "value": 0,
        "data": selector + bytes(128),
        "gas": 60_000,
        "maxFeePerGas": 2_000_000_000,
        "maxPriorityFeePerGas": 1_000_000_000,
    }
    return plain | changes


def test_a_transaction_is_the_accounts_with_low_s_whatever_the_token_makes(account: AccountSigner) -> None:
    chain_account = SignerAccount(account)
    for nonce in range(24):  # half of all raw signatures have a high s, and half the other v
        signed = chain_account.sign_transaction(transaction(nonce=nonce))
        assert Account.recover_transaction(signed.raw_transaction).lower() == str(account.address)
        assert 0 < signed.s <= ORDER // 2


def test_a_transaction_has_the_bytes_that_eth_account_would_write() -> None:
    local = Account.create(b"\x01" * 32)
    signer = ethereum_account.EthereumAccountSigner.from_secret(bytes(local.key))
    held = FileAccount(Address(signer.public_key.raw), signer)
    for fields in (transaction(), transaction(nonce=0, maxPriorityFeePerGas=0), transaction(to=b"", data=b"")):
        theirs = {name: value for name, value in fields.items() if name != "to" or value}
        assert (
            SignerAccount(held).sign_transaction(fields).raw_transaction
            == local.sign_transaction(theirs).raw_transaction
        )


def test_typed_data_of_the_registry_is_signed(account: AccountSigner) -> None:
    signable = encode_typed_data(
        {
            "name": "Jikin CredentialRegistry",
            "version": "1",
            "chainId": CHAIN.number,
            "verifyingContract": str(REGISTRY),
        },
        {"PublishStatus": [{"name": "issuerId", "type": "bytes32"}]},
        {"issuerId": bytes(32)},
    )
    signed = SignerAccount(account).sign_message(signable)
    assert Account.recover_message(signable, signature=signed.signature).lower() == str(account.address)


@pytest.mark.parametrize("changes", [{"type": 1}, {"accessList": []}, {"nonce": -1}, {"to": "0x12"}, {"data": 5}])
def test_an_account_signs_no_other_kind_of_transaction(account: AccountSigner, changes: dict[str, object]) -> None:
    with pytest.raises(ValueRefusedError):
        SignerAccount(account).sign_transaction(transaction(**changes))
