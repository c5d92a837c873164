"""Documents with proofs: taking them apart, adding a proof, what each proof states (Data Integrity 1.0, section 4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from jikin.errors import ProofError
from jikin.proofs.suite import ProofOptions, Suite, Suites
from jikin.values import JsonObject, SignedStatement, Signer

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
    return add(document, suite, options, signer)


def add(
    document: JsonObject, suite: Suite, options: ProofOptions, signer: Signer
) -> tuple[JsonObject, SignedStatement]:
    """Return *document* with one more proof by *signer*, last in its set, and what that proof states (section 4.3).

    A proof with ``options.previous_proof`` signs the proofs of these ids along: a chain. Raises ProofError
    (``proof.chain`` for an id that is not there, or taken; ``proof.malformed`` beyond 16), CanonicalizationError.
    """
    unsecured, proofs = split(document) if "proof" in document else (document, ())
    if len(proofs) == _MAX_PROOFS:
        raise ProofError(f"a document carries at most {_MAX_PROOFS} proofs")
    if options.id is not None and any(proof.get("id") == options.id for proof in proofs):
        raise ProofError(f"another proof of the document is called {options.id[:80]!r}", code="proof.chain")
    previous = _named(options.previous_proof, proofs)
    proof, statement = suite.sign(_bound(unsecured, previous), options, signer)
    return {**document, "proof": [*proofs, proof] if proofs else proof}, statement


def secure_all(
    document: JsonObject, layers: Sequence[tuple[Suite, ProofOptions, Signer]]
) -> tuple[JsonObject, tuple[SignedStatement, ...]]:
    """Return *document* with a proof for each of *layers*, and what they state, in the order issued.

    This is how a classical and a post-quantum signature come to stand side by side: each verifies without the other.
    Raises ProofError: ``proof.present`` for a document that has a proof already, ``proof.missing`` for no layers; else
    as ``add``.
    """
    if "proof" in document:
        raise ProofError("the document already has a proof", code="proof.present")
    if not layers:
        raise ProofError("a document is secured by at least one proof", code="proof.missing")
    stated: list[SignedStatement] = []
    for suite, options, signer in layers:
        document, statement = add(document, suite, options, signer)
        stated.append(statement)
    return document, tuple(stated)


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
    return suite.statement(_bound(unsecured, previous), proof)


def _bound(unsecured: JsonObject, previous: Sequence[JsonObject]) -> JsonObject:
    """Return what a proof signs that builds on the proofs *previous* (section 4.3, step 6)."""
    return {**unsecured, "proof": list(previous)} if previous else unsecured


def _previous(proof: JsonObject, proofs: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the proofs that *proof* builds on; each it names must be there once, and none may build on *proof*."""
    previous = _named(_names(proof), proofs)
    below, seen = list(previous), list[JsonObject]()
    while below:
        earlier = below.pop()
        if earlier is proof:
            raise ProofError("the proofs of the document build on one another in a circle", code="proof.chain")
        if not any(earlier is one for one in seen):
            seen.append(earlier)
            below += _named(_names(earlier), proofs)
    return previous


def _names(proof: JsonObject) -> tuple[str, ...]:
    """Return the ids in ``previousProof``."""
    value = proof.get("previousProof", ())
    names = (value,) if isinstance(value, str) else value
    texts = tuple(name for name in names if isinstance(name, str)) if isinstance(names, Sequence) else ()
    if not isinstance(names, Sequence) or len(texts) != len(names):
        raise ProofError("previousProof is an id, or an array of ids")
    return texts


def _named(names: Sequence[str], proofs: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the proofs called *names* in the order of *proofs* (section 4.5): the list of names has none."""
    known = [proof.get("id") for proof in proofs]
    for name in names:
        if known.count(name) != 1 or names.count(name) != 1:
            raise ProofError(f"previousProof names {name[:80]!r}, which is not there, or not once", code="proof.chain")
    return [proof for proof in proofs if proof.get("id") in names]
