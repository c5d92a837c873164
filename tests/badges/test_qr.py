"""QR codes: small enough to print, read back from bad scans, and never believed beyond what they are."""

from __future__ import annotations

import io
import random
import re
import struct
import zlib
from xml.etree import ElementTree

import pytest
import qrcode
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from qrcode.constants import ERROR_CORRECT_Q

from jikin.badges import qr
from jikin.badges.qr import CheckUrl
from jikin.errors import DocumentError
from jikin.values import CertificateNumber
from tests.credential_samples import CHECK_BASE, NUMBER
from tests.examples import tries

URL = qr.check_url(CHECK_BASE, NUMBER)


def picture(text: str, pixels_per_module: int = 8) -> Image.Image:
    return Image.open(io.BytesIO(qr.png(text, pixels_per_module=pixels_per_module))).convert("L")


def test_the_printed_url_is_upper_case_without_hyphens_and_fits_version_3() -> None:
    assert URL == "HTTPS://V.JIKIN.EXAMPLE/N/26KR127F3Q9XK4M2W837"
    assert re.fullmatch(r"[0-9A-Z $%*+./:-]+", URL)  # the alphanumeric mode's alphabet
    assert len(qr.matrix(URL)) == 29
    assert qr.check_url("http://localhost:8103/", NUMBER) == "HTTP://LOCALHOST:8103/N/26KR127F3Q9XK4M2W837"


def test_the_code_has_error_level_q() -> None:
    code = zxingcpp.read_barcodes(picture(URL))[0]
    assert (code.text, code.ec_level) == (URL, "Q")


@settings(max_examples=tries(30))
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=200))
def test_another_library_makes_a_code_of_the_same_size_and_both_say_the_same(text: str) -> None:
    theirs = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=4, box_size=4)
    theirs.add_data(text, optimize=0)
    theirs.make(fit=True)
    assert len(qr.matrix(text)) <= theirs.modules_count
    said = [zxingcpp.read_barcodes(image)[0] for image in (picture(text, 4), theirs.make_image().get_image())]
    assert [(one.text, one.ec_level) for one in said] == [(text, "Q")] * 2


@pytest.mark.parametrize("size", [1, 2, 8])
def test_png_and_svg_show_the_same_modules_with_a_quiet_zone(size: int) -> None:
    image = picture(URL, size)
    modules = qr.matrix(URL)
    assert image.width == (len(modules) + 8) * size
    shown = [[image.getpixel(((x + 4) * size, (y + 4) * size)) == 0 for x in range(29)] for y in range(29)]
    assert shown == [list(row) for row in modules]
    drawing = ElementTree.fromstring(qr.svg(URL))  # noqa: S314  # our own text
    assert drawing.attrib["viewBox"] == "-4 -4 37 37"
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1H\d+z", drawing[1].attrib["d"])
    drawn = {(int(x) + i, int(y)) for x, y, length in runs for i in range(int(length))}
    assert drawn == {(x, y) for y, row in enumerate(modules) for x, dark in enumerate(row) if dark}


def test_several_codes_in_one_picture_are_all_read_from_the_top_left() -> None:
    numbers = [CertificateNumber.random(26, "KR12") for _ in range(3)]
    sheet = Image.new("L", (900, 900), 255)
    for number, place in zip(numbers, [(0, 0), (500, 10), (250, 500)], strict=True):
        sheet.paste(picture(qr.check_url(CHECK_BASE, number), 9), place)
    assert [CheckUrl.parse(text).number for text in qr.read(sheet)] == numbers


def test_the_same_code_twice_is_one_text() -> None:
    sheet = Image.new("L", (800, 400), 255)
    for x in (0, 400):
        sheet.paste(picture(URL), (x, 0))
    assert qr.read(sheet) == (URL,)


def test_a_picture_without_a_code_gives_nothing() -> None:
    assert qr.read(Image.new("RGB", (300, 300), "white")) == ()


@pytest.mark.parametrize("seed", range(20))
def test_a_code_of_28_millimetres_is_read_from_a_poor_scan_at_150_dpi(seed: int) -> None:
    source = random.Random(seed)
    side = round(28 / 25.4 * 150)
    code = picture(URL).resize((side, side), Image.Resampling.BICUBIC)
    sheet = Image.new("L", (side + 80, side + 80), 250)
    sheet.paste(code, (40, 40))
    sheet = sheet.rotate(source.uniform(-3, 3), Image.Resampling.BICUBIC, fillcolor=250)
    sheet = sheet.filter(ImageFilter.GaussianBlur(0.6))
    noisy = bytes(max(0, min(255, int(p + source.gauss(0, 18)))) for p in sheet.tobytes())
    out = io.BytesIO()
    Image.frombytes("L", sheet.size, noisy).save(out, "JPEG", quality=55)
    assert qr.read(out.getvalue()) == (URL,)


