"""Asking a holder's wallet for a certificate and judging what it shows (OpenID4VP 1.0).

A request is known by two unguessable names: the one in the wallet's addresses opens nothing else, and the one in the
asker's opens nothing without the browser session or token that asked. It is answered once. An answer that does not
prove that its sender is the holder, or that was made for another request, is refused and changes nothing; one that
proves it is taken with whatever it shows, revoked certificates included, and the asker sees the verdict.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from jikin.errors import DeskError, ProtocolError
from jikin.openid4vc import presentation, response
from jikin.openid4vc.candidate import Candidate
from jikin.openid4vc.client import Prefix
from jikin.openid4vc.dcql import Query
from jikin.openid4vc.request import RequestObject
from jikin.openid4vc.request import link as request_link
from jikin.openid4vc.response import DIRECT_POST, DIRECT_POST_JWT, Answer, Declined, ResponseKey, Sealed
from jikin.values import Json, sha256
from jikin.verification.findings import Code, Question
from jikin.verification.presentations import PresentationReport, verify_presentation
from jikin.verification.report import Outcome, Weight
from verifier.identities import Identity
from verifier.keeping import shown_answer, to_json
from verifier.opening import OpenDesk
from verifier.store import requests as store
from verifier.store.requests import NewRequest, StoredRequest

MODES = (DIRECT_POST, DIRECT_POST_JWT)
_MAX_NONCE = 500
_GUARD_BYTES = 32
_FORGED = (Question.PROOF, Question.KEY, Question.MODEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to be shown; *template* names where the query came from, *purpose* is for people."""

    query: Query
    template: str | None = None
    purpose: str = field(default="", repr=False)
    prefix: Prefix = Prefix.DECENTRALIZED_IDENTIFIER
    response_mode: str = DIRECT_POST_JWT


@dataclass(frozen=True, slots=True)
class Taken:
    """An answer was taken: where the wallet's browser goes on. *sound*: the proofs of everything shown fit."""

    redirect_uri: str = field(repr=False)
    sound: bool


def create(desk: OpenDesk, wish: Wish, owner: bytes) -> StoredRequest:
    """Return a new request of whoever has the digest *owner*.

    Raises DeskError (``request.prefix``, ``request.response-mode``) for what cannot be asked in this set-up.
    """
    if wish.response_mode not in MODES:
        raise DeskError(
            f"response_mode is {wish.response_mode[:40]!r}; right would be {' or '.join(MODES)}",
            code="request.response-mode",
        )
    now, wallet_name, asked_as = desk.now, _guard(), _guard()
    identity = desk.identities.named(wish.prefix, response_uri(desk, wallet_name))
    encrypted = wish.response_mode == DIRECT_POST_JWT
    new = NewRequest(
        asked_as=asked_as,
        wallet_name=wallet_name,
        owner=owner,
        template=wish.template,
        purpose=wish.purpose,
        query=wish.query.to_json(),
        prefix=wish.prefix.value,
        response_mode=wish.response_mode,
        client_id=identity.client_id,
        nonce=_guard(),
        state_code=_guard(),
        answer_key=ResponseKey.generate().export_secret() if encrypted else None,
        created_at=now,
        expires_at=now + 60 * desk.settings.request_minutes,
    )
    with desk.database.write() as connection:
        kept = 60 * desk.settings.result_minutes
        store.sweep(connection, answered_before=now - kept, expired_before=now - kept)
        store.add(connection, new)
        found = store.asked_as(connection, asked_as)
    if found is None:
        raise DeskError("the request was removed while it was made", code="request.gone")
    return found


def of_owner(desk: OpenDesk, asked_as: str, owner: bytes | None) -> StoredRequest:
    """Return the request *asked_as* if *owner* asked it.

    Raises DeskError (``request.not-found``), the same for one that does not exist, is somebody else's, or is forgotten.
    """
    with desk.database.read() as connection:
        found = store.asked_as(connection, asked_as)
    if found is None or owner is None or not hmac.compare_digest(found.owner, owner) or _forgotten(desk, found):
        raise DeskError("there is no such request, or another browser or token made it", code="request.not-found")
    return found


