"""What a test does to a whole window, frame by frame: each function yields once a frame."""

import time

from app.window.model import intents
from tests.window.states import SEVEN


def until(there, seconds=300.0):
    """Frames until something is so."""
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline, "It did not happen in time."
        yield


def draw_seven(window):
    for stroke in SEVEN:
        window.do(intents.PenDown(*stroke.points[0]))
        for point in stroke.points[1:]:
            window.do(intents.PenMove(*point))
            yield
        window.do(intents.PenUp())
