import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.drawing import Stroke, rasterise, to_mnist
from app.window.model import pen
from app.window.model.document import Content, Document, Place, Wipe
from app.window.model.sheet import Sheet, enlarged, finished
from tests.sizes import examples

SIZE = 96
points = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=6)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("stroke"), points, st.booleans()),
        st.sampled_from([("undo",), ("redo",), ("wipe",), ("place",)]),
    ),
    max_size=14,
)
PICTURE = bytes(range(196)) * 4


def fresh(content, trace=None):
    """The same drawing from blank paper."""
    pixels = np.zeros((SIZE, SIZE), np.uint8)
    if content.base is not None:
        pixels[:] = enlarged(content.base.picture, SIZE)
    from app.drawing import Canvas

    canvas = Canvas(SIZE)
    canvas.pixels[:] = pixels
    for stroke in content.strokes + ((finished(trace),) if trace else ()):
        canvas.add_stroke(stroke)
    return canvas.pixels


@pytest.mark.slow
@examples(20)
@given(steps)
def test_following_a_drawing_gives_the_same_ink_as_redrawing_it(steps):
    sheet, document = Sheet(SIZE), Document()
    for step in steps:
        before = sheet.canvas.pixels.copy()
        if step[0] == "stroke":
            trace = pen.begin(step[1][0], 0.08, step[2])
            for place in step[1][1:]:
                sheet.show(document.content, trace)
                trace = pen.move(trace, place)
            document = document.do(finished(pen.end(trace)))
            rect = None
        else:
            document = {
                "undo": document.undo,
                "redo": document.redo,
                "wipe": lambda d=document: d.do(Wipe()),
                "place": lambda d=document: d.do(Place(PICTURE)),
            }[step[0]]()
            rect = sheet.show(document.content, None)
        sheet.show(document.content, None)
        assert (sheet.canvas.pixels == fresh(document.content)).all()
        if rect is not None:
            _nothing_changed_outside(before, sheet.canvas.pixels, rect)


def test_a_stroke_under_way_is_shown_as_far_as_it_is():
    sheet = Sheet(SIZE)
    trace = pen.begin((0.2, 0.2), 0.08, False)
    for place in ((0.5, 0.2), (0.7, 0.6), (0.3, 0.8)):
        trace = pen.move(trace, place)
        before = sheet.canvas.pixels.copy()
        rect = sheet.show(Content(), trace)
        assert (sheet.canvas.pixels == fresh(Content(), trace)).all()
        _nothing_changed_outside(before, sheet.canvas.pixels, rect)


def test_showing_the_same_again_touches_nothing():
    sheet = Sheet(SIZE)
    content = Document().do(Stroke(((0.1, 0.1), (0.9, 0.9)), 0.08)).content
    sheet.show(content, None)
    assert sheet.show(content, None)[2:] == (0, 0)


@pytest.mark.parametrize("digit", ["seven", "ring", "one"])
def test_the_same_strokes_are_the_same_digit_at_any_size_of_canvas(digit):
    strokes = {
        "seven": (Stroke(((0.25, 0.2), (0.75, 0.2), (0.45, 0.8)), 0.06),),
        "ring": (
            Stroke(
                tuple((0.5 + 0.2 * np.cos(a), 0.5 + 0.3 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 60)),
                0.07,
            ),
        ),
        "one": (Stroke(((0.5, 0.15), (0.48, 0.85)), 0.04),),
    }[digit]
    wanted = to_mnist(rasterise(strokes, 560)).astype(int)
    for size in (394, 556, 836, 1100, 1672):
        image = to_mnist(rasterise(strokes, size)).astype(int)
        assert np.abs(image - wanted).mean() < 1.0
        assert np.abs(image - wanted).max() < 40


def _nothing_changed_outside(before, after, rect):
    x, y, w, h = rect
    outside = np.ones_like(before, dtype=bool)
    outside[y : y + h, x : x + w] = False
    assert (before[outside] == after[outside]).all()
