"""A trial on this machine: a chain, an office with two institutions, and the three services as children.

A trial lives in one folder. With anvil the chain is kept there too, so that a second start finds everything again.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jikin.anchoring.devchain import AnvilNode, DevelopmentNode, HardhatNode
from jikin.command import founding, tls
from jikin.command.child import Child
from jikin.command.founding import Founded
from jikin.command.serve import Service
from jikin.command.tls import TlsFiles
from jikin.dids.authorities import authorities
from jikin.errors import JikinError, RegistryError, SettingsError

_OFFSETS: Mapping[Service, int] = {Service.ISSUER: 1, Service.WALLET: 2, Service.VERIFIER: 3}
_CHAIN_PORT = 8545
_TOKENS = "dev-tokens.json"
_KEPT = "trial.json"


class ChainDiedError(JikinError):
    """The local chain ended by itself."""

    code = "up.chain"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPlan:
    """What to start. *chain* is "hardhat", "anvil" or the URL of one that runs; *root* the project's checkout.

    *settings* are further JIKIN_… variables for every service.
    """

    folder: Path
    root: Path | None
    port_base: int = 8100
    chain: str = "anvil"
    tls: bool = False
    dev_tokens: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    def url(self, service: Service) -> str:
        """Return the public base URL of *service*."""
        return f"{'https' if self.tls else 'http'}://{tls.HOST}:{self.port(service)}"

    def port(self, service: Service) -> int:
        """Return the port of *service*."""
        return self.port_base + _OFFSETS[service]

    @property
    def office(self) -> Path:
        """Return the data folder of the issuing office."""
        return self.folder / "office"

    @property
    def tokens(self) -> Path:
        """Return where the development tokens lie."""
        return self.folder / _TOKENS


@dataclass(slots=True)
class Trial:
    """What runs: *node* is None for a chain that others run; *institutions* stand once ``found`` was called."""

    plan: TrialPlan
    rpc_url: str
    node: DevelopmentNode | None
    tls_files: TlsFiles | None
    children: dict[Service, Child] = field(default_factory=dict)
    institutions: tuple[Founded, ...] = ()

    def found(self, told: Callable[[str], None]) -> None:
        """Deploy the registry, set the institutions up, and invite their officers; what stands already is kept.

        Wallet and verifier come up meanwhile.
        """
        environ = founding.environment(self.settings(Service.ISSUER))
        try:
            self.institutions = founding.found(
                environ,
                founding.INSTITUTIONS,
                founding.OFFICERS,
                told,
                pinned=lambda: self.launch(Service.WALLET, Service.VERIFIER),
            )
        except RegistryError as error:
            error.hint = error.hint or (
                f"{self.plan.office} knows a registry that this chain does not have: start with the chain it was set "
                "up with, or take another folder; a Hardhat chain is gone when it ends"
            )
            raise

    def launch(self, *services: Service) -> None:
        """Start those of *services* that do not run yet."""
        for service in services:
            child = self.children.get(service) or Child(
                service,
                self.plan.url(service),
                self.settings(service),
                self.plan.folder / "logs" / f"{service}.log",
                self.trust,
            )
            self.children[service] = child
            if not child.alive:
                child.start()

    def start(self, *services: Service) -> None:
        """Start *services* (all of them when none is named) unless they run, and return when they are ready."""
        chosen = services or tuple(Service)
        self.launch(*chosen)
        for service in chosen:
            self.children[service].wait_until_ready()

    def stop(self) -> None:
        """End the services."""
        for child in self.children.values():
            child.stop()

    def check(self) -> None:
        """Raise ServiceDiedError or ChainDiedError when something has ended by itself."""
        for child in self.children.values():
            if not child.alive:
                raise child.death()
        if self.node is not None and not self.node.alive:
            raise ChainDiedError(f"the chain ended by itself; its last lines:\n{self.node.output()[-2000:]}")

    @property
    def trust(self) -> ssl.SSLContext | None:
        """Return what trusts the trial's own authority, None without TLS."""
        return authorities(None if self.tls_files is None else self.tls_files.authority)

    def settings(self, service: Service) -> dict[str, str]:
        """Return the settings of *service* as variables."""
        plan = self.plan
        data = plan.office if service is Service.ISSUER else plan.folder / str(service)
        found = {
            "JIKIN_DATA": str(data),
            "JIKIN_PORT": str(plan.port(service)),
            "JIKIN_BASE_URL": plan.url(service),
            "JIKIN_RPC_URL": self.rpc_url,
            "JIKIN_REGISTRY_FILE": str(plan.office / "registry.json"),
            "JIKIN_ALLOW_PRIVATE": "true",
            "JIKIN_CHECK_AT": plan.url(Service.VERIFIER),
            "JIKIN_WALLET_URL": plan.url(Service.WALLET),
            "JIKIN_VERIFIER_URL": plan.url(Service.VERIFIER),
            "JIKIN_PRINT_NOTE": "견본입니다. 사람과 번호는 지어낸 것이며 효력이 없습니다.",
            # Keys that lie beside their passphrase guard nothing: no need to make opening them slow.
            "JIKIN_KEY_COST": "13",
            "JIKIN_POLL_SECONDS": "0.2",
            **plan.settings,
        }
        if plan.dev_tokens:
            found["JIKIN_DEV_TOKENS"] = str(plan.tokens)
        if self.tls_files is not None:
            found["JIKIN_CA_FILE"] = str(self.tls_files.authority)
            found["JIKIN_TLS_CERTIFICATE"] = str(self.tls_files.certificate)
            found["JIKIN_TLS_KEY"] = str(self.tls_files.key)
        return found


