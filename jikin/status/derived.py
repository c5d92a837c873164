"""Every list that strangers read, derived from the one array that the chain's events make.

Two lists of different standards cannot disagree when both are made from the same array, by whoever has the events: the
office while it exists, anybody else afterwards. What is made here carries no signature; that is the issuer's to give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jikin.status import token_list
from jikin.status.array import REVOKED_STATES, SUSPENDED_STATES, StatusArray
from jikin.status.bitstring import IETF_LIST, Purpose, list_credential, list_url, token_list_url
from jikin.values import JsonObject, ListId


@dataclass(frozen=True, slots=True)
class DerivedLists:
    """The bits of one array: W3C's *revocation* and *suspension*, one bit an entry, and IETF's *token*, two."""

    revocation: bytes = field(repr=False)
    suspension: bytes = field(repr=False)
    token: bytes = field(repr=False)

    @classmethod
    def of(cls, array: StatusArray) -> DerivedLists:
        """Return the lists of *array*."""
        return cls(array.bits(REVOKED_STATES), array.bits(SUSPENDED_STATES), token_list.list_bytes(array))

    @property
    def by_name(self) -> Mapping[str, bytes]:
        """Return the bits by the name under which an issuer publishes each list."""
        return {
            Purpose.REVOCATION.value: self.revocation,
            Purpose.SUSPENSION.value: self.suspension,
            IETF_LIST: self.token,
        }


def unsigned_lists(
    array: StatusArray, *, base_url: str, list_id: ListId, issuer: str, valid_from: int
) -> Mapping[str, JsonObject]:
    """Return the W3C list credentials and the IETF claims of *array* by name, as the issuer would sign them.

    *valid_from* is the Unix second of the newest epoch's block.
    """
    documents: dict[str, JsonObject] = {
        purpose.value: list_credential(
            array, url=list_url(base_url, list_id, purpose), issuer=issuer, purpose=purpose, valid_from=valid_from
        )
        for purpose in Purpose
    }
    url = token_list_url(base_url, list_id)
    documents[IETF_LIST] = {**token_list.list_claims(array, url=url, issued_at=valid_from), "iss": issuer}
    return documents
