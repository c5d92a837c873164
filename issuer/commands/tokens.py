"""``jikin admin token``: access of other programs to the issuer."""

from __future__ import annotations

from typing import Annotated

import typer

from issuer.commands.common import Invocation, on_office
from jikin.terminal import command
from jikin.values import Json, format_instant


def register(admin: typer.Typer) -> None:
    """Put the commands into *admin*."""
    token = typer.Typer(help="Bearer tokens of other programs.", no_args_is_help=True)
    admin.add_typer(token, name="token")
    token.command("add")(command(add, on_office))
    token.command("list")(command(list_tokens, on_office))
    token.command("revoke")(command(revoke, on_office))


def add(
    call: Invocation,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What uses it.")],
    scopes: Annotated[
        list[str],
        typer.Option(
            "--scope", metavar="SCOPE", help="offers, issue, status, transactions, audit, or * for all; repeatable."
        ),
    ],
) -> None:
    """Make a token and show it once: only its digest is kept."""
    from issuer import tokens

    made = tokens.make(call.office, name, scopes)
    document: dict[str, Json] = {"id": made.stored.id, "name": name, "scopes": list(made.stored.scopes)}
    text = call.shown.words("token.made", name=name, scopes=" ".join(made.stored.scopes))
    call.shown.answer({**document, "token": made.token}, f"{made.token}\n{text}")


def list_tokens(call: Invocation) -> None:
    """Show every token's number, name, scopes and whether it is in use; never the token itself."""
    from issuer import tokens

    found = tokens.every(call.office)
    rows: list[Json] = [
        {
            "id": one.id,
            "name": one.name,
            "scopes": list(one.scopes),
            "createdAt": format_instant(one.created_at),
            "revokedAt": None if one.revoked_at is None else format_instant(one.revoked_at),
        }
        for one in found
    ]
    lines = [
        f"{one.id}  {one.name}  {' '.join(one.scopes)}"
        + ("" if one.revoked_at is None else f"  ({call.shown.words('token.revoked-since')})")
        for one in found
    ]
    call.shown.answer({"tokens": rows}, "\n".join(lines) or call.shown.words("token.none"))


def revoke(
    call: Invocation,
    token_id: Annotated[int, typer.Argument(metavar="ID", help="Its number, as `list` shows it.")],
) -> None:
    """End a token at once."""
    from issuer import tokens

    ended = tokens.revoke(call.office, token_id)
    call.shown.answer({"id": ended.id, "name": ended.name}, call.shown.words("token.revoked", name=ended.name))
