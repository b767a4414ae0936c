"""Draw the icon: `python -m tools.icon` writes assets/icon/.

A digit of ink on paper (a 7, drawn with the project's own pen) and, in the corner that it leaves free, the
seal: a disc with a check mark. Each size is drawn for itself: below 48 pixels pen and seal are larger,
and the paper has neither margin nor rim.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from app.drawing.strokes import Stroke, rasterise

PNG_SIZES = (16, 32, 48, 64, 128, 256, 512, 1024)
ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 256)
SUPER = 8
"""Drawn this many times larger and averaged down."""

PAPER = (254, 252, 246)
EDGE = (214, 206, 190)
INK = (30, 27, 24)
SEAL = (14, 124, 132)
"""The window's accent, lighter: at 16 pixels it must not be taken for ink."""

Points = tuple[tuple[float, float], ...]
CHECK: Points = ((-0.42, 0.04), (-0.12, 0.34), (0.46, -0.32))
"""The check mark, in radii of the seal around its middle."""


def draw(size: int) -> Image.Image:
    """The icon at one size, RGBA."""
    small = size < 48
    side = size * SUPER
    picture = Image.new("RGBA", (side, side), (*EDGE, 0))
    pen = ImageDraw.Draw(picture)
    margin = side * (0.0 if small else 0.035)
    box = (margin, margin, side - 1 - margin, side - 1 - margin)
    rim = max(SUPER, round(side * 0.012))
    pen.rounded_rectangle(box, radius=side * 0.2, fill=PAPER, outline=PAPER if small else EDGE, width=rim)
    _ink(picture, 0.16 if small else 0.125)
    _seal(picture, small)
    return picture.resize((size, size), Image.Resampling.BOX)


def _ink(picture: Image.Image, width: float) -> None:
    coverage = rasterise([Stroke(_seven(), width)], picture.width)
    picture.paste(Image.new("RGBA", picture.size, (*INK, 255)), mask=Image.fromarray(coverage))


def _seven() -> Points:
    """A 7 in one movement of the pen: the bar rises a little, the stem bends as a hand bends it."""
    bar, corner, bend, foot = (0.2, 0.235), (0.74, 0.215), (0.47, 0.46), (0.36, 0.82)
    curve = [
        tuple(
            (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t * t * c
            for a, b, c in zip(corner, bend, foot, strict=True)
        )
        for t in np.linspace(0, 1, 40)
    ]
    return (bar, *((float(x), float(y)) for x, y in curve))


def _seal(picture: Image.Image, small: bool) -> None:
    side = picture.width
    radius, gap = (0.25 if small else 0.2) * side, (0.05 if small else 0.025) * side
    x = y = side - radius - (0.0 if small else 0.085 * side)
    pen = ImageDraw.Draw(picture)
    # A ring of paper parts the seal from the ink, however dark both are.
    for reach, colour in ((radius + gap, PAPER), (radius, SEAL)):
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)
    reach = radius / side
    points = tuple((x / side + a * reach, y / side + b * reach) for a, b in CHECK)
    coverage = rasterise([Stroke(points, reach * (0.3 if small else 0.22))], side)
    picture.paste(Image.new("RGBA", picture.size, (*PAPER, 255)), mask=Image.fromarray(coverage))


def main() -> int:
    """Write the PNG files and the .ico."""
    folder = Path(__file__).resolve().parents[1] / "assets" / "icon"
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {size: draw(size) for size in sorted({*PNG_SIZES, *ICO_SIZES})}
    for size in PNG_SIZES:
        pictures[size].save(folder / f"icon-{size}.png", optimize=True)
    icons = [pictures[size] for size in ICO_SIZES]
    icons[-1].save(
        folder / "icon.ico",
        sizes=[icon.size for icon in icons],
        append_images=icons[:-1],
        bitmap_format="png",
    )
    print(f"{folder}: {', '.join(path.name for path in sorted(folder.iterdir()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
