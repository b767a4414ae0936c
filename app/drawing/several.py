"""Distinguishes several digits side by side from one digit that is drawn in pieces.

Two connected pieces of ink that stand beside each other with paper between them are two digits, unless they
look like a four whose bar does not touch, or like a zero that is open at top and bottom: of 18,740 digits of
real pens those two are nearly all that consist of two tall pieces. Digits that touch are one piece; they are
found only where a row of them has more strokes than any one digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image

from app.drawing.mnist import FAINT, Gray, to_mnist
from app.drawing.pieces import Piece, label, pieces_of
from app.drawing.specks import without_specks
from app.errors import SeveralDigitsError

__all__ = ["count_digits", "one_digit"]

Mask = npt.NDArray[np.bool_]

HEIGHT, WIDTH = 96, 480  # largest size of the coarse picture in which digits are counted
INK = 16  # of 255: a paler pixel of the coarse picture is paper
# All lengths below are parts of the height of the ink.
TALL = 0.35  # a lower piece is a bar, a dot or a crumb, and no digit of its own
APART = 0.03  # pieces that are nearer than this are one broken stroke
ABOVE = 0.3  # of the narrower piece's width: pieces that share so much of it stand one above the other
BESIDE = 0.5  # of the shorter piece's height: pieces that share less of it are no neighbours in a row
BAR_NEAR = 0.16  # the bar of a four is nearer than this to the arm
BAR_BELOW = 0.08  # and ends lower than the arm by at least this
MANY_STROKES = ((0.9, 3.4), (1.5, 2.4))  # width and mean strokes in a row of pixels: no single digit has both


def one_digit(ink: Gray) -> Gray:
    """The 28x28 picture of the one digit in (H, W) uint8 ink, 0 = paper: `to_mnist` of it.

    Raises BlankError where nothing is drawn, SeveralDigitsError where more than one digit is.
    """
    count = count_digits(ink)
    if count > 1:
        number = "two" if count == 2 else "several"
        raise SeveralDigitsError(
            f"There seem to be {number} digits.",
            why="One digit is read at a time.",
            hint="Draw one. If this is one, join its strokes.",
        )
    return to_mnist(ink)


def count_digits(ink: Gray) -> int:
    """How many digits stand side by side in (H, W) uint8 ink: 0 where there is no ink; 2 or more only where
    that is plain.
    """
    mask, pieces, labels = _coarse(ink)
    if not pieces:
        return 0
    height = mask.shape[0]
    groups = _groups([piece for piece in pieces if piece.height >= TALL * height], labels)
    gaps = [_gap(left.mask, right.mask) for left, right in pairwise(groups) if _beside(left, right)]
    # Two pixels at least: one is what a line of a tiny picture loses.
    apart = [gap for gap in gaps if gap.length > max(APART * height, 1.5)]
    if len(groups) == 2 and apart:
        four = _is_four(groups[0], groups[1], apart[0], height)
        if four or _is_open_zero(groups[0].mask, groups[1].mask):
            apart = []
    if not apart:
        return 2 if len(pieces) < 3 and _has_strokes_of_many(mask) else 1
    return 1 + len(apart)


# --- pieces, and what stands beside what ---


@dataclass(frozen=True)
class _Group:
    """Pieces that stand one above the other: their box and their pixels."""

    left: int
    right: int
    top: int
    bottom: int
    mask: Mask


@dataclass(frozen=True)
class _Gap:
    """Where two groups are nearest to each other: pixels of paper between, (row, column) on both sides."""

    length: float
    left: tuple[int, int]
    right: tuple[int, int]


def _coarse(ink: Gray) -> tuple[Mask, list[Piece], npt.NDArray[np.int64]]:
    """The ink without specks, reduced to at most HEIGHT x WIDTH: its mask, its pieces and their labels."""
    rows, columns = (np.flatnonzero(ink.max(axis=axis, initial=0) >= FAINT) for axis in (1, 0))
    if not len(rows):
        return np.zeros((0, 0), bool), [], np.zeros((0, 0), np.int64)
    clean = without_specks(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    factor = max(-(-clean.shape[0] // HEIGHT), -(-clean.shape[1] // WIDTH))
    amount = np.asarray(Image.fromarray(clean).reduce(factor) if factor > 1 else clean)
    labels = label(amount >= INK)
    return amount >= INK, pieces_of(labels, amount), labels


def _groups(pieces: list[Piece], labels: npt.NDArray[np.int64]) -> list[_Group]:
    """Pieces from left to right; those that stand one above the other are one group."""
    groups: list[_Group] = []
    for piece in sorted(pieces, key=lambda piece: (piece.left, piece.right)):
        group = _Group(piece.left, piece.right, piece.top, piece.bottom, labels == piece.label)
        before = groups[-1] if groups else None
        if before is not None:
            shared = min(before.right, group.right) - group.left
            if shared >= ABOVE * min(before.right - before.left, piece.width):
                groups[-1] = _joined(before, group)
                continue
        groups.append(group)
    return groups


def _joined(one: _Group, other: _Group) -> _Group:
    return _Group(
        min(one.left, other.left),
        max(one.right, other.right),
        min(one.top, other.top),
        max(one.bottom, other.bottom),
        one.mask | other.mask,
    )


def _beside(one: _Group, other: _Group) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared >= BESIDE * min(one.bottom - one.top, other.bottom - other.top)


def _gap(left: Mask, right: Mask) -> _Gap:
    one, other = np.argwhere(_rim(left)), np.argwhere(_rim(right))
    square = ((one[:, None, :] - other[None, :, :]) ** 2).sum(axis=2)
    i, j = np.unravel_index(int(square.argmin()), square.shape)
    near, far = one[i], other[j]
    length = float(np.sqrt(square[i, j])) - 1
    return _Gap(length, (int(near[0]), int(near[1])), (int(far[0]), int(far[1])))


def _rim(mask: Mask) -> Mask:
    """The pixels of the mask with paper above, below, left or right of them."""
    padded = np.pad(mask, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner


# --- what one digit may look like ---


def _is_four(arm: _Group, bar: _Group, gap: _Gap, height: int) -> bool:
    """Whether the left group is an angle that points with its lower right end at a bar, which ends lower."""
    low = arm.bottom - gap.left[0] < 0.4 * (arm.bottom - arm.top)
    outer = gap.left[1] - arm.left > 0.7 * (arm.right - arm.left)
    crossing = bar.bottom - gap.right[0] > 0.15 * height
    near = gap.length < BAR_NEAR * height
    return near and low and outer and crossing and bar.bottom - arm.bottom >= BAR_BELOW * height


def _is_open_zero(left: Mask, right: Mask) -> bool:
    """Whether the groups are single arcs, ( and ): the left one bulges to the left, the right one to the
    right.
    """
    return _is_left_arc(left) and _is_left_arc(right[:, ::-1])


def _is_left_arc(mask: Mask) -> bool:
    rows = np.flatnonzero(mask.any(axis=1))
    arc = mask[rows[0] : rows[-1] + 1]
    single = (_strokes(arc) == 1).mean() > 0.85
    middle = arc.argmax(axis=1)
    third = max(1, len(arc) // 3)
    bulge = 0.08 * len(arc)
    top, belly, bottom = middle[:third].max(), middle[third:-third].mean(), middle[-third:].max()
    return bool(single and top - belly > bulge and bottom - belly > bulge)


def _has_strokes_of_many(mask: Mask) -> bool:
    """Whether a wide piece of ink has more strokes side by side than one digit has."""
    height, width = mask.shape
    strokes = float(_strokes(mask[int(0.15 * height) : int(0.85 * height) + 1]).mean())
    return any(width > wide * height and strokes > many for wide, many in MANY_STROKES)


def _strokes(mask: Mask) -> npt.NDArray[np.int64]:
    """How many strokes each row of pixels crosses."""
    starts = mask & ~np.pad(mask, ((0, 0), (1, 0)))[:, :-1]
    return starts.sum(axis=1)
