"""Badges that others signed with eddsa-rdfc-2022 verify, and their published faults are noticed."""

from __future__ import annotations

import json
import re

import pytest

from jikin.codec import multikey
from jikin.codec.contexts import Contexts
from jikin.errors import CanonicalizationError
from jikin.proofs import securing
from jikin.proofs.standard import standard_suites
from tests.shared_standards import standards

SUITES = standard_suites(Contexts.packaged().with_folder(standards() / "contexts"))

GENUINE = [
    "real-samples/blockcerts/v3/vp-eddsa-rdfc-2022.json",
    "real-samples/dcc/v2EddsaWithValidStatus.json",
    "samples/1edtech-validator/clr20/simple.json",
    "samples/1edtech-validator/ob30/bit-string-list/credential-status-revoked.json",
    "samples/1edtech-validator/ob30/complete.json",
    "samples/1edtech-validator/ob30/endorsement-valid.json",
    "samples/1edtech-validator/ob30/simple-context-version.json",
    "samples/1edtech-validator/ob30/simple-did-key-method.json",
    "samples/1edtech-validator/ob30/simple-did-web-method.json",
    "samples/1edtech-validator/ob30/simple.json",
]
FAULTY = {
    "real-samples/dcc/safeModeBreaker.json": "'StatusList2021Entry'",
    "samples/1edtech-validator/ob30/simple-err-credential-subject-type.json": "'achievement'",
    "samples/1edtech-validator/ob30/simple-err-issuer-type.json": "'InvalidProfile'",
    "samples/1edtech-validator/ob30/simple-err-type.json": "'OtherCredential'",
}


def verdict(path: str) -> bool:
    """Judge the signature alone, by the key in the verification method's text; a verifier would look that key up."""
    document = json.loads((standards() / path).read_bytes())
    unsecured, proofs = securing.split(document)
    proof = next(proof for proof in proofs if proof.get("cryptosuite") == "eddsa-rdfc-2022")
    statement = securing.statement(unsecured, proof, proofs, SUITES)
    key = multikey.decode(re.split("[#:]", str(proof["verificationMethod"]))[-1])
    return SUITES.named(statement.algorithm).verify(statement, key)


@pytest.mark.parametrize("path", GENUINE)
def test_a_badge_signed_elsewhere_verifies(path: str) -> None:
    assert verdict(path)


def test_a_badge_with_a_broken_signature_does_not_verify() -> None:
    assert not verdict("samples/1edtech-validator/ob30/simple-err-proof-value.json")


@pytest.mark.parametrize(("path", "named"), FAULTY.items())
def test_a_badge_that_says_what_nobody_defined_is_refused_by_name(path: str, named: str) -> None:
    with pytest.raises(CanonicalizationError, match=named):
        verdict(path)
