from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.drawing.strokes import Canvas, Stroke, rasterise, strokes_from_json, strokes_to_json, union
from app.errors import DataError
from tests.sizes import examples

coordinate = st.floats(-0.2, 1.2)
points = st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=6).map(tuple)
stroke = st.builds(Stroke, points, st.floats(0.002, 0.12), st.booleans())
drawing = st.lists(stroke, max_size=4)


@examples(30)
@given(drawing, st.integers(1, 150))
def test_a_stroke_drawn_point_by_point_leaves_the_pixels_of_the_whole_stroke(strokes, size):
    canvas = Canvas(size)
    for one in strokes:
        canvas.add_segment(one.points[0], one.points[0], one.width, one.erase)
        for start, end in zip(one.points, one.points[1:], strict=False):
            canvas.add_segment(start, end, one.width, one.erase)
    assert np.array_equal(canvas.pixels, rasterise(strokes, size))


@examples(30)
@given(drawing, stroke)
def test_a_segment_changes_nothing_outside_the_rectangle_it_returns(strokes, last):
    canvas = Canvas(90)
    for one in strokes:
        canvas.add_stroke(one)
    before = canvas.pixels.copy()
    left, top, width, height = canvas.add_stroke(last)
    changed = before != canvas.pixels
    changed[top : top + height, left : left + width] = False
    assert not changed.any()


@examples(20)
@given(st.tuples(coordinate, coordinate), st.tuples(coordinate, coordinate), st.floats(1 / 40, 0.1))
def test_ink_is_the_coverage_of_a_capsule(start, end, width):
    """From a pixel's width on: a dot below that covers less than the distance to its middle says."""
    size, fine = 40, 5
    samples = (np.arange(size * fine) + 0.5) / (size * fine)
    x, y = np.meshgrid(samples, samples)
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = max(dx * dx + dy * dy, 1e-12)
    along = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / length, 0, 1)
    inside = np.hypot(x - start[0] - along * dx, y - start[1] - along * dy) <= width / 2
    exact = inside.reshape(size, fine, size, fine).mean(axis=(1, 3))
    ink = rasterise([Stroke((start, end), width)], size) / 255
    assert np.abs(ink - exact).max() < 0.36, "a corner of a pixel is the worst a distance can miss"
    assert np.abs(ink - exact).mean() < 0.01


def test_there_are_no_gaps_however_far_apart_the_points_are():
    ink = rasterise([Stroke(((0.02, 0.1), (0.98, 0.83)), 0.01)], 1000)
    columns = ink[:, 30:970]
    assert (columns.max(axis=0) == 255).all()


def test_erasing_takes_ink_away_and_only_under_the_eraser():
    line = Stroke(((0.1, 0.5), (0.9, 0.5)), 0.1)
    ink = rasterise([line, Stroke(((0.5, 0.2), (0.5, 0.8)), 0.1, erase=True)], 200)
    assert ink[100, 100] == 0
    assert ink[100, 40] == ink[100, 160] == 255


def test_one_point_makes_a_round_dot():
    ink = rasterise([Stroke(((0.5, 0.5),), 0.5)], 100).astype(float) / 255
    assert ink.sum() == pytest.approx(np.pi * 25**2, rel=0.01)
    assert np.array_equal(ink, ink.T)


def test_clearing_leaves_blank_paper():
    canvas = Canvas(20)
    canvas.add_segment((0.2, 0.2), (0.8, 0.8), 0.1)
    canvas.clear()
    assert not canvas.pixels.any()


def test_an_empty_rectangle_adds_nothing_to_a_union():
    assert union((0, 0, 0, 0), (3, 4, 5, 6)) == union((3, 4, 5, 6), (0, 0, 0, 0)) == (3, 4, 5, 6)
    assert union((3, 4, 5, 6), (1, 6, 2, 9)) == (1, 4, 7, 11)


@given(drawing)
def test_a_drawing_comes_back_from_json_exactly(strokes):
    assert strokes_from_json(strokes_to_json(strokes)) == tuple(strokes)
    assert strokes_from_json(strokes_to_json(strokes).encode()) == tuple(strokes)


GOOD = {"points": [[0.1, 0.2], [0.3, 0.4]], "width": 0.05}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "nonsense",
        b"\xff\xfe\x00",
        "[" * 100_000,
        '{"strokes": 3}',
        '{"strokes": [3]}',
        '{"strokes": [{"points": [[0.1, 0.2]]}]}',
        '{"strokes": [{"points": [[NaN, 0.2]], "width": 0.1}]}',
        '{"strokes": [{"points": [[1e999, 0.2]], "width": 0.1}]}',
        '{"strokes": [{"points": [[0.1, 0.2]], "width": Infinity}]}',
        json.dumps({"strokes": [GOOD | {"points": []}]}),
        json.dumps({"strokes": [GOOD | {"points": [[0.1]]}]}),
        json.dumps({"strokes": [GOOD | {"points": [[0.1, 0.2, 0.3]]}]}),
        json.dumps({"strokes": [GOOD | {"points": [["0.1", 0.2]]}]}),
        json.dumps({"strokes": [GOOD | {"points": [[True, 0.2]]}]}),
        json.dumps({"strokes": [GOOD | {"points": [[10**400, 0.2]]}]}),
        json.dumps({"strokes": [GOOD | {"points": [[99, 0.2]]}]}),
        json.dumps({"strokes": [GOOD | {"width": 0}]}),
        json.dumps({"strokes": [GOOD | {"width": 5}]}),
        json.dumps({"strokes": [GOOD | {"erase": 1}]}),
        json.dumps({"strokes": [GOOD] * 2_001}),
        json.dumps({"strokes": [{"points": [[0, 0]] * 20_001, "width": 0.1}]}),
        json.dumps({"strokes": [{"points": [[0, 0]] * 15_000, "width": 0.1}] * 2}),
        " " * 4_000_001,
    ],
    ids=range(26),
)
def test_anything_else_is_refused_in_words(text):
    with pytest.raises(DataError) as caught:
        strokes_from_json(text)
    assert caught.value.why and caught.value.hint


@examples(100)
@given(st.binary(max_size=200))
def test_no_bytes_whatever_raise_anything_but_a_data_error(data):
    with pytest.raises(DataError):
        strokes_from_json(data)


@pytest.mark.parametrize("size", [0, -3, 100_000])
def test_a_canvas_of_no_sensible_size_is_refused(size):
    with pytest.raises(ValueError, match="canvas"):
        Canvas(size)
