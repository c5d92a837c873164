"""What is told of a badge of another system, in words: what it is, by whom by its own word, what holds and what not.

It is chosen from the codes alone. Nothing here says "genuine": whoever made the badge is accredited by nobody here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jikin.badges.imported import Code, Imported, Looked, Standing
from jikin.credentials.text import visible
from jikin.web import languages
from verifier.facts import Fact
from verifier.lines import Line
from verifier.words import Say

_MAX_VALUE = 300
_OUTCOMES: Mapping[Standing, str] = {Standing.FAILS: "failed", Standing.OPEN: "unknown", Standing.HOLDS: "passed"}
_ORDER = tuple(_OUTCOMES)
_ENDED_WORDS: Mapping[Code, str] = {
    Code.TIME_EXPIRED: "word.expired",
    Code.REVOCATION_REVOKED: "word.revoked",
}
# What was looked at, by the first word of its code → the title of the line.
_TITLES: Mapping[str, str] = {
    "hash": "imported.check.content",
    "path": "imported.check.path",
    "chain": "check.anchor",
    "signature": "check.proof",
    "issuer-key": "check.key",
    "hosted": "imported.check.page",
    "scope": "imported.check.scope",
    "time": "check.time",
    "revocation": "check.status",
    "recipient": "check.holder",
    "store": "imported.check.store",
    "domain": "imported.check.domain",
}


def words(imported: Imported, say: Say) -> tuple[str, str, str]:
    """Return the verdict word, why in a sentence, and what to do next."""
    if imported.altered:
        return say("verdict.failed"), say("imported.altered.why"), say("next.failed")
    standing = imported.outcome.value
    why = f"{kind(imported, say)} {say(f'imported.{standing}.why')}"
    return say("imported.word"), why, say(f"imported.{standing}.next")


def kind(imported: Imported, say: Say) -> str:
    """Return what it is, in a sentence."""
    return say(f"imported.kind.{imported.kind.value.removeprefix('foreign.')}")


def facts(imported: Imported, language: str, say: Say) -> tuple[Fact, ...]:
    """Return what it says of itself; rows without a value are left out."""
    return tuple(row for row in _facts(imported, language, say) if row.value)


def _facts(imported: Imported, language: str, say: Say) -> Iterator[Fact]:
    yield Fact(say("imported.fact.title"), _shown(imported.title))
    yield from (Fact(say("imported.fact.inside"), _shown(one.title)) for one in imported.inner)
    yield Fact(say("imported.fact.issuer"), _shown(imported.issuer))
    yield Fact(say("imported.fact.issuer_id"), _shown(imported.issuer_id))
    if imported.issued_at is not None:
        yield Fact(say("facts.issued"), languages.day(imported.issued_at, language))
    if imported.expires is not None:
        yield Fact(say("facts.until"), languages.day(imported.expires, language))


def _shown(text: str | None) -> str:
    return "" if text is None else visible(text, _MAX_VALUE)


def lines(imported: Imported, say: Say) -> tuple[Line, ...]:
    """Return what was looked at, also of badges inside: what fails first, then what is open; each sentence once."""
    made: dict[tuple[str, str], Line] = {}
    for one in sorted(_looked(imported), key=lambda one: _ORDER.index(one.standing)):
        line = _line(one, say)
        made.setdefault((line.title, line.sentence), line)
    return tuple(made.values())


def _looked(imported: Imported) -> Iterator[Looked]:
    yield from imported.looked
    for one in imported.inner:
        yield from _looked(one)


def _line(one: Looked, say: Say) -> Line:
    outcome = _OUTCOMES[one.standing]
    subject, _, how = one.code.value.partition(".")
    return Line(
        outcome=outcome,
        title=say(_TITLES[subject]),
        word=say(_ENDED_WORDS.get(one.code, f"word.{outcome}")),
        sentence=say(f"imported.{subject}.{how}"),
        code=one.code.value,
    )
