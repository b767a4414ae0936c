import math

from hypothesis import given
from hypothesis import strategies as st

from app.window.model import pen

positions = st.lists(st.tuples(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5)), min_size=1, max_size=40)


def drawn(places):
    trace = pen.begin(places[0], 0.06, False)
    for place in places[1:]:
        trace = pen.move(trace, place)
    return pen.end(trace)


@given(positions)
def test_a_stroke_begins_and_ends_where_the_hand_did(places):
    points = drawn(places).points
    assert math.dist(points[0], places[0]) < 1e-4
    assert math.dist(points[-1], places[-1]) < 0.003


@given(positions)
def test_points_are_only_ever_added(places):
    trace = pen.begin(places[0], 0.06, False)
    for place in places[1:]:
        longer = pen.move(trace, place)
        assert longer.points[: len(trace.points)] == trace.points
        trace = longer
    assert pen.end(trace).points[: len(trace.points)] == trace.points


def test_a_fast_turn_comes_out_round():
    points = drawn([(0.1, 0.1), (0.5, 0.1), (0.5, 0.5), (0.1, 0.5)]).points
    turns = [
        abs(math.remainder(_angle(b, c) - _angle(a, b), math.tau))
        for a, b, c in zip(points, points[1:], points[2:], strict=False)
    ]
    assert max(turns) < math.radians(20)


def test_a_hand_that_trembles_below_a_pixel_adds_nothing():
    trace = pen.begin((0.5, 0.5), 0.06, False)
    assert pen.move(trace, (0.5005, 0.5)) is trace


def test_a_stroke_without_end_stops_growing():
    trace = pen.begin((0.5, 0.5), 0.06, False)
    for step in range(5_000):
        trace = pen.move(trace, (0.5 + 0.4 * math.cos(step / 9), 0.5 + 0.4 * math.sin(step / 9)))
    assert trace.full
    assert len(trace.points) < pen.MAX_POINTS + 30


def _angle(a, b):
    return math.atan2(b[1] - a[1], b[0] - a[0])
