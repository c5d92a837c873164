"""What people send in: opened by content, nothing lost, nothing followed out of the folder."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from jikin.badges import documents, qr
from jikin.badges.certificate import credential_attachment, receipt_attachment, render
from jikin.badges.confined import Confinement
from jikin.badges.documents import SubmittedFile, open_document
from jikin.errors import DocumentError, JikinError
from jikin.values import CertificateNumber
from tests.credential_samples import CHECK_BASE, MACHINE, NUMBER, QUALIFICATION, credential, page
from tests.examples import tries

CREDENTIAL = credential(QUALIFICATION)
RECEIPT = {"v": 1, "index": 3}
JSON = json.dumps(CREDENTIAL, ensure_ascii=False).encode()
RECEIPT_JSON = json.dumps(RECEIPT).encode()
CERTIFICATE = render(page(QUALIFICATION), [credential_attachment(JSON), receipt_attachment(RECEIPT_JSON)])
BARE = render(page(MACHINE))
CODE = qr.png(qr.check_url(CHECK_BASE, NUMBER))


@pytest.fixture(scope="module", name="confined")
def confinement() -> Iterator[Confinement]:
    with Confinement() as shared:
        yield shared


def only(found: tuple[SubmittedFile, ...]) -> SubmittedFile:
    assert len(found) == 1, found
    return found[0]


def codes(found: tuple[SubmittedFile, ...]) -> dict[str, str | None]:
    return {entry.name: entry.fault.code if entry.fault else None for entry in found}


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


JSON_FORMS = {
    "as it is": (JSON, None),
    "with a byte order mark": (b"\xef\xbb\xbf" + JSON, None),
    "with blanks in front": (b"\r\n\t " + JSON, None),
    "with its receipt": (json.dumps({"credential": CREDENTIAL, "receipt": RECEIPT}).encode(), RECEIPT),
    "with a null receipt": (json.dumps({"credential": CREDENTIAL, "receipt": None}).encode(), None),
    "alone in the pair's form": (json.dumps({"credential": CREDENTIAL}).encode(), None),
}


@pytest.mark.parametrize(("data", "receipt"), JSON_FORMS.values(), ids=JSON_FORMS.keys())
def test_a_json_credential_is_found(data: bytes, receipt: object, confined: Confinement) -> None:
    entry = only(open_document(data, name="a.txt", confinement=confined))
    assert (entry.name, entry.credential, entry.receipt, entry.fault) == ("a.txt", CREDENTIAL, receipt, None)


def test_json_needs_no_helper_process() -> None:
    with Confinement() as unused:
        assert only(open_document(JSON, confinement=unused)).credential == CREDENTIAL
        assert unused._process is None


def test_a_pdf_gives_what_is_attached_and_else_the_number_of_its_code(confined: Confinement) -> None:
    entry = only(open_document(CERTIFICATE, confinement=confined))
    assert (entry.credential, entry.receipt, entry.number) == (CREDENTIAL, RECEIPT, None)
    entry = only(open_document(b"scanner rubbish\n" + BARE, confinement=confined))
    assert (entry.credential, entry.number, entry.host) == (None, NUMBER, "v.jikin.example")


def test_a_picture_gives_the_number_of_its_code(confined: Confinement) -> None:
    entry = only(open_document(CODE, name="photo.png", confinement=confined))
    assert (entry.name, entry.number, entry.host) == ("photo.png", NUMBER, "v.jikin.example")
    jpeg = io.BytesIO()
    Image.open(io.BytesIO(CODE)).convert("RGB").save(jpeg, "JPEG", quality=60)
    assert only(open_document(jpeg.getvalue(), confinement=confined)).number == NUMBER


def test_the_host_of_a_foreign_code_is_kept_and_told(confined: Confinement) -> None:
    entry = only(open_document(qr.png(f"HTTPS://LOOK-ALIKE.EXAMPLE/N/{NUMBER.symbols}"), confinement=confined))
    assert (entry.number, entry.host) == (NUMBER, "look-alike.example")


def sheet(*texts: str) -> bytes:
    picture = Image.new("L", (400 * len(texts), 420), 255)
    for position, text in enumerate(texts):
        picture.paste(Image.open(io.BytesIO(qr.png(text))).convert("L"), (400 * position, 0))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def test_a_picture_of_several_certificates_gives_each_of_them(confined: Confinement) -> None:
    other = CertificateNumber.random(26, "KR12")
    found = open_document(
        sheet(qr.check_url(CHECK_BASE, NUMBER), "https://shop.example/", qr.check_url(CHECK_BASE, other)),
        name="desk.png",
        confinement=confined,
    )
    assert [(entry.name, entry.number) for entry in found] == [("desk.png#1", NUMBER), ("desk.png#2", other)]


def test_a_wrong_number_beside_a_good_one_is_told_too(confined: Confinement) -> None:
    wrong = f"HTTPS://V.JIKIN.EXAMPLE/N/{NUMBER.symbols[:-1]}8"
    found = open_document(sheet(qr.check_url(CHECK_BASE, NUMBER), wrong), name="desk.png", confinement=confined)
    assert codes(found) == {"desk.png#1": None, "desk.png#2": "number.mistyped"}


FAULTS = {
    "an empty file": (b"", "document.unknown-kind"),
    "plain text": ("자격증을 보냅니다".encode(), "document.unknown-kind"),
    "an executable": (b"\x7fELF" + bytes(100), "document.unknown-kind"),
    "a JSON array": (b"[" + JSON + b"]", "document.no-credential"),
    "another JSON object": (b'{"name": "x"}', "document.no-credential"),
    "a pair with a list for a receipt": (
        json.dumps({"credential": CREDENTIAL, "receipt": []}).encode(),
        "document.no-credential",
    ),
    "a pair with a text for a credential": (b'{"credential": "eyJ"}', "document.no-credential"),
    "broken JSON": (JSON[:-5], "codec.json"),
    "a member twice": (b'{"@context": [], "@context": []}', "codec.json.duplicate-name"),
    "JSON of two mebibytes": (b'{"@context": "' + b"a" * (2 << 20) + b'"}', "codec.json.too-long"),
    "JSON nested a thousand deep": (b"[" * 1000 + b"]" * 1000, "codec.json.too-deep"),
    "a PDF with a broken credential": (
        render(page(QUALIFICATION), [credential_attachment(b"{")]),
        "document.no-credential",
    ),
    "a PDF with a broken receipt": (
        render(page(QUALIFICATION), [credential_attachment(JSON), receipt_attachment(b"{")]),
        "document.receipt",
    ),
    "the first bytes of a picture": (b"\x89PNG\r\n\x1a\n", "document.image"),
    "half a picture": (CODE[: len(CODE) // 2], "document.image"),
    "a code of a shop": (qr.png("https://shop.example/"), "document.other-code"),
    "a code with a wrong number": (qr.png(f"HTTPS://V.JIKIN.EXAMPLE/N/{NUMBER.symbols[:-1]}8"), "number.mistyped"),
    "a PDF without page": (b"%PDF-1.7\n%%EOF", "document.pdf"),
    "an empty archive": (zipped({}), "document.zip"),
    "a broken archive": (zipped({"a.json": JSON})[:60], "document.zip"),
}


@pytest.mark.parametrize(("data", "code"), FAULTS.values(), ids=FAULTS.keys())
def test_bad_input_is_a_fault_with_a_code_and_never_an_exception(data: bytes, code: str, confined: Confinement) -> None:
    entry = only(open_document(data, name="sent.bin", confinement=confined))
    assert entry.fault is not None
    assert (entry.name, entry.fault.code) == ("sent.bin", code)
    assert (entry.credential, entry.number, entry.host, entry.receipt) == (None, None, None, None)


def test_a_white_picture_says_how_to_take_a_better_one(confined: Confinement) -> None:
    out = io.BytesIO()
    Image.new("L", (200, 200), 255).save(out, "PNG")
    fault = only(open_document(out.getvalue(), confinement=confined)).fault
    assert fault is not None
    assert fault.code == "document.nothing-found"
    assert "good light" in str(fault.hint)


# Paths


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def test_a_receipt_beside_a_file_comes_along(tmp_path: Path, confined: Confinement) -> None:
    written(tmp_path, {"a.json": JSON, "a.receipt.json": RECEIPT_JSON, "b.json": JSON})
    assert only(open_document(tmp_path / "a.json", confinement=confined)).receipt == RECEIPT
    assert only(open_document(tmp_path / "b.json", confinement=confined)).receipt is None


def test_a_pdf_with_its_own_receipt_keeps_that_one(tmp_path: Path, confined: Confinement) -> None:
    written(tmp_path, {"a.pdf": CERTIFICATE, "a.json": JSON, "a.receipt.json": b'{"v": 1, "index": 4}'})
    assert only(open_document(tmp_path / "a.pdf", confinement=confined)).receipt == RECEIPT
    found = {entry.name: entry.receipt for entry in open_document(tmp_path, confinement=confined)}
    assert found == {"a.json": {"v": 1, "index": 4}, "a.pdf": RECEIPT}


def test_a_receipt_alone_says_what_belongs_to_it(tmp_path: Path, confined: Confinement) -> None:
    written(tmp_path, {"a.receipt.json": RECEIPT_JSON})
    fault = only(open_document(tmp_path, confinement=confined)).fault
    assert fault is not None
    assert fault.code == "document.receipt-alone"
    assert "a.json" in str(fault.hint)


def test_a_broken_receipt_is_never_dropped_in_silence(tmp_path: Path, confined: Confinement) -> None:
    written(tmp_path, {"a.json": JSON, "a.receipt.json": b"{"})
    assert codes(open_document(tmp_path, confinement=confined)) == {"a.json": "document.receipt"}


def test_a_folder_is_read_recursively_sorted_and_without_litter(tmp_path: Path, confined: Confinement) -> None:
    written(
        tmp_path,
        {
            "2.json": JSON,
            "10.pdf": CERTIFICATE,
            "team/b/c.png": CODE,
            "team/a.txt": b"hello",
            ".DS_Store": b"x",
            "team/._a.txt": b"x",
            "Thumbs.db": b"x",
            ".hidden.json": JSON,
        },
    )
    found = open_document(tmp_path, confinement=confined)
    assert codes(found) == {
        ".hidden.json": None,
        "10.pdf": None,
        "2.json": None,
        "team/a.txt": "document.unknown-kind",
        "team/b/c.png": None,
    }
    assert [entry.name for entry in found] == sorted(entry.name for entry in found)


def test_links_and_pipes_in_a_folder_are_named_and_not_opened(tmp_path: Path, confined: Confinement) -> None:
    secret = written(tmp_path / "elsewhere", {"secret.json": JSON})
    folder = written(tmp_path / "sent", {"a.json": JSON})
    (folder / "link.json").symlink_to(secret / "secret.json")
    (folder / "linked").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    assert codes(open_document(folder, confinement=confined)) == {
        "a.json": None,
        "link.json": "document.unreadable",
        "linked": "document.folder",
        "pipe": "document.unreadable",
    }
    assert only(open_document(folder / "link.json", confinement=confined)).credential == CREDENTIAL
    assert only(open_document(folder / "pipe", confinement=confined)).fault is not None


def test_a_folder_has_bounds_and_says_where_it_stopped(
    tmp_path: Path, confined: Confinement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MAX_FILES", 2)
    monkeypatch.setattr(documents, "MAX_DEPTH", 2)
    written(tmp_path, {"1.json": JSON, "2.json": JSON, "3.json": JSON})
    assert codes(open_document(tmp_path, confinement=confined)) == {
        "1.json": None,
        "2.json": None,
        "3.json": "document.folder",
    }
    deep = written(tmp_path / "deep", {"a/b/c/d.json": JSON})
    assert codes(open_document(deep, confinement=confined)) == {"a/b/": "document.folder"}


def test_a_large_file_is_not_read(tmp_path: Path, confined: Confinement, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_FILE_BYTES", 100)
    written(tmp_path, {"a.json": JSON})
    assert codes(open_document(tmp_path / "a.json", confinement=confined)) == {"a.json": "document.too-large"}
    assert codes(open_document(JSON, name="a.json", confinement=confined)) == {"a.json": "document.too-large"}


def test_a_path_that_does_not_exist_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as refused:
        open_document(tmp_path / "nowhere.pdf")
    assert refused.value.code == "document.not-found"


# Archives


def test_an_archive_gives_each_of_its_files(confined: Confinement) -> None:
    data = zipped(
        {
            "b/2.pdf": CERTIFICATE,
            "a.json": JSON,
            "a.receipt.json": RECEIPT_JSON,
            "__MACOSX/._a.json": b"x",
            "inner.zip": zipped({"c.json": JSON}),
            "hello.txt": b"hello",
        }
    )
    found = open_document(data, name="sent.zip", confinement=confined)
    assert codes(found) == {
        "sent.zip/a.json": None,
        "sent.zip/b/2.pdf": None,
        "sent.zip/hello.txt": "document.unknown-kind",
        "sent.zip/inner.zip": "document.zip",
    }
    assert {entry.name: entry.receipt for entry in found}["sent.zip/a.json"] == RECEIPT


def test_two_files_of_one_name_are_both_kept(confined: Confinement) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.json", JSON)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.json", b"{")
    found = open_document(out.getvalue(), name="z", confinement=confined)
    assert [entry.fault is None for entry in found] == [True, False]


def test_a_bomb_is_a_fault_of_its_own_file(confined: Confinement) -> None:
    data = zipped({"good.json": JSON, "bomb.json": b" " * (18 << 20)})
    assert codes(open_document(data, name="z", confinement=confined)) == {
        "z/bomb.json": "document.too-large",
        "z/good.json": None,
    }


def test_an_archive_that_unpacks_to_too_much_is_refused_as_a_whole(confined: Confinement) -> None:
    noise = [bytes([n]) + os.urandom(19 << 20) for n in range(3)]
    data = zipped({f"{n}.bin": noise[n % 3] for n in range(3)}, zipfile.ZIP_STORED)
    limits = {"max_files": 10, "max_bytes": 40 << 20, "max_member": 20 << 20, "max_ratio": 100}
    with pytest.raises(DocumentError) as refused:
        confined.run("zip.members", data, limits)
    assert refused.value.code == "document.too-large"


def test_an_archive_of_too_many_files_is_refused(confined: Confinement) -> None:
    data = zipped({f"{n}": b"" for n in range(5_001)})
    assert codes(open_document(data, name="z", confinement=confined)) == {"z": "document.zip"}


def test_a_link_in_an_archive_is_not_followed(confined: Confinement) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("link.json")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert codes(open_document(out.getvalue(), name="z", confinement=confined)) == {"z/link.json": "document.zip"}


def test_names_that_steer_a_terminal_are_spelt_out(confined: Confinement) -> None:
    found = open_document(zipped({"\x1b[2J\u202egnp.json": JSON}), name="z", confinement=confined)
    assert only(found).name == "z/<U+001B>[2J<U+202E>gnp.json"
    assert only(found).credential == CREDENTIAL


def test_a_name_that_would_leave_the_folder_is_only_a_name(tmp_path: Path, confined: Confinement) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert (
        only(open_document(zipped({"../../evil.json": JSON}), name="z", confinement=confined)).credential == CREDENTIAL
    )
    assert sorted(tmp_path.rglob("*")) == before


def test_a_submitted_file_does_not_show_its_holder_in_a_repr(confined: Confinement) -> None:
    assert "김하늘" not in repr(open_document(JSON, confinement=confined))


SNIFFED = (b"", b"{", b"[", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"PK\x03\x04", b"PK\x05\x06")


@settings(max_examples=tries(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.sampled_from(SNIFFED), rest=st.binary(max_size=300))
def test_any_bytes_give_one_entry_or_more(start: bytes, rest: bytes, confined: Confinement) -> None:
    found = open_document(start + rest, name="x", confinement=confined)
    assert found
    for entry in found:
        assert entry.name.startswith("x")
        assert isinstance(entry.fault, JikinError) or entry.credential is not None or entry.number is not None


@settings(max_examples=tries(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, 400), junk=st.binary(min_size=1, max_size=40))
def test_a_damaged_archive_gives_entries_or_a_fault(start: int, junk: bytes, confined: Confinement) -> None:
    whole = zipped({"a.json": JSON, "b.json": JSON})
    found = open_document(whole[:start] + junk + whole[start + len(junk) :], name="z", confinement=confined)
    assert found
    assert all(entry.name.startswith("z") for entry in found)
