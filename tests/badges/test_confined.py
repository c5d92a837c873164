"""Strangers' files meet a parser that has limits, no secrets, and nothing of the next file's."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jikin.badges import pdf
from jikin.badges.certificate import credential_attachment, receipt_attachment, render
from jikin.badges.confined import Confinement, Limits
from jikin.errors import DocumentError
from tests.credential_samples import CHECK_BASE, NUMBER, QUALIFICATION, page
from tests.examples import tries

CREDENTIAL, RECEIPT = '{"name":"김하늘"}'.encode(), b'{"v":1}'
CERTIFICATE = render(page(QUALIFICATION), [credential_attachment(CREDENTIAL), receipt_attachment(RECEIPT)])
BARE = render(page(QUALIFICATION))


@pytest.fixture(scope="module", name="confined")
def confinement() -> Iterator[Confinement]:
    with Confinement() as shared:
        yield shared


def saved(document: pikepdf.Pdf, *, linearize: bool = False, encryption: pikepdf.Encryption | None = None) -> bytes:
    out = io.BytesIO()
    document.save(out, linearize=linearize, encryption=encryption)
    return out.getvalue()


def with_attachments(*files: tuple[str, str, bytes]) -> bytes:
    """Return a one-page PDF with attachments given as key, file name, content."""
    document = pikepdf.new()
    document.add_blank_page()
    for key, name, data in files:
        document.attachments[key] = pikepdf.AttachedFileSpec(
            document, data, filename=name, description="", mime_type="", creation_date="", mod_date=""
        )
    return saved(document)


def test_our_attachments_are_found_and_the_code_of_a_bare_page_is_read(confined: Confinement) -> None:
    assert pdf.attachments(CERTIFICATE, confinement=confined) == {
        "credential.json": CREDENTIAL,
        "receipt.json": RECEIPT,
    }
    assert pdf.attachments(BARE, confinement=confined) == {}
    assert pdf.read(CERTIFICATE, confinement=confined).codes == ()
    assert pdf.read(BARE, confinement=confined).codes == (f"{CHECK_BASE.upper()}/N/{NUMBER.symbols}",)


def test_a_resaved_pdf_keeps_its_attachments(confined: Confinement) -> None:
    with pikepdf.open(io.BytesIO(CERTIFICATE)) as document:
        again = saved(document, linearize=True)
    assert pdf.attachments(again, confinement=confined)["credential.json"] == CREDENTIAL


def test_other_attachments_are_left_alone(confined: Confinement) -> None:
    data = with_attachments(("a", "macro.js", b"alert(1)"), ("b", "credential.json", b"{}"))
    assert pdf.attachments(data, confinement=confined) == {"credential.json": b"{}"}


def test_a_page_becomes_a_grey_picture_of_the_asked_for_resolution(confined: Confinement) -> None:
    from PIL import Image

    picture = Image.open(io.BytesIO(pdf.rasterise(BARE, dpi=72, confinement=confined)))
    assert (picture.mode, picture.size) == ("L", (596, 842))


def test_a_page_of_a_kilometre_is_drawn_within_the_pixel_limit(confined: Confinement) -> None:
    from PIL import Image

    document = pikepdf.new()
    document.add_blank_page(page_size=(14_000, 14_000))
    picture = Image.open(io.BytesIO(pdf.rasterise(saved(document), dpi=600, confinement=confined)))
    assert picture.width * picture.height <= 41_000_000


REFUSED = {
    "two credentials of one name": (
        with_attachments(("a", "credential.json", b"{}"), ("b", "credential.json", b'{"a":1}')),
        "document.ambiguous",
    ),
    "a credential of two mebibytes": (
        with_attachments(("a", "credential.json", b" " * (2 << 20))),
        "document.too-large",
    ),
    "garbage": (b"%PDF-1.7\n" + bytes(range(256)) * 20, "document.pdf"),
    "an empty file": (b"", "document.pdf"),
    "half a certificate": (CERTIFICATE[: len(CERTIFICATE) // 2], "document.pdf"),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_pdf_that_cannot_be_read_is_a_document_error(data: bytes, code: str, confined: Confinement) -> None:
    with pytest.raises(DocumentError) as refused:
        pdf.read(data, confinement=confined)
    assert refused.value.code == code


def test_a_pdf_locked_with_a_password_says_so(confined: Confinement) -> None:
    with pikepdf.open(io.BytesIO(CERTIFICATE)) as document:
        data = saved(document, encryption=pikepdf.Encryption(owner="o", user="u", R=6))
    with pytest.raises(DocumentError) as refused:
        pdf.read(data, confinement=confined)
    assert refused.value.code == "document.locked"


def test_a_page_that_is_not_there_is_named(confined: Confinement) -> None:
    with pytest.raises(DocumentError, match="no page 2"):
        pdf.rasterise(BARE, page=1, confinement=confined)


# Limits


def bomb() -> bytes:
    """Return a small PDF with an attachment of 300 MB of blanks."""
    return with_attachments(("a", "credential.json", b" " * (300 << 20)))


def test_a_pdf_bomb_costs_its_own_child_and_nothing_else() -> None:
    data = bomb()
    assert len(data) < 2 << 20
    with Confinement(Limits(memory_bytes=400 << 20)) as small:
        with pytest.raises(DocumentError) as refused:
            pdf.attachments(data, confinement=small)
        assert refused.value.code in {"document.memory-limit", "document.crashed", "document.pdf"}
        assert pdf.attachments(CERTIFICATE, confinement=small)["receipt.json"] == RECEIPT


def test_a_file_that_takes_too_long_is_given_up() -> None:
    with Confinement(Limits(wall_seconds=0.001)) as hasty, pytest.raises(DocumentError) as refused:
        hasty.run("pdf.raster", BARE, {"page": 0, "dpi": 600})
    assert refused.value.code == "document.time-limit"


def test_a_file_that_computes_too_long_is_given_up() -> None:
    with Confinement(Limits(cpu_seconds=0)) as hasty, pytest.raises(DocumentError) as refused:
        hasty.run("pdf.raster", BARE, {"page": 0, "dpi": 600})
    assert refused.value.code == "document.time-limit"


def test_a_file_beyond_the_size_is_not_even_sent() -> None:
    with Confinement(Limits(max_input_bytes=10)) as small, pytest.raises(DocumentError) as refused:
        small.run("pdf.read", b"%PDF-1.7 and more")
    assert refused.value.code == "document.too-large"


def test_an_answer_beyond_the_size_is_not_passed_on() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(4 << 20))
    limits = {"max_files": 10, "max_bytes": 64 << 20, "max_member": 64 << 20, "max_ratio": 10_000}
    with Confinement(Limits(max_output_bytes=1 << 20)) as small, pytest.raises(DocumentError) as refused:
        small.run("zip.members", packed.getvalue(), limits)
    assert refused.value.code == "document.too-large"


def helper_of(confined: Confinement) -> int:
    process = confined._process
    assert process is not None
    return process.pid


def test_the_helper_sees_no_environment_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIKIN_KEYSTORE_PASSPHRASE", "never to be seen")
    with Confinement() as fresh:
        pdf.attachments(BARE, confinement=fresh)
        seen = Path(f"/proc/{helper_of(fresh)}/environ").read_bytes()
    assert seen == b"LC_ALL=C.UTF-8\0"


def test_a_helper_that_was_killed_is_replaced() -> None:
    with Confinement() as fresh:
        pdf.attachments(BARE, confinement=fresh)
        first = helper_of(fresh)
        os.kill(first, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while Path(f"/proc/{first}/stat").read_text().split()[2] != "Z" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert pdf.attachments(CERTIFICATE, confinement=fresh)["receipt.json"] == RECEIPT
        assert helper_of(fresh) != first


def test_the_helper_ends_with_its_confinement() -> None:
    with Confinement() as fresh:
        pdf.attachments(BARE, confinement=fresh)
        pid = helper_of(fresh)
    assert not Path(f"/proc/{pid}").exists()


def test_threads_may_share_a_confinement(confined: Confinement) -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(pdf.attachments(CERTIFICATE, confinement=confined)["receipt.json"])
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [RECEIPT] * 4


@settings(max_examples=tries(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, len(CERTIFICATE) - 1), junk=st.binary(min_size=1, max_size=200))
def test_a_damaged_pdf_is_read_or_refused_and_never_more(start: int, junk: bytes, confined: Confinement) -> None:
    damaged = CERTIFICATE[:start] + junk + CERTIFICATE[start + len(junk) :]
    try:
        content = pdf.read(damaged, confinement=confined)
    except DocumentError as error:
        code = error.code
    else:
        assert set(content.attachments) <= {"credential.json", "receipt.json"}
        return
    assert code.startswith("document.")
