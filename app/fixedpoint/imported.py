"""From a folded float model to the integer model that computes with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.errors import ModelError
from app.fixedpoint.folded import FoldedModel
from app.fixedpoint.model import IntegerModel


@dataclass(frozen=True, eq=False)
class Calibration:
    """Images that show which values occur: `images` uint8 (N, 28, 28), and the float model's class of each,
    (N,)."""

    images: npt.NDArray[np.uint8]
    classes: npt.NDArray[np.integer]


@dataclass(frozen=True)
class Quantised:
    """An integer model, the bits of its weights (None: 10**8), and the share of the calibration images, 0 to
    1, that it gives the float model's class."""

    model: IntegerModel
    bits: int | None
    agreement: float


def quantise_folded(
    folded: FoldedModel,
    calibration: Calibration,
    *,
    fits: Callable[[IntegerModel], bool],
    bits: int | None = None,
) -> Quantised:
    """Round a folded model to integers.

    Dense models keep 10**8 where `fits` says that a default node takes their Script. Every other is rounded
    to the fewest bits with which it agrees with the float model on 99.5 % of the calibration images. `bits`
    (2 to 16) overrules both. Raises ModelError where no such model exists.
    """
    raise ModelError("Models cannot be imported yet.")
