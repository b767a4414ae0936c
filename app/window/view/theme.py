"""Colours, type scale and spacing: the whole look of the window.

Lengths are logical pixels; `Theme.px` turns them into the screen's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]

# --- colours: warm paper, dark ink, one accent; `alert` speaks of disagreement and failure only ---


@dataclass(frozen=True)
class Palette:
    """The colours of one theme."""

    desk: Colour
    panel: Colour
    paper: Colour
    well: Colour
    line: Colour
    edge: Colour
    ink: Colour
    quiet: Colour
    accent: Colour
    accent_deep: Colour
    accent_wash: Colour
    alert: Colour
    alert_wash: Colour
    bar: Colour
    scrim: Colour
    """Lies over the window under a card."""


LIGHT = Palette(
    desk=(233, 227, 215),
    panel=(246, 242, 233),
    paper=(254, 252, 246),
    well=(237, 231, 220),
    line=(214, 206, 190),
    edge=(143, 133, 115),
    ink=(30, 27, 24),
    quiet=(92, 84, 72),
    accent=(12, 88, 96),
    accent_deep=(8, 66, 73),
    accent_wash=(216, 230, 227),
    alert=(152, 47, 28),
    alert_wash=(245, 222, 212),
    bar=(134, 124, 106),
    scrim=(30, 27, 24),
)
DARK = Palette(
    desk=(27, 25, 22),
    panel=(38, 35, 31),
    paper=(19, 17, 15),
    well=(50, 46, 41),
    line=(68, 63, 56),
    edge=(128, 119, 104),
    ink=(238, 232, 220),
    quiet=(181, 172, 156),
    accent=(122, 196, 199),
    accent_deep=(160, 217, 219),
    accent_wash=(28, 54, 57),
    alert=(242, 152, 127),
    alert_wash=(70, 38, 30),
    bar=(132, 123, 108),
    scrim=(8, 7, 6),
)

TEXT_PAIRS: tuple[tuple[str, str, str], ...] = (
    ("text on a panel", "ink", "panel"),
    ("text on the desk", "ink", "desk"),
    ("text on paper", "ink", "paper"),
    ("text in a well", "ink", "well"),
    ("quiet text on a panel", "quiet", "panel"),
    ("quiet text on the desk", "quiet", "desk"),
    ("quiet text on paper", "quiet", "paper"),
    ("quiet text in a well", "quiet", "well"),
    ("accent on a panel", "accent", "panel"),
    ("accent on the desk", "accent", "desk"),
    ("accent on paper", "accent", "paper"),
    ("accent on its wash", "accent_deep", "accent_wash"),
    ("text on an accent wash", "ink", "accent_wash"),
    ("quiet text on an accent wash", "quiet", "accent_wash"),
    ("text on accent", "paper", "accent"),
    ("text on deep accent", "paper", "accent_deep"),
    ("alert on a panel", "alert", "panel"),
    ("alert on the desk", "alert", "desk"),
    ("alert on its wash", "alert", "alert_wash"),
    ("text on an alert wash", "ink", "alert_wash"),
    ("quiet text on an alert wash", "quiet", "alert_wash"),
    ("text on a tooltip", "paper", "ink"),
)
"""Every pair of colours in which the window sets text: a test holds each to a contrast of 4.5 to 1."""
SHAPE_PAIRS: tuple[tuple[str, str, str], ...] = (
    ("a bar on its track", "bar", "well"),
    ("the best bar on its track", "accent", "well"),
    ("the edge of a switch", "edge", "panel"),
    ("the focus ring on the desk", "accent", "desk"),
)
"""Pairs of colours in which shapes carry meaning: 3 to 1."""

# --- lengths ---

UNIT = 8
RADIUS = 6
HAIR = 1
MINIMUM = (900, 600)
MINIMUM_TALL = (480, 880)
"""The least logical size of a window that is higher than wide."""
LARGEST = (2000, 1250)
"""The most logical pixels of a window: one with more of its own is scaled up."""

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
    colours: Palette = LIGHT

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
