"""Open Badges 2.0 imported: an assertion that its issuer hosts, or that is signed as a JWS, and what holds of it.

A hosted badge is what its own address shows now, and counts only where the issuer's profile speaks for that address
(the profile's ``verification``; by default its own host). A signed badge counts by a key that the profile names. Badge,
issuer, key and revocation list are pages of their own: each is fetched once through the ``Fetch`` door, and whoever
gives ``NoFetch`` learns what can be said without a network.

Open Badges 2.0, "Badge Verification"; plain JSON is read, by the names that the specification's context gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from jikin.badges import rsa_jws
from jikin.badges.foreign import Kind, recognise, refusal
from jikin.badges.imported import Code, Imported, Looked, loose_instant, time_looked
from jikin.codec import strict_json
from jikin.credentials.identity import Identity
from jikin.credentials.structure import items
from jikin.dids.method import Fetch
from jikin.errors import BadgeError, CodecError, CredentialError, UnavailableError
from jikin.values import Json, JsonObject

MAX_PAGE_BYTES = 1 << 20  # pictures lie in them as data: URLs
_MAX_DEPTH = 32
_HOSTED = frozenset({"hosted", "HostedBadge"})
_SIGNED = frozenset({"signed", "SignedBadge"})
# What a copy must have in common with the page: a picture may lie inside one and be linked by the other.
_SAME = ("recipient", "issuedOn", "expires")


def read(source: JsonObject | str, fetch: Fetch, now: int, *, recipient: str | None = None) -> Imported:
    """Return what holds of an Open Badges 2.0 badge at the Unix second *now*.

    *source* is an assertion as parsed JSON, or a text: JSON, a compact JWS, or the address of a hosted assertion (what
    ``unbake`` finds). *recipient* is an address or number that the badge should be about. Raises BadgeError
    (``badge.foreign.…`` for another kind of document, ``badge.open-badges-2`` for a broken assertion), FetchError where
    all there is is an address that does not answer.
    """
    jws: str | None = None
    if isinstance(source, str):
        text = source.strip()
        if text.startswith(("https://", "http://")):
            return _Reading(_page(text, fetch), fetch, now, recipient, published_at=text).imported()
        jws = text if rsa_jws.looks_like(text) else None
        source = _object(rsa_jws.payload(text) if jws else _parse(text.encode("utf-8", "replace")), "an assertion")
    kind = recognise(source)
    if kind is not Kind.OPEN_BADGES_2:
        raise refusal(kind) if kind.foreign else _broken("this is no Open Badges 2.0 assertion")
    return _Reading(source, fetch, now, recipient, jws=jws).imported()


@dataclass(slots=True)
class _Reading:
    """One assertion under examination, and the pages it names, each asked for once."""

    assertion: JsonObject
    fetch: Fetch
    now: int
    recipient: str | None = field(repr=False)
    published_at: str | None = None
    jws: str | None = field(default=None, repr=False)
    looked: list[Looked] = field(default_factory=list)

    def imported(self) -> Imported:
        """Return the whole of what was found."""
        signed = self._is_signed()
        self._check_kind(signed)
        if not signed:
            self._look_at_the_page()
        badge = self._described(self.assertion.get("badge"))
        issuer_id = _id(badge.get("issuer")) if badge else None
        issuer = self._fetched(issuer_id)
        if signed:
            self._look_at_the_signature(issuer, issuer_id)
            self._look_at_the_revocation_list(issuer)
        else:
            self._look_at_the_scope(issuer, issuer_id)
        issued_at, expires = self._look_at_the_time()
        self._look_at_the_recipient()
        return Imported(
            kind=Kind.OPEN_BADGES_2,
            id=_id(self.assertion),
            title=_text(badge, "name"),
            # The name is the issuer's own word where its page was read, else the badge's.
            issuer=_text(issuer, "name") or _text(_inner(badge, "issuer"), "name"),
            issuer_id=issuer_id,
            issued_at=issued_at,
            expires=expires,
            looked=tuple(self.looked),
            document=self.assertion,
        )

    def _is_signed(self) -> bool:
        kinds = {one for one in items(_inner(self.assertion, "verification").get("type")) if isinstance(one, str)}
        if kinds & _SIGNED:
            return True
        if kinds & _HOSTED:
            return False
        raise _broken("an assertion is verified as hosted or as signed; this one says neither")

    def _check_kind(self, signed: bool) -> None:
        identifier = _id(self.assertion)
        if identifier is None or not isinstance(self.assertion.get("recipient"), Mapping):
            raise _broken("an assertion has an id and a recipient")
        if not signed and not _is_page(identifier):
            raise _broken("a hosted assertion has the address of its page for an id")

    # Hosted

    def _look_at_the_page(self) -> None:
        """Take what the assertion's own address shows for the assertion, and tell where the copy at hand differs."""
        address = str(self.assertion["id"])
        given = self.assertion
        if self.published_at is None:
            try:
                self.assertion = _page(address, self.fetch)
            except (UnavailableError, BadgeError) as error:
                self._add(Code.HOSTED_UNREACHABLE, f"the page of the badge cannot be read: {error}")
                self._add(Code.REVOCATION_UNKNOWN)
                return
        elif address != self.published_at:
            self._add(Code.HOSTED_ELSEWHERE, f"the page at {self.published_at[:100]} is that of {address[:100]}")
            return
        if _id(self.assertion) != address:
            self._add(Code.HOSTED_ELSEWHERE, f"the page at {address[:100]} is that of {str(_id(self.assertion))[:100]}")
        elif differing := [name for name in _SAME if given.get(name) != self.assertion.get(name)]:
            self._add(Code.HOSTED_DIFFERS, f"the page says something else of {', '.join(differing)}")
        elif _id(given.get("badge")) != _id(self.assertion.get("badge")):
            self._add(Code.HOSTED_DIFFERS, "the page is about another achievement")
        else:
            self._add(Code.HOSTED_HOLDS)
        if self.assertion.get("revoked") is True:
            self._add(Code.REVOCATION_REVOKED, _text(self.assertion, "revocationReason") or "")
        else:
            self._add(Code.REVOCATION_NONE)

    def _look_at_the_scope(self, issuer: JsonObject | None, issuer_id: str | None) -> None:
        if issuer is None or issuer_id is None:
            self._add(Code.SCOPE_UNKNOWN, "the issuer's page cannot be read")
        elif _in_scope(str(self.assertion.get("id")), issuer, issuer_id):
            self._add(Code.SCOPE_HOLDS)
        else:
            self._add(Code.SCOPE_OUTSIDE, f"the issuer {issuer_id[:100]} does not speak for the place of this badge")

    # Signed

    def _look_at_the_signature(self, issuer: JsonObject | None, issuer_id: str | None) -> None:
        if self.jws is None:
            self._add(Code.SIGNATURE_UNCHECKED, "the badge says it is signed, and its signature did not come along")
            return
        names = [_id(one) for one in items(issuer.get("publicKey", ()))] if issuer else []
        named = _id(_inner(self.assertion, "verification").get("creator")) or next(iter(names), None)
        key = self._key(named, issuer)
        if key is None:
            self._add(Code.ISSUER_KEY_UNKNOWN, "the key that signed cannot be read")
            self._add(Code.SIGNATURE_UNCHECKED)
            return
        if issuer is None:
            self._add(Code.ISSUER_KEY_UNKNOWN, "the issuer's page, which would name its keys, cannot be read")
        elif named in names and _id(key.get("owner")) == issuer_id:
            self._add(Code.ISSUER_KEY_HOLDS)
        else:
            self._add(Code.ISSUER_KEY_FOREIGN, "the issuer's page does not name the key that signed")
        try:
            holds = rsa_jws.verify(self.jws, str(key.get("publicKeyPem", "")))
        except BadgeError as error:
            self._add(Code.SIGNATURE_UNCHECKED, str(error))
            return
        self._add(Code.SIGNATURE_HOLDS if holds else Code.SIGNATURE_BROKEN)

    def _key(self, named: str | None, issuer: JsonObject | None) -> JsonObject | None:
        """Return the key called *named*: out of the issuer's page where it lies there, else from its own page."""
        for one in items(issuer.get("publicKey", ())) if issuer else ():
            if isinstance(one, Mapping) and _id(one) == named and "publicKeyPem" in one:
                return one
        page = self._fetched(named)
        return page if page is not None and _id(page) == named else None

    def _look_at_the_revocation_list(self, issuer: JsonObject | None) -> None:
        if issuer is None:
            self._add(Code.REVOCATION_UNKNOWN, "the issuer's page cannot be read")
            return
        address = _id(issuer.get("revocationList"))
        if address is None:
            self._add(Code.REVOCATION_UNSTATED, "the issuer publishes no list of revoked badges")
            return
        page = self._fetched(address)
        if page is None:
            self._add(Code.REVOCATION_UNKNOWN, "the list of revoked badges cannot be read")
            return
        for entry in items(page.get("revokedAssertions", ())):
            if _id(entry) == _id(self.assertion):
                self._add(Code.REVOCATION_REVOKED, _text(_mapping(entry), "revocationReason") or "")
                return
        self._add(Code.REVOCATION_NONE)

    # Both

    def _look_at_the_time(self) -> tuple[int | None, int | None]:
        issued_at, expires = (loose_instant(self.assertion.get(name)) for name in ("issuedOn", "expires"))
        if issued_at is None or (expires is None and self.assertion.get("expires") is not None):
            self._add(Code.TIME_UNREADABLE, "its dates cannot be read")
        else:
            self.looked.append(time_looked(issued_at, expires, self.now))
        return issued_at, expires

    def _look_at_the_recipient(self) -> None:
        if self.recipient is None:
            self._add(Code.RECIPIENT_UNASKED)
            return
        stated = _inner(self.assertion, "recipient")
        named = {"identityType": stated.get("type"), "identityHash": stated.get("identity")}
        try:
            identity = Identity.parse({**stated, **named})
        except CredentialError as error:
            raise _broken(f"its recipient cannot be read: {error}") from error
        self._add(Code.RECIPIENT_HOLDS if identity.fits(self.recipient) else Code.RECIPIENT_DIFFERS)

    def _described(self, value: Json) -> JsonObject | None:
        """Return the badge class: as it lies in the assertion, else from its own page; None where nobody answers."""
        return value if isinstance(value, Mapping) and "name" in value else self._fetched(_id(value))

    def _fetched(self, address: str | None) -> JsonObject | None:
        if address is None or not _is_page(address):
            return None
        try:
            return _page(address, self.fetch)
        except (UnavailableError, BadgeError):
            return None

    def _add(self, code: Code, detail: str = "") -> None:
        self.looked.append(Looked(code, detail))


