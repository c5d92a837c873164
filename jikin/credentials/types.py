"""Credential types: one folder of ``schemas/credentials/`` each, data only, checked when it is read.

    type.json                  name, version, contexts, columns, tables, pointers, derived fields
    record.schema.json         the rules of each column of a result list (see ``columns``)
    credential.template.json   the credential, with {field} placeholders (see ``templates``)
    subject.schema.json        JSON Schema that an issued credential of this type keeps
    claims.json                its claims in SD-JWT VC (see ``claims``)
    print.json                 what the printed certificate says, per language
    texts.ko.json, texts.en.json   names, column headers, hints, labels of the public fields

>>> types = CredentialTypes.packaged()
>>> types.named("national-technical-qualification").name.ko
'국가기술자격증'
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache

from jsonschema import Draft202012Validator

from jikin.credentials import claims, columns, loading, reading_back
from jikin.credentials.claims import Claims
from jikin.credentials.columns import Column, HeaderMatch, RecordFault, Table, Text
from jikin.credentials.loading import Layout
from jikin.credentials.pointers import resolve
from jikin.credentials.structure import text_of
from jikin.credentials.templates import PLACEHOLDER, Template, empty
from jikin.errors import CredentialError
from jikin.values import CertificateNumber, Did, Json, JsonObject, format_instant

Random = Callable[[int], bytes]
_MAX_FAULTS = 20
_CREDENTIAL_ID = re.compile(r"(?:urn:uuid:|https?://)[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class SubjectFault:
    """One place where an issued credential breaks its type's schema: a JSON Pointer and a sentence."""

    pointer: str
    message: str = field(repr=False)  # may quote personal data


