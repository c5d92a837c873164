"""Regular expressions that strangers wrote, matched in time that grows with the text and never explodes.

The ``pattern`` of a JSON Schema is an ECMA-262 expression (2020-12, core, section 6.4). A backtracking matcher can be
kept busy for years by thirty characters; here all ways through an expression are walked at once. What such a walk
cannot do (back references, looking ahead or behind) is refused: who meets such a pattern cannot tell, and says so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from jikin.errors import CodecError

_MAX_PATTERN = 2000  # characters
_MAX_STATES = 4000
_MAX_REPEATS = 1000
_MAX_NESTING = 25
_MAX_WORK = 20_000  # parts put together: nothing repeated a thousand times a thousand times makes no state at all
_DIGITS = frozenset("0123456789")
_WORD = _DIGITS | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")
_BLANK = frozenset("\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff") | {
    chr(c) for c in range(0x2000, 0x200B)
}
_LINE_ENDS = frozenset("\n\r\u2028\u2029")
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _BLANK}
_CONTROLS = {"t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "0": "\0"}
_SYNTAX = frozenset("^$\\.*+?()[]{}|/-")
_CATEGORIES = frozenset(
    {
        *"LMNPSZC",
        *("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No"),
        *("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf"),
    }
)

Test = Callable[[str], bool]


@dataclass(slots=True)
class _State:
    """A place in the expression: one character goes on to *after*, or all of *ways* are open without one.

    *assertion* is ``^``, ``$``, ``b`` or ``B``: the ways are open only where it holds.
    """

    test: Test | None = None
    after: int = -1
    ways: list[int] = field(default_factory=list)
    assertion: str = ""


class Pattern:
    """A compiled expression; an unchangeable value."""

    def __init__(self, text: str) -> None:
        """Compile *text*; raises CodecError (``codec.pattern``) for what is no expression, or is beyond the limits."""
        if len(text) > _MAX_PATTERN:
            raise _refused(f"a pattern of {len(text)} characters; at most {_MAX_PATTERN} are read")
        self._states, self._start = _Parser(text).compile()
        self._end = len(self._states)

    @property
    def size(self) -> int:
        """Return the number of places: a text of n characters costs at most n times as many steps."""
        return len(self._states)

    def found_in(self, text: str, spend: Callable[[int], None] | None = None) -> bool:
        """Say whether the expression matches anywhere in *text*; *spend* is told the steps it takes, and may raise."""
        current: list[int] = []
        for place in range(len(text) + 1):
            reached = self._open([*current, self._start], text, place)
            if spend is not None:
                spend(1 + len(reached))
            if self._end in reached:
                return True
            if place < len(text):
                current = self._step(reached, text[place])
        return False

    def _step(self, reached: set[int], character: str) -> list[int]:
        states = (self._states[index] for index in reached)
        return [state.after for state in states if state.test is not None and state.test(character)]

    def _open(self, begin: list[int], text: str, place: int) -> set[int]:
        """Return every state that is reached from *begin* without a character."""
        seen: set[int] = set()
        below = begin
        while below:
            index = below.pop()
            if index in seen:
                continue
            seen.add(index)
            if index != self._end:
                state = self._states[index]
                if state.ways and (not state.assertion or _holds(state.assertion, text, place)):
                    below.extend(state.ways)
        return seen


def _holds(assertion: str, text: str, place: int) -> bool:
    if assertion == "^":
        return place == 0
    if assertion == "$":
        return place == len(text)
    before = place > 0 and text[place - 1] in _WORD
    behind = place < len(text) and text[place] in _WORD
    return (before != behind) is (assertion == "b")


# The tree that the parser makes: each node appends its states before *after* and returns where it begins.
_Node = Callable[["_Builder", int], int]


class _Builder:
    """Collects states from the end of the expression to its beginning."""

    def __init__(self) -> None:
        self.states: list[_State] = []
        self._work = 0

    def part(self) -> None:
        """Count one more part."""
        self._work += 1
        if self._work > _MAX_WORK:
            raise _refused("the pattern repeats too much")

    def add(self, state: _State) -> int:
        if len(self.states) >= _MAX_STATES:
            raise _refused(f"the pattern has more than {_MAX_STATES} places")
        self.states.append(state)
        return len(self.states) - 1


_END = -2  # stands for the end of the expression until its number is known


class _Parser:
    """Reads the grammar of ECMA-262, section 22.2, in its Unicode form: an unknown escape is an error."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._depth = 0

    def compile(self) -> tuple[list[_State], int]:
        """Return the states, and the one to begin with; the number behind the last is the end."""
        node = self._choice()
        if self._place < len(self._text):
            raise self._error("an unmatched )")
        builder = _Builder()
        start = node(builder, _END)
        end = len(builder.states)
        for state in builder.states:
            state.after = end if state.after == _END else state.after
            state.ways = [end if way == _END else way for way in state.ways]
        return builder.states, end if start == _END else start

    def _error(self, why: str) -> CodecError:
        return _refused(f"{why} at character {self._place} of a pattern")

    def _peek(self) -> str:
        return self._text[self._place : self._place + 1]

    def _take(self, expected: str = "") -> str:
        character = self._peek()
        if not character or (expected and character != expected):
            raise self._error(f"{expected or 'a character'} is missing")
        self._place += 1
        return character

    def _skip(self, text: str) -> bool:
        found = self._text.startswith(text, self._place)
        self._place += len(text) if found else 0
        return found

    def _choice(self) -> _Node:
        self._depth += 1
        if self._depth > _MAX_NESTING:
            raise self._error("groups nested too deep")
        options = [self._sequence()]
        while self._skip("|"):
            options.append(self._sequence())
        self._depth -= 1
        return options[0] if len(options) == 1 else _any_of(options)

    def _sequence(self) -> _Node:
        parts: list[_Node] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._term())
        return _all_of(parts)

    def _term(self) -> _Node:
        character = self._take()
        if character in "^$":
            return _asserted(character)
        if character == "\\" and self._peek() in ("b", "B"):
            return _asserted(self._take())
        return self._quantified(self._atom(character))

    def _atom(self, character: str) -> _Node:
        if character == "(":
            return self._group()
        if character == "[":
            return _one(self._class())
        if character == ".":
            return _one(lambda one: one not in _LINE_ENDS)
        if character == "\\":
            found = self._escaped()
            return _one(_is(found) if isinstance(found, str) else found)
        if character in "*+?{}])":
            raise self._error(f"{character!r} has nothing to stand for")
        return _one(_is(character))

    def _group(self) -> _Node:
        if self._skip("?") and not self._skip(":"):
            if not self._skip("<") or self._peek() in ("=", "!"):
                raise self._error("looking ahead or behind is not read")
            while self._take() != ">":
                pass
        node = self._choice()
        self._take(")")
        return node

    def _quantified(self, node: _Node) -> _Node:
        least, most = 1, 1
        if self._skip("*"):
            least, most = 0, -1
        elif self._skip("+"):
            least, most = 1, -1
        elif self._skip("?"):
            least, most = 0, 1
        elif self._skip("{"):
            least = self._number()
            most = least
            if self._skip(","):
                most = -1 if self._peek() == "}" else self._number()
            self._take("}")
        else:
            return node
        self._skip("?")  # a lazy quantifier finds another match first, never another answer
        if self._peek() in ("*", "+", "?", "{"):
            raise self._error("a quantifier of a quantifier")
        if 0 <= most < least:
            raise self._error("a quantifier whose end is before its beginning")
        return _repeated(node, least, most)

    def _number(self) -> int:
        begin = self._place
        while self._peek() in _DIGITS:
            self._place += 1
        digits = self._text[begin : self._place]
        if not digits or len(digits) > 4 or int(digits) > _MAX_REPEATS:
            raise self._error(f"a number of repeats from 0 to {_MAX_REPEATS} is missing")
        return int(digits)

    def _class(self) -> Test:
        wanted = not self._skip("^")
        tests: list[Test] = []
        while self._peek() != "]":
            first = self._class_atom()
            if self._peek() == "-" and self._text[self._place + 1 : self._place + 2] not in ("", "]"):
                self._take()
                last = self._class_atom()
                if not isinstance(first, str) or not isinstance(last, str) or last < first:
                    raise self._error("a range that is none")
                tests.append(_between(first, last))
            else:
                tests.append(_is(first) if isinstance(first, str) else first)
        self._take("]")
        return lambda one: any(test(one) for test in tests) is wanted

    def _class_atom(self) -> str | Test:
        character = self._take()
        if character != "\\":
            return character
        if self._peek() == "b":
            self._take()
            return "\b"
        return self._escaped()

    def _escaped(self) -> str | Test:
        """Return what an escape stands for: a character, or a class of them."""
        letter = self._take()
        if letter.lower() in _CLASSES:
            members, wanted = _CLASSES[letter.lower()], letter.islower()
            return lambda one: (one in members) is wanted
        if letter in ("p", "P"):
            return self._category(wanted=letter == "p")
        return self._character(letter)

    def _character(self, letter: str) -> str:
        if letter in _CONTROLS and not (letter == "0" and self._peek() in _DIGITS):
            return _CONTROLS[letter]
        if letter in ("x", "u"):
            return self._numbered(letter)
        if letter == "c" and self._peek().isascii() and self._peek().isalpha():
            return chr(ord(self._take()) % 32)
        if letter in _SYNTAX:
            return letter
        raise self._error(f"\\{letter} is no escape that is read")

    def _numbered(self, letter: str) -> str:
        if letter == "u" and self._skip("{"):
            end = self._text.find("}", self._place)
            character = self._hexadecimal(end - self._place)
            self._take("}")
            return character
        return self._hexadecimal(4 if letter == "u" else 2)

    def _hexadecimal(self, count: int) -> str:
        digits = self._text[self._place : self._place + max(count, 0)]
        if not 0 < count <= 6 or len(digits) != count or any(one not in "0123456789abcdefABCDEF" for one in digits):
            raise self._error("hexadecimal digits are missing")
        self._place += count
        if int(digits, 16) > 0x10FFFF:
            raise self._error("no such character")
        return chr(int(digits, 16))

    def _category(self, *, wanted: bool) -> Test:
        self._take("{")
        end = self._text.find("}", self._place)
        name = self._text[self._place : end] if end >= 0 else ""
        if name not in _CATEGORIES:
            raise self._error("a Unicode property that is not read")
        self._place = end + 1
        return lambda one: unicodedata.category(one).startswith(name) is wanted


