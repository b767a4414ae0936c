"""Three short sounds, made of sine waves. Off unless a person switches them on."""

from __future__ import annotations

import contextlib
import math
import threading

import pygame

__all__ = ["NOTES", "Sounds", "wave_of"]

RATE = 22_050
NOTES: dict[str, tuple[tuple[float, float], ...]] = {
    "on": ((659.3, 0.08),),
    "proved": ((523.3, 0.09), (659.3, 0.09), (784.0, 0.2)),
    "caught": ((392.0, 0.1), (311.1, 0.24)),
}
"""Frequency in hertz and length in seconds of each note, by the sound's name."""
_LOUD = 6_000


def wave_of(sound: str) -> bytes:
    """A sound as 16-bit mono samples at RATE; each note swells and fades, so that nothing clicks."""
    import numpy as np

    parts = []
    for frequency, seconds in NOTES[sound]:
        at = np.arange(round(RATE * seconds)) / RATE
        envelope = np.minimum(1.0, at / 0.01) * np.exp(-4 * at / seconds)
        parts.append(_LOUD * envelope * np.sin(2 * math.pi * frequency * at))
    return np.concatenate(parts).astype("<i2").tobytes()


class Sounds:
    """Plays sounds; silent where that is not possible."""

    def play(self, sound: str) -> None:
        """Play it, without waiting: opening the device may take longer than a frame."""
        threading.Thread(target=self._play, args=(sound,), name="window-sound", daemon=True).start()

    def _play(self, sound: str) -> None:
        # A machine without a device for sound, or a pygame without its mixer, stays silent.
        with contextlib.suppress(pygame.error, NotImplementedError):
            if pygame.mixer.get_init() is None:
                pygame.mixer.init(RATE, -16, 1)
            pygame.mixer.Sound(buffer=wave_of(sound)).play()
