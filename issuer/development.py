"""A chain for trying out: the office deploys the registry itself and has its accounts funded by the chain's own.

A development node keeps accounts unlocked that anybody may spend from. On every other chain nothing here sends money:
the error names the account that its owner has to fund.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable

from issuer import accrediting, files
from issuer.app import read_registry_file
from issuer.office import ACCREDITOR, Office
from issuer.settings import Settings
from issuer.store import audit
from issuer.store.institutions import Institution
from jikin.anchoring.chain import RegistryPins
from jikin.anchoring.pins import pins_json
from jikin.errors import ChainUnavailableError, OfficeError
from jikin.values import Address

FUNDS_WEI = 10 * 10**18
_ENOUGH_WEI = 10**18
_WAIT_SECONDS = 30.0
_LOOK_SECONDS = 0.1


def ensure_passphrase(settings: Settings) -> bool:
    """Write a random passphrase into the passphrase file where none is set; say whether one was made.

    For trying out: a passphrase beside the keys that it opens protects nothing.
    """
    path = settings.path(settings.passphrase_file)
    if settings.passphrase is not None or path.exists():
        return False
    files.write(path, secrets.token_urlsafe(24).encode("ascii") + b"\n", mode=files.PRIVATE)
    return True


def deploy(office: Office) -> RegistryPins:
    """Return the pins of the registry, deployed and pinned when none was; its accreditor is the office's own account.

    Raises RegistryMismatchError when another chain answers than the pinned one, ChainUnavailableError.
    """
    from jikin.anchoring import evm

    path = office.settings.path(office.settings.registry_file)
    if path.exists():
        pins = read_registry_file(office.settings)
        office.chain.registry.view()
        return pins
    account = accrediting.ensure_accreditor(office)
    fund(office.settings.rpc_url, [account])
    pins = evm.deploy(office.settings.rpc_url, office.keys.account(office.key(None, ACCREDITOR).reference), 0)
    files.write(path, json.dumps(pins_json(pins), indent=2).encode("ascii") + b"\n")
    with office.database.write() as connection:
        audit.record(connection, at=office.clock(), act="registry deployed", subject="registry")
    return pins


def fund_institution(office: Office, institution: Institution) -> None:
    """Fund the institution's accounts and the accreditor's; raises OfficeError where the chain gives nothing away."""
    accounts = [*accrediting.accounts(office, institution).values(), accrediting.ensure_accreditor(office)]
    fund(office.settings.rpc_url, accounts)


def fund(url: str, accounts: Iterable[Address]) -> None:
    """Send money from the node's own first account to each of *accounts* that has too little, and wait for it.

    Raises OfficeError ``office.funds`` when the node has no account to send from, ChainUnavailableError.
    """
    from jikin.anchoring.evm_nodes import connect

    rpc = connect(url)

    def balance(account: Address) -> int:
        return int(str(rpc.call("eth_getBalance", str(account), "latest")), 16)

    poor = [account for account in accounts if balance(account) < _ENOUGH_WEI]
    if not poor:
        return
    own = rpc.call("eth_accounts")
    if not isinstance(own, list) or not own:
        raise OfficeError(
            f"{', '.join(map(str, poor))} has not enough to pay fees, and this is no chain for trying out",
            code="office.funds",
            hint="send some of the chain's money there, and run the command again",
        )
    for account in poor:
        rpc.call("eth_sendTransaction", {"from": own[0], "to": str(account), "value": hex(FUNDS_WEI)})
    deadline = time.monotonic() + _WAIT_SECONDS
    while any(balance(account) < _ENOUGH_WEI for account in poor):
        if time.monotonic() > deadline:
            raise ChainUnavailableError("the accounts were not funded in time")
        time.sleep(_LOOK_SECONDS)
