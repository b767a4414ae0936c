"""Image files, from anyone, read as one digit.

PNG, JPEG, GIF, BMP and WebP of any size and mode; dark on light, light on dark, or ink on nothing at all.
Every byte is taken as hostile: size is judged before anything is decoded, and whatever a decoder may do
ends as one sentence.
"""

from __future__ import annotations

import io
import os
import stat
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from app.drawing.mnist import BOX, CENTRE, Gray
from app.drawing.paper import ink_on_nothing, ink_on_paper
from app.drawing.several import one_digit
from app.errors import BlankError, ImageError, SeveralDigitsError
from app.picture import SIDE

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
MAX_BYTES = 50_000_000
MAX_PIXELS = 50_000_000
WORK = 640  # longer side on which ink is told from paper

_KINDS = "Use a PNG, JPEG, GIF, BMP or WebP picture of one digit."


def read_digit(path: str | os.PathLike[str]) -> Gray:
    """The 28x28 uint8 picture (0 = paper, 255 = ink) of the digit in an image file.

    Raises BlankError where nothing is drawn, SeveralDigitsError where more than one digit is, ImageError
    where the file cannot be read as a picture.
    """
    return read_digit_bytes(_bytes_of(Path(path)), os.fspath(path))


def read_digit_bytes(data: bytes, name: str) -> Gray:
    """As `read_digit`, for the bytes of a file; `name` is what messages call it."""
    if not data:
        raise ImageError(f"{name} is empty.", why="It holds no bytes at all.", hint=_KINDS)
    if len(data) > MAX_BYTES:
        raise _too_large(name, f"It has more than {MAX_BYTES // 1_000_000} million bytes.")
    image = _decode(data, name)
    ready = _already_mnist(image)
    if ready is not None:
        return ready
    try:
        return one_digit(_ink(image))
    except BlankError as blank:
        why = blank.why or "No mark stands out from the background."
        hint = "Use a picture of one digit, from 0 to 9, large and clear."
        raise BlankError(f"No digit is drawn in {name}.", why=why, hint=hint) from None
    except SeveralDigitsError as several:
        what = several.what.replace("There seem", f"In {name} there seem")
        raise SeveralDigitsError(what, why=several.why, hint="Cut the picture so that one is left.") from None


def _bytes_of(path: Path) -> bytes:
    try:
        # A pipe or a device could keep a reader waiting for ever.
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


def _decode(data: bytes, name: str) -> Image.Image:
    """The first frame, upright, decoded."""
    try:
        with warnings.catch_warnings():
            # Pillow's own warning about large pictures: the limit below is lower, and an error.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _too_large(
                    name, f"It is {width} x {height} pixels; at most {MAX_PIXELS // 1_000_000} million fit."
                )
            image.load()
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise _too_large(
            name, f"It claims to be larger than {MAX_PIXELS // 1_000_000} million pixels."
        ) from None
    except UnidentifiedImageError:
        raise ImageError(
            f"{name} is not a picture.", why="Its bytes are of no known kind.", hint=_KINDS
        ) from None
    except Exception as error:
        # Decoders fed with damage raise whatever they stumble over, so every kind is caught here and only
        # here.
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        why = f"It is cut short or damaged ({said})."
        raise ImageError(
            f"{name} cannot be read to its end.", why=why, hint="Export or download it again."
        ) from error
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF is as good as none: the pixels are sound
        return image


def _too_large(name: str, why: str) -> ImageError:
    return ImageError(f"{name} is too large.", why=why, hint="Crop or scale it down first.")


def _already_mnist(image: Image.Image) -> Gray | None:
    """The picture itself if it was made as MNIST's were (or is the exact negative of one), else None.

    All 70,000 MNIST pictures meet these bounds, and what `to_mnist` makes does.
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
    longer = max(np.ptp(rows), np.ptp(columns)) + 1
    weights = picture[rows, columns].astype(float)
    centre = np.array([np.average(rows, weights=weights), np.average(columns, weights=weights)]) + 0.5
    # Ours has faint rims: edges that fall between pixels. MNIST's mass is centred to the nearest pixel.
    return bool(BOX - 1 <= longer <= BOX + 3 and np.abs(centre - CENTRE).max() < 0.6)


# --- ink from colours ---


def _ink(image: Image.Image) -> Gray:
    """(H, W) uint8 ink, 0 = paper and 255 = ink, longer side at most WORK."""
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        image = _shallow(image)
    if image.has_transparency_data:
        colours = _colours(image.convert("RGBA"))
        return ink_on_nothing(colours) if colours[..., 3].min() < 250 else ink_on_paper(colours[..., :3])
    return ink_on_paper(_colours(image.convert("L" if image.mode in ("1", "L") else "RGB")))


def _shallow(image: Image.Image) -> Image.Image:
    """16- and 32-bit gray stretched over 0..255: its full range is unknown, and contrast is enough."""
    deep = np.nan_to_num(np.asarray(image, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(deep.min()), float(deep.max())
    deep -= low
    deep *= 255 / max(high - low, 255.0)
    return Image.fromarray(deep.astype(np.uint8))


def _colours(image: Image.Image) -> npt.NDArray[np.float32]:
    """(H, W, channels) 0..255, averaged over squares of pixels until the longer side is at most WORK."""
    factor = -(-max(image.size) // WORK)
    colours = np.asarray(image.reduce(factor) if factor > 1 else image, dtype=np.float32)
    return colours[..., None] if colours.ndim == 2 else colours
