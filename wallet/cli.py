"""``jikin wallet …``: a holder's verbs at a terminal, over the HTTP API or directly on the data folder."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jikin.errors import WalletError
from jikin.terminal import command
from jikin.values import Json, JsonObject
from wallet.settings import Settings, load

if TYPE_CHECKING:
    from wallet.app import Wallet
    from wallet.hands import Hand
    from wallet.sessions import OpenVault

_WORDS: Mapping[str, tuple[str, str]] = {
    "passed": ("유효합니다", "valid"),
    "waiting": ("기록을 기다리는 중입니다", "waiting for its record"),
    "revoked": ("취소되었습니다", "revoked"),
    "suspended": ("정지되었습니다", "suspended"),
    "replaced": ("새 증명서로 바뀌었습니다", "replaced"),
    "expired": ("기간이 끝났습니다", "expired"),
    "failed": ("진본이 아닙니다", "not genuine"),
    "unknown": ("확인하지 못했습니다", "could not be checked"),
}

UrlOption = Annotated[
    str | None, typer.Option("--url", metavar="URL", help="Speak to the wallet there, with JIKIN_WALLET_TOKEN.")
]
NameOption = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Whose vault in the data folder; asks for the passphrase.")
]
DataOption = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="The wallet's data folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
LangOption = Annotated[str | None, typer.Option("--lang", help="ko or en")]


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a verb of a holder works with: the settings, what does the verbs, and whether JSON is wanted."""

    settings: Settings
    hand: Hand = field(repr=False)
    as_json: bool


@contextmanager
def on_vault(
    *,
    url: UrlOption = None,
    name: NameOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> Iterator[Invocation]:
    """Give what a verb works with: over HTTP where *url* is given, else on the data folder."""
    settings = _settings(data, lang)
    with _hand(settings, url, name) as hand:
        yield Invocation(settings, hand, as_json)


def register(app: typer.Typer) -> None:
    """Add ``wallet`` and its commands to the command."""
    wallet = typer.Typer(
        name="wallet", help="Receive, hold and show certificates.", no_args_is_help=True, add_completion=False
    )
    app.add_typer(wallet)
    wallet.command("new")(new)
    wallet.command("token")(token)
    wallet.command("receive")(command(receive, on_vault))
    wallet.command("resume")(command(resume, on_vault))
    wallet.command("list")(command(listing, on_vault))
    wallet.command("show")(command(show, on_vault))
    wallet.command("present")(command(present, on_vault))


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the holder goes by.")],
    *,
    data: DataOption = None,
    lang: LangOption = None,
) -> None:
    """Make a vault: asks for a passphrase, shows the recovery code once and has it typed back."""
    from wallet import accounts

    settings = _settings(data, lang)
    with _built(settings) as wallet:
        passphrase = _passphrase(settings, confirm=True)
        _, code = accounts.create(wallet, name, passphrase)
        typer.echo(
            _say(
                settings,
                f"복구 코드를 적어 두세요. 다시 보여 드리지 않아요:\n\n    {code}\n",
                f"Write the recovery code down; it is not shown again:\n\n    {code}\n",
            )
        )
        with _opened(wallet, name, passphrase) as vault:
            typed = typer.prompt(_say(settings, "복구 코드를 한 번 입력해 주세요", "Type the recovery code back"))
            accounts.confirm_recovery(wallet, vault, typed)
    typer.echo(_say(settings, "지갑을 만들었습니다.", "The vault is made."))


def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose vault.")],
    *,
    data: DataOption = None,
    lang: LangOption = None,
) -> None:
    """Print a fresh API token that opens the vault for programs; keep it as you would a key."""
    from wallet import accounts

    settings = _settings(data, lang)
    with _built(settings) as wallet, _opened(wallet, name, _passphrase(settings)) as vault:
        typer.echo(accounts.new_token(wallet, vault))


def receive(
    call: Invocation,
    offer: Annotated[str, typer.Argument(metavar="OFFER", help="Link, or a picture with its QR code.")],
    *,
    code: Annotated[str | None, typer.Option("--code", help="The transaction code that came by another way.")] = None,
) -> None:
    """Receive what an offer brings."""
    found = call.hand.receive(_link(offer), code)
    _print(call, found)
    if found["pending"] and not call.as_json:
        said = (
            "발급 기관이 아직 만들고 있어요. `jikin wallet resume`으로 이어서 받으세요.",
            "The issuer is still at work; `jikin wallet resume` goes on.",
        )
        typer.echo(_say(call.settings, *said))


def resume(call: Invocation) -> None:
    """Go on with what was accepted and has not come yet."""
    _print(call, call.hand.resume())


def listing(
    call: Invocation,
    *,
    check: Annotated[bool, typer.Option("--check", help="Check every certificate again first.")] = False,
) -> None:
    """List the certificates and how they stand."""
    _print(call, call.hand.listed(check=check))


def show(
    call: Invocation,
    id: Annotated[str, typer.Argument(metavar="ID", help="From the list.")],
) -> None:
    """Show one certificate: what it says, how it stands and why."""
    settings, found = call.settings, call.hand.show(id)
    if call.as_json:
        typer.echo(_text(found))
        return
    _show(settings, [found])
    for each in _objects(found.get("fields")):
        typer.echo(f"  {_in(settings, each.get('label'))}: {each.get('value')}")
    report = found.get("report")
    sentences = report.get("sentences") if isinstance(report, Mapping) else None
    spoken = sentences.get(settings.lang) if isinstance(sentences, Mapping) else None
    for sentence in spoken if isinstance(spoken, (list, tuple)) else ():
        typer.echo(f"  {sentence}")


