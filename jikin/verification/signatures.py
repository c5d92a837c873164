"""Whether a document that serves as evidence (a status list, a schema) is signed by whom it names."""

from __future__ import annotations

from jikin.dids.method import VerificationMethod
from jikin.values import Did, DidUrl
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
    return None if fits else Missing(_UNREADABLE, "its signature does not fit")
