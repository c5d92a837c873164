"""Certificate numbers: forgiving to people, strict about errors (STATEMENTS 13)."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import NumberError
from jikin.values import CertificateNumber

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PRINTED = "26-KR12-7F3Q-9XK4-M2W8-37"

TYPED = {
    "as printed": PRINTED,
    "small letters": PRINTED.lower(),
    "without hyphens": PRINTED.replace("-", ""),
    "with blanks": PRINTED.replace("-", " "),
    "blanks around": f"  {PRINTED} ",
}
WRONG = {
    "one letter wrong": "26-KR12-7F3Q-9XK4-M2W8-38",
    "two neighbours swapped": "26-KR12-7F3Q-9XK4-M28W-37",
    "one letter missing": "26-KR12-7F3Q-9XK4-M2W8-3",
    "one letter more": PRINTED + "7",
    "a letter that is not used": "26-KR12-7F3U-9XK4-M2W8-37",
    "nothing": "",
    "Korean letters": "가" * 20,
    "far too long": "2" * 100_000,
}


@pytest.mark.parametrize("text", TYPED.values(), ids=TYPED.keys())
def test_a_number_reads_the_same_however_it_is_typed(text: str) -> None:
    assert str(CertificateNumber.parse(text)) == PRINTED


def test_look_alike_letters_are_forgiven() -> None:
    number = CertificateNumber.random(2026, "0101")
    typed = str(number).replace("0", "O").replace("1", "l")
    assert CertificateNumber.parse(typed) == number


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_a_mistyped_number_is_refused_with_its_own_code(text: str) -> None:
    with pytest.raises(NumberError) as refused:
        CertificateNumber.parse(text)
    assert refused.value.code == "number.mistyped"


def test_every_single_wrong_symbol_and_every_swap_of_neighbours_is_noticed() -> None:
    good = CertificateNumber.random(2026, "KR12").symbols
    wrong = [good[:i] + s + good[i + 1 :] for i in range(20) for s in ALPHABET if s != good[i]]
    swapped = [good[:i] + good[i + 1] + good[i] + good[i + 2 :] for i in range(19) if good[i] != good[i + 1]]
    for text in itertools.chain(wrong, swapped):
        with pytest.raises(NumberError):
            CertificateNumber(text)
    assert len(wrong) == 620


@given(st.data())
def test_every_pair_of_wrong_symbols_is_noticed(data: st.DataObject) -> None:
    good = CertificateNumber.random(2026, "KR12").symbols
    i, j = data.draw(st.lists(st.integers(0, 19), min_size=2, max_size=2, unique=True))
    symbols = list(good)
    for place in (i, j):
        symbols[place] = data.draw(st.sampled_from([s for s in ALPHABET if s != good[place]]))
    with pytest.raises(NumberError):
        CertificateNumber("".join(symbols))


@given(st.text(max_size=40))
def test_arbitrary_text_is_a_number_or_a_number_error(text: str) -> None:
    try:
        number = CertificateNumber.parse(text)
    except NumberError:
        return
    assert CertificateNumber.parse(str(number)) == number


def test_numbers_carry_year_and_issuer_and_differ() -> None:
    numbers = {CertificateNumber.random(2026, "KR12") for _ in range(1000)}
    assert len(numbers) == 1000
    assert all(str(number).startswith("26-KR12-") and number.issuer == "KR12" for number in numbers)


def test_an_issuer_code_outside_the_alphabet_is_refused() -> None:
    with pytest.raises(NumberError, match="four of"):
        CertificateNumber.random(2026, "KRIL")
