from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from app import paths
from app.drawing.drawn import load_drawings
from app.drawing.mnist import to_mnist
from app.drawing.strokes import rasterise
from app.errors import DataError
from app.fixedpoint import load
from tests.data.glyphs import skeletons
from tests.data.make_drawn import drawings_to_json, make

SCALE = 10**8
DRAWN = Path(__file__).parents[1] / "data" / "drawn.json"


@pytest.fixture(scope="module")
def drawings():
    return load_drawings(DRAWN)


@pytest.fixture(
    scope="module",
    params=[pytest.param(10, id="tenth"), pytest.param(4, id="quarter", marks=pytest.mark.exhaustive)],
)
def at_sizes(request, drawings):
    """Pictures (n, 28, 28) of every tenth drawing, or of a quarter of them, by the canvas's pixels a side."""
    some = drawings[:: request.param]
    return {
        size: np.stack([to_mnist(rasterise(drawing.strokes, size)) for drawing in some])
        for size in (280, 560, 1120)
    }


def test_every_digit_is_drawn_at_least_forty_times_in_each_of_its_styles(drawings):
    assert min(Counter(drawing.digit for drawing in drawings).values()) >= 40
    styles = {digit: {d.style for d in drawings if d.digit == digit} for digit in range(10)}
    assert styles == {digit: set(skeletons(digit)) for digit in range(10)}
    assert {"open", "closed"} <= styles[4]
    assert {"plain", "barred"} <= styles[7]
    assert {"plain", "hooked", "serif"} <= styles[1]
    assert {"figure eight", "two circles", "square"} <= styles[8]


def test_the_set_varies_as_hands_and_pens_do(drawings):
    sizes = [np.ptp(np.vstack([s.points for s in d.strokes]), axis=0).max() for d in drawings]
    widths = [d.strokes[0].width for d in drawings]
    counts = [len(stroke.points) for d in drawings for stroke in d.strokes]
    assert min(sizes) < 0.3 and max(sizes) > 0.85
    assert min(widths) < 0.013 and max(widths) > 0.08
    assert min(counts) < 12 and max(counts) > 80


def test_the_generator_draws_the_set_that_is_kept(drawings):
    """To a pixel of the mouse: the last bit of a sine may differ from one machine to another."""
    made = make()
    assert [(d.digit, d.style) for d in made] == [(d.digit, d.style) for d in drawings]
    for new, kept in zip(made, drawings, strict=True):
        assert [s.width for s in new.strokes] == pytest.approx([s.width for s in kept.strokes], abs=2e-4)
        for one, other in zip(new.strokes, kept.strokes, strict=True):
            assert abs(len(one.points) - len(other.points)) <= 1
            assert one.points[-1] == pytest.approx(other.points[-1], abs=0.004)


@pytest.mark.slow
def test_the_size_of_the_canvas_hardly_changes_what_is_read(at_sizes):
    """Measured: mean 0.7 of 255, worst picture 2.4, pixel 76."""
    apart = np.abs(np.stack([at_sizes[280], at_sizes[1120]]).astype(int) - at_sizes[560])
    means = apart.mean(axis=(2, 3))
    assert means.mean() < 1
    assert means.max() < 3
    assert apart.max() < 80


def test_drawings_come_back_from_their_file(tmp_path, drawings):
    path = tmp_path / "some.json"
    path.write_text(drawings_to_json(drawings[::37]))
    assert load_drawings(path) == drawings[::37]


GOOD = {"digit": 3, "style": "round", "strokes": [{"width": 0.05, "points": [[0.1, 0.2], [0.3, 0.4]]}]}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "nonsense",
        b"\x00\xff",
        "[]",
        "{}",
        '{"drawings": []}',
        '{"drawings": 7}',
        '{"drawings": [7]}',
        json.dumps({"drawings": [GOOD | {"digit": 10}]}),
        json.dumps({"drawings": [GOOD | {"digit": -1}]}),
        json.dumps({"drawings": [GOOD | {"digit": True}]}),
        json.dumps({"drawings": [GOOD | {"digit": "3"}]}),
        json.dumps({"drawings": [GOOD | {"style": ""}]}),
        json.dumps({"drawings": [GOOD | {"style": "a\u001b[31m"}]}),
        json.dumps({"drawings": [GOOD | {"style": None}]}),
        json.dumps({"drawings": [GOOD | {"strokes": []}]}),
        json.dumps({"drawings": [GOOD | {"strokes": [{"width": 9, "points": [[0, 0]]}]}]}),
        json.dumps({"drawings": [GOOD | {"strokes": None}]}),
    ],
    ids=range(18),
)
def test_a_file_that_is_not_drawings_is_refused_in_words(tmp_path, content):
    path = tmp_path / "bad.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=r"bad\.json is not a file of drawings") as caught:
        load_drawings(path)
    assert caught.value.why and caught.value.hint


def test_a_file_that_cannot_be_opened_is_refused_in_words(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            load_drawings(path)


@pytest.fixture(scope="module")
def shipped():
    path = paths.model_folder() / "integers.npz"
    if not path.is_file():
        pytest.skip("no model is shipped yet")
    return load(path)


@pytest.mark.slow
def test_the_class_does_not_change_with_the_size_of_the_canvas(at_sizes, shipped):
    """Of drawings read with a margin of half a logit; one between two digits may fall either way."""
    logits = np.sort(shipped.logits(at_sizes[560]).astype(float), axis=1)
    clear = logits[:, -1] - logits[:, -2] > shipped.logit_range.denominator / 2
    assert clear.mean() > 0.9
    classes = [shipped.classify(at_sizes[size])[clear] for size in (280, 560, 1120)]
    assert np.array_equal(classes[0], classes[1]) and np.array_equal(classes[2], classes[1])
