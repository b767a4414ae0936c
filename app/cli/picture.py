"""A 28x28 image in the terminal: two rows of pixels to a line of text."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from rich.color import Color
from rich.style import Style
from rich.text import Text

from app.picture import SIDE

_SHADES = " .:-=+*#%@"


def picture(image: npt.NDArray[np.uint8], *, colour: bool) -> Text:
    """The image, 28x28 uint8, as 14 lines of 28 characters.

    `colour`: half blocks in shades of grey; else characters from " " to "@", darker for more ink.
    """
    rows = image.reshape(SIDE, SIDE)
    lines = Text()
    for top, bottom in zip(rows[0::2], rows[1::2], strict=True):
        for upper, lower in zip(top.tolist(), bottom.tolist(), strict=True):
            if colour:
                lines.append("▀", Style(color=_grey(upper), bgcolor=_grey(lower)))
            else:
                lines.append(_SHADES[(upper + lower) * (len(_SHADES) - 1) // 510])
        lines.append("\n")
    lines.right_crop(1)
    return lines


def _grey(value: int) -> Color:
    return Color.from_rgb(value, value, value)
