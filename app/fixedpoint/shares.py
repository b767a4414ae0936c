"""Integer logits as shares that a person can compare."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["is_sure", "softmax"]

UNSURE = 0.4
"""Below this distance between the best share and the next, a model is not sure."""


def softmax(logits: Sequence[int], denominator: int) -> tuple[float, ...]:
    """Shares, 0 to 1, that sum to 1, of integer logits worth `logit / denominator` each.

    The difference to the largest is taken in integers: logits may exceed 64 bits, and floats would lose it.
    """
    best = max(logits)
    weights = [math.exp((logit - best) / denominator) for logit in logits]
    total = sum(weights)
    return tuple(weight / total for weight in weights)


def is_sure(shares: Sequence[float]) -> bool:
    """Whether the best share exceeds the next by enough."""
    best, following = sorted(shares, reverse=True)[:2]
    return best - following >= UNSURE
