"""Is it a credential, and is everything it says covered by its terms?"""

from __future__ import annotations

from collections.abc import Iterator

from jikin.credentials.model import Credential, Model
from jikin.credentials.types import CredentialType
from jikin.verification.checks.case import Case, Said
from jikin.verification.evidence import Missing
from jikin.verification.findings import Code, Question
from jikin.verification.reading import Fault


def check(case: Case) -> Iterator[Said]:
    """Say what is wrong with the document, or that it is well formed."""
    found = list(_faults(case))
    yield from found or [Said(Code.MODEL_VALID, "the document is a credential")]


def _faults(case: Case) -> Iterator[Said]:
    reading = case.reading
    if reading.fault is not None:
        yield Said(reading.fault.code, reading.fault.detail)
        return
    # What has no canonical form has none for every proof alike: said once.
    seen: set[Code] = set()
    for proof in reading.proofs:
        if isinstance(proof, Fault) and proof.code.question is Question.MODEL and proof.code not in seen:
            seen.add(proof.code)
            yield Said(proof.code, proof.detail)
    terms = case.evidence.terms
    if isinstance(terms, Missing):
        code = Code.MODEL_TOO_COSTLY if terms.code == "codec.work-limit" else Code.MODEL_UNKNOWN_CONTEXT
        if code not in seen:
            yield Said(code, terms.detail)
    elif terms.value is not None and Code.MODEL_UNDEFINED_TERM not in seen:
        yield Said(Code.MODEL_UNDEFINED_TERM, terms.value)
    credential = reading.credential
    if credential is not None and reading.kind is not None and credential.model is not Model.SD_JWT_VC:
        yield from _schema(credential, reading.kind)


def _schema(credential: Credential, kind: CredentialType) -> Iterator[Said]:
    for reference in credential.schemas:
        if reference.id == kind.schema_url and reference.digest not in {None, kind.schema_digest}:
            yield Said(Code.MODEL_SCHEMA, f"the digest it states for {kind.schema_url} is not that schema's")
    if faults := kind.check_credential(credential.document):
        places = ", ".join(fault.pointer or "/" for fault in faults[:5])
        yield Said(Code.MODEL_SCHEMA, f"it breaks the schema of {kind.id} at {places}")
