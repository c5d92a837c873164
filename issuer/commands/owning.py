"""``jikin admin owner|operator …``: who owns an institution in the registry, and which accounts act for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands.common import DataOption, InstitutionOption, JsonOption, LangOption, Terminal, opened, terminal
from issuer.commands.keys import ReferenceOption
from issuer.commands.trust import UntilOption, second
from jikin.values import Address, Json, format_instant

if TYPE_CHECKING:
    from issuer.office import Office
    from jikin.anchoring.acts import Rights


def register(admin: typer.Typer) -> None:
    """Put the commands into *admin*."""
    _register_owner(admin)
    _register_operator(admin)


def _register_owner(admin: typer.Typer) -> None:
    owner = typer.Typer(help="Who owns an institution in the registry.", no_args_is_help=True)
    admin.add_typer(owner, name="owner")

    @owner.command("transfer")
    def transfer(
        account: Annotated[str, typer.Argument(metavar="ADDRESS", help="Whom it is offered to.")],
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Offer the institution to another account; nothing changes before it accepts."""
        from issuer import ownership

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            ownership.offer(office, office.institution(institution), Address.parse(account))
            shown.answer({"offered": account}, shown.words("owner.offered", account=account))

    @owner.command("accept")
    def accept(
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Accept an institution that was offered to this office's owner account."""
        from issuer import ownership

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            account = ownership.accept(office, office.institution(institution))
            shown.answer({"owner": str(account)}, shown.words("owner.accepted", account=account))

    @owner.command("replace")
    def replace(
        reference: ReferenceOption = None,
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Let another account of this office own the institution: offered, accepted, the old key out of use."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _replace_owner(shown, office, institution, reference)


def _register_operator(admin: typer.Typer) -> None:
    operator = typer.Typer(help="Accounts that anchor, or change the status.", no_args_is_help=True)
    admin.add_typer(operator, name="operator")

    @operator.command("list")
    def list_(
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Show this office's operators and their rights."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _list_operators(shown, office, institution)

    @operator.command("set")
    def set_(
        *,
        account: Annotated[str, typer.Argument(metavar="ADDRESS", help="The account.")],
        rights: Annotated[
            list[str], typer.Option("--right", metavar="RIGHT", help="issue, revoke, suspend, audit; repeat for more.")
        ],
        until: UntilOption = None,
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Give an account rights (owner). Without --until for two years."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _set_operator(shown, office, institution, account, _rights(rights), until=until)

    @operator.command("remove")
    def remove(
        account: Annotated[str, typer.Argument(metavar="ADDRESS", help="The account.")],
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Take all rights from an account, at once."""
        from issuer import ownership

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            ownership.remove_operator(office, office.institution(institution), Address.parse(account))
            shown.answer({"account": account, "rights": []}, shown.words("operator.removed", account=account))

    @operator.command("replace")
    def replace(
        *,
        purpose: Annotated[str, typer.Argument(metavar="PURPOSE", help="anchoring, status, audit or joint.")],
        reference: ReferenceOption = None,
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Let another account do the work of one: the old one loses its rights first."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _replace_operator(shown, office, institution, purpose, reference)

    @operator.command("join")
    def join(
        reference: ReferenceOption = None,
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Let one more account anchor and change the status in one transaction, where both wait."""
        from issuer.office import JOINT

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _replace_operator(shown, office, institution, JOINT, reference)

    @operator.command("separate")
    def separate(
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Have anchors and status changes always done by two accounts again: ends what `join` began."""
        from issuer import ownership

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            ownership.end_joint_operator(office, office.institution(institution))
            shown.answer({"joint": None}, shown.words("operator.separate"))


def _rights(words: list[str]) -> Rights:
    from jikin.anchoring.acts import Rights

    known = {right.name.lower(): right for right in Rights if right.name}
    made = Rights.NONE
    for word in words:
        if word not in known:
            raise typer.BadParameter(f"{word!r}; right would be {', '.join(known)}")
        made |= known[word]
    return made


def _replace_owner(shown: Terminal, office: Office, institution_name: str | None, reference: str | None) -> None:
    from issuer import development, ownership

    institution = office.institution(institution_name)
    key = ownership.new_owner(office, institution, reference)
    development.fund(office.settings.rpc_url, [Address.parse(key.public)])
    account = ownership.replace_owner(office, institution, key)
    shown.answer({"owner": str(account)}, shown.words("owner.accepted", account=account))


def _list_operators(shown: Terminal, office: Office, institution_name: str | None) -> None:
    from issuer import ownership

    rows: list[dict[str, Json]] = []
    for one in ownership.operators(office, office.institution(institution_name)):
        rights = [] if one.record is None else [right.name.lower() for right in one.record.rights if right.name]
        until = None if one.record is None else format_instant(one.record.valid_until)
        rows.append({"account": str(one.account), "purpose": one.purpose, "rights": [*rights], "until": until})
    lines = [f"{row['purpose']}: {row['account']} {row['rights']} {row['until'] or '-'}" for row in rows]
    shown.answer({"operators": [*rows]}, "\n".join(lines))


def _set_operator(
    shown: Terminal, office: Office, institution_name: str | None, account: str, rights: Rights, *, until: str | None
) -> None:
    from issuer import ownership
    from issuer.accrediting import OPERATOR_SECONDS

    end = second(office, until) or office.chain.registry.view().block.time + OPERATOR_SECONDS
    ownership.set_operator(office, office.institution(institution_name), Address.parse(account), rights, end)
    names = [right.name.lower() for right in rights if right.name]
    text = shown.words("operator.set", account=account, rights=", ".join(names), until=format_instant(end))
    shown.answer({"account": account, "rights": [*names], "until": format_instant(end)}, text)


def _replace_operator(
    shown: Terminal, office: Office, institution_name: str | None, purpose: str, reference: str | None
) -> None:
    from issuer import development, ownership

    institution = office.institution(institution_name)
    key = ownership.replace_operator(office, institution, purpose, reference)
    development.fund(office.settings.rpc_url, [Address.parse(key.public)])
    shown.answer(
        {"account": key.public, "purpose": purpose},
        shown.words("operator.replaced", purpose=purpose, account=key.public),
    )
