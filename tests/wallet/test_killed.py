"""The wallet is killed in the middle of its work (kill -9): nothing is lost, nothing is doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jikin.errors import WalletError
from jikin.testing.clock import FixedClock
from jikin.testing.world import World
from tests.wallet.conftest import NAME, PASSPHRASE, signed_up, wallet_in
from tests.wallet.parties import Employer, Office
from wallet import accounts, activity, holding, presenting, receiving
from wallet.app import Wallet
from wallet.values import Standing

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clock() -> FixedClock:
    """The killed process has the machine's clock, and so has everybody else here."""
    import time

    return FixedClock(int(time.time()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "wallet"


@pytest.fixture
def again(data: Path, world: World, clock: FixedClock) -> Iterator[Wallet]:
    """The wallet as it is started before and after the process that is killed."""
    wallet = wallet_in(data, world, clock)
    yield wallet
    wallet.close()


def _token(wallet: Wallet) -> str:
    with accounts.open_by_token(wallet, signed_up(wallet)) as vault:
        return accounts.new_token(wallet, vault)


def _killed(party: Office | Employer, data: Path, token: str, *arguments: str) -> None:
    """Run a verb until *party* has been reached, and kill it there."""
    command = [sys.executable, "-m", "tests.wallet.process", str(data), token, *arguments]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert party.reached.wait(60), process.communicate(timeout=5)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        out, _ = process.communicate(timeout=10)
    assert b"done" not in out
    party.hold = None  # type: ignore[assignment]


@pytest.mark.parametrize("endpoint", ["nonce", "credential", "deferred", "notification"])
def test_killed_while_receiving(data: Path, again: Wallet, office: Office, endpoint: str) -> None:
    token = _token(again)
    with accounts.open_by_token(again, token) as vault:
        seen = receiving.look(again, vault, office.offer())
    office.hold = endpoint
    office.deferrals = 1 if endpoint == "deferred" else 0
    _killed(office, data, token, "receive", seen.id, "4932")
    with accounts.open_by_token(again, token) as vault:
        kept_already = endpoint == "notification"
        assert len(holding.held(again, vault)) == kept_already
        assert len(receiving.pending(again, vault)) == (not kept_already)
        came = receiving.pick_up(again, vault)
        assert len(came) == (not kept_already)
        (held,) = holding.check_again(again, vault)
        assert held.standing is Standing.PASSED
        assert [event.act for event in activity.events(again, vault)].count("received") == 1
    assert len(office.issued) == 1
    assert office.calls.count("token") == 1


def test_killed_between_the_code_and_the_token_the_issuer_has_to_offer_again(
    data: Path, again: Wallet, office: Office
) -> None:
    office.tx_code = None
    token = _token(again)
    with accounts.open_by_token(again, token) as vault:
        seen = receiving.look(again, vault, office.offer())
    office.hold = "token"
    _killed(office, data, token, "receive", seen.id)
    with accounts.open_by_token(again, token) as vault:
        with pytest.raises(WalletError) as refused:
            receiving.receive(again, vault, seen.id)
        assert refused.value.code == "wallet.offer.gone"
        assert holding.held(again, vault) == ()
        seen = receiving.look(again, vault, office.offer())
        assert len(receiving.receive(again, vault, seen.id)) == 1


def test_killed_while_presenting(data: Path, again: Wallet, office: Office, employer: Employer) -> None:
    token = _token(again)
    with accounts.open_by_token(again, token) as vault:
        seen = receiving.look(again, vault, office.offer())
        (held,) = receiving.receive(again, vault, seen.id, "4932")
        asked = presenting.look(again, vault, employer.ask())
    employer.hold = True
    _killed(employer, data, token, "answer", asked.id, held.id)
    with accounts.open_by_token(again, token) as vault:
        assert [event.act for event in activity.events(again, vault)].count("presented") == 1
        with pytest.raises(WalletError) as refused:  # this employer takes the same bytes once
            presenting.answer(again, vault, asked.id, {"it": held.id})
        assert refused.value.code == "wallet.answer-unconfirmed"
        assert [event.act for event in activity.events(again, vault)].count("presented") == 1
    assert employer.answers[0] == employer.answers[1]
    assert len(employer.used) == 1


def test_the_vault_opens_after_a_kill_as_before(data: Path, again: Wallet, office: Office) -> None:
    token = _token(again)
    with accounts.open_by_token(again, token) as vault:
        seen = receiving.look(again, vault, office.offer())
    office.hold = "credential"
    _killed(office, data, token, "receive", seen.id, "4932")
    accounts.open_by_token(again, accounts.open_by_passphrase(again, NAME, PASSPHRASE)).close()
