"""Settings of the desktop that the window follows."""

import pytest

from app.window.view.density import reduced_motion, screen_density


@pytest.mark.parametrize(("wish", "still"), [("1", True), ("yes", True), ("0", False), ("off", False)])
def test_motion_is_reduced_where_it_is_asked_for(monkeypatch, wish, still):
    monkeypatch.setenv("INKPROOF_REDUCED_MOTION", wish)
    assert reduced_motion() is still


def test_motion_is_usual_where_nothing_is_said(monkeypatch):
    monkeypatch.delenv("INKPROOF_REDUCED_MOTION", raising=False)
    assert not reduced_motion()


@pytest.mark.parametrize(("wish", "density"), [("2", 2.0), ("1.5", 1.5), ("0.2", 1.0), ("99", 4.0)])
def test_a_density_that_is_asked_for_is_taken_within_bounds(monkeypatch, wish, density):
    monkeypatch.setenv("INKPROOF_DENSITY", wish)
    assert screen_density() == density
