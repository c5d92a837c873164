"""What a verifier demands: a policy is a file of weights and limits (``schemas/policies/*.toml``).

A policy decides which findings count and how old an answer may be. It cannot change an outcome: what failed has failed
under every policy, as a required finding or as a note.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import schemas
from jikin.anchoring.trusted import Voucher
from jikin.errors import SettingsError
from jikin.verification.findings import FINDINGS, Code, Question
from jikin.verification.report import Weight

_FOLDER = "policies"
_ENDING = ".toml"
_MEMBERS = frozenset(
    {"meaning", "anchor", "fetch_resources", "limits", "second_suites", "suite_cut_offs", "vouchers", "weights"}
)
_LIMITS = ("status_age_seconds", "edge_seconds", "created_after_anchor_seconds")


class AnchorDemand(Enum):
    """When a missing receipt counts; the value is the word in the file."""

    ALWAYS = "always"
    WHERE_PROMISED = "where-promised"  # where the issuer's on-chain flag anchorsAll is set
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy by *name*; *meaning* is one sentence for people.

    *status_age_seconds*: how old the block may be at which the status was read. *edge_seconds*: how near to the edge of
    a window nothing can be said. *created_after_anchor_seconds*: how much later than its anchor a proof may say it was
    made. *fetch_resources*: whether files that a credential refers to are asked for. *second_suites*: cryptosuites of
    which one proof must stand beside the others; empty: none is demanded. *suite_cut_offs*: cryptosuite → Unix second
    from which it is no longer relied on. *vouchers*: whose word for a block is enough, where answers are proven as of
    one. *weights*: code, or question for all its codes, → weight; what is not named
    keeps the weight of the table of findings.
    """

    name: str
    meaning: str
    anchor: AnchorDemand
    status_age_seconds: int
    edge_seconds: int
    created_after_anchor_seconds: int
    fetch_resources: bool = False
    second_suites: tuple[str, ...] = ()
    suite_cut_offs: Mapping[str, int] = field(default_factory=dict)
    vouchers: tuple[Voucher, ...] = tuple(Voucher)
    weights: Mapping[str, Weight] = field(default_factory=dict)

    def accepts(self, voucher: Voucher) -> bool:
        """Say whether the word of *voucher* for a block is enough."""
        return voucher in self.vouchers

    def weight(self, code: Code) -> Weight:
        """Return the weight of *code*: its own in this policy, that of its question, or the table's.

        What the table itself has as a note is a note unless the policy names its very code.
        """
        if code in self.weights:
            return self.weights[code]
        if FINDINGS[code].weight is Weight.ADVISORY:
            return Weight.ADVISORY
        return self.weights.get(code.question, FINDINGS[code].weight)


def packaged_names() -> tuple[str, ...]:
    """Return the names of the policies that come with the package, sorted."""
    return tuple(name.removesuffix(_ENDING) for name in schemas.names(_FOLDER) if name.endswith(_ENDING))


def packaged(name: str) -> Policy:
    """Return the packaged policy called *name*; raises SettingsError (``policy.unknown``) that lists the known ones."""
    if name not in packaged_names():
        raise SettingsError(
            f"no policy called {name[:60]!r}; this installation knows {', '.join(packaged_names())}",
            code="policy.unknown",
        )
    return parse(name, schemas.read(f"{_FOLDER}/{name}{_ENDING}"))


def parse(name: str, data: bytes) -> Policy:
    """Return the policy called *name* that the TOML file *data* states; raises SettingsError (``policy``)."""
    try:
        stated = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _refuse(name, f"not TOML: {error}") from error
    if unknown := sorted(set(stated) - _MEMBERS):
        raise _refuse(name, f"no setting is called {', '.join(unknown)}; there are {', '.join(sorted(_MEMBERS))}")
    limits = stated.get("limits")
    if not isinstance(limits, dict) or set(limits) != set(_LIMITS):
        raise _refuse(name, f"[limits] has exactly {', '.join(_LIMITS)}")
    return Policy(
        name=name,
        meaning=_text(name, stated, "meaning"),
        anchor=_anchor(name, stated),
        **{limit: _seconds(name, limits, limit) for limit in _LIMITS},
        fetch_resources=_flag(name, stated, "fetch_resources"),
        second_suites=_texts(name, stated.get("second_suites", [])),
        suite_cut_offs=_cut_offs(name, stated.get("suite_cut_offs", {})),
        vouchers=_vouchers(name, stated.get("vouchers", [voucher.value for voucher in Voucher])),
        weights=_weights(name, stated.get("weights", {})),
    )


def _text(name: str, stated: Mapping[str, Any], member: str) -> str:
    value = stated.get(member)
    if not isinstance(value, str) or not value:
        raise _refuse(name, f"{member} is a text, got {value!r}")
    return value


def _flag(name: str, stated: Mapping[str, Any], member: str) -> bool:
    value = stated.get(member, False)
    if not isinstance(value, bool):
        raise _refuse(name, f"{member} is true or false, got {value!r}")
    return value


def _anchor(name: str, stated: Mapping[str, Any]) -> AnchorDemand:
    try:
        return AnchorDemand(stated.get("anchor"))
    except ValueError as error:
        known = ", ".join(demand.value for demand in AnchorDemand)
        raise _refuse(name, f"anchor is one of {known}, got {stated.get('anchor')!r}") from error


def _seconds(name: str, limits: Mapping[str, Any], limit: str) -> int:
    value = limits[limit]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _refuse(name, f"{limit} is a whole number of seconds, got {value!r}")
    return value


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise _refuse(name, f"second_suites is a list of cryptosuites, got {value!r}")
    return tuple(value)


def _vouchers(name: str, value: object) -> tuple[Voucher, ...]:
    try:
        if not isinstance(value, list) or not value:
            raise ValueError
        return tuple(Voucher(entry) for entry in value)
    except ValueError as error:
        known = ", ".join(Voucher)
        raise _refuse(name, f"vouchers are some of {known}, got {value!r}") from error


def _cut_offs(name: str, value: object) -> dict[str, int]:
    if not isinstance(value, dict):
        raise _refuse(name, "[suite_cut_offs] names a day for each cryptosuite")
    found = {}
    for suite, day in value.items():
        if not isinstance(day, date) or isinstance(day, datetime):
            raise _refuse(name, f"the cut-off of {suite} is a day such as 2035-01-01, got {day!r}")
        found[suite] = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    return found


def _weights(name: str, value: object) -> dict[str, Weight]:
    if not isinstance(value, dict):
        raise _refuse(name, "[weights] names required or advisory for codes or questions")
    known = {*Code, *Question}
    found = {}
    for what, weight in value.items():
        if what not in known:
            raise _refuse(name, f"no finding and no question is called {what!r}")
        try:
            found[str(what)] = Weight(weight)
        except ValueError as error:
            raise _refuse(name, f"the weight of {what} is required or advisory, got {weight!r}") from error
    return found


def _refuse(name: str, message: str) -> SettingsError:
    return SettingsError(f"policy {name}: {message}", code="policy")
