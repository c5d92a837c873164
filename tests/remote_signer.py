"""A remote signer for tests: the real one, on a free port of this machine, with the keys it is given."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account

from jikin.proofs import keystore
from jikin.proofs.keystore import StoredSigner
from jikin.proofs.signers.remote import Door
from jikin.signer.service import application
from jikin.signer.settings import load
from jikin.values import Address, ChainId
from tests.wallet.parties import served

TOKEN = "a-common-token-of-office-and-signer-1"
PASSPHRASE = "견본 암호"
CHAIN = ChainId(31337)
REGISTRY = Address(bytes(range(20)))


class Clock:
    """Unix seconds that a test can move."""

    def __init__(self) -> None:
        self.now = 1_790_000_000

    def __call__(self) -> int:
        return self.now


@dataclass(frozen=True, slots=True)
class RemoteDesk:
    """A running signer at *address*."""

    address: str
    clock: Clock

    def door(self, name: str, token: str = TOKEN) -> Door:
        """Return the way to the key *name*."""
        return Door(f"{self.address}/keys/{name}", lambda: token, self.clock)


def key_file(folder: Path, name: str, signer: StoredSigner) -> str:
    """Store a signing key and return the reference to it."""
    keystore.save(folder / name, signer, PASSPHRASE, log2_cost=10)
    return f"file:{name}"


def account_file(folder: Path, name: str) -> str:
    """Store a fresh account and return the reference to it."""
    account = Account.create(os.urandom(32))
    encrypted = Account.encrypt(account.key, PASSPHRASE, kdf="scrypt", iterations=1 << 10)
    (folder / name).write_text(json.dumps(encrypted))
    return f"file:{name}"


def write_settings(folder: Path, keys: Sequence[Mapping[str, object]], **more: object) -> Path:
    """Write the signer's settings with *keys* and return the file; further members are written as they are."""
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "passphrase").write_text(PASSPHRASE + "\n")
    head = {"chain": str(CHAIN), "registry": str(REGISTRY), "keys": ".", **more}
    lines = [f"{name} = {json.dumps(value)}" for name, value in head.items()]
    for key in keys:
        lines += ["[[key]]", *(f"{name} = {json.dumps(value)}" for name, value in key.items())]
    (folder / "signer.toml").write_text("\n".join(lines) + "\n")
    return folder / "signer.toml"


@contextmanager
def running(folder: Path, keys: Sequence[Mapping[str, object]], **more: object) -> Iterator[RemoteDesk]:
    """Serve *keys* until the end of the block."""
    settings, clock = load(write_settings(folder, keys, **more)), Clock()
    with served(lambda _address: application(settings, clock)) as (_, address):
        yield RemoteDesk(address, clock)
