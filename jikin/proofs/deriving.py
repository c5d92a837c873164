"""What a holder shows of a credential with a base proof: the pointers, the suite, the derived credential.

Pure, and the same for whoever offers it: a wallet's service, the conformance profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jikin.credentials.model import Credential
from jikin.errors import ProofError
from jikin.proofs import securing
from jikin.proofs.suite import Suites
from jikin.values import Json, JsonObject

_MAX_POINTERS = 1000


def derive(document: JsonObject, pointers: Sequence[str], suites: Suites) -> JsonObject:
    """Return what *document* (with its base proof) shows by the JSON *pointers*, with a derived proof.

    Of several proofs the first that can be derived from is taken. Raises CredentialError for what is no credential,
    ProofError (``proof.selection``, ``proof.base``, ``proof.missing``), UnknownSuiteError for a credential without a
    proof that discloses selectively, CanonicalizationError.
    """
    credential = Credential.parse(document).document
    _, proofs = securing.split(credential)
    known = (one for one in proofs if one.get("cryptosuite") in suites.selective_names)
    name = next(known, proofs[0]).get("cryptosuite")
    return suites.selective(str(name)[:80]).derive(credential, pointers, {})


def pointers_of(options: Mapping[str, Json], name: str) -> tuple[str, ...]:
    """Return the JSON Pointers in the option *name* of a request, none where it is absent.

    Raises ProofError (``request.option``) for what is no array of texts, or more than 1000 of them.
    """
    value = options.get(name, [])
    texts = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
    if not isinstance(value, list) or len(texts) != len(value) or len(texts) > _MAX_POINTERS:
        raise ProofError(f"{name} is an array of at most {_MAX_POINTERS} JSON Pointers", code="request.option")
    return tuple(texts)