def png_head(width: int, height: int) -> bytes:
    """Return a PNG that promises *width* × *height* pixels and holds none."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


NO_PICTURES = {
    "nothing": b"",
    "text": b"hello",
    "a GIF": b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;",
    "half a PNG": qr.png(URL)[:100],
    "a PNG of a billion pixels": png_head(40_000, 40_000),
    "a PNG of 90 million pixels": png_head(10_000, 9_000),
    "too many bytes": b"\xff\xd8\xff" + bytes(qr.MAX_IMAGE_BYTES),
}


@pytest.mark.parametrize("data", NO_PICTURES.values(), ids=NO_PICTURES.keys())
def test_what_is_no_picture_within_the_limits_is_a_document_error(data: bytes) -> None:
    with pytest.raises(DocumentError) as refused:
        qr.read(data)
    assert refused.value.code == "document.image"


@pytest.mark.parametrize("text", ["", "A" * 1001])
def test_a_text_that_no_code_holds_is_refused(text: str) -> None:
    with pytest.raises(DocumentError) as refused:
        qr.matrix(text)
    assert refused.value.code == "document.code"


@pytest.mark.parametrize(
    "text",
    [
        URL,
        URL.lower(),
        "https://v.jikin.example/n/26-kr12-7f3q-9xk4-m2w8-37",
        "HTTPS://V.JIKIN.EXAMPLE/N/26-KR12-7F3Q-9XK4-M2W8-37",
    ],
)
def test_a_check_url_is_read_in_either_case_with_or_without_hyphens(text: str) -> None:
    assert CheckUrl.parse(text) == CheckUrl("v.jikin.example", NUMBER)


def test_a_code_that_leads_elsewhere_keeps_its_host() -> None:
    parsed = CheckUrl.parse(f"http://look-alike.example:8080/N/{NUMBER.symbols}")
    assert (parsed.host, parsed.number) == ("look-alike.example:8080", NUMBER)


OTHER_CODES = {
    "a web page": "https://v.jikin.example/",
    "another path": f"https://v.jikin.example/x/{NUMBER.symbols}",
    "a deeper path": f"https://v.jikin.example/n/{NUMBER.symbols}/x",
    "a query": f"https://v.jikin.example/n/{NUMBER.symbols}?next=https://evil.example",
    "a fragment": f"https://v.jikin.example/n/{NUMBER.symbols}#x",
    "a user in front of the host": f"https://kosha.example@evil.example/n/{NUMBER.symbols}",
    "another scheme": f"ftp://v.jikin.example/n/{NUMBER.symbols}",
    "a script": "javascript:alert(1)",
    "no URL": "WIFI:T:WPA;S:net;P:pw;;",
    "a bare number": str(NUMBER),
    "letters of another alphabet": f"https://v.jikın.example/n/{NUMBER.symbols}",
    "a broken bracket": f"https://[v/n/{NUMBER.symbols}",
    "far too long": "https://v.example/n/" + "A" * 2000,
}


@pytest.mark.parametrize("text", OTHER_CODES.values(), ids=OTHER_CODES.keys())
def test_any_other_code_is_said_to_be_none_of_a_certificate(text: str) -> None:
    with pytest.raises(DocumentError) as refused:
        CheckUrl.parse(text)
    assert refused.value.code == "document.other-code"
    assert refused.value.hint


def test_a_check_url_with_a_wrong_number_says_so() -> None:
    with pytest.raises(DocumentError) as refused:
        CheckUrl.parse("https://v.jikin.example/n/26-KR12-7F3Q-9XK4-M2W8-38")
    assert refused.value.code == "number.mistyped"


def test_a_base_that_could_not_be_read_back_is_never_printed() -> None:
    with pytest.raises(DocumentError):
        qr.check_url("https://v.jikin.example/?a=", NUMBER)


@given(st.text(max_size=80) | st.text("htps:/vn.0123KR@?#[]%-", max_size=60).map("https://".__add__))
def test_any_text_is_a_check_url_or_a_document_error(text: str) -> None:
    try:
        parsed = CheckUrl.parse(text)
    except DocumentError:
        return
    assert parsed.host == parsed.host.lower()
    assert CheckUrl.parse(qr.check_url(f"https://{parsed.host}", parsed.number)) == parsed


@given(st.text("ABCDEFGHJKMNPQRSTVWXYZ0123456789 $%*+-./:", min_size=1, max_size=120))
def test_every_alphanumeric_text_is_read_back(text: str) -> None:
    assert qr.read(picture(text, 4)) == (text,)
