from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.drawing.mnist import BOX, CENTRE, THICKEST, THINNEST, stroke_width, to_mnist
from app.drawing.strokes import Stroke, rasterise
from app.errors import BlankError
from tests.sizes import examples

SEVEN = ((0.30, 0.28), (0.62, 0.27), (0.72, 0.30), (0.52, 0.60), (0.45, 0.82))
BAR = ((0.44, 0.55), (0.66, 0.53))


def seven(width: float = 0.045, bar: bool = False) -> list[Stroke]:
    return [Stroke(SEVEN, width), *([Stroke(BAR, width)] if bar else [])]


def distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(int) - other.astype(int))


@pytest.mark.parametrize("width", [0.008, 0.012, 0.03, 0.06, 0.09])
def test_the_picture_is_mnists_own_layout_whatever_the_pen(width):
    picture = to_mnist(rasterise(seven(width), 560))
    assert picture.shape == (28, 28) and picture.dtype == np.uint8
    rows, columns = np.nonzero(picture >= 64)
    longer = max(np.ptp(rows), np.ptp(columns)) + 1
    assert BOX - 1 <= longer <= BOX + 1
    weights = picture.astype(float)
    y = np.average(np.arange(28) + 0.5, weights=weights.sum(axis=1))
    x = np.average(np.arange(28) + 0.5, weights=weights.sum(axis=0))
    assert (x, y) == pytest.approx((CENTRE, CENTRE), abs=0.1)
    assert picture.max() > 200
    width_drawn = stroke_width(picture.astype(np.float32) / 255)
    assert THINNEST - 0.4 < width_drawn < THICKEST + 0.4


def test_thin_and_fat_pens_give_nearly_the_same_picture():
    thin, fat = (to_mnist(rasterise(seven(width), 560)) for width in (0.015, 0.08))
    assert distance(thin, fat).mean() < 14


@pytest.mark.parametrize("width", [0.012, 0.045, 0.09])
def test_the_size_of_the_canvas_does_not_matter(width):
    """Measured at 280, 560 and 1120 pixels: mean at most 1.5 of 255, largest at most 31."""
    sizes = [to_mnist(rasterise(seven(width, bar=True), size)) for size in (280, 560, 1120)]
    for one in sizes[1:]:
        assert distance(sizes[0], one).mean() < 2
        assert distance(sizes[0], one).max() < 40


@examples(20)
@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.15), st.floats(0.35, 1.1))
def test_neither_place_nor_size_of_the_drawing_matters(right, down, scale):
    def moved(path):
        return tuple((0.5 + (x - 0.5) * scale + right, 0.5 + (y - 0.5) * scale + down) for x, y in path)

    here = to_mnist(rasterise(seven(), 560))
    there = to_mnist(rasterise([Stroke(moved(SEVEN), 0.045 * scale)], 560))
    assert distance(here, there).mean() < 2.5


@pytest.mark.parametrize("corner", [(0.05, 0.06), (0.93, 0.92), (0.2, 0.7)])
def test_stray_marks_do_not_shift_the_digit(corner):
    clean = to_mnist(rasterise(seven(), 560))
    dot = Stroke((corner,), 0.012)
    assert distance(clean, to_mnist(rasterise([*seven(), dot], 560))).mean() < 1.5


def test_a_stray_mark_right_beside_a_long_thin_stroke_is_no_part_of_it():
    clean = to_mnist(rasterise([Stroke(((0.5, 0.1), (0.5, 0.9)), 0.03)], 560))
    crumb = Stroke(((0.8, 0.5),), 0.02)
    assert (
        distance(clean, to_mnist(rasterise([Stroke(((0.5, 0.1), (0.5, 0.9)), 0.03), crumb], 560))).mean()
        < 1.5
    )


