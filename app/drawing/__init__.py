"""Drawing: strokes or an image file in, one 28x28 picture out, made as MNIST's were made."""

from __future__ import annotations

from app.drawing.drawn import Drawing, load_drawings, pictures_of
from app.drawing.mnist import to_mnist
from app.drawing.reader import PictureRead, read_digit, read_digit_bytes, read_picture, read_picture_bytes
from app.drawing.several import count_digits, one_digit
from app.drawing.strokes import INK_SIDE, Canvas, Stroke, rasterise, strokes_from_json, strokes_to_json

__all__ = [
    "INK_SIDE",
    "Canvas",
    "Drawing",
    "PictureRead",
    "Stroke",
    "count_digits",
    "load_drawings",
    "one_digit",
    "pictures_of",
    "rasterise",
    "read_digit",
    "read_digit_bytes",
    "read_picture",
    "read_picture_bytes",
    "strokes_from_json",
    "strokes_to_json",
    "to_mnist",
]
