"""``jikin serve issuer|wallet|verifier``: one service on this machine, as its settings in the environment say."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fastapi import FastAPI


class Service(enum.StrEnum):
    """The three services."""

    ISSUER = "issuer"
    WALLET = "wallet"
    VERIFIER = "verifier"


@dataclass(frozen=True, slots=True)
class Served:
    """A service that can be served: its application, its port, and the certificate with which it speaks https."""

    application: FastAPI
    port: int
    certificate: tuple[Path, Path] | None


def register(app: typer.Typer) -> None:
    """Add ``serve`` to the command."""
    app.command("serve")(serve)


def serve(
    service: Annotated[Service, typer.Argument(metavar="issuer|wallet|verifier", help="Which one.")],
) -> None:
    """Serve one of the services on 127.0.0.1 until it is told to stop; its settings are JIKIN_… variables."""
    from jikin.web.serving import serve as run

    served = open_service(service, os.environ)
    run(served.application, port=served.port, certificate=served.certificate)


def open_service(service: Service, environ: Mapping[str, str]) -> Served:
    """Return *service* as the settings in *environ* describe it; raises SettingsError and what else it lacks."""
    return _OPENERS[service](environ)


def _issuer(environ: Mapping[str, str]) -> Served:
    from issuer.service import application
    from issuer.settings import load

    settings = load(environ)
    return Served(application(settings), settings.port, settings.certificate)


def _wallet(environ: Mapping[str, str]) -> Served:
    from wallet.service import application
    from wallet.settings import load

    settings = load(environ)
    return Served(application(settings), settings.port, _pair(settings.tls_certificate, settings.tls_key))


def _verifier(environ: Mapping[str, str]) -> Served:
    from verifier.service import application
    from verifier.settings import load

    settings = load(environ)
    return Served(application(settings), settings.port, _pair(settings.tls_certificate, settings.tls_key))


_OPENERS: Mapping[Service, Callable[[Mapping[str, str]], Served]] = {
    Service.ISSUER: _issuer,
    Service.WALLET: _wallet,
    Service.VERIFIER: _verifier,
}


def _pair(certificate: Path | None, key: Path | None) -> tuple[Path, Path] | None:
    return None if certificate is None or key is None else (certificate, key)
