"""What the wallet's verbs hand to whoever shows it: certificates held, what an offer brings, what somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from jikin.values import Json, JsonObject
from jikin.verification.report import Report


class Standing(StrEnum):
    """How a certificate stands as of its last check, in the words of the pages."""

    PASSED = "passed"
    WAITING = "waiting"  # genuine as far as is known, its record on the chain is not there yet
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    REPLACED = "replaced"
    EXPIRED = "expired"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a certificate says: its label in ko and en, its value for people."""

    label: Mapping[str, str]
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A certificate in the vault. *id* is the wallet's own; instants are Unix seconds; nothing personal is in its repr.

    *previous* is the standing before the last check where that changed and was not yet seen: a notice on the list.
    *envelope* is the text that it was issued as, where it is an SD-JWT VC; *credential* are its claims then.
    """

    id: str
    type: str
    title: Mapping[str, str]
    issuer: Mapping[str, str]  # names by the approved profile; the stated ones where none is known
    issuer_accredited: bool
    number: str | None = field(repr=False)
    issued_at: int | None
    valid_until: int | None
    standing: Standing
    report: Report = field(repr=False)
    fields: tuple[Field, ...] = field(repr=False)
    credential: JsonObject = field(repr=False)
    receipt: JsonObject | None = field(repr=False)
    received_at: int
    checked_at: int
    previous: Standing | None = None
    envelope: str | None = field(repr=False, default=None)

    @property
    def issued(self) -> Json:
        """Return the certificate as it was issued: a JSON object, or the text of an SD-JWT VC with all disclosures."""
        return self.credential if self.envelope is None else self.envelope


@dataclass(frozen=True, slots=True)
class OfferSeen:
    """What an offer would bring, before anything is accepted.

    *issuer* are the names of the approved profile where the registry knows who offers (*accredited*), else what the
    issuer calls itself. *code_length* None: no transaction code is asked for; 0: one is, of a length that is not said.
    """

    id: str
    issuer_url: str
    issuer: Mapping[str, str]
    titles: tuple[Mapping[str, str], ...]
    code_length: int | None
    code_description: str | None
    accredited: bool = False


class Trust(StrEnum):
    """What is known of whoever asks."""

    REGISTERED = "registered"  # accredited in the registry, or a configured trust entry
    VERIFIED = "verified"  # the request is signed by whom it names; nobody vouches for them
    UNVERIFIED = "unverified"  # an unsigned request: anybody could have written it


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: *client_id* as in the request, *name* as shown, *host* where the answer goes."""

    client_id: str
    name: Mapping[str, str]
    host: str
    trust: Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What would be seen of a certificate in answer to a request.

    *whole*: everything, as the format ``ldp_vc`` has it. Else *fields* is all that is seen of what it says, *hidden*
    are the labels of what is left out, and *kind* is what its type is called, which is always seen.
    """

    whole: bool
    fields: tuple[Field, ...] = field(repr=False)
    hidden: tuple[Mapping[str, str], ...] = ()
    kind: Mapping[str, str] = field(default_factory=dict)
    issued_at: int | None = None
    valid_until: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that is asked for (a DCQL credential query) and the certificates that fit it, best first.

    *shown* is what would be seen of each, by certificate id.
    """

    query_id: str
    required: bool
    candidates: tuple[Held, ...]
    shown: Mapping[str, Shown]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request waiting for the holder's answer."""

    id: str
    asker: Asker
    purpose: Mapping[str, str] | None
    wanted: tuple[Wanted, ...]
    satisfiable: bool
    others: int  # certificates held that are not shown
    expires: int | None


@dataclass(frozen=True, slots=True)
class Presented:
    """What became of an answer: where the browser goes on, if the asker said so."""

    redirect_uri: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the activity log. *act*: received, presented, declined, checked, changed … (``activity.ACTS``)."""

    at: int
    act: str
    title: Mapping[str, str] | None = field(repr=False)
    party: str | None = field(repr=False)  # whom it was received from or shown to
    detail: Mapping[str, Json] = field(repr=False, default_factory=dict)
