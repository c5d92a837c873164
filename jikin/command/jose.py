"""``jikin jose``: W3C Securing Verifiable Credentials using JOSE and COSE 1.0 from a terminal, for its public suite.

The answer goes into a file as ``{"result": "success" | "failure", "data": text}``, and the command ends with 0 either
way. What is judged is the envelope, its signature by the key given, and the data model; no clock is looked at, nothing
is fetched, and whose key it is is the caller's matter. What does it (``enveloping``) is loaded when a command runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jikin.errors import JikinError, SettingsError

if TYPE_CHECKING:
    from jikin.proofs.envelope import Content

MAX_BYTES = 1 << 20


class Feature(Enum):
    """What is secured, and how; the value is the suite's word for it."""

    CREDENTIAL_JOSE = "credential_jose"
    PRESENTATION_JOSE = "presentation_jose"
    CREDENTIAL_SDJWT = "credential_sdjwt"
    PRESENTATION_SDJWT = "presentation_sdjwt"
    CREDENTIAL_COSE = "credential_cose"
    PRESENTATION_COSE = "presentation_cose"

    @property
    def content(self) -> Content:
        """Return what is secured."""
        return "credential" if self.value.startswith("credential") else "presentation"

    @property
    def form(self) -> str:
        """Return how it is secured: "jose", "sdjwt" or "cose"."""
        return self.value.partition("_")[2]


Input = Annotated[Path, typer.Option("--input", metavar="FILE", help="What is signed or verified.")]
Key = Annotated[Path, typer.Option("--key", metavar="FILE", help="A verification method as JSON.")]
Output = Annotated[Path, typer.Option("--output", metavar="FILE", help="Where the answer is written.")]
What = Annotated[Feature, typer.Option("--feature", help="What is secured, and how.")]


def register(app: typer.Typer) -> None:
    """Add ``jose`` to the command."""
    group = typer.Typer(help="Credentials and presentations as JWT, SD-JWT and COSE.", no_args_is_help=True)
    group.command("issue")(issue)
    group.command("verify")(verify)
    app.add_typer(group, name="jose")


def issue(
    *,
    input: Input,
    key: Key,
    feature: What,
    output: Output,
    sd: Annotated[
        str, typer.Option("--sd", metavar="JSON", help='Disclosable claims, such as ["credentialSubject.name"].')
    ] = "[]",
) -> None:
    """Sign a credential or presentation (JSON); COSE is written in base64 without padding."""
    from jikin.command import enveloping

    def secured() -> str:
        document, method = enveloping.read(_read(input), "the input"), enveloping.read(_read(key), "the key")
        paths = enveloping.disclosable_paths(sd)
        return enveloping.secure(document, enveloping.Method.parse(method), feature, paths)

    _answer(output, secured)


def verify(
    *,
    input: Input,
    key: Key,
    feature: What,
    output: Output,
) -> None:
    """Verify a secured credential or presentation; the data of the answer is then the document as JSON."""
    from jikin.command import enveloping

    def verified() -> str:
        method = enveloping.Method.parse(enveloping.read(_read(key), "the key"))
        return enveloping.written(enveloping.check(_read(input).strip(), method.public_key, feature))

    _answer(output, verified)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}", code="settings.file") from error


def _answer(output: Path, work: Callable[[], str]) -> None:
    try:
        answer = {"result": "success", "data": work()}
    except JikinError as error:
        answer = {"result": "failure", "data": f"{error} [{error.code}]"}
    try:
        output.write_text(json.dumps(answer, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{output} cannot be written: {error.strerror}", code="settings.file") from error
