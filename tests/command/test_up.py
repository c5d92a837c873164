"""`jikin up`: services and chain come up together, are there again the next time, and never stay behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jikin.anchoring.devchain import AnvilNode, HardhatNode
from jikin.command import trial as trials
from jikin.command.trial import TrialPlan
from jikin.errors import SettingsError
from tests.trial_fixtures import ROOT, free_base

pytestmark = pytest.mark.timeout(900)
SERVICES = ("issuer", "wallet", "verifier")


def plan(folder: Path, **changes: Any) -> TrialPlan:
    return TrialPlan(
        **{"folder": folder, "root": ROOT, "port_base": free_base(), "chain": "http://127.0.0.1:9", **changes}
    )


@contextmanager
def busy(port: int) -> Iterator[None]:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        yield


@pytest.mark.parametrize(("offset", "service"), list(enumerate(SERVICES, 1)))
def test_a_busy_port_is_named_with_who_needs_it(tmp_path: Path, offset: int, service: str) -> None:
    asked = plan(tmp_path)
    with busy(asked.port_base + offset), pytest.raises(SettingsError) as refused, trials.opened(asked):
        pass
    assert refused.value.code == "settings.port"
    assert f"{asked.port_base + offset}" in str(refused.value)
    assert service in str(refused.value)
    assert "--port-base" in str(refused.value.hint)


def test_a_folder_serves_one_trial_at_a_time(tmp_path: Path) -> None:
    asked = plan(tmp_path)
    with trials.opened(asked), pytest.raises(SettingsError) as refused, trials.opened(asked):
        pass
    assert refused.value.code == "settings.in-use"
    with trials.opened(asked):
        pass


@pytest.mark.parametrize("change", [{"port_base": 8500}, {"tls": True}], ids=["other ports", "with tls"])
def test_a_folder_keeps_the_addresses_that_its_certificates_name(tmp_path: Path, change: dict[str, Any]) -> None:
    asked = plan(tmp_path)
    with trials.opened(asked):
        pass
    with (
        pytest.raises(SettingsError) as refused,
        trials.opened(plan(tmp_path, **{"port_base": asked.port_base, **change})),
    ):
        pass
    assert f"--port-base {asked.port_base}" in str(refused.value.hint)


def test_an_unknown_chain_and_a_missing_checkout_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="hardhat, anvil"), trials.opened(plan(tmp_path, chain="sepolia")):
        pass
    with pytest.raises(SettingsError) as refused, trials.opened(plan(tmp_path, chain="anvil", root=None)):
        pass
    assert refused.value.code == "settings.checkout"


def test_tokens_are_for_their_owner_alone_and_kept(tmp_path: Path) -> None:
    asked = plan(tmp_path, dev_tokens=True)
    with trials.opened(asked):
        first = json.loads(asked.tokens.read_bytes())
    assert asked.tokens.stat().st_mode & 0o777 == 0o600
    assert set(first) == set(SERVICES)
    assert len({*first.values()}) == 3
    asked.tokens.chmod(0o644)
    with trials.opened(asked) as trial:
        assert json.loads(asked.tokens.read_bytes()) == first
        assert trial.settings(trials.Service.ISSUER)["JIKIN_DEV_TOKENS"] == str(asked.tokens)
    assert asked.tokens.stat().st_mode & 0o777 == 0o600
    with trials.opened(plan(tmp_path, port_base=asked.port_base)) as without:
        assert "JIKIN_DEV_TOKENS" not in without.settings(trials.Service.ISSUER)


@pytest.mark.parametrize(("chain", "kind"), [("hardhat", HardhatNode), ("anvil", AnvilNode)])
def test_the_chain_is_the_one_that_was_asked_for(tmp_path: Path, chain: str, kind: type) -> None:
    with trials.opened(plan(tmp_path, chain=chain)) as trial:
        assert isinstance(trial.node, kind)
        assert trial.rpc_url == trial.node.url
    assert (tmp_path / "chain" / "state.json").exists() is (chain == "anvil")


class Running:
    """A `jikin up` of its own."""

    def __init__(self, folder: Path, base: int, *words: str) -> None:
        self.log = folder.with_suffix(".log")
        command = [
            sys.executable,
            "-m",
            "jikin.command",
            "up",
            "--data",
            str(folder),
            "--port-base",
            str(base),
            "--json",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        self.said: dict[str, Any] = json.loads(line)
        assert "issuer" in self.said, self.said

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.ended()

    def ended(self) -> int:
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def ask(self, url: str, body: dict[str, Any] | None = None, token: str | None = None) -> Any:
        headers = {"accept": "application/json", "content-type": "application/json"}
        headers |= {"authorization": f"Bearer {token}"} if token else {}
        data = None if body is None else json.dumps(body).encode()
        context = ssl.create_default_context(cafile=self.said["ca"]) if "ca" in self.said else None
        request = urllib.request.Request(url, data, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=120, context=context) as answer:  # noqa: S310
            return json.loads(answer.read())

    def ports(self) -> list[int]:
        chain = int(self.said["chain"].rpartition(":")[2])
        return [chain, *(int(self.said[service].rpartition(":")[2]) for service in SERVICES)]


def silent(ports: list[int]) -> bool:
    def answers(port: int) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    deadline = time.monotonic() + 40
    while any(map(answers, ports)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return not any(map(answers, ports))


@pytest.mark.chain
def test_everything_is_there_again_after_a_stop_and_after_a_kill(tmp_path: Path) -> None:
    folder, base = tmp_path / "kept", free_base()
    first = Running(folder, base, "--dev-tokens")
    tokens = json.loads((folder / "dev-tokens.json").read_bytes())
    assert all(len(one["invitations"]) == 2 for one in first.said["institutions"])
    offered = first.ask(f"{first.said['issuer']}/offers", {"tx_code": True}, tokens["issuer"])
    received = first.ask(
        f"{first.said['wallet']}/api/offers",
        {"credential_offer": offered["offer"], "tx_code": offered["tx_code"]},
        tokens["wallet"],
    )
    (held,) = received["credentials"]
    assert held["standing"] == "passed"
    registry = (folder / "office" / "registry.json").read_bytes()
    assert first.stop() == 0
    assert silent(first.ports())

    for how in (signal.SIGKILL, signal.SIGINT):
        again = Running(folder, base, "--dev-tokens")
        assert (folder / "office" / "registry.json").read_bytes() == registry
        looked = again.ask(f"{again.said['verifier']}/n/{held['number']}?format=json")
        assert looked["outcome"] == "passed"
        (kept,) = again.ask(f"{again.said['wallet']}/api/credentials", token=tokens["wallet"])["credentials"]
        assert kept["number"] == held["number"]
        code = again.stop(how)
        assert code == (-signal.SIGKILL if how is signal.SIGKILL else 0)
        assert silent(again.ports())


@pytest.mark.chain
def test_a_service_that_dies_is_told_and_ends_everything_and_https_is_spoken(tmp_path: Path) -> None:
    running = Running(tmp_path / "short", free_base(), "--tls", "--chain", "hardhat")
    assert running.said["issuer"].startswith("https://localhost:")
    for service in SERVICES:
        assert running.ask(f"{running.said[service]}/readyz")["ready"] is True
    os.kill(running.said["processes"]["wallet"], signal.SIGKILL)
    assert running.ended() == 1
    assert "the wallet ended by itself" in running.log.read_text()
    assert silent(running.ports())
