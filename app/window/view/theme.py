"""Colours, type scale, spacing: the one place that says what the window looks like.

Lengths are logical pixels; `Theme.px` turns them into the screen's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]

# --- colours: warm paper, dark ink, one accent; `alert` speaks of refusals and failures only ---

DESK: Colour = (233, 227, 215)
PANEL: Colour = (246, 242, 233)
PAPER: Colour = (254, 252, 246)
WELL: Colour = (237, 231, 220)
LINE: Colour = (214, 206, 190)
EDGE: Colour = (143, 133, 115)
INK: Colour = (30, 27, 24)
QUIET: Colour = (92, 84, 72)
ACCENT: Colour = (12, 88, 96)
ACCENT_DEEP: Colour = (8, 66, 73)
ACCENT_WASH: Colour = (216, 230, 227)
ALERT: Colour = (152, 47, 28)
ALERT_WASH: Colour = (245, 222, 212)
BAR: Colour = (158, 148, 130)

TEXT_PAIRS: tuple[tuple[str, Colour, Colour], ...] = (
    ("text on a panel", INK, PANEL),
    ("text on the desk", INK, DESK),
    ("text on paper", INK, PAPER),
    ("text in a well", INK, WELL),
    ("quiet text on a panel", QUIET, PANEL),
    ("quiet text on the desk", QUIET, DESK),
    ("quiet text on paper", QUIET, PAPER),
    ("quiet text in a well", QUIET, WELL),
    ("accent on a panel", ACCENT, PANEL),
    ("accent on the desk", ACCENT, DESK),
    ("accent on its wash", ACCENT_DEEP, ACCENT_WASH),
    ("text on an accent wash", INK, ACCENT_WASH),
    ("quiet text on an accent wash", QUIET, ACCENT_WASH),
    ("text on accent", PAPER, ACCENT),
    ("text on deep accent", PAPER, ACCENT_DEEP),
    ("alert on a panel", ALERT, PANEL),
    ("alert on the desk", ALERT, DESK),
    ("alert on its wash", ALERT, ALERT_WASH),
    ("text on an alert wash", INK, ALERT_WASH),
    ("quiet text on an alert wash", QUIET, ALERT_WASH),
    ("text on alert", PAPER, ALERT),
    ("text on a tooltip", PAPER, INK),
)
"""Every pair of colours in which the window sets text: a test holds each to a contrast of 4.5 to 1."""

# --- lengths ---

UNIT = 8
RADIUS = 6
HAIR = 1
MINIMUM = (900, 600)

# --- type: (face, size) ---

SANS, BOLD, MONO = "IBMPlexSans-Regular", "IBMPlexSans-SemiBold", "IBMPlexMono-Regular"
FACES = (SANS, BOLD, MONO)
CAPTION, BODY, LARGE, TITLE = 12, 14, 17, 24
DIGITS = (44, 60, 84, 112, 148)
"""Sizes of the large digit; a panel takes the largest that fits."""


@dataclass(frozen=True)
class Theme:
    """The look at one density: physical pixels per logical pixel."""

    density: float = 1.0

    def px(self, length: float) -> int:
        """A length in the screen's pixels; what is there at all is at least one."""
        pixels = round(length * self.density)
        return max(1, pixels) if length > 0 else pixels


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio, 1 to 21 (WCAG 2.1, 1.4.3)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def blend(under: Colour, over: Colour, share: float) -> Colour:
    """`share` of one colour over another."""
    red, green, blue = (round(u + (o - u) * share) for u, o in zip(under, over, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
