"""A holder's wallet, an institution and an employer, each with an address on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import WebFetch
from jikin.testing.clock import FixedClock
from jikin.testing.world import World
from jikin.verification.plan import LOOPBACK_HOSTS
from jikin.verification.sources import Sources
from tests import blank_database
from tests.wallet.parties import Employer, Office, served
from tests.wallet.trial import settings_for
from wallet import accounts, migrations
from wallet.app import Wallet, build
from wallet.sessions import OpenVault, SessionToken

NAME, PASSPHRASE = "하늘", "지게차 위의 고양이 셋"


class AtOnce(Executor):
    """Does at once what would be done in the background."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(1_782_000_000)


@pytest.fixture
def world(clock: FixedClock) -> World:
    return World(clock)


def sources_of(world: World) -> Sources:
    """Return what a wallet in this world asks: the chain in memory, and the web over real HTTP."""
    return Sources(
        registry=world.chain,
        fetch=WebFetch(allowed_hosts=LOOPBACK_HOSTS),
        did_methods=standard_methods(local="http"),
        suites=world.suites,
        contexts=world.contexts,
    )


def wallet_in(data: Path, world: World, clock: FixedClock, **changes: str) -> Wallet:
    settings = settings_for(data, **changes)
    if not settings.database:
        blank_database.lay(data / "wallet.db", migrations)
    return build(
        settings,
        clock=clock,
        sources=sources_of(world),
        workers=AtOnce(),
        sleep=lambda _seconds: None,
    )


@pytest.fixture
def wallet(tmp_path: Path, world: World, clock: FixedClock) -> Iterator[Wallet]:
    made = wallet_in(tmp_path / "wallet", world, clock)
    yield made
    made.close()


@pytest.fixture
def session(wallet: Wallet) -> SessionToken:
    return signed_up(wallet)


def signed_up(wallet: Wallet, name: str = NAME, passphrase: str = PASSPHRASE) -> SessionToken:
    """Return the session of a new holder who may receive."""
    _, code = accounts.create(wallet, name, passphrase)
    token = accounts.open_by_passphrase(wallet, name, passphrase)
    with accounts.open_by_token(wallet, token) as opened:
        accounts.confirm_recovery(wallet, opened, code)
    return token


@pytest.fixture
def vault(wallet: Wallet, session: SessionToken) -> Iterator[OpenVault]:
    with accounts.open_by_token(wallet, session) as opened:
        yield opened


@pytest.fixture
def office(world: World) -> Iterator[Office]:
    made: list[Office] = []

    def make(address: str) -> Any:
        made.append(Office.at(world, address))
        return made[0].app()

    with served(make):
        yield made[0]


@pytest.fixture
def employer(world: World) -> Iterator[Employer]:
    made: list[Employer] = []

    def make(address: str) -> Any:
        made.append(Employer(world, address))
        return made[0].app()

    with served(make):
        yield made[0]
