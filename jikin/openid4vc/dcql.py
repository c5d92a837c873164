"""DCQL: what a verifier asks for, what of a wallet fits, and whether an answer keeps to it (OpenID4VP 1.0, section 6).

Credentials in the formats ``ldp_vc`` and ``dc+sd-jwt`` can be asked for; a query for another format matches nothing,
with the reason said. A credential in ``ldp_vc`` is shown whole: its claims decide whether it fits, not what is seen of
it. Of one in ``dc+sd-jwt`` what the query names is shown, and no more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from jikin.openid4vc.candidate import LDP_VC, SD_JWT_VC, Candidate
from jikin.openid4vc.claims import ClaimPath, path_of, select
from jikin.openid4vc.errors import refuse
from jikin.openid4vc.members import Members
from jikin.values import Json, JsonObject

__all__ = ["Candidate", "ClaimQuery", "CredentialQuery", "CredentialSet", "Matches", "Query", "QueryMatch"]

FORMATS = (LDP_VC, SD_JWT_VC)
Choice: TypeAlias = Mapping[str, Sequence[str]]
"""Query id → ids of the candidates chosen for it."""

_CODE = "dcql"
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_MAX = 64  # queries, claims of a query, sets, options of a set


@dataclass(frozen=True, slots=True)
class ClaimQuery:
    """One claim that is asked for; *values* None: any value will do."""

    path: ClaimPath
    id: str | None = None
    values: tuple[str | int | bool, ...] | None = None

    def unmet(self, document: JsonObject) -> str | None:
        """Return why *document* does not hold the claim, None if it does."""
        found = select(document, self.path)
        if isinstance(found, str):
            return found
        if self.values is None or any(_same(value, wanted) for value in found for wanted in self.values):
            return None
        return f"the claim {_shown(self.path)} has none of the values asked for"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialQuery:
    """One kind of credential that is asked for.

    *types*: alternatives, each a set of types that must all be there (``meta.type_values``: IRIs or short names;
    ``meta.vct_values``: one type each); empty: any. *claim_sets*: alternatives of claim ids, best first. *authorities*:
    kinds of ``trusted_authorities``.
    """

    id: str
    format: str
    types: tuple[tuple[str, ...], ...] = ()
    claims: tuple[ClaimQuery, ...] = ()
    claim_sets: tuple[tuple[str, ...], ...] = ()
    multiple: bool = False
    holder_binding: bool = True
    authorities: tuple[str, ...] = ()

    def unmet(self, candidate: Candidate) -> str | None:
        """Return why *candidate* does not fit, a sentence for programmers; None if it does."""
        if self.format not in FORMATS:
            return f"credentials in the format {self.format!r} are not held here"
        if candidate.format != self.format:
            return f"its format is {candidate.format}, asked for is {self.format}"
        if self.types and not any(set(each) <= candidate.types for each in self.types):
            return "it is of none of the types asked for"
        if self.holder_binding and not candidate.bound:
            return "it is not made out to a key of the holder, which is asked for"
        if self.authorities:
            return f"it cannot be shown to stand under the authorities asked for ({', '.join(self.authorities)})"
        found = self.claims_of(candidate)
        return found if isinstance(found, str) else None

    def paths_of(self, candidate: Candidate) -> tuple[ClaimPath, ...]:
        """Return the paths of the claims that *candidate* shows in answer: those asked for, and no more.

        Raises ProtocolError (``openid.dcql.unmet``) for a candidate that does not hold them.
        """
        found = self.claims_of(candidate)
        if isinstance(found, str):
            refuse(f"{_CODE}.unmet", found)
        return tuple(claim.path for claim in found)

    def claims_of(self, candidate: Candidate) -> tuple[ClaimQuery, ...] | str:
        """Return the claims of *candidate* that answer the query: of the first claim set that it holds, else all.

        Where it does not hold what is asked for, why.
        """
        if not self.claim_sets:
            return next((why for claim in self.claims if (why := claim.unmet(candidate.document))), self.claims)
        by_id = {claim.id: claim for claim in self.claims}
        reasons = []
        for names in self.claim_sets:
            wanted = tuple(by_id[name] for name in names)
            why = next((why for claim in wanted if (why := claim.unmet(candidate.document))), None)
            if why is None:
                return wanted
            reasons.append(why)
        return reasons[-1]


@dataclass(frozen=True, slots=True)
class CredentialSet:
    """Alternatives of credential queries that are answered together, best first; *purpose* as older wallets read it."""

    options: tuple[tuple[str, ...], ...]
    required: bool = True
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class QueryMatch:
    """What fits one query, in the order given, and why the rest does not (by candidate id)."""

    query: CredentialQuery
    fitting: tuple[Candidate, ...]
    unmet: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query. *document* is the JSON it was read from."""

    credentials: tuple[CredentialQuery, ...]
    sets: tuple[CredentialSet, ...]
    document: JsonObject = field(repr=False)

    @classmethod
    def parse(cls, value: Json) -> Query:
        """Return the query in *value*; unknown members are ignored. Raises ProtocolError (``openid.dcql``)."""
        members = Members.of(value, "dcql_query", _CODE)
        listed = members.objects("credentials")
        _few(members, len(listed), "credentials")
        credentials = tuple(_credential(entry) for entry in listed)
        ids = [query.id for query in credentials]
        if len(set(ids)) != len(ids):
            members.refuse("two credentials have one id")
        sets = members.objects("credential_sets") if members.value.get("credential_sets") is not None else ()
        _few(members, len(sets), "credential_sets")
        return cls(credentials, tuple(_set(entry, ids) for entry in sets), members.value)

    def to_json(self) -> JsonObject:
        """Return the query as it was written."""
        return self.document

    def credential(self, id: str) -> CredentialQuery | None:
        """Return the credential query called *id*."""
        return next((query for query in self.credentials if query.id == id), None)

    def match(self, held: Sequence[Candidate]) -> Matches:
        """Return what of the credentials *held* fits each query."""
        found = {}
        for query in self.credentials:
            unmet = {candidate.id: query.unmet(candidate) for candidate in held}
            fitting = tuple(candidate for candidate in held if unmet[candidate.id] is None)
            found[query.id] = QueryMatch(query, fitting, {name: why for name, why in unmet.items() if why is not None})
        return Matches(self, found)

    def answered_by(self, answered: Sequence[str]) -> bool:
        """Say whether answers to the queries *answered* satisfy the whole."""
        if not self.sets:
            return {query.id for query in self.credentials} <= set(answered)
        return all(
            any(set(option) <= set(answered) for option in one.options) for one in self.sets if one.required
        ) and bool(answered)

    def check_answer(self, presented: Mapping[str, Sequence[Candidate]]) -> None:
        """Return if *presented*, query id → credentials shown for it, keeps to the query (the verifier's side).

        Nothing the wallet says about matching is believed. Raises ProtocolError: ``openid.dcql.unasked`` for an answer
        to no query or to more than was asked, ``openid.dcql.unmet`` for a credential that does not fit,
        ``openid.dcql.incomplete`` when what was required is not there.
        """
        for name, shown in presented.items():
            query = self.credential(name)
            if query is None:
                refuse(f"{_CODE}.unasked", f"the answer has {name[:60]!r}, which was not asked for")
            if not shown or (len(shown) > 1 and not query.multiple):
                refuse(f"{_CODE}.unasked", f"the answer to {name} shows {len(shown)} credentials, asked for was one")
            for candidate in shown:
                if why := query.unmet(candidate):
                    refuse(f"{_CODE}.unmet", f"a credential in the answer to {name} does not fit: {why}")
        if not self.answered_by(tuple(presented)):
            refuse(f"{_CODE}.incomplete", "the answer leaves out what was required")


