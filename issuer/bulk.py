"""A list of certificates that end together, some of them replaced by corrected ones: one request, two officers.

The list is CSV with a column of certificate numbers. Where further columns of the certificates' type have something in
them, the certificate is put right and issued anew with these cells; where they are empty, it ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from issuer import csv_file
from issuer.csv_file import Row
from issuer.office import Office
from issuer.store import batches, copies
from issuer.store.batches import CredentialState
from issuer.store.institutions import Institution
from jikin.anchoring.changes import MAX_CHANGES
from jikin.credentials.columns import HeaderMatch, RecordFault
from jikin.credentials.types import CredentialType
from jikin.errors import NumberError, OfficeError
from jikin.values import CertificateNumber

_NUMBER = "number"
_NUMBER_HEADINGS = frozenset({"number", "certificatenumber", "번호", "증명서번호", "자격증번호"})


@dataclass(frozen=True, slots=True)
class BulkList:
    """What a list asks for: *numbers* in its order, and by number (20 symbols) the cells that are put right."""

    numbers: tuple[CertificateNumber, ...]
    corrected: Mapping[str, Mapping[str, str]] = field(repr=False)


def read(office: Office, institution: Institution, data: bytes) -> BulkList:
    """Return what the list in *data* asks for; all or nothing.

    Raises OfficeError ``csv.…`` for a file that cannot be read, ``office.bulk`` that names the first line which cannot
    be right, ``office.number-unknown``.
    """
    table = csv_file.read(data, office.limits, _match)
    headings = [key if key is not None else "" for key in table.header.keys]
    asked = dict(_row(row, headings) for row in table.rows)
    if len(asked) < len(table.rows):
        raise OfficeError("a number stands in the list twice", code="office.bulk")
    corrected: dict[str, Mapping[str, str]] = {}
    with office.database.read() as connection:
        for number, cells in asked.items():
            if cells:
                found = batches.by_number(connection, number.symbols)
                if found is None or found.institution_id != institution.id:
                    raise OfficeError(
                        f"{number} is no certificate of {institution.domain}", code="office.number-unknown"
                    )
                corrected[number.symbols] = cells_of(office.types.named(found.type), cells)
    return BulkList(tuple(asked), corrected)


def of_batch(
    office: Office, institution: Institution, batch_id: int, states: Collection[CredentialState]
) -> tuple[tuple[CertificateNumber, ...], ...]:
    """Return the certificates of a batch that are in one of *states*, in pieces that an epoch each has room for.

    Copies that holders have of them count. Raises OfficeError ``office.batch-unknown``, ``office.not-released``
    for a batch of which no certificate is.
    """
    with office.database.read() as connection:
        if batch_id not in {one.id for one in batches.every(connection, institution.id)}:
            raise OfficeError(f"{institution.domain} has no batch {batch_id}", code="office.batch-unknown")
        found = [one for one in batches.credentials_of(connection, batch_id) if one.state in states]
        copied = Counter(copies.originals_of(connection, batch_id))
    pieces: list[list[CertificateNumber]] = []
    room = 0
    for one in found:
        if one.copy_of is not None:
            continue  # it goes with its original
        size = 1 + copied[one.id]
        if size > room:
            pieces.append([])
            room = MAX_CHANGES
        pieces[-1].append(CertificateNumber(one.number))
        room -= size
    if not pieces:
        raise OfficeError(
            f"no certificate of batch {batch_id} is {' or '.join(sorted(states))}",
            code="office.not-released",
            hint="a batch that is still being issued can be changed when it is released",
        )
    return tuple(map(tuple, pieces))


def cells_of(kind: CredentialType, cells: Mapping[str, str]) -> Mapping[str, str]:
    """Return *cells*, named by Korean or English header, alias or key, tidied, by column key.

    Raises OfficeError ``office.correction`` for a name that is no column of the type.
    """
    match = kind.match_header(tuple(cells))
    unknown = [name for name, key in zip(cells, match.keys, strict=True) if key is None]
    if unknown:
        raise OfficeError(
            f"no column {unknown[0][:40]!r}; a {kind.id} has {', '.join(kind.columns)}", code="office.correction"
        )
    tidied = kind.record(match, tuple(cells.values()))
    return {key: tidied[key] for key in match.keys if key is not None}


def _match(cells: Sequence[str]) -> HeaderMatch:
    """Return which cell of the first line names the number; the others stand as they are until the type is known."""
    keys = tuple(_NUMBER if _plain(cell) in _NUMBER_HEADINGS else cell.strip() or None for cell in cells)
    missing = RecordFault(
        _NUMBER,
        "record.column-missing",
        "",
        "‘증명서 번호’ 열이 없습니다.",
        "There is no column “number”.",
        "첫 줄에 ‘증명서 번호’라는 열을 넣어 주세요.",
        "Put a column “number” into the first row.",
    )
    return HeaderMatch(keys, (), () if keys.count(_NUMBER) == 1 else (missing,))


def _plain(cell: str) -> str:
    return "".join(cell.split()).replace("_", "").casefold()


def _row(row: Row, headings: Sequence[str]) -> tuple[CertificateNumber, dict[str, str]]:
    if row.fault is not None:
        raise OfficeError(f"line {row.number}: {row.fault.reason_en}", code="office.bulk")
    cells = dict(zip(headings, row.cells, strict=False))
    try:
        number = CertificateNumber.parse(cells.pop(_NUMBER, ""))
    except NumberError as error:
        raise OfficeError(f"line {row.number}: {error}", code="office.bulk") from error
    return number, {name: cell for name, cell in cells.items() if name and cell.strip()}
