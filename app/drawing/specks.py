"""Stray marks: crumbs, scanner dust, a tap of the pen. A real second stroke (the bar of a 5 or a 7) is not
one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from app.drawing.pieces import Piece, label, pieces_of

GRID = 96  # longer side of the coarse picture in which pieces are told apart
CRUMB = 0.03  # less ink than this part of the largest piece is a crumb wherever it lies
STRAY = 0.12  # less than this part is a stray if it is also small and lies well away
BROKEN = 0.2  # small pieces that hold more than this part of all ink are a broken line: they stay


def without_specks(ink: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """`ink` (H, W), cropped to what remains once stray marks are gone; the very same array if there are
    none.
    """
    height, width = ink.shape
    factor = max(1, -(-max(height, width) // GRID))
    coarse = Image.fromarray(ink).reduce(factor) if factor > 1 else Image.fromarray(ink)
    amount = np.asarray(coarse)
    labels = label(amount >= 16)
    pieces = pieces_of(labels, amount)
    if len(pieces) < 2:
        return ink
    kept = _keep(pieces)
    if len(kept) == len(pieces):
        return ink
    dropped = ~np.isin(labels, [0, *(piece.label for piece in kept)])
    # The pale rim of a speck lies below the threshold of the coarse picture: it goes with the speck.
    rim = np.pad(dropped, 1)
    for axis in (0, 1):
        rim = rim | np.roll(rim, 1, axis) | np.roll(rim, -1, axis)
    dropped = rim[1:-1, 1:-1] & ~np.isin(labels, [piece.label for piece in kept])
    fine = np.repeat(np.repeat(dropped, factor, axis=0), factor, axis=1)[:height, :width]
    clean = np.where(fine, np.uint8(0), ink)
    return clean[
        min(piece.top for piece in kept) * factor : max(piece.bottom for piece in kept) * factor,
        min(piece.left for piece in kept) * factor : max(piece.right for piece in kept) * factor,
    ]


def _keep(pieces: list[Piece]) -> list[Piece]:
    largest = max(pieces, key=lambda piece: piece.mass)
    kept = [piece for piece in pieces if not _is_speck(piece, largest)]
    total = sum(piece.mass for piece in pieces)
    return kept if sum(piece.mass for piece in kept) >= (1 - BROKEN) * total else pieces


def _is_speck(piece: Piece, largest: Piece) -> bool:
    if piece is largest:
        return False
    if piece.mass < CRUMB * largest.mass:
        return True
    small = piece.mass < STRAY * largest.mass and piece.longer < 0.25 * largest.longer
    return small and piece.gap(largest) > 0.25 * largest.longer