@dataclass(frozen=True, slots=True)
class Matches:
    """What fits a query; from this the wallet shows and checks the holder's choice."""

    query: Query
    by_query: Mapping[str, QueryMatch]

    @property
    def answerable(self) -> tuple[str, ...]:
        """Return the ids of the queries for which something fits, in their order."""
        return tuple(name for name, match in self.by_query.items() if match.fitting)

    @property
    def satisfiable(self) -> bool:
        """Say whether what is held can satisfy all that is required."""
        return self.query.answered_by(self.answerable)

    def options(self, one: CredentialSet) -> tuple[tuple[str, ...], ...]:
        """Return the options of *one* set that can be answered, best first."""
        able = set(self.answerable)
        return tuple(option for option in one.options if set(option) <= able)

    def required(self) -> frozenset[str]:
        """Return the queries that a least answer holds: all, or of every required set the best option there is."""
        if not self.query.sets:
            return frozenset(query.id for query in self.query.credentials)
        chosen: set[str] = set()
        for one in self.query.sets:
            if one.required:
                chosen |= set((self.options(one) or one.options)[0])
        return frozenset(chosen)

    def least(self) -> Choice:
        """Return the least answer: for each required query the first credential that fits.

        Where nothing is required, the first answerable option. Raises ProtocolError (``openid.dcql.unsatisfiable``).
        """
        if not self.satisfiable:
            missing = sorted(self.required() - set(self.answerable))
            refuse(f"{_CODE}.unsatisfiable", f"nothing held here fits {', '.join(missing) or 'what is asked for'}")
        optional = (option for one in self.query.sets for option in self.options(one))
        queries = self.required() or frozenset(next(optional, ()))
        return {name: (match.fitting[0].id,) for name, match in self.by_query.items() if name in queries}

    def check_choice(self, choice: Choice) -> None:
        """Return if the holder's *choice* answers the query, whole and with nothing more.

        Raises ProtocolError (``openid.dcql.choice``).
        """
        code = f"{_CODE}.choice"
        for name, chosen in choice.items():
            match = self.by_query.get(name)
            if match is None:
                refuse(code, f"{name[:60]!r} was not asked for")
            if not chosen or len(set(chosen)) != len(chosen) or (len(chosen) > 1 and not match.query.multiple):
                refuse(code, f"for {name} one credential is chosen{', or several' if match.query.multiple else ''}")
            if unknown := set(chosen) - {candidate.id for candidate in match.fitting}:
                refuse(code, f"{sorted(unknown)[0][:60]!r} does not fit {name}")
        if not self.query.answered_by(tuple(choice)):
            refuse(code, "the choice leaves out what is required")


