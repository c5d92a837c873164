"""What a credential points at: data schemas (VC 2.0, 4.11) and related resources (5.3), found by their digests.

A stranger's credential decides where these lie. Nothing is asked for that no digest pins, only a few for one document,
and related resources only where the policy says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from jikin.credentials import editions
from jikin.credentials.data_schemas import JSON_SCHEMA_TYPES, SCHEMA_CREDENTIAL_TYPE, DataSchema
from jikin.credentials.integrity import Integrity
from jikin.credentials.model import SchemaReference
from jikin.errors import JikinError
from jikin.verification.evidence import Fact, Known, Missing, SchemaEvidence
from jikin.verification.reading import Reading, read
from jikin.verification.signatures import signature_fault
from jikin.verification.sources import Session, document_in

# What is asked for on behalf of one document; each may be a host that answers slowly.
_MAX_SCHEMAS = 4
_MAX_RESOURCES = 8


def schemas_of(reading: Reading, session: Session) -> Mapping[int, SchemaEvidence]:
    """Return what is known of each schema that *reading* names, but that of its credential type: by position."""
    if reading.credential is None or not reading.is_credential:
        return {}
    own = None if reading.kind is None else reading.kind.schema_url
    return {one.position: _schema(one, session) for one in reading.credential.schemas if one.id != own}


def _schema(reference: SchemaReference, session: Session) -> SchemaEvidence:
    types = set(reference.types)
    if not types & {*JSON_SCHEMA_TYPES, SCHEMA_CREDENTIAL_TYPE}:
        return SchemaEvidence(
            Missing("schema.type", f"a schema of the type {reference.types[0][:80]!r} is not read here")
        )
    if reference.position >= _MAX_SCHEMAS and session.at_hand(reference.id, reference.integrity) is None:
        return SchemaEvidence(Missing("schema.not-at-hand", f"only {_MAX_SCHEMAS} schemas are asked for"))
    if SCHEMA_CREDENTIAL_TYPE in types:
        return _schema_credential(reference, session)
    return SchemaEvidence(session.schema(reference.id, reference.integrity))


def _schema_credential(reference: SchemaReference, session: Session) -> SchemaEvidence:
    """Return the schema inside a credential, if its own issuer signed it (VC JSON Schema, 2.2 and 4.1)."""
    data = session.pinned(reference.id, reference.integrity)
    if isinstance(data, Missing):
        return SchemaEvidence(data)
    try:
        listed = read(document_in(data.value), session.sources.suites)
    except JikinError as error:
        return SchemaEvidence(Missing(error.code, str(error)))
    credential = listed.credential
    if credential is None:
        return SchemaEvidence(Missing("schema.malformed", listed.fault.detail if listed.fault else "no credential"))
    why = signature_fault(listed, listed.issuer, session.sources.trust.get(credential.issuer), session)
    if why is not None:
        return SchemaEvidence(Missing("schema.unsigned", f"the credential that carries the schema: {why.detail}"))
    return SchemaEvidence(_inside(listed, data.source), credential.valid_from, credential.valid_until)


def _inside(listed: Reading, source: str) -> Fact[DataSchema]:
    subjects = () if listed.credential is None else listed.credential.subjects
    try:
        return Known(DataSchema.of(subjects[0].get("jsonSchema") if len(subjects) == 1 else None), source)
    except JikinError as error:
        return Missing(error.code, str(error))


def resources_of(reading: Reading, session: Session, *, ask: bool) -> Mapping[str, Fact[bool]]:
    """Return, by id, whether each related resource has the digest stated; *ask*: those not at hand are asked for.

    What a published edition has settled already is left out.
    """
    if reading.credential is None or not reading.is_credential:
        return {}
    found: dict[str, Fact[bool]] = {}
    for place, resource in enumerate(reading.credential.related_resources):
        url, integrity = str(resource["id"]), Integrity.of(resource, "relatedResource")
        if not integrity.comparable:
            found[url] = Missing(
                "resource.algorithm", f"the digest of {url[:200]!r} is of a kind that is not read here"
            )
        elif not editions.known(url):
            found[url] = _fits(url, integrity, session, ask=ask and place < _MAX_RESOURCES)
    return found


def _fits(url: str, integrity: Integrity, session: Session, *, ask: bool) -> Fact[bool]:
    context = session.sources.contexts.data(url)
    if session.at_hand(url, integrity) is not None or (context is not None and integrity.fits(context)):
        return Known(True, "operator")
    if url in session.sources.schemas:
        return Known(False, "operator")
    if not ask:
        return Missing("resource.not-at-hand", f"{url[:200]!r} is not at hand")
    fact = session.resource(url)
    return fact if isinstance(fact, Missing) else Known(integrity.fits(fact.value), fact.source)
