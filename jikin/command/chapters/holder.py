"""A holder: her wallet, the certificate she receives over OpenID4VCI, and an employer to whom she shows it."""

from __future__ import annotations

import csv
import re
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from jikin.command.browsing import Browser, Page, RefusedError
from jikin.command.chapters.office import Certificate, Issued
from jikin.command.founding import QUALIFICATION
from jikin.command.serve import Service
from jikin.command.stage import Said, Stage, objects, refused
from jikin.values import JsonObject

HOLDER = "holder"
EMPLOYER = "employer"
_RECOVERY = re.compile(r'class="slip__code" aria-label="([^"]+)"')
_HELD = re.compile(r"/credentials/([^/?#]+)")
_CODE = re.compile(r"\b(\d{6})\b")


@dataclass(frozen=True, slots=True)
class Wallet:
    """A holder's wallet: login name and passphrase, the certificate it received, and the id of her copy there."""

    name: str
    passphrase: str = field(repr=False)
    certificate: Certificate
    held: str
    born: str = field(repr=False)


def receives(stage: Stage, issued: Issued) -> Wallet:
    """A holder opens a wallet, proves to the office who she is, and receives her certificate."""
    story = stage.story
    story.chapter("A holder receives her certificate")
    her, certificate, born = stage.person(HOLDER), *_somebody(stage, issued)
    name, passphrase = f"kim-{secrets.token_hex(2)}", " ".join(secrets.token_hex(3) for _ in range(4))
    asked, asks_still = _open_wallet(stage, her, name, passphrase)
    story.check(
        "her wallet asks for a second way to open it, and has it when she kept the code", asked and not asks_still
    )
    office = stage.url(Service.ISSUER, "/claim")
    facts = {"number": certificate.number, "name": certificate.subject, "birth_date": born}
    stranger = stage.person("thief")
    wrong = refused(lambda: stranger.submit(stranger.get(office), "/claim", {**facts, "birth_date": "1999-12-31"}))
    story.check("who knows her name and number, but not her birth date, gets nothing", wrong is not None)
    offer = her.submit(her.get(office), "/claim", facts)
    link = offer.link(stage.url(Service.WALLET, "/receive"))
    code = _letter(stage)
    seen = her.get(link)
    guessed = "000000" if code != "000000" else "111111"
    refusal = refused(lambda: her.submit(seen, "/receive/", {"code": guessed}))
    story.check("a guessed code is refused", refusal is not None)
    seen = her.get(link)
    got = her.submit(seen, "/receive/", {"code": code})
    story.check("with the code of the letter it comes", got.path == "/received", got.said)
    held = _HELD.search(got.link("/credentials/"))
    passed = stage.words(Service.WALLET, "pill.passed")
    story.check(f"her wallet has verified it: {passed}", held is not None and passed in got.text, got.said)
    wallet = Wallet(name, passphrase, certificate, held[1] if held else "", born)
    subject = download(stage, wallet, "credential.json")["credentialSubject"]
    bound = isinstance(subject, Mapping) and str(subject.get("id")).startswith("did:key:")
    story.check("it is made out to a key that only she has", bound)
    return wallet


def shows(stage: Stage, wallet: Wallet) -> None:
    """An employer asks, she agrees, the employer sees what is shown."""
    story = stage.story
    story.chapter("She shows it to an employer")
    employer = stage.person(EMPLOYER)
    shown = present(stage)
    story.check(f"the employer sees: {shown.sentence('ko')}", shown.outcome == "passed", shown.codes)
    claims = shown.document.get("claims")
    subject = claims.get("certificate") if isinstance(claims, Mapping) else None
    number = subject.get("licenseNumber") if isinstance(subject, Mapping) else None
    story.check("what was shown is that certificate", number == wallet.certificate.number)
    asked = _ask(stage, employer)
    consent = stage.person(HOLDER).get(asked.link("/present?request="))
    stage.person(HOLDER).submit(consent, "/present/", {"answer": "no"})
    declined = employer.get(f"{asked.url}/result", accept="application/json").json()
    story.check("she may also decline: nothing is shown", declined["state"] == "declined", declined["state"])


