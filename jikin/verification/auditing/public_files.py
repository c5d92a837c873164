"""An institution's public files as an auditor reads them: from a copy in a folder, or from its web site.

A folder can be listed, so receipts and number records are counted there; on the web only files whose names are known
can be asked for. What a file says is read here and judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

from jikin.anchoring.acts import LeafKind
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.statements import leaf
from jikin.codec import bits, multibase, strict_json
from jikin.credentials.record import NumberRecord
from jikin.dids.method import Fetch
from jikin.errors import FetchError, JikinError, StatusError
from jikin.status.bitstring import IETF_LIST, Purpose, list_id_of
from jikin.status.publication import Publication
from jikin.status.token_list import TokenList
from jikin.values import Digest, Json, ListId
from jikin.verification.auditing.evidence import Published, PublishedEntry

T = TypeVar("T")

_MAX_LEAVES = 32 << 22
_MAX_NOTES = 1 << 30
_MAX_LIST = 16 << 20
_MAX_SMALL = 1 << 16
_MAX_BITS = 1 << 20  # bytes of a list of 2^22 entries, two bits each


class PublicFiles(Protocol):
    """Files by the names that ``docs/services.md`` gives them."""

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Return the file, None when there is none; raises FetchError."""

    def names(self, folder: str) -> tuple[str, ...] | None:
        """Return the names in *folder*, sorted; None where nobody can list them."""


class FolderFiles:
    """A folder with a copy of the public files, or the very folder that is served."""

    def __init__(self, path: Path) -> None:
        """Read from *path*; raises FetchError when it is no folder."""
        if not path.is_dir():
            raise FetchError(f"{path} is no folder of public files", code="fetch.not-found")
        self._path = path

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Return the file, None when there is none; raises FetchError."""
        file = self._path / name
        try:
            if file.stat().st_size > max_bytes:
                raise FetchError(f"{name} has more than {max_bytes:,} bytes", code="fetch.too-long")
            return file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FetchError(f"{name} cannot be read: {error.strerror}") from error

    def names(self, folder: str) -> tuple[str, ...] | None:
        """Return the names in *folder*, sorted."""
        path = self._path / folder
        return tuple(sorted(one.name for one in path.iterdir())) if path.is_dir() else ()


class WebFiles:
    """The public files where the institution serves them."""

    def __init__(self, base_url: str, fetch: Fetch) -> None:
        """Ask *fetch* for files under *base_url*."""
        self._base = base_url.rstrip("/")
        self._fetch = fetch

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Return the file, None when there is none; raises FetchError."""
        try:
            return self._fetch.get(f"{self._base}/{name}", max_bytes=max_bytes)
        except FetchError as error:
            if error.code == "fetch.not-found":
                return None
            raise

    def names(self, folder: str) -> tuple[str, ...] | None:  # noqa: ARG002  # nobody can list a web site
        """Return None: a web site is not listed."""
        return None


def read_published(
    files: PublicFiles, context: Digest, roots: Iterable[Digest], list_ids: Iterable[ListId]
) -> Published:
    """Return what *files* say of *roots* and *list_ids*, and of every other that a folder holds; never raises.

    *context* is the issuer's *ctx*, from which the leaf of a receipt is computed.
    """
    reader = _Reader(files)
    wanted_roots = dict.fromkeys([*roots, *reader.ids("leaves", Digest.from_hex)])
    wanted_lists = dict.fromkeys([*list_ids, *reader.ids("status", ListId.from_hex)])
    leaves = {root: reader.file(f"leaves/{root.raw.hex()}", _MAX_LEAVES, lambda data: data) for root in wanted_roots}
    receipts = reader.receipts(context)
    entries, records = reader.records()
    notes = {one: reader.file(f"status/{one.raw.hex()}/notes", _MAX_NOTES, _publication) for one in wanted_lists}
    found_bits = {one: reader.bits(one) for one in wanted_lists}
    return Published(
        leaves=leaves,
        receipts=receipts,
        entries=entries,
        records=records,
        notes={one: publication for one, publication in notes.items() if publication is not None},
        bits={one: found for one, found in found_bits.items() if found},
        unreadable=reader.unreadable,
    )


