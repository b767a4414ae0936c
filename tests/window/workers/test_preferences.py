"""Preferences are restored the next time, whatever happened to the file."""

import json
from dataclasses import replace

import pytest

from app.window.model.state import State
from app.window.model.values import BRUSH, Hint
from app.window.workers.preferences import Preferences, restored

CHOSEN = State(
    brush=0.1, model="compact", dark=True, zoom=1.3, sound=True, hints=frozenset({Hint.DRAW, Hint.SUBMIT})
)


def test_what_was_chosen_comes_back(home):
    Preferences.of(CHOSEN, (1100, 760)).save()
    remembered = Preferences.load()
    assert remembered.size == (1100, 760)
    assert restored(State(), remembered, model=True) == CHOSEN
    assert [file.name for file in home.iterdir()] == ["preferences.json"]


def test_a_model_that_was_asked_for_comes_before_the_remembered_one(home):
    Preferences.of(CHOSEN, (1100, 760)).save()
    assert restored(State(model="cnn"), Preferences.load(), model=False).model == "cnn"


def test_the_first_time_everything_is_as_usual(home):
    assert Preferences.load() == Preferences()
    assert restored(State(), Preferences(), model=True) == State()


@pytest.mark.parametrize("bad", [b"", b"{", b"\xff\xfe", b"[]", b"null", b"[" * 5_000, b" " * 20_000])
def test_a_damaged_file_is_ignored_with_a_note(home, bad):
    (home / "preferences.json").write_bytes(bad)
    remembered = Preferences.load()
    assert remembered.damaged
    state = restored(State(), remembered, model=True)
    assert "preferences.json" in state.notice.why
    assert replace(state, notice=None) == State()


@pytest.mark.parametrize(
    "values",
    [
        {"size": [1e400, 5], "brush": "thick", "zoom": 0.001, "model": "no-such-model"},
        {"size": [1, 2], "brush": 55, "zoom": True, "model": 7, "dark": "yes", "hints": "draw"},
        {"size": "1280x800", "brush": None, "hints": ["no such hint"], "sound": 1, "more": {}},
    ],
)
def test_an_invalid_value_is_ignored(home, values):
    (home / "preferences.json").write_text(json.dumps(values))
    assert Preferences.load() == Preferences()
    assert Preferences().brush == BRUSH


def test_a_folder_that_cannot_be_written_to_does_not_stop_the_window(monkeypatch):
    with monkeypatch.context() as context:
        context.setenv("INKPROOF_HOME", "/proc/nowhere")
        Preferences().save()
        assert Preferences.load().damaged
