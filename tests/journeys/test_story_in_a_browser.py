"""The whole story in a real Chromium over the three services as ``jikin up`` starts them.

An officer issues, a holder receives and shows, an employer sees that it is genuine; two officers revoke, and everybody
sees that. What must hold of every page holds of every page of the story.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from playwright.sync_api import Error, Page, expect

from issuer.reasons import reasons
from jikin.web.languages import day
from tests import people
from tests.browser import COLOURS, WIDTHS, PageFor, assert_good, browser, chromium, driver, page_for, picture
from tests.people import Certificate, plain
from tests.services import Services, services

__all__ = ["browser", "chromium", "driver", "page_for", "services"]
pytestmark = pytest.mark.chain
# In what language and width people act; every page they see is looked at in both widths.
MODES = [("ko", 360), ("en", 1280)]
REASON = "forged-evidence"
_GOOD, _BAD = 12, 3


@pytest.mark.parametrize(("language", "width"), MODES, ids=[f"{language}-{width}" for language, width in MODES])
def test_issued_received_shown_revoked(services: Services, page_for: PageFor, language: str, width: int) -> None:
    def seen(page: Page, name: str) -> None:
        for wide in sorted(WIDTHS, key=lambda other: other == width):
            page.set_viewport_size({"width": wide, "height": 800})
            picture(page, f"story-{name}-{language}-{wide}")
            # In the width in which somebody acts, every rule; in the other one, those that a width can break.
            _good(page, None if wide == width else COLOURS)
        if name == "preview":
            assert page.locator("td.bad").count() >= _BAD

    number_of_story = MODES.index((language, width))
    clerk, chief, her, employer = (page_for(language, width) for _ in range(4))

    people.enrol(clerk, services.invite("hrdk", f"clerk-{language}-{width}", "issue", "request"), seen)
    people.out_and_in(clerk, seen)
    data = people.rows(number_of_story * _GOOD, _GOOD, bad=_BAD)
    people.issue(clerk, services, f"results-{language}-{width}.csv", data, seen)
    (certificate,) = people.certificates(clerk, services, 1, seen)
    if number_of_story % 2:
        offer = people.hand_over(clerk, services, certificate, seen)
    else:
        offer = people.claim(her, services, people.facts_of(certificate, clerk, data), seen)

    people.open_wallet(her, services, f"holder-{language}-{width}", seen)
    held = people.receive(her, offer, seen)
    people.wallet_says(her, services, held, "passed", language, seen)

    people.show(her, people.ask(employer, services, "지게차 운전원 채용", seen), seen)
    people.verdict(employer, "passed", language, seen, name="employer-passed")
    expect(employer.locator(".number").first).to_have_text(certificate.number)
    people.by_number(employer, services, certificate.number)
    people.verdict(employer, "passed", language, seen, name="number-passed", word="number")

    people.enrol(chief, services.invite("hrdk", f"chief-{language}-{width}", "approve"))
    people.approve(chief, people.ask_to_revoke(clerk, certificate, REASON, seen), certificate, seen)

    people.by_number(employer, services, certificate.number)
    said = people.verdict(employer, "revoked", language, seen, name="number-revoked")
    assert _today(language) in plain(said)
    people.check_again(her, services, seen)
    expect(her.locator(f".notice a[href='{held.removeprefix(services.wallet)}']")).to_be_visible()
    people.wallet_says(her, services, held, "revoked", language, seen)
    people.show(her, people.ask(employer, services, "지게차 운전원 채용"), seen, warned=True)
    said = people.verdict(employer, "revoked", language, seen, name="employer-revoked")
    assert _today(language) in plain(said)
    # the reason is for who has the certificate in hand, not for who knows its number
    expect(employer.locator("main")).to_contain_text(reasons()[REASON].text.in_language(language))
    _nothing_of_anybody_in_the_logs(services, certificate)


def _good(page: Page, rules: Sequence[str] | None) -> None:
    """Fail unless *page* is good; one that reloads itself meanwhile, as progress does, is looked at again."""
    for more in (True, True, False):
        try:
            assert_good(page, rules)
        except Error as error:
            if not more or "Execution context was destroyed" not in error.message:
                raise
            page.wait_for_load_state()
        else:
            return


def _today(language: str) -> str:
    return plain(day(int(time.time()), language))


def _nothing_of_anybody_in_the_logs(services: Services, certificate: Certificate) -> None:
    names = [line.split(",")[1] for line in people.rows(0, 60).decode().splitlines()[1:]]
    for service in ("issuer", "wallet", "verifier"):
        log = services.log(service)
        for secret in (certificate.number, people.PASSPHRASE, *services.tokens.values(), *names):
            assert secret not in log, f"the {service}'s log"
