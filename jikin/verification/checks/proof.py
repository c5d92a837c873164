"""Does the signature fit? Data Integrity 1.0, sections 4.2 and 4.3."""

from __future__ import annotations

from collections.abc import Iterator

from jikin.proofs.suite import is_base
from jikin.values import PublicKey, format_instant
from jikin.verification.checks.case import Anchoring, Case, Said
from jikin.verification.checks.key import bound, by_certificate, usable
from jikin.verification.evidence import Known
from jikin.verification.findings import Code, Question
from jikin.verification.reading import Fault, ReadProof


def check(case: Case, anchoring: Anchoring) -> Iterator[Said]:
    """Say of every proof whether its signature is by the key it names, and whether the policy's second one is there."""
    if case.reading.credential is None:
        return
    if not case.reading.proofs:
        yield Said(Code.PROOF_MISSING, "the document has no proof")
        return
    verified: set[str] = set()
    for proof in case.reading.proofs:
        if isinstance(proof, Fault):
            yield _fault(proof)
            continue
        for said in _proof(case, anchoring, proof):
            if said.code is Code.PROOF_VALID:
                verified.add(proof.suite)
            yield said
    second = set(case.policy.second_suites)
    if second and not (verified & second and verified - second):
        yield Said(Code.PROOF_SECOND_MISSING, f"one of {', '.join(sorted(second))} must stand beside another signature")


def _fault(fault: Fault) -> Said:
    """A document without canonical form is told by the model check; its signature then cannot be looked at."""
    return Said(Code.PROOF_UNCHECKED if fault.code.question is Question.MODEL else fault.code, fault.detail)


def _proof(case: Case, anchoring: Anchoring, proof: ReadProof) -> Iterator[Said]:
    key, name = _key(case, proof)
    if key is None:
        yield Said(Code.PROOF_UNCHECKED, f"no key of the issuer is known as {name}")
        return
    if not case.suites.verifier(proof.suite).verify(proof.statement, key):
        yield Said(Code.PROOF_MISMATCH, f"the {proof.suite} signature is not by {name} over this document")
        return
    if is_base(proof.statement):
        yield Said(Code.PROOF_BASE, f"{proof.suite}: the base proof by {name}; derive from it what is shown")
        return
    yield Said(Code.PROOF_VALID, f"{proof.suite} by {name}")
    if proof.expires is not None and case.instant >= proof.expires:
        yield Said(Code.PROOF_EXPIRED, f"expired at {format_instant(proof.expires)}", {"until": proof.expires})
    made = case.now if anchoring.slot is None else anchoring.slot.time
    cut_off = case.policy.suite_cut_offs.get(proof.suite)
    if cut_off is not None and made >= cut_off:
        detail = f"{proof.suite} is relied on until {format_instant(cut_off)}"
        yield Said(Code.PROOF_OUTDATED_SUITE, detail, {"until": cut_off})


def _key(case: Case, proof: ReadProof) -> tuple[PublicKey | None, str]:
    """Return the key with which *proof* can be checked, None where none is known, and what it is called."""
    if by_certificate(case):
        found = case.evidence.certified
        return (found.value.key if isinstance(found, Known) and found.value else None), "that of its certificates"
    known = case.evidence.keys.get(proof.method) if proof.method else None
    key = usable(known) if bound(proof.method, case.reading.issuer, case.evidence.trusted) else None
    return key, str(proof.method)
