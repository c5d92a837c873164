"""A holder's verbs from a terminal: on the data folder itself, or over the wallet's HTTP API. Both answer alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from jikin.codec import strict_json
from jikin.errors import CodecError, WalletError
from jikin.values import Json, JsonObject
from wallet import holding, receiving, summaries
from wallet.app import Wallet
from wallet.sessions import OpenVault

_SECONDS = 120.0  # receiving waits for the anchor


class Hand(Protocol):
    """What a holder does; every answer is the JSON of ``summaries``. Raises WalletError, ProtocolError."""

    def receive(self, link: str, tx_code: str | None) -> JsonObject:
        """Receive what an offer brings."""

    def resume(self) -> JsonObject:
        """Go on with what has not come yet."""

    def listed(self, *, check: bool) -> JsonObject:
        """List the certificates, checked again first if *check*."""

    def show(self, id: str) -> JsonObject:
        """Return everything of one certificate."""

    def present(self, link: str, choose: Mapping[str, str] | None, *, decline: bool) -> JsonObject:
        """Answer a request."""


@dataclass(frozen=True, slots=True)
class Direct:
    """Works on the vault itself."""

    wallet: Wallet
    vault: OpenVault = field(repr=False)

    def receive(self, link: str, tx_code: str | None) -> JsonObject:
        """Receive what an offer brings."""
        return summaries.received(self.wallet, self.vault, link, tx_code)

    def resume(self) -> JsonObject:
        """Go on with what has not come yet."""
        return summaries.came(self.wallet, self.vault, receiving.pick_up(self.wallet, self.vault))

    def listed(self, *, check: bool) -> JsonObject:
        """List the certificates, checked again first if *check*."""
        if check:
            return summaries.listed(holding.check_again(self.wallet, self.vault))
        return summaries.listed(holding.held(self.wallet, self.vault))

    def show(self, id: str) -> JsonObject:
        """Return everything of one certificate."""
        return summaries.whole(self.wallet, holding.one(self.wallet, self.vault, id))

    def present(self, link: str, choose: Mapping[str, str] | None, *, decline: bool) -> JsonObject:
        """Answer a request."""
        if decline:
            return summaries.declined(self.wallet, self.vault, link)
        return summaries.presented(self.wallet, self.vault, link, choose)


@dataclass(frozen=True, slots=True)
class Remote:
    """Works over the HTTP API of the wallet at *url*."""

    url: str
    client: httpx.Client = field(repr=False)

    def receive(self, link: str, tx_code: str | None) -> JsonObject:
        """Receive what an offer brings."""
        body: dict[str, Json] = {"credential_offer": link}
        return self._ask("POST", "/api/offers", body if tx_code is None else {**body, "tx_code": tx_code})

    def resume(self) -> JsonObject:
        """Go on with what has not come yet."""
        return self._ask("POST", "/api/offers/resume", {})

    def listed(self, *, check: bool) -> JsonObject:
        """List the certificates, checked again first if *check*."""
        if check:
            return self._ask("POST", "/api/credentials/check", {})
        return self._ask("GET", "/api/credentials", None)

    def show(self, id: str) -> JsonObject:
        """Return everything of one certificate."""
        if not id.isalnum():
            raise WalletError("an id has letters and digits only", code="wallet.not-found")
        return self._ask("GET", f"/api/credentials/{id}", None)

    def present(self, link: str, choose: Mapping[str, str] | None, *, decline: bool) -> JsonObject:
        """Answer a request."""
        body: dict[str, Json] = {"request": link, "decline": decline}
        return self._ask("POST", "/api/requests", body if choose is None else {**body, "choose": dict(choose)})

    def _ask(self, method: str, path: str, body: JsonObject | None) -> JsonObject:
        try:
            answer = self.client.request(method, f"{self.url}{path}", json=None if body is None else dict(body))
            value = strict_json.parse(answer.content, max_bytes=32 << 20, max_depth=80)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise WalletError(
                f"the wallet at {self.url} does not answer: {type(error).__name__}",
                code="wallet.unreachable",
                hint="is it running? `jikin serve wallet`",
            ) from error
        except CodecError as error:
            raise WalletError(f"what answers at {self.url} is no wallet", code="wallet.unreachable") from error
        found = value if isinstance(value, Mapping) else {}
        if answer.is_success:
            return found
        hint = found.get("hint")
        raise WalletError(
            str(found.get("detail", f"the wallet answers {answer.status_code}")),
            code=str(found.get("code", "wallet")),
            hint=hint if isinstance(hint, str) else None,
        )


def client(token: str) -> httpx.Client:
    """Return a client that shows *token*."""
    return httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=_SECONDS, trust_env=False)
