"""Stray marks: crumbs, scanner dust, a tap of the pen. A real second stroke (the bar of a 5 or a 7) is not
one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

GRID = 96  # longer side of the coarse picture in which pieces are told apart
CRUMB = 0.03  # less ink than this part of the largest piece is a crumb wherever it lies
STRAY = 0.12  # less than this part is a stray if it is also small and lies well away
BROKEN = 0.2  # small pieces that hold more than this part of all ink are a broken line: they stay


@dataclass(frozen=True)
class _Piece:
    label: int
    mass: float
    left: int
    top: int
    right: int
    bottom: int

    @property
    def longer(self) -> int:
        return max(self.right - self.left, self.bottom - self.top)

    def gap(self, other: _Piece) -> int:
        across = max(other.left - self.right, self.left - other.right, 0)
        down = max(other.top - self.bottom, self.top - other.bottom, 0)
        return max(across, down)


def without_specks(ink: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """`ink` (H, W), cropped to what remains once stray marks are gone; the very same array if there are
    none.
    """
    height, width = ink.shape
    factor = max(1, -(-max(height, width) // GRID))
    coarse = Image.fromarray(ink).reduce(factor) if factor > 1 else Image.fromarray(ink)
    amount = np.asarray(coarse)
    labels = _label(amount >= 16)
    pieces = _pieces(labels, amount)
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


def _keep(pieces: list[_Piece]) -> list[_Piece]:
    largest = max(pieces, key=lambda piece: piece.mass)
    kept = [piece for piece in pieces if not _is_speck(piece, largest)]
    total = sum(piece.mass for piece in pieces)
    return kept if sum(piece.mass for piece in kept) >= (1 - BROKEN) * total else pieces


def _is_speck(piece: _Piece, largest: _Piece) -> bool:
    if piece is largest:
        return False
    if piece.mass < CRUMB * largest.mass:
        return True
    small = piece.mass < STRAY * largest.mass and piece.longer < 0.25 * largest.longer
    return small and piece.gap(largest) > 0.25 * largest.longer


def _pieces(labels: npt.NDArray[np.int64], amount: npt.NDArray[np.uint8]) -> list[_Piece]:
    count = int(labels.max(initial=0))
    masses = np.bincount(labels.ravel(), weights=amount.ravel(), minlength=count + 1)
    rows, columns = np.nonzero(labels)
    of = labels[rows, columns]
    edges = np.full((4, count + 1), GRID * GRID)
    edges[2:] = -1
    np.minimum.at(edges[0], of, columns)
    np.minimum.at(edges[1], of, rows)
    np.maximum.at(edges[2], of, columns)
    np.maximum.at(edges[3], of, rows)
    return [
        _Piece(
            label,
            float(masses[label]),
            *(int(v) for v in edges[:2, label]),
            *(int(v) + 1 for v in edges[2:, label]),
        )
        for label in range(1, count + 1)
    ]


def _label(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Number the 8-connected pieces 1, 2, ...: runs of each row are joined with the runs they touch in the
    row above.
    """
    starts = np.diff(np.pad(mask, ((0, 0), (1, 0))).astype(np.int8), axis=1) == 1
    runs = np.where(mask, np.cumsum(starts).reshape(mask.shape), 0)
    parent = list(range(int(starts.sum()) + 1))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    padded = np.pad(runs, ((0, 0), (1, 1)))
    lower = padded[1:, 1:-1]
    for upper in (padded[:-1, :-2], padded[:-1, 1:-1], padded[:-1, 2:]):
        touch = (lower > 0) & (upper > 0)
        for one, other in set(zip(lower[touch].tolist(), upper[touch].tolist(), strict=True)):
            parent[root(one)] = root(other)
    number = {
        top: index for index, top in enumerate(sorted({root(run) for run in range(1, len(parent))}), start=1)
    }
    table = np.array([0, *(number[root(run)] for run in range(1, len(parent)))])
    return table[runs]
