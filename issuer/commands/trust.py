"""``jikin admin profile|accreditation …``: what the owner proposes and the accreditor decides, each by its own key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands.common import Invocation, on_institution, on_office, parse_time
from jikin.errors import ValueRefusedError
from jikin.terminal import command
from jikin.values import Address, Did, Digest, Json, format_instant

if TYPE_CHECKING:
    from issuer.office import Office
    from jikin.anchoring.chain import IssuerRecord

IssuerArgument = Annotated[str, typer.Argument(metavar="ISSUER", help="DID, or an institution of this office.")]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="From when: 2026-06-12, or with time. [now, or as it is]")
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Until when.")]


def register(admin: typer.Typer) -> None:
    """Put the commands into *admin*."""
    profile = typer.Typer(help="Names and types: the owner proposes, the accreditor approves.", no_args_is_help=True)
    admin.add_typer(profile, name="profile")
    profile.command("propose")(command(propose, on_institution))
    profile.command("approve")(command(approve, on_office))
    profile.command("show")(command(show_profile, on_institution))

    accreditation = typer.Typer(help="The accreditor's acts on an issuer.", no_args_is_help=True)
    admin.add_typer(accreditation, name="accreditation")
    accreditation.command("register")(command(register_issuer, on_office))
    accreditation.command("window")(command(window, on_office))
    accreditation.command("anchors-all")(command(anchors_all, on_office))
    accreditation.command("invalidate")(command(invalidate, on_office))
    accreditation.command("key-compromised")(command(key_compromised, on_office))
    accreditation.command("show")(command(show_accreditation, on_office))


# ----------------------------------------------------------------------------------------------------------- profile


def propose(
    call: Invocation,
    *,
    name_ko: Annotated[str | None, typer.Option("--name-ko", metavar="NAME", help="Its name in Korean.")] = None,
    name_en: Annotated[str | None, typer.Option("--name-en", metavar="NAME", help="Its name in English.")] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="Credential type; repeat for more.")
    ] = None,
    logo: Annotated[Path | None, typer.Option("--logo", metavar="FILE", help="Its picture; the hash counts.")] = None,
) -> None:
    """Propose a changed profile (owner). What is not named stays; the one in use stays in use until approved."""
    from dataclasses import replace

    from issuer import files, ownership
    from jikin.credentials.profile import Names
    from jikin.values import sha256

    institution = call.institution
    known = call.office.profile(institution)
    wanted = replace(
        known,
        names=Names(ko=name_ko or known.names.ko, en=name_en or known.names.en),
        types=tuple(sorted(types)) if types else known.types,
        logo=Digest(sha256(files.read(logo))) if logo is not None else known.logo,
    )
    proposed = ownership.propose_profile(call.office, institution, wanted)
    digest = proposed.hash.raw.hex()
    call.shown.answer(
        {"did": str(proposed.did), "hash": digest},
        call.shown.words("profile.proposed", hash=digest, did=proposed.did),
    )


def approve(
    call: Invocation,
    *,
    issuer: IssuerArgument,
    hash_: Annotated[str, typer.Option("--hash", metavar="HEX", help="SHA-256 of the profile, from its owner.")],
    although_alike: Annotated[
        bool, typer.Option("--although-alike", help="A person has looked at the look-alike name.")
    ] = False,
) -> None:
    """Read a proposed profile by its hash, hold its names against all others, approve it (accreditor)."""
    from issuer import accreditor
    from jikin.dids.web_fetch import WebFetch

    try:
        wanted = Digest(bytes.fromhex(hash_.removeprefix("0x")))
    except ValueError as error:
        raise ValueRefusedError("a profile's hash is 64 hexadecimal digits") from error
    did = accreditor.issuer_named(call.office, issuer)
    profile = accreditor.read_profile(call.office, did, wanted, WebFetch(allowed_hosts=("localhost", "127.0.0.1")))
    call.shown.say("profile.read", ko=profile.names.ko, en=profile.names.en, domain=profile.domain)
    record = accreditor.approve_profile(call.office, profile, although_alike=although_alike)
    _answer_record(call, did, record)


def show_profile(call: Invocation) -> None:
    """Show the profile in use and the one that waits; takes one into use that was approved meanwhile."""
    from issuer import accreditor
    from jikin.credentials.profile import Profile

    accreditor.adopt(call.office, call.institution.did)
    institution = call.institution  # read anew: it may just have changed
    used = call.office.profile(institution)
    waiting = None if institution.proposed is None else Profile.parse(institution.proposed)
    document: dict[str, Json] = {
        "used": {**used.to_json(), "hash": used.hash.raw.hex()},
        "waiting": None if waiting is None else {**waiting.to_json(), "hash": waiting.hash.raw.hex()},
    }
    lines = [call.shown.words("profile.used", ko=used.names.ko, en=used.names.en, hash=used.hash.raw.hex())]
    if waiting is not None:
        words = {"ko": waiting.names.ko, "en": waiting.names.en, "hash": waiting.hash.raw.hex()}
        lines.append(call.shown.words("profile.waiting", **words))
    call.shown.answer(document, "\n".join(lines))


# ----------------------------------------------------------------------------------------------------- accreditation


def register_issuer(
    call: Invocation,
    *,
    did: Annotated[str, typer.Argument(metavar="DID", help="The issuer's DID.")],
    owner: Annotated[str, typer.Option("--owner", metavar="ADDRESS", help="Who owns it.")],
    from_: FromOption = None,
    until: UntilOption = None,
) -> None:
    """Put an issuer on record; it takes effect after the registry's delay. Without --until for five years."""
    from issuer import accreditor
    from issuer.accrediting import ACCREDITATION_SECONDS

    now = call.office.chain.registry.view().block.time
    end = second(call.office, until) or now + ACCREDITATION_SECONDS
    record = accreditor.register(call.office, Did(did), Address.parse(owner), second(call.office, from_), end)
    _answer_record(call, Did(did), record)


