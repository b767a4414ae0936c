"""Image files, from anyone, read as one digit.

Pictures of any size and mode; dark on light, light on dark, or ink on nothing at all; photographs, scans and
drawings. Of an animation the first frame that is not blank is read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from app.drawing.files import bytes_of, frames_of
from app.drawing.mnist import BOX, CENTRE, Gray, stroke_width
from app.drawing.paper import ink_on_few_pixels, ink_on_nothing, ink_on_paper
from app.drawing.pixels import TINY, as_made, colours_of
from app.drawing.several import one_digit
from app.errors import BlankError, SeveralDigitsError
from app.picture import SIDE

__all__ = ["PictureRead", "read_digit", "read_digit_bytes", "read_picture", "read_picture_bytes"]

GRAY = 0.2  # of the ink of a picture made as MNIST's were, at least, is neither black nor white, or
THIN = 1.3  # its strokes are at least so many pixels wide
MAX_BLANK = 10  # frames of an animation that are looked at before it counts as blank


@dataclass(frozen=True)
class PictureRead:
    """The 28x28 picture (0 = paper, 255 = ink) of the digit, and which frame of the file it is, from 1."""

    pixels: Gray
    frame: int

    @property
    def note(self) -> str:
        """A sentence for the person where it is not the first frame."""
        return f"Frame {self.frame} was read: what comes before it is blank." if self.frame > 1 else ""


def read_digit(path: str | os.PathLike[str]) -> Gray:
    """The 28x28 uint8 picture (0 = paper, 255 = ink) of the digit in an image file.

    Raises BlankError where nothing is drawn, SeveralDigitsError where more than one digit is, ImageError
    where the file cannot be read as a picture.
    """
    return read_picture(path).pixels


def read_digit_bytes(data: bytes, name: str) -> Gray:
    """As `read_digit`, for the bytes of a file; `name` is what messages call it."""
    return read_picture_bytes(data, name).pixels


def read_picture(path: str | os.PathLike[str]) -> PictureRead:
    """As `read_digit`, with the frame that was read."""
    return read_picture_bytes(bytes_of(Path(path)), os.fspath(path))


def read_picture_bytes(data: bytes, name: str) -> PictureRead:
    """As `read_picture`, for the bytes of a file; `name` is what messages call it."""
    why = ""
    for number, image in enumerate(frames_of(data, name), start=1):
        try:
            return PictureRead(_digit_in(as_made(image)), number)
        except BlankError as blank:
            why = why or blank.why
        except SeveralDigitsError as several:
            what = several.what.replace("There seem", f"In {name} there seem")
            hint = "Cut the picture so that one is left."
            raise SeveralDigitsError(what, why=several.why, hint=hint) from None
        if number >= MAX_BLANK:
            break
    why = why or "No mark stands out from the background."
    hint = "Use a picture of one digit, from 0 to 9, large and clear."
    raise BlankError(f"No digit is drawn in {name}.", why=why, hint=hint)


def _digit_in(image: Image.Image) -> Gray:
    ready = _already_mnist(image)
    return one_digit(_ink(image)) if ready is None else ready


def _already_mnist(image: Image.Image) -> Gray | None:
    """The picture itself if it was made as MNIST's were (or is the exact negative of one), else None.

    All 70,000 MNIST pictures meet these bounds, and what `to_mnist` makes does. Lines of one pixel do not: no
    MNIST picture is as thin without gray edges.
    """
    if image.size != (SIDE, SIDE) or image.mode in ("I", "F") or image.mode.startswith("I;"):
        return None
    colours = np.asarray(image.convert("RGBA"))
    if (colours[..., 3] < 255).any() or (colours[..., :3] != colours[..., :1]).any():
        return None
    gray = colours[..., 0]
    for picture in (gray, 255 - gray):
        if _is_mnist(picture):
            return np.ascontiguousarray(picture)
    return None


def _is_mnist(picture: Gray) -> bool:
    rows, columns = np.nonzero(picture)
    if not len(rows) or 2 * len(rows) > picture.size or picture.max() < 200:
        return False
    shaded = ((picture > 0) & (picture < 230)).sum() / len(rows)
    if shaded < GRAY and stroke_width(np.divide(picture, 255, dtype=np.float32)) < THIN:
        return False
    longer = max(np.ptp(rows), np.ptp(columns)) + 1
    weights = picture[rows, columns].astype(float)
    centre = np.array([np.average(rows, weights=weights), np.average(columns, weights=weights)]) + 0.5
    # Ours has faint rims: edges that fall between pixels. MNIST's mass is centred to the nearest pixel.
    return bool(BOX - 1 <= longer <= BOX + 3 and np.abs(centre - CENTRE).max() < 0.6)


# --- ink from colours ---


def _ink(image: Image.Image) -> Gray:
    """(H, W) uint8 ink, 0 = paper and 255 = ink, its longer side at most 640."""
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        image = _shallow(image)
    if image.has_transparency_data:
        colours = colours_of(image.convert("RGBA"))
        return ink_on_nothing(colours) if colours[..., 3].min() < 250 else ink_on_paper(colours[..., :3])
    colours = colours_of(image.convert("L" if image.mode in ("1", "L") else "RGB"))
    return ink_on_few_pixels(colours) if max(image.size) <= TINY else ink_on_paper(colours)


def _shallow(image: Image.Image) -> Image.Image:
    """16- and 32-bit gray stretched over 0..255: its full range is unknown, and contrast is enough."""
    deep = np.nan_to_num(np.asarray(image, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(deep.min()), float(deep.max())
    deep -= low
    deep *= 255 / max(high - low, 255.0)
    return Image.fromarray(deep.astype(np.uint8))