@dataclass(frozen=True, slots=True)
class CredentialType:
    """One credential type, as read from its folder.

    *id* is the folder's name. *status_purposes* are the status entries that each credential carries, in this order:
    none for a type that cannot be revoked, one where a format allows no second. *validity_years* is the default
    validity, None for one without end. *second_suite* is the post-quantum cryptosuite whose proof stands beside the
    classical one where a credential carries Data Integrity proofs, None for a type with one proof: some verifiers
    refuse an array of proofs. Pointers are JSON Pointers into an issued credential. *derived* fields are made
    at issue: random salts and salted hashes.
    """

    id: str
    version: int
    name: Text
    status_purposes: tuple[str, ...]
    validity_years: int | None
    second_suite: str | None
    types: tuple[str, ...]
    number_pointer: str
    title_pointer: str
    public_pointers: tuple[str, ...]
    public_labels: Mapping[str, Text]
    schema_url: str
    schema_digest: str
    claims: Claims
    columns: Mapping[str, Column] = field(repr=False)
    layouts: Mapping[str, Layout] = field(repr=False)
    tables: Mapping[str, Table] = field(repr=False)
    _lookups: Mapping[str, loading.Lookup] = field(repr=False)
    _derived: Mapping[str, loading.Derived] = field(repr=False)
    _contexts: Sequence[Json] = field(repr=False)
    _template: Template = field(repr=False)
    _validator: Draft202012Validator = field(repr=False)

    @property
    def revocable(self) -> bool:
        """Say whether a credential of this type can be revoked."""
        return bool(self.status_purposes)

    @property
    def contexts(self) -> Sequence[Json]:
        """Return the ``@context`` of each credential of this type."""
        return self._contexts

    def match_header(self, cells: Sequence[str]) -> HeaderMatch:
        """Return which column each cell of a head row names (Korean, English, alias or key), and its faults."""
        return columns.match_header(tuple(self.columns.values()), cells)

    def record(self, header: HeaderMatch, cells: Sequence[str]) -> dict[str, str]:
        """Return one row as a record: tidied text by column key; cells beyond the head row are left out."""
        named = {key: cell for key, cell in zip(header.keys, cells, strict=False) if key is not None}
        return {key: columns.tidy(column, named.get(key, "")) for key, column in self.columns.items()}

    def check_record(self, record: Mapping[str, str], *, today: date) -> tuple[RecordFault, ...]:
        """Return everything wrong with *record* (empty: it can be issued), the first fault of each column.

        *today* is the office's calendar day. Raises CredentialError (``record.unknown-column``) for a key that is no
        column: that is a mistake of the program, not of the list.
        """
        if foreign := sorted(set(record) - set(self.columns)):
            raise CredentialError(
                f"{self.id} has no column {', '.join(foreign)[:80]}; it has {', '.join(self.columns)}",
                code="record.unknown-column",
            )
        return tuple(columns.check(self.columns, self.tables, record, today))

    def default_until(self, valid_from: int) -> int | None:
        """Return the Unix second at which a credential valid from *valid_from* ends by default, None for never."""
        if self.validity_years is None:
            return None
        start = datetime.fromtimestamp(valid_from, UTC)
        try:
            end = start.replace(year=start.year + self.validity_years)
        except ValueError:  # 29 February has no anniversary in most years
            end = start.replace(year=start.year + self.validity_years, day=28)
        return int(end.timestamp())

    def fields(self, record: Mapping[str, str], issuer_name: Mapping[str, str]) -> dict[str, Json]:
        """Return the fields that templates may use: the record's columns, table entries and the issuer's names."""
        values: dict[str, Json] = {key: record.get(key, "") for key in self.columns}
        for name, lookup in self._lookups.items():
            entry = self.tables[name].get(record.get(lookup.column, ""), {})
            values.update({f"{name}.{member}": entry.get(member, "") for member in lookup.members})
        values["issuer_name_ko"], values["issuer_name_en"] = issuer_name["ko"], issuer_name["en"]
        return values

    def read_back(self, document: JsonObject) -> dict[str, str]:
        """Return the record of an issued credential: each column it shows; what it holds as a hash alone is not there.

        Nothing is verified by it.
        """
        found = reading_back.fields_of(self._template.body, document)
        return {key: found[key] for key in self.columns if key in found}

    def title_of(self, document: JsonObject) -> Text:
        """Return what an issued credential certifies, in both languages where its type knows both."""
        value = resolve(document, self.title_pointer)
        korean = text_of(value) or self.name.ko
        body = resolve(self._template.body, self.title_pointer)
        named = PLACEHOLDER.fullmatch(body) if isinstance(body, str) else None
        if named is not None:
            field = named["field"]
            values = self.fields(self.read_back(document), {"ko": "", "en": ""})
            english = values.get(f"{field.removesuffix('_ko')}_en")
            return Text(korean, english if isinstance(english, str) and english else korean)
        return Text(korean, text_of(value, "en") or korean)

    def build(
        self,
        record: Mapping[str, str],
        *,
        issuer_did: Did,
        issuer_name: Mapping[str, str],
        number: CertificateNumber,
        credential_id: str,
        valid_from: int,
        valid_until: int | None,
        status_entries: Sequence[JsonObject],
        random: Random,
    ) -> JsonObject:
        """Return the unsecured credential for a checked *record*.

        *issuer_name* has ko and en. *credential_id* is a urn:uuid or http(s) URL. Instants are Unix seconds.
        *status_entries* become ``credentialStatus``: one stands alone, several as an array; a revocable type refuses
        none at all, because what cannot be revoked is never issued. *random* gives that many random bytes (for
        salts). Raises CredentialError (``type.build``).
        """
        self._check_issue(credential_id, valid_from, valid_until, status_entries, issuer_name)
        values = self.fields(record, issuer_name)
        values |= {
            "issuer_did": str(issuer_did),
            "number": str(number),
            "credential_id": credential_id,
            "valid_from": format_instant(valid_from),
            "valid_until": "" if valid_until is None else format_instant(valid_until),
            "contexts": self._contexts,
            "types": list(self.types),
            "schema": {"id": self.schema_url, "type": "JsonSchema", "digestSRI": self.schema_digest},
            "status": status_entries[0] if len(status_entries) == 1 else list(status_entries) or None,
        }
        for name, derived in self._derived.items():
            values[name] = derived.make(values, random)
        return self._template.fill_object(values)

    def build_claims(
        self, record: Mapping[str, str], *, issuer_name: Mapping[str, str], number: CertificateNumber
    ) -> dict[str, Json]:
        """Return the claims of an SD-JWT VC for a checked *record*: what the type says, none of the format's own.

        Which of them a holder may leave out says ``claims.disclosable``.
        """
        return self.claims.fill({**self.fields(record, issuer_name), "number": str(number)})

    def _check_issue(
        self,
        credential_id: str,
        valid_from: int,
        valid_until: int | None,
        status_entries: Sequence[JsonObject],
        issuer_name: Mapping[str, str],
    ) -> None:
        if not _CREDENTIAL_ID.fullmatch(credential_id):
            raise CredentialError(
                f"a credential id is a urn:uuid: or https:// URL, got {credential_id[:80]!r}", code="type.build"
            )
        if valid_until is not None and valid_until < valid_from:
            raise CredentialError("the credential would end before it begins", code="type.build")
        if self.revocable and not status_entries:
            raise CredentialError(
                f"{self.id} is revocable and got no status entry: what cannot be revoked is never issued",
                code="type.build",
            )
        if empty(issuer_name.get("ko")) or empty(issuer_name.get("en")):
            raise CredentialError("the issuer's name is needed in ko and en", code="type.build")

    def check_credential(self, document: JsonObject) -> tuple[SubjectFault, ...]:
        """Return where an issued credential breaks this type's schema (empty: nowhere), at most 20 places."""
        found = []
        for error in self._validator.iter_errors(document):
            pointer = "".join(f"/{token}" for token in error.absolute_path)
            found.append(SubjectFault(pointer, error.message[:200]))
            if len(found) == _MAX_FAULTS:
                break
        return tuple(sorted(found, key=lambda fault: fault.pointer))


