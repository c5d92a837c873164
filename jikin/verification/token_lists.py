"""Strangers' token status lists (IETF): fetched, and evidence only when a key of the issuer signed them."""

from __future__ import annotations

from jikin.credentials.sd_jwt_vc import STATUS_ENTRY_TYPE
from jikin.errors import EnvelopeError, StatusError, ValueRefusedError
from jikin.proofs.certificates import Certified
from jikin.proofs.envelopes import jws
from jikin.proofs.envelopes.jws import Jws
from jikin.proofs.envelopes.sd_jwt_vc import NAME
from jikin.status import token_list
from jikin.status.token_list import TokenList
from jikin.values import Did, DidUrl
from jikin.verification.evidence import Fact, Known, Missing
from jikin.verification.findings import Code
from jikin.verification.reading import ReadProof
from jikin.verification.signatures import certified_signer, proof_fault
from jikin.verification.sources import Session

__all__ = ["STATUS_ENTRY_TYPE", "fetched"]

_UNREADABLE = Code.STATUS_UNREADABLE.value


def fetched(
    url: str, issuer: str, trusted: tuple[str, ...] | None, session: Session
) -> tuple[Fact[TokenList | None], Certified | None]:
    """Return the list at *url* if a key of *issuer* signed it (draft-ietf-oauth-status-list, section 8.3).

    With it comes the key by which that was checked, where certificates (``x5c``) told it. *trusted*: the keys that a
    configured entry accepts for the issuer. Whether list and certificates are too old is for the judge.
    """
    data = session.resource(url)
    if isinstance(data, Missing):
        return data, None
    try:
        token = jws.read(data.value.strip(), "the status list")
        token.check_type(token_list.TYPE)
        claims = token.claims()
        signer = _signer(token, issuer, trusted, session)
        if isinstance(signer, Missing):
            return Missing(signer.code, f"the status list: {signer.detail}"), None
        return Known(TokenList.parse(claims, url), "web"), signer.value
    except (EnvelopeError, StatusError, ValueRefusedError) as error:
        return Missing(_UNREADABLE, f"the status list: {error}"), None


def _signer(token: Jws, issuer: str, trusted: tuple[str, ...] | None, session: Session) -> Fact[Certified | None]:
    """Return by which certified key the list is, None for one of a DID document; Missing: it is by nobody known.

    A DID in ``kid`` goes before certificates. Raises EnvelopeError, ValueRefusedError.
    """
    kid, certificates = token.key_id, token.certificates
    by_did = kid is not None and (kid.startswith("did:") or not certificates)
    proof = ReadProof(NAME, DidUrl(kid) if kid is not None and by_did else None, None, None, token.statement)
    if certificates and not by_did and not trusted:
        found = certified_signer(proof, certificates, issuer, session)
        return found if isinstance(found, Missing) else Known(found.value, found.source)
    fault = proof_fault(proof, _did(issuer), trusted, session)
    return Known(None) if fault is None else fault


def _did(issuer: str) -> Did | None:
    try:
        return Did(issuer)
    except ValueRefusedError:
        return None
