"""Where each transaction stands, for officers in the console and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import get_args

import pytest
from starlette.testclient import TestClient

import issuer
from issuer import following, issuing, officers, ownership, tokens
from issuer.approving import ALL_ROLES
from issuer.line import FILLER, NEVER_SEEN
from issuer.office import JOINT
from issuer.store import transactions
from issuer.store.transactions import TransactionState
from issuer.tokens import Scope
from jikin.anchoring.acts import Act
from jikin.errors import OfficeError
from jikin.values import JsonObject
from jikin.web.texts import Texts
from tests.issuing_office import Bureau, rows
from tests.issuing_service import bearer, open_counter


@pytest.fixture
def browser(bureau: Bureau) -> Iterator[TestClient]:
    client = open_counter(bureau).client  # nothing is worked off but by the test
    yield client
    client.close()


@pytest.fixture
def token(bureau: Bureau) -> str:
    return tokens.make(bureau.office, "watcher", [Scope.TRANSACTIONS]).token


def newest(browser: TestClient, token: str, **query: int) -> JsonObject:
    answer = browser.get("/transactions", params=query, headers=bearer(token))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: JsonObject = answer.json()
    return found


def test_a_program_follows_a_batch_from_signed_to_final(bureau: Bureau, browser: TestClient, token: str) -> None:
    batch = bureau.accept(rows(2))
    bureau.run(batch, until="anchor")
    told = newest(browser, token)["transactions"][0]  # type: ignore[index, call-overload]
    assert (told["act"], told["batch"], told["state"], told["block"]) == ("AnchorRoot", batch.id, "signed", None)
    (attempt,) = told["attempts"]
    assert attempt["hash"].startswith("0x")
    assert (attempt["sentAt"], attempt["minedAt"], attempt["paidWei"]) == (None, None, None)
    assert int(attempt["mostWeiPerGas"]) > int(attempt["tipWeiPerGas"]) > 0

    done = bureau.run(batch)
    told = browser.get(f"/transactions/{told['id']}", headers=bearer(token)).json()
    assert (told["state"], told["block"], told["reorganisations"], told["error"]) == (
        *("final", done.anchored_block),
        *(0, None),
    )
    assert told["confirmations"] >= bureau.office.settings.confirmations
    assert told["attempts"][0]["hash"] == attempt["hash"]
    assert datetime.fromisoformat(told["attempts"][0]["minedAt"]).timestamp() == done.anchored_at


def test_every_attempt_of_a_stuck_transaction_is_told(bureau: Bureau, browser: TestClient, token: str) -> None:
    batch = bureau.accept(rows(1))
    bureau.run(batch, until="anchor")
    bureau.chain.automine = False
    begun = bureau.clock.now

    def sleep(_seconds: float) -> None:
        bureau.clock.now += 12
        if bureau.clock.now - begun > 60:
            bureau.chain.mine()

    issuing.anchor(replace(bureau.office, sleep=sleep), batch.id)
    told = newest(browser, token)["transactions"][0]  # type: ignore[index, call-overload]
    assert [one["number"] for one in told["attempts"]] == [1, 2]
    assert len({one["hash"] for one in told["attempts"]}) == 2
    assert [one["minedAt"] is not None for one in told["attempts"]] == [False, True]


def test_pages_of_transactions_follow_each_other_and_miss_none(bureau: Bureau, browser: TestClient, token: str) -> None:
    first = newest(browser, token)
    ids = [one["id"] for one in first["transactions"]]  # type: ignore[index, call-overload, union-attr]
    assert ids == sorted(ids, reverse=True)
    assert first["before"] is None
    assert len(ids) >= 4
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(following, "PAGE", 3)
        seen, before = [], None
        while True:
            page = newest(browser, token, **({} if before is None else {"before": before}))
            seen += [one["id"] for one in page["transactions"]]  # type: ignore[index, call-overload, union-attr]
            before = page["before"]  # type: ignore[assignment]
            if before is None:
                break
    assert seen == ids


def test_without_a_token_for_it_nothing_is_told(bureau: Bureau, browser: TestClient, token: str) -> None:
    other = tokens.make(bureau.office, "other", [Scope.ISSUE]).token
    for path in ("/transactions", "/transactions/1"):
        assert browser.get(path).status_code == 401
        assert browser.get(path, headers=bearer(other)).status_code == 403
    unknown = browser.get("/transactions/999999", headers=bearer(token))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "office.transaction-unknown")


def test_the_accreditors_transactions_belong_to_no_institution(bureau: Bureau) -> None:
    with bureau.office.database.read() as connection:
        stored = transactions.every(connection)
    accreditor = next(one for one in stored if one.purpose.act.startswith("RegisterIssuer"))
    with pytest.raises(OfficeError):
        following.one(bureau.office, [bureau.institution], accreditor.id)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_officer_sees_states_in_words_and_every_hash(bureau: Bureau, browser: TestClient, language: str) -> None:
    bureau.issue(rows(1))
    unsent = bureau.accept(rows(1, first=7), "two")
    bureau.run(unsent, until="anchor")
    with bureau.office.database.read() as connection:
        first, second = [one for one in transactions.every(connection) if one.purpose.batch_id is not None]
    signed_in(browser, bureau)
    headers = {"accept-language": language, "accept": "text/html"}
    page = browser.get("/admin/transactions", headers=headers).text
    words = {"ko": ("증명서 묶음 기록", "확정", "서명함"), "en": ("Batch anchored", "Final", "Signed")}[language]
    for word in (*words, f"/admin/transactions/{first.id}"):
        assert word in page
    assert "transactions." not in page

    final = browser.get(f"/admin/transactions/{first.id}", headers=headers).text
    assert first.prepared.hash.hex() in final
    assert str(first.account) in final
    assert "data-refresh" not in final
    moving = browser.get(f"/admin/transactions/{second.id}", headers=headers).text
    assert second.prepared.hash.hex() in moving
    assert "data-refresh" in moving
    assert browser.get("/admin/transactions/999999", headers=headers).status_code == 404


def test_every_act_every_state_and_every_trouble_has_words() -> None:
    known = Texts.load(Path(issuer.__file__).parent / "texts").keys("en")
    acts = {kind.__name__.lower() for kind in get_args(Act)} | {FILLER.lower()}
    assert {f"transactions.act.{name}" for name in acts} <= known
    for state in TransactionState:
        assert {f"transactions.state.{state}", f"transactions.meaning.{state}"} <= known
    troubles = {
        NEVER_SEEN,
        *(f"registry.{name}" for name in ("fee-cap", "underpriced", "nonce-used", "nonce-gap", "funds")),
    }
    assert {f"transactions.trouble.{code}" for code in troubles} <= known


def signed_in(browser: TestClient, bureau: Bureau) -> None:
    """Give the browser the session of an officer."""
    officer = bureau.hire("choi", ALL_ROLES)
    name = browser.app.state.frame.cookie_name("officer")  # type: ignore[attr-defined]
    browser.cookies.set(name, officers._open_session(bureau.office, officer))


def test_what_went_together_is_named_with_batch_and_epoch(bureau: Bureau, browser: TestClient, token: str) -> None:
    ownership.replace_operator(bureau.office, bureau.institution, JOINT)
    first = bureau.issue(rows(2))
    bureau.approve(bureau.request([bureau.numbers(first)[0]]))
    second = bureau.issue(rows(2, first=50), "list 2")
    told = newest(browser, token)["transactions"][0]  # type: ignore[index, call-overload]
    assert (told["act"], told["batch"], told["epoch"], told["state"]) == ("AnchorAndPublish", second.id, 1, "final")