def returned(desk: OpenDesk, code: str, owner: bytes | None) -> StoredRequest | None:
    """Return the request that the response *code* answers if *owner* asked it; None for everybody else."""
    with desk.database.read() as connection:
        found = store.with_response_code(connection, _digest(code))
    if found is None or owner is None or not hmac.compare_digest(found.owner, owner) or _forgotten(desk, found):
        return None
    return found


def link(desk: OpenDesk, stored: StoredRequest) -> str:
    """Return the link that opens a wallet: by reference, or the whole unsigned request for ``redirect_uri``."""
    if stored.prefix == Prefix.REDIRECT_URI:
        return _object(desk, stored).to_link()
    return request_link(stored.client_id, f"{_address(desk, stored.wallet_name)}/request")


def request_object(desk: OpenDesk, wallet_name: str, wallet_nonce: str | None = None) -> str:
    """Return the signed request object, as often as it is asked for until the request runs out or is answered.

    Raises DeskError (``request.not-found``, ``request.gone``).
    """
    stored = _for_wallet(desk, wallet_name)
    if not stored.open_at(desk.now):
        raise DeskError("the request has run out or was answered", code="request.gone")
    if stored.prefix == Prefix.REDIRECT_URI:
        raise DeskError("this request is not signed: its link carries it whole", code="request.not-found")
    if wallet_nonce is not None and not 0 < len(wallet_nonce) <= _MAX_NONCE:
        raise DeskError(f"wallet_nonce has at most {_MAX_NONCE} characters", code="request.wallet-nonce")
    with desk.database.write() as connection:
        store.mark_opened(connection, stored.id, desk.now)
    identity = desk.identities.named(Prefix(stored.prefix), response_uri(desk, wallet_name))
    return _signed(_object(desk, stored), identity, wallet_nonce)


def take(desk: OpenDesk, wallet_name: str, fields: Mapping[str, str]) -> Taken | None:
    """Return what became of the answer in *fields*; None where the wallet declined.

    Raises DeskError: ``request.not-found``; ``request.used`` for a request that was answered or ran out;
    ``request.answer`` for every answer that is not accepted, with one message for all. What exactly was wrong is kept
    for the asker as codes.
    """
    stored = _for_wallet(desk, wallet_name)
    if not stored.open_at(desk.now):
        raise DeskError("the request was answered, or has run out", code="request.used")
    try:
        answer = _opened(stored, fields)
        _check_state(stored, answer.state)
        judged = {} if isinstance(answer, Declined) else _judged(desk, stored, answer)
    except ProtocolError as error:
        _refuse(desk, stored, (error.code,), error)
    if isinstance(answer, Declined):
        with desk.database.write() as connection:
            store.decline(connection, stored.id, desk.now)
        return None
    refused = tuple(code for report in judged.values() for code in _faults(report))
    if refused:
        _refuse(desk, stored, refused)
    return _settle(desk, stored, answer, judged)


def _settle(desk: OpenDesk, stored: StoredRequest, answer: Answer, judged: Mapping[str, PresentationReport]) -> Taken:
    code = _guard()
    result = to_json(
        [
            shown_answer(name, report, presentation.credentials_in(answer.vp_token[name][0]))
            for name, report in judged.items()
        ]
    )
    with desk.database.write() as connection:
        first = store.settle(connection, stored.id, result=result, response_code=_digest(code), now=desk.now)
    if not first:
        raise DeskError("the request was answered, or has run out", code="request.used")
    sound = not any(
        Code(finding.code).question in _FORGED
        for report in judged.values()
        for credential in report.credentials
        for finding in credential.findings
        if finding.outcome is Outcome.FAILED
    )
    return Taken(f"{desk.settings.base_url}/requests/returned?response_code={code}", sound)


def _opened(stored: StoredRequest, fields: Mapping[str, str]) -> Answer | Declined:
    """Return the answer as the wallet meant it; raises ProtocolError for one that is not sealed as was asked."""
    posted = response.parse_form(fields)
    if stored.answer_key is None:
        if isinstance(posted, Sealed):
            raise ProtocolError("the answer is encrypted and the request has no key for it", code="openid.response")
        return posted
    if isinstance(posted, Sealed):
        return response.decrypt(posted, ResponseKey.from_secret(stored.answer_key))
    if isinstance(posted, Answer):
        raise ProtocolError("the answer is not encrypted, which was asked for", code="openid.response")
    return posted


