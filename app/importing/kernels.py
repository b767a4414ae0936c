"""Kernels brought to the one form that folded layers have: no dilation, no groups."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.fixedpoint.folded import Pair
from app.importing.refusing import refuse, refuse_layer
from app.picture import SIDE

__all__ = ["MOST_NUMBERS", "Numbers", "dilated", "ungrouped"]

Numbers = npt.NDArray[np.float64]

MOST_NUMBERS = 20_000_000
"""Weights of a model, at most: a contract of the largest policy holds a tenth of that."""


def dilated(name: str, kernel: Numbers, dilation: Pair) -> Numbers:
    """The same taps with zeros between them."""
    height, width = ((size - 1) * step + 1 for size, step in zip(kernel.shape[:2], dilation, strict=True))
    if min(dilation) < 1 or max(height, width) > SIDE * 2:
        refuse_layer(name, f"has a dilation of {dilation[0]}x{dilation[1]}.", "Use a smaller one.")
    wide = np.zeros((height, width, *kernel.shape[2:]))
    wide[:: dilation[0], :: dilation[1]] = kernel
    return wide


def ungrouped(kernel: Numbers, groups: int) -> Numbers:
    """A convolution in groups as one over all channels, with zeros where groups do not meet."""
    rows, columns, inside, filters = kernel.shape
    if kernel.size * groups > MOST_NUMBERS:
        refuse(f"A convolution in {groups} groups is too large.", "No contract could hold it.")
    whole, share = np.zeros((rows, columns, inside * groups, filters)), filters // groups
    for group in range(groups):
        outputs = slice(group * share, (group + 1) * share)
        whole[:, :, group * inside : (group + 1) * inside, outputs] = kernel[..., outputs]
    return whole
