"""``jikin admin …``, ``jikin doctor``, ``jikin settings``: setting an office up and looking after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands.common import (
    DataOption,
    InstitutionOption,
    JsonOption,
    LangOption,
    PassphraseFileOption,
    Terminal,
    officer_key_path,
    officer_passphrase,
    opened,
    terminal,
)
from jikin.values import Json

if TYPE_CHECKING:
    from issuer.accrediting import NewInstitution
    from issuer.office import Office

_MARKS = {True: "✓", False: "✗", None: "?"}


def register(app: typer.Typer) -> None:
    """Put the commands into *app*."""
    admin = typer.Typer(help="Set an office up and look after it.", no_args_is_help=True)
    app.add_typer(admin, name="admin")
    _register_deploy(admin)
    _register_institution(admin)
    _register_officer(admin)

    @app.command("doctor")
    def doctor(data: DataOption = None, as_json: JsonOption = False, lang: LangOption = None) -> None:
        """Check keys, DID document, registry, clock and fonts before the first certificate leaves."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            code = _doctor(shown, office)
        raise typer.Exit(code)

    @app.command("settings")
    def settings(data: DataOption = None, as_json: JsonOption = False, lang: LangOption = None) -> None:
        """Show every setting with its default, meaning, unit, and where its value came from."""
        with terminal(data, lang, as_json=as_json) as shown:
            _settings(shown)


def _register_deploy(admin: typer.Typer) -> None:
    @admin.command("deploy")
    def deploy(
        rpc_url: Annotated[str | None, typer.Option("--rpc-url", metavar="URL", help="The chain's endpoint.")] = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Deploy a registry on a chain for trying out, and pin it in DIR/registry.json."""
        with terminal(data, lang, as_json=as_json, rpc_url=rpc_url) as shown:
            _deploy(shown)


def _register_institution(admin: typer.Typer) -> None:
    institution = typer.Typer(help="Institutions that issue here.", no_args_is_help=True)
    admin.add_typer(institution, name="institution")

    @institution.command("create")
    def create(
        domain: Annotated[str, typer.Option("--domain", metavar="HOST", help="Its web site; the DID is did:web of it.")],
        name_ko: Annotated[str, typer.Option("--name-ko", metavar="NAME", help="Its name in Korean.")],
        name_en: Annotated[str, typer.Option("--name-en", metavar="NAME", help="Its name in English.")],
        code: Annotated[str, typer.Option("--code", metavar="CODE", help="Its four symbols in certificate numbers.")],
        types: Annotated[list[str], typer.Option("--type", metavar="TYPE", help="Credential type; repeat for more.")],
        seal: Annotated[str, typer.Option("--seal", metavar="LETTERS", help="Letters of its printed seal.")] = "직인",
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Set an institution up: keys, public files, its place in the registry. Run again it does what is missing."""
        from issuer.accrediting import NewInstitution

        new = NewInstitution(domain, name_ko, name_en, code, tuple(types), seal)
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _create(shown, office, new)


def _register_officer(admin: typer.Typer) -> None:
    officer = typer.Typer(help="Who may request and approve.", no_args_is_help=True)
    admin.add_typer(officer, name="officer")

    @officer.command("add")
    def add(
        name: Annotated[str, typer.Argument(metavar="NAME", help="Login name.")],
        roles: Annotated[
            list[str], typer.Option("--role", metavar="ROLE", help="issue, request, approve, suspend, registrar.")
        ],
        key: Annotated[
            Path | None, typer.Option("--key", metavar="FILE", help="Where the new key goes. [DIR/officers/NAME.pem]")
        ] = None,
        public_key: Annotated[
            str | None, typer.Option("--public-key", metavar="MULTIKEY", help="Register this key; make none.")
        ] = None,
        passphrase_file: PassphraseFileOption = None,
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Register an officer with a key of their own, encrypted with a passphrase of their own."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _add_officer(shown, office, institution, name, roles, key, public_key, passphrase_file)
