"""Reading the folder of a credential type: every file parsed, every cross-reference checked, nothing ignored."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial

import schemas
from jikin.codec import strict_json
from jikin.credentials import columns as rules_of
from jikin.credentials.columns import Column, Table, Text
from jikin.credentials.pointers import check as check_pointer
from jikin.credentials.templates import Template
from jikin.errors import CodecError, CredentialError
from jikin.values import Json, JsonObject

LANGUAGES = ("ko", "en")
# Fields that exist when a credential is built, and when a certificate is printed.
ISSUE_FIELDS = frozenset(
    {"issuer_did", "number", "credential_id", "valid_from", "valid_until", "contexts", "types", "schema", "status"}
)
PRINT_FIELDS = frozenset({"number", "issued_on", "check_domain"})
_ISSUER_FIELDS = frozenset({"issuer_name_ko", "issuer_name_en"})
_TYPE_MEMBERS = (
    *("version", "contexts", "types", "status", "validity", "second_suite", "number", "title", "public", "schema"),
    *("columns", "tables", "derived"),
)
_STATUS_PURPOSES = frozenset({"revocation", "suspension"})
# What may stand beside the classical proof of a hybrid type: suites whose keys no quantum computer opens.
_SECOND_SUITES = frozenset({"mldsa44-jcs-2024", "mldsa44-rdfc-2024"})
_ROOT = "credentials"
_MAX_BYTES = 1 << 20


def _refuse(message: str) -> CredentialError:
    return CredentialError(message, code="type.file")


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the files of one type come from: its name, and what reads a file by name (FileNotFoundError: none)."""

    name: str
    read: Callable[[str], bytes]


