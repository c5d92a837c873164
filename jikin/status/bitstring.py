"""The W3C Bitstring Status List 1.0: our lists for strangers, and strangers' lists for us.

From one status array come two list credentials, one with the purpose "revocation" and one with "suspension"; they are
secured like any credential. Bit order: entry 0 is the highest bit of the first byte (section 2.2). Strangers' lists may
also be of its forerunner, Status List 2021 (W3C Community Group), which wallets still carry.

Lists in the field deviate from the Recommendation in ways that do not change what they say: too few entries to hide in,
an index that is a number, another name than their address. They are read, and what is odd is told beside the answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from jikin.codec import bits
from jikin.errors import CodecError, StatusError
from jikin.status.array import REVOKED_STATES, SUSPENDED_STATES, State, StatusArray
from jikin.values import Json, JsonObject, ListId, format_instant

ENTRY_TYPE = "BitstringStatusListEntry"
LIST_TYPE = "BitstringStatusList"
LIST_CREDENTIAL_TYPE = "BitstringStatusListCredential"
_ENTRY_2021 = "StatusList2021Entry"
_LIST_2021 = ("StatusList2021Credential", "StatusList2021")
MIN_ENTRIES = 131_072  # section 6.1: fewer would tell the issuer's server too much about who is looked up
_CONTEXT = "https://www.w3.org/ns/credentials/v2"
_MAX_LIST_BYTES = 1 << 22  # 2^25 entries of one bit, far above any list seen
_URL_ALPHABET = str.maketrans("+/", "-_")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,17}")
_OUR_PATH = re.compile(r"/status/(?P<list>[0-9a-f]{64})/(?P<purpose>[a-z]+)")


class Purpose(Enum):
    """What a set bit means; the value is the text of ``statusPurpose``."""

    REVOCATION = "revocation"
    SUSPENSION = "suspension"

    @property
    def states(self) -> frozenset[State]:
        """Return the states of an entry for which its bit is set."""
        return REVOKED_STATES if self is Purpose.REVOCATION else SUSPENDED_STATES


IETF_LIST = "token"
_OUR_LISTS = frozenset({*(purpose.value for purpose in Purpose), IETF_LIST})


def list_url(base: str, list_id: ListId, purpose: Purpose) -> str:
    """Return where the list credential of *purpose* lies under *base*, the issuer's URL without trailing slash."""
    return f"{base}/status/{list_id.raw.hex()}/{purpose.value}"


def token_list_url(base: str, list_id: ListId) -> str:
    """Return where the token status list (IETF) lies under *base*: one for all purposes."""
    return f"{base}/status/{list_id.raw.hex()}/{IETF_LIST}"


def list_id_of(url: str) -> ListId | None:
    """Return the on-chain list that a list's URL names (W3C or IETF), None if it is not one of ours.

    A name proves nothing: the registry is asked for that list *of the credential's issuer*.
    """
    found = _OUR_PATH.search(url)
    if found is None or found.end() != len(url) or found["purpose"] not in _OUR_LISTS:
        return None
    return ListId.from_hex(found["list"])


def entry_json(url: str, purpose: Purpose, index: int) -> JsonObject:
    """Return the ``credentialStatus`` entry for bit *index* of the list at *url* (section 2.1)."""
    return {
        "id": f"{url}#{index}",
        "type": ENTRY_TYPE,
        "statusPurpose": purpose.value,
        "statusListIndex": str(index),
        "statusListCredential": url,
    }


def list_credential(
    array: StatusArray,
    *,
    url: str,
    issuer: str,
    purpose: Purpose,
    valid_from: int,
    valid_until: int | None = None,
    ttl_milliseconds: int = 300_000,
) -> JsonObject:
    """Return the list credential of *purpose*, without proof (section 2.2); instants are Unix seconds."""
    window = {"validFrom": format_instant(valid_from)}
    if valid_until is not None:
        window["validUntil"] = format_instant(valid_until)
    return {
        "@context": [_CONTEXT],
        "id": url,
        "type": ["VerifiableCredential", LIST_CREDENTIAL_TYPE],
        "issuer": issuer,
        **window,
        "credentialSubject": {
            "id": f"{url}#list",
            "type": LIST_TYPE,
            "statusPurpose": purpose.value,
            "encodedList": bits.compress(array.bits(purpose.states)),
            "ttl": ttl_milliseconds,
        },
    }