class _Reader:
    """Reads files one after another and keeps what could not be read."""

    def __init__(self, files: PublicFiles) -> None:
        self._files = files
        self.unreadable: dict[str, str] = {}

    def ids(self, folder: str, parse: Callable[[str], T]) -> list[T]:
        found = []
        for name in self._files.names(folder) or ():
            try:
                found.append(parse(name))
            except JikinError as error:
                self.unreadable[f"{folder}/{name}"] = str(error)
        return found

    def file(self, name: str, max_bytes: int, read: Callable[[bytes], T], *, called: str | None = None) -> T | None:
        """Return what *read* makes of a file, None when there is none or it cannot be read; *called*: in the report."""
        try:
            data = self._files.read(name, max_bytes)
            return None if data is None else read(data)
        except JikinError as error:
            self.unreadable[called or name] = str(error) if called is None else error.code
            return None

    def receipts(self, context: Digest) -> Mapping[Digest, tuple[tuple[int, Digest], ...]] | None:
        names = self._files.names("receipts")
        if names is None:
            return None
        found: dict[Digest, list[tuple[int, Digest]]] = {}
        for name in names:
            receipt = self.file(f"receipts/{name}", _MAX_SMALL, lambda data: Receipt.parse(_json(data)))
            if receipt is not None:
                stands = leaf(LeafKind.CREDENTIAL, context, receipt.salt, Digest.from_hex(name))
                found.setdefault(receipt.root, []).append((receipt.index, stands))
        return {root: tuple(sorted(each, key=lambda one: one[0])) for root, each in found.items()}

    def records(self) -> tuple[tuple[PublishedEntry, ...] | None, int | None]:
        names = self._files.names("n")
        if names is None:
            return None, None
        entries: list[PublishedEntry] = []
        for name in names:
            # A number is personal: of a file that cannot be read the report names the folder alone.
            record = self.file(f"n/{name}", _MAX_SMALL, lambda data: NumberRecord.parse(_json(data)), called="n/…")
            entries += [] if record is None else _entries(record)
        return tuple(dict.fromkeys(entries)), len(names)

    def bits(self, list_id: ListId) -> Mapping[str, bytes]:
        folder = f"status/{list_id.raw.hex()}"
        found = {purpose.value: self.file(f"{folder}/{purpose.value}", _MAX_LIST, _bitstring) for purpose in Purpose}
        found[IETF_LIST] = self.file(f"{folder}/{IETF_LIST}", _MAX_LIST, _token_list)
        return {name: data for name, data in found.items() if data is not None}


def _json(data: bytes) -> Json:
    return strict_json.parse(data, max_bytes=len(data))


def _publication(data: bytes) -> Publication:
    return Publication.parse(_json(data))


def _entries(record: NumberRecord) -> list[PublishedEntry]:
    found = []
    for status in record.status:
        list_id = list_id_of(str(status.get("statusListCredential", "")))
        index = str(status.get("statusListIndex", ""))
        if list_id is not None and index.isdecimal():
            found.append(PublishedEntry(list_id, int(index)))
    return found


def _bitstring(data: bytes) -> bytes:
    subject = _member(_json(data), "credentialSubject")
    encoded = subject.get("encodedList")
    if not isinstance(encoded, str):
        raise StatusError("a list credential has an encodedList", code="status.list")
    return bits.expand(encoded, max_bytes=_MAX_BITS)


def _token_list(data: bytes) -> bytes:
    """Return the bits of a list token. Its signature is for whoever relies on it; here its content is compared."""
    parts = data.decode("ascii", "replace").strip().split(".")
    if len(parts) != 3:
        raise StatusError("a list token is a JWT of three parts", code="status.list")
    claims = _json(multibase.decode_base64url(parts[1]))
    if not isinstance(claims, Mapping):
        raise StatusError("the claims of a list token are an object", code="status.list")
    return TokenList.parse(claims, str(claims.get("sub"))).raw


def _member(value: Json, name: str) -> Mapping[str, Json]:
    found = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(found, Mapping):
        raise StatusError(f"a list credential has an object {name}", code="status.list")
    return found
