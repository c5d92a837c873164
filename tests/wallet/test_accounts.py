"""Holders open their vaults by passphrase, recovery code, passkey or token; nobody else does, and nobody learns why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update

from jikin.errors import ProtocolError, WalletError
from jikin.testing.authenticator import SoftwareAuthenticator
from jikin.testing.clock import FixedClock
from jikin.testing.world import World
from jikin.values import JsonObject
from tests.wallet.conftest import NAME, PASSPHRASE, signed_up, wallet_in
from tests.wallet.trial import settings_for
from wallet import accounts, activity, development, unlocking, vault
from wallet.accounts import WayKind
from wallet.app import Wallet
from wallet.sessions import OpenVault, SessionToken
from wallet.store.tables import holders, records, ways

ORIGIN = "http://localhost:8102"


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises((WalletError, ProtocolError)) as refused:
        act()
    return refused.value.code


# --- passphrase and recovery code ---


def test_a_passphrase_opens_the_vault(wallet: Wallet) -> None:
    account, _ = accounts.create(wallet, NAME, PASSPHRASE)
    token = accounts.open_by_passphrase(wallet, f" {NAME} ", PASSPHRASE)
    with accounts.open_by_token(wallet, token) as opened:
        assert opened.id == account.id
        assert accounts.display_name(wallet, opened) == NAME


def test_unknown_name_and_wrong_passphrase_are_one_answer(wallet: Wallet) -> None:
    accounts.create(wallet, NAME, PASSPHRASE)
    answers = set()
    for name, passphrase in ((NAME, "wrong wrong"), ("아무도 아님", PASSPHRASE), ("", ""), (NAME, "")):
        with pytest.raises(WalletError) as refused:
            accounts.open_by_passphrase(wallet, name, passphrase)
        answers.add((refused.value.code, str(refused.value), refused.value.hint))
    assert len(answers) == 1


def test_an_unknown_name_costs_the_same_work(wallet: Wallet, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.create(wallet, NAME, PASSPHRASE)
    worked: list[vault.Costs] = []
    stretch = vault.stretch

    def counted(secret: str, salt: bytes, costs: vault.Costs) -> vault.Key:
        worked.append(costs)
        return stretch(secret, salt, costs)

    monkeypatch.setattr(vault, "stretch", counted)
    for name in (NAME, "아무도 아님"):
        code_of(lambda name=name: accounts.open_by_passphrase(wallet, name, "wrong wrong"))  # type: ignore[misc]
    assert worked == [wallet.costs, wallet.costs]


@pytest.mark.parametrize("known", [True, False], ids=["a known name", "an unknown name"])
def test_attempts_are_slowed_down_for(tmp_path: Path, world: World, clock: FixedClock, known: bool) -> None:
    wallet = wallet_in(tmp_path / "w", world, clock, sign_in_rates="3/hour")
    if known:
        accounts.create(wallet, NAME, PASSPHRASE)
    codes = [code_of(lambda: accounts.open_by_passphrase(wallet, NAME, "wrong wrong")) for _ in range(4)]
    assert codes == ["wallet.sign-in"] * 3 + ["wallet.sign-in.throttled"]
    assert code_of(lambda: accounts.open_by_passphrase(wallet, NAME, PASSPHRASE)) == "wallet.sign-in.throttled"
    wallet.close()


def test_a_recovery_code_opens_and_a_new_passphrase_is_set(wallet: Wallet) -> None:
    _, code = accounts.create(wallet, NAME, PASSPHRASE)
    token = accounts.open_by_recovery(wallet, NAME, code.lower())
    with accounts.open_by_token(wallet, token) as opened:
        accounts.change_passphrase(wallet, opened, "새로운 문장 하나 둘")
    assert code_of(lambda: accounts.open_by_passphrase(wallet, NAME, PASSPHRASE)) == "wallet.sign-in"
    accounts.open_by_passphrase(wallet, NAME, "새로운 문장 하나 둘")


def test_a_new_recovery_code_voids_the_old_one(wallet: Wallet, vault: OpenVault) -> None:
    code = accounts.new_recovery(wallet, vault)
    assert not accounts.may_receive(wallet, vault)
    accounts.confirm_recovery(wallet, vault, code)
    assert accounts.may_receive(wallet, vault)
    assert [way.kind for way in accounts.ways(wallet, vault)].count(WayKind.RECOVERY) == 1


def test_a_code_that_was_mistyped_is_not_confirmed(wallet: Wallet) -> None:
    accounts.create(wallet, NAME, PASSPHRASE)
    with accounts.open_by_token(wallet, accounts.open_by_passphrase(wallet, NAME, PASSPHRASE)) as opened:
        wrong = "0000-0000-0000-0000-0000-0000"
        assert code_of(lambda: accounts.confirm_recovery(wallet, opened, wrong)) == "wallet.recovery-mistyped"
        assert not accounts.may_receive(wallet, opened)


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\u202eb", "a\x00b"])
def test_a_name_that_cannot_be_is_refused(wallet: Wallet, name: str) -> None:
    assert code_of(lambda: accounts.create(wallet, name, PASSPHRASE)) == "wallet.name"


@pytest.mark.parametrize("passphrase", ["", "short", "aaaaaaaaaaaa", "x" * 201, NAME * 4])
def test_a_passphrase_that_is_guessed_at_once_is_refused(wallet: Wallet, passphrase: str) -> None:
    assert code_of(lambda: accounts.create(wallet, NAME * 4, passphrase)) == "wallet.passphrase"


@pytest.mark.parametrize("again", [NAME, f" {NAME}", "Ｋｉｍ", "KIM"])
def test_a_name_is_given_once(wallet: Wallet, again: str) -> None:
    accounts.create(wallet, NAME, PASSPHRASE)
    accounts.create(wallet, "kim", PASSPHRASE)
    assert code_of(lambda: accounts.create(wallet, again, PASSPHRASE)) == "wallet.name-taken"


# --- sessions ---


def test_a_session_ends_when_it_is_closed_or_idle(wallet: Wallet, session: SessionToken, clock: FixedClock) -> None:
    accounts.open_by_token(wallet, session).close()
    clock.advance(29 * 60)
    accounts.open_by_token(wallet, session).close()
    clock.advance(31 * 60)
    assert code_of(lambda: accounts.open_by_token(wallet, session)) == "wallet.signed-out"
    other = accounts.open_by_passphrase(wallet, NAME, PASSPHRASE)
    accounts.close(wallet, other)
    assert code_of(lambda: accounts.open_by_token(wallet, other)) == "wallet.signed-out"


@pytest.mark.parametrize("token", ["", "x", "£", "a" * 5000, "../../etc"])
def test_a_token_of_nobody_opens_nothing(wallet: Wallet, session: SessionToken, token: str) -> None:
    assert code_of(lambda: accounts.open_by_token(wallet, token)) == "wallet.signed-out"


def test_a_new_passphrase_ends_every_other_session(wallet: Wallet, session: SessionToken) -> None:
    other = accounts.open_by_passphrase(wallet, NAME, PASSPHRASE)
    with accounts.open_by_token(wallet, session) as opened:
        accounts.change_passphrase(wallet, opened, "새로운 문장 하나 둘")
    accounts.open_by_token(wallet, session).close()
    assert code_of(lambda: accounts.open_by_token(wallet, other)) == "wallet.signed-out"


def test_the_servers_memory_alone_does_not_hold_the_key(wallet: Wallet, session: SessionToken) -> None:
    with accounts.open_by_token(wallet, session) as opened:
        key = bytes(opened.key.data)
        (kept,) = wallet.sessions._sessions.values()
        assert key not in (kept.kept, session.text.encode())
        assert session.text not in wallet.sessions._sessions
    assert session.text not in repr(wallet.sessions._sessions)
    assert session.text not in repr(session)


# --- passkeys ---


def _passkey(wallet: Wallet, opened: OpenVault, device: SoftwareAuthenticator) -> accounts.Way:
    response = json.loads(device.create(accounts.passkey_creation(wallet, opened)))
    return accounts.add_passkey(wallet, opened, response, _prf(response))


def _prf(response: JsonObject) -> str | None:
    results = response.get("clientExtensionResults", {}).get("prf", {}).get("results", {})  # type: ignore[union-attr]
    first = results.get("first")
    return first if isinstance(first, str) else None


def _signed_in(wallet: Wallet, device: SoftwareAuthenticator) -> SessionToken:
    asked = accounts.passkey_request(wallet)
    response = json.loads(device.get(asked.options))
    return accounts.open_by_passkey(wallet, asked.challenge_id, response, _prf(response))


def test_a_passkey_opens_the_vault_and_is_the_second_way(wallet: Wallet) -> None:
    account, _ = accounts.create(wallet, NAME, PASSPHRASE)
    device = SoftwareAuthenticator(ORIGIN)
    with accounts.open_by_token(wallet, accounts.open_by_passphrase(wallet, NAME, PASSPHRASE)) as opened:
        assert not accounts.may_receive(wallet, opened)
        _passkey(wallet, opened, device)
        assert accounts.may_receive(wallet, opened)
    for _ in range(2):
        with accounts.open_by_token(wallet, _signed_in(wallet, device)) as opened:
            assert opened.id == account.id


def test_a_passkey_without_prf_cannot_open_and_is_told_so(wallet: Wallet, vault: OpenVault) -> None:
    device = SoftwareAuthenticator(ORIGIN)
    response = json.loads(device.create(accounts.passkey_creation(wallet, vault)))
    response["clientExtensionResults"] = {}
    assert code_of(lambda: accounts.add_passkey(wallet, vault, response, None)) == "wallet.passkey-no-prf"
    assert WayKind.PASSKEY not in {way.kind for way in accounts.ways(wallet, vault)}


def test_a_passkey_that_gives_its_prf_only_when_used_is_added_in_two_steps(wallet: Wallet, vault: OpenVault) -> None:
    device = SoftwareAuthenticator(ORIGIN)
    made = json.loads(device.create(accounts.passkey_creation(wallet, vault)))
    made["clientExtensionResults"] = {"prf": {"enabled": True}}
    assert code_of(lambda: accounts.add_passkey(wallet, vault, made, None)) == "wallet.passkey-once-more"
    used = json.loads(device.get(accounts.passkey_second_step(wallet, vault)))
    way = accounts.finish_passkey(wallet, vault, used, _prf(used))
    assert way.kind is WayKind.PASSKEY
    accounts.open_by_token(wallet, _signed_in(wallet, device)).close()


def test_a_challenge_is_good_once_and_not_for_long(wallet: Wallet, vault: OpenVault, clock: FixedClock) -> None:
    device = SoftwareAuthenticator(ORIGIN)
    _passkey(wallet, vault, device)
    asked = accounts.passkey_request(wallet)
    response = json.loads(device.get(asked.options))
    accounts.open_by_passkey(wallet, asked.challenge_id, response, _prf(response))
    again = lambda: accounts.open_by_passkey(wallet, asked.challenge_id, response, _prf(response))  # noqa: E731
    assert code_of(again) == "passkey.refused"
    late = accounts.passkey_request(wallet)
    response = json.loads(device.get(late.options))
    clock.advance(301)
    too_late = lambda: accounts.open_by_passkey(wallet, late.challenge_id, response, _prf(response))  # noqa: E731
    assert code_of(too_late) == "passkey.refused"


def test_the_prf_of_another_passkey_opens_nothing(wallet: Wallet, vault: OpenVault) -> None:
    device = SoftwareAuthenticator(ORIGIN)
    _passkey(wallet, vault, device)
    for prf, code in (
        (vault_prf(), "wallet.sign-in"),
        ("AAAA", "wallet.passkey-no-prf"),
        (None, "wallet.passkey-no-prf"),
    ):
        asked = accounts.passkey_request(wallet)
        response = json.loads(device.get(asked.options))
        assert code_of(lambda: accounts.open_by_passkey(wallet, asked.challenge_id, response, prf)) == code  # noqa: B023


def vault_prf() -> str:
    return "A" * 43


def test_a_passkey_of_another_site_is_refused(wallet: Wallet, vault: OpenVault) -> None:
    device = SoftwareAuthenticator(ORIGIN)
    _passkey(wallet, vault, device)
    device.origin = "http://localhost:9999"
    asked = accounts.passkey_request(wallet)
    response = json.loads(device.get(asked.options))
    assert (
        code_of(lambda: accounts.open_by_passkey(wallet, asked.challenge_id, response, "A" * 43)) == "passkey.refused"
    )


def test_the_last_two_ways_stay(wallet: Wallet, vault: OpenVault) -> None:
    device = SoftwareAuthenticator(ORIGIN)
    way = _passkey(wallet, vault, device)
    accounts.remove_way(wallet, vault, way.id)
    assert activity.events(wallet, vault)[0].act == "way-removed"
    assert code_of(lambda: _signed_in(wallet, device)) == "wallet.sign-in"
    accounts.new_recovery(wallet, vault)  # not confirmed: passphrase is the only way that counts
    way = _passkey(wallet, vault, SoftwareAuthenticator(ORIGIN))
    assert code_of(lambda: accounts.remove_way(wallet, vault, way.id)) == "wallet.one-way"
    assert code_of(lambda: accounts.remove_way(wallet, vault, "x")) == "wallet.way.not-found"


# --- tokens ---


def test_a_token_opens_for_programs_and_does_not_count_as_a_way(wallet: Wallet) -> None:
    account, _ = accounts.create(wallet, NAME, PASSPHRASE)
    with accounts.open_by_token(wallet, accounts.open_by_passphrase(wallet, NAME, PASSPHRASE)) as opened:
        token = accounts.new_token(wallet, opened)
        assert not accounts.may_receive(wallet, opened)
    with accounts.open_by_token(wallet, token) as opened:
        assert (opened.id, opened.session) == (account.id, None)
        (way,) = [way for way in accounts.ways(wallet, opened) if way.kind is WayKind.TOKEN]
        accounts.remove_way(wallet, opened, way.id)
    assert code_of(lambda: accounts.open_by_token(wallet, token)) == "wallet.signed-out"


def test_the_development_token_opens_a_holder_called_dev(wallet: Wallet, tmp_path: Path) -> None:
    file = tmp_path / "dev-tokens.json"
    file.write_text(json.dumps({"wallet": "development token one"}))
    for _ in range(2):  # a second start changes nothing
        development.prepare(wallet, file)
    with accounts.open_by_token(wallet, "development token one") as opened:
        assert accounts.display_name(wallet, opened) == "dev"
        assert accounts.may_receive(wallet, opened)
    file.write_text(json.dumps({"wallet": "development token two"}))
    development.prepare(wallet, file)
    with accounts.open_by_token(wallet, "development token two") as opened:
        assert accounts.display_name(wallet, opened) == "dev-2"


# --- against whoever runs the server ---


def test_a_whole_vault_put_back_is_noticed_by_the_holders_device(wallet: Wallet, vault: OpenVault) -> None:
    with wallet.database.read() as connection:
        old = connection.execute(select(holders)).one()
        old_records = connection.execute(select(records)).all()
    accounts.new_recovery(wallet, vault)
    mark = accounts.watermark(wallet, vault)
    accounts.check_watermark(wallet, vault, mark)
    with wallet.database.write() as connection:
        connection.execute(update(holders).values(counter=old.counter, manifest=old.manifest))
        connection.execute(records.delete())
        connection.execute(records.insert(), [row._asdict() for row in old_records])
    assert accounts.display_name(wallet, vault) == NAME
    assert code_of(lambda: accounts.check_watermark(wallet, vault, mark)) == "wallet.rolled-back"
    accounts.check_watermark(wallet, vault, "no mark at all")


@pytest.mark.parametrize("what", ["a record is put back", "a record is removed", "the counter is turned back"])
def test_it_is_noticed_when(wallet: Wallet, vault: OpenVault, what: str) -> None:
    with wallet.database.read() as connection:
        old = connection.execute(select(records).where(records.c.id == unlocking.PROFILE)).one()._asdict()
        counter = connection.execute(select(holders.c.counter)).scalar_one()
    accounts.new_recovery(wallet, vault)
    with wallet.database.write() as connection:
        if what == "a record is put back":
            connection.execute(update(records).where(records.c.id == unlocking.PROFILE).values(**old))
        elif what == "a record is removed":
            connection.execute(records.delete().where(records.c.id == unlocking.PROFILE))
        else:
            connection.execute(update(holders).values(counter=counter))
    assert code_of(lambda: accounts.display_name(wallet, vault)) == "wallet.tampered"


def test_a_way_of_one_holder_does_not_open_anothers_vault(wallet: Wallet, session: SessionToken) -> None:
    """Whoever can write to the database puts their own ways in the place of the holder's."""
    with wallet.database.read() as connection:
        mine = connection.execute(select(holders.c.id)).scalar_one()
    signed_up(wallet, "다른 사람", "전혀 다른 문장이에요")
    assert accounts.open_by_passphrase(wallet, "다른 사람", "전혀 다른 문장이에요")
    with wallet.database.write() as connection:
        connection.execute(ways.delete().where(ways.c.holder_id == mine))
        connection.execute(update(ways).values(holder_id=mine))
    for passphrase in ("전혀 다른 문장이에요", PASSPHRASE):
        assert code_of(lambda: accounts.open_by_passphrase(wallet, NAME, passphrase)) == "wallet.sign-in"  # noqa: B023


def test_without_the_server_key_nobody_is_found(tmp_path: Path, world: World, clock: FixedClock) -> None:
    first = wallet_in(tmp_path / "w", world, clock)
    signed_up(first)
    first.close()
    key = settings_for(tmp_path / "w").path(Path("wallet.key"))
    assert key.stat().st_mode & 0o077 == 0
    key.unlink()
    second = wallet_in(tmp_path / "w", world, clock)
    assert code_of(lambda: accounts.open_by_passphrase(second, NAME, PASSPHRASE)) == "wallet.sign-in"
    second.close()
