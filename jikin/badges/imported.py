"""What comes out of importing a badge of another system: what holds of it, what does not, what nobody could say.

An imported badge is never called genuine. Its makers are accredited by nobody here, so what can be said is what was
looked at: a hash, a path, a page, a signature. ``Imported.outcome`` is *broken* as soon as one of these fails. Which
standing a code has is data, as it is for findings; sentences for the codes live with whoever shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum, StrEnum

from jikin.badges.foreign import Kind
from jikin.errors import ValueRefusedError
from jikin.values import Json, JsonObject, parse_instant


class Standing(Enum):
    """How one thing that was looked at came out."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "open"  # nobody could say, or nobody was asked


class Code(StrEnum):
    """What was looked at and how it came out; part of the public interface."""

    HASH_HOLDS = "hash.holds"
    HASH_DIFFERS = "hash.differs"
    HASH_UNCOVERED = "hash.uncovered"  # it says things that its hash does not cover
    HASH_UNKNOWN = "hash.unknown"  # its vocabulary is not known here

    PATH_HOLDS = "path.holds"
    PATH_BROKEN = "path.broken"

    CHAIN_ANCHORED = "chain.anchored"
    CHAIN_DIFFERS = "chain.differs"
    CHAIN_ABSENT = "chain.absent"  # asked, and there is no such transaction
    CHAIN_UNREACHABLE = "chain.unreachable"
    CHAIN_UNASKED = "chain.unasked"
    CHAIN_MOCK = "chain.mock"  # it says itself that it was never issued on a chain: a trial, and no certificate

    SIGNATURE_HOLDS = "signature.holds"
    SIGNATURE_BROKEN = "signature.broken"
    SIGNATURE_UNCHECKED = "signature.unchecked"

    ISSUER_KEY_HOLDS = "issuer-key.holds"  # whoever signed or anchored is whom the issuer's own page names
    ISSUER_KEY_FOREIGN = "issuer-key.foreign"
    ISSUER_KEY_REVOKED = "issuer-key.revoked"
    ISSUER_KEY_UNKNOWN = "issuer-key.unknown"

    HOSTED_HOLDS = "hosted.holds"
    HOSTED_DIFFERS = "hosted.differs"
    HOSTED_ELSEWHERE = "hosted.elsewhere"  # the page says it is the page of another badge
    HOSTED_UNREACHABLE = "hosted.unreachable"

    SCOPE_HOLDS = "scope.holds"
    SCOPE_OUTSIDE = "scope.outside"  # the issuer's page does not speak for the place where the badge lies
    SCOPE_UNKNOWN = "scope.unknown"

    TIME_CURRENT = "time.current"
    TIME_EXPIRED = "time.expired"
    TIME_NOT_YET = "time.not-yet"
    TIME_UNREADABLE = "time.unreadable"

    REVOCATION_NONE = "revocation.none"
    REVOCATION_REVOKED = "revocation.revoked"
    REVOCATION_UNSTATED = "revocation.unstated"
    REVOCATION_UNKNOWN = "revocation.unknown"

    RECIPIENT_HOLDS = "recipient.holds"
    RECIPIENT_DIFFERS = "recipient.differs"
    RECIPIENT_UNASKED = "recipient.unasked"

    STORE_UNASKED = "store.unasked"  # the contract that issues and revokes it was not asked
    DOMAIN_UNASKED = "domain.unasked"  # the domain that vouches for the issuer was not asked


_HOLDS = frozenset(
    {
        *(Code.HASH_HOLDS, Code.PATH_HOLDS, Code.CHAIN_ANCHORED, Code.SIGNATURE_HOLDS, Code.ISSUER_KEY_HOLDS),
        *(Code.HOSTED_HOLDS, Code.SCOPE_HOLDS, Code.TIME_CURRENT, Code.REVOCATION_NONE, Code.RECIPIENT_HOLDS),
    }
)
_OPEN = frozenset(
    {
        *(Code.HASH_UNKNOWN, Code.CHAIN_UNREACHABLE, Code.CHAIN_UNASKED, Code.SIGNATURE_UNCHECKED),
        *(Code.ISSUER_KEY_UNKNOWN, Code.HOSTED_UNREACHABLE, Code.SCOPE_UNKNOWN, Code.TIME_UNREADABLE),
        *(Code.REVOCATION_UNSTATED, Code.REVOCATION_UNKNOWN, Code.RECIPIENT_UNASKED, Code.STORE_UNASKED),
        Code.DOMAIN_UNASKED,
    }
)
# What proves the content at all. A badge of which none holds is unchecked, however little fails: otherwise a forger
# would only have to make things uncheckable.
_PROVES = frozenset({Code.HASH_HOLDS, Code.SIGNATURE_HOLDS, Code.HOSTED_HOLDS})
# What shows that a badge says something else than what was signed or hashed, by the badge and its own key alone. Other
# failings are about places outside it: a page that moved, a key that was given up, a node that answers nonsense.
_ALTERED = frozenset({Code.HASH_DIFFERS, Code.PATH_BROKEN, Code.SIGNATURE_BROKEN})
# What was once good and is over: the badge is whole.
_ENDS = frozenset({Code.TIME_EXPIRED, Code.REVOCATION_REVOKED})
STANDINGS: Mapping[Code, Standing] = {
    code: Standing.HOLDS if code in _HOLDS else Standing.OPEN if code in _OPEN else Standing.FAILS for code in Code
}


