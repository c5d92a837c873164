"""``jikin admin profile|accreditation …``: what the owner proposes and the accreditor decides, each by its own key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from issuer.commands.common import (
    DataOption,
    InstitutionOption,
    JsonOption,
    LangOption,
    Terminal,
    opened,
    parse_time,
    terminal,
)
from jikin.errors import ValueRefusedError
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
    _register_profile(admin)
    _register_accreditation(admin)


def _register_profile(admin: typer.Typer) -> None:
    profile = typer.Typer(help="Names and types: the owner proposes, the accreditor approves.", no_args_is_help=True)
    admin.add_typer(profile, name="profile")

    @profile.command("propose")
    def propose(
        *,
        name_ko: Annotated[str | None, typer.Option("--name-ko", metavar="NAME", help="Its name in Korean.")] = None,
        name_en: Annotated[str | None, typer.Option("--name-en", metavar="NAME", help="Its name in English.")] = None,
        types: Annotated[
            list[str] | None, typer.Option("--type", metavar="TYPE", help="Credential type; repeat for more.")
        ] = None,
        logo: Annotated[
            Path | None, typer.Option("--logo", metavar="FILE", help="Its picture; the hash counts.")
        ] = None,
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Propose a changed profile (owner). What is not named stays; the one in use stays in use until approved."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _propose(shown, office, institution, (name_ko, name_en, tuple(types) if types else None, logo))

    @profile.command("approve")
    def approve(
        *,
        issuer: IssuerArgument,
        hash_: Annotated[str, typer.Option("--hash", metavar="HEX", help="SHA-256 of the profile, from its owner.")],
        although_alike: Annotated[
            bool, typer.Option("--although-alike", help="A person has looked at the look-alike name.")
        ] = False,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Read a proposed profile by its hash, hold its names against all others, approve it (accreditor)."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _approve(shown, office, issuer, hash_, although_alike=although_alike)

    @profile.command("show")
    def show(
        institution: InstitutionOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Show the profile in use and the one that waits; takes one into use that was approved meanwhile."""
        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            _show_profile(shown, office, institution)


