"""People who use the three services in a browser: officers, a holder, an employer. What each does, page by page.

Every function takes the page it starts on and says what was seen: ``seen(page, name)`` is called once on every page of
the story, so that a test can ask what must hold of each page and a tool can take pictures. Nothing is recognised by its
words but verdicts, so the story plays in every language.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.browser import authenticator
from tests.services import ROOT, Services

Seen = Callable[[Page, str], None]
PASSPHRASE = "밤하늘에 뜬 지게차 열두 대"  # of an invented person
LIST = ROOT / "examples" / "data" / "exam-results.csv"
WORDS: Mapping[str, Mapping[str, str]] = {
    "ko": {"passed": "진본입니다", "number": "유효한 증명서 번호입니다", "revoked": "취소된 증명서입니다"},
    "en": {"passed": "Genuine", "number": "A valid certificate number", "revoked": "Revoked"},
}
_PATIENCE = 180_000  # milliseconds, for what waits for blocks on a busy machine
_VERDICT = "h1.verdict__word, h2.verdict__word, .verdict__word"


def unseen(_page: Page, _name: str) -> None:
    """See nothing: for parts of a story that another test looks at."""


@dataclass(frozen=True)
class Certificate:
    """A certificate as the console shows it: its page there, its number."""

    url: str
    number: str = field(repr=False)


@dataclass(frozen=True)
class Offer:
    """An offer: the link for a browser, the link for any wallet, and the code that was sent another way."""

    link: str = field(repr=False)
    uri: str = field(repr=False)
    code: str = field(repr=False)


def rows(first: int, count: int, *, bad: int = 0) -> bytes:
    """Return a list of exam results: *count* rows of the example from its *first* on, then *bad* ones of it (≤ 3)."""
    lines = list(csv.reader(LIST.read_text("utf-8-sig").splitlines()))
    head, everybody = lines[0], lines[1:]
    name, english, born, score = (head.index(name) for name in ("성명", "영문성명", "생년월일", "취득점수"))
    wrong = [
        line
        for line in everybody
        if not line[name] or line[born][5:7] > "12" or (line[score] and int(line[score]) > 100)
    ]
    good = [line for line in everybody if line[english] and line[score] and line not in wrong]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *good[first : first + count], *wrong[:bad]])
    return text.getvalue().encode()


# --- officers ---


def enrol(page: Page, link: str, seen: Seen = unseen) -> None:
    """Open an invitation, make a passkey, and be signed in."""
    authenticator(page)
    page.goto(link)
    page.locator("form[data-passkey=create]").wait_for()
    assert "#" not in page.url
    seen(page, "enrol")
    page.locator("form[data-passkey] button").click()
    page.wait_for_url("**/admin")
    seen(page, "overview")


def out_and_in(page: Page, seen: Seen = unseen) -> None:
    """Sign out, and in again with the passkey alone."""
    page.locator("form[action='/admin/sign-out'] button").click()
    page.wait_for_url("**/admin/sign-in")
    seen(page, "sign-in")
    page.locator("form[data-passkey] button").click()
    page.wait_for_url("**/admin")


def issue(page: Page, services: Services, name: str, data: bytes, seen: Seen = unseen) -> None:
    """Upload a list, look at its preview, issue it, and watch until everything is released."""
    page.goto(f"{services.issuer}/admin/lists/new")
    seen(page, "upload")
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "text/csv", "buffer": data})
    page.locator("main form .button--primary").click()
    page.locator("form[action$='/issue'] button").wait_for()
    seen(page, "preview")
    page.locator("form[action$='/issue'] button").click()
    page.wait_for_url("**/admin/batches/*")
    page.reload()  # progress is kept by the office, not by the page
    expect(page.locator("#progress")).to_be_visible()
    seen(page, "progress")
    expect(page.locator("#progress a.button--primary")).to_be_visible(timeout=_PATIENCE)
    seen(page, "issued")


def certificates(
    page: Page, services: Services, count: int, seen: Seen = unseen, *, whose: str = ""
) -> list[Certificate]:
    """Return the newest *count* certificates that the console lists, only those of *whose* name it is given.

    The page shows the first of them afterwards.
    """
    page.goto(f"{services.issuer}/admin/certificates")
    seen(page, "certificates")
    lines = page.locator("tbody tr", has_text=whose)
    while not lines.count():
        with page.expect_navigation():
            page.locator("main a[href*='before=']").click()
    found = [
        Certificate(
            line.locator("a").first.evaluate("element => element.href"),
            line.locator(".number").first.inner_text(),
        )
        for line in lines.all()[:count]
    ]
    page.goto(found[0].url)
    seen(page, "certificate")
    return found


def hand_over(page: Page, services: Services, certificate: Certificate, seen: Seen = unseen) -> Offer:
    """Make an offer of a certificate in the console."""
    page.goto(certificate.url)
    page.locator("form[action$='/offer'] button").click()
    seen(page, "offer-made")
    return _offer(page, services)


def claim(page: Page, services: Services, facts: Mapping[str, str], seen: Seen = unseen) -> Offer:
    """Ask for one's certificate with number, name and birth date."""
    page.goto(f"{services.issuer}/claim")
    seen(page, "claim")
    for name, value in facts.items():
        page.locator(f"#{name}").fill(value)
    page.locator("main .button--primary").click()
    expect(page.locator("a[href^='openid-credential-offer']")).to_be_visible()
    seen(page, "claim-offer")
    return _offer(page, services)


