"""Connected pieces of ink: where each lies, and how much ink it holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Piece", "label", "pieces_of"]


@dataclass(frozen=True)
class Piece:
    """The box of one piece (right and bottom exclusive), the sum of its ink, and its number in the labels."""

    label: int
    mass: float
    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    @property
    def longer(self) -> int:
        """The longer side of the box."""
        return max(self.width, self.height)

    def gap(self, other: Piece) -> int:
        """Pixels between the two boxes, across or down, whichever is more."""
        across = max(other.left - self.right, self.left - other.right, 0)
        down = max(other.top - self.bottom, self.top - other.bottom, 0)
        return max(across, down)


def pieces_of(labels: npt.NDArray[np.int64], amount: npt.NDArray[np.uint8]) -> list[Piece]:
    """The pieces that `label` has numbered, in that order; `amount` is the ink of each pixel."""
    count = int(labels.max(initial=0))
    masses = np.bincount(labels.ravel(), weights=amount.ravel(), minlength=count + 1)
    rows, columns = np.nonzero(labels)
    of = labels[rows, columns]
    edges = np.full((4, count + 1), labels.size)
    edges[2:] = -1
    np.minimum.at(edges[0], of, columns)
    np.minimum.at(edges[1], of, rows)
    np.maximum.at(edges[2], of, columns)
    np.maximum.at(edges[3], of, rows)
    return [
        Piece(
            number,
            float(masses[number]),
            *(int(v) for v in edges[:2, number]),
            *(int(v) + 1 for v in edges[2:, number]),
        )
        for number in range(1, count + 1)
    ]


def label(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
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
