"""Documents with proofs: taking them apart, adding a proof, what each proof states (Data Integrity 1.0, section 4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from jikin.errors import ProofError
from jikin.proofs.suite import ProofOptions, Suite, Suites
from jikin.values import Json, JsonObject, SignedStatement, Signer

_MAX_PROOFS = 16


def split(document: JsonObject) -> tuple[JsonObject, tuple[JsonObject, ...]]:
    """Return *document* without ``proof``, and its proofs (one object, or a set of at most 16) in their order.

    Raises ProofError: ``proof.missing`` for none, ``proof.malformed`` for what is no object, or too many.
    """
    value = document.get("proof")
    if value is None:
        raise ProofError("the document has no proof", code="proof.missing")
    proofs = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    if not proofs:
        raise ProofError("the document has an empty set of proofs", code="proof.missing")
    if len(proofs) > _MAX_PROOFS:
        raise ProofError(f"a document carries at most {_MAX_PROOFS} proofs, found {len(proofs)}")
    objects: list[JsonObject] = []
    for proof in proofs:
        if not isinstance(proof, Mapping):
            raise ProofError(f"a proof is an object, got {type(proof).__name__}")
        objects.append(proof)
    return {name: member for name, member in document.items() if name != "proof"}, tuple(objects)


def secure(document: JsonObject, suite: Suite, options: ProofOptions, signer: Signer) -> JsonObject:
    """Return *document* with one bare proof object by *signer*.

    Raises ProofError (``proof.present``) for a document that has one already, CanonicalizationError.
    """
    return sign(document, suite, options, signer)[0]


def sign(
    document: JsonObject, suite: Suite, options: ProofOptions, signer: Signer
) -> tuple[JsonObject, SignedStatement]:
    """Return *document* with one bare proof object by *signer*, and what that proof states; raises as ``secure``."""
    if "proof" in document:
        raise ProofError("the document already has a proof", code="proof.present")
    proof, statement = suite.sign(document, options, signer)
    return {**document, "proof": proof}, statement


def statements(
    document: JsonObject, suites: Suites, *, ignored_types: Collection[str] = ()
) -> tuple[SignedStatement, ...]:
    """Return what each issuer proof of *document* signs, in their order; signatures are not judged.

    Proofs whose ``type`` is one of *ignored_types* (a receipt added as second proof) are left out. A proof with
    ``previousProof`` signs the document together with the proofs it names. Raises ProofError, UnknownSuiteError,
    CanonicalizationError.
    """
    unsecured, proofs = split(document)
    return tuple(
        statement(unsecured, proof, proofs, suites) for proof in proofs if proof.get("type") not in ignored_types
    )


def statement(
    unsecured: JsonObject, proof: JsonObject, proofs: Sequence[JsonObject], suites: Suites
) -> SignedStatement:
    """Return what one *proof* of a document signs; *proofs* are all of the document's. Raises as statements does."""
    suite = suites.of(proof)
    previous = _previous(proof, proofs)
    signed: JsonObject = {**unsecured, "proof": previous} if previous else unsecured
    return suite.statement(signed, proof)


def _previous(proof: JsonObject, proofs: Sequence[JsonObject]) -> list[Json]:
    """Return the proofs that *proof* builds on (section 4.5, step 5.2); each it names must be there once."""
    named = proof.get("previousProof", [])
    ids = [named] if isinstance(named, str) else named
    if not isinstance(ids, Sequence):
        raise ProofError("previousProof is an id, or an array of ids")
    found: list[Json] = []
    for name in ids:
        matching = [other for other in proofs if isinstance(name, str) and other.get("id") == name]
        if len(matching) != 1 or matching[0] is proof:
            raise ProofError(f"previousProof names {str(name)[:80]!r}, which is not there, or not once")
        found += matching
    return found