def shows_a_part(stage: Stage, wallet: Wallet) -> None:
    """She receives a copy of which she shows a part: the employer learns her name and not her birth date."""
    story = stage.story
    story.chapter("She shows only what is needed")
    her, office = stage.person(HOLDER), stage.url(Service.ISSUER, "/claim")
    facts = {"number": wallet.certificate.number, "name": wallet.certificate.subject, "birth_date": wallet.born}
    offer = her.submit(her.get(office), "/claim", {**facts, "form": "selective"})
    seen = her.get(offer.link(stage.url(Service.WALLET, "/receive")))
    got = her.submit(seen, "/receive/", {"code": _letter(stage)})
    passed = stage.words(Service.WALLET, "pill.passed")
    story.check(
        f"her copy to show in part has come: {passed}", got.path == "/received" and passed in got.text, got.said
    )
    asked = _ask(stage, stage.person(EMPLOYER), f"{QUALIFICATION}.sd-jwt")
    consent = her.get(asked.link("/present?request="))
    story.check("before she agrees her wallet tells what stays hidden", wallet.born not in _asked_for(consent))
    shown = present(stage, asked, consent)
    story.check(f"the employer sees: {shown.sentence('ko')}", shown.outcome == "passed", shown.codes)
    claims = shown.document.get("claims")
    told = claims.get("certificate") if isinstance(claims, Mapping) else None
    names = set(told) if isinstance(told, Mapping) else set()
    story.check(f"and learns {', '.join(sorted(names))}", "name" in names and "birth_date" not in names)
    story.check("her birth date is nowhere in what was sent", wallet.born not in str(shown.document))


def _asked_for(consent: Page) -> str:
    """Return the part of the consent page that says what is shown."""
    shown, hidden, _ = consent.text.partition(_HIDDEN)
    return shown if hidden else consent.text


def present(stage: Stage, asked: Page | None = None, consent: Page | None = None) -> Said:
    """Return what the employer's result says after the holder showed her certificate, warnings accepted.

    *asked* is the employer's page about the request, *consent* hers; without them the whole certificate is asked for.
    """
    employer, her = stage.person(EMPLOYER), stage.person(HOLDER)
    asked = asked or _ask(stage, employer)
    consent = consent or her.get(asked.link("/present?request="))
    fields = {"answer": "yes", "understood": "yes"}
    done = her.submit(consent, "/present/", fields)
    if done.status != 200:
        raise RefusedError(f"{done.path}: {done.said}")
    result = employer.get(f"{asked.url}/result", accept="application/json").json()
    shown = next(iter(objects(result.get("credentials"))), {})
    return Said({**result, **{name: shown[name] for name in ("sentences",) if name in shown}})


def download(stage: Stage, wallet: Wallet, name: str) -> JsonObject:
    """Return a file of the certificate as she downloads it: ``credential.json`` or ``receipt.json``."""
    url = stage.url(Service.WALLET, f"/credentials/{wallet.held}/{name}")
    return stage.person(HOLDER).get(url, accept="application/json").json()


def checks_again(stage: Stage) -> Page:
    """Return the list of her wallet after everything in it was checked again."""
    her = stage.person(HOLDER)
    return her.submit(her.get(stage.url(Service.WALLET, "/")), "/check")


def _somebody(stage: Stage, issued: Issued) -> tuple[Certificate, str]:
    """Return the certificate of a person whose name stands in the list once, and the birth date that stands there."""
    text = (stage.examples / "exam-results.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    once = {name for name, count in Counter(row["성명"] for row in rows).items() if count == 1}
    born = {row["성명"]: row["생년월일"] for row in rows if row["성명"] in once}
    certificate = next(one for one in issued.certificates if one.subject in born)
    return certificate, born[certificate.subject]


def _open_wallet(stage: Stage, her: Browser, name: str, passphrase: str) -> tuple[bool, bool]:
    """Make the wallet; return whether it asked for a second way to open it before she kept the code, and after."""
    form = her.get(stage.url(Service.WALLET, "/sign-up"))
    fields = {"name": name, "passphrase": passphrase, "repeat": passphrase}
    shown = her.submit(form, "/sign-up", fields)
    code = _RECOVERY.search(shown.body.decode())
    if code is None:
        raise RefusedError(f"{shown.path} shows no recovery code; it says: {shown.said}")
    receive = stage.url(Service.WALLET, "/receive")
    before = _SECOND_WAY in her.get(receive).body
    kept = her.get(shown.link("/settings/recovery-code"))
    her.submit(kept, "/settings/recovery-code/kept", {"code": code[1]})
    return before, _SECOND_WAY in her.get(receive).body


_SECOND_WAY = b"notice--waiting"
_HIDDEN = "보여 주지 않을 것"


def _letter(stage: Stage) -> str:
    """Return the code in the newest letter that left the office."""
    newest = max((stage.trial.plan.office / "outbox").glob("*.txt"), key=lambda path: path.stat().st_mtime_ns)
    found = _CODE.search(newest.read_text("utf-8").partition("\n\n")[2])
    if found is None:
        raise RefusedError(f"the letter {newest.name} has no code")
    return found[1]


def _ask(stage: Stage, employer: Browser, template: str = QUALIFICATION) -> Page:
    form = employer.get(stage.url(Service.VERIFIER, "/requests/new"))
    fields = {"template": template, "purpose": "지게차 운전원 채용"}
    return employer.submit(form, "/requests/new", fields)
