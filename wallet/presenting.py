"""Presenting certificates over OpenID4VP 1.0: ``ldp_vp``, ``dc+sd-jwt``, DCQL, ``direct_post`` and ``direct_post.jwt``.

``look`` shows who asks for what; nothing leaves the vault before the holder's ``answer``, and an answer is given once.
It is written down before it is posted: a process that is killed in between posts the very same bytes again, which the
verifier takes once.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from jikin.errors import WalletError
from jikin.openid4vc import presentation
from jikin.openid4vc import request as requesting
from jikin.openid4vc.candidate import Candidate
from jikin.openid4vc.claims import ClaimPath
from jikin.openid4vc.client import RequestTrust
from jikin.openid4vc.dcql import Matches
from jikin.openid4vc.request import VerifiedRequest
from jikin.proofs.envelopes import sd_jwt
from jikin.values import Json
from wallet import activity, asking, authorities, disclosing, holding, posting, records
from wallet.app import Wallet
from wallet.records import Record
from wallet.requests import SCHEMA, Request, RequestState
from wallet.sessions import OpenVault
from wallet.values import Asked, Held, Presented, Shown, Standing, Wanted

_DAY = 86_400
_FORGOTTEN_AFTER = 90 * _DAY
_UNANSWERED_FORGOTTEN_AFTER = _DAY


def look(wallet: Wallet, open: OpenVault, text: str) -> Asked:
    """Return who asks for what by the link *text* (or what a QR code said), and which certificates fit.

    A request that is looked at again while it is not settled is the same one: what was agreed to is shown once.

    Raises ProtocolError for a request that must be refused (``openid.client``: it is not shown who asks,
    ``openid.request``, ``openid.dcql``); WalletError: ``wallet.unreachable``, ``wallet.address``.
    """
    now = wallet.clock()
    sources = wallet.trusting()
    trust = RequestTrust(authorities.roots(wallet), sources.did_methods, sources.fetch)
    with asking.reaching("whoever asks"):
        found = requesting.receive(text, wallet.door, now, trust=trust, wallet_nonce=secrets.token_urlsafe(24))
    latest = now + wallet.settings.request_minutes * 60
    request = Request(
        state=RequestState.OPEN,
        at=now,
        until=latest if found.expires is None else found.expires,
        asker=asking.asker_of(found.client, sources, now),
        request=found,
    )
    with records.changing(wallet.database, open) as change:
        known = None
        for record in change.read(SCHEMA):
            before = Request.from_json(record.value)
            if _is_forgotten(before, now):
                change.remove(record.id)
            elif _is_same(before, request):
                known = record.id, before
        asked_id, request = known or (change.add(SCHEMA, request.to_json()), request)
    return _asked(wallet, open, asked_id, request)


def again(wallet: Wallet, open: OpenVault, asked_id: str) -> Asked:
    """Return a request that was looked at before and is not answered yet, or whose answer has not got through.

    Raises WalletError: ``wallet.request.not-found``, ``wallet.request.used``, ``wallet.request.gone``.
    """
    request = Request.from_json(_record(wallet, open, asked_id).value)
    if request.state is not RequestState.SENDING:
        _check_open(wallet, request)
    return _asked(wallet, open, asked_id, request)


def best(asked: Asked) -> Mapping[str, str]:
    """Return the choice that needs no warning: for each query that must be answered a certificate that passed.

    Raises WalletError ``wallet.choice`` when there is none: then the holder has to choose, knowing how it stands.
    """
    chosen = {}
    for wanted in asked.wanted:
        good = [held for held in wanted.candidates if held.standing is Standing.PASSED]
        if good:
            chosen[wanted.query_id] = good[0].id
        elif wanted.required:
            raise WalletError(
                f"no certificate in good standing fits what is asked for ({wanted.query_id})",
                code="wallet.choice",
                hint="name the certificate to show it all the same" if wanted.candidates else "receive one first",
            )
    required = {wanted.query_id for wanted in asked.wanted if wanted.required}
    return {query: held for query, held in chosen.items() if query in required} or chosen


def answer(wallet: Wallet, open: OpenVault, asked_id: str, choose: Mapping[str, str]) -> Presented:
    """Show the certificates that the holder chose (query id → certificate id), and nothing else, once.

    After a kill or an outage the same answer is sent again, whatever *choose* says then. Raises WalletError:
    ``wallet.request.not-found``, ``wallet.request.used``, ``wallet.request.gone``, ``wallet.unreachable`` (call again),
    ``wallet.answer-refused`` when the verifier does not take it, ``wallet.answer-unconfirmed`` when it may have taken
    it the first time; ProtocolError ``openid.dcql.choice`` for a choice that does not answer the request.
    """
    with wallet.turns.on(f"{open.id} {asked_id}"):
        record = _record(wallet, open, asked_id)
        request = Request.from_json(record.value)
        if request.state is not RequestState.SENDING:
            _check_open(wallet, request)
            record, request = _consented(wallet, open, record, request, choose)
        return posting.post(wallet, open, record, request)


def decline(wallet: Wallet, open: OpenVault, asked_id: str) -> Presented:
    """Say no: whoever asks is told so if they listen, and nothing is shown. Raises WalletError as ``again`` does."""
    with wallet.turns.on(f"{open.id} {asked_id}"):
        record = _record(wallet, open, asked_id)
        request = Request.from_json(record.value)
        _check_open(wallet, request)
        with records.changing(wallet.database, open) as change:
            change.replace(record, request.ended(RequestState.DECLINED).to_json())
            activity.note(change, wallet.clock(), activity.DECLINED, party=posting.party(request))
        return posting.tell_declined(wallet, request)


@dataclass(frozen=True, slots=True)
class _Fitting:
    """What of the vault fits a request: certificates by id, best first, and how they match."""

    held: Mapping[str, Held] = field(repr=False)
    matches: Matches = field(repr=False)

    def paths(self, query: str, held_id: str) -> tuple[ClaimPath, ...]:
        """Return the claims of a certificate that *query* asks for, by which the certificate fits it."""
        match = self.matches.by_query[query]
        (candidate,) = (one for one in match.fitting if one.id == held_id)
        return match.query.paths_of(candidate)

    def shown(self, wallet: Wallet, query: str, held_id: str) -> Shown:
        """Return what would be seen of a certificate in answer to *query*."""
        return disclosing.shown_of(self.held[held_id], self.paths(query, held_id), wallet.types)


def _fitting(wallet: Wallet, open: OpenVault, request: VerifiedRequest) -> _Fitting:
    shown = sorted(holding.held(wallet, open), key=lambda one: one.standing is not Standing.PASSED)
    contexts, bound = wallet.sources.contexts, holding.bound_ids(wallet, open)
    candidates = [Candidate.of(one.id, one.credential, contexts, bound=one.id in bound) for one in shown]
    return _Fitting({one.id: one for one in shown}, request.query.match(candidates))


def _asked(wallet: Wallet, open: OpenVault, asked_id: str, request: Request) -> Asked:
    fitting = _fitting(wallet, open, request.request)
    required = fitting.matches.required()
    wanted = tuple(
        Wanted(
            query_id=name,
            required=name in required,
            candidates=(candidates := tuple(fitting.held[candidate.id] for candidate in match.fitting)),
            shown={one.id: fitting.shown(wallet, name, one.id) for one in candidates},
        )
        for name, match in fitting.matches.by_query.items()
    )
    fits = {one.id for each in wanted for one in each.candidates}
    purpose = request.request.purpose
    return Asked(
        id=asked_id,
        asker=request.asker,
        purpose=None if purpose is None else {"ko": purpose, "en": purpose},
        wanted=wanted,
        satisfiable=fitting.matches.satisfiable,
        others=len(set(fitting.held) - fits),
        expires=request.until,
    )


def _consented(
    wallet: Wallet, open: OpenVault, record: Record, request: Request, choose: Mapping[str, str]
) -> tuple[Record, Request]:
    """Write down the answer that the holder agreed to; from here on only these bytes are ever posted for it."""
    fitting = _fitting(wallet, open, request.request)
    fitting.matches.check_choice({query: (held_id,) for query, held_id in choose.items()})
    token: dict[str, list[Json]] = {
        query: [_shown(wallet, open, request.request, fitting.held[held_id], fitting.paths(query, held_id))]
        for query, held_id in choose.items()
    }
    detail: dict[str, Json] = {
        "confirmed": False,
        "ids": list(choose.values()),
        "trust": request.asker.trust.value,
        "claims": _names(fitting.shown(wallet, query, held_id) for query, held_id in choose.items()),
    }
    titles = [fitting.held[held_id].title for held_id in choose.values()]
    title = {language: ", ".join(dict.fromkeys(one[language] for one in titles)) for language in ("ko", "en")}
    with records.changing(wallet.database, open) as change:
        # The log tells of it before anything leaves: no disclosure is missing from it.
        line = activity.note(
            change,
            wallet.clock(),
            activity.PRESENTED,
            title=title,
            party=posting.party(request),
            detail=detail,
        )
        sending = replace(request, state=RequestState.SENDING, form=request.request.answer(token), posts=0, line=line)
        change.replace(record, sending.to_json())
    return replace(record, version=record.version + 1, value=sending.to_json()), sending


def _names(shown: Iterable[Shown]) -> list[Json]:
    """Return what the claims are called that are seen of certificates not shown whole, in ko and en; no values."""
    labels = [field.label for one in shown if not one.whole for field in one.fields]
    return [dict(label) for place, label in enumerate(labels) if label not in labels[:place]]


def _shown(wallet: Wallet, open: OpenVault, request: VerifiedRequest, held: Held, paths: Collection[ClaimPath]) -> Json:
    """Return what is shown of one certificate: a presentation made for this request alone.

    Of an SD-JWT VC it holds the claims at *paths*, what is always open, and nothing else.
    """
    signer = holding.signer_of(wallet, open, held.id)
    if held.envelope is not None:
        if signer is None:
            return sd_jwt.present(held.envelope, paths)
        return presentation.make_selective(
            held.envelope, paths, signer, nonce=request.nonce, client_id=request.client.id, now=wallet.clock()
        )
    if signer is None:  # made out to nobody: there is nothing to prove, and the query asks for no proof
        return held.credential
    return presentation.make(
        [held.credential],
        signer,
        nonce=request.nonce,
        client_id=request.client.id,
        contexts=wallet.sources.contexts,
        now=wallet.clock(),
    )


def _record(wallet: Wallet, open: OpenVault, asked_id: str) -> Record:
    found = records.find(wallet.database, open, SCHEMA, asked_id)
    if found is None:
        raise WalletError(
            "there is no such request", code="wallet.request.not-found", hint="open the request's link again"
        )
    return found


def _check_open(wallet: Wallet, request: Request) -> None:
    if request.state is not RequestState.OPEN:
        raise WalletError(
            "this request was answered already", code="wallet.request.used", hint="the activity log says how"
        )
    if wallet.clock() >= request.until:
        raise WalletError(
            "this request has expired", code="wallet.request.gone", hint="ask for a new one where it came from"
        )


def _is_same(before: Request, request: Request) -> bool:
    """Say whether *request* is one that is not answered yet, or whose answer may not have got through."""
    old, new = before.request, request.request
    waits = before.state is RequestState.SENDING or (before.state is RequestState.OPEN and request.at < before.until)
    same = (old.client.id, old.response_uri, old.nonce) == (new.client.id, new.response_uri, new.nonce)
    return waits and same


def _is_forgotten(request: Request, now: int) -> bool:
    waiting = request.state is RequestState.OPEN
    return now - request.at > (_UNANSWERED_FORGOTTEN_AFTER if waiting else _FORGOTTEN_AFTER)
