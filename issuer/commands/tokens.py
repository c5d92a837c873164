"""``jikin admin token``: access of other programs to the issuer."""

from __future__ import annotations

from typing import Annotated

import typer

from issuer.commands.common import DataOption, JsonOption, LangOption, opened, terminal
from jikin.values import Json, format_instant


def register(admin: typer.Typer) -> None:
    """Put the commands into *admin*."""
    token = typer.Typer(help="Bearer tokens of other programs.", no_args_is_help=True)
    admin.add_typer(token, name="token")

    @token.command("add")
    def add(
        *,
        name: Annotated[str, typer.Argument(metavar="NAME", help="What uses it.")],
        scopes: Annotated[
            list[str],
            typer.Option(
                "--scope", metavar="SCOPE", help="offers, issue, status, transactions, audit, or * for all; repeatable."
            ),
        ],
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Make a token and show it once: only its digest is kept."""
        from issuer import tokens

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            made = tokens.make(office, name, scopes)
            document: dict[str, Json] = {"id": made.stored.id, "name": name, "scopes": list(made.stored.scopes)}
            text = shown.words("token.made", name=name, scopes=" ".join(made.stored.scopes))
            shown.answer({**document, "token": made.token}, f"{made.token}\n{text}")

    @token.command("list")
    def listed(data: DataOption = None, as_json: JsonOption = False, lang: LangOption = None) -> None:
        """Show every token's number, name, scopes and whether it is in use; never the token itself."""
        from issuer import tokens

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            found = tokens.every(office)
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
                + ("" if one.revoked_at is None else f"  ({shown.words('token.revoked-since')})")
                for one in found
            ]
            shown.answer({"tokens": rows}, "\n".join(lines) or shown.words("token.none"))

    @token.command("revoke")
    def revoke(
        token_id: Annotated[int, typer.Argument(metavar="ID", help="Its number, as `list` shows it.")],
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """End a token at once."""
        from issuer import tokens

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            ended = tokens.revoke(office, token_id)
            shown.answer({"id": ended.id, "name": ended.name}, shown.words("token.revoked", name=ended.name))