def _is(character: str) -> Test:
    return lambda one: one == character


def _between(first: str, last: str) -> Test:
    return lambda one: first <= one <= last


def _one(test: Test) -> _Node:
    return lambda builder, after: builder.add(_State(test=test, after=after))


def _asserted(assertion: str) -> _Node:
    return lambda builder, after: builder.add(_State(ways=[after], assertion=assertion))


def _all_of(parts: list[_Node]) -> _Node:
    def build(builder: _Builder, after: int) -> int:
        for part in reversed(parts):
            builder.part()
            after = part(builder, after)
        return after

    return build


def _any_of(options: list[_Node]) -> _Node:
    return lambda builder, after: builder.add(_State(ways=[option(builder, after) for option in options]))


def _repeated(node: _Node, least: int, most: int) -> _Node:
    """Return *node* at least and at most that often; *most* -1: without end."""

    def build(builder: _Builder, after: int) -> int:
        if most < 0:
            loop = builder.add(_State(ways=[after]))
            builder.states[loop].ways.append(node(builder, loop))
            begin = loop
        else:
            begin = after
            for _ in range(most - least):
                builder.part()
                begin = builder.add(_State(ways=[after, node(builder, begin)]))
        for _ in range(least):
            builder.part()
            begin = node(builder, begin)
        return begin

    return build


def _refused(message: str) -> CodecError:
    return CodecError(message[:200], code="codec.pattern")
