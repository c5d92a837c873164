"""What all commands of the office share: settings, language, where answers and progress go, how errors are told."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from issuer.settings import Settings, load
from issuer.texts import Words
from jikin.errors import JikinError, OfficeError, SettingsError, ValueRefusedError
from jikin.values import Json, Signer, parse_instant

if TYPE_CHECKING:
    from issuer.approving import Officer
    from issuer.office import Office
    from issuer.store.institutions import Institution

SOME_ROWS_FAILED = 3

DataOption = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Folder of the office. [var/office]", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
LangOption = Annotated[
    str | None, typer.Option("--lang", metavar="ko|en", help="Language of messages. [from LANG]", show_default=False)
]
RpcOption = Annotated[str | None, typer.Option("--rpc-url", metavar="URL", help="The chain's endpoint.")]
RegistryOption = Annotated[
    Path | None, typer.Option("--registry", metavar="FILE", help="Which registry is meant (pins). [DIR/registry.json]")
]
InstitutionOption = Annotated[
    str | None,
    typer.Option(
        "--institution", metavar="NAME", help="Which one: domain, DID or number code; needed when there are several."
    ),
]
OfficerOption = Annotated[str, typer.Option("--officer", metavar="NAME", help="Who acts.")]
KeyOption = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="The officer's key file. [DIR/officers/NAME.pem]")
]
PassphraseFileOption = Annotated[
    Path | None,
    typer.Option("--passphrase-file", metavar="FILE", help="Its first line opens the officer's key file; else asked."),
]


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a command speaks: answers on standard output, everything else on standard error."""

    settings: Settings
    as_json: bool
    words: Words
    progress: Console = field(repr=False)

    def say(self, key: str, **values: object) -> None:
        """Tell a person something, on standard error."""
        self.progress.print(self.words(key, **values), markup=False, highlight=False, soft_wrap=True)

    def answer(self, document: Mapping[str, Json], text: str) -> None:
        """Print the answer: *document* with ``--json``, else *text*."""
        typer.echo(json.dumps(document, ensure_ascii=False) if self.as_json else text)


@contextmanager
def terminal(data: Path | None, lang: str | None, *, as_json: bool, **given: object) -> Iterator[Terminal]:
    """Give the terminal of a command; errors inside are told in its language. Raises JikinError.

    *given* are further settings that the command line may state.
    """
    settings = load(os.environ, given={"data": data, "lang": lang, **given})
    words = Words(settings.lang)
    try:
        yield Terminal(settings, as_json, words, Console(stderr=True))
    except JikinError as error:
        said = words.error(error.code)
        if said is None:
            raise
        hint = error.hint if settings.lang == "en" else None
        raise OfficeError(f"{said} ({error})", code=error.code, hint=hint) from error


@contextmanager
def opened(shown: Terminal) -> Iterator[Office]:
    """Give the office that the settings describe; raises JikinError."""
    from issuer import app

    with app.build(shown.settings) as office:
        yield office


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a command of the office works with: where it speaks, the office, and which institution was named."""

    shown: Terminal
    office: Office = field(repr=False)
    named: str | None = None

    @property
    def institution(self) -> Institution:
        """Return the institution that was named, or the only one there is; raises OfficeError."""
        return self.office.institution(self.named)


@contextmanager
def on_office(*, data: DataOption = None, as_json: JsonOption = False, lang: LangOption = None) -> Iterator[Invocation]:
    """Give what a command about the whole office works with."""
    with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
        yield Invocation(shown, office)


@contextmanager
def on_institution(
    *,
    institution: InstitutionOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> Iterator[Invocation]:
    """Give what a command about one institution works with."""
    with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
        yield Invocation(shown, office, institution)


@dataclass(frozen=True, slots=True)
class OfficersInvocation(Invocation):
    """What a command works with in which an officer signs: also where the key lies, and what opens it."""

    key: Path | None = None
    passphrase_file: Path | None = None

    def officer(self, name: str) -> tuple[Officer, Signer]:
        """Return the officer called *name* and what signs for them; asks for the passphrase when it is not at hand."""
        return officer_signer(
            self.shown, self.office, self.institution, name, key=self.key, passphrase_file=self.passphrase_file
        )


@contextmanager
def by_officer(
    *,
    key: KeyOption = None,
    passphrase_file: PassphraseFileOption = None,
    institution: InstitutionOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> Iterator[OfficersInvocation]:
    """Give what a command works with in which an officer signs."""
    with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
        office.institution(institution)  # a wrong name is refused before anything is read, let alone signed
        yield OfficersInvocation(shown, office, institution, key, passphrase_file)


def officer_signer(
    shown: Terminal,
    office: Office,
    institution: Institution,
    name: str,
    *,
    key: Path | None,
    passphrase_file: Path | None,
) -> tuple[Officer, Signer]:
    """Return the officer called *name* and what signs for them; asks for the passphrase when it is not at hand."""
    from issuer.store import institutions
    from jikin.proofs import keystore

    with office.database.read() as connection:
        officer = institutions.officer_named(connection, institution.id, name)
    path = key if key is not None else officer_key_path(shown.settings, name)
    return officer, keystore.load(path, officer_passphrase(shown, name, passphrase_file))


def officer_key_path(settings: Settings, name: str) -> Path:
    """Return where an officer's key file lies unless another place is named."""
    return settings.data.absolute() / "officers" / f"{name}.pem"


def officer_passphrase(shown: Terminal, name: str, file: Path | None, *, confirm: bool = False) -> str:
    """Return the passphrase of an officer's key: from *file*, the settings, or asked at the terminal."""
    from issuer.settings import first_line

    if file is not None:
        return first_line(file, "JIKIN_OFFICER_PASSPHRASE")
    known = shown.settings.officer_key_passphrase()
    if known is not None:
        return known
    if not os.isatty(0):
        raise SettingsError(
            f"no passphrase for the key of {name}",
            code="settings.no-passphrase",
            hint="set JIKIN_OFFICER_PASSPHRASE or JIKIN_OFFICER_PASSPHRASE_FILE, or give --passphrase-file",
        )
    asked: str = typer.prompt(
        shown.words("ask.passphrase", name=name), hide_input=True, err=True, confirmation_prompt=confirm
    )
    return asked


def parse_time(text: str, timezone: str) -> tuple[int, bool]:
    """Return the Unix second that *text* names, and whether it is a whole day: ``2026-06-12``, beginning at midnight.

    Else it has time and zone. Raises ValueRefusedError.
    """
    try:
        day = datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007  # the zone is put in below
    except ValueError:
        try:
            return parse_instant(text), False
        except ValueRefusedError:
            raise ValueRefusedError(
                f"not a date: {text[:40]!r}; right would be 2026-06-12 or 2026-06-12T09:00:00+09:00"
            ) from None
    return int(day.replace(tzinfo=ZoneInfo(timezone)).timestamp()), True