def present(
    call: Invocation,
    request: Annotated[str, typer.Argument(metavar="REQUEST", help="Link, or a picture with its QR code.")],
    *,
    choose: Annotated[
        list[str] | None, typer.Option("--choose", metavar="QUERY=ID", help="Which certificate for which query.")
    ] = None,
    decline: Annotated[bool, typer.Option("--decline", help="Say no.")] = False,
) -> None:
    """Show certificates to whoever asks; without --choose only those in good standing."""
    chosen = None if not choose else dict(_pair(entry) for entry in choose)
    settings, found = call.settings, call.hand.present(_link(request), chosen, decline=decline)
    if call.as_json:
        typer.echo(_text(found))
        return
    to = found["to"] if isinstance(found["to"], Mapping) else {}
    whom = f"{_in(settings, to.get('name'))} ({to.get('trust')}, {to.get('host')})"
    korean = f"{whom}에 {'거절한다고 알렸습니다' if decline else '보여 주었습니다'}."
    typer.echo(_say(settings, korean, f"{'Declined to' if decline else 'Shown to'} {whom}."))
    claims = found.get("claims")
    for query, labels in claims.items() if isinstance(claims, Mapping) else ():
        typer.echo(f"  {query}: {', '.join(_in(settings, label) for label in _objects(labels))}")
    if found.get("redirect_uri"):
        typer.echo(str(found["redirect_uri"]))


def shown(id: str, *, url: str | None, name: str | None, data: Path | None) -> JsonObject:
    """Return everything of one certificate, for other commands; raises WalletError."""
    with _hand(_settings(data, None), url, name) as hand:
        return hand.show(id)


# --- who and where ---


def _settings(data: Path | None, lang: str | None) -> Settings:
    return load(os.environ, given={"data": data, "lang": lang})


@contextmanager
def _built(settings: Settings) -> Iterator[Wallet]:
    from jikin.web import logs
    from wallet.app import build

    logs.configure(settings.log_level)  # to standard error: what is printed is the answer alone
    wallet = build(settings, clock=lambda: int(time.time()))
    try:
        yield wallet
    finally:
        wallet.close()


@contextmanager
def _hand(settings: Settings, url: str | None, name: str | None) -> Iterator[Hand]:
    """Give what does the verbs: over HTTP where *url* is given, else on the data folder."""
    from wallet import hands

    if url is not None:
        with hands.client(_token(settings)) as client:
            yield hands.Remote(url.rstrip("/"), client)
        return
    with _built(settings) as wallet, _vault(wallet, settings, name) as vault:
        yield hands.Direct(wallet, vault)


@contextmanager
def _vault(wallet: Wallet, settings: Settings, name: str | None) -> Iterator[OpenVault]:
    from wallet import accounts

    if name is not None:
        with _opened(wallet, name, _passphrase(settings)) as vault:
            yield vault
        return
    with accounts.open_by_token(wallet, _token(settings)) as vault:
        yield vault


@contextmanager
def _opened(wallet: Wallet, name: str, passphrase: str) -> Iterator[OpenVault]:
    from wallet import accounts

    session = accounts.open_by_passphrase(wallet, name, passphrase)
    try:
        with accounts.open_by_token(wallet, session) as vault:
            yield vault
    finally:
        accounts.close(wallet, session)


def _token(settings: Settings) -> str:
    if settings.wallet_token is not None:
        return settings.wallet_token.text
    if settings.dev_tokens is not None:
        from jikin.web.tokens import read_dev_tokens

        found = read_dev_tokens(settings.dev_tokens).get("wallet")
        if found is not None:
            return found
    raise WalletError(
        "whose vault? Neither --name nor a token is given",
        code="wallet.token",
        hint="--name NAME asks for the passphrase; JIKIN_WALLET_TOKEN or JIKIN_DEV_TOKENS give a token",
    )


def _passphrase(settings: Settings, *, confirm: bool = False) -> str:
    if settings.wallet_passphrase is not None:
        return settings.wallet_passphrase.text
    asked: str = typer.prompt(_say(settings, "암호문", "Passphrase"), hide_input=True, confirmation_prompt=confirm)
    return asked


def _link(text: str) -> str:
    """Return *text*, or what the code in the picture of that name says."""
    from wallet import receiving

    path = Path(text)
    if ":" not in text and path.is_file():
        return receiving.from_picture(path.read_bytes())
    return text


def _pair(entry: str) -> tuple[str, str]:
    query, equals, held = entry.partition("=")
    if not equals:
        raise WalletError(f"--choose is {entry[:60]!r}; right would be QUERY=ID", code="wallet.choice")
    return query, held


# --- showing ---


def _print(call: Invocation, found: JsonObject) -> None:
    if call.as_json:
        typer.echo(_text(found))
        return
    certificates = _objects(found.get("credentials"))
    if certificates:
        _show(call.settings, certificates)
    else:
        typer.echo(_say(call.settings, "증명서가 없습니다.", "There are no certificates."))


def _show(settings: Settings, certificates: list[JsonObject]) -> None:
    """Print each certificate on three lines: what and how it stands, from whom with which number, its id."""
    for one in certificates:
        words = _WORDS.get(str(one.get("standing")), ("", ""))
        typer.echo(f"{_in(settings, one.get('title'))}: {_say(settings, *words)}")
        typer.echo(f"  {_in(settings, one.get('issuer'))}  {one.get('number') or ''}".rstrip())
        typer.echo(f"  {one.get('id')}")


def _objects(value: Json) -> list[JsonObject]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, (list, tuple)) else []


def _in(settings: Settings, value: Json) -> str:
    return str(value.get(settings.lang, "")) if isinstance(value, Mapping) else ""


def _say(settings: Settings, korean: str, english: str) -> str:
    return korean if settings.lang == "ko" else english


def _text(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
