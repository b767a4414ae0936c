from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.drawing.files import MAX_FRAMES, MAX_PIXELS, frames_of
from app.drawing.reader import read_digit, read_digit_bytes
from app.errors import ImageError
from tests.drawing.test_reader import BLACK_ON_WHITE, DATA, assert_close, encoded


def test_what_phones_save_is_read():
    apart = np.abs(read_digit(DATA / "seven.heic").astype(int) - read_digit(DATA / "seven.png"))
    assert apart.mean() < 4


def test_a_heic_cut_short_is_said_to_be_damaged():
    whole = (DATA / "seven.heic").read_bytes()
    with pytest.raises(ImageError, match=r"cannot be read to its end|not a picture"):
        read_digit_bytes(whole[: len(whole) // 2], "half")


@pytest.mark.parametrize("lost", [2, 40, 400])
def test_a_jpeg_that_lacks_its_last_bytes_is_read(lost):
    textured = np.random.default_rng(1).normal(0, 5, (300, 300, 3)) + np.asarray(BLACK_ON_WHITE) * 0.9
    whole = encoded(Image.fromarray(np.clip(textured, 0, 255).astype(np.uint8)), "JPEG", quality=90)
    assert_close(read_digit_bytes(whole[:-lost], "cut"), mean=8)


def test_missing_rows_are_no_part_of_the_picture():
    gray = Image.fromarray(np.random.default_rng(1).integers(180, 255, (320, 320, 3)).astype(np.uint8))
    whole = encoded(gray, "JPEG", quality=90)
    (frame,) = frames_of(whole[: int(0.9 * len(whole))], "cut")
    assert 0.85 * 320 < frame.height < 0.95 * 320
    assert np.asarray(frame).min(axis=(1, 2)).max() > 128


@pytest.mark.parametrize(
    ("data", "says", "todo"),
    [
        (b"", "is empty", "Use a PNG"),
        (b"hello, this is text", "is not a picture", "Use a PNG"),
        (b"%PDF-1.4 nothing", "is a PDF document", "screenshot"),
        (b"%!PS-Adobe-3.0", "is a PostScript document", "screenshot"),
        (b"\xef\xbb\xbf\n<svg xmlns='http://www.w3.org/2000/svg'></svg>", "is an SVG drawing", "Export"),
        (b"<?xml version='1.0'?>\n<!-- a --><svg></svg>", "is an SVG drawing", "Export"),
        (b"<?xml version='1.0'?><feed></feed>", "is not a picture", "Use a PNG"),
        (b"<!DOCTYPE html><html></html>", "is a web page", "Save the picture"),
        (b"PK\x03\x04....", "is a ZIP archive", "Take the picture out"),
        (b"8BPS\0\1", "is a Photoshop file", "Export"),
        (b"gimp xcf v011", "is a GIMP file", "Export"),
        (b"\xff\x0a\xfa", "is a JPEG XL picture", "Save it as"),
        (encoded(BLACK_ON_WHITE, "JPEG2000"), "is a JPEG 2000 picture", "Save it as"),
        (encoded(BLACK_ON_WHITE, "PPM"), "is not a picture", "Use a PNG"),
    ],
)
def test_what_is_not_read_is_named_for_what_it_is(data, says, todo):
    with pytest.raises(ImageError, match=says) as caught:
        read_digit_bytes(data, "file")
    assert caught.value.why and todo in caught.value.hint and "\n" not in str(caught.value)


def test_only_so_many_frames_are_decoded():
    frame = Image.new("L", (8, 8), 255)
    assert (
        sum(1 for _ in frames_of(encoded(frame, "TIFF", save_all=True, append_images=[frame] * 80), "f"))
        == MAX_FRAMES
    )
    side = int((MAX_PIXELS / 4) ** 0.5)
    large = Image.new("1", (side, side), 1)
    data = encoded(large, "TIFF", save_all=True, append_images=[large] * 9, compression="group4")
    assert sum(1 for _ in frames_of(data, "f")) == 4


def test_damage_behind_the_first_frame_does_no_harm():
    file = io.BytesIO()
    frames = [Image.new("L", (60, 60), level) for level in (255, 0, 90)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    data = file.getvalue()
    assert len(list(frames_of(data[:-20], "f"))) >= 1


def test_an_icon_gives_its_largest_picture(tmp_path: Path):
    data = encoded(BLACK_ON_WHITE.resize((128, 128)), "ICO", sizes=[(16, 16), (128, 128)])
    (frame,) = frames_of(data, "icon")
    assert frame.size == (128, 128)