def _register_accreditation(admin: typer.Typer) -> None:
    accreditation = typer.Typer(help="The accreditor's acts on an issuer.", no_args_is_help=True)
    admin.add_typer(accreditation, name="accreditation")

    @accreditation.command("register")
    def register_issuer(
        *,
        did: Annotated[str, typer.Argument(metavar="DID", help="The issuer's DID.")],
        owner: Annotated[str, typer.Option("--owner", metavar="ADDRESS", help="Who owns it.")],
        from_: FromOption = None,
        until: UntilOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Put an issuer on record; it takes effect after the registry's delay. Without --until for five years."""
        from issuer import accreditor
        from issuer.accrediting import ACCREDITATION_SECONDS

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            now = office.chain.registry.view().block.time
            end = second(office, until) or now + ACCREDITATION_SECONDS
            record = accreditor.register(office, Did(did), Address.parse(owner), second(office, from_), end)
            _answer_record(shown, Did(did), record)

    @accreditation.command("window")
    def window(
        *,
        issuer: IssuerArgument,
        from_: FromOption = None,
        until: UntilOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Move the accreditation; --until now ends it. What was anchored inside stays good."""
        from issuer import accreditor

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            did = accreditor.issuer_named(office, issuer)
            record = accreditor.set_window(office, did, second(office, from_), second(office, until))
            _answer_record(shown, did, record)

    @accreditation.command("anchors-all")
    def anchors_all(
        issuer: IssuerArgument, data: DataOption = None, as_json: JsonOption = False, lang: LangOption = None
    ) -> None:
        """Declare, for ever, that a certificate of the issuer without an anchor does not pass."""
        from issuer import accreditor

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            did = accreditor.issuer_named(office, issuer)
            _answer_record(shown, did, accreditor.set_anchors_all(office, did))

    @accreditation.command("invalidate")
    def invalidate(
        *,
        issuer: IssuerArgument,
        since: Annotated[str, typer.Option("--since", metavar="TIME", help="Since when nothing of it counts.")],
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Declare fraud: nothing that the issuer anchored since then counts, and it anchors no more."""
        from issuer import accreditor

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            did = accreditor.issuer_named(office, issuer)
            moment, _ = parse_time(since, office.settings.timezone)
            _answer_record(shown, did, accreditor.invalidate(office, did, moment))

    @accreditation.command("key-compromised")
    def key_compromised(
        *,
        issuer: IssuerArgument,
        key: Annotated[str, typer.Option("--key", metavar="MULTIKEY", help="The stolen key.")],
        since: Annotated[str, typer.Option("--since", metavar="TIME", help="Since when it counts as stolen.")],
        data: DataOption = None,
        as_json: JsonOption = False,
        lang: LangOption = None,
    ) -> None:
        """Report a key of any issuer as stolen, however far back."""
        from issuer import accreditor

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            did = accreditor.issuer_named(office, issuer)
            moment, _ = parse_time(since, office.settings.timezone)
            _answer_record(shown, did, accreditor.report_compromised(office, did, key, moment))

    @accreditation.command("show")
    def show(
        issuer: IssuerArgument, data: DataOption = None, as_json: JsonOption = False, lang: LangOption = None
    ) -> None:
        """Show what the registry says of an issuer."""
        from issuer import accreditor
        from jikin.errors import OfficeError

        with terminal(data, lang, as_json=as_json) as shown, opened(shown) as office:
            did = accreditor.issuer_named(office, issuer)
            record = office.chain.registry.view().issuer(did.issuer_id)
            if record is None:
                raise OfficeError(f"the registry does not know {did}", code="office.not-accredited")
            _answer_record(shown, did, record)


# ------------------------------------------------------------------------------------------------------------ inside


def second(office: Office, text: str | None) -> int | None:
    """Return the second that *text* names; ``now`` is the newest block's."""
    if text is None:
        return None
    if text == "now":
        return office.chain.registry.view().block.time
    return parse_time(text, office.settings.timezone)[0]


def _answer_record(shown: Terminal, did: Did, record: IssuerRecord) -> None:
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
    shown.answer(document, text)


def _propose(
    shown: Terminal,
    office: Office,
    institution_name: str | None,
    changes: tuple[str | None, str | None, tuple[str, ...] | None, Path | None],
) -> None:
    from dataclasses import replace

    from issuer import files, ownership
    from jikin.credentials.profile import Names
    from jikin.values import sha256

    institution = office.institution(institution_name)
    name_ko, name_en, types, logo = changes
    known = office.profile(institution)
    wanted = replace(
        known,
        names=Names(ko=name_ko or known.names.ko, en=name_en or known.names.en),
        types=tuple(sorted(types)) if types is not None else known.types,
        logo=Digest(sha256(files.read(logo))) if logo is not None else known.logo,
    )
    proposed = ownership.propose_profile(office, institution, wanted)
    digest = proposed.hash.raw.hex()
    shown.answer(
        {"did": str(proposed.did), "hash": digest},
        shown.words("profile.proposed", hash=digest, did=proposed.did),
    )


def _approve(shown: Terminal, office: Office, issuer: str, digest: str, *, although_alike: bool) -> None:
    from issuer import accreditor
    from jikin.dids.web_fetch import WebFetch

    try:
        wanted = Digest(bytes.fromhex(digest.removeprefix("0x")))
    except ValueError as error:
        raise ValueRefusedError("a profile's hash is 64 hexadecimal digits") from error
    did = accreditor.issuer_named(office, issuer)
    profile = accreditor.read_profile(office, did, wanted, WebFetch(allowed_hosts=("localhost", "127.0.0.1")))
    shown.say("profile.read", ko=profile.names.ko, en=profile.names.en, domain=profile.domain)
    record = accreditor.approve_profile(office, profile, although_alike=although_alike)
    _answer_record(shown, did, record)


def _show_profile(shown: Terminal, office: Office, institution_name: str | None) -> None:
    from issuer import accreditor
    from jikin.credentials.profile import Profile

    accreditor.adopt(office, office.institution(institution_name).did)
    institution = office.institution(institution_name)
    used = office.profile(institution)
    waiting = None if institution.proposed is None else Profile.parse(institution.proposed)
    document: dict[str, Json] = {
        "used": {**used.to_json(), "hash": used.hash.raw.hex()},
        "waiting": None if waiting is None else {**waiting.to_json(), "hash": waiting.hash.raw.hex()},
    }
    lines = [shown.words("profile.used", ko=used.names.ko, en=used.names.en, hash=used.hash.raw.hex())]
    if waiting is not None:
        words = {"ko": waiting.names.ko, "en": waiting.names.en, "hash": waiting.hash.raw.hex()}
        lines.append(shown.words("profile.waiting", **words))
    shown.answer(document, "\n".join(lines))