def _offer(page: Page, services: Services) -> Offer:
    link = page.locator("main a.button--primary").get_attribute("href") or ""
    uri = page.locator("a[href^='openid-credential-offer']").get_attribute("href") or ""
    return Offer(link, uri, services.letter_code())


def ask_to_revoke(page: Page, certificate: Certificate, reason: str, seen: Seen = unseen) -> str:
    """Ask for a revocation and sign it; returns where the second officer finds it."""
    page.goto(certificate.url)
    page.locator("a[href$='?to=revoked']").click()
    seen(page, "revocation-new")
    page.select_option("#reason", reason)
    page.locator("main .button--primary").click()
    page.wait_for_url("**/admin/changes/*")
    task = page.url
    seen(page, "revocation-sign")
    page.locator("form[data-passkey] button").click()
    expect(page.locator(".person--done")).to_have_count(1)
    expect(page.locator("form[data-passkey]")).to_have_count(0)  # who asks never sees the other button
    seen(page, "revocation-asked")
    return task


def approve(page: Page, task: str, certificate: Certificate, seen: Seen = unseen) -> None:
    """Approve what another officer asked for, and wait until it is published."""
    page.goto(task)
    seen(page, "revocation-approve")
    page.fill("#last", certificate.number.replace("-", "")[-6:].lower())
    page.locator("form[data-passkey] button").click()
    expect(page.locator(".notice--passed")).to_be_visible(timeout=_PATIENCE)
    seen(page, "revocation-done")


# --- a holder ---


def open_wallet(page: Page, services: Services, name: str, seen: Seen = unseen) -> str:
    """Sign up with a passphrase and keep the recovery code, which is returned."""
    page.goto(f"{services.wallet}/sign-up")
    seen(page, "sign-up")
    for field_name, value in {"name": name, "passphrase": PASSPHRASE, "repeat": PASSPHRASE}.items():
        page.locator(f"#{field_name}").fill(value)
    page.locator("main .button--primary").click()
    code = page.locator(".slip__code").get_attribute("aria-label") or ""
    seen(page, "recovery-code")
    page.locator("main a.button--primary").click()
    seen(page, "recovery-kept")
    page.locator("#code").fill(code)
    page.locator("form[action^='/settings/recovery-code/kept'] .button--primary").click()
    expect(page.locator("#code")).to_have_count(0)
    page.goto(services.wallet)
    seen(page, "wallet-empty")
    return code


def receive(page: Page, offer: Offer, seen: Seen = unseen) -> str:
    """Follow an offer's link, enter the code and keep what comes; returns the page of it in the wallet."""
    page.goto(offer.link)
    seen(page, "offer")
    page.locator("#code").fill(offer.code)
    page.locator("main .button--primary").click()
    return kept(page, seen)


def kept(page: Page, seen: Seen = unseen) -> str:
    """Return the page of what was received: asked for again where the office was still making it."""
    came = page.locator("main a.button--primary[href^='/credentials/']")
    later = page.locator("form[action^='/pick-up'] button")
    expect(came.or_(later).first).to_be_visible(timeout=_PATIENCE)
    for _ in range(30):
        if came.count():
            break
        page.wait_for_timeout(1000)
        with page.expect_navigation():
            later.first.click()
    seen(page, "received")
    return f"{_origin(page.url)}{came.get_attribute('href')}"


