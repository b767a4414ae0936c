"""What a model's pixels mean is found out by trying: each meaning on digits that are known.

A picture here has 0 for paper and 255 for ink. A model may have learnt from p/255, from p itself, from -1 to
1, or from MNIST standardised to mean 0 and deviation 1 (usual with PyTorch), each with ink brighter than
paper or darker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.errors import ModelError
from app.fixedpoint.folded import PixelMeaning

__all__ = ["MEANINGS", "Trial", "chosen", "named", "try_all"]

_MNIST_MEAN, _MNIST_DEVIATION = 0.1307, 0.3081
"""Of MNIST's training pixels as p/255: what PyTorch's examples normalise by."""
_LEAST = 0.3
"""Share of the digits that a trained model reads at least; a guess reads 0.1."""
_CLOSE = 0.02
"""Meanings whose shares differ by less are compared by their cross-entropy."""
_CLEARLY = 0.75
"""Times a cross-entropy: what another must stay below to be clearly better."""
_WHITE = "-white"
_BATCH = 500


def _meanings() -> dict[str, PixelMeaning]:
    plain = {
        "0..1": PixelMeaning(1 / 255, 0.0),
        "0..255": PixelMeaning(1.0, 0.0),
        "-1..1": PixelMeaning(2 / 255, -1.0),
        "standardised": PixelMeaning(1 / 255 / _MNIST_DEVIATION, -_MNIST_MEAN / _MNIST_DEVIATION),
    }
    # On white paper a pixel is 255 - p: scale * (255 - p) + offset.
    white = {
        name + _WHITE: PixelMeaning(-one.scale, one.scale * 255 + one.offset) for name, one in plain.items()
    }
    return plain | white


MEANINGS: dict[str, PixelMeaning] = _meanings()
"""By the name that `--pixels` takes; the usual ones first. `-white`: dark ink on white paper."""


@dataclass(frozen=True)
class Trial:
    """How a model reads known digits if its pixels mean this: share read right, and mean cross-entropy."""

    name: str
    accuracy: float
    loss: float


def named(name: str) -> PixelMeaning:
    """The meaning of that name. ModelError if there is none."""
    try:
        return MEANINGS[name]
    except KeyError:
        raise ModelError(
            f"There is no meaning of pixels called {name!r}.", hint=f"Choose one of: {', '.join(MEANINGS)}."
        ) from None


def try_all(model: Any, images: npt.NDArray[np.uint8], digits: npt.NDArray[np.integer]) -> list[Trial]:
    """Try every meaning. `model`: Keras, from what the file's first layer reads to logits. The best first.

    The best reads the most digits right. Among those as good as it within 2 points, the more usual one is
    taken, unless a later one has a clearly lower cross-entropy: a model fed with values far too large or too
    small reads much the same digits, but is too sure of its mistakes or of nothing.
    """
    trials = []
    for name, meaning in MEANINGS.items():
        values = (images * meaning.scale + meaning.offset).astype(np.float32)
        parts = [
            np.asarray(model(values[start : start + _BATCH], training=False), np.float64)
            for start in range(0, len(values), _BATCH)
        ]
        trials.append(_judged(name, np.concatenate(parts), digits))
    most = max(trial.accuracy for trial in trials)
    close = [trial for trial in trials if trial.accuracy >= most - _CLOSE]
    best = close[0]
    for trial in close[1:]:
        best = trial if trial.loss < _CLEARLY * best.loss else best
    return sorted(trials, key=lambda trial: (trial is not best, -trial.accuracy))


def _judged(name: str, logits: npt.NDArray[np.float64], digits: npt.NDArray[np.integer]) -> Trial:
    logits = logits - logits.max(axis=1, keepdims=True)
    likelihood = logits[np.arange(len(digits)), digits] - np.log(np.exp(logits).sum(axis=1))
    return Trial(name, float((logits.argmax(axis=1) == digits).mean()), float(-likelihood.mean()))


def chosen(trials: Sequence[Trial]) -> tuple[str, list[str]]:
    """The winner, and what to tell the person about the choice.

    ModelError if no meaning makes the model read more than chance would.
    """
    best = trials[0]
    if not best.accuracy >= _LEAST:
        raise ModelError(
            "This model cannot be imported.",
            why=f"Whatever its pixels mean, it reads at most {best.accuracy:.0%} of the digits that ship; "
            "a guess reads 10%.",
            hint="Train it on digits 0 to 9, in this order. If it was, name the meaning with --pixels.",
        )
    also = [trial for trial in trials[1:] if trial.accuracy >= best.accuracy - _CLOSE]
    if not also:
        return best.name, []
    others = ", ".join(f"{trial.name} ({trial.accuracy:.1%})" for trial in also)
    return best.name, [
        f"What its pixels mean is not certain: {best.name} reads {best.accuracy:.1%} of the digits that "
        f"ship, and {others} about as many. --pixels "
        "names another."
    ]
