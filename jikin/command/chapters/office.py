"""The issuing office: accreditation, officers with passkeys, a list of exam results that becomes certificates."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from jikin.command.founding import QUALIFICATION, Founded
from jikin.command.serve import Service
from jikin.command.stage import Said, Stage, refused

BAD_ROWS = 8
_AT_ONCE = 4
_OLDER = re.compile(r"/admin/certificates\?before=\d+$")
_ROW = re.compile(
    r'<a href="/admin/certificates/(?P<id>\d+)">.*?<span class="visually-hidden"> (?P<subject>.*?)</span></a>'
    r'.*?<span class="number">(?P<number>[0-9A-Z-]+)</span>',
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as the console lists it: its row there, its number, for whom or what it is."""

    row: int
    number: str = field(repr=False)
    subject: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """An institution's certificates, the newest first."""

    institution: Founded
    certificates: tuple[Certificate, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """Return the institution's Korean name."""
        return self.institution.founding.name_ko


def asker(institution: Founded) -> str:
    """Return who asks and issues for *institution*."""
    return f"hong of {institution.founding.path}"


def approver(institution: Founded) -> str:
    """Return who approves for *institution*."""
    return f"park of {institution.founding.path}"


def accreditation(stage: Stage) -> tuple[Founded, ...]:
    """A registry on a chain of one's own, and two institutions that it knows."""
    story = stage.story
    story.chapter("Two institutions are accredited in a registry")
    story.say(f"{stage.trial.node.name if stage.trial.node else 'chain'} at {stage.trial.rpc_url}")
    stage.trial.found(story.say)
    for founded in stage.trial.institutions:
        right = str(founded.did).startswith("did:web:localhost") and len(founded.invitations) == 2
        story.check(f"{founded.founding.name_ko} is {founded.did}; two officers are invited", right, founded.did)
    stage.trial.start()
    stranger = stage.person("stranger")
    for service in Service:
        ready = stranger.get(stage.url(service, "/readyz"), accept="application/json").json()
        story.check(f"{service} is ready at {stage.url(service)}", ready["ready"] is True, ready)
    return stage.trial.institutions


def officers(stage: Stage, institutions: tuple[Founded, ...]) -> None:
    """Every officer makes a passkey from the link of the invitation; a link is good once."""
    story = stage.story
    story.chapter("Officers make their passkeys")
    for founded in institutions:
        for login, who in (("hong", asker(founded)), ("park", approver(founded))):
            browser, link = stage.person(who), founded.invitations[login]
            # The code stands behind #, which no server sees; the page's script hands it over.
            entered = browser.submit(browser.get(link), "/admin/enrol", {"code": link.partition("#")[2]})
            inside = browser.use_passkey(entered, "/admin/enrol/passkey")
            story.check(f"{who} has a passkey and is signed in", inside.path == "/admin", inside.said)
    first = institutions[0].invitations["hong"]
    thief = stage.person("thief")
    used = refused(lambda: thief.submit(thief.get(first), "/admin/enrol", {"code": first.partition("#")[2]}))
    story.check("an invitation that was used is good for nobody", used is not None)
    away = thief.get(stage.url(Service.ISSUER, "/admin/certificates"))
    story.check("who is not signed in sees the sign-in page and nothing else", away.path == "/admin/sign-in", away.path)


def exam_results(stage: Stage, institution: Founded) -> Issued:
    """A list of results becomes certificates; bad rows are named and hold up nobody."""
    story = stage.story
    story.chapter("A list of exam results becomes certificates")
    hong, rows = stage.person(asker(institution)), stage.examples / "exam-results.csv"
    new = stage.url(Service.ISSUER, "/admin/lists/new")
    files = {"file": (rows.name, rows.read_bytes())}
    preview = hong.submit(hong.get(new), "/admin/lists", {"type": QUALIFICATION}, files)
    failures = hong.get(preview.link("failures.csv"), accept="text/csv").body.decode("utf-8-sig").splitlines()
    codes = len(failures) - 1
    story.check(f"the preview names {BAD_ROWS} bad rows, each with its reason", codes == BAD_ROWS, failures)
    running = hong.submit(preview, "/issue")
    story.check("issuing begins and is watched on a page", "/admin/batches/" in running.path, running.path)
    done = stage.until(hong, running.url, lambda page: b"data-refresh" not in page.body, "signed and verified")
    good = sum(1 for _ in csv.reader(rows.read_text("utf-8-sig").splitlines())) - 1 - BAD_ROWS
    issued = Issued(institution, tuple(certificates(stage, institution)))
    story.check(
        f"{good} certificates are issued, every good row one",
        len(issued.certificates) == good,
        len(issued.certificates),
    )
    block = re.search(r"([\d,]+)번 블록|블록 ([\d,]+)", done.text)
    story.check(f"all of them hang on one root{f', {block[0]}' if block else ''}", block is not None, done.said)
    again = hong.submit(hong.get(new), "/admin/lists", {"type": QUALIFICATION}, files)
    nothing = not any(form.action.endswith("/issue") for form in again.forms)
    story.check("issuing the same list again issues nothing twice", nothing, again.said)
    return issued


def certificates(stage: Stage, institution: Founded) -> Iterator[Certificate]:
    """Yield every certificate that the console lists, the newest first."""
    hong = stage.person(asker(institution))
    page = hong.get(stage.url(Service.ISSUER, "/admin/certificates"))
    while True:
        for row in _ROW.finditer(page.body.decode()):
            yield Certificate(int(row["id"]), row["number"], html.unescape(row["subject"]))
        older = next((link for link in page.links if _OLDER.search(link)), None)
        if older is None:
            return
        page = hong.get(older)


def everybody(stage: Stage, issued: Issued) -> None:
    """Every certificate is looked up by its number, as a stranger would."""
    story = stage.story
    story.chapter("Every certificate is looked up, as a stranger would")
    with story.progress() as progress, ThreadPoolExecutor(_AT_ONCE) as threads:
        task = progress.add_task("looked up", total=len(issued.certificates))
        said: list[Said] = []
        for answer in threads.map(stage.number, (one.number for one in issued.certificates)):
            said.append(answer)
            progress.advance(task)
    wrong = sorted({code for answer in said for code in answer.codes})
    genuine = sum(answer.outcome == "passed" for answer in said)
    count = len(issued.certificates)
    story.check(f"{issued.name}: {genuine} of {count} genuine", genuine == count > 0, ", ".join(wrong))
