"""Whether a document that serves as evidence (a status list, a schema) is signed by whom it names."""

from __future__ import annotations

from jikin.anchoring.chain import KeyWindow
from jikin.codec import multikey
from jikin.dids.method import VerificationMethod
from jikin.errors import MultibaseError
from jikin.proofs.certificates import Certified, host_of
from jikin.values import Did, DidUrl, KeyId
from jikin.verification.checks.key import RELATIONSHIP, bound
from jikin.verification.evidence import Fact, Known, Missing
from jikin.verification.findings import Code
from jikin.verification.reading import Fault, Reading, ReadProof
from jikin.verification.sources import Session

_UNREADABLE = Code.STATUS_UNREADABLE.value


def documented(method: DidUrl, session: Session) -> Fact[VerificationMethod | None]:
    """Return the verification method as its own DID document has it (None: the document has no such method)."""
    document = session.did_document(method.did)
    if isinstance(document, Missing):
        return document
    found = document.value.method(method)
    # A method that another DID controls is for that DID's document to show.
    own = found is not None and found.controller == method.did
    return Known(found if own else None, document.source)


def certified(chain: tuple[bytes, ...], issuer: str, session: Session) -> Fact[Certified]:
    """Return the key that certificates give to *issuer*, whenever that was (draft-ietf-oauth-sd-jwt-vc, x5c).

    *chain* is DER, leaf first. Missing: ``certificate.other-issuer``, and why no root here vouches for the leaf.
    """
    fact = session.certified(chain)
    if isinstance(fact, Known) and not fact.value.names(issuer):
        host = host_of(issuer)
        right = "such an issuer is named by no certificate" if host is None else f"right would be the DNS name {host}"
        return Missing("certificate.other-issuer", f"the certificate is not for {issuer[:200]!r}; {right}")
    return fact


def certified_signer(proof: ReadProof, chain: tuple[bytes, ...], issuer: str, session: Session) -> Fact[Certified]:
    """Return the certified key of *issuer* that *proof* is by; Missing as ``certified``, or when it is by another."""
    fact = certified(chain, issuer, session)
    if isinstance(fact, Missing):
        return fact
    fits = session.sources.suites.verifier(proof.suite).verify(proof.statement, fact.value.key)
    return fact if fits else Missing(_UNREADABLE, "its signature does not fit")


def signature_fault(
    reading: Reading, issuer: Did | None, trusted: tuple[str, ...] | None, session: Session
) -> Missing | None:
    """Return why the document is no evidence of what *issuer* says, None if every proof of it is by a key of theirs.

    *trusted*: the keys that a configured entry accepts for them, as ``checks.key.bound`` takes them.
    """
    if not reading.proofs:
        return Missing(_UNREADABLE, "it has no proof")
    return next((fault for one in reading.proofs if (fault := proof_fault(one, issuer, trusted, session))), None)


def proof_fault(
    proof: ReadProof | Fault, issuer: Did | None, trusted: tuple[str, ...] | None, session: Session
) -> Missing | None:
    """Return why *proof* is not by a key of *issuer*, None if it is; *trusted* as in ``signature_fault``."""
    if isinstance(proof, Fault):
        return Missing(_UNREADABLE, proof.detail)
    if proof.method is None or not bound(proof.method, issuer, trusted):
        return Missing(_UNREADABLE, "it is signed by a key of somebody else")
    fact = documented(proof.method, session)
    if isinstance(fact, Missing):
        return fact
    method = fact.value
    if method is None or RELATIONSHIP not in method.relationships:
        return Missing(_UNREADABLE, "it is signed by a key that its issuer does not name")
    fits = session.sources.suites.verifier(proof.suite).verify(proof.statement, method.public_key)
    if not fits:
        return Missing(_UNREADABLE, "its signature does not fit")
    return None if trusted else _ended(method, session)


def _ended(method: VerificationMethod, session: Session) -> Missing | None:
    """Return why the registry no longer vouches for the key now, None when it does, or knows nothing of its issuer.

    Lists, schemas and tokens have no anchor: their signatures are judged as of now (SECURITY 3.2). A key that a thief
    has can sign one today and date it back.
    """
    issuer, block = method.id.did.issuer_id, session.block
    if session.pins is None:
        return None
    if isinstance(block, Missing):
        return block
    record = session.issuer(issuer)
    if isinstance(record, Missing):
        return record
    if record.value is None:
        return None
    try:
        window = session.key_window(issuer, KeyId.of(multikey.encode(method.public_key)))
    except MultibaseError:
        window = Known(None)  # the registry holds Multikeys, and such a key has none
    return window if isinstance(window, Missing) else _closed(window.value, block.value.time)


def _closed(window: KeyWindow | None, now: int) -> Missing | None:
    if window is None:
        return Missing(_UNREADABLE, "it is signed by a key that is none of its issuer's registered keys")
    if window.compromised_since or (window.retired_at and window.retired_at <= now):
        return Missing(_UNREADABLE, "it is signed by a key that has ended")
    return None
