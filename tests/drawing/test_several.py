from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.drawing import count_digits, load_drawings, one_digit, rasterise, read_digit_bytes, to_mnist
from app.drawing.strokes import Stroke
from app.errors import BlankError, SeveralDigitsError
from tests.drawing.several import GAPS, pair_ink
from tests.drawing.test_reader import encoded
from tests.sizes import sized

DRAWINGS = load_drawings(Path(__file__).parents[1] / "data" / "drawn.json")
DIGITS = [[np.array(stroke.points) for stroke in drawing.strokes] for drawing in DRAWINGS]


def ink(*paths, width=0.03):
    return rasterise([Stroke(tuple(path), width) for path in paths], 280)


def arc(left: bool, x: float) -> list[tuple[float, float]]:
    """Half a ring around (x, 0.5), open to the other side."""
    angles = np.linspace(-1.2, 1.2, 15)
    side = -1 if left else 1
    return [(x + side * 0.2 * float(np.cos(a)), 0.5 + 0.3 * float(np.sin(a))) for a in angles]


ONE = {
    "a five with its bar apart": ink(
        [(0.35, 0.30), (0.34, 0.5), (0.5, 0.48), (0.62, 0.6), (0.55, 0.75), (0.33, 0.77)],
        [(0.47, 0.26), (0.66, 0.22)],
    ),
    "a four whose bar does not touch": ink(
        [(0.35, 0.2), (0.3, 0.55), (0.52, 0.57)], [(0.58, 0.3), (0.56, 0.8)]
    ),
    "a zero open at top and bottom": ink(arc(True, 0.48), arc(False, 0.54)),
    "a zero in four arcs": ink(
        *(
            [
                (0.5 + 0.2 * float(np.cos(a)), 0.5 + 0.3 * float(np.sin(a)))
                for a in np.linspace(s, s + 1.35, 9)
            ]
            for s in np.arange(4) * np.pi / 2
        )
    ),
    "a crossed seven with the hook apart": ink(
        [(0.3, 0.25), (0.3, 0.36)], [(0.34, 0.25), (0.66, 0.25), (0.45, 0.8)], [(0.4, 0.52), (0.62, 0.5)]
    ),
    "a one with flag and foot apart": ink(
        [(0.5, 0.2), (0.5, 0.78)], [(0.4, 0.32), (0.46, 0.22)], [(0.38, 0.82), (0.62, 0.82)]
    ),
    "a slashed zero": ink(
        [*arc(True, 0.5), *arc(False, 0.5)[::-1], arc(True, 0.5)[0]], [(0.62, 0.15), (0.38, 0.85)]
    ),
    "a dotted zero": ink([*arc(True, 0.5), *arc(False, 0.5)[::-1], arc(True, 0.5)[0]], [(0.5, 0.5)]),
    "a lying line": ink([(0.1, 0.5), (0.9, 0.5)]),
}


@pytest.mark.parametrize("name", ONE)
def test_one_digit_in_pieces_is_one(name):
    assert count_digits(ONE[name]) == 1
    assert np.array_equal(one_digit(ONE[name]), to_mnist(ONE[name]))


@pytest.mark.slow
@sized("every", 4, 1)
def test_the_drawn_set_is_taken_for_single_digits(every):
    refused = [
        (drawing.digit, drawing.style)
        for drawing in DRAWINGS[::every]
        if count_digits(rasterise(drawing.strokes, 140)) > 1
    ]
    assert len(refused) <= 1, refused


@pytest.mark.slow
@sized("pairs", 40, 100)
@pytest.mark.parametrize(("gap", "share"), [(GAPS[3], 0.9), (GAPS[4], 0.95), (GAPS[5], 0.97)])
def test_two_digits_side_by_side_are_noticed(gap, share, pairs):
    random = np.random.default_rng(2)
    assert np.mean([count_digits(pair_ink(DIGITS, gap, random)) == 2 for _ in range(pairs)]) >= share


@sized("rows", 20, 50)
def test_a_row_of_digits_is_noticed_whether_they_touch_or_not(rows):
    random = np.random.default_rng(3)
    for gap in (-0.1, 0.2):
        assert np.mean([count_digits(pair_ink(DIGITS, gap, random, 4)) > 1 for _ in range(rows)]) >= 0.95


def test_a_crumb_beside_a_digit_does_not_count():
    assert count_digits(ink([(0.3, 0.2), (0.3, 0.8)], [(0.8, 0.5), (0.81, 0.5)])) == 1


def test_no_ink_is_no_digit():
    assert count_digits(np.zeros((50, 50), np.uint8)) == 0
    with pytest.raises(BlankError):
        one_digit(np.zeros((50, 50), np.uint8))


@pytest.mark.parametrize(("count", "says"), [(2, "two digits"), (5, "several digits")])
def test_several_are_refused_in_words(count, says):
    row = ink(*([(0.1 + 0.17 * i, 0.4), (0.1 + 0.17 * i, 0.6)] for i in range(count)))
    with pytest.raises(SeveralDigitsError, match=f"There seem to be {says}") as caught:
        one_digit(row)
    assert caught.value.why and "Draw one" in caught.value.hint
    with pytest.raises(SeveralDigitsError, match=f"In row there seem to be {says}"):
        read_digit_bytes(encoded(Image.fromarray(255 - row)), "row")
