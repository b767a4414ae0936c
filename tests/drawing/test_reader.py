from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.drawing.files import MAX_BYTES
from app.drawing.mnist import to_mnist
from app.drawing.reader import read_digit, read_digit_bytes, read_picture
from app.drawing.strokes import Stroke, rasterise
from app.errors import BlankError, ImageError
from tests.sizes import examples

DATA = Path(__file__).parents[1] / "data"
INK = rasterise(
    [
        Stroke(((0.32, 0.30), (0.60, 0.29), (0.68, 0.31), (0.53, 0.58), (0.46, 0.80)), 0.05),
        Stroke(((0.44, 0.55), (0.63, 0.53)), 0.05),
    ],
    300,
)
EXPECTED = to_mnist(INK)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def read(image: Image.Image, kind: str = "PNG", **options) -> np.ndarray:
    return read_digit_bytes(encoded(image, kind, **options), "drawing")


def blend(paper, pen) -> Image.Image:
    """The drawing in two colours, as RGB."""
    share = INK[..., None] / 255
    return Image.fromarray(np.rint(np.array(paper) * (1 - share) + np.array(pen) * share).astype(np.uint8))


def assert_close(picture: np.ndarray, mean: float = 2.0) -> None:
    assert picture.shape == (28, 28) and picture.dtype == np.uint8
    assert np.abs(picture.astype(int) - EXPECTED).mean() < mean


BLACK_ON_WHITE = blend((255, 255, 255), (0, 0, 0))
WHITE_ON_BLACK = blend((0, 0, 0), (255, 255, 255))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "ICO", "AVIF"])
@pytest.mark.parametrize("image", [BLACK_ON_WHITE, WHITE_ON_BLACK], ids=["dark on light", "light on dark"])
def test_each_format_is_read_whichever_way_round(kind, image):
    assert_close(read(image, kind))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_each_mode_of_a_png_is_read(mode):
    gray = BLACK_ON_WHITE.convert("L")
    image = Image.fromarray(np.asarray(gray, dtype=np.uint16) * 257) if mode == "I;16" else gray.convert(mode)
    assert_close(read(image), mean=4 if mode == "1" else 2)


def test_cmyk_and_gray_jpegs_are_read():
    assert_close(read(BLACK_ON_WHITE.convert("CMYK"), "JPEG"))
    assert_close(read(BLACK_ON_WHITE.convert("L"), "JPEG"))


@pytest.mark.parametrize(
    ("paper", "pen"),
    [
        ((255, 255, 255), (200, 30, 30)),
        ((250, 245, 220), (20, 30, 120)),
        ((20, 70, 50), (235, 235, 220)),
        ((255, 255, 0), (0, 0, 255)),
        ((120, 120, 120), (70, 70, 70)),
        ((40, 160, 40), (200, 40, 40)),
    ],
)
def test_any_two_colours_will_do(paper, pen):
    assert_close(read(blend(paper, pen)))


@pytest.mark.parametrize("pen", [0, 255, 128])
def test_ink_on_a_transparent_background_is_read_whatever_its_colour(pen):
    rgba = np.full((300, 300, 4), pen, dtype=np.uint8)
    rgba[..., 3] = INK
    assert_close(read(Image.fromarray(rgba)))
    assert_close(read(Image.fromarray(rgba), "WEBP", lossless=True))


def test_transparent_palette_entries_are_no_ink():
    image = Image.fromarray(np.where(INK > 127, 1, 0).astype(np.uint8), mode="P")
    image.putpalette([0, 0, 0, 0, 0, 0])
    assert_close(read(image, "GIF", transparency=0), mean=5)
    assert_close(read(image, "PNG", transparency=0), mean=5)


def test_paper_with_holes_in_it_is_still_paper():
    rgba = np.asarray(BLACK_ON_WHITE.convert("RGBA")).copy()
    rgba[:30, :30, 3] = rgba[-30:, -30:, 3] = 0
    rgba[:30, :30, :3] = 0
    assert_close(read(Image.fromarray(rgba)))


def test_an_opaque_alpha_channel_changes_nothing():
    assert np.array_equal(read(BLACK_ON_WHITE.convert("RGBA")), read(BLACK_ON_WHITE))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_a_camera_noted_is_honoured(orientation):
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = BLACK_ON_WHITE.transpose(turn[orientation]) if orientation in turn else BLACK_ON_WHITE
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_close(read(stored, "JPEG", exif=exif, quality=95))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_that_is_not_blank_is_read_and_named(kind, tmp_path):
    blank = Image.new("RGB", (300, 300), "white")
    path = tmp_path / "frames"
    for before in (0, 2):
        frames = [*[blank] * before, BLACK_ON_WHITE, WHITE_ON_BLACK.rotate(90)]
        path.write_bytes(encoded(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True))
        found = read_picture(path)
        assert_close(found.pixels)
        # A GIF or a WebP joins equal frames that follow each other.
        assert found.frame == 1 + (min(before, 1) if kind in ("GIF", "WEBP") else before)
        assert (f"Frame {found.frame} was read" in found.note) is (before > 0)


def test_an_animation_of_blank_frames_is_blank():
    blank = Image.new("RGB", (60, 60), "white")
    with pytest.raises(BlankError, match="No digit is drawn"):
        read(blank, "TIFF", save_all=True, append_images=[blank] * 200)