class ImportOutcome(Enum):
    """What an import says as a whole; there is no "genuine"."""

    IMPORTED = "imported"  # what proves its content holds; whose it is may be open
    ENDED = "ended"  # expired or revoked, and otherwise whole
    UNCHECKED = "unchecked"  # nothing that proves its content could be looked at
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Looked:
    """One thing that was looked at; *detail* says what was found, for people who want to know more."""

    code: Code
    detail: str = field(default="", repr=False)

    @property
    def standing(self) -> Standing:
        """Return how it came out."""
        return STANDINGS[self.code]


@dataclass(frozen=True, slots=True)
class Imported:
    """An imported badge: what it says of itself, unverified, and what was looked at.

    *issuer* is the name it gives its issuer, *issuer_id* that issuer's id. Instants are Unix seconds. *inner* are the
    badges inside one that carries several. *document* is the badge as it came, or as its issuer publishes it.
    """

    kind: Kind
    id: str | None
    title: str | None
    issuer: str | None
    issuer_id: str | None
    issued_at: int | None
    expires: int | None
    looked: tuple[Looked, ...]
    document: JsonObject = field(repr=False)
    inner: tuple[Imported, ...] = ()

    @property
    def outcome(self) -> ImportOutcome:
        """Return the outcome: the worst of broken, unchecked, ended, imported, with those of the badges inside."""
        inner = {one.outcome for one in self.inner}
        codes = {one.code for one in self.looked}
        failing = {code for code in codes if STANDINGS[code] is Standing.FAILS}
        if failing - _ENDS or ImportOutcome.BROKEN in inner:
            return ImportOutcome.BROKEN
        if not codes & _PROVES or ImportOutcome.UNCHECKED in inner:
            return ImportOutcome.UNCHECKED
        return ImportOutcome.ENDED if failing or ImportOutcome.ENDED in inner else ImportOutcome.IMPORTED

    @property
    def altered(self) -> bool:
        """Say whether it is proved that it, or a badge inside, says something else than what was signed or hashed."""
        return any(one.code in _ALTERED for one in self.looked) or any(one.altered for one in self.inner)

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes of what was looked at, in order."""
        return tuple(one.code.value for one in self.looked)

    def __bool__(self) -> bool:
        """Refuse: an imported badge is never simply good."""
        raise TypeError("an import is no verdict: compare imported.outcome")

    def to_json(self) -> JsonObject:
        """Return what was found as JSON, without the document itself."""
        looked: list[Json] = [
            {"code": one.code.value, "standing": one.standing.value, "detail": one.detail} for one in self.looked
        ]
        texts: dict[str, Json] = {
            "kind": self.kind.value,
            "outcome": self.outcome.value,
            "id": self.id,
            "title": self.title,
            "issuer": self.issuer,
            "issuerId": self.issuer_id,
            "issuedAt": self.issued_at,
            "expires": self.expires,
        }
        inner: list[Json] = [one.to_json() for one in self.inner]
        return {**texts, "looked": looked, **({"inner": inner} if inner else {})}


def time_looked(issued_at: int | None, expires: int | None, now: int) -> Looked:
    """Return how the dates of a badge stand at the Unix second *now*."""
    if issued_at is not None and issued_at > now:
        return Looked(Code.TIME_NOT_YET, "it was issued in the future")
    if expires is not None and expires <= now:
        return Looked(Code.TIME_EXPIRED, "it has expired")
    if issued_at is not None and expires is not None and expires < issued_at:
        return Looked(Code.TIME_EXPIRED, "it expired before it was issued")
    return Looked(Code.TIME_CURRENT)


def loose_instant(value: Json) -> int | None:
    """Return the Unix second of a date as badges wrote them: RFC 3339, a day, minutes only, or a number; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value < 1 << 40 else None
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        return parse_instant(value)
    except ValueRefusedError:
        pass
    try:
        if len(value) == 10:
            day = date.fromisoformat(value)
            return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        moment = datetime.fromisoformat(value)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
