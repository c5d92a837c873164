"""The digest of a secured credential: every issuer signature and what it signs (``docs/spec/statements.md``, line 3).

It covers the signatures, not the document alone: otherwise a thief of the signing key could sign other claims years
later and count them as anchored before the theft. It is computed over signed bytes, so wallets that re-shape the JSON
do not break it.

A holder may show a credential without some of its proofs; the receipt then carries the hashes of what is absent, which
is all the digest needs. Where the absent proofs stood among the present ones is not written down, so every interleaving
that keeps both orders is a candidate; only one of them hashes to the anchored root.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from jikin.anchoring.statements import short_string, uint
from jikin.errors import AnchorError
from jikin.values import Digest, Form, SignedStatement, sha256

NOTHING = bytes(32)  # *full* for every form but ecdsa-sd-2023
_MAGIC = b"JKD1"
_MAX_PROOFS = 255
# C(8, 4) = 70 candidates at most: enough for classical, post-quantum and base proofs side by side.
_MAX_PROOFS_WHEN_SOME_ARE_ABSENT = 8
_EIP712_BYTES = (32, 65)
_SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True, slots=True)
class ProofHash:
    """One issuer proof as the digest sees it: *signed* = H(bytes signed), *signature* = H(raw signature)."""

    form: Form
    algorithm: str
    signed: Digest
    signature: Digest

    @classmethod
    def of(cls, statement: SignedStatement) -> ProofHash:
        """Return the hashes of *statement*; raises AnchorError when the form forbids what it carries."""
        if statement.form is Form.NONE:
            raise AnchorError(f"a proof of {statement.algorithm} enters no digest", code="anchor.proofs")
        if statement.form is Form.EIP712:
            _check_eip712(statement)
        return cls(
            statement.form,
            statement.algorithm,
            Digest(sha256(statement.signed)),
            Digest(sha256(statement.signature)),
        )

    def to_bytes(self) -> bytes:
        """Return form ‖ str(alg) ‖ H(signed) ‖ H(sig)."""
        return uint(self.form.value, 1) + short_string(self.algorithm) + self.signed.raw + self.signature.raw


Proof: TypeAlias = SignedStatement | ProofHash


def _check_eip712(statement: SignedStatement) -> None:
    """Refuse a malleable signature: with s and n−s both valid, a stranger could make a second, unanchored twin."""
    if (len(statement.signed), len(statement.signature)) != _EIP712_BYTES:
        raise AnchorError("form 4 is a 32-byte digest and a signature r ‖ s ‖ v of 65 bytes", code="anchor.eip712")
    if int.from_bytes(statement.signature[32:64], "big") > _SECP256K1_ORDER // 2:
        raise AnchorError("an EIP-712 signature needs the lower of its two s values", code="anchor.eip712")


def credential_digest(proofs: Sequence[Proof], full: bytes = NOTHING) -> Digest:
    """Return the digest of a credential with these issuer *proofs*, in the order issued, receipt proof excluded.

    *full* is H(JCS(base credential)) where a proof has form 5 (ecdsa-sd-2023), else 32 zero bytes. Raises AnchorError
    for no proof at all, more than 255, or a *full* that does not fit the forms.
    """
    if not 1 <= len(proofs) <= _MAX_PROOFS:
        raise AnchorError(f"a digest covers 1 to {_MAX_PROOFS} proofs, got {len(proofs)}", code="anchor.proofs")
    hashes = [proof if isinstance(proof, ProofHash) else ProofHash.of(proof) for proof in proofs]
    selective = any(proof.form is Form.ECDSA_SD for proof in hashes)
    if not isinstance(full, bytes) or len(full) != 32 or selective == (full == NOTHING):
        raise AnchorError("full is 32 bytes: the base credential's hash with form 5, else zero", code="anchor.full")
    lines = b"".join(proof.to_bytes() for proof in hashes)
    return Digest(sha256(_MAGIC + uint(len(hashes), 1) + lines + full))


def possible_digests(present: Sequence[Proof], absent: Sequence[ProofHash], full: bytes = NOTHING) -> Iterator[Digest]:
    """Yield every digest that *present* proofs can have together with the *absent* ones, each order kept.

    The first has the absent proofs last. Raises AnchorError as credential_digest, and for more than eight proofs when
    some are absent.
    """
    total = len(present) + len(absent)
    if absent and total > _MAX_PROOFS_WHEN_SOME_ARE_ABSENT:
        raise AnchorError(
            f"with absent proofs a credential has at most {_MAX_PROOFS_WHEN_SOME_ARE_ABSENT} in all, got {total}",
            code="anchor.proofs",
        )
    for places in combinations(range(total), len(present)):
        ours, theirs = iter(present), iter(absent)
        yield credential_digest([next(ours) if place in places else next(theirs) for place in range(total)], full)
