"""The border of a printed certificate: two rules, and between them bands of crossing waves, like engraved paper.

Drawn once as an SVG picture of the whole A4 sheet, in millimetres. As a picture it costs a certificate one
millisecond; drawn line by line inside the page it cost fifty, because every line became an object of the PDF.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

_WIDTH, _HEIGHT = 210.0, 297.0
_INSET = 12.0  # outer rule from the edge of the sheet
_CORNER = 11.0  # between outer and inner rule
_AMPLITUDE = 1.35
_WAVE_LENGTH = 5.6
_LINES = 6
_POINT = 25.4 / 72  # millimetres
_THIN = 0.28 * _POINT


@cache
def frame_svg(ink: str, tone: str) -> str:
    """Return the border as SVG text; *ink* colours the rules, *tone* the waves (``#rrggbb``)."""
    right, bottom = _WIDTH - _INSET, _HEIGHT - _INSET
    middle, length_x, length_y = _CORNER / 2, _WIDTH - 2 * (_INSET + _CORNER), _HEIGHT - 2 * (_INSET + _CORNER)
    waves = [
        _band(length_x, _INSET + _CORNER, _INSET + middle, upright=False),
        _band(length_x, _INSET + _CORNER, bottom - middle, upright=False),
        _band(length_y, _INSET + _CORNER, _INSET + middle, upright=True),
        _band(length_y, _INSET + _CORNER, right - middle, upright=True),
    ]
    corners = [(x, y) for x in (_INSET + middle, right - middle) for y in (_INSET + middle, bottom - middle)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" fill="none">'
        f'<g stroke="{tone}" stroke-width="{_THIN:.3f}"><path d="{"".join(waves)}"/>'
        f"{''.join(_rosette(x, y) for x, y in corners)}</g>"
        f'<g stroke="{ink}">{_rule(_INSET - 1, 1.3)}{_rule(_INSET + _CORNER, 0.5)}</g></svg>'
    )


def _rule(inset: float, points: float) -> str:
    return (
        f'<rect x="{inset:g}" y="{inset:g}" width="{_WIDTH - 2 * inset:g}" height="{_HEIGHT - 2 * inset:g}" '
        f'stroke-width="{points * _POINT:.3f}"/>'
    )


def _rosette(x: float, y: float) -> str:
    ellipses = "".join(
        f'<ellipse cx="{x:g}" cy="{y:g}" rx="4.6" ry="2.2" transform="rotate({20 * k} {x:g} {y:g})"/>' for k in range(9)
    )
    return f'{ellipses}<circle cx="{x:g}" cy="{y:g}" r="0.92" stroke-width="{0.5 * _POINT:.3f}"/>'


def _band(length: float, along: float, across: float, *, upright: bool) -> str:
    """Return path data of sine lines, evenly shifted, from *along* for *length*, around the axis *across*.

    Each line is cut at its crests and troughs; between two cuts a cubic curve with the slope of the sine at both ends
    stays within a hundredth of the amplitude.
    """
    waves = int(length / _WAVE_LENGTH)
    turn = 2 * math.pi * waves
    lines = []
    for line in range(_LINES):
        phase = 2 * math.pi * line / _LINES
        first = math.floor(phase / math.pi - 0.5) + 1
        extremes = [math.pi * (k + 0.5) for k in range(first, first + 2 * waves)]
        angles = [phase, *(angle for angle in extremes if phase + 0.05 < angle < phase + turn - 0.05), phase + turn]
        lines.append("M" + _pair(along, across + _AMPLITUDE * math.sin(phase), upright=upright))
        for start, end in pairwise(angles):
            step = length * (end - start) / turn
            rise = _AMPLITUDE * (math.sin(end) - math.sin(start))
            # A third of the slope times the step: the handle of a Bezier curve that has this slope.
            leave, arrive = (_AMPLITUDE * math.cos(angle) * (end - start) / 3 for angle in (start, end))
            handles = (_pair(step / 3, leave, upright=upright), _pair(2 * step / 3, rise - arrive, upright=upright))
            lines.append(f"c{handles[0]} {handles[1]} {_pair(step, rise, upright=upright)}")
    return "".join(lines)


def _pair(along: float, across: float, *, upright: bool) -> str:
    return f"{across:.3f} {along:.3f}" if upright else f"{along:.3f} {across:.3f}"
