"""The one place where the office is put together."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from issuer import files, logs
from issuer.keyring import Elsewhere, KeyRing
from issuer.office import Chain, Office
from issuer.settings import Settings
from issuer.store.database import Database
from jikin.anchoring.accounts import ChainAccount
from jikin.anchoring.chain import RegistryPins, RegistryWriter
from jikin.anchoring.pins import parse_pins
from jikin.codec import strict_json
from jikin.codec.contexts import Contexts
from jikin.credentials.types import CredentialTypes
from jikin.dids.standard import standard_methods
from jikin.errors import SettingsError
from jikin.proofs.standard import standard_suites
from jikin.values import Address

if TYPE_CHECKING:
    from jikin.anchoring.evm import EvmRegistry

_WEI_PER_GWEI = 10**9


def build(
    settings: Settings,
    *,
    chain: Chain | None = None,
    clock: Callable[[], int] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Office:
    """Return the office that *settings* describe, its database migrated.

    *chain* replaces the one behind the setting ``rpc_url``; *clock* returns Unix seconds. Raises SettingsError for what
    is missing or cannot be right; the chain itself is not asked yet.
    """
    logs.configure(settings.log_level)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_url)
    database.migrate()
    contexts = Contexts.packaged()
    if settings.contexts is not None:
        contexts = contexts.with_folder(settings.contexts)
    return Office(
        settings=settings,
        database=database,
        chain=chain if chain is not None else EvmChain(settings),
        keys=KeyRing(settings.path(settings.keys), settings.key_passphrase, settings.key_cost, elsewhere(settings)),
        types=CredentialTypes.packaged(),
        contexts=contexts,
        suites=standard_suites(contexts),
        # Only its own institutions' DIDs are looked at here, and a trial one may live on this machine.
        methods=standard_methods(local=settings.local_scheme),
        clock=clock if clock is not None else lambda: int(time.time()),
        sleep=sleep,
    )


def elsewhere(settings: Settings) -> Elsewhere:
    """Return what opens the keys that are in no file of the office."""
    tls = None if settings.ca_file is None else ssl.create_default_context(cafile=settings.path(settings.ca_file))
    # A remote signer compares clocks: it is told the time of this machine, whatever clock the office goes by.
    return Elsewhere(settings.pkcs11_module, settings.token_pin, settings.remote_token, lambda: int(time.time()), tls)


def read_registry_file(settings: Settings) -> RegistryPins:
    """Return the pins in the setting ``registry_file``; raises SettingsError when it is not there, RegistryError."""
    path = settings.path(settings.registry_file)
    if not path.is_file():
        raise SettingsError(
            f"no registry is pinned: {path} does not exist",
            code="settings.no-registry",
            hint="`jikin admin deploy` deploys one on a chain of your own; else put the registry's pins there",
        )
    return parse_pins(strict_json.parse(files.read(path)))


@dataclass(slots=True)
class EvmChain:
    """The chain behind ``rpc_url``, opened when it is first needed: half of the commands never ask it."""

    settings: Settings
    _registry: EvmRegistry | None = field(default=None, repr=False)
    _writers: dict[Address, RegistryWriter] = field(default_factory=dict, repr=False)

    @property
    def registry(self) -> EvmRegistry:
        """Return the pinned registry; raises SettingsError when none is pinned."""
        return self._opened()

    def writer(self, account: Address, unlock: Callable[[], ChainAccount]) -> RegistryWriter:
        """Return the writer of *account*, the same one each time."""
        from jikin.anchoring.evm import EvmWriter

        if account not in self._writers:
            self._writers[account] = EvmWriter(
                self._opened(), unlock(), most_wei=self.settings.fee_most_gwei * _WEI_PER_GWEI
            )
        return self._writers[account]

    def balance_wei(self, account: Address) -> int | None:
        """Return the balance of *account*; raises ChainUnavailableError."""
        answer = self._opened().rpc.call("eth_getBalance", str(account), "latest")
        return int(str(answer), 16)

    def is_contract(self, account: Address) -> bool:
        """Say whether there is code at *account*; raises ChainUnavailableError."""
        return self._opened().rpc.call("eth_getCode", str(account), "latest") not in (None, "0x")

    def _opened(self) -> EvmRegistry:
        from jikin.anchoring.evm import EvmRegistry

        if self._registry is None:
            self._registry = EvmRegistry(self.settings.rpc_url, read_registry_file(self.settings))
        return self._registry