def _in_scope(address: str, issuer: JsonObject, issuer_id: str) -> bool:
    """Say whether an issuer speaks for badges at *address* (VerificationObject: startsWith, allowedOrigins)."""
    rule = _inner(issuer, "verification")
    place = _split(address)
    if place is None:
        return False
    starts = [one for one in items(rule.get("startsWith", ())) if isinstance(one, str)]
    if starts and not any(_begins(place, _split(start)) for start in starts):
        return False
    hosts = {_host(one) for one in items(rule.get("allowedOrigins", ())) if isinstance(one, str)}
    if not hosts and starts:
        return True
    # The issuer's page is where it was read from; what it calls itself would be its own word.
    return _host(address) in (hosts or {_host(issuer_id)})


def _begins(place: SplitResult, start: SplitResult | None) -> bool:
    """Say whether *place* lies under *start*; https://a.example does not stand for https://a.example.evil.example."""
    if start is None or (place.scheme, place.netloc.lower()) != (start.scheme, start.netloc.lower()):
        return False
    return f"{place.path}?{place.query}".startswith(start.path + (f"?{start.query}" if start.query else ""))


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def _host(text: str) -> str:
    parts = _split(text if "://" in text else f"https://{text}")
    return (parts.hostname or "") if parts else ""


def _is_page(address: str) -> bool:
    return _split(address) is not None


def _page(address: str, fetch: Fetch) -> JsonObject:
    return _object(_parse(fetch.get(address, max_bytes=MAX_PAGE_BYTES)), f"the page {address[:100]}")


def _parse(data: bytes) -> Json:
    try:
        return strict_json.parse(data, max_bytes=MAX_PAGE_BYTES, max_depth=_MAX_DEPTH)
    except CodecError as error:
        raise _broken(f"what should be JSON cannot be read: {error}") from error


def _object(value: Json, what: str) -> JsonObject:
    if not isinstance(value, Mapping):
        raise _broken(f"{what} is a JSON object")
    return value


def _mapping(value: Json) -> JsonObject:
    return value if isinstance(value, Mapping) else {}


def _inner(holder: JsonObject | None, member: str) -> JsonObject:
    return _mapping(holder.get(member)) if holder else {}


def _id(value: Json) -> str | None:
    found = (value.get("id") or value.get("uid")) if isinstance(value, Mapping) else value
    return found if isinstance(found, str) and found else None


def _text(holder: JsonObject | None, member: str) -> str | None:
    value = holder.get(member) if holder else None
    return value if isinstance(value, str) else None


def _broken(message: str) -> BadgeError:
    return BadgeError(message, code="badge.open-badges-2")