def _credential(members: Members) -> CredentialQuery:
    kind = members.text("format", most=100)
    meta = members.object("meta")
    types = {LDP_VC: _types, SD_JWT_VC: _vcts}.get(kind, _none)(meta)
    claims = _claims(members)
    return CredentialQuery(
        id=_id(members),
        format=kind,
        types=types,
        claims=claims,
        claim_sets=_claim_sets(members, claims),
        multiple=members.boolean("multiple", default=False),
        holder_binding=members.boolean("require_cryptographic_holder_binding", default=True),
        authorities=_authorities(members),
    )


def _id(members: Members) -> str:
    name = members.text("id")
    if not _ID.fullmatch(name):
        members.refuse("id has letters, digits, _ and - only, at most 100")
    return name


def _types(meta: Members) -> tuple[tuple[str, ...], ...]:
    if meta.value.get("type_values") is None:
        return ()
    found = []
    for entry in meta.array("type_values"):
        if isinstance(entry, str) or not isinstance(entry, Sequence) or not entry:
            meta.refuse("type_values is an array of arrays of types")
        if not all(isinstance(each, str) and each for each in entry):
            meta.refuse("type_values is an array of arrays of types, and one is no text")
        found.append(tuple(str(each) for each in entry))
    _few(meta, len(found), "type_values")
    return tuple(found)


def _vcts(meta: Members) -> tuple[tuple[str, ...], ...]:
    """Return the types asked for of an SD-JWT VC (appendix B.3.5), each an alternative."""
    found = meta.optional_texts("vct_values") or ()
    _few(meta, len(found), "vct_values")
    return tuple((vct,) for vct in found)


def _none(meta: Members) -> tuple[tuple[str, ...], ...]:  # noqa: ARG001 -- a format that is not held has no types
    return ()


def _claims(members: Members) -> tuple[ClaimQuery, ...]:
    if members.value.get("claims") is None:
        return ()
    listed = members.objects("claims")
    _few(members, len(listed), "claims")
    claims = tuple(_claim(entry) for entry in listed)
    ids = [claim.id for claim in claims if claim.id is not None]
    if len(set(ids)) != len(ids):
        members.refuse("two claims have one id")
    return claims


def _claim(members: Members) -> ClaimQuery:
    path = path_of(members.array("path"))
    if path is None:
        members.refuse("path is an array of texts, whole numbers from 0 on, and null")
    values: list[str | int | bool] | None = None
    if members.value.get("values") is not None:
        values = []
        for value in members.array("values"):
            if not isinstance(value, (str, int, bool)):
                members.refuse("values are texts, whole numbers, true and false")
            values.append(value)
    name = None if members.value.get("id") is None else _id(members)
    return ClaimQuery(path, name, None if values is None else tuple(values))


def _claim_sets(members: Members, claims: Sequence[ClaimQuery]) -> tuple[tuple[str, ...], ...]:
    if members.value.get("claim_sets") is None:
        return ()
    known = {claim.id for claim in claims}
    found = []
    for entry in members.array("claim_sets"):
        found.append(_names(members, entry, "claim_sets"))
        if unknown := [name for name in found[-1] if name not in known]:
            members.refuse(f"claim_sets names the claim {unknown[0][:60]!r}, which is not there")
    _few(members, len(found), "claim_sets")
    return tuple(found)


def _authorities(members: Members) -> tuple[str, ...]:
    if members.value.get("trusted_authorities") is None:
        return ()
    return tuple(entry.text("type", most=100) for entry in members.objects("trusted_authorities"))


def _set(members: Members, ids: Sequence[str]) -> CredentialSet:
    options = tuple(_names(members, entry, "options") for entry in members.array("options"))
    _few(members, len(options), "options")
    for option in options:
        if unknown := [name for name in option if name not in ids]:
            members.refuse(f"options names the credential {unknown[0][:60]!r}, which is not asked for")
    purpose = members.value.get("purpose")
    return CredentialSet(
        options, members.boolean("required", default=True), purpose[:300] if isinstance(purpose, str) else None
    )


def _names(members: Members, value: Json, what: str) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or not value or len(value) > _MAX:
        members.refuse(f"{what} is an array of arrays of ids")
    found = tuple(name for name in value if isinstance(name, str))
    if len(found) != len(value):
        members.refuse(f"{what} is an array of arrays of ids, and one is no text")
    return found


def _few(members: Members, count: int, name: str) -> None:
    if count > _MAX:
        members.refuse(f"{name} has at most {_MAX} entries, got {count}")


def _same(value: Json, wanted: str | int | bool) -> bool:
    """Say whether two values are one, in value and in kind: true is not 1."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return (
        isinstance(value, (str, int, float)) and isinstance(value, str) == isinstance(wanted, str) and value == wanted
    )


def _shown(path: ClaimPath) -> str:
    return "/".join("*" if element is None else str(element) for element in path)[:120]
