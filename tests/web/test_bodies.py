"""Bodies of strangers: what is read, what is refused, and that nothing they send is answered by a 5xx."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from jikin.web.bodies import MAX_DEPTH
from jikin.web.middleware import BODY_BYTES, UPLOAD_BYTES
from tests.web import gallery

app, remembered = gallery.application()
client = TestClient(app, base_url="http://localhost:8109", raise_server_exceptions=True)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_every_json_object_is_read_as_it_was_sent(value: dict[str, object]) -> None:
    assert client.post("/json", json=value).json() == value


@given(st.binary(max_size=200))
def test_no_bytes_as_json_are_a_fault_of_ours(data: bytes) -> None:
    answer = client.post("/json", content=data, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert answer.json()["code"] == "request.json"


@given(st.integers(1, 4 * MAX_DEPTH))
def test_json_is_read_up_to_the_greatest_depth_and_no_deeper(depth: int) -> None:
    text = '{"a":' * depth + "1" + "}" * depth
    answer = client.post("/json", content=text, headers={"content-type": "application/json"})
    assert answer.status_code == (200 if depth <= MAX_DEPTH else 400)


@pytest.mark.parametrize("text", ["[]", '"a"', "1", "null", "", '{"a":1,"a":2}', '{"a":NaN}', "[" * 100_000])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    answer = client.post("/json", content=text, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.json")


def test_another_media_type_is_refused_by_its_name() -> None:
    answer = client.post("/json", content="<a/>", headers={"content-type": "text/xml; charset=utf-8"})
    assert (answer.status_code, answer.json()["code"]) == (415, "request.media-type")
    assert "text/xml" in answer.json()["detail"]


@given(st.dictionaries(TEXTS, TEXTS, max_size=8))
def test_every_form_is_read_as_it_was_sent(fields: dict[str, str]) -> None:
    answer = client.post(
        "/form", content=urlencode(fields), headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.json() == fields


@given(
    st.binary(max_size=300), st.sampled_from(["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
)
def test_no_bytes_as_a_form_are_a_fault_of_ours(data: bytes, kind: str) -> None:
    answer = client.post("/form", content=data, headers={"content-type": kind})
    assert answer.status_code in (200, 400)


@given(st.binary(max_size=120))
def test_no_bytes_in_a_multipart_part_are_a_fault_of_ours(data: bytes) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="' + data + b'"\r\n\r\nhi\r\n--x--\r\n'
    answer = client.post("/files/one", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.status_code in (200, 400, 413)


def test_what_is_missing_from_a_form_is_named_and_no_fault_of_ours() -> None:
    answer = client.post("/scanned", data={"other": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.missing")
    assert "'text'" in answer.json()["detail"]


def test_a_field_that_stands_twice_is_refused() -> None:
    answer = client.post("/form", content="a=1&a=2", headers={"content-type": "application/x-www-form-urlencoded"})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.form")


@pytest.mark.parametrize("text", ["a=%FF", "a=%00", "&".join(f"f{n}=1" for n in range(500))])
def test_a_form_that_is_not_text_is_refused(text: str) -> None:
    answer = client.post("/form", content=text, headers={"content-type": "application/x-www-form-urlencoded"})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.form")


def test_multipart_without_boundary_is_refused() -> None:
    answer = client.post("/form", content=b"x", headers={"content-type": "multipart/form-data"})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.form")


@given(st.binary(max_size=500), TEXTS)
def test_a_file_and_its_fields_are_read_as_they_were_sent(data: bytes, note: str) -> None:
    remembered.received.clear()
    answer = client.post(
        "/files/one", files={"file": ("a.pdf", data)}, data={"note": note.replace("\r", "").replace("\n", "")}
    )
    assert answer.status_code == 200, answer.text
    assert remembered.received == [("a.pdf", data)]


def test_no_file_chosen_is_no_file() -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--x--\r\n'
    answer = client.post("/files/one", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.json()["sizes"] == []


def test_a_files_name_is_never_a_path() -> None:
    remembered.received.clear()
    client.post("/files/one", files={"file": ("../../etc/passwd", b"x")})
    client.post("/files/one", files={"file": ("C:\\Users\\kim\\cert.pdf", b"x")})
    assert [name for name, _ in remembered.received] == ["passwd", "cert.pdf"]


def test_more_files_than_allowed_are_refused() -> None:
    files = [("file", (f"{n}.pdf", b"x")) for n in range(3)]
    answer = client.post("/files/one", files=files)
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too-many-files")


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_beyond_the_limit_is_refused_declared_or_not(declared: bool) -> None:
    data = json.dumps({"a": "x" * BODY_BYTES}).encode()
    content = data if declared else iter([data[: 1 << 19], data[1 << 19 :]])
    answer = client.post("/json", content=content, headers={"content-type": "application/json"})  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too-large")


def test_uploads_have_room_where_they_are_meant_to_be_and_nowhere_else() -> None:
    remembered.received.clear()
    large = b"x" * UPLOAD_BYTES
    assert client.post("/files/one", files={"file": ("a", large)}).json()["sizes"] == [UPLOAD_BYTES]
    assert client.post("/files/one", files={"file": ("a", large + b"x")}).status_code == 413
    assert client.post("/form", files={"file": ("a", large)}).status_code == 413
    remembered.received.clear()
