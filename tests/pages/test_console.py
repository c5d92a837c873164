"""The officers' console in a real Chromium, over a service in a process of its own on a Hardhat node.

Officers make passkeys, a list is uploaded, looked at and issued while the service is killed; two of them revoke.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from issuer import accrediting, app, approving, development, embargo, officers, two_persons
from issuer.office import Office
from issuer.settings import Settings
from issuer.store import embargoes
from issuer.store.embargoes import EmbargoState
from jikin.anchoring.devchain import HardhatNode
from jikin.dids.authorities import system_authorities
from jikin.testing.authenticator import SoftwareAuthenticator
from tests.browser import (
    PageFor,
    assert_good,
    authenticator,
    browser,
    chromium,
    driver,
    free_port,
    page_for,
    picture,
)
from tests.chain_fixtures import hardhat
from tests.issuing_office import HEADER, NEW, row, rows

__all__ = ["browser", "chromium", "driver", "hardhat", "page_for"]
pytestmark = [pytest.mark.chain, pytest.mark.timeout(900)]
LOOKS = [("ko", 1280, "light"), ("en", 360, "dark")]


@dataclass
class Service:
    """The issuer's service: a process that can be killed, and the same office in this one."""

    office: Office
    base: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("JIKIN_")}
        command = [sys.executable, "-m", "jikin.command", "serve", "issuer"]
        with (self.office.settings.data / "service.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=kept | self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.office.settings.data / "service.log").read_text("utf-8")
            try:
                if httpx.get(f"{self.base}/healthz", verify=system_authorities()).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError("the service did not start")

    def kill(self, number: int = signal.SIGKILL) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(60)

    def invite(self, name: str, *roles: str) -> str:
        return officers.invite(self.office, self.office.institution(), name, approving.parse_roles(roles)).link


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, hardhat: HardhatNode) -> Iterator[Service]:
    port = free_port()
    base, data = f"http://localhost:{port}", tmp_path_factory.mktemp("console") / "office"
    settings = Settings(data=data, rpc_url=hardhat.url, base_url=base, port=port, key_cost=12)
    development.ensure_passphrase(settings)
    own = {"JIKIN_BASE_URL": base, "JIKIN_PORT": str(port), "JIKIN_KEY_COST": "12", "JIKIN_SIGN_CHUNK": "5"}
    with app.build(settings) as office:
        development.deploy(office)
        institution = accrediting.prepare(office, NEW)
        development.fund_institution(office, institution)
        accrediting.register(office, institution)
        running = Service(office, base, own | {"JIKIN_DATA": str(data), "JIKIN_RPC_URL": hardhat.url})
        running.start()
        try:
            yield running
        finally:
            running.kill(signal.SIGTERM)


def enrol(page: Page, link: str) -> None:
    """Open the invitation and make a passkey."""
    authenticator(page)
    page.goto(link)
    page.locator("form[data-passkey=create]").wait_for()
    assert "#" not in page.url
    assert_good(page)
    page.locator("form[data-passkey] button").click()
    page.wait_for_url("**/admin")


def press_passkey(page: Page) -> None:
    """Press the button that asks for the passkey."""
    page.locator("form[data-passkey] button").click()


@dataclass
class Story:
    """The pages of one language, width and look; each that is shown has to be good, and can be pictured."""

    service: Service
    look: tuple[str, int, str]
    page_for: PageFor

    def officer(self, name: str, *roles: str) -> Page:
        page = self.page_for(*self.look)
        enrol(page, self.service.invite(f"{name}{self.look[1]}", *roles))
        self.seen(page, "overview")
        return page

    def seen(self, page: Page, name: str) -> None:
        picture(page, "console-" + "-".join((name, *map(str, self.look))))
        assert_good(page)


