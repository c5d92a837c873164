"""Proof packs in the wallet: made when asked for, made anew before they are too old, never from before an end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from jikin.anchoring.block_sources import PinnedBlock
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.header import Header
from jikin.anchoring.pins import pins_json
from jikin.badges.documents import open_document
from jikin.command.main import application
from jikin.dids.web_fetch import NoFetch
from jikin.errors import ChainUnavailableError, WalletError
from jikin.status.array import State
from jikin.status.pack import Pack
from jikin.testing.clock import FixedClock
from jikin.verification.packed import PackTrust, document_of
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome
from jikin.verification.verifying import verify
from tests import blank_database
from tests.chain_fixtures import EvmBench, hardhat, proven, undone
from tests.small_world import DAY, Issued, SmallWorld
from tests.wallet.conftest import NAME, PASSPHRASE, AtOnce
from tests.wallet.trial import settings_for
from tests.world_on_node import OnNode
from wallet import accounts, checking, holding, migrations, records
from wallet.app import Wallet, build
from wallet.service import application_of
from wallet.sessions import OpenVault

__all__ = ["hardhat"]
pytestmark = pytest.mark.chain


@pytest.fixture
def on_node(hardhat: HardhatNode) -> Iterator[SmallWorld]:
    with undone(hardhat):
        chain = OnNode(EvmBench(hardhat))
        yield SmallWorld(chain=chain, accounts=chain.accounts)


class Node:
    """The way to the node that makes packs, which can be cut."""

    def __init__(self, world: SmallWorld) -> None:
        self.world, self.reachable, self.asked = world, True, 0

    def __call__(self):  # type: ignore[no-untyped-def]
        self.asked += 1
        if not self.reachable:
            raise ChainUnavailableError("the chain does not answer")
        bench = self.world.chain.bench
        return proven(bench.node.url, bench.evm.pins).view()


@pytest.fixture
def clock(on_node: SmallWorld) -> FixedClock:
    return FixedClock(on_node.time)


@pytest.fixture
def node(on_node: SmallWorld) -> Node:
    return Node(on_node)


@pytest.fixture
def wallet(tmp_path: Path, on_node: SmallWorld, clock: FixedClock, node: Node) -> Iterator[Wallet]:
    settings = settings_for(tmp_path / "wallet")
    blank_database.lay(tmp_path / "wallet" / "wallet.db", migrations)
    sources = on_node.sources(registry=on_node.chain.bench.evm)
    made = build(settings, clock=clock, sources=sources, workers=AtOnce(), sleep=lambda _seconds: None)
    yield replace(made, proving=node)
    made.close()


@pytest.fixture
def issued(on_node: SmallWorld, clock: FixedClock) -> Issued:
    certificate = on_node.issue()
    clock.now = on_node.time
    return certificate


@pytest.fixture
def held(wallet: Wallet, vault: OpenVault, issued: Issued) -> str:
    """The id of a certificate in the vault."""
    return put(wallet, vault, issued)


def put(wallet: Wallet, vault: OpenVault, issued: Issued) -> str:
    assert issued.receipt is not None
    now = wallet.clock()
    checked = checking.check(wallet, wallet.sources.at_newest(), issued.credential, issued.receipt.to_json(), now)
    assert checked.report.outcome is Outcome.PASSED
    name = records.new_id()
    with records.changing(wallet.database, vault) as change:
        holding.put(change, name, holding.fresh(issued.credential, checked, None, None, now))
    return name


def judged(world: SmallWorld, data: bytes, now: int) -> Outcome:
    pack = Pack.parse(data)
    trust = PackTrust(world.chain.bench.evm.pins, PinnedBlock(Header.parse(pack.header).block))
    session = world.sources(registry=None, fetch=NoFetch(), packs=trust).of_pack(pack)
    assert session is not None
    return verify(document_of(pack), session, packaged("pack"), now).outcome


def test_a_pack_is_made_once_and_anew_after_a_day(
    wallet: Wallet, vault: OpenVault, held: str, on_node: SmallWorld, clock: FixedClock, node: Node
) -> None:
    first = holding.pack(wallet, vault, held)
    assert judged(on_node, first, clock.now) is Outcome.PASSED
    assert holding.pack(wallet, vault, held) == first
    assert node.asked == 1
    clock.now = on_node.later(DAY + 60)
    assert holding.pack(wallet, vault, held) != first
    assert node.asked == 2


def test_checking_again_renews_a_pack_and_makes_none_where_none_was_asked_for(
    wallet: Wallet, vault: OpenVault, held: str, on_node: SmallWorld, clock: FixedClock, node: Node
) -> None:
    holding.check_again(wallet, vault)
    assert node.asked == 0
    first = holding.pack(wallet, vault, held)
    clock.now = on_node.later(2 * DAY)
    holding.check_again(wallet, vault)
    assert node.asked == 2
    node.reachable = False
    assert holding.pack(wallet, vault, held) != first


def test_while_the_chain_is_away_the_last_pack_is_handed_out(
    wallet: Wallet, vault: OpenVault, held: str, on_node: SmallWorld, clock: FixedClock, node: Node
) -> None:
    node.reachable = False
    with pytest.raises(ChainUnavailableError):
        holding.pack(wallet, vault, held)
    node.reachable = True
    first = holding.pack(wallet, vault, held)
    node.reachable = False
    clock.now += 3 * DAY
    assert holding.pack(wallet, vault, held) == first


def test_a_pack_from_before_the_end_is_not_kept(
    wallet: Wallet, vault: OpenVault, held: str, issued: Issued, on_node: SmallWorld, clock: FixedClock
) -> None:
    first = holding.pack(wallet, vault, held)
    on_node.set_state(issued, State.REVOKED)
    clock.now = on_node.time
    holding.check_again(wallet, vault)
    after = holding.pack(wallet, vault, held)
    assert after != first
    assert judged(on_node, after, clock.now) is Outcome.FAILED


def test_the_sheet_carries_the_pack_and_is_printed_without_one_while_the_chain_is_away(
    wallet: Wallet, vault: OpenVault, held: str, node: Node
) -> None:
    node.reachable = False
    (bare,) = open_document(holding.pdf(wallet, vault, held))
    assert bare.credential is not None
    assert bare.pack is None
    node.reachable = True
    (whole,) = open_document(holding.pdf(wallet, vault, held))
    assert whole.pack == Pack.parse(holding.pack(wallet, vault, held))


def test_a_pack_is_made_at_a_terminal_of_what_the_vault_holds(
    wallet: Wallet, held: str, on_node: SmallWorld, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIKIN_WALLET_PASSPHRASE", PASSPHRASE)
    bench, registry, out = on_node.chain.bench, tmp_path / "registry.json", tmp_path / "certificate.pack"
    registry.write_text(json.dumps(pins_json(bench.evm.pins)), "utf-8")
    words = ["pack", held, "-o", str(out), "--name", NAME, "--data", str(wallet.settings.data)]
    words += ["--rpc-url", bench.node.url, "--registry", str(registry)]
    result = CliRunner().invoke(application(), words)
    assert result.exit_code == 0, (result.output, result.exception)
    assert judged(on_node, out.read_bytes(), clock.now) is Outcome.PASSED


def test_a_wallet_without_a_chain_makes_no_packs(wallet: Wallet, vault: OpenVault, held: str) -> None:
    with pytest.raises(WalletError) as refused:
        holding.pack(replace(wallet, proving=None), vault, held)
    assert refused.value.code == "wallet.no-pack"


WARNINGS = {"ko": "가진 사람이 본인인지는 알려 주지 않아요", "en": "nor that whoever brings it is you"}


@pytest.mark.parametrize(("language", "warning"), WARNINGS.items(), ids=WARNINGS.keys())
def test_the_page_offers_the_pack_and_says_what_it_is_not(
    wallet: Wallet, vault: OpenVault, held: str, on_node: SmallWorld, clock: FixedClock, language: str, warning: str
) -> None:
    token = accounts.open_by_passphrase(wallet, NAME, PASSPHRASE)
    with TestClient(application_of(wallet), base_url=wallet.settings.base_url) as browser:
        browser.cookies.set("jikin-wallet-session", token.text)
        page = browser.get(f"/credentials/{held}?lang={language}")
        assert page.status_code == 200
        assert f"/credentials/{held}/proof-pack.cbor" in page.text
        assert {"ko": "가진 사람이 본인인지는 알려 주지 않아요", "en": "nor that whoever brings it is you"}[
            language
        ] in page.text
        answer = browser.get(f"/credentials/{held}/proof-pack.cbor")
    assert answer.headers["content-type"] == "application/vnd.jikin.pack+cbor"
    assert judged(on_node, answer.content, clock.now) is Outcome.PASSED
