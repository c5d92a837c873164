"""``jikin admin …``, ``jikin doctor``, ``jikin settings``: setting an office up and looking after it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from issuer.commands import annul, audit, keys, owning, recheck, tokens, trust, two_persons
from issuer.commands.common import (
    DataOption,
    Invocation,
    JsonOption,
    LangOption,
    PassphraseFileOption,
    Terminal,
    officer_key_path,
    officer_passphrase,
    on_institution,
    on_office,
    opened,
    terminal,
)
from jikin.errors import JikinError
from jikin.terminal import command
from jikin.values import Json

_MARKS = {True: "✓", False: "✗", None: "?"}


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
    app.command("doctor")(command(doctor, on_office))

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
    institution.command("create")(command(create_institution, on_office))


def _register_officer(admin: typer.Typer) -> None:
    officer = typer.Typer(help="Who may request and approve.", no_args_is_help=True)
    admin.add_typer(officer, name="officer")
    officer.command("add")(command(add_officer, on_institution))
    officer.command("invite")(command(invite, on_institution))
    officer.command("remove")(command(remove_officer, on_institution))


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


def create_institution(
    call: Invocation,
    *,
    domain: Annotated[str, typer.Option("--domain", metavar="HOST", help="Its web site; the DID is did:web of it.")],
    name_ko: Annotated[str, typer.Option("--name-ko", metavar="NAME", help="Its name in Korean.")],
    name_en: Annotated[str, typer.Option("--name-en", metavar="NAME", help="Its name in English.")],
    code: Annotated[str, typer.Option("--code", metavar="CODE", help="Its four symbols in certificate numbers.")],
    types: Annotated[list[str], typer.Option("--type", metavar="TYPE", help="Credential type; repeat for more.")],
    seal: Annotated[str, typer.Option("--seal", metavar="LETTERS", help="Letters of its printed seal.")] = "직인",
) -> None:
    """Set an institution up: keys, public files, its place in the registry. Run again it does what is missing."""
    from issuer import accrediting, development

    office = call.office
    new = accrediting.NewInstitution(domain, name_ko, name_en, code, tuple(types), seal)
    institution = accrediting.prepare(office, new)
    call.shown.say("institution.prepared", folder=office.public(institution).path)
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
    shown_name = profile.names.in_language(call.shown.words.language)
    text = call.shown.words("institution.done", name=shown_name, did=institution.did)
    call.shown.answer(document, text)


def add_officer(
    call: Invocation,
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
) -> None:
    """Register an officer with a key of their own, encrypted with a passphrase of their own."""
    from issuer import accrediting, approving
    from jikin.codec import multikey
    from jikin.proofs import keystore
    from jikin.proofs.ed25519 import Ed25519Signer

    institution = call.institution
    known_roles = approving.parse_roles(roles)
    path: Path | None = None
    if public_key is not None:
        public = multikey.decode(public_key)
    else:
        path = key if key is not None else officer_key_path(call.shown.settings, name)
        signer = Ed25519Signer.generate()
        public = signer.public_key
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        passphrase = officer_passphrase(call.shown, name, passphrase_file, confirm=True)
        keystore.save(path, signer, passphrase, log2_cost=call.shown.settings.key_cost)
    try:
        officer = accrediting.add_officer(call.office, institution, name, known_roles, public)
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
    text = call.shown.words("officer.added", name=officer.name, roles=", ".join(approving.role_names(officer.roles)))
    call.shown.answer(document, text)


def invite(
    call: Invocation,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Login name.")],
    roles: Annotated[
        list[str] | None,
        typer.Option("--role", metavar="ROLE", help="issue, request, approve, suspend, registrar, review."),
    ] = None,
) -> None:
    """Print a link with which an officer makes a passkey and signs in; it works once."""
    from issuer import approving, officers
    from jikin.values import format_instant

    invited = officers.invite(call.office, call.institution, name, approving.parse_roles(roles or ()))
    names = list(approving.role_names(invited.officer.roles))
    expires = format_instant(invited.expires)
    document: dict[str, Json] = {
        "officer": invited.officer.id,
        "name": name,
        "roles": [*names],
        "link": invited.link,
        "expires": expires,
    }
    text = call.shown.words("officer.invited", name=name, roles=", ".join(names), link=invited.link, expires=expires)
    call.shown.answer(document, text)


def remove_officer(call: Invocation, name: Annotated[str, typer.Argument(metavar="NAME", help="Login name.")]) -> None:
    """Let an officer go: their approvals no longer count."""
    from issuer import accrediting

    officer = accrediting.remove_officer(call.office, call.institution, name)
    text = call.shown.words("officer.removed", name=officer.name)
    call.shown.answer({"officer": officer.id, "name": officer.name}, text)


def doctor(call: Invocation) -> None:
    """Check keys, DID document, registry, clock and fonts before the first certificate leaves."""
    from issuer.doctor import examine

    checks = examine(call.office)
    lines = []
    for check in checks:
        whose = f" ({check.whose})" if check.whose else ""
        mark = "!" if check.advice else _MARKS[check.ok]
        lines.append(f"{mark} {check.name}{whose}: {check.found}")
        if check.advice:
            lines.append("    " + call.shown.words("doctor.advice", right=check.right))
        elif check.ok is not True:
            lines.append("    " + call.shown.words("doctor.right", right=check.right))
    wrong = sum(check.ok is False for check in checks)
    lines.append(call.shown.words("doctor.wrong" if wrong else "doctor.fine", wrong=wrong, count=len(checks)))
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
    call.shown.answer(document, "\n".join(lines))
    raise typer.Exit(1 if wrong else 0)


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
