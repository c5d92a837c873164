"""What the wallet says to programs, as JSON: the same over HTTP and from the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jikin.openid4vc.candidate import LDP_VC, SD_JWT_VC
from jikin.values import Json, JsonObject, format_instant
from jikin.verification.reporting import report_json
from wallet import holding, presenting, receiving
from wallet.app import Wallet
from wallet.sessions import OpenVault
from wallet.values import Asked, Held, Presented


def received(wallet: Wallet, vault: OpenVault, link: str, tx_code: str | None) -> JsonObject:
    """Receive what the offer of *link* brings, and say what came and which offers are pending."""
    seen = receiving.look(wallet, vault, link)
    return came(wallet, vault, receiving.receive(wallet, vault, seen.id, tx_code))


def came(wallet: Wallet, vault: OpenVault, certificates: Iterable[Held]) -> JsonObject:
    """Say what came and which offers are pending."""
    waiting: list[Json] = [seen.id for seen in receiving.pending(wallet, vault)]
    return {"credentials": [summary(held) for held in certificates], "pending": waiting}


def presented(wallet: Wallet, vault: OpenVault, link: str, choose: Mapping[str, str] | None) -> JsonObject:
    """Show what the request of *link* asks for, and say what was shown to whom.

    ``claims`` are the labels of what was seen of each certificate that is not shown whole. Without *choose* (query id →
    certificate id) only certificates in good standing are shown.
    """
    asked = presenting.look(wallet, vault, link)
    shown = presenting.best(asked) if choose is None else choose
    return _answered(asked, shown, presenting.answer(wallet, vault, asked.id, shown))


def declined(wallet: Wallet, vault: OpenVault, link: str) -> JsonObject:
    """Decline the request of *link*, and say whom that was said to."""
    asked = presenting.look(wallet, vault, link)
    return _answered(asked, {}, presenting.decline(wallet, vault, asked.id))


def listed(certificates: Iterable[Held]) -> JsonObject:
    """Say how each of *certificates* stands."""
    return {"credentials": [summary(held) for held in certificates]}


def summary(held: Held) -> JsonObject:
    """Say of a certificate what a list shows; instants are date-time texts in UTC."""
    return {
        "id": held.id,
        "format": LDP_VC if held.envelope is None else SD_JWT_VC,
        "type": held.type,
        "title": dict(held.title),
        "issuer": dict(held.issuer),
        "issuer_accredited": held.issuer_accredited,
        "number": held.number,
        "standing": held.standing.value,
        "previous": None if held.previous is None else held.previous.value,
        "issued_at": _instant(held.issued_at),
        "valid_until": _instant(held.valid_until),
        "received_at": _instant(held.received_at),
        "checked_at": _instant(held.checked_at),
    }


def whole(wallet: Wallet, held: Held) -> JsonObject:
    """Say everything of a certificate: itself as it was issued, its claims (SD-JWT VC), its receipt, its report."""
    fields: list[Json] = [{"label": dict(field.label), "value": field.value} for field in held.fields]
    return {
        **summary(held),
        "fields": fields,
        "check_url": holding.check_url(wallet, held),
        "report": report_json(held.report),
        "credential": held.issued,
        "claims": None if held.envelope is None else held.credential,
        "receipt": held.receipt,
    }


def _answered(asked: Asked, shown: Mapping[str, str], answer: Presented) -> JsonObject:
    asker: JsonObject = {
        "client_id": asked.asker.client_id,
        "name": dict(asked.asker.name),
        "host": asked.asker.host,
        "trust": asked.asker.trust.value,
    }
    seen = {wanted.query_id: wanted.shown.get(shown.get(wanted.query_id, "")) for wanted in asked.wanted}
    claims: dict[str, Json] = {
        query: [dict(field.label) for field in one.fields]
        for query, one in seen.items()
        if one is not None and not one.whole
    }
    return {"presented": dict(shown), "claims": claims, "to": asker, "redirect_uri": answer.redirect_uri}


def _instant(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)
