"""N-Quads are read strictly and written in their canonical form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import nquads
from jikin.codec.nquads import Quad
from jikin.errors import CanonicalizationError, CodecError
from tests.codes import code_of

ESCAPES = {
    "\b\t\n\f\r": r"\b\t\n\f\r",
    '"\\': r"\"\\",
    "\x00\x0b\x1f\x7f": r"\u0000\u000B\u001F\u007F",
    "\ufffe\uffff": r"\uFFFE\uFFFF",
    "'/ é한😀\x80\x9f\u2028\ufffd": "'/ é한😀\x80\x9f\u2028\ufffd",
}


@pytest.mark.parametrize(("text", "written"), ESCAPES.items())
def test_literals_escape_what_the_canonical_form_escapes_and_nothing_else(text: str, written: str) -> None:
    assert nquads.literal(text) == f'"{written}"'
    assert nquads.parse(f'<urn:s> <urn:p> "{written}" .')[0].object == f'"{written}"'


def test_literals_carry_their_datatype_or_language() -> None:
    assert nquads.literal("1", datatype="http://www.w3.org/2001/XMLSchema#integer").endswith(
        "^^<http://www.w3.org/2001/XMLSchema#integer>"
    )
    assert nquads.literal("a", datatype=nquads.XSD_STRING) == '"a"'
    assert nquads.literal("a", language="ko-KR") == '"a"@ko-KR'


READ = {
    "a graph": ("<urn:s> <urn:p> <urn:o> <urn:g> .", Quad("<urn:s>", "<urn:p>", "<urn:o>", "<urn:g>")),
    "blank nodes": ("_:a <urn:p> _:b.c _:0 .", Quad("_:a", "<urn:p>", "_:b.c", "_:0")),
    "hardly any blanks": ('_:a<urn:p>"x"@en<urn:g>.', Quad("_:a", "<urn:p>", '"x"@en', "<urn:g>")),
    "a comment behind it": (
        "\t<urn:s>\t<urn:p> 'x' ".replace("'", '"') + ". # told",
        Quad("<urn:s>", "<urn:p>", '"x"'),
    ),
    "an escaped IRI": (r"<urn:\u20701> <urn:p> <urn:\U0001F600> .", Quad("<urn:⁰1>", "<urn:p>", "<urn:😀>")),
    "escapes nobody needs": (r'<urn:s> <urn:p> "\'\u0041" .', Quad("<urn:s>", "<urn:p>", '"\'A"')),
    "xsd:string said aloud": (f'<urn:s> <urn:p> "x"^^<{nquads.XSD_STRING}> .', Quad("<urn:s>", "<urn:p>", '"x"')),
}


@pytest.mark.parametrize(("text", "quad"), READ.values(), ids=READ.keys())
def test_statements_are_read_into_canonical_terms(text: str, quad: Quad) -> None:
    assert nquads.parse(f"# first\n\n{text}\r\n") == (quad,)


NOT_QUADS = {
    "no point": "<urn:s> <urn:p> <urn:o>",
    "no object": "<urn:s> <urn:p> .",
    "a literal subject": '"s" <urn:p> <urn:o> .',
    "a blank predicate": "<urn:s> _:p <urn:o> .",
    "a literal graph": '<urn:s> <urn:p> <urn:o> "g" .',
    "a relative IRI": "<s> <urn:p> <urn:o> .",
    "an IRI with an escaped blank": r"<urn:s\u0020x> <urn:p> <urn:o> .",
    "an IRI with a text escape": r"<urn:s\n> <urn:p> <urn:o> .",
    "an unknown escape": r'<urn:s> <urn:p> "\x" .',
    "an escape cut short": r'<urn:s> <urn:p> "\u12" .',
    "an escape beyond Unicode": r'<urn:s> <urn:p> "\UFFFFFFFF" .',
    "half a surrogate pair": r'<urn:s> <urn:p> "\uD800" .',
    "a language tag that is none": '<urn:s> <urn:p> "x"@en_US .',
    "two statements in a line": "<urn:s> <urn:p> <urn:o> . <urn:s> <urn:p> <urn:o> .",
}


@pytest.mark.parametrize("text", NOT_QUADS.values(), ids=NOT_QUADS.keys())
def test_what_is_no_statement_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(CodecError, match="line 2") as refused:
        nquads.parse(f"<urn:s> <urn:p> <urn:o> .\n{text}")
    assert refused.value.code == "codec.nquads"


INJECTIONS = [
    "urn:x> <urn:p> <urn:o",
    "urn:x><urn:p>",
    "urn:x\n",
    "urn: x",
    'urn:"',
    "urn:{",
    "urn:\\u003E",
    "urn:\ud800",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_an_id_cannot_close_its_own_bracket_and_add_quads(text: str) -> None:
    with pytest.raises(CanonicalizationError) as refused:
        nquads.iri(text)
    assert refused.value.code == "codec.invalid-iri"


TERMS = st.sampled_from(["<urn:a>", "<urn:é>", "_:b0", "_:x.y"])
QUADS = st.builds(
    Quad,
    TERMS,
    st.just("<urn:p>"),
    TERMS | st.text().map(nquads.literal) | st.text(max_size=5).map(lambda text: nquads.literal(text, language="ko")),
    TERMS | st.just(""),
)


@given(st.lists(QUADS, max_size=8))
def test_written_quads_are_read_back(quads: list[Quad]) -> None:
    assert nquads.parse(nquads.serialize(quads)) == tuple(quads)


@given(st.text(max_size=80) | st.text('<>_:"\\.^@ abu019\n', max_size=80))
def test_arbitrary_texts_are_quads_or_errors_of_ours(text: str) -> None:
    assert code_of(nquads.parse, text) in (None, "codec.nquads")
