"""A machine: applied for, reviewed and decided by two people, certified on paper, checked by its printed code."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

from jikin.badges import pdf, qr
from jikin.badges.check_url import CheckUrl
from jikin.badges.confined import borrowed
from jikin.command.browsing import Page
from jikin.command.chapters.office import Certificate, Issued, approver, asker, certificates
from jikin.command.founding import Founded
from jikin.command.serve import Service
from jikin.command.stage import Stage, refused

_DPI = 150
_RECEIPT = re.compile(r"/progress/(S[0-9A-Z-]+)")


@dataclass(frozen=True, slots=True)
class Paper:
    """A certificate on paper: the PDF, a picture of its page, and what its code says."""

    certificate: Certificate
    pdf: Path
    picture: Path
    code: str = field(repr=False)


def application(stage: Stage, institution: Founded) -> Certificate:
    """A maker applies for a certificate; anybody with the receipt number sees how far it is; two officers decide."""
    story = stage.story
    story.chapter("A machine is applied for, reviewed and certified")
    maker = stage.person("maker")
    form = maker.get(stage.url(Service.ISSUER, "/apply"))
    applied = maker.submit(form, "/apply", _machine(stage.examples / "machines.csv", form))
    receipt = _RECEIPT.search(applied.path)
    story.check("the application is in, and has a receipt number", receipt is not None, applied.said)
    number = receipt[1] if receipt else ""
    hong, park = stage.person(asker(institution)), stage.person(approver(institution))
    listed = hong.get(stage.url(Service.ISSUER, "/admin/applications"))
    page = hong.get(listed.link("/admin/applications/"))
    url = page.url
    for state in ("received", "reviewed"):
        page = hong.submit(page, "/admin/applications/", {"to": state, "note": ""})
    public = stage.person("stranger").get(stage.url(Service.ISSUER, f"/progress/{number}"))
    model = stage.words(Service.ISSUER, "holder.progress.event.reviewed")
    story.check("anybody with that number sees that it was received and reviewed", model in public.text, public.said)
    alone = refused(lambda: hong.post(url, {"to": "certified", "note": ""}))
    story.check("who reviewed it cannot decide it", alone is not None)
    park.submit(park.get(url), "/admin/applications/", {"to": "certified", "note": ""})
    done = stage.until(park, url, lambda shown: any("/admin/certificates/" in link for link in shown.links), "issued")
    row = int(done.link("/admin/certificates/").rpartition("/")[2])
    # It is on the list when it was anchored and verified, and not before.
    every = stage.url(Service.ISSUER, "/admin/certificates")
    stage.until(park, every, lambda shown: any(link.endswith(f"/{row}") for link in shown.links), "anchored, verified")
    certificate = next(one for one in certificates(stage, institution) if one.row == row)
    story.check("a second officer decides, and the certificate is issued", bool(certificate.number))
    return certificate


def paper(stage: Stage, institution: Founded, certificate: Certificate) -> Paper:
    """The certificate is printed; the code on the page leads back to it, and so does a picture of the page."""
    story = stage.story
    story.chapter("On paper: the code leads back to the certificate")
    pages = stage.folder / "paper"
    pages.mkdir(exist_ok=True)
    hong = stage.person(asker(institution))
    url = stage.url(Service.ISSUER, f"/admin/certificates/{certificate.row}/pdf")
    printed = pages / f"{certificate.number}.pdf"
    printed.write_bytes(hong.get(url, accept="application/pdf").body)
    with borrowed(None) as confined:
        rasterised = pdf.rasterise(printed.read_bytes(), dpi=_DPI, confinement=confined)
    picture = printed.with_suffix(".png")
    picture.write_bytes(rasterised)
    codes = qr.read(rasterised)
    right = [str(CheckUrl.parse(code).number) for code in codes] == [certificate.number]
    story.check(f"its page, rasterised at {_DPI} dpi, has one code, and that is its number", right, codes)
    found = Paper(certificate, printed, picture, codes[0])
    stranger = stage.person("stranger")
    scanned = stranger.post(stage.url(Service.VERIFIER, "/scan"), {"text": found.code})
    story.check("the code opens its page at the verifier", certificate.number in scanned.path, scanned.path)
    checks(stage, found)
    return found


def checks(stage: Stage, printed: Paper) -> None:
    """Paper, picture and number say the same."""
    story = stage.story
    by_number = stage.number(printed.certificate.number)
    story.check(f"the number: {by_number.sentence('ko')}", by_number.outcome == "passed", by_number.codes)
    for what, path in (("the PDF carries its own proof", printed.pdf), ("a picture is enough", printed.picture)):
        said = stage.file(path.name, path.read_bytes())
        story.check(f"{what}: {said.sentence('ko')}", said.outcome == "passed", said.codes)


def more(stage: Stage, institution: Founded) -> Issued:
    """Return everything that the institution has issued."""
    return Issued(institution, tuple(certificates(stage, institution)))


def _machine(rows: Path, form: Page) -> dict[str, str]:
    """Return the first machine of the list as the fields of the application's form."""
    (first, *_) = csv.reader(rows.read_text("utf-8-sig").splitlines()[1:2])
    # In the order of the form's own fields: those that the office fills in itself are not on it.
    names = [name for name in form.form("/apply").fields if name != "contact"]
    return {**dict(zip(names, first[1:], strict=False)), "contact": "maker@example.org"}
