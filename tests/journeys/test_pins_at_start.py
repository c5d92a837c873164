"""No service starts against another registry than the pinned one; a chain that is silent keeps nobody away."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from issuer import app
from issuer.jobs import Worker
from issuer.settings import Settings
from jikin.anchoring import evm
from jikin.anchoring.chain import RegistryPins
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.pins import pins_json
from jikin.command.serve import Service, open_service
from jikin.errors import RegistryMismatchError
from jikin.values import Digest
from jikin.values.settings import Secret
from tests.chain_fixtures import hardhat

__all__ = ["hardhat"]
pytestmark = pytest.mark.chain

Start = Callable[[Path, str], None]


def serving(service: Service) -> Start:
    """Return what puts *service* together as `jikin serve` does."""

    def start(folder: Path, url: str) -> None:
        open_service(
            service,
            {
                "JIKIN_DATA": str(folder),
                "JIKIN_RPC_URL": url,
                "JIKIN_REGISTRY_FILE": str(folder / "registry.json"),
                "JIKIN_PASSPHRASE": "견본 암호",
            },
        )

    return start


def working(folder: Path, url: str) -> None:
    """Take up work as every command and the service's own runner do."""
    settings = Settings(data=folder, rpc_url=url, passphrase=Secret("견본 암호"))
    with app.build(settings) as office, Worker(office):
        pass


STARTS: dict[str, Start] = {
    "issuer": serving(Service.ISSUER),
    "wallet": serving(Service.WALLET),
    "verifier": serving(Service.VERIFIER),
    "worker": working,
}


@pytest.fixture(scope="module")
def pins(hardhat: HardhatNode) -> RegistryPins:
    return evm.deploy(hardhat.url, hardhat.accounts[0], 0)


@pytest.mark.parametrize("who", STARTS)
def test_nobody_starts_against_another_registry(
    tmp_path: Path, hardhat: HardhatNode, pins: RegistryPins, who: str
) -> None:
    file = tmp_path / "registry.json"
    for wrong, code in (
        (replace(pins, genesis=Digest(b"\x01" * 32)), "registry.mismatch.genesis"),
        (replace(pins, deploy_block=pins.deploy_block + 1), "registry.mismatch.deploy-block"),
    ):
        file.write_text(json.dumps(pins_json(wrong)))
        with pytest.raises(RegistryMismatchError) as refused:
            STARTS[who](tmp_path, hardhat.url)
        assert refused.value.code == code

    file.write_text(json.dumps(pins_json(pins)))
    STARTS[who](tmp_path, hardhat.url)


@pytest.mark.parametrize("who", STARTS)
def test_a_chain_that_is_silent_keeps_nobody_from_starting(tmp_path: Path, pins: RegistryPins, who: str) -> None:
    (tmp_path / "registry.json").write_text(json.dumps(pins_json(pins)))
    STARTS[who](tmp_path, "http://127.0.0.1:9")
