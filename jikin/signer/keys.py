"""The signer's keys, opened when it starts: key files, or a token's."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from jikin.anchoring.accounts import AccountSigner
from jikin.codec import multikey
from jikin.errors import SettingsError
from jikin.proofs import keystore
from jikin.proofs.ethereum_account import EthereumAccountSigner
from jikin.proofs.signers.pkcs11 import TokenAccount, TokenSigner
from jikin.proofs.signers.pkcs11_uri import SCHEME, Pkcs11Uri
from jikin.proofs.signers.remote_protocol import Purpose
from jikin.signer.rules import Rule
from jikin.signer.settings import KeySetting, Settings
from jikin.values import Address, JsonObject, Signer, keccak256


@dataclass(frozen=True, slots=True)
class FileAccount:
    """An AccountSigner from a keystore file, held in memory."""

    address: Address
    _signer: EthereumAccountSigner = field(repr=False)

    @classmethod
    def open(cls, path: Path, passphrase: str) -> FileAccount:
        """Return the account in the keystore file *path*; raises SettingsError, which quotes nothing."""
        from eth_account import Account

        try:
            secret = bytes(Account.decrypt(json.loads(path.read_bytes()), passphrase))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f"the key file {path.name} does not open with this passphrase, or is damaged",
                code="keystore.wrong-passphrase",
            ) from error
        signer = EthereumAccountSigner.from_secret(secret)
        return cls(Address(signer.public_key.raw), signer)

    def sign_keccak(self, message: bytes) -> bytes:
        """Return r ‖ s ‖ v over keccak-256 of *message*."""
        return self._signer.sign(keccak256(message))


@dataclass(frozen=True, slots=True)
class Held:
    """One key of the signer, with the rule of what it signs."""

    rule: Rule
    signer: Signer | None
    account: AccountSigner | None

    @classmethod
    def open(cls, setting: KeySetting, settings: Settings) -> Held:
        """Return the key that *setting* names, opened; raises SettingsError, SignerUnavailableError."""
        asserts = Purpose.ASSERTION in setting.rule.purposes
        if asserts and len(setting.rule.purposes) > 1:
            raise SettingsError(
                f"the key {setting.name} would sign certificates and transactions; keys do one thing each",
                code="settings.value",
            )
        if setting.reference.startswith(SCHEME):
            uri = Pkcs11Uri.parse(setting.reference)
            if asserts:
                return cls(setting.rule, TokenSigner.open(uri, module=settings.pkcs11_module, pin=settings.pin), None)
            return cls(setting.rule, None, TokenAccount.open(uri, module=settings.pkcs11_module, pin=settings.pin))
        path = settings.folder / setting.reference.removeprefix("file:")
        if asserts:
            return cls(setting.rule, keystore.load(path, settings.passphrase()), None)
        return cls(setting.rule, None, FileAccount.open(path, settings.passphrase()))

    def public(self) -> JsonObject:
        """Return what anybody with the token may know of the key."""
        purposes = sorted(self.rule.purposes)
        if self.signer is not None:
            return {"publicKeyMultibase": multikey.encode(self.signer.public_key), "purposes": [*purposes]}
        return {"address": "" if self.account is None else str(self.account.address), "purposes": [*purposes]}

    def sign(self, purpose: str, message: bytes) -> bytes:
        """Return the signature over *message*; raises ProofError (``signer.refused``), SignerUnavailableError."""
        self.rule.check(purpose, message, None if self.account is None else self.account.address)
        if self.signer is not None:
            return self.signer.sign(message)
        if self.account is None:
            raise SettingsError("the key is not open", code="settings.value")
        return self.account.sign_keccak(message)
