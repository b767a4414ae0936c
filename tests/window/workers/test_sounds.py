"""Sounds: short, quiet, and without clicks."""

import numpy as np
import pytest

from app.window.model.hear import sound_of
from app.window.model.protocol import ClaimJudged, Ready
from app.window.model.values import Who
from app.window.workers.sounds import NOTES, RATE, Sounds, wave_of


@pytest.mark.parametrize("sound", NOTES)
def test_a_sound_is_short_and_quiet_and_begins_and_ends_in_silence(sound):
    samples = np.frombuffer(wave_of(sound), "<i2")
    assert 0.05 < len(samples) / RATE < 0.6
    assert 1_000 < abs(samples).max() < 8_000
    assert abs(samples[:3]).max() < 300
    assert abs(samples[-30:]).max() < 300


def test_a_proof_and_a_caught_cheat_sound_different_and_nothing_else_sounds():
    judged = ClaimJudged(1, True, "", "", None, 0, 0)
    assert sound_of(judged) in NOTES
    assert sound_of(ClaimJudged(1, False, "", "", None, 0, 0)) not in ("", sound_of(judged))
    assert sound_of(Ready(Who.FLOAT)) == ""


def test_a_machine_without_sound_stays_silent_without_an_error():
    Sounds().play("proved")
