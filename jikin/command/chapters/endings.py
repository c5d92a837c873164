"""What can go wrong with a certificate: it is revoked, it is forged, and those who could say so do not answer."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping

from jikin.badges.confined import borrowed
from jikin.badges.documents import CredentialFound, open_document
from jikin.codec import multikey
from jikin.codec.contexts import Contexts
from jikin.command.browsing import Browser, Page, RefusedError
from jikin.command.chapters.holder import Wallet, checks_again, download, present
from jikin.command.chapters.machines import Paper
from jikin.command.chapters.office import Issued, approver, asker
from jikin.command.serve import Service
from jikin.command.stage import Stage, packed, refused
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, Json, JsonObject

_REASON = "issued-in-error"
_CHANGE = re.compile(r"/admin/changes/(\d+)$")
_LAST = 6


def revocation(stage: Stage, issued: Issued, wallet: Wallet) -> None:
    """Two officers revoke a certificate; everybody sees it, with date and reason: verifier, holder, employer."""
    story = stage.story
    story.chapter("Two officers revoke a certificate")
    certificate = wallet.certificate
    hong, park = stage.person(asker(issued.institution)), stage.person(approver(issued.institution))
    ask = stage.url(Service.ISSUER, f"/admin/certificates/{certificate.row}/change?to=revoked")
    drafted = hong.submit(hong.get(ask), "/change", {"to": "revoked", "reason": _REASON})
    asked = _signed_by_asker(hong, drafted)
    story.check(f"hong asks for it, by passkey: {asked} request(s), the number and its copies", asked >= 1)
    before = stage.number(certificate.number)
    story.check("until a second person agrees, nothing has changed", before.outcome == "passed", before.codes)
    waiting = _changes(park, stage)
    first = stage.url(Service.ISSUER, f"/admin/changes/{waiting[0]}")
    alone = refused(lambda: hong.use_passkey(hong.get(first), "/sign", {"last": ""}))
    story.check("who asked cannot approve", alone is not None)
    last = certificate.number.replace("-", "")[-_LAST:]
    for task in waiting:
        page = park.get(stage.url(Service.ISSUER, f"/admin/changes/{task}"))
        park.use_passkey(page, "/sign", {"last": last})
    for task in waiting:
        url = stage.url(Service.ISSUER, f"/admin/changes/{task}")
        done = stage.until(park, url, lambda page: b"data-refresh" not in page.body, "published on the chain")
        story.check("park approves, by passkey, and it is published", b"notice--passed" in done.body, done.said)
    _seen_by_all(stage, issued, wallet)


def _seen_by_all(stage: Stage, issued: Issued, wallet: Wallet) -> None:
    story = stage.story
    by_number = stage.number(wallet.certificate.number)
    story.check(
        f"the verifier says: {by_number.sentence('ko')}", by_number.codes == ("status.revoked",), by_number.codes
    )
    file = packed(download(stage, wallet, "credential.json"), download(stage, wallet, "receipt.json"))
    said = stage.file("certificate.json", file)
    reasons = [text for text in said.sentences("ko") if "사유" in text]
    story.check(f"the holder's own file tells why: {' '.join(reasons)}", bool(reasons), said.sentences("ko"))
    word = stage.words(Service.WALLET, "pill.revoked")
    listed = checks_again(stage)
    story.check(f"her wallet sees it when it checks again: {word}", word in listed.text, listed.said)
    shown = present(stage)
    story.check(f"and the employer, when she shows it: {shown.sentence('ko')}", shown.outcome == "failed", shown.codes)
    neighbour = next(one for one in issued.certificates if one.number != wallet.certificate.number)
    other = stage.number(neighbour.number)
    story.check("its neighbour is still genuine", other.outcome == "passed", other.codes)


def _signed_by_asker(hong: Browser, page: Page) -> int:
    """Sign every part of a request that *page* leads to, and return how many there were."""
    signed = 0
    while any(form.passkey for form in page.forms):
        page = hong.use_passkey(page, "/sign")
        signed += 1
    return signed


def _changes(park: Browser, stage: Stage) -> list[str]:
    """Return the changes that wait for *park*."""
    page = park.get(stage.url(Service.ISSUER, "/admin/changes"))
    return list(dict.fromkeys(found[1] for link in page.links if (found := _CHANGE.search(link))))


def forgeries(stage: Stage, wallet: Wallet, printed: Paper) -> None:
    """What forgers try, and the code each of them meets."""
    story = stage.story
    story.chapter("Forgeries")
    credential, receipt = genuine(printed)
    foreign = download(stage, wallet, "receipt.json")
    attempts: dict[str, tuple[JsonObject, JsonObject, tuple[str, ...]]] = {
        "another number": (_renumbered(credential), receipt, ("proof.mismatch", "anchor.foreign")),
        "a receipt borrowed from another certificate": (credential, foreign, ("anchor.foreign",)),
        "a signature by a key of the forger's own": (
            signed_by_somebody(credential, str(_issuer(credential))),
            receipt,
            ("key.unregistered", "anchor.foreign"),
        ),
        "an institution nobody accredited": (
            signed_by_somebody(credential, "did:web:kosha-korea.example"),
            receipt,
            ("issuer.unregistered", "anchor.foreign"),
        ),
    }
    for what, (document, beside, expected) in attempts.items():
        said = stage.file("certificate.json", packed(document, beside))
        story.check(f"{what}: {', '.join(said.codes)}", set(expected) <= set(said.codes), said.codes)
    said = stage.file("certificate.json", packed(credential, receipt))
    story.check("and the certificate they copied is genuine still", said.outcome == "passed", said.codes)
    code = printed.code.replace("LOCALHOST", "KOSHA-CHECK.EXAMPLE").replace("localhost", "kosha-check.example")
    scanned = stage.person("stranger").post(stage.url(Service.VERIFIER, "/scan"), {"text": code})
    story.check("a code that leads to a forger's site is not followed", "/n/" not in scanned.path, scanned.path)


def outage(stage: Stage, printed: Paper, *, chain_too: bool) -> None:
    """Without the issuer's server the chain is enough; without the chain nobody says genuine, and nobody forged."""
    story = stage.story
    story.chapter("Those who know do not answer")
    data = printed.pdf.read_bytes()
    issuer = stage.trial.children[Service.ISSUER]
    issuer.stop()
    story.say("the issuer is stopped")
    stage.settle()
    said = stage.file(printed.pdf.name, data)
    story.check(f"the chain is enough: {said.sentence('ko')}", said.outcome == "passed", said.codes)
    stage.trial.start(Service.ISSUER)
    stage.settle()
    back = stage.number(printed.certificate.number)
    story.check("the issuer is back, and everything goes on", back.outcome == "passed", back.codes)
    if not chain_too or stage.trial.node is None:
        story.say("the chain stays: with --keep it is still needed")
        return
    stage.trial.node.stop()
    story.say("the chain is stopped")
    stage.settle()
    said = stage.file(printed.pdf.name, data)
    story.check(f"the verifier says: {said.sentence('ko')}", said.outcome == "unknown", said.codes)
    listed = checks_again(stage)
    kept = stage.words(Service.WALLET, "pill.revoked")
    right = kept in listed.text and b"pill--passed" not in listed.body
    story.check(f"and the wallet what it knew, for what was revoked stays so: {kept}", right, listed.said)


