"""Public files over HTTP, by safe names only; and the second factor behind a number."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from hashlib import sha256

import pytest

from issuer import accrediting, second_factor
from issuer.second_factor import Facts, Limiters
from issuer.store.tables import credentials
from jikin.anchoring.statements import short_string
from jikin.values import CertificateNumber
from jikin.web.limiting import Limiter
from tests import issuing_office
from tests.issuing_office import TYPE, NewInstitution, open_bureau, rows
from tests.issuing_service import Counter, open_counter

HRDK = NewInstitution("localhost:8101/hrdk", "한국견본공단", "Sample Agency of Korea", "KR12", (TYPE,), "견본직인")
KOSHA = NewInstitution("localhost:8101/kosha", "한국안전견본", "Safety Sample", "KR77", (TYPE,), "안전")
NAME, BORN = "이도윤", "1981-04-17"


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """Yield an office of two institutions; the first has issued one certificate, to 이도윤."""
    before, issuing_office.NEW = issuing_office.NEW, HRDK
    bureau = open_bureau(tmp_path_factory.mktemp("public") / "office", claim_wait_seconds=0.0)
    issuing_office.NEW = before
    with bureau.office:
        bureau.issue(rows(1))
        accrediting.prepare(bureau.office, KOSHA)
        yield open_counter(bureau)


def number(counter: Counter) -> CertificateNumber:
    return counter.bureau.numbers(counter.bureau.batch(1))[0]


def files(counter: Counter) -> dict[str, str]:
    """Return the address under /hrdk of one public file of each kind."""
    folder = counter.bureau.office.public(counter.bureau.institution).path
    (listed,) = (folder / "status").iterdir()
    kinds = {kind: next((folder / kind).iterdir()).name for kind in ("receipts", "profiles", "leaves", "n")}
    return {kind: f"/{kind}/{name}" for kind, name in kinds.items()} | {"status": f"/status/{listed.name}/revocation"}


@pytest.mark.parametrize("kind", ["receipts", "profiles", "leaves", "n", "status"])
def test_a_public_file_is_answered_byte_for_byte_under_the_institution_and_at_the_root(
    counter: Counter, kind: str
) -> None:
    address = files(counter)[kind]
    stored = (counter.bureau.office.public(counter.bureau.institution).path / address[1:]).read_bytes()
    for prefix in ("/hrdk", ""):
        answer = counter.client.get(prefix + address)
        assert (answer.status_code, answer.content) == (200, stored)
    assert counter.client.get("/kosha" + address).status_code == 404


def test_did_documents_lie_at_both_places_of_each_institution(counter: Counter) -> None:
    for org in ("hrdk", "kosha"):
        for place in ("did.json", ".well-known/did.json"):
            assert counter.get(f"/{org}/{place}")["id"] == f"did:web:localhost%3A8101:{org}"
    assert counter.client.get("/did.json").status_code == 404  # two institutions: none has the root


@pytest.mark.parametrize(
    ("kind", "caching", "media_type"),
    [
        ("profiles", "public, max-age=31536000, immutable", "application/json"),
        ("leaves", "public, max-age=31536000, immutable", "application/octet-stream"),
        ("status", "public, max-age=30, must-revalidate", "application/vc"),
        ("receipts", "private, no-cache", "application/json"),
        ("n", "no-store", "application/json"),
    ],
)
def test_every_kind_of_file_says_how_long_it_may_be_kept(
    counter: Counter, kind: str, caching: str, media_type: str
) -> None:
    answer = counter.client.get(files(counter)[kind], headers={"accept": "text/html"})
    assert answer.headers["cache-control"] == caching
    assert answer.headers["content-type"] == media_type
    again = counter.client.get(files(counter)[kind], headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = counter.client.head(files(counter)[kind])
    assert (head.content, head.headers["content-length"]) == (b"", str(len(answer.content)))


def test_a_changed_status_list_has_another_tag(counter: Counter) -> None:
    from issuer import files as stored

    address = files(counter)["status"]
    path = counter.bureau.office.public(counter.bureau.institution).path / address[1:]
    first = counter.client.get(address).headers["etag"]
    stored.write(path, path.read_bytes())
    assert counter.client.get(address).headers["etag"] != first


def test_what_a_number_tells_is_found_by_no_search_engine_and_kept_by_nobody(counter: Counter) -> None:
    for typed in (str(number(counter)), number(counter).symbols, str(number(counter)).lower()):
        answer = counter.client.get(f"/n/{typed}")
        assert answer.status_code == 200
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert NAME not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/receipts/..%2f..%2foffice.db",
        "/receipts/%2e%2e",
        "/receipts/" + "g" * 64,
        "/receipts/" + "A" * 64,
        "/receipts/" + "0" * 64,
        "/profiles/x",
        "/leaves/" + "0" * 63,
        "/leaves/" + "0" * 64 + "%00",
        "/status/" + "0" * 64 + "/revocation",
        "/status/" + "0" * 64 + "/../did.json",
        "/status/x/revocation",
        "/n/26-KR12-AAAA-AAAA-AAAA-AA",
        "/n/" + "9" * 500,
        "/n/%ED%95%9C",
        "/hrdk%2f..%2f..%2fkeys/did.json",
        "/../did.json",
        "/nobody/did.json",
    ],
)
def test_no_other_name_leads_to_a_file(counter: Counter, path: str) -> None:
    answer = counter.client.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] in {"request.not-found", "institution.not-found"}


# ------------------------------------------------------------------------------------------------------ second factor


def generous() -> Limiters:
    return Limiters(Limiter("1000/hour"), Limiter("1000/hour"))


def ask(counter: Counter, typed: str, name: str, born: str, limiters: Limiters | None = None) -> bool:
    found = second_factor.check(counter.bureau.office, Facts(typed, name, born), limiters or generous(), "net")
    return found is not None


def test_the_tag_is_the_hmac_that_the_statements_write_down(counter: Counter) -> None:
    office, of = counter.bureau.office, number(counter)
    computed = second_factor.tag(office, of, " 김 하늘 ", "20030417")
    secret = (office.settings.path(office.settings.keys) / "pepper").read_bytes()
    said = b"JKF1" + short_string(of.symbols) + short_string("김하늘") + b"20030417"
    assert computed == hmac.new(secret, said, sha256).digest()


@pytest.mark.parametrize("name", [NAME, " 이 도 윤 ", "이도윤".encode().decode(), "Kim Ha-neul", "이도윤"])
@pytest.mark.parametrize("born", [BORN, "1981. 4. 17.", "19810417", "1981-4-17", "1981년 4월 17일"])
def test_name_and_birth_date_are_taken_however_they_are_typed(counter: Counter, name: str, born: str) -> None:
    assert ask(counter, str(number(counter)).lower(), name, born)


@pytest.mark.parametrize(
    ("name", "born"),
    [
        ("이도운", BORN),
        (NAME, "1981-04-18"),
        (NAME, ""),
        ("", BORN),
        ("", ""),
        (NAME, "1981-13-17"),
        (NAME * 100, BORN),
        ("\ud800", BORN),
        (NAME, "１９８１-04-17x"),
    ],
)
def test_everything_else_does_not_match(counter: Counter, name: str, born: str) -> None:
    assert not ask(counter, str(number(counter)), name, born)


def test_an_unknown_and_a_mistyped_number_do_not_match(counter: Counter) -> None:
    for typed in (str(CertificateNumber.random(26, "KR12")), "26-KR12", "x" * 500, ""):
        assert not ask(counter, typed, NAME, BORN)


def test_every_refusal_is_answered_the_same_and_success_shows_a_masked_name(counter: Counter) -> None:
    body = {"name": NAME, "birth_date": BORN}
    right = counter.client.post(f"/hrdk/n/{number(counter)}/second-factor", json=body)
    assert right.json() == {"matches": True, "name": "이*윤"}
    assert right.headers["cache-control"] == "no-store"
    wrong = [
        counter.client.post(f"/hrdk/n/{number(counter)}/second-factor", json={**body, "name": "박"}),
        counter.client.post(f"/kosha/n/{number(counter)}/second-factor", json=body),
        counter.client.post(f"/n/{CertificateNumber.random(26, 'KR12')}/second-factor", json=body),
        counter.client.post("/n/none/second-factor", json=body),
    ]
    assert {(answer.status_code, answer.text) for answer in wrong} == {(200, '{"matches":false,"name":null}')}


def test_five_tries_an_hour_and_number_are_allowed_also_for_the_right_one(counter: Counter) -> None:
    limiters = Limiters(Limiter(second_factor.PER_NUMBER), Limiter(second_factor.PER_NETWORK))
    tries = [ask(counter, str(number(counter)), "박", BORN, limiters) for _ in range(5)]
    assert tries == [False] * 5
    assert not ask(counter, str(number(counter)), NAME, BORN, limiters)


def test_a_network_may_ask_a_hundred_times_an_hour(counter: Counter) -> None:
    limiters = Limiters(Limiter("1000/hour"), Limiter(second_factor.PER_NETWORK))
    for _ in range(100):
        ask(counter, "none", "x", "x", limiters)
    assert not ask(counter, str(number(counter)), NAME, BORN, limiters)


@pytest.mark.parametrize(
    "body", [{}, {"name": NAME}, {"name": 7, "birth_date": BORN}, {"name": NAME, "birth_date": None}]
)
def test_a_body_that_is_no_question_is_refused_with_a_reason(counter: Counter, body: dict[str, object]) -> None:
    answer = counter.client.post(f"/n/{number(counter)}/second-factor", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")


@pytest.mark.parametrize(
    ("name", "masked"), [("김하늘", "김*늘"), ("남궁", "남*"), ("김", "김"), ("Kim Ha-neul", "K*m H*****l"), ("", "")]
)
def test_a_masked_name_shows_its_edges_alone(name: str, masked: str) -> None:
    assert second_factor.mask(name) == masked


def test_an_erased_certificate_matches_nobody(counter: Counter) -> None:
    batch = counter.bureau.issue(rows(1, first=40), "list to be erased")
    (erased,) = counter.bureau.credentials(batch)
    record = erased.record or {}
    assert ask(counter, erased.number, str(record["name_ko"]), str(record["birth_date"]))
    with counter.bureau.office.database.write() as connection:
        connection.execute(credentials.update().where(credentials.c.id == erased.id).values(record=None))
    assert not ask(counter, erased.number, str(record["name_ko"]), str(record["birth_date"]))


def test_the_answer_to_a_number_is_the_record_as_it_was_signed(counter: Counter) -> None:
    answer = counter.client.get(f"/n/{number(counter)}")
    assert "proof" in json.loads(answer.content)
