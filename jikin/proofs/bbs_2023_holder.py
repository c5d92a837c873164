"""What a holder of bbs-2023 credentials keeps to himself: a secret they are bound to, and the secret of pseudonyms.

W3C vc-di-bbs, section "Optional Features". The holder commits to both before a credential is issued, the issuer signs
the commitment, and nobody can show the credential without them. By name, as bytes, they are options of ``derive``.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from jikin.errors import ProofError
from jikin.proofs.bbs import blind
from jikin.proofs.bbs.curve import ORDER
from jikin.proofs.bbs.interface import Api, standard
from jikin.proofs.bbs.octets import octets, scalar
from jikin.proofs.bbs.prover import Prover, RandomScalars, random_scalars
from jikin.proofs.bbs_2023_value import MAX_NYM_DOMAIN_BYTES, MAX_PRESENTATION_HEADER_BYTES, Feature

PRESENTATION_HEADER = "presentation_header"
HOLDER_SECRET = "holder_secret"  # noqa: S105 -- a name
PROVER_BLIND = "prover_blind"
PROVER_NYM = "prover_nym"
NYM_DOMAIN = "nym_domain"

_NEEDED = {
    Feature.BASELINE: frozenset[str](),
    Feature.HOLDER_BINDING: frozenset({HOLDER_SECRET, PROVER_BLIND}),
    Feature.PSEUDONYM: frozenset({PROVER_NYM, PROVER_BLIND}),
}
_MAX_BYTES = {
    PRESENTATION_HEADER: MAX_PRESENTATION_HEADER_BYTES,
    HOLDER_SECRET: 1024,
    PROVER_BLIND: 32,
    PROVER_NYM: 32,
    NYM_DOMAIN: MAX_NYM_DOMAIN_BYTES,
}


@dataclass(frozen=True, slots=True)
class HolderCommitment:
    """*commitment* is for the issuer; *kept* are the holder's secrets under it, as options of ``derive``."""

    commitment: bytes
    kept: Mapping[str, bytes] = field(repr=False)


def new_secret() -> bytes:
    """Return a fresh holder's secret, 32 bytes."""
    return secrets.token_bytes(32)


def new_prover_nym(random: RandomScalars = random_scalars) -> bytes:
    """Return a fresh holder's part of the secret that pseudonyms come from, 32 bytes."""
    (nym,) = random(1)
    return octets(nym)


def commit(
    holder_secret: bytes | None, prover_nym: bytes | None = None, random: RandomScalars = random_scalars
) -> HolderCommitment:
    """Return a commitment to *holder_secret*, or *prover_nym*, or both; two to the same have nothing in common.

    Raises ProofError (``proof.option``) for neither, ``proof.bbs`` for a nym that is no scalar.
    """
    known = {name: value for name, value in ((HOLDER_SECRET, holder_secret), (PROVER_NYM, prover_nym)) if value}
    if not known:
        raise ProofError("a holder commits to a secret, or to the secret of pseudonyms", code="proof.option")
    _check_sizes(known)
    interface = standard(Api.BLIND if prover_nym is None else Api.PSEUDONYM)
    messages = () if holder_secret is None else (holder_secret,)
    nym = None if prover_nym is None else scalar(prover_nym)
    commitment, hidden = blind.commit(interface, messages, nym, random)
    return HolderCommitment(commitment, {**known, PROVER_BLIND: octets(hidden)})


def check_options(feature: Feature, options: Mapping[str, bytes], *, domain: bool) -> None:
    """Return if *options* are those that a credential of *feature* is shown with.

    *domain*: a pseudonym is made, for the ``nym_domain`` of the options. Raises ProofError (``proof.option``).
    """
    needed = _NEEDED[feature] | ({NYM_DOMAIN} if domain and feature is Feature.PSEUDONYM else set())
    optional = {PRESENTATION_HEADER} | ({HOLDER_SECRET} if feature is Feature.PSEUDONYM else set())
    if missing := needed - options.keys():
        raise ProofError(f"this credential is shown with the option {min(missing)}", code="proof.option")
    if unknown := options.keys() - needed - optional:
        raise ProofError(f"this credential takes no option {min(unknown)[:80]!r}", code="proof.option")
    _check_sizes(options)


def prover_of(feature: Feature, nym_entropy: int | None, options: Mapping[str, bytes]) -> Prover | None:
    """Return what *options* say was committed to; None in the baseline. Raises ProofError for what is no scalar."""
    if feature is Feature.BASELINE:
        return None
    committed = (options[HOLDER_SECRET],) if HOLDER_SECRET in options else ()
    nym = None if nym_entropy is None else (scalar(options[PROVER_NYM]) + nym_entropy) % ORDER
    return Prover(scalar(options[PROVER_BLIND]), committed, nym)


def _check_sizes(options: Mapping[str, bytes]) -> None:
    for name, value in options.items():
        if not isinstance(value, bytes) or len(value) > _MAX_BYTES[name]:
            raise ProofError(f"the option {name} is at most {_MAX_BYTES[name]} bytes", code="proof.option")
