"""While a vault is open its certificates are watched; a change of standing becomes a notice."""

from __future__ import annotations

from jikin.status.array import State
from jikin.testing.clock import FixedClock
from jikin.testing.world import World
from tests.wallet.conftest import NAME, PASSPHRASE
from tests.wallet.parties import Office
from wallet import accounts, activity, holding, receiving, watching
from wallet.app import Wallet
from wallet.sessions import SessionToken
from wallet.values import Standing


def _received(wallet: Wallet, session: SessionToken, office: Office) -> None:
    with accounts.open_by_token(wallet, session) as vault:
        seen = receiving.look(wallet, vault, office.offer())
        receiving.receive(wallet, vault, seen.id, office.tx_code)
        holding.held(wallet, vault)


def test_a_revocation_is_noticed_and_told_until_it_is_seen(
    wallet: Wallet, session: SessionToken, office: Office, clock: FixedClock
) -> None:
    _received(wallet, session, office)
    assert watching.look_around(wallet) == 0
    clock.advance(60)
    ((_, issued),) = office.issued.items()
    office.institution.change(issued, State.REVOKED, "부정행위 확인")
    assert watching.look_around(wallet) == 1
    with accounts.open_by_token(wallet, session) as vault:
        holding.held(wallet, vault)  # this request brings the other half of the key
        (held,) = holding.held(wallet, vault)
        assert (held.standing, held.previous) == (Standing.REVOKED, Standing.PASSED)
        newest = activity.events(wallet, vault)[0]
        assert (newest.act, newest.detail["to"]) == ("changed", "revoked")
        holding.seen(wallet, vault, held.id)
        assert holding.one(wallet, vault, held.id).previous is None
        assert watching.look_around(wallet) == 0


def test_nothing_in_memory_opens_a_vault_that_is_watched(wallet: Wallet, session: SessionToken, office: Office) -> None:
    _received(wallet, session, office)
    ((entry,),) = wallet.sessions.watched().values()
    ((_, issued),) = office.issued.items()
    told = repr(entry)
    assert str(issued.number) not in told
    assert "did:key" not in told


def test_a_session_that_ended_is_not_watched(wallet: Wallet, session: SessionToken, office: Office) -> None:
    _received(wallet, session, office)
    accounts.close(wallet, session)
    assert wallet.sessions.watched() == {}
    assert watching.look_around(wallet) == 0


def test_a_new_session_checks_what_was_not_checked_for_a_while(
    wallet: Wallet, session: SessionToken, office: Office, clock: FixedClock
) -> None:
    _received(wallet, session, office)
    ((_, issued),) = office.issued.items()
    clock.advance(3600)
    office.institution.change(issued, State.REVOKED, "부정행위 확인")
    with accounts.open_by_token(wallet, accounts.open_by_passphrase(wallet, NAME, PASSPHRASE)) as vault:
        holding.held(wallet, vault)
        (held,) = holding.held(wallet, vault)
    assert held.standing is Standing.REVOKED


def test_an_outage_is_no_change_and_a_revoked_one_stays_revoked(
    wallet: Wallet, session: SessionToken, office: Office, world: World, clock: FixedClock
) -> None:
    _received(wallet, session, office)
    with accounts.open_by_token(wallet, session) as vault:
        world.chain.reachable = False
        (held,) = holding.check_again(wallet, vault)
        assert (held.standing, held.previous) == (Standing.UNKNOWN, None)
        world.chain.reachable = True
        (held,) = holding.check_again(wallet, vault)
        assert (held.standing, held.previous) == (Standing.PASSED, None)
        ((_, issued),) = office.issued.items()
        clock.advance(60)
        office.institution.change(issued, State.REVOKED, "부정행위 확인")
        assert holding.check_again(wallet, vault)[0].standing is Standing.REVOKED
        world.chain.reachable = False
        assert holding.check_again(wallet, vault)[0].standing is Standing.REVOKED