@contextmanager
def opened(plan: TrialPlan) -> Iterator[Trial]:
    """Give the trial of *plan* with its chain running; afterwards everything that it started is stopped.

    Raises SettingsError for a busy port, for a folder that is in use or was set up with other addresses, and for a
    missing chain program.
    """
    for service in Service:
        _check_port(service, plan.port(service))
    plan.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as stack:
        stack.enter_context(_alone(plan.folder))
        _check_kept(plan)
        node = _node(plan)
        if node is not None:
            stack.enter_context(node)
        (plan.folder / _KEPT).write_text(json.dumps(_addresses(plan)) + "\n", "utf-8")
        files = tls.ensure(plan.folder / "tls", int(time.time())) if plan.tls else None
        if plan.dev_tokens:
            _ensure_tokens(plan.tokens)
        trial = Trial(plan, plan.chain if node is None else node.url, node, files)
        stack.callback(trial.stop)
        yield trial


def _node(plan: TrialPlan) -> DevelopmentNode | None:
    if plan.chain.startswith(("http://", "https://")):
        return None
    if plan.chain not in ("hardhat", "anvil"):
        raise SettingsError(
            f"chain is {plan.chain!r}; right would be hardhat, anvil, or the URL of a chain's endpoint",
            code="settings.value",
        )
    if plan.root is None:
        raise SettingsError(
            "a chain of one's own needs the project's checkout: the programs are not in the package",
            code="settings.checkout",
            hint="clone the project and run `make setup`, or name a chain: --chain http://127.0.0.1:8545",
        )
    if plan.chain == "hardhat":
        return HardhatNode(plan.root, _CHAIN_PORT)
    return AnvilNode(plan.root, _CHAIN_PORT, plan.folder.absolute() / "chain" / "state.json")


def _check_port(service: Service, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "there is no such port"
            raise SettingsError(
                f"port {port}, which the {service} needs, cannot be used: {reason}",
                code="settings.port",
                hint="stop what uses it, or choose other ports: --port-base 8200",
            ) from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep *folder* for this process."""
    descriptor = os.open(folder / "trial.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SettingsError(f"another trial runs in {folder}", code="settings.in-use") from error
        yield
    finally:
        os.close(descriptor)


def _addresses(plan: TrialPlan) -> dict[str, int | bool]:
    """Return what a folder's certificates name."""
    return {"portBase": plan.port_base, "tls": plan.tls}


def _check_kept(plan: TrialPlan) -> None:
    """Refuse a folder that was set up for other addresses: they stand in DIDs and on printed certificates."""
    path = plan.folder / _KEPT
    kept = json.loads(path.read_text("utf-8")) if path.exists() else _addresses(plan)
    if kept != _addresses(plan):
        words = f"--port-base {kept.get('portBase')}{' --tls' if kept.get('tls') else ''}"
        raise SettingsError(
            f"{plan.folder} was set up for other addresses, and its certificates name them",
            code="settings.in-use",
            hint=f"start it with {words}, or take another folder",
        )


def _ensure_tokens(path: Path) -> None:
    """Write a token for each service for the owner alone; tokens that are there are kept."""
    if path.exists():
        path.chmod(0o600)
        return
    tokens = {str(service): secrets.token_urlsafe(32) for service in Service}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(json.dumps(tokens, indent=2) + "\n")