def test_a_separate_bar_is_kept():
    five = [
        Stroke(((0.35, 0.3), (0.34, 0.5), (0.5, 0.48), (0.62, 0.6), (0.55, 0.75), (0.33, 0.77)), 0.03),
        Stroke(((0.44, 0.24), (0.62, 0.22)), 0.03),
    ]
    with_bar, without = to_mnist(rasterise(five, 560)), to_mnist(rasterise(five[:1], 560))
    assert distance(with_bar, without).mean() > 8


def test_a_thin_stroke_beside_a_fat_one_survives():
    fat = Stroke(((0.3, 0.2), (0.3, 0.8)), 0.14)
    thin = Stroke(((0.3, 0.5), (0.85, 0.5)), 0.02)
    picture = to_mnist(rasterise([fat, thin], 560))
    columns = np.nonzero(picture >= 64)[1]
    assert np.ptp(columns) >= 14, "the thin arm still reaches out"


@pytest.mark.parametrize(
    "ink",
    [
        np.zeros((280, 280), np.uint8),
        np.zeros((0, 7), np.uint8),
        np.full((50, 50), 20, np.uint8),
        rasterise([Stroke(((0.5, 0.5),), 0.02)], 560),
        rasterise([Stroke(((0.5, 0.5),), 0.1)], 560),
        rasterise([Stroke(((0.5, 0.5), (0.51, 0.5)), 0.01)], 560),
    ],
    ids=["zeros", "no pixels", "faint", "tap", "fat tap", "scratch"],
)
def test_next_to_nothing_is_not_a_digit(ink):
    with pytest.raises(BlankError) as caught:
        to_mnist(ink)
    assert caught.value.hint


@pytest.mark.parametrize("path", [((0.5, 0.2), (0.5, 0.8)), ((0.2, 0.2), (0.8, 0.2), (0.4, 0.8))])
@pytest.mark.parametrize("width", [0.05, 0.1, 0.25])
@pytest.mark.parametrize("eraser", [1.0, 0.999])
def test_what_an_eraser_leaves_of_a_stroke_is_not_a_digit(path, width, eraser):
    remains = rasterise([Stroke(path, width), Stroke(path, width * eraser, True)], 560)
    assert remains.max() > 100, "pale ink stays where two smooth edges meet"
    with pytest.raises(BlankError, match="Nothing is drawn"):
        to_mnist(remains)


def test_a_line_too_pale_and_thin_to_show_is_not_a_digit():
    ink = np.zeros((10_000, 3), np.uint8)
    ink[:, 1] = 32
    with pytest.raises(BlankError, match="Nothing is drawn"):
        to_mnist(ink)


def test_ink_of_another_kind_is_a_mistake_of_the_caller():
    with pytest.raises(TypeError, match="uint8"):
        to_mnist(np.zeros((5, 5)))


@examples(100)
@given(
    st.tuples(*[st.sampled_from([1, 3, 7, 29, 60, 81, 300])] * 2),
    st.integers(0, 2**32 - 1),
    st.one_of(st.sampled_from([0.002, 0.01, 0.05, 1.0]), st.floats(0, 1)),
    st.sampled_from([40, 130, 256]),
)
def test_any_ink_gives_a_picture_or_says_it_is_blank(shape, seed, density, below):
    random = np.random.default_rng(seed)
    ink = (random.random(shape) < density) * random.integers(0, below, shape)
    try:
        picture = to_mnist(ink.astype(np.uint8))
    except BlankError:
        return
    assert picture.shape == (28, 28) and picture.any()


def test_a_picture_that_was_mnist_already_comes_back_nearly_as_it_was(mnist_digits):
    """Enlarged and put anywhere; measured: 8 of 255 on average, mostly the shift by part of a pixel."""
    random = np.random.default_rng(3)
    distances = []
    for digit in mnist_digits[:200]:
        side = int(random.integers(84, 500))
        top, left = random.integers(0, 560 - side + 1, 2)
        ink = np.zeros((560, 560), np.uint8)
        large = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
        ink[top : top + side, left : left + side] = np.asarray(large)
        distances.append(distance(to_mnist(ink), digit).mean())
    assert np.mean(distances) < 9
    assert np.max(distances) < 35
