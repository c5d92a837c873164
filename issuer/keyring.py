"""The office's keys by the references that are stored of them: where each lies, and how it is opened.

    file:NAME            an encrypted file in the office's folder: PKCS#8, or an Ethereum keystore
    pkcs11:…             a key in a hardware token (RFC 7512)
    https://HOST/keys/…  a key that a remote signer has

Neither private keys nor what unlocks them leave this module but as something that signs.
"""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from issuer import files
from issuer.settings import first_line
from jikin.anchoring.accounts import ChainAccount, SignerAccount
from jikin.codec import multikey
from jikin.errors import OfficeError, SettingsError
from jikin.proofs import keystore
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.keystore import StoredSigner
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.proofs.signers import pkcs11
from jikin.proofs.signers.pkcs11 import TokenAccount, TokenSigner
from jikin.proofs.signers.pkcs11_uri import SCHEME as TOKEN
from jikin.proofs.signers.pkcs11_uri import Pkcs11Uri
from jikin.proofs.signers.remote import Door, RemoteAccount, RemoteSigner
from jikin.values import Address, JsonObject, KeyId, KeyType, Signer

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

FILE = "file:"
_REMOTE = ("https://", "http://")
_FRESH: Mapping[KeyType, Callable[[], StoredSigner]] = {
    KeyType.ED25519: Ed25519Signer.generate,
    KeyType.ML_DSA_44: Mldsa44Signer.generate,
}


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as made or found: its public form and the reference to its private half."""

    public: str
    reference: str


def _none() -> str:
    raise SettingsError("nothing here opens keys that lie elsewhere", code="settings.no-pin")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What opens keys that are not in files: the token's library and PIN, the remote signer's token and authority."""

    module: Path | None = None
    pin: Callable[[], str] = field(default=_none, repr=False)
    token: Callable[[], str] = field(default=_none, repr=False)
    clock: Callable[[], int] = field(default=lambda: 0, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    def pin_of(self, uri: Pkcs11Uri) -> Callable[[], str]:
        """Return what gives the PIN for *uri*: its own file where it names one."""
        file = uri.pin_file
        return self.pin if file is None else lambda: first_line(file, "JIKIN_PKCS11_PIN")

    def door(self, url: str) -> Door:
        """Return the way to a remote key."""
        return Door(url, self.token, self.clock, self.tls)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of an office. Key files lie in *folder*; *passphrase* is asked for when one is made or opened.

    *log2_cost* is what a guess at the passphrase of a new file costs (scrypt); *elsewhere* opens what is in no file.
    """

    folder: Path
    passphrase: Callable[[], str] = field(repr=False)
    log2_cost: int = 17
    elsewhere: Elsewhere = field(default_factory=Elsewhere, repr=False)
    # Opening a file costs as much as one guess at its passphrase; a batch opens it once.
    _signers: dict[str, Signer] = field(default_factory=dict, repr=False, compare=False)
    _accounts: dict[str, ChainAccount] = field(default_factory=dict, repr=False, compare=False)

    def new_signing_key(self, kind: KeyType = KeyType.ED25519) -> NewKey:
        """Return a fresh key in a file: Ed25519 or ML-DSA-44; raises OfficeError for another *kind*."""
        if kind not in _FRESH:
            raise OfficeError(f"the office makes no keys of the kind {kind.value}", code="office.key-kind")
        signer = _FRESH[kind]()
        public = multikey.encode(signer.public_key)
        name = f"signing-{KeyId.of(public).raw.hex()[:16]}.pem"
        self._folder()
        keystore.save(self.folder / name, signer, self.passphrase(), log2_cost=self.log2_cost)
        self._signers[FILE + name] = signer
        return NewKey(public, FILE + name)

    def new_account(self, purpose: str) -> NewKey:
        """Return a fresh account on the chain in a file, whose name begins with *purpose*."""
        from eth_account import Account

        account: LocalAccount = Account.create(os.urandom(32))
        encrypted = Account.encrypt(account.key, self.passphrase(), kdf="scrypt", iterations=1 << self.log2_cost)
        public = str(Address.parse(account.address))
        name = f"{purpose}-{public[2:18]}.json"
        self._folder()
        files.write(self.folder / name, json.dumps(encrypted).encode("ascii"), mode=files.PRIVATE)
        self._accounts[FILE + name] = account
        return NewKey(public, FILE + name)

    def make_in_token(self, reference: str, kind: KeyType) -> None:
        """Make the key that *reference* (``pkcs11:…``) names, inside the token; raises SettingsError."""
        uri = Pkcs11Uri.parse(reference)
        pkcs11.generate(uri, kind, module=self.elsewhere.module, pin=self.elsewhere.pin_of(uri))

    def found_signing_key(self, reference: str) -> NewKey:
        """Return the signing key that *reference* names; raises JikinError when it does not open."""
        return NewKey(multikey.encode(self.signer(reference).public_key), reference)

    def found_account(self, reference: str) -> NewKey:
        """Return the account that *reference* names; raises JikinError when it does not open."""
        return NewKey(str(Address.parse(self.account(reference).address)), reference)

    def signer(self, reference: str) -> Signer:
        """Return what signs with the key that *reference* names.

        Raises SettingsError for a wrong passphrase, PIN or file, SignerUnavailableError for a token or signer that does
        not answer.
        """
        if reference not in self._signers:
            self._signers[reference] = self._open_signer(reference)
        return self._signers[reference]

    def account(self, reference: str) -> ChainAccount:
        """Return the account that *reference* names; raises as ``signer``, and OfficeError for a file."""
        if reference not in self._accounts:
            self._accounts[reference] = self._open_account(reference)
        return self._accounts[reference]

    def sign_typed_data(self, reference: str, document: JsonObject) -> bytes:
        """Return the signature (r ‖ s ‖ v) of the account *reference* names over typed data; raises as ``account``."""
        from eth_account.messages import encode_typed_data

        return bytes(self.account(reference).sign_message(encode_typed_data(full_message=dict(document))).signature)

    def _open_signer(self, reference: str) -> Signer:
        if reference.startswith(FILE):
            return keystore.load(self._file(reference), self.passphrase())
        if reference.startswith(TOKEN):
            uri = Pkcs11Uri.parse(reference)
            return TokenSigner.open(uri, module=self.elsewhere.module, pin=self.elsewhere.pin_of(uri))
        if reference.startswith(_REMOTE):
            return RemoteSigner.open(self.elsewhere.door(reference))
        raise _unreadable(reference)

    def _open_account(self, reference: str) -> ChainAccount:
        if reference.startswith(FILE):
            return self._account_in(self._file(reference))
        if reference.startswith(TOKEN):
            uri = Pkcs11Uri.parse(reference)
            opened = TokenAccount.open(uri, module=self.elsewhere.module, pin=self.elsewhere.pin_of(uri))
            return SignerAccount(opened)
        if reference.startswith(_REMOTE):
            return SignerAccount(RemoteAccount.open(self.elsewhere.door(reference)))
        raise _unreadable(reference)

    def _account_in(self, path: Path) -> ChainAccount:
        from eth_account import Account

        raw = files.read(path)
        try:
            account: LocalAccount = Account.from_key(Account.decrypt(raw.decode("ascii"), self.passphrase()))
        except (ValueError, KeyError, TypeError) as error:
            # The library's own message may quote what it was given.
            raise OfficeError(
                f"the key file {path.name} does not open with this passphrase, or is damaged",
                code="office.key-file",
                hint="see JIKIN_PASSPHRASE and the setting passphrase_file",
            ) from error
        return account

    def _file(self, reference: str) -> Path:
        """Return the file that *reference* names; it lies in the folder, whatever the name says."""
        name = reference.removeprefix(FILE)
        if Path(name).name != name:
            raise _unreadable(reference)
        return self.folder / name

    def _folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _unreadable(reference: str) -> SettingsError:
    return SettingsError(
        f"where a key lies cannot be read: {reference.partition(':')[0][:20]!r}",
        code="signer.reference",
        hint="right would be file:NAME, pkcs11:token=LABEL;object=LABEL or https://HOST/keys/NAME",
    )
