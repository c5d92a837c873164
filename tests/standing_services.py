"""Issuer, wallet and verifier as processes of their own, each of which can be stopped, killed and started again.

The chain is one of our own that keeps its state, so that it too can be away and come back.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import httpx

from jikin.anchoring.devchain import AnvilNode
from jikin.command import founding
from jikin.command import trial as trials
from jikin.command.browsing import Browser
from jikin.command.child import Child
from jikin.command.founding import QUALIFICATION, Founded
from jikin.command.serve import Service
from jikin.command.trial import Trial, TrialPlan
from jikin.dids.authorities import system_authorities
from jikin.values import Json, JsonObject

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
SECONDS = 120.0
# Opening a vault need not be slow here.
QUICK = {
    "JIKIN_ARGON2_MEMORY_KIB": "64",
    "JIKIN_ARGON2_TIME": "1",
    "JIKIN_ARGON2_LANES": "1",
    "JIKIN_SESSION_SECONDS": "0",
    "JIKIN_COPY_WAIT_SECONDS": "0.2",
    "JIKIN_LOG_LEVEL": "INFO",
}


@dataclass
class Services:
    """The three services and their chain; programs ask with the development tokens."""

    trial: Trial
    chain: AnvilNode
    environ: Mapping[Service, Mapping[str, str]] = field(repr=False)
    _clients: list[httpx.Client] = field(default_factory=list, repr=False)

    @property
    def folder(self) -> Path:
        return self.trial.plan.folder

    def url(self, service: Service, path: str = "") -> str:
        return self.trial.plan.url(service) + path

    def data(self, service: Service) -> Path:
        """Return the data folder of *service*."""
        return Path(self.trial.settings(service)["JIKIN_DATA"])

    def log(self, service: Service) -> Path:
        return self.folder / "logs" / f"{service}.log"

    @cached_property
    def tokens(self) -> Mapping[str, str]:
        found: dict[str, str] = json.loads(self.trial.plan.tokens.read_text())
        return found

    # ------------------------------------------------------------------------------------------- who runs and who not

    def start(self, *services: Service) -> None:
        """Start *services* and return when they answer that they are ready."""
        self.trial.start(*services)

    def wake(self, service: Service) -> None:
        """Start *service* and return when it answers at all: ready it cannot be while something else is away."""
        child = self.trial.children[service]
        if not child.alive:
            child.start()
        deadline = time.monotonic() + SECONDS
        while True:
            assert child.alive, child.death()
            with contextlib.suppress(httpx.TransportError):
                httpx.get(self.url(service, "/healthz"), trust_env=False, verify=system_authorities())
                return
            assert time.monotonic() < deadline, f"the {service} does not answer"
            time.sleep(0.1)

    def stop(self, service: Service) -> None:
        self.trial.children[service].stop()

    def kill(self, service: Service) -> None:
        """End *service* as an outage of power does: kill -9, and nothing is tidied up."""
        self.trial.children[service].stop(signal.SIGKILL)

    @contextlib.contextmanager
    def chain_stands_still(self) -> Iterator[None]:
        """Stop the chain where it stands: it takes connections and says nothing; afterwards it goes on."""
        process = self.chain._process
        assert process is not None
        os.killpg(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGCONT)

    def settled(self) -> None:
        """Return when everybody is ready again."""
        for child in self.trial.children.values():
            child.wait_until_ready()

    # --------------------------------------------------------------------------------------------------------- people

    def browser(self, language: str = "ko") -> Browser:
        """Return somebody's browser."""
        made = Browser()
        made._client.headers["accept-language"] = language
        self._clients.append(made._client)
        return made

    def program(self, service: Service, *, token: bool = True, seconds: float = SECONDS) -> httpx.Client:
        """Return a program that asks *service*, with its token."""
        headers = {"authorization": f"Bearer {self.tokens[str(service)]}"} if token else {}
        tls = system_authorities()  # read once
        made = httpx.Client(base_url=self.url(service), headers=headers, trust_env=False, timeout=seconds, verify=tls)
        self._clients.append(made)
        return made

    @cached_property
    def issuer(self) -> httpx.Client:
        return self.program(Service.ISSUER)

    @cached_property
    def wallet(self) -> httpx.Client:
        return self.program(Service.WALLET)

    @cached_property
    def verifier(self) -> httpx.Client:
        return self.program(Service.VERIFIER)

    def offer(self, **body: Json) -> JsonObject:
        """Return an offer of a qualification of an invented person, with its transaction code."""
        return good(self.issuer.post("/offers", json={"type": QUALIFICATION, "tx_code": True, **body}))

    def receive(self, offer: JsonObject) -> httpx.Response:
        """Let the wallet take *offer*; returns its answer."""
        return self.wallet.post(
            "/api/offers", json={"credential_offer": offer["offer"], "tx_code": offer.get("tx_code")}
        )

    def held(self) -> list[JsonObject]:
        """Return what the wallet lists."""
        found = good(self.wallet.get("/api/credentials"))["credentials"]
        assert isinstance(found, list)
        return found

    def received(self) -> JsonObject:
        """Return a certificate that the wallet has just received, with everything that belongs to it."""
        return self.taken(self.offer())

    def taken(self, offer: JsonObject) -> JsonObject:
        """Return the certificate of *offer*, as a program gets it that asks a slow issuer again."""
        before = {str(one["id"]) for one in self.held()}
        until(lambda: self._accepted(offer), SECONDS)
        until(lambda: good(self.wallet.post("/api/offers/resume")) and len(self.held()) > len(before), SECONDS)
        (new,) = (str(one["id"]) for one in self.held() if str(one["id"]) not in before)
        return good(self.wallet.get(f"/api/credentials/{new}"))

    def _accepted(self, offer: JsonObject) -> bool:
        """Say whether the wallet has taken *offer*: then it is gone at the issuer, and the wallet goes on by itself."""
        answer = self.receive(offer)
        assert answer.is_success or answer.json()["code"] in ("wallet.unreachable", "openid.offer.gone"), answer.text
        return answer.is_success or answer.json()["code"] == "openid.offer.gone"

    def ask(self) -> JsonObject:
        """Return a verifier's request for a qualification."""
        return good(self.verifier.post("/requests", json={"template": QUALIFICATION}))

    def show(self, asked: JsonObject, **body: Json) -> httpx.Response:
        """Let the wallet answer *asked*; returns its answer."""
        return self.wallet.post("/api/requests", json={"request": asked["request"], **body})

    def result(self, asked: JsonObject) -> JsonObject:
        return good(self.verifier.get(str(asked["result"])))

    @property
    def institution(self) -> Founded:
        """Return the institution that issues qualifications."""
        return self.trial.institutions[0]

    def officer(self, name: str) -> Browser:
        """Return the browser of an officer who has just made a passkey."""
        made, link = self.browser(), self.institution.invitations[name]
        entered = made.submit(made.get(link), "/admin/enrol", {"code": link.partition("#")[2]})
        inside = made.use_passkey(entered, "/admin/enrol/passkey")
        assert inside.path == "/admin", inside.said
        return made


