"""``jikin admin owner|operator …``: who owns an institution in the registry, and which accounts act for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands.common import Invocation, on_institution
from issuer.commands.keys import ReferenceOption
from issuer.commands.trust import UntilOption, second
from jikin.terminal import command
from jikin.values import Address, Json, format_instant

if TYPE_CHECKING:
    from jikin.anchoring.acts import Rights


def register(admin: typer.Typer) -> None:
    """Put the commands into *admin*."""
    owner = typer.Typer(help="Who owns an institution in the registry.", no_args_is_help=True)
    admin.add_typer(owner, name="owner")
    owner.command("transfer")(command(transfer, on_institution))
    owner.command("accept")(command(accept, on_institution))
    owner.command("replace")(command(replace_owner, on_institution))

    operator = typer.Typer(help="Accounts that anchor, or change the status.", no_args_is_help=True)
    admin.add_typer(operator, name="operator")
    operator.command("list")(command(list_operators, on_institution))
    operator.command("set")(command(set_operator, on_institution))
    operator.command("remove")(command(remove_operator, on_institution))
    operator.command("replace")(command(replace_operator, on_institution))
    operator.command("join")(command(join, on_institution))
    operator.command("separate")(command(separate, on_institution))


# ------------------------------------------------------------------------------------------------------------- owner


def transfer(
    call: Invocation, account: Annotated[str, typer.Argument(metavar="ADDRESS", help="Whom it is offered to.")]
) -> None:
    """Offer the institution to another account; nothing changes before it accepts."""
    from issuer import ownership

    ownership.offer(call.office, call.institution, Address.parse(account))
    call.shown.answer({"offered": account}, call.shown.words("owner.offered", account=account))


def accept(call: Invocation) -> None:
    """Accept an institution that was offered to this office's owner account."""
    from issuer import ownership

    account = ownership.accept(call.office, call.institution)
    call.shown.answer({"owner": str(account)}, call.shown.words("owner.accepted", account=account))


def replace_owner(call: Invocation, reference: ReferenceOption = None) -> None:
    """Let another account of this office own the institution: offered, accepted, the old key out of use."""
    from issuer import development, ownership

    institution = call.institution
    key = ownership.new_owner(call.office, institution, reference)
    development.fund(call.office.settings.rpc_url, [Address.parse(key.public)])
    account = ownership.replace_owner(call.office, institution, key)
    call.shown.answer({"owner": str(account)}, call.shown.words("owner.accepted", account=account))


# ---------------------------------------------------------------------------------------------------------- operator


def list_operators(call: Invocation) -> None:
    """Show this office's operators and their rights."""
    from issuer import ownership

    rows: list[dict[str, Json]] = []
    for one in ownership.operators(call.office, call.institution):
        rights = [] if one.record is None else [right.name.lower() for right in one.record.rights if right.name]
        until = None if one.record is None else format_instant(one.record.valid_until)
        rows.append({"account": str(one.account), "purpose": one.purpose, "rights": [*rights], "until": until})
    lines = [f"{row['purpose']}: {row['account']} {row['rights']} {row['until'] or '-'}" for row in rows]
    call.shown.answer({"operators": [*rows]}, "\n".join(lines))


def set_operator(
    call: Invocation,
    *,
    account: Annotated[str, typer.Argument(metavar="ADDRESS", help="The account.")],
    rights: Annotated[
        list[str], typer.Option("--right", metavar="RIGHT", help="issue, revoke, suspend, audit; repeat for more.")
    ],
    until: UntilOption = None,
) -> None:
    """Give an account rights (owner). Without --until for two years."""
    from issuer import ownership
    from issuer.accrediting import OPERATOR_SECONDS

    given = _rights(rights)
    end = second(call.office, until) or call.office.chain.registry.view().block.time + OPERATOR_SECONDS
    ownership.set_operator(call.office, call.institution, Address.parse(account), given, end)
    names = [right.name.lower() for right in given if right.name]
    text = call.shown.words("operator.set", account=account, rights=", ".join(names), until=format_instant(end))
    call.shown.answer({"account": account, "rights": [*names], "until": format_instant(end)}, text)


def remove_operator(
    call: Invocation, account: Annotated[str, typer.Argument(metavar="ADDRESS", help="The account.")]
) -> None:
    """Take all rights from an account, at once."""
    from issuer import ownership

    ownership.remove_operator(call.office, call.institution, Address.parse(account))
    call.shown.answer({"account": account, "rights": []}, call.shown.words("operator.removed", account=account))


def replace_operator(
    call: Invocation,
    *,
    purpose: Annotated[str, typer.Argument(metavar="PURPOSE", help="anchoring, status, audit or joint.")],
    reference: ReferenceOption = None,
) -> None:
    """Let another account do the work of one: the old one loses its rights first."""
    _put_in_place(call, purpose, reference)


def join(call: Invocation, reference: ReferenceOption = None) -> None:
    """Let one more account anchor and change the status in one transaction, where both wait."""
    from issuer.office import JOINT

    _put_in_place(call, JOINT, reference)


def separate(call: Invocation) -> None:
    """Have anchors and status changes always done by two accounts again: ends what `join` began."""
    from issuer import ownership

    ownership.end_joint_operator(call.office, call.institution)
    call.shown.answer({"joint": None}, call.shown.words("operator.separate"))


# ------------------------------------------------------------------------------------------------------------ inside


def _rights(words: list[str]) -> Rights:
    from jikin.anchoring.acts import Rights

    known = {right.name.lower(): right for right in Rights if right.name}
    made = Rights.NONE
    for word in words:
        if word not in known:
            raise typer.BadParameter(f"{word!r}; right would be {', '.join(known)}")
        made |= known[word]
    return made


def _put_in_place(call: Invocation, purpose: str, reference: str | None) -> None:
    from issuer import development, ownership

    institution = call.institution
    key = ownership.replace_operator(call.office, institution, purpose, reference)
    development.fund(call.office.settings.rpc_url, [Address.parse(key.public)])
    call.shown.answer(
        {"account": key.public, "purpose": purpose},
        call.shown.words("operator.replaced", purpose=purpose, account=key.public),
    )
