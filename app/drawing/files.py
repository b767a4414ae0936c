"""The bytes of image files, from anyone, decoded into pictures.

Every byte is taken as hostile: size is judged before anything is decoded, and whatever a decoder may do ends
as one sentence.
"""

from __future__ import annotations

import functools
import io
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from app.errors import ImageError

__all__ = ["FORMATS", "MAX_BYTES", "MAX_FRAMES", "MAX_PIXELS", "bytes_of", "frames_of"]

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "ICO", "AVIF", "HEIF")
"""Pillow's names; HEIF is pi-heif's name of what phones save as HEIC."""
MAX_BYTES = 50_000_000
MAX_PIXELS = 50_000_000
MAX_FRAMES = 50
"""An animation is looked through so far, and only while its frames together have at most MAX_PIXELS."""

MAX_MISSING = 0.25
"""Of a JPEG's rows, at the bottom, when the file lacks its end."""

_KINDS = "Use a PNG, JPEG, HEIC, AVIF, WebP, GIF, TIFF, BMP or ICO picture of one digit."
_DRAWN_BY_RULES = "Open it in a viewer and save the page, or a screenshot of it, as PNG."
_KNOWN = (
    (b"%PDF-", "a PDF document", _DRAWN_BY_RULES),
    (b"%!PS", "a PostScript document", _DRAWN_BY_RULES),
    (b"<svg", "an SVG drawing", "Export it as PNG from a browser or from the program that made it."),
    (b"<html", "a web page", "Save the picture in it, not the page."),
    (b"<!doctype html", "a web page", "Save the picture in it, not the page."),
    (b"PK\x03\x04", "a ZIP archive or an office document", "Take the picture out of it first."),
    (b"8BPS", "a Photoshop file", "Export it as PNG."),
    (b"gimp xcf", "a GIMP file", "Export it as PNG."),
    (b"II*\x00\x10\x00\x00\x00CR", "a camera's raw picture", "Export it as JPEG."),
    (b"ftyphei", "a HEIC picture", "Save it as JPEG or PNG."),
    (b"\xff\x0a", "a JPEG XL picture", "Save it as JPEG or PNG."),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture", "Save it as JPEG or PNG."),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture", "Save it as JPEG or PNG."),
)
"""How a file begins (a text, in lower case), what that is, and what to do."""


def bytes_of(path: Path) -> bytes:
    """The bytes of a file, at most one more than MAX_BYTES. Raises ImageError."""
    try:
        # A pipe or a device could block a reader for ever.
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ImageError(
                f"{path} is a folder.", why="One picture is read at a time.", hint="Name the files in it."
            )
        if not stat.S_ISREG(mode):
            raise ImageError(f"{path} is not a file.", why="It is a device, a pipe or a socket.", hint=_KINDS)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ImageError(
            f"{path} is not there.", why="No file has that name.", hint="Check the path."
        ) from None
    except PermissionError:
        hint = "Change its permissions, or copy it."
        raise ImageError(f"{path} cannot be opened.", why="You may not read it.", hint=hint) from None
    except (OSError, ValueError) as error:
        why = f"{getattr(error, 'strerror', None) or error}."
        raise ImageError(f"{path} cannot be opened.", why=why, hint="Check the path.") from None


def frames_of(data: bytes, name: str) -> Iterator[Image.Image]:
    """The pictures of an image file, upright and decoded, one after the other: one, or the frames of an
    animation (the pages of a TIFF). The same object may be given again with the next frame in it.

    Raises ImageError where the file is no picture, is too large, or cannot be decoded.
    """
    if not data:
        raise ImageError(f"{name} is empty.", why="It holds no bytes at all.", hint=_KINDS)
    if len(data) > MAX_BYTES:
        raise _too_large(name, f"It has more than {MAX_BYTES // 1_000_000} million bytes.")
    image = _opened(data, name)
    yield _upright(image)
    # The smaller pictures of an icon and the previews behind a photograph are no further frames.
    if image.format not in ("GIF", "PNG", "WEBP", "TIFF", "AVIF"):
        return
    seen = image.width * image.height
    for number in range(1, MAX_FRAMES):
        try:
            image.seek(number)
            seen += image.width * image.height
            if seen > MAX_PIXELS:
                return
            image.load()
        except Exception:  # the end, or damage behind the frames that were sound
            return
        yield _upright(image)


def _opened(data: bytes, name: str) -> Image.Image:
    """The image with its first frame decoded."""
    try:
        with warnings.catch_warnings():
            # Pillow's own warning about large pictures: the limit below is lower, and an error.
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=_formats())
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _too_large(
                    name, f"It is {width} x {height} pixels; at most {MAX_PIXELS // 1_000_000} million fit."
                )
            return _load(image, data)
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise _too_large(
            name, f"It claims to be larger than {MAX_PIXELS // 1_000_000} million pixels."
        ) from None
    except UnidentifiedImageError:
        raise _not_a_picture(data, name) from None
    except Exception as error:
        # Decoders raise all kinds of exceptions on damaged data, so every kind is caught here, and only here.
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        why = f"It is cut short or damaged ({said})."
        raise ImageError(
            f"{name} cannot be read to its end.", why=why, hint="Export or download it again."
        ) from error


def _load(image: Image.Image, data: bytes) -> Image.Image:
    """The image, decoded; a JPEG may lack up to MAX_MISSING of its rows, which are cut off."""
    try:
        image.load()
        return image
    except OSError:
        if image.format not in ("JPEG", "MPO"):  # MPO: a JPEG with more pictures behind it
            raise
        # With an end marker appended, the decoder fills the missing part with middle gray.
        cut = Image.open(io.BytesIO(data + b"\xff\xd9"), formats=("JPEG",))
        cut.load()
        right = np.asarray(cut.convert("RGB").crop((max(0, cut.width - 8), 0, cut.width, cut.height)))
        there = np.flatnonzero((right != 128).any(axis=(1, 2)))
        rows = int(there[-1]) + 1 if len(there) else 0
        if rows < (1 - MAX_MISSING) * cut.height:
            raise
        return cut.crop((0, 0, cut.width, rows))


@functools.cache
def _formats() -> tuple[str, ...]:
    """FORMATS, with HEIF made known to Pillow, or without it where its library is not installed."""
    try:
        import pi_heif
    except ImportError:
        return tuple(one for one in FORMATS if one != "HEIF")
    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    pi_heif.register_heif_opener()
    return FORMATS


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF is ignored: the pixels are sound
        return image


def _not_a_picture(data: bytes, name: str) -> ImageError:
    start = data[:4000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<?xml", b"<!--")):
        start = start[start.find(b"<svg") :]
    for begins, what, hint in _KNOWN:
        if start.startswith(begins.lower()) or data[4:].startswith(begins):
            why = "It holds no pixels, or none that can be read here."
            return ImageError(f"{name} is {what}, not a picture of pixels.", why=why, hint=hint)
    return ImageError(f"{name} is not a picture.", why="Its bytes are of no known kind.", hint=_KINDS)


def _too_large(name: str, why: str) -> ImageError:
    return ImageError(f"{name} is too large.", why=why, hint="Crop or scale it down first.")