def packaged_folders() -> tuple[Folder, ...]:
    """Return the folders of the types in the ``schemas`` package, sorted by name."""

    def read_from(folder: str, name: str) -> bytes:
        return schemas.read(f"{_ROOT}/{folder}/{name}")

    return tuple(Folder(name, partial(read_from, name)) for name in schemas.names(_ROOT))


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON object of a type's file, and where it stands: reads members and says what is wrong where."""

    raw: JsonObject
    where: str

    def only(self, names: Collection[str]) -> Node:
        """Return itself when its members are exactly *names*; a misspelt member would be ignored silently."""
        if set(self.raw) != set(names):
            raise _refuse(
                f"{self.where}: its members are {', '.join(sorted(names))}; got {', '.join(sorted(self.raw))}"
            )
        return self

    def text(self, name: str) -> str:
        """Return the text *name*."""
        value = self.raw.get(name)
        if not isinstance(value, str):
            raise _refuse(f"{self.where}: {name} must be a text")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the array of texts *name*."""
        value = self.array(name)
        if not all(isinstance(entry, str) for entry in value):
            raise _refuse(f"{self.where}: {name} must be an array of texts")
        return tuple(str(entry) for entry in value)

    def array(self, name: str) -> Sequence[Json]:
        """Return the array *name*."""
        value = self.raw.get(name)
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise _refuse(f"{self.where}: {name} must be an array")
        return value

    def node(self, name: str) -> Node:
        """Return the object *name*."""
        value = self.raw.get(name)
        if not isinstance(value, Mapping):
            raise _refuse(f"{self.where}: {name} must be an object")
        return Node(value, f"{self.where}/{name}")

    def nodes(self) -> dict[str, Node]:
        """Return all members, each of which must be an object."""
        return {name: self.node(name) for name in self.raw}


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table that a column looks into; *members* are what its entries hold."""

    column: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """A field made at issue: *random* bytes in hexadecimal, or a salted hash (Open Badges 3.0, IdentityHash)."""

    random: int = 0
    hashed: str = ""
    salt: str = ""

    def make(self, values: Mapping[str, Json], random: Callable[[int], bytes]) -> str:
        """Return the field: hexadecimal digits, or ``sha256$`` and the hash of value and salt; empty for no value."""
        if self.random:
            return random(self.random).hex()
        value = values.get(self.hashed)
        if not isinstance(value, str) or not value:
            return ""
        return "sha256$" + hashlib.sha256((value + str(values[self.salt])).encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Texts:
    """What ``texts.<language>.json`` says: the type's name; header, hint and sample per column; public labels."""

    name: str
    headers: Mapping[str, str]
    hints: Mapping[str, str]
    samples: Mapping[str, str]
    public: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the printed certificate: its label, the same small, its value, a second value in small.

    Each may list alternatives; the first one whose fields are all there is printed.
    """

    label: Template
    label_small: Template
    value: Template
    value_small: Template


@dataclass(frozen=True, slots=True)
class Layout:
    """What the printed certificate says in one language; every text is a template."""

    document_title: Template
    number_label: Template
    number_label_small: Template
    check_line: Template
    qr_alt: Template
    title: Template
    title_small: Template
    body: Template
    date: Template
    signatory: Template
    signatory_small: Template
    seal_alt: Template
    footer: Template
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """What ``type.json`` says; *aliases* are per column, in the order of the columns."""

    version: int
    contexts: Sequence[Json]
    types: tuple[str, ...]
    status_purposes: tuple[str, ...]
    validity_years: int | None
    second_suite: str | None
    number_pointer: str
    title_pointer: str
    public_pointers: tuple[str, ...]
    schema_url: str
    schema_digest: str
    aliases: Mapping[str, tuple[str, ...]]
    lookups: Mapping[str, Lookup]
    derived: Mapping[str, Derived]


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one type, parsed."""

    folder: str
    description: Description
    tables: Mapping[str, Table] = field(repr=False)
    record_schema: Node = field(repr=False)
    template: JsonObject = field(repr=False)
    subject_schema: bytes = field(repr=False)
    layouts: Node = field(repr=False)
    claims: Node = field(repr=False)
    texts: Mapping[str, Texts] = field(repr=False)


def read(folder: Folder) -> Files:
    """Return the files of *folder*, parsed; raises CredentialError (``type.file``) that names the file at fault."""

    def node(name: str) -> Node:
        where = f"{folder.name}/{name}"
        return Node(parse_object(_read_file(folder, name), where), where)

    top = node("type.json").only(_TYPE_MEMBERS)
    named = {name: entry.only(["file", "column"]) for name, entry in top.node("tables").nodes().items()}
    tables = {name: _table(node(entry.text("file"))) for name, entry in named.items()}
    lookups = {
        name: Lookup(entry.text("column"), tuple(next(iter(tables[name].values())))) for name, entry in named.items()
    }
    return Files(
        folder=folder.name,
        description=_description(top, lookups),
        tables=tables,
        record_schema=node("record.schema.json"),
        template=node("credential.template.json").raw,
        subject_schema=_read_file(folder, "subject.schema.json"),
        layouts=node("print.json").only(LANGUAGES),
        claims=node("claims.json"),
        texts={language: _texts(node(f"texts.{language}.json")) for language in LANGUAGES},
    )


def parse_object(data: bytes, where: str) -> JsonObject:
    """Return the JSON object in *data*; raises CredentialError that names the file *where*."""
    try:
        value = strict_json.parse(data)
    except CodecError as error:
        raise _refuse(f"{where}: {error}") from error
    if not isinstance(value, Mapping):
        raise _refuse(f"{where} must be a JSON object")
    return value


def _read_file(folder: Folder, name: str) -> bytes:
    if "/" in name or "\\" in name or name.startswith("."):  # a type's folder is all that a type may read
        raise _refuse(f"{folder.name}: {name[:80]!r} is no plain file name")
    try:
        data = folder.read(name)
    except OSError as error:
        raise _refuse(f"the credential type {folder.name} has no file {name}") from error
    if len(data) > _MAX_BYTES:
        raise _refuse(f"{folder.name}/{name} has more than {_MAX_BYTES} bytes")
    return data


def _description(top: Node, lookups: Mapping[str, Lookup]) -> Description:
    version, status = top.raw["version"], top.texts("status")
    if not isinstance(version, int):
        raise _refuse(f"{top.where}: version is a number")
    if len(set(status)) != len(status) or set(status) - _STATUS_PURPOSES:
        raise _refuse(f"{top.where}: status names {', '.join(sorted(_STATUS_PURPOSES))}, each once at most")
    aliases = {}
    for entry in top.array("columns"):
        column = Node(entry if isinstance(entry, Mapping) else {}, f"{top.where}/columns").only(["key", "aliases"])
        aliases[column.text("key")] = column.texts("aliases")
    derived = {name: _derived(entry) for name, entry in top.node("derived").nodes().items()}
    for name, lookup in lookups.items():
        if lookup.column not in aliases:
            raise _refuse(f"{top.where}: the table {name} belongs to {lookup.column!r}, which is no column")
    for name, recipe in derived.items():
        if not recipe.random and (recipe.hashed not in aliases or recipe.salt not in derived):
            raise _refuse(f"{top.where}: the derived field {name} names a column or a salt that is not there")
    schema = top.node("schema").only(["id", "digestSRI"])
    return Description(
        version=version,
        contexts=top.array("contexts"),
        types=top.texts("types"),
        status_purposes=status,
        validity_years=None if top.raw["validity"] is None else _years(top.node("validity").only(["years"])),
        second_suite=None if top.raw["second_suite"] is None else _second_suite(top),
        number_pointer=check_pointer(top.text("number")),
        title_pointer=check_pointer(top.text("title")),
        public_pointers=tuple(check_pointer(pointer) for pointer in top.texts("public")),
        schema_url=schema.text("id"),
        schema_digest=schema.text("digestSRI"),
        aliases=aliases,
        lookups=lookups,
        derived=derived,
    )


def _years(validity: Node) -> int:
    years = validity.raw["years"]
    if not isinstance(years, int) or not 0 < years <= 100:
        raise _refuse(f"{validity.where}: validity is null or 1 to 100 years")
    return years


def _second_suite(top: Node) -> str:
    suite = top.text("second_suite")
    if suite not in _SECOND_SUITES:
        raise _refuse(f"{top.where}: second_suite is null or one of {', '.join(sorted(_SECOND_SUITES))}")
    return suite


def _derived(entry: Node) -> Derived:
    size = entry.raw.get("random")
    if set(entry.raw) == {"random"} and isinstance(size, int) and 16 <= size <= 64:
        return Derived(random=size)
    entry.only(["sha256", "salt"])
    return Derived(hashed=entry.text("sha256"), salt=entry.text("salt"))


def _table(top: Node) -> Table:
    table = {code: {name: entry.text(name) for name in entry.raw} for code, entry in top.nodes().items()}
    if not table or len({tuple(entry) for entry in table.values()}) != 1:
        raise _refuse(f"{top.where}: a table has entries, and all of them the same members in the same order")
    return table


def _texts(top: Node) -> Texts:
    top.only(["name", "columns", "public"])
    found = {key: entry.only(["header", "hint", "sample"]) for key, entry in top.node("columns").nodes().items()}
    public = top.node("public")
    return Texts(
        name=top.text("name"),
        headers={key: entry.text("header") for key, entry in found.items()},
        hints={key: entry.text("hint") for key, entry in found.items()},
        samples={key: entry.text("sample") for key, entry in found.items()},
        public={pointer: public.text(pointer) for pointer in public.raw},
    )


def columns(files: Files) -> dict[str, Column]:
    """Return the columns in their order, each with texts and checked rules; raises CredentialError (``type.*``)."""
    schema, keys = files.record_schema, list(files.description.aliases)
    properties, required = schema.node("properties"), schema.texts("required")
    described = {"properties": properties.raw, **{language: files.texts[language].headers for language in LANGUAGES}}
    for name, names in described.items():
        if set(names) != set(keys):
            raise _refuse(f"{schema.where}: {name} and the columns differ in {sorted(set(names) ^ set(keys))}")
    if schema.raw.get("additionalProperties") is not False or not set(required) <= set(keys):
        raise _refuse(f"{schema.where}: additionalProperties must be false, and required name columns")
    ko, en = (files.texts[language] for language in LANGUAGES)
    found = {}
    for key in keys:
        rules = rules_of.check_rules(key, properties.raw[key], keys, files.tables)
        found[key] = Column(
            key=key,
            required=key in required,
            header=Text(ko.headers[key], en.headers[key]),
            hint=Text(ko.hints[key], en.hints[key]),
            sample=Text(ko.samples[key], en.samples[key]),
            aliases=files.description.aliases[key],
            rules=rules,
            pattern=_pattern(rules.get("pattern"), f"{schema.where}/{key}"),
        )
    rules_of.header_names(found.values())  # no header may name two columns
    return found


def _pattern(value: Json, where: str) -> re.Pattern[str] | None:
    if value is None:
        return None
    try:
        return re.compile(str(value))
    except re.error as error:
        raise _refuse(f"{where}: the pattern cannot be read ({error})") from error


def record_fields(description: Description) -> frozenset[str]:
    """Return the fields that every template of the type may use: columns, table members, the issuer's names."""
    members = {f"{name}.{member}" for name, lookup in description.lookups.items() for member in lookup.members}
    return frozenset({*description.aliases, *members}) | _ISSUER_FIELDS


def public_labels(files: Files) -> dict[str, Text]:
    """Return the label of each public field, by pointer; raises CredentialError when one has none."""
    found = {}
    for pointer in files.description.public_pointers:
        ko, en = (files.texts[language].public.get(pointer, "") for language in LANGUAGES)
        if not ko or not en:
            raise _refuse(f"{files.folder}: the public field {pointer} has no label in texts.ko.json or texts.en.json")
        found[pointer] = Text(ko, en)
    return found


def layouts(files: Files, names: Collection[str]) -> dict[str, Layout]:
    """Return the printed certificate's texts per language; *names* are the fields they may use."""
    return {language: _layout(entry, names) for language, entry in files.layouts.nodes().items()}


def _alternatives(row: Node, part: str) -> Json:
    return row.text(part) if isinstance(row.raw[part], str) else list(row.texts(part))


def _layout(top: Node, names: Collection[str]) -> Layout:
    single = [entry.name for entry in fields(Layout) if entry.name != "rows"]
    top.only([*single, "rows"])
    rows = []
    for position, entry in enumerate(top.array("rows")):
        row = Node(entry if isinstance(entry, Mapping) else {}, f"{top.where}/rows/{position}")
        parts = [entry.name for entry in fields(Row)]
        row.only(parts)
        rows.append(Row(*(Template.parse(_alternatives(row, part), names, row.where) for part in parts)))
    texts = {name: Template.parse(top.text(name), names, f"{top.where}/{name}") for name in single}
    return Layout(**texts, rows=tuple(rows))
