"""The office's keys: encrypted files, made once, opened when they are needed.

Signing keys are PKCS#8 files, accounts on the chain are keystore files of the kind every Ethereum wallet reads. Neither
private keys nor passphrases leave this module but as something that signs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from issuer import files
from jikin.codec import multikey
from jikin.errors import OfficeError
from jikin.proofs import keystore
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.keystore import StoredSigner
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.values import Address, Digest, KeyId, KeyType, Signer

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

_FRESH: Mapping[KeyType, Callable[[], StoredSigner]] = {
    KeyType.ED25519: Ed25519Signer.generate,
    KeyType.ML_DSA_44: Mldsa44Signer.generate,
}


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as made: its public form and the name of its file in the folder."""

    public: str
    file: str


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key files in *folder*; *passphrase* is asked for when a file is made or opened.

    *log2_cost* is what a guess at the passphrase of a new file costs (scrypt).
    """

    folder: Path
    passphrase: Callable[[], str] = field(repr=False)
    log2_cost: int = 17
    # Opening a file costs as much as one guess at its passphrase; a batch opens it once.
    _signers: dict[str, Signer] = field(default_factory=dict, repr=False, compare=False)
    _accounts: dict[str, LocalAccount] = field(default_factory=dict, repr=False, compare=False)

    def new_signing_key(self, kind: KeyType = KeyType.ED25519) -> NewKey:
        """Return a fresh key, stored: Ed25519 or ML-DSA-44; raises OfficeError for another *kind*."""
        if kind not in _FRESH:
            raise OfficeError(f"the office makes no keys of the kind {kind.value}", code="office.key-kind")
        signer = _FRESH[kind]()
        public = multikey.encode(signer.public_key)
        name = f"signing-{KeyId.of(public).raw.hex()[:16]}.pem"
        self._folder()
        keystore.save(self.folder / name, signer, self.passphrase(), log2_cost=self.log2_cost)
        self._signers[name] = signer
        return NewKey(public, name)

    def new_account(self, purpose: str) -> NewKey:
        """Return a fresh account on the chain, stored; *purpose* begins the file's name."""
        from eth_account import Account

        account: LocalAccount = Account.create(os.urandom(32))
        encrypted = Account.encrypt(account.key, self.passphrase(), kdf="scrypt", iterations=1 << self.log2_cost)
        public = str(Address.parse(account.address))
        name = f"{purpose}-{public[2:18]}.json"
        self._folder()
        files.write(self.folder / name, json.dumps(encrypted).encode("ascii"), mode=files.PRIVATE)
        self._accounts[name] = account
        return NewKey(public, name)

    def signer(self, name: str) -> Signer:
        """Return what signs with the key in file *name*; raises JikinError for a wrong passphrase or file."""
        if name not in self._signers:
            self._signers[name] = keystore.load(self.folder / name, self.passphrase())
        return self._signers[name]

    def account(self, name: str) -> LocalAccount:
        """Return the account in file *name*; raises OfficeError for a wrong passphrase or file."""
        if name not in self._accounts:
            self._accounts[name] = self._open_account(name)
        return self._accounts[name]

    def sign_digest(self, name: str, digest: Digest) -> bytes:
        """Return the signature (r ‖ s ‖ v) of the account in file *name* over *digest*; raises as ``account``."""
        from eth_typing import Hash32

        return bytes(self.account(name).unsafe_sign_hash(Hash32(digest.raw)).signature)

    def _open_account(self, name: str) -> LocalAccount:
        from eth_account import Account

        raw = files.read(self.folder / name)
        try:
            account: LocalAccount = Account.from_key(Account.decrypt(raw.decode("ascii"), self.passphrase()))
        except (ValueError, KeyError, TypeError) as error:
            # The library's own message may quote what it was given.
            raise OfficeError(
                f"the key file {name} does not open with this passphrase, or is damaged",
                code="office.key-file",
                hint="see JIKIN_PASSPHRASE and the setting passphrase_file",
            ) from error
        return account

    def _folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
