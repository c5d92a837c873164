"""One page in every width and look without loading it again: loading is most of what a test of a page costs.

Use: ``page = page_for("ko")`` (`tests.browser`), go somewhere, and ``see(page, "start", PHONE_AND_DESK)``. The look is
put on as the switches in the foot of a page put it on; that they do, and that a page comes in the look of its cookie,
`tests.web` tests.
"""

from __future__ import annotations

from collections.abc import Sequence

from playwright.sync_api import Page

from tests.browser import COLOURS, SCHEMES, WIDTHS, assert_good, picture, pictured

Look = tuple[int, str]  # width, and one of SCHEMES
_PHONE, _DESK = WIDTHS
# On the desk it is light in the second language: of both together no width goes without a look.
PHONE_AND_DESK: tuple[Look, ...] = ((_PHONE, "light"), (_PHONE, "dark"), (_DESK, "dark"))
SEES_LITTLE: tuple[Look, ...] = tuple((_PHONE, scheme) for scheme in ("contrast", "contrast-dark", "big"))
# The second language changes how long words are, and no colour: each width once, and dark where there is least room.
SECOND_LANGUAGE: tuple[Look, ...] = ((_PHONE, "dark"), (_DESK, "light"))
_PUT_ON = """(look) => {
    for (const name of ["theme", "contrast", "text"]) {
        if (look[name]) document.documentElement.dataset[name] = look[name];
        else delete document.documentElement.dataset[name];
    }
}"""


def looks_in(language: str, *, also: tuple[Look, ...] = SEES_LITTLE) -> tuple[Look, ...]:
    """Return the looks in which a page is looked at in this language; in Korean also those of *also*."""
    return PHONE_AND_DESK + also if language == "ko" else SECOND_LANGUAGE


def put_on(page: Page, look: Look) -> None:
    """Show the page that is open in *look*."""
    width, scheme = look
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate(_PUT_ON, dict(SCHEMES[scheme]))


def see(page: Page, name: str, looks: Sequence[Look], *, expected_errors: int = 0) -> None:
    """Fail unless the page that is open is good in each of *looks*; afterwards it has the first of them.

    What is folded is unfolded: folded, the page has less of the same and is looked at once. Pictures are of it folded.
    """
    page.emulate_media(reduced_motion="reduce")  # a page fades from one look into the other
    language = page.evaluate("document.documentElement.lang")
    for width, scheme in looks if pictured() else ():
        put_on(page, (width, scheme))
        picture(page, f"{name}-{language}-{width}-{scheme}")
    put_on(page, looks[0])
    if page.locator("details > summary").count():
        assert_good(page, expected_errors=expected_errors)
        for fold in page.locator("details > summary").all():
            fold.click()
    known = set[tuple[int, str | None]]()
    for width, scheme in looks:
        put_on(page, (width, scheme))
        form = width, SCHEMES[scheme].get("text")
        # Of two looks that differ in their colours alone, the second needs no rules but those about colours.
        assert_good(page, COLOURS if form in known else None, expected_errors=expected_errors)
        known.add(form)
    put_on(page, looks[0])
    page.emulate_media(reduced_motion="null")
