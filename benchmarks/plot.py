"""A run as a picture: a bar for the middle figure of each server, a line for the spread.

Beside each server stands how many times as much the last one, Pratique, does.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from xml.sax.saxutils import escape

from benchmarks.report import Run, rate
from benchmarks.series import Series

WIDTH, BAR_LEFT, BAR_WIDTH = 900, 150, 430
ROW, GAP, HEAD = 20, 16, 24
_COLOURS = {"own": "#0b6e99", "other": "#b9c4cc", "spread": "#333333"}


def as_svg(run: Run) -> str:
    """The picture, without anything that a browser would have to load."""
    blocks, height = [], GAP
    for done in run.done:
        for series in done.outcome.series:
            block = list(_block(done.work.name, series, height))
            blocks += block
            height += HEAD + ROW * len(series.rates) + GAP
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"',
            f'width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="13">',
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            *blocks,
            "</svg>\n",
        ]
    )


def _block(work: str, series: Series, top: int) -> Iterator[str]:
    """One case: its name, and a row for each server."""
    title = f"{work}: {series.case.name}, {series.case.unit}"
    yield _text(8, top + 14, title, 'font-weight="bold"')
    greatest = max(max(rates) for rates in series.rates.values())
    *_, own = series.rates
    for number, (name, rates) in enumerate(series.rates.items()):
        y = top + HEAD + ROW * number
        middle, least, most = (
            BAR_WIDTH * value / greatest for value in (series.median(name), min(rates), max(rates))
        )
        colour = _COLOURS["own" if name == own else "other"]
        centre = y + ROW / 2 - 2
        yield _text(BAR_LEFT - 8, y + 12, name, 'text-anchor="end"')
        yield (
            f'<rect x="{BAR_LEFT}" y="{y}" width="{middle:.1f}" height="{ROW - 5}" '
            f'fill="{colour}"/>'
        )
        yield (
            f'<line x1="{BAR_LEFT + least:.1f}" x2="{BAR_LEFT + most:.1f}" y1="{centre}" '
            f'y2="{centre}" stroke="{_COLOURS["spread"]}" stroke-width="2"/>'
        )
        yield _text(BAR_LEFT + BAR_WIDTH + 12, y + 12, _label(series, name, own))


def _label(series: Series, name: str, own: str) -> str:
    figure = rate(series.median(name), series.case.unit)
    if name == own:
        return figure
    ratios = series.ratios(own, name)
    middle = statistics.median(ratios)
    return f"{figure} ({middle:.2f} x [{ratios[0]:.2f} to {ratios[-1]:.2f}])"


def _text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" {more}>{escape(words)}</text>'
