"""Strokes drawn by many hands: by the project's own ink, the same for one seed."""

from __future__ import annotations

import numpy as np
import pytest

from app.drawing import Stroke, rasterise, to_mnist
from app.training import penwork
from app.training.penwork import AS_WRITTEN, FINE, Hand, by_hand, draw
from tests.training.pens import straight


def test_as_written_the_picture_is_the_window_s() -> None:
    pens = straight(10)
    pictures = draw(pens, AS_WRITTEN, np.random.SeedSequence(1), size=FINE, workers=1)
    for index, picture in enumerate(pictures):
        strokes = [points / 1000.0 for points in pens.strokes(index)]
        middle = (np.concatenate(strokes).max(axis=0) + np.concatenate(strokes).min(axis=0)) / 2
        placed = [(points - middle) * 0.7 + 0.5 for points in strokes]
        ink = rasterise([Stroke(tuple((x, y) for x, y in points.tolist()), 0.03) for points in placed])
        assert np.array_equal(picture, to_mnist(ink))


@pytest.mark.slow
def test_the_seed_decides_every_picture_however_many_workers_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(penwork, "PART", 40)  # so that two workers have one each
    pens = straight(60)
    alone = draw(pens, Hand(), np.random.SeedSequence(4), workers=1)
    together = draw(pens, Hand(), np.random.SeedSequence(4), workers=2)
    other = draw(pens, Hand(), np.random.SeedSequence(5), workers=1)
    assert np.array_equal(alone, together)
    assert (alone != other).any(axis=(1, 2)).mean() > 0.99


def test_a_hand_stays_on_the_canvas_and_within_its_widths() -> None:
    pens, hand = straight(10), Hand()
    rng = np.random.default_rng(2)
    widths = []
    for number in range(300):
        strokes = by_hand(pens.strokes(number % 10), hand, rng)
        points = np.array([point for stroke in strokes for point in stroke.points])
        longer = (points.max(axis=0) - points.min(axis=0)).max()
        assert hand.smallest <= longer <= hand.largest + 1e-9 and points.min() > 0 and points.max() < 1
        assert len({stroke.width for stroke in strokes}) == 1
        widths.append(strokes[0].width)
        assert hand.thinnest <= widths[-1] <= min(hand.thickest, hand.fattest * longer + 1e-9)
    assert min(widths) < 0.02 and max(widths) > 0.09


def test_a_slow_mouse_reports_where_a_stroke_begins_and_ends() -> None:
    pens = straight(1)
    slow = Hand(0.03, 0.03, 1.0, 0.7, 0.7, 0.0, 0.0, 0.0, 0.0, 4)
    rng = np.random.default_rng(0)
    for _ in range(20):
        (stroke,) = by_hand(pens.strokes(0), slow, rng)
        assert stroke.points[0] == pytest.approx((0.5, 0.15)) and stroke.points[-1] == pytest.approx(
            (0.5, 0.85)
        )
