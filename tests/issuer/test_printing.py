"""What is handed out: bare credential, receipt, and a PDF with both inside; one bad page keeps nobody waiting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from issuer import printing, sheets
from issuer.printing import Printer
from issuer.sheets import Press, Sheet
from issuer.store.tables import credentials
from jikin.anchoring.receipt import Receipt
from jikin.badges.documents import open_document
from jikin.badges.fonts import FontFolder
from jikin.errors import DocumentError, OfficeError
from jikin.values import CertificateNumber
from tests.issuing_office import Bureau, rows

UNPRINTABLE = "김\U00020000"  # a rare Chinese character that the certificate fonts lack


@pytest.fixture(autouse=True)
def _fonts() -> None:
    try:
        FontFolder.packaged()
    except DocumentError:
        pytest.skip("the certificate fonts are not installed")


def write(bureau: Bureau, batch_id: int, folder: Path, *, processes: int = 1, count: int = 1) -> printing.Printed:
    with Press(processes, count) as press:
        printer = Printer(bureau.office, bureau.institution, press)
        return printing.write_batch(bureau.office, bureau.institution, bureau.batch(batch_id), folder, printer=printer)


def test_every_certificate_gets_credential_receipt_and_pdf(bureau: Bureau, tmp_path: Path) -> None:
    batch = bureau.issue(rows(2))
    printed = write(bureau, batch.id, tmp_path / "out")
    assert (printed.count, printed.unprinted) == (2, ())
    for number in bureau.numbers(batch):
        document = json.loads((tmp_path / "out" / f"{number}.json").read_text("utf-8"))
        receipt = json.loads((tmp_path / "out" / f"{number}.receipt.json").read_text("utf-8"))
        assert isinstance(document["proof"], dict)  # bare: one proof object, no receipt among the proofs
        assert Receipt.parse(receipt).root == batch.root
        (found,) = open_document(tmp_path / "out" / f"{number}.pdf")
        assert (found.credential, found.receipt) == (document, receipt)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()}
    assert modes == {0o600}


def test_writing_again_gives_the_same_bytes(bureau: Bureau, tmp_path: Path) -> None:
    batch = bureau.issue(rows(1))
    write(bureau, batch.id, tmp_path / "one")
    write(bureau, batch.id, tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_printing_processes_give_the_same_pages_as_this_one(bureau: Bureau) -> None:
    batch = bureau.issue(rows(3))
    from issuer import releasing

    ready = releasing.issued(bureau.office, bureau.institution, batch, bureau.credentials(batch))
    kind = bureau.office.types.named(batch.type)
    with Press(1, 3) as here, Press(2, 100) as elsewhere:
        made = [Printer(bureau.office, bureau.institution, here).sheet(one, kind) for one in ready]
        assert [Sheet.from_bytes(sheet.to_bytes()) for sheet in made] == made
        pages = list(elsewhere.pages(made))
        assert pages == list(here.pages(made))
    assert all(isinstance(page, bytes) and page.startswith(b"%PDF") for page in pages)


def test_a_character_that_the_fonts_lack_costs_one_pdf_and_no_certificate(bureau: Bureau, tmp_path: Path) -> None:
    batch = bureau.issue(rows(3))
    with bureau.office.database.write() as connection:
        record = bureau.credentials(batch)[1].record or {}
        connection.execute(
            credentials.update().where(credentials.c.id == 2).values(record=dict(record) | {"name_ko": UNPRINTABLE})
        )
    for processes, count in ((1, 1), (2, 100)):
        printed = write(bureau, batch.id, tmp_path / f"out{processes}", processes=processes, count=count)
        assert printed.count == 3
        assert [(one.line, one.code) for one in printed.unprinted] == [(3, "document.glyph")]
        assert UNPRINTABLE not in repr(printed)
        names = {path.name for path in (tmp_path / f"out{processes}").iterdir()}
        number = bureau.numbers(batch)[1]
        assert f"{number}.json" in names
        assert f"{number}.pdf" not in names
        assert len(names) == 8


def test_a_printing_process_that_dies_is_an_error_with_a_way_out(bureau: Bureau) -> None:
    batch = bureau.issue(rows(1))
    from issuer import releasing

    (ready,) = releasing.issued(bureau.office, bureau.institution, batch, bureau.credentials(batch))
    kind = bureau.office.types.named(batch.type)
    with Press(2, 100) as press:
        sheet = Printer(bureau.office, bureau.institution, press).sheet(ready, kind)
        list(press.pages([sheet]))
        for process in press._started:
            process.kill()
            process.wait()
        with pytest.raises(OfficeError) as caught:
            list(press.pages([sheet, sheet]))
    assert caught.value.code == "office.press"


def test_the_page_says_when_it_was_issued_in_the_offices_own_day(bureau: Bureau) -> None:
    batch = bureau.issue(rows(1))
    from issuer import releasing

    (ready,) = releasing.issued(bureau.office, bureau.institution, batch, bureau.credentials(batch))
    with Press(1, 1) as press:
        sheet = Printer(bureau.office, bureau.institution, press, "en").sheet(
            ready, bureau.office.types.named(batch.type)
        )
    assert sheet.issued_on == bureau.office.today
    assert (sheet.language, sheet.seal, sheet.check_base) == ("en", "견본직인", "https://certs.exam.example")
    assert sheet.number == CertificateNumber(ready.credential.number)


def test_only_released_batches_are_written(bureau: Bureau, tmp_path: Path) -> None:
    batch = bureau.accept(rows(1))
    bureau.run(batch, until="release")
    with pytest.raises(OfficeError):
        write(bureau, batch.id, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_missing_fonts_are_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        sheets.check_fonts(tmp_path / "no-fonts")
    assert caught.value.code == "document.fonts"
    assert "no-fonts" in str(caught.value)
    assert "make setup" in (caught.value.hint or "")