def _judged(desk: OpenDesk, stored: StoredRequest, answer: Answer) -> dict[str, PresentationReport]:
    """Return a report for each query that was answered; raises ProtocolError for an answer to something else."""
    query = Query.parse(stored.query)
    for name, shown in answer.vp_token.items():
        if query.credential(name) is None:
            raise ProtocolError("the answer has something that was not asked for", code="openid.dcql.unasked")
        if len(shown) != 1:
            raise ProtocolError("one presentation answers one query", code="openid.dcql.unasked")
    candidates = {name: _candidates(desk, name, shown[0]) for name, shown in answer.vp_token.items()}
    query.check_answer(candidates)
    with desk.sessions.session() as session:
        return {
            name: verify_presentation(
                shown[0], session, desk.desk.policy, desk.now, challenge=stored.nonce, domain=stored.client_id
            )
            for name, shown in answer.vp_token.items()
        }


def _candidates(desk: OpenDesk, name: str, shown: Json) -> tuple[Candidate, ...]:
    found = presentation.credentials_in(shown)
    return tuple(Candidate.of(f"{name}-{place}", one, desk.contexts) for place, one in enumerate(found))


def _check_state(stored: StoredRequest, state: str | None) -> None:
    if state is None or not hmac.compare_digest(state.encode(), stored.state_code.encode()):
        raise ProtocolError("the answer's state is not that of the request", code="openid.response.state")


def _faults(report: PresentationReport) -> tuple[str, ...]:
    """Return the codes for which an answer is not taken: nothing shows yet that the holder gave it, and to us."""
    return tuple(
        one.code for one in report.findings if one.weight is Weight.REQUIRED and one.outcome is not Outcome.PASSED
    )


def _refuse(
    desk: OpenDesk, stored: StoredRequest, codes: Sequence[str], cause: ProtocolError | None = None
) -> NoReturn:
    with desk.database.write() as connection:
        store.refuse(connection, stored.id, codes)
    raise DeskError(
        "this answer is not accepted: it does not show what was asked for, or not to whoever asked",
        code="request.answer",
        hint="fetch the request again and answer it anew",
    ) from cause


def _object(desk: OpenDesk, stored: StoredRequest) -> RequestObject:
    return RequestObject.build(
        client_id=stored.client_id,
        response_uri=response_uri(desk, stored.wallet_name),
        query=Query.parse(stored.query),
        nonce=stored.nonce,
        state=stored.state_code,
        now=stored.created_at,
        lifetime=stored.expires_at - stored.created_at,
        response_key=None if stored.answer_key is None else ResponseKey.from_secret(stored.answer_key),
        client_name=desk.settings.name,
    )


def _signed(asked: RequestObject, identity: Identity, wallet_nonce: str | None) -> str:
    return asked.sign(identity.signer, kid=identity.kid, x5c=identity.chain, wallet_nonce=wallet_nonce)


def _for_wallet(desk: OpenDesk, wallet_name: str) -> StoredRequest:
    with desk.database.read() as connection:
        found = store.named_to_wallet(connection, wallet_name)
    if found is None:
        raise DeskError("there is no such request", code="request.not-found")
    return found


def _forgotten(desk: OpenDesk, stored: StoredRequest) -> bool:
    """Say whether the time for which a request's result is kept is over; it may still lie in the database."""
    return (stored.answered_at or stored.expires_at) + 60 * desk.settings.result_minutes < desk.now


def response_uri(desk: OpenDesk, wallet_name: str) -> str:
    """Return where a wallet posts its answer."""
    return f"{_address(desk, wallet_name)}/response"


def _address(desk: OpenDesk, wallet_name: str) -> str:
    return f"{desk.settings.base_url}/oid4vp/{wallet_name}"


def _guard() -> str:
    return secrets.token_urlsafe(_GUARD_BYTES)


def _digest(code: str) -> bytes:
    return sha256(code.encode())
