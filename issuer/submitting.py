"""A credential that a program asks for, read as what the office issues: a known type and a record of it.

An institution never signs what it cannot revoke, or what is of no type that it may issue. So a credential that comes in
is not signed as it stands: its record is read back by its type, checked like a row of a list, and issued by the
ordinary steps. Nothing is lost on the way in silence: what the type would not say itself is refused by name. Id,
number, status entry and dates are the institution's to set.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from issuer import importing
from issuer.office import Office
from issuer.store.institutions import Institution
from jikin.credentials.columns import header_names, tidy
from jikin.credentials.model import Credential
from jikin.credentials.structure import items
from jikin.credentials.types import CredentialType
from jikin.errors import CredentialError, ProofError
from jikin.values import CertificateNumber, Json, JsonObject

RECORD = "record"
_EVERY_TYPE = frozenset({"VerifiableCredential"})
# What some clients always send along, and says nothing when it is empty.
_EMPTY_OPTIONS = ("mandatoryPointers",)
_SET_HERE = frozenset({"/id", "/validFrom", "/validUntil", "/credentialStatus"})
_PLACEHOLDER_NUMBER = "00000000000000000000"


@dataclass(frozen=True, slots=True)
class Submission:
    """What is to be issued: a credential type, and a record of it that was checked."""

    kind: CredentialType
    record: dict[str, str] = field(repr=False)


def issuer_of(credential: JsonObject, institutions: Sequence[Institution]) -> Institution:
    """Return which of *institutions* the submitted *credential* names as its issuer.

    Raises CredentialError (``model.*`` for what is no credential, ``issue.issuer`` for another issuer), ProofError
    (``proof.present``) for one that is signed already.
    """
    if "proof" in credential:
        raise ProofError("the credential has a proof already; right would be one without", code="proof.present")
    stated = Credential.parse(credential).issuer
    found = next((one for one in institutions if str(one.did) == stated), None)
    if found is None:
        known = ", ".join(str(one.did) for one in institutions)
        raise CredentialError(f"the issuer is {stated[:120]!r}; right here would be {known}", code="issue.issuer")
    return found


def read(office: Office, institution: Institution, credential: JsonObject, options: Mapping[str, Json]) -> Submission:
    """Return what is to be issued for *credential*, whose issuer is *institution*.

    *options* may hold ``record``: columns that the type does not show, or shows as a hash alone. The type is the one
    whose schema the credential names, else the one of the institution's types that says everything the credential says.
    Raises CredentialError: ``issue.type``, ``issue.member`` with the JSON Pointer of what would be lost,
    ``issue.dates``, ``issue.record`` for a record that breaks its type's rules, ``issue.option``; OfficeError
    ``office.type-not-allowed``.
    """
    given = _given(options)
    parsed = Credential.parse(credential, office.types)
    if parsed.schemas:
        if parsed.kind is None:
            stated = ", ".join(reference.id[:120] for reference in parsed.schemas[:3])
            raise CredentialError(f"no credential type known here has the schema {stated}", code="issue.type")
        importing.may_issue(institution, parsed.kind)
        return _Reader(office, institution, parsed, given).read(parsed.kind)
    return _by_content(_Reader(office, institution, parsed, given))


def _given(options: Mapping[str, Json]) -> Mapping[str, str]:
    """Return the columns in the options of a request."""
    for name, value in options.items():
        if name != RECORD and not (name in _EMPTY_OPTIONS and value == []):
            raise CredentialError(f"there is no option {name[:40]!r} here; there is {RECORD}", code="issue.option")
    given = options.get(RECORD, {})
    if not isinstance(given, Mapping) or not all(isinstance(cell, str) for cell in given.values()):
        raise CredentialError(f"{RECORD} is an object of texts: column → cell", code="issue.option")
    return {name: str(cell) for name, cell in given.items()}


def _by_content(reader: _Reader) -> Submission:
    """Return what the credential is, by what it says alone."""
    profile = reader.office.profile(reader.institution)
    kinds = [reader.office.types.named(type_id) for type_id in profile.types]
    kinds = [kind for kind in kinds if (set(reader.parsed.types) & set(kind.types)) - _EVERY_TYPE]
    found: list[Submission] = []
    refused: list[CredentialError] = []
    for kind in kinds:
        try:
            found.append(reader.read(kind))
        except CredentialError as error:
            refused.append(error)
    if len(found) == 1:
        return found[0]
    if len(kinds) == 1:
        raise refused[0]
    what = "no type" if not found else "more than one type"
    raise CredentialError(
        f"{what} of {', '.join(profile.types)} says what this credential says",
        code="issue.type",
        hint="name the type by its schema in credentialSchema, and what is wrong is told by name",
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """A credential to be read as one of several types."""

    office: Office
    institution: Institution
    parsed: Credential = field(repr=False)
    given: Mapping[str, str] = field(repr=False)

    def read(self, kind: CredentialType) -> Submission:
        """Return the credential as one of *kind*; raises CredentialError."""
        record = self._record(kind)
        self._check_dates(kind)
        free = {*_SET_HERE, kind.number_pointer}
        document = self.parsed.document
        if not isinstance(document["issuer"], Mapping):
            free.add("/issuer")  # the DID alone, which was compared before
        if (missing := lost(document, self._made(kind, record), free=free)) is not None:
            raise CredentialError(
                f"{missing} is nothing that a {kind.id} says: it has no such member, or says something else there",
                code="issue.member",
                hint=_HINTS.get(missing, "leave it out, or correct it; id, number, status and dates are set here"),
            )
        return Submission(kind, record)

    def _record(self, kind: CredentialType) -> dict[str, str]:
        shown = kind.read_back(self.parsed.document)
        known = header_names(kind.columns.values())
        given: dict[str, str] = {}
        for name, cell in self.given.items():
            key = name if name in kind.columns else known.get(name)
            if key is None or key in given:
                raise CredentialError(
                    f"{RECORD} names {name[:40]!r}, which is no column of {kind.id}, or one that it names twice; "
                    f"its columns are {', '.join(kind.columns)}",
                    code="issue.record",
                )
            given[key] = cell
        record = {key: tidy(column, given.get(key, shown.get(key, ""))) for key, column in kind.columns.items()}
        for key, cell in shown.items():
            if key in given and record[key] != tidy(kind.columns[key], cell):
                raise CredentialError(
                    f"{RECORD} says something else of {key} than the credential itself", code="issue.record"
                )
        if faults := kind.check_record(record, today=self.office.today):
            fault = faults[0]
            where = "" if fault.column in shown else f"; the credential does not show it: put it into options.{RECORD}"
            raise CredentialError(
                f"no {kind.id} can be issued: {fault.reason_en}",
                code="issue.record",
                hint=f"{fault.column}: {fault.fix_en}{where}",
            )
        return record

    def _check_dates(self, kind: CredentialType) -> None:
        """Refuse dates between which the certificate would hold at times that were not asked for."""
        now = self.office.clock()
        start, end = self.parsed.valid_from, self.parsed.valid_until
        if start is not None and start > now:
            raise CredentialError(
                "/validFrom lies in the future, and a certificate holds from when it is issued", code="issue.dates"
            )
        until = kind.default_until(now)
        if end is not None and (until is None or until > end):
            years = "without end" if kind.validity_years is None else f"for {kind.validity_years} years"
            raise CredentialError(
                f"/validUntil is earlier than the end of a {kind.id}, which holds {years}", code="issue.dates"
            )

    def _made(self, kind: CredentialType, record: Mapping[str, str]) -> JsonObject:
        """Return what the type makes of *record*; what the institution sets is made up, and signed by nobody."""
        profile, now = self.office.profile(self.institution), self.office.clock()
        return kind.build(
            record,
            issuer_did=profile.did,
            issuer_name={"ko": profile.names.ko, "en": profile.names.en},
            number=CertificateNumber(_PLACEHOLDER_NUMBER),
            credential_id=f"urn:uuid:{uuid.UUID(int=0)}",
            valid_from=now,
            valid_until=kind.default_until(now),
            status_entries=[{} for _ in kind.status_purposes],
            random=os.urandom,
        )


_HINTS = {
    "/credentialSubject/id": "a certificate is bound to its holder's key by an offer: make one of its number (/offers)"
}


def lost(stated: Json, made: Json, pointer: str = "", *, free: Set[str] = frozenset()) -> str | None:
    """Return the first place of *stated* that *made* does not say, as a JSON Pointer; None when all of it is there.

    An array may say less than the one that is made, in the same order; one value may stand without brackets. *free* are
    pointers of what may say anything.
    """
    if pointer in free:
        return None
    if isinstance(stated, Mapping):
        return _lost_member(stated, made, pointer, free)
    many, others = items(stated), list(items(made))
    if len(many) == 1 == len(others):
        if many[0] is not stated or others[0] is not made:
            return lost(many[0], others[0], pointer, free=free)
        # A boolean is no number, whatever Python thinks of True and 1.
        return None if type(stated) is type(made) and stated == made else pointer
    for position, one in enumerate(many):
        while others and lost(one, others[0], "/-") is not None:
            others.pop(0)
        if not others:
            return f"{pointer}/{position}"
        others.pop(0)
    return None


def _lost_member(stated: Mapping[str, Json], made: Json, pointer: str, free: Set[str]) -> str | None:
    if not isinstance(made, Mapping):
        alone = items(made)
        return (
            lost(stated, alone[0], pointer, free=free) if len(alone) == 1 and isinstance(alone[0], Mapping) else pointer
        )
    for name, value in stated.items():
        where = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if where in free:
            continue
        found = where if name not in made else lost(value, made[name], where, free=free)
        if found is not None:
            return found
    return None
