"""The second factor: who knows name and birth date on a certificate may see its holder's masked name (SECURITY 4.1).

There is one answer for everything that is not right (an unknown number, another name, a certificate without such
facts, an erased one, too many tries) and it costs the same work, so that asking tells nothing about anybody.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from issuer import pepper
from issuer.office import Office
from issuer.store import batches
from issuer.store.batches import Credential, CredentialState
from jikin.anchoring.statements import short_string
from jikin.errors import NumberError
from jikin.values import CertificateNumber

PER_NUMBER = "5/hour;20/day"
PER_NETWORK = "100/hour"
_MAGIC = b"JKF1"
_NAMES = ("name_ko", "name_en", "name")
_BIRTH = "birth_date"
_MAX_NAME = 80
_DATE = re.compile(r"([0-9]{4})(?:[-./년] ?)?([0-9]{1,2})(?:[-./월] ?)?([0-9]{1,2})[.일]?")
_NOBODY = CertificateNumber.random(0, "0000")  # what is computed for a number that is none
_TOLD = frozenset(
    {CredentialState.RELEASED, CredentialState.SUSPENDED, CredentialState.REVOKED, CredentialState.REPLACED}
)


class Limits(Protocol):
    """Says whether a key may try once more."""

    def take(self, key: str) -> bool:
        """Return whether *key* may try once more; a try that is allowed is counted."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What somebody says of a certificate: its number, the holder's name and birth date, as they were typed."""

    number: str = field(repr=False)
    name: str = field(repr=False)
    birth_date: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limiters:
    """How often somebody may try: for each number, and from each network."""

    per_number: Limits
    per_network: Limits


def check(office: Office, facts: Facts, limiters: Limiters, network: str) -> Credential | None:
    """Return the certificate when name and birth date are those of its holder; None in every other case.

    *network* is where the question comes from. A try that is not allowed any more is answered like a wrong one.
    """
    try:
        number = CertificateNumber.parse(facts.number)
    except NumberError:
        number = _NOBODY
    allowed = limiters.per_network.take(network) and limiters.per_number.take(number.symbols)
    with office.database.read() as connection:
        found = batches.by_number(connection, number.symbols)
    given = tag(office, number, facts.name, _eight(facts.birth_date))
    matches = [hmac.compare_digest(given, known) for known in _tags(office, number, found)]
    told = found is not None and found.state in _TOLD and allowed and any(matches)
    return found if told else None


def masked_name(credential: Credential, language: str = "ko") -> str:
    """Return the holder's name with all but its edges hidden: 김*늘; in English where it is known, K*m H*****l."""
    record = credential.record or {}
    names = sorted(_NAMES, key=lambda name: name != "name_en") if language == "en" else _NAMES
    return mask(next((str(record[name]) for name in names if record.get(name)), ""))


def mask(name: str) -> str:
    """Return *name* with the inside of each word hidden; of a word of two letters the last is hidden."""
    return " ".join(_masked_word(word) for word in name.split())


def _masked_word(word: str) -> str:
    if len(word) < 3:
        return word[:1] + "*" * (len(word) - 1)
    return word[0] + "*" * (len(word) - 2) + word[-1]


def tag(office: Office, number: CertificateNumber, name: str, birth_date: str) -> bytes:
    """Return the tag of name and birth date (STATEMENTS 14); *birth_date* are its eight digits."""
    plain = "".join(unicodedata.normalize("NFC", name[:_MAX_NAME]).split())
    texts = (number.symbols, plain)
    return pepper.tag(office, _MAGIC, *map(short_string, map(_encodable, texts)), birth_date.encode("ascii"))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _tags(office: Office, number: CertificateNumber, found: Credential | None) -> list[bytes]:
    """Return a tag for each way the holder's name is written; as many for nobody as for somebody."""
    record = (found.record if found is not None else None) or {}
    birth = _eight(str(record.get(_BIRTH, "")))
    names = [str(record.get(name) or "") for name in _NAMES]
    tags = [tag(office, number, name, birth) for name in names]
    real = [made for made, name in zip(tags, names, strict=True) if name and birth != _NO_DAY]
    return real or [bytes(32)]


_NO_DAY = "00000000"


def _eight(typed: str) -> str:
    """Return a date as eight digits however it was typed (2003-04-17, 2003. 4. 17., 20030417), zeros for none."""
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", typed[:20]).strip())
    if match is None:
        return _NO_DAY
    try:
        return date(int(match[1]), int(match[2]), int(match[3])).strftime("%Y%m%d")
    except ValueError:
        return _NO_DAY
