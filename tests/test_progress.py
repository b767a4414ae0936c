"""How the rate of similar steps is reported."""

from app.progress import Pace


def test_the_pace_is_reported_with_the_time_that_is_left() -> None:
    now = [100.0]
    pace = Pace(1000, clock=lambda: now[0])
    assert (pace.text, pace.share) == ("0 of 1,000", 0.0)
    for _ in range(250):
        pace.step()
    assert pace.text == "250 of 1,000", "no time has gone by"
    now[0] += 4
    assert pace.text == "250 of 1,000, 62.5 a second, 12 s left"
    assert pace.share == 0.25
    now[0] += 46
    assert pace.text == "250 of 1,000, 5 a second, 2 min 30 s left"