def good(answer: httpx.Response) -> JsonObject:
    """Return the JSON of an answer that must be one of success."""
    assert answer.is_success, (answer.request.method, answer.request.url.path, answer.status_code, answer.text[:500])
    found: JsonObject = answer.json()
    return found


def until(done: Callable[[], object], seconds: float = SECONDS) -> None:
    """Return when *done* says so; fails after *seconds*."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.1)


@contextlib.contextmanager
def standing(
    folder: Path,
    settings: Mapping[str, str] | None = None,
    environ: Mapping[Service, Mapping[str, str]] | None = None,
) -> Iterator[Services]:
    """Give the services as they run in *folder*; *settings* are for all of them, *environ* for each."""
    own = environ or {}
    base = _port_base()
    with AnvilNode(ROOT, base + 4, folder / "chain" / "state.json") as chain:
        plan = TrialPlan(
            folder=folder,
            root=ROOT,
            port_base=base,
            chain=chain.url,
            dev_tokens=True,
            settings={**QUICK, **(settings or {})},
        )
        with trials.opened(plan) as trial:
            services = Services(trial, chain, own)
            for service in Service:
                trial.children[service] = Child(
                    service,
                    plan.url(service),
                    {**trial.settings(service), **own.get(service, {})},
                    services.log(service),
                )
            office = founding.environment(trial.children[Service.ISSUER].environ)
            trial.institutions = founding.found(office, founding.INSTITUTIONS, founding.OFFICERS, lambda _: None)
            trial.start()
            try:
                yield services
            finally:
                for client in services._clients:
                    client.close()


def _port_base() -> int:
    """Return a port that has four free ones after it, below those that the system gives away by itself."""
    chance = random.SystemRandom()
    for _ in range(200):
        base = 10 * chance.randrange(1100, 3200)
        if all(_is_free(base + number) for number in (1, 2, 3, 4)):
            return base
    raise AssertionError("there are no four free ports in a row")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