@pytest.mark.parametrize("look", LOOKS, ids=["-".join(map(str, look)) for look in LOOKS])
def test_a_list_is_issued_across_a_kill_and_two_officers_revoke(
    service: Service, page_for: PageFor, hardhat: HardhatNode, look: tuple[str, int, str]
) -> None:
    story = Story(service, look, page_for)
    clerk = story.officer("박서연", "issue", "request")
    out_and_in(story, clerk)
    upload(story, clerk)
    issue_across_a_kill(story, clerk, hardhat)
    number = find_by_number(story, clerk)
    certificate, task = clerk.url, request_revocation(story, clerk)
    chief = story.officer("이준호", "approve")
    approve(story, chief, task, number)
    chief.goto(certificate)
    expect(chief.locator(".pill--revoked")).to_be_visible()
    story.seen(chief, "revoked")
    chief.goto(f"{service.base}/admin/audit")
    story.seen(chief, "log")
    follow(story, chief)
    log = (service.office.settings.data / "service.log").read_text("utf-8")
    assert number not in log
    assert "박서연" not in log


def out_and_in(story: Story, clerk: Page) -> None:
    """Sign out, and in again with the passkey alone."""
    clerk.locator("form[action='/admin/sign-out'] button").click()
    clerk.wait_for_url("**/admin/sign-in")
    story.seen(clerk, "sign-in")
    press_passkey(clerk)
    clerk.wait_for_url("**/admin")


def upload(story: Story, clerk: Page) -> None:
    """Upload twelve good rows and two bad ones, and see the preview."""
    first = 1000 * story.look[1]
    bad = [row(first + 50, birth_date="2003-13-02"), row(first + 51, name_ko="")]
    data = "\n".join([rows(12, first).decode(), *bad]).encode()
    clerk.goto(f"{story.service.base}/admin/lists/new")
    story.seen(clerk, "upload")
    clerk.set_input_files("input[type=file]", {"name": "합격자.csv", "mimeType": "text/csv", "buffer": data})
    clerk.locator("main form .button--primary").click()
    expect(clerk.locator("td.bad")).to_have_count(2)
    story.seen(clerk, "preview")


def issue_across_a_kill(story: Story, clerk: Page, node: HardhatNode) -> None:
    """Issue while the chain stands still, kill the service, start it again, and let the chain go on."""
    done = clerk.locator("#progress .finding--passed")
    node.request("evm_setAutomine", False)
    node.request("evm_setIntervalMining", 0)
    try:
        clerk.locator("form[action$='/issue'] button").click()
        clerk.wait_for_url("**/admin/batches/*")
        batch = clerk.url
        expect(done).to_have_count(1, timeout=60_000)
        clerk.reload()
        expect(done).to_have_count(1)
        story.seen(clerk, "progress")
        clerk.goto("about:blank")  # its questions to a service that is away would count as errors
        story.service.kill()
        story.service.start()
        clerk.goto(batch)
        expect(clerk.locator("progress")).to_have_attribute("value", "12")
    finally:
        node.request("evm_setAutomine", True)
        node.request("evm_setIntervalMining", 1000)
    expect(done).to_have_count(4, timeout=60_000)
    expect(clerk.locator("a.button[href='/admin/certificates']")).to_be_visible()
    story.seen(clerk, "result")
    with clerk.expect_download() as download:
        clerk.locator("a[href$='/failures.csv']").click()
    assert len(Path(download.value.path()).read_text("utf-8-sig").splitlines()) == 3


def find_by_number(story: Story, clerk: Page) -> str:
    """Return the number of a certificate, found by it and taken as PDF; the number never stands in an address."""
    clerk.goto(f"{story.service.base}/admin/certificates")
    number = clerk.locator("td .number").first.inner_text()
    story.seen(clerk, "certificates")
    clerk.fill("#number", number.lower().replace("-", " "))
    clerk.locator("form[role=search] button").click()
    clerk.wait_for_url("**/admin/certificates/*")
    assert number not in clerk.url
    story.seen(clerk, "certificate")
    with clerk.expect_download() as download:
        clerk.locator("a[href$='/pdf']").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    return number


def request_revocation(story: Story, clerk: Page) -> str:
    """Return the address of a request, signed by who asks; they never see the button that approves."""
    clerk.locator("a[href$='?to=revoked']").click()
    story.seen(clerk, "request")
    clerk.select_option("#reason", "forged-evidence")
    clerk.locator("main .button--primary").click()
    clerk.wait_for_url("**/admin/changes/*")
    story.seen(clerk, "sign")
    press_passkey(clerk)
    expect(clerk.locator(".person--done")).to_have_count(1)
    expect(clerk.locator("form[data-passkey]")).to_have_count(0)
    story.seen(clerk, "asked")
    return clerk.url


