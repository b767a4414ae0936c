"""The benchmark as a picture: packed beside unrolled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.errors import InkproofError

_INK, _FAINT, _PACKED, _UNROLLED = "#1f2430", "#8a909c", "#2f6fdb", "#c9ced8"
_ROWS = (
    ("script_bytes", "locking script", "{:,.0f} bytes"),
    ("opcodes", "opcodes", "{:,.0f}"),
    ("node_milliseconds", "in the node", "{:,.1f} ms"),
    ("bitcoinx_milliseconds", "in bitcoinX", "{:,.0f} ms"),
)


def draw(figures: dict[str, Any], path: Path) -> None:
    """Write one bar pair per measure, each scaled to the unrolled form. Needs matplotlib."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise InkproofError(
            "The plot needs matplotlib.", hint="Install it: pip install 'inkproof[train]'"
        ) from error
    packed, unrolled = figures["contracts"]["packed"], figures["contracts"]["unrolled"]
    figure, axes = pyplot.subplots(figsize=(8, 3.6), dpi=150)
    for row, (key, name, form) in enumerate(reversed(_ROWS)):
        share = packed[key] / unrolled[key]
        axes.barh(row + 0.2, 1, 0.34, color=_UNROLLED)
        axes.barh(row - 0.2, share, 0.34, color=_PACKED)
        axes.text(1.01, row + 0.2, form.format(unrolled[key]), va="center", color=_FAINT, fontsize=9)
        axes.text(share + 0.01, row - 0.2, form.format(packed[key]), va="center", color=_INK, fontsize=9)
        axes.text(-0.01, row, name, va="center", ha="right", color=_INK, fontsize=10)
    axes.set_title("One layer in one number (blue) against one opcode per weight", loc="left", color=_INK)
    axes.set_xlim(0, 1.2)
    axes.axis("off")
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
