"""A credential as a value: parsed once, structurally sound from then on (VC Data Model 2.0; 1.1 is recognised)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from jikin.credentials import claims, rendering, structure
from jikin.credentials.integrity import Integrity
from jikin.credentials.pointers import resolve
from jikin.credentials.structure import CONTEXT_V1, CONTEXT_V2, refuse, text_of
from jikin.credentials.text import visible
from jikin.credentials.types import CredentialType, CredentialTypes
from jikin.errors import CredentialError, NumberError, ValueRefusedError
from jikin.values import CertificateNumber, Did, Json, JsonObject

_INDEX = re.compile(r"0|[1-9][0-9]{0,15}")
_MAX_TITLE = 200
_V1_DATES = ("issuanceDate", "expirationDate")


class Model(Enum):
    """The data model; the value is W3C's base context, or the name of another model."""

    V2_0 = CONTEXT_V2
    V1_1 = CONTEXT_V1
    SD_JWT_VC = "SD-JWT VC"


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """One entry of ``credentialStatus``, at *position* (0 for a single one).

    *purpose*, *index* and *list_credential* are those of a BitstringStatusListEntry (Bitstring Status List 1.0, 2.1)
    and None where the entry does not state them soundly; an index written as a number, as some issuers do, is read.
    """

    position: int
    types: tuple[str, ...]
    id: str | None
    purpose: str | None
    index: int | None
    list_credential: str | None
    document: JsonObject = field(repr=False)


@dataclass(frozen=True, slots=True)
class SchemaReference:
    """One entry of ``credentialSchema`` (VC 2.0, 4.11), at *position* (0 for a single one).

    *digest* is its ``digestSRI`` as it stands, None where it states none; *integrity* is every digest it states.
    """

    id: str
    types: tuple[str, ...]
    digest: str | None
    position: int = 0
    integrity: Integrity = field(default_factory=lambda: Integrity(()))


@dataclass(frozen=True, slots=True)
class Credential:
    """A structurally sound credential. Nothing in it is believed yet: the proof has not been looked at.

    *valid_from* and *valid_until* are Unix seconds (``issuanceDate`` and ``expirationDate`` of a 1.1 document).
    *document* is the parsed JSON as it came, proofs included; it may hold personal data and stays out of reprs.
    """

    model: Model
    id: str | None
    types: tuple[str, ...]
    issuer: str
    valid_from: int | None
    valid_until: int | None
    status: tuple[StatusEntry, ...]
    schemas: tuple[SchemaReference, ...]
    kind: CredentialType | None
    subjects: tuple[JsonObject, ...] = field(repr=False)
    related_resources: tuple[JsonObject, ...] = field(repr=False)
    document: JsonObject = field(repr=False)

    @classmethod
    def parse(cls, document: JsonObject, types: CredentialTypes | None = None) -> Credential:
        """Return the credential in *document*; raises CredentialError (codes ``model.*``) with what is wrong.

        *types* are the credential types to recognise it by; without them the packaged ones.
        """
        if not isinstance(document, Mapping):
            refuse("shape", f"a credential is a JSON object, got a {structure.kind(document)}")
        model = Model(structure.check_context(document))
        names = structure.check_types(document.get("type"), "the credential")
        if "VerifiableCredential" not in names:
            refuse("type", f"the credential's type must include VerifiableCredential, got {', '.join(names)[:80]}")
        identifier = structure.check_id(document, "the credential")
        # 1.1 defines no name and no description: what they look like is for whoever defines them
        texts = model is Model.V2_0
        issuer = structure.check_issuer(document, texts=texts)
        subjects = structure.check_subjects(document, texts=texts)
        start, end = _dates(document, model)
        if texts:
            structure.check_texts(document, "the credential")
            rendering.check(document)
        # 1.1 demands an id of these; 2.0 made it optional for all but schemas
        for member in ("evidence", "termsOfUse"):
            structure.typed_objects(document, member, texts=texts)
        structure.typed_objects(document, "refreshService", id_required=model is Model.V1_1, texts=texts)
        status = structure.typed_objects(document, "credentialStatus", id_required=model is Model.V1_1, texts=texts)
        schemas = structure.typed_objects(document, "credentialSchema", id_required=True, texts=texts)
        structure.check_proofs(document)
        references = tuple(
            _schema(position, entry) for position, entry in enumerate(structure.few(schemas, "credentialSchema"))
        )
        known = CredentialTypes.packaged() if types is None else types
        return cls(
            model=model,
            id=identifier,
            types=names,
            issuer=issuer,
            valid_from=start,
            valid_until=end,
            status=tuple(
                _status(position, entry) for position, entry in enumerate(structure.few(status, "credentialStatus"))
            ),
            schemas=references,
            kind=known.by_schema(tuple(reference.id for reference in references)),
            subjects=subjects,
            related_resources=structure.check_resources(document),
            document=document,
        )

    @property
    def issuer_did(self) -> Did | None:
        """Return the issuer's DID, None where the issuer is another URL."""
        try:
            return Did(self.issuer)
        except ValueRefusedError:
            return None

    @property
    def number(self) -> CertificateNumber | None:
        """Return the certificate number it states: where its type keeps it, else Open Badges' ``licenseNumber``."""
        pointer = self.kind.number_pointer if self.kind else "/credentialSubject/licenseNumber"
        if self.model is Model.SD_JWT_VC:
            pointer = f"/{claims.NUMBER}"
        value = resolve(self.document, pointer)
        if not isinstance(value, str):
            return None
        try:
            return CertificateNumber.parse(value)
        except NumberError:
            return None

    @property
    def title(self) -> str | None:
        """Return what is certified, in Korean where both languages stand: by its type, achievement or own name."""
        pointers = ["/credentialSubject/achievement/name", "/name"]
        if self.model is Model.SD_JWT_VC:
            pointers = [f"/{claims.TITLE}"]
        elif self.kind:
            pointers.insert(0, self.kind.title_pointer)
        for pointer in pointers:
            if text := text_of(resolve(self.document, pointer)):
                return visible(text, _MAX_TITLE)  # nothing is verified yet: no terminal or page is steered by it
        return None

    @property
    def public(self) -> Mapping[str, Json]:
        """Return the fields that its type declares public: JSON Pointer → value; empty where no type is known."""
        shown = self.kind is not None and self.model is not Model.SD_JWT_VC
        pointers = self.kind.public_pointers if self.kind and shown else ()
        found = {pointer: resolve(self.document, pointer) for pointer in pointers}
        return {pointer: value for pointer, value in found.items() if value is not None}


