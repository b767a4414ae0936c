"""From a folded float model to the integer model that computes with it: the number of bits it needs is
searched for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.errors import ModelError
from app.fixedpoint.arithmetic import PIXEL_MAX
from app.fixedpoint.fewbit import check_bits
from app.fixedpoint.folded import AffineLayer, DenseLayer, FlattenLayer, FoldedModel
from app.fixedpoint.model import IntegerModel
from app.fixedpoint.quantise import quantise
from app.fixedpoint.rounding import Width, rounded, statistics_of
from app.fixedpoint.units import Linear, units_of

AGREEMENT = 0.995
"""Share of the calibration images that the integers must give the float model's class."""
LEAST_AGREEMENT = 0.98
"""What is still taken where a default node would take no more bits."""

_MOST_BITS = 10
_ACTIVATIONS = (4, 5, 6, 8)
"""Bits of an activation that are tried, the fewest first."""
_STATISTICS = 256
"""Calibration images that ranges and biases are taken from."""
_BATCH = 64


@dataclass(frozen=True, eq=False)
class Calibration:
    """Images that show which values occur: `images` uint8 (N, 28, 28), and the float model's class of each,
    (N,)."""

    images: npt.NDArray[np.uint8]
    classes: npt.NDArray[np.integer]

    def __post_init__(self) -> None:
        if not len(self.images) or len(self.images) != len(self.classes):
            raise ModelError("Calibration takes at least one image, and a class for each.")

    def agreement(self, model: IntegerModel) -> float:
        """Share of the images, 0 to 1, that an integer model gives the float model's class."""
        starts = range(0, len(self.images), _BATCH)
        read = np.concatenate([model.classify(self.images[start : start + _BATCH]) for start in starts])
        return float((read == self.classes).mean())


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

    Dense models with ReLU keep 10**8 where `fits` says that a default node takes their Script. Every other is
    rounded to the fewest bits with which it agrees with the float model on AGREEMENT of the calibration
    images; where that does not fit, to the most bits that do, as long as it agrees on LEAST_AGREEMENT. `bits`
    (2 to 16) overrules both. The model that comes closest is returned where none reaches AGREEMENT. Raises
    ModelError or BoundError where no integer model exists.
    """
    if bits is None:
        exact = _exact(folded)
        if exact is not None and fits(exact):
            return Quantised(exact, None, calibration.agreement(exact))
        return _Search(folded, calibration).fewest(fits)
    check_bits(bits)
    return _Search(folded, calibration).at(bits)


def _exact(folded: FoldedModel) -> IntegerModel | None:
    """The model of dense layers at 10**8; None if it has other layers."""
    scale, offset = folded.meaning.scale * PIXEL_MAX, np.full(1, folded.meaning.offset)
    alpha = np.full(1, scale)
    parameters: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = []
    units = units_of(folded)
    for unit in units:
        match unit:
            case Linear(layer=DenseLayer() as layer):
                kind = unit.activation.kind if unit.activation else "linear"
                if kind != ("linear" if unit is units[-1] else "relu"):
                    return None
                parameters.append((layer.kernel * alpha[:, None], layer.bias + offset @ layer.kernel))
                alpha, offset = np.ones(len(layer.bias)), np.zeros(len(layer.bias))
            case AffineLayer():
                alpha, offset = alpha * unit.scale, offset * unit.scale + unit.offset
            case FlattenLayer() if not parameters:
                pixels = int(np.prod(folded.shapes[0]))
                alpha, offset = np.tile(alpha, pixels), np.tile(offset, pixels)
            case FlattenLayer():
                pass
            case _:
                return None
    return quantise(parameters)


class _Search:
    """Integer models of one folded model, of several widths, and how each agrees with it."""

    def __init__(self, folded: FoldedModel, calibration: Calibration) -> None:
        self._folded = folded
        self._calibration = calibration
        self._units = units_of(folded)
        self._images = calibration.images[:_STATISTICS]
        self._tried: dict[Width, Quantised] = {}
        self._statistics = statistics_of(folded, self._units, self._images)
        self._maps = any(isinstance(u, Linear) and not isinstance(u.layer, DenseLayer) for u in self._units)

    def at(self, bits: int) -> Quantised:
        """Weights of so many bits, and the fewest bits of activations that agree; or the closest."""
        found: list[Quantised] = []
        for activations in _ACTIVATIONS if self._maps else _ACTIVATIONS[-1:]:
            found.append(self._rounded(Width(bits, activations)))
            if found[-1].agreement >= AGREEMENT:
                return found[-1]
        return max(found, key=lambda one: one.agreement)

    def fewest(self, fits: Callable[[IntegerModel], bool]) -> Quantised:
        """The fewest bits that agree; fewer where those do not fit and the others agree well enough."""
        # Agreement does not always grow with the bits, so they are tried one after the other.
        for bits in range(2, _MOST_BITS + 1):
            if self._rounded(Width(bits, _ACTIVATIONS[-1])).agreement >= AGREEMENT:
                best = self.at(bits)
                break
        else:
            best = max(self._tried.values(), key=lambda one: one.agreement)
        if fits(best.model):
            return best
        for bits in range((best.bits or 0) - 1, 1, -1):
            fewer = self._rounded(Width(bits, _ACTIVATIONS[-1]))
            if fewer.agreement < LEAST_AGREEMENT:
                break
            if fits(fewer.model):
                return fewer
        return best

    def _rounded(self, width: Width) -> Quantised:
        if width not in self._tried:
            model = rounded(self._folded, self._units, self._statistics, self._images, width)
            self._tried[width] = Quantised(model, width.weights, self._calibration.agreement(model))
        return self._tried[width]