def genuine(printed: Paper) -> tuple[JsonObject, JsonObject]:
    """Return credential and receipt out of a printed certificate's PDF."""
    with borrowed(None) as confined:
        for entry in open_document(printed.pdf.read_bytes(), name=printed.pdf.name, confinement=confined):
            if isinstance(entry.content, CredentialFound) and entry.content.receipt is not None:
                return entry.content.credential, entry.content.receipt
    raise RefusedError(f"{printed.pdf.name} does not hold its credential and receipt")


def signed_by_somebody(credential: JsonObject, issuer: str) -> JsonObject:
    """Return *credential* signed anew, by a fresh key, in the name of *issuer*."""
    unsecured: dict[str, Json] = {name: member for name, member in credential.items() if name != "proof"}
    profile = unsecured["issuer"]
    unsecured["issuer"] = {**profile, "id": issuer} if isinstance(profile, Mapping) else issuer
    signer = Ed25519Signer.generate()
    method = DidUrl(f"{issuer}#{multikey.encode(signer.public_key)}")
    suite = standard_suites(Contexts.packaged()).named("eddsa-rdfc-2022")
    return securing.secure(unsecured, suite, ProofOptions(method, int(time.time())), signer)


def _issuer(credential: JsonObject) -> Json:
    issuer = credential["issuer"]
    return issuer["id"] if isinstance(issuer, Mapping) else issuer


def _renumbered(credential: JsonObject) -> JsonObject:
    """Return *credential* with another model, as a forger of a machine's certificate would want it."""
    text = json.dumps(credential, ensure_ascii=False)
    subject = credential["credentialSubject"]
    model = re.search(r'"model": "([^"]+)"', json.dumps(subject, ensure_ascii=False))
    changed = text.replace(model[1], f"{model[1]}0") if model else text.replace("인증", "인중")
    document: JsonObject = json.loads(changed)
    return document
