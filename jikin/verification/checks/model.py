"""Is it a credential, is everything it says covered by its terms, and does it keep what it points at?"""

from __future__ import annotations

from collections.abc import Iterator

from jikin.credentials.data_schemas import DataSchema
from jikin.credentials.model import Credential, Model, SchemaReference
from jikin.credentials.types import CredentialType
from jikin.errors import CredentialError
from jikin.verification.checks.case import Case, Said
from jikin.verification.evidence import Missing, SchemaEvidence
from jikin.verification.findings import Code, Question
from jikin.verification.reading import Fault, Reading

# What says nothing of the document: it stays a credential beside them.
_NOTES = frozenset({Code.MODEL_SCHEMA_UNCHECKED, Code.MODEL_RESOURCE_UNCHECKED, Code.MODEL_ISSUER_QUOTED})


def check(case: Case) -> Iterator[Said]:
    """Say what is wrong with the document, or that it is well formed; and what of it could not be looked at."""
    found = [*_faults(case), *_references(case)]
    notes = [said for said in found if said.code in _NOTES]
    yield from [said for said in found if said not in notes] or [Said(Code.MODEL_VALID, "the document is a credential")]
    yield from notes


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


# --- what it points at ---


def _references(case: Case) -> Iterator[Said]:
    credential = case.reading.credential
    if credential is None:
        return
    known = {reference.position: reference for reference in credential.schemas}
    for position, evidence in case.evidence.schemas.items():
        if position in known:
            yield from _foreign_schema(case, credential, known[position], evidence)
    for url, fact in case.evidence.resources.items():
        if isinstance(fact, Missing):
            yield Said(Code.MODEL_RESOURCE_UNCHECKED, fact.detail)
        elif not fact.value:
            yield Said(Code.MODEL_RESOURCE, f"the digest it states for {url[:200]!r} is not that of what is there")
    if issuer_quoted(case.reading):
        yield Said(Code.MODEL_ISSUER_QUOTED, "the iss of its envelope is the issuer in quotation marks")


def issuer_quoted(reading: Reading) -> bool:
    """Say whether it came in an envelope whose ``iss`` stands in quotation marks, as some issuers write it."""
    credential, opened = reading.credential, reading.opened
    return credential is not None and opened is not None and opened.claims.get("iss") == f'"{credential.issuer}"'


def _foreign_schema(
    case: Case, credential: Credential, reference: SchemaReference, evidence: SchemaEvidence
) -> Iterator[Said]:
    """Say whether the credential keeps a schema that is of no credential type known here."""
    name = reference.id[:200]
    fact = evidence.schema
    if isinstance(fact, Missing):
        yield Said(Code.MODEL_SCHEMA_UNCHECKED, f"{name}: {fact.detail}")
        return
    if not _in_force(case, evidence):
        yield Said(Code.MODEL_SCHEMA_UNCHECKED, f"{name}: the credential that carries it is not within its dates")
        return
    yield from _judged(credential, name, fact.value)


def _judged(credential: Credential, name: str, schema: DataSchema) -> Iterator[Said]:
    try:
        faults = schema.faults(credential.document)
    except CredentialError as error:
        yield Said(Code.MODEL_SCHEMA_UNCHECKED, f"{name}: {error}")
        return
    if faults:
        places = ", ".join(fault.pointer or "/" for fault in faults[:5])
        yield Said(Code.MODEL_SCHEMA, f"it breaks the schema {name} at {places}")


def _in_force(case: Case, evidence: SchemaEvidence) -> bool:
    start, end = evidence.valid_from, evidence.valid_until
    return (start is None or start <= case.now) and (end is None or case.now < end)