def _dates(document: JsonObject, model: Model) -> tuple[int | None, int | None]:
    if model is Model.V2_0:
        # An expirationDate that nobody reads would make an expired credential valid for ever.
        structure.check_absent(document, _V1_DATES, "validFrom and validUntil")
        names = ("validFrom", "validUntil")
    else:
        structure.check_absent(document, ("validUntil",), "issuanceDate and expirationDate")
        names = ("issuanceDate", "expirationDate")
        if "issuanceDate" not in document:
            refuse("dates", "a VC 1.1 credential needs an issuanceDate")
    start, end = (structure.check_instant(document, name) for name in names)
    structure.check_order_of(document, start, end, names)
    if model is Model.V1_1:
        # A term that 1.1 keeps for later; where an issuer states it already, both beginnings have to be reached.
        later = structure.check_instant(document, "validFrom")
        start = later if start is None or (later is not None and later > start) else start
        structure.check_order(start, end, ("validFrom", "expirationDate"))
    return start, end


def _status(position: int, entry: JsonObject) -> StatusEntry:
    index, purpose, address = (entry.get(n) for n in ("statusListIndex", "statusPurpose", "statusListCredential"))
    number: int | None = None
    if isinstance(index, str) and _INDEX.fullmatch(index):
        number = int(index)
    elif isinstance(index, int) and not isinstance(index, bool) and 0 <= index < 10**16:
        number = index
    return StatusEntry(
        position=position,
        types=structure.check_types(entry.get("type"), "credentialStatus"),
        id=structure.check_id(entry, "credentialStatus"),
        purpose=purpose if isinstance(purpose, str) else None,
        index=number,
        list_credential=str(address) if structure.is_url(address) else None,
        document=entry,
    )


def _schema(position: int, entry: JsonObject) -> SchemaReference:
    digest, where = entry.get("digestSRI"), "credentialSchema"
    return SchemaReference(
        id=str(entry["id"]),
        types=structure.check_types(entry.get("type"), where),
        digest=digest if isinstance(digest, str) else None,
        position=position,
        integrity=_integrity(entry, where),
    )


def _integrity(entry: JsonObject, where: str) -> Integrity:
    try:
        return Integrity.of(entry, where)
    except CredentialError as error:
        raise CredentialError(str(error), code="model.schema") from error