class CredentialTypes:
    """The credential types of an installation, by id and by the URL of their schema."""

    def __init__(self, types: Sequence[CredentialType]) -> None:
        """Keep *types*; raises CredentialError when two share an id or a schema URL."""
        self._by_id: dict[str, CredentialType] = {}
        self._by_schema: dict[str, CredentialType] = {}
        self._by_vct: dict[str, CredentialType] = {}
        for kind in types:
            if kind.id in self._by_id or kind.schema_url in self._by_schema or kind.claims.vct in self._by_vct:
                raise CredentialError(f"two credential types are called {kind.id} or {kind.schema_url}", code="type")
            self._by_id[kind.id] = self._by_schema[kind.schema_url] = self._by_vct[kind.claims.vct] = kind

    @classmethod
    def packaged(cls) -> CredentialTypes:
        """Return the types that come with the package; read once."""
        return _packaged()

    def __iter__(self) -> Iterator[CredentialType]:
        return iter(self._by_id.values())

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids, sorted."""
        return tuple(sorted(self._by_id))

    def named(self, type_id: str) -> CredentialType:
        """Return the type called *type_id*; raises CredentialError (``type.unknown``) that lists the known ones."""
        if type_id not in self._by_id:
            raise CredentialError(
                f"no credential type called {type_id[:80]!r}; this installation knows {', '.join(self.ids)}",
                code="type.unknown",
            )
        return self._by_id[type_id]

    def by_schema(self, urls: Sequence[str]) -> CredentialType | None:
        """Return the type whose schema is among *urls* (a credential's ``credentialSchema``), None for no or two."""
        found = {kind.id: kind for url in urls if (kind := self._by_schema.get(url))}
        return next(iter(found.values())) if len(found) == 1 else None

    def by_vct(self, vct: str) -> CredentialType | None:
        """Return the type whose SD-JWT VCs have this ``vct``, None for no such type."""
        return self._by_vct.get(vct)


def read_type(folder: loading.Folder) -> CredentialType:
    """Return the credential type in *folder*; raises CredentialError (``type.*``) that names the file at fault."""
    files = loading.read(folder)
    description, tables = files.description, files.tables
    schema_bytes = files.subject_schema
    digest = "sha256-" + base64.b64encode(hashlib.sha256(schema_bytes).digest()).decode("ascii")
    if digest != description.schema_digest:
        raise CredentialError(
            f"{folder.name}/subject.schema.json has the digest {digest}, type.json says {description.schema_digest}; "
            "issued credentials name that digest: a changed schema is a new version",
            code="type.schema",
        )
    schema = loading.parse_object(schema_bytes, f"{folder.name}/subject.schema.json")
    Draft202012Validator.check_schema(schema)
    issue_fields = {*loading.ISSUE_FIELDS, *description.derived}
    record_fields = loading.record_fields(description)
    template = Template.parse(files.template, record_fields | issue_fields, f"{folder.name}/credential.template.json")
    return CredentialType(
        id=folder.name,
        version=description.version,
        name=Text(files.texts["ko"].name, files.texts["en"].name),
        status_purposes=description.status_purposes,
        validity_years=description.validity_years,
        second_suite=description.second_suite,
        types=description.types,
        number_pointer=description.number_pointer,
        title_pointer=description.title_pointer,
        public_pointers=description.public_pointers,
        public_labels=loading.public_labels(files),
        schema_url=description.schema_url,
        schema_digest=description.schema_digest,
        claims=claims.read(files.claims, record_fields | {"number"}),
        columns=loading.columns(files),
        layouts=loading.layouts(files, record_fields | loading.PRINT_FIELDS),
        tables=tables,
        _lookups=description.lookups,
        _derived=description.derived,
        _contexts=description.contexts,
        _template=template,
        _validator=Draft202012Validator(schema),
    )


@cache
def _packaged() -> CredentialTypes:
    return CredentialTypes([read_type(folder) for folder in loading.packaged_folders()])