def approve(story: Story, chief: Page, task: str, number: str) -> None:
    """Approve as the second person and wait until it is published."""
    chief.locator(f"a[href='{task.removeprefix(story.service.base)}']").first.click()
    story.seen(chief, "approve")
    chief.fill("#last", number.replace("-", "")[-6:].lower())
    press_passkey(chief)
    expect(chief.locator(".notice--passed")).to_be_visible(timeout=60_000)
    story.seen(chief, "published")


def follow(story: Story, chief: Page) -> None:
    """See what was sent to the chain, newest first, and one transaction with its hash."""
    chief.goto(f"{story.service.base}/admin/transactions")
    expect(chief.locator("td .pill--passed").first).to_be_visible()
    story.seen(chief, "transactions")
    chief.locator("th[scope=row] a").first.click()
    chief.wait_for_url("**/admin/transactions/*")
    expect(chief.locator("dd.number", has_text="0x")).to_have_count(2)
    story.seen(chief, "transaction")


def session(service: Service, name: str) -> str:
    """Return the token of a session that was opened without a browser."""
    code = service.invite(name, "issue", "request", "suspend").partition("#")[2]
    device, office = SoftwareAuthenticator(service.base), service.office
    return officers.enrol(office, code, device.create(officers.creation_options(office, code)))


def test_everything_but_the_passkey_works_without_script(service: Service, page_for: PageFor) -> None:
    page = page_for("ko", 360, script=False)
    page.goto(f"{service.base}/admin")
    expect(page.locator("noscript, .field__hint").first).to_be_attached()
    name = "jikin-issuer-officer"
    page.context.add_cookies([{"name": name, "value": session(service, "한가온"), "url": service.base}])
    page.goto(f"{service.base}/admin/lists/new")
    page.set_input_files("input[type=file]", {"name": "a.csv", "mimeType": "text/csv", "buffer": rows(2, 77_000)})
    page.locator("main form .button--primary").click()
    page.locator("form[action$='/issue'] button").click()
    page.wait_for_url("**/admin/batches/*")
    # the page asks for itself again until everything is released
    expect(page.locator("a.button[href='/admin/certificates']")).to_be_visible(timeout=60_000)
    page.locator("a.button[href='/admin/certificates']").click()
    page.locator("tbody a").first.click()
    page.locator("a[href$='?to=suspended']").click()
    page.fill("#effective", "2999-01-01")
    page.locator("main .button--primary").click()
    expect(page.locator("#effective-error")).to_be_visible()
    page.fill("#effective", "")
    page.locator("main .button--primary").click()
    page.wait_for_url("**/admin/changes/*")
    page.locator("form[action$='/decline'] button").click()
    page.wait_for_url("**/admin/changes")


def test_a_correction_is_asked_for_cell_by_cell_and_shown_before_it_is_signed(
    service: Service, page_for: PageFor
) -> None:
    """Also without script, on a narrow screen: what is changed stands before whoever signs, and nothing else."""
    page = page_for("ko", 360, script=False)
    cookie = {"name": "jikin-issuer-officer", "value": session(service, "오예린"), "url": service.base}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    page.goto(f"{service.base}/admin/certificates")
    if not page.locator("tbody a").count():
        page.goto(f"{service.base}/admin/lists/new")
        page.set_input_files("input[type=file]", {"name": "b.csv", "mimeType": "text/csv", "buffer": rows(1, 78_000)})
        page.locator("main form .button--primary").click()
        page.locator("form[action$='/issue'] button").click()
        expect(page.locator("a.button[href='/admin/certificates']")).to_be_visible(timeout=60_000)
        page.locator("a.button[href='/admin/certificates']").click()
    page.locator("tbody a").first.click()
    page.locator("a[href$='?to=replaced']").click()
    page.select_option("#reason", "corrected")
    page.locator("main .button--primary").click()
    expect(page.locator(".notice--failed")).to_be_visible()  # nothing was put right
    page.select_option("#reason", "corrected")
    page.fill("#cell-name_ko", "김하람")
    page.locator("main .button--primary").click()
    page.wait_for_url("**/admin/changes/*")
    shown = page.locator("section[aria-labelledby=right]")
    expect(shown).to_contain_text("→ 김하람")
    assert shown.locator("dt").count() == 1
    page.locator("form[action$='/decline'] button").click()
    page.wait_for_url("**/admin/changes")