@pytest.mark.slow
@examples(10)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.floats(0, 7), st.floats(0, 0.5))
def test_a_photograph_with_uneven_light_and_noise_is_read(seed, dark, noise, fall):
    random = np.random.default_rng(seed)
    paper, pen = ((235, 230, 220), (45, 45, 80)) if dark else ((40, 60, 50), (230, 230, 225))
    y, x = np.mgrid[:300, :300] / 300
    angle = random.uniform(0, 2 * np.pi)
    light = 1 - fall * (0.5 + 0.5 * (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)) / 0.71)
    photo = np.asarray(blend(paper, pen)) * light[..., None] + random.normal(0, noise, (300, 300, 3))
    assert_close(read(Image.fromarray(np.clip(photo, 0, 255).astype(np.uint8)), "JPEG", quality=80), mean=8)


@pytest.mark.parametrize("size", [(40, 40), (90, 60), (1500, 1500), (3000, 900)])
def test_any_size_is_read(size):
    wide = Image.new("L", (size[0], size[1]), 255)
    side = min(size)
    drawn = BLACK_ON_WHITE.convert("L").resize(
        (side, side), Image.Resampling.BOX if side < 300 else Image.Resampling.BICUBIC
    )
    wide.paste(drawn, ((size[0] - side) // 2, 0))
    assert_close(read(wide), mean=10 if side < 100 else 5)


def test_a_picture_made_as_mnist_is_taken_as_it_is():
    assert np.array_equal(read(Image.fromarray(EXPECTED)), EXPECTED)
    for mode in ("RGB", "RGBA", "P"):
        assert np.array_equal(read(Image.fromarray(EXPECTED).convert(mode)), EXPECTED)
    assert np.array_equal(read(Image.fromarray(255 - EXPECTED)), EXPECTED), "its negative is the same digit"


def test_mnists_own_pictures_are_taken_as_they_are(mnist_digits):
    for digit in mnist_digits:
        assert np.array_equal(read(Image.fromarray(digit)), digit)


def test_a_28x28_picture_that_is_off_centre_is_centred():
    shifted = np.roll(EXPECTED, 4, axis=1)
    assert not np.array_equal(read(Image.fromarray(shifted)), shifted)


def test_the_sample_picture_is_a_seven_and_not_in_the_middle():
    with Image.open(DATA / "seven.png") as image:
        assert image.size == (300, 300)
        ink = 255 - np.asarray(image.convert("L"))
    rows, columns = np.nonzero(ink)
    assert abs(columns.mean() - 150) > 5 or abs(rows.mean() - 150) > 5
    assert np.abs(read_digit(DATA / "seven.png").astype(int) - to_mnist(ink)).mean() < 1


def test_the_foot_of_a_one_is_part_of_it():
    stem = Stroke(((0.4, 0.32), (0.5, 0.2), (0.5, 0.78)), 0.04)
    foot = Stroke(((0.35, 0.835), (0.65, 0.835)), 0.04)
    ink = rasterise([stem, foot], 300)
    assert np.abs(read(Image.fromarray(255 - ink)).astype(int) - to_mnist(ink)).mean() < 3


# --- what is not a digit ---


@pytest.mark.parametrize(
    "image",
    [
        Image.new("L", (200, 200), 255),
        Image.new("L", (28, 28), 0),
        Image.new("RGB", (200, 100), (90, 20, 70)),
        Image.new("RGBA", (200, 200), (0, 0, 0, 0)),
        Image.new("L", (1, 1), 7),
        Image.fromarray(np.linspace(60, 220, 200 * 200).reshape(200, 200).astype(np.uint8)),
        Image.fromarray(np.random.default_rng(0).normal(200, 6, (200, 200)).astype(np.uint8)),
        Image.fromarray(255 - rasterise([Stroke(((0.4, 0.6),), 0.02)], 300)),
    ],
    ids=["white", "black", "coloured", "transparent", "one pixel", "gradient", "noise", "dot"],
)
def test_a_blank_picture_is_said_to_be_blank(image):
    with pytest.raises(BlankError) as caught:
        read(image)
    assert caught.value.what == "No digit is drawn in drawing."
    assert caught.value.why and caught.value.hint


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims any size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8_000, 12_000, 30_000, 2_000_000_000])
def test_an_enormous_picture_is_refused_before_it_is_decoded(side):
    with pytest.raises(ImageError, match="too large"):
        read_digit_bytes(png_claiming(side, side), "bomb.png")


def test_an_enormous_file_is_refused(tmp_path):
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ImageError, match="too large"):
        read_digit(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "AVIF"])
def test_a_picture_cut_short_is_said_to_be_damaged(kind):
    whole = encoded(BLACK_ON_WHITE, kind)
    with pytest.raises(ImageError) as caught:
        read_digit_bytes(whole[: len(whole) // 2], "half")
    assert caught.value.why and caught.value.hint and "\n" not in str(caught.value)


def test_paths_that_hold_no_picture_are_refused_in_words(tmp_path):
    (tmp_path / "closed.png").write_bytes(encoded(BLACK_ON_WHITE))
    cases = {tmp_path: "is a folder", tmp_path / "none.png": "is not there", Path("a\0b"): "cannot be opened"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        cases[tmp_path / "pipe"] = "is not a file"
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        (tmp_path / "closed.png").chmod(0)
        cases[tmp_path / "closed.png"] = "cannot be opened"
    for path, says in cases.items():
        with pytest.raises(ImageError, match=says) as caught:
            read_digit(path)
        assert caught.value.why and caught.value.hint


@examples(60)
@given(st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "ICO", "AVIF", "HEIF"]), st.data())
def test_damaged_bytes_end_in_a_picture_or_in_words(kind, data):
    if kind == "HEIF":
        whole = bytearray((DATA / "seven.heic").read_bytes())
    else:
        whole = bytearray(encoded(BLACK_ON_WHITE.resize((60, 60)), kind))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert read_digit_bytes(bytes(whole), "damaged").shape == (28, 28)
    except ImageError as error:
        assert "\n" not in str(error)
