"""A wallet with its pages on a port, an institution that issues to it and an employer who asks: all over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from fastapi import FastAPI

from jikin.errors import ChainUnavailableError
from jikin.status.array import State
from jikin.testing.clock import FixedClock
from jikin.testing.world import World
from jikin.web import logs
from tests.browser import free_port, running
from tests.wallet.conftest import PASSPHRASE, signed_up, wallet_in
from tests.wallet.parties import Employer, Office, served
from wallet import accounts, holding, receiving, service
from wallet.app import Wallet
from wallet.sessions import OpenVault

NAME = "김하늘"
FORKLIFT, EXCAVATOR, SAFETY, ELECTRICITY = "7875", "7862", "1431", "6811"
_DAY = 86_400


@dataclass
class House:
    """Everything a test of the wallet's pages needs. *ids* are certificates of the filled vault by what they show."""

    base: str
    wallet: Wallet
    clock: FixedClock
    office: Office
    employer: Employer
    ids: Mapping[str, str]

    def link(self, path: str) -> str:
        """Return the address of a page."""
        return f"{self.base}{path}"


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Give the wallet's service with a vault of NAME that holds a certificate in each standing."""
    logs.configure("WARNING")
    clock = FixedClock(1_782_000_000)
    world = World(clock)
    with ExitStack() as stack:
        office, employer = _served(stack, Office, world), _served(stack, Employer, world)
        port = free_port()
        wallet = wallet_in(folder, world, clock, port=str(port), session_minutes="1440", recheck_seconds="0")
        wallet = replace(wallet, proving=_away)  # pages offer proof packs; the node that they are made with is away
        ids = _fill(wallet, office, clock)
        base = stack.enter_context(running(service.application_of(wallet), port))
        yield House(base, wallet, clock, office, employer, ids)


def _away() -> NoReturn:
    raise ChainUnavailableError("the chain does not answer")


def receive(wallet: Wallet, vault: OpenVault, office: Office, qualification: str) -> str:
    """Put one certificate into the vault, over OpenID4VCI; returns its id there."""
    seen = receiving.look(wallet, vault, offer_of(office, qualification))
    (held,) = receiving.receive(wallet, vault, seen.id, office.tx_code)
    return held.id


def offer_of(office: Office, qualification: str, *, by_reference: bool = False) -> str:
    """Return the link of an offer of one qualification; the office issues what it was set to last."""
    office.record = {**office.record, "qualification_code": qualification}
    return office.offer(by_reference=by_reference)


def _served(stack: ExitStack, kind: Any, world: World) -> Any:
    made: list[Any] = []

    def make(address: str) -> FastAPI:
        made.append(kind.at(world, address) if kind is Office else kind(world, address))
        app: FastAPI = made[0].app()
        return app

    stack.enter_context(served(make))
    return made[0]


def _fill(wallet: Wallet, office: Office, clock: FixedClock) -> Mapping[str, str]:
    with accounts.open_by_token(wallet, signed_up(wallet, NAME)) as vault:
        ids = {}
        for name, qualification in (
            ("suspended", SAFETY),
            ("revoked", EXCAVATOR),
            ("passed", FORKLIFT),
        ):
            ids[name] = receive(wallet, vault, office, qualification)
            clock.advance(60)
        office.days = 30
        ids["expired"] = receive(wallet, vault, office, ELECTRICITY)
        office.days = None
        issued = list(office.issued.values())
        clock.advance(60 * _DAY)
        office.institution.change(issued[0], State.SUSPENDED, "보수교육 미이수")
        office.institution.change(issued[1], State.REVOKED, "부정행위 확인")
        clock.advance(3600)
        office.world.chain.mine()
        holding.check_again(wallet, vault)
        return ids


__all__ = ["NAME", "PASSPHRASE", "House", "house", "offer_of", "receive"]