def test_who_is_not_signed_in_gets_nothing(service: Service) -> None:
    with httpx.Client(base_url=service.base) as client:
        for path in ("/admin", "/admin/certificates", "/admin/certificates/1", "/admin/audit", "/admin/batches/1"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/admin/sign-in?then={path}")
        for path in ("/admin/lists/1/issue", "/admin/changes/1/sign", "/admin/changes/1/decline"):
            assert client.post(path).status_code == 401
        assert client.post("/admin/lists", files={"file": ("a.csv", b"x")}).status_code == 401


def test_another_site_cannot_act_for_an_officer(service: Service) -> None:
    cookies = {"jikin-issuer-officer": session(service, "문시우")}
    with httpx.Client(base_url=service.base, cookies=cookies) as client:
        assert client.get("/admin/changes").status_code == 200
        for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            for path in ("/admin/sign-out", "/admin/lists/1/issue", "/admin/changes/1/sign", "/admin/certificates"):
                assert client.post(path, headers=headers).status_code == 403
        # who may not, may not, however they ask
        found = client.post("/admin/changes/999/decline", headers={"accept": "text/html"})
        assert found.status_code in (404, 409)
        assert "<h1>" in found.text
        for path in ("/admin/certificates/999", f"/admin/certificates/{1 << 70}", "/admin/batches/0"):
            assert client.get(path).status_code in (400, 404)


def test_a_crooked_way_back_leads_to_the_console(service: Service) -> None:
    with httpx.Client(base_url=service.base) as client:
        for then in ("https://evil.example", "//evil.example", "/admin/../wallet", "/administrator"):
            page = client.get("/admin/sign-in", params={"then": then})
            assert 'name="then" value="/admin"' in page.text


@pytest.mark.parametrize("look", LOOKS, ids=["-".join(map(str, look)) for look in LOOKS])
def test_two_officers_release_a_sealed_list(service: Service, page_for: PageFor, look: tuple[str, int, str]) -> None:
    story, office = Story(service, look, page_for), service.office
    two_persons.demand(office, office.institution(), ["list"])
    try:
        clerk, chief = story.officer("최지우", "issue"), story.officer("정민준", "approve")
        _seal(story, clerk, f"{HEADER},합격여부\n{row(look[1])},합격\n{row(look[1] + 1, passed_on='')},불합격")
        clerk.wait_for_url("**/admin/releases/*")
        story.seen(clerk, "release")
        press_passkey(clerk)
        expect(clerk.locator("form[data-passkey]")).to_have_count(0)
        chief.goto(f"{service.base}/admin")
        story.seen(chief, "overview-release")
        chief.locator("a[href^='/admin/releases/']").first.click()
        press_passkey(chief)
        expect(chief.locator("form[data-passkey]")).to_have_count(0)
        story.seen(chief, "released")
    finally:
        two_persons.demand(office, office.institution(), [])
    with office.database.read() as connection:
        sealed = embargoes.every(connection, office.institution().id)[-1]
    deadline = time.monotonic() + 60
    while embargo.read(office, sealed.id)[0].state is EmbargoState.SEALED and time.monotonic() < deadline:
        time.sleep(0.2)  # the service anchors it by itself
    chief.goto(f"{service.base}/admin/sealed/{sealed.id}")
    story.seen(chief, "sealed")
    assert embargo.read(office, sealed.id)[0].state is EmbargoState.ANCHORED
    _seal(story, clerk, f"{HEADER},합격여부\n{row(look[1], birth_date='2003-02-30')},합격")
    expect(clerk.locator("tbody tr").first).to_be_visible()
    assert_good(clerk, expected_errors=1)  # the answer is a refusal


def _seal(story: Story, clerk: Page, text: str) -> None:
    """Fill the form for a sealed list and send it."""
    clerk.goto(f"{story.service.base}/admin/sealed/new")
    story.seen(clerk, "seal")
    clerk.set_input_files("input[type=file]", {"name": "a.csv", "mimeType": "text/csv", "buffer": text.encode()})
    clerk.fill("#until", f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M}")
    clerk.locator("main form .button--primary").click()
