"""The printed certificate: archival, accessible, the same bytes every time, and whole whatever stands in a field."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageFilter

from jikin.badges import qr
from jikin.badges.certificate import (
    Attachment,
    CertificatePage,
    Colours,
    PageRow,
    Press,
    credential_attachment,
    receipt_attachment,
    render,
)
from jikin.badges.fonts import FontFolder
from jikin.badges.frame import frame_svg
from jikin.errors import DocumentError
from tests.credential_samples import CHECK_BASE, MACHINE, NUMBER, QUALIFICATION, TYPES, page

CREDENTIAL = '{"@context": ["…"], "name":"김하늘",\r\n\t"emoji":"😀"}\n'.encode()
RECEIPT = b'{"v":1}'
FILES = (credential_attachment(CREDENTIAL), receipt_attachment(RECEIPT))
DPI = 100

LONG_MACHINE = {
    "model": "HYPER-LIFT 3000 D / PRO PLUS SERIES MARK IV (2026) X-TRA LONG",
    "capacity": "정격하중 3.0 t, 최대 인상높이 6,500 mm, 자유인상 1,500 mm, 마스트 3단, 전장품 방폭형, 하중계 붙음",
    "serial_from": "HL30D-PRO-2026-SERIES-IV-0000000000001",
    "serial_to": "HL30D-PRO-2026-SERIES-IV-0000000000250",
    "maker_ko": "한울리프트앤드머티리얼핸들링머시너리매뉴팩처링코리아(주)",
    "maker_en": "Hanul Lift and Material Handling Machinery Manufacturing Company of Korea Limited",
    "factory": "경상남도 새봄시 큰들읍 공단로 1204번길 77-12 (한울리프트 제2공장 조립동 3층) " * 2,
    "standard": "위험기계·기구 안전인증 고시(고용노동부고시 제2026-17호) 제9조 및 별표 3의 지게차 제작 및 안전기준",
}
PAGES: dict[str, tuple[Any, dict[str, str]]] = {
    "a qualification": (QUALIFICATION, {}),
    "a machine with eight rows": (MACHINE, {}),
    "a machine with empty rows": (MACHINE, {"capacity": "", "serial_to": "", "factory": "", "maker_en": ""}),
    "a long Korean name": (QUALIFICATION, {"name_ko": "남궁하늘별빛나래찬란한햇살가득", "name_en": ""}),
    "a name of forty syllables": (QUALIFICATION, {"name_ko": "가나다라마바사아자차" * 4, "name_en": ""}),
    "an English name of forty letters": (QUALIFICATION, {"name_en": "Alexandria Konstantinopoulou-Feather Kim"}),
    "an English name of sixty letters without a blank": (QUALIFICATION, {"name_en": "A" * 60}),
    "a foreign name in both fields": (
        QUALIFICATION,
        {"name_ko": "Alexandria Konstantinopoulou-Feather Kim", "name_en": "Alexandria Konstantinopoulou-Feather Kim"},
    ),
    "Hanja and accents": (QUALIFICATION, {"name_ko": "金하늘", "name_en": "José Ñandú Müller"}),
    "long values in every row": (MACHINE, LONG_MACHINE),
    "words longer than a line": (MACHINE, {"model": "W" * 60, "standard": "가" * 120, "maker_en": "M" * 80}),
}


def drawn(data: bytes, dpi: int = DPI) -> Image.Image:
    """Return the only page of the PDF in grey."""
    document = pypdfium2.PdfDocument(data)
    try:
        assert len(document) == 1
        image: Image.Image = document[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
        return image
    finally:
        document.close()


def text_of(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    try:
        textpage = document[0].get_textpage()
        text: str = textpage.get_text_range()
        textpage.close()
        return text
    finally:
        document.close()


def darkest(image: Image.Image, left: float, top: float, right: float, bottom: float) -> int:
    """Return the darkest pixel of an area given in millimetres."""
    scale = image.width / 210
    area = image.crop((round(left * scale), round(top * scale), round(right * scale), round(bottom * scale)))
    return min(level for level, count in enumerate(area.histogram()) if count)


@pytest.mark.parametrize(("kind", "changes"), PAGES.values(), ids=PAGES.keys())
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_certificate_stays_on_one_sheet_and_inside_its_margins(
    kind: Any, changes: dict[str, str], language: str
) -> None:
    image = drawn(render(page(kind, language=language, **changes), FILES))
    for left, right in ((24.5, 34.5), (175.5, 185.5)):  # between the inner rule and the text, on both sides
        assert darkest(image, left, 25, right, 272) > 200
    for top, bottom in ((25, 31.5), (271.5, 273)):
        assert darkest(image, 25, top, 185, bottom) > 200
    assert darkest(image, 140, 33, 172, 60) < 50, "the QR code stands at the upper right"
    assert darkest(image, 36, 33, 100, 42) < 120, "the number stands at the upper left"


@pytest.mark.parametrize("kind", TYPES, ids=[kind.id for kind in TYPES])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_code_is_read_from_a_grey_blurred_turned_page_at_150_dpi(kind: Any, language: str) -> None:
    image = drawn(render(page(kind, language=language)), 150)
    image = image.rotate(3, Image.Resampling.BICUBIC, fillcolor=255).filter(ImageFilter.GaussianBlur(0.8))
    assert qr.read(image) == (qr.check_url(CHECK_BASE, NUMBER),)


@pytest.mark.parametrize(
    "base", [CHECK_BASE, "https://check.certificates.of.a.very.long.domain.example", "http://localhost:8103"]
)
def test_a_code_is_27_to_30_millimetres_wide_and_names_its_domain_beneath(base: str) -> None:
    shown = replace(page(QUALIFICATION), check_url=qr.check_url(base, NUMBER))
    image = drawn(render(shown), 200)
    scale = image.width / 210
    corner = image.crop((round(125 * scale), round(32 * scale), round(178 * scale), round(59 * scale)))
    left, _, right, _ = corner.point(lambda p: 255 if p < 60 else 0).getbbox() or (0, 0, 0, 0)
    assert 26.5 <= (right - left) / scale <= 30.5
    assert "v.jikin.example 에서 확인" in text_of(render(page(QUALIFICATION)))


def test_the_pdf_declares_pdf_a_3a_and_pdf_ua_1_with_title_and_language() -> None:
    with pikepdf.open(io.BytesIO(render(page(QUALIFICATION), FILES))) as document:
        with document.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["dc:title"] == "지게차운전기능사 자격증"
        assert str(document.Root.Lang).startswith("ko")
        assert document.Root.MarkInfo.Marked
        assert str(document.docinfo["/CreationDate"]).startswith("D:20260612000000")


def test_the_attachments_come_out_byte_for_byte_with_media_type_and_relationship() -> None:
    with pikepdf.open(io.BytesIO(render(page(QUALIFICATION), FILES))) as document:
        found = {name: spec.get_file() for name, spec in document.attachments.items()}
        assert {name: file.read_bytes() for name, file in found.items()} == {
            "credential.json": CREDENTIAL,
            "receipt.json": RECEIPT,
        }
        assert {name: file.mime_type for name, file in found.items()} == {
            "credential.json": "application/vc",
            "receipt.json": "application/json",
        }
        relations = {str(spec.obj.F): str(spec.obj.AFRelationship) for spec in document.attachments.values()}
        assert relations == {"credential.json": "/Source", "receipt.json": "/Supplement"}
        assert len(document.Root.AF) == 2


def test_the_same_page_gives_the_same_bytes_also_in_another_process() -> None:
    first = render(page(QUALIFICATION), FILES)
    assert render(page(QUALIFICATION), FILES) == first
    assert Press().render(page(QUALIFICATION), FILES) == first
    program = (
        "import hashlib; from jikin.badges.certificate import render; from tests.credential_samples import *;"
        "print(hashlib.sha256(render(page(QUALIFICATION))).hexdigest())"
    )
    root = Path(__file__).resolve().parents[2]
    digests = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root).stdout
        for _ in range(2)
    }
    assert len(digests) == 1


def test_another_name_gives_other_bytes() -> None:
    assert render(page(QUALIFICATION)) != render(page(QUALIFICATION, name_ko="김하눌"))


INJECTIONS = [
    '#eval("1+1")',
    "*x* _y_ $z$",
    '#read("/etc/passwd")',
    "= heading",
    "- item",
    "@label <label>",
    "`code` \\ // comment",
    "#import sys",
    "]{#panic()}",
    "{{name}} {birth_date}",
    '"; #sys.inputs; "',
    "<script>alert(1)</script>",
]


@pytest.mark.parametrize("value", INJECTIONS)
def test_what_looks_like_markup_is_printed_as_it_stands(value: str) -> None:
    printed = "".join(text_of(render(page(QUALIFICATION, name_ko=value, name_en=value))).split())
    assert printed.count("".join(value.split())) >= 2


def test_a_character_no_font_has_is_named_with_its_field() -> None:
    with pytest.raises(DocumentError, match=r"'😀' \(U\+1F600\), '𠀀' \(U\+20000\) in 성명") as refused:
        render(page(QUALIFICATION, name_ko="김😀하늘𠀀"))
    assert refused.value.code == "document.glyph"
    assert refused.value.hint


@pytest.mark.parametrize(
    ("value", "shown"),
    [("김\u202e하늘", "U+202E"), ("김\u200b하늘", "U+200B"), ("김\n하늘", "U+000A"), ("\x1b[1m", "U+001B")],
)
def test_a_value_that_hides_a_character_is_not_printed(value: str, shown: str) -> None:
    with pytest.raises(DocumentError) as refused:
        page(QUALIFICATION, name_ko=value)
    assert refused.value.code == "document.page"
    assert shown in str(refused.value)


def test_a_page_with_too_much_on_it_says_so() -> None:
    sample = page(MACHINE)
    full = replace(sample, rows=tuple(PageRow(label="기계", value="가나다 " * 70) for _ in range(12)))
    with pytest.raises(DocumentError) as refused:
        render(full)
    assert refused.value.code == "document.page-full"


BROKEN_PAGES: dict[str, dict[str, Any]] = {
    "no rows": {"rows": ()},
    "too many rows": {"rows": (PageRow(label="a", value="b"),) * 13},
    "no seal": {"seal": ""},
    "a seal of ten letters": {"seal": "가" * 10},
    "another language": {"language": "fr"},
    "a text without end": {"body": "가" * 301},
}


@pytest.mark.parametrize("changes", BROKEN_PAGES.values(), ids=BROKEN_PAGES.keys())
def test_a_page_that_breaks_its_rules_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DocumentError) as refused:
        replace(page(QUALIFICATION), **changes)
    assert refused.value.code == "document.page"


@pytest.mark.parametrize("colour", ["red", "#12345", "#GGGGGG", '#000000" onload="'])
def test_a_colour_is_six_hexadecimal_digits(colour: str) -> None:
    with pytest.raises(DocumentError):
        Colours(seal=colour)


@pytest.mark.parametrize("letters", ["인", "직인", "공단인", "견본직인", "한국공단직인", "한국산업인력공단인"])
def test_a_seal_of_any_allowed_length_is_drawn_in_vermilion_over_the_last_letter(letters: str) -> None:
    document = pypdfium2.PdfDocument(render(page(QUALIFICATION, seal=letters)))
    image = document[0].render(scale=DPI / 72).to_pil().convert("RGB")
    document.close()
    bright, dull, dark = image.split()
    red = ImageChops.multiply(
        bright.point(lambda level: 255 * (level > 170)),
        ImageChops.multiply(dull.point(lambda p: 255 * (p < 110)), dark.point(lambda p: 255 * (p < 90))),
    )
    left, top, right, bottom = (edge * 210 / image.width for edge in red.getbbox() or (0, 0, 0, 0))
    assert 18 <= right - left <= 21
    assert 18 <= bottom - top <= 21
    assert right < 175
    assert top > 200


def test_the_colours_come_from_the_page() -> None:
    blue = replace(page(QUALIFICATION), colours=Colours(seal="#0000ff"))
    assert render(blue) != render(page(QUALIFICATION))


BAD_ATTACHMENTS: dict[str, dict[str, Any]] = {
    "no UTF-8": {"data": b"\xff"},
    "too long": {"data": b"a" * ((1 << 20) + 1)},
}


@pytest.mark.parametrize("changes", BAD_ATTACHMENTS.values(), ids=BAD_ATTACHMENTS.keys())
def test_an_attachment_that_is_no_text_of_a_mebibyte_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DocumentError):
        Attachment(name="a", media_type="text/plain", relationship="data", description="a", **changes)


def test_two_attachments_of_one_name_are_refused() -> None:
    with pytest.raises(DocumentError, match="same name"):
        render(page(QUALIFICATION), [FILES[0], FILES[0]])


def test_a_complaint_of_the_typesetter_is_an_error_and_never_a_certificate() -> None:
    odd = replace(FILES[0], relationship="nonsense")
    with pytest.raises(DocumentError) as refused:
        render(page(QUALIFICATION), [odd])
    assert refused.value.code == "document.typeset"


def test_a_press_without_fonts_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as refused:
        Press(FontFolder.open(tmp_path))
    assert refused.value.code == "document.fonts"


def test_empty_fields_leave_no_row_and_a_lone_second_value_moves_up() -> None:
    labels = [row.label for row in page(MACHINE, capacity="", factory="").rows]
    assert labels == ["기계·설비", "형식(모델)", "제조번호", "제조사", "인증기준", "인증일"]
    name = next(row for row in page(QUALIFICATION, language="en", name_en="").rows if row.label == "Name")
    assert (name.value, name.value_small) == ("김하늘", "")


def test_a_serial_number_is_a_range_or_a_single_one() -> None:
    values = {row.label: row.value for row in page(MACHINE).rows}
    assert values["제조번호"] == "HL30D-2600001 ~ HL30D-2600250"
    single = {row.label: row.value for row in page(MACHINE, serial_to="").rows}
    assert single["제조번호"] == "HL30D-2600001"


def test_a_page_does_not_show_its_holder_in_a_repr() -> None:
    shown = repr(page(QUALIFICATION))
    for secret in ("김하늘", str(NUMBER), NUMBER.symbols):
        assert secret not in shown


def test_the_frame_is_drawn_the_same_every_time_and_inside_the_sheet() -> None:
    drawing = frame_svg("#211d18", "#8a7f6d")
    assert drawing == frame_svg.__wrapped__("#211d18", "#8a7f6d")
    assert "nan" not in drawing
    assert len(drawing) < 100_000


def test_a_language_that_the_type_lacks_is_named() -> None:
    with pytest.raises(DocumentError, match="ko, en"):
        page(QUALIFICATION, language="fr")


def test_the_page_type_is_what_compose_gives() -> None:
    assert isinstance(page(MACHINE, note="견본입니다."), CertificatePage)
    assert page(MACHINE, note="견본입니다.").footer.endswith("\n견본입니다.")
