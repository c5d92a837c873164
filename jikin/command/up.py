"""``jikin up``: the three services on this machine, with a chain and two trial institutions, until Ctrl-C."""

from __future__ import annotations

import json
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from jikin.command import trial as trials
from jikin.command.child import warm_up
from jikin.command.serve import Service
from jikin.command.trial import Trial, TrialPlan
from jikin.errors import JikinError
from jikin.values import Json

_LOOK_SECONDS = 0.5


def register(app: typer.Typer) -> None:
    """Add ``up`` to the command."""
    app.command("up")(up)


def up(
    *,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Keep everything in DIR. [a folder thrown away]")
    ] = None,
    port_base: Annotated[
        int, typer.Option("--port-base", metavar="PORT", help="Issuer at PORT+1, wallet +2, verifier +3.")
    ] = 8100,
    chain: Annotated[
        str, typer.Option("--chain", metavar="hardhat|anvil|URL", help="Which chain; only anvil's is kept in DIR.")
    ] = "anvil",
    tls: Annotated[bool, typer.Option("--tls", help="Speak https, with an authority made for this trial.")] = False,
    dev_tokens: Annotated[
        bool, typer.Option("--dev-tokens", help="Write DIR/dev-tokens.json: machine tokens that may do everything.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Start issuer, wallet and verifier for trying out, print where they are, and run until Ctrl-C."""
    console = Console(stderr=True)
    with _ending() as end, _folder(data) as folder:
        plan = TrialPlan(
            folder=folder, root=checkout(), port_base=port_base, chain=chain, tls=tls, dev_tokens=dev_tokens
        )
        warm_up()
        with trials.opened(plan) as trial:
            console.print(f"chain {trial.rpc_url}", markup=False, highlight=False)
            trial.found(lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True))
            trial.start()
            end.up = True
            typer.echo(json.dumps(document(trial), ensure_ascii=False) if as_json else text(trial))
            try:
                while not end.asked.wait(_LOOK_SECONDS):
                    trial.check()
            except JikinError as error:
                # The one document on standard output was printed long ago.
                console.print(f"jikin: {error} [{error.code}]", markup=False, highlight=False, soft_wrap=True)
                raise typer.Exit(1) from error
            console.print("stopping …", markup=False)


def checkout() -> Path | None:
    """Return the project's folder, None where the package is installed without it."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "hardhat.config.js").is_file() else None


def document(trial: Trial) -> dict[str, Json]:
    """Return where everything is, for programs."""
    plan = trial.plan
    found: dict[str, Json] = {
        **{str(service): plan.url(service) for service in Service},
        "chain": trial.rpc_url,
        "registry": str(plan.office / "registry.json"),
        "data": str(plan.folder),
        "processes": {str(service): child.pid for service, child in trial.children.items()},
        "institutions": [
            {
                "did": str(one.did),
                "name": {"ko": one.founding.name_ko, "en": one.founding.name_en},
                "baseUrl": one.base_url,
                "invitations": dict(one.invitations),
            }
            for one in trial.institutions
        ],
    }
    if plan.dev_tokens:
        found["devTokens"] = str(plan.tokens)
    if trial.tls_files is not None:
        found["ca"] = str(trial.tls_files.authority)
    return found


def text(trial: Trial) -> str:
    """Return where everything is, for people."""
    plan = trial.plan
    lines = [
        "",
        f"issuer    {plan.url(Service.ISSUER)}/admin   the officers' console",
        f"wallet    {plan.url(Service.WALLET)}         the holder's wallet",
        f"verifier  {plan.url(Service.VERIFIER)}         where anybody checks a certificate",
        "",
    ]
    for one in trial.institutions:
        lines.append(f"{one.founding.name_ko} ({one.founding.name_en})")
        lines += [f"  invitation for {name}: {link}" for name, link in one.invitations.items()]
        if not one.invitations:
            lines.append("  its officers sign in with the passkeys they have")
    lines += ["", f"everything lies in {plan.folder}"]
    lines.append(f"for the commands: export JIKIN_DATA={plan.office} JIKIN_RPC_URL={trial.rpc_url} \\")
    lines.append(f"  JIKIN_REGISTRY_FILE={plan.office / 'registry.json'} JIKIN_ALLOW_PRIVATE=true")
    if plan.dev_tokens:
        lines.append(f"machine tokens: {plan.tokens}")
    if trial.tls_files is not None:
        lines.append(f"trust this authority: JIKIN_CA_FILE={trial.tls_files.authority}")
    lines.append("Ctrl-C stops everything")
    return "\n".join(lines)


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is not None:
        yield data.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="jikin-up-") as made:
        yield Path(made)


@dataclass(slots=True)
class _End:
    """Whether somebody asked for the end: Ctrl-C or another polite signal."""

    up: bool = False
    asked: threading.Event = field(default_factory=threading.Event)

    def ask(self, _number: int, _frame: object) -> None:
        """Take a signal: while things are coming up it interrupts, once they are up they are stopped in good order."""
        first = not self.asked.is_set()
        self.asked.set()
        if first and not self.up:
            raise KeyboardInterrupt


@contextmanager
def _ending() -> Iterator[_End]:
    """Give what the polite signals set."""
    end = _End()
    before = {number: signal.signal(number, end.ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield end
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
