"""The benchmark as a picture: packed beside unrolled, every model beside the others, and a node's limits.

One pair of axes covers the page and counts in inches from its lower left corner, so that all rows have the
same height however many models there are.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import models
from app.bench.measures import margins_in
from app.errors import InkproofError
from app.script.run import SCRIPT_LIMIT
from app.window.view import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FORMS = (
    ("script_bytes", "locking script", "{:,.0f} bytes", "smaller"),
    ("opcodes", "opcodes", "{:,.0f}", "fewer"),
    ("node_milliseconds", "in the node", "{:,.1f} ms", "faster"),
    ("bitcoinx_milliseconds", "in bitcoinX", "{:,.0f} ms", "faster"),
)
_WIDTH, _LEFT, _START, _RIGHT = 9.6, 0.45, 1.85, 9.15
_BARS = 4.45
_SIZES, _TIMES = (_START, 4.85), (6.35, 8.35)
_FORM_ROW, _MODEL_ROW, _HEADING, _COLUMNS, _FOOT = 0.58, 0.38, 1.1, 0.65, 0.6
LIMIT_BAR = 0.75
_NOTE, _TEXT, _TITLE = 8.5, 10.0, 14.0


def draw(figures: dict[str, Any], path: Path) -> None:
    """Write the picture of the figures of `app.bench.everything`. Needs matplotlib."""
    build(figures).savefig(path)


def build(figures: dict[str, Any]) -> Figure:
    """The picture: each measure of both forms, drawn to the unrolled one; each model, on log scales."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InkproofError(
            "The plot needs matplotlib.", hint="Install it: pip install 'inkproof[train]'"
        ) from error
    measured = dict(sorted(figures["models"].items(), key=lambda entry: entry[1]["script_bytes"]))
    forms_height = _HEADING + len(_FORMS) * _FORM_ROW
    models_height = _HEADING + _COLUMNS + len(measured) * _MODEL_ROW + _FOOT
    limits_height = _HEADING + _COLUMNS + len(measured) * _MODEL_ROW + _FOOT / 2
    height = forms_height + models_height + limits_height
    figure = Figure(figsize=(_WIDTH, height), dpi=160, facecolor=_shade(theme.LIGHT.paper))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(0, height))
    axes.axis("off")
    _forms(axes, height, figures["contracts"])
    _model_rows(axes, height - forms_height, measured)
    _limit_rows(axes, height - forms_height - models_height, measured)
    return figure


def _forms(axes: Axes, top: float, contracts: dict[str, Any]) -> None:
    """A pair of bars per measure, the unrolled one of full length, and how many times they differ."""
    title = "A layer in one number, or an opcode for every weight"
    _heading(axes, top, title, f"The contract of the default model, {models.DEFAULT}, in both its forms")
    for row, (key, name, form, better) in enumerate(_FORMS):
        middle = top - _HEADING - (row + 0.5) * _FORM_ROW
        _text(axes, _START - 0.2, middle, name, ha="right")
        full = contracts["unrolled"][key]
        for kind, at, fill, ink in (
            ("packed", middle + 0.12, theme.LIGHT.accent, theme.LIGHT.accent),
            ("unrolled", middle - 0.12, theme.LIGHT.line, theme.LIGHT.quiet),
        ):
            value = contracts[kind][key]
            length = _BARS * value / full
            axes.barh(at, length, 0.2, left=_START, color=_shade(fill))
            label = form.format(value) if row else f"{form.format(value)}, {kind}"
            _text(axes, _START + length + 0.1, at, label, size=_NOTE, colour=ink)
        ratio = f"{full / contracts['packed'][key]:,.1f} × {better}"
        _text(axes, _RIGHT, middle, ratio, colour=theme.LIGHT.accent, weight="bold", ha="right")