def window(call: Invocation, *, issuer: IssuerArgument, from_: FromOption = None, until: UntilOption = None) -> None:
    """Move the accreditation; --until now ends it. What was anchored inside stays good."""
    from issuer import accreditor

    did = accreditor.issuer_named(call.office, issuer)
    record = accreditor.set_window(call.office, did, second(call.office, from_), second(call.office, until))
    _answer_record(call, did, record)


def anchors_all(call: Invocation, issuer: IssuerArgument) -> None:
    """Declare, for ever, that a certificate of the issuer without an anchor does not pass."""
    from issuer import accreditor

    did = accreditor.issuer_named(call.office, issuer)
    _answer_record(call, did, accreditor.set_anchors_all(call.office, did))


def invalidate(
    call: Invocation,
    *,
    issuer: IssuerArgument,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="Since when nothing of it counts.")],
) -> None:
    """Declare fraud: nothing that the issuer anchored since then counts, and it anchors no more."""
    from issuer import accreditor

    did = accreditor.issuer_named(call.office, issuer)
    moment, _ = parse_time(since, call.office.settings.timezone)
    _answer_record(call, did, accreditor.invalidate(call.office, did, moment))


def key_compromised(
    call: Invocation,
    *,
    issuer: IssuerArgument,
    key: Annotated[str, typer.Option("--key", metavar="MULTIKEY", help="The stolen key.")],
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="Since when it counts as stolen.")],
) -> None:
    """Report a key of any issuer as stolen, however far back."""
    from issuer import accreditor

    did = accreditor.issuer_named(call.office, issuer)
    moment, _ = parse_time(since, call.office.settings.timezone)
    _answer_record(call, did, accreditor.report_compromised(call.office, did, key, moment))


def show_accreditation(call: Invocation, issuer: IssuerArgument) -> None:
    """Show what the registry says of an issuer."""
    from issuer import accreditor
    from jikin.errors import OfficeError

    did = accreditor.issuer_named(call.office, issuer)
    record = call.office.chain.registry.view().issuer(did.issuer_id)
    if record is None:
        raise OfficeError(f"the registry does not know {did}", code="office.not-accredited")
    _answer_record(call, did, record)


# ------------------------------------------------------------------------------------------------------------ inside


def second(office: Office, text: str | None) -> int | None:
    """Return the second that *text* names; ``now`` is the newest block's."""
    if text is None:
        return None
    if text == "now":
        return office.chain.registry.view().block.time
    return parse_time(text, office.settings.timezone)[0]


def _answer_record(call: Invocation, did: Did, record: IssuerRecord) -> None:
    document: dict[str, Json] = {
        "did": str(did),
        "owner": str(record.owner),
        "validFrom": format_instant(record.valid_from),
        "validUntil": format_instant(record.valid_until),
        "anchorsAll": record.anchors_all,
        "invalidSince": format_instant(record.invalid_since) if record.invalid_since else None,
        "profileHash": None if record.profile_hash is None else record.profile_hash.raw.hex(),
    }
    text = "\n".join(f"{name}: {'-' if value is None else value}" for name, value in document.items())
    call.shown.answer(document, text)
