"""The icon is the one that its script draws."""

import numpy as np
import pytest
from PIL import Image

from app import paths
from tools.icon import ICO_SIZES, PNG_SIZES, draw

FOLDER = paths.assets() / "icon"


@pytest.mark.parametrize("size", [size for size in PNG_SIZES if size <= 256])
def test_a_committed_picture_is_what_the_script_draws(size):
    with Image.open(FOLDER / f"icon-{size}.png") as committed:
        assert committed.size == (size, size)
        # Another Pillow may round the rim of a disc differently, but not draw another picture.
        difference = np.abs(np.asarray(committed, int) - np.asarray(draw(size), int))
        assert difference.mean() < 1


@pytest.mark.parametrize("size", PNG_SIZES)
def test_every_size_is_there(size):
    with Image.open(FOLDER / f"icon-{size}.png") as picture:
        assert (picture.mode, picture.size) == ("RGBA", (size, size))


def test_windows_finds_every_size_it_asks_for():
    with Image.open(FOLDER / "icon.ico") as icon:
        assert icon.info["sizes"] == {(size, size) for size in ICO_SIZES}


def test_at_16_pixels_ink_paper_and_seal_can_be_told_apart():
    pixels = np.asarray(draw(16), int)[:, :, :3]
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    ink, paper, seal = (
        (pixels < 80).all(axis=2),
        (pixels > 220).all(axis=2),
        (green > red + 60) & (blue > red + 60),
    )
    for part, least in ((ink, 20), (paper, 60), (seal, 20)):
        assert part.sum() >= least
