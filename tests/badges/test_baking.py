"""Pictures that carry their credential: every other byte stays, hostile pictures stop at the door, others read ours."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from openbadgeslib import baking as openbadgeslib
from PIL import Image
from typer.testing import CliRunner

from jikin.badges import png, qr, svg
from jikin.badges.baked import Baked, Edition, Form
from jikin.badges.baking import bake, unbake
from jikin.badges.confined import Confinement
from jikin.badges.documents import ForeignFound, open_document
from jikin.badges.foreign import Kind
from jikin.command import badges as commands
from jikin.errors import JikinError
from tests.badge_sample import badge
from tests.codes import code_of
from tests.credential_samples import CHECK_BASE, NUMBER
from tests.examples import tries
from tests.shared_standards import standards

CREDENTIAL = json.dumps(badge() | {"proof": {"type": "DataIntegrityProof"}}, ensure_ascii=False)
JWT = "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJkaWQ6d2ViOmV4YW0uZXhhbXBsZSJ9.c2lnbmF0dXJl"
CONTENTS = {"JSON with Korean": CREDENTIAL, "a JWT": JWT}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
V3 = "https://purl.imsglobal.org/ob/v3p0"


def picture(mode: str = "RGBA", size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(out, "PNG", dpi=(72, 72))
    return out.getvalue()


def moving() -> bytes:
    frames = [Image.new("RGB", (8, 8), (shade, 0, 0)) for shade in (0, 120, 250)]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue()


PNG = picture()


@pytest.fixture(scope="module", name="confined")
def confinement() -> Iterator[Confinement]:
    with Confinement() as shared:
        yield shared


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def with_chunks(*added: bytes) -> bytes:
    """Return the plain picture with chunks in front of its end."""
    return PNG[:-12] + b"".join(added) + PNG[-12:]


def itxt(text: bytes, keyword: bytes = b"openbadgecredential", head: bytes = b"\0\0\0\0") -> bytes:
    return chunk(b"iTXt", keyword + b"\0" + head + text)


# In and out


PICTURES = {"a PNG": PNG, "a grey PNG": picture("L"), "a moving PNG": moving(), "an SVG": SVG}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
@pytest.mark.parametrize("plain", PICTURES.values(), ids=PICTURES.keys())
def test_what_goes_into_a_picture_comes_out_of_it(plain: bytes, content: str, confined: Confinement) -> None:
    assert unbake(plain, confinement=confined) is None
    found = unbake(bake(plain, content), confinement=confined)
    assert found == Baked(Edition.V3, content)
    assert found.form is (Form.JSON if content is CREDENTIAL else Form.JWS)
    assert "z6Mkr" not in repr(found)


@pytest.mark.parametrize("plain", [PNG, moving()], ids=["still", "moving"])
def test_a_baked_png_has_one_chunk_more_and_every_other_byte_as_before(plain: bytes) -> None:
    baked = bake(plain, CREDENTIAL)
    before, after = ([(one.kind, bytes(one.data)) for one in png.chunks(data)] for data in (plain, baked))
    assert [one for one in after if one[0] != b"iTXt"] == [one for one in before if one[0] != b"iTXt"]
    assert len(after) == len(before) + 1
    (added,) = (one for one in png.chunks(baked) if one.kind == b"iTXt")
    assert baked[: added.start] + baked[added.end :] == plain
    assert bytes(added.data) == b"openbadgecredential\0\0\0\0\0" + CREDENTIAL.encode()  # not compressed: 5.3.1.1


def test_the_picture_still_shows_what_it_showed() -> None:
    with Image.open(io.BytesIO(PNG)) as plain, Image.open(io.BytesIO(bake(PNG, CREDENTIAL))) as baked:
        assert plain.tobytes() == baked.tobytes()
        assert baked.info["openbadgecredential"] == CREDENTIAL
    with Image.open(io.BytesIO(bake(moving(), CREDENTIAL))) as baked:
        assert baked.n_frames == 3


SVGS = {
    "a plain one": SVG,
    "one with a declaration, a comment and a document type": b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- > -->\n'
    b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n' + SVG,
    "one with a byte order mark": b"\xef\xbb\xbf" + SVG,
    "an empty one": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "one with a prefix": b'<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:g/></s:svg>',
    "an empty one with a prefix": b'<s:svg xmlns:s="http://www.w3.org/2000/svg"  />',
    "one with brackets in attributes": b"<svg xmlns='http://www.w3.org/2000/svg' id='1>2' class=\"/>\"><g/></svg>",
    "one that knows the prefix": SVG.replace(b"<svg ", b'<svg xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0" '),
    "one that uses the prefix for 2.0": SVG.replace(b"<svg ", b'<svg xmlns:openbadges="http://openbadges.org" '),
    "one with Korean words": SVG.replace(b"<rect", "<title>지게차</title><rect".encode()),
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
@pytest.mark.parametrize("plain", SVGS.values(), ids=SVGS.keys())
def test_a_baked_svg_has_one_tag_more_and_every_other_byte_as_before(plain: bytes, content: str) -> None:
    baked = bake(plain, content)
    assert svg.read(baked) == Baked(Edition.V3, content)
    start, end = baked.index(b"<openbadges:credential"), baked.index(b"</openbadges:credential>") + 24
    rest = baked[:start] + baked[end:]
    rest = rest.replace(f' xmlns:openbadges="{V3}"'.encode(), b"") if V3.encode() not in plain else rest
    opened = {b"></svg>": b"/>", b"></s:svg>": b"/>"}
    if b"/>" in plain and plain.endswith(b"/>"):
        rest = rest.replace(*next(pair for pair in opened.items() if rest.endswith(pair[0])))
    assert rest == plain
    # "Directly after the <svg> tag" (5.3.2.1)
    assert baked[:start].rstrip().endswith(b">")
    assert baked[:start].count(b"<svg") + baked[:start].count(b"<s:svg") == 1


AWKWARD = {
    "what would end the section": "]]>",
    "tags and entities": "<a>&amp;</a>",
    "signs that XML has not": "\ufffe\uffff",
    "line ends": "a\\nb",
    "a face": "🙂",
}


@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD.keys())
@pytest.mark.parametrize("plain", [PNG, SVG], ids=["PNG", "SVG"])
def test_any_words_of_a_credential_survive(plain: bytes, text: str) -> None:
    content = json.dumps(json.loads(CREDENTIAL) | {"name": text}, ensure_ascii=False)
    found = png.read(bake(plain, content)) if plain is PNG else svg.read(bake(plain, content))
    assert found is not None
    assert json.loads(found.content)["name"] == text


@pytest.mark.parametrize("plain", [PNG, SVG], ids=["PNG", "SVG"])
def test_a_picture_with_a_badge_is_not_baked_again_unless_it_is_said(plain: bytes) -> None:
    baked = bake(plain, CREDENTIAL)
    assert code_of(bake, baked, JWT) == "document.baked"
    assert bake(baked, JWT, replace=True) == bake(plain, JWT)


def test_the_badge_of_an_older_edition_goes_when_it_is_replaced() -> None:
    old = openbadgeslib.bake_png(PNG, JWT)
    assert code_of(bake, old, CREDENTIAL) == "document.baked"
    assert bake(old, CREDENTIAL, replace=True) == bake(PNG, CREDENTIAL)
    drawn = openbadgeslib.bake_svg(SVG, JWT)
    assert svg.read(bake(drawn, CREDENTIAL, replace=True)) == Baked(Edition.V3, CREDENTIAL)
    assert b"openbadges:assertion" not in bake(drawn, CREDENTIAL, replace=True)


UNBAKABLE = {
    "a credential without proof": (PNG, json.dumps(badge()), "badge.unsecured"),
    "JSON that is no credential": (PNG, '{"a": 1}', "badge.no-credential"),
    "a list": (PNG, "[]", "badge.no-credential"),
    "broken JSON": (PNG, CREDENTIAL[:-1], "badge.no-credential"),
    "half a pair of surrogates": (PNG, CREDENTIAL.replace("지게차", "\ud83d"), "badge.no-credential"),
    "an address": (PNG, "https://exam.example/1", "badge.no-credential"),
    "a long one": (PNG, JWT + "A" * (1 << 20), "badge.no-credential"),
    "a JPEG": (b"\xff\xd8\xff\xe0" + bytes(100), CREDENTIAL, "document.unknown-kind"),
    "no picture": (b"", CREDENTIAL, "document.unknown-kind"),
    "half a picture": (PNG[:-20], CREDENTIAL, "document.png"),
    "a picture with a stowaway": (PNG + b"PK\x03\x04", CREDENTIAL, "document.trailing"),
    "a picture of thirty mebibytes": (PNG + bytes(30 << 20), CREDENTIAL, "document.too-large"),
}


@pytest.mark.parametrize(("plain", "content", "code"), UNBAKABLE.values(), ids=UNBAKABLE.keys())
def test_only_a_secured_credential_goes_into_a_sound_picture(plain: bytes, content: str, code: str) -> None:
    assert code_of(bake, plain, content) == code


XLINK = "http://www.w3.org/1999/xlink"
ACTIVE = {
    "a script": "<script>alert(1)</script>",
    "a script of another name space": '<h:script xmlns:h="http://www.w3.org/1999/xhtml" src="data:,"/>',
    "a handler": '<rect onload="alert(1)"/>',
    "a page inside": "<foreignObject><iframe/></foreignObject>",
    "a picture from elsewhere": '<image href="https://a.example/1.png"/>',
    "a picture from elsewhere, the old way": f'<image x:href="//a.example/1.png" xmlns:x="{XLINK}"/>',
    "a program behind a link": '<a href=" javascript:alert(1)"><rect/></a>',
    "a picture in a picture that can run": '<image href="data:image/svg+xml,%3Csvg/%3E"/>',
    "a style from elsewhere": "<style>@import 'https://a.example/s.css';</style>",
    "a font from elsewhere": "<style>@font-face { src: url(https://a.example/f.woff2) }</style>",
    "a fill from elsewhere": '<rect fill="url(https://a.example/#p)"/>',
    "an animated link": '<a href="#x"><animate attributeName="xlink:href" to="javascript:alert(1)"/></a>',
    "a base": '<g xml:base="https://a.example/"/>',
}


@pytest.mark.parametrize("inside", ACTIVE.values(), ids=ACTIVE.keys())
def test_a_picture_that_does_more_than_show_is_not_handed_on(inside: str) -> None:
    active = SVG.replace(b"<rect", f"{inside}<rect".encode())
    assert code_of(bake, active, CREDENTIAL) == "document.active"
    assert svg.read(active) is None  # and yet it can be asked what is in it


def test_an_instruction_to_other_programs_is_not_handed_on() -> None:
    assert code_of(bake, b'<?xml-stylesheet href="https://a.example/s.css"?>' + SVG, CREDENTIAL) == "document.active"


HARMLESS = {
    "a gradient of its own": '<rect fill="url(#gradient)"/>',
    "a picture inside": '<image href="data:image/png;base64,iVBORw0KGgo="/>',
    "a link to a page": '<a href="https://exam.example/"><text>exam</text></a>',
    "a style": "<style>rect { fill: url('#g'); opacity: .5 }</style>",
    "an animation": '<animate attributeName="opacity" to="0"/>',
}


@pytest.mark.parametrize("inside", HARMLESS.values(), ids=HARMLESS.keys())
def test_a_picture_that_shows_is_handed_on(inside: str) -> None:
    assert svg.read(bake(SVG.replace(b"<rect", f"{inside}<rect".encode(), 1), JWT)) == Baked(Edition.V3, JWT)


# Published pictures, and another program's


PUBLISHED = {
    "ob30/simple-json.png": (Edition.V3, Form.JSON),
    "ob30/simple-jwt.png": (Edition.V3, Form.JWS),
    "ob30/simple-json.svg": (Edition.V3, Form.JSON),
    "ob30/simple-jwt.svg": (Edition.V3, Form.JWS),
    "ob20/simple-badge.png": (Edition.V2, Form.JSON),
}


@pytest.mark.parametrize(("name", "expected"), PUBLISHED.items())
def test_a_published_picture_is_opened(name: str, expected: tuple[Edition, Form], confined: Confinement) -> None:
    data = (standards() / "samples/1edtech-validator" / name).read_bytes()
    found = unbake(data, confinement=confined)
    assert found is not None
    assert (found.edition, found.form) == expected
    if found.form is Form.JSON:
        assert json.loads(found.content)["id"] in (
            "http://example.com/credentials/3527",
            "https://example.org/beths-robotics-badge.json",
        )


@pytest.mark.parametrize("name", ["robotics-badge.png", "beths-robot-badge.png"])
def test_a_published_picture_without_badge_has_none_and_takes_one(name: str) -> None:
    data = (standards() / "samples/1edtech-validator/ob20/assets" / name).read_bytes()
    assert png.read(data) is None
    assert png.read(bake(data, CREDENTIAL)) == Baked(Edition.V3, CREDENTIAL)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_another_program_reads_what_we_bake(content: str) -> None:
    assert openbadgeslib.extract_png(bake(PNG, content), keyword=openbadgeslib.ITXT_KEYWORD_OB3) == content
    drawn = bake(SVG, content)
    assert openbadgeslib.extract_svg(drawn, element=openbadgeslib.SVG_ELEMENT_OB3, text_fallback=True) == content


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_we_read_what_another_program_bakes(content: str) -> None:
    assert png.read(openbadgeslib.bake_png(PNG, content, keyword=openbadgeslib.ITXT_KEYWORD_OB3)) == Baked(
        Edition.V3, content
    )
    drawn = openbadgeslib.bake_svg(
        SVG,
        content,
        element=openbadgeslib.SVG_ELEMENT_OB3,
        namespace=openbadgeslib.SVG_NS_OB3,
        as_text=content is CREDENTIAL,
    )
    assert svg.read(drawn) == Baked(Edition.V3, content)
    assert png.read(openbadgeslib.bake_png(PNG, JWT)) == Baked(Edition.V2, JWT)
    assert svg.read(openbadgeslib.bake_svg(SVG, JWT)) == Baked(Edition.V2, JWT)


# Strangers' pictures


def compressed(data: bytes, after: bytes = b"") -> bytes:
    return itxt(zlib.compress(data) + after, head=b"\1\0\0\0")


# Made when it is asked for: every process that runs tests loads this file.
def gigabyte() -> bytes:
    return with_chunks(compressed(bytes(200 << 20)))


PNGS: dict[str, tuple[bytes | Callable[[], bytes], object]] = {
    "a compressed credential": (with_chunks(compressed(CREDENTIAL.encode())), Baked(Edition.V3, CREDENTIAL)),
    "a credential with a language": (
        with_chunks(itxt(CREDENTIAL.encode(), head=b"\0\0ko\0" + "배지".encode() + b"\0")),
        Baked(Edition.V3, CREDENTIAL),
    ),
    "one of each edition": (
        with_chunks(itxt(b"https://a.example/1", b"openbadges"), itxt(JWT.encode())),
        Baked(Edition.V3, JWT),
    ),
    "the address of an old badge": (
        with_chunks(chunk(b"tEXt", b"openbadges\0https://a.example/1")),
        Baked(Edition.V2, "https://a.example/1"),
    ),
    "a credential behind the end": (PNG + itxt(CREDENTIAL.encode()), None),
    "bytes behind the end": (bake(PNG, JWT) + b"stowaway", Baked(Edition.V3, JWT)),
    "an empty place": (with_chunks(itxt(b" ")), None),
    "another text": (with_chunks(itxt(b"x", b"Comment")), None),
    "two credentials": (with_chunks(itxt(b"{}"), itxt(b"{}")), "document.ambiguous"),
    "a credential that is cut": (with_chunks(itxt(JWT.encode()))[:-30], "document.png"),
    "a credential with a wrong checksum": (with_chunks(itxt(JWT.encode())[:-1] + b"\0"), "document.png"),
    "a credential with one letter changed": (bake(PNG, JWT).replace(b"eyJhbGci", b"eyJhbGcj"), "document.png"),
    "a chunk longer than the file": (PNG[:33] + b"\x7f\xff\xff\xffiTXt", "document.png"),
    "a chunk of no kind": (PNG[:33] + chunk(b"1234", b""), "document.png"),
    "two heads": (PNG[:33] + PNG[8:], "document.png"),
    "no head": (png.SIGNATURE + PNG[33:], "document.png"),
    "nothing but a signature": (png.SIGNATURE, "document.png"),
    "twenty thousand chunks": (with_chunks(*[chunk(b"tEXt", b"a\0")] * 20_001), "document.png"),
    "a gigabyte in a megabyte": (gigabyte, "document.too-large"),
    "a credential of two mebibytes": (with_chunks(itxt(b"a" * (2 << 20))), "document.too-large"),
    "compressed rubbish": (with_chunks(itxt(b"rubbish", head=b"\1\0\0\0")), "document.png"),
    "compressed and cut": (with_chunks(itxt(zlib.compress(b"{}" * 99)[:-5], head=b"\1\0\0\0")), "document.png"),
    "compressed, and something behind it": (with_chunks(compressed(b"{}", b"more")), "document.png"),
    "an unknown compression": (with_chunks(itxt(b"{}", head=b"\0\7\0\0")), "document.png"),
    "an unknown flag": (with_chunks(itxt(b"{}", head=b"\2\0\0\0")), "document.png"),
    "a text without its heads": (with_chunks(chunk(b"iTXt", b"openbadgecredential\0")), "document.png"),
    "a text in no Unicode": (with_chunks(itxt(b"\xff\xfe{}")), "document.png"),
}


@pytest.mark.parametrize(("data", "expected"), PNGS.values(), ids=PNGS.keys())
def test_a_strangers_png_gives_its_badge_or_a_reason(
    data: bytes | Callable[[], bytes], expected: object, confined: Confinement
) -> None:
    data = data() if callable(data) else data
    if isinstance(expected, str):
        assert code_of(lambda: unbake(data, confinement=confined)) == expected
    else:
        assert unbake(data, confinement=confined) == expected


def drawn(inside: str, before: str = "", root: str = "svg") -> bytes:
    return f'{before}<{root} xmlns="http://www.w3.org/2000/svg" xmlns:o="{V3}">{inside}</{root}>'.encode()


ONE = f'<o:credential verify="{JWT}"/>'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
FILE = '<!ENTITY e SYSTEM "file:///etc/passwd">'
PARAMETER = '<!ENTITY % p SYSTEM "http://a.example/">%p;'
DTD = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"'
DRAWINGS = {
    "a badge deep inside": (drawn(f"<g><g>{ONE}</g></g>"), Baked(Edition.V3, JWT)),
    "a badge in plain text": (
        drawn("<o:credential> {&quot;a&quot;: 1} </o:credential>"),
        Baked(Edition.V3, '{"a": 1}'),
    ),
    "a document type by name": (drawn(ONE, f"{DTD}>"), Baked(Edition.V3, JWT)),
    "no badge": (drawn("<rect/>"), None),
    "the same word in another name space": (drawn('<x:credential xmlns:x="urn:x" verify="a.b.c"/>'), None),
    "a badge in a comment": (drawn(f"<!-- {ONE} -->"), None),
    "an assertion by its address": (
        drawn('<p:assertion xmlns:p="http://openbadges.org" verify="https://a.example/1">{}</p:assertion>'),
        Baked(Edition.V2, "https://a.example/1"),
    ),
    "an empty tag": (drawn("<o:credential/>"), None),
    "words in another encoding": (drawn(ONE, '<?xml version="1.0" encoding="EUC-KR"?>'), "document.svg"),
    "two badges": (drawn(ONE + ONE), "document.ambiguous"),
    "a badge in the attribute and another in the body": (
        drawn(f'<o:credential verify="{JWT}">{{}}</o:credential>'),
        "document.ambiguous",
    ),
    "tags inside a badge": (drawn(f"<o:credential>{{}}{ONE}</o:credential>"), "document.svg"),
    "an entity": (drawn("<text>&e;</text>", '<!DOCTYPE svg [<!ENTITY e "x">]>'), "document.svg"),
    "a file": (
        drawn("<o:credential>&e;</o:credential>", '<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
        "document.svg",
    ),
    "a million laughs": (drawn("<text>&l11;</text>", f"<!DOCTYPE svg [{LAUGHS}]>"), "document.svg"),
    "an entity of the named document type": (drawn(f"&secret;{ONE}", f"{DTD}>"), "document.svg"),
    "a document type that fetches more": (
        drawn(ONE, f'{DTD} [<!ENTITY % p SYSTEM "http://a.example/">%p;]>'),
        "document.svg",
    ),
    "a thousand levels": (drawn("<g>" * 1000 + "</g>" * 1000), "document.svg"),
    "a million elements": (drawn("<g/>" * 250_000), "document.svg"),
    "another root": (drawn(ONE, "<?xml version='1.0'?>", root="html"), "document.svg"),
    "a root of another name space": (b'<?xml version="1.0"?><svg xmlns="urn:x"/>', "document.svg"),
    "an open tag": (drawn(ONE)[:-8], "document.svg"),
    "UTF-16 that says UTF-8": (b"<svg>\xff\xfe</svg>", "document.svg"),
    "a credential of two mebibytes": (drawn(f"<o:credential>{'a' * (2 << 20)}</o:credential>"), "document.too-large"),
}


@pytest.mark.parametrize(("data", "expected"), DRAWINGS.values(), ids=DRAWINGS.keys())
def test_a_strangers_svg_gives_its_badge_or_a_reason(data: bytes, expected: object, confined: Confinement) -> None:
    if isinstance(expected, str):
        assert code_of(lambda: unbake(data, confinement=confined)) == expected
    else:
        assert unbake(data, confinement=confined) == expected


def test_what_is_no_picture_is_not_opened(confined: Confinement) -> None:
    assert code_of(lambda: unbake(b"{}", confinement=confined)) == "document.unknown-kind"


@settings(max_examples=tries(60))
@given(st.binary(max_size=80), st.integers(0, 400), st.sampled_from([bake(PNG, JWT), png.SIGNATURE]))
def test_any_bytes_are_a_png_with_or_without_badge_or_a_jikin_error(junk: bytes, at: int, whole: bytes) -> None:
    data = whole[:at] + junk + whole[at + len(junk) :]
    for act in (lambda: png.read(data), lambda: png.insert(data, JWT, replace=True)):
        assert code_of(act) is None or str(code_of(act)).startswith("document.")


SVG_PARTS = st.sampled_from(
    (
        *(
            b"<svg",
            b" xmlns='http://www.w3.org/2000/svg'",
            b">",
            b"/>",
            b"<o:credential",
            b" verify='a.b.c'",
            b"</svg>",
        ),
        *(
            b"</svg>",
            b"<![CDATA[",
            b"]]>",
            b"&amp;",
            b"&x;",
            b"<!DOCTYPE svg",
            b"[",
            b"]>",
            f" xmlns:o='{V3}'".encode(),
        ),
    )
)


@settings(max_examples=tries(100))
@given(st.lists(SVG_PARTS | st.binary(max_size=6), max_size=14))
def test_any_tags_are_an_svg_with_or_without_badge_or_a_jikin_error(parts: list[bytes]) -> None:
    data = b"".join(parts)
    for act in (lambda: svg.read(data), lambda: svg.insert(data, JWT, replace=True)):
        assert code_of(act) is None or str(code_of(act)).startswith("document.")


# As documents, and from a terminal


SENT = {
    "a baked PNG": bake(PNG, CREDENTIAL),
    "a baked SVG": bake(SVG, CREDENTIAL),
    "a compressed one": with_chunks(compressed(CREDENTIAL.encode())),
}


@pytest.mark.parametrize("data", SENT.values(), ids=SENT.keys())
def test_a_baked_picture_is_a_document_with_its_credential(data: bytes, confined: Confinement) -> None:
    (entry,) = open_document(data, name="badge.png", confinement=confined)
    assert (entry.credential, entry.envelope, entry.fault) == (json.loads(CREDENTIAL), None, None)


ENVELOPES = {
    "in a PNG": bake(PNG, JWT),
    "in an SVG": bake(SVG, JWT),
    "in a file of its own": JWT.encode() + b"\n",
    "with disclosures": f"{JWT}~WyJhIiwiYiIsImMiXQ~".encode(),
    "in a pair": json.dumps({"credential": JWT, "receipt": None}).encode(),
}


@pytest.mark.parametrize("data", ENVELOPES.values(), ids=ENVELOPES.keys())
def test_a_jwt_is_a_document_wherever_it_lies(data: bytes, confined: Confinement) -> None:
    (entry,) = open_document(data, name="badge", confinement=confined)
    assert entry.fault is None
    assert entry.credential == {}
    assert str(entry.envelope).startswith(JWT)
    assert JWT not in repr(entry)


def test_a_jwt_keeps_the_receipt_that_came_along(confined: Confinement) -> None:
    data = json.dumps({"credential": JWT, "receipt": {"v": 1}}).encode()
    (entry,) = open_document(data, confinement=confined)
    assert (entry.envelope, entry.receipt) == (JWT, {"v": 1})


BAD = {
    "broken JSON in a picture": (with_chunks(itxt(b'{"a":')), "document.no-credential"),
    "other JSON in a picture": (with_chunks(itxt(b'{"a": 1}')), "document.no-credential"),
    "an address where a credential should be": (with_chunks(itxt(b"https://a.example/")), "document.no-credential"),
    "two credentials": (with_chunks(itxt(b"{}"), itxt(b"{}")), "document.ambiguous"),
    "three words with points between them": (b"one.two.three", "document.unknown-kind"),
}


@pytest.mark.parametrize(("data", "code"), BAD.values(), ids=BAD.keys())
def test_a_picture_that_holds_no_credential_of_ours_says_what_it_holds(
    data: bytes, code: str, confined: Confinement
) -> None:
    (entry,) = open_document(data, name="badge", confinement=confined)
    assert entry.fault is not None
    assert entry.fault.code == code


OLD = {
    "the address of an old badge": (with_chunks(itxt(b"https://a.example/", b"openbadges")), "https://a.example/"),
    "an old badge that is signed": (openbadgeslib.bake_svg(SVG, JWT), JWT),
}


@pytest.mark.parametrize(("data", "value"), OLD.values(), ids=OLD.keys())
def test_an_old_badge_in_a_picture_is_told_apart_and_not_followed(
    data: bytes, value: str, confined: Confinement
) -> None:
    (entry,) = open_document(data, name="badge", confinement=confined)
    assert entry.content == ForeignFound(Kind.OPEN_BADGES_2, value)
    assert (entry.credential, entry.fault) == (None, None)
    assert value not in repr(entry)


def test_a_picture_without_badge_is_read_for_its_qr_code(confined: Confinement) -> None:
    code = qr.png(qr.check_url(CHECK_BASE, NUMBER))
    (entry,) = open_document(code, confinement=confined)
    assert entry.number == NUMBER
    # Also where the file is damaged beside the picture: people send photos of all kinds.
    damaged = code[:-12] + chunk(b"tEXt", b"Comment\0x")[:-1] + b"\0" + code[-12:]
    assert code_of(png.read, damaged) == "document.png"
    (entry,) = open_document(damaged, confinement=confined)
    assert entry.number == NUMBER
    (entry,) = open_document(bake(code, CREDENTIAL), confinement=confined)
    assert (entry.number, entry.credential) == (None, json.loads(CREDENTIAL))


def run(*arguments: object) -> tuple[int, str, JikinError | None]:
    app = typer.Typer()
    commands.register(app)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output, result.exception if isinstance(result.exception, JikinError) else None


def test_the_commands_bake_and_unbake(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(CREDENTIAL, "utf-8")
    (tmp_path / "a.png").write_bytes(PNG)
    assert run("bake", tmp_path / "a.json", tmp_path / "a.png", "-o", tmp_path / "badge.png")[0] == 0
    assert not (tmp_path / "badge.receipt.json").exists()
    code, output, _ = run("unbake", tmp_path / "badge.png")
    assert (code, json.loads(output)) == (0, json.loads(CREDENTIAL))
    assert run("unbake", tmp_path / "badge.png", "-o", tmp_path / "out.json")[0] == 0
    assert json.loads((tmp_path / "out.json").read_bytes()) == json.loads(CREDENTIAL)


def test_the_command_lays_a_receipt_beside_the_badge_where_it_is_found_again(tmp_path: Path) -> None:
    pair = {"credential": json.loads(CREDENTIAL), "receipt": {"v": 1}}
    (tmp_path / "a.json").write_text(json.dumps(pair), "utf-8")
    (tmp_path / "a.svg").write_bytes(SVG)
    assert run("bake", tmp_path / "a.json", tmp_path / "a.svg", "-o", tmp_path / "badge.svg")[0] == 0
    (entry,) = open_document(tmp_path / "badge.svg")
    assert (entry.credential, entry.receipt) == (json.loads(CREDENTIAL), {"v": 1})


REFUSALS = {
    "no file": (("bake", "nowhere.json", "a.png", "-o", "out.png"), "document.not-found"),
    "no picture": (("bake", "a.json", "nowhere.png", "-o", "out.png"), "document.not-found"),
    "a picture for a credential": (("bake", "code.png", "a.png", "-o", "out.png"), "badge.no-credential"),
    "text for a credential": (("bake", "a.txt", "a.png", "-o", "out.png"), "document.unknown-kind"),
    "no badge": (("unbake", "a.png"), "badge.no-credential"),
    "nowhere to write": (("unbake", "badge.png", "-o", "no/such/folder.json"), "document.unwritable"),
    "a badge already": (("bake", "a.json", "badge.png", "-o", "out.png"), "document.baked"),
}


@pytest.mark.parametrize(("arguments", "code"), REFUSALS.values(), ids=REFUSALS.keys())
def test_the_commands_refuse_with_a_code(
    arguments: tuple[str, ...], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, data in {
        "a.json": CREDENTIAL.encode(),
        "a.png": PNG,
        "a.txt": b"hello",
        "badge.png": bake(PNG, CREDENTIAL),
        "code.png": qr.png(qr.check_url(CHECK_BASE, NUMBER)),
    }.items():
        Path(name).write_bytes(data)
    _, _, error = run(*arguments)
    assert error is not None
    assert error.code == code
    assert not Path("out.png").exists()
