"""Whose key is it, and was it theirs then? SECURITY 3.2.

A verification method is a claim. The registry vouches for a key under the credential's issuer; without a registered
issuer the issuer's own DID document does. What a URL's fragment spells proves nothing by itself.

A key without such a name may come with certificates (``x5c``). Outside their time nothing can be said: they are no
statement of the issuer that the key has ended, and when a signature was made is shown by nothing but an anchor.

A key counts at t iff added_at ≤ t < retired_at and t < compromised_since, t being the anchored time; a credential
that is not anchored has no time but now.
"""

from __future__ import annotations

from collections.abc import Iterator

from jikin.anchoring.chain import KeyWindow
from jikin.codec import jwk
from jikin.dids import jwk as did_jwk
from jikin.errors import CodecError, DidError
from jikin.values import Did, DidUrl, PublicKey, format_instant
from jikin.verification.checks.case import Anchored, Anchoring, Case, Said, near
from jikin.verification.evidence import KeyEvidence, Known, Missing
from jikin.verification.findings import Code

RELATIONSHIP = "assertionMethod"


# Why certificates that were shown do not give the key to the issuer; what is not here could not be found out.
_CERTIFICATES = {
    "certificate.untrusted": Code.KEY_CERTIFICATE_UNTRUSTED,
    "certificate.self-signed": Code.KEY_CERTIFICATE_UNTRUSTED,
    "certificate.malformed": Code.KEY_CERTIFICATE,
    "certificate.authority": Code.KEY_CERTIFICATE,
    "certificate.usage": Code.KEY_CERTIFICATE,
    "certificate.other-issuer": Code.KEY_CERTIFICATE,
}


def bound(method: DidUrl | None, issuer: Did | None, trusted: tuple[str, ...] | None) -> bool:
    """Say whether a key named *method* may speak for *issuer*: its own DID, or what a configured entry accepts."""
    if method is None:
        return False
    if trusted:
        return str(method) in trusted or str(method.did) in trusted or _thumbprint(method.did) in trusted
    return issuer is not None and method.did.registered == issuer.registered


def _thumbprint(did: Did) -> str | None:
    """Return the thumbprint of the key that a did:jwk spells: the same key has many spellings, and one of these."""
    if did.method != "jwk":
        return None
    try:
        return jwk.thumbprint(did_jwk.key_of(did))
    except (DidError, CodecError):
        return None


def usable(known: KeyEvidence | None) -> PublicKey | None:
    """Return the key with which a signature can be checked, None where none is known.

    Whether the key counts is another question: a signature can be right and its key retired.
    """
    if known is None:
        return None
    if isinstance(known.registered, Known) and known.registered.value is not None:
        return known.registered.value[0]
    return known.documented.value if isinstance(known.documented, Known) else None


def check(case: Case, anchoring: Anchoring) -> Iterator[Said]:
    """Say of the key of every proof whether it was the issuer's; the same key is said once."""
    if by_certificate(case):
        yield _certified(case, anchoring)
        return
    methods = dict.fromkeys(proof.method for proof in case.reading.sound_proofs)
    for method in methods:
        if method is None or not bound(method, case.reading.issuer, case.evidence.trusted):
            yield Said(Code.KEY_UNBOUND, f"{method or 'a key that is no DID URL'} does not belong to the issuer")
        else:
            yield from _bound(case, anchoring, method)


def by_certificate(case: Case) -> bool:
    """Say whether the one signature of an envelope is by a key that only its certificates can tell."""
    return case.evidence.certified != Known(None)


def _certified(case: Case, anchoring: Anchoring) -> Said:
    found = case.evidence.certified
    if isinstance(found, Missing):
        return Said(_CERTIFICATES.get(found.code, Code.KEY_UNKNOWN), found.detail, source="certificate")
    certified, time = found.value, case.now if anchoring.slot is None else anchoring.slot.time
    if certified is None:
        return Said(Code.KEY_UNKNOWN, "no certificates were looked at")
    if not certified.valid_at(time):
        facts = {"from": certified.since, "until": certified.until}
        detail = f"the certificates are not valid at {format_instant(time)}"
        return Said(Code.KEY_CERTIFICATE_PERIOD, detail, facts, "certificate")
    detail = f"a certificate by {certified.authority} gives the key to the issuer"
    return Said(Code.KEY_VALID, detail, {"authority": certified.authority}, "certificate")


