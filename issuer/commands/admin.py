"""``jikin admin …``, ``jikin doctor``, ``jikin settings``: setting an office up and looking after it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands import annul, audit, keys, owning, recheck, tokens, trust, two_persons
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
from jikin.errors import JikinError
from jikin.values import Json

if TYPE_CHECKING:
    from issuer.accrediting import NewInstitution
    from issuer.office import Office

_MARKS = {True: "✓", False: "✗", None: "?"}


@dataclass(frozen=True, slots=True)
class _NewOfficer:
    """An officer as asked for on the command line."""

    name: str
    roles: tuple[str, ...]
    key: Path | None
    public_key: str | None
    passphrase_file: Path | None


def register(app: typer.Typer) -> None:
    """Put the commands into *app*."""
    admin = typer.Typer(help="Set an office up and look after it.", no_args_is_help=True)
    app.add_typer(admin, name="admin")
    _register_deploy(admin)
    _register_institution(admin)
    _register_officer(admin)
    tokens.register(admin)
    annul.register(admin)
    audit.register(admin)
    keys.register(admin)
    trust.register(admin)
    owning.register(admin)
    recheck.register(admin)

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
    two_persons.register(admin, institution)

    @institution.command("create")
    def create(
        *,
        domain: Annotated[
            str, typer.Option("--domain", metavar="HOST", help="Its web site; the DID is did:web of it.")
        ],
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
        *,
        name: Annotated[str, typer.Argument(metavar="NAME", help="Login name.")],
        roles: Annotated[
            list[str],
            typer.Option("--role", metavar="ROLE", help="issue, request, approve, suspend, registrar, review."),
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
            new = _NewOfficer(name, tuple(roles), key, public_key, passphrase_file)
            _add_officer(shown, office, institution, new)

    @officer.command("invite")
    def invite(
        *,
        name: Annotated[str, typer.Argument(metavar="NAME", help="Login name.")],
        roles: Annotated[
            list[str] | None,
            typer.Option("--role", metavar="ROLE", help="issue, request, approve, suspend, registrar, review."),
        ] = None,
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Print a link with which an officer makes a passkey and signs in; it works once."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _invite(shown, office, institution, name, tuple(roles or ()))

    @officer.command("remove")
    def remove(
        name: Annotated[str, typer.Argument(metavar="NAME", help="Login name.")],
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Let an officer go: their approvals no longer count."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _remove_officer(shown, office, institution, name)


def _deploy(shown: Terminal) -> None:
    from issuer import development
    from jikin.anchoring.pins import pins_json

    if development.ensure_passphrase(shown.settings):
        shown.say("deploy.passphrase", file=shown.settings.path(shown.settings.passphrase_file))
    with opened(shown) as office:
        pins = development.deploy(office)
    path = shown.settings.path(shown.settings.registry_file)
    text = shown.words("deploy.done", registry=pins.registry, chain=pins.chain, file=path)
    shown.answer({**pins_json(pins), "file": str(path)}, text)


def _create(shown: Terminal, office: Office, new: NewInstitution) -> None:
    from issuer import accrediting, development

    institution = accrediting.prepare(office, new)
    shown.say("institution.prepared", folder=office.public(institution).path)
    development.fund_institution(office, institution)
    accrediting.register(office, institution)
    profile = office.profile(institution)
    accounts = {name: str(account) for name, account in accrediting.accounts(office, institution).items()}
    document: dict[str, Json] = {
        "did": str(institution.did),
        "issuerId": institution.issuer_id.hex(),
        "domain": institution.domain,
        "baseUrl": profile.base_url,
        "numberCode": institution.number_code,
        "types": list(profile.types),
        "profileHash": profile.hash.hex(),
        "accounts": accounts,
        "public": str(office.public(institution).path),
    }
    text = shown.words("institution.done", name=profile.names.in_language(shown.words.language), did=institution.did)
    shown.answer(document, text)


def _add_officer(shown: Terminal, office: Office, institution_name: str | None, new: _NewOfficer) -> None:
    from issuer import accrediting, approving
    from jikin.codec import multikey
    from jikin.proofs import keystore
    from jikin.proofs.ed25519 import Ed25519Signer

    institution = office.institution(institution_name)
    roles = approving.parse_roles(new.roles)
    path: Path | None = None
    if new.public_key is not None:
        public = multikey.decode(new.public_key)
    else:
        path = new.key if new.key is not None else officer_key_path(shown.settings, new.name)
        signer = Ed25519Signer.generate()
        public = signer.public_key
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        passphrase = officer_passphrase(shown, new.name, new.passphrase_file, confirm=True)
        keystore.save(path, signer, passphrase, log2_cost=shown.settings.key_cost)
    try:
        officer = accrediting.add_officer(office, institution, new.name, roles, public)
    except JikinError:
        if path is not None:
            path.unlink()  # nobody knows this key: it was made a moment ago
        raise
    document: dict[str, Json] = {
        "officer": officer.id,
        "name": officer.name,
        "roles": list(approving.role_names(officer.roles)),
        "publicKey": officer.multikey,
        "key": None if path is None else str(path),
    }
    text = shown.words("officer.added", name=officer.name, roles=", ".join(approving.role_names(officer.roles)))
    shown.answer(document, text)


def _invite(
    shown: Terminal, office: Office, institution_name: str | None, name: str, role_words: tuple[str, ...]
) -> None:
    from issuer import approving, officers
    from jikin.values import format_instant

    institution = office.institution(institution_name)
    invited = officers.invite(office, institution, name, approving.parse_roles(role_words))
    roles = list(approving.role_names(invited.officer.roles))
    expires = format_instant(invited.expires)
    document: dict[str, Json] = {
        "officer": invited.officer.id,
        "name": name,
        "roles": [*roles],
        "link": invited.link,
        "expires": expires,
    }
    text = shown.words("officer.invited", name=name, roles=", ".join(roles), link=invited.link, expires=expires)
    shown.answer(document, text)


def _remove_officer(shown: Terminal, office: Office, institution_name: str | None, name: str) -> None:
    from issuer import accrediting

    officer = accrediting.remove_officer(office, office.institution(institution_name), name)
    shown.answer({"officer": officer.id, "name": officer.name}, shown.words("officer.removed", name=officer.name))


def _doctor(shown: Terminal, office: Office) -> int:
    """Print every check and return the exit code: 1 when something is wrong."""
    from issuer.doctor import examine

    checks = examine(office)
    lines = []
    for check in checks:
        whose = f" ({check.whose})" if check.whose else ""
        mark = "!" if check.advice else _MARKS[check.ok]
        lines.append(f"{mark} {check.name}{whose}: {check.found}")
        if check.advice:
            lines.append("    " + shown.words("doctor.advice", right=check.right))
        elif check.ok is not True:
            lines.append("    " + shown.words("doctor.right", right=check.right))
    wrong = sum(check.ok is False for check in checks)
    lines.append(shown.words("doctor.wrong" if wrong else "doctor.fine", wrong=wrong, count=len(checks)))
    document: dict[str, Json] = {
        "ok": not wrong,
        "checks": [
            {
                "name": one.name,
                "ok": one.ok,
                "advice": one.advice,
                "found": one.found,
                "right": one.right,
                "institution": one.whose or None,
            }
            for one in checks
        ],
    }
    shown.answer(document, "\n".join(lines))
    return 1 if wrong else 0


def _settings(shown: Terminal) -> None:
    from issuer.settings import listing

    lines = listing(shown.settings)
    document: dict[str, Json] = {
        "settings": [
            {
                "name": line.name,
                "value": line.value,
                "default": line.default,
                "meaning": line.meaning,
                "unit": line.unit,
                "source": line.source,
            }
            for line in lines
        ]
    }
    text = "\n".join(
        f"{line.name} = {line.value or '-'}  [{line.source}]\n    {line.meaning}"
        + (f"; {line.unit}" if line.unit else "")
        + (f"; default {line.default}" if line.default else "")
        for line in lines
    )
    shown.answer(document, text)