def _model_rows(axes: Axes, top: float, measured: dict[str, Any]) -> None:
    """A row per model. Dots, since on a logarithmic scale the length of a bar says nothing."""
    note = "The smallest contract first, on logarithmic scales; the default model in bold"
    _heading(axes, top, "Every model, packed", note)
    top -= _HEADING + _COLUMNS
    foot = top - len(measured) * _MODEL_ROW
    rows = {name: top - (row + 0.5) * _MODEL_ROW for row, name in enumerate(measured)}
    for name, at in rows.items():
        weight = "bold" if name == models.DEFAULT else "normal"
        _text(axes, _START - 0.2, at, name, weight=weight, ha="right")
    sizes = [row["script_bytes"] for row in measured.values()]
    times = [row["node_milliseconds"] for row in measured.values()]
    by_size, by_time = _Scale(*_SIZES, [*sizes, SCRIPT_LIMIT]), _Scale(*_TIMES, times)

    limit = by_size.place(SCRIPT_LIMIT)
    wash, edge = _shade(theme.LIGHT.alert_wash), _shade(theme.LIGHT.alert)
    axes.fill_between([limit, by_size.right], foot, top, color=wash, linewidth=0, zorder=0)
    axes.plot([limit, limit], [foot, top + 0.1], color=edge, linewidth=1, gid="limit")
    label = f"a default node's limit: {SCRIPT_LIMIT:,}"
    _text(axes, limit + 0.05, top + 0.22, label, size=_NOTE, colour=theme.LIGHT.alert, ha="right")
    for scale, title, values, form, largest in (
        (by_size, "locking script, bytes", sizes, "{:,.0f}", SCRIPT_LIMIT),
        (by_time, "time in the node, ms", times, "{:,.1f}", math.inf),
    ):
        _text(axes, scale.left, top + 0.47, title)
        for power in scale.powers:
            at = scale.place(power)
            axes.plot([at, at], [foot, top], color=_shade(theme.LIGHT.well), linewidth=1, zorder=0)
            _text(axes, at, foot - 0.15, f"{power:,}", size=_NOTE, colour=theme.LIGHT.quiet, ha="center")
        for at, value in zip(rows.values(), values, strict=True):
            colour = theme.LIGHT.alert if value > largest else theme.LIGHT.accent
            line = _shade(theme.LIGHT.line)
            axes.plot([scale.left, scale.right], [at, at], color=line, linewidth=1, zorder=1)
            axes.plot(scale.place(value), at, "o", color=_shade(colour), markersize=8)
            _text(axes, scale.right + 0.8, at, form.format(value), colour=colour, ha="right")


def _limit_rows(axes: Axes, top: float, measured: dict[str, Any]) -> None:
    """A row per model and a column per limit: the bar shows the share that is taken; full if exceeded."""
    note = "The share of each that the packed contract takes: a default node's policy, and Teranode's opcodes"
    _heading(axes, top, "The limits of a node", note)
    top -= _HEADING + _COLUMNS
    for row, (name, figures) in enumerate(measured.items()):
        at = top - (row + 0.5) * _MODEL_ROW
        _text(axes, _START - 0.2, at, name, weight="bold" if name == models.DEFAULT else "normal", ha="right")
        margins = margins_in(figures)
        step = (_RIGHT - _START) / len(margins)
        for column, margin in enumerate(margins):
            left, share = _START + column * step, 1.0 - (margin.left or 0.0)
            colour = theme.LIGHT.alert if share > 1 else theme.LIGHT.accent
            axes.barh(at, LIMIT_BAR, 0.16, left=left, color=_shade(theme.LIGHT.well))
            axes.barh(at, LIMIT_BAR * min(1.0, share), 0.16, left=left, color=_shade(colour))
            _text(axes, left + LIMIT_BAR + 0.08, at, _percent(share), size=_NOTE, colour=colour)
            if row == 0:
                what, _, unit = margin.what.partition(", ")
                _text(axes, left, top + 0.42, what, size=_NOTE)
                limit = f"of {margin.limit:,} {unit}".rstrip()
                _text(axes, left, top + 0.2, limit, size=_NOTE, colour=theme.LIGHT.quiet)


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}" if share >= 0.001 else "<0.1%"


class _Scale:
    """A logarithmic scale between two places on the page, from the power of ten below its values."""

    def __init__(self, left: float, right: float, values: list[float]) -> None:
        self.left, self.right = left, right
        self._low, self._high = math.floor(math.log10(min(values))), math.log10(max(values)) + 0.25

    def place(self, value: float) -> float:
        """Where a value stands on the page."""
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return self.left + (self.right - self.left) * share

    @property
    def powers(self) -> list[float]:
        """The powers of ten on it."""
        return [10**power for power in range(self._low, math.floor(self._high) + 1)]


def _heading(axes: Axes, top: float, title: str, note: str) -> None:
    _text(axes, _LEFT, top - 0.45, title, size=_TITLE, weight="bold")
    _text(axes, _LEFT, top - 0.77, note, colour=theme.LIGHT.quiet)


def _text(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    size: float = _TEXT,
    colour: theme.Colour = theme.LIGHT.ink,
    weight: str = "normal",
    ha: str = "left",
) -> None:
    axes.text(x, y, text, fontsize=size, color=_shade(colour), weight=weight, ha=ha, va="center_baseline")


def _shade(colour: theme.Colour) -> tuple[float, float, float]:
    red, green, blue = colour
    return red / 255, green / 255, blue / 255