@dataclass(frozen=True, slots=True)
class BitstringEntry:
    """A ``credentialStatus`` entry as strangers write it: which bits of which list, and what they mean."""

    purpose: str
    index: int
    url: str
    size: int = 1  # bits an entry; above 1 the value is a message number and 0 is "nothing to say"
    numeric: bool = False  # the index was written as a number
    older: bool = False  # of Status List 2021

    @classmethod
    def parse(cls, entry: JsonObject) -> BitstringEntry:
        """Read *entry* (section 2.1); raises StatusError (``status.entry``) for what the section does not allow.

        An index that is a number, as some issuers write one, is read and remembered as *numeric*.
        """
        purpose, index, url = (entry.get(name) for name in ("statusPurpose", "statusListIndex", "statusListCredential"))
        kind = entry.get("type")
        if kind not in (ENTRY_TYPE, _ENTRY_2021):
            raise _refuse_entry(f"the type of a status entry is {ENTRY_TYPE}, got {str(kind)[:60]!r}")
        if not isinstance(purpose, str) or not purpose:
            raise _refuse_entry("a status entry needs a statusPurpose, such as revocation")
        numeric = isinstance(index, int) and not isinstance(index, bool)
        digits = str(index) if isinstance(index, str) or numeric else ""
        if not _DECIMAL.fullmatch(digits):
            raise _refuse_entry(f"statusListIndex is a decimal number written as text, got {str(index)[:40]!r}")
        if not isinstance(url, str) or not url:
            raise _refuse_entry("a status entry needs the URL of its list in statusListCredential")
        size = entry.get("statusSize", 1)
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= 8:
            raise _refuse_entry(f"statusSize is a number of bits from 1 to 8, got {str(size)[:40]!r}")
        return cls(purpose, int(digits), url, size, numeric, kind == _ENTRY_2021)


@dataclass(frozen=True, slots=True)
class ListedValue:
    """What a list says of an entry; 0: the bit is not set."""

    value: int
    entries: int

    @property
    def too_short(self) -> bool:
        """Say whether the list has fewer entries than section 6.1 demands to hide in."""
        return self.entries < MIN_ENTRIES


def read_listed(credential: JsonObject, entry: BitstringEntry) -> ListedValue:
    """Return what a list *credential* whose proof was checked says at *entry* (section 3.2), however short it is.

    Raises StatusError (``status.list``) when it is no list for this purpose, has no entry at this index, or cannot be
    unpacked within four MiB.
    """
    subject = _list_subject(credential, older=entry.older)
    purposes = subject.get("statusPurpose")
    known = [purposes] if isinstance(purposes, str) else purposes
    if not isinstance(known, list | tuple) or entry.purpose not in known:
        raise _refuse_list(f"the list is not for the purpose {entry.purpose!r}")
    encoded = subject.get("encodedList")
    if not isinstance(encoded, str) or not (entry.older or encoded.startswith("u")):
        raise _refuse_list("encodedList is base64url text with the multibase header u")
    if entry.older and not encoded.startswith("u"):
        encoded = encoded.rstrip("=").translate(_URL_ALPHABET)  # its first drafts said plain base64
    try:
        data = bits.expand(encoded, max_bytes=_MAX_LIST_BYTES)
    except CodecError as error:
        raise _refuse_list(f"the list cannot be unpacked: {error}") from error
    entries = len(data) * 8 // entry.size
    if entry.index >= entries:
        raise _refuse_list(f"the list has {entries:,} entries and none with the number {entry.index:,}")
    return ListedValue(_value(data, entry.index * entry.size, entry.size), entries)


def read_entry(credential: JsonObject, entry: BitstringEntry) -> int:
    """Return the value at *entry* as the Recommendation has it (section 3.2); 0: the bit is not set.

    Raises StatusError (``status.list``) as ``read_listed``, and for a list of fewer than 131,072 entries.
    """
    listed = read_listed(credential, entry)
    if listed.too_short:
        raise _refuse_list(f"the list has {listed.entries:,} entries; at least {MIN_ENTRIES:,} are needed to hide in")
    return listed.value


def _value(data: bytes, position: int, size: int) -> int:
    value = 0
    for bit in range(position, position + size):
        value = value << 1 | data[bit >> 3] >> (7 - (bit & 7)) & 1
    return value


def _list_subject(credential: JsonObject, *, older: bool) -> Mapping[str, Json]:
    """Return the list; an entry of Status List 2021 may have been moved to a list of the Recommendation, never back."""
    known = [(LIST_CREDENTIAL_TYPE, LIST_TYPE), *([_LIST_2021] if older else [])]
    types, subject = credential.get("type"), credential.get("credentialSubject")
    stated = [pair for pair in known if isinstance(types, list | tuple) and pair[0] in types]
    if not stated:
        raise _refuse_list(f"the document is no {' or '.join(pair[0] for pair in known)}")
    if not isinstance(subject, Mapping) or subject.get("type") not in [pair[1] for pair in stated]:
        raise _refuse_list(f"the subject of a list credential is one {stated[0][1]}")
    return subject


def _refuse_entry(message: str) -> StatusError:
    return StatusError(message, code="status.entry")


def _refuse_list(message: str) -> StatusError:
    return StatusError(message, code="status.list")