def _bound(case: Case, anchoring: Anchoring, method: DidUrl) -> Iterator[Said]:
    known = case.evidence.keys.get(method)
    if known is None:
        yield Said(Code.KEY_UNKNOWN, f"{method} was not looked up")
    elif isinstance(known.registered, Missing):
        yield _unconfirmed(method, known, known.registered)
    elif known.registered.value is not None:
        key, window = known.registered.value
        yield _window(case, anchoring, method, window)
        yield from _disagreement(method, known, key, window)
    elif case.record is not None and not case.evidence.trusted:
        yield Said(
            Code.KEY_UNREGISTERED, f"{method} is no registered key of this issuer", source="chain", on_chain=True
        )
    else:
        yield _documented(method, known)


def _unconfirmed(method: DidUrl, known: KeyEvidence, missing: Missing) -> Said:
    """The registry did not answer: the DID document alone cannot say that a key was not withdrawn."""
    if isinstance(known.documented, Known) and known.documented.value is not None:
        return Said(
            Code.KEY_UNCONFIRMED, f"{method} stands in the DID document; {missing.detail}", source="did document"
        )
    return Said(Code.KEY_UNKNOWN, f"{method}: {missing.detail}")


def _documented(method: DidUrl, known: KeyEvidence) -> Said:
    """No registry vouches for the issuer: its DID document is what there is."""
    if isinstance(known.documented, Missing):
        return Said(Code.KEY_UNKNOWN, f"{method}: {known.documented.detail}")
    if known.documented.value is None:
        return Said(Code.KEY_UNBOUND, f"the DID document has no {method}", source="did document")
    if RELATIONSHIP not in known.relationships:
        return Said(Code.PROOF_PURPOSE, f"{method} is no {RELATIONSHIP} of its DID document", source="did document")
    return Said(Code.KEY_VALID, f"{method} stands in the issuer's DID document", source="did document")


def _disagreement(method: DidUrl, known: KeyEvidence, key: PublicKey, window: KeyWindow) -> Iterator[Said]:
    """Say that the DID document names the key otherwise; one that has ended may well be gone from there."""
    ended = window.retired_at or window.compromised_since
    if isinstance(known.documented, Missing) or (ended and known.documented.value is None):
        return
    if known.documented.value != key or RELATIONSHIP not in known.relationships:
        yield Said(Code.KEY_DISAGREEMENT, f"the registry has {method}, the DID document does not name it so")


def _window(case: Case, anchoring: Anchoring, method: DidUrl, window: KeyWindow) -> Said:
    if anchoring.slot is None:
        return _window_without_anchor(case, anchoring, method, window)
    return _window_at(case, anchoring.slot.time, method, window)


def _said(code: Code, detail: str, since: int | None = None) -> Said:
    facts = {} if since is None else {"since": since}
    when = "" if since is None else f" {format_instant(since)}"
    return Said(code, detail + when, facts, "chain", on_chain=True)


def _window_at(case: Case, time: int, method: DidUrl, window: KeyWindow) -> Said:
    """Judge the window at the anchored *time*.

    Near its end nothing can be said, and neither just before its beginning. Just after the beginning all is well:
    registry and anchor are of one chain, whose clock never runs backwards.
    """
    seconds = case.policy.edge_seconds
    for end in (window.compromised_since, window.retired_at):
        if end and near(time, end, seconds):
            return _said(Code.KEY_EDGE, f"anchored within {seconds} s of the end of {method},", end)
    if time < window.added_at:
        code = Code.KEY_EDGE if near(time, window.added_at, seconds) else Code.KEY_NOT_YET_ADDED
        return _said(code, f"anchored before {method} was registered,", window.added_at)
    if window.compromised_since and time >= window.compromised_since:
        return _said(Code.KEY_COMPROMISED, f"{method} counts as compromised since", window.compromised_since)
    if window.retired_at and time >= window.retired_at:
        return _said(Code.KEY_RETIRED, f"{method} was retired at", window.retired_at)
    return _said(Code.KEY_VALID, f"{method} was a key of the issuer when the credential was anchored")


def _window_without_anchor(case: Case, anchoring: Anchoring, method: DidUrl, window: KeyWindow) -> Said:
    """Without an anchor nothing shows that a signature is older than the end of its key (SECURITY 1.2)."""
    closed = bool(window.compromised_since or (window.retired_at and window.retired_at <= case.now))
    if closed and anchoring.anchored is Anchored.UNKNOWN:
        return _said(Code.KEY_UNKNOWN, f"{method} has ended, and when the credential was anchored is not known")
    if window.compromised_since:
        return _said(
            Code.KEY_COMPROMISED, f"not anchored, and {method} counts as compromised since", window.compromised_since
        )
    if closed:
        return _said(Code.KEY_RETIRED, f"not anchored, and {method} was retired at", window.retired_at)
    return _said(Code.KEY_VALID, f"{method} is a key of the issuer")