def wallet_says(page: Page, services: Services, held: str, kind: str, language: str, seen: Seen = unseen) -> None:
    """See in list and detail of the wallet that a certificate is "passed" or "revoked"."""
    page.goto(services.wallet)
    expect(page.locator(f".card .pill--{kind}").first).to_be_visible()
    seen(page, f"list-{kind}")
    page.goto(held)
    expect(page.locator(_VERDICT).first).to_contain_text(WORDS[language][kind])
    seen(page, f"detail-{kind}")


def check_again(page: Page, services: Services, seen: Seen = unseen) -> None:
    """Have everything in the wallet checked again."""
    page.goto(services.wallet)
    with page.expect_navigation():
        page.locator("form[action='/check'] button").click()
    seen(page, "checked-again")


def show(page: Page, link: str, seen: Seen = unseen, *, warned: bool = False) -> None:
    """Open an employer's request in the wallet and consent; *warned* when the wallet must have a warning first."""
    page.goto(link)
    page.locator("button[value=yes]").wait_for()
    understood = page.locator("input[name=understood]")
    expect(understood).to_have_count(1 if warned else 0)
    seen(page, "consent-warned" if warned else "consent")
    if warned:
        understood.check()
    page.locator("button[value=yes]").click()
    expect(page.locator("#result")).to_be_visible()
    seen(page, "shown")


# --- an employer, and anybody ---


def ask(page: Page, services: Services, purpose: str, seen: Seen = unseen) -> str:
    """Make a request at the verifier; returns the link for the holder's browser. The page waits for the answer."""
    page.goto(f"{services.verifier}/requests/new")
    seen(page, "ask")
    page.locator("#purpose").fill(purpose)
    page.locator("main .button--primary").click()
    page.wait_for_url("**/requests/*")
    seen(page, "asked")
    return page.locator(f"main a[href^='{services.wallet}']").get_attribute("href") or ""


def verdict(
    page: Page, kind: str, language: str, seen: Seen = unseen, *, name: str | None = None, word: str | None = None
) -> str:
    """Wait for a verdict, see that it says *kind* in words, and return everything it says.

    *word* names another of ``WORDS``: of a number alone nobody knows whether the paper in hand belongs to it.
    """
    found = page.locator(f".verdict--{kind}")
    expect(found).to_be_visible(timeout=60_000)
    expect(page.locator("h1")).to_have_text(WORDS[language][word or kind])
    seen(page, name or f"verdict-{kind}")
    return found.inner_text()


def by_number(page: Page, services: Services, number: str) -> None:
    """Type a certificate number at the verifier's start page."""
    page.goto(services.verifier)
    page.locator("#number").fill(number.lower().replace("-", " "))
    page.locator("form[action='/n'] button").click()
    page.wait_for_url("**/n/*")


def by_file(page: Page, services: Services, name: str, data: bytes) -> None:
    """Hand a file in at the verifier's start page."""
    page.goto(services.verifier)
    page.set_input_files("#file", {"name": name, "mimeType": "application/octet-stream", "buffer": data})
    with page.expect_navigation():
        page.locator("form[action='/check'] button").click()


# --- with the keyboard alone ---


def reach(page: Page, wanted: Locator) -> None:
    """Press Tab until *wanted* has the focus."""
    expect(wanted).to_be_visible()
    for _ in range(80):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {wanted}")


def type_into(page: Page, wanted: Locator, text: str) -> None:
    """Reach a field and type."""
    reach(page, wanted)
    page.keyboard.insert_text(text)


def press(page: Page, wanted: Locator) -> None:
    """Reach a link or a button and press Enter on it."""
    reach(page, wanted)
    page.keyboard.press("Enter")


def downloaded(page: Page, selector: str) -> bytes:
    """Return the file behind a link of the page."""
    with page.expect_download() as download:
        page.locator(selector).click()
    return Path(download.value.path()).read_bytes()


def path_of(page: Page) -> str:
    """Return the path of the page's address."""
    return urlsplit(page.url).path


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def plain(text: str) -> str:
    """Return *text* with every run of white space, the unbreakable too, as one space."""
    return re.sub(r"\s+", " ", text).strip()


def facts_of(certificate: Certificate, page: Page, data: bytes) -> dict[str, str]:
    """Return number, name and birth date as the list *data* has them for the person on the console's open page."""
    text = page.locator("main").inner_text()
    listed = csv.DictReader(data.decode("utf-8").splitlines())
    (found,) = (line for line in listed if line["성명"] and line["성명"] in text)
    return {"number": certificate.number, "name": found["성명"], "birth_date": found["생년월일"]}
