"""Strangers' token status lists (IETF): fetched, and evidence only when a key of the issuer signed them."""

from __future__ import annotations

from jikin.credentials.sd_jwt_vc import STATUS_ENTRY_TYPE
from jikin.errors import EnvelopeError, StatusError, ValueRefusedError
from jikin.proofs.envelopes import jws
from jikin.proofs.envelopes.sd_jwt_vc import NAME
from jikin.status import token_list
from jikin.status.token_list import TokenList
from jikin.values import Did, DidUrl
from jikin.verification.evidence import Fact, Known, Missing
from jikin.verification.findings import Code
from jikin.verification.reading import ReadProof
from jikin.verification.signatures import proof_fault
from jikin.verification.sources import Session

__all__ = ["STATUS_ENTRY_TYPE", "fetched"]

_UNREADABLE = Code.STATUS_UNREADABLE.value


def fetched(url: str, issuer: Did | None, trusted: tuple[str, ...] | None, session: Session) -> Fact[TokenList | None]:
    """Return the list at *url* if a key of *issuer* signed it (draft-ietf-oauth-status-list, section 8.3).

    *trusted*: the keys that a configured entry accepts for the issuer. Whether it is too old is for the judge.
    """
    data = session.resource(url)
    if isinstance(data, Missing):
        return data
    try:
        token = jws.read(data.value.strip(), "the status list")
        token.check_type(token_list.TYPE)
        claims = token.claims()
        method = DidUrl(token.key_id) if token.key_id is not None else None
        fault = proof_fault(ReadProof(NAME, method, None, None, token.statement), issuer, trusted, session)
        if fault is not None:
            return Missing(fault.code, f"the status list: {fault.detail}")
        return Known(TokenList.parse(claims, url), "web")
    except (EnvelopeError, StatusError, ValueRefusedError) as error:
        return Missing(_UNREADABLE, f"the status list: {error}")
